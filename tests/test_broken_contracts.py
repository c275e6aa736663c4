"""Broken contracts, each pinned to what is printed about it.

`broken_contracts/*.txt` hold them: a name, the files that differ from the sound contract beside them, and all lines that
are printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from provendor.errors import ContractError
from provendor.reader.loading import load

FOLDER = Path(__file__).parent / "broken_contracts"
SOUND = {name: (FOLDER / name).read_text(encoding="utf-8") for name in ("vendor.yaml", "users.yaml")}


@dataclass(frozen=True)
class Entry:
    """One broken contract: `written` as it stands in the table, `files` by name, None for one that is left out."""

    name: str
    written: str
    files: dict[str, str | None]
    printed: list[str]


def entries(path: Path) -> Iterator[Entry]:
    """Read one table."""
    for text in re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, _, rest = text.partition("\n")
        written, _, printed = rest.partition("-- prints\n")
        files: dict[str, str | None] = {}
        for part in re.split(r"^-- ", written, flags=re.MULTILINE)[1:]:
            title, _, content = part.partition("\n")
            files[title.removeprefix("no ")] = None if title.startswith("no ") else content
        yield Entry(name, written, files, printed.strip().splitlines())


TABLES = {path.stem: list(entries(path)) for path in sorted(FOLDER.glob("*.txt"))}
ALL = [
    pytest.param(entry, id=f"{table}-{entry.name}".replace(" ", "-"))
    for table, found in TABLES.items()
    for entry in found
]


def problems_of(entry: Entry, root: Path) -> list[str]:
    """Write the contract below `root`, load it, and return the lines that are printed."""
    files = {**SOUND, **entry.files}
    for name, content in files.items():
        path = root / "contracts" / "acme" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_text(content, encoding="utf-8")
    try:
        load(root)
    except ContractError as trouble:
        return [str(problem) for problem in trouble.problems]
    return []


@pytest.mark.parametrize("entry", ALL)
def test_a_broken_contract_prints_exactly_these_lines(entry, tmp_path):
    """Every problem is named with file, line, column and path; nothing else is printed."""
    assert entry.printed, "an entry without lines would pass whatever happens"
    assert problems_of(entry, tmp_path) == entry.printed


def test_the_contract_that_they_differ_from_is_sound(tmp_path):
    """What an entry prints comes from the entry, not from the files it leaves as they are."""
    assert problems_of(Entry("sound", "", {}, []), tmp_path) == []


def test_the_table_is_as_long_as_promised():
    """At least seventy broken contracts are pinned, and each has a name of its own."""
    names = [entry.name for found in TABLES.values() for entry in found]

    assert len(names) >= 70
    assert all(len(set(names)) == len(names) for names in ([e.name for e in found] for found in TABLES.values()))


def test_no_problem_shows_a_secret(tmp_path):
    """Credentials that were written into a contract by mistake are not repeated on the console or in a CI log."""
    written = [entry for found in TABLES.values() for entry in found if "hunter2" in entry.written]

    assert len(written) >= 4
    assert not any("hunter2" in line for entry in written for line in entry.printed)
