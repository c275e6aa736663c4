"""Properties of redaction: nothing survives in any form, nothing else is damaged, and doing it twice changes nothing more."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provendor.exchange import Headers
from provendor.redaction.redact import Redactor
from wrapped import HARMLESS, TYPES, WRAPPINGS, survivors

SECRET = "kX9/+v-77\"ä&'z5Q"
VALUES = {
    "secret": SECRET,
    "address": "Ada.Byron@corp-mail.io",
    "name": "Ada Byron-Lovelace",
    "phone": "+1 415 867 4001",
    "token": "tk-9f8e7d6c5b4a3210",
    "uuid": "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
    "gid": "gid://shop/Customer/48213377",
}
DOCUMENT = {
    "message": f"the key {SECRET} is wrong",
    "owner": {"email": VALUES["address"], "name": VALUES["name"], "phone": VALUES["phone"]},
    "access_token": VALUES["token"],
    "customer_ids": [VALUES["uuid"], VALUES["gid"]],
    "note": f"{VALUES['name']} wrote to {VALUES['address']}: use {VALUES['token']}",
}
PATHS = ["$..email", "$..name", "$..phone", "$..customer_ids"]
WHOLE = sorted(set(WRAPPINGS) - {"JSON key", "Basic"})


def a_redactor() -> Redactor:
    return Redactor({"api_key": SECRET}, PATHS)


def test_the_measure_finds_what_is_there():
    """Each value, in each wrapping, before anything is removed."""
    for name, wrap in WRAPPINGS.items():
        assert survivors(wrap(json.dumps(DOCUMENT)).encode(), VALUES) == set(VALUES), name


@pytest.mark.parametrize("outer", WHOLE)
@pytest.mark.parametrize("inner", WHOLE)
def test_nothing_survives_in_any_wrapping_within_another(outer, inner):
    """A document with secrets and people, wrapped twice, as a body."""
    body = WRAPPINGS[outer](WRAPPINGS[inner](json.dumps(DOCUMENT))).encode()

    made = a_redactor().body(body, TYPES.get(outer, "application/json"))

    assert survivors(made, VALUES) == set()


@pytest.mark.parametrize("name", sorted(WRAPPINGS))
@pytest.mark.parametrize("place", ["text", "header", "query", "path", "name"])
def test_nothing_survives_in_any_place(name, place):
    """What was learned from a body is found in text, headers, queries and URLs."""
    redactor = a_redactor()
    redactor.learn(json.dumps(DOCUMENT).encode())
    text = "; ".join(WRAPPINGS[name](value) for value in VALUES.values() if value != VALUES["gid"])
    made = {
        "text": lambda: redactor.text(text),
        "header": lambda: str(redactor.headers(Headers((("X-Note", text),))).items),
        "query": lambda: str(redactor.query([("q", text)])),
        "path": lambda: redactor.url(f"https://acme.example/{WRAPPINGS['percent-encoded'](text)}?q=1"),
        "name": lambda: redactor.body(json.dumps({text: 1}).encode()).decode(),
    }[place]()

    assert survivors(made.encode("utf-8", "surrogateescape"), VALUES) == set()


@settings(deadline=None)
@given(st.sampled_from(WHOLE), st.integers(9, 60))
def test_what_is_left_of_a_secret_that_was_cut_off_is_removed(name, length):
    """Property: messages shorten what they show, wherever that cuts."""
    text = f"expected one of these, got {SECRET * 3}"[: 27 + length] + "…"

    made = a_redactor().text(f"{WRAPPINGS[name](text)} and {text[:-1]}... {text[:-1]}")

    assert not any(SECRET[:size] in made for size in range(8, len(SECRET)))


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("name", sorted(set(WRAPPINGS) - {"JWT", "Basic"}))
def test_what_only_looks_like_it_is_not_damaged(name, text):
    """Public ids, digests, days, prices, sentences about credentials, addresses of examples: byte for byte, however wrapped."""
    wrapped = WRAPPINGS[name](text).encode()

    assert a_redactor().body(wrapped, TYPES.get(name, "application/json")) == wrapped


harmless = (
    st.uuids().map(str)
    | st.binary(min_size=20, max_size=32).map(bytes.hex)
    | st.datetimes(min_value=datetime(2000, 1, 1)).map(lambda day: day.replace(tzinfo=UTC).isoformat())  # noqa: DTZ001
    | st.decimals(0, 10**6, places=2).map(str)
    | st.integers(0, 10**12)
    | st.booleans()
    | st.none()
    | st.from_regex(r"[A-Za-z ,.!?]{0,60}", fullmatch=True)
)
keys = st.sampled_from(
    ["id", "uuid", "commit", "created_at", "price", "title", "page_token", "token_type", "status", "tags"]
)
documents = st.recursive(harmless, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5))


@settings(deadline=None)
@given(documents, st.sampled_from([None, 1]))
def test_harmless_documents_stay_byte_for_byte(value, indent):
    """Property: whatever their layout."""
    text = json.dumps(value, indent=indent).encode()

    assert a_redactor().body(text, "application/json") == text


people = st.sampled_from(["email", "name", "phone", "customer_ids", "access_token", "note", "message", "title"])
texts = st.text(max_size=30) | st.sampled_from([*VALUES.values(), *HARMLESS]) | st.emails() | st.uuids().map(str)
scalars = texts | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(people, inner, max_size=4))


@settings(deadline=None)
@given(anything, st.sampled_from([None, 2]))
def test_json_stays_json_with_the_same_layout(value, indent):
    """Property: the same keys, the same types, the same spaces; only scalars are others."""
    text = json.dumps(value, indent=indent)

    made = a_redactor().body(text.encode(), "application/json").decode()

    assert shape(json.loads(made)) == shape(value)
    assert skeleton(made) == skeleton(text)


@settings(deadline=None)
@given(anything)
def test_redacting_twice_changes_nothing_more(value):
    """Property: what was redacted before it is written is redacted again where it is shown."""
    redactor = a_redactor()
    once = redactor.body(json.dumps(value).encode(), "application/json")

    assert redactor.body(once, "application/json") == once


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {key if key in KEYS else "key": shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


KEYS = {"email", "name", "phone", "customer_ids", "access_token", "note", "message", "title"}


def skeleton(text: str) -> str:
    """The text of a document without its scalars and keys."""
    return re.sub(r'"(?:[^"\\]|\\.)*"|[^\s{}\[\]:,]+', "", text)


def test_the_same_person_has_the_same_stand_in_in_another_session():
    """Whoever records, and whenever."""
    one, two = (a_redactor().body(json.dumps(each).encode()) for each in (DOCUMENT, {"by": DOCUMENT["owner"]}))

    assert json.loads(one)["owner"] == json.loads(two)["by"]


def test_an_id_that_is_personal_stays_joined_where_an_id_stands():
    """In keys called so, as a number or as text, in paths and queries; an amount of the same size is another thing."""
    redactor = Redactor({}, ["$.customer.id"])
    body = {"customer": {"id": 48213377}, "customer_id": 48213377, "customerId": "48213377", "total": 48213377}

    made = json.loads(redactor.body(json.dumps(body).encode()))

    stand_in = made["customer"]["id"]
    assert stand_in != 48213377
    assert made == {
        "customer": {"id": stand_in},
        "customer_id": stand_in,
        "customerId": str(stand_in),
        "total": 48213377,
    }
    assert redactor.url("https://a.example/customers/48213377?id=48213377&sum=148213377") == (
        f"https://a.example/customers/{stand_in}?id={stand_in}&sum=148213377"
    )


def test_uuids_are_not_personal_by_themselves():
    """Only where a path names them."""
    text = json.dumps({"id": str(uuid.UUID(int=7))}).encode()

    assert a_redactor().body(text) == text
