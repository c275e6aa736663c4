"""The shape of what was answered: which fields, of which types, with which words, elements of lists and values of maps merged.

    shape = shape_of({"users": [{"id": 1, "state": "open"}, {"id": 2, "state": None}]})
    shape.fields["users"].items.fields["state"].kinds      # {"string", "null"}
    shape.fields["users"].items.fields["state"].words      # {"open"}

An object whose keys are all ids (numbers, UUIDs, days, addresses) is a map: its keys are another in every answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from provendor.exchange import Json

MAX_DEPTH: Final = 60
MANY_WORDS: Final = 40

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,39}")
_ID: Final = re.compile(
    r"[0-9]+|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{12,}|[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?(?:[T ].*)?"
    r"|[^\s@]+@[^\s@]+|[a-z]+://\S+|[A-Za-z]{1,6}[_-](?=[A-Za-z0-9]*[0-9])[A-Za-z0-9]{6,}"
)


class Shape:
    """What was seen in one place, in one or several values.

    `kinds` are object, array, string, number, boolean, null. `fields` are those of objects, `objects` how many of these there
    were. `items` is the shape of all elements of lists, `entries` that of all values of maps. `words` are texts that may be
    one of a few; None where there are too many, or other texts among them.
    """

    __slots__ = ("count", "entries", "fields", "items", "kinds", "objects", "words")

    def __init__(self) -> None:
        self.count = 0
        self.kinds: set[str] = set()
        self.objects = 0
        self.fields: dict[str, Shape] = {}
        self.items: Shape | None = None
        self.entries: Shape | None = None
        self.words: set[str] | None = set()

    def add(self, value: Json, depth: int = 0) -> None:
        """Merge a value into the shape."""
        self.count += 1
        if isinstance(value, dict):
            self.kinds.add("object")
            self._add_object(value, depth)
        elif isinstance(value, list):
            self.kinds.add("array")
            if value and depth < MAX_DEPTH:
                self.items = self.items or Shape()
                for item in value:
                    self.items.add(item, depth + 1)
        elif isinstance(value, str):
            self.kinds.add("string")
            self._add_word(value)
        else:
            self.kinds.add("null" if value is None else "boolean" if isinstance(value, bool) else "number")

    def _add_object(self, value: dict[str, Json], depth: int) -> None:
        if depth >= MAX_DEPTH:
            return
        if value and all(map(_ID.fullmatch, value)):
            self.entries = self.entries or Shape()
            for item in value.values():
                self.entries.add(item, depth + 1)
            return
        self.objects += 1
        for key, item in value.items():
            if key not in self.fields:
                self.fields[key] = Shape()
            self.fields[key].add(item, depth + 1)

    def _add_word(self, text: str) -> None:
        if self.words is None:
            return
        if len(self.words) >= MANY_WORDS or not _WORD.fullmatch(text):
            self.words = None
        else:
            self.words.add(text)

    def is_always(self, field: str) -> bool:
        """Tell whether every object had a field."""
        return field in self.fields and self.fields[field].count == self.objects


def shape_of(*values: Json) -> Shape:
    """Return the shape of some values together."""
    shape = Shape()
    for value in values:
        shape.add(value)
    return shape


_NAMES: Final = re.compile(
    r"(?:.*_)?(?:status|state|type|kind|role|roles|priority|level|category|channel|currency|plan|visibility|direction|event|action"
    r"|mode|severity|scope|scopes|permission|permissions|reason|phase|stage|availability|provider|network|fulfillment|financial_status"
    r"|message_type|content_type|code)"
)


def is_enum(shape: Shape, name: str) -> bool:
    """Tell whether a text is one of a few words, by its name or because the same words come again and again."""
    if not shape.words:
        return False
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return _NAMES.fullmatch(snake) is not None or (shape.count >= 2 * len(shape.words) + 2 and len(shape.words) <= 8)


def listed(names: Iterable[str]) -> str:
    """Return kinds in words: `string or null`."""
    return " or ".join(_ordered(names))


def _ordered(names: Iterable[str]) -> Iterator[str]:
    yield from sorted(names, key=lambda name: (name == "null", name))
