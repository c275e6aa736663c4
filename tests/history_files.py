"""Histories for tests: what three weeks of hourly probes leave, with a bad day, a gap, and a trouble that goes on; full disks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from provendor.probes.history import DAY_S, FILE, HOUR_S, History, Sample, Transition, Watched
from provendor.probes.outbox import Message, Outbox
from provendor.probes.schedule import Schedule, timing
from provendor.probes.slots import End, Ended, Ledger
from provendor.probes.states import State, Thresholds, advance
from provendor.verdict import Outcome, Party

ACME = Watched("acme", "users.get", "ok", "production")
BOLT = Watched("bolt", "jobs.a", "ok", "production")
_RUN = "20261120T080000Z-cccccc"


def a_history(reports: Path, now: float, *, well: Watched = ACME, down: Watched = BOLT, days: int = 21) -> None:
    """Write it. One probe is in trouble for the last two hours, the other had a bad night nine days ago; one day is missing."""
    with History(reports) as history:
        for watched in (well, down):
            _probe(history, watched, now, days, down=watched == down)
        _slots(history, (well, down), now)
        outbox = Outbox(history)
        name = down.vendor
        outbox.put({}, [Message("mail", name, "1", f"{name} is down: vendor-down", "since …")], now - 3_000)
        while post := outbox.take(now):
            outbox.sent(post)


def _probe(history: History, watched: Watched, now: float, days: int, *, down: bool) -> None:
    state, samples, transitions = State(), [], []
    for number in range(days * 24):
        at = now - days * DAY_S + number * HOUR_S
        if 4 < (now - at) / DAY_S < 5:
            continue
        sample = _sample(watched, at, (now - at) / DAY_S, number, down=down)
        after = advance(state, sample.outcome, at, Thresholds())
        if after.outcome is not None and after.outcome is not state.outcome:
            why = sample[6:10]
            transitions.append(Transition(watched, at, state.outcome, after.outcome, state.last_good, *why))
        state = after
        samples.append(sample)
    history.record(samples, {watched: state}, transitions)


def _sample(watched: Watched, at: float, ago_days: float, number: int, *, down: bool) -> Sample:
    bad = ago_days <= 2 / 24 if down else 9 < ago_days < 9.4
    if bad:
        why = ("vendor-down", Party.VENDOR, "status: expected 200, got 503", _RUN)
        return Sample(watched, at, Outcome.FAIL, 503, 30.0, 3, *why)
    slower = 150 if ago_days < 6 else 0
    return Sample(watched, at, Outcome.PASS, 200, 90.0 + 40 * (number % 7) + slower)


def _slots(history: History, probes: Iterable[Watched], now: float) -> None:
    """Plan an answer of each every hour for a day, of which two slots were missed."""
    ledger = Ledger(history)
    schedule: Schedule[Watched] = Schedule(ledger.open(now - DAY_S))
    ledger.change(schedule.plan({each: timing(each.id, HOUR_S) for each in probes}, now - DAY_S))
    ends = []
    for due in schedule.due(now):
        missed = due.missed.start + 1
        ends.append(Ended(due.plan.number, due.missed.start, missed, End.MISSING, "no prober was running"))
        ends.append(Ended(due.plan.number, missed + 1, due.slot, End.RESULT))
    history.record([], also=ledger.entries(ends, now))


def full(history: History) -> None:
    """From now on the file meets what it meets on a full disk."""
    history.database.read("PRAGMA max_page_count = 1")


def many(history: History) -> None:
    """So much that it does not fit into the pages that there are."""
    at = 1_795_608_000.0
    history.record([Sample(ACME, at + number, Outcome.FAIL, reason="x" * 300) for number in range(100, 200)])


def move_away(reports: Path) -> None:
    """What somebody does who is told that the file is damaged."""
    for file in reports.glob(f"{FILE}*"):
        file.unlink()
