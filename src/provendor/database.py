"""One SQLite file that several processes read and write; the one module that knows SQLite.

    with Database(path, STEPS) as database:
        with database.writing() as write:          # all of it or nothing
            write("INSERT INTO results VALUES (?, ?)", 1, "pass")
        rows = database.read("SELECT * FROM results")

Each step is the statements that lead from one version to the next, so that a file of any older version is brought forward
when it is opened, and one of a newer version is refused. Write-ahead logging lets readers go on while somebody writes, and
loses nothing that was written when a process is killed. Whatever goes wrong is Unusable, which says what to do.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from provendor.errors import ProvendorError

APPLICATION: Final = 0x50524F56
"""Stands in the file's head ("PROV"): a file without it belongs to another program."""

BUSY_S: Final = 5.0
"""How long to wait for another process that is writing."""

Step: TypeAlias = tuple[str, ...]
Write: TypeAlias = Callable[..., int]


class Unusable(ProvendorError):
    """The file cannot be read or written; the text says why, and what to do."""


class Database:
    """A file with tables, opened for this thread; None as path keeps everything in memory.

    `create` False opens only what is there. `version` stops at an older version, for tests of what follows.
    """

    def __init__(
        self, path: Path | None, steps: Sequence[Step], *, create: bool = True, version: int | None = None
    ) -> None:
        self.path = path
        self._steps = steps[:version]
        self._connection = self._open(create)
        try:
            with self._translated():
                self._prepare()
        except Unusable:
            self.close()
            raise

    def read(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return every row of a query."""
        with self._translated():
            return self._connection.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def writing(self) -> Generator[Write]:
        """Give a function that runs a statement and returns how many rows it changed; none counts if one fails."""
        with self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._write
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk has ended the transaction by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows, within `writing`."""
        with self._translated():
            self._connection.executemany(statement, rows)

    def close(self) -> None:
        """Close the file; what was written is in it."""
        # What is written is safe already, and nobody can do anything about a file that does not close.
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, statement: str, *values: Any) -> int:
        return self._connection.execute(statement, values).rowcount

    def _open(self, create: bool) -> sqlite3.Connection:
        if self.path is None:
            return sqlite3.connect(":memory:", isolation_level=None)
        if self.path.exists() and not self.path.is_file():
            raise Unusable(f"{self.path} is no file: move it away, and a new one is begun")
        with self._translated():
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            place = f"{self.path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
            return sqlite3.connect(place, uri=True, isolation_level=None, timeout=BUSY_S)

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA trusted_schema = OFF")  # a file may come from anywhere
        self._refuse_strangers()
        if self._version() < len(self._steps):
            # Where the file system cannot do it SQLite keeps to another way, which is slower and as safe.
            connection.execute("PRAGMA journal_mode = WAL")
            self._bring_forward()
        connection.execute("PRAGMA synchronous = NORMAL")

    def _refuse_strangers(self) -> None:
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and application != APPLICATION:
            raise Unusable(f"{self.path} belongs to another program: move it away, and a new one is begun")
        if self._version() > len(self._steps):
            raise Unusable(
                f"{self.path} was written by a newer provendor (version {self._version()} of the file, this one knows "
                f"{len(self._steps)}): update provendor, or move the file away and a new one is begun"
            )

    def _version(self) -> int:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def _bring_forward(self) -> None:
        """Take every step that the file has not taken, together: another process may be doing the same."""
        with self.writing() as write:
            for number, step in enumerate(self._steps, 1):
                if number > self._version():
                    for statement in step:
                        write(statement)
                    write(f"PRAGMA user_version = {number}")
            write(f"PRAGMA application_id = {APPLICATION}")

    @contextlib.contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as reason:
            raise Unusable(f"{self.path or 'the database in memory'} {_trouble(reason)}") from None
        except OSError as reason:
            raise Unusable(f"{self.path} cannot be opened: {reason.strerror or reason}") from None


def _trouble(reason: sqlite3.Error) -> str:
    name = getattr(reason, "sqlite_errorname", "")
    for start, said in _TROUBLES.items():
        if name.startswith(start):
            return said
    return f"cannot be used: {reason}"


_TROUBLES = {
    "SQLITE_NOTADB": "is damaged or no SQLite file: move it away, and a new one is begun",
    "SQLITE_CORRUPT": "is damaged: move it away, and a new one is begun",
    "SQLITE_FULL": "cannot be written: the disk is full",
    "SQLITE_READONLY": "cannot be written: it, or its folder, is read-only",
    "SQLITE_CANTOPEN": "cannot be opened: look at the permissions of the file and of its folder",
    "SQLITE_BUSY": f"is kept locked by another process for more than {BUSY_S:g} s",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error",
}
