"""What an MCP answer must be: a JSON-RPC message, with the result and the tools that the contract describes.

A tool's result is its structured content; servers without that send JSON as the text of the first content part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from provendor.check import check
from provendor.classify import classify
from provendor.contract import Expect, McpAnswer, OfferedTool
from provendor.exchange import BodyNotJson, Exchange, Json
from provendor.plans.jsonrpc import parsed
from provendor.schemas.schema import NotASchema, refusals
from provendor.suggest import did_you_mean
from provendor.verdict import Finding, Skip

_MOST: Final = 25
_SHOWN: Final = 120


@check
def mcp_frame(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The answer is a JSON-RPC message of the protocol: one of result and error, each with its parts."""
    answer = _asked(expect)
    if answer.method.startswith("notifications/") and not exchange.body:
        raise Skip("a notification has no answer")
    try:
        message = exchange.json
    except BodyNotJson as reason:
        if exchange.status // 100 != 2:
            raise Skip("the status says it all: there is no message") from None
        yield _frame("a JSON-RPC message", _shown(exchange.text) if exchange.body else f"no bytes ({reason})")
        return
    if exchange.status // 100 != 2 and not (isinstance(message, dict) and "jsonrpc" in message):
        raise Skip("the status says it all: there is no message")
    if not isinstance(message, dict):
        yield _frame("a JSON-RPC message", _shown(message))
        return
    yield from _message(message, answer.method)


def _message(message: Mapping[str, Json], method: str) -> Iterator[Finding]:
    if message.get("jsonrpc") != "2.0":
        yield _frame('"2.0"', _shown(message.get("jsonrpc")), "/jsonrpc")
    if ("result" in message) is ("error" in message):
        yield _frame("either result or error", "both" if "error" in message else "neither")
    elif "error" in message:
        yield from _error(message["error"])
    else:
        id_ = message.get("id")
        if isinstance(id_, bool) or not isinstance(id_, (int, str)):
            yield _frame("the id of the request", _shown(id_), "/id")
        result = message["result"]
        if isinstance(result, dict):
            if not _is_text(result.get("resultType", "complete")):
                yield _frame("text", _shown(result["resultType"]), "/result/resultType")
            yield from _PARTS.get(method, _no_parts)(result)
        else:
            yield _frame("an object", _shown(result), "/result")


def _error(error: Json) -> Iterator[Finding]:
    if not isinstance(error, dict):
        yield _frame("an object with code and message", _shown(error), "/error")
        return
    code, text = error.get("code"), error.get("message")
    if isinstance(code, bool) or not isinstance(code, int):
        yield _frame("an integer", _shown(code), "/error/code")
    if not isinstance(text, str):
        yield _frame("text", _shown(text), "/error/message")


def _called(result: Mapping[str, Json]) -> Iterator[Finding]:
    """Judge the result of a tool: its content, or structured content alone."""
    if "isError" in result and not isinstance(result["isError"], bool):
        yield _frame("true or false", _shown(result["isError"]), "/result/isError")
    content = result.get("content")
    if not isinstance(content, list):
        if content is not None or ("structuredContent" not in result and result.get("resultType") != "input_required"):
            yield _frame("a list of content", _shown(content), "/result/content")
        return
    for index, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        at = f"/result/content/{index}"
        if not isinstance(kind, str) or not kind:
            yield _frame("a part with a type", _shown(part), at)
        elif kind == "text" and isinstance(part, dict) and not isinstance(part.get("text"), str):
            yield _frame("text", _shown(part.get("text")), f"{at}/text")


def _listed(result: Mapping[str, Json]) -> Iterator[Finding]:
    """Judge a list of tools: each has a name and says what it takes."""
    tools = result.get("tools")
    if not isinstance(tools, list):
        yield _frame("a list of tools", _shown(tools), "/result/tools")
        return
    for index, tool in enumerate(tools):
        at = f"/result/tools/{index}"
        name = tool.get("name") if isinstance(tool, dict) else None
        if not isinstance(name, str) or not name:
            yield _frame("a tool with a name", _shown(tool), at)
        schema = tool.get("inputSchema") if isinstance(tool, dict) else None
        if not isinstance(schema, dict) or schema.get("type") != "object":
            yield _frame("a schema of type object", _shown(schema), f"{at}/inputSchema")


def _initialized(result: Mapping[str, Json]) -> Iterator[Finding]:
    server = result.get("serverInfo")
    if not _is_text(result.get("protocolVersion")):
        yield _frame("a revision", _shown(result.get("protocolVersion")), "/result/protocolVersion")
    if not isinstance(result.get("capabilities"), dict):
        yield _frame("an object", _shown(result.get("capabilities")), "/result/capabilities")
    if not (isinstance(server, dict) and _is_text(server.get("name")) and isinstance(server.get("version"), str)):
        yield _frame("an object with name and version", _shown(server), "/result/serverInfo")


def _discovered(result: Mapping[str, Json]) -> Iterator[Finding]:
    versions = result.get("supportedVersions")
    if not (isinstance(versions, list) and versions and all(map(_is_text, versions))):
        yield _frame("a list of revisions", _shown(versions), "/result/supportedVersions")
    if not isinstance(result.get("capabilities"), dict):
        yield _frame("an object", _shown(result.get("capabilities")), "/result/capabilities")


def _no_parts(result: Mapping[str, Json]) -> Iterator[Finding]:  # noqa: ARG001 - one shape for all methods
    return iter(())


_PARTS: Final[Mapping[str, Any]] = {
    "tools/call": _called,
    "tools/list": _listed,
    "initialize": _initialized,
    "server/discover": _discovered,
}


# --- the result -------------------------------------------------------------------------------------------------------


@check
def mcp_result(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The result of the call matches the contract's schema."""
    answer = _asked(expect)
    if answer.result is None:
        raise Skip("the contract does not describe the result")
    result = _result_or_skip(exchange)
    if result is None:
        yield Finding("mcp-result", "a result", _shown(exchange.text), key="result")
        return
    at, value, wrong = document(result, answer)
    if wrong is not None:
        yield Finding("mcp-result", "JSON as the tool's result", wrong, at, "result")
    elif not answer.result.is_valid(value):
        for found in islice(answer.result.mismatches(value), _MOST):
            key = f"{found.file}#{found.pointer}" if found.file else "result"
            yield Finding("mcp-result", found.expected, found.actual, f"{at}{found.at}", key)


def document(result: Mapping[str, Json], answer: McpAnswer) -> tuple[str, Json, str | None]:
    """Return where the result's value stands, the value, and what is wrong where there is none."""
    if answer.method != "tools/call":
        return "/result", dict(result), None
    structured = result.get("structuredContent")
    if structured is not None:
        return "/result/structuredContent", structured, None
    content = result.get("content")
    for index, part in enumerate(content if isinstance(content, list) else ()):
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            at = f"/result/content/{index}/text"
            try:
                return at, parsed(str(part["text"])), None
            except ValueError:
                return at, None, _shown(part["text"])
    return "/result", None, "neither structured content nor text"


@check
def mcp_failure(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """A failure that the server tells of is one that the error table knows."""
    _asked(expect)
    try:
        message = exchange.json
    except BodyNotJson:
        raise Skip("the answer is no message") from None
    told = _failure(message) if isinstance(message, dict) else None
    if told is not None and expect.error is None and classify(expect.errors, exchange) is None:
        yield Finding("mcp-failed", "a result", told.said, told.at, "error")


class _Told(NamedTuple):
    at: str
    said: str


def _failure(message: Mapping[str, Json]) -> _Told | None:
    """Return where a message tells of a failure, and how; None where it does not."""
    error, result = message.get("error"), message.get("result")
    if error is not None:
        return _Told("/error", f"the error {_shown(error)}")
    if isinstance(result, dict) and result.get("isError") is True:
        return _Told("/result/isError", f"a tool that failed: {_shown(result.get('content'))}")
    return None


# --- tools ------------------------------------------------------------------------------------------------------------


@check
def mcp_tools(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every tool that we use is offered, and takes the arguments that we send."""
    answer = _asked(expect)
    if not answer.tools:
        raise Skip("the contract names no tools")
    result = _result_or_skip(exchange)
    tools = result.get("tools") if result is not None else None
    offered = {
        str(tool["name"]): (index, tool)
        for index, tool in enumerate(tools if isinstance(tools, list) else ())
        if isinstance(tool, dict) and _is_text(tool.get("name"))
    }
    for wanted in answer.tools:
        if wanted.name not in offered:
            yield _missing(wanted.name, list(offered))
        else:
            index, tool = offered[wanted.name]
            yield from _refused(wanted, tool.get("inputSchema"), f"/result/tools/{index}/inputSchema")


def _missing(name: str, offered: list[str]) -> Finding:
    hint = did_you_mean(name, offered)
    names = ", ".join(sorted(offered)[:12]) + (", …" if len(offered) > 12 else "")
    actual = f"offered: {names}{hint}" if offered else "no tools at all"
    return Finding("mcp-tool-missing", f"the tool {name}", _plain(actual), "/result/tools", f"tools.{name}")


def _refused(wanted: OfferedTool, schema: Json, at: str) -> Iterator[Finding]:
    """Yield why a tool would not take what we send, or would silently leave a part of it out."""
    key = f"tools.{wanted.name}"
    for example in wanted.accepts:
        try:
            reasons = list(islice(refusals(schema, example), _MOST))
        except NotASchema as reason:
            yield Finding("mcp-tool-input", "a JSON Schema of the arguments", _plain(str(reason)), at, key)
            return
        for place, refusal in reasons:
            expected = f"{wanted.name} takes {_shown(example)}"
            yield Finding("mcp-tool-input", expected, _plain(f"{place}: {refusal}"), at, key)
        for name, known in _unknown(example, schema):
            hint = did_you_mean(name, known)
            actual = _plain(f"it knows no argument of this name and would leave it out{hint}")
            yield Finding("mcp-tool-input", f"{wanted.name} takes the argument {name}", actual, at, key)


def _unknown(example: Json, schema: Json) -> Iterator[tuple[str, list[str]]]:
    """Yield arguments that the schema accepts without knowing them, and those that it knows."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not (isinstance(example, dict) and isinstance(schema, dict) and isinstance(properties, dict)):
        return
    elsewhere = ("$ref", "allOf", "anyOf", "oneOf", "patternProperties", "if", "dependentSchemas")
    if "additionalProperties" in schema or any(key in schema for key in elsewhere):
        return  # either it takes others on purpose, or the schema itself has refused them
    yield from ((name, list(properties)) for name in example if name not in properties)


# --- values -----------------------------------------------------------------------------------------------------------


def _asked(expect: Expect) -> McpAnswer:
    if expect.mcp is None:
        raise Skip("this is no MCP call")
    return expect.mcp


def _result_or_skip(exchange: Exchange) -> dict[str, Json] | None:
    """Return the message's result, None where it has none; skips what `mcp-frame` and `status` already object to."""
    try:
        message = exchange.json
    except BodyNotJson:
        raise Skip("the answer is no message") from None
    result = message.get("result") if isinstance(message, dict) else None
    return result if isinstance(result, dict) else None


def _frame(expected: str, actual: str, at: str = "") -> Finding:
    return Finding("mcp-frame", expected, actual, at)


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and value != ""


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return _plain(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:400])


MCP = (mcp_frame, mcp_failure, mcp_result, mcp_tools)
