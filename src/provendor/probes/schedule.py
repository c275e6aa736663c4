"""When each probe is due: slots at fixed moments, spread by name, never two of a probe at once and none unaccounted for.

    schedule = Schedule()
    change = schedule.plan({"chatwoot/health.web:ok": timing("chatwoot/health.web:ok", 60.0)}, now)
    for due in schedule.due(now):       # each is asked now, unless `overlapped`; `missed` went by unseen
        ...
        schedule.done(due.key)

Slots stand on the clock of the world: slot n is at `phase + n * every` seconds since 1970, so that they are the same after
a restart and never drift. What is due follows from a time that is passed in; nothing here waits.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Mapping
from hashlib import sha256
from math import floor
from typing import Final, Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)

JUMP_S: Final = 2.0
"""A clock that differs by more from the time that has passed was set, or the machine slept."""


class Timing(NamedTuple):
    """The slots of one probe: slot n is at `phase_s + n * every_s` seconds since 1970."""

    every_s: float
    phase_s: float

    def at(self, number: int) -> float:
        """Return the moment of a slot."""
        return self.phase_s + number * self.every_s

    def number(self, moment: float) -> int:
        """Return the number of the last slot at or before a moment."""
        number = floor((moment - self.phase_s) / self.every_s)
        # A quotient is rounded, a slot's moment is what counts.
        while self.at(number + 1) <= moment:
            number += 1
        while self.at(number) > moment:
            number -= 1
        return number


def timing(name: str, every_s: float) -> Timing:
    """Return the slots of a probe by its name: always the same, and spread evenly over many names."""
    share = int.from_bytes(sha256(name.encode()).digest()[:8]) / 2**64
    return Timing(every_s, share * every_s)


class Plan(NamedTuple, Generic[Key]):
    """The slots of one probe from `first` on, until something else is planned for it. Each plan has a number of its own."""

    number: int
    key: Key
    timing: Timing
    first: int


class Change(NamedTuple, Generic[Key]):
    """What planning anew changed: plans that begin, and plans that end, with the first slot that they have no longer."""

    begun: tuple[Plan[Key], ...] = ()
    ended: Mapping[int, int] = {}


class Due(NamedTuple, Generic[Key]):
    """What became due of one probe: a slot to ask now, unless it is `overlapped` by one that still is being asked.

    `missed` are the slots before it whose moment went by unseen.
    """

    plan: Plan[Key]
    slot: int
    missed: range
    overlapped: bool

    @property
    def key(self) -> Key:
        """Whose slot it is."""
        return self.plan.key


class Schedule(Generic[Key]):
    """The probes that are planned, and which slot of each comes next. Plans are counted from `first` on."""

    def __init__(self, first: int = 1) -> None:
        self._plans: dict[Key, Plan[Key]] = {}
        self._following: dict[Key, int] = {}
        self._asking: set[Key] = set()
        self._queue: list[tuple[float, int, Key]] = []
        self._next_plan = first

    def plan(self, timings: Mapping[Key, Timing], now: float) -> Change[Key]:
        """Plan these probes and no others. One whose slots stay the same goes on; another begins with the next slot."""
        same = {key for key, plan in self._plans.items() if timings.get(key) == plan.timing}
        ended = {plan.number: self._following[key] for key, plan in self._plans.items() if key not in same}
        for key in self._plans.keys() - same:
            del self._plans[key], self._following[key]
        begun = self._begin(((key, each) for key, each in timings.items() if key not in same), now)
        return Change(begun, ended)

    def restart(self, now: float) -> Change[Key]:
        """Begin all plans anew after the clock was set back: the next slot of each is the first after now."""
        ended = {plan.number: self._following[key] for key, plan in self._plans.items()}
        return Change(self._begin([(key, plan.timing) for key, plan in self._plans.items()], now), ended)

    def next_at(self) -> float | None:
        """Return when the next slot is due; None where nothing is planned."""
        return self._queue[0][0] if self._queue else None

    def due(self, now: float) -> list[Due[Key]]:
        """Return what is due, each probe once; one whose slot is to be asked counts as asked until `done`."""
        found: list[Due[Key]] = []
        while self._queue and self._queue[0][0] <= now:
            _, number, key = heapq.heappop(self._queue)
            plan = self._plans[key]
            slot = plan.timing.number(now)
            found.append(Due(plan, slot, range(self._following[key], slot), overlapped=key in self._asking))
            self._asking.add(key)
            self._following[key] = slot + 1
            heapq.heappush(self._queue, (plan.timing.at(slot + 1), number, key))
        return found

    def done(self, key: Key) -> None:
        """Say that a probe is no longer being asked."""
        self._asking.discard(key)

    def _begin(self, timings: Iterable[tuple[Key, Timing]], now: float) -> tuple[Plan[Key], ...]:
        begun = tuple(
            Plan(number, key, timing, timing.number(now) + 1)
            for number, (key, timing) in enumerate(timings, self._next_plan)
        )
        self._next_plan += len(begun)
        for plan in begun:
            self._plans[plan.key] = plan
            self._following[plan.key] = plan.first
        # With the plan's number, so that keys that cannot be compared never are.
        self._queue = [(plan.timing.at(self._following[key]), plan.number, key) for key, plan in self._plans.items()]
        heapq.heapify(self._queue)
        return begun


class Timeline:
    """The moment that it is, by the clock of the world, moved on by time that passes and not by the clock.

    Small corrections of the clock are followed silently. A larger one is a jump, and said once.
    """

    def __init__(self, wall: float, passed: float) -> None:
        self._offset = wall - passed

    def now(self, passed: float) -> float:
        """Return the moment after so much time has passed."""
        return self._offset + passed

    def follow(self, wall: float, passed: float) -> float | None:
        """Follow the clock; return by how many seconds it jumped, forward or back, None where it did not."""
        moved = wall - passed - self._offset
        self._offset += moved
        return moved if abs(moved) > JUMP_S else None
