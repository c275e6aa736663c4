"""Where a demand stands in its contract, down to the line of the key.

    Places(suite.root).of(case, "headers.Link")      # contracts/chatwoot/conversations.yaml:31
    Places(suite.root).of(case, "body/$ref/properties/id")   # contracts/chatwoot/schemas/conversation.yaml:12

Contracts are read again for this, only where something has to be said about them.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any, TypeAlias

from provendor.contract import Case, Place
from provendor.errors import ContractError
from provendor.source import Document, read

Way: TypeAlias = "tuple[str | int, ...]"

_MAX_HOPS = 20


class Places:
    """Finds places in the files below one root; each file is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._documents: dict[str, Document | None] = {}

    def of(self, case: Case, key: str) -> Place:
        """Return where this key of the case stands; of its nearest parent where there is no such key.

        What a case does not say itself is looked for in its operation. References between schemas are followed.
        """
        operation: Way = ("operations", case.operation)
        start: Way = (*operation, "cases", case.name)
        for way in (start, operation):
            found = self._find(case.place.file, way, key)
            if found is not None:
                return found
        return case.place

    def _find(self, file: str, way: Way, key: str) -> Place | None:
        """Walk from `way` as far as the key leads; None where not even its first part is there."""
        value, rest, start = self._value(file, way), key, way
        for _ in range(_MAX_HOPS):
            value, way, rest = _walk(value, way, rest)
            reference = value.get("$ref") if rest and isinstance(value, dict) else None
            if not isinstance(reference, str):
                break
            name, _, fragment = reference.partition("#")
            file = posixpath.normpath(posixpath.join(posixpath.dirname(file), name)) if name else file
            way = start = _steps(fragment)
            value = self._value(file, way)
        document = self._document(file)
        if document is None or (way == start and rest == key):
            return None
        return Place(file, *document.place(way, key=True))

    def _value(self, file: str, way: Way) -> Any:
        document = self._document(file)
        value = document.value if document else None
        for step in way:
            value = _below(value, str(step))
        return value

    def _document(self, file: str) -> Document | None:
        if file not in self._documents:
            try:
                self._documents[file] = read(self._root / file, file)
            except ContractError:
                self._documents[file] = None
        return self._documents[file]


def _walk(value: Any, way: Way, rest: str) -> tuple[Any, Way, str]:
    """Follow a dotted key through mappings and lists; keys may hold dots, so the longest that fits is taken."""
    while rest:
        parts = rest.split(".")
        for size in range(len(parts), 0, -1):
            step = ".".join(parts[:size])
            below = _below(value, step)
            if below is not None:
                break
        else:
            break
        value, way, rest = below, (*way, int(step) if isinstance(value, list) else step), ".".join(parts[size:])
    return value, way, rest


def _below(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return None


def _steps(fragment: str) -> Way:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in fragment.split("/")[1:])
