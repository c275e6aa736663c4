"""health+json: how vendors are, by what they answered themselves (draft-inadarei-api-health-check-06).

Made from live results only, because a replay is never health. Where nothing was asked live, the status is `unknown` and the
output says so; where some vendors were and others were not, it is a `warn` at best.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, TypeAlias

from provendor.exchange import Source
from provendor.plaintext import visible
from provendor.reports.forms import Told, headline
from provendor.reports.story import CaseTold
from provendor.verdict import Outcome

_STATUS = {Outcome.PASS: "pass", Outcome.WARN: "warn", Outcome.FAIL: "fail", Outcome.ERROR: "fail"}
_WORST_FIRST = ("fail", "warn", "pass")

_Json: TypeAlias = dict[str, Any]


def render(told: Told) -> Iterator[str]:
    """Yield the document."""
    yield json.dumps(document(told), indent=2, allow_nan=False) + "\n"


def document(told: Told) -> _Json:
    """Return the document as JSON values."""
    checks: dict[str, list[_Json]] = {}
    asked = [case for case in told.story.cases if case.source is Source.LIVE and case.outcome in _STATUS]
    for case in asked:
        checks.setdefault(f"{_name(case.vendor)}/{_name(case.operation)}:responseTime", []).append(_check(case, told))
    unasked = sorted({case.vendor for case in told.story.cases} - {case.vendor for case in asked})
    worst = next(
        (status for status in _WORST_FIRST if any(_STATUS[case.outcome] == status for case in asked)), "unknown"
    )
    run = told.story.run
    known: _Json = {
        "status": "warn" if worst == "pass" and (unasked or _broken_off(told)) else worst,
        "serviceId": "provendor",
        "description": f"What vendors answered themselves in the run {visible(run.id)}.",
        "notes": list(_notes(told, bool(asked), unasked)),
        "checks": checks,
    }
    if run.commit:
        known["releaseId"] = visible(run.commit)
    if known["status"] != "pass":
        known["output"] = _output(asked, unasked, told)
    return known


def _check(case: CaseTold, told: Told) -> _Json:
    known: _Json = {
        "componentId": visible(case.id),
        "componentType": "component",
        "status": _STATUS[case.outcome],
        "time": visible(case.started_at),
        "environment": visible(case.environment or "unknown"),
    }
    if case.elapsed_ms is not None and math.isfinite(case.elapsed_ms):
        known |= {"observedValue": case.elapsed_ms, "observedUnit": "ms"}
    if case.outcome is not Outcome.PASS:
        known["output"] = headline(case, told.record(case))
    return known


def _name(text: str) -> str:
    """Return a name without what separates the parts of a check's name."""
    return visible(text).replace(":", "_")


def _notes(told: Told, asked: bool, unasked: list[str]) -> Iterator[str]:
    if not asked:
        yield "Nothing was asked live: a replay is never health."
    elif unasked:
        yield f"Not asked live: {visible(', '.join(unasked), longest=2000)}."
    if _broken_off(told):
        yield "The run did not come to its end: what is missing was not asked."


def _broken_off(told: Told) -> bool:
    return told.story.run.interrupted or not told.story.run.finished


def _output(asked: list[CaseTold], unasked: list[str], told: Told) -> str:
    if not asked:
        return "nothing was asked live: a replay is never health"
    bad = [case for case in asked if case.outcome is not Outcome.PASS]
    said = [f"{len(bad)} of {len(asked)} live cases are no pass"] if bad else []
    if unasked:
        said.append(f"{len(unasked)} vendor{'s' * (len(unasked) != 1)} not asked live")
    if _broken_off(told):
        said.append("the run did not come to its end")
    return "; ".join(said)
