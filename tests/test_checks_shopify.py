"""What the business checks of Shopify say about an answer and the request that led to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import examine, load_checks
from provendor.contract import Indicator
from provendor.exchange import Exchange
from provendor.verdict import Outcome, Verdict

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}
URL = "https://example-shop.myshopify.com/admin/api/2026-07/graphql.json"
ITEM, PLACE = "gid://shopify/InventoryItem/1", "gid://shopify/Location/2"


def verdict(name: str, exchange: Exchange, **expect: Any) -> Verdict:
    """How this check of checks/shopify.py judges this exchange."""
    return examine(CHECKS[f"shopify.{name.replace('_', '-')}"], exchange, an_expect(**expect))


def answered(data: Any, **variables: Any) -> Exchange:
    """What came live for these variables."""
    sent = json.dumps({"query": "query { shop { id } }", "variables": variables}).encode()
    return a_live_exchange(json_body={"data": data}, request=a_request("POST", URL, body=sent))


def shop(**versions: bool) -> Exchange:
    """A shop that supports these versions: `shop(v2026_07=True)`."""
    known = [
        {"handle": name[1:].replace("_", "-"), "displayName": name, "supported": supported}
        for name, supported in versions.items()
    ]
    return answered({"shop": {}, "publicApiVersions": known})


@pytest.mark.parametrize(
    ("exchange", "outcome"),
    [
        (shop(v2026_07=True, v2026_10=True), Outcome.PASS),
        (shop(v2026_07=False, v2026_10=True), Outcome.WARN),
        (shop(v2026_10=True), Outcome.WARN),
        (shop(), Outcome.WARN),
    ],
    ids=["supported", "no longer", "gone", "none"],
)
def test_a_version_without_support_is_a_warning(exchange: Exchange, outcome: Outcome) -> None:
    """A version that Shopify has retired still answers, so it is seen here first."""
    assert verdict("the_version_asked_for_is_supported", exchange).outcome is outcome


def scopes(*handles: str) -> Exchange:
    """A token with these scopes."""
    return answered({"currentAppInstallation": {"accessScopes": [{"handle": handle} for handle in handles]}})


def test_scopes_that_are_missing_are_named() -> None:
    """Writing includes reading; what is missing is a warning with its names."""
    enough = scopes("read_locations", "read_orders", "write_inventory", "write_products")
    few = scopes("read_products", "write_inventory")

    assert verdict("the_scopes_that_we_need_are_granted", enough).outcome is Outcome.PASS
    found = verdict("the_scopes_that_we_need_are_granted", few)
    assert found.outcome is Outcome.WARN
    assert [each.actual for each in found.findings] == ["missing: read_locations, read_orders, write_products"]


def nested(more: bool) -> dict[str, Any]:
    """A nested list that goes on, or does not."""
    return {"nodes": [{}], "pageInfo": {"hasNextPage": more}}


@pytest.mark.parametrize("more", [False, True])
def test_a_nested_list_that_goes_on_is_a_warning(more: bool) -> None:
    """Items beyond the first page would be missing from every sum."""
    orders = answered({"orders": {"edges": [{"node": {"id": "gid://shopify/Order/1", "lineItems": nested(more)}}]}})
    products = answered({"products": {"nodes": [{"id": "gid://shopify/Product/1", "variants": nested(more)}]}})

    for exchange in (orders, products):
        assert verdict("nested_lists_are_whole", exchange).outcome is (Outcome.WARN if more else Outcome.PASS)


def changed(delta: int, name: str = "available", item: str = ITEM) -> dict[str, Any]:
    """One change as it came back."""
    return {"name": name, "delta": delta, "item": {"id": item}, "location": {"id": PLACE}}


def adjusted(*changes: dict[str, Any], delta: int = -2) -> Exchange:
    """An adjustment by `delta`, and what came of it."""
    sent = {"name": "available", "changes": [{"inventoryItemId": ITEM, "locationId": PLACE, "delta": delta}]}
    return answered({"inventoryAdjustQuantities": {"inventoryAdjustmentGroup": {"changes": [*changes]}}}, input=sent)


@pytest.mark.parametrize(
    ("exchange", "actual"),
    [
        (adjusted(changed(-2), changed(-2, "on_hand")), []),
        (adjusted(changed(-4), changed(-2, "on_hand")), ["-4"]),
        (adjusted(changed(2)), ["+2"]),
        (adjusted(changed(-2, "on_hand")), ["nothing"]),
        (adjusted(changed(-2, item="gid://shopify/InventoryItem/9")), ["nothing"]),
        (adjusted({**changed(-2), "item": None}), ["nothing"]),
        (adjusted(), ["nothing"]),
    ],
    ids=["as sent", "twice", "the wrong way", "another quantity", "another item", "an item that is gone", "none"],
)
def test_stock_moves_by_what_was_sent(exchange: Exchange, actual: list[str]) -> None:
    """Every change that was sent is among those made, and by the same amount."""
    assert [each.actual for each in verdict("the_adjustment_is_the_one_sent", exchange).findings] == actual


def stock_set(group: Any, start: int | None = 10) -> Exchange:
    """Stock set from `start` to 12, and what came of it."""
    quantity = {"inventoryItemId": ITEM, "locationId": PLACE, "quantity": 12, "changeFromQuantity": start}
    sent = {"name": "available", "quantities": [quantity]}
    return answered({"inventorySetQuantities": {"inventoryAdjustmentGroup": group}}, input=sent)


@pytest.mark.parametrize(
    ("exchange", "outcome"),
    [
        (stock_set({"changes": [changed(2), changed(2, "on_hand")]}), Outcome.PASS),
        (stock_set({"changes": [changed(12)]}), Outcome.FAIL),
        (stock_set({"changes": [changed(12)]}, start=None), Outcome.PASS),
        (stock_set(None), Outcome.SKIP),
    ],
    ids=["as sent", "from zero", "from anything", "so already"],
)
def test_stock_moves_from_the_number_named_to_the_number_asked_for(exchange: Exchange, outcome: Outcome) -> None:
    """The change is the difference, where the start was named."""
    assert verdict("the_quantity_is_the_one_sent", exchange).outcome is outcome


@pytest.mark.parametrize(
    ("price", "outcome"),
    [("19.90", Outcome.PASS), ("19.9", Outcome.PASS), ("19.99", Outcome.FAIL), ("1990", Outcome.FAIL)],
)
def test_prices_are_compared_as_amounts(price: str, outcome: Outcome) -> None:
    """19.9 and 19.90 are one price; the text does not matter."""
    stored = {"productVariants": [{"id": "v", "price": price, "compareAtPrice": None}]}
    exchange = answered({"productVariantsBulkUpdate": stored}, variants=[{"id": "v", "price": "19.90"}])

    assert verdict("prices_are_those_sent", exchange).outcome is outcome


def test_a_variant_that_did_not_come_back_is_missing() -> None:
    """Each variant that was sent is among those that came back."""
    exchange = answered({"productVariantsBulkUpdate": {"productVariants": []}}, variants=[{"id": "v", "price": "1"}])

    assert [each.actual for each in verdict("prices_are_those_sent", exchange).findings] == ["not among the variants"]


@pytest.mark.parametrize(("value", "outcome"), [("idea-pool", Outcome.PASS), ("Idea-Pool", Outcome.FAIL)])
def test_a_metafield_holds_what_was_sent(value: str, outcome: Outcome) -> None:
    """The value that is stored is the value that was sent."""
    key = {"namespace": "provendor", "key": "idea_source"}
    exchange = answered(
        {"metafieldsSet": {"metafields": [{**key, "value": value}]}}, metafields=[{**key, "value": "idea-pool"}]
    )

    assert verdict("metafields_are_those_sent", exchange).outcome is outcome


def test_a_metafield_is_of_the_type_that_was_sent() -> None:
    """A text that is stored as something else is read as something else."""
    sent = {"namespace": "provendor", "key": "idea_source", "type": "single_line_text_field", "value": "idea-pool"}
    exchange = answered({"metafieldsSet": {"metafields": [{**sent, "type": "json"}]}}, metafields=[sent])

    assert [each.actual for each in verdict("metafields_are_those_sent", exchange).findings] == ["'json'"]


def gid(number: int, kind: str = "Order") -> dict[str, str]:
    """A thing of which only the id is of concern."""
    return {"id": f"gid://shopify/{kind}/{number}"}


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        pytest.param({"order": {**gid(1), "customer": gid(7)}}, Outcome.PASS, id="the one asked for"),
        pytest.param({"order": gid(2)}, Outcome.FAIL, id="another"),
        pytest.param({"order": None}, Outcome.PASS, id="none"),
        pytest.param({"bulkOperationCancel": {"bulkOperation": gid(1)}}, Outcome.PASS, id="in a payload"),
        pytest.param({"bulkOperationCancel": {"bulkOperation": gid(2)}}, Outcome.FAIL, id="another in a payload"),
        pytest.param(None, Outcome.SKIP, id="nothing"),
    ],
)
def test_an_answer_is_about_the_thing_asked_for(data: Any, outcome: Outcome) -> None:
    """Somebody else's order fits the schema just as well."""
    assert verdict("an_answer_is_about_what_was_asked", answered(data, **gid(1))).outcome is outcome


@pytest.mark.parametrize(
    ("nodes", "found"),
    [
        ([gid(1), None], []),
        ([None, None], []),
        ([gid(1), gid(3)], ["/data/nodes/1/id"]),
        ([], ["/data/nodes"]),
    ],
    ids=["one is gone", "all are gone", "another", "too few"],
)
def test_every_node_is_at_the_place_of_its_id(nodes: list[Any], found: list[str]) -> None:
    """What is gone is null there, so that the others keep their places."""
    exchange = answered({"nodes": nodes}, ids=[gid(1)["id"], gid(2)["id"]])

    assert [each.at for each in verdict("an_answer_is_about_what_was_asked", exchange).findings] == found


@pytest.mark.parametrize(
    ("product", "variant", "found"),
    [
        (1, 5, []),
        (2, 5, ["/data/productVariantsBulkUpdate/product/id"]),
        (1, 6, ["/data/productVariantsBulkUpdate/productVariants/0/id"]),
    ],
)
def test_only_variants_that_were_sent_are_changed(product: int, variant: int, found: list[str]) -> None:
    """Also where some are refused, the others are of the same product and were asked for."""
    payload = {"product": gid(product, "Product"), "productVariants": [gid(variant, "ProductVariant")]}
    exchange = answered(
        {"productVariantsBulkUpdate": payload},
        productId=gid(1, "Product")["id"],
        variants=[gid(5, "ProductVariant")],
    )

    judged = verdict("an_answer_is_about_what_was_asked", exchange, error="partly-updated")
    assert [each.at for each in judged.findings] == found


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        ({"topic": "ORDERS_CREATE", "uri": "https://example.com/a"}, Outcome.PASS),
        ({"topic": "ORDERS_CREATE", "uri": "https://example.com/b"}, Outcome.FAIL),
        ({"topic": "ORDERS_PAID", "uri": "https://example.com/a"}, Outcome.FAIL),
    ],
    ids=["as ordered", "another address", "another topic"],
)
def test_a_subscription_is_the_one_ordered(made: dict[str, str], outcome: Outcome) -> None:
    """Topic and address are those that were ordered."""
    exchange = answered(
        {"webhookSubscriptionCreate": {"webhookSubscription": made}},
        topic="ORDERS_CREATE",
        subscription={"uri": "https://example.com/a"},
    )

    assert verdict("the_subscription_is_the_one_ordered", exchange).outcome is outcome


@pytest.mark.parametrize(("gone", "outcome"), [("a", Outcome.PASS), ("b", Outcome.FAIL)])
def test_the_subscription_that_is_gone_is_the_one_named(gone: str, outcome: Outcome) -> None:
    """Nothing else is deleted."""
    exchange = answered({"webhookSubscriptionDelete": {"deletedWebhookSubscriptionId": gone}}, id="a")

    assert verdict("the_deleted_subscription_is_the_one_named", exchange).outcome is outcome


@pytest.mark.parametrize(
    ("status", "count", "url", "outcome"),
    [
        ("COMPLETED", "3", "https://storage.example.com/1", Outcome.PASS),
        ("COMPLETED", "3", None, Outcome.FAIL),
        ("COMPLETED", "0", None, Outcome.SKIP),
        ("RUNNING", "3", None, Outcome.SKIP),
    ],
)
def test_a_result_has_an_address(status: str, count: str, url: str | None, outcome: Outcome) -> None:
    """A bulk operation that is done and found something can be fetched."""
    exchange = answered({"bulkOperation": {"status": status, "objectCount": count, "url": url}})

    assert verdict("a_completed_operation_has_a_result", exchange).outcome is outcome


IN_TIME = {"bulk-in-time": Indicator("bulk-in-time", "Those that were done in time.", ok=1, warn=0, min=1)}


@pytest.mark.parametrize(
    ("status", "completed", "outcome"),
    [
        ("COMPLETED", "2026-11-14T10:05:00Z", Outcome.PASS),
        ("COMPLETED", "2026-11-14T10:05:01Z", Outcome.WARN),
        ("COMPLETED", None, Outcome.SKIP),
        ("RUNNING", None, Outcome.SKIP),
    ],
    ids=["in time", "late", "no moment", "running"],
)
def test_a_bulk_operation_that_took_long_is_a_warning(status: str, completed: str | None, outcome: Outcome) -> None:
    """Five minutes, from what Shopify says of both ends."""
    exchange = answered(
        {"bulkOperation": {"status": status, "createdAt": "2026-11-14T10:00:00Z", "completedAt": completed}}
    )

    assert verdict("bulk_operations_are_done_in_time", exchange, indicators=IN_TIME).outcome is outcome


def test_how_long_a_recorded_operation_took_is_not_judged() -> None:
    """It says nothing about today."""
    exchange = an_exchange(json_body={"data": {"bulkOperation": {"status": "COMPLETED"}}})

    assert verdict("bulk_operations_are_done_in_time", exchange, indicators=IN_TIME).outcome is Outcome.SKIP


def test_of_an_answer_in_hand_only_the_answer_is_judged() -> None:
    """The request that led to an answer in hand is not known, so nothing is compared with it."""
    exchange = an_exchange(
        json_body={"data": {"webhookSubscriptionDelete": {"deletedWebhookSubscriptionId": "a"}}}, recording=None
    )

    assert verdict("the_deleted_subscription_is_the_one_named", exchange).outcome is Outcome.SKIP
    assert verdict("an_answer_is_about_what_was_asked", exchange).outcome is Outcome.SKIP


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": null}'], ids=["nothing", "a list", "no data"])
def test_an_answer_without_data_is_left_to_the_schema(body: bytes) -> None:
    """What is no answer at all fails elsewhere; here it is skipped, not an error."""
    exchange = a_live_exchange(body=body, request=a_request("POST", URL))

    assert verdict("the_version_asked_for_is_supported", exchange).outcome is Outcome.SKIP
    assert verdict("nested_lists_are_whole", answered({}), error="throttled").outcome is Outcome.SKIP
