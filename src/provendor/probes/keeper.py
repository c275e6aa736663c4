"""The history kept beside an event loop, by a thread of its own; where it cannot be kept, the work goes on without.

    async with Keeper(root / "reports", say=print) as keeper:
        states = await keeper.read(lambda history: history.states())
        keeper.write(lambda history: history.record(samples))       # in order, soon; nobody waits for a disk

Where the file is damaged, locked, or the disk is full, that is said once, a database in memory takes its place, and the
file is tried again every minute: then everything that was written in between is written to it, and how things stand to one
that is begun anew.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from provendor.database import Unusable
from provendor.probes.history import FILE, History

T = TypeVar("T")

RETRY_S: Final = 60.0
MOST_WAITING: Final = 50_000
"""Writes that are remembered for a file that cannot be written; after so many the oldest are forgotten."""

Write = Callable[[History], object]


class Keeper:
    """The history below a folder. Made and used on one event loop; `say` is called on the keeper's thread."""

    def __init__(self, folder: Path, say: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._say = say
        self._now = now
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._history: History | None = None
        self.in_memory = False
        self._waiting: deque[Write] = deque(maxlen=MOST_WAITING)
        self._tried_at = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def read(self, work: Callable[[History], T]) -> T:
        """Return what somebody wants to know of the history, after all that was written before."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

    def write(self, work: Write) -> None:
        """Have something written soon."""
        self._thread.submit(self._do_and_remember, work).add_done_callback(self._complain)

    async def change(self, work: Callable[[History], T]) -> T:
        """Have something written, and return what it gives when that is done."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do_and_remember, work)

    async def close(self) -> None:
        """Wait until everything is written, and close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    # --- on the thread ------------------------------------------------------------------------------------------------

    def _do_and_remember(self, work: Callable[[History], T]) -> T:
        if self.in_memory:
            self._try_again()
        given = self._do(work)
        if self.in_memory:
            self._waiting.append(work)
        return given

    def _do(self, work: Callable[[History], T]) -> T:
        try:
            return work(self._opened())
        except Unusable as trouble:
            if self.in_memory:
                raise
            self._fall_back(trouble)
            return work(self._opened())

    def _opened(self) -> History:
        if self._history is None:
            self._history = History(self._folder)
        return self._history

    def _fall_back(self, trouble: Unusable) -> None:
        """Go on in memory, with what can still be read of how things stand."""
        self._say(f"{trouble}; until then results are kept in the evidence alone")
        memory = History(None)
        if self._history is not None:
            memory.take_over(self._history)
            self._history.close()
        self._history, self.in_memory, self._tried_at = memory, True, self._now()

    def _try_again(self) -> None:
        """Go back to the file where that is possible, and write what was written to memory."""
        if self._now() - self._tried_at < RETRY_S:
            return
        self._tried_at = self._now()
        try:
            file = History(self._folder)
        except Unusable:
            return
        try:
            # A file that is begun anew goes on with the numbers of the one that was moved away: people know of those.
            if file.begin_as(self._opened()):
                self._waiting.clear()
            while self._waiting:
                self._waiting[0](file)
                self._waiting.popleft()
        except Unusable:
            file.close()
            return
        self._opened().close()
        self._history, self.in_memory = file, False
        self._say(f"{self._folder / FILE} can be written again; nothing that came in between is lost")

    def _complain(self, done: Future[Any]) -> None:
        """Say what went wrong with a write that nobody waits for."""
        trouble = done.exception()
        if trouble is not None:
            self._say(f"the history could not be written: {type(trouble).__name__}: {trouble}")

    def _close(self) -> None:
        if self.in_memory:
            self._tried_at = self._now() - RETRY_S
            self._try_again()
        if self._history is not None:
            self._history.close()
