"""Small builders, so that a test shows only what matters to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from provendor.contract import (
    Case,
    Environment,
    ErrorRule,
    Expect,
    JsonTest,
    Operation,
    Place,
    StatusSet,
    Template,
    Variable,
    Vendor,
)
from provendor.exchange import Exchange, Headers, Json, Origin, Recording, Request, Source
from provendor.schemas.schema import Schema

NOTHING = object()


def a_request(method: str = "GET", url: str = "https://chatwoot.example/api/v1/profile", **changes: Any) -> Request:
    """A plain GET without query, headers and body."""
    return Request(method, url, **changes)


def a_recording(path: str = "cassettes/chatwoot/profile/ok.yaml", **changes: Any) -> Recording:
    """The metadata of a cassette written from the documentation of a vendor on 2026-11-01."""
    known: dict[str, Any] = {
        "origin": Origin.DOCUMENTED,
        "source": "https://developers.chatwoot.example/",
        "at": "2026-11-01",
        "api_version": "4.16",
        "environment": None,
        "digest": "0" * 64,
    }
    return Recording(path, **{**known, **changes})


def an_exchange(
    status: int = 200,
    json_body: Any = NOTHING,
    body: bytes | str = b"",
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    **changes: Any,
) -> Exchange:
    """A recorded answer; with `json_body` it has the body and the content type that go with it."""
    given = tuple(headers.items() if isinstance(headers, Mapping) else headers)
    if json_body is not NOTHING:
        body = json.dumps(json_body)
        if not any(name.lower() == "content-type" for name, _ in given):
            given = (("Content-Type", "application/json"), *given)
    known: dict[str, Any] = {"request": a_request(), "source": Source.RECORDED, "recording": a_recording()}
    raw = body.encode() if isinstance(body, str) else body
    return Exchange(status=status, headers=Headers(given), body=raw, **{**known, **changes})


def a_live_exchange(status: int = 200, json_body: Any = NOTHING, **changes: Any) -> Exchange:
    """An answer that came over the network in 100 ms."""
    return an_exchange(status, json_body, **{"source": Source.LIVE, "recording": None, "elapsed_ms": 100.0, **changes})


def statuses(*allowed: int | str) -> StatusSet:
    """`statuses(200, "5xx")`."""
    exact = frozenset(each for each in allowed if isinstance(each, int))
    return StatusSet(exact, frozenset(int(each[0]) for each in allowed if isinstance(each, str)))


def a_schema(value: Json, file: str = "contracts/chatwoot/profile.yaml", pointer: str = "") -> Schema:
    """A JSON Schema that names no other file and stands at a place of one."""

    def read(name: str) -> Json:
        raise AssertionError(f"no other file is needed, {name} was asked for")

    return Schema(value, file, pointer, read)


def an_expect(*allowed: int | str, body: Any = NOTHING, **changes: Any) -> Expect:
    """What must come back: a 200 unless other statuses are given; `body` is a JSON Schema as a plain value."""
    if body is not NOTHING:
        changes["body"] = a_schema(body)
    return Expect(statuses(*(allowed or (200,))), **changes)


def a_rule(code: str = "unauthorized", *allowed: int | str, retryable: bool = False, **changes: Any) -> ErrorRule:
    """One row of the error table; `json={"$.error": "x"}` is short for a test of equality."""
    tests = changes.pop("json", ())
    if isinstance(tests, Mapping):
        tests = tuple(JsonTest(path, equals=value) for path, value in tests.items())
    return ErrorRule(code, retryable, statuses(*allowed) if allowed else None, json=tests, **changes)


def a_case(selector: str = "chatwoot/profile:ok", expect: Expect | None = None, **changes: Any) -> Case:
    """A case of `GET /api/v1/profile` that stands in line 12 of its contract."""
    vendor, _, rest = selector.partition("/")
    operation, _, name = rest.partition(":")
    known: dict[str, Any] = {
        "template": Template("GET", "/api/v1/profile"),
        "place": Place(f"contracts/{vendor}/{operation.partition('.')[0]}.yaml", 12, 7),
    }
    return Case(vendor, operation, name, expect=expect or an_expect(), **{**known, **changes})


def an_operation(id_: str, request: str, *, query: Mapping[str, Any] | None = None, **changes: Any) -> Operation:
    """An operation of the vendor acme without cases: `an_operation("users.get", "GET /users/{user_id}")`."""
    method, _, target = request.partition(" ")
    template = Template(method, target, query=query or {})
    place = Place("contracts/acme/users.yaml", 3, 3)
    return Operation("acme", id_, "", template, "read", place, **{"cases": (), **changes})


def a_vendor(*operations: Operation, base_url: str = "https://acme.example", **variables: Any) -> Vendor:
    """The vendor acme: its operations, where it is, and its variables by example."""
    production = Environment("production", Variable("base_url", None, base_url))
    return Vendor(
        "acme",
        "Acme",
        Path("contracts/acme"),
        Place("contracts/acme/vendor.yaml", 1),
        "0" * 64,
        environments={"production": production},
        variables={name: Variable(name, None, example) for name, example in variables.items()},
        operations={operation.id: operation for operation in operations},
    )
