"""JSON Schemas by what they allow in each place, wherever they come from: a contract, a vendor's spec, one answer.

    views = Views()
    view = views.of(Node({"$ref": "#/components/schemas/User"}, "spec.yaml", "/paths/~1users/get/...", follow))
    view.kinds                      # frozenset({"object"}), None where any type is allowed
    view.properties["id"]           # a Node again: what is below is looked at when somebody asks

References, `allOf`, `anyOf` and `oneOf` are folded into one view. It is generous where a schema says too little: an unknown
type, a reference that leads nowhere or in a circle allow everything. Each place is looked at once, so that no schema,
however it refers to itself, takes more time than it has text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from provendor.exchange import Json

KINDS: Final = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
MAX_DEPTH: Final = 100  # references and combinations within each other

Follow: TypeAlias = Callable[[str, str], "Node | None"]  # a reference, and the file in which it stands


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A schema that has not been looked at: where it stands and how to follow its references.

    `all_of` and `any_of` are nodes that stand in several places; such a node has no value of its own.
    """

    value: Json
    file: str
    pointer: str
    follow: Follow
    all_of: tuple[Node, ...] = ()
    any_of: tuple[Node, ...] = ()

    def below(self, *steps: str | int) -> Node:
        """Return the node that a keyword of this one holds; its value must be there."""
        value: Any = self.value
        pointer = self.pointer
        for step in steps:
            value = value[step]
            pointer += "/" + str(step).replace("~", "~0").replace("/", "~1")
        return Node(value, self.file, pointer, self.follow)

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """Where it stands; several places for a node of several."""
        parts = self.all_of or self.any_of
        if not parts:
            return frozenset({(self.file, self.pointer)})
        return frozenset().union(*(part.places for part in parts))


def any_of(nodes: Iterable[Node]) -> Node:
    """Return the node of which one alternative must hold."""
    return _several(nodes, "any_of")


def _several(nodes: Iterable[Node], mode: str) -> Node:
    flat: dict[frozenset[tuple[str, str]], Node] = {}
    for node in nodes:
        for part in getattr(node, mode) or (node,):
            flat.setdefault(part.places, part)
    found = tuple(flat.values())
    first = found[0]
    if len(found) == 1:
        return first
    alternatives = {mode: found}
    return Node(None, first.file, first.pointer, first.follow, **alternatives)


def sample(value: Json, file: str, pointer: str = "") -> Node:
    """Return the node that allows this one value."""
    return Node({"const": value}, file, pointer, lambda _reference, _file: None)


class View(NamedTuple):
    """What a schema allows in one place.

    `kinds` are JSON Schema's types, `values` the values of an enum or const; None allows all. `required` means something
    only where `demands` says that the schema tells required from optional. `open` objects have properties that are
    not named; `rest` says what these are. `place` is where most of it stands.
    """

    place: Node
    kinds: frozenset[str] | None = None
    values: tuple[Json, ...] | None = None
    properties: Mapping[str, Node] = MappingProxyType({})
    required: frozenset[str] = frozenset()
    demands: bool = False
    items: Node | None = None
    rest: Node | None = None
    open: bool = False
    never: bool = False
    deprecated: bool = False

    @property
    def maybe_object(self) -> bool:
        """Say whether an object is allowed."""
        return not self.never and (self.kinds is None or "object" in self.kinds)

    def has_room(self) -> bool:
        """Say whether an object may have properties that the schema does not name."""
        return self.maybe_object and (self.open or not self.properties)


class Views:
    """Views of nodes, each place looked at once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Json, View]] = {}
        self._open: set[tuple[str, str]] = set()

    def of(self, node: Node) -> View:
        """Return what the node allows."""
        if node.any_of:
            return _either([self.of(part) for part in node.any_of])
        if node.all_of:
            return _both([self.of(part) for part in node.all_of])
        key = node.file, node.pointer
        known = self._known.get(key)
        if known and known[0] is node.value:
            return known[1]
        if key in self._open or len(self._open) >= MAX_DEPTH:
            return View(node)
        self._open.add(key)
        try:
            view = self._look(node)
        finally:
            self._open.discard(key)
        self._known[key] = node.value, view
        return view

    def _look(self, node: Node) -> View:
        if node.value is False:
            return View(node, never=True)
        if not isinstance(node.value, dict):
            return View(node)
        parts = [_own(node, node.value)]
        reference = node.value.get("$ref")
        if isinstance(reference, str):
            target = node.follow(reference, node.file)
            parts.append(self.of(target) if target else View(node))
        parts += [self.of(part) for part in _branches(node, "allOf")]
        for keyword in ("anyOf", "oneOf"):
            if branches := _branches(node, keyword):
                parts.append(_either([self.of(branch) for branch in branches]))
        view = _both(parts) if len(parts) > 1 else parts[0]
        return _with_null(view) if node.value.get("nullable") is True or node.value.get("x-nullable") is True else view


def _branches(node: Node, keyword: str) -> list[Node]:
    branches = node.value.get(keyword) if isinstance(node.value, dict) else None
    return [node.below(keyword, index) for index in range(len(branches))] if isinstance(branches, list) else []


def _own(node: Node, value: dict[str, Json]) -> View:
    """Return what the keywords of this very schema allow."""
    if "const" in value:
        return _only(node, value["const"])
    properties = value.get("properties")
    named = {name: node.below("properties", name) for name in properties} if isinstance(properties, dict) else {}
    required = value.get("required")
    rest = value.get("additionalProperties")
    enum = value.get("enum")
    return View(
        node,
        kinds=_kinds(value.get("type")),
        values=tuple(enum) if isinstance(enum, list) and enum else None,
        properties=MappingProxyType(named),
        required=frozenset(name for name in required if isinstance(name, str))
        if isinstance(required, list)
        else frozenset(),
        demands=isinstance(required, list),
        items=node.below("items") if isinstance(value.get("items"), dict) else None,
        rest=node.below("additionalProperties") if isinstance(rest, dict) else None,
        open=rest is True or isinstance(rest, dict) or isinstance(value.get("patternProperties"), dict),
        deprecated=value.get("deprecated") is True,
    )


def _only(node: Node, value: Json) -> View:
    kinds = frozenset({kind_of(value)})
    if isinstance(value, dict):
        named = {name: _const(node, value[name], name) for name in value}
        return View(node, kinds, None, MappingProxyType(named), frozenset(value), demands=True)
    if isinstance(value, list):
        items = any_of(_const(node, item, str(index)) for index, item in enumerate(value)) if value else None
        return View(node, kinds, None, items=items)
    return View(node, kinds, (value,))


def _const(node: Node, value: Json, step: str) -> Node:
    return Node(
        {"const": value}, node.file, f"{node.pointer}/{step.replace('~', '~0').replace('/', '~1')}", node.follow
    )


def kind_of(value: Json) -> str:
    """Return the JSON Schema type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _kinds(kind: Json) -> frozenset[str] | None:
    named = kind if isinstance(kind, list) else ["string" if kind == "file" else kind]
    known = frozenset(each for each in named if isinstance(each, str) and each in KINDS)
    return known if known and len(known) == len(set(map(str, named))) else None


def _with_null(view: View) -> View:
    return view._replace(
        kinds=None if view.kinds is None else view.kinds | {"null"},
        values=None if view.values is None or None in view.values else (*view.values, None),
    )


def wider(kinds: frozenset[str]) -> frozenset[str]:
    """Return the types with `integer` wherever `number` is allowed."""
    return kinds | {"integer"} if "number" in kinds else kinds


def same(one: Json, other: Json) -> bool:
    """Compare as JSON does: true is not 1, and 1 is 1.0."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _both(views: Sequence[View]) -> View:
    """Return what all of the views allow."""
    said = [view for view in views if _says_something(view)] or list(views[:1])
    kinds: frozenset[str] | None = None
    values: tuple[Json, ...] | None = None
    for view in said:
        if view.kinds is not None:
            kinds = view.kinds if kinds is None else wider(kinds) & wider(view.kinds)
        if view.values is not None:
            kept = view.values if values is None else tuple(v for v in values if any(same(v, w) for w in view.values))
            values = kept
    return View(
        said[0].place,
        kinds,
        values,
        _merged([view.properties for view in said], "all_of"),
        frozenset().union(*(view.required for view in said)),
        any(view.demands for view in said),
        _one_of([view.items for view in said], "all_of"),
        _one_of([view.rest for view in said], "all_of"),
        any(view.open for view in said),
        any(view.never for view in said),
        any(view.deprecated for view in said),
    )


def _either(views: Sequence[View]) -> View:
    """Return what one of the views at least allows."""
    possible = [view for view in views if not view.never]
    if not possible:
        return views[0]
    objects = [view for view in possible if view.maybe_object and view.kinds != frozenset({"null"})]
    kinds: frozenset[str] | None = frozenset().union(*(view.kinds or () for view in possible))
    if any(view.kinds is None for view in possible):
        kinds = None
    return View(
        (objects or possible)[0].place,
        kinds,
        _all_values(possible),
        _merged([view.properties for view in objects], "any_of"),
        frozenset.intersection(*(view.required for view in objects)) if objects else frozenset(),
        bool(objects) and all(view.demands for view in objects),
        _one_of([view.items for view in possible], "any_of"),
        _one_of([view.rest for view in objects], "any_of"),
        any(view.has_room() for view in objects),
        deprecated=all(view.deprecated for view in possible),
    )


def _says_something(view: View) -> bool:
    return bool(
        view.kinds is not None
        or view.values is not None
        or view.properties
        or view.demands
        or view.items
        or view.open
        or view.never
        or view.deprecated
    )


def _all_values(views: Sequence[View]) -> tuple[Json, ...] | None:
    found: list[Json] = []
    for view in views:
        if view.kinds == frozenset({"null"}):
            found.append(None)
        elif view.values is None:
            return None
        else:
            found += view.values
    return tuple(found) if any(value is not None for value in found) else None


def _merged(maps: Sequence[Mapping[str, Node]], mode: str) -> Mapping[str, Node]:
    names = dict.fromkeys(name for each in maps for name in each)
    return MappingProxyType({name: _several((each[name] for each in maps if name in each), mode) for name in names})


def _one_of(nodes: Sequence[Node | None], mode: str) -> Node | None:
    found = [node for node in nodes if node is not None]
    return _several(found, mode) if found else None
