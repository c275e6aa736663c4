"""Every problem of one vendor's files: YAML, grammar, meaning, schemas. What passes is fit to be built and to be cached."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from provendor.errors import ContractError, Problem
from provendor.exchange import Json
from provendor.reader.building import ways_of_interest
from provendor.reader.case_sets import SECTION
from provendor.reader.graphql_operations import derive_all
from provendor.reader.language import FILE, Fault, Language, Way, dotted
from provendor.reader.mcp_operations import faults as mcp_faults
from provendor.reader.meaning import faults
from provendor.reader.sharing import VENDOR_FILE, spot
from provendor.reader.source import Document, read_located
from provendor.schemas.schema import Schema


def judge(
    vendor: str, contents: Mapping[str, bytes], known: Iterable[Problem], read: Callable[[str], Json]
) -> dict[str, Any]:
    """Return the values of the files, the places that the classes hold, and what GraphQL documents ask.

    That is `{"files": ..., "places": ..., "queries": ...}`.

    `contents` are the files of the vendor's folder by name, `known` the problems that reading the folder met, `read`
    returns the value of a file that a reference names. Raises ContractError with every problem.
    """
    judged = _Judged(vendor, contents, list(known))
    documents = judged.documents
    language = Language(json.loads(FILE.read_text(encoding="utf-8")))
    for name, document in documents.items():
        kind = "vendor_file" if name == VENDOR_FILE else "resource_file"
        judged.note((name, fault) for fault in language.faults(document.value, kind))
        judged.note(_schema_faults(document, judged.start, read))
    judged.note(faults(vendor, {name: document.value for name, document in documents.items()}))
    if not judged.problems and not any({"operations", "deliveries"} & set(each.value) for each in documents.values()):
        message = "no file beside this one declares an operation: nothing would be proved"
        judged.problems.append(Problem(judged.start + VENDOR_FILE, 0, 0, "", message))
    values = {name: document.value for name, document in documents.items()}
    queries: dict[str, Any] = {}
    if not judged.problems:
        queries, found = derive_all(values, contents, judged.start)
        judged.problems += (each for each in found if isinstance(each, Problem))
        judged.note(each for each in found if not isinstance(each, Problem))
        judged.note(mcp_faults(values))
    if judged.problems:
        raise ContractError(tuple(sorted(set(judged.problems))))
    return {"files": values, "places": dict(_places(documents)), "queries": queries}


class _Judged:
    """The documents of one vendor's folder, and the problems found in them so far."""

    def __init__(self, vendor: str, contents: Mapping[str, bytes], problems: list[Problem]) -> None:
        self.start = f"contracts/{vendor}/"
        self.problems = problems
        self.documents: dict[str, Document] = {}
        self._contents = contents
        self._referred: dict[str, Document] = {}
        if VENDOR_FILE not in contents and not problems:
            problems.append(Problem(self.start + VENDOR_FILE, 0, 0, "", "every vendor's folder needs this file"))
        for name in own_files(contents):
            try:
                self.documents[name] = self._read(name)
            except ContractError as trouble:
                problems += trouble.problems

    def note(self, found: Iterable[tuple[str, Fault]]) -> None:
        """Turn faults, each with its file's name, into problems with line and column."""
        for name, fault in found:
            document = self.documents.get(name) or self._referred.get(name)
            if document is None:
                document = self._referred[name] = self._read(name)
            way = _existing(document.value, fault.way)
            line, column = document.place(way, key=fault.at_key)
            self.problems.append(Problem(document.name, line, column, dotted(way), fault.message))

    def _read(self, name: str) -> Document:
        return read_located(self._contents[name], self.start + name)


def own_files(names: Iterable[str]) -> list[str]:
    """Return which of a folder's files are contracts: vendor.yaml first, then the resource files in order."""
    own = [name for name in names if "/" not in name and name.endswith(".yaml")]
    return sorted(own, key=lambda name: (name != VENDOR_FILE, name))


def _schema_faults(document: Document, start: str, read: Callable[[str], Json]) -> Iterator[tuple[str, Fault]]:
    sound: set[str] = set()  # references that lead to no fault: hundreds of cases share a few
    for way, value in _schemas_in(document.value):
        reference = _reference(value)
        if isinstance(value, (dict, bool)) and reference not in sound:  # else the grammar has found fault with it
            pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in way)
            found = Schema(value, document.name, pointer, read).problems()
            for file, at, message in found:
                steps = (part.replace("~1", "/").replace("~0", "~") for part in at.split("/")[1:])
                yield file.removeprefix(start), Fault(tuple(steps), message)
            if reference and not found:
                sound.add(reference)


def _reference(schema: Any) -> str | None:
    """Return what a schema refers to that is a reference and nothing else."""
    target = schema.get("$ref") if isinstance(schema, dict) and len(schema) == 1 else None
    return target if isinstance(target, str) else None


def _schemas_in(value: Any) -> Iterator[tuple[Way, Any]]:
    """Yield every JSON Schema of a resource file: those under `schemas`, and the bodies of cases and steps."""
    for name, schema in _items(_get(value, "schemas")):
        yield ("schemas", name), schema
    for operation, content in _items(_get(value, "operations")):
        for case, expected in _items(_get(content, "cases")):
            yield ("operations", operation, "cases", case, "body"), _get(expected, "body")
            yield ("operations", operation, "cases", case, "result"), _get(expected, "result")
    for set_, cases in _items(_get(value, SECTION)):
        for case, expected in _items(cases):
            yield (SECTION, set_, case, "body"), _get(expected, "body")
            yield (SECTION, set_, case, "result"), _get(expected, "result")
    for flow, content in _items(_get(value, "flows")):
        for case, expected in _items(_get(content, "cases")):
            yield ("flows", flow, "cases", case, "body"), _get(expected, "body")
        steps = _get(content, "steps")
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            yield ("flows", flow, "steps", index, "body"), _get(step, "body")
    for delivery, content in _items(_get(value, "deliveries")):
        yield ("deliveries", delivery, "body"), _get(content, "body")
        for case, expected in _items(_get(content, "cases")):
            yield ("deliveries", delivery, "cases", case, "body"), _get(expected, "body")


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()


def _existing(value: Any, way: Way) -> Way:
    """Return a way with indexes where the value is a list: a JSON pointer does not tell them from keys."""
    steps: list[str | int] = []
    for step in way:
        index = int(step) if isinstance(value, list) and str(step).isdecimal() else None
        steps.append(step if index is None else index)
        value = _get(value, str(step)) if index is None else value[index] if index < len(value) else None
    return tuple(steps)


def _places(documents: Mapping[str, Document]) -> Iterator[tuple[str, tuple[int, int]]]:
    for name, document in documents.items():
        for way in ways_of_interest(document.value):
            yield spot(name, *way), document.place(way, key=True)
