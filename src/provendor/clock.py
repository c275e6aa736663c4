"""Time as an argument: replay runs on a clock that jumps, live on the real one."""

from __future__ import annotations

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
