"""GraphQL operations of contract files: what is sent, what must come back, and what a load from the cache does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contract_files import a_vendor, an_operation, write
from provendor import requests
from provendor.cache import Cache
from provendor.contract import Case
from provendor.errors import ContractError
from provendor.reader import loading

SDL = """
type Query { user(id: ID!): User }
type User { id: ID!, name: String! }
"""
NEWER = SDL.replace("name: String!", "name: String!, mail: String")
DOCUMENT = "query One($id: ID!) { user(id: $id) { id name } }"
GRAPHQL = {"endpoint": "POST /api/{version}/graphql", "schemas": {"1": "1.graphql", "2": "2.graphql"}, "version": "1"}


def a_contract(root: Path, document: str = DOCUMENT, **operation: Any) -> Path:
    """The vendor acme with one GraphQL operation, `users.get`, in two versions."""
    call = {"document": "one.graphql", "variables": {"id": "{user_id}"}}
    files = {
        "acme/vendor.yaml": a_vendor(graphql=GRAPHQL, variables={"user_id": {"env": "U", "example": "u-7"}}),
        "acme/users.yaml": {
            "operations": {"users.get": an_operation(request=None, safety="read", graphql=call) | operation}
        },
        "acme/one.graphql": document,
        "acme/1.graphql": SDL,
        "acme/2.graphql": NEWER,
    }
    return write(root, files)


def the_cases(root: Path, cache: Cache | None = None) -> dict[str, Case]:
    """The cases of `users.get` by name."""
    return {case.name: case for case in loading.load(root, cache=cache).cases}


def sent(root: Path, name: str = "ok") -> tuple[str, Any]:
    """The URL and the JSON body of a case's request."""
    suite = loading.load(root)
    case = next(case for case in suite.cases if case.name == name)
    request = requests.build(case, requests.examples(suite.vendors["acme"]))
    return request.url, json.loads(request.body)


def test_the_document_is_sent_as_it_is_written(tmp_path: Path) -> None:
    """Braces of the document are no references; variables are filled in, the operation is named."""
    url, body = sent(a_contract(tmp_path))

    assert url.endswith("/api/1/graphql")
    assert body == {"query": DOCUMENT, "variables": {"id": "u-7"}, "operationName": "One"}


def test_braces_around_a_name_stay_braces(tmp_path: Path) -> None:
    """`{id}` in a document is a selection, also where a variable has that name."""
    document = "query One($id: ID!) { user(id: $id) {id} }"

    assert sent(a_contract(tmp_path, document))[1]["query"] == document


def test_a_case_changes_variables_and_version(tmp_path: Path) -> None:
    """Variables are merged by name; the version changes the path and the SDL."""
    change = {"graphql": {"version": "2", "variables": {"id": "other"}}}
    root = a_contract(tmp_path, cases={"ok": {"status": 200}, "next": {"status": 200, "with": change}})

    url, body = sent(root, "next")

    assert url.endswith("/api/2/graphql")
    assert body["variables"] == {"id": "other"}


def test_a_field_that_only_the_next_version_has_is_a_problem_of_this_one(tmp_path: Path) -> None:
    """Each version asked for is validated against its own SDL."""
    document = "query One($id: ID!) { user(id: $id) { id mail } }"
    both = {"ok": {"status": 200}, "next": {"status": 200, "with": {"graphql": {"version": "2"}}}}
    root = a_contract(tmp_path, document, cases=both)

    with pytest.raises(ContractError) as caught:
        loading.load(root)

    assert [str(problem) for problem in caught.value.problems] == [
        "contracts/acme/one.graphql:1:42: Cannot query field 'mail' on type 'User' (against 1.graphql)"
    ]


FULL = {"data": {"user": {"id": "7", "name": "Ada"}}}
NULL = {"data": {"user": None}}
HALF = {"data": {"user": {"id": "7", "name": None}}, "errors": [{"message": "no"}]}
NONE = {"errors": [{"message": "no"}]}


@pytest.mark.parametrize(
    ("case", "fitting"),
    [
        ({"status": 200}, [FULL, NULL]),
        ({"status": 200, "shape": "full", "error": "unauthorized"}, [FULL, NULL]),
        ({"status": 200, "shape": "partial", "error": "unauthorized"}, [HALF]),
        ({"status": 200, "shape": "none", "body": {"type": "object"}}, [FULL, NULL, HALF, NONE]),
        ({"status": 200, "error": "unauthorized", "body": {"required": ["errors"]}}, [HALF, NONE]),
        ({"status": 200, "body": {"properties": {"data": {"properties": {"user": {"type": "object"}}}}}}, [FULL]),
    ],
    ids=["a success", "a refusal in full", "a part", "no shape", "an error", "the case's own demand as well"],
)
def test_a_case_demands_the_shape_that_it_names(tmp_path: Path, case: dict[str, Any], fitting: list[Any]) -> None:
    """Without `error` the whole shape, with it none, unless `shape` says otherwise; `body` comes on top."""
    root = a_contract(tmp_path, cases={"ok": case}, errors=[{"status": 200, "json": {"$.no": 1}, **UNAUTHORIZED}])
    body = the_cases(root)["ok"].expect.body

    assert body is not None
    assert [each for each in (FULL, NULL, HALF, NONE) if body.is_valid(each)] == fitting


UNAUTHORIZED = {"code": "unauthorized", "retryable": False}


def test_an_error_without_a_body_of_its_own_demands_nothing(tmp_path: Path) -> None:
    """What went wrong is named by the error table; the body is not looked at otherwise."""
    rules = [{"status": 200, "json": {"$.errors[0]": {"present": True}}, **UNAUTHORIZED}]
    root = a_contract(tmp_path, cases={"ok": {"status": 200, "error": "unauthorized"}}, errors=rules)

    assert the_cases(root)["ok"].expect.body is None


def test_what_comes_from_the_cache_is_what_was_derived(tmp_path: Path) -> None:
    """Queries and shapes are kept; a change of document or SDL is seen."""
    root = a_contract(tmp_path)
    for name in ("cold", "warm"):
        with Cache(tmp_path / "cache") as cache:
            case = the_cases(root, cache)["ok"]
        assert case.expect.body is not None, name
        assert case.expect.body.is_valid(FULL), name
        assert not case.expect.body.is_valid(HALF), name

    (root / "contracts/acme/1.graphql").write_text(SDL.replace("name: String!", "name: Int!"), encoding="utf-8")
    with Cache(tmp_path / "cache") as cache:
        case = the_cases(root, cache)["ok"]
    assert case.expect.body is not None
    assert not case.expect.body.is_valid(FULL)


LOADED = """
import sys
from pathlib import Path
from provendor.reader import loading
from provendor.cache import Cache
with Cache(Path(sys.argv[2])) as cache:
    suite = loading.load(Path(sys.argv[1]), cache=cache)
body = next(iter(suite.cases)).expect.body
print(body.is_valid({"data": {"user": None}}), *sorted({"graphql", "yaml"} & {name.split(".")[0] for name in sys.modules}))
"""


def test_a_load_from_the_cache_needs_neither_graphql_nor_yaml(tmp_path: Path) -> None:
    """What takes long to import is imported only where something has changed."""
    root = a_contract(tmp_path)
    command = [sys.executable, "-c", LOADED, str(root), str(tmp_path / "cache")]

    cold, warm = (subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(2))

    assert cold[:2] == ["True", "graphql"]
    assert warm == ["True"]


def test_an_sdl_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    """Documents and SDL are text; what is not is named, and nothing crashes."""
    root = a_contract(tmp_path)
    (root / "contracts/acme/1.graphql").write_bytes(b"type Query { a: Int } # \xff")

    with pytest.raises(ContractError, match=r"1\.graphql: the file is not UTF-8"):
        loading.load(root)


def test_a_document_asked_for_twice_tells_its_problems_once(tmp_path: Path) -> None:
    """Several cases of one document do not repeat what is wrong with it."""
    change = {"graphql": {"variables": {"id": "other"}}}
    root = a_contract(
        tmp_path,
        "query One($id: ID!) { user(id: $id) { nam } }",
        cases={"ok": {"status": 200}, "other": {"status": 200, "with": change}},
    )

    with pytest.raises(ContractError) as caught:
        loading.load(root)

    assert len(caught.value.problems) == 1
