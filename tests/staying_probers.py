"""A prober that stays, as a process of its own: what it prints is read as it comes."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from probe_suites import environment, words

DEADLINE_S = 60.0


class Prober:
    """The process; `rows` are its results, `said` what it told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.rows: list[dict[str, Any]] = []
        self.said: list[str] = []
        self._news: queue.Queue[None] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read, args=(stream, take))
            for stream, take in ((process.stdout, self._row), (process.stderr, self.said.append))
        ]
        for reader in self._readers:
            reader.start()

    def wait_for(self, holds: Callable[[], Any]) -> Any:
        """Wait until something holds, and return it; looked at whenever it printed something."""
        end = time.monotonic() + DEADLINE_S
        while not (found := holds()):
            assert time.monotonic() < end, f"{self.rows[-3:]}\n{''.join(self.said)}"
            try:
                self._news.get(timeout=0.1)
            except queue.Empty:
                assert self.process.poll() is None, f"it has ended\n{''.join(self.said)}"
        return found

    def results(self, count: int, **wanted: Any) -> list[dict[str, Any]]:
        """Wait for so many results that have these values, and return them."""

        def found() -> list[dict[str, Any]] | None:
            rows = [row for row in self.rows if all(row[key] == value for key, value in wanted.items())]
            return rows if len(rows) >= count else None

        rows: list[dict[str, Any]] = self.wait_for(found)
        return rows

    def hears(self, text: str) -> str:
        """Wait until it says something, and return the line."""
        line: str = self.wait_for(lambda: next((line for line in self.said if text in line), None))
        return line

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return how it ended."""
        self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        self.read_to_the_end()
        return code

    def read_to_the_end(self) -> None:
        """Read what a process that has ended has printed."""
        for reader in self._readers:
            reader.join()

    def _row(self, line: str) -> None:
        self.rows.append(json.loads(line))

    def _read(self, stream: IO[str] | None, take: Callable[[str], None]) -> None:
        assert stream is not None
        with stream:
            for line in stream:
                take(line)
                self._news.put(None)


@contextmanager
def staying(root: Path, *given: str, every: str = "0.5s", most: str | None = None, **env: str) -> Iterator[Prober]:
    """Let a prober stay until the block ends; `most` is how large the files are that it can make.

    Python checks no short write of bytecode: what a prober on a full disk imports first would be broken for all others.
    """
    env = {"PYTHONDONTWRITEBYTECODE": "1"} | env
    command = words(root, "--every", every, "--json", *given)
    if most is not None:
        command = ["prlimit", f"--fsize={most}:unlimited", *command]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(root, **env)
    )
    prober = Prober(process)
    try:
        yield prober
    finally:
        process.kill()
        process.wait()
        prober.read_to_the_end()
