"""What makes a level of stock one that the dashboard may show, whichever way it came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange
from provendor.verdict import Finding


@check("shopify/inventory_levels.update")
def the_level_is_of_the_item(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The level's own id names the same inventory item as the delivery, digit for digit."""
    level = exchange.json if isinstance(exchange.json, dict) else {}
    item, named = level.get("inventory_item_id"), str(level.get("admin_graphql_api_id", ""))
    item = int(item) if isinstance(item, float) and item.is_integer() else item  # JSON has one kind of number
    if named and not named.endswith(f"?inventory_item_id={item}"):
        yield Finding("business", f"…?inventory_item_id={item}", named, "/admin_graphql_api_id")


@check("shopify/inventory_levels.update:ok", beside="shopify/inventory.levels:ok")
def the_level_delivered_is_the_level_asked(exchange: Exchange, expect: Expect, beside: Exchange) -> Iterator[Finding]:
    """A level that is delivered and one that is asked for are the same number for the same item and location."""
    yield from parity(exchange.json, beside.json)


@check("shopify/inventory_levels.update:oversold", beside="shopify/inventory.levels:oversold")
def less_than_nothing_is_the_same_both_ways(exchange: Exchange, expect: Expect, beside: Exchange) -> Iterator[Finding]:
    """Of what was sold more often than it was there, delivery and answer tell the same number."""
    yield from parity(exchange.json, beside.json)


def parity(delivery: Any, answer: Any) -> tuple[Finding, ...]:
    """Compare the body of an `inventory_levels/update` with that of `inventory.levels` for the same item.

    A delivery that is older than the level says nothing about it, and is not compared.
    """
    return tuple(_differences(delivery, answer))


def _differences(delivery: Any, answer: Any) -> Iterator[Finding]:
    item = answer["data"]["inventoryItem"]
    wanted, given = _number(item["id"]), delivery["inventory_item_id"]
    if given != wanted:
        yield Finding("business", f"the inventory item {wanted}", str(given), "/inventory_item_id")
        return
    levels = [edge["node"] for edge in item["inventoryLevels"]["edges"]]
    level = next((each for each in levels if _number(each["location"]["id"]) == delivery["location_id"]), None)
    if level is None:
        known = ", ".join(str(_number(each["location"]["id"])) for each in levels) or "none"
        yield Finding(
            "business", f"a location that stocks the item: {known}", str(delivery["location_id"]), "/location_id"
        )
    elif _moment(delivery["updated_at"]) >= _moment(level["updatedAt"]):
        available = next((each["quantity"] for each in level["quantities"] if each["name"] == "available"), None)
        if delivery["available"] != available:
            yield Finding("business", f"{available} available", str(delivery["available"]), "/available")


def _number(gid: str) -> int | None:
    found = re.fullmatch(r"gid://shopify/[A-Za-z]+/(\d+)", gid)
    return int(found[1]) if found else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
