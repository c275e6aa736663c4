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
_NOTHING: Any = object()


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
        rest, separator = _parts(key)
        value, wanted = self._value(file, way), len(rest)
        for _ in range(_MAX_HOPS):
            value, way, rest = _walk(value, way, rest, separator)
            reference = value.get("$ref") if rest and isinstance(value, dict) else None
            if not isinstance(reference, str):
                break
            name, _, fragment = reference.partition("#")
            file = posixpath.normpath(posixpath.join(posixpath.dirname(file), name)) if name else file
            way, rest = _steps(fragment), rest[1:] if rest[0] == "$ref" else rest
            value = self._value(file, way)
        document = self._document(file)
        if document is None or len(rest) == wanted:
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


def _parts(key: str) -> tuple[list[str], str]:
    """Return the parts of a key and what separates them: `headers.Link`, or `body/properties/a~1b` as a JSON pointer."""
    if "/" in key:
        return list(map(_unescaped, key.split("/"))), "/"
    return key.split("."), "."


def _walk(value: Any, way: Way, rest: list[str], separator: str) -> tuple[Any, Way, list[str]]:
    """Follow a key through mappings and lists; names may hold the separator, so the longest that fits is taken."""
    while rest and not (rest[0] == "$ref" and isinstance(value, dict)):
        for size in range(len(rest), 0, -1):
            step = separator.join(rest[:size])
            below = _below(value, step)
            if below is not _NOTHING:
                break
        else:
            break
        value, way, rest = below, (*way, int(step) if isinstance(value, list) else step), rest[size:]
    return value, way, rest


def _below(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step, _NOTHING)
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return _NOTHING


def _steps(fragment: str) -> Way:
    return tuple(map(_unescaped, fragment.split("/")[1:]))


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
