"""JUnit XML: a suite per vendor and a test per case, for servers that count tests.

A case that warns passes, and one that is expected to fail is skipped, as in pytest. The format has no place for what is known
besides (contract, origin, the command to type), so that it stands in the test's output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape

from provendor.plaintext import visible
from provendor.reports.forms import Told, findings, headline, provenance, rerun, told
from provendor.reports.story import CaseTold
from provendor.verdict import Outcome

_ELEMENTS = {Outcome.FAIL: "failure", Outcome.ERROR: "error", Outcome.SKIP: "skipped"}
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(told: Told) -> Iterator[str]:
    """Yield the document in parts."""
    suites: dict[str, list[CaseTold]] = {}
    for case in told.story.cases:
        suites.setdefault(case.vendor, []).append(case)
    totals = _totals(told.story.cases)
    del totals["skipped"]  # the schema has it for a suite only
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f"<testsuites{_attributes(name='provendor', **totals)}>\n"
    for vendor, cases in suites.items():
        yield from _suite(vendor, cases, told)
    yield "</testsuites>\n"


def _suite(vendor: str, cases: list[CaseTold], told: Told) -> Iterator[str]:
    run = told.story.run
    strength = next((each.strength for each in told.story.vendors if each.name == vendor), None)
    yield f"<testsuite{_attributes(name=vendor, timestamp=run.started_at, **_totals(cases))}>\n<properties>\n"
    for name, value in {
        "run": run.id,
        "mode": run.mode,
        "command": run.command,
        "commit": run.commit or "unknown",
        "day": run.now,
        "verdict": told.story.decision.word,
        "strength": f"{strength.score:.3f}" if strength else "unknown",
    }.items():
        yield f"<property{_attributes(name=name, value=value)}/>\n"
    yield "</properties>\n"
    for case in cases:
        yield from _test(case, told)
    yield "</testsuite>\n"


def _test(case: CaseTold, told: Told) -> Iterator[str]:
    about = {"classname": f"{case.vendor}.{case.operation}", "name": case.name, **_time(case.duration_ms)}
    if case.outcome is Outcome.PASS:
        yield f"<testcase{_attributes(**about)}/>\n"
        return
    yield f"<testcase{_attributes(**about)}>\n"
    record = told.record(case)
    element = _element(case)
    if element is not None:
        kind = "pending" if case.expected else next(iter(case.codes), str(case.outcome))
        rows = "\n".join(_rows(case, record))
        yield f"<{element}{_attributes(type=kind, message=headline(case, record))}>{escape(rows)}</{element}>\n"
    yield f"<system-out>{escape(chr(10).join(_output(case, told)))}</system-out>\n</testcase>\n"


def _element(case: CaseTold) -> str | None:
    return "skipped" if case.expected else _ELEMENTS.get(case.outcome)


def _rows(case: CaseTold, record: dict[str, object]) -> Iterator[str]:
    yield from (told(finding) for _, finding in findings(record))
    if case.reason:
        yield f"reason: {visible(case.reason)}"


def _output(case: CaseTold, told: Told) -> Iterator[str]:
    if case.outcome is Outcome.WARN:
        yield f"warn: {headline(case, told.record(case))}"
    yield f"contract: {visible(told.in_repository(case.contract))}"
    if case.asked:
        yield f"request: {visible(case.asked)}"
    yield f"answer: {provenance(case)}"
    if case.fallback:
        yield f"not asked live: {visible(case.fallback)}"
    yield f"run it again: {rerun(case)}"


def _totals(cases: Iterable[CaseTold]) -> dict[str, str]:
    listed = list(cases)
    elements = Counter(map(_element, listed))
    counts = {name: str(elements[element]) for name, element in _COUNTED.items()}
    return {"tests": str(len(listed)), **counts, **_time(*(case.duration_ms for case in listed))}


def _time(*milliseconds: float | None) -> dict[str, str]:
    """Return the sum of some times as an attribute; nothing where what the evidence says of one of them is no time."""
    known = [each for each in milliseconds if each is not None and 0 <= each < _LONGEST_MS]
    return {"time": f"{sum(known) / 1000:.3f}"} if len(known) == len(milliseconds) else {}


_LONGEST_MS = 1e12


def _attributes(**values: str) -> str:
    """Return the attributes of an element. What XML cannot hold, control characters above all, is spelled out."""
    return "".join(f' {name}="{escape(visible(value))}"' for name, value in values.items())
