"""Show how a vendor stood over time: since when, last good, what changed, uptime and latency of each probe and live case.

    provendor history chatwoot
    provendor history chatwoot/conversations.* --since 24h

Reads reports/history.sqlite, which live runs and probes write, and needs no contracts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from provendor.commands import arguments, console
from provendor.errors import UsageError
from provendor.moments import span, timestamp, utc
from provendor.percentiles import percentile
from provendor.plaintext import visible, word
from provendor.probes.history import History, Period, Sample, Transition, Watched
from provendor.probes.states import State
from provendor.selector import matches_names
from provendor.suggest import did_you_mean
from provendor.verdict import Outcome

NOTHING = 4
_WIDTH = 60
_SHARES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    arguments.add_selectors(parser)
    parser.add_argument(
        "--since",
        type=arguments.moment,
        default="7d",
        metavar="WHEN",
        help="how far back: 90m, 24h, 7d, or a day such as 2026-11-20 (default: 7d)",
    )
    arguments.add_report(parser)
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the history; 4 where there is none."""
    folder = args.report or arguments.root_of(args) / "reports"
    until = time.time()
    history = History.existing(folder)
    if history is None:
        rows = []
    else:
        with history:
            rows = _rows(history, args.selectors, args.since, until)
    if args.json:
        time_told = {"since": timestamp(args.since), "until": timestamp(until)}
        console.print_json({**time_told, "cases": [row.as_json() for row in rows]})
    elif rows:
        colour, picture = console.wants_colour(sys.stdout), sys.stdout.isatty()
        print("\n\n".join("\n".join(row.lines(args.since, until, colour=colour, picture=picture)) for row in rows))
    else:
        print(f"{folder} holds no history: live runs (`prove --live`) and probes (`probe`) begin it", file=sys.stderr)
    return 0 if rows else NOTHING


def _rows(history: History, selectors: list[str], since: float, until: float) -> list[_Row]:
    known = history.watched().values()
    _refuse_unknown(selectors, known)
    vendor = selectors[0] if len(selectors) == 1 and selectors[0] in {each.vendor for each in known} else None
    states, last, last_good = history.states(vendor), history.last(vendor), history.last_good(vendor)
    changes = history.transitions(vendor, since)
    return [
        _Row(
            period,
            states.get(period.watched),
            last.get(period.watched),
            last_good.get(period.watched),
            [each for each in changes if each.watched == period.watched],
        )
        for period in history.periods(vendor, since, until)
        if not selectors or any(matches_names(pattern, *period.watched[:3]) for pattern in selectors)
    ]


def _refuse_unknown(selectors: list[str], known: Iterable[Watched]) -> None:
    for pattern in selectors:
        if not any(matches_names(pattern, *watched[:3]) for watched in known):
            hint = did_you_mean(pattern, {each.vendor for each in known} | {each.id for each in known})
            raise UsageError(f'nothing is known of "{pattern}"{hint}')


class _Row(NamedTuple):
    """All that is known of one case, for people and for machines."""

    period: Period
    state: State | None
    last: Sample | None
    last_good: float | None
    changes: list[Transition]

    def as_json(self) -> dict[str, Any]:
        period, state, last = self.period, self.state, self.last
        return {
            "id": period.watched.id,
            "vendor": period.watched.vendor,
            "environment": period.watched.environment,
            "state": state and state.outcome,
            "since": _moment(state and state.since),
            "last_good": _moment(self.last_good),
            "last": last and {**_sample_json(last), "at": _moment(last.at)},
            "counts": {str(outcome): count for outcome, count in period.counts.items()},
            "uptime": period.uptime,
            "latency_ms": {name: percentile(period.latencies, share) for name, share in _SHARES},
            "blame": {str(party) if party else "unknown": count for party, count in period.parties.items()},
            "transitions": [{**_transition_json(each), "at": _moment(each.at)} for each in self.changes],
        }

    def lines(self, since: float, until: float, *, colour: bool, picture: bool) -> Iterator[str]:
        period = self.period
        yield f"{self._word(colour)} {period.watched.id}  {period.watched.environment}"
        yield f"  {self._stands(until)}"
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in period.counts.items() if count)
        if period.uptime is None:
            yield f"  no result since {utc(since)}"
            return
        yield f"  uptime    {period.uptime:.2%} since {utc(since)}: {counts}{self._blame()}"
        slowest = [(name, percentile(period.latencies, share)) for name, share in _SHARES]
        if told := [f"{name} {milliseconds:.0f} ms" for name, milliseconds in slowest if milliseconds is not None]:
            yield f"  latency   {', '.join(told)}"
        if picture:
            yield f"  {_picture(period.shares(since, until, _WIDTH))}"
        for each in self.changes:
            why = f"  {each.party or ''}  {visible(each.reason)}" if each.reason else ""
            yield f"  {utc(each.at)}  {each.before or 'unknown'} -> {each.after}{why}".rstrip()

    def _word(self, colour: bool) -> str:
        state = self.state.outcome if self.state else self.last and self.last.outcome
        return word(Outcome(state), colour=colour) if state else "?    "

    def _stands(self, until: float) -> str:
        good = f"last good {_ago(self.last_good, until)}" if self.last_good else "never good"
        if self.state and self.state.outcome and self.state.since:
            return f"{self.state.outcome} since {_ago(self.state.since, until)}, {good}"
        return f"last asked {_ago(self.last.at, until)}, {good}" if self.last else good

    def _blame(self) -> str:
        told = [f"{party or 'unknown'} {count}" for party, count in self.period.parties.items()]
        return f" ({', '.join(told)})" if told else ""


def _sample_json(last: Sample) -> dict[str, Any]:
    kept = last._asdict()
    del kept["watched"]
    return kept


def _transition_json(each: Transition) -> dict[str, Any]:
    kept = each._asdict()
    del kept["watched"], kept["number"]
    return {**kept, "last_good": _moment(each.last_good)}


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else timestamp(seconds)


def _ago(seconds: float, now: float) -> str:
    return f"{utc(seconds)} ({span(now - seconds)} ago)"


def _picture(shares: Iterable[float | None]) -> str:
    """Return a bar for each part of the time: full where all was well, a dot where nobody asked."""
    speaks_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    bars, nothing = ("▁▂▃▄▅▆▇█", "·") if speaks_utf8 else ("_123456#", ".")
    return "".join(nothing if share is None else bars[_height(share)] for share in shares)


def _height(share: float) -> int:
    """Return one of eight heights; the full one means all of it, so that one failure among thousands is seen."""
    return int(share * 7)
