"""What is different between two runs, case by case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from provendor.reports.story import CaseTold, Changes, RunRef
from provendor.verdict import Outcome

AGED = "cassette-age"
_BADNESS = {Outcome.PASS: 0, Outcome.WARN: 1, Outcome.SKIP: 2, Outcome.ERROR: 3, Outcome.FAIL: 4}


class Was(NamedTuple):
    """How a case ended in the other run, and whether its recording had passed its age by then."""

    outcome: Outcome
    aged: bool


def compare(cases: Iterable[CaseTold], before: Mapping[str, Was], since: RunRef, whole: bool) -> Changes:
    """Return what changed since another run; what this run did not ask counts as gone only where it asked everything."""
    worse: dict[Outcome, list[str]] = {outcome: [] for outcome in Outcome}
    fixed, aged, added = [], [], []
    seen = set()
    for case in cases:
        seen.add(case.id)
        was = before.get(case.id)
        if was is None:
            added.append(case.id)
            continue
        if AGED in case.codes and not was.aged:
            aged.append(case.id)
        if _BADNESS[case.outcome] > _BADNESS[was.outcome]:
            worse[case.outcome].append(case.id)
        elif case.outcome is Outcome.PASS and was.outcome is not Outcome.PASS:
            fixed.append(case.id)
    return Changes(
        since=since,
        compared=len(seen) - len(added),
        failing=tuple(worse[Outcome.FAIL]),
        errors=tuple(worse[Outcome.ERROR]),
        warned=tuple(worse[Outcome.WARN]),
        skipped=tuple(worse[Outcome.SKIP]),
        fixed=tuple(fixed),
        aged=tuple(aged),
        added=tuple(added),
        gone=tuple(id_ for id_ in before if id_ not in seen) if whole else (),
    )
