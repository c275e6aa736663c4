"""What each operator makes of one field: changes, how they are made in place and undone, and what a contract allows by name.

for change in field_changes(place):
    with made(holder, change):              # holder = [value]; the value is changed while this lasts
        ...
allowed(place, change)                      # "type names null": the contract says in so many words that this may come
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from provendor.exchange import Json
from provendor.schemas.declared import Place, Way
from provendor.schemas.mismatch import described
from provendor.schemas.shapes import kind_of, same

GONE: Final = object()
"""What stands in a change in place of a value that is taken away."""

_KINDS: Final = {
    "null": "null",
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "an object",
}

_EXACT: Final = 2**53  # above it, a JavaScript number has no room for every integer


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one field: the operator, the way to the field, and what stands there afterwards.

    `name` is the member's new name where it gets one. `variant` tells changes of one operator apart.
    """

    operator: str
    way: Way
    value: Any
    variant: str = ""
    name: str | None = None

    def told(self, before: Json) -> str:
        """Say what was changed; values only where they are words of a few."""
        if self.name is not None:
            return f"renamed to {self.name}"
        if self.value is GONE:
            return "left out"
        if self.operator in ("unknown-enum", "wrong-case"):
            return f"{described(self.value)} in place of {described(before)}"
        said = "another id" if self.operator == "other-id" else _KINDS[kind_of(self.value)]
        variant = f" ({self.variant})" if self.variant else ""
        return f"{said}{variant} in place of {_KINDS[kind_of(before)]}"


@contextmanager
def made(holder: list[Json], change: Change) -> Iterator[None]:
    """Change the one value that the holder holds, and leave it as it was."""
    inner: Any = holder
    for step in (0, *change.way)[:-1]:
        inner = inner[step]
    last: Any = change.way[-1] if change.way else 0
    if change.value is not GONE and change.name is None:
        before = inner[last]
        inner[last] = change.value
        try:
            yield
        finally:
            inner[last] = before
        return
    members = dict(inner)  # with its order, so that whatever is written from it stays the same
    del inner[last]
    if change.name is not None:
        inner[change.name] = change.value
    try:
        yield
    finally:
        inner.clear()
        inner.update(members)


# --- one operator each ------------------------------------------------------------------------------------------------


def _drop(place: Place) -> Iterator[Change]:
    if place.named:
        yield Change("drop", place.way, GONE)


def _null(place: Place) -> Iterator[Change]:
    if place.value is not None and not _is_item(place):
        yield Change("null", place.way, None)


def _number_to_string(place: Place) -> Iterator[Change]:
    if _is_number(place.value):
        yield Change("number-to-string", place.way, str(place.value))


def _string_to_object(place: Place) -> Iterator[Change]:
    if isinstance(place.value, str):
        yield Change("string-to-object", place.way, {"id": place.value})


def _scalar_to_list(place: Place) -> Iterator[Change]:
    if isinstance(place.value, (str, int, float)):  # true and false are integers to Python
        yield Change("scalar-to-list", place.way, [place.value])


def _object_to_list(place: Place) -> Iterator[Change]:
    if isinstance(place.value, dict) and place.way:
        yield Change("object-to-list", place.way, [])


def _rename(place: Place) -> Iterator[Change]:
    if place.named:
        name = str(place.way[-1])
        other = _camel(name) if "_" in name.strip("_") else _snake(name)
        if other != name:
            yield Change("rename", place.way, place.value, name=other)


def _unknown_enum(place: Place) -> Iterator[Change]:
    known = enumerated(place)
    if isinstance(place.value, str) and (known or _is_a_state(place)):
        yield Change("unknown-enum", place.way, _unheard_of(place.value, known))
    elif _is_number(place.value) and (numbers := [each for each in known if _is_number(each)]):
        yield Change("unknown-enum", place.way, int(max(numbers)) + 1)


def _wrong_case(place: Place) -> Iterator[Change]:
    if isinstance(place.value, str) and (enumerated(place) or _is_a_state(place)):
        other = place.value.lower() if place.value.isupper() else place.value.upper()
        if other != place.value:
            yield Change("wrong-case", place.way, other)


def _empty_string(place: Place) -> Iterator[Change]:
    if isinstance(place.value, str) and place.value:
        yield Change("empty-string", place.way, "")


def _empty_list(place: Place) -> Iterator[Change]:
    if isinstance(place.value, list) and place.value:
        yield Change("empty-list", place.way, [])


def _item_null(place: Place) -> Iterator[Change]:
    if place.value is not None and _is_item(place):
        yield Change("item-null", place.way, None)


def _out_of_range(place: Place) -> Iterator[Change]:
    value = place.value
    if not _is_number(value):
        return
    if value >= 0:
        yield Change("out-of-range", place.way, -value - 1, "negative")
    limits = [each for word in ("maximum", "exclusiveMaximum") for each in place.said(word)]
    if limits:
        yield Change("out-of-range", place.way, int(max(limits)) + 1, "too large")
    if isinstance(value, int) and _EPOCH <= value < _EPOCH * 4:
        yield Change("out-of-range", place.way, value * 1000, "milliseconds")
    elif isinstance(value, int) and _EPOCH * 1000 <= value < _EPOCH * 4000:
        yield Change("out-of-range", place.way, value // 1000, "seconds")


_EPOCH: Final = 1_000_000_000  # September 2001 in seconds; four times as much is 2096


def _lost_precision(place: Place) -> Iterator[Change]:
    value = place.value
    if isinstance(value, str) and _LONG_ID.fullmatch(value):
        yield Change("lost-precision", place.way, int(float(value)), "number")
        yield Change("lost-precision", place.way, f"{float(value):.5E}", "exponent")
    elif isinstance(value, int) and abs(value) > _EXACT:
        rounded = int(float(value))
        yield Change("lost-precision", place.way, rounded if rounded != value else rounded + 1024, "rounded")


_LONG_ID: Final = re.compile(r"[1-9][0-9]{15,30}")


def _date_format(place: Place) -> Iterator[Change]:
    value = place.value
    if not isinstance(value, str):
        return
    if found := _DATE_TIME.fullmatch(value):
        yield Change("date-format", place.way, f"{found[1]}-{found[2]}-{found[3]} {found[4]}")
    elif found := _DATE.fullmatch(value):
        yield Change("date-format", place.way, f"{found[2]}/{found[3]}/{found[1]}")


_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DATE_TIME: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:[Zz]|[+-]\d{2}:?\d{2})")


def _other_id(place: Place) -> Iterator[Change]:
    yield Change("other-id", place.way, _other(place.value))


_CHANGES: Final[tuple[Callable[[Place], Iterator[Change]], ...]] = (
    _drop,
    _null,
    _number_to_string,
    _string_to_object,
    _scalar_to_list,
    _object_to_list,
    _rename,
    _unknown_enum,
    _wrong_case,
    _empty_string,
    _empty_list,
    _item_null,
    _out_of_range,
    _lost_precision,
    _date_format,
)


def field_changes(place: Place, *, repeated: bool = False, graphql: bool = False) -> Iterator[Change]:
    """Yield every change that a vendor might make to a field.

    `repeated` says that the field repeats an id of the request: the answer may be about another object. With `graphql`,
    null where the schema does not allow it is an operator of its own.
    """
    for changes in _CHANGES:
        for change in changes(place):
            if graphql and change.operator == "null" and not _names_null(place):
                yield Change("null-non-null", change.way, None)
            else:
                yield change
    if repeated:
        yield from _other_id(place)


# --- what a contract allows in so many words --------------------------------------------------------------------------


def allowed(place: Place, change: Change) -> str | None:
    """Return by which words the contract allows what a change leads to; None where it only says nothing against it."""
    rule = _ALLOWED.get(change.operator)
    return rule(place, change) if rule else None


def _null_allowed(place: Place, change: Change) -> str | None:  # noqa: ARG001 - one shape for all
    return "null is among its types or values" if _names_null(place) else None


def _kind_allowed(place: Place, change: Change) -> str | None:
    kind = kind_of(change.value)
    kinds = _kinds(place)
    return f"{kind} is among its types" if kind in kinds or (kind == "integer" and "number" in kinds) else None


def _word_allowed(place: Place, change: Change) -> str | None:
    if any(same(change.value, each) for each in enumerated(place, might=True)):
        return "it is among its values"
    if any(place.allowed("pattern")):
        return "its pattern names the form, and no values"
    return "its values are open: other text is an alternative" if enumerated(place, might=True) else None


def _empty_string_allowed(place: Place, change: Change) -> str | None:  # noqa: ARG001 - one shape for all
    if 0 in place.allowed("minLength"):
        return "minLength: 0"
    return "its values or its pattern" if "" in enumerated(place, might=True) or any(place.allowed("pattern")) else None


def _empty_list_allowed(place: Place, change: Change) -> str | None:  # noqa: ARG001 - one shape for all
    return "minItems: 0" if 0 in place.allowed("minItems") else None


def _range_allowed(place: Place, change: Change) -> str | None:
    words = {"negative": ("minimum", "exclusiveMinimum"), "seconds": ()}.get(
        change.variant, ("maximum", "exclusiveMaximum")
    )
    return next((f"{word}: {limit}" for word in words for limit in place.allowed(word)), None)


def _form_allowed(place: Place, change: Change) -> str | None:  # noqa: ARG001 - one shape for all
    alternatives = [*place.allowed("anyOf"), *place.allowed("oneOf")]
    return "the body has alternatives, and this is one" if alternatives else None


_ALLOWED: Final[Mapping[str, Callable[[Place, Change], str | None]]] = {
    "null": _null_allowed,
    "item-null": _null_allowed,
    "number-to-string": _kind_allowed,
    "string-to-object": _kind_allowed,
    "scalar-to-list": _kind_allowed,
    "object-to-list": _kind_allowed,
    "unknown-enum": _word_allowed,
    "wrong-case": _word_allowed,
    "empty-string": _empty_string_allowed,
    "empty-list": _empty_list_allowed,
    "out-of-range": _range_allowed,
    "lost-precision": _kind_allowed,
    "envelope-added": _form_allowed,
    "envelope-removed": _form_allowed,
}


# --- what stands in a place -------------------------------------------------------------------------------------------


def enumerated(place: Place, *, might: bool = False) -> list[Json]:
    """Return the values that the schema names for a place."""
    words = place.allowed if might else place.said
    return [*(value for values in words("enum") for value in values), *words("const")]


def _names_null(place: Place) -> bool:
    return "null" in _kinds(place) or any(each is None for each in enumerated(place, might=True))


def _kinds(place: Place) -> set[str]:
    return {kind for each in place.allowed("type") for kind in ([each] if isinstance(each, str) else each)}


def _is_number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_item(place: Place) -> bool:
    return bool(place.way) and isinstance(place.way[-1], int)


def _is_a_state(place: Place) -> bool:
    """Tell whether a text looks like one of a few words that code switches on, although no values are named."""
    name = place.way[-1] if place.way else ""
    if not isinstance(name, str) or not _STATE.search(name) or any((*place.said("pattern"), *place.said("format"))):
        return False
    return isinstance(place.value, str) and _WORD.fullmatch(place.value) is not None


_STATE: Final = re.compile(
    r"(?:^|_)(?:status|state|type|kind|role|priority|visibility|severity|mode|stage|phase)$"
    r"|(?:Status|State|Type|Kind|Role|Priority|Visibility|Severity|Mode|Stage|Phase)$"
)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,40}")


def _unheard_of(value: str, known: Collection[Json]) -> str:
    word = "quarantined"
    while word in known:
        word += "_too"
    return word.upper() if value.isupper() else word.title() if value[:1].isupper() else word


def _other(value: Json) -> Json:
    """Return an id of the same form: the last digit or letter is another one."""
    if isinstance(value, int):
        return value + 1
    text = str(value)
    for index in range(len(text) - 1, -1, -1):
        if text[index].isalnum():
            last = text[index]
            return (
                text[:index]
                + ("1" if last == "0" else "0" if last.isdecimal() else "a" if last != "a" else "b")
                + text[index + 1 :]
            )
    return f"{text}x"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)
