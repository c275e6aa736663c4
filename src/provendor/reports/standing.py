"""Where each vendor stands: the rows of the readiness table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from provendor.exchange import Source
from provendor.probes.states import BAD
from provendor.readings import mapping, mappings, number, text, whole, yes_or_no
from provendor.reports.decision import STALE_DAYS, in_trouble, word_of
from provendor.reports.story import (
    Blocker,
    CaseTold,
    Counts,
    Credential,
    IndicatorTold,
    Next,
    ProbeTold,
    Proof,
    Refused,
    Strength,
    Survivor,
    VendorTold,
    Watch,
)
from provendor.run import rerun_command
from provendor.verdict import Outcome


def counted(cases: Iterable[CaseTold]) -> Counts:
    """Return how many of the cases had each outcome."""
    counts = Counter(case.outcome for case in cases)
    order = (Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.ERROR, Outcome.SKIP)
    return Counts(*(counts[outcome] for outcome in order))


def rows(
    readiness: Any,
    strength: Any,
    cases: Iterable[CaseTold],
    every: Iterable[str],
    today: date,
    watch: Watch | None = None,
    measured: Any = None,
    low: Mapping[str, Sequence[tuple[str, str]]] | None = None,
) -> tuple[VendorTold, ...]:
    """Return a row for each vendor that the evidence names, and for each of `every`, in the order of their names.

    `readiness` and `strength` are as the evidence has them, by vendor, and `measured` is what `provendor mutate` wrote down:
    what is not as it should be is unknown. Live proofs are those of this run and those that the history knows. `low` are
    the findings of indicators, by `vendor/name`: the case and what was counted.
    """
    of: dict[str, list[CaseTold]] = {}
    for case in cases:
        of.setdefault(case.vendor, []).append(case)
    names = sorted({*of, *mapping(readiness), *every})
    before: dict[str, list[ProbeTold]] = {}
    for probe in watch.probes if watch else ():
        before.setdefault(probe.vendor, []).append(probe)
    return tuple(
        _row(
            name,
            of.get(name, []),
            mapping(mapping(readiness).get(name)),
            _strength(mapping(strength).get(name), mapping(measured).get(name)),
            low or {},
            before.get(name, []),
            today,
        )
        for name in names
    )


def _newest(one: Proof | None, other: Proof | None) -> Proof | None:
    return max((proof for proof in (one, other) if proof), key=lambda proof: proof.at, default=None)


def _row(
    name: str,
    cases: Sequence[CaseTold],
    known: Mapping[str, Any],
    strength: Strength | None,
    low: Mapping[str, Sequence[tuple[str, str]]],
    probes: Sequence[ProbeTold],
    today: date,
) -> VendorTold:
    counts, total = counted(cases), whole(known.get("cases"))
    proof = _newest(_proof(cases, today), _proof_before(probes, today))
    troubled = tuple(probe.id for probe in probes if in_trouble(probe))
    missing = max(0, total - counts.total) if total is not None else None
    environments = mapping(known.get("environments"))
    return VendorTold(
        name=name,
        title=text(known.get("title")) or name,
        owner=text(known.get("owner")),
        docs=text(known.get("docs")),
        runbook=text(known.get("runbook")),
        word=word_of(counts, missing, proof, troubled),
        counts=counts,
        cases=total,
        missing=missing,
        sandbox=yes_or_no(environments.get("sandbox")),
        production=yes_or_no(environments.get("production")),
        flag=_flag(known.get("flag")),
        credentials=_credentials(known.get("credentials")),
        origins=tuple(Counter(str(case.origin or "unknown") for case in cases if case.recording).most_common()),
        oldest=min((case.recorded_at[:10] for case in cases if case.recorded_at), default=None),
        proof=proof,
        strength=strength,
        blockers=tuple(_blockers(known, cases, troubled)),
        next=_next(name, cases, known, missing, proof, strength, troubled),
        indicators=tuple(_indicators(name, known.get("indicators"), low)),
        refused=_refused(cases, probes) if proof is None else None,
        troubled=troubled,
        has_sandbox="sandbox" in environments or not isinstance(known.get("environments"), dict),
    )


def _flag(given: Any) -> tuple[str, bool] | None:
    env, on = text(mapping(given).get("env")), yes_or_no(mapping(given).get("on"))
    return (env, on) if env is not None and on is not None else None


def _credentials(given: Any) -> tuple[Credential, ...] | None:
    if not isinstance(given, list):
        return None
    return tuple(
        Credential(str(each.get("name")), str(each.get("env")), each.get("present") is True, text(each.get("ends")))
        for each in mappings(given)
    )


def _strength(given: Any, measured: Any) -> Strength | None:
    """Return what a run repeats of a measure, with the survivors of that very measure."""
    known, written = mapping(given), mapping(measured)
    score, killed, survived = number(known.get("score")), whole(known.get("killed")), whole(known.get("survived"))
    if score is None or killed is None or survived is None:
        return None
    at = text(known.get("measured_at"))
    listed = written.get("survivors") if at and written.get("measured_at") == at else None
    survivors = map(_survivor, mappings(listed))
    return Strength(score, killed, survived, at, tuple(survivors))


def _survivor(given: Mapping[str, Any]) -> Survivor:
    cases = given.get("cases")
    return Survivor(
        operation=str(given.get("operation")),
        at=str(given.get("at")),
        changed=str(given.get("changed")),
        contract=str(given.get("contract")),
        add=text(given.get("add")),
        advice=text(given.get("advice")),
        cases=tuple(map(str, cases)) if isinstance(cases, list) else (),
    )


def _indicators(vendor: str, given: Any, low: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[IndicatorTold]:
    for each in mappings(given):
        name, ok, warn = text(each.get("name")), number(each.get("ok")), number(each.get("warn"))
        if name is not None and ok is not None and warn is not None:
            title = text(each.get("title")) or ""
            yield IndicatorTold(name, title, ok, warn, tuple(low.get(f"{vendor}/{name}", ())))


def _proof(cases: Iterable[CaseTold], today: date) -> Proof | None:
    """Return what was asked of the vendor itself; a replay, whatever it falls back from, is none."""
    asked = [case for case in cases if case.source is Source.LIVE and case.environment]
    passed = [case for case in asked if case.outcome in (Outcome.PASS, Outcome.WARN)]
    if not passed:
        return None
    last = max(passed, key=lambda case: case.started_at)
    return _proven(last.started_at, last.environment or "", len(passed), len(asked), today)


def _proof_before(probes: Sequence[ProbeTold], today: date) -> Proof | None:
    """Return the last time at which the vendor answered well, by the history, and how many cases end well there now."""
    good = [(probe.good.at, probe.environment) for probe in probes if probe.good]
    if not good:
        return None
    at, environment = max(good)
    there = [probe.outcome for probe in probes if probe.environment == environment and probe.last]
    return _proven(at, environment, sum(outcome not in BAD for outcome in there), len(there), today)


def _refused(cases: Iterable[CaseTold], probes: Iterable[ProbeTold]) -> Refused | None:
    """Return what came of asking a vendor that never answered well."""
    asked = {(case.id, case.environment): case.started_at for case in cases if case.environment}
    asked |= {(probe.id, probe.environment): probe.last.at for probe in probes if probe.last}
    if not asked:
        return None
    at, environment = max((at, environment or "") for (_, environment), at in asked.items())
    return Refused(at, environment, sum(where == environment for _, where in asked))


def _proven(at: str, environment: str, passed: int, asked: int, today: date) -> Proof | None:
    try:
        age = (today - date.fromisoformat(at[:10])).days
    except ValueError:
        return None
    return Proof(at, environment, passed, asked, age, age > STALE_DAYS)


def _blockers(known: Mapping[str, Any], cases: Iterable[CaseTold], troubled: Iterable[str]) -> Iterator[Blocker]:
    """Yield known trouble with its day, probes in trouble, then what keeps the vendor from being asked."""
    pending = known.get("pending")
    if isinstance(pending, list):
        for each in mappings(pending):
            what = f"{text(each.get('case')) or '?'}: {text(each.get('reason')) or 'no reason is known'}"
            yield Blocker(what, text(each.get("ticket")), text(each.get("until")))
    else:
        for case in cases:
            if case.expected:
                yield Blocker(f"{case.id}: {case.reason}")
    for probe in troubled:
        yield Blocker(f"{probe} is in trouble in production")
    if blocks := text(known.get("blocks")):
        yield Blocker(blocks)


def _next(
    name: str,
    cases: Sequence[CaseTold],
    known: Mapping[str, Any],
    missing: int | None,
    proof: Proof | None,
    strength: Strength | None,
    troubled: Sequence[str],
) -> Next:
    """Return the one thing that brings the vendor nearest to a GO."""
    for outcome, what in (
        (Outcome.FAIL, "Mend what fails, or date it"),
        (Outcome.ERROR, "Find out why it could not be told"),
    ):
        first = next((case for case in cases if case.outcome is outcome), None)
        if first is not None:
            return Next(what, _again(first))
    if not cases or missing:
        return Next("Ask every case", f"provendor prove {name}")
    if troubled:
        return Next("See what is wrong in production", f"provendor probe {troubled[0]}")
    if proof is None or proof.stale or not proof.whole:
        if text(known.get("blocks")):
            return Next("Allow live calls", text(known.get("unblock")))
        return Next("Prove it live", f"provendor prove {name} --live")
    warned = next((case for case in cases if case.outcome is Outcome.WARN and not case.expected), None)
    if warned is not None:
        return Next("Look at what warns", _again(warned))
    if strength is not None and strength.survived:
        return Next("Look at what the contract would not catch", f"provendor mutate {name}")
    return Next("Nothing to do")


def _again(case: CaseTold) -> str:
    return case.rerun or rerun_command(case.id, case.environment)
