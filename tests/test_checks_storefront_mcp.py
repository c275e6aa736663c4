"""What the business checks of the storefront say about carts and products."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import examine, load_checks
from provendor.verdict import Outcome, Verdict

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}
CART = "the_cart_is_the_one_asked_for"
HELD = "a_cart_holds_what_was_asked"
PRODUCT = "the_product_is_the_one_asked_for"
CURRENCY = "a_product_has_one_currency"
END = "the_older_server_has_not_ended"


def verdict(name: str, exchange: Any, **expect: Any) -> Verdict:
    """How the check of this name in checks/storefront_mcp.py judges this exchange."""
    return examine(CHECKS[f"storefront_mcp.{name.replace('_', '-')}"], exchange, an_expect(**expect))


def judged(name: str, document: Any, **arguments: Any) -> Outcome:
    """How a check judges a live answer to a call with these arguments."""
    sent = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"arguments": arguments}}).encode()
    return verdict(name, a_live_exchange(200, a_result(document), request=a_request("POST", body=sent))).outcome


def a_result(document: Any) -> dict[str, Any]:
    """A message whose tool brings this document."""
    return {"jsonrpc": "2.0", "id": 1, "result": {"structuredContent": document}}


def a_cart(**quantities: int) -> dict[str, Any]:
    """A cart with these variants."""
    return {"line_items": [{"item": {"id": name}, "quantity": number} for name, number in quantities.items()]}


def a_product(*currencies: str) -> dict[str, Any]:
    """A product with a variant in each of these currencies."""
    price = {"amount": 1450, "currency": currencies[0]}
    variants = [{"id": f"v{number}", "price": {**price, "currency": each}} for number, each in enumerate(currencies)]
    return {"id": "p1", "price_range": {"min": price, "max": price}, "variants": variants}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ("gid://shopify/Cart/c1", Outcome.PASS),
        ("gid://shopify/Cart/c1?key=k", Outcome.PASS),
        ("gid://shopify/Cart/c10", Outcome.FAIL),
        (None, Outcome.FAIL),
    ],
)
def test_a_cart_is_the_one_that_was_named(held: str | None, expected: Outcome) -> None:
    """With the key behind its id or without it."""
    assert judged(CART, {"id": held}, id="gid://shopify/Cart/c1") is expected


@pytest.mark.parametrize(("asked", "expected"), [("p1", Outcome.PASS), ("v1", Outcome.PASS), ("p2", Outcome.FAIL)])
def test_a_product_is_the_one_that_was_named(asked: str, expected: Outcome) -> None:
    """By its own id, or by that of a variant."""
    assert judged(PRODUCT, {"product": a_product("EUR", "EUR")}, catalog={"id": asked}) is expected
    assert judged(PRODUCT, {"product": None}, catalog={"id": asked}) is Outcome.SKIP


def test_a_cart_holds_what_was_asked() -> None:
    """Variants and quantities in any order; what the shop has changed it says in a message."""
    asked = a_cart(a=1, b=2)

    assert judged(HELD, a_cart(b=2, a=1), cart=asked) is Outcome.PASS
    assert judged(HELD, a_cart(a=1), cart=asked) is judged(HELD, a_cart(a=1, b=1), cart=asked) is Outcome.FAIL
    assert judged(HELD, {**a_cart(a=1), "messages": [{"type": "warning"}]}, cart=asked) is Outcome.SKIP


def test_a_product_has_one_currency() -> None:
    """Two of them cannot be compared."""
    assert judged(CURRENCY, {"products": [a_product("EUR"), a_product("PLN")]}) is Outcome.PASS
    assert judged(CURRENCY, {"product": a_product("EUR", "PLN")}) is Outcome.FAIL


@pytest.mark.parametrize(("today", "expected"), [("2026-12-16", Outcome.PASS), ("2026-12-17", Outcome.WARN)])
def test_an_end_is_told_a_month_before_it_comes(today: str, expected: Outcome) -> None:
    """The older server ends on 15 January 2027."""
    assert verdict(END, a_live_exchange(200, {}), today=date.fromisoformat(today)).outcome is expected


@pytest.mark.parametrize("name", [CART, HELD, PRODUCT])
def test_what_was_asked_is_not_held_against_an_answer_in_hand(name: str) -> None:
    """Where the request is not known, where there is no document, and where a case is about a failure, nothing is said."""
    in_hand = an_exchange(200, a_result({"id": "c1", "product": a_product("EUR")}), recording=None)

    assert verdict(name, in_hand).outcome is Outcome.SKIP
    assert verdict(name, a_live_exchange(200, a_result([]))).outcome is Outcome.SKIP
    assert verdict(name, in_hand, error="not-found").outcome is Outcome.SKIP
