"""Annotations of a GitHub workflow: what is no pass, at the line of the contract that objects, as commands on standard output.

GitHub shows ten errors and ten warnings of a step and silently drops the rest, so that findings of one place are one
annotation, the worst come first, and a notice says how much is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from provendor.plaintext import visible
from provendor.reader.spots import Spot
from provendor.reports.forms import Told, findings, headline, rerun
from provendor.reports.forms import told as in_words
from provendor.reports.story import CaseTold
from provendor.verdict import Outcome

MOST_OF_A_KIND = 10
"""What GitHub shows of one step: so many errors, and so many warnings."""

_RANKS = {Outcome.FAIL: 0, Outcome.ERROR: 1, Outcome.WARN: 2}


@dataclass
class _Place:
    """What is said at one line: the first case and its words, and all the other cases that fail there alike."""

    case: CaseTold
    spot: Spot
    words: str
    cases: set[str] = field(default_factory=set)


def render(told: Told) -> Iterator[str]:
    """Yield a line per annotation; nothing at all where everything passes."""
    errors, warnings = _places(told)
    for kind, places in (("error", errors), ("warning", warnings)):
        for place in places[:MOST_OF_A_KIND]:
            yield _command(kind, _properties(place), _message(place))
        left = len(places) - MOST_OF_A_KIND
        if left > 0:
            more = f"{left} more {kind}{'s' * (left != 1)} left out: GitHub shows {MOST_OF_A_KIND} of a step."
            yield _command("notice", {"title": "provendor"}, f"{more} All are in reports/ and in the job summary.")


def _places(told: Told) -> tuple[list[_Place], list[_Place]]:
    """Return what to say as errors and as warnings, the worst first; a failure that is foreseen is a warning."""
    errors: dict[tuple[object, ...], _Place] = {}
    warnings: dict[tuple[object, ...], _Place] = {}
    for case in sorted((each for each in told.story.cases if each.outcome in _RANKS), key=_rank):
        places = warnings if case.outcome is Outcome.WARN else errors
        for code, spot, words in _said(told, case):
            place = places.setdefault((spot.file, spot.line, code), _Place(case, spot, words))
            place.cases.add(case.id)
    return list(errors.values()), list(warnings.values())


def _rank(case: CaseTold) -> int:
    return _RANKS[case.outcome]


def _said(told: Told, case: CaseTold) -> Iterator[tuple[str, Spot, str]]:
    """Yield what one case has to say, and where."""
    record = told.record(case)
    found = [finding for verdict, finding in findings(record) if verdict["outcome"] == case.outcome]
    if case.expected or not found:
        yield "", told.spot(case), headline(case, record)
        return
    for finding in found:
        yield str(finding["code"]), told.spot(case, str(finding["key"])), in_words(finding)


def _properties(place: _Place) -> dict[str, str]:
    spot = place.spot
    where = {"file": visible(spot.file), "line": str(spot.line)}
    if spot.width:
        where |= {"col": str(spot.column), "endColumn": str(spot.column + spot.width)}
    return {**where, "title": visible(place.case.id, longest=200)}


def _message(place: _Place) -> str:
    others = len(place.cases) - 1
    alike = f"\nand {others} more case{'s' * (others != 1)} at this line" if others else ""
    return f"{place.words}{alike}\nrun it again: {rerun(place.case)}"


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {given}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
