"""Every problem of one vendor's files: YAML, grammar, meaning, schemas. What passes is fit to be built and to be cached."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from provendor.building import VENDOR_FILE, spot, ways_of_interest
from provendor.errors import ContractError, Problem
from provendor.exchange import Json
from provendor.language import FILE, Fault, Language, Way, dotted
from provendor.meaning import faults
from provendor.schema import Schema
from provendor.source import Document, read_text


def judge(
    vendor: str, contents: Mapping[str, bytes], known: Iterable[Problem], read: Callable[[str], Json]
) -> dict[str, Any]:
    """Return the values of the files and the places that the classes hold: `{"files": ..., "places": ...}`.

    `contents` are the files directly in the vendor's folder by name, `known` the problems that reading the folder met,
    `read` returns the value of a file that a reference names. Raises ContractError with every problem.
    """
    problems = list(known)
    if VENDOR_FILE not in contents and not problems:
        problems.append(Problem(f"contracts/{vendor}/{VENDOR_FILE}", 0, 0, "", "every vendor's folder needs this file"))
    documents = _documents(vendor, contents, problems)
    for name, fault in _faults(vendor, documents, read):
        document = documents[name]
        line, column = document.place(fault.way, key=fault.at_key)
        problems.append(Problem(document.name, line, column, dotted(fault.way), fault.message))
    if problems:
        raise ContractError(tuple(sorted(set(problems))))
    return {"files": {name: document.value for name, document in documents.items()}, "places": dict(_places(documents))}


def _documents(vendor: str, contents: Mapping[str, bytes], problems: list[Problem]) -> dict[str, Document]:
    documents = {}
    for name, content in contents.items():
        try:
            documents[name] = read_text(content, f"contracts/{vendor}/{name}")
        except ContractError as trouble:
            problems += trouble.problems
    return documents


def _faults(vendor: str, documents: Mapping[str, Document], read: Callable[[str], Json]) -> Iterator[tuple[str, Fault]]:
    language = Language(json.loads(FILE.read_text(encoding="utf-8")))
    for name, document in documents.items():
        kind = "vendor_file" if name == VENDOR_FILE else "resource_file"
        yield from ((name, fault) for fault in language.faults(document.value, kind))
        yield from ((name, fault) for fault in _schema_faults(document, read))
    yield from faults(vendor, {name: document.value for name, document in documents.items()})


def _schema_faults(document: Document, read: Callable[[str], Json]) -> Iterator[Fault]:
    for way, value in _schemas_in(document.value):
        if isinstance(value, (dict, bool)):  # anything else the grammar has already found fault with
            pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in way)
            for at, message in Schema(value, document.name, pointer, read).problems():
                yield Fault((*way, *_way(value, at)), message)


def _schemas_in(value: Any) -> Iterator[tuple[Way, Any]]:
    """Yield every JSON Schema of a resource file: those under `schemas`, and the bodies of its cases."""
    for name, schema in _items(_get(value, "schemas")):
        yield ("schemas", name), schema
    for operation, content in _items(_get(value, "operations")):
        for case, expected in _items(_get(content, "cases")):
            yield ("operations", operation, "cases", case, "body"), _get(expected, "body")


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()


def _way(value: Any, pointer: str) -> Way:
    """Return a JSON pointer's steps through a value: indexes where it is a list, keys elsewhere."""
    way: list[str | int] = []
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        is_index = isinstance(value, list) and key.isdecimal() and int(key) < len(value)
        way.append(int(key) if is_index else key)
        value = value[int(key)] if is_index else _get(value, key)
    return tuple(way)


def _places(documents: Mapping[str, Document]) -> Iterator[tuple[str, tuple[int, int]]]:
    for name, document in documents.items():
        for way in ways_of_interest(document.value):
            yield spot(name, *way), document.place(way, key=True)
