"""Cases that several operations share: written once under `case_sets`, and taken by each operation that names the set.

# vendor.yaml                                                # resource file
case_sets:                                                   operations:
  gateway:                                                     users.get:
    no-key: { with: { auth: none }, status: 401, ... }           sets: [gateway]
    too-many: { status: 429, error: rate-limited }               cases: { ok: { status: 200 } }

They are cases of the operation like its own. An own case of the same name stands instead of that of the set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

SECTION = "case_sets"


class Written(NamedTuple):
    """A case as it is written: its name and value, and the file and the way at which these stand."""

    name: str
    value: dict[str, Any]
    file: str
    way: tuple[str, ...]


def known_sets(files: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return every set of a vendor's files by name: its file, and its cases by name."""
    return {name: (file, cases) for file, value in files.items() for name, cases in value.get(SECTION, {}).items()}


def cases_of(files: Mapping[str, Any], file: str, id_: str) -> Iterator[Written]:
    """Yield the cases of an operation: its own, then those of its sets. The files were judged before."""
    operation = files[file]["operations"][id_]
    for name, value in operation["cases"].items():
        yield Written(name, value, file, ("operations", id_, "cases", name))
    sets = known_sets(files) if "sets" in operation else {}
    for set_ in operation.get("sets", ()):
        home, cases = sets[set_]
        for name, value in cases.items():
            if name not in operation["cases"]:
                yield Written(name, value, home, (SECTION, set_, name))
