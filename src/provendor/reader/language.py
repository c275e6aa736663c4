"""The contract language: what `language.json` allows, and sentences for what it does not.

    LANGUAGE.faults(value, "vendor_file")     # every value that is not allowed, with the way to it

Editors, documentation and this module read one description, so they cannot drift apart. It is JSON Schema 2020-12, of
which this module knows the part that the description uses. Two conventions make the sentences: a schema with a
`description` is a key, and its `title` is a heading; one without is a kind of value, and its `title` is a phrase that
fits "expected ...". Below `writeOnly` no value is ever shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from provendor import jsonpath, patterns
from provendor.exchange import Json
from provendor.suggest import did_you_mean

Way: TypeAlias = "tuple[str | int, ...]"
Schema: TypeAlias = Mapping[str, Any]

FILE = Path(__file__).parent.with_name("language.json")

_WORDS = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "a mapping",
}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}
_SAYS_NOTHING = frozenset({"$ref", "title", "description", "default"})  # about a value, beyond what it refers to
_KEYWORDS: Mapping[type, frozenset[str]] = {
    str: frozenset({"minLength", "maxLength", "pattern", "format"}),
    int: frozenset({"minimum", "maximum"}),
    float: frozenset({"minimum", "maximum"}),
    list: frozenset({"minItems", "uniqueItems", "items"}),
    dict: frozenset(
        {
            *("properties", "additionalProperties", "propertyNames", "minProperties", "maxProperties"),
            *("required", "anyOf", "allOf", "not"),  # what a mapping must have, or must not
        }
    ),
}
"""What a schema can say about a value beyond its type."""
_LONGEST_SHOWN = 60


class Fault(NamedTuple):
    """One thing the language does not allow: the way to it, and what is wrong. `at_key` means the key, not its value."""

    way: Way
    message: str
    at_key: bool = False


class _Kind:
    """One schema of the description, looked through once: thousands of values are judged by the same few hundred.

    `says` are the types of values that it says more about than that; `branches` is what `anyOf` offers beyond keys. Of a
    mapping: the keys that are `known`, what is said of `others`, how many there may be, which are `required`, of which
    `alternatives` there must be one, and which are `exclusive`.
    """

    __slots__ = (
        "_types",
        "alternatives",
        "branches",
        "exclusive",
        "hidden",
        "known",
        "listed",
        "others",
        "required",
        "says",
        "schema",
        "size",
        "target",
    )

    def __init__(self, schema: Schema, target: Schema | None) -> None:
        names = schema.get("type", ())
        self.schema = schema
        self.target = target
        self.hidden: bool = schema.get("writeOnly", False)
        self._types = frozenset(
            each for name in ([names] if isinstance(names, str) else names) for each in _TYPES[name]
        )
        self.listed = "const" in schema or "enum" in schema
        self.says = frozenset(each for each, keywords in _KEYWORDS.items() if not keywords.isdisjoint(schema))
        self.branches: tuple[Schema, ...] = ()
        self.known: Schema = schema.get("properties", {})
        self.others: Schema | bool = schema.get("additionalProperties", True)
        self.size = schema.get("minProperties", 0), schema.get("maxProperties", float("inf"))
        self.required: Sequence[str] = schema.get("required", ())
        self.alternatives = [each["required"][0] for each in schema.get("anyOf", ()) if set(each) == {"required"}]
        rules = (schema, *schema.get("allOf", ()))
        self.exclusive: list[Sequence[str]] = [
            rule["not"]["required"] for rule in rules if "required" in rule.get("not", ())
        ]

    def admits(self, value: Json) -> bool:
        """Tell whether the value is of a type that the schema names; one that names none takes any."""
        return not self._types or type(value) in self._types


class Language:
    """The description, ready to judge values."""

    def __init__(self, document: Schema) -> None:
        self._named: Schema = document["$defs"]
        self._kinds: dict[int, _Kind] = {}
        self._good_keys: set[tuple[int, str]] = set()  # by what is asked of them: the same few stand everywhere

    def faults(self, value: Json, kind: str) -> list[Fault]:
        """Return everything in `value` that this kind (a name under `$defs`) does not allow, in the order it is written."""
        found: list[Fault] = []
        self._judge(value, self._named[kind], (), False, found)
        return found

    def _kind(self, schema: Schema) -> _Kind:
        known = self._kinds.get(id(schema))
        if known is None:
            known = self._kinds[id(schema)] = self._looked_through(schema)
        return known

    def _looked_through(self, schema: Schema) -> _Kind:
        target = self._target(schema)
        if target is not None and schema.keys() <= _SAYS_NOTHING:
            return self._kind(target)
        kind = _Kind(schema, target)
        if any(set(branch) - {"required"} for branch in schema.get("anyOf", ())):
            kind.branches = tuple(self._branches(schema))
        return kind

    def _judge(self, value: Json, schema: Schema, way: Way, hidden: bool, found: list[Fault]) -> None:
        kind = self._kind(schema)
        hidden = hidden or kind.hidden
        if kind.target is not None:
            before = len(found)
            self._judge(value, kind.target, way, hidden, found)
            if len(found) > before:
                return
        if not kind.admits(value):
            message = f"expected {_phrase(kind.schema)}, got {_shown(value, hidden)}{_quoting(kind.schema, value)}"
            found.append(Fault(way, message))
            return
        self._judge_content(value, kind, way, hidden, found)
        if kind.branches:
            self._choice(value, kind, way, hidden, found)

    def _judge_content(self, value: Json, kind: _Kind, way: Way, hidden: bool, found: list[Fault]) -> None:
        if kind.listed:
            found += _listed(value, kind.schema, way, hidden)
        elif type(value) not in kind.says:
            return
        elif isinstance(value, str):
            found += _text(value, kind.schema, way, hidden)
        elif isinstance(value, (int, float)):
            found += _number(value, kind.schema, way)
        elif isinstance(value, list):
            self._list(value, kind.schema, way, hidden, found)
        elif isinstance(value, dict):
            self._mapping(value, kind, way, hidden, found)

    def _target(self, schema: Schema) -> Schema | None:
        """Return what `$ref` names here; a reference to another document is not followed: that value is opaque."""
        name = schema.get("$ref", "")
        return self._named[name.removeprefix("#/$defs/")] if name.startswith("#") else None

    def _list(self, value: list[Json], schema: Schema, way: Way, hidden: bool, found: list[Fault]) -> None:
        if len(value) < schema.get("minItems", 0):
            found.append(Fault(way, "expected at least one entry, got an empty list"))
        seen: set[str] = set()
        items, unique = schema.get("items"), schema.get("uniqueItems", False)
        for index, item in enumerate(value):
            if items:
                self._judge(item, items, (*way, index), hidden, found)
            if unique:
                written = json.dumps(item, sort_keys=True)
                if written in seen:
                    found.append(Fault((*way, index), f"{_shown(item, hidden)} is listed twice"))
                seen.add(written)

    def _mapping(self, value: dict[str, Json], kind: _Kind, way: Way, hidden: bool, found: list[Fault]) -> None:
        known, others = kind.known, kind.others
        unknown = [key for key in value if key not in known] if others is False else []
        found += _demanded(value, kind, way, hinted=[did_you_mean(key, known) for key in unknown])
        least, most = kind.size
        if len(value) < least:
            found.append(Fault(way, "expected at least one entry, got an empty mapping"))
        if len(value) > most:
            found.append(Fault(way, f"expected {_phrase(kind.schema)}, got {len(value)} entries"))
        for key, item in value.items():
            below = (*way, key)
            if key in known:
                self._judge(item, known[key], below, hidden, found)
            elif not isinstance(others, bool):
                found += self._key(key, kind.schema, below)
                self._judge(item, others, below, hidden, found)
            elif others is False:
                found.append(Fault(below, f"unknown key{did_you_mean(key, known) or _known(known)}", at_key=True))

    def _key(self, key: str, schema: Schema, way: Way) -> list[Fault]:
        names = schema.get("propertyNames")
        if names is None or (id(names), key) in self._good_keys:
            return []
        found: list[Fault] = []
        self._judge(key, names, way, False, found)
        if not found:
            self._good_keys.add((id(names), key))
        return [Fault(way, fault.message, at_key=True) for fault in found]

    def _choice(self, value: Json, kind: _Kind, way: Way, hidden: bool, found: list[Fault]) -> None:
        """Note the faults of the branch that was most probably meant, or one fault that names them all."""
        branches: list[Schema] = []
        faults: list[list[Fault]] = []
        for branch in kind.branches:
            if self._kind(branch).admits(value):
                below: list[Fault] = []
                self._judge(value, branch, way, hidden, below)
                if not below:
                    return
                branches.append(branch)
                faults.append(below)
        meant = _meant(value, branches) if isinstance(value, (dict, list)) else None
        if meant is not None:
            found += faults[meant]
        else:
            hint = self._hint(value, kind.branches)
            found.append(Fault(way, f"expected {_phrase(kind.schema)}, got {_shown(value, hidden)}{hint}"))

    def _branches(self, schema: Schema) -> Iterator[Schema]:
        for branch in schema["anyOf"]:
            resolved = self._target(branch) or branch
            if "anyOf" in resolved and "type" not in resolved:
                yield from self._branches(resolved)
            else:
                yield resolved

    def _hint(self, value: Json, branches: Sequence[Schema]) -> str:
        """Return what helps most: the word that was meant, or that quotes are missing, or too many."""
        if isinstance(value, str):
            is_number = value.isdecimal() and any(self._kind(branch).admits(0) for branch in branches)
            words = [word for branch in branches for word in branch.get("enum", ())]
            return ": write it without quotes" if is_number else did_you_mean(value, words)
        return next(filter(None, (_quoting(branch, value) for branch in branches)), "")


def _meant(value: dict[str, Json] | list[Json], branches: list[Schema]) -> int | None:
    """Return the index of the branch that shares most keys with the value; None where that is not one branch."""
    if len(branches) == 1:
        return 0
    shared = [len(set(branch.get("properties", ())).intersection(value)) for branch in branches]
    best = max(shared, default=0)
    return shared.index(best) if best and shared.count(best) == 1 else None


def _demanded(value: dict[str, Json], kind: _Kind, way: Way, hinted: list[str]) -> Iterator[Fault]:
    for key in kind.required:
        if key not in value and not any(f'"{key}"' in hint for hint in hinted):
            yield Fault(way, f'the key "{key}" is missing', at_key=True)
    if kind.alternatives and not set(kind.alternatives) & set(value) and not any(hinted):
        yield Fault(way, f"expected at least one of {', '.join(kind.alternatives)}", at_key=True)
    for pair in kind.exclusive:
        if all(key in value for key in pair):
            yield Fault((*way, max(pair, key=list(value).index)), f"{pair[0]} and {pair[1]} exclude each other", True)


def _listed(value: Json, schema: Schema, way: Way, hidden: bool) -> Iterator[Fault]:
    allowed = [schema["const"]] if "const" in schema else schema["enum"]
    if not any(type(value) is type(each) and value == each for each in allowed):
        wanted = " or ".join(json.dumps(each) for each in allowed)
        hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
        yield Fault(way, f"expected {wanted}, got {_shown(value, hidden)}{hint}")


def _text(value: str, schema: Schema, way: Way, hidden: bool) -> Iterator[Fault]:
    pattern = schema.get("pattern", "")
    # JSON Schema's `$` is the very end; Python's would also accept a line break after it.
    python = f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern
    if len(value) < schema.get("minLength", 0):
        yield Fault(way, f"expected {_phrase(schema)}, got an empty string")
    elif len(value) > schema.get("maxLength", len(value)):
        yield Fault(way, f"expected at most {schema['maxLength']} characters, got {len(value)}")
    elif not re.search(python, value):
        yield Fault(way, f"expected {_phrase(schema)}, got {_shown(value, hidden)}")
    elif "format" in schema:
        reason = _FORMATS[schema["format"]](value)
        if reason is not None:
            yield Fault(way, reason or f"expected {_phrase(schema)}, got {_shown(value, hidden)}")


def _number(value: float, schema: Schema, way: Way) -> Iterator[Fault]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        wanted = f"from {low} to {high}" if high is not None else f"of at least {low}"
        yield Fault(way, f"expected {_phrase(schema)} {wanted}, got {_shown(value, False)}")


def _phrase(schema: Schema) -> str:
    title = schema.get("title")
    if isinstance(title, str) and "description" not in schema:
        return title
    names = schema.get("type", "value")
    return " or ".join(_WORDS.get(name, name) for name in ([names] if isinstance(names, str) else names))


def _known(known: Schema) -> str:
    return f"; known here: {', '.join(sorted(known))}"


def _quoting(schema: Schema, value: Json) -> str:
    """A version such as 4.16 is a number until it is quoted: the most frequent slip of all deserves its own words."""
    if not isinstance(value, (bool, int, float)) or schema.get("type") != "string" or "enum" in schema:
        return ""
    return ": write it in quotes" if re.search(schema.get("pattern", ""), json.dumps(value)) else ""


def _shown(value: Json, hidden: bool) -> str:
    match value:
        case str() if hidden:
            return "a string"
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "a mapping" if value else "an empty mapping"
        case str():
            return quoted(value)
        case _:
            return json.dumps(value)


def quoted(text: str) -> str:
    """Return text in quotes, cut where it is long, with everything that could disturb a terminal escaped."""
    cut = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    written = json.dumps(cut, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in written)


def dotted(way: Way) -> str:
    """Return a way as people write it: `operations.users.list.cases.ok`, `errors.2.status`."""
    text = ""
    for step in way:
        name = str(step)
        plain = name and len(name) <= _LONGEST_SHOWN and name.isprintable()
        text += f".{name if plain else quoted(name)}"
    return text.removeprefix(".")


def _date(text: str) -> str | None:
    try:
        date.fromisoformat(text)
    except ValueError:
        return ""
    return None


def _instant(text: str) -> str | None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return ""
    return None


def _uri(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        fine = parts.hostname and parts.port != 0
    except ValueError as reason:
        return f"not a URL: {reason}"
    return None if fine else ""


def _json_path(text: str) -> str | None:
    return jsonpath.problem(text)


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_TARGET = re.compile(r"(/|https?://[^/?#\s]|\{[A-Za-z_][A-Za-z0-9_-]*\})\S*")


def _request_line(text: str) -> str | None:
    method, _, target = text.partition(" ")
    if method not in _METHODS:
        hint = did_you_mean(method.upper(), _METHODS)
        return f"expected a request line such as GET /users/{{user_id}}, got {quoted(text)}{hint}"
    if not _TARGET.fullmatch(target) or not target.isprintable():
        return f"expected a path that starts with /, {{variable}} or https:// after {method}, got {quoted(target)}"
    if "?" in target:
        return "a request line holds no query: write it under `query`"
    return "a request line holds no fragment: # is not sent" if "#" in target else None


_FORMATS: Mapping[str, Callable[[str], str | None]] = {
    "date": _date,
    "date-time": _instant,
    "json-path": _json_path,
    "regex": patterns.problem,
    "request-line": _request_line,
    "uri": _uri,
}
"""Format to a judge: None where the text is fine, else what is wrong, or nothing to say "expected <title>"."""
