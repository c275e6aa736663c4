from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from contract_files import a_vendor, an_operation, write
from provendor import cli
from provendor.codes import DRIFT_CODES, explain
from provendor.commands import drift as command
from provendor.errors import UsageError
from provendor.reader.loading import load
from provendor.specs.drift import Difference, DriftReport, Severity, compare
from provendor.specs.spec import read_spec
from spec_files import USER, a_discovery_document, a_swagger, a_tools_list, an_openapi, as_file

ROOT = Path(__file__).resolve().parent.parent
BASE = {"sandbox": {"base_url": "https://acme.example/api/v1"}}
OURS: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "name": {"type": ["string", "null"]}},
}


def a_suite(root: Path, ours: Any = None, lies: Any = None, cassette: Any = None, **operation: Any) -> Path:
    """One vendor with one operation whose case `ok` answers with what `ours` describes; `cassette` is what was recorded."""
    cases = {"ok": {"status": 200, "body": OURS if ours is None else ours}}
    users = {"operations": {"users.get": an_operation(**{"cases": cases, **operation})}}
    vendor = a_vendor(environments=BASE, auth="none", spec_disagrees=lies)
    write(root, {"acme/vendor.yaml": vendor, "acme/users.yaml": users})
    if cassette is not None:
        path = root / "cassettes" / "acme" / "users.get" / "ok.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(a_recorded(cassette)), encoding="utf-8")
    return root


def a_recorded(body: Any) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": "GET",
        "uri": "https://acme.example/api/v1/users/7",
        "body": None,
        "headers": {},
    }
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Type": ["application/json"]},
        "body": {"string": json.dumps(body)},
    }
    metadata = {"origin": "synthetic", "written_at": "2026-11-20"}
    return {"interactions": [{"request": request, "response": response}], "version": 1, "metadata": metadata}


def drifted(root: Path, *documents: Any) -> DriftReport:
    suite = load(root)
    files = [as_file(document, f"spec{index or ''}.json") for index, document in enumerate(documents)]
    return compare(suite, suite.vendors["acme"], read_spec(files))


def briefly(report: DriftReport) -> list[tuple[str, str, str]]:
    return [(each.code, each.severity.value, each.at) for each in report.differences]


def test_the_zero_of_an_enum_of_protocol_buffers_is_never_sent(tmp_path: Path):
    """Their JSON form leaves it out, so that a contract need not know it."""
    state = {"enum": ["STATE_UNSPECIFIED", "OPEN", "CLOSED"]}
    ours = {"type": "object", "properties": {"state": {"enum": ["OPEN", "CLOSED"]}}}

    assert briefly(drifted(a_suite(tmp_path, ours), a_discovery_document({"properties": {"state": state}}))) == []


@pytest.mark.parametrize("document", [an_openapi(), a_swagger()], ids=["openapi", "swagger"])
def test_a_contract_that_says_what_the_spec_says_does_not_differ(tmp_path: Path, document: Any):
    """Null is spelled as in OpenAPI 3.0."""
    found = briefly(drifted(a_suite(tmp_path), document))

    assert found == []


def test_a_discovery_document_is_compared_as_well(tmp_path: Path):
    """It never says what is required, so that we may require what we like."""
    root = a_suite(tmp_path, {**OURS, "required": ["id", "name"]})

    assert briefly(drifted(root, a_discovery_document({**USER, "required": []} | {"required": None}))) == []


DIFFERENCES: list[tuple[str, Any, Any, tuple[str, str, str]]] = [
    (
        "a field that we require and the spec does not know",
        {**OURS, "required": ["id", "email"]},
        USER,
        ("drift-field", "breaking", "/email"),
    ),
    (
        "a field that we only describe",
        {"properties": {"email": {"type": "string"}}},
        USER,
        ("drift-field", "note", "/email"),
    ),
    (
        "another type",
        {"properties": {"id": {"type": "string"}}},
        USER,
        ("drift-type", "breaking", "/id"),
    ),
    (
        "null where we do not survive it",
        {"properties": {"name": {"type": "string"}}},
        USER,
        ("drift-type", "breaking", "/name"),
    ),
    (
        "null that only we allow",
        {"properties": {"id": {"type": ["integer", "null"]}}},
        {**USER, "required": []},
        ("drift-type", "cosmetic", "/id"),
    ),
    (
        "a number where we read whole ones",
        {"properties": {"id": {"type": "integer"}}},
        {"properties": {"id": {"type": "number"}}},
        ("drift-type", "note", "/id"),
    ),
    (
        "a value that we do not expect",
        {"properties": {"state": {"enum": ["open", "closed"]}}},
        {"properties": {"state": {"enum": ["open", "closed", "snoozed"]}}},
        ("drift-enum", "breaking", "/state"),
    ),
    (
        "a value that the spec does not know",
        {"properties": {"state": {"enum": ["open", "closed", "old"]}}},
        {"properties": {"state": {"enum": ["open", "closed"]}}},
        ("drift-enum", "note", "/state"),
    ),
    (
        "a field that may be missing",
        {"required": ["name"], "properties": {"name": True}},
        USER,
        ("drift-required", "breaking", "/name"),
    ),
    (
        "a field that is always there",
        {"properties": {"id": {"type": "integer"}}},
        USER,
        ("drift-required", "cosmetic", "/id"),
    ),
    (
        "a deprecated field",
        {"properties": {"old": {"type": "string"}}},
        {"properties": {"old": {"type": "string", "deprecated": True}}},
        ("drift-deprecated", "note", "/old"),
    ),
    (
        "something inside of a list inside of a map",
        {"additionalProperties": {"items": {"properties": {"id": {"type": "string"}}}}},
        {"type": "object", "additionalProperties": {"type": "array", "items": USER}},
        ("drift-type", "breaking", "/*/*/id"),
    ),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"), [row[1:] for row in DIFFERENCES], ids=[r[0] for r in DIFFERENCES]
)
def test_each_kind_of_difference_has_its_code_and_severity(tmp_path: Path, ours: Any, theirs: Any, expected: Any):
    """And its place in the answer."""
    found = briefly(drifted(a_suite(tmp_path, {"type": "object", **ours}), an_openapi(theirs)))

    assert expected in found
    assert [each for each in found if each[1] == "breaking"] == ([expected] if expected[1] == "breaking" else [])


def test_a_difference_names_both_places(tmp_path: Path):
    """File and line of the contract's schema, file and JSON pointer of the spec's."""
    root = a_suite(tmp_path, {"type": "object", "properties": {"id": {"type": "string"}}})

    (found,) = [each for each in drifted(root, an_openapi()).differences if each.severity is Severity.BREAKING]
    file, _, line = found.contract.partition(":")

    assert '"id"' in (root / file).read_text("utf-8").splitlines()[int(line) - 1]
    assert found.spec == "spec.json#/components/schemas/User/properties/id"
    assert (found.ours, found.theirs) == ("string", "integer")
    assert found.case == "acme/users.get:ok"


def test_alternatives_and_combinations_are_folded(tmp_path: Path):
    """A field of any alternative is known; null may come from one of them."""
    more = {"type": "object", "properties": {"email": {"oneOf": [{"type": "string"}, {"type": "null"}]}}}
    theirs = {"allOf": [{"$ref": "#/components/schemas/Base"}, {"anyOf": [more, {"type": "object"}]}]}
    document = an_openapi(theirs)
    document["components"]["schemas"]["Base"] = USER
    ours = {**OURS, "properties": {**OURS["properties"], "email": {"type": ["string", "null"]}}}

    assert briefly(drifted(a_suite(tmp_path, ours), document)) == []


def test_a_case_may_be_narrower_than_the_spec_where_another_is_not(tmp_path: Path):
    """Each case is one condition; only what none of them allows is a difference."""
    named = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    }
    nameless = {**named, "required": ["id"], "properties": {"id": {"type": "integer"}, "name": {"type": "null"}}}
    cases = {"ok": {"status": 200, "body": named}, "nameless": {"status": 200, "body": nameless}}

    alone = drifted(a_suite(tmp_path / "alone", named), an_openapi())
    both = drifted(a_suite(tmp_path / "both", cases=cases), an_openapi())

    assert {each.code for each in alone.differences if each.severity is Severity.BREAKING} == {
        "drift-type",
        "drift-required",
    }
    assert [each for each in both.differences if each.severity is Severity.BREAKING] == []


def test_schemas_that_contain_themselves_on_both_sides_come_to_an_end(tmp_path: Path):
    """A comment has answers, which are comments."""
    answers = {"type": "array", "items": {"$ref": "#/comment"}}
    ours = {"type": "object", "properties": {"text": {"type": "string"}, "answers": answers}}
    again = {"type": "array", "items": {"$ref": "#/components/schemas/User"}}
    theirs = {"type": "object", "properties": {"text": {"type": "integer"}, "answers": again}}
    root = a_suite(tmp_path, {"$ref": "schemas/c.yaml#/comment"})
    write(root, {"acme/schemas/c.yaml": {"comment": ours}})

    assert briefly(drifted(root, an_openapi(theirs))) == [("drift-type", "breaking", "/text")]


class TestOperations:
    """Which operation of the spec is meant."""

    def test_an_operation_that_the_spec_does_not_know_is_named(self, tmp_path: Path):
        """Where another one is known; with none at all it is another vendor's spec."""
        root = a_suite(tmp_path)
        write(root, {"acme/others.yaml": {"operations": {"others.get": an_operation(request="GET /others")}}})

        (found,) = drifted(root, an_openapi()).differences

        assert (found.code, found.severity, found.ours) == ("drift-operation", Severity.BREAKING, "GET /others")
        assert found.contract.startswith("contracts/acme/others.yaml:")

    def test_a_spec_without_any_operation_of_ours_is_a_mistake(self, tmp_path: Path):
        """Most likely the wrong file."""
        document = an_openapi()
        document["paths"] = {"/elsewhere": {"get": {}}}

        with pytest.raises(UsageError, match="no operation of acme is in the spec"):
            drifted(a_suite(tmp_path), document)

    def test_a_success_that_is_not_declared_breaks_and_a_failure_is_cosmetic(self, tmp_path: Path):
        """Specs seldom list failures."""
        cases = {"ok": {"status": 202}, "late": {"status": 504}, "both": {"status": [200, 203]}}

        found = briefly(drifted(a_suite(tmp_path, cases=cases), an_openapi()))

        assert found == [
            ("drift-status", "breaking", "status 202"),
            ("drift-status", "cosmetic", "status 203"),
            ("drift-status", "cosmetic", "status 504"),
        ]

    def test_a_deprecated_operation_is_worth_knowing(self, tmp_path: Path):
        """It still works."""
        report = drifted(a_suite(tmp_path), an_openapi(deprecated=True))

        assert briefly(report) == [("drift-deprecated", "note", "")]
        assert not report.breaks


class TestRequests:
    """What we send."""

    def test_what_the_spec_does_not_know_or_requires_breaks(self, tmp_path: Path):
        """Lists may be spelled with brackets."""
        wants = [{"name": name, "in": "query", "required": True} for name in ("state", "page")]
        root = a_suite(tmp_path, query={"state[]": ["a", "b"], "sise": 1})

        assert briefly(drifted(root, an_openapi(parameters=wants))) == [
            ("drift-required", "breaking", "query page"),
            ("drift-field", "breaking", "query sise"),
        ]

    def test_a_body_is_compared_value_by_value(self, tmp_path: Path):
        """Unknown members, missing ones, types and values of enums."""
        accepts = {
            "type": "object",
            "required": ["title"],
            "properties": {"title": {"type": "string"}, "count": {"type": "integer"}, "state": {"enum": ["a", "b"]}},
        }
        body = {"required": True, "content": {"application/json": {"schema": accepts}}}
        document = an_openapi()
        document["paths"]["/users/{id}"]["post"] = {"requestBody": body, "responses": {"200": {"description": ""}}}
        sent = {
            "request": "POST /users/{user_id}",
            "safety": "write",
            "json": {"count": "1", "state": "c", "colour": "red"},
        }

        found = briefly(drifted(a_suite(tmp_path, cases={"ok": {"status": 200}}, **sent), document))

        assert sorted(found) == [
            ("drift-enum", "breaking", "body/state"),
            ("drift-field", "breaking", "body/colour"),
            ("drift-required", "breaking", "body/title"),
            ("drift-type", "breaking", "body/count"),
        ]

    def test_a_case_that_should_fail_may_send_what_it_likes(self, tmp_path: Path):
        """That is its point."""
        cases = {"ok": {"status": 200}, "wrong": {"with": {"query": {"x": 1}}, "status": 401, "error": "unauthorized"}}

        assert briefly(drifted(a_suite(tmp_path, cases=cases), an_openapi())) == [
            ("drift-status", "cosmetic", "status 401")
        ]


class TestCassettes:
    """What was recorded."""

    def test_an_answer_that_the_spec_contradicts_is_found_in_its_cassette(self, tmp_path: Path):
        """Also where the contract says nothing about the field."""
        root = a_suite(tmp_path, {"type": "object"}, cassette={"id": "7", "extra": 1})

        found = drifted(root, an_openapi())

        assert briefly(found) == [("drift-type", "breaking", "/id"), ("drift-field", "note", "/extra")]
        assert found.differences[0].contract.startswith("cassettes/acme/users.get/ok.yaml:")

    def test_what_is_left_out_of_a_recording_is_only_a_note(self, tmp_path: Path):
        """If we relied on it, the contract would have failed."""
        root = a_suite(tmp_path, {"type": "object"}, cassette={"name": None})

        assert briefly(drifted(root, an_openapi())) == [("drift-required", "note", "/id")]


class TestKnownLies:
    """`spec_disagrees`."""

    @pytest.mark.parametrize("at", ["users.get", "users.*#/id", "*", "users.get#*"])
    def test_a_listed_difference_is_silent(self, tmp_path: Path, at: str):
        """And counted."""
        lie = {"at": at, "code": "drift-type", "reason": "It is text."}
        root = a_suite(tmp_path, {"type": "object", "properties": {"id": {"type": "string"}}}, [lie])

        report = drifted(root, an_openapi({**USER, "required": None}))

        assert report.differences == ()
        assert len(report.explained) == 1
        assert report.unused == ()

    @pytest.mark.parametrize(
        ("at", "code"), [("users.get#/name", "drift-type"), ("users.get", "drift-enum"), ("x", "drift-type")]
    )
    def test_an_entry_that_explains_nothing_is_reported(self, tmp_path: Path, at: str, code: str):
        """Another place, another code, another operation."""
        root = a_suite(tmp_path, lies=[{"at": at, "code": code, "reason": "Once upon a time."}])

        (unused,) = drifted(root, an_openapi()).unused

        assert (unused.at, unused.code) == (at, code)
        assert unused.place.file == "contracts/acme/vendor.yaml"


@pytest.mark.parametrize(
    ("entry", "explains"),
    [
        ({"theirs": "integer"}, True),
        ({"theirs": "num*"}, False),
        ({"ours": "str*", "theirs": "int*"}, True),
        ({"ours": "null"}, False),
        ({"at": ["*#/none", "*#/id"]}, True),
    ],
)
def test_a_reason_may_be_bound_to_what_either_side_says(tmp_path: Path, entry: dict[str, Any], explains: bool):
    """So that a pattern over many places does not hide the difference that nobody has seen yet."""
    lie = {"at": "*", "code": "drift-type", "reason": "Seen.", **entry}
    ours = {"type": "object", "properties": {"id": {"type": "string"}}}

    report = drifted(a_suite(tmp_path, ours, [lie]), an_openapi())

    assert (not any(each.code == "drift-type" for each in report.differences)) is explains
    assert [each.at for each in report.unused] == (
        [] if explains and "at" not in entry else ["*#/none"] if explains else ["*"]
    )


@pytest.mark.parametrize(("value", "differs"), [("7", []), ("true", []), ("a,b", []), ("x", ["body/flag", "body/id"])])
def test_the_texts_of_a_form_may_stand_for_other_things(tmp_path: Path, value: str, differs: list[str]):
    """A number, a truth and a list are written as text there; what cannot stand for it still differs."""
    accepts = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "flag": {"type": "boolean"}, "of": {"type": "array"}},
    }
    body = {"content": {"application/x-www-form-urlencoded": {"schema": accepts}}}
    document = an_openapi()
    document["paths"]["/users/{id}"]["post"] = {"requestBody": body, "responses": {"200": {"description": ""}}}
    name = {"7": "id", "true": "flag", "a,b": "of"}.get(value)
    form = {name: value} if name else {"id": value, "flag": value}
    sent = {"request": "POST /users/{user_id}", "safety": "write", "form": form, "cases": {"ok": {"status": 200}}}

    report = drifted(a_suite(tmp_path, **sent), document)

    assert [each.at for each in report.differences] == differs


def test_a_tool_is_compared_by_its_name(tmp_path: Path):
    """Arguments with its input schema; a tool that is gone with a suggestion."""
    call = {"tool": "get_user", "arguments": {"id": "7", "full": True}}
    gone = {**call, "tool": "get_users"}
    vendor = a_vendor(mcp={"endpoint": "POST /mcp", "revision": "2025-11-25"}, environments=BASE)
    operations = {
        name: an_operation(request=None, mcp=each, safety="read", cases={"ok": {"status": 200}})
        for name, each in (("users.get", call), ("users.all", gone))
    }
    write(tmp_path, {"acme/vendor.yaml": vendor, "acme/users.yaml": {"operations": operations}})

    report = drifted(tmp_path, a_tools_list())

    assert sorted(briefly(report)) == [
        ("drift-field", "breaking", "body/full"),
        ("drift-operation", "breaking", ""),
        ("drift-type", "breaking", "body/id"),
    ]
    assert 'did you mean "get_user"?' in next(each.theirs for each in report.differences if not each.at)


PRUNED = (
    "type Query { user(id: ID!): User }\ntype User { id: ID! name: String state: State! }\nenum State { OPEN CLOSED }\n"
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("name: String", "title: String", ("drift-field", "breaking", "User.name")),
        ("name: String", "name: Int", ("drift-type", "breaking", "User.name")),
        ("name: String", 'name: String @deprecated(reason: "old")', ("drift-deprecated", "note", "User.name")),
        ("OPEN CLOSED", "OPEN CLOSED SNOOZED", ("drift-enum", "breaking", "State")),
        ("OPEN CLOSED", "OPEN", ("drift-enum", "breaking", "State.CLOSED")),
        ("user(id: ID!)", "user(id: ID!, of: ID!)", ("drift-required", "breaking", "Query.user")),
    ],
)
@pytest.mark.parametrize("introspected", [False, True], ids=["sdl", "introspection"])
def test_a_pruned_schema_is_compared_with_the_whole_one(
    tmp_path: Path, old: str, new: str, expected: Any, introspected: bool
):
    """SDL or the result of an introspection; the line is that of the pruned SDL."""
    import graphql

    graph = {"endpoint": "POST /graphql", "version": "1", "schemas": {"1": "sdl/1.graphql"}}
    call = {"document": "documents/user.graphql", "variables": {"id": "7"}}
    operation = an_operation(request=None, graphql=call, safety="read")
    files = {
        "acme/vendor.yaml": a_vendor(graphql=graph, environments=BASE),
        "acme/users.yaml": {"operations": {"users.get": operation}},
        "acme/sdl/1.graphql": PRUNED,
        "acme/documents/user.graphql": "query ($id: ID!) { user(id: $id) { id } }",
    }
    suite = load(write(tmp_path, files))
    whole = PRUNED.replace(old, new)
    data = (
        as_file(graphql.introspection_from_schema(graphql.build_schema(whole)), "1.json")
        if introspected
        else as_file(whole, "1.graphql")
    )

    (found,) = compare(suite, suite.vendors["acme"], read_spec([data])).differences

    assert (found.code, found.severity.value, found.at) == expected
    assert found.contract.startswith("contracts/acme/sdl/1.graphql:")
    line = 1 if "Query" in found.at else 2 if "User" in found.at else 3
    assert found.spec == ("1.json" if introspected else f"1.graphql:{line}")


def test_of_several_whole_schemas_those_of_our_versions_count(tmp_path: Path):
    """A folder may hold older and newer ones."""
    graph = {"endpoint": "POST /graphql", "version": "1", "schemas": {"v1": "sdl/1.graphql"}}
    call = {"document": "documents/user.graphql", "variables": {"id": "7"}}
    files = {
        "acme/vendor.yaml": a_vendor(graphql={**graph, "version": "v1"}, environments=BASE),
        "acme/users.yaml": {"operations": {"users.get": an_operation(request=None, graphql=call, safety="read")}},
        "acme/sdl/1.graphql": PRUNED,
        "acme/documents/user.graphql": "query ($id: ID!) { user(id: $id) { id } }",
    }
    suite = load(write(tmp_path, files))
    wholes = [as_file(PRUNED, "v1.graphql"), as_file(PRUNED.replace("name", "title"), "v0.graphql")]

    assert compare(suite, suite.vendors["acme"], read_spec(wholes)).differences == ()
    assert compare(suite, suite.vendors["acme"], read_spec(wholes[1:])).differences != ()


class TestTheCommand:
    """`provendor drift`."""

    def test_a_folder_is_read_as_a_whole(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        """Everything in it that describes an API; the rest is named."""
        folder = tmp_path / "specs"
        (folder / "parts").mkdir(parents=True)
        (folder / "spec.json").write_bytes(as_file(an_openapi({"$ref": "parts/user.json#/User"}))[1])
        (folder / "parts" / "user.json").write_bytes(as_file({"User": USER})[1])
        (folder / "SOURCE.md").write_text("where it is from")

        assert cli.main(["drift", "acme", "--root", str(a_suite(tmp_path)), "--spec", str(folder)]) == 0
        assert "not a description of an API: parts/user.json\n" in capsys.readouterr().err

    def drift(self, root: Path, document: Any, *options: str) -> int:
        (root / "spec.json").write_text(json.dumps(document), encoding="utf-8")
        return cli.main(["drift", "acme", "--root", str(root), "--spec", str(root / "spec.json"), *options])

    def test_it_prints_both_places_and_exits_1_where_something_breaks(self, tmp_path: Path, capsys: Any):
        """The verdict goes to standard error."""
        root = a_suite(tmp_path, {"type": "object", "properties": {"id": {"type": "string"}}})

        assert self.drift(root, an_openapi()) == 1
        out, err = capsys.readouterr()
        assert out.startswith(
            "breaking[drift-type] users.get /id: string, the spec: integer\n  contract contracts/acme/users.yaml:"
        )
        assert "  spec     spec.json#/components/schemas/User/properties/id\n" in out
        assert err == "1 operations compared: 1 breaking, 0 note, 1 cosmetic; 0 explained by the contract\n"

    def test_the_severity_decides_what_is_shown_not_how_it_ends(self, tmp_path: Path, capsys: Any):
        """Cosmetic differences are shown when asked for."""
        root = a_suite(tmp_path, {"type": "object", "properties": {"id": {"type": ["integer", "null"]}}})

        assert self.drift(root, an_openapi({**USER, "required": None})) == 0
        assert capsys.readouterr().out == ""
        assert self.drift(root, an_openapi({**USER, "required": None}), "--severity", "cosmetic") == 0
        assert capsys.readouterr().out.startswith("cosmetic[drift-type]")

    def test_json_holds_every_field(self, tmp_path: Path, capsys: Any):
        """For machines."""
        root = a_suite(tmp_path, {"type": "object", "properties": {"id": {"type": "string"}}})

        assert self.drift(root, an_openapi(), "--json") == 1
        document = json.loads(capsys.readouterr().out)
        (found,) = document["differences"]
        assert set(found) == set(Difference._fields)
        assert (found["code"], found["severity"], document["compared"]) == ("drift-type", "breaking", 1)

    def test_an_unused_entry_is_printed_with_its_line(self, tmp_path: Path, capsys: Any):
        """It does not fail the command: it may be about another file."""
        root = a_suite(tmp_path, lies=[{"at": "users.get", "code": "drift-enum", "reason": "Old."}])

        assert self.drift(root, an_openapi()) == 0
        assert "spec_disagrees: users.get drift-enum explains nothing" in capsys.readouterr().out

    @pytest.mark.parametrize("text", ["", "[]", '{"openapi": ', "\x00", '{"a":' * 5000])
    def test_a_file_that_is_no_spec_is_one_error_and_exit_2(self, tmp_path: Path, capsys: Any, text: str):
        """Never a traceback."""
        root = a_suite(tmp_path)
        (root / "broken.json").write_text(text, encoding="utf-8")

        assert cli.main(["drift", "acme", "--root", str(root), "--spec", str(root / "broken.json")]) == 2
        assert "broken.json" in capsys.readouterr().err

    def test_a_file_that_is_not_there_is_one_error_and_exit_2(self, tmp_path: Path, capsys: Any):
        """With its name."""
        root = a_suite(tmp_path)

        assert cli.main(["drift", "acme", "--root", str(root), "--spec", str(root / "gone.json")]) == 2
        assert "gone.json" in capsys.readouterr().err

    def test_names_out_of_a_spec_cannot_move_the_cursor(self, tmp_path: Path, capsys: Any):
        """A spec is text of strangers."""
        root = a_suite(tmp_path, {"type": "object", "properties": {"state": {"enum": ["a", "b"]}}})
        theirs = {"properties": {"state": {"enum": ["a", "b", "\x1b[2J"]}}}

        assert self.drift(root, an_openapi(theirs)) == 1
        assert "\x1b" not in capsys.readouterr().out

    def test_every_code_of_a_difference_is_documented(self):
        """In the reference of commands and in the contract language."""
        source = "".join(path.read_text("utf-8") for path in sorted((ROOT / "src/provendor/specs").glob("drift*.py")))
        language = json.loads((ROOT / "src/provendor/language.json").read_text("utf-8"))
        known = language["$defs"]["disagreement"]["properties"]["code"]["enum"]
        page = (ROOT / "docs/reference/commands.md").read_text("utf-8")

        assert {code for code in known if f'"{code}"' in source} == set(known)
        assert set(known) == set(DRIFT_CODES)
        assert [code for code in known if explain(code).code != code] == []
        assert [code for code in known if f"| `{code}` |" not in page] == []


# --- the vendors' own specs ---------------------------------------------------------------------------------------------

SPECS = os.environ.get("PROVENDOR_SPECS")
FOLDERS = {
    "analytics-mcp": "google-analytics",
    "search-console": "google-search-console",
    "storefront-mcp": "mcp/ucp-2026-04-08",
    **{
        name: name
        for name in (
            "chatwoot",
            "fly",
            "google-analytics",
            "hootsuite",
            "meta",
            "publer",
            "shopify",
            "supabase",
            "x",
            "zoho-crm",
        )
    },
}


@pytest.mark.skipif(not SPECS, reason="PROVENDOR_SPECS names no folder with the vendors' own specs")
@pytest.mark.parametrize("vendor", FOLDERS)
def test_no_contract_differs_from_its_vendors_spec_without_a_reason(vendor: str):
    """Every difference that is more than cosmetic is either mended or explained, and every explanation is needed."""
    files = list(command.files(Path(SPECS or "") / FOLDERS[vendor]))
    suite = load(ROOT, [vendor])
    spec = read_spec([(name, path.read_bytes()) for name, path in files], whole_folder=True)

    report = compare(suite, suite.vendors[vendor], spec)

    assert [each for each in report.differences if each.severity is not Severity.COSMETIC] == []
    assert [str(entry.place) for entry in report.unused] == []
