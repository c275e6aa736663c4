"""The JSON Schema that contracts may use: its keywords, their shapes, and references between files.

    bundle = link({"$ref": "schemas/user.yaml#/user"}, "contracts/acme/users.yaml", "/operations/...", read)
    bundle.schema     # one schema without references to other files: {"$ref": "#/$defs/0", "$defs": {"0": ...}}
    bundle.origins    # ("contracts/acme/schemas/user.yaml", "/user"), ...: where "#/$defs/0", ... come from
    bundle.faults     # everything that is wrong with it, here and in what it refers to

It is 2020-12 without what moves references away from files (`$id`, `$anchor`, `$dynamicRef`) and without keywords that only
look like a demand (`contentEncoding`): a keyword that nothing checks would be a promise that nothing keeps.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from provendor.errors import ContractError
from provendor.exchange import Json
from provendor.suggest import did_you_mean

FORMATS: Final = frozenset({"date-time", "date", "uri", "email", "uuid"})
MAX_DEPTH: Final = 200  # levels of schemas within schemas
MAX_FAULTS: Final = 100  # unknown keywords of one schema; more than this helps nobody
MAX_TARGETS: Final = 10_000  # places that one schema refers to, also through others
MAX_PATHS: Final = 100_000  # ways through references that apply to one and the same value


class Fault(NamedTuple):
    """One thing wrong in a schema: the file, the JSON pointer in it, and a sentence."""

    file: str
    pointer: str
    message: str


class Origin(NamedTuple):
    """A place that can be referred to: the file, and the JSON pointer in it."""

    file: str
    pointer: str


class Bundle(NamedTuple):
    """A schema with all it refers to. `patterns` lists every regular expression in it."""

    schema: dict[str, Any]
    origins: tuple[Origin, ...]
    faults: tuple[Fault, ...]
    patterns: tuple[tuple[Origin, str], ...]


def link(value: Json, file: str, pointer: str, read: Callable[[str], Json], folder: str | None = None) -> Bundle:
    """Return the schema with all it refers to; what is wrong with it is in its faults.

    `folder` is the vendor's, by default that of the file; references lead nowhere else. `read` returns the value of a file,
    named as `file` is; it raises ContractError, OSError or LookupError where there is none.
    """
    linker = _Linker(posixpath.dirname(file) if folder is None else folder, read)
    linker.target(Origin(file, pointer), value)
    schemas = {}
    for index, origin in enumerate(linker.origins):  # grows while references are found
        linker.current = index
        schemas[str(index)] = linker.walk(linker.values[index], origin, 0, in_place=True)
    linker.judge_loops()
    schema = {"$ref": "#/$defs/0", "$defs": schemas}
    return Bundle(schema, tuple(linker.origins), tuple(dict.fromkeys(linker.faults)), tuple(linker.patterns))


def follow(reference: str, file: str, read: Callable[[str], Json]) -> tuple[Origin, Json] | None:
    """Return where a reference in this file leads and what stands there; None where it leads nowhere."""
    try:
        return _Linker(posixpath.dirname(file), read).resolve(reference, file)
    except _NoTarget:
        return None


# The way to a keyword: what is before its last step, and that step. Ways are spelled out as pointers only where one is
# needed, because most never are.
_Way = Origin | tuple["_Way", str | int]


class _Linker:
    """Walks schemas, follows references, collects faults."""

    def __init__(self, folder: str, read: Callable[[str], Json]) -> None:
        self.folder = folder
        self.read = read
        self.origins: list[Origin] = []
        self.values: list[Any] = []
        self.indexes: dict[Origin, int] = {}
        self.current = 0
        self.faults: list[Fault] = []
        self.patterns: list[tuple[Origin, str]] = []
        # From each target: the targets that apply to the very same value, and where the reference stands.
        self.edges: dict[int, list[tuple[int, _Way]]] = {}

    def target(self, origin: Origin, value: Any) -> int:
        """Return the index of a place that is referred to."""
        if origin not in self.indexes:
            self.indexes[origin] = len(self.origins)
            self.origins.append(origin)
            self.values.append(value)
        return self.indexes[origin]

    def fault(self, at: _Way, message: str) -> None:
        self.faults.append(Fault(*_spelled(at), message))

    def walk(self, value: Any, at: _Way, depth: int, *, in_place: bool) -> Any:
        """Return the schema with its references pointing into the bundle; `in_place`: it applies to the target's value."""
        if isinstance(value, bool):
            return value
        if not isinstance(value, dict):
            self.fault(at, f"a schema is a mapping, true or false, not {_kind(value)}")
            return True
        if depth > MAX_DEPTH:
            self.fault(at, f"schemas nested more than {MAX_DEPTH} levels deep")
            return True
        made: dict[str, Any] = {}
        for keyword, item in value.items():
            if keyword == "type" and isinstance(item, str) and item in _TYPES:  # a third of all keywords
                made[keyword] = item
                continue
            keep = self.keyword(keyword, item, (at, keyword), depth + 1, in_place=in_place)
            if keep is not _DROPPED:
                made[keyword] = keep
        return made

    def keyword(self, keyword: str, item: Any, at: _Way, depth: int, *, in_place: bool) -> Any:
        """Return the keyword's value for the bundle, or _DROPPED."""
        in_place = in_place and keyword in _IN_PLACE
        if keyword in _SCHEMA_MAPS:
            return self.schema_map(keyword, item, at, depth, in_place=in_place)
        if keyword in _SHAPES:
            return self.value(keyword, item, at)
        if keyword in _ONE_SCHEMA:
            return self.walk(item, at, depth, in_place=in_place)
        if keyword in _SCHEMA_LISTS:
            if not isinstance(item, list) or not item:
                return self.misshapen(at, "a list of at least one schema", item)
            return [self.walk(part, (at, index), depth, in_place=in_place) for index, part in enumerate(item)]
        if keyword == "$ref":
            return self.reference(item, at, in_place=in_place)
        if len(self.faults) < MAX_FAULTS:  # looking for what was meant is slow
            self.fault(at, _unknown(keyword))
        return _DROPPED

    def misshapen(self, at: _Way, expected: str, item: Any) -> Any:
        self.fault(at, f"expected {expected}, got {_kind(item)}")
        return _DROPPED

    def schema_map(self, keyword: str, item: Any, at: _Way, depth: int, *, in_place: bool) -> Any:
        if not isinstance(item, dict):
            return self.misshapen(at, "a mapping of names to schemas", item)
        if keyword == "patternProperties":
            self.patterns.extend((_spelled((at, pattern)), pattern) for pattern in item)
        made = {name: self.walk(part, (at, name), depth, in_place=in_place) for name, part in item.items()}
        return _DROPPED if keyword == "$defs" else made  # what is referred to there has a place of its own

    def value(self, keyword: str, item: Any, at: _Way) -> Any:
        """Judge a keyword that holds no schemas, and say what the bundle holds of it."""
        fits, expected = _SHAPES[keyword]
        if not fits(item):
            if keyword == "type" and (item is None or (isinstance(item, list) and None in item)):
                expected += ', with "null" in quotes'
            return self.misshapen(at, expected, item)
        if keyword == "type":
            for name in [item] if isinstance(item, str) else item:
                if name not in _TYPES:
                    self.fault(at, f'"{_short(name)}" is not a type{did_you_mean(name, _TYPES)}')
        elif keyword == "format" and item not in FORMATS:
            known = ", ".join(sorted(FORMATS))
            self.fault(at, f'the format "{_short(item)}" is not checked; use one of {known}, or a pattern')
        elif keyword == "pattern":
            self.patterns.append((_spelled(at), item))
        elif keyword == "$schema" and item.rstrip("#") != _DRAFT:
            self.fault(at, f"contracts are written in JSON Schema 2020-12 ({_DRAFT})")
        return _DROPPED if keyword in _ANNOTATIONS else item

    # --- references ---------------------------------------------------------------------------------------------------

    def reference(self, item: Any, at: _Way, *, in_place: bool) -> Any:
        try:
            origin, value = self.resolve(item, self.origins[self.current].file)
        except _NoTarget as reason:
            self.fault(at, str(reason))
            return _DROPPED
        index = self.target(origin, value)
        if in_place:
            self.edges.setdefault(self.current, []).append((index, at))
        return f"#/$defs/{index}"

    def resolve(self, item: Any, current: str) -> tuple[Origin, Any]:
        """Return where a reference in the current file leads and what stands there; raises _NoTarget."""
        if not isinstance(item, str):
            raise _NoTarget(f"expected a reference such as schemas/user.yaml#/user, got {_kind(item)}")
        if len(self.origins) >= MAX_TARGETS:
            raise _NoTarget(f"the schema refers to more than {MAX_TARGETS} places")
        name, _, fragment = item.partition("#")
        file = self.file(name, current) if name else current
        if "%" in fragment:
            from urllib.parse import unquote  # noqa: PLC0415 - rare

            fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            raise _NoTarget(f'"#{_short(fragment)}" is no JSON pointer; write "#/" and the keys that lead there')
        try:
            value = self.read(file)
        except ContractError as reason:
            why = reason.problems[0].message if reason.problems else "it holds problems"
            raise _NoTarget(f"{file} cannot be read: {why}") from None
        except (OSError, LookupError) as reason:
            why = getattr(reason, "strerror", None) or "there is no such file"
            raise _NoTarget(f"{file} cannot be read: {why}") from None
        return Origin(file, fragment), _at(value, fragment, file)

    def file(self, name: str, current: str) -> str:
        """Return the file of a reference relative to what `read` is relative to; raises _NoTarget."""
        if _SCHEME.match(name) or name.startswith("//"):
            raise _NoTarget(
                "references lead to files of this vendor's folder only; save a copy there and refer to that"
            )
        if name.startswith("/") or "\\" in name:
            raise _NoTarget("a reference is relative to this file, with / between folders")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(current), name))
        if not file.startswith(self.folder + "/" if self.folder else "") or file.startswith(("..", "/")):
            raise _NoTarget("the reference leads out of the vendor's folder")
        return file

    def judge_loops(self) -> None:
        """Report references that lead back to themselves, or multiply, while the value that they judge stays the same."""
        paths: dict[int, int] = {}
        for start in range(len(self.origins)):
            self.count(start, paths, [])

    def count(self, index: int, paths: dict[int, int], above: list[int]) -> int:
        """Return how many ways lead on from here. Recursion is as deep as references follow each other."""
        if index in paths:
            return paths[index]
        if len(above) > MAX_DEPTH:
            self.fault(self.origins[index], f"more than {MAX_DEPTH} references in a row")
            paths[index] = 1
            return 1
        total = 1
        for target, at in self.edges.get(index, ()):
            if target == index or target in above:
                self.fault(at, "the reference leads back to itself, so that it would never end")
            else:
                total += self.count(target, paths, [*above, index])
        if total > MAX_PATHS:
            self.fault(self.origins[index], "the references multiply; refer to each schema once")
            total = 1
        paths[index] = total
        return total


class _NoTarget(Exception):
    """A reference that leads nowhere; the text says why."""


def _at(value: Any, pointer: str, file: str) -> Any:
    """Return what stands at a JSON pointer; raises _NoTarget."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and _INDEX.fullmatch(key) and int(key) < len(value):
            value = value[int(key)]
        else:
            near = did_you_mean(key, value) if isinstance(value, dict) else ""
            top = "; # is the top of the file" if key in ("$defs", "definitions") else ""
            raise _NoTarget(f'{file} has no "{_short(key)}" on the way #{_short(pointer)}{near}{top}')
    return value


def _spelled(at: _Way) -> Origin:
    steps: list[str] = []
    while not isinstance(at, Origin):
        steps.append("/" + str(at[1]).replace("~", "~0").replace("/", "~1"))
        at = at[0]
    return Origin(at.file, at.pointer + "".join(reversed(steps)))


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_DROPPED: Final = object()
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


# --- keywords ---------------------------------------------------------------------------------------------------------

_TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")
_ONE_SCHEMA: Final = frozenset(
    {
        *("additionalProperties", "unevaluatedProperties", "propertyNames", "items", "unevaluatedItems", "contains"),
        *("not", "if", "then", "else"),
    }
)
_SCHEMA_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SCHEMA_MAPS: Final = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_IN_PLACE: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
_ANNOTATIONS: Final = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$schema"}
)


def _is_count(item: Any) -> bool:
    return _is_number(item) and item >= 0 and item == int(item)


def _is_number(item: Any) -> bool:
    return isinstance(item, int | float) and not isinstance(item, bool) and item - item == 0  # neither inf nor nan


def _is_names(item: Any) -> bool:
    return isinstance(item, list) and all(isinstance(name, str) for name in item) and len(set(item)) == len(item)


def _is_text(item: Any) -> bool:
    return isinstance(item, str)


def _is_flag(item: Any) -> bool:
    return isinstance(item, bool)


def _is_anything(_: Any) -> bool:
    return True


_Shape = tuple[Callable[[Any], bool], str]
_TEXT: _Shape = _is_text, "a string"
_FLAG: _Shape = _is_flag, "true or false"
_COUNT: _Shape = _is_count, "a whole number, 0 or more"
_NUMBER: _Shape = _is_number, "a number"
_ANYTHING: _Shape = _is_anything, "a value"

_SHAPES: Final[dict[str, _Shape]] = {
    "type": (lambda item: _is_text(item) or (_is_names(item) and bool(item)), "a type, or a list of different types"),
    "enum": (lambda item: isinstance(item, list) and bool(item), "a list of at least one value"),
    "const": _ANYTHING,
    "multipleOf": (lambda item: _is_number(item) and item > 0, "a number above 0"),
    "required": (_is_names, "a list of different names"),
    "dependentRequired": (
        lambda item: isinstance(item, dict) and all(map(_is_names, item.values())),
        "a mapping of names to lists of different names",
    ),
    "pattern": (_is_text, "a regular expression"),
    "format": (_is_text, "the name of a format"),
    "uniqueItems": _FLAG,
    "examples": (lambda item: isinstance(item, list), "a list"),
    "default": _ANYTHING,
    **dict.fromkeys(("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"), _NUMBER),
    **dict.fromkeys(("maxLength", "minLength", "maxItems", "minItems", "maxContains", "minContains"), _COUNT),
    **dict.fromkeys(("maxProperties", "minProperties"), _COUNT),
    **dict.fromkeys(("title", "description", "$comment", "$schema"), _TEXT),
    **dict.fromkeys(("deprecated", "readOnly", "writeOnly"), _FLAG),
}

KEYWORDS: Final = frozenset({*_SHAPES, *_ONE_SCHEMA, *_SCHEMA_LISTS, *_SCHEMA_MAPS, "$ref"})

_INSTEAD: Final = {
    "nullable": 'write type: [string, "null"] with the type that it is',
    "example": "write examples, a list",
    "definitions": "write $defs, or put the schema into a file and refer to that",
    "dependencies": "write dependentRequired or dependentSchemas",
    "additionalItems": "write prefixItems and items",
    "discriminator": "write oneOf with a const for the property that decides",
    **dict.fromkeys(("$id", "id", "$anchor", "$dynamicAnchor"), "refer to schemas by file and JSON pointer"),
    **dict.fromkeys(("$dynamicRef", "$recursiveRef", "$recursiveAnchor", "$vocabulary"), "write $ref"),
    **dict.fromkeys(("contentEncoding", "contentMediaType", "contentSchema"), "nothing checks it; write a pattern"),
}


def _unknown(keyword: str) -> str:
    if keyword in _INSTEAD:
        return f'"{keyword}" is not a keyword here: {_INSTEAD[keyword]}'
    return f'"{_short(keyword)}" is not a keyword of JSON Schema{did_you_mean(keyword, KEYWORDS)}'


def _kind(value: Any) -> str:
    """Return what kind of JSON value it is, with an article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'the string "{_short(value)}"'
    if isinstance(value, int | float):
        return f"the number {value}" if -1e15 < value < 1e15 else "a large number"
    return f"{'a' if value else 'an empty'} {'list' if isinstance(value, list) else 'mapping'}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
