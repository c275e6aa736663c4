from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from provendor.database import Database, Step, Unusable

PEOPLE: Step = ("CREATE TABLE people (name TEXT NOT NULL)",)
AGES: Step = ("ALTER TABLE people ADD COLUMN age INTEGER", "UPDATE people SET age = 0")
TOWNS: Step = ("CREATE TABLE towns (name TEXT NOT NULL)",)
STEPS = (PEOPLE, AGES, TOWNS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "people.sqlite"


def add(path: Path, *people: str | None, steps: tuple[Step, ...] = STEPS[:1]) -> None:
    with Database(path, steps) as database:
        insert(database, *people)


def insert(database: Database, *people: str | None) -> None:
    with database.writing() as write:
        for name in people:
            write("INSERT INTO people (name) VALUES (?)", name)


def names(path: Path) -> list[str]:
    with Database(path, STEPS) as database:
        return [name for (name,) in database.read("SELECT name FROM people ORDER BY name")]


def test_what_was_written_is_there_the_next_time(path: Path):
    """The folder is made with the file."""
    add(path, "Ada")
    add(path, "Bob")

    assert names(path) == ["Ada", "Bob"]


def test_a_write_that_fails_leaves_nothing_behind(path: Path):
    """All of it or nothing."""
    add(path, "Ada")

    with pytest.raises(Unusable, match="NOT NULL"):
        add(path, "Bob", None)

    assert names(path) == ["Ada"]


@pytest.mark.parametrize("version", range(len(STEPS)))
def test_a_file_of_every_older_version_is_brought_forward(path: Path, version: int):
    """What is in it stays, and the steps it has taken are not taken again."""
    with Database(path, STEPS, version=version) as database:
        if version:
            insert(database, "Ada")

    with Database(path, STEPS) as database:
        assert database.read("SELECT name FROM people") == ([("Ada",)] if version else [])
        assert database.read("SELECT * FROM towns") == []
        assert database.read("PRAGMA user_version") == [(3,)]


def test_a_step_that_fails_leaves_the_file_at_its_version(path: Path):
    """A file that is half brought forward could never be opened again."""
    add(path, "Ada")
    broken = (PEOPLE, ("CREATE TABLE towns (name TEXT)", "CREATE TABLE people (name TEXT)"))

    with pytest.raises(Unusable, match="already exists"):
        Database(path, broken)

    assert names(path) == ["Ada"]


def test_a_newer_version_is_refused_and_left_as_it_is(path: Path):
    """An older program would write what a newer one does not expect."""
    add(path, "Ada", steps=STEPS)
    before = path.read_bytes()

    with pytest.raises(Unusable, match=r"newer provendor \(version 3 of the file, this one knows 1\): update"):
        Database(path, STEPS[:1])

    assert path.read_bytes() == before


def test_two_that_open_an_old_file_at_once_take_each_step_once(path: Path):
    """The second waits for the first and finds nothing left to do."""
    add(path, "Ada")
    script = (
        "import sys, test_database as t; from pathlib import Path; from provendor.database import Database; "
        "Database(Path(sys.argv[1]), t.STEPS)"
    )
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    running = [subprocess.Popen([sys.executable, "-c", script, str(path)], env=here) for _ in range(4)]

    assert [each.wait() for each in running] == [0] * 4
    assert names(path) == ["Ada"]


def test_a_reader_does_not_wait_for_a_writer(path: Path):
    """It sees what was there before."""
    add(path, "Ada")
    with Database(path, STEPS) as one, Database(path, STEPS) as other, one.writing() as write:
        write("INSERT INTO people (name) VALUES ('Bob')")

        assert other.read("SELECT name FROM people") == [("Ada",)]


def test_what_is_no_database_is_said_and_left_alone(path: Path):
    """Whatever stands there may be of use to somebody."""
    path.parent.mkdir()
    path.write_bytes(b"not a database at all" * 100)

    with pytest.raises(Unusable, match=r"people\.sqlite is damaged or no SQLite file: move it away"):
        Database(path, STEPS)

    assert path.read_bytes().startswith(b"not a database")


def test_a_damaged_file_is_said(path: Path):
    """The head is whole, what follows is not."""
    for number in range(300):
        add(path, f"a longer name {number}")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    with pytest.raises(Unusable, match="is damaged: move it away"), Database(path, STEPS) as database:
        database.read("SELECT * FROM people")


def test_a_file_of_another_program_is_left_alone(path: Path):
    """Nobody adds tables to what is not theirs."""
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()

    with pytest.raises(Unusable, match="belongs to another program"):
        Database(path, STEPS)


def test_a_full_disk_is_said_and_what_was_there_stays(path: Path):
    """The limit of pages makes SQLite meet what it meets on a full disk."""
    add(path, "Ada", steps=STEPS)
    with Database(path, STEPS) as database:
        database.read("PRAGMA max_page_count = 1")
        with pytest.raises(Unusable, match="the disk is full"):
            insert(database, "a longer name" * 100, "another one" * 1000)

        assert database.read("SELECT name FROM people") == [("Ada",)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_said(path: Path):
    """It cannot be begun there."""
    path.parent.mkdir(mode=0o500)

    with pytest.raises(Unusable, match="look at the permissions"):
        Database(path, STEPS)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    """A file stands in its place."""
    (tmp_path / "reports").write_text("in the way")

    with pytest.raises(Unusable, match="cannot be opened"):
        Database(tmp_path / "reports" / "people.sqlite", STEPS)


def test_what_is_no_file_is_said(path: Path):
    """A pipe would be waited for, a folder cannot be opened."""
    path.mkdir(parents=True)

    with pytest.raises(Unusable, match="is no file"):
        Database(path, STEPS)


def test_opening_only_what_is_there_makes_nothing(path: Path):
    """A reader leaves no trace."""
    with pytest.raises(Unusable, match="cannot be opened"):
        Database(path, STEPS, create=False)

    assert not path.parent.exists()


def test_without_a_path_everything_is_in_memory():
    """Where no file can be had, the work goes on."""
    with Database(None, STEPS) as database, database.writing() as write:
        write("INSERT INTO towns VALUES ('Oslo')")

        assert database.read("SELECT name FROM towns") == [("Oslo",)]
