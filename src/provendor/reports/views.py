"""One result as the page shows it: both sides of each finding, the answer around the place, how to ask again.

Reads a record as evidence has it, from wherever it came: what is not as it should be raises one of `MALFORMED`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from provendor.codes import CODES
from provendor.reader.spots import Spot, spot_told
from provendor.readings import mapping, number, text, whole
from provendor.reports import bodies, charts, curl_command
from provendor.reports.bodies import Line
from provendor.reports.charts import Part
from provendor.reports.story import CaseTold
from provendor.run import keep_command, rerun_command
from provendor.verdict import Outcome

MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)

_OF_BUSINESS = frozenset({"business", "check-crashed"})
_MOST_FINDINGS = 50


class FindingView(NamedTuple):
    """A finding: where the contract makes the demand, what it expected and what came. `check` only where it is not ours."""

    code: str
    level: Outcome
    title: str
    do: str
    check: str | None
    spot: Spot | None
    at: str
    expected: str
    actual: str

    @property
    def before(self) -> str:
        """What stands on the contract's line before the place that is meant."""
        return self.spot.text[: self.spot.column - 1].lstrip() if self.spot else ""

    @property
    def meant(self) -> str:
        """What is meant on that line."""
        return self.spot.text[self.spot.column - 1 :][: self.spot.width] if self.spot else ""

    @property
    def after(self) -> str:
        """What stands on that line after it."""
        return self.spot.text[self.spot.column - 1 :][self.spot.width :] if self.spot else ""


class AttemptView(NamedTuple):
    """One try: what came of it, how long it took and of what that was made; `bar` is SVG."""

    result: str
    waited_ms: float
    total_ms: float | None
    phases: tuple[tuple[str, float], ...]
    bar: str


class StepView(NamedTuple):
    """A request that led to the judged one."""

    name: str
    asked: str
    status: int | None
    outcome: Outcome


class CaseView(NamedTuple):
    """All that is known of one result, besides what the story says in few words."""

    case: CaseTold
    findings: tuple[FindingView, ...]
    more_findings: int
    reasons: tuple[tuple[str, str, str], ...]
    passed: tuple[str, ...]
    asked: str
    query: tuple[tuple[str, str], ...]
    source: str | None
    api_version: str | None
    excerpt: tuple[Line, ...] | None
    request_headers: tuple[tuple[str, str], ...]
    request_body: str
    response_headers: tuple[tuple[str, str], ...]
    body: str
    body_bytes: int | None
    body_truncated: bool
    has_exchange: bool
    attempts: tuple[AttemptView, ...]
    peer: tuple[tuple[str, str], ...]
    blame: tuple[str, str] | None
    steps: tuple[StepView, ...]
    rerun: str
    keep: str | None
    curl: str | None

    @property
    def marked(self) -> bool:
        """Whether the excerpt shows a place that a finding means."""
        return any(line.marked for line in self.excerpt or ())


def view(case: CaseTold, record: Mapping[str, Any], root: Path | None, variables: Mapping[str, str]) -> CaseView:
    """Return a result as the page shows it. `root` holds the contracts; `variables` are those of credentials, by name."""
    findings = tuple(_findings(case, record, root))
    exchange, live = mapping(record.get("exchange")), mapping(record.get("live"))
    recording, request = mapping(record.get("recording")), mapping(record.get("request"))
    return CaseView(
        case=case,
        findings=findings[:_MOST_FINDINGS],
        more_findings=max(0, len(findings) - _MOST_FINDINGS),
        reasons=tuple(_reasons(record)),
        passed=tuple(map(str, record["passed"])),
        asked=f"{request['method']} {request['url']}" if request else "",
        query=_pairs(request.get("query") or ()),
        source=text(recording.get("source")),
        api_version=text(recording.get("api_version")),
        excerpt=bodies.excerpt(str(exchange.get("body", "")), {each.at for each in findings}),
        request_headers=_pairs(exchange.get("request_headers") or ()),
        request_body=str(exchange.get("request_body") or ""),
        response_headers=_pairs(exchange.get("response_headers") or ()),
        body=str(exchange.get("body") or ""),
        body_bytes=whole(exchange.get("body_bytes")),
        body_truncated=bool(exchange.get("body_truncated")),
        has_exchange=bool(exchange),
        attempts=tuple(_attempts(live.get("attempts") or ())),
        peer=tuple(_peer(mapping(live.get("peer")))),
        blame=(str(live["blame"]["party"]), str(live["blame"]["why"])) if live.get("blame") else None,
        steps=tuple(_steps(record.get("steps") or ())),
        rerun=text(record.get("rerun")) or rerun_command(case.id, case.environment),
        keep=keep_command(case.id) if mapping(record.get("kept")).get("cassette") else None,
        curl=curl_command.command(record, variables),
    )


def _pairs(given: Iterable[Iterable[object]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in given)


def _findings(case: CaseTold, record: Mapping[str, Any], root: Path | None) -> Iterator[FindingView]:
    for verdict in record["verdicts"]:
        for each in verdict["findings"]:
            code = str(each["code"])
            known = CODES.get(code)
            yield FindingView(
                code=code,
                level=Outcome.ERROR if verdict["outcome"] == Outcome.ERROR else Outcome(each["level"]),
                title=known.title if known else "",
                do=known.do if known else "",
                check=str(verdict["check"]) if code in _OF_BUSINESS or not known else None,
                spot=spot_told(root, case.contract, case.operation, case.name, str(each["key"])) if root else None,
                at=str(each["at"]),
                expected=str(each["expected"]),
                actual=str(each["actual"]),
            )


def _reasons(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what has no finding: the check, how it ended, and why."""
    for verdict in record["verdicts"]:
        if not verdict["findings"]:
            yield str(verdict["check"]), str(verdict["outcome"]), str(verdict["reason"] or "")


_PHASES = ("dns", "connect", "tls", "first_byte")


def _attempts(given: Iterable[Mapping[str, Any]]) -> Iterator[AttemptView]:
    attempts = [(each, tuple(_phases(each))) for each in given]
    longest = max((sum(length for _, length in phases) for _, phases in attempts), default=0.0)
    for attempt, phases in attempts:
        result = str(attempt["status"]) if attempt["status"] is not None else str(attempt["error"])
        total = number(attempt["phases"]["total_ms"])
        drawn = charts.bar((Part(name.replace(" ", "-"), length) for name, length in phases), longest)
        yield AttemptView(result, number(attempt["waited_ms"]) or 0.0, total, phases, drawn)


def _phases(attempt: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the parts of one attempt in order: what `total_ms` holds beyond the first byte is the rest of the answer."""
    phases = {name: number(attempt["phases"][f"{name}_ms"]) for name in (*_PHASES, "total")}
    if waited := number(attempt["waited_ms"]):
        yield "waited", waited
    for name in _PHASES:
        if (length := phases[name]) is not None:
            yield name.replace("_", " "), length
    if (total := phases["total"]) is not None:
        yield "rest", max(0.0, total - (phases["first_byte"] or 0))


def _peer(peer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    certificate = mapping(peer.get("certificate"))
    facts = {
        "address": peer.get("address"),
        "protocol": peer.get("protocol"),
        "certificate": certificate.get("subject"),
        "issued by": certificate.get("issuer"),
        "valid until": certificate.get("not_after"),
    }
    yield from ((name, str(value)) for name, value in facts.items() if value)


def _steps(given: Iterable[Mapping[str, Any]]) -> Iterator[StepView]:
    for step in given:
        outcomes = [Outcome(verdict["outcome"]) for verdict in step["verdicts"]]
        bad = next((each for each in (Outcome.FAIL, Outcome.ERROR, Outcome.WARN) if each in outcomes), Outcome.PASS)
        yield StepView(
            name=str(step["name"]),
            asked=f"{step['request']['method']} {step['request']['url']}",
            status=whole(step["status"]),
            outcome=bad,
        )
