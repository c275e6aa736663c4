"""Operations that are called by name: the tools of an MCP server, the methods of an OpenRPC document."""

from __future__ import annotations

from collections.abc import Iterator

from provendor.exchange import Json
from provendor.schemas.shapes import Node
from provendor.specs.spec_parts import SpecOperation, below, children, elements, mapping, place_of


def tool_lists(root: Node) -> Iterator[Node]:
    """Yield the lists of tools: the document itself, an answer around it, or several answers under names of their own."""
    for holder in (root, *(child for _, child in children(root))):
        tools = mapping(holder.value).get("tools")
        if isinstance(tools, list) and tools and all("name" in mapping(tool) for tool in tools):
            yield holder.below("tools")


def tools(root: Node) -> Iterator[SpecOperation]:
    """Yield the tools of an MCP tools list."""
    for listed in tool_lists(root):
        for tool in elements(listed):
            value = mapping(tool.value)
            yield _called(
                str(value["name"]),
                tool,
                below(tool, "inputSchema"),
                below(tool, "outputSchema"),
                value.get("deprecated") is True,
            )


def methods(root: Node) -> Iterator[SpecOperation]:
    """Yield the methods of an OpenRPC document, whose parameters are the arguments of a tool."""
    for method in elements(below(root, "methods")):
        value = mapping(method.value)
        if not isinstance(value.get("name"), str):
            continue
        fields: dict[str, Json] = {}
        required: list[Json] = []
        for parameter in elements(below(method, "params")):
            given = mapping(parameter.value)
            if isinstance(given.get("name"), str):
                fields[given["name"]] = given.get("schema", {})
                required += [given["name"]] if given.get("required") is True else []
        accepts: dict[str, Json] = {"type": "object", "properties": fields, "required": required}
        arguments = Node(accepts, method.file, f"{method.pointer}/params", method.follow)
        result = below(method, "result")
        answer = below(result, "schema") if result is not None else None
        yield _called(value["name"], method, arguments, answer, value.get("deprecated") is True)


def _called(name: str, node: Node, accepts: Node | None, gives: Node | None, deprecated: bool) -> SpecOperation:
    return SpecOperation("TOOL", (), name, place_of(node), deprecated, body=accepts, answers={"200": gives})
