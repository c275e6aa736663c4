"""A contract of an MCP server, and what becomes of its cases when a server answers so or so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from contract_files import write
from loopback import OverTheWire
from provendor.clock import VirtualClock
from provendor.contract import Case
from provendor.reader import loading
from provendor.requests import Values, examples
from provendor.run import Replayer, Result, run_case
from provendor.transport import Transport

TODAY = date(2026, 11, 20)
ERRORS = [
    {"json": {"$.error.code": -32602}, "code": "invalid-params", "retryable": False},
    {"json": {"$.error.code": -32601}, "code": "method-unknown", "retryable": False},
    {"json": {"$.error": {"present": True}}, "code": "refused", "retryable": False},
    {"json": {"$.result.isError": True}, "code": "tool-failed", "retryable": False},
    {"status": "4xx", "code": "client-error", "retryable": False},
]
SUM = {"type": "object", "required": ["result"], "properties": {"result": {"type": "integer"}}}
ADD = {"tool": "add", "arguments": {"a": 2, "b": 3}}
OPERATIONS: Mapping[str, Any] = {
    "initialize": {"summary": "Hello.", "mcp": {"method": "initialize"}, "cases": {"ok": {"status": 200}}},
    "discover": {"summary": "Hello.", "mcp": {"method": "server/discover"}, "cases": {"ok": {"status": 200}}},
    "tools": {
        "summary": "Tools.",
        "mcp": {"method": "tools/list"},
        "cases": {"ok": {"status": 200, "tools": {"add": [{"a": 1, "b": 2}]}}},
    },
    "add": {
        "summary": "Add.",
        "safety": "read",
        "mcp": ADD,
        "cases": {
            "ok": {"status": 200, "result": SUM},
            "unknown": {"with": {"mcp": {"tool": "nope"}}, "status": 200, "error": "tool-failed"},
            "wrong": {"with": {"mcp": {"arguments": {"a": "two"}}}, "status": 200, "error": "tool-failed"},
            "lost": {"with": {"headers": {"Mcp-Session-Id": "lost"}}, "status": [400, 404], "error": "refused"},
        },
    },
    "nothing": {
        "summary": "A method that nobody knows.",
        "mcp": {"method": "nothing/here"},
        "cases": {
            "ok": {"status": [200, 404], "error": "method-unknown"},
            "params": {"status": 200, "error": "invalid-params"},
        },
    },
}


def a_suite(root: Path, operations: Mapping[str, Any] = OPERATIONS, errors: Any = ERRORS, **server: Any) -> Replayer:
    """Return what replays a vendor with this server and these operations, or those above."""
    known = {"endpoint": "POST /mcp", "revision": "2025-11-25", **server}
    vendor = {
        "vendor": "acme",
        "title": "Acme",
        "errors": errors,
        "mcp": {k: v for k, v in known.items() if v is not None},
    }
    write(root, {"acme/vendor.yaml": vendor, "acme/tools.yaml": {"operations": operations}})
    return Replayer(loading.load(root), today=TODAY)


def the_case(replayer: Replayer, name: str) -> Case:
    """Return one case of the suite by the end of its id."""
    (found,) = (case for case in replayer.suite.cases if case.id == f"acme/{name}")
    return found


async def asked(replayer: Replayer, name: str, transport: Transport, url: str = "") -> Result:
    """Ask one case of a transport, and judge what comes back."""
    case = the_case(replayer, name)
    known = examples(replayer.suite.vendors["acme"])
    values = Values({**known.of, "base_url": url}, known.secrets) if url else known
    return await run_case(
        case, values, transport, replayer.checks_for(case), case.expect._replace(today=TODAY), VirtualClock()
    )


def over_http(replayer: Replayer, name: str, url: str) -> Result:
    """Ask one case of the server at this URL."""
    return asyncio.run(asked(replayer, name, OverTheWire(), url))


def codes(result: Result) -> list[str]:
    """The codes of a result's findings."""
    return [finding.code for finding in result.findings]


def message(result: Any, id_: Any = 2) -> dict[str, Any]:
    """A JSON-RPC message that brings a result."""
    return {"jsonrpc": "2.0", "id": id_, "result": result}


def events(*messages: Any) -> bytes:
    """A stream of events as servers send it: a comment, an event without data, then each message."""
    parts = [
        ": hello\n\n",
        "id: 1\ndata: \n\n",
        *(f"event: message\ndata: {json.dumps(each)}\n\n" for each in messages),
    ]
    return "".join(parts).encode()
