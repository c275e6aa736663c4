"""Values as words for people: days, distances, durations, shares; and the names under which a page's templates ask for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from provendor.reports.story import CaseTold, Changes, Counts, Rule, Word

_CLASSES = {Word.GO: "pass", Word.WARNINGS: "warn", Word.UNKNOWN: "error", Word.NO_GO: "fail"}
_MODES = {
    "replay": "recordings only",
    "live": "sandboxes, where they could be asked",
    "probe": "production",
}


@lru_cache(maxsize=4096)
def day(given: str | date) -> str:
    """Return a day, also that of an ISO moment: `20 Nov 2026`; text that is none stays as it is."""
    try:
        on = given if isinstance(given, date) else date.fromisoformat(given[:10])
    except ValueError:
        return str(given)
    return f"{on.day} {on:%b %Y}"


def moment(text: str) -> str:
    """Return a moment to the minute: `20 Nov 2026, 10:15 UTC`; text that is none stays as it is."""
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def ago(days: int) -> str:
    """Return an age: `today`, `1 day ago`, `in the future`."""
    if days < 0:
        return "in the future"
    return "today" if days == 0 else f"{days:,} day{'s' * (days != 1)} ago"


def distance(days: int) -> str:
    """Return how far off a day is: `in 12 days`, `today`, `3 days ago`."""
    if days <= 0:
        return ago(-days)
    return f"in {days:,} day{'s' * (days != 1)}"


def ms(length: float) -> str:
    """Return a duration: `0.4 ms`, `121 ms`, `2.33 s`, `3 min 12 s`."""
    if length < 1000:
        return f"{length:.1f} ms" if length < 10 else f"{length:.0f} ms"
    seconds = length / 1000
    return f"{seconds:.2f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def number(amount: int) -> str:
    """Return a count: `3,196`."""
    return f"{amount:,}"


def count(amount: int, what: str) -> str:
    """Return a count of things: `1 probe`, `3,196 cases`."""
    return f"{amount:,} {what}{'s' * (amount != 1)}"


def uptime(share: float | None) -> str:
    """Return a share of good answers, never rounded up to all of them: `99.95 %`."""
    return "unknown" if share is None else f"{math.floor(share * 10_000) / 100:g} %"


def since(then: str, now: str) -> str:
    """Return how long ago a moment was: `25 minutes ago`, `3 days ago`."""
    try:
        seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds()
    except (ValueError, TypeError):
        return "unknown"
    for length, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * length:
            return f"{int(seconds // length):,} {unit}s ago"
    return f"{count(int(max(seconds, 0)), 'second')} ago"


def percent(share: float) -> str:
    """Return a share, never rounded up to all of it: `99 %`."""
    return f"{int(share * 100)} %"


def short(text: str, longest: int) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def sentence(clause: str) -> str:
    """Return a clause as a sentence."""
    return f"{clause[:1].upper()}{clause[1:]}."


def word_class(word: Word) -> str:
    """Return the outcome whose colour and icon a verdict has."""
    return _CLASSES[word]


def mode(name: str) -> str:
    """Return of whom a run's cases were asked."""
    return _MODES.get(name, name)


def counted(counts: Counts) -> list[tuple[str, int]]:
    """Return counts by outcome, the worst first."""
    return [
        ("fail", counts.failed),
        ("error", counts.errors),
        ("warn", counts.warned),
        ("pass", counts.passed),
        ("skip", counts.skipped),
    ]


def groups(changes: Changes) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return what changed, in words, with the outcome whose colour it has; nothing that is empty."""
    every = [
        ("Newly failing", "fail", changes.failing),
        ("Newly could not tell", "error", changes.errors),
        ("Newly warned", "warn", changes.warned),
        ("Newly skipped", "skip", changes.skipped),
        ("Aged out", "warn", changes.aged),
        ("Fixed", "pass", changes.fixed),
    ]
    return [group for group in every if group[2]]


def unsaid(rule: Rule) -> tuple[str, ...]:
    """Return the facts of a rule, unless what it says names them already."""
    return () if all(fact in rule.says.split() for fact in rule.facts) else rule.facts


def origin(case: CaseTold) -> str:
    """Return where a case's answer is from: `documented, 20 Nov 2026`, `live in sandbox, 121 ms`."""
    if case.source == "live":
        took = f", {ms(case.elapsed_ms)}" if case.elapsed_ms is not None else ""
        return f"live in {case.environment or 'an unknown place'}{took}"
    if case.recording is None:
        return "no recording"
    return f"{case.origin or 'origin unknown'}, {day(case.recorded_at) if case.recorded_at else 'undated'}"


def aged(case: CaseTold) -> str:
    """Return the same with how long ago that was, where it is known."""
    return origin(case) if case.age_days is None else f"{origin(case)}, {ago(case.age_days)}"


def judged(case: CaseTold) -> str:
    """Return what came and how many checks it passed: `200, 12 checks`."""
    return f"{'no answer' if case.status is None else case.status}, {case.checks} check{'s' * (case.checks != 1)}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (
        *(day, moment, ago, distance, since, ms, number, count, percent, uptime, short, sentence),
        *(word_class, mode, counted, groups, unsaid, origin, aged, judged),
    )
}
