"""Calls of an MCP server: what goes before the call, the call itself, and the message that answers it.

Up to revision 2025-11-25 a client introduces itself and, where the server opens a session, names it with every further
request; from 2026-07-28 on every request stands for itself. What is judged is the answer to the call, or the answer to
what went before it where the server refuses that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from provendor.clock import Clock
from provendor.contract import Body, Case, McpCall
from provendor.exchange import BodyNotJson, Exchange, Headers, Json, Request
from provendor.plans.asking import Asked, Step
from provendor.plans.jsonrpc import Id, is_id, unwrapped, with_message
from provendor.reader.mcp_operations import initialize, opens_session, version_header
from provendor.requests import Values, build
from provendor.transport import Transport
from provendor.verdict import Finding, Outcome, Verdict

MOST_PAGES: Final = 20
_SESSION: Final = "Mcp-Session-Id"
_VERSION: Final = "MCP-Protocol-Version"
_NEXT: Final = "/result/nextCursor"
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")


async def carry_out(case: Case, values: Values, transport: Transport, clock: Clock) -> Asked:  # noqa: ARG001 - no waiting
    """Call what the case calls; raises TransportError where no answer came."""
    plan = case.plan
    assert isinstance(plan, McpCall)  # noqa: S101 - `asking` dispatches on it
    return await _Conversation(case, plan, values, transport).ask()


class _Conversation:
    """The requests of one case with one server, in order."""

    def __init__(self, case: Case, call: McpCall, values: Values, transport: Transport) -> None:
        self._case = case
        self._call = call
        self._values = values
        self._transport = transport
        self._headers: dict[str, str] = {}
        self._steps: list[Step] = []
        self._findings: list[Finding] = []

    async def ask(self) -> Asked:
        """Introduce ourselves where that is needed, then call."""
        refused = await self._open() if opens_session(self._call) else None
        exchange = refused or await self._answer(self._request())
        if refused is None and self._call.method == "tools/list":
            exchange = await self._further_pages(exchange)
        worst = Outcome.FAIL if any(each.level is Outcome.FAIL for each in self._findings) else Outcome.WARN
        verdict = Verdict("mcp", worst if self._findings else Outcome.PASS, tuple(self._findings))
        return Asked(exchange, tuple(self._steps), (verdict,))

    # --- the handshake ---

    async def _open(self) -> Exchange | None:
        """Open a session; return the answer of a server that refuses, None where all is well."""
        greeting = initialize(self._call)
        exchange = await self._send(self._request(greeting, first=True), 1)
        result = _result(exchange)
        if result is None or exchange.status // 100 != 2:
            return exchange
        self._steps.append(Step("initialize", exchange))
        self._agree(exchange, result)
        noted = await self._transport.send(self._request({"jsonrpc": "2.0", "method": "notifications/initialized"}))
        if noted.status >= 400:
            return noted
        self._steps.append(Step("initialized", noted))
        return None

    def _agree(self, exchange: Exchange, result: Mapping[str, Json]) -> None:
        """Take over what the server answers: its session, and the revision in which it goes on."""
        served = result.get("protocolVersion")
        if isinstance(served, str) and _VISIBLE.fullmatch(served):
            self._headers |= version_header(served)
        if served != self._call.revision:
            self._note(
                "version-served", self._call.revision, json.dumps(served), "/result/protocolVersion", Outcome.WARN
            )
        session = exchange.headers.get(_SESSION)
        if session is None:
            return
        if _VISIBLE.fullmatch(session):
            self._headers[_SESSION] = session
        else:
            self._note(
                "mcp-frame", "a session id of visible ASCII characters", "other characters", f"header {_SESSION}"
            )

    # --- the call ---

    def _request(self, message: Mapping[str, Json] | None = None, *, first: bool = False) -> Request:
        template = self._case.template
        if message is not None:
            template = template._replace(body=Body("json", dict(message)))
        request = build(self._case._replace(template=template), self._values)
        if first:  # what the case says of session and revision is about the call
            kept = tuple(
                pair for pair in request.headers if pair[0].lower() not in (_SESSION.lower(), _VERSION.lower())
            )
            return request._replace(headers=Headers(kept))
        more = tuple((name, value) for name, value in self._headers.items() if request.headers.get(name) is None)
        return request._replace(headers=Headers((*request.headers.items, *more)))

    async def _answer(self, request: Request) -> Exchange:
        number = _id(request)
        exchange = await self._send(request, number)
        try:
            message = exchange.json
        except BodyNotJson:
            return exchange
        if isinstance(message, dict) and "result" in message and number and not is_id(message.get("id"), number):
            self._note("mcp-frame", f"the id of the request, {number}", json.dumps(message.get("id"))[:80], "/id")
        return exchange

    async def _send(self, request: Request, number: Id | None) -> Exchange:
        return unwrapped(await self._transport.send(request), number)

    async def _further_pages(self, first: Exchange) -> Exchange:
        """Ask for the other pages of the tools; return the first with all of them, or the page that went wrong."""
        pages, cursors = [first], list[str]()
        while (cursor := _cursor(pages[-1])) is not None:
            if cursor in cursors:
                self._note("paging-repeats", "every page leads to a new one", f"page {len(pages)} leads back", _NEXT)
                break
            if len(pages) == MOST_PAGES:
                self._note("paging-endless", f"at most {MOST_PAGES} pages", "one more", _NEXT)
                break
            cursors.append(cursor)
            page = await self._answer(_with_cursor(self._request(), cursor, len(pages)))
            if _tools(page) is None or page.status // 100 != 2:
                self._steps.append(Step("page 1", first))
                return page
            pages.append(page)
        self._steps += (Step(f"page {number}", page) for number, page in enumerate(pages[1:], 2))
        return _joined(pages) if len(pages) > 1 else first

    def _note(self, code: str, expected: str, actual: str, at: str, level: Outcome = Outcome.FAIL) -> None:
        self._findings.append(Finding(code, expected, actual, at, level=level))


def _id(request: Request) -> int | None:
    value = json.loads(request.body).get("id")  # our own request
    return value if isinstance(value, int) else None


def _with_cursor(request: Request, cursor: str, number: int) -> Request:
    message = json.loads(request.body)  # our own request
    message["id"] += number
    message["params"] = {**message.get("params", {}), "cursor": cursor}
    return request._replace(body=json.dumps(message, separators=(",", ":")).encode("ascii"))


def _result(exchange: Exchange) -> dict[str, Json] | None:
    try:
        message = exchange.json
    except BodyNotJson:
        return None
    result = message.get("result") if isinstance(message, dict) else None
    return result if isinstance(result, dict) else None


def _tools(exchange: Exchange) -> list[Json] | None:
    tools = (_result(exchange) or {}).get("tools")
    return tools if isinstance(tools, list) else None


def _cursor(exchange: Exchange) -> str | None:
    cursor = (_result(exchange) or {}).get("nextCursor")
    return cursor if isinstance(cursor, str) and _tools(exchange) is not None else None


def _joined(pages: list[Exchange]) -> Exchange:
    tools: list[Json] = [tool for page in pages for tool in _tools(page) or ()]
    result = {key: value for key, value in (_result(pages[0]) or {}).items() if key != "nextCursor"}
    message = pages[0].json
    whole: dict[str, Json] = {**(message if isinstance(message, dict) else {}), "result": {**result, "tools": tools}}
    return with_message(pages[0], whole)
