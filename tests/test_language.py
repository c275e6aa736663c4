"""The language's own description, the loader and the reference documentation say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_files import write
from provendor.errors import ContractError
from provendor.reader.language import FILE, Language
from provendor.reader.loading import language_text, load
from provendor.schemas.schema import Schema

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = (ROOT / "docs" / "reference" / "contract-language.md").read_text(encoding="utf-8")
LANGUAGE: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
KINDS: dict[str, Any] = LANGUAGE["$defs"]
CONTRACTS = sorted((ROOT / "contracts").glob("*/*.yaml"))


def objects(schema: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every mapping with fixed keys that a kind describes: its name, dotted where it is nested, and its keys."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield name, schema["properties"]
            for key, below in schema["properties"].items():
                yield from objects(below, f"{name}.{key}")
        for keyword in ("additionalProperties", "items"):
            yield from objects(schema.get(keyword), name)
        for branch in schema.get("anyOf", ()):
            yield from objects(branch, name)


ALL_KEYS = {
    f"{name}.{key}": schema
    for kind, definition in KINDS.items()
    for name, keys in objects(definition, kind)
    for key, schema in keys.items()
}


class TestTheDescription:
    """language.json by itself."""

    def test_it_is_a_json_schema(self):
        """Editors can use it as it is."""
        jsonschema_rs.meta.validate(LANGUAGE)

    def test_it_is_shipped_and_printed_as_it_is(self):
        """`provendor show --schema` prints the file of the package."""
        assert json.loads(language_text()) == LANGUAGE
        assert FILE.parent == ROOT / "src" / "provendor"

    @pytest.mark.parametrize("key", sorted(ALL_KEYS))
    def test_every_key_has_a_title_and_a_description(self, key):
        """That is what an editor shows."""
        title, description = ALL_KEYS[key]["title"], ALL_KEYS[key]["description"]

        assert title[0].isupper() or title == "raw"
        assert description.endswith((".", "`"))

    def test_every_kind_of_value_has_a_phrase(self):
        """It completes the sentence "expected ..." and so is no heading: it has no description."""
        kinds = {name: kind for name, kind in KINDS.items() if not name.endswith("_file")}

        assert [name for name, kind in kinds.items() if not kind.get("title") or "description" in kind] == []

    def test_every_kind_is_used(self):
        """What nothing refers to describes nothing."""
        used = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(LANGUAGE)))

        assert used == set(KINDS)

    @pytest.mark.parametrize(
        "path", sorted((ROOT / "contracts").glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}"
    )
    def test_every_contract_names_it_for_editors(self, path):
        """The first line leads from the contract to the file."""
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)

        assert found
        assert (path.parent / found[1]).resolve() == FILE


# --- the reference ------------------------------------------------------------------------------------------------------

SECTIONS = {
    "## vendor.yaml": "vendor_file",
    "### auth": "auth_one",
    "### errors": "error_rule",
    "## Resource files": "resource_file",
    "### Operation": "operation",
    "### Case": "case",
    "## Flows": "flow",
    "### Step": "flow_step",
    "## Paging": "paging",
    "## Clean-up": "cleanup",
    "## MCP": "mcp_vendor",
    "### MCP call": "mcp_call",
    "## Webhooks": "webhooks",
    "## Where the vendor's spec is wrong": "disagreement",
    "### Signature": "webhook_signature",
    "### Challenge": "challenge",
    "### Delivery": "delivery",
    "### Case of a delivery": "delivery_case",
}


def table_of(heading: str) -> dict[str, str]:
    """Return the table below a heading of the reference: each key of the first column, and its row."""
    section = REFERENCE.partition(f"\n{heading}\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", section, re.MULTILINE)
    return {key: row for first, row in rows for key in re.findall(r"`(\w+)`", first)}


class TestTheReference:
    """docs/reference/contract-language.md."""

    @pytest.mark.parametrize("heading", SECTIONS)
    def test_each_table_has_a_row_for_each_key_and_no_other(self, heading):
        """A key that is added, renamed or removed shows up here until the reference says so."""
        kind = SECTIONS[heading]
        keys = {key for name, found in objects(KINDS[kind], kind) if name == kind for key in found}

        assert set(table_of(heading)) == keys

    @pytest.mark.parametrize("key", sorted(ALL_KEYS))
    def test_each_key_stands_in_backticks(self, key):
        """Also the keys of small mappings, which have no table of their own."""
        spans = " ".join(re.findall(r"`([^`]+)`", REFERENCE))

        assert re.search(rf"\b{key.rpartition('.')[2]}\b", spans)

    def test_each_key_of_a_small_mapping_exists(self):
        """What the reference writes as `{ a, b }` is what the language calls so."""
        known = [set(keys) for kind, definition in KINDS.items() for _, keys in objects(definition, kind)]
        written = [set(re.findall(r"\w+", span)) for span in re.findall(r"`\{ (\w+(?:, \w+)*) \}`", REFERENCE)]

        assert len(written) >= 8
        assert [keys for keys in written if keys not in known] == []


# --- the loader ---------------------------------------------------------------------------------------------------------

VENDOR: dict[str, Any] = {
    "vendor": "acme",
    "title": "Acme",
    "secrets": {"api_key": {"env": "ACME_API_KEY"}},
    "variables": {"user_id": {"env": "ACME_USER_ID", "example": 7}},
    "auth": {"bearer": "{api_key}"},
    "environments": {"production": {"base_url": {"env": "ACME_URL"}}},
    "errors": [{"status": 429, "code": "rate-limited", "retryable": True}],
}
USERS: dict[str, Any] = {
    "schemas": {"user": {"type": "object"}},
    "operations": {
        "users.get": {
            "summary": "One user.",
            "request": "GET /users/{user_id}",
            "cases": {
                "ok": {"status": 200, "with": {"query": {"page": 1}}, "body": {"$ref": "#/schemas/user"}},
                "gone": {"status": 404},
            },
        }
    },
}
_V, _E, _O = "vendor.yaml", "vendor.yaml errors 0", "users.yaml operations users.get"
_C = f"{_O} cases gone"
_SECRET = {"api_key": {"env": "ACME_API_KEY"}}

_SCALARS = {"Money": {"type": "string"}}
_GRAPHQL = {"endpoint": "POST /graphql", "schemas": {"1": "sdl.graphql", "2": "sdl.graphql"}, "version": "1"}
_CALL = {"document": "name.graphql", "operation": "Name", "variables": {"id": "7"}}
_QUERY = {"summary": "A name.", "graphql": _CALL, "safety": "read", "cases": {"ok": {"status": 200}}}
_SHOP = [(f"{_V} graphql", _GRAPHQL), ("users.yaml operations shop", _QUERY)]
_CALLED = "users.yaml operations shop graphql"
_ASKED = "users.yaml operations shop cases ok with"
GRAPHQL_FILES = {
    "sdl.graphql": (
        "scalar Money\nenum Kind { A B }\n"
        "type Query { name(id: ID): String, kind: Kind, price: Money, old: Int @deprecated }"
    ),
    "name.graphql": "query Name($id: ID) { name(id: $id) kind } query Other { kind }",
    "old.graphql": "query Name { old }",
    "price.graphql": "query Name { price }",
}

_POLL = {"every": "2s", "within": "1m", "until": {"$.id": [7, 8]}}
_STEPS = [
    {"name": "first", "call": "users.get", "capture": {"id": "$.id"}},
    {"name": "last", "call": "users.get", "with": {"path": {"user_id": "{id}"}}, "poll": _POLL},
]
_FLOW = {"summary": "Twice.", "steps": _STEPS, "cases": {"ok": {"status": 200}}}
_FLOWS = [("users.yaml flows", {"twice": _FLOW})]
_S, _W = "users.yaml flows twice steps 0", "users.yaml flows twice steps 1 poll"
_F = "users.yaml flows twice cases ok"
_PAGES = {"style": "cursor", "items": "$.data", "next": "$.next", "send": {"query": "after"}}
_PAGED = [(f"{_O} paging", _PAGES), (f"{_C} pages", "all")]
_NUMBERED = [*_PAGED, (f"{_O} paging", {"style": "page", "items": "$.data", "send": {"query": "page"}})]

_OAUTH2 = {"grant": "client_credentials", "token": "users.get", "gives": "api_key"}
_ASSERTION = {
    "issuer": "robot@example.com",
    "key": "{api_key}",
    "audience": "https://a.example.com",
    "gives": "api_key",
}
_JWT_GRANT = {**_OAUTH2, "grant": "jwt_bearer", "assertion": _ASSERTION}

_SHARED = {"refusals": {"refused": {"status": 403}}}
_LATE = {"late": {"late": {"status": 504}}}
_HMAC = {"header": "X-Sign", "encoding": "hex", "secret": "{api_key}"}
_HOOKS = {"signature": _HMAC, "topic": "X-Topic", "delivery_id": "X-Id", "subject": {"user": "$.id"}}
_DELIVERY = {"summary": "A user is new.", "topic": "users/new", "cases": {"ok": {}}}
_SENT = [(f"{_V} webhooks", _HOOKS), ("users.yaml deliveries", {"users.new": _DELIVERY})]
_D, _DC = "users.yaml deliveries users.new", "users.yaml deliveries users.new cases ok"
_SIGN, _ASK = f"{_V} webhooks signature", f"{_V} webhooks challenge"
_STAMPED = [*_SENT, (f"{_SIGN} timestamp", "X-Time")]
_CHALLENGE = {"query": "text", "verify": "token", "secret": "{api_key}"}
_CHALLENGED = [*_SENT, (_ASK, _CHALLENGE)]

_MCP = {"revision": "2025-11-25", "endpoint": "POST /mcp"}
_TOOL = {"summary": "Add.", "mcp": {"tool": "add"}, "safety": "read", "cases": {"ok": {"status": 200}}}
_TOOLS = {"summary": "Tools.", "mcp": {"method": "tools/list"}, "cases": {"ok": {"status": 200}}}
_M, _T, _TL = f"{_V} mcp", "users.yaml operations add", "users.yaml operations tools"
_SPOKEN = [(_M, _MCP), (_T, _TOOL), (_TL, _TOOLS)]
_OTHER_CALL = f"{_T} cases ok with"

_GONE = {"summary": "Go.", "request": "DELETE /users/{user_id}", "safety": "write", "cases": {"ok": {"status": 204}}}
_AWAY = {"call": "users.gone"}
_TAKEN = {"call": "users.away", "with": {"path": {"user_id": "{made}"}}}
_WRITES = [(f"{_O} safety", "write")]
_CLEANED = [*_WRITES, ("users.yaml operations users.away", _GONE), (f"{_O} cleanup", {"call": "users.away"})]

_LIE = {"at": "users.get#/id", "code": "drift-type", "reason": "It is text."}

_TOLERANCE = {"at": "users.get#/name", "operators": ["drop"], "reason": "Old servers send none."}

_WINDOW = {"from": "2026-12-15T02:00Z", "until": "2026-12-15T04:00Z", "reason": "The database moves."}
_GUIDES = {"users": {"title": "Users", "text": "Ask once.", "operations": ["users.*"]}}

CHANGES: Mapping[str, list[tuple[str, Any]]] = {
    "vendor_file.mcp": [(_M, _MCP)],
    "mcp_vendor.endpoint": [(_M, {**_MCP, "endpoint": "POST /other"})],
    "mcp_vendor.command": [(_M, {"revision": "2025-11-25", "command": ["server"]})],
    "mcp_vendor.revision": [(_M, {**_MCP, "revision": "2026-07-28"})],
    "mcp_vendor.client": [(_M, {**_MCP, "client": {"name": "dashboard", "version": "2"}})],
    "mcp_client.name": [(_M, {**_MCP, "client": {"name": "probe", "version": "2"}})],
    "mcp_client.version": [(_M, {**_MCP, "client": {"name": "dashboard", "version": "3"}})],
    "mcp_vendor.meta": [(_M, {**_MCP, "meta": {"a": 1}})],
    "mcp_vendor.arguments": [(_M, {**_MCP, "arguments": {"a": 1}})],
    "mcp_vendor.handshake": [(_M, {**_MCP, "handshake": "none"})],
    "operation.mcp": _SPOKEN,
    "mcp_call.tool": [*_SPOKEN, (f"{_T} mcp tool", "sum")],
    "mcp_call.arguments": [*_SPOKEN, (f"{_T} mcp arguments", {"a": 2})],
    "mcp_call.method": [*_SPOKEN, (f"{_TL} mcp method", "prompts/list")],
    "mcp_call.params": [*_SPOKEN, (f"{_TL} mcp params", {"a": 1})],
    "mcp_call.endpoint": [*_SPOKEN, (f"{_TL} mcp endpoint", "POST /old")],
    "with.mcp": [*_SPOKEN, (_OTHER_CALL, {"mcp": {"arguments": {"a": 3}, "revision": "2024-11-05"}})],
    "mcp_change.tool": [*_SPOKEN, (_OTHER_CALL, {"mcp": {"tool": "nope"}})],
    "mcp_change.arguments": [*_SPOKEN, (_OTHER_CALL, {"mcp": {"arguments": {"a": 3}}})],
    "mcp_change.params": [*_SPOKEN, (_OTHER_CALL, {"mcp": {"params": {"a": 3}}})],
    "mcp_change.revision": [*_SPOKEN, (_OTHER_CALL, {"mcp": {"revision": "2024-11-05"}})],
    "case.result": [*_SPOKEN, (f"{_T} cases ok result", {"type": "object"})],
    "operation.cleanup": _CLEANED,
    "cleanup.call": [*_CLEANED, ("users.yaml operations users.gone", _GONE), (f"{_O} cleanup call", "users.gone")],
    "cleanup.with": [*_CLEANED, (f"{_O} cleanup with", {"path": {"user_id": 9}})],
    "cleanup.capture": [*_CLEANED, (f"{_O} cleanup", {**_TAKEN, "capture": {"made": "$.id"}})],
    "flow_step.cleanup": [*_FLOWS, ("users.yaml operations users.gone", _GONE), *_WRITES, (f"{_S} cleanup", _AWAY)],
    "case.tools": [*_SPOKEN, (f"{_TL} cases ok tools", {"add": [{"a": 1}]})],
    "vendor_file.webhooks": _SENT,
    "webhooks.signature": [*_SENT, (f"{_V} webhooks", {"topic": "X-Topic"})],
    "webhooks.topic": [*_SENT, (f"{_V} webhooks topic", "$.event")],
    "webhooks.delivery_id": [*_SENT, (f"{_V} webhooks delivery_id", "$.id")],
    "webhooks.subject": [*_SENT, (f"{_V} webhooks subject", {"user": ["$.account", "$.id"]})],
    "webhooks.order_by": [*_SENT, (f"{_V} webhooks order_by", "X-At")],
    "webhooks.challenge": _CHALLENGED,
    "challenge.query": [*_CHALLENGED, (f"{_ASK} query", "echo")],
    "challenge.verify": [*_CHALLENGED, (f"{_ASK} verify", "known")],
    "challenge.secret": [*_CHALLENGED, (f"{_V} secrets other", {"env": "OTHER"}), (f"{_ASK} secret", "{other}")],
    "challenge.where": [*_CHALLENGED, (f"{_ASK} where", {"mode": "subscribe"})],
    "webhook_signature.header": [*_SENT, (f"{_SIGN} header", "X-Signature")],
    "webhook_signature.algorithm": [*_SENT, (f"{_SIGN} algorithm", "sha512")],
    "webhook_signature.encoding": [*_SENT, (f"{_SIGN} encoding", "base64")],
    "webhook_signature.prefix": [*_SENT, (f"{_SIGN} prefix", "sha256=")],
    "webhook_signature.signed": [*_STAMPED, (f"{_SIGN} signed", "{timestamp}.{body}")],
    "webhook_signature.timestamp": _STAMPED,
    "webhook_signature.tolerance": [*_STAMPED, (f"{_SIGN} tolerance", "5m")],
    "webhook_signature.secret": [*_SENT, (f"{_V} secrets other", {"env": "OTHER"}), (f"{_SIGN} secret", "{other}")],
    "vendor_file.case_sets": [(f"{_V} case_sets", _SHARED), (f"{_O} sets", ["refusals"])],
    "resource_file.case_sets": [("users.yaml case_sets", _LATE), (f"{_O} sets", ["late"])],
    "operation.sets": [("users.yaml case_sets", {**_SHARED, **_LATE}), (f"{_O} sets", ["late", "refusals"])],
    "resource_file.deliveries": [("users.yaml deliveries", {"users.new": _DELIVERY})],
    "delivery.summary": [*_SENT, (f"{_D} summary", "Somebody is new.")],
    "delivery.topic": [*_SENT, (f"{_D} topic", "users/created")],
    "delivery.scope": [*_SENT, (f"{_D} scope", "read_users")],
    "delivery.dedupe": [*_SENT, (f"{_D} dedupe", "id and moment")],
    "delivery.delivery_id": [*_SENT, (f"{_D} delivery_id", ["$.verb", "$.id"])],
    "delivery.subject": [*_SENT, (f"{_D} subject", {"account": "$.account"})],
    "delivery.order_by": [*_SENT, (f"{_D} order_by", "$.updated_at")],
    "delivery.needed_by": [*_SENT, (f"{_D} needed_by", "The dashboard.")],
    "delivery.body": [*_SENT, (f"{_D} body", {"type": "object"})],
    "delivery.notes": [*_SENT, (f"{_D} notes", "Often late.")],
    "delivery.cases": [*_SENT, (f"{_D} cases", {"fine": {}})],
    "delivery_case.summary": [*_SENT, (f"{_DC} summary", "As usual.")],
    "delivery_case.headers": [*_SENT, (f"{_DC} headers", {"X-Test": "true"})],
    "delivery_case.content_type": [*_SENT, (f"{_DC} content_type", "text/plain")],
    "delivery_case.body": [*_SENT, (f"{_DC} body", {"type": "string"})],
    "delivery_case.without": [*_SENT, (f"{_DC} without", ["signature"])],
    "delivery_case.pending": [*_SENT, (f"{_DC} pending", {"reason": "Broken.", "until": "2026-12-01"})],
    "resource_file.flows": _FLOWS,
    "flow.summary": [*_FLOWS, ("users.yaml flows twice summary", "Two times.")],
    "flow.steps": [*_FLOWS, ("users.yaml flows twice steps", [{"name": "only", "call": "users.get"}])],
    "flow.errors": [*_FLOWS, ("users.yaml flows twice errors", [{"status": 503, "code": "down", "retryable": True}])],
    "flow.notes": [*_FLOWS, ("users.yaml flows twice notes", "Slow.")],
    "flow.cases": [*_FLOWS, ("users.yaml flows twice cases", {"fine": {"status": 200}})],
    "flow_step.name": [*_FLOWS, (f"{_S} name", "one")],
    "flow_step.call": [
        *_FLOWS,
        ("users.yaml operations users.other", USERS["operations"]["users.get"]),
        (f"{_S} call", "users.other"),
    ],
    "flow_step.with": [*_FLOWS, (f"{_S} with", {"query": {"full": 1}})],
    "flow_step.status": [*_FLOWS, (f"{_S} status", 202)],
    "flow_step.body": [*_FLOWS, (f"{_S} body", {"type": "object"})],
    "flow_step.capture": [*_FLOWS, (f"{_S} capture", {"id": ["$.id", "$.data.id"]})],
    "flow_step.poll": [*_FLOWS, (f"{_S} poll", _POLL)],
    "capture.path": [*_FLOWS, (f"{_S} capture id", {"path": "$.number"})],
    "capture.secret": [*_FLOWS, (f"{_S} capture id", {"path": "$.id", "secret": True})],
    "poll.every": [*_FLOWS, (f"{_W} every", "3s")],
    "poll.within": [*_FLOWS, (f"{_W} within", "2m")],
    "poll.until": [*_FLOWS, (f"{_W} until", {"$.id": {"present": True}})],
    "poll.while": [*_FLOWS, (f"{_W} while", {"$.id": 9})],
    "poll.fail_when": [*_FLOWS, (f"{_W} fail_when", {"$.error": {"pattern": "."}})],
    "flow_case.summary": [*_FLOWS, (f"{_F} summary", "It is there.")],
    "flow_case.with": [*_FLOWS, (f"{_F} with", {"first": {"auth": "wrong"}})],
    "flow_case.ends_at": [*_FLOWS, (f"{_F} ends_at", "first")],
    "flow_case.status": [*_FLOWS, (f"{_F} status", 202)],
    "flow_case.headers": [*_FLOWS, (f"{_F} headers", {"Link": "x"})],
    "flow_case.content_type": [*_FLOWS, (f"{_F} content_type", "text/html")],
    "flow_case.body": [*_FLOWS, (f"{_F} body", {"type": "string"})],
    "flow_case.text": [*_FLOWS, (f"{_F} text", "gone")],
    "flow_case.empty": [*_FLOWS, (f"{_F} empty", True)],
    "flow_case.error": [*_FLOWS, (f"{_F} error", "flow-timeout")],
    "flow_case.latency": [*_FLOWS, (f"{_F} latency", {"warn_after": "1s"})],
    "flow_case.live": [*_FLOWS, (f"{_F} live", "never")],
    "flow_case.pending": [*_FLOWS, (f"{_F} pending", {"reason": "Broken.", "until": "2026-12-01"})],
    "operation.paging": [*_PAGED, (f"{_O} paging", {**_PAGES, "items": "$.items"})],
    "case.pages": _PAGED,
    "paging.style": [*_PAGED, (f"{_O} paging", {"style": "link", "items": "$.data"})],
    "paging.items": [*_PAGED, (f"{_O} paging items", "$.list")],
    "paging.next": [*_PAGED, (f"{_O} paging next", "$.cursor")],
    "paging.send": [*_PAGED, (f"{_O} paging send", {"query": "cursor"})],
    "paging.send.query": [*_PAGED, (f"{_O} paging send", {"query": "since"})],
    "paging.send.json": [*_PAGED, (f"{_O} json", {}), (f"{_O} paging send", {"json": "after"})],
    "paging.send.header": [*_PAGED, (f"{_O} paging send", {"header": "After"})],
    "paging.send.graphql": [
        *_SHOP,
        (
            "users.yaml operations shop paging",
            {"style": "graphql", "items": "$.data", "next": "$.data.page", "send": {"graphql": "id"}},
        ),
        ("users.yaml operations shop cases ok pages", "all"),
    ],
    "paging.id": [*_PAGED, (f"{_O} paging id", "$.id")],
    "paging.total": [*_PAGED, (f"{_O} paging total", "$.total")],
    "paging.pages": [*_NUMBERED, (f"{_O} paging pages", "$.pages")],
    "paging.more": [*_PAGED, (f"{_O} paging more", "$.more")],
    "paging.size": [*_PAGED, (f"{_O} paging size", 25)],
    "paging.first": [*_NUMBERED, (f"{_O} paging first", 0)],
    "paging.max_pages": [*_PAGED, (f"{_O} paging max_pages", 3)],
    "vendor_file.graphql": [(f"{_V} graphql", _GRAPHQL)],
    "graphql_vendor.endpoint": [(f"{_V} graphql", {**_GRAPHQL, "endpoint": "POST /{version}/graphql"})],
    "graphql_vendor.schemas": [(f"{_V} graphql", {**_GRAPHQL, "schemas": {"1": "sdl.graphql"}})],
    "graphql_vendor.version": [(f"{_V} graphql", {**_GRAPHQL, "version": "2"})],
    "graphql_vendor.scalars": [(f"{_V} graphql", {**_GRAPHQL, "scalars": _SCALARS})],
    "graphql_vendor.open_enums": [(f"{_V} graphql", {**_GRAPHQL, "open_enums": ["Kind"]})],
    "graphql_vendor.deprecated": [(f"{_V} graphql", {**_GRAPHQL, "deprecated": ["Query.old"]})],
    "vendor_file.oauth2": [(f"{_V} oauth2", _OAUTH2)],
    "oauth2.grant": [(f"{_V} oauth2", {**_OAUTH2, "grant": "refresh_token"})],
    "oauth2.token": [
        ("users.yaml operations users.token", USERS["operations"]["users.get"]),
        (f"{_V} oauth2", {**_OAUTH2, "token": "users.token"}),
    ],
    "oauth2.gives": [(f"{_V} secrets", {**_SECRET, "own": {"env": "A"}}), (f"{_V} oauth2", {**_OAUTH2, "gives": "own"})],
    "oauth2.assertion": [(f"{_V} oauth2", _JWT_GRANT)],
    "assertion.issuer": [(f"{_V} oauth2", {**_JWT_GRANT, "assertion": {**_ASSERTION, "issuer": "robot@example.org"}})],
    "assertion.key": [(f"{_V} oauth2", {**_JWT_GRANT, "assertion": {**_ASSERTION, "key": "key"}})],
    "assertion.key_id": [(f"{_V} oauth2", {**_JWT_GRANT, "assertion": {**_ASSERTION, "key_id": "1"}})],
    "assertion.audience": [(f"{_V} oauth2", {**_JWT_GRANT, "assertion": {**_ASSERTION, "audience": "https://b.example.com"}})],
    "assertion.scope": [(f"{_V} oauth2", {**_JWT_GRANT, "assertion": {**_ASSERTION, "scope": "read"}})],
    "assertion.gives": [
        (f"{_V} secrets", {**_SECRET, "own": {"env": "A"}}),
        (f"{_V} oauth2", {**_JWT_GRANT, "assertion": {**_ASSERTION, "gives": "own"}}),
    ],
    "vendor_file.guides": [(f"{_V} guides", _GUIDES)],
    "guide.title": [(f"{_V} guides", {"users": {**_GUIDES["users"], "title": "Everybody"}})],
    "guide.text": [(f"{_V} guides", {"users": {**_GUIDES["users"], "text": "Ask twice."}})],
    "guide.operations": [(f"{_V} guides", {"users": {**_GUIDES["users"], "operations": ["users.get"]}})],
    "vendor_file.maintenance": [(f"{_V} maintenance", [_WINDOW])],
    "window.from": [(f"{_V} maintenance", [{**_WINDOW, "from": "2026-12-15T01:00Z"}])],
    "window.until": [(f"{_V} maintenance", [{**_WINDOW, "until": "2026-12-15T04:00:30+01:00"}])],
    "window.reason": [(f"{_V} maintenance", [{**_WINDOW, "reason": "They said so."}])],
    "window.operations": [(f"{_V} maintenance", [{**_WINDOW, "operations": ["users.*"]}])],
    "vendor_file.indicators": [(f"{_V} indicators", {"drafts": {"title": "Drafts.", "ok": 0.9, "warn": 0.5}})],
    "indicator.title": [(f"{_V} indicators", {"drafts": {"title": "All drafts.", "ok": 0.9, "warn": 0.5}})],
    "indicator.ok": [(f"{_V} indicators", {"drafts": {"title": "Drafts.", "ok": 0.8, "warn": 0.5}})],
    "indicator.warn": [(f"{_V} indicators", {"drafts": {"title": "Drafts.", "ok": 0.9, "warn": 0.4}})],
    "indicator.min": [(f"{_V} indicators", {"drafts": {"title": "Drafts.", "ok": 0.9, "warn": 0.5, "min": 5}})],
    "vendor_file.spec_disagrees": [(f"{_V} spec_disagrees", [_LIE])],
    "disagreement.at": [(f"{_V} spec_disagrees", [{**_LIE, "at": ["users.*#/id", "users.*#/name"]}])],
    "disagreement.code": [(f"{_V} spec_disagrees", [{**_LIE, "code": "drift-enum"}])],
    "disagreement.ours": [(f"{_V} spec_disagrees", [{**_LIE, "ours": "integer*"}])],
    "disagreement.theirs": [(f"{_V} spec_disagrees", [{**_LIE, "theirs": "number"}])],
    "disagreement.reason": [(f"{_V} spec_disagrees", [{**_LIE, "reason": "Seen."}])],
    "vendor_file.tolerates": [(f"{_V} tolerates", [_TOLERANCE])],
    "tolerance.at": [(f"{_V} tolerates", [{**_TOLERANCE, "at": ["users.*#/name", "users.*#/nick"]}])],
    "tolerance.operators": [(f"{_V} tolerates", [{**_TOLERANCE, "operators": ["drop", "empty-string"]}])],
    "tolerance.reason": [(f"{_V} tolerates", [{**_TOLERANCE, "reason": "We never show it."}])],
    "vendor_file.version_header": [(f"{_V} api_version", "3"), (f"{_V} version_header", "X-Version")],
    "vendor_file.warnings": [(f"{_V} warnings", {"$.warnings[*]": "ignored"})],
    "operation.graphql": _SHOP,
    "graphql_call.document": [*_SHOP, (f"{_CALLED}", {"document": "old.graphql"}), (f"{_V} graphql deprecated", ["Query.old"])],
    "graphql_call.operation": [*_SHOP, (f"{_CALLED} operation", "Other"), (f"{_CALLED} variables", {})],
    "graphql_call.variables": [*_SHOP, (f"{_CALLED} variables", {"id": "8"})],
    "graphql_call.version": [*_SHOP, (f"{_CALLED} version", "2")],
    "with.graphql": [*_SHOP, (_ASKED, {"graphql": {"variables": {"id": "9"}}})],
    "graphql_change.variables": [*_SHOP, (_ASKED, {"graphql": {"variables": {"id": None}}})],
    "graphql_change.version": [*_SHOP, (_ASKED, {"graphql": {"version": "2"}})],
    "case.shape": [*_SHOP, ("users.yaml operations shop cases ok shape", "partial")],
    "vendor_file.vendor": [(f"{_V} vendor", "acne")],
    "vendor_file.title": [(f"{_V} title", "The Acme")],
    "vendor_file.owner": [(f"{_V} owner", "integrations")],
    "vendor_file.docs": [(f"{_V} docs", "https://docs.example.com")],
    "vendor_file.runbook": [(f"{_V} runbook", "https://runbook.example.com")],
    "vendor_file.api_version": [(f"{_V} api_version", "2")],
    "vendor_file.api_version_ends": [(f"{_V} api_version_ends", "2027-07-01")],
    "vendor_file.notes": [(f"{_V} notes", "Mind the gap.")],
    "vendor_file.environments": [(f"{_V} environments", {})],
    "vendor_file.environments.sandbox": [(f"{_V} environments sandbox", {"base_url": "https://sandbox.example.com"})],
    "vendor_file.environments.production": [(f"{_V} environments production", {"base_url": "https://other.example.com"})],
    "environment.base_url": [(f"{_V} environments production base_url", "https://prod.example.com")],
    "environment.proxy": [(f"{_V} environments production proxy", {"env": "ACME_PROXY"})],
    "environment.ca_bundle": [(f"{_V} environments production ca_bundle", {"env": "ACME_CA"})],
    "environment.client_certificate": [(f"{_V} environments production client_certificate", {"env": "ACME_PEM"})],
    "from_env.env": [(f"{_V} environments production proxy", {"env": "ACME_OTHER_PROXY"})],
    "environment.private": [(f"{_V} environments production private", True)],
    "base_url.env": [(f"{_V} environments production base_url env", "ACME_OTHER")],
    "base_url.example": [(f"{_V} environments production base_url example", "https://example.example.com")],
    "base_url.default": [(f"{_V} environments production base_url default", "https://default.example.com")],
    "base_url.title": [(f"{_V} environments production base_url title", "Where it lives")],
    "vendor_file.live_flag": [(f"{_V} live_flag", "ACME_LIVE")],
    "vendor_file.variables": [(f"{_V} variables", {"user_id": {"example": 8}})],
    "variable.env": [(f"{_V} variables user_id env", "ACME_OTHER")],
    "variable.example": [(f"{_V} variables user_id example", "8")],
    "variable.default": [(f"{_V} variables user_id default", "9")],
    "variable.generate": [(f"{_V} variables user_id generate", "uuid")],
    "variable.title": [(f"{_V} variables user_id title", "Whose")],
    "vendor_file.secrets": [(f"{_V} secrets", {**_SECRET, "other": {"env": "OTHER"}})],
    "secret.env": [(f"{_V} secrets api_key env", "ACME_OTHER")],
    "secret.example": [(f"{_V} secrets api_key example", "<key>")],
    "secret.title": [(f"{_V} secrets api_key title", "Where to get it")],
    "vendor_file.auth": [(f"{_V} auth", "none")],
    "auth_one.bearer": [(f"{_V} auth bearer", "x{api_key}")],
    "auth_one.header": [(f"{_V} auth", {"header": "X-Key", "value": "{api_key}"})],
    "auth_one.query": [(f"{_V} auth", {"query": "key", "value": "{api_key}"})],
    "auth_one.value": [(f"{_V} auth", {"query": "key", "value": "x{api_key}"})],
    "auth_one.basic": [(f"{_V} auth", {"basic": {"username": "{api_key}", "password": ""}})],
    "auth_one.basic.username": [(f"{_V} auth", {"basic": {"username": "{api_key}:", "password": ""}})],
    "auth_one.basic.password": [(f"{_V} auth", {"basic": {"username": "", "password": "{api_key}"}})],
    "vendor_file.rate_limit": [(f"{_V} rate_limit", {"requests": 1, "per": "1s"})],
    "rate_limit.requests": [(f"{_V} rate_limit", {"requests": 2, "per": "1s"})],
    "rate_limit.per": [(f"{_V} rate_limit", {"requests": 1, "per": "2s"})],
    "vendor_file.errors": [(f"{_V} errors", [])],
    "error_rule.status": [(f"{_E} status", [429, "5xx"])],
    "error_rule.header": [(f"{_E} header", {"X-Error": "1"})],
    "error_rule.json": [(f"{_E} json", {"$.error": None})],
    "error_rule.text": [(f"{_E} text", "slow down")],
    "error_rule.code": [(f"{_E} code", "too-fast")],
    "error_rule.retryable": [(f"{_E} retryable", False)],
    "error_rule.title": [(f"{_E} title", "Wait.")],
    "test.pattern": [(f"{_E} json", {"$.error": {"pattern": "slow"}})],
    "test.present": [(f"{_E} json", {"$.error": {"present": False}})],
    "vendor_file.max_age": [(f"{_V} max_age", "90d")],
    "vendor_file.redact": [(f"{_V} redact", ["$.email"])],
    "resource_file.operations": [("users.yaml operations users.list", USERS["operations"]["users.get"])],
    "resource_file.schemas": [("users.yaml schemas user type", "string")],
    "operation.summary": [(f"{_O} summary", "A user.")],
    "operation.request": [(f"{_O} request", "HEAD /users/{user_id}")],
    "operation.path": [(f"{_O} path", {"user_id": 8})],
    "operation.query": [(f"{_O} query", {"sort": "name"})],
    "operation.headers": [(f"{_O} headers", {"Accept": "*/*"})],
    "operation.json": [(f"{_O} json", None)],
    "operation.form": [(f"{_O} form", {"a": "b"})],
    "operation.raw": [(f"{_O} raw", {"content_type": "text/plain", "text": ""})],
    "raw.content_type": [(f"{_O} raw", {"content_type": "text/csv", "text": ""})],
    "raw.text": [(f"{_O} raw", {"content_type": "text/plain", "text": "a"})],
    "operation.auth": [(f"{_O} auth", {"query": "own", "value": "{api_key}"})],
    "operation.safety": [(f"{_O} safety", "write")],
    "operation.echo": [(f"{_O} echo", "expected")],
    "operation.idempotency": [(f"{_O} idempotency", "None.")],
    "operation.errors": [(f"{_O} errors", [{"status": 503, "code": "down", "retryable": True}])],
    "operation.probe": [(f"{_O} probe", {"every": "60s"})],
    "probe.every": [(f"{_O} probe", {"every": "61s"})],
    "probe.timeout": [(f"{_O} probe", {"every": "60s", "timeout": "1s"})],
    "probe.warn_after": [(f"{_O} probe", {"every": "60s", "warn_after": "1s"})],
    "probe.fail_after": [(f"{_O} probe", {"every": "60s", "fail_after": 2})],
    "probe.recover_after": [(f"{_O} probe", {"every": "60s", "recover_after": 2})],
    "operation.notes": [(f"{_O} notes", "Slow.")],
    "operation.cases": [(f"{_O} cases", {"ok": {"status": 200}})],
    "case.summary": [(f"{_C} summary", "It is gone.")],
    "case.with": [(f"{_C} with", {"query": {"page": 2}})],
    "with.path": [(f"{_C} with", {"path": {"user_id": 404}})],
    "with.query": [(f"{_C} with", {"query": {"page": 3}})],
    "with.headers": [(f"{_C} with", {"headers": {"Accept": "*/*"}})],
    "with.json": [(f"{_C} with", {"json": {}})],
    "with.form": [(f"{_C} with", {"form": {}})],
    "with.raw": [(f"{_C} with", {"raw": {"content_type": "text/plain", "text": ""}})],
    "with.auth": [(f"{_C} with", {"auth": "wrong"})],
    "case.status": [(f"{_C} status", 410)],
    "case.headers": [(f"{_C} headers", {"Link": "x"})],
    "case.content_type": [(f"{_C} content_type", "text/html")],
    "case.body": [(f"{_C} body", {"type": "string"})],
    "case.text": [(f"{_C} text", "gone")],
    "case.empty": [(f"{_C} empty", True)],
    "case.error": [(f"{_C} status", 429), (f"{_C} error", "rate-limited")],
    "case.latency": [(f"{_C} latency", {"warn_after": "1s"})],
    "latency.warn_after": [(f"{_C} latency", {"warn_after": "2s"})],
    "latency.fail_after": [(f"{_C} latency", {"fail_after": "2s"})],
    "case.live": [(f"{_C} live", "never")],
    "case.pending": [(f"{_C} pending", {"reason": "Broken.", "until": "2026-12-01"})],
    "pending.reason": [(f"{_C} pending", {"reason": "Very broken.", "until": "2026-12-01"})],
    "pending.until": [(f"{_C} pending", {"reason": "Broken.", "until": "2026-12-02"})],
    "pending.ticket": [(f"{_C} pending", {"reason": "Broken.", "until": "2026-12-01", "ticket": "OCC-1"})],
}  # fmt: skip
"""For each key of the language what to set where: `file key key ...`, all other things being equal."""


def changed(changes: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the two files with these changes."""
    files: dict[str, Any] = deepcopy({"vendor.yaml": VENDOR, "users.yaml": USERS})
    for way, value in changes:
        *parents, last = way.split()
        container: Any = files
        for step in parents:
            container = container[int(step)] if isinstance(container, list) else container[step]
        container[last] = deepcopy(value)
    return files


def loaded(folder: Path, changes: list[tuple[str, Any]]) -> Any:
    """Load the files and return what came of them as plain values, without places and digests; or what is printed."""
    write(folder, {f"acme/{name}": value for name, value in changed(changes).items()})
    for name, text in GRAPHQL_FILES.items():
        (folder / "contracts" / "acme" / name).write_text(text, encoding="utf-8")
    try:
        return plain(load(folder).vendors)
    except ContractError as trouble:
        return str(trouble)


def plain(value: Any) -> Any:
    """Return frozen classes as lists and dicts; a schema also as what it accepts."""
    if isinstance(value, Schema):
        return [value.value, value.is_valid({}), value.is_valid("text")]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {
            name: plain(getattr(value, name)) for name in value._fields if name not in ("place", "digest", "folder")
        }
    if is_dataclass(value):
        hidden = {"place", "digest", "folder"}
        return {field.name: plain(getattr(value, field.name)) for field in fields(value) if field.name not in hidden}
    if isinstance(value, (dict, MappingProxyType)):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (tuple, list)) else value


class TestTheLoader:
    """Every key of the language makes a difference to what is loaded."""

    def test_every_key_has_an_example(self):
        """A key that is added to the language gets its line in CHANGES."""
        assert set(CHANGES) == set(ALL_KEYS)

    def test_no_two_examples_are_the_same(self):
        """Each shows its own key at work, also the keys that only differ in their value."""
        written = [json.dumps(changes) for changes in CHANGES.values()]

        assert len(set(written)) == len(written)

    @pytest.mark.parametrize("key", sorted(set(CHANGES) - {"vendor_file.vendor"}))
    def test_setting_a_key_changes_the_suite(self, key, tmp_path):
        """No key is only decoration: what somebody writes, somebody can read."""
        before, after = loaded(tmp_path / "before", []), loaded(tmp_path / "after", CHANGES[key])

        assert isinstance(before, dict)
        assert isinstance(after, dict), after
        assert after != before

    def test_setting_the_name_alone_is_a_problem(self, tmp_path):
        """The one key that has to agree with something outside of the files."""
        assert 'vendor: the folder is called "acme"' in loaded(tmp_path, CHANGES["vendor_file.vendor"])

    def test_small_mappings_are_read_key_by_key(self, tmp_path):
        """Examples that differ in one key of a small mapping lead to suites that differ."""
        suites = [json.dumps(loaded(tmp_path / key, changes), default=str) for key, changes in CHANGES.items()]

        assert len(set(suites)) == len(suites)


# --- the grammar and JSON Schema ----------------------------------------------------------------------------------------

OPAQUE = json.loads(
    json.dumps(LANGUAGE).replace('"$ref": "https://json-schema.org/draft/2020-12/schema"', '"title": ""')
)
SCHEMAS = {
    kind: jsonschema_rs.validator_for({"$ref": f"#/$defs/{kind}", "$defs": OPAQUE["$defs"]}, validate_formats=False)
    for kind in ("vendor_file", "resource_file")
}
KEYS = sorted({key.rpartition(".")[2] for key in ALL_KEYS} | {"x", "users.get", "ok", "$.a"})
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 700)
    | st.sampled_from(["", "x", "2xx", "5s", "7d", "none", "read", "never"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_grammar_agrees_with_json_schema(data):
    """What an editor underlines, the loader refuses, and the other way round; formats apart, which only the loader knows."""
    key = data.draw(st.sampled_from(sorted(CHANGES)))
    files = changed(CHANGES[key])
    name, kind = data.draw(st.sampled_from([("vendor.yaml", "vendor_file"), ("users.yaml", "resource_file")]))
    value = files[name]
    for _ in range(data.draw(st.integers(0, 2))):
        container = value
        while True:
            step = data.draw(st.sampled_from(list(container) if isinstance(container, dict) else range(len(container))))
            below = container[step]
            if not isinstance(below, (dict, list)) or not below or data.draw(st.booleans()):
                break
            container = below
        container[step] = data.draw(VALUES)
        if isinstance(container, dict) and data.draw(st.booleans()):
            container[data.draw(st.sampled_from(KEYS))] = data.draw(VALUES)

    faults = list(Language(without_formats(LANGUAGE)).faults(value, kind))

    assert SCHEMAS[kind].is_valid(value) == (faults == []), faults


def test_a_key_is_judged_by_what_is_asked_of_it_and_wherever_it_stands():
    """The same key may be good as the name of a header and bad as that of a value, again and again."""
    language = Language(LANGUAGE)

    assert language.faults({"0-a": "x"}, "header_tests") == []
    for _ in range(2):
        assert [fault.way for fault in language.faults({"0-a": "x"}, "path_values")] == [("0-a",)]
    assert language.faults({"0-a": "x"}, "header_tests") == []


def test_a_mapping_of_too_many_entries_says_how_many():
    """What there is only one of is told as such."""
    faults = Language(LANGUAGE).faults({"order": "$.id", "item": "$.item"}, "delivery_subject")

    assert [fault.message.partition(", got ")[2] for fault in faults] == ["2 entries"]


def without_formats(value: Any) -> Any:
    """Return a description without its formats."""
    if isinstance(value, dict):
        return {
            key: without_formats(item) for key, item in value.items() if key != "format" or not isinstance(item, str)
        }
    return [without_formats(item) for item in value] if isinstance(value, list) else value
