"""checks/shopify_inventory.py: a level of stock is the same whether it was delivered or asked for."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from builders import an_exchange, an_expect
from provendor import cassette
from provendor.check import load_checks

ROOT = Path(__file__).resolve().parent.parent
CHECKS = {each.name: each for each in load_checks(ROOT / "checks")}
parity = CHECKS["shopify_inventory.the-level-is-of-the-item"].judge.__globals__["parity"]


def recorded(case: str) -> Any:
    """Return the body of a Shopify cassette."""
    name = f"cassettes/shopify/{case}.yaml"
    (taken,) = cassette.load(ROOT / name, name).interactions
    return json.loads(taken.body)


DELIVERY, ANSWER = recorded("inventory_levels.update/ok"), recorded("inventory.levels/ok")


def differences(**changes: Any) -> list[tuple[str, str, str]]:
    """Return what differs when the delivery is changed so."""
    return [(each.at, each.expected, each.actual) for each in parity({**DELIVERY, **changes}, ANSWER)]


def test_the_recordings_of_both_agree():
    """A delivery and the answer of the Admin API tell the same number for the same item at the same location."""
    assert differences() == []


@pytest.mark.parametrize("available", [11, -12, 0, None])
def test_another_number_is_a_difference(available):
    """Also where there is none."""
    assert differences(available=available) == [("/available", "12 available", str(available))]


def test_another_location_is_not_compared_with_the_first():
    """A location that does not stock the item is named, with those that do."""
    stocked = "a location that stocks the item: 70000000001, 70000000002"

    assert differences(location_id=70000000003) == [("/location_id", stocked, "70000000003")]


def test_another_item_is_a_difference():
    """The last digit counts: numbers that went through a float would be equal."""
    big = 2**53 + 1
    answer = deepcopy(ANSWER)
    answer["data"]["inventoryItem"]["id"] = f"gid://shopify/InventoryItem/{big}"

    assert parity({**DELIVERY, "inventory_item_id": big}, answer) == ()
    assert [each.at for each in parity({**DELIVERY, "inventory_item_id": big - 1}, answer)] == ["/inventory_item_id"]


def test_a_delivery_that_is_older_says_nothing():
    """Deliveries overtake each other; times are compared as moments, whatever their zone."""
    assert differences(available=1, updated_at="2026-11-14T04:59:59-05:00") == []
    assert differences(available=1, updated_at="2026-11-14T11:00:00+01:00") != []


def test_a_level_names_its_own_item():
    """The check that every delivery of a level must pass."""
    check = CHECKS["shopify_inventory.the-level-is-of-the-item"]
    other = {**DELIVERY, "inventory_item_id": DELIVERY["inventory_item_id"] + 1}

    assert list(check.judge(an_exchange(200, DELIVERY), an_expect()) or ()) == []
    assert [each.at for each in check.judge(an_exchange(200, other), an_expect()) or ()] == ["/admin_graphql_api_id"]
