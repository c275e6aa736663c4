"""The history as a reader needs it: how each vendor stands live, since when, how it did, and how the prober itself was.

told = watch.read(reports, now)        # None where nothing was ever asked live
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from provendor.database import Unusable
from provendor.moments import timestamp
from provendor.percentiles import percentile
from provendor.probes.history import DAY_S, History, Period, Sample, Watched
from provendor.probes.outbox import Outbox
from provendor.probes.slots import End, Ledger
from provendor.probes.states import BAD, State
from provendor.reports.story import AnswerTold, DayTold, ProberTold, ProbeTold, SentTold, TurnTold, VendorWatched, Watch

DAYS: Final = 30
"""How far back uptime, latencies and failures are told."""

_TURNS_S: Final = 7 * DAY_S
_MOST_TURNS: Final = 200
_MOST_CODES: Final = 20


def read(reports: Path, now: float) -> Watch | None:
    """Return what the history below a folder of reports says; None where there is none."""
    try:
        history = History.existing(reports)
        if history is None:
            return None
        with history:
            return _read(history, now)
    except Unusable as trouble:
        return Watch(timestamp(now), DAYS, trouble=str(trouble))


def _read(history: History, now: float) -> Watch:
    since = now - DAYS * DAY_S
    known = history.periods(None, since, now)
    by_day = history.days(since)
    states, last, good = history.states(), history.last(), history.last_good()
    vendors: dict[str, list[Period]] = {}
    for period in known:
        vendors.setdefault(period.watched.vendor, []).append(period)
    outbox = Outbox(history)
    return Watch(
        now=timestamp(now),
        days=DAYS,
        vendors=tuple(
            VendorWatched(
                vendor=name,
                probes=tuple(
                    _probe(history, each, states.get(each.watched), last.get(each.watched), good.get(each.watched))
                    for each in periods
                ),
                days=tuple(_days(periods, by_day, since, now)),
                parties=_ranked(_parties(periods)),
                codes=_ranked(Counter(each.code or "no code" for each in history.failures(name, since))),
            )
            for name, periods in sorted(vendors.items())
        ),
        turns=tuple(
            TurnTold(timestamp(each.at), each.watched.id, each.watched.environment, *each[2:4], each.party, each.reason)
            for each in reversed(history.transitions(since=now - _TURNS_S)[-_MOST_TURNS:])
        ),
        sent=tuple(
            SentTold(timestamp(each.made), each.channel, each.title, each.state)
            for each in reversed(outbox.recent(now - _TURNS_S))
        ),
        prober=_prober(history, now),
    )


def _probe(history: History, period: Period, state: State | None, last: Sample | None, good: float | None) -> ProbeTold:
    watched = period.watched
    outcome = state.outcome if state else (last.outcome if last else None)
    since = state.since if state else None
    in_trouble = outcome in BAD and since is not None
    return ProbeTold(
        id=watched.id,
        vendor=watched.vendor,
        environment=watched.environment,
        outcome=outcome,
        since=timestamp(since) if since is not None else None,
        last=_answer(last),
        good=_answer(history.first_since(watched, good)) if good is not None else None,
        bad=_answer(history.first_since(watched, since)) if in_trouble and since is not None else None,
        answers=sum(period.counts.values()),
        uptime=period.uptime,
        p50_ms=percentile(period.latencies, 0.5),
        p95_ms=percentile(period.latencies, 0.95),
    )


def _answer(sample: Sample | None) -> AnswerTold | None:
    if sample is None:
        return None
    return AnswerTold(
        at=timestamp(sample.at),
        outcome=sample.outcome,
        status=sample.status,
        elapsed_ms=sample.elapsed_ms,
        code=sample.code,
        party=sample.party,
        reason=sample.reason,
        run=sample.run,
    )


def _days(
    periods: Sequence[Period], by_day: Mapping[Watched, Mapping[int, Mapping[int, int]]], since: float, now: float
) -> Iterable[DayTold]:
    """Yield every day up to today, in UTC; one on which nothing was asked is there as well."""
    first = _day(since) + timedelta(days=1)
    for number in range((_day(now) - first).days + 1):
        on = first + timedelta(days=number)
        begin = datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()
        hours = [count for each in periods for hour, count in each.hours.items() if begin <= hour < begin + DAY_S]
        total, good = sum(each[0] for each in hours), sum(each[1] for each in hours)
        latencies: Counter[int] = Counter()
        for period in periods:
            latencies.update(by_day.get(period.watched, {}).get(int(begin // DAY_S), {}))
        yield DayTold(
            on, total, good / total if total else None, percentile(latencies, 0.5), percentile(latencies, 0.95)
        )


def _day(moment: float) -> date:
    return datetime.fromtimestamp(moment, UTC).date()


def _parties(periods: Iterable[Period]) -> Counter[str]:
    found: Counter[str] = Counter()
    for period in periods:
        for party, count in period.parties.items():
            found[str(party) if party else "unknown"] += count
    return found


def _ranked(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(counts.most_common(_MOST_CODES))


def _prober(history: History, now: float) -> ProberTold | None:
    """Return what became of the slots of the last day; None where no prober that stays has ever run."""
    ledger = Ledger(history)
    accounts = ledger.accounts(now - DAY_S, now)
    alive = ledger.alive()
    if alive is None:
        return None
    ends: Counter[End] = Counter()
    reasons: Counter[str] = Counter()
    for account in accounts:
        ends.update(account.ends)
        reasons.update(account.reasons)
    return ProberTold(
        alive_at=timestamp(alive),
        planned=sum(account.planned for account in accounts),
        results=ends[End.RESULT],
        skipped=ends[End.SKIPPED],
        missing=ends[End.MISSING],
        unknown=sum(account.unknown for account in accounts),
        reasons=_ranked(reasons),
    )
