"""MCP as contract files write it: the vendor's server, the call of an operation, and what a case changes of it.

The message that is sent stands in the template like any other JSON body; what goes before it on the wire is `mcp`'s work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from provendor.contract import Auth, Body, McpAnswer, McpCall, McpServer, OfferedTool, Template
from provendor.exchange import Json
from provendor.reader.case_sets import cases_of
from provendor.reader.language import Fault, Way
from provendor.schemas.schema import Schema

ACCEPT: Final = "application/json, text/event-stream"
_META: Final = "io.modelcontextprotocol/"
_FIRST_WITH_HEADER: Final = "2025-06-18"
_NAMED_BY: Final[Mapping[str, str]] = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_LIST: Final = "tools/list"


def server(vendor: str, value: Mapping[str, Any]) -> McpServer:
    """Return the server that vendor.yaml describes; one that is started is known by a URL of its own."""
    method, _, target = value.get("endpoint", f"POST stdio://{vendor}/").partition(" ")
    client = value.get("client", {"name": "provendor", "version": "1"})
    return McpServer(
        revision=value["revision"],
        target=target,
        method=method,
        command=tuple(value.get("command", ())),
        client=(client["name"], client["version"]),
        meta=MappingProxyType(value.get("meta", {})),
        arguments=MappingProxyType(value.get("arguments", {})),
        handshake=value.get("handshake", "initialize"),
    )


def template(shared: McpServer, operation: Mapping[str, Any], auth: tuple[Auth, ...]) -> Template:
    """Return the request of an MCP operation."""
    said = operation["mcp"]
    own = said.get("arguments", {})
    shared_arguments = {name: value for name, value in shared.arguments.items() if "tool" in said and name not in own}
    left_out = [name for name in own if own[name] is None and name in shared.arguments]
    arguments = {name: value for name, value in {**shared_arguments, **own}.items() if name not in left_out}
    call = McpCall(
        method=said.get("method", "tools/call"),
        revision=shared.revision,
        tool=said.get("tool"),
        arguments=MappingProxyType(arguments),
        params=MappingProxyType(said.get("params", {})),
        client=shared.client,
        meta=shared.meta,
        handshake=shared.handshake,
    )
    method, _, target = said.get("endpoint", f"{shared.method} {shared.target}").partition(" ")
    given = operation.get("headers", {})
    names = {name.lower() for name in given}
    headers = {name: value for name, value in _headers(call).items() if name.lower() not in names}
    return Template(
        method,
        target,
        path=MappingProxyType(operation.get("path", {})),
        query=MappingProxyType(operation.get("query", {})),
        headers=MappingProxyType({**headers, **given}),
        body=Body("json", message(call)),
        auth=auth,
        mcp=call,
    )


def change(template: Template, changes: Mapping[str, Any] | None) -> Template:
    """Return the template with what the `mcp` of a case's `with` says; a header that the case itself sets stays."""
    before = template.mcp
    if before is None or changes is None:
        return template
    call = before._replace(
        tool=changes.get("tool", before.tool),
        arguments=_merged(before.arguments, changes.get("arguments", {})),
        params=_merged(before.params, changes.get("params", {})),
        revision=changes.get("revision", before.revision),
    )
    old, new = _headers(before), _headers(call)
    kept = {name: value for name, value in template.headers.items() if old.get(name) != value}
    given = {name.lower() for name in kept}
    headers = {name: value for name, value in new.items() if name.lower() not in given}
    return template._replace(headers=MappingProxyType({**headers, **kept}), body=Body("json", message(call)), mcp=call)


def answer(call: McpCall, case: Mapping[str, Any], result: Schema | None) -> McpAnswer:
    """Return what a case says of the answer to this call."""
    tools = tuple(OfferedTool(name, tuple(accepts)) for name, accepts in case.get("tools", {}).items())
    return McpAnswer(call.method, result, tools)


def message(call: McpCall) -> dict[str, Json]:
    """Return the JSON-RPC message of a call; the first in its session is `initialize`, so that it is the second."""
    if call.method.startswith("notifications/"):
        return _with_params({"jsonrpc": "2.0", "method": call.method}, _params(call))
    number = 2 if opens_session(call) else 1
    return _with_params({"jsonrpc": "2.0", "id": number, "method": call.method}, _params(call))


def opens_session(call: McpCall) -> bool:
    """Tell whether `initialize` goes before this call."""
    return not call.stateless and call.handshake == "initialize" and call.method != "initialize"


def initialize(call: McpCall) -> dict[str, Json]:
    """Return the message that opens a session."""
    return _with_params({"jsonrpc": "2.0", "id": 1, "method": "initialize"}, _greeting(call))


def version_header(revision: str) -> dict[str, str]:
    """Return the header that names the revision which was agreed on; older ones have none."""
    return {"MCP-Protocol-Version": revision} if revision >= _FIRST_WITH_HEADER else {}


def _greeting(call: McpCall) -> dict[str, Json]:
    name, version = call.client
    return {"protocolVersion": call.revision, "capabilities": {}, "clientInfo": {"name": name, "version": version}}


def _params(call: McpCall) -> dict[str, Json]:
    params: dict[str, Json] = {**(_greeting(call) if call.method == "initialize" else {}), **call.params}
    if call.tool is not None:
        params |= {"name": call.tool, "arguments": dict(call.arguments)}
    given = params.get("_meta")
    meta: dict[str, Json] = {**_own_meta(call), **call.meta, **(given if isinstance(given, dict) else {})}
    return {**params, "_meta": meta} if meta else params


def _own_meta(call: McpCall) -> dict[str, Json]:
    if not call.stateless:
        return {}
    name, version = call.client
    return {
        f"{_META}protocolVersion": call.revision,
        f"{_META}clientCapabilities": {},
        f"{_META}clientInfo": {"name": name, "version": version},
    }


def _with_params(message: dict[str, Json], params: dict[str, Json]) -> dict[str, Json]:
    return {**message, "params": params} if params else message


def _headers(call: McpCall) -> dict[str, str]:
    headers = {"Accept": ACCEPT}
    if call.stateless:
        headers |= {"MCP-Protocol-Version": call.revision, "Mcp-Method": call.method}
        name = _params(call).get(_NAMED_BY.get(call.method, ""))
        headers |= {"Mcp-Name": _plain(name)} if isinstance(name, str) else {}
    elif not opens_session(call) and call.method != "initialize":
        headers |= version_header(call.revision)
    return headers


def _plain(text: str) -> str:
    if text.isascii() and text.isprintable() and text == text.strip() and not text.startswith("=?base64?"):
        return text
    from binascii import b2a_base64  # noqa: PLC0415 - few names need it

    return f"=?base64?{b2a_base64(text.encode(), newline=False).decode('ascii')}?="


def _merged(ours: Mapping[str, Json], theirs: Mapping[str, Json]) -> Mapping[str, Json]:
    return MappingProxyType({key: value for key, value in {**ours, **theirs}.items() if value is not None})


# --- what does not fit ------------------------------------------------------------------------------------------------


def faults(files: Mapping[str, Any]) -> Iterator[tuple[str, Fault]]:
    """Yield what does not fit in the MCP parts of a vendor's files, which the grammar has found no fault with."""
    has_server = "mcp" in files["vendor.yaml"]
    for file, content in files.items():
        for id_, operation in content.get("operations", {}).items():
            way = ("operations", id_)
            if "mcp" in operation and not has_server:
                yield (
                    file,
                    Fault((*way, "mcp"), "vendor.yaml has no `mcp` with endpoint or command, and revision", True),
                )
            for fault in _operation_faults(operation, way):
                yield file, fault
            for case in cases_of(files, file, way[1]):
                for fault in _case_faults(case.value, operation.get("mcp", {}), case.way):
                    yield case.file, fault


def _operation_faults(operation: Mapping[str, Any], way: tuple[str, ...]) -> Iterator[Fault]:
    said = operation.get("mcp", {})
    method = "tools/call" if "tool" in said else said.get("method")
    if method == "tools/call" and "tool" not in said:
        yield Fault((*way, "mcp", "method"), "`tools/call` needs the tool: write `tool` instead of `method`")
    if "tool" in said and "safety" not in operation:
        yield Fault(
            way, "a tool may change something: say `safety: write`, or `safety: read` where it only looks", True
        )
    if "arguments" in said and "tool" not in said:
        yield Fault((*way, "mcp", "arguments"), "arguments are for a `tool`; a method has `params`", True)


def _case_faults(case: Mapping[str, Any], said: Mapping[str, Any], way: Way) -> Iterator[Fault]:
    change = case.get("with", {}).get("mcp")
    if change is not None and not said:
        yield Fault((*way, "with", "mcp"), "the operation is no MCP call", True)
    elif change is not None and "tool" not in said and {"tool", "arguments"} & set(change):
        yield Fault((*way, "with", "mcp"), "the operation calls no tool", True)
    if "result" in case and not said:
        yield Fault((*way, "result"), "only the answer to an MCP call has a result", True)
    if "tools" in case and said.get("method") != _LIST:
        yield Fault((*way, "tools"), f"only the answer to `{_LIST}` names tools", True)
