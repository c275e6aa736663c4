"""What a schema says about each place of one value: the fields that a contract declares, and those that only came.

    said = declared(schema, {"id": 7, "tags": ["a", "b"], "extra": {"x": 1}})
    [place.at for place in said.places]     # ["", "/id", "/tags", "/tags/*"]
    said.silent                             # ["/extra"]: sent, and not declared

A place is declared where the schema names it, or describes every member or item that stands where it does: through
references, `allOf`, `if`, `dependentSchemas`, and those alternatives of `anyOf` and `oneOf` that the value fits. Of items
and of members of a map that are alike, one stands for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from provendor.exchange import Json
from provendor.patterns import finder
from provendor.schemas.keywords import Origin
from provendor.schemas.schema import Schema

Way: TypeAlias = "tuple[str | int, ...]"


class Part(NamedTuple):
    """One schema object that has a say: its keywords, and where it stands in the bundle.

    What stands in an `if` only `asks`: it reads a place, and demands nothing of it.
    """

    keywords: Mapping[str, Any]
    target: int
    pointer: str
    asks: bool = False

    def below(self, *steps: str | int) -> Iterator[Part]:
        """Yield the part that stands below these keys; nothing where that is no schema object."""
        value: Any = self.keywords
        pointer = self.pointer
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else value[step]
            pointer += f"/{escaped(step)}"
        if isinstance(value, dict):
            yield Part(value, self.target, pointer, self.asks)

    def each(self, keyword: str) -> Iterator[Part]:
        """Yield every part of a keyword that holds a list of schemas."""
        for index in range(len(self.keywords.get(keyword, ()))):
            yield from self.below(keyword, index)


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One declared place: the way to it, what stands there, and the parts of the schema that say something about it.

    `at` is a JSON pointer with `*` for items and for members of a map. `might` are the parts that would have a say if
    another value stood there: also alternatives that this one does not fit. A `named` place is a member that the schema
    names.
    """

    way: Way
    at: str
    value: Json
    says: tuple[Part, ...] = ()
    might: tuple[Part, ...] = ()
    named: bool = False

    def said(self, keyword: str) -> Iterator[Any]:
        """Yield the values that a keyword has in all that applies here."""
        return (part.keywords[keyword] for part in self.says if keyword in part.keywords and not part.asks)

    def allowed(self, keyword: str) -> Iterator[Any]:
        """Yield the values that a keyword has in all that might apply here."""
        return (part.keywords[keyword] for part in self.might if keyword in part.keywords and not part.asks)


@dataclass(slots=True)
class Declared:
    """The declared places of one value, each before those below it, and pointers to what came besides."""

    schema: Schema
    places: list[Place] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    def origin(self, part: Part) -> Origin:
        """Return where a part is written."""
        origin = self.schema.bundle.origins[part.target]
        return Origin(origin.file, origin.pointer + part.pointer)


def declared(schema: Schema, value: Json) -> Declared:
    """Return what a schema says about each place of a value that fits it."""
    found = Declared(schema)
    walk = _Walk(schema, found)
    root = walk.target("#/$defs/0")
    walk.visit((), "", value, root, root, named=False)
    return found


def escaped(step: str | int) -> str:
    """Return a step of a JSON pointer."""
    return str(step).replace("~", "~0").replace("/", "~1")


class _Walk:
    """Leads a value and a schema down together."""

    def __init__(self, schema: Schema, found: Declared) -> None:
        self._schema = schema
        self._found = found

    def target(self, reference: str) -> list[Part]:
        """Return what a reference of the bundle leads to."""
        index = int(reference.rpartition("/")[2])
        value = self._schema.bundle.schema["$defs"][str(index)]
        return [Part(value, index, "")] if isinstance(value, dict) else []

    def visit(
        self, way: Way, at: str, value: Json, parts: Sequence[Part], possible: Sequence[Part], *, named: bool
    ) -> None:
        """Note a place, and go on below it. `possible` are parts that would stand for it with other values around it."""
        says = _once(part for each in parts for part, fits in self._in_place(each, value, fits=True) if fits)
        if possible is parts and all(map(_is_plain, says)):
            might = says  # nothing here depends on the value
        else:
            might = _once(part for each in possible for part, _ in self._in_place(each, value, fits=True))
        self._found.places.append(Place(way, at, value, says, might, named))
        if isinstance(value, dict):
            self._members(way, at, value, says, might)
        elif isinstance(value, list):
            self._items(way, at, value, says, might)

    # --- what applies to the same value -----------------------------------------------------------------------------------

    def _in_place(self, part: Part, value: Json, *, fits: bool) -> Iterator[tuple[Part, bool]]:
        """Yield a part, and those within it that are about the same value, each with whether the value fits them."""
        yield part, fits
        words = part.keywords
        if "$ref" in words:
            for target in self.target(words["$ref"]):
                yield from self._in_place(target._replace(asks=True) if part.asks else target, value, fits=fits)
        if "allOf" in words:
            for each in part.each("allOf"):
                yield from self._in_place(each, value, fits=fits)
        if _is_plain(part):
            return
        for each in (*part.each("anyOf"), *part.each("oneOf")):
            yield from self._in_place(each, value, fits=fits and self._fits(each, value))
        for each, applies in self._conditional(part, value):
            yield from self._in_place(each, value, fits=fits and applies and self._fits(each, value))

    def _conditional(self, part: Part, value: Json) -> Iterator[tuple[Part, bool]]:
        words = part.keywords
        if "if" in words:
            yield from ((each._replace(asks=True), True) for each in part.below("if"))
            holds = (
                words["if"] if isinstance(words["if"], bool) else all(self._fits(p, value) for p in part.below("if"))
            )
            for keyword, wanted in (("then", True), ("else", False)):
                if keyword in words:
                    yield from ((each, holds is wanted) for each in part.below(keyword))
        for name in words.get("dependentSchemas", ()):
            applies = isinstance(value, dict) and name in value
            yield from ((each, applies) for each in part.below("dependentSchemas", name))

    def _fits(self, part: Part, value: Json) -> bool:
        return self._schema.part_is_valid(f"/$defs/{part.target}{part.pointer}", value)

    # --- what is below ----------------------------------------------------------------------------------------------------

    def _members(self, way: Way, at: str, value: dict[str, Json], says: Sequence[Part], might: Sequence[Part]) -> None:
        names = {name for part in says for name in _named(part)}
        seen: set[object] = set()
        for name, inner in value.items():
            here = _of_member(says, name)
            there = here if might is says else _of_member(might, name)
            if name in names:
                self.visit((*way, name), f"{at}/{escaped(name)}", inner, here, there, named=True)
            elif not any(part.keywords for part in here):
                self._found.silent.append(f"{at}/{escaped(name)}")
            elif _is_new(seen, here, inner):
                self.visit((*way, name), f"{at}/*", inner, here, there, named=False)

    def _items(self, way: Way, at: str, value: list[Json], says: Sequence[Part], might: Sequence[Part]) -> None:
        seen: set[object] = set()
        for index, inner in enumerate(value):
            here = self._of_item(says, index, inner)
            there = here if might is says else self._of_item(might, index, inner)
            if any(part.keywords for part in here) and _is_new(seen, here, inner):
                self.visit((*way, index), f"{at}/*", inner, here, there, named=False)

    def _of_item(self, parts: Sequence[Part], index: int, value: Json) -> list[Part]:
        found: list[Part] = []
        for part in parts:
            words = part.keywords
            first = len(words.get("prefixItems", ()))
            if index < first:
                found += part.below("prefixItems", index)
            else:
                found += part.below("items") if "items" in words else part.below("unevaluatedItems")
            found += (each for each in part.below("contains") if self._fits(each, value))
        return found


_BRANCHES: Final = frozenset({"anyOf", "oneOf", "if", "dependentSchemas"})


def _is_plain(part: Part) -> bool:
    """Tell whether what applies does not depend on the value."""
    return _BRANCHES.isdisjoint(part.keywords)


def _named(part: Part) -> Iterator[str]:
    """Yield the names of members that a part knows."""
    words = part.keywords
    yield from words.get("properties", ())
    yield from words.get("required", ())
    yield from words.get("dependentSchemas", ())
    for name, others in words.get("dependentRequired", {}).items():
        yield name
        yield from others


def _of_member(parts: Sequence[Part], name: str) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        own = list(part.below("properties", name)) if name in part.keywords.get("properties", ()) else []
        for pattern in part.keywords.get("patternProperties", ()):
            if finder(pattern)(name):
                own += part.below("patternProperties", pattern)
        if not own and name not in part.keywords.get("properties", ()):
            own += part.below("additionalProperties")
        found += own
    if not found:
        found += (each for part in parts for each in part.below("unevaluatedProperties"))
    return found


def _once(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple({(part.target, part.pointer): part for part in parts}.values())


def _is_new(seen: set[object], parts: Sequence[Part], value: Json) -> bool:
    """Tell whether none like it was seen: described by the same parts, and of the same shape."""
    key = tuple((part.target, part.pointer) for part in parts), shape(value)
    if key in seen:
        return False
    seen.add(key)
    return True


def shape(value: Json) -> object:
    """Return what values of the same shape share: the kinds of what is in them, under which names."""
    if isinstance(value, dict):
        return frozenset((name, shape(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return "list", frozenset(shape(inner) for inner in value)
    return type(value).__name__
