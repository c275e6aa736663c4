"""CSV: a row per case, for spreadsheets and for whoever counts.

RFC 4180 with a header. Columns keep their names and their order, new ones come last. What is not known is empty. No cell is a
formula: a text that a spreadsheet would calculate begins with an apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from provendor.plaintext import visible
from provendor.reports.forms import Told, headline, rerun
from provendor.reports.story import CaseTold
from provendor.verdict import Outcome


def render(told: Told) -> Iterator[str]:
    """Yield the header, then a line per case in the order of the run."""
    yield _line(COLUMNS)
    for case in told.story.cases:
        yield _line(_cell(column(case, told)) for column in COLUMNS.values())


def _why(case: CaseTold, told: Told) -> str | None:
    return None if case.outcome is Outcome.PASS else headline(case, told.record(case))


def _blame(case: CaseTold, told: Told) -> str | None:
    if case.environment is None or case.outcome is Outcome.PASS:
        return None
    blame = (told.record(case).get("live") or {}).get("blame") or {}
    return str(blame["party"]) if "party" in blame else None


COLUMNS: Mapping[str, Callable[[CaseTold, Told], object]] = MappingProxyType(
    {
        "run": lambda _, told: told.story.run.id,
        "started_at": lambda case, _: case.started_at,
        "vendor": lambda case, _: case.vendor,
        "operation": lambda case, _: case.operation,
        "case": lambda case, _: case.name,
        "outcome": lambda case, _: str(case.outcome),
        "expected": lambda case, _: "yes" if case.expected else "no",
        "codes": lambda case, _: " ".join(case.codes),
        "why": _why,
        "source": lambda case, _: str(case.source),
        "environment": lambda case, _: case.environment,
        "fallback": lambda case, _: case.fallback,
        "blame": _blame,
        "origin": lambda case, _: str(case.origin) if case.origin else None,
        "recorded_at": lambda case, _: case.recorded_at,
        "age_days": lambda case, _: case.age_days,
        "request": lambda case, _: case.asked,
        "status": lambda case, _: case.status,
        "error": lambda case, _: case.error,
        "elapsed_ms": lambda case, _: case.elapsed_ms,
        "duration_ms": lambda case, _: case.duration_ms,
        "checks_passed": lambda case, _: case.checks,
        "contract": lambda case, told: told.in_repository(case.contract),
        "recording": lambda case, told: told.in_repository(case.recording) if case.recording else None,
        "rerun": lambda case, _: rerun(case),
    }
)
"""What each column is called and holds."""

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")  # noqa: RUF001 - the wide forms, which spreadsheets of the East calculate as well


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    text = visible(str(value), longest=2000)
    return f"'{text}" if _FORMULA.match(text) else text


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
