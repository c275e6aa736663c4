"""The ledger of planned probes: every slot ends as a result, skipped (why) or missing (why), whatever becomes of the prober.

    ledger = Ledger(history)
    schedule = Schedule(ledger.open(now))              # accounts for what a prober before this one left open
    ledger.change(schedule.plan(timings, now))         # again whenever what is planned changes
    history.record(samples, also=ledger.entries([Ended(...)], now))
    ledger.accounts(since, until)

A slot has no entry while it is being asked. So a prober that is killed leaves a gap, and the next one says what it was: the
answer never came, or no prober was running. Slots in a row that end alike may be one entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from provendor.database import Write
from provendor.probes.history import KEPT_S, History, Watched
from provendor.probes.schedule import Change, Timing

KILLED: Final = "the prober ended before the answer came"
ABSENT: Final = "no prober was running"


class End(StrEnum):
    """How a planned probe ends."""

    RESULT = "result"
    SKIPPED = "skipped"
    MISSING = "missing"


class Ended(NamedTuple):
    """Slots of one plan from `first` to `last` that ended alike. `why` is given for all but a result."""

    plan: int
    first: int
    last: int
    end: End
    why: str | None = None


class Account(NamedTuple):
    """What became of one probe's slots in some time. `reasons` counts those that have no result by why."""

    watched: Watched
    planned: int
    ends: Mapping[End, int]
    reasons: Mapping[str, int]

    @property
    def unknown(self) -> int:
        """How many slots have no end although their time has passed: those that are being asked, and ever none else."""
        return self.planned - sum(self.ends.values())


class Ledger:
    """The ledger in the file of the history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._database = history.database

    def open(self, now: float) -> int:
        """Account for what earlier probers left open, begin as the one that runs, return the first plan's number."""
        ((alive, last),) = self._database.read(_LATEST)
        with self._database.writing() as write:
            for plan, every, phase, first, stop in self._database.read(_UNSETTLED):
                timing = Timing(every, phase)
                asked = max(first, timing.number(alive or 0.0) + 1) if stop is None else stop
                until = max(asked, timing.number(now) + 1) if stop is None else stop
                for hole in self._holes(plan, first, until):
                    # The moment at which it was alive last may lie within a hole.
                    _enter(write, Ended(plan, hole.start, min(hole.stop, asked) - 1, End.MISSING, KILLED))
                    _enter(write, Ended(plan, max(hole.start, asked), hole.stop - 1, End.MISSING, ABSENT))
                write("UPDATE plans SET until = ?, settled = 1 WHERE id = ?", until, plan)
            write("INSERT OR REPLACE INTO prober VALUES (1, ?)", now)
        return (last or 0) + 1

    def change(self, change: Change[Watched]) -> None:
        """Write down what is planned from now on, and what no longer is."""
        with self._database.writing() as write:
            for plan, until in change.ended.items():
                write("UPDATE plans SET until = ? WHERE id = ?", until, plan)
            for begun in change.begun:
                case = self._history.number(begun.key)
                write(
                    "INSERT INTO plans VALUES (?, ?, ?, ?, ?, NULL, 0)", begun.number, case, *begun.timing, begun.first
                )

    def entries(self, ended: Iterable[Ended], now: float) -> Callable[[Write], None]:
        """Return what writes these ends, and that the prober was alive now, together with results."""
        kept = tuple(ended)

        def write_all(write: Write) -> None:
            for each in kept:
                _enter(write, each)
            write("INSERT OR REPLACE INTO prober VALUES (1, ?)", now)

        return write_all

    def alive(self) -> float | None:
        """Return when a prober that stays was last known to run; None where none ever did."""
        return next((float(at) for (at,) in self._database.read("SELECT alive FROM prober")), None)

    def accounts(self, since: float, until: float, vendor: str | None = None) -> list[Account]:
        """Return what became of the slots of each probe whose moment lies in this time, `until` excluded."""
        return [
            account
            for case, watched in self._history.watched(vendor).items()
            if (account := self._account(case, watched, since, until)).planned
        ]

    def prune(self, now: float) -> None:
        """Forget the slots that have been kept for long enough, and the plans that have no others."""
        with self._database.writing() as write:
            for plan, every, phase, begin, stop in self._database.read(
                "SELECT id, every, phase, first, until FROM plans"
            ):
                first = max(begin, Timing(every, phase).number(now - KEPT_S))
                if stop is not None and first >= stop:
                    write("DELETE FROM slots WHERE plan = ?", plan)
                    write("DELETE FROM plans WHERE id = ?", plan)
                elif first > begin:
                    write("DELETE FROM slots WHERE plan = ? AND last < ?", plan, first)
                    write("UPDATE plans SET first = ? WHERE id = ?", first, plan)

    def _account(self, case: int, watched: Watched, since: float, until: float) -> Account:
        planned = 0
        ends: Counter[End] = Counter()
        reasons: Counter[str] = Counter()
        for plan, every, phase, begin, stop in self._database.read(_PLANS, case):
            timing = Timing(every, phase)
            first = max(begin, _before(timing, since) + 1)
            last = _before(timing, until) if stop is None else min(_before(timing, until), stop - 1)
            planned += max(0, last - first + 1)
            for end, why, count in self._database.read(_ENTRIES, last, first, plan, last, first):
                ends[End(end)] += count
                if why:
                    reasons[why] += count
        return Account(watched, planned, ends, reasons)

    def _holes(self, plan: int, first: int, until: int) -> Iterator[range]:
        """Yield the slots of a plan that have no entry, from `first` on, `until` excluded."""
        for number, last in self._database.read("SELECT number, last FROM slots WHERE plan = ? ORDER BY number", plan):
            if first < number:
                yield range(first, min(number, until))
            first = max(first, last + 1)
        if first < until:
            yield range(first, until)


def _before(timing: Timing, moment: float) -> int:
    """Return the number of the last slot before a moment."""
    number = timing.number(moment)
    return number - 1 if timing.at(number) == moment else number


def _enter(write: Write, each: Ended) -> None:
    if each.first <= each.last:
        write("INSERT OR IGNORE INTO slots VALUES (?, ?, ?, ?, ?)", *each)


_LATEST = "SELECT (SELECT alive FROM prober), (SELECT max(id) FROM plans)"
_UNSETTLED = "SELECT id, every, phase, first, until FROM plans WHERE NOT settled"
_PLANS = """SELECT id, every, phase, first, until FROM plans WHERE "case" = ?"""
_ENTRIES = """SELECT "end", why, sum(min(last, ?) - max(number, ?) + 1) FROM slots
    WHERE plan = ? AND number <= ? AND last >= ? GROUP BY 1, 2"""
