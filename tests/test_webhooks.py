"""Deliveries as cases: what is judged, what is adopted and validated, and what a receiver must remember."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import delivery_suites
from delivery_suites import (
    AT,
    BODY,
    PLAIN,
    RULE,
    SECRET,
    a_suite,
    a_vendor,
    arrived,
    codes,
    signed,
    with_header,
    without,
)
from provendor import cassette, validate
from provendor.contract import Challenge
from provendor.exchange import Headers, Origin
from provendor.plans import webhooks
from provendor.plans.webhooks import answer_challenge, forgeries
from provendor.reader import loading
from provendor.recordings.adopt import Adopted, adopt
from provendor.reports import inventory
from provendor.signature import faults
from provendor.verdict import Outcome

ROOT = Path(__file__).resolve().parent.parent


def verdicts(result: Any) -> dict[str, str]:
    """Return how each check of a delivery ended."""
    return {verdict.check: str(verdict.outcome) for verdict in result.verdicts}


# --- a delivery as a case -----------------------------------------------------------------------------------------------


def test_a_genuine_delivery_passes(tmp_path):
    """Its schema is judged by the checks of every answer, the rest by those of deliveries."""
    result = arrived(a_suite(tmp_path))

    assert result.outcome is Outcome.PASS
    own = ("body", "signature", "forgeries", "topic", "duplicates", "sequence", "challenge")
    assert {name: verdicts(result)[name] for name in own} == dict.fromkeys(own, "pass")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (PLAIN, ["signature-timestamp", "signature-missing"]),
        (signed(secret="another"), ["signature-wrong"]),
        (signed(body=BODY + b"\n"), ["signature-wrong"]),
        (signed(at=AT - 1), ["signature-stale"]),
        (signed(at=AT + 86_399), []),
        (signed(at=AT + 90_000), ["signature-stale"]),
        (with_header(signed(), "X-Acme-Topic", "orders/created"), ["delivery-topic"]),
        (without(signed(), "x-acme-topic"), ["delivery-topic"]),
        (with_header(signed(), "X-Acme-Delivery", ""), ["delivery-id"]),
        (without(signed(), "x-acme-delivery"), ["delivery-id"]),
    ],
)
def test_what_is_wrong_with_a_delivery_has_a_code(headers, expected, tmp_path):
    """A delivery is fresh if it was signed on the day of its recording."""
    tolerant = a_vendor(signature__tolerance="500ms")

    assert codes(arrived(a_suite(tmp_path, tolerant), headers)) == expected


def test_the_body_is_judged_by_its_schema(tmp_path):
    """As that of any answer."""
    result = arrived(a_suite(tmp_path), body=b'{"id":"7","updated_at":"2026-11-20T10:00:00Z"}')

    assert [(each.code, each.at) for each in result.findings] == [("body-schema", "/id")]


def test_a_case_demands_its_own_body_as_well(tmp_path):
    """Besides what the delivery says."""
    text = delivery_suites.ORDERS.replace("ok: {}", "ok: { body: { required: [total] } }")
    result = arrived(a_suite(tmp_path, text=text), body=b'{"id":"7","updated_at":"2026-11-20T10:00:00Z"}')

    assert [(each.at, each.expected) for each in result.findings] == [("", 'property "total"'), ("/id", "integer")]


def test_the_error_table_is_not_about_deliveries(tmp_path):
    """A field called error in what we are sent is no failed request of ours."""
    vendor = {**a_vendor(), "errors": [{"json": {"$.event": {"present": True}}, "code": "refused", "retryable": False}]}

    assert codes(arrived(a_suite(tmp_path, vendor))) == []


def test_what_older_servers_do_not_send_is_not_missed(tmp_path):
    """A case says what its deliveries lack."""
    old = without(PLAIN, "X-Acme-Delivery")
    result = arrived(a_suite(tmp_path), old, name="old-server")

    assert result.outcome is Outcome.PASS
    assert verdicts(result)["signature"] == "skip"


def test_a_vendor_that_does_not_sign_is_not_asked_for_a_signature(tmp_path):
    """That is skipped with a reason, and is no pass."""
    text = delivery_suites.ORDERS.replace("[signature, delivery_id]", "[delivery_id]")
    result = arrived(a_suite(tmp_path, a_vendor(signature=None), text), PLAIN)

    assert result.outcome is Outcome.PASS
    assert [each.reason for each in result.verdicts if each.check == "signature"] == ["these deliveries are not signed"]


def test_a_moment_without_a_zone_puts_nothing_in_order(tmp_path):
    """That is worth a warning: an old state could replace a newer one."""
    result = arrived(a_suite(tmp_path), body=BODY.replace(b"+01:00", b""))

    assert result.outcome is Outcome.WARN
    assert codes(result) == ["delivery-order"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"id":1,"events":[{"kind":"orders/created"},{"kind":"orders/paid"}]}', []),
        (b'{"id":1,"events":[{"kind":"orders/created"}]}', ["delivery-topic"]),
        (b'{"id":1,"events":[]}', ["delivery-topic"]),
        (b'{"id":1,"events":[{"kind":null}]}', ["delivery-topic"]),
    ],
)
def test_a_topic_may_stand_in_the_body(body, expected, tmp_path):
    """Of several, one must be the delivery's."""
    vendor = a_vendor(topic="$.events[*].kind", order_by=None)

    assert codes(arrived(a_suite(tmp_path, vendor), body=body)) == expected


# --- forgeries ----------------------------------------------------------------------------------------------------------


def test_every_kind_of_forgery_is_tried():
    """The issue's list, each with the answer that it must get."""
    made = {each.name: each for each in forgeries(RULE, BODY, SECRET)}

    assert {name for name, each in made.items() if not each.genuine} == {
        "tampered body",
        "wrong secret",
        "missing signature",
        "re-serialised JSON",
        "stale timestamp",
        "replayed with a new timestamp",
    }
    assert {name for name, each in made.items() if each.genuine} == {
        "header in lower case",
        "header in upper case",
        "several signatures, one valid",
    }


@given(st.binary(max_size=80), st.text(min_size=1, max_size=20).filter(lambda text: text.rstrip("\0") != "wrong"))
def test_forgeries_are_refused_and_oddities_accepted(body, secret):
    """For any body, also an empty one and one that is no JSON."""
    for each in forgeries(RULE, body, secret):
        assert (not faults(RULE, each.headers, each.body, secret, each.now)) is each.genuine, each.name


def test_a_timestamp_that_is_not_signed_protects_from_nothing(tmp_path):
    """An old delivery with a new timestamp would be accepted; the contract learns it before the receiver does."""
    result = arrived(a_suite(tmp_path, a_vendor(signature__signed="{body}")), delivery_suites.signed())

    assert [each.expected for each in result.findings if each.code == "signature-rule"] == [
        "replayed with a new timestamp: refused"
    ]


# --- the handshake ------------------------------------------------------------------------------------------------------

CHALLENGE = Challenge("hub.challenge", "hub.verify_token", "verify_token", (("hub.mode", "subscribe"),))
ASKED = {"hub.mode": "subscribe", "hub.verify_token": "ours", "hub.challenge": "1158201444"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ASKED, (200, "1158201444")),
        ({**ASKED, "hub.verify_token": "theirs"}, (403, "")),
        ({**ASKED, "hub.verify_token": ""}, (403, "")),
        ({**ASKED, "hub.mode": "unsubscribe"}, (403, "")),
        ({**ASKED, "hub.challenge": ""}, (403, "")),
        ({}, (403, "")),
    ],
)
def test_only_who_knows_our_token_gets_the_challenge_back(query, expected):
    """Everything else is refused."""
    assert answer_challenge(CHALLENGE, query, "ours") == expected


def test_nobody_knows_a_token_that_is_not_set():
    """An empty variable must not open the door to those who send nothing."""
    assert answer_challenge(CHALLENGE, {**ASKED, "hub.verify_token": ""}, "") == (403, "")


def test_a_contract_that_mixes_up_the_parameters_is_told(tmp_path):
    """An endpoint that follows it would refuse the vendor."""
    result = arrived(a_suite(tmp_path, a_vendor(challenge__verify="hub.challenge")))

    assert codes(result) == ["delivery-challenge"]


# --- adopt, validate, collect, show -------------------------------------------------------------------------------------


def adopted(root: Path, body: bytes, headers: Headers = PLAIN, name: str = "ok", **changes: Any) -> Adopted:
    """Adopt a captured delivery."""
    known: dict[str, Any] = {"origin": Origin.SYNTHETIC, "source": "a test", "headers": headers}
    return adopt(a_suite(root), f"acme/orders.paid:{name}", body, **{**known, **changes})


def test_a_captured_delivery_is_redacted_and_signed_anew(tmp_path):
    """The live signature is replaced: it fits neither the bytes on disk nor a secret that may be known."""
    live = signed(body=BODY, secret="the live secret", at=1)
    body = BODY[:-1] + b',"buyer":"Ada Lovelace"}'
    done = adopted(tmp_path, body, live, secrets={"webhook_secret": "the live secret"})

    (taken,) = cassette.parse(done.text.encode(), "x").interactions
    assert done.written
    assert done.result.outcome is Outcome.PASS
    assert "Lovelace" not in done.text
    assert rb"a\/b" in taken.body, "all but personal data is kept byte for byte"
    assert taken.headers.get("x-acme-timestamp") == str(AT)
    assert not faults(RULE, taken.headers, taken.body, SECRET, AT)
    assert (live.get("x-acme-signature") or "-") not in done.text


def test_a_delivery_of_an_older_server_is_adopted_without_a_signature(tmp_path):
    """None is made up for it."""
    done = adopted(tmp_path, BODY, without(PLAIN, "x-acme-delivery"), name="old-server")

    assert done.written
    assert "X-Acme-Signature" not in done.text


def test_adopting_twice_writes_the_same(tmp_path):
    """The timestamp follows from the day, so that a cassette differs only where something changed."""
    assert adopted(tmp_path, BODY).text == adopted(tmp_path, BODY, replace=True).text


def judged(root: Path, body: bytes, headers: Headers | None = None) -> validate.Judgement:
    """Validate a captured delivery against the cases of the delivery."""
    cases = a_suite(root).suite.vendors["acme"].deliveries["orders.paid"].cases
    return validate.judge_answer(cases, None, headers, body)


def test_a_delivery_is_validated_by_its_body_alone(tmp_path):
    """No status is asked for, and the signature is left to another command, which is said."""
    judgement = judged(tmp_path, BODY)

    assert judgement.accepted
    assert judgement.not_judged == (
        "the signature, which `provendor verify-webhook` judges",
        "the headers and the content type",
    )
    assert not judged(tmp_path, b'{"id":"7"}').accepted


def test_validating_looks_at_topic_and_id_where_headers_are_given(tmp_path):
    """Another topic is refused; headers that were not captured are only worth a warning."""
    assert judged(tmp_path, BODY, PLAIN).accepted
    assert not judged(tmp_path, BODY, with_header(PLAIN, "X-Acme-Topic", "orders/created")).accepted
    few = judged(tmp_path, BODY, Headers((("content-type", "application/json"),)))
    assert few.accepted
    assert {each.code for case in few.matched for each in case.findings} == {"delivery-topic", "delivery-id"}


def test_pytest_collects_deliveries_where_they_stand(pytester):
    """One test per case, with the id of its place in the file."""
    adopted(pytester.path, BODY)
    adopted(pytester.path, BODY, name="old-server")

    result = pytester.runpytest("-v", "--provendor-now=2026-11-20", "-p", "no:randomly")

    place = "contracts/acme/orders.yaml::orders.paid"
    result.stdout.fnmatch_lines([f"{place}::ok PASSED*", f"{place}::old-server PASSED*"])


def test_the_inventory_says_who_needs_what(tmp_path):
    """What another program reads: `provendor show --webhooks --json`."""
    (row,) = inventory.deliveries(a_suite(tmp_path).suite.vendors["acme"])

    assert (row.topic, row.scope, row.dedupe, row.order_by) == (
        "orders/paid",
        "read_orders",
        "X-Acme-Delivery",
        "$.updated_at",
    )
    assert (row.signature, row.needed_by, row.cases) == ("X-Acme-Signature", "the bookkeeping", ("ok", "old-server"))
    assert row.schema == "orders.yaml#/deliveries/orders.paid/body"


# --- our contracts ------------------------------------------------------------------------------------------------------

SUITE = loading.load(ROOT, {path.parent.name for path in (ROOT / "contracts").glob("*/deliveries.yaml")})
UNSIGNED = ("hootsuite/", "chatwoot/automation.", "chatwoot/macro.")
OURS = [each for vendor in SUITE.vendors.values() for each in vendor.deliveries.values()]


def test_every_delivery_of_ours_says_what_the_inventory_shows():
    """Who needs it, what it takes to get it, how a repetition is recognised, what it looks like, and who signs."""
    rows = [row for vendor in SUITE.vendors.values() for row in inventory.deliveries(vendor)]

    assert len(rows) >= 24
    for row in rows:
        assert row.needed_by, row.delivery
        assert row.scope, row.delivery
        assert row.dedupe, row.delivery
        assert row.schema, row.delivery
        assert row.signature or f"{row.vendor}/{row.delivery}".startswith(UNSIGNED), row.delivery


@pytest.mark.parametrize("case", [case for each in OURS for case in each.cases], ids=lambda case: case.id)
def test_a_body_of_ours_says_no_more_than_its_schema_allows(case):
    """Each required field at the top is truly demanded: without it, the delivery is refused."""
    name = f"cassettes/{case.cassette}"
    (taken,) = cassette.load(ROOT / name, name).interactions
    body = json.loads(taken.body)
    (vendor,) = (each for each in SUITE.vendors.values() if each.name == case.vendor)
    cases = vendor.deliveries[case.operation].cases

    refused = [
        key
        for key in body
        if not validate.judge_answer(
            cases, None, None, json.dumps({k: v for k, v in body.items() if k != key}).encode()
        ).accepted
    ]
    assert validate.judge_answer(cases, None, None, taken.body).accepted
    assert refused, "nothing in this delivery is required"


@pytest.mark.parametrize(
    "topic",
    [
        "orders/create",
        "orders/updated",
        "products/update",
        "inventory_levels/update",
        "app/uninstalled",
        "customers/data_request",
        "customers/redact",
        "shop/redact",
    ],
)
def test_the_topics_that_the_dashboard_needs_are_under_contract(topic):
    """Each by the name that Shopify gives it in its header."""
    assert topic in {row.topic for row in inventory.deliveries(SUITE.vendors["shopify"])}


def accepted(delivery: str, path: str, value: Any) -> bool:
    """Tell whether our Shopify contract accepts its recorded delivery with another value at a dotted path."""
    vendor = SUITE.vendors["shopify"]
    cases = vendor.deliveries[delivery].cases
    name = f"cassettes/{cases[0].cassette}"
    (taken,) = cassette.load(ROOT / name, name).interactions
    body: Any = json.loads(taken.body)
    holder: Any = body
    *parents, last = path.split(".")
    for step in parents:
        holder = holder[int(step) if step.isdecimal() else step]
    holder[last] = value
    return validate.judge_answer(cases, None, None, json.dumps(body).encode()).accepted


@pytest.mark.parametrize(
    ("delivery", "path", "value"),
    [
        ("orders.create", "id", 2**63 - 1),
        ("orders.create", "customer", None),
        ("orders.create", "billing_address", None),
        ("orders.create", "email", ""),
        ("orders.create", "fulfillment_status", "partial"),
        ("orders.create", "total_price", "0.000"),
        ("orders.create", "line_items.0.sku", None),
        ("orders.create", "line_items.0.variant_id", None),
        ("orders.create", "created_at", "2026-11-20T10:04:05+14:00"),
        ("products.update", "published_at", None),
        ("products.update", "variants.0.compare_at_price", None),
        ("products.update", "variants.0.inventory_quantity", -4),
        ("products.update", "image", None),
        ("inventory_levels.update", "available", None),
        ("inventory_levels.update", "available", -1),
        ("app.uninstalled", "domain", "shop.example.com"),
        ("customers.data_request", "customer", {"email": "ada@example.com"}),
    ],
)
def test_shopify_sends_it_and_it_is_accepted(delivery, path, value):
    """Nulls, ids beyond 2^53, three decimals, other zones."""
    assert accepted(delivery, path, value)


@pytest.mark.parametrize(
    ("delivery", "path", "value"),
    [
        ("orders.create", "id", "6000000001"),
        ("orders.create", "id", 6e9 + 0.5),
        ("orders.create", "total_price", 43.9),
        ("orders.create", "total_price", "43,90"),
        ("orders.create", "financial_status", "PAID"),
        ("orders.create", "tags", ["newsletter"]),
        ("orders.create", "created_at", "2026-11-20 10:04:05"),
        ("orders.create", "created_at", 1795168800),
        ("orders.create", "currency", "Euro"),
        ("orders.create", "line_items", None),
        ("orders.create", "line_items.0.quantity", "1"),
        ("orders.create", "total_price_set.shop_money.amount", 43.9),
        ("orders.cancelled", "cancelled_at", None),
        ("products.update", "status", "ACTIVE"),
        ("products.update", "variants.0.price", 39.9),
        ("products.update", "variants.0.inventory_quantity", "24"),
        ("inventory_levels.update", "available", "12"),
        ("inventory_levels.update", "inventory_item_id", "gid://shopify/InventoryItem/47000000001"),
        ("inventory_levels.update", "location_id", None),
        ("app.uninstalled", "myshopify_domain", "shop.example.com"),
        ("shop.redact", "shop_id", None),
        ("customers.redact", "customer", {}),
        ("customers.redact", "orders_to_redact", None),
    ],
)
def test_what_would_hurt_us_is_refused(delivery, path, value):
    """GraphQL's spelling in a delivery, money as a number, ids as text, and holes where we look."""
    assert not accepted(delivery, path, value)


def test_no_recorded_delivery_holds_a_live_secret():
    """Each signature is the one that the example makes; what was really sent stays out."""
    for delivery in OURS:
        for case in delivery.cases:
            name = f"cassettes/{case.cassette}"
            (taken,) = cassette.load(ROOT / name, name).interactions
            vendor = SUITE.vendors[case.vendor]
            plan: Any = case.plan
            if plan.signature is not None:
                example = str(vendor.variables[plan.secret].example)
                assert re.fullmatch(r"<[a-z_]+>", example)
                assert not faults(plan.signature, taken.headers, taken.body, example, AT), case.id
            else:
                assert "signature" not in str(taken.headers.items).lower()


def test_the_module_names_no_vendor():
    """What a vendor does stands in its contract."""
    text = Path(webhooks.__file__).read_text(encoding="utf-8").lower()

    assert [name for name in SUITE.vendors if re.search(rf"\b{name}\b", text)] == []
