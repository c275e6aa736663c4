from __future__ import annotations

import json
from typing import Any

import pytest

from provendor.errors import ContractError, UsageError
from provendor.schemas.shapes import Node, Views
from provendor.specs.spec import Spec, read_spec
from provendor.specs.spec_parts import SpecOperation, Undeclared
from spec_files import USER, a_discovery_document, a_swagger, a_tools_list, an_openapi, an_openrpc, as_file


def spec(*documents: Any, name: str = "spec.json") -> Spec:
    return read_spec([as_file(document, name) for document in documents])


def answer_of(operation: SpecOperation | None, status: int = 200) -> Node:
    assert operation is not None
    answer = operation.answer(status)
    assert isinstance(answer, Node)
    return answer


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (an_openapi(), "/api/v1/users/7"),
        (a_swagger(), "/api/v1/users/7"),
        (a_discovery_document(), "/api/v1/users/7"),
    ],
    ids=["openapi", "swagger", "discovery"],
)
def test_every_kind_of_http_spec_becomes_the_same_operation(document: Any, path: str):
    """Path, method and the schema of the answer, whatever the kind calls them."""
    found = spec(document).find("GET", [path])
    view = Views().of(answer_of(found))

    assert view.kinds == frozenset({"object"})
    assert set(view.properties) == {"id", "name"}
    assert spec(document).find("POST", [path]) is None
    assert spec(document).find("GET", ["/users"]) is None


def test_an_operation_is_found_with_and_without_the_servers_path():
    """A contract's base URL may hold it, or its requests may."""
    document = spec(an_openapi())

    assert document.find("GET", ["/users/7"]) is document.find("GET", ["/api/v1/users/7"])


def test_variables_of_a_server_take_their_default():
    """As a client would."""
    document = an_openapi(server="https://acme.example/{version}")
    document["servers"][0]["variables"] = {"version": {"default": "v3"}}

    assert spec(document).find("GET", ["/v3/users/7"])


def test_a_literal_path_wins_over_a_parameter():
    """`/users/me` is not the user whose id is me."""
    document = an_openapi()
    document["paths"]["/users/me"] = {"get": {"operationId": "me"}}

    found = spec(document).find("GET", ["/users/me"])

    assert found
    assert found.name == "me"


def test_part_of_a_segment_may_be_a_parameter():
    """Google writes methods behind a colon."""
    document = an_openapi()
    document["paths"] = {"/users/{id}:run": {"get": {"operationId": "run"}}}

    assert spec(document).find("GET", ["/users/7:run"])
    assert spec(document).find("GET", ["/users/7:stop"]) is None


def test_yaml_is_read_as_people_write_it():
    """Statuses are keys without quotes there."""
    text = "openapi: 3.1.0\npaths:\n  /a:\n    get:\n      responses:\n        200: {description: fine}\n"

    found = spec(text, name="spec.yaml").find("GET", ["/a"])

    assert found
    assert found.answer(200) is None
    assert found.answer(404) is Undeclared.STATUS


@pytest.mark.parametrize("key", ["2XX", "default"])
def test_classes_of_statuses_and_the_default_are_known(key: str):
    """The exact status comes first."""
    document = an_openapi(responses={key: {"description": ""}})

    found = spec(document).find("GET", ["/users/7"])

    assert found
    assert found.answer(200) is None


def test_parameters_of_the_path_belong_to_each_of_its_operations():
    """References to shared ones included."""
    document = an_openapi(parameters=[{"$ref": "#/components/parameters/Page"}])
    document["components"]["parameters"] = {"Page": {"name": "page", "in": "query", "required": True}}
    document["paths"]["/users/{id}"]["parameters"] = [{"name": "full", "in": "query", "deprecated": True}]

    found = spec(document).find("GET", ["/users/7"])

    assert found
    assert [(each.name, each.required, each.deprecated) for each in found.parameters] == [
        ("full", False, True),
        ("page", True, False),
    ]


def test_a_tools_list_is_found_inside_what_was_recorded_with_it():
    """The result alone, the answer around it, or several under names of their own."""
    for document in (
        a_tools_list(),
        {"result": a_tools_list()},
        {"plain": a_tools_list(), "more": a_tools_list(name="x")},
    ):
        tool = spec(document).tool("get_user")
        assert tool
        assert set(Views().of(answer_of(tool)).properties) == set(USER["properties"])


def test_the_methods_of_an_openrpc_document_are_tools():
    """Their parameters are the arguments, by name."""
    tool = spec(an_openrpc()).tool("get_user")

    assert tool
    assert tool.body is not None
    accepts = Views().of(tool.body)
    assert (set(accepts.properties), set(accepts.required)) == ({"id"}, {"id"})
    assert set(Views().of(answer_of(tool)).properties) == set(USER["properties"])


def test_two_documents_about_one_operation_say_what_they_say_together():
    """What one of them allows is allowed; what only one of them demands is not demanded."""
    wants = [{"name": "full", "in": "query", "required": True}]
    renamed = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}, "label": {"type": "string"}},
    }
    files = [
        as_file(an_openapi(parameters=wants), "old.json"),
        as_file(an_openapi(renamed, deprecated=True), "new.json"),
    ]

    found = read_spec(files).find("GET", ["/users/7"])

    assert found
    user = Views().of(answer_of(found))
    assert set(user.properties) == {"id", "name", "label"}
    assert set(Views().of(user.properties["id"]).kinds or ()) == {"integer", "string"}
    assert [(each.name, each.required) for each in found.parameters] == [("full", False)]
    assert not found.deprecated


def test_of_a_folder_only_what_describes_an_api_is_read():
    """Everything else is named; references into it are followed all the same, by path before name."""
    document = an_openapi({"$ref": "../parts/user.json#/User"})
    files = [
        as_file(document, "api/spec.json"),
        as_file({"User": USER}, "parts/user.json"),
        as_file({"User": {"type": "string"}}, "user.json"),
        as_file("query { user { id } }", "documents/user.graphql"),
        as_file("{", "broken.json"),
    ]

    read = read_spec(files, whole_folder=True)

    assert sorted(read.skipped) == ["broken.json", "documents/user.graphql", "parts/user.json", "user.json"]
    assert set(Views().of(answer_of(read.find("GET", ["/users/7"]))).properties) == {"id", "name"}


def test_a_folder_without_any_description_is_a_mistake():
    """Nothing would be compared."""
    with pytest.raises(UsageError, match=r"nothing here describes an API: user\.json"):
        read_spec([as_file({"User": USER}, "user.json")], whole_folder=True)


def test_an_introspection_result_becomes_sdl():
    """As SDL it is compared like any other."""
    import graphql

    introspection = graphql.introspection_from_schema(graphql.build_schema("type Query { id: ID! }"))
    (_, sdl), *rest = spec({"data": introspection}).sdl

    assert "id: ID!" in sdl
    assert not rest


def test_references_between_files_are_followed_by_name():
    """Vendors write whole addresses there."""
    document = an_openapi({"$ref": "https://acme.example/specs/common.json#/components/schemas/User"})
    common = {"openapi": "3.0.0", "components": {"schemas": {"User": USER}}}

    both = read_spec([as_file(document), as_file(common, "common.json")])

    assert set(Views().of(answer_of(both.find("GET", ["/users/7"]))).properties) == {"id", "name"}


HOSTILE = {
    "itself": {"$ref": "#/components/schemas/User"},
    "through-others": {"allOf": [{"oneOf": [{"$ref": "#/components/schemas/User"}] * 50}] * 50},
    "wrong-types": {
        "type": 7,
        "properties": [],
        "required": {},
        "enum": "x",
        "items": 1,
        "allOf": {},
        "oneOf": [1, None],
    },
    "nowhere": {"$ref": "#/no/such/place"},
    "no-text": {"$ref": 7},
    "deep": json.loads('{"allOf":[' * 400 + "{}" + "]}" * 400),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_schema_that_refers_in_circles_or_is_none_allows_everything(name: str):
    """It takes no more time than it has text, and is no error: what is not understood is not judged."""
    found = spec(an_openapi(HOSTILE[name])).find("GET", ["/users/7"])

    assert Views().of(answer_of(found)).kinds is None


@pytest.mark.parametrize(
    "document",
    [
        {"openapi": "3.0.0", "paths": []},
        {"openapi": "3.0.0", "paths": {"/a": 1, "/b": {"get": []}, "/c": {"get": {"parameters": 3, "responses": 4}}}},
        {"openapi": "3.0.0", "servers": [{"url": "http://[::1"}, 5], "paths": {"/a": {"get": {"parameters": [{}, 1]}}}},
        {"swagger": "2.0", "basePath": 4, "paths": {"/{a}{b}x{c}y{d}z{e}w": {"get": {}}}},
        {"discoveryVersion": "v1", "resources": {"a": {"methods": {"b": []}}}, "schemas": []},
    ],
)
def test_parts_of_the_wrong_type_are_left_out(document: Any):
    """A broken corner does not hide the rest."""
    assert spec(document).find("GET", ["/nothing"]) is None


def test_a_path_with_many_parameters_in_one_segment_costs_nothing():
    """A pattern that could hang is not made."""
    document = an_openapi()
    document["paths"] = {"/" + "{a}x" * 20: {"get": {}}}

    assert spec(document).find("GET", ["/" + "x" * 500]) is None


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ('{"a": 1}', "spec.json", "spec.json: none of OpenAPI 3"),
        ("[1, 2]", "spec.yaml", "spec.yaml: none of OpenAPI 3"),
        ('{"openapi": ', "spec.json", "spec.json:2:1: .* never closed"),
        ("openapi: [", "spec.yaml", "spec.yaml:2:1: .* never closed"),
        ('{"a":' * 100_000, "spec.json", "nested"),
        ('{"__schema": {}}', "spec.json", "not the whole result of an introspection"),
    ],
)
def test_what_is_no_spec_is_one_clear_error(text: str, name: str, message: str):
    """With the file's name, and the place where there is one."""
    with pytest.raises((UsageError, ContractError), match=message):
        read_spec([(name, text.encode())])


def test_too_large_a_file_is_refused(monkeypatch: pytest.MonkeyPatch):
    """Before it is parsed."""
    monkeypatch.setattr("provendor.reader.source.MAX_BYTES", 10)

    with pytest.raises(ContractError, match="larger than"):
        read_spec([("spec.json", b'{"openapi": "3.0.0"}')])
