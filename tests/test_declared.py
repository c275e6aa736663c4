"""What a schema says about each place of a value."""

from __future__ import annotations

from typing import Any

import pytest

from provendor.schemas.declared import Declared, declared
from provendor.schemas.schema import Schema

FILE = "contracts/acme/users.yaml"
FILES: dict[str, Any] = {
    FILE: {},
    "contracts/acme/schemas/user.yaml": {
        "user": {"type": "object", "properties": {"id": {"$ref": "#/id"}, "boss": {"$ref": "#/user"}}},
        "id": {"type": "integer"},
    },
}


def said(schema: Any, value: Any) -> Declared:
    """What a schema that stands at the top of a file says."""
    return declared(Schema(schema, FILE, "/body", FILES.__getitem__), value)


def places(schema: Any, value: Any) -> list[str]:
    """The pointers of the declared places, but for the root."""
    return [place.at for place in said(schema, value).places if place.at]


OBJECT = {"type": "object", "properties": {"id": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (OBJECT, {"id": 1, "x": 2}, ["/id"]),
        ({"required": ["id"]}, {"id": 1, "x": 2}, ["/id"]),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1, "b": 2, "c": 3}, ["/a", "/b"]),
        ({"dependentSchemas": {"a": {"properties": {"b": {"type": "integer"}}}}}, {"a": 1, "b": 2}, ["/a", "/b"]),
        ({"dependentSchemas": {"a": {"properties": {"b": {"type": "integer"}}}}}, {"b": 2}, []),
        ({"items": OBJECT}, [{"id": 1}, {"id": 2}], ["/*", "/*/id"]),
        ({"items": OBJECT}, [{"id": 1}, {"x": 2}], ["/*", "/*/id", "/*"]),
        ({"prefixItems": [{"type": "string"}], "items": OBJECT}, ["a", {"id": 1}], ["/*", "/*", "/*/id"]),
        ({"prefixItems": [{"type": "string"}]}, ["a", {"id": 1}], ["/*"]),
        ({"contains": OBJECT | {"required": ["id"]}}, [{"id": 1}, 7], ["/*", "/*/id"]),
        ({"unevaluatedItems": {"type": "string"}}, ["a"], ["/*"]),
        ({"patternProperties": {"^x-": {"type": "string"}}}, {"x-a": "a", "y": 1}, ["/*"]),
        ({"additionalProperties": {"type": "integer"}}, {"a": 1, "b": 2}, ["/*"]),
        (OBJECT | {"additionalProperties": {"type": "string"}}, {"id": 1, "a": "b"}, ["/id", "/*"]),
        (OBJECT | {"unevaluatedProperties": {"type": "string"}}, {"id": 1, "a": "b"}, ["/id", "/*"]),
        ({"additionalProperties": True}, {"a": 1}, []),
        ({"allOf": [OBJECT, {"required": ["x"]}]}, {"id": 1, "x": 2}, ["/id", "/x"]),
        ({"anyOf": [OBJECT, {"type": "null"}]}, {"id": 1}, ["/id"]),
        ({"oneOf": [OBJECT, {"type": "string"}]}, {"id": 1}, ["/id"]),
        (
            {"if": OBJECT, "then": {"required": ["x"]}, "else": {"required": ["y"]}},
            {"id": 1, "x": 2, "y": 3},
            ["/id", "/x"],
        ),
        ({"if": False, "else": {"required": ["y"]}}, {"x": 2, "y": 3}, ["/y"]),
        ({"properties": {"a/b": {"type": "integer"}}}, {"a/b": 1}, ["/a~1b"]),
        (True, {"id": 1}, []),
    ],
)
def test_a_place_is_declared_where_a_keyword_names_or_describes_it(schema: Any, value: Any, expected: list[str]):
    """Through combinations, conditions, items and maps; of items that are alike, one stands for all."""
    assert places(schema, value) == expected


def test_only_the_alternative_that_fits_has_a_say_and_the_others_might():
    """Two kinds of items are two descriptions, and what the other would allow is known."""
    image = {"properties": {"type": {"const": "image"}, "width": {"type": "integer"}}}
    text = {"properties": {"type": {"const": "text"}, "width": {"type": "null"}}}
    found = said({"anyOf": [image, text]}, {"type": "image", "width": 7})

    width = next(place for place in found.places if place.at == "/width")
    assert list(width.said("type")) == ["integer"]
    assert list(width.allowed("type")) == ["integer", "null"]
    assert found.origin(width.says[0]) == (FILE, "/body/anyOf/0/properties/width")


def test_references_lead_to_where_a_field_is_written():
    """A field is described where it stands, and by what it refers to."""
    found = said({"$ref": "schemas/user.yaml#/user"}, {"id": 1, "boss": {"id": 2, "boss": {"id": 3}}})

    assert [place.at for place in found.places] == ["", "/id", "/boss", "/boss/id", "/boss/boss", "/boss/boss/id"]
    origins = [found.origin(part) for part in found.places[1].says]
    assert origins == [
        ("contracts/acme/schemas/user.yaml", "/user/properties/id"),
        ("contracts/acme/schemas/user.yaml", "/id"),
    ]


def test_what_comes_besides_is_silent_and_said_once():
    """Undeclared members are named where they begin, with a star for every item."""
    found = said({"items": OBJECT}, [{"id": 1, "extra": {"deep": 1}}, {"id": 2, "extra": {"deep": 2}}])

    assert found.silent == ["/*/extra"]


def test_a_condition_reads_a_field_and_demands_nothing_of_it():
    """The const of an `if` is no list of values."""
    schema = {"properties": {"kind": {"type": "integer"}}, "if": {"properties": {"kind": {"const": 1}}}, "then": True}

    (kind,) = [place for place in said(schema, {"kind": 1}).places if place.at == "/kind"]
    assert list(kind.said("const")) == []
    assert list(kind.said("type")) == ["integer"]
