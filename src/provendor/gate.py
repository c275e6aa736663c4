"""Who may be on the network, and when an answer may be judged, so that neither vendors nor our own work delay each other.

    gate = Gate(width=100)
    async with gate.place("chatwoot"):      # at most 100 at once, shared fairly among the vendors that want one
        ...
    await gate.turn()                       # one at a time, with a look at the sockets in between

A place is taken for two seconds: whoever takes longer is waiting for a vendor that hangs, which costs us nothing, and
others may go on. What is read from a socket late would be reported as the vendor's latency, so that of a hundred answers
which arrive together each is judged only after all that has arrived was read.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

LEASE_S: Final = 2.0
"""How long a request counts as one of those that are under way at once."""

MOST: Final = 240
"""Requests under way, those that hang included; a process may often have 1024 open files."""

MOST_HANGING: Final = 64
"""Requests of one vendor that hang; with so many it gets no further place."""


class Gate:
    """Places on the network, and turns to judge. Made and used on one event loop."""

    def __init__(self, width: int) -> None:
        self._free = width
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._under_way: Counter[str] = Counter()
        self._hanging: Counter[str] = Counter()
        self._turns: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def place(self, vendor: str) -> AsyncIterator[None]:
        """Take a place among those that are on the network at once; the vendor with the fewest is served first."""
        await self._taken(vendor)
        hanging = False

        def expire() -> None:
            nonlocal hanging
            hanging = True
            self._hanging[vendor] += 1
            self._free += 1
            self._serve()

        lease = asyncio.get_running_loop().call_later(LEASE_S, expire)
        try:
            yield
        finally:
            lease.cancel()
            self._under_way[vendor] -= 1
            if hanging:
                self._hanging[vendor] -= 1
            else:
                self._free += 1
            self._serve()

    async def turn(self) -> None:
        """Wait until all that has arrived was read, and nobody else is at it."""
        waiter = asyncio.get_running_loop().create_future()
        self._turns.append(waiter)
        if len(self._turns) == 1:
            asyncio.get_running_loop().call_soon(self._next_turn)
        await waiter

    async def _taken(self, vendor: str) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(vendor, deque()).append(waiter)
        self._serve()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._free += 1
                self._under_way[vendor] -= 1
                self._serve()
            raise

    def _serve(self) -> None:
        """Give away the places that are free."""
        while self._free > 0 and (vendor := self._first()) is not None:
            waiter = self._waiting[vendor].popleft()
            if not self._waiting[vendor]:
                del self._waiting[vendor]
            if not waiter.done():
                self._free -= 1
                self._under_way[vendor] += 1
                waiter.set_result(None)

    def _first(self) -> str | None:
        """Return the waiting vendor that has the fewest places; one that has none gets one however many hang."""
        vendor = min(self._waiting, key=self._under_way.__getitem__, default=None)
        if vendor is None or not self._under_way[vendor]:
            return vendor
        if self._under_way.total() >= MOST:
            return None
        allowed = (each for each in self._waiting if self._hanging[each] < MOST_HANGING)
        return min(allowed, key=self._under_way.__getitem__, default=None)

    def _next_turn(self) -> None:
        """Wake one; the loop looks at the sockets before the next."""
        while self._turns:
            waiter = self._turns.popleft()
            if not waiter.done():
                waiter.set_result(None)
                break
        if self._turns:
            asyncio.get_running_loop().call_soon(self._next_turn)
