"""Changes of one field: what each operator makes of it, that it can be undone, and what a contract allows by name."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provendor.mutants.field_changes import GONE, Change, allowed, field_changes, made
from provendor.mutants.mutation import OPERATORS, Group
from provendor.schemas.declared import Place, declared
from provendor.schemas.schema import Schema

FILE = "contracts/acme/users.yaml"


def a_schema(value: Any) -> Schema:
    return Schema(value, FILE, "/body", lambda _file: None)


def place_of(value: Any, schema: Any, at: str) -> Place:
    return next(place for place in declared(a_schema(schema), value).places if place.at == at)


def after(value: Any, change: Change) -> Any:
    """Return what a change makes of a value; the value stays as it is."""
    holder = [value]
    with made(holder, change):
        return copy.deepcopy(holder[0])


def changed(value: Any, schema: Any, at: str, operator: str, **how: Any) -> list[Any]:
    changes = field_changes(place_of(value, schema, at), **how)
    return [after(value, each) for each in changes if each.operator == operator]


def one(name: str, described: Any) -> Any:
    return {"properties": {name: described}}


ANY: Any = {}
A_LIST = {"type": "array", "items": {"type": "integer"}}
EXAMPLES: dict[str, list[tuple[Any, Any, str, list[Any]]]] = {
    "drop": [({"id": 7, "a": 1}, one("a", ANY), "/a", [{"id": 7}]), ([1], A_LIST, "/*", [])],
    "null": [
        ({"a": 1}, one("a", ANY), "/a", [{"a": None}]),
        ({"a": None}, one("a", ANY), "/a", []),
        ([1], A_LIST, "/*", []),
    ],
    "number-to-string": [({"a": 1250}, one("a", ANY), "/a", [{"a": "1250"}]), ({"a": True}, one("a", ANY), "/a", [])],
    "string-to-object": [({"a": "c_1"}, one("a", ANY), "/a", [{"a": {"id": "c_1"}}])],
    "scalar-to-list": [({"a": False}, one("a", ANY), "/a", [{"a": [False]}]), ({"a": {}}, one("a", ANY), "/a", [])],
    "object-to-list": [({"a": {"b": 1}}, one("a", ANY), "/a", [{"a": []}]), ({"a": 1}, ANY, "", [])],
    "rename": [
        ({"created_at": 1}, one("created_at", ANY), "/created_at", [{"createdAt": 1}]),
        ({"createdAt": 1}, one("createdAt", ANY), "/createdAt", [{"created_at": 1}]),
        ({"id": 1}, one("id", ANY), "/id", []),
    ],
    "unknown-enum": [
        ({"a": "open"}, one("a", {"enum": ["open"]}), "/a", [{"a": "quarantined"}]),
        ({"a": "OPEN"}, one("a", {"const": "OPEN"}), "/a", [{"a": "QUARANTINED"}]),
        ({"a": 1}, one("a", {"enum": [1, 3]}), "/a", [{"a": 4}]),
        ({"status": "Open"}, one("status", {"type": "string"}), "/status", [{"status": "Quarantined"}]),
        ({"status": "two words"}, one("status", {"type": "string"}), "/status", []),
        ({"a": "open"}, one("a", {"type": "string"}), "/a", []),
    ],
    "wrong-case": [
        ({"a": "open"}, one("a", {"enum": ["open"]}), "/a", [{"a": "OPEN"}]),
        ({"userType": "ADMIN"}, one("userType", {"type": "string"}), "/userType", [{"userType": "admin"}]),
        ({"a": "7"}, one("a", {"enum": ["7"]}), "/a", []),
    ],
    "empty-string": [({"a": "Ada"}, one("a", ANY), "/a", [{"a": ""}]), ({"a": ""}, one("a", ANY), "/a", [])],
    "empty-list": [({"a": [1]}, one("a", ANY), "/a", [{"a": []}]), ({"a": []}, one("a", ANY), "/a", [])],
    "item-null": [([1, 2], A_LIST, "/*", [[None, 2]]), ([None], {"items": {"type": "null"}}, "/*", [])],
    "out-of-range": [
        ({"a": 3}, one("a", ANY), "/a", [{"a": -4}]),
        ({"a": 3}, one("a", {"maximum": 10}), "/a", [{"a": -4}, {"a": 11}]),
        ({"a": -3}, one("a", ANY), "/a", []),
        ({"a": 1784505600}, one("a", ANY), "/a", [{"a": -1784505601}, {"a": 1784505600000}]),
        ({"a": 1784505600000}, one("a", ANY), "/a", [{"a": -1784505600001}, {"a": 1784505600}]),
    ],
    "lost-precision": [
        ({"a": "12345678901234567"}, one("a", ANY), "/a", [{"a": 12345678901234568}, {"a": "1.23457E+16"}]),
        ({"a": 12345678901234567}, one("a", ANY), "/a", [{"a": 12345678901234568}]),
        ({"a": 12345678901234568}, one("a", ANY), "/a", [{"a": 12345678901235592}]),
        ({"a": "1234567"}, one("a", ANY), "/a", []),
    ],
    "date-format": [
        ({"a": "2026-11-20T11:00:00.5Z"}, one("a", ANY), "/a", [{"a": "2026-11-20 11:00:00"}]),
        ({"a": "2026-11-20"}, one("a", ANY), "/a", [{"a": "11/20/2026"}]),
        ({"a": "today"}, one("a", ANY), "/a", []),
    ],
}


@pytest.mark.parametrize(
    ("operator", "value", "schema", "at", "expected"),
    [(name, *example) for name, examples in EXAMPLES.items() for example in examples],
)
def test_an_operator_makes_this_of_a_field(operator: str, value: Any, schema: Any, at: str, expected: list[Any]):
    """One change or several where it applies, none where it does not."""
    assert changed(value, schema, at, operator) == expected


def test_every_operator_of_fields_has_an_example():
    """A new operator gets its row above, or its own test below."""
    apart = {"null-non-null", "other-id"}
    assert set(EXAMPLES) | apart == {name for name, each in OPERATORS.items() if each.group is Group.FIELD}


def test_null_in_a_non_null_place_is_an_operator_of_graphql():
    """Where the derived schema allows null, it is the plain one."""
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": ["string", "null"]}}}
    value = {"a": "x", "b": "y"}

    assert changed(value, schema, "/a", "null-non-null", graphql=True) == [{"a": None, "b": "y"}]
    assert changed(value, schema, "/b", "null", graphql=True) == [{"a": "x", "b": None}]
    assert changed(value, schema, "/a", "null", graphql=True) == []


@pytest.mark.parametrize(
    ("id_", "other"), [(7, 8), ("o-17", "o-10"), ("o-10", "o-11"), ("cart-a", "cart-b"), ("x!", "a!")]
)
def test_an_id_that_is_repeated_becomes_that_of_another_object(id_: Any, other: Any):
    """Of the same form, and only where the request asked for it."""
    assert changed({"id": id_}, one("id", ANY), "/id", "other-id", repeated=True) == [{"id": other}]
    assert changed({"id": id_}, one("id", ANY), "/id", "other-id") == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "created_at", "status", "x"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_a_mutant_differs_and_undoing_it_leaves_the_original(value: Any):
    """Whatever the answer, each change is one, and nothing of it stays; not even the order of members changes."""
    names: dict[str, Any] = {name: {} for name in ("id", "created_at", "status")}
    described: Any = {"properties": {**names, "x": {"properties": names}}, "items": {"enum": ["a"]}}
    before = json.dumps(value)
    for place in declared(
        a_schema({**described, "properties": {**described["properties"], "x": described}}), value
    ).places:
        for change in field_changes(place, repeated=isinstance(place.value, str)):
            holder = [value]
            with made(holder, change):
                assert json.dumps(holder[0]) != before, change
            assert json.dumps(holder[0]) == before, change


@given(JSON)
def test_undoing_happens_also_where_judging_breaks(value: Any):
    """An exception on the way leaves no trace."""
    holder = [value]
    before = json.dumps(value)
    with pytest.raises(ZeroDivisionError), made(holder, Change("null", (), None)):
        raise ZeroDivisionError
    assert json.dumps(holder[0]) == before


@pytest.mark.parametrize(
    ("operator", "value", "described", "words"),
    [
        ("null", "a", {"type": ["string", "null"]}, "null is among its types or values"),
        ("null", "a", {"enum": ["a", None]}, "null is among its types or values"),
        ("null", "a", {"anyOf": [{"type": "string"}, {"type": "null"}]}, "null is among its types or values"),
        ("null", "a", {}, None),
        ("number-to-string", 1, {"type": ["integer", "string"]}, "string is among its types"),
        ("number-to-string", 1, {}, None),
        ("lost-precision", "12345678901234567", {"type": ["string", "number"]}, "integer is among its types"),
        ("empty-string", "a", {"type": "string", "minLength": 0}, "minLength: 0"),
        ("empty-string", "a", {"enum": ["a", ""]}, "its values or its pattern"),
        ("empty-string", "a", {"pattern": "^a*$"}, "its values or its pattern"),
        ("empty-string", "a", {"type": "string"}, None),
        ("empty-list", [1], {"type": "array", "minItems": 0}, "minItems: 0"),
        ("empty-list", [1], {"type": "array"}, None),
        (
            "unknown-enum",
            "a",
            {"anyOf": [{"enum": ["a"]}, {"type": "string"}]},
            "its values are open: other text is an alternative",
        ),
        ("unknown-enum", "a", {"const": "a", "pattern": "^[a-z]+$"}, "its pattern names the form, and no values"),
        ("wrong-case", "a", {"enum": ["a", "A"]}, "it is among its values"),
        ("out-of-range", 1.5, {"minimum": -90}, "minimum: -90"),
        ("out-of-range", 1.5, {"type": "number"}, None),
        ("drop", "a", {"type": "string"}, None),
        ("date-format", "2026-11-20", {"type": "string"}, None),
    ],
)
def test_a_contract_allows_in_so_many_words(operator: str, value: Any, described: Any, words: str | None):
    """What it merely does not forbid, it does not allow."""
    place = place_of({"a": value}, one("a", described), "/a")
    change = next(each for each in field_changes(place) if each.operator == operator)

    assert allowed(place, change) == words


@pytest.mark.parametrize(
    ("change", "before", "words"),
    [
        (Change("drop", ("a",), GONE), "secret", "left out"),
        (Change("rename", ("a_b",), "secret", name="aB"), "secret", "renamed to aB"),
        (Change("null", ("a",), None), "secret", "null in place of text"),
        (Change("out-of-range", ("a",), -4, "negative"), 3, "an integer (negative) in place of an integer"),
        (Change("wrong-case", ("a",), "OPEN"), "open", 'string "OPEN" in place of string "open"'),
        (Change("other-id", ("a",), "secret-2"), "secret-1", "another id in place of text"),
    ],
)
def test_a_change_is_told_without_what_people_wrote(change: Change, before: Any, words: str):
    """Values are shown only where they are words of a few."""
    assert change.told(before) == words
