"""A JSON body as lines of text, with the places that findings mean marked, and only the lines around them shown.

for line in excerpt('{"id":"7"}', ["/id"]): ...
# Line("{"), Line('  "id": "7"', marked=True), Line("}")
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

AROUND = 3
"""How many lines are shown before and after a marked one."""

_MOST_MARKED = 12
_MOST_LINES = 80
_LONGEST_LINE = 400
_ENCODED = json.JSONEncoder(ensure_ascii=False).encode  # made once, for thousands of lines


class Line(NamedTuple):
    """A line of the body; `left_out` is how many lines were passed over before it."""

    text: str
    marked: bool = False
    left_out: int = 0


def excerpt(body: str, pointers: Collection[str]) -> tuple[Line, ...] | None:
    """Return the lines around the places; None where the body is not whole JSON. Without a place, its first lines."""
    try:
        value = json.loads(body)
        lines = list(_lines(value, "", "", ""))
    except (ValueError, RecursionError):
        return None
    wanted = [pointer for pointer in pointers if pointer]
    marked = {number for pointer in wanted for number in _of(lines, pointer)}
    shown = {near for number in marked for near in range(number - AROUND, number + AROUND + 1)}
    return tuple(_chosen(lines, marked, shown or set(range(_MOST_LINES))))


def _of(lines: Sequence[tuple[str, str]], pointer: str) -> list[int]:
    """Return the lines of one place; of a place with many lines only the first, which says what it is."""
    own = [number for number, (at, _) in enumerate(lines) if at == pointer or at.startswith(f"{pointer}/")]
    return own if len(own) <= _MOST_MARKED else own[:1]


def _chosen(lines: Sequence[tuple[str, str]], marked: Collection[int], shown: Collection[int]) -> Iterator[Line]:
    left_out = given = 0
    for number, (_, text) in enumerate(lines):
        if number in shown and given < _MOST_LINES:
            yield Line(_short(text), number in marked, left_out)
            left_out, given = 0, given + 1
        else:
            left_out += 1
    if left_out:
        yield Line("", False, left_out)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}… ({len(text):,} characters)"


def _lines(value: Any, pointer: str, indent: str, before: str, after: str = "") -> Iterator[tuple[str, str]]:
    """Yield each line with the JSON pointer of what stands on it."""
    if not isinstance(value, dict | list) or not value:
        yield pointer, f"{indent}{before}{_ENCODED(value)}{after}"
        return
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    yield pointer, f"{indent}{before}{opening}"
    items = [(str(key), each) for key, each in (value.items() if isinstance(value, dict) else enumerate(value))]
    for number, (key, each) in enumerate(items):
        label = f"{_ENCODED(key)}: " if opening == "{" else ""
        step = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
        yield from _lines(each, step, f"{indent}  ", label, "," if number < len(items) - 1 else "")
    yield pointer, f"{indent}{closing}{after}"
