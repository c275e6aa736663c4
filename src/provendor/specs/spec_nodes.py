"""Node descriptions, as Meta publishes them for its SDKs: a file per kind of node, with its `fields` and its `apis`.

    {"apis": [{"method": "GET", "endpoint": "comments", "return": "Comment", "params": [...]}],
     "fields": [{"name": "created_time", "type": "datetime"}, ...]}

A node is asked for by its id alone, and nothing in a path says of which kind it is: `GET /{id}` is one operation for all kinds
that a document describes, and so is an edge that several kinds have. The format knows no null, no error and no status; what a
POST answers is not in it either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from provendor.exchange import Json
from provendor.schemas.shapes import Node
from provendor.specs.spec_parts import Parameter, SpecOperation, below, elements, mapping, place_of

NODE_ID: Final = "node-id"
"""The word in a path for the id of a node: `/debug_token` is none."""

# Every node and edge takes these, and no file says so.
_EVERYWHERE: Final = (
    *("fields", "access_token", "appsecret_proof", "summary", "limit", "after", "before", "since", "until"),
    *("locale", "metadata", "method", "format", "date_format", "debug", "suppress_http_code", "return_ssl_resources"),
)
_SIMPLE: Final[Mapping[str, dict[str, Json]]] = {
    "string": {"type": "string"},
    "datetime": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "unsigned int": {"type": "integer"},
    "float": {"type": "number"},
    "list": {"type": "array"},
    "map": {"type": "object"},
    "Object": {"type": "object"},
    "file": {"type": "string"},
}


def describes_a_node(value: Any) -> bool:
    """Say whether a document is the description of a kind of node."""
    return isinstance(value, dict) and isinstance(value.get("apis"), list) and isinstance(value.get("fields"), list)


def lists_enums(value: Any) -> bool:
    """Say whether a document lists the values of enums, which descriptions of nodes name."""
    return isinstance(value, list) and bool(value) and all({"name", "values"} <= mapping(each).keys() for each in value)


def nodes(documents: Mapping[str, Json]) -> Iterator[SpecOperation]:
    """Yield the operations of all descriptions of nodes among the documents; a kind is called like its file."""
    kinds = {_kind(name): name for name, value in documents.items() if describes_a_node(value)}
    enums = {
        each["name"]: each["values"] for value in documents.values() if lists_enums(value) for each in _rows(value)
    }
    types = _Types(documents, kinds, enums)
    for name in kinds.values():
        root = Node(documents[name], name, "", types.follow)
        for api in elements(below(root, "apis")):
            operation = _operation(api, types)
            if operation is not None:
                yield operation


def _kind(file: str) -> str:
    return file.rpartition("/")[2].partition(".")[0]


def _rows(value: Any) -> list[dict[str, Any]]:
    return [mapping(each) for each in value]


def _operation(api: Node, types: _Types) -> SpecOperation | None:
    value = mapping(api.value)
    method, edge = str(value.get("method", "")).upper(), value.get("endpoint")
    if method not in ("GET", "POST", "DELETE"):
        return None
    node = f"/{{id:{NODE_ID}}}"
    path = f"{node}/{edge}" if isinstance(edge, str) and edge else node
    parameters = [(each, mapping(each.value)) for each in elements(below(api, "params"))]
    given = types.of(str(value.get("return", "")))
    sent: dict[str, Json] = {str(each.get("name")): types.of(str(each.get("type"))) for _, each in parameters}
    needed: list[Json] = [str(each.get("name")) for _, each in parameters if each.get("required") is True]
    body: dict[str, Json] = {
        "type": "object",
        "properties": {**{name: {} for name in _EVERYWHERE}, **sent},
        "required": needed,
    }
    shape = _page(given) if edge else given
    return SpecOperation(
        method=method,
        paths=(path, f"/{{version}}{path}"),
        name=f"{method} {_kind(api.file)}{f'/{edge}' if edge else ''}",
        place=place_of(api),
        parameters=tuple(_parameters(parameters, is_query=method != "POST")),
        body=Node(body, api.file, f"{api.pointer}/params", types.follow) if method == "POST" else None,
        answers={"200": Node(shape, api.file, f"{api.pointer}/return", types.follow) if method == "GET" else None},
    )


def _page(items: dict[str, Json]) -> dict[str, Json]:
    """Return what an edge answers."""
    return {"type": "object", "properties": {"data": {"type": "array", "items": items}, "paging": {}, "summary": {}}}


def _parameters(given: Sequence[tuple[Node, dict[str, Any]]], is_query: bool) -> Iterator[Parameter]:
    for name in _EVERYWHERE:
        yield Parameter(name, "query", False, False, "")
    for node, value in given if is_query else ():
        yield Parameter(str(value.get("name")), "query", value.get("required") is True, False, place_of(node))


class _Types:
    """The types of fields and parameters, as JSON Schema."""

    def __init__(self, documents: Mapping[str, Json], kinds: Mapping[str, str], enums: Mapping[str, Json]) -> None:
        self._documents = documents
        self._kinds = kinds
        self._enums = enums
        self._made: dict[str, Node] = {}

    def of(self, name: str) -> dict[str, Json]:
        """Return the schema of a type by its name; what is not known allows everything."""
        if name in _SIMPLE:
            return dict(_SIMPLE[name])
        if name in self._enums:
            return {"type": "string", "enum": self._enums[name]}
        if name in self._kinds:
            return {"$ref": f"node:{name}"}
        inner = re.fullmatch(r"(list|map)<(.*)>", name)
        if inner is None:
            return {}
        return {"type": "array", "items": self.of(inner[2])} if inner[1] == "list" else {"type": "object"}

    def follow(self, reference: str, _file: str) -> Node | None:
        """Return the schema of a kind of node."""
        kind = reference.removeprefix("node:")
        if kind not in self._kinds:
            return None
        if kind not in self._made:
            file = self._kinds[kind]
            described = mapping(self._documents[file])
            fields = {str(each.get("name")): self.of(str(each.get("type"))) for each in _rows(described["fields"])}
            # What hangs on a node can be asked for like a field of it.
            edges = [each for each in _rows(described["apis"]) if each.get("method") == "GET" and each.get("endpoint")]
            hanging = {str(each["endpoint"]): _page(self.of(str(each.get("return")))) for each in edges}
            properties: dict[str, Json] = {**hanging, **fields}
            schema: dict[str, Json] = {"type": "object", "properties": properties}
            self._made[kind] = Node(schema, file, "/fields", self.follow)
        return self._made[kind]
