"""What jsonschema-rs found, in few and plain words: where, what was expected, what stands there.

Mismatch("/id", "integer", 'string "7"', keyword="/properties/id/type", ...)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from provendor.schemas.keywords import Bundle
from provendor.suggest import did_you_mean

MAX_ERRORS: Final = 1000  # of one instance; more than this helps nobody
SHOWN: Final = 80  # characters of a value that are shown
_SHOWN_CHOICES: Final = 6


class Mismatch(NamedTuple):
    """One difference between a schema and a value.

    `at` is the JSON pointer of the value, `keyword` the way from the schema to the keyword that it does not fit, through
    references (`/$ref/properties/id/type`). The same keyword stands in `file` at the JSON pointer `pointer`.
    """

    at: str
    expected: str
    actual: str
    keyword: str
    file: str = ""
    pointer: str = ""


def mismatches(errors: Iterable[Any], instance: Any, bundle: Bundle) -> list[Mismatch]:
    """Return the mismatches behind jsonschema-rs's errors, sorted by place; the bundle is what it compiled."""
    teller = _Teller(instance, bundle)
    found = [told for error in islice(errors, MAX_ERRORS) for told in teller.tell(error)]
    found.sort(key=lambda told: (_order(told[0]), told[1].keyword))
    return list(dict.fromkeys(mismatch for _, mismatch in found))


_Told = tuple[tuple[str | int, ...], Mismatch]


class _Teller:
    """Tells errors of one instance."""

    def __init__(self, instance: Any, bundle: Bundle) -> None:
        self.instance = instance
        self.bundle = bundle

    def tell(self, error: Any) -> Iterator[_Told]:
        """Yield the mismatches behind one error, each with its place as keys and indexes."""
        kind = type(error.kind).__name__
        value = _follow(self.instance, error.instance_path)
        if kind in ("AnyOf", "OneOfNotValid"):
            yield from self.nearest(error, value)
        elif kind in ("AdditionalProperties", "UnevaluatedProperties"):
            known = self.known(error)
            for name in error.kind.unexpected:
                expected = f"no property {quoted(name)}{did_you_mean(name, known)}"
                yield self.told(error, expected, described(_follow(value, [name])), name)
        elif kind == "Required":
            yield self.told(error, f"property {quoted(error.kind.property)}", _missing(error.kind.property, value))
        elif kind == "PropertyNames":
            inner = error.kind.error
            name = inner.instance if isinstance(inner.instance, str) else ""
            expected = f"property names: {_expected(inner, name)}"
            yield self.told(error, expected, f"property {quoted(name)}")
        else:
            yield self.told(error, _expected(error, value), _actual(error, value))

    def told(self, error: Any, expected: str, actual: str, *below: str) -> _Told:
        place = (*error.instance_path, *below)
        # Both ways begin in the bundle: "/$ref" to the schema itself, "/$defs/0" for the file it comes from.
        keyword = pointer_of(error.evaluation_path[1:])
        file, pointer = "", ""
        if len(error.schema_path) > 1 and error.schema_path[0] == "$defs":
            origin = self.bundle.origins[int(error.schema_path[1])]
            file, pointer = origin.file, origin.pointer + pointer_of(error.schema_path[2:])
        return place, Mismatch(pointer_of(place), expected, actual, keyword, file, pointer)

    def nearest(self, error: Any, value: Any) -> Iterator[_Told]:
        """Yield what the alternative that comes nearest lacks; where none is of the right type, all types at once."""
        branches: list[list[Any]] = error.kind.context
        here = len(error.instance_path)
        types = [_types_here(branch, here) for branch in branches]
        if all(types):
            yield self.told(error, _types(name for group in types for name in group), described(value))
            return
        best = min(range(len(branches)), key=lambda index: _distance(branches[index], here))
        note = f" (nearest of {len(branches)} alternatives)" if len(branches) - sum(map(bool, types)) > 1 else ""
        for inner in branches[best]:
            for place, mismatch in self.tell(inner):
                yield place, mismatch._replace(expected=mismatch.expected + note)

    def known(self, error: Any) -> list[str]:
        """Return the properties that the schema names beside the keyword that allows no others."""
        beside = _follow(self.bundle.schema, [*error.schema_path[:-1], "properties"])
        return list(beside) if isinstance(beside, dict) else []


def _types_here(branch: list[Any], depth: int) -> list[str]:
    """Return the types that a branch asks of the value itself, where that is what it fails on."""
    return [
        name
        for error in branch
        if type(error.kind).__name__ == "Type" and len(error.instance_path) == depth
        for name in error.kind.types
    ]


def _distance(branch: list[Any], depth: int) -> tuple[bool, bool, int]:
    kinds = [(type(error.kind).__name__, len(error.instance_path) - depth) for error in branch]
    wrong_type = ("Type", 0) in kinds
    other_variant = any(kind in ("Constant", "Enum") and below <= 1 for kind, below in kinds)
    return wrong_type, other_variant, len(branch)


def _order(place: Sequence[str | int]) -> list[tuple[bool, int, str]]:
    return [(isinstance(step, int), step, "") if isinstance(step, int) else (False, 0, step) for step in place]


def pointer_of(steps: Iterable[str | int]) -> str:
    """Return the JSON pointer of keys and indexes."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _follow(value: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        try:  # jsonschema-rs gives a key of digits as a number
            value = value[str(step) if isinstance(value, dict) else step]
        except (LookupError, TypeError):
            return None
    return value


# --- what was expected ------------------------------------------------------------------------------------------------


def _plural(count: Any, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {'properties' if one == 'property' else one + 's'}"


def _types(names: Iterable[str]) -> str:
    return " or ".join(sorted(dict.fromkeys(names), key="null".__eq__))  # null last, as people say it


_FORMATS: Final = {
    "date-time": "date-time such as 2026-01-31T12:00:00Z",
    "date": "date such as 2026-01-31",
    "uri": "uri such as https://example.com/a",
    "email": "email such as name@example.com",
    "uuid": "uuid such as 12345678-1234-1234-1234-123456789abc",
}

_EXPECTED: Final[dict[str, Callable[[Any], str]]] = {
    "Type": lambda kind: _types(kind.types),
    "Constant": lambda kind: shown(kind.expected_value),
    "Minimum": lambda kind: f"at least {kind.limit}",
    "Maximum": lambda kind: f"at most {kind.limit}",
    "ExclusiveMinimum": lambda kind: f"more than {kind.limit}",
    "ExclusiveMaximum": lambda kind: f"less than {kind.limit}",
    "MultipleOf": lambda kind: f"a multiple of {kind.multiple_of}",
    "MinLength": lambda kind: f"at least {_plural(kind.limit, 'character')}",
    "MaxLength": lambda kind: f"at most {_plural(kind.limit, 'character')}",
    "MinItems": lambda kind: f"at least {_plural(kind.limit, 'item')}",
    "MaxItems": lambda kind: f"at most {_plural(kind.limit, 'item')}",
    "MinProperties": lambda kind: f"at least {_plural(kind.limit, 'property')}",
    "MaxProperties": lambda kind: f"at most {_plural(kind.limit, 'property')}",
    "Pattern": lambda kind: f"text like /{_cut(kind.pattern)}/",
    "Format": lambda kind: _FORMATS.get(kind.format, kind.format),
    "UniqueItems": lambda _: "items that all differ",
    "FalseSchema": lambda _: "nothing here",
    "AdditionalItems": lambda kind: f"at most {_plural(kind.limit, 'item')}",
    "UnevaluatedItems": lambda _: "no further items",
    "OneOfMultipleValid": lambda kind: f"exactly one of {len(kind.context)} alternatives",
    "Not": lambda kind: f"anything but {shown(kind.schema)}",
}


def _expected(error: Any, value: Any) -> str:
    kind = type(error.kind).__name__
    if kind == "Enum":
        return _choices(error.kind.options, value)
    if kind == "Contains":
        return "more items that fit" if error.schema_path[-1] == "minContains" else _contained(error)
    told = _EXPECTED.get(kind)
    return told(error.kind) if told else _cut(str(error.message))


def _contained(error: Any) -> str:
    return "fewer items that fit" if error.schema_path[-1] == "maxContains" else "an item that fits"


def _choices(options: list[Any], value: Any) -> str:
    texts = [shown(option) for option in options]
    near = did_you_mean(value, [option for option in options if isinstance(option, str)]) if _is_text(value) else ""
    if len(texts) <= _SHOWN_CHOICES:
        return " or ".join(texts) + near
    return f"one of {', '.join(texts[:_SHOWN_CHOICES])}, ... ({len(texts)} values){near}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


# --- what stands there ------------------------------------------------------------------------------------------------


def _actual(error: Any, value: Any) -> str:
    kind = type(error.kind).__name__
    if kind == "OneOfMultipleValid":
        fits = [str(index + 1) for index, branch in enumerate(error.kind.context) if not branch]
        return f"{described(value)}, which fits the alternatives {' and '.join(fits)}"
    if kind in ("MinLength", "MaxLength") and isinstance(value, str):
        return f"{_plural(len(value), 'character')}: {quoted(value)}"
    return described(value)


def _missing(name: str, value: Any) -> str:
    names = [key for key in value if isinstance(key, str)] if isinstance(value, dict) else []
    near = did_you_mean(name, [key for key in names if key != name])
    hint = near.removeprefix(", did you mean ").removesuffix("?")
    return f"missing; there is {hint}" if near else "missing"


def described(value: Any) -> str:
    """Return kind and content of a JSON value, shortened: `string "7"`, `integer 7`, `list of 3 items`."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"string {quoted(value)}"
    if isinstance(value, int):
        return f"integer {_number(value)}"
    if isinstance(value, float):
        return f"number {_number(value)}"
    if isinstance(value, list):
        return f"list of {_plural(len(value), 'item')}" if value else "empty list"
    if isinstance(value, dict):
        return f"object with {_cut(', '.join(map(str, islice(value, 20))))}" if value else "empty object"
    return "no JSON value"


def shown(value: Any) -> str:
    """Return a JSON value as JSON, shortened."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    try:
        return _cut(json.dumps(value, ensure_ascii=False, default=str))
    except (ValueError, RecursionError):
        return described(value)


def quoted(text: str) -> str:
    """Return text in double quotes, shortened, with everything that cannot be printed escaped."""
    return f'"{_cut(text)}"'


def _cut(text: str) -> str:
    short = text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
    if short.isprintable():
        return short
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in short)


def _number(value: float) -> str:
    try:
        return _cut(str(value))
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "of more than 4300 digits"
