"""A suite of any size for the benchmarks: contracts, cassettes and the same cases as hand-written tests.

    python benchmarks/generate.py 1000 /some/folder

Ten cases per operation, ten operations per file, ten files per vendor. Each answer is about 2 KB of JSON and is described
by a schema of 30 properties that the ten cases of its operation share.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from provendor.cassette import Interaction, Metadata, dump
from provendor.exchange import Headers, Origin, Request

CASES_PER_OPERATION = 10
OPERATIONS_PER_FILE = 10
FILES_PER_VENDOR = 10
CASES_PER_FILE = CASES_PER_OPERATION * OPERATIONS_PER_FILE
CASES_PER_VENDOR = CASES_PER_FILE * FILES_PER_VENDOR

VENDOR = """\
vendor: {vendor}
title: Vendor {vendor}
environments:
  production: {{ base_url: https://{vendor}.example }}
secrets:
  api_key: {{ env: API_KEY }}
variables:
  account_id: {{ env: ACCOUNT_ID, example: 1 }}
auth: {{ header: Api-Access-Token, value: "{{api_key}}" }}
errors:
  - {{ status: 401, code: unauthorized, retryable: false }}
  - {{ status: 404, code: not-found, retryable: false }}
  - {{ status: 429, code: rate-limited, retryable: true }}
  - {{ status: 5xx, code: vendor-down, retryable: true }}
max_age: 36500d
"""
OPERATION = """\
  things{number}.get:
    summary: Operation {number} of a generated suite.
    request: GET /api/v1/accounts/{{account_id}}/things{number}
    query: {{ status: open }}
    cases:
"""
CASE = """\
      case-{number}:
        with: {{ query: {{ id: "{number}" }} }}
        status: 200
        headers: {{ Cache-Control: no-store }}
        body: {{ $ref: "schemas/things.yaml#/things{operation}" }}
"""


def main() -> None:
    """Write a suite and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=int)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    write(args.folder, args.cases)
    print(f"{args.cases} cases in {args.folder}")


def write(root: Path, cases: int) -> None:
    """Write contracts, cassettes, and the three suites of plain tests that they are compared with."""
    listed = []
    for start in range(0, cases, CASES_PER_VENDOR):
        listed += list(_vendor(root, start // CASES_PER_VENDOR, min(CASES_PER_VENDOR, cases - start)))
    (root / "cases.json").write_text(json.dumps({"cases": listed, "schemas": [schema(n) for n in range(10)]}))
    (root / "test_nothing.py").write_text(NOTHING.format(cases=cases))
    (root / "test_usual.py").write_text(USUAL)
    (root / "test_tuned.py").write_text(TUNED)
    (root / "pytest.ini").write_text("[pytest]\n")


def _vendor(root: Path, number: int, cases: int) -> Iterator[list[Any]]:
    vendor = f"vendor{number}"
    folder = root / "contracts" / vendor
    (folder / "schemas").mkdir(parents=True)
    (folder / "vendor.yaml").write_text(VENDOR.format(vendor=vendor))
    schemas = {f"things{operation}": schema(operation) for operation in range(OPERATIONS_PER_FILE)}
    (folder / "schemas" / "things.yaml").write_text("\n".join(_yaml(schemas)) + "\n")
    for start in range(0, cases, CASES_PER_FILE):
        file = start // CASES_PER_FILE
        (folder / f"things{file}.yaml").write_text(_file(file, min(CASES_PER_FILE, cases - start)))
    for index in range(cases):
        yield _cassette(root, vendor, index)


def _file(file: int, cases: int) -> str:
    text = ["operations:\n"]
    for index in range(cases):
        operation = index // CASES_PER_OPERATION
        if index % CASES_PER_OPERATION == 0:
            text.append(OPERATION.format(number=f"{file}{operation}"))
        text.append(CASE.format(number=index % CASES_PER_OPERATION, operation=operation))
    return "".join(text)


def _cassette(root: Path, vendor: str, index: int) -> list[Any]:
    operation, case = divmod(index, CASES_PER_OPERATION)
    name = f"things{operation:02d}"
    url = f"https://{vendor}.example/api/v1/accounts/1/{name}"
    query = {"status": "open", "id": str(case)}
    request = Request("GET", url, tuple(query.items()), Headers((("Api-Access-Token", "<api_key>"),)))
    headers = Headers((("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store")))
    answer = Interaction(request, 200, headers, json.dumps(body(index)).encode())
    metadata = Metadata(origin=Origin.SYNTHETIC, source="benchmarks/generate.py", at="2026-11-20", api_version="1")
    path = root / "cassettes" / vendor / f"{name}.get" / f"case-{case}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dump((answer,), metadata))
    return [str(path.relative_to(root)), url, query, operation % OPERATIONS_PER_FILE]


def schema(operation: int) -> dict[str, Any]:
    """Return a JSON Schema of 30 properties; each operation has its own, so that none can be shared by luck."""
    person = {
        "type": "object",
        "required": ["id", "name", "email"],
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string", "minLength": 1},
            "email": {"type": ["string", "null"], "format": "email"},
            "phone": {"type": ["string", "null"]},
            "role": {"enum": ["agent", "administrator"]},
            "confirmed": {"type": "boolean"},
        },
    }
    message = {
        "type": "object",
        "required": ["id", "content", "private"],
        "properties": {
            "id": {"type": "integer"},
            "content": {"type": ["string", "null"]},
            "private": {"type": "boolean"},
            "message_type": {"enum": [0, 1, 2, 3]},
            "created_at": {"type": "integer"},
            "content_type": {"type": "string", "pattern": "^[a-z_]+$"},
        },
    }
    return {
        "title": f"Thing {operation}",
        "type": "object",
        "required": ["id", "uuid", "status", "meta", "messages"],
        "properties": {
            "id": {"type": "integer", "minimum": 0},
            "uuid": {"type": "string", "format": "uuid"},
            "account_id": {"type": "integer"},
            "inbox_id": {"type": "integer"},
            "status": {"enum": ["open", "resolved", "pending", "snoozed"]},
            "priority": {"enum": [None, "low", "medium", "high", "urgent"]},
            "created_at": {"type": "string", "format": "date-time"},
            "labels": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "unread_count": {"type": "integer", "minimum": 0},
            "can_reply": {"type": "boolean"},
            "muted": {"type": "boolean"},
            "snoozed_until": {"type": ["string", "null"], "format": "date-time"},
            "meta": {
                "type": "object",
                "required": ["sender", "channel"],
                "properties": {"sender": person, "channel": {"type": "string"}},
            },
            "messages": {"type": "array", "minItems": 1, "items": message},
            "url": {"type": "string", "format": "uri"},
            "custom_attributes": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }


def body(index: int) -> dict[str, Any]:
    """Return an answer of about 2 KB that honours the schema."""
    message = {"content": "A question about the order of last week. " * 2, "message_type": 0, "content_type": "text"}
    return {
        "id": index,
        "uuid": f"6f1c1fa0-0000-4000-8000-{index:012d}",
        "account_id": 1,
        "inbox_id": 7,
        "status": "open",
        "priority": None,
        "created_at": "2026-11-20T12:00:00Z",
        "labels": ["order", "refund", "vip"],
        "unread_count": 3,
        "can_reply": True,
        "muted": False,
        "snoozed_until": None,
        "meta": {
            "sender": {
                "id": 12,
                "name": "Ada Example",
                "email": "ada@example.com",
                "phone": None,
                "role": "agent",
                "confirmed": True,
            },
            "channel": "Channel::Api",
        },
        "messages": [{"id": n, "private": n % 2 == 0, "created_at": 1700000000 + n, **message} for n in range(7)],
        "url": f"https://vendor.example/things/{index}",
        "custom_attributes": {"order": "1001", "shop": "example", "language": "de"},
    }


def _yaml(value: Any, indent: int = 0) -> Iterator[str]:
    """Write a mapping as YAML in block style, as people write schemas; lists and scalars as JSON."""
    for key, below in value.items():
        if isinstance(below, dict) and below:
            yield f"{' ' * indent}{key}:"
            yield from _yaml(below, indent + 2)
        else:
            yield f"{' ' * indent}{key}: {json.dumps(below)}"


NOTHING = """\
import pytest

@pytest.mark.parametrize("case", range({cases}))
def test_nothing(case):
    pass
"""

USUAL = '''\
"""The suite as most people write it: a client per test, the schema judged anew each time."""
import json
import pathlib

import httpx
import jsonschema
import pytest
import vcr

HERE = pathlib.Path(__file__).parent
SUITE = json.loads((HERE / "cases.json").read_text())


@pytest.mark.parametrize(("cassette", "url", "query", "schema"), SUITE["cases"])
def test_case(cassette, url, query, schema):
    with vcr.use_cassette(str(HERE / cassette), record_mode="none"), httpx.Client() as client:
        answer = client.get(url, params=query, headers={"Api-Access-Token": "<api_key>"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    jsonschema.validate(answer.json(), SUITE["schemas"][schema])
'''

TUNED = '''\
"""The same, tuned: one client for all tests, each schema compiled once."""
import json
import pathlib

import httpx
import jsonschema_rs
import pytest
import vcr

HERE = pathlib.Path(__file__).parent
SUITE = json.loads((HERE / "cases.json").read_text())
VALIDATORS = [jsonschema_rs.validator_for(schema, validate_formats=True) for schema in SUITE["schemas"]]


@pytest.fixture(scope="session")
def client():
    with httpx.Client() as client:
        yield client


@pytest.mark.parametrize(("cassette", "url", "query", "schema"), SUITE["cases"])
def test_case(client, cassette, url, query, schema):
    with vcr.use_cassette(str(HERE / cassette), record_mode="none"):
        answer = client.get(url, params=query, headers={"Api-Access-Token": "<api_key>"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    VALIDATORS[schema].validate(answer.json())
'''


if __name__ == "__main__":
    main()
