from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError

from provendor.errors import ContractError, Problem
from provendor.schemas.keywords import FORMATS
from provendor.schemas.schema import Fault, Mismatch, Schema

FILE = "contracts/acme/users.yaml"
FILES: dict[str, Any] = {
    FILE: {
        "schemas": {
            "id": {"type": "integer"},
            "user": {"type": "object", "properties": {"id": {"$ref": "#/schemas/id"}}, "required": ["id"]},
            "tree": {"type": "object", "properties": {"children": {"items": {"$ref": "#/schemas/tree"}}}},
            "here": {"$ref": "#/schemas/there"},
            "there": {"anyOf": [{"type": "string"}, {"$ref": "#/schemas/here"}]},
            "self": {"not": {"$ref": "#/schemas/self"}},
            "a/b~c d": {"type": "string"},
            "wrong": {"requried": []},
        }
    },
    "contracts/acme/schemas/error.yaml": {
        "error": {"type": "object", "properties": {"by": {"$ref": "../users.yaml#/schemas/user"}}},
        "list": [{"type": "string"}],
        "out": {"$ref": "../../other/secret.yaml"},
    },
}


def read(name: str) -> Any:
    """The value of a file, as the loader gives it."""
    if name == "contracts/acme/broken.yaml":
        raise ContractError((Problem(name, 1, 1, "", "a tab; YAML is indented with spaces"),))
    if name == "contracts/acme/gone.yaml":
        raise FileNotFoundError(2, "No such file or directory")
    return FILES[name]


def a_schema(value: Any, reader: Callable[[str], Any] = read) -> Schema:
    """This schema as the body of a case of users.yaml."""
    return Schema(value, FILE, "/body", reader)


def told(value: Any, instance: Any) -> list[tuple[str, str, str]]:
    """Where, expected and actual of every mismatch."""
    schema = a_schema(value)
    found = list(schema.mismatches(instance))
    assert bool(found) is not schema.is_valid(instance)
    return [(each.at, each.expected, each.actual) for each in found]


# --- mismatches -------------------------------------------------------------------------------------------------------


def test_a_mismatch_names_value_keyword_and_where_the_keyword_stands():
    """The way to the keyword goes through the reference; file and pointer are where a reader finds it."""
    schema = a_schema({"$ref": "schemas/error.yaml#/error"})

    assert list(schema.mismatches({"by": {"id": "7"}})) == [
        Mismatch(
            at="/by/id",
            expected="integer",
            actual='string "7"',
            keyword="/$ref/properties/by/$ref/properties/id/$ref/type",
            file=FILE,
            pointer="/schemas/id/type",
        )
    ]


def test_an_inline_schema_stands_where_it_is_written():
    """Without references, keyword and pointer differ only by the place of the schema."""
    (mismatch,) = a_schema({"properties": {"a/b": {"minimum": 3}}}).mismatches({"a/b": 1})

    assert mismatch == Mismatch(
        "/a~1b", "at least 3", "integer 1", "/properties/a~1b/minimum", FILE, "/body/properties/a~1b/minimum"
    )


WORDS = [
    ({"type": "integer"}, "7", [("", "integer", 'string "7"')]),
    ({"type": ["string", "null"]}, 7, [("", "string or null", "integer 7")]),
    ({"type": "string"}, None, [("", "string", "null")]),
    ({"type": "string"}, True, [("", "string", "true")]),
    ({"type": "string"}, 1.5, [("", "string", "number 1.5")]),
    ({"type": "string"}, [], [("", "string", "empty list")]),
    ({"type": "string"}, [1], [("", "string", "list of 1 item")]),
    ({"type": "string"}, {}, [("", "string", "empty object")]),
    ({"type": "string"}, {"a": 1, "b": 2}, [("", "string", "object with a, b")]),
    ({"type": "integer"}, "x" * 500, [("", "integer", f'string "{"x" * 77}..."')]),
    ({"type": "integer"}, "a\n\x1b[31m\u202e", [("", "integer", r'string "a\n\x1b[31m\u202e"')]),
    ({"type": "string"}, float("inf"), [("", "string", "number inf")]),
    ({"required": ["name"]}, {"nmae": 1}, [("", 'property "name"', 'missing; there is "nmae"')]),
    ({"required": ["name", "id"]}, {}, [("", 'property "name"', "missing"), ("", 'property "id"', "missing")]),
    (
        {"properties": {"name": {}}, "additionalProperties": False},
        {"nmae": 1, "zzz": None},
        [("/nmae", 'no property "nmae", did you mean "name"?', "integer 1"), ("/zzz", 'no property "zzz"', "null")],
    ),
    (
        {"properties": {"name": {}}, "unevaluatedProperties": False},
        {"nmae": 1},
        [("/nmae", 'no property "nmae", did you mean "name"?', "integer 1")],
    ),
    (
        {"enum": ["open", "closed"]},
        "opne",
        [("", '"open" or "closed", did you mean "open"?', 'string "opne"')],
    ),
    ({"enum": [1, None]}, 2, [("", "1 or null", "integer 2")]),
    ({"enum": list(range(20))}, 30, [("", "one of 0, 1, 2, 3, 4, 5, ... (20 values)", "integer 30")]),
    ({"const": {"a": 1}}, 2, [("", '{"a": 1}', "integer 2")]),
    ({"minimum": 1}, 0, [("", "at least 1", "integer 0")]),
    ({"maximum": 1.5}, 2, [("", "at most 1.5", "integer 2")]),
    ({"exclusiveMinimum": 1}, 1, [("", "more than 1", "integer 1")]),
    ({"exclusiveMaximum": 1}, 1, [("", "less than 1", "integer 1")]),
    ({"multipleOf": 2}, 3, [("", "a multiple of 2", "integer 3")]),
    ({"minLength": 1}, "", [("", "at least 1 character", '0 characters: ""')]),
    ({"maxLength": 2}, "abc", [("", "at most 2 characters", '3 characters: "abc"')]),
    ({"minItems": 2}, [1], [("", "at least 2 items", "list of 1 item")]),
    ({"maxItems": 1}, [1, 2], [("", "at most 1 item", "list of 2 items")]),
    ({"minProperties": 1}, {}, [("", "at least 1 property", "empty object")]),
    ({"maxProperties": 0}, {"a": 1}, [("", "at most 0 properties", "object with a")]),
    ({"uniqueItems": True}, [1, 1], [("", "items that all differ", "list of 2 items")]),
    ({"contains": {"type": "null"}}, [1], [("", "an item that fits", "list of 1 item")]),
    (
        {"contains": {}, "minContains": 2},
        [1],
        [("", "more items that fit", "list of 1 item")],
    ),
    ({"contains": {}, "maxContains": 1}, [1, 2], [("", "fewer items that fit", "list of 2 items")]),
    ({"pattern": "^a$"}, "b", [("", "text like /^a$/", 'string "b"')]),
    ({"format": "date-time"}, "today", [("", "date-time such as 2026-01-31T12:00:00Z", 'string "today"')]),
    ({"format": "email"}, "x", [("", "email such as name@example.com", 'string "x"')]),
    ({"not": {"type": "string"}}, "x", [("", 'anything but {"type": "string"}', 'string "x"')]),
    ({"properties": {"a": False}}, {"a": 1}, [("/a", "nothing here", "integer 1")]),
    ({"propertyNames": {"maxLength": 1}}, {"abc": 1}, [("", "property names: at most 1 character", 'property "abc"')]),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, [("", 'property "b"', "missing")]),
    ({"prefixItems": [{}], "items": False}, [1, 2], [("/1", "nothing here", "integer 2")]),
    ({"prefixItems": [{}], "unevaluatedItems": False}, [1, 2], [("", "no further items", "list of 2 items")]),
    ({"if": {"type": "string"}, "then": {"minLength": 3}}, "ab", [("", "at least 3 characters", '2 characters: "ab"')]),
    # Alternatives: what is missing from the nearest one; all types at once where none is near.
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 7, [("", "string or null", "integer 7")]),
    (
        {"anyOf": [{"type": "object", "required": ["id"]}, {"type": "null"}]},
        {},
        [("", 'property "id"', "missing")],
    ),
    (
        {
            "oneOf": [
                {"properties": {"kind": {"const": "a"}, "value": {"type": "integer"}}},
                {"properties": {"kind": {"const": "b"}, "value": {"type": "string"}}},
            ]
        },
        {"kind": "b", "value": 3},
        [("/value", "string (nearest of 2 alternatives)", "integer 3")],
    ),
    (
        {"oneOf": [{"type": "integer"}, {"minimum": 3}, {"type": "string"}]},
        5,
        [("", "exactly one of 3 alternatives", "integer 5, which fits the alternatives 1 and 2")],
    ),
]


@pytest.mark.parametrize(("schema", "instance", "expected"), WORDS)
def test_a_mismatch_is_told_in_few_plain_words(schema: Any, instance: Any, expected: list[tuple[str, str, str]]):
    """Expected and actual can be read without knowing JSON Schema."""
    assert told(schema, instance) == expected


def test_a_number_that_python_cannot_print_is_told():
    """Printing it would raise."""
    assert told({"type": "string"}, 10**5000) == [("", "string", "integer of more than 4300 digits")]


def test_mismatches_come_in_the_order_of_their_places():
    """Also when the list has more than nine items."""
    schema = {"items": {"properties": {"b": {"type": "null"}, "a": {"type": "null"}}}}

    places = [at for at, _, _ in told(schema, [{"b": 1, "a": 1}] * 12)]

    assert places == [f"/{index}/{name}" for index in range(12) for name in "ab"]


def test_properties_that_are_numbers_are_found_by_name():
    """A key of digits is a key and no index."""
    assert told({"properties": {"0": {"type": "string"}}}, {"0": 1}) == [("/0", "string", "integer 1")]


@pytest.mark.parametrize(
    ("instance", "expected", "actual"),
    [
        ("\ud800", "Unicode text", "text with half of a character (a lone surrogate)"),
        (b"bytes", "a JSON value", "no JSON value"),
        (object(), "a JSON value", "no JSON value"),
    ],
)
def test_what_is_no_json_is_one_mismatch(instance: Any, expected: str, actual: str):
    """Hostile answers can hold half characters; bytes are never shown."""
    assert told({"type": "string"}, instance) == [("", expected, actual)]


def test_a_deep_answer_is_one_mismatch():
    """A thousand levels are no crash."""
    value: Any = 1
    for _ in range(900):
        value = [value]

    assert told({"type": "object"}, value) == [("", "at most 255 levels", "nested more deeply")]


def test_very_many_mismatches_are_cut_off():
    """A list of a million wrong items does not fill the report."""
    assert len(told({"items": {"type": "string"}}, [1] * 5000)) == 1000


@pytest.mark.parametrize(
    ("format_", "good", "bad"),
    [
        ("date-time", "2026-01-31T12:00:00+01:00", "2026-01-31 12:00"),
        ("date", "2024-02-29", "2023-02-29"),
        ("uri", "https://example.com/a?b#c", "/a/b"),
        ("email", "name@example.com", "name@"),
        ("uuid", "12345678-1234-1234-1234-123456789abc", "12345678"),
    ],
)
def test_formats_are_asserted(format_: str, good: str, bad: str):
    """A format in a contract is a demand, not a note."""
    assert a_schema({"format": format_}).is_valid(good)
    assert not a_schema({"format": format_}).is_valid(bad)


def test_no_pattern_can_hang_a_run():
    """The classic that takes other engines longer than the age of the universe."""
    schema = a_schema({"pattern": "^(a+)+$"})
    start = time.process_time()

    assert not schema.is_valid("a" * 100_000 + "b")
    assert time.process_time() - start < 2


# --- problems ---------------------------------------------------------------------------------------------------------

GOOD = [
    True,
    {},
    {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "x", "examples": [1], "$comment": "y"},
    {"type": ["string", "null"], "minLength": 2.0, "default": None, "deprecated": True},
    {"$ref": "#/schemas/tree"},
    {"$ref": "schemas/error.yaml#/list/0"},
    {"$ref": "schemas/../schemas/error.yaml#/error"},
    {"$ref": "#/schemas/a~1b~0c%20d", "description": "beside a reference"},
    {"properties": {"$ref": {"type": "string"}, "requried": {}}, "enum": [{"$ref": "nowhere"}], "const": {"typ": 1}},
    {"maximum": 10**400, "minLength": 10**30},
]


@pytest.mark.parametrize("schema", GOOD)
def test_a_good_schema_has_no_problems(schema: Any):
    """Names of properties and values of enums are not keywords."""
    assert a_schema(schema).problems() == ()


NO_FOLDER = "the reference leads out of the vendor's folder"
REMOTE = "references lead to files of this vendor's folder only; save a copy there and refer to that"
NEVER_ENDS = "the reference leads back to itself, so that it would never end"
NOT_REGULAR = "patterns are read without look-around and back-references, so that none can hang"

BROKEN: list[tuple[Any, str, str | None]] = [
    (3, "", "a schema is a mapping, true or false, not the number 3"),
    (None, "", "a schema is a mapping, true or false, not null"),
    ({"items": [{}]}, "/items", "a schema is a mapping, true or false, not a list"),
    ({"properties": {"a": "string"}}, "/properties/a", 'a schema is a mapping, true or false, not the string "string"'),
    ({"requried": ["a"]}, "/requried", '"requried" is not a keyword of JSON Schema, did you mean "required"?'),
    ({"items": {"propertys": {}}}, "/items/propertys", None),
    (
        {"nullable": True},
        "/nullable",
        '"nullable" is not a keyword here: write type: [string, "null"] with the type that it is',
    ),
    ({"$id": "x"}, "/$id", '"$id" is not a keyword here: refer to schemas by file and JSON pointer'),
    ({"contentEncoding": "base64"}, "/contentEncoding", None),
    ({"definitions": {}}, "/definitions", None),
    ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema", None),
    ({"type": "int"}, "/type", '"int" is not a type, did you mean "integer"?'),
    (
        {"type": ["string", None]},
        "/type",
        'expected a type, or a list of different types, with "null" in quotes, got a list',
    ),
    ({"type": []}, "/type", "expected a type, or a list of different types, got an empty list"),
    (
        {"format": "ipv4"},
        "/format",
        'the format "ipv4" is not checked; use one of date, date-time, email, uri, uuid, or a pattern',
    ),
    ({"pattern": "("}, "/pattern", "/(/ is not a regular expression, or too large a one"),
    ({"pattern": "(?=a)"}, "/pattern", NOT_REGULAR),
    ({"pattern": r"(a)\1"}, "/pattern", NOT_REGULAR),
    ({"pattern": "((a{1000}){1000}){1000}"}, "/pattern", None),
    ({"patternProperties": {"[": {}}}, "/patternProperties/[", "/[/ is not a regular expression, or too large a one"),
    ({"minLength": -1}, "/minLength", "expected a whole number, 0 or more, got the number -1"),
    ({"maxItems": 1.5}, "/maxItems", "expected a whole number, 0 or more, got the number 1.5"),
    ({"minimum": "1"}, "/minimum", 'expected a number, got the string "1"'),
    ({"minimum": float("inf")}, "/minimum", "expected a number, got a large number"),
    ({"minimum": True}, "/minimum", "expected a number, got true"),
    ({"multipleOf": 0}, "/multipleOf", "expected a number above 0, got the number 0"),
    ({"required": "a"}, "/required", 'expected a list of different names, got the string "a"'),
    ({"required": ["a", "a"]}, "/required", "expected a list of different names, got a list"),
    ({"required": [1]}, "/required", "expected a list of different names, got a list"),
    ({"dependentRequired": {"a": "b"}}, "/dependentRequired", None),
    ({"enum": []}, "/enum", "expected a list of at least one value, got an empty list"),
    ({"enum": "a"}, "/enum", 'expected a list of at least one value, got the string "a"'),
    ({"anyOf": []}, "/anyOf", "expected a list of at least one schema, got an empty list"),
    ({"properties": []}, "/properties", "expected a mapping of names to schemas, got an empty list"),
    ({"uniqueItems": "yes"}, "/uniqueItems", 'expected true or false, got the string "yes"'),
    ({"$defs": {"x": {"typ": "y"}}}, "/$defs/x/typ", None),
    ({"$ref": 1}, "/$ref", "expected a reference such as schemas/user.yaml#/user, got the number 1"),
    ({"$ref": "#user"}, "/$ref", '"#user" is no JSON pointer; write "#/" and the keys that lead there'),
    ({"$ref": "#/schemas/usr"}, "/$ref", f'{FILE} has no "usr" on the way #/schemas/usr, did you mean "user"?'),
    (
        {"$ref": "#/$defs/x", "$defs": {"x": {}}},
        "/$ref",
        f'{FILE} has no "$defs" on the way #/$defs/x; # is the top of the file',
    ),
    ({"$ref": "schemas/error.yaml#/list/7"}, "/$ref", None),
    ({"$ref": "schemas/error.yaml#/list/-1"}, "/$ref", None),
    (
        {"$ref": "schemas/eror.yaml#/error"},
        "/$ref",
        "contracts/acme/schemas/eror.yaml cannot be read: there is no such file",
    ),
    ({"$ref": "gone.yaml"}, "/$ref", "contracts/acme/gone.yaml cannot be read: No such file or directory"),
    (
        {"$ref": "broken.yaml"},
        "/$ref",
        "contracts/acme/broken.yaml cannot be read: a tab; YAML is indented with spaces",
    ),
    ({"$ref": "https://example.com/schema.json"}, "/$ref", REMOTE),
    ({"$ref": "file:///etc/passwd"}, "/$ref", REMOTE),
    ({"$ref": "//example.com/schema.json"}, "/$ref", REMOTE),
    ({"$ref": "/etc/passwd"}, "/$ref", "a reference is relative to this file, with / between folders"),
    ({"$ref": "schemas\\error.yaml"}, "/$ref", "a reference is relative to this file, with / between folders"),
    ({"$ref": "../other/x.yaml"}, "/$ref", NO_FOLDER),
    ({"$ref": "../acme2/x.yaml"}, "/$ref", NO_FOLDER),
    ({"$ref": "schemas/../../../../etc/passwd"}, "/$ref", NO_FOLDER),
]


@pytest.mark.parametrize(("schema", "pointer", "message"), BROKEN)
def test_a_broken_schema_says_what_is_wrong_and_where(schema: Any, pointer: str, message: str | None):
    """One sentence for one fault; using the schema all the same raises it."""
    found = a_schema(schema).problems()

    assert [fault[:2] for fault in found] == [(FILE, f"/body{pointer}")]
    if message is not None:
        assert found[0].message == message
    with pytest.raises(ContractError):
        a_schema(schema).is_valid(1)


def test_all_problems_of_a_schema_come_at_once():
    """Also two broken patterns, and what is wrong in another file."""
    schema = {
        "typ": 1,
        "pattern": 2,
        "items": {
            "format": "ip",
            "properties": {"a": {"$ref": "#/schemas/wrong"}, "b": {"$ref": "schemas/error.yaml#/out"}},
        },
    }

    assert [fault[:2] for fault in a_schema(schema).problems()] == [
        (FILE, "/body/typ"),
        (FILE, "/body/pattern"),
        (FILE, "/body/items/format"),
        (FILE, "/schemas/wrong/requried"),
        ("contracts/acme/schemas/error.yaml", "/out/$ref"),
    ]
    two = a_schema({"anyOf": [{"pattern": "("}, {"pattern": "a"}, {"pattern": ")"}]})
    assert [fault.pointer for fault in two.problems()] == ["/body/anyOf/0/pattern", "/body/anyOf/2/pattern"]


@pytest.mark.parametrize(
    ("reference", "pointer"),
    [
        ("#/schemas/here", "/schemas/there/anyOf/1/$ref"),
        ("#/schemas/self", "/schemas/self/not/$ref"),
        ("#/body", "/body/$ref"),
    ],
)
def test_references_that_never_consume_anything_are_a_problem(reference: str, pointer: str):
    """Following them would never end."""
    files = {FILE: {**FILES[FILE], "body": {"$ref": "#/body"}}}

    assert a_schema({"$ref": reference}, files.__getitem__).problems() == (Fault(FILE, pointer, NEVER_ENDS),)


def test_references_that_multiply_are_a_problem():
    """Thirty lines that make a billion tests of one value."""
    levels = {f"l{n}": {"allOf": [{"$ref": f"#/l{n + 1}"}, {"$ref": f"#/l{n + 1}"}]} for n in range(30)}
    files = {FILE: {**levels, "l30": {"type": "string"}}}

    (fault, *_) = a_schema({"$ref": "#/l0"}, files.__getitem__).problems()

    assert fault.message == "the references multiply; refer to each schema once"


def test_a_long_row_of_references_is_no_crash():
    """Five hundred references in a row, and a schema five hundred levels deep."""
    files = {FILE: {**{f"l{n}": {"$ref": f"#/l{n + 1}"} for n in range(500)}, "l500": True}}
    deep: Any = True
    for _ in range(500):
        deep = {"items": deep}

    assert "references in a row" in a_schema({"$ref": "#/l0"}, files.__getitem__).problems()[0].message
    assert "levels deep" in a_schema(deep).problems()[0].message


def test_a_schema_that_refers_to_ever_more_places_is_a_problem():
    """A file that is found under any name would be followed for ever."""
    schema = a_schema({"$ref": "a/x.yaml"}, lambda _: {"items": {"$ref": "a/x.yaml"}})

    assert [fault.message for fault in schema.problems()] == ["the schema refers to more than 10000 places"]


def test_a_recursive_schema_works_on_recursive_values():
    """A reference back to itself is fine where each turn looks at a part of the value."""
    schema = a_schema({"$ref": "#/schemas/tree"})

    assert schema.is_valid({"children": [{"children": []}]})
    assert [each.at for each in schema.mismatches({"children": [{"children": [7]}]})] == ["/children/0/children/0"]


def test_very_many_unknown_keywords_are_cut_off():
    """Looking for what was meant is slow, so there is an end to it."""
    assert len(a_schema({f"x{n}": 1 for n in range(5000)}).problems()) == 100


def test_a_schema_that_many_cases_refer_to_is_compiled_once(monkeypatch: pytest.MonkeyPatch):
    """Compiling takes fifty times as long as judging an answer."""
    compiled: list[object] = []
    original = jsonschema_rs.Draft202012Validator

    def counted(*arguments: Any, **options: Any) -> Any:
        compiled.append(arguments)
        return original(*arguments, **options)

    monkeypatch.setattr(jsonschema_rs, "Draft202012Validator", counted)
    files: dict[str, Any] = {FILE: {"user": {"type": "object"}}}
    schemas = [Schema({"$ref": "#/user"}, FILE, f"/cases/{n}", files.__getitem__) for n in range(20)]

    assert all(schema.is_valid({}) for schema in schemas)
    assert len(compiled) == 1


def test_schemas_are_equal_by_content_and_place():
    """A contract that is loaded twice is the same contract."""
    assert a_schema({"type": "null"}) == a_schema({"type": "null"})
    assert len({a_schema({"type": "null"}), a_schema({"type": "null"})}) == 1
    assert a_schema({"type": "null"}) != a_schema({"type": "string"})


def test_a_contract_without_json_bodies_needs_no_validator():
    """Importing jsonschema-rs takes longer than a case; a Schema that is never asked does without."""
    code = (
        "import sys; from provendor.schemas.schema import Schema; Schema({}, 'a', '', {}.get);"
        "print([name for name in ('jsonschema_rs', 'difflib') if name in sys.modules])"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# --- agreement --------------------------------------------------------------------------------------------------------

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "ab", "é", "2024-02-29"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
COUNTS = st.integers(0, 3)
NAMES = st.lists(st.sampled_from("abc"), unique=True, max_size=3)


def some_of(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keywords)


def schemas_over(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    groups = st.lists(inner, min_size=1, max_size=3)
    names = st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    return some_of(
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), groups),
        **dict.fromkeys(("not", "if", "then", "else", "items", "contains", "propertyNames"), inner),
        **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "unevaluatedItems"), inner),
        **dict.fromkeys(("properties", "dependentSchemas"), names),
        patternProperties=st.dictionaries(st.sampled_from(["^a", "b$", "."]), inner, max_size=2),
    )


SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.booleans()
    | some_of(
        type=st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string", ["string", "null"]]),
        enum=st.lists(VALUES, min_size=1, max_size=3),
        const=VALUES,
        required=NAMES,
        dependentRequired=st.dictionaries(st.sampled_from("abc"), NAMES, max_size=2),
        pattern=st.sampled_from(["^a", "[0-9]+", "^$", "é"]),
        format=st.sampled_from(["date", "uuid"]),
        multipleOf=st.sampled_from([1, 2, 0.5]),
        uniqueItems=st.booleans(),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), COUNTS),
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), COUNTS),
        **dict.fromkeys(("minProperties", "maxProperties"), COUNTS),
    ),
    schemas_over,
    max_leaves=6,
)


@given(SCHEMAS, VALUES)
def test_two_implementations_give_the_same_verdict(schema: Any, instance: Any):
    """jsonschema is the reference; and there are mismatches exactly where the verdict is no."""
    ours = a_schema(schema)

    assert ours.problems() == ()
    assert ours.is_valid(instance) is Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(instance)
    for each in ours.mismatches(instance):
        assert each.expected
        assert each.actual
    assert bool(list(ours.mismatches(instance))) is not ours.is_valid(instance)


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["string", "#", "#/", "#/body", "date", "x.yaml", "(", "^a", "\ud800", "%ff", "#/%zz"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "$ref",
                        "$defs",
                        "type",
                        "enum",
                        "const",
                        "properties",
                        "items",
                        "allOf",
                        "anyOf",
                        "not",
                        "required",
                    ),
                    *(
                        "pattern",
                        "format",
                        "minimum",
                        "minLength",
                        "multipleOf",
                        "patternProperties",
                        "if",
                        "dependentRequired",
                    ),
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(ANYTHING, VALUES)
def test_no_schema_gives_anything_but_a_verdict_or_problems(schema: Any, instance: Any):
    """What has no problems is a JSON Schema by its own metaschema, and can be used."""
    found = Schema(schema, FILE, "/body", {FILE: {"body": schema}}.__getitem__)
    faults = found.problems()
    if faults:
        assert all(fault.message for fault in faults)
        return
    assert bool(list(found.mismatches(instance))) is not found.is_valid(instance)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as reason:  # pragma: no cover
        pytest.fail(f"passes as a schema: {reason}")


SUITE = Path(__file__).parent.parent / ".provendor" / "json-schema-suite"

# Where contracts differ from the suite on purpose, and where jsonschema does: by file of the suite, with the reason.
ASSERTED = {"format.json": "the suite takes formats for notes, contracts for demands"}
JSONSCHEMA_DIFFERS = {
    "ecmascript-regex.json": r"jsonschema has Python's patterns, where \d and \w hold all of Unicode and \c and \p are errors",
    "email.json": "jsonschema is content with an @",
    "date-time.json": "jsonschema's validator does not know leap seconds",
}


def test_verdicts_agree_with_the_official_test_suite():
    """With every test of JSON Schema's own suite whose keywords a contract may use, and with jsonschema on them."""
    if not SUITE.is_dir():
        pytest.skip("the JSON Schema test suite is not here: run scripts/fetch-schema-suite")
    checker = FormatChecker(sorted(FORMATS & FormatChecker.checkers.keys()))
    judged, wrong, differ = 0, [], set()
    for path in sorted(SUITE.rglob("*.json")):
        for group in json.loads(path.read_text(encoding="utf-8")):
            ours = Schema(group["schema"], "suite/a.yaml", "", {"suite/a.yaml": group["schema"]}.__getitem__)
            if ours.problems():
                continue
            for test in group["tests"]:
                judged += 1
                verdict = ours.is_valid(test["data"])
                if verdict is not test["valid"] and path.name not in ASSERTED:
                    wrong.append((path.name, group["description"], test["description"]))
                if verdict is not by_jsonschema(group["schema"], test["data"], checker):
                    differ.add(path.name)

    assert wrong == []
    assert differ <= JSONSCHEMA_DIFFERS.keys() | unchecked_by_jsonschema()
    assert judged > 1000


def by_jsonschema(schema: Any, instance: Any, checker: FormatChecker) -> bool | None:
    try:
        return Draft202012Validator(schema, format_checker=checker).is_valid(instance)
    except Exception:  # noqa: BLE001 - re.error and others, for patterns that Python does not know
        return None


def unchecked_by_jsonschema() -> set[str]:
    """The files of formats for which jsonschema needs a library that is not installed."""
    return {f"{name}.json" for name in FORMATS - FormatChecker.checkers.keys()} | {
        "format.json",
        "format-assertion.json",
    }
