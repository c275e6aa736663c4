"""What people are told, and when: on transitions only, and nothing twice.

    told, alerts = decide(told, transitions, now, quiet=False, rules=Rules())

`Told` is what people believe of one probe. Each transition is told once. Where a probe changes too often that is told once
instead, and how it stands when it has calmed down. In a maintenance window nothing is told; after it, what has not
mended itself by then. A trouble that goes on is told again now and then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

from provendor.contract import Window
from provendor.moments import span, utc
from provendor.plaintext import visible
from provendor.probes.history import Transition
from provendor.probes.states import BAD
from provendor.verdict import Outcome


class Kind(StrEnum):
    """What an alert is about."""

    DOWN = "down"
    DEGRADED = "degraded"
    RECOVERED = "recovered"
    REMINDER = "still down"
    FLAPPING = "flapping"
    STEADY = "steady again"


class Rules(NamedTuple):
    """When to tell. A probe with so many transitions in so much time is flapping, until it had none for a while."""

    remind_s: float = 4 * 3600.0
    flaps: int = 6
    flaps_within_s: float = 3600.0
    calm_s: float = 1800.0


class Told(NamedTuple):
    """What people were told of one probe: how it stands, up to which transition, and when last."""

    outcome: Outcome | None = None
    transition: int = 0
    at: float | None = None
    flapping_since: float | None = None


class Alert(NamedTuple):
    """One thing to tell: of what kind, and the transition that it is about. `key` is the same for the same thing."""

    kind: Kind
    transition: Transition
    key: str


def decide(
    told: Told, transitions: Sequence[Transition], now: float, *, quiet: bool, rules: Rules
) -> tuple[Told, list[Alert]]:
    """Return what people believe from now on, and what to tell them.

    `transitions` are the probe's, the oldest first: all that people were not told of, and those of the last while.
    """
    alerts: list[Alert] = []
    for each in transitions:
        if each.number > told.transition:
            told, news = _after(told, each, transitions, quiet=quiet, rules=rules)
            alerts += news
    if transitions and not quiet:
        told, news = _by_time(told, transitions[-1], now, rules)
        alerts += news
    return told, alerts


def _after(
    told: Told, each: Transition, transitions: Sequence[Transition], *, quiet: bool, rules: Rules
) -> tuple[Told, list[Alert]]:
    told = told._replace(transition=each.number)
    if told.flapping_since is not None or quiet:
        return told, []
    recent = [other for other in transitions if each.at - rules.flaps_within_s < other.at <= each.at]
    if len(recent) >= rules.flaps:
        return told._replace(flapping_since=each.at, at=each.at), [_alert(Kind.FLAPPING, each)]
    kind = _kind(told.outcome, each.after)
    told = told._replace(outcome=each.after)
    return (told._replace(at=each.at), [_alert(kind, each)]) if kind else (told, [])


def _by_time(told: Told, last: Transition, now: float, rules: Rules) -> tuple[Told, list[Alert]]:
    """Tell what follows from time that has passed: calm after flapping, trouble after a window, a reminder."""
    if told.flapping_since is not None:
        if now - last.at < rules.calm_s:
            return told, []
        return Told(last.after, last.number, now), [_alert(Kind.STEADY, last)]
    kind = _kind(told.outcome, last.after)
    if kind is not None:
        return told._replace(outcome=last.after, at=now), [_alert(kind, last)]
    if told.outcome in BAD and told.at is not None and now - told.at >= rules.remind_s:
        return told._replace(outcome=last.after, at=now), [_alert(Kind.REMINDER, last, round(now))]
    return told._replace(outcome=last.after), []


def _kind(before: Outcome | None, after: Outcome) -> Kind | None:
    """Return what to tell of a change; None where people believe the same already."""
    if after in BAD:
        return None if before in BAD else Kind.DOWN
    if after is Outcome.WARN:
        return None if before is Outcome.WARN else Kind.DEGRADED
    return None if before in (None, Outcome.PASS) else Kind.RECOVERED


def _alert(kind: Kind, transition: Transition, more: int | None = None) -> Alert:
    key = f"{transition.number} {kind}" if more is None else f"{transition.number} {kind} {more}"
    return Alert(kind, transition, key)


def is_quiet(windows: Iterable[Window], operation: str, now: float) -> bool:
    """Tell whether a maintenance window is open for an operation."""
    return any(
        window.begins <= now < window.ends
        and (not window.operations or any(fnmatchcase(operation, pattern) for pattern in window.operations))
        for window in windows
    )


class About(NamedTuple):
    """What the contract says of the vendor to whoever has to do something."""

    title: str
    owner: str = ""
    runbook: str = ""


def title(alert: Alert) -> str:
    """Return the line that stands on a locked screen: what, which, whose fault."""
    each = alert.transition
    party = f" ({each.party})" if each.party else ""
    return f"{str(alert.kind).upper()} {each.watched.vendor}/{each.watched.operation}{party}"


def text(alert: Alert, about: About, transitions: Sequence[Transition], now: float) -> str:
    """Return what somebody needs at night: what, since when, last good, whose fault, what to type, where to read on.

    Everything that came from a vendor is shown so that it can do nothing.
    """
    each = alert.transition
    rows = [("what", _what(alert)), ("since", f"{utc(each.at)} ({span(now - each.at)})")]
    if each.after in BAD:
        rows.append(("last good", utc(each.last_good) if each.last_good else "never, as far as is known"))
    elif each.before in BAD:
        rows.append(("was down", _was_down(each, transitions)))
    if each.after in BAD or each.party or each.why:
        rows.append(("blame", f"{each.party}: {each.why}" if each.party else each.why or "not known"))
    selector = f"{each.watched.vendor}/{each.watched.operation}"
    rows.append(("rerun", f"provendor probe {selector}"))
    rows.append(("history", f"provendor history {selector} --since 24h"))
    if about.runbook:
        rows.append(("runbook", about.runbook))
    if about.owner:
        rows.append(("owner", about.owner))
    head = f"{about.title}: {each.watched.id} in {each.watched.environment}"
    return "\n".join([visible(head), *(f"{name + ':':<11}{visible(said)}" for name, said in rows)])


def _what(alert: Alert) -> str:
    each = alert.transition
    changed = f"{each.before or 'unknown'} -> {each.after}"
    if alert.kind is Kind.FLAPPING:
        return f"it changes too often ({changed} just now): nothing more is told until it has calmed down"
    if alert.kind is Kind.STEADY:
        return f"it has calmed down, and stands at {each.after}"
    return f"{changed}, {each.reason}" if each.reason else changed


def _was_down(up: Transition, transitions: Sequence[Transition]) -> str:
    """Say from when to when the trouble lasted that this transition ended."""
    downs = [
        each.at for each in transitions if each.number < up.number and each.after in BAD and each.before not in BAD
    ]
    return f"since {utc(downs[-1])}, for {span(up.at - downs[-1])}" if downs else "since an unknown time"
