"""What this business relies on at Shopify beyond what a schema can say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import BodyNotJson, Exchange, Source
from provendor.indicators import judge
from provendor.verdict import Finding, Outcome, Skip

SCOPES = ("read_inventory", "read_locations", "read_orders", "read_products", "write_inventory", "write_products")
IN_TIME = timedelta(minutes=5)


@check("shopify/shop.get")
def the_version_asked_for_is_supported(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Shopify still supports the version that we ask for."""
    found = re.search(r"/admin/api/([^/]+)/", exchange.request.url)
    if found is None:
        raise Skip("the request names no version")
    versions = {each["handle"]: each["supported"] for each in _data(exchange, expect)["publicApiVersions"]}
    if not versions.get(found[1]):
        known = ", ".join(handle for handle, supported in versions.items() if supported)
        yield _warn(f"{found[1]} among the supported versions", known or "none", "/data/publicApiVersions")


@check("shopify/app.access_scopes")
def the_scopes_that_we_need_are_granted(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The token has every scope that the operations of this contract need; write includes read."""
    granted = {each["handle"] for each in _data(exchange, expect)["currentAppInstallation"]["accessScopes"]}
    granted |= {scope.replace("write_", "read_", 1) for scope in granted}
    missing = [scope for scope in SCOPES if scope not in granted]
    if missing:
        yield _warn("every scope that we need", f"missing: {', '.join(missing)}", "/data/currentAppInstallation")


@check("shopify/orders.list", "shopify/products.list")
def nested_lists_are_whole(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """No order's items and no product's variants go on beyond the page that came with it."""
    data = _data(exchange, expect)
    things = [edge["node"] for edge in data.get("orders", {}).get("edges", ())] or data.get("products", {}).get(
        "nodes", ()
    )
    for index, thing in enumerate(things):
        name = "lineItems" if "lineItems" in thing else "variants"
        if thing[name]["pageInfo"]["hasNextPage"]:
            shown = f"more than {len(thing[name]['nodes'])} {name} of {thing['id']}"
            yield _warn(
                "all of them", shown, f"/data/{'orders/edges' if name == 'lineItems' else 'products/nodes'}/{index}"
            )


@check(
    "shopify/bulk.*",
    "shopify/inventory.levels",
    "shopify/nodes.get",
    "shopify/orders.get",
    "shopify/orders.line_items",
    "shopify/products.get",
    "shopify/variants.bulk_update",
)
def an_answer_is_about_what_was_asked(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """What comes back is the thing asked for, and of several those asked for: caches mix things up."""
    body = _body(exchange)
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise Skip("the answer brings nothing")
    sent = _variables(exchange)
    asked = [sent[name] for name in ("id", "productId") if name in sent]
    for at, thing in _things(data):
        if asked and thing["id"] not in asked:
            yield Finding("business", ", ".join(asked), repr(thing["id"]), f"{at}/id")
    yield from _other_nodes(data, sent)
    yield from _other_variants(data, sent)


@check("shopify/inventory.adjust")
def the_adjustment_is_the_one_sent(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every change that was sent was made, by as much as was sent."""
    payload = _data(exchange, expect)["inventoryAdjustQuantities"]
    sent = _variables(exchange)["input"]
    wanted = {_place(each): each["delta"] for each in sent["changes"]}
    yield from _different_deltas(wanted, payload, sent["name"])


@check("shopify/inventory.set")
def the_quantity_is_the_one_sent(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Stock moved from the quantity that was named to the one that was asked for; no group means that it was so already."""
    payload = _data(exchange, expect)["inventorySetQuantities"]
    sent = _variables(exchange)["input"]
    if payload["inventoryAdjustmentGroup"] is None:
        raise Skip("nothing had to be changed")
    known = [each for each in sent["quantities"] if each.get("changeFromQuantity") is not None]
    wanted = {_place(each): each["quantity"] - each["changeFromQuantity"] for each in known}
    yield from _different_deltas({where: delta for where, delta in wanted.items() if delta}, payload, sent["name"])


@check("shopify/variants.bulk_update")
def prices_are_those_sent(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Each variant has the prices that were sent, as amounts: 19.9 and 19.90 are one price."""
    stored = {each["id"]: each for each in _data(exchange, expect)["productVariantsBulkUpdate"]["productVariants"]}
    for sent in _variables(exchange)["variants"]:
        variant = stored.get(sent["id"])
        if variant is None:
            yield Finding("business", sent["id"], "not among the variants", "/data/productVariantsBulkUpdate")
            continue
        for name in ("price", "compareAtPrice"):
            if name in sent and _amount(variant.get(name)) != _amount(sent[name]):
                at = "/data/productVariantsBulkUpdate/productVariants"
                yield Finding("business", f"{name} {sent[name]}", repr(variant.get(name)), at)


@check("shopify/metafields.set")
def metafields_are_those_sent(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Each metafield holds the value that was sent, and is of the type that was sent."""
    stored = {(each["namespace"], each["key"]): each for each in _data(exchange, expect)["metafieldsSet"]["metafields"]}
    for sent in _variables(exchange)["metafields"]:
        got = stored.get((sent["namespace"], sent["key"]), {})
        for name in ("value", "type"):
            if name in sent and got.get(name) != sent[name]:
                what = f"{name} {sent[name]!r} of {sent['namespace']}.{sent['key']}"
                yield Finding("business", what, repr(got.get(name)), "/data/metafieldsSet/metafields")


@check("shopify/webhooks.create")
def the_subscription_is_the_one_ordered(exchange: Exchange, expect: Expect) -> None:
    """A new subscription has the topic and the address that were ordered."""
    made = _data(exchange, expect)["webhookSubscriptionCreate"]["webhookSubscription"]
    sent = _variables(exchange)
    assert made["topic"] == sent["topic"], f"ordered {sent['topic']}, came back {made['topic']}"
    assert made["uri"] == sent["subscription"]["uri"], "the deliveries go to another address"


@check("shopify/webhooks.delete")
def the_deleted_subscription_is_the_one_named(exchange: Exchange, expect: Expect) -> None:
    """The subscription that is gone is the one that was named."""
    gone = _data(exchange, expect)["webhookSubscriptionDelete"]["deletedWebhookSubscriptionId"]
    assert gone == _variables(exchange)["id"], "another subscription is gone"


@check("shopify/bulk.get")
def a_completed_operation_has_a_result(exchange: Exchange, expect: Expect) -> None:
    """A bulk operation that is done and has found something says where the result lies."""
    operation = _data(exchange, expect)["bulkOperation"]
    if operation["status"] != "COMPLETED" or int(operation["objectCount"]) == 0:
        raise Skip("the operation is not done, or found nothing")
    assert operation["url"], f"{operation['objectCount']} objects and no address to fetch them from"


@check("shopify/bulk.get")
def bulk_operations_are_done_in_time(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """A bulk operation that is done took no longer than five minutes."""
    if exchange.source is not Source.LIVE:
        raise Skip("how long it took once says nothing about today")
    operation = _data(exchange, expect)["bulkOperation"]
    if operation["status"] != "COMPLETED" or not operation["completedAt"]:
        raise Skip("the operation is not done")
    took = datetime.fromisoformat(operation["completedAt"]) - datetime.fromisoformat(operation["createdAt"])
    yield from judge(expect, "bulk-in-time", good=int(took <= IN_TIME), of=1)


def _data(exchange: Exchange, expect: Expect) -> Any:
    """Return what was asked for; the schema has judged its shape already."""
    if expect.error is not None:
        raise Skip("the case is about an answer that is an error")
    body = _body(exchange)
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        raise Skip("the answer holds no data, which fails already")
    return body["data"]


def _body(exchange: Exchange) -> Any:
    try:
        return exchange.json
    except BodyNotJson:
        raise Skip("the answer is not JSON, which fails already") from None


def _variables(exchange: Exchange) -> Any:
    """Return the variables that led to the answer. Of an answer in hand they are not known."""
    if exchange.source is Source.RECORDED and exchange.recording is None:
        raise Skip("the request that led to this answer is not known")
    return json.loads(exchange.request.body)["variables"]


def _things(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what was asked for, with its JSON pointer: at the top, or in the payload of a mutation."""
    for name, thing in data.items():
        if _has_id(thing):
            yield f"/data/{name}", thing
        elif isinstance(thing, dict):
            yield from ((f"/data/{name}/{inner}", each) for inner, each in thing.items() if _has_id(each))


def _other_nodes(data: dict[str, Any], sent: dict[str, Any]) -> Iterator[Finding]:
    """Yield how `nodes` differs from the ids that were sent: each is at its place, or null there."""
    nodes, ids = data.get("nodes"), sent.get("ids")
    if not isinstance(nodes, list) or not isinstance(ids, list):
        return
    if len(nodes) != len(ids):
        yield Finding("business", f"{len(ids)} of them, as asked for", str(len(nodes)), "/data/nodes")
    for index, (node, asked) in enumerate(zip(nodes, ids, strict=False)):
        if _has_id(node) and node["id"] != asked:
            yield Finding("business", asked, repr(node["id"]), f"/data/nodes/{index}/id")


def _other_variants(data: dict[str, Any], sent: dict[str, Any]) -> Iterator[Finding]:
    """Yield variants that were changed and not sent."""
    known = [each["id"] for each in sent.get("variants", ())]
    stored = [payload.get("productVariants") for payload in data.values() if isinstance(payload, dict)]
    for index, variant in enumerate(variant for each in stored if isinstance(each, list) for variant in each):
        if _has_id(variant) and variant["id"] not in known:
            at = f"/data/productVariantsBulkUpdate/productVariants/{index}/id"
            yield Finding("business", ", ".join(known), repr(variant["id"]), at)


def _has_id(thing: Any) -> bool:
    return isinstance(thing, dict) and "id" in thing


def _place(change: dict[str, Any]) -> tuple[str, str]:
    return change["inventoryItemId"], change["locationId"]


def _different_deltas(wanted: dict[tuple[str, str], int], payload: Any, name: str) -> Iterator[Finding]:
    changes = [each for each in payload["inventoryAdjustmentGroup"]["changes"] if each["name"] == name]
    got = {
        (each["item"]["id"], each["location"]["id"]): each["delta"]
        for each in changes
        if each["item"] and each["location"]
    }
    for where, delta in wanted.items():
        if got.get(where) != delta:
            found = "nothing" if where not in got else f"{got[where]:+d}"
            yield Finding("business", f"{name} {delta:+d} for {where[0]} at {where[1]}", found, "/data")


def _amount(price: Any) -> Decimal | None:
    return None if price is None else Decimal(price)


def _warn(expected: str, actual: str, at: str) -> Finding:
    return Finding("business", expected, actual, at, level=Outcome.WARN)
