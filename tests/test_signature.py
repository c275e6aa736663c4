"""Signatures of deliveries: what is made, what is refused, and what is said about it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provendor.exchange import Headers
from provendor.signature import SignatureRule, faults, rewritten, sign

SHOPIFY = SignatureRule("X-Shopify-Hmac-Sha256", "sha256", "base64")
CHATWOOT = SignatureRule(
    "X-Chatwoot-Signature", "sha256", "hex", "{timestamp}.{body}", "sha256=", "X-Chatwoot-Timestamp", tolerance_s=300
)
META = SignatureRule("X-Hub-Signature-256", "sha256", "hex", prefix="sha256=")
RULES = {"shopify": SHOPIFY, "chatwoot": CHATWOOT, "meta": META}

SECRET = "provendor-test-secret-1"
ORDER = (
    rb'{"id":820982911946154508,"admin_graphql_api_id":"gid:\/\/shopify\/Order\/820982911946154508","name":"#9999",'
    rb'"total_price":"403.00","test":true}'
)
VECTORS = {
    "an order": (ORDER, 143, "Ychhiq8Utq4Ar8xcugHeuqg9dvZJRxle4lYOSG75Kew="),
    "a line feed more": (ORDER + b"\n", 144, "7JmUngFdxzJBtJncgC5doc+MX3lwWT9+82QPEab8bXs="),
    "written again": (json.dumps(json.loads(ORDER)).encode(), 148, "//Mj1G1zfdrJfk1tKlZ0cUhDLbZbFEjt/DZ6Arwwc+o="),
    "beyond ASCII": ('{"title":"Café ☃"}'.encode(), 21, "/2HjrcZjr/QaOUyMsbqLw81myd31gjNaCwGC1/Doe00="),
    "nothing": (b"", 0, "NCGfV8w5kTkgqN+wTuNqkyTyONJonycLIQ0kNshMOv4="),
}
AT = 1_795_168_800


def codes(rule: SignatureRule, headers: Headers, body: bytes, now: float = AT, secret: str = SECRET) -> list[str]:
    """Return the codes of what is wrong with a delivery."""
    return [fault.code for fault in faults(rule, headers, body, secret, now)]


def with_value(headers: Headers, name: str, *values: str) -> Headers:
    """Return headers with these values for one of them."""
    kept = [pair for pair in headers if pair[0].lower() != name.lower()]
    return Headers((*kept, *((name, value) for value in values)))


# --- what the vendors sign ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VECTORS)
def test_shopify_signs_the_raw_bytes(name):
    """Computed elsewhere, once for each form of body."""
    body, length, signature = VECTORS[name]

    assert len(body) == length
    assert sign(SHOPIFY, Headers(), body, SECRET, AT).get("x-shopify-hmac-sha256") == signature
    assert codes(SHOPIFY, Headers((("x-shopify-hmac-sha256", signature),)), body) == []


def test_no_body_has_the_signature_of_another():
    """A line feed, other spaces, or nothing at all: each is refused."""
    for name, (body, _, _) in VECTORS.items():
        for other, (_, _, signature) in VECTORS.items():
            given_one = Headers((("X-Shopify-Hmac-Sha256", signature),))
            assert codes(SHOPIFY, given_one, body) == ([] if name == other else ["signature-wrong"])


def test_chatwoot_signs_timestamp_and_body():
    """The timestamp stands before the body and a full stop; the signature has a prefix."""
    signed = sign(CHATWOOT, Headers(), b'{"event":"message_created"}', "secret", 1_784_505_600)

    assert signed.get("X-Chatwoot-Timestamp") == "1784505600"
    assert signed.get("X-Chatwoot-Signature") == (
        "sha256=06d6720593a66d8d64542165c176df4c2cb1820c548635d4aa3b380f75327df9"
    )


def test_signing_anew_replaces_what_is_there():
    """Whatever its case: two signatures would be one too many."""
    once = sign(CHATWOOT, Headers((("content-type", "application/json"),)), b"{}", "old", AT - 60)
    lower = Headers(tuple((name.lower(), value) for name, value in once))
    again = sign(CHATWOOT, lower, b"{}", SECRET, AT)

    assert len(again.items) == 3
    assert codes(CHATWOOT, again, b"{}") == []


# --- what is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RULES)
@given(body=st.binary(max_size=200), data=st.data())
def test_any_changed_byte_is_refused(name, body, data):
    """Changed, dropped or added anywhere."""
    rule = RULES[name]
    signed = sign(rule, Headers(), body, SECRET, AT)
    at = data.draw(st.integers(0, len(body)))
    flipped = bytes([body[at] ^ data.draw(st.integers(1, 255))]) if at < len(body) else b""
    added = bytes([data.draw(st.integers(0, 255))])

    assert codes(rule, signed, body) == []
    for other in (body[:at] + flipped + body[at + 1 :], body[:at] + added + body[at:]):
        assert codes(rule, signed, other) == ([] if other == body else ["signature-wrong"])


@pytest.mark.parametrize("name", RULES)
@given(given_secret=st.text(max_size=40))
def test_another_secret_is_refused(name, given_secret):
    """Also an empty one, and one with white space around it."""
    rule = RULES[name]
    signed = sign(rule, Headers(), ORDER, given_secret, AT)

    assert codes(rule, signed, ORDER) == ([] if given_secret == SECRET else ["signature-wrong"])


@pytest.mark.parametrize("name", RULES)
@given(junk=st.text(st.characters(max_codepoint=255), max_size=120))
def test_any_text_as_a_signature_is_refused(name, junk):
    """Without a traceback, whatever its characters."""
    rule = RULES[name]
    signed = with_value(sign(rule, Headers(), ORDER, SECRET, AT), rule.header, junk)

    assert codes(rule, signed, ORDER)[-1].startswith("signature-")


@pytest.mark.parametrize("name", RULES)
def test_a_missing_signature_is_refused(name):
    """It is not the same as a wrong one."""
    rule = RULES[name]
    signed = with_value(sign(rule, Headers(), ORDER, SECRET, AT), rule.header)

    assert codes(rule, signed, ORDER) == ["signature-missing"]
    assert codes(rule, with_value(signed, rule.header, " , "), ORDER) == ["signature-missing"]


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (SHOPIFY, "61c8618aaf14b6ae00afcc5cba01debaa83d76f64947195ee2560e486ef929ec"),
        (SHOPIFY, "sha256=Ychhiq8Utq4Ar8xcugHeuqg9dvZJRxle4lYOSG75Kew="),
        (META, "Ychhiq8Utq4Ar8xcugHeuqg9dvZJRxle4lYOSG75Kew="),
        (META, "61c8618aaf14b6ae00afcc5cba01debaa83d76f64947195ee2560e486ef929ec"),
        (META, "sha1=0123456789abcdef0123456789abcdef01234567"),
    ],
)
def test_another_form_is_told_from_another_signature(rule, value):
    """Hexadecimal for base64, a prefix too many or too few, another algorithm."""
    assert codes(rule, Headers(((rule.header, value),)), ORDER) == ["signature-form"]


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (0, []),
        (300, []),
        (-300, []),
        (301, ["signature-stale"]),
        (-301, ["signature-stale"]),
        (10**9, ["signature-stale"]),
    ],
)
def test_a_timestamp_counts_for_five_minutes(late, expected):
    """Both ways: clocks differ."""
    assert codes(CHATWOOT, sign(CHATWOOT, Headers(), ORDER, SECRET, AT), ORDER, now=AT + late) == expected


def test_a_timestamp_cannot_be_made_younger():
    """It is part of what is signed."""
    old = sign(CHATWOOT, Headers(), ORDER, SECRET, AT)

    assert codes(CHATWOOT, with_value(old, "x-chatwoot-timestamp", str(AT + 600)), ORDER, AT + 600) == [
        "signature-wrong"
    ]


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "1e9", "١٧٩٥", "1" * 13, "2026-11-20T10:00:00Z"])
def test_a_timestamp_that_is_none_is_named(stamp):
    """The signature beside it cannot be right then, and is not accepted."""
    signed = with_value(sign(CHATWOOT, Headers(), ORDER, SECRET, AT), "X-Chatwoot-Timestamp", stamp)

    assert codes(CHATWOOT, signed, ORDER)[0] == "signature-timestamp"


def test_a_missing_timestamp_is_named():
    """And nothing is verified without it."""
    signed = with_value(sign(CHATWOOT, Headers(), ORDER, SECRET, AT), "X-Chatwoot-Timestamp")

    assert codes(CHATWOOT, signed, ORDER) == ["signature-timestamp"]


# --- what is accepted although it looks unusual -------------------------------------------------------------------------


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase, str.title])
def test_the_case_of_header_names_makes_no_difference(name, change):
    """Proxies write them in lower case."""
    signed = sign(RULES[name], Headers(), ORDER, SECRET, AT)

    assert codes(RULES[name], Headers(tuple((change(key), value) for key, value in signed)), ORDER) == []


@pytest.mark.parametrize("name", RULES)
def test_of_several_signatures_one_must_be_right(name):
    """While a secret is rotated, both sign: in two headers, or in one."""
    rule = RULES[name]
    signed, other = (sign(rule, Headers(), ORDER, secret, AT) for secret in (SECRET, "the next one"))
    ours, theirs = signed.get(rule.header) or "", other.get(rule.header) or ""

    for values in ((ours, theirs), (theirs, ours), (f"{theirs}, {ours}",), ("nonsense", ours)):
        assert codes(rule, with_value(signed, rule.header, *values), ORDER) == []
    for values in ((theirs, theirs), (f"{theirs},{theirs}",)):
        assert codes(rule, with_value(signed, rule.header, *values), ORDER) == ["signature-wrong"]


# --- what is said -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "secret", "hint"),
    [
        (ORDER + b"\n", SECRET, "the body has lost or gained white space at its ends"),
        (b" " + ORDER, SECRET, "the body has lost or gained white space at its ends"),
        (ORDER, f"{SECRET}\n", "our secret has white space at its ends"),
    ],
)
def test_a_usual_slip_is_named(body, secret, hint):
    """What happens between the network and the comparison more often than forgery."""
    (fault,) = faults(SHOPIFY, sign(SHOPIFY, Headers(), ORDER, SECRET, AT), body, secret, AT)

    assert (fault.code, fault.hint) == ("signature-wrong", hint)


@pytest.mark.parametrize("spaces", [(",", ":"), (", ", ": ")])
def test_json_that_was_written_again_is_named(spaces):
    """The sender signed one form, and we verify another of the same value."""
    compact = json.dumps(json.loads(ORDER), separators=spaces).encode()
    (fault,) = faults(SHOPIFY, sign(SHOPIFY, Headers(), compact, SECRET, AT), ORDER, SECRET, AT)

    assert fault.hint.startswith("the body was parsed as JSON and written again")


def test_a_signature_under_another_name_is_pointed_out():
    """Half of all missing headers are misspelt ones."""
    (fault,) = faults(SHOPIFY, Headers((("Shopify-Hmac-Sha256", "x"),)), ORDER, SECRET, AT)

    assert (fault.code, fault.hint) == ("signature-missing", "there is Shopify-Hmac-Sha256")


@pytest.mark.parametrize("name", RULES)
def test_nothing_that_is_said_holds_the_secret_or_the_right_signature(name):
    """A finding goes to logs."""
    rule = RULES[name]
    right = sign(rule, Headers(), ORDER, SECRET, AT).get(rule.header) or ""
    wrong = sign(rule, Headers(), b"other", SECRET, AT)
    said = " ".join(f"{f.expected} {f.actual} {f.hint}" for f in faults(rule, wrong, ORDER, SECRET, AT + 999))

    assert "signature" in said
    assert SECRET not in said
    assert right.removeprefix(rule.prefix) not in said


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_rewriting_keeps_the_value(value):
    """Other bytes, same JSON."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")

    assert json.loads(rewritten(body)) == json.loads(body)


@pytest.mark.parametrize("body", [b"", b"\xff", b"not json", b"[" * 100_000])
def test_what_is_no_json_is_left_as_it_is(body):
    """Also what is too deep to read."""
    assert rewritten(body) == body
