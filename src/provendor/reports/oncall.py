"""What the person on call reads first: who is in trouble, since when, whose fault it is, and whether anybody looks at all.

told = brief(watch)
told.title            # "chatwoot is in trouble"
told.sentence         # "The fault of the vendor, since 25 Nov 2026, 12:03 UTC."
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from provendor.probes.states import BAD
from provendor.readiness import PRODUCTION
from provendor.reports.story import AnswerTold, ProberTold, ProbeTold, Watch
from provendor.reports.wording import count, moment
from provendor.verdict import Outcome, Party

SILENT_S: Final = 300
"""After so many seconds without a sign of life a prober is said to be silent."""

_MOST_NAMED: Final = 3

FAULTS: Final = {
    Party.OURS: "our own fault",
    Party.CREDENTIAL: "a credential",
    Party.QUOTA: "a used-up quota",
    Party.NETWORK: "the network",
    Party.VENDOR: "the fault of the vendor",
    Party.CONTRACT: "the contract, or a change at the vendor",
}
"""Whose fault a live failure is, in words."""


class Trouble(NamedTuple):
    """What is wrong at one vendor, in one place, for one party's fault: since when, what was good last, what was bad first.

    The first of the probes is the one whose answers these are.
    """

    vendor: str
    environment: str
    party: Party | None
    outcome: Outcome
    since: str | None
    good: AnswerTold | None
    bad: AnswerTold | None
    probes: tuple[ProbeTold, ...]

    @property
    def fault(self) -> str:
        """Whose fault it is, in words, and where, unless it is in production."""
        where = "" if self.environment == PRODUCTION else f", in {self.environment}"
        return f"{FAULTS[self.party] if self.party else 'nobody knows whose fault'}{where}"


class Brief(NamedTuple):
    """The first lines: an outcome for colour and icon, a title, a sentence, and every trouble, production's first."""

    outcome: Outcome
    title: str
    sentence: str
    troubles: tuple[Trouble, ...]


def brief(watch: Watch) -> Brief:
    """Return what to read first. What nobody looks at is not well."""
    troubles = tuple(_troubles(watch.probes))
    if watch.trouble:
        return Brief(Outcome.ERROR, "Unknown", f"The history cannot be read: {watch.trouble}.", ())
    if troubles:
        vendors = list(dict.fromkeys(trouble.vendor for trouble in troubles))
        title = f"{len(vendors):,} vendors are in trouble" if len(vendors) > 1 else f"{vendors[0]} is in trouble"
        faults = dict.fromkeys(trouble.fault for trouble in troubles)
        said = "; ".join(_clause([each for each in troubles if each.fault == fault], len(troubles)) for fault in faults)
        # A vendor is spelled as it is spelled everywhere else.
        return Brief(
            Outcome.FAIL, title, f"{said}." if len(troubles) > 1 else f"{said[:1].upper()}{said[1:]}.", troubles
        )
    known = [probe for probe in watch.probes if probe.outcome is not None]
    if not known:
        return Brief(Outcome.ERROR, "Unknown", "No case has been asked live yet.", ())
    if (silent := silent_for(watch.prober, watch.now)) is not None:
        sentence = f"The prober has given no sign of life for {silent}: what follows is old."
        return Brief(Outcome.ERROR, "Nobody is looking", sentence, ())
    warned = [probe for probe in known if probe.outcome is Outcome.WARN]
    if warned:
        return Brief(Outcome.WARN, "Degraded", f"{count(len(warned), 'probe')} of {len(known):,} warn.", ())
    return Brief(Outcome.PASS, "All well", f"{count(len(known), 'probe')} answered well when last asked.", ())


def silent_for(prober: ProberTold | None, now: str) -> str | None:
    """Return for how long a prober that stays has given no sign of life, in words; None where it has, or none ever ran."""
    if prober is None or prober.alive_at is None:
        return None
    seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(prober.alive_at)).total_seconds()
    if seconds <= SILENT_S:
        return None
    minutes = int(seconds // 60)
    return count(minutes, "minute") if minutes < 120 else count(minutes // 60, "hour")


def _troubles(probes: Iterable[ProbeTold]) -> Iterable[Trouble]:
    of: dict[tuple[str, str, Party | None], list[ProbeTold]] = {}
    for probe in probes:
        if probe.outcome in BAD:
            of.setdefault((probe.vendor, probe.environment, _party(probe)), []).append(probe)
    found = (_trouble(*key, alike) for key, alike in of.items())
    yield from sorted(found, key=lambda each: (each.environment != PRODUCTION, each.since or ""))


def _party(probe: ProbeTold) -> Party | None:
    return next((answer.party for answer in (probe.last, probe.bad) if answer and answer.party), None)


def _trouble(vendor: str, environment: str, party: Party | None, probes: Sequence[ProbeTold]) -> Trouble:
    first = min(probes, key=lambda probe: probe.since or "9")
    outcomes = Counter(probe.outcome for probe in probes)
    return Trouble(
        vendor=vendor,
        environment=environment,
        party=party,
        outcome=Outcome.FAIL if outcomes[Outcome.FAIL] else Outcome.ERROR,
        since=first.since,
        good=first.good,
        bad=first.bad or first.last,
        probes=(first, *(probe for probe in probes if probe is not first)),
    )


def _clause(alike: Sequence[Trouble], of: int) -> str:
    """Return troubles of one fault as a clause: who, unless that is all, what, and since when at the longest."""
    names = list(dict.fromkeys(trouble.vendor for trouble in alike))
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    who = f"{', '.join(names[:_MOST_NAMED])}{more}: " if of > 1 else ""
    began = min((trouble.since for trouble in alike if trouble.since), default=None)
    return f"{who}{alike[0].fault}{f', since {moment(began)}' if began else ''}"
