"""JSON: the whole run as run.schema.json describes it, which is run.json itself.

Of a run that was killed there is no run.json. The document is then made from its lines: interrupted, with what there is counted,
and with its last sign of life for an end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from provendor.reports.forms import Told
from provendor.reports.story import CaseTold, Story
from provendor.run import exit_code
from provendor.verdict import Outcome, worst


def render(told: Told) -> Iterator[str]:
    """Yield the document in parts: a line per result."""
    head = {key: value for key, value in told.kept.head.items() if key != "type"}
    end = {key: value for key, value in (told.kept.end or _summary(told.story)).items() if key != "type"}
    yield f'{{"run":{json.dumps(head)},"summary":{json.dumps(end)},"results":['
    separator = "\n"
    for _, record in told.kept.results():
        yield separator + json.dumps({key: value for key, value in record.items() if key != "type"})
        separator = ",\n"
    yield "\n]}\n"


def _summary(story: Story) -> dict[str, Any]:
    """Return what a run that was killed amounts to, as far as it came."""
    ended_at = max((case.started_at for case in story.cases), default=story.run.started_at)
    vendors: dict[str, list[CaseTold]] = {}
    for case in story.cases:
        vendors.setdefault(case.vendor, []).append(case)
    outcomes = [case.outcome for case in story.cases]
    return {
        "outcome": str(worst(outcomes)) if outcomes else "empty",
        "exit_code": exit_code(outcomes),
        "interrupted": True,
        "ended_at": ended_at,
        "duration_ms": _between_ms(story.run.started_at, ended_at),
        "counts": _counts(story.cases),
        "vendors": {name: _counts(cases) for name, cases in sorted(vendors.items())},
    }


def _counts(cases: tuple[CaseTold, ...] | list[CaseTold]) -> dict[str, int]:
    counts = Counter(case.outcome for case in cases)
    return {str(outcome): counts[outcome] for outcome in Outcome}


def _between_ms(start: str, end: str) -> float:
    try:
        return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() * 1000)
    except (ValueError, TypeError):
        return 0.0
