"""What the Shopify contract accepts and refuses: variations of its own cassettes.

The shape of an answer follows from document and SDL, so most of what is refused is tried on every field of every answer;
the tables hold what is special.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from builders import an_exchange
from provendor import cassette, check
from provendor.classify import classify
from provendor.contract import Case, Suite, Vendor
from provendor.exchange import Headers
from provendor.reader import loading
from provendor.run import Replayer, applies
from provendor.specs import lint
from provendor.validate import Judgement, judge_answer
from recorded_answers import GONE, changed

ROOT = Path(__file__).parents[1]
ORDER = "data.orders.edges.0.node"
VARIANT = "data.products.nodes.0.variants.nodes.0"
LEVEL = "data.inventoryItem.inventoryLevels.edges.0.node"
COST = "extensions.cost"


@cache
def suite() -> Suite:
    """The contract as it stands in the repository."""
    return loading.load(ROOT, ["shopify"])


def shopify() -> Vendor:
    """The vendor of that contract."""
    return suite().vendors["shopify"]


@cache
def recorded(selector: str) -> tuple[int, bytes]:
    """The status and the body of a case's cassette: `orders.list:ok`."""
    operation, _, name = selector.partition(":")
    path = f"shopify/{operation}/{name}.yaml"
    interaction = cassette.load(ROOT / "cassettes" / path, path).interactions[0]
    return interaction.status, interaction.body


@cache
def business(operation: str) -> dict[str, tuple[check.Check, ...]]:
    """The checks of checks/shopify.py for each case of an operation."""
    checks = check.load_checks(ROOT / "checks")
    cases = shopify().operations[operation].cases
    return {case.id: tuple(each for each in checks if applies(each, case)) for case in cases}


def judged(selector: str, body: Any, status: int | None = None) -> Judgement:
    """How all cases of the operation together judge this body, as `provendor validate` does."""
    operation = shopify().operations[selector.partition(":")[0]]
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge_answer(operation.cases, status or recorded(selector)[0], None, raw, checks=business(operation.id))


def verdict(selector: str, change: dict[str, Any]) -> Judgement:
    """How the operation judges the case's answer after this change."""
    return judged(selector, changed(json.loads(recorded(selector)[1]), change))


def gone(*places: str) -> dict[str, Any]:
    """A change that takes these things away."""
    return dict.fromkeys(places, GONE)


ACCEPTED: list[tuple[str, str, dict[str, Any]]] = [
    ("orders.list:ok", "fields that others ask for", {f"{ORDER}.email": None, "data.shop": {"name": "x"}}),
    ("orders.list:ok", "no cost", gone("extensions")),
    ("orders.list:ok", "a bigger plan", {f"{COST}.throttleStatus.maximumAvailable": 20000.0}),
    ("orders.list:ok", "whole numbers in the cost", {f"{COST}.throttleStatus.restoreRate": 100}),
    ("orders.list:ok", "a context beside the cost", {"extensions.context": {"country": "DE"}}),
    ("orders.list:ok", "no customer", {f"{ORDER}.customer": None}),
    ("orders.list:ok", "no financial status", {f"{ORDER}.displayFinancialStatus": None}),
    ("orders.list:ok", "a currency of three decimals", {f"{ORDER}.totalPriceSet.shopMoney.amount": "0.000"}),
    ("orders.list:ok", "a new currency", {f"{ORDER}.currencyCode": "XXX"}),
    ("orders.list:ok", "more items than fit", {f"{ORDER}.lineItems.pageInfo.hasNextPage": True}),
    ("orders.list:ok", "all returned", {f"{ORDER}.lineItems.nodes.0.currentQuantity": 0}),
    ("orders.list:ok", "a deleted variant", {f"{ORDER}.lineItems.nodes.0.variant": None}),
    ("orders.list:ok", "no sku", {f"{ORDER}.lineItems.nodes.0.sku": ""}),
    ("orders.list:ok", "what only 2026-10 says", {f"{ORDER}.displayFulfillmentStatus": "FULFILLMENT_NOT_REQUIRED"}),
    ("orders.list:ok", "another page", {"data.orders.pageInfo.hasNextPage": True}),
    ("orders.get:ok", "no tax", {"data.order.totalTaxSet": None}),
    ("orders.get:ok", "an unknown id", {"data.order": None}),
    ("products.list:ok", "no type", {"data.products.nodes.0.productType": ""}),
    ("products.list:ok", "oversold", {"data.products.nodes.0.totalInventory": -4, f"{VARIANT}.inventoryQuantity": -4}),
    ("products.list:ok", "no stock known", {f"{VARIANT}.inventoryQuantity": None}),
    ("products.list:ok", "a free variant", {f"{VARIANT}.price": "0.0"}),
    ("products.list:ok", "many variants", {"data.products.nodes.0.variantsCount.precision": "AT_LEAST"}),
    ("inventory.levels:ok", "less than nothing", {f"{LEVEL}.quantities.0.quantity": -7}),
    ("inventory.levels:ok", "an unknown time", {f"{LEVEL}.quantities.0.updatedAt": None}),
    ("inventory.levels:ok", "a new quantity", {f"{LEVEL}.quantities.0.name": "in_transit"}),
    ("inventory.levels:ok", "an id with a query", {f"{LEVEL}.id": "gid://shopify/InventoryLevel/5?inventory_item_id=3"}),
    ("inventory.set:ok", "a location that is gone", {
        "data.inventorySetQuantities.inventoryAdjustmentGroup.changes.0.location": None,
    }),
    ("inventory.set:user-error", "an error nobody knows yet", {
        "data.inventorySetQuantities.userErrors.0.code": "SOMETHING_NEW",
    }),
    ("inventory.set:user-error", "an error without a code", {"data.inventorySetQuantities.userErrors.0.code": None}),
    ("inventory.set:user-error", "an error about the whole", {"data.inventorySetQuantities.userErrors.0.field": []}),
    ("inventory.set:user-error", "an error without words", {"data.inventorySetQuantities.userErrors.0.message": ""}),
    ("inventory.set:user-error", "an error without a field", {"data.inventorySetQuantities.userErrors.0.field": None}),
    ("shop.get:ok", "an unnamed plan", {"data.shop.plan.publicDisplayName": ""}),
    ("app.access_scopes:ok", "fewer scopes than we need", {
        "data.currentAppInstallation.accessScopes": [{"handle": "read_orders", "description": "Read orders"}],
    }),
    ("webhooks.list:ok", "a topic that we did not order", {
        "data.webhookSubscriptions.edges.0.node.topic": "METAOBJECTS_CREATE",
    }),
    ("webhooks.list:ok", "to a queue", {"data.webhookSubscriptions.edges.0.node.uri": "pubsub://project:topic"}),
    ("bulk.get:ok", "nothing found", {"data.bulkOperation.objectCount": "0", "data.bulkOperation.url": None}),
    ("bulk.get:failed", "a new reason", {"data.bulkOperation.errorCode": "OUT_OF_LUCK"}),
    ("nodes.get:ok", "all gone", {"data.nodes": [None, None]}),
    ("shop.get:throttled", "no place in the document", gone("errors.0.extensions.documentation")),
    ("shop.get:throttled", "the older form", gone("errors.0.extensions")),
    ("shop.get:access-denied", "no place", gone("errors.0.path")),
    ("shop.get:document-refused", "another code of its kind", {"errors.0.extensions.code": "someNewValidation"}),
]  # fmt: skip

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("orders.list:ok", "no data", gone("data")),
    ("orders.list:ok", "data is null", {"data": None}),
    ("orders.list:ok", "an error beside it", {"errors": "no"}),
    ("orders.list:ok", "no cost in the cost", gone(f"{COST}.requestedQueryCost")),
    ("orders.list:ok", "nothing tells how much is left", gone(f"{COST}.throttleStatus.currentlyAvailable")),
    ("orders.list:ok", "the rate as text", {f"{COST}.throttleStatus.restoreRate": "100.0"}),
    ("orders.list:ok", "a number for an id", {f"{ORDER}.id": 6000000001}),
    ("orders.list:ok", "the old kind of id", {f"{ORDER}.id": "6000000001"}),
    ("orders.list:ok", "the id of another kind", {f"{ORDER}.id": "gid://shopify/Product/6000000001"}),
    ("orders.list:ok", "an empty id", {f"{ORDER}.id": ""}),
    ("orders.list:ok", "an empty name", {f"{ORDER}.name": ""}),
    ("orders.list:ok", "the number as a number", {f"{ORDER}.legacyResourceId": 6000000001}),
    ("orders.list:ok", "money as a number", {f"{ORDER}.totalPriceSet.shopMoney.amount": 39.8}),
    ("orders.list:ok", "money with a sign", {f"{ORDER}.totalPriceSet.shopMoney.amount": "39,80 €"}),
    ("orders.list:ok", "a currency that is none", {f"{ORDER}.currencyCode": "€"}),
    ("orders.list:ok", "an unknown state", {f"{ORDER}.displayFinancialStatus": "SETTLED"}),
    ("orders.list:ok", "a state in small letters", {f"{ORDER}.displayFinancialStatus": "paid"}),
    ("orders.list:ok", "tags as text", {f"{ORDER}.tags": "newsletter"}),
    ("orders.list:ok", "a time without a zone", {f"{ORDER}.updatedAt": "2026-11-14 10:00:00"}),
    ("orders.list:ok", "seconds since 1970", {f"{ORDER}.updatedAt": 1763114400}),
    ("orders.list:ok", "a page that leads nowhere", {
        "data.orders.pageInfo.hasNextPage": True, "data.orders.pageInfo.endCursor": None,
    }),
    ("orders.list:ok", "items that lead nowhere", {
        f"{ORDER}.lineItems.pageInfo": {"hasNextPage": True, "endCursor": None},
    }),
    ("orders.list:ok", "fewer than no items", {f"{ORDER}.lineItems.nodes.0.quantity": -1}),
    ("orders.list:ok", "no edges but nodes", {"data.orders.nodes": [], **gone("data.orders.edges")}),
    ("orders.list:ok", "an empty cursor", {"data.orders.pageInfo.endCursor": ""}),
    ("inventory.levels:ok", "a location without a name", {f"{LEVEL}.location.name": ""}),
    ("nodes.get:ok", "a thing of no kind", {"data.nodes.0.__typename": ""}),
    ("products.list:ok", "an unknown state", {"data.products.nodes.0.status": "HIDDEN"}),
    ("products.list:ok", "the state of a delivery", {"data.products.nodes.0.status": "active"}),
    ("products.list:ok", "a price as a number", {f"{VARIANT}.price": 19.9}),
    ("products.list:ok", "stock as text", {f"{VARIANT}.inventoryQuantity": "12"}),
    ("inventory.levels:ok", "no quantities", {f"{LEVEL}.quantities": []}),
    ("inventory.levels:ok", "half a piece", {f"{LEVEL}.quantities.0.quantity": 0.5}),
    ("inventory.levels:ok", "the old field", {f"{LEVEL}.available": 12, **gone(f"{LEVEL}.quantities")}),
    ("inventory.set:ok", "no payload", {"data.inventorySetQuantities": None}),
    ("inventory.adjust:ok", "nothing was done", {"data.inventoryAdjustQuantities.inventoryAdjustmentGroup": None}),
    ("inventory.adjust:ok", "no word about errors", gone("data.inventoryAdjustQuantities.userErrors")),
    ("inventory.adjust:ok", "errors are null", {"data.inventoryAdjustQuantities.userErrors": None}),
    ("inventory.adjust:user-error", "an error without a message", gone("data.inventoryAdjustQuantities.userErrors.0.message")),
    ("inventory.adjust:user-error", "a place by number", {"data.inventoryAdjustQuantities.userErrors.0.field": ["input", 0]}),
    ("variants.bulk_update:ok", "no variants", {"data.productVariantsBulkUpdate.productVariants": []}),
    ("metafields.set:ok", "nothing was written", {"data.metafieldsSet.metafields": None}),
    ("webhooks.create:ok", "nothing was made", {"data.webhookSubscriptionCreate.webhookSubscription": None}),
    ("webhooks.delete:ok", "nothing is gone", {"data.webhookSubscriptionDelete.deletedWebhookSubscriptionId": None}),
    ("bulk.run:ok", "nothing was started", {"data.bulkOperationRunQuery.bulkOperation": None}),
    ("bulk.get:ok", "a count as a number", {"data.bulkOperation.objectCount": 1203}),
    ("bulk.get:ok", "an unknown state", {"data.bulkOperation.status": "PAUSED"}),
    ("bulk.get:ok", "found and nowhere", {"data.bulkOperation.url": None}),
    ("shop.get:ok", "no versions", {"data.publicApiVersions": []}),
    ("shop.get:ok", "supported as text", {"data.publicApiVersions.0.supported": "true"}),
    ("shop.get:ok", "an unnamed shop", {"data.shop.name": ""}),
    ("app.access_scopes:ok", "scopes as text", {"data.currentAppInstallation.accessScopes": ["read_orders"]}),
    ("nodes.get:ok", "a thing without its kind", gone("data.nodes.0.__typename")),
    ("shop.get:throttled", "nothing tells how long to wait", gone("extensions")),
    ("shop.get:throttled", "no rate", gone(f"{COST}.throttleStatus.restoreRate")),
    ("shop.get:unauthorized", "no reason", gone("errors")),
    ("orders.list:too-expensive", "no cost", gone("errors.0.extensions.cost")),
    ("orders.list:partial", "an error without a message", gone("errors.0.message")),
    ("shop.get:access-denied", "no message", gone("errors.0.message")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("selector", "change"), [pytest.param(where, change, id=f"{where} {what}") for where, what, change in ACCEPTED]
)
def test_what_shopify_truly_sends_is_accepted(selector: str, change: dict[str, Any]) -> None:
    """An answer that Shopify sends honours the contract; nobody is woken by it."""
    judgement = verdict(selector, change)

    assert judgement.accepted, judgement.nearest


@pytest.mark.parametrize(
    ("selector", "change"), [pytest.param(where, change, id=f"{where} {what}") for where, what, change in REFUSED]
)
def test_what_would_hurt_us_is_refused(selector: str, change: dict[str, Any]) -> None:
    """The same answer, broken, is accepted by no case of the operation."""
    assert verdict(selector, {}).accepted
    assert not verdict(selector, change).accepted


OPERATIONS = (
    "app.access_scopes",
    "bulk.cancel",
    "bulk.get",
    "bulk.run",
    "inventory.adjust",
    "inventory.levels",
    "inventory.set",
    "locations.list",
    "metafields.set",
    "nodes.get",
    "orders.get",
    "orders.line_items",
    "orders.list",
    "products.get",
    "products.list",
    "shop.get",
    "variants.bulk_update",
    "webhooks.create",
    "webhooks.delete",
    "webhooks.list",
)


def test_every_operation_is_tried() -> None:
    """The list above names the operations of the contract."""
    assert tuple(sorted(shopify().operations)) == OPERATIONS


def places(value: Any, way: str = "data") -> Iterator[tuple[str, Any]]:
    """Every dotted place below `data`, with what is there."""
    children: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield f"{way}.{name}", child
        yield from places(child, f"{way}.{name}")


def other_kind(value: Any) -> Any:
    """The value as something else."""
    return "text" if isinstance(value, dict | list) else [value]


def fits(operation: str, body: Any, change: dict[str, Any]) -> bool:
    """Whether an answer, changed, is a success in the eyes of any case: only by its schema, there are many to try."""
    value = changed(body, change)
    cases = shopify().operations[operation].cases
    return any(each.expect.body.is_valid(value) for each in cases if each.expect.body and not each.expect.error)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_field_may_be_missing_or_of_another_kind(operation: str) -> None:
    """Whatever a document asks for is there, under its name, and is what the SDL says."""
    body = json.loads(recorded(f"{operation}:ok")[1])
    accepted = []
    for place, value in places(body["data"]):
        accepted += [f"{place} of another kind"] * fits(operation, body, {place: other_kind(value)})
        if not place.rpartition(".")[2].isdigit():
            accepted += [f"{place} gone"] * fits(operation, body, gone(place))

    assert fits(operation, body, {})
    assert accepted == []


NULLABLE = (
    *("cancelReason", "cancelledAt", "customer", "displayFinancialStatus", "product", "sku", "totalTaxSet", "variant"),
    *("compareAtPrice", "inventoryQuantity", "publishedAt", "variantsCount"),
    *("inventoryAdjustmentGroup", "item", "location", "quantityAfterChange", "referenceDocumentUri", "updatedAt"),
    *(
        "completedAt",
        "errorCode",
        "fileSize",
        "partialDataUrl",
        "bulkOperation.url",
        "startCursor",
        "endCursor",
        "filter",
    ),
    *("uninstallUrl", "app.handle", "barcode", "countryCode", "webhookSubscriptionsCount"),
)
"""What the SDL or the sheet lets be null in some operation."""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_only_what_may_be_null_is(operation: str) -> None:
    """Null in any other field is refused."""
    body = json.loads(recorded(f"{operation}:ok")[1])
    ways = [place for place, value in places(body["data"]) if value is not None]
    accepted = [place for place in ways if fits(operation, body, {place: None})]
    items = [place for place in accepted if place.rpartition(".")[2].isdigit()]

    ends = tuple(f".{name}" for name in NULLABLE)
    assert [place for place in accepted if place not in items and not f".{place}".endswith(ends)] == []
    assert operation == "nodes.get" or items == []


def successes() -> Iterator[Case]:
    """Every case that expects a success."""
    single = (case for operation in shopify().operations.values() for case in operation.cases)
    return (case for case in single if not case.expect.error)


def test_no_success_is_a_refusal_a_page_or_half_an_answer() -> None:
    """An error in a 200, a page, nothing, and an answer cut in half are accepted by no success."""
    refusals = [
        b'{"errors": "Not Found"}',
        b'{"data": {}}',
        b"<html></html>",
        b"",
        b"[1]",
        b'{"data": {}, "errors": [{}]}',
    ]
    accepted = []
    for case in successes():
        body = recorded(f"{case.operation}:{case.name}")[1]
        cut = body[: len(body) * 2 // 3]
        accepted += [(case.id, bad) for bad in (*refusals, cut) if judge_answer([case], 200, None, bad).accepted]

    assert accepted == []


@pytest.mark.parametrize("status", [201, 204, 301, 400, 401, 402, 403, 404, 406, 423, 429, 500, 503])
def test_a_success_has_the_status_200(status: int) -> None:
    """A success whose status was swapped belongs to no case of its operation."""
    wrong = [
        case.id
        for case in successes()
        if judged(f"{case.operation}:{case.name}", recorded(f"{case.operation}:{case.name}")[1], status).accepted
    ]

    assert wrong == []


def graph(code: str | None, **more: Any) -> dict[str, Any]:
    """An answer with one error of this code."""
    extensions = {"extensions": {"code": code, **more}} if code else {}
    return {"errors": [{"message": "No", **extensions}]}


def user(code: str | None = None) -> dict[str, Any]:
    """An answer of a mutation that refuses."""
    return {
        "data": {"anyMutation": {"userErrors": [{"field": None, "message": "No", **({"code": code} if code else {})}]}}
    }


CODES = [
    (200, graph("THROTTLED"), "throttled", True),
    (200, {"errors": [{"message": "Throttled"}]}, "throttled", True),
    (200, graph("MAX_COST_EXCEEDED", cost=2052), "query-too-expensive", False),
    (200, graph("ACCESS_DENIED"), "access-denied", False),
    (200, graph("INTERNAL_SERVER_ERROR", requestId="1"), "internal-error", True),
    (200, graph("SHOP_INACTIVE"), "shop-unavailable", False),
    (200, graph("undefinedDirective", directiveName="idempotent"), "idempotent-unknown", False),
    (200, graph("undefinedDirective", directiveName="other"), "document-refused", False),
    (200, graph("undefinedField"), "document-refused", False),
    (200, graph("argumentNotAccepted"), "document-refused", False),
    (200, graph("missingRequiredInputObjectAttribute"), "document-refused", False),
    (200, graph("invalidOneOfInputObject"), "document-refused", False),
    (200, graph("PARSE_ERROR"), "document-refused", False),
    (200, graph("INVALID_VARIABLE"), "invalid-variable", False),
    (200, graph("BAD_REQUEST"), "bad-request", False),
    (200, graph("INVALID_FIELD_ARGUMENTS"), "bad-request", False),
    (200, graph("INVALID"), "bad-request", False),
    (200, graph("CURRENCY_CODE_INVALID"), "bad-request", False),
    (200, graph("INVALID_PRODUCT_TAXONOMY_NODE_ID"), "bad-request", False),
    (200, graph("RESOURCE_NOT_FOUND"), "not-found", False),
    (200, graph("NOT_FOUND"), "not-found", False),
    (200, graph("MAX_INPUT_SIZE_EXCEEDED"), "input-too-large", False),
    (200, graph("SOMETHING_NEW"), "graphql-error", False),
    (200, graph(None), "graphql-error", False),
    (200, {"errors": {"query": "no"}}, "graphql-error", False),
    (200, {"errors": "no"}, "graphql-error", False),
    (200, {"errors": []}, None, None),
    (200, user("CHANGE_FROM_QUANTITY_STALE"), "stock-changed", False),
    (200, user("COMPARE_QUANTITY_STALE"), "stock-changed", False),
    (200, user("IDEMPOTENCY_CONCURRENT_REQUEST"), "idempotency-in-progress", True),
    (200, user("IDEMPOTENCY_KEY_PARAMETER_MISMATCH"), "idempotency-key-reused", False),
    (200, user("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"), "idempotency-key-spent", False),
    (200, user("OPERATION_IN_PROGRESS"), "bulk-busy", True),
    (200, user("STALE_OBJECT"), "metafield-changed", False),
    (200, user("SERVICE_UNAVAILABLE"), "mutation-failed", True),
    (200, user("PRODUCT_DOES_NOT_EXIST"), "target-missing", False),
    (200, user("INVALID_LOCATION"), "target-missing", False),
    (200, user("INVALID_REASON"), "user-error", False),
    (200, user("SOMETHING_NEW"), "user-error", False),
    (200, user(), "user-error", False),
    (200, {"data": {"anyMutation": {"userErrors": []}}}, None, None),
    (301, {}, "redirected", False),
    (400, {"errors": {"query": "no"}}, "document-refused", False),
    (401, {"errors": "no"}, "unauthorized", False),
    (402, {"errors": "no"}, "shop-unavailable", False),
    (403, {"errors": "no"}, "shop-unavailable", False),
    (404, {"errors": "no"}, "shop-unavailable", False),
    (406, {"errors": "no"}, "rejected", False),
    (423, {"errors": "no"}, "shop-unavailable", False),
    (429, {"errors": "no"}, "throttled", True),
    (500, {"errors": "no"}, "vendor-down", True),
    (503, {}, "vendor-down", True),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "code", "retryable"), CODES)
def test_every_failure_has_its_code(status: int, body: Any, code: str | None, retryable: bool | None) -> None:
    """The error table names a failure, and says whether to try again."""
    rule = classify(shopify().errors, an_exchange(status, body))

    assert (rule.code if rule else None, rule.retryable if rule else None) == (code, retryable)


@pytest.mark.parametrize("status", range(300, 600, 7))
def test_no_failing_status_is_without_a_code(status: int) -> None:
    """Whatever the body is, a failing status has a code."""
    assert classify(shopify().errors, an_exchange(status, body=b"no")) is not None


def replayed(operation: str, change: dict[str, Any], version: str = "2026-07") -> list[str]:
    """The codes of all findings when this answer, changed, is what the ok case gets."""
    case = next(each for each in suite().cases if each.id == f"shopify/{operation}:ok")
    path = ROOT / "cassettes" / case.cassette
    taken = cassette.load(path, case.cassette)
    body = json.dumps(changed(json.loads(taken.interactions[0].body), change)).encode()
    headers = Headers((("Content-Type", "application/json"), ("x-shopify-api-version", version)))
    answer = type(taken.interactions[0])(taken.interactions[0].request, 200, headers, body)
    replayer = Replayer(suite(), today=date(2026, 11, 20))
    result = replayer.judge(case, type(taken)(taken.recording, (answer,)))
    return [finding.code for each in result.verdicts for finding in each.findings]


def test_another_version_than_the_one_asked_for_is_a_warning() -> None:
    """A retired version answers as the oldest that is left; the header tells."""
    assert replayed("orders.list", {}) == []
    assert replayed("orders.list", {}, version="2026-10") == ["version-served"]


def test_a_misread_filter_is_a_warning() -> None:
    """Only `extensions.search` tells that a filter was not understood as meant."""
    warning = {"field": "updated_at", "message": "Not a time.", "code": "invalid_value"}
    search = [{"path": ["orders"], "query": "updated_at:>=2026", "parsed": {}, "warnings": [warning]}]

    assert replayed("orders.list", {"extensions.search": search}) == ["vendor-warning"]
    assert replayed("orders.list", {"extensions.search": [{**search[0], "warnings": []}]}) == []


@pytest.mark.parametrize("version", ["2026-07", "2026-10"])
def test_the_pruned_schema_is_a_true_subset(version: str) -> None:
    """What we say of a version is what Shopify says of it."""
    specs = os.environ.get("PROVENDOR_SPECS")
    if not specs:
        pytest.skip("PROVENDOR_SPECS does not name the folder of the vendors' own specs")

    report = lint.against(ROOT, Path(specs) / "shopify" / f"admin-{version}.graphql", vendor="shopify")

    assert [str(problem) for problem in report.problems] == []


STATE = "data.bulkOperation"


@pytest.mark.parametrize(
    "change",
    [
        {f"{STATE}.status": "RUNNING"},
        {f"{STATE}.status": "FAILED"},
        {f"{STATE}.status": "SUCCEEDED"},
        {f"{STATE}.errorCode": "TIMEOUT"},
        {f"{STATE}.url": None},
        {f"{STATE}.url": GONE},
        {f"{STATE}.objectCount": 1203},
        {STATE: None},
        {"data": GONE},
    ],
)
def test_an_export_is_done_only_with_its_whole_file(change: dict[str, Any]) -> None:
    """A part of the file, an error and a state of its own are not the end that we wait for."""
    case = next(each for each in shopify().cases if each.id == "shopify/bulk.export:complete")
    last = cassette.load(ROOT / "cassettes" / case.cassette, case.cassette).interactions[-1]
    body = json.loads(last.body)

    assert judge_answer([case], 200, None, last.body).accepted
    assert not judge_answer([case], 200, None, json.dumps(changed(body, change)).encode()).accepted
