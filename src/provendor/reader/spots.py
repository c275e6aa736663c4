"""Where in a contract a demand is written: file, line, column and the line's text, from what a finding says.

Files are read as they lie on disk now. Where one has changed since a run, what the run itself wrote down is all there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from provendor.contract import Place
from provendor.errors import ContractError
from provendor.reader import source
from provendor.reader.case_sets import SECTION


class Spot(NamedTuple):
    """A place in a contract with the line that stands there; `width` is the length of what is meant, 0 if unknown."""

    file: str
    line: int
    column: int
    text: str
    width: int = 0

    @property
    def shown(self) -> str:
        """The place as an editor opens it."""
        return f"{self.file}:{self.line}:{self.column}"


def spot(root: Path, place: Place, way: Sequence[str], key: str) -> Spot:
    """Return where the contract makes a demand of a case; the case itself where the key is not written out.

    `place` and `way` are the case's own. `key` is a contract key below the case (`status`, `headers.Link`) or its
    operation, or `file#pointer` for a schema.
    """
    file, hash_, pointer = key.partition("#")
    if hash_ and (found := _find(root, file, tuple(map(_unescaped, pointer.split("/")[1:])))):
        return found
    for start in (way, way[:2]):
        if key and not hash_ and (found := _find(root, place.file, (*start, *key.split(".", 1)), len(start))):
            return found
    return _find(root, place.file, way) or Spot(place.file, place.line, place.column, "")


def spot_told(root: Path, contract: str, operation: str, case: str, key: str = "") -> Spot:
    """Return the same for a case as evidence names it; only its line where it stands there no longer.

    spot_told(root, "contracts/chatwoot/profile.yaml:12", "profile.get", "ok", "status")
    """
    written = re.fullmatch(r"(.+):([1-9][0-9]{0,8})", contract)
    place = Place(written[1], int(written[2])) if written else Place(contract, 1)
    for way in _ways(root, place.file, operation, case):
        found = _find(root, place.file, way, len(way) - 1)
        if found is not None and found.line == place.line:
            return spot(root, place, way, key)
    return Spot(place.file, place.line, place.column, "")


def spot_of_record(root: Path, result: Mapping[str, Any], key: str = "") -> Spot:
    """Return the same for a whole result; whatever stands where its contract and its names should."""
    contract, operation, case = (str(result.get(name)) for name in ("contract", "operation", "case"))
    return spot_told(root, contract, operation, case, key)


_SECTIONS = ("operations", "flows", "deliveries")


def _ways(root: Path, file: str, operation: str, case: str) -> Iterator[tuple[str, ...]]:
    """Yield where a case may stand: below its operation, or in a set of the file that several operations share."""
    for section in _SECTIONS:
        yield section, operation, "cases", case
    written = _read(root, file)
    for name in written.sets if written else ():
        yield SECTION, name, case


def _find(root: Path, file: str, way: Sequence[str], known: int = 0) -> Spot | None:
    """Return the deepest key on this way that is written in the file; None where it is not below the first `known`."""
    written = _read(root, file)
    return written.spot(way, known) if written else None


def _read(root: Path, file: str) -> _Written | None:
    if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
        return None  # evidence may come from anywhere, and names files
    try:
        stat = (root / file).stat()
        return _written(root / file, file, stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError, ContractError):
        return None


def _unescaped(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~")


class _Written:
    """A contract file as it is written: its lines and the places of its keys."""

    def __init__(self, document: source.Document) -> None:
        self._document = document
        self._lines = document.text.splitlines()

    @property
    def sets(self) -> Sequence[str]:
        """The names of the sets of cases that stand in the file."""
        sets = self._document.value.get(SECTION) if isinstance(self._document.value, dict) else None
        return list(sets) if isinstance(sets, dict) else []

    def spot(self, way: Sequence[str], known: int) -> Spot | None:
        """Return the place of the deepest key on the way, if it lies below the first `known`."""
        value: Any = self._document.value
        path: list[str | int] = []
        for part in way:
            step: Any = int(part) if isinstance(value, list) and part.isdecimal() else part
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                break
            path.append(step)
        if len(path) <= known:
            return None
        number, column = self._document.place(tuple(path), key=True)
        text = self._lines[number - 1] if 0 < number <= len(self._lines) else ""
        return Spot(self._document.name, number, column, text, _width(str(path[-1]), text[column - 1 :]))


def _width(key: str, written: str) -> int:
    """Return how long a key is as it is written, which may be between quotes."""
    quoted = re.match(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\"""", written)
    return len(quoted[0]) if quoted else len(key)


@lru_cache(maxsize=256)
def _written(path: Path, name: str, mtime_ns: int, size: int) -> _Written:  # noqa: ARG001 - they tell states apart
    return _Written(source.read(path, name))
