"""A vendor's own description of its API, whatever kind of document it is, as one neutral model.

    spec = read_spec([("openapi.yaml", data)])
    found = spec.find("GET", ["/api/v1/users/7", "/users/7"])     # the operation whose path fits best, or None
    found.answer(200)                                            # its Node, Undeclared, or None: nothing is said
    spec.tool("search_catalog")                                  # of an MCP tools list

OpenAPI 3, Swagger 2, Google discovery documents, MCP tools lists, GraphQL SDL and introspection results. Vendors' documents break
the rules of their own formats (that is what `drift` looks for), so that validating readers refuse what must be read here. What
is not understood is left out; only a document of no known kind is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from provendor import source
from provendor.errors import UsageError
from provendor.exchange import Json
from provendor.shapes import Node, any_of

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
MAX_OPERATIONS: Final = 20_000
MAX_HOPS: Final = 20  # references from one to the next
_IN_SEGMENT: Final = 4  # parameters in one segment of a path


class Undeclared(Enum):
    """What a spec says of an answer where it has no schema for it."""

    STATUS = "the status is not declared"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation: `query`, `header` or `path`."""

    name: str
    where: str
    required: bool
    deprecated: bool
    place: str


@dataclass(frozen=True, slots=True)
class SpecOperation:
    """One operation of a spec. `answers` is by status as the spec writes it; None where it has no JSON schema."""

    method: str
    paths: tuple[str, ...]
    name: str
    place: str
    deprecated: bool = False
    parameters: tuple[Parameter, ...] = ()
    body: Node | None = None
    body_required: bool = False
    answers: Mapping[str, Node | None] = field(default_factory=dict)

    def answer(self, status: int) -> Node | None | Undeclared:
        """Return the schema of the answers with this status."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in self.answers:
                return self.answers[key]
        return Undeclared.STATUS


@dataclass(frozen=True, slots=True)
class Spec:
    """What the given documents say together. `sdl` holds name and text of the GraphQL schemas among them."""

    operations: tuple[SpecOperation, ...]
    tools: Mapping[str, SpecOperation] | None
    sdl: tuple[tuple[str, str], ...]
    speaks_http: bool

    def find(self, method: str, paths: Sequence[str]) -> SpecOperation | None:
        """Return the operation that one of these paths belongs to; of several the one with most literal text."""
        best: tuple[int, SpecOperation] | None = None
        for operation in self.operations:
            if operation.method != method:
                continue
            for template in operation.paths:
                pattern, weight = _pattern(template)
                if (best is None or weight > best[0]) and any(pattern.fullmatch(path) for path in paths):
                    best = weight, operation
        return best[1] if best else None

    def tool(self, name: str) -> SpecOperation | None:
        """Return the tool of this name."""
        return (self.tools or {}).get(name)


_NEVER: Final = re.compile(r"(?!)")


@lru_cache(maxsize=MAX_OPERATIONS)  # by the template alone: an entry cannot go stale
def _pattern(template: str) -> tuple[re.Pattern[str], int]:
    pieces: list[str] = []
    weight = 0
    for segment in template.strip("/").split("/"):
        literals = re.split(r"(?:\{[^{}]*\})+", segment)
        if len(literals) > _IN_SEGMENT:
            return _NEVER, 0
        pieces.append("[^/]+".join(map(re.escape, literals)))
        weight += 2 * (len(literals) == 1) + (len(literals) > 1 and any(literals))
    return re.compile("/" + "/".join(pieces) + "/?"), weight


# --- reading ------------------------------------------------------------------------------------------------------------


def read_spec(files: Sequence[tuple[str, bytes]]) -> Spec:
    """Return what these documents say together; raises UsageError and ContractError for what cannot be read.

    References between the documents are followed by file name.
    """
    library = _Library()
    sdl: list[tuple[str, str]] = []
    for name, data in files:
        value = _value(name, data)
        if isinstance(value, str):
            sdl.append((name, value))
        else:
            library.values[name] = value
    operations: list[SpecOperation] = []
    tools: dict[str, SpecOperation] = {}
    lists_tools = False
    for name, value in library.values.items():
        kind = kind_of_document(value)
        if kind == "introspection":
            sdl.append((name, _printed(value, name)))
        elif kind == "tools":
            lists_tools = True
            tools |= {each.name: each for each in _tools(Node(value, name, "", library.follow))}
        elif kind is None:
            raise UsageError(
                f"{name}: neither OpenAPI 3, Swagger 2, a Google discovery document, GraphQL (SDL or introspection) nor an "
                "MCP tools list"
            )
        else:
            reader = _discovery if kind == "discovery" else _openapi
            for operation in reader(Node(value, name, "", library.follow)):
                operations.append(operation)
                if len(operations) > MAX_OPERATIONS:
                    raise UsageError(f"{name}: more than {MAX_OPERATIONS} operations")
    speaks_http = any(kind_of_document(value) in ("openapi", "discovery") for value in library.values.values())
    return Spec(tuple(operations), tools if lists_tools else None, tuple(sdl), speaks_http)


def _value(name: str, data: bytes) -> Any:
    """Return the document's value; a text where it is SDL."""
    if name.endswith((".graphql", ".graphqls", ".gql")):
        return source.plain_text(data, name)
    text = source.plain_text(data, name)
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except RecursionError:
            raise UsageError(f"{name}: nested too deeply") from None
        except ValueError:
            pass  # YAML begins like that too; its reader says what is wrong, and where
    return source.read_text(data, name, dialect=source.Dialect.SPEC).value


def kind_of_document(value: Json) -> Literal["openapi", "discovery", "introspection", "tools"] | None:
    """Tell what kind of description this is."""
    if not isinstance(value, dict):
        return None
    if "openapi" in value or "swagger" in value:
        return "openapi"
    if "discoveryVersion" in value or value.get("kind") == "discovery#restDescription":
        return "discovery"
    if "__schema" in value or "__schema" in _mapping(value.get("data")):
        return "introspection"
    return "tools" if list(_tool_lists(Node(value, "", "", _nowhere))) else None


def _nowhere(_reference: str, _file: str) -> None:
    return None


class _Library:
    """The documents, and where their references lead."""

    def __init__(self) -> None:
        self.values: dict[str, Json] = {}

    def follow(self, reference: str, file: str) -> Node | None:
        name, mark, fragment = reference.partition("#")
        if not mark and "/" not in reference and "." not in reference:  # how discovery documents name a schema
            name, fragment = "", f"/schemas/{reference}"
        if name:
            wanted = name.rpartition("/")[2]
            found = next((known for known in self.values if known.rpartition("/")[2] == wanted), None)
            if found is None:
                return None
            file = found
        value: Json = self.values[file]
        for raw in fragment.split("/")[1:]:
            step = _unescaped(raw)
            if isinstance(value, dict) and step in value:
                value = value[step]
            elif isinstance(value, list) and step.isdecimal() and len(step) < 7 and int(step) < len(value):
                value = value[int(step)]
            else:
                return None
        return Node(value, file, fragment, self.follow)


def _unescaped(step: str) -> str:
    if "%" in step:
        from urllib.parse import unquote  # noqa: PLC0415 - rare

        step = unquote(step)
    return step.replace("~1", "/").replace("~0", "~")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _solid(node: Node) -> Node:
    """Return what a node refers to, where it is nothing but a reference."""
    for _ in range(MAX_HOPS):
        reference = _mapping(node.value).get("$ref")
        target = node.follow(reference, node.file) if isinstance(reference, str) else None
        if target is None:
            return node
        node = target
    return node


def _below(node: Node, step: str) -> Node | None:
    return _solid(node.below(step)) if step in _mapping(node.value) else None


def _children(node: Node | None) -> Iterator[tuple[str, Node]]:
    for name in _mapping(node.value) if node else ():
        yield name, _solid(node.below(name))  # type: ignore[union-attr]


def _elements(node: Node | None) -> Iterator[Node]:
    if node and isinstance(node.value, list):
        for index in range(len(node.value)):
            yield _solid(node.below(index))


def _place(node: Node) -> str:
    return f"{node.file}#{node.pointer}"


# --- OpenAPI and Swagger ------------------------------------------------------------------------------------------------


def _openapi(root: Node) -> Iterator[SpecOperation]:
    bases = _bases(_mapping(root.value))
    for path, item in _children(_below(root, "paths")):
        shared = list(_elements(_below(item, "parameters")))
        own_bases = _server_paths(_mapping(item.value).get("servers")) or bases
        for method in METHODS:
            operation = _below(item, method)
            if operation is not None and isinstance(operation.value, dict):
                yield _operation(method, path, operation, shared, own_bases)


def _bases(value: dict[str, Any]) -> list[str]:
    if "swagger" in value:
        base = value.get("basePath")
        return ["", base.rstrip("/")] if isinstance(base, str) and base.strip("/") else [""]
    return ["", *_server_paths(value.get("servers"))]


def _server_paths(servers: Any) -> list[str]:
    """Return the paths of servers, with each variable at its default."""
    found: list[str] = []
    for server in servers if isinstance(servers, list) else ():
        url = _mapping(server).get("url")
        if not isinstance(url, str):
            continue
        for name, variable in _mapping(_mapping(server).get("variables")).items():
            url = url.replace(f"{{{name}}}", str(_mapping(variable).get("default", f"{{{name}}}")))
        try:
            found.append(urlsplit(url).path.rstrip("/"))
        except ValueError:
            continue
    return found


def _operation(method: str, path: str, node: Node, shared: list[Node], bases: Iterable[str]) -> SpecOperation:
    value = _mapping(node.value)
    given = [*shared, *_elements(_below(node, "parameters"))]
    name = value.get("operationId")
    body, body_required = _request_body(node, given)
    return SpecOperation(
        method=method.upper(),
        paths=tuple(dict.fromkeys(base + path for base in bases)),
        name=name if isinstance(name, str) else f"{method.upper()} {path}",
        place=_place(node),
        deprecated=value.get("deprecated") is True,
        parameters=tuple(_parameters(given)),
        body=body,
        body_required=body_required,
        answers={status: _schema_of(answer) for status, answer in _children(_below(node, "responses"))},
    )


def _parameters(nodes: Iterable[Node]) -> Iterator[Parameter]:
    for node in nodes:
        value = _mapping(node.value)
        name, where = value.get("name"), value.get("in")
        if isinstance(name, str) and where in ("query", "header", "path"):
            required, deprecated = value.get("required") is True, value.get("deprecated") is True
            yield Parameter(name, str(where), required, deprecated, _place(node))


def _request_body(node: Node, parameters: Iterable[Node]) -> tuple[Node | None, bool]:
    body = _below(node, "requestBody")
    if body is not None:
        return _schema_of(body, ""), _mapping(body.value).get("required") is True
    fields: dict[str, Json] = {}
    required: list[Json] = []
    for parameter in parameters:
        value = _mapping(parameter.value)
        if value.get("in") == "body":
            return _below(parameter, "schema"), value.get("required") is True
        if value.get("in") == "formData" and isinstance(value.get("name"), str):
            fields[value["name"]] = {key: item for key, item in value.items() if key != "required"}
            required += [value["name"]] if value.get("required") is True else []
    if not fields:
        return None, False
    form: dict[str, Json] = {"type": "object", "properties": fields, "required": required}
    return Node(form, node.file, f"{node.pointer}/parameters", node.follow), bool(required)


def _schema_of(node: Node, wanted: str = "json") -> Node | None:
    """Return the schema of a body's JSON forms, of all of its forms with an empty `wanted`; None where there is none."""
    content = _below(node, "content")
    if content is None:  # Swagger 2
        return _below(node, "schema")
    found = [
        schema
        for kind, form in _children(content)
        if (wanted in kind or kind == "*/*") and (schema := _below(form, "schema"))
    ]
    return any_of(found) if found else None


# --- Google discovery documents -----------------------------------------------------------------------------------------


def _discovery(root: Node) -> Iterator[SpecOperation]:
    value = _mapping(root.value)
    base = "/" + str(value.get("servicePath") or "").strip("/")
    shared = list(_google_parameters(_below(root, "parameters")))
    waiting = [root]
    for _ in range(MAX_OPERATIONS):
        if not waiting:
            return
        node = waiting.pop()
        waiting += [child for _, child in _children(_below(node, "resources"))]
        for _, method in _children(_below(node, "methods")):
            yield _google_method(method, base.rstrip("/"), shared)


def _google_method(node: Node, base: str, shared: list[Parameter]) -> SpecOperation:
    value = _mapping(node.value)
    path = str(value.get("flatPath") or value.get("path") or "").lstrip("/")
    answer = node.below("response") if isinstance(value.get("response"), dict) else None
    return SpecOperation(
        method=str(value.get("httpMethod", "")).upper(),
        paths=(f"{base}/{path}",),
        name=str(value.get("id", path)),
        place=_place(node),
        deprecated=value.get("deprecated") is True,
        parameters=(*shared, *_google_parameters(_below(node, "parameters"))),
        body=node.below("request") if isinstance(value.get("request"), dict) else None,
        answers={"2XX": answer, "4XX": None, "5XX": None},
    )


def _google_parameters(node: Node | None) -> Iterator[Parameter]:
    for name, each in _children(node):
        value = _mapping(each.value)
        required, deprecated = value.get("required") is True, value.get("deprecated") is True
        yield Parameter(name, str(value.get("location")), required, deprecated, _place(each))


# --- MCP tools lists ----------------------------------------------------------------------------------------------------


def _tool_lists(root: Node) -> Iterator[Node]:
    """Yield the lists of tools: the document itself, an answer around it, or several answers under names of their own."""
    for holder in (root, *(child for _, child in _children(root))):
        tools = _mapping(holder.value).get("tools")
        if isinstance(tools, list) and all("name" in _mapping(tool) for tool in tools):
            yield holder.below("tools")


def _tools(root: Node) -> Iterator[SpecOperation]:
    for tools in _tool_lists(root):
        for tool in _elements(tools):
            value = _mapping(tool.value)
            yield SpecOperation(
                method="TOOL",
                paths=(),
                name=str(value["name"]),
                place=_place(tool),
                deprecated=value.get("deprecated") is True,
                body=_below(tool, "inputSchema"),
                answers={"200": _below(tool, "outputSchema")},
            )


# --- GraphQL ------------------------------------------------------------------------------------------------------------


def _printed(value: Json, name: str) -> str:
    from provendor.graphql_subset import printed  # noqa: PLC0415 - graphql-core takes a quarter of a second

    whole = _mapping(value)
    print_it: Callable[[Any, str], str] = printed
    return print_it(whole if "__schema" in whole else whole["data"], name)
