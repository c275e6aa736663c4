"""Time as an argument: replay runs on a clock that jumps, live on the real one."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What waiting needs: a time that only grows, in seconds, and a way to let it pass."""

    def now(self) -> float:
        """Return seconds since some fixed moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        ...


class VirtualClock:
    """A clock that jumps: sleeping takes no time and never suspends, so a five-minute job replays at once."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        """Return how many seconds were slept so far."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Move the time forward."""
        self._now += max(seconds, 0.0)


class RealClock:
    """The time that passes, for live calls."""

    def now(self) -> float:
        """Return seconds since some moment before the process began."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long; other tasks go on."""
        import asyncio  # noqa: PLC0415 - a replay, which needs no loop, imports this module too

        await asyncio.sleep(max(seconds, 0.0))
