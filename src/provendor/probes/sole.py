"""One prober at a time: whoever holds this says how probes stand; others keep their results and leave that to it.

    with Sole(root / "reports") as sole:
        sole.held       # False where another process has it

The system takes it back from a process that is killed.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

NAME: Final = ".prober.lock"


class Sole:
    """The lock below a folder; where there can be none, it is held by everybody."""

    def __init__(self, folder: Path) -> None:
        self.held = True
        self._file: int | None = None
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o644)
            self.held = _lock(self._file)

    def close(self) -> None:
        """Give it back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


if sys.platform == "win32":  # pragma: no cover - as on other systems

    def _lock(file: int) -> bool:
        import msvcrt  # noqa: PLC0415 - only there is one

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
