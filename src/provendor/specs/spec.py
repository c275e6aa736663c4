"""A vendor's own description of its API, whatever kind of document it is, as one neutral model.

    spec = read_spec([("openapi.yaml", data)])
    found = spec.find("GET", ["/api/v1/users/7", "/users/7"])     # the operation whose path fits best, or None
    found.answer(200)                                            # its Node, Undeclared, or None: nothing is said
    spec.tool("search_catalog")                                  # of an MCP tools list

OpenAPI 3, Swagger 2, Google discovery documents, MCP tools lists, OpenRPC, Meta's descriptions of nodes, GraphQL SDL and
introspection results. Vendors' documents break the rules of their own formats (that is what `drift` looks for), so that
validating readers refuse what must be read here. What is not understood is left out; only a document of no known kind is an
error.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from provendor.errors import ContractError, UsageError
from provendor.exchange import Json
from provendor.reader import source
from provendor.schemas.shapes import Node, any_of
from provendor.specs.spec_calls import methods, tool_lists, tools
from provendor.specs.spec_nodes import NODE_ID, describes_a_node, lists_enums, nodes
from provendor.specs.spec_parts import (
    MAX_OPERATIONS,
    Parameter,
    SpecOperation,
    below,
    children,
    elements,
    mapping,
    merged,
    place_of,
)

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_IN_SEGMENT: Final = 4  # parameters in one segment of a path


@dataclass(frozen=True, slots=True)
class Spec:
    """What the given documents say together. `sdl` holds name and text of the GraphQL schemas among them.

    `skipped` names the files of a folder that describe no API.
    """

    operations: tuple[SpecOperation, ...]
    tools: Mapping[str, SpecOperation] | None
    sdl: tuple[tuple[str, str], ...]
    speaks_http: bool
    skipped: tuple[str, ...] = ()

    def find(self, method: str, paths: Sequence[str]) -> SpecOperation | None:
        """Return the operation that one of these paths belongs to; of several the one with most literal text.

        Where the documents have it several times, what they say of it together.
        """
        best, found = -1, dict[int, SpecOperation]()
        for operation in self.operations:
            if operation.method != method:
                continue
            for template in operation.paths:
                pattern, weight = _pattern(template)
                if weight >= best and any(pattern.fullmatch(path) for path in paths):
                    found = found if weight == best else {}
                    best = weight
                    found.setdefault(id(operation), operation)
        return merged(list(found.values())) if found else None

    def tool(self, name: str) -> SpecOperation | None:
        """Return the tool of this name."""
        return (self.tools or {}).get(name)


# What a parameter `{name:word}` stands for; every other stands for anything.
_WORDS: Final = {NODE_ID: r"(?:me|[^/]*[0-9][^/]*)"}
_NEVER: Final = re.compile(r"(?!)")


@lru_cache(maxsize=MAX_OPERATIONS)  # by the template alone: an entry cannot go stale
def _pattern(template: str) -> tuple[re.Pattern[str], int]:
    pieces: list[str] = []
    weight = 0
    for segment in template.strip("/").split("/"):
        literals = re.split(r"(?:\{[^{}]*\})+", segment)
        if len(literals) > _IN_SEGMENT:
            return _NEVER, 0
        word = segment.partition(":")[2].rstrip("}") if segment.startswith("{") else ""
        pieces.append(_WORDS.get(word, "[^/]+").join(map(re.escape, literals)))
        weight += 2 * (len(literals) == 1) + (len(literals) > 1 and any(literals))
    return re.compile("/" + "/".join(pieces) + "/?"), weight


# --- reading ------------------------------------------------------------------------------------------------------------


def read_spec(files: Sequence[tuple[str, bytes]], *, whole_folder: bool = False) -> Spec:
    """Return what these documents say together; raises UsageError and ContractError for what cannot be read.

    References between the documents are followed by file name. Of a whole folder only what describes an API is read.
    """
    library = _Library()
    sdl: list[tuple[str, str]] = []
    skipped: list[str] = []
    for name, data in files:
        try:
            value = _value(name, data)
        except (ContractError, UsageError):
            if not whole_folder:
                raise
            skipped.append(name)
            continue
        if not isinstance(value, str):
            library.values[name] = value
        elif whole_folder and not _DEFINES_TYPES.search(value):
            skipped.append(name)
        else:
            sdl.append((name, value))
    read = _Reading(library)
    for name, value in library.values.items():
        kind = kind_of_document(value)
        if kind == "introspection":
            sdl.append((name, _printed(value, name)))
        elif kind is not None:
            read.document(name, value, kind)
        elif whole_folder:
            skipped.append(name)  # others may still refer to it
        else:
            raise UsageError(f"{name}: none of {', '.join(_KINDS)}")
    if not (read.kinds or sdl):
        raise UsageError(f"nothing here describes an API: {', '.join(skipped[:10]) or 'no file'}")
    tools = {name: merged(each) for name, each in read.tools.items()} if read.kinds & {"tools", "openrpc"} else None
    speaks_http = bool(read.kinds & {"openapi", "discovery", "node"})
    return Spec(tuple(read.operations), tools, tuple(sdl), speaks_http, tuple(skipped))


_KINDS: Final = (
    "OpenAPI 3",
    "Swagger 2",
    "a Google discovery document",
    "GraphQL (SDL or introspection)",
    "an MCP tools list",
    "an OpenRPC document",
    "a description of Meta's nodes",
)
_DEFINES_TYPES: Final = re.compile(r"(?m)^(?:extend )?(?:type|interface|input|enum|scalar|union|schema)\b")
Kind: TypeAlias = Literal["openapi", "discovery", "introspection", "tools", "openrpc", "node", "enums"]


class _Reading:
    """What was read of the documents so far."""

    def __init__(self, library: _Library) -> None:
        self._library = library
        self.operations: list[SpecOperation] = []
        self.tools: dict[str, list[SpecOperation]] = {}
        self.kinds: set[Kind] = set()

    def document(self, name: str, value: Json, kind: Kind) -> None:
        """Read one document."""
        root = Node(value, name, "", self._library.follow)
        if kind in ("tools", "openrpc"):
            for tool in tools(root) if kind == "tools" else methods(root):
                self.tools.setdefault(tool.name, []).append(tool)
        elif kind in ("openapi", "discovery"):
            self._add(name, _discovery(root) if kind == "discovery" else _openapi(root))
        elif kind == "node" and kind not in self.kinds:  # of all nodes at once: they refer to each other
            self._add(name, nodes(self._library.values))
        if kind != "enums":
            self.kinds.add(kind)

    def _add(self, name: str, operations: Iterable[SpecOperation]) -> None:
        for operation in operations:
            self.operations.append(operation)
            if len(self.operations) > MAX_OPERATIONS:
                raise UsageError(f"{name}: more than {MAX_OPERATIONS} operations")


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


def kind_of_document(value: Json) -> Kind | None:
    """Tell what kind of description this is."""
    if lists_enums(value):
        return "enums"
    if not isinstance(value, dict):
        return None
    if "openapi" in value or "swagger" in value:
        return "openapi"
    if "openrpc" in value:
        return "openrpc"
    if "discoveryVersion" in value or value.get("kind") == "discovery#restDescription":
        return "discovery"
    if "__schema" in value or "__schema" in mapping(value.get("data")):
        return "introspection"
    if describes_a_node(value):
        return "node"
    return "tools" if list(tool_lists(Node(value, "", "", _nowhere))) else None


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
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(file), name))
            wanted = name.rpartition("/")[2]
            named = (known for known in self.values if known.rpartition("/")[2] == wanted)
            found = beside if beside in self.values else next(named, None)
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


# --- OpenAPI and Swagger ------------------------------------------------------------------------------------------------


def _openapi(root: Node) -> Iterator[SpecOperation]:
    bases = _bases(mapping(root.value))
    for path, item in children(below(root, "paths")):
        shared = list(elements(below(item, "parameters")))
        own_bases = _server_paths(mapping(item.value).get("servers")) or bases
        for method in METHODS:
            operation = below(item, method)
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
        url = mapping(server).get("url")
        if not isinstance(url, str):
            continue
        for name, variable in mapping(mapping(server).get("variables")).items():
            url = url.replace(f"{{{name}}}", str(mapping(variable).get("default", f"{{{name}}}")))
        try:
            found.append(urlsplit(url).path.rstrip("/"))
        except ValueError:
            continue
    return found


def _operation(method: str, path: str, node: Node, shared: list[Node], bases: Iterable[str]) -> SpecOperation:
    value = mapping(node.value)
    given = [*shared, *elements(below(node, "parameters"))]
    name = value.get("operationId")
    body, body_required = _request_body(node, given)
    return SpecOperation(
        method=method.upper(),
        paths=tuple(dict.fromkeys(base + path for base in bases)),
        name=name if isinstance(name, str) else f"{method.upper()} {path}",
        place=place_of(node),
        deprecated=value.get("deprecated") is True,
        parameters=tuple(_parameters(given)),
        body=body,
        body_required=body_required,
        answers={status: _schema_of(answer) for status, answer in children(below(node, "responses"))},
    )


def _parameters(nodes: Iterable[Node]) -> Iterator[Parameter]:
    for node in nodes:
        value = mapping(node.value)
        name, where = value.get("name"), value.get("in")
        if isinstance(name, str) and where in ("query", "header", "path"):
            required, deprecated = value.get("required") is True, value.get("deprecated") is True
            yield Parameter(name, str(where), required, deprecated, place_of(node))


def _request_body(node: Node, parameters: Iterable[Node]) -> tuple[Node | None, bool]:
    body = below(node, "requestBody")
    if body is not None:
        return _schema_of(body, ""), mapping(body.value).get("required") is True
    fields: dict[str, Json] = {}
    required: list[Json] = []
    for parameter in parameters:
        value = mapping(parameter.value)
        if value.get("in") == "body":
            return below(parameter, "schema"), value.get("required") is True
        if value.get("in") == "formData" and isinstance(value.get("name"), str):
            fields[value["name"]] = {key: item for key, item in value.items() if key != "required"}
            required += [value["name"]] if value.get("required") is True else []
    if not fields:
        return None, False
    form: dict[str, Json] = {"type": "object", "properties": fields, "required": required}
    return Node(form, node.file, f"{node.pointer}/parameters", node.follow), bool(required)


def _schema_of(node: Node, wanted: str = "json") -> Node | None:
    """Return the schema of a body's JSON forms, of all of its forms with an empty `wanted`; None where there is none."""
    content = below(node, "content")
    if content is None:  # Swagger 2
        return below(node, "schema")
    found = [
        schema
        for kind, form in children(content)
        if (wanted in kind or kind == "*/*") and (schema := below(form, "schema"))
    ]
    return any_of(found) if found else None


# --- Google discovery documents -----------------------------------------------------------------------------------------


def _discovery(root: Node) -> Iterator[SpecOperation]:
    value = mapping(root.value)
    base = "/" + str(value.get("servicePath") or "").strip("/")
    shared = list(_google_parameters(below(root, "parameters")))
    waiting = [root]
    for _ in range(MAX_OPERATIONS):
        if not waiting:
            return
        node = waiting.pop()
        waiting += [child for _, child in children(below(node, "resources"))]
        for _, method in children(below(node, "methods")):
            yield _google_method(method, base.rstrip("/"), shared)


def _google_method(node: Node, base: str, shared: list[Parameter]) -> SpecOperation:
    value = mapping(node.value)
    path = str(value.get("flatPath") or value.get("path") or "").lstrip("/")
    answer = node.below("response") if isinstance(value.get("response"), dict) else None
    return SpecOperation(
        method=str(value.get("httpMethod", "")).upper(),
        paths=(f"{base}/{path}",),
        name=str(value.get("id", path)),
        place=place_of(node),
        deprecated=value.get("deprecated") is True,
        parameters=(*shared, *_google_parameters(below(node, "parameters"))),
        body=node.below("request") if isinstance(value.get("request"), dict) else None,
        answers={"2XX": answer, "4XX": None, "5XX": None},
    )


def _google_parameters(node: Node | None) -> Iterator[Parameter]:
    for name, each in children(node):
        value = mapping(each.value)
        required, deprecated = value.get("required") is True, value.get("deprecated") is True
        yield Parameter(name, str(value.get("location")), required, deprecated, place_of(each))


# --- GraphQL ------------------------------------------------------------------------------------------------------------


def _printed(value: Json, name: str) -> str:
    from provendor.specs.graphql_subset import printed  # noqa: PLC0415 - graphql-core takes a quarter of a second

    whole = mapping(value)
    print_it: Callable[[Any, str], str] = printed
    return print_it(whole if "__schema" in whole else whole["data"], name)
