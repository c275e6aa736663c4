"""JSON text changed value by value, with everything else left byte for byte as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from provendor.exchange import Json

Steps: TypeAlias = "tuple[str | int, ...]"

_TOKEN: Final = re.compile(
    r'[ \t\n\r]*(?:([{}\[\],:])|("[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*|true|false|null))', re.DOTALL
)


def rewrite(text: str, change: Callable[[Steps, Json], Json], rename: Callable[[str], str]) -> str:
    """Return the text with each scalar replaced by what `change` makes of it, and each key by `rename`.

    `change` is given the steps to the value and the value. What stays equal keeps its spelling, as do spaces and order.
    Raises ValueError where the text is not JSON.
    """
    _require_json(text)
    parts: list[str] = []
    kept_from = 0
    for start, end, steps, value in _scalars(text):
        new = rename(value) if steps is None else change(steps, value)
        if new != value or type(new) is not type(value):
            parts += text[kept_from:start], json.dumps(new, ensure_ascii=text.isascii())
            kept_from = end
    return "".join([*parts, text[kept_from:]]) if parts else text


def _require_json(text: str) -> None:
    try:
        json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _scalars(text: str) -> Iterator[tuple[int, int, Steps | None, Any]]:
    """Yield `(start, end, steps, value)` of every scalar, and of every key with None for steps. The text is JSON."""
    steps: list[str | int] = []
    key_next = False
    at = 0
    while found := _TOKEN.match(text, at):
        mark, at = found[1], found.end()
        if mark is None:
            value = json.loads(found[2])
            if key_next:
                steps[-1] = value
            yield found.start(2), at, None if key_next else tuple(steps), value
            key_next = False
        elif mark in "{[":
            steps.append("" if mark == "{" else 0)
            key_next = mark == "{"
        elif mark in "}]":
            steps.pop()
            key_next = False
        elif mark == ",":
            step = steps[-1]
            key_next = isinstance(step, str)
            if isinstance(step, int):
                steps[-1] = step + 1
