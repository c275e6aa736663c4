"""What the storefront contract accepts and refuses: one row per answer, judged as `provendor validate` judges it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcp_suites import events
from provendor.validate import judge_answer
from recorded_answers import GONE, changed, recorded

DOCUMENT = "result.structuredContent"
PRODUCT = f"{DOCUMENT}.products.0"
VARIANT = f"{PRODUCT}.variants.0"
LINE = f"{DOCUMENT}.line_items.0"


def judged(selector: str, change: dict[str, Any], status: int | None = None) -> list[str]:
    """Who accepts a case's answer with other things at these places; the text beside the document is left out."""
    without_text = {"result.content": GONE} if any(place.startswith(f"{DOCUMENT}.") for place in change) else {}
    return recorded("storefront-mcp").accepted_after(selector, {**without_text, **change}, status)


ACCEPTED = [
    ("profile.get:ok", {}),
    ("profile.get:ok", {"signing_keys": GONE}),
    ("profile.get:ok", {"ucp.supported_versions": {"2026-01-11": "https://shop.example.com/old"}}),
    ("tools.list:ok", {"result.tools.0.title": "Search", "result.tools.0.annotations": {"readOnlyHint": True}}),
    ("tools.list:ok", {"result.tools.0.inputSchema.additionalProperties": False}),
    ("tools.list:catalog-only", {}),
    ("catalog.search:ok", {"result.isError": False}),
    ("catalog.search:ok", {"id": "a-1"}),
    ("catalog.search:ok", {f"{DOCUMENT}.pagination": GONE}),
    ("catalog.search:ok", {f"{DOCUMENT}.pagination": {"has_next_page": False, "cursor": None}}),
    ("catalog.search:ok", {f"{DOCUMENT}.pagination": {"has_next_page": False}}),
    ("catalog.search:ok", {f"{DOCUMENT}.ucp.status": "success"}),
    ("catalog.search:ok", {f"{DOCUMENT}.ucp.capabilities": {"dev.ucp.shopping.cart": []}}),
    ("catalog.search:ok", {f"{PRODUCT}.media.0.type": "hologram", f"{PRODUCT}.tags": [""], f"{PRODUCT}.options": []}),
    ("catalog.search:ok", {f"{VARIANT}.title": "", f"{VARIANT}.description.plain": ""}),
    ("catalog.search:ok", {f"{PRODUCT}.rating": {"value": 4.5, "scale_max": 5}, f"{PRODUCT}.handle": None}),
    ("catalog.search:ok", {f"{VARIANT}.sku": None, f"{VARIANT}.availability": GONE}),
    ("catalog.lookup:some-missing", {f"{DOCUMENT}.products": []}),
    ("catalog.search:ok", {"result.structuredContent": GONE}),
    ("carts.get:ok", {f"{DOCUMENT}.expires_at": GONE, f"{DOCUMENT}.continue_url": GONE}),
    ("carts.get:ok", {f"{DOCUMENT}.totals.0": {"type": "items_discount", "amount": -200}}),
    ("carts.get:ok", {f"{DOCUMENT}.line_items": []}),
    ("carts.get:not-found", {f"{DOCUMENT}.messages.0.severity": "recoverable"}),
    ("carts.get:throttled", {"error.data.retry_after": 0.5}),
    ("carts.get:throttled", {"error.data.retry_after": "30"}),
    ("carts.create:business-error", {f"{DOCUMENT}.messages.0.code": "address_undeliverable"}),
    ("carts.create:profile-refused", {"error.data.code": "invalid_profile_url"}),
    ("business.ask:ok", {f"{DOCUMENT}.ucp": GONE}),
    ("legacy.policies:ok", {"result.content.0.text": '"Within thirty days."'}),
    ("legacy.tools:ok", {"result.tools.0.description": GONE}),
]
REFUSED = [
    ("profile.get:ok", {"ucp": GONE}),
    ("profile.get:ok", {"ucp.version": "1.0"}),
    ("profile.get:ok", {"ucp.services": {}}),
    ("profile.get:ok", {"signing_keys.0.kid": None}),
    ("tools.list:ok", {"result.tools.0.name": "search_products"}),
    ("tools.list:ok", {"result.tools.3": GONE}),
    ("tools.list:ok", {"result.tools.2.inputSchema.properties": {"meta": {}, "product_id": {"type": "string"}}}),
    ("tools.list:ok", {"result.tools.0.inputSchema": GONE}),
    ("tools.list:ok", {"result.tools": {}}),
    ("legacy.tools:ok", {"result.tools": []}),
    ("catalog.search:ok", {"jsonrpc": GONE}),
    ("catalog.search:ok", {"id": None}),
    ("catalog.search:ok", {f"{DOCUMENT}.products": GONE}),
    ("catalog.search:ok", {f"{DOCUMENT}.products": None}),
    ("catalog.search:ok", {f"{DOCUMENT}.ucp.status": "error"}),
    ("catalog.search:ok", {f"{DOCUMENT}.ucp.status": "partial"}),
    ("catalog.search:ok", {f"{DOCUMENT}.pagination.cursor": GONE}),
    ("catalog.search:ok", {f"{DOCUMENT}.pagination.has_next_page": GONE}),
    ("catalog.search:ok", {f"{PRODUCT}.options.0.values": []}),
    ("catalog.search:ok", {f"{PRODUCT}.media.0.url": ""}),
    ("catalog.search:ok", {f"{PRODUCT}.id": ""}),
    ("catalog.search:ok", {f"{PRODUCT}.variants": []}),
    ("catalog.search:ok", {f"{PRODUCT}.price_range.min.amount": "14.50"}),
    ("catalog.search:ok", {f"{VARIANT}.price.amount": 14.5}),
    ("catalog.search:ok", {f"{VARIANT}.price.currency": "eur"}),
    ("catalog.search:ok", {f"{VARIANT}.price.currency": "USD"}),
    ("catalog.search:ok", {"result.structuredContent": GONE, "result.content.0.text": "Found two mugs."}),
    ("products.get:ok", {f"{DOCUMENT}.product": GONE}),
    ("carts.get:ok", {f"{DOCUMENT}.id": GONE}),
    ("carts.get:ok", {f"{LINE}.quantity": 0}),
    ("carts.get:ok", {f"{LINE}.item.price": "14.50"}),
    ("carts.get:ok", {f"{DOCUMENT}.totals": [{"type": "subtotal", "amount": 1}]}),
    ("carts.get:ok", {f"{DOCUMENT}.totals.0": {"type": "subtotal", "amount": -1450}}),
    ("carts.get:not-found", {f"{DOCUMENT}.messages": []}),
    ("carts.get:not-found", {f"{DOCUMENT}.messages.0.severity": "fatal"}),
    ("carts.get:throttled", {"error.data.retry_after": "soon"}),
    ("carts.get:internal", {"error.code": "-32603"}),
    ("carts.get:internal", {"error.message": GONE}),
    ("carts.create:profile-refused", {"error.data": GONE}),
    ("business.ask:ok", {f"{DOCUMENT}.answer.plain": ""}),
    ("legacy.policies:ok", {"result.content.0.text": '[{"q": "Can I?", "a": "Yes."}]'}),
]


@pytest.mark.parametrize(("selector", "change"), ACCEPTED)
def test_what_a_shop_truly_sends_is_accepted(selector, change):
    """Optional parts absent, unknown parts added, other spellings, business failures of any code."""
    assert judged(selector, change) != []


@pytest.mark.parametrize(("selector", "change"), REFUSED)
def test_an_answer_that_would_hurt_us_is_refused(selector, change):
    """Gone, empty, of another type, of an unknown state, or in another envelope."""
    assert judged(selector, change) == []


def test_an_answer_is_accepted_as_a_stream_of_events_too():
    """The form does not matter, also where headers were not captured."""
    status, body = recorded("storefront-mcp").answer("carts.get:ok")

    assert recorded("storefront-mcp").accepted("carts.get", status, events(json.loads(body))) == ["ok"]


def test_an_answer_cut_short_is_refused():
    """Half of a message is none."""
    status, body = recorded("storefront-mcp").answer("carts.get:ok")

    assert recorded("storefront-mcp").accepted("carts.get", status, body[:-40]) == []


def test_failures_of_different_kinds_have_different_codes():
    """A business outcome, a tool's failure and protocol trouble all come with 200."""
    kinds = {
        name: judged(f"carts.get:{name}", {}, 200)
        for name in ("business-error", "tool-failed", "invalid-params", "internal")
    }

    assert kinds == {name: [name] for name in kinds}


def test_a_cart_that_is_no_error_is_not_accepted_with_an_error_status():
    """A success with 500 is none."""
    status, body = recorded("storefront-mcp").answer("carts.get:ok")

    assert status == 200
    assert recorded("storefront-mcp").accepted("carts.get", 429, body) == ["rate-limited"]
    assert (
        recorded("storefront-mcp").accepted("carts.get", 202, json.dumps(changed(json.loads(body), {})).encode()) == []
    )


def test_a_document_in_hand_needs_no_message_around_it():
    """Without a status it was not captured from HTTP; with one it must be a message."""
    _, body = recorded("storefront-mcp").answer("carts.get:ok")
    document = json.dumps(json.loads(body)["result"]["structuredContent"]).encode()
    cases = recorded("storefront-mcp").vendor.operations["carts.get"].cases

    assert [each.case.name for each in judge_answer(cases, None, None, document).matched] == ["ok"]
    assert judge_answer(cases, 200, None, document).matched == ()
