"""Keywords and cases added to contract files as people would write them, shown as a patch; written only where `write` is called.

    patch = Patch(root)
    patch.add(Demand("contracts/acme/schemas/user.yaml", "/user", "required", ["email"]))
    patch.add_case(file, ("operations", "users.get", "cases"), "ok-2026-11-26", {"status": 200})      # behind the others
    patch.text()           # a unified diff; comments and layout stay as they are
    patch.left             # demands that would not fit: somebody has to write them

Every edit is read back: where a file would not say exactly what it should, the edit is left out.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from provendor import cassette
from provendor.errors import ContractError
from provendor.exchange import Json
from provendor.mutants.remedy import Demand, flow
from provendor.reader import source

_QUOTES: Final = "\"'"


class Patch:
    """Edits of contract files below a root, applied one after the other in memory."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before: dict[str, str] = {}
        self._after: dict[str, str] = {}
        self.left: list[Demand] = []

    def add(self, demand: Demand) -> None:
        """Add a keyword to its file; one that stands there already is left alone."""
        try:
            text = self._text(demand.file)
            edited = _edited(text, demand)
        except (ContractError, _Unfit):
            self.left.append(demand)
            return
        self._after[demand.file] = edited

    def add_case(self, file: str, way: tuple[str, ...], name: str, value: dict[str, Json]) -> bool:
        """Add a case behind the others that stand at a way of a file; return whether that could be done."""
        try:
            self._after[file] = _with_case(self._text(file), file, way, name, value)
        except (ContractError, _Unfit):
            return False
        return True

    def write(self) -> None:
        """Write every file that would be another, each in one step."""
        for file, before in self._before.items():
            if self._after[file] != before:
                cassette.write((self._root / file).resolve(), self._after[file])

    def undo(self) -> None:
        """Write every file as it was, where it is another now."""
        for file, before in self._before.items():
            if source.plain(self._root / file, file) != before:
                cassette.write((self._root / file).resolve(), before)

    def _text(self, file: str) -> str:
        if file not in self._after:
            self._before[file] = self._after[file] = source.plain(self._root / file, file)
        return self._after[file]

    def text(self) -> str:
        """Return all edits as a unified diff."""
        return "".join(self._diffs())

    def _diffs(self) -> Iterator[str]:
        for file, before in sorted(self._before.items()):
            lines = before.splitlines(keepends=True), self._after[file].splitlines(keepends=True)
            for line in difflib.unified_diff(*lines, fromfile=f"a/{file}", tofile=f"b/{file}"):
                yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


class _Unfit(Exception):
    """The keyword cannot be written there."""


def _edited(text: str, demand: Demand) -> str:
    """Return the text with the keyword in it; raises _Unfit where it would say anything else."""
    document = source.read_text(text.encode("utf-8"), demand.file)
    way, mapping = _followed(document.value, demand.pointer)
    wanted = copy.deepcopy(document.value)
    _, target = _followed(wanted, demand.pointer)
    known = mapping.get(demand.keyword)
    value = demand.value
    if isinstance(known, list) and isinstance(value, list) and demand.keyword == "required":
        missing = [each for each in value if each not in known]
        if not missing:
            return text
        target[demand.keyword] = [*known, *missing]
        edited = _extended(text, document, (*way, demand.keyword), missing)
    elif known is None:
        target[demand.keyword] = value
        edited = _inserted(text, document, way, mapping, f"{demand.keyword}: {flow(value)}")
    elif known == value:
        return text
    else:
        raise _Unfit
    if source.read_text(edited.encode("utf-8"), demand.file).value != wanted:
        raise _Unfit
    return edited


def _followed(value: Any, pointer: str) -> tuple[tuple[str | int, ...], dict[str, Any]]:
    way: list[str | int] = []
    for raw in pointer.split("/")[1:]:
        step: str | int = raw.replace("~1", "/").replace("~0", "~")
        step = int(step) if isinstance(value, list) else step
        try:
            value = value[step]
        except (LookupError, TypeError):
            raise _Unfit from None
        way.append(step)
    if not isinstance(value, dict):
        raise _Unfit
    return tuple(way), value


def _extended(text: str, document: source.Document, way: tuple[str | int, ...], items: list[Json]) -> str:
    """Return the text with more items in a list: before its closing bracket, or as further lines."""
    start = _offset(text, *document.place(way))
    if text[start] == "[":
        end = _closing(text, start)
        return text[:end].rstrip() + "".join(f", {flow(each)}" for each in items) + text[end:]
    _, known = _list_at(document.value, way)
    line, column = document.place((*way, known - 1))
    lines = text.splitlines(keepends=True)
    dash = lines[line - 1].rfind("-", 0, column)
    if dash < 0:
        raise _Unfit
    added = [f"{' ' * dash}- {flow(each)}\n" for each in items]
    return "".join([*lines[:line], *added, *lines[line:]])


def _list_at(value: Any, way: tuple[str | int, ...]) -> tuple[Any, int]:
    for step in way:
        value = value[step]
    return value, len(value)


def _inserted(
    text: str, document: source.Document, way: tuple[str | int, ...], mapping: dict[str, Any], entry: str
) -> str:
    """Return the text with one more entry in a mapping: before its closing brace, or on a line of its own."""
    start = _offset(text, *document.place(way)) if way else 0
    if text[start : start + 1] == "{":
        end = _closing(text, start)
        inner = text[start + 1 : end].rstrip()
        return text[: start + 1] + (f"{inner}, {entry} " if inner.strip() else f" {entry} ") + text[end:]
    first = next(iter(mapping), None)
    if first is None:
        raise _Unfit
    line, column = document.place((*way, first), key=True)
    lines = text.splitlines(keepends=True)
    added = " " * (column - 1) + entry + "\n"
    if not isinstance(mapping[first], (dict, list)) and not lines[line - 1].rstrip().endswith(("|", ">", ":")):
        return "".join([*lines[:line], added, *lines[line:]])
    if lines[line - 1][: column - 1].strip():
        raise _Unfit
    return "".join([*lines[: line - 1], added, *lines[line - 1 :]])


def _with_case(text: str, file: str, way: tuple[str, ...], name: str, value: dict[str, Json]) -> str:
    """Return the text with one more case; raises _Unfit where it would say anything else."""
    document = source.read_text(text.encode("utf-8"), file)
    wanted = copy.deepcopy(document.value)
    cases, known = wanted, document.value
    try:
        for step in way:
            cases, known = cases[step], known[step]
        last = list(known)[-1]
    except (LookupError, TypeError):
        raise _Unfit from None
    cases[name] = value
    start = _offset(text, *document.place(way))
    if text[start : start + 1] == "{":
        edited = _inserted(text, document, way, known, f"{name}: {flow(value)}")
    else:
        edited = _behind(text, *document.place((*way, last), key=True), name, value)
    if source.read_text(edited.encode("utf-8"), file).value != wanted:
        raise _Unfit
    return edited


def _behind(text: str, line: int, column: int, name: str, value: dict[str, Json]) -> str:
    """Return the text with an entry behind the one whose key stands there: where less is indented than what belongs to it."""
    lines = text.splitlines(keepends=True)
    end = line
    for number in range(line, len(lines)):
        plain = lines[number].lstrip()
        if plain.strip() and len(lines[number]) - len(plain) < column:
            break
        end = number + 1 if plain.strip() else end
    margin, newline = " " * (column - 1), "\r\n" if lines[line - 1].endswith("\r\n") else "\n"
    added = [f"{margin}{name}:", *(f"{margin}  {key}: {flow(item)}" for key, item in value.items())]
    before = "".join(lines[:end])
    gap = "" if before.endswith("\n") else newline
    return before + gap + "".join(each + newline for each in added) + "".join(lines[end:])


def _offset(text: str, line: int, column: int) -> int:
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + column - 1


def _closing(text: str, start: int) -> int:
    """Return where the bracket or brace that opens at `start` is closed."""
    depth, quote, index = 0, "", start
    while index < len(text):
        character = text[index]
        if quote:
            if character == "\\" and quote == '"':
                index += 1
            elif character == quote:
                quote = ""
        elif character in _QUOTES and text[index - 1] in " [{,:":
            quote = character
        elif character == "#" and text[index - 1] in " \n":
            index = text.find("\n", index)
            if index < 0:
                raise _Unfit
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
            if not depth:
                return index
        index += 1
    raise _Unfit
