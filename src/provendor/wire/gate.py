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
        self._all_under_way = 0
        self._hanging: Counter[str] = Counter()
        self._turns: deque[asyncio.Future[None]] = deque()

    def place(self, vendor: str) -> _Place:
        """Take a place among those that are on the network at once; the vendor with the fewest is served first."""
        return _Place(self, vendor)

    async def turn(self) -> None:
        """Wait until all that has arrived was read, and nobody else is at it."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._turns.append(waiter)
        if len(self._turns) == 1:
            loop.call_soon(self._next_turn)
        await waiter

    async def take(self, vendor: str) -> None:
        """Wait for a place."""
        if self._free > 0 and not self._waiting and self._may_have(vendor):
            self._give(vendor)
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(vendor, deque()).append(waiter)
        self._serve()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.give_back(vendor, hanging=False)
            raise

    def hangs(self, vendor: str) -> None:
        """Let others have the place of a request that takes long."""
        self._hanging[vendor] += 1
        self._free += 1
        self._serve()

    def give_back(self, vendor: str, *, hanging: bool) -> None:
        """Give a place back."""
        self._under_way[vendor] -= 1
        self._all_under_way -= 1
        if hanging:
            self._hanging[vendor] -= 1
        else:
            self._free += 1
        self._serve()

    def _give(self, vendor: str) -> None:
        self._free -= 1
        self._under_way[vendor] += 1
        self._all_under_way += 1

    def _serve(self) -> None:
        """Give away the places that are free."""
        while self._free > 0 and self._waiting:
            vendor = min(self._waiting, key=self._under_way.__getitem__)
            if not self._may_have(vendor):
                others = [each for each in self._waiting if self._may_have(each)]
                if not others:
                    return
                vendor = min(others, key=self._under_way.__getitem__)
            waiter = self._waiting[vendor].popleft()
            if not self._waiting[vendor]:
                del self._waiting[vendor]
            if not waiter.done():
                self._give(vendor)
                waiter.set_result(None)

    def _may_have(self, vendor: str) -> bool:
        """Tell whether a vendor may have one more place; one that has none gets one however many hang."""
        if not self._under_way[vendor]:
            return True
        return self._all_under_way < MOST and self._hanging[vendor] < MOST_HANGING

    def _next_turn(self) -> None:
        """Wake one; the loop looks at the sockets before the next."""
        while self._turns:
            waiter = self._turns.popleft()
            if not waiter.done():
                waiter.set_result(None)
                break
        if self._turns:
            asyncio.get_running_loop().call_soon(self._next_turn)


class _Place:
    """One place, for the length of a block."""

    __slots__ = ("_gate", "_hanging", "_lease", "_vendor")

    def __init__(self, gate: Gate, vendor: str) -> None:
        self._gate = gate
        self._vendor = vendor
        self._hanging = False

    async def __aenter__(self) -> None:
        await self._gate.take(self._vendor)
        self._lease = asyncio.get_running_loop().call_later(LEASE_S, self._expire)

    async def __aexit__(self, *exc: object) -> None:
        self._lease.cancel()
        self._gate.give_back(self._vendor, hanging=self._hanging)

    def _expire(self) -> None:
        self._hanging = True
        self._gate.hangs(self._vendor)
