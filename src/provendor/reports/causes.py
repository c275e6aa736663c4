"""Why cases are no pass: forty that fail on one expired token are one line.

Two cases have the same cause where vendor, code and place are the same. The code is that of the vendor's error table where
the answer was another error than the case expects; else that of the fault or of the finding. The place is that of the schema
which objects, so that all cases that share it are one line; else the place in the answer, or the check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from provendor.codes import CODES
from provendor.reports.story import CaseTold, Cause
from provendor.verdict import Blame, Outcome, Party

_WORST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.WARN, Outcome.SKIP)
_OF_CHECKS = frozenset({"business", "check-crashed"})
_OF_CLASS = frozenset({"status", "error-class"})


class Trouble(NamedTuple):
    """What one case has to say for itself: the code, the place, both sides, and whose fault it is, if that is known.

    `at` is the place that cases with the same cause share; `where` is that in this case's own answer, empty for all of it.
    """

    code: str
    at: str
    expected: str
    actual: str
    blame: Blame | None
    where: str = ""


class Causes:
    """Gathers the troubles of cases while results go by; `told` gives them, the worst and then the most frequent first."""

    def __init__(self) -> None:
        self._of: dict[tuple[object, ...], list[tuple[CaseTold, Trouble]]] = {}

    def add(self, case: CaseTold, record: dict[str, Any]) -> None:
        """Take note of a case that is no pass."""
        found = trouble(record)
        self._of.setdefault(key_of(record, found), []).append((case, found))

    def told(self) -> tuple[Cause, ...]:
        """Return every cause."""
        return tuple(sorted(map(_cause, self._of.values()), key=_rank))


def _rank(cause: Cause) -> tuple[int, bool, int, str]:
    return _WORST_FIRST.index(cause.outcome), cause.known, -len(cause.cases), cause.vendor


def _cause(alike: list[tuple[CaseTold, Trouble]]) -> Cause:
    case, first = alike[0]
    outcomes = {each.outcome for each, _ in alike}
    return Cause(
        vendor=case.vendor,
        code=first.code,
        title=_title(first.code),
        at=first.at,
        outcome=next(outcome for outcome in _WORST_FIRST if outcome in outcomes),
        known=case.expected,
        expected=first.expected,
        actual=first.actual,
        reason=case.reason,
        blame=_usual(found.blame for _, found in alike),
        cases=tuple(each.id for each, _ in alike),
    )


def _title(code: str) -> str:
    return CODES[code].title if code in CODES else ""


def _usual(blames: Iterable[Blame | None]) -> Blame | None:
    """Return the blame of the party that is named most, as it was worded first."""
    given = [blame for blame in blames if blame]
    if not given:
        return None
    party, _ = Counter(blame.party for blame in given).most_common(1)[0]
    return next(blame for blame in given if blame.party is party)


def key_of(record: Mapping[str, Any], found: Trouble) -> tuple[object, ...]:
    """Return what is the same for all results that have a cause in common."""
    said = record["reason"] if not found.code else ""
    return record["vendor"], bool(record["expected"]), record["outcome"] == Outcome.SKIP, found.code, found.at, said


def trouble(record: Mapping[str, Any]) -> Trouble:
    """Return why a result is no pass; raises KeyError, TypeError or ValueError where the record is not as evidence has it."""
    ranked = sorted(_findings(record), key=lambda each: each[0])
    blame = _blame((record.get("live") or {}).get("blame"))
    if not ranked:
        return Trouble("", "", "", "", blame)
    _, check, finding = ranked[0]
    error = record["error"]
    classed = next((each for _, _, each in ranked if each["code"] in _OF_CLASS), None) if error else None
    if classed is not None:
        return Trouble(str(error), "", str(classed["expected"]), str(classed["actual"]), blame)
    code, at, expected, actual = (str(finding[part]) for part in ("code", "at", "expected", "actual"))
    return Trouble(code, _place(check, finding), expected, actual, blame, at)


def _findings(record: Mapping[str, Any]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield every finding with its rank and its check: failures before errors before warnings."""
    for verdict in record["verdicts"]:
        for finding in verdict["findings"]:
            outcome = Outcome.ERROR if verdict["outcome"] == Outcome.ERROR else Outcome(finding["level"])
            yield _WORST_FIRST.index(outcome), verdict["check"], finding


def _place(check: str, finding: dict[str, Any]) -> str:
    code, at, key = finding["code"], finding["at"], finding["key"]
    if code in _OF_CHECKS:
        return str(check)
    if code.startswith("cassette-"):
        return ""  # each has a cassette of its own, and forty that are too old are one thing to do
    if "#" in key:
        return str(key)
    return str(at or key) if code not in _OF_CLASS else f"status {finding['actual']}"


def _blame(given: dict[str, Any] | None) -> Blame | None:
    return Blame(Party(given["party"]), str(given["why"])) if given else None
