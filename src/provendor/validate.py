"""Does an answer in hand honour the contract? Judged against the cases of a selection: one of them must accept it.

What is not given is not judged, and said so. Where the status is not known, a case is tried with the statuses that it
allows, if it says anything about the body; where the headers are not known, neither they nor the content type count, and
a rule of the error table that looks at them may match or not. An answer is never accepted by a check that crashed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from provendor import engine, requests
from provendor.check import Check, check, examine
from provendor.classify import candidates
from provendor.contract import Case, Delivery, Expect, Flow
from provendor.exchange import Exchange, Headers, Request, Source
from provendor.plans.asking import said
from provendor.redaction.redact import Redactor
from provendor.requests import Values
from provendor.verdict import Finding, Outcome, Skip, Verdict, worst

_LARGEST_BODY = 64 * 1024 * 1024


class CaseJudgement(NamedTuple):
    """How the answer fares with one case."""

    case: Case
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of any check."""
        return worst(verdict.outcome for verdict in self.verdicts)

    @property
    def accepted(self) -> bool:
        """Whether the case accepts the answer; a warn is accepted, an error is not."""
        return self.outcome in (Outcome.PASS, Outcome.WARN)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, in the order of the checks."""
        return tuple(finding for verdict in self.verdicts for finding in verdict.findings)


class Judgement(NamedTuple):
    """Whether the selection accepts the answer.

    `matched` are the cases that accept it. Where there is none, `nearest` says what is wrong with the most similar
    case. `not_judged` names what was not given.
    """

    matched: tuple[CaseJudgement, ...]
    nearest: CaseJudgement | None
    not_judged: tuple[str, ...] = ()
    tried: int = 0

    @property
    def accepted(self) -> bool:
        """Whether at least one case accepts the answer."""
        return bool(self.matched)

    def redacted(self, clean: Redactor) -> Judgement:
        """Return the same judgement without what must not be shown of a vendor's words."""
        nearest = _redacted(self.nearest, clean) if self.nearest else None
        return self._replace(matched=tuple(_redacted(each, clean) for each in self.matched), nearest=nearest)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "accepted": self.accepted,
            "matched": [each.case.id for each in self.matched],
            "warnings": [_finding_json(finding) for each in self.matched for finding in each.findings],
            "nearest": self.nearest.case.id if self.nearest else None,
            "findings": [_finding_json(finding) for finding in self.nearest.findings] if self.nearest else [],
            "not_judged": list(self.not_judged),
            "cases_tried": self.tried,
        }


def _redacted(judged: CaseJudgement, clean: Redactor) -> CaseJudgement:
    return judged._replace(verdicts=tuple(said(each, clean) for each in judged.verdicts))


def _finding_json(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "level": str(finding.level),
        "at": finding.at,
        "key": finding.key,
        "expected": finding.expected,
        "actual": finding.actual,
    }


def judge_answer(
    cases: Sequence[Case],
    status: int | None,
    headers: Headers | None,
    body: bytes,
    *,
    checks: Mapping[str, Sequence[Check]] | None = None,
    values: Mapping[str, Values] | None = None,
) -> Judgement:
    """Judge an answer against cases: their keys, and `checks`, the business checks by case id.

    `status` and `headers` are None where they are not known. A compressed body is unpacked. With `values`, by vendor, the
    checks see the request that each case would have sent: the one that led to the answer is not known. A check that compares
    the two recognises an answer in hand by its source, which is recorded, without a recording.
    """
    answer = _Answer(status, headers, _unpacked(body))
    judged = [
        answer.judge(case, _request(case, (values or {}).get(case.vendor)), (checks or {}).get(case.id, ()))
        for case in cases
        if status is not None or _tells_of_a_body(case.expect)
    ]
    matched = tuple(each for each in judged if each.accepted)
    nearest = None if matched else min(judged, key=answer.distance, default=None)
    return Judgement(matched, nearest, tuple(answer.not_judged(cases)), len(judged))


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer as far as it is known."""

    status: int | None
    headers: Headers | None
    body: bytes

    def judge(self, case: Case, request: Request, business: Sequence[Check]) -> CaseJudgement:
        """Judge one case; where the status is not known, with the one that suits the case best."""
        statuses = [self.status] if self.status is not None else _allowed(case.expect)
        checks = (*self._checks(), *business)
        tried = (self._judged(case, status, request, checks) for status in statuses)
        return min(tried, key=lambda each: (not each.accepted, _failures(each)))

    def _judged(self, case: Case, status: int, request: Request, checks: Sequence[Check]) -> CaseJudgement:
        headers = self.headers if self.headers is not None else Headers()
        exchange = Exchange(request, status, headers, self.body, Source.RECORDED)
        if case.expect.mcp is not None:
            exchange, checks = _mcp_message(exchange, checks, case.expect.mcp.method if self.status is None else None)
        verdicts = tuple(examine(each, exchange, case.expect) for each in checks)
        if isinstance(case.plan, Flow):
            verdicts += (_end_of_flow(case, case.plan, exchange),)
        if isinstance(case.plan, Delivery):
            verdicts += _identity(case.plan, self.headers, self.body)
        return CaseJudgement(case, verdicts)

    def _checks(self) -> Iterator[Check]:
        """Yield the engine's checks that an answer without a cassette and a clock can be asked."""
        yield engine.status
        yield from (engine.body, engine.body_text, engine.body_empty)
        if self.headers is None:
            yield possible_error_class
            return
        yield from (engine.error_class, engine.headers, engine.deprecation)
        if self.headers.get("content-type") is not None:
            yield engine.content_type

    def distance(self, judged: CaseJudgement) -> tuple[bool, bool, bool, int]:
        """Return how far a case is from the answer: status, then kind of status, then error class, then findings."""
        allowed = judged.case.expect.status
        other_status = self.status is not None and self.status not in allowed
        kinds = {status // 100 for status in allowed.exact} | allowed.classes
        other_kind = self.status is not None and self.status // 100 not in kinds
        other_class = any(finding.code in ("error-class", "error-unclassified") for finding in judged.findings)
        return other_status, other_kind, other_class, _failures(judged)

    def not_judged(self, cases: Sequence[Case]) -> Iterator[str]:
        """Yield what was not given."""
        delivered = [isinstance(case.plan, Delivery) for case in cases]
        if any(delivered):
            yield "the signature, which `provendor verify-webhook` judges"
        if self.status is None and not all(delivered):
            yield "the status"
        if self.headers is None:
            yield "the headers and the content type"
        elif self.headers.get("content-type") is None:
            yield "the content type"


@check
def possible_error_class(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The error table may give the answer, whose headers are not known, the code that the contract names."""
    rules = list(candidates(expect.errors, exchange))
    if len(rules) > 1 and expect.error in [rule.code if rule else None for rule in rules]:
        raise Skip("the error table looks at headers, which are not known")
    yield from engine.error_class(exchange, expect) or ()


def _failures(judged: CaseJudgement) -> int:
    return sum(finding.level is not Outcome.WARN for finding in judged.findings)


def _allowed(expect: Expect) -> Sequence[int]:
    """Return statuses to try for a case: the exact ones, and of each class those that the error table tells apart."""
    told = {status for rule in expect.errors if rule.status for status in rule.status.exact}
    of_classes = {kind * 100 for kind in expect.status.classes} | {s for s in told if s // 100 in expect.status.classes}
    return sorted(expect.status.exact | of_classes)


def _tells_of_a_body(expect: Expect) -> bool:
    """Tell whether a body alone can satisfy a case; one that takes any body says nothing about this one."""
    by_table = any(rule.code == expect.error and (rule.json or rule.text) for rule in expect.errors)
    in_result = expect.mcp is not None and (expect.mcp.result is not None or expect.mcp.tools != ())
    return expect.body is not None or expect.text is not None or expect.empty or by_table or in_result


def _end_of_flow(case: Case, plan: Flow, exchange: Exchange) -> Verdict:
    """Judge whether the flow ends so with this answer: it is taken for the last one of the step at which the case ends."""
    from provendor.plans.flows import findings_at_the_end  # noqa: PLC0415 - few answers belong to a flow

    findings = tuple(findings_at_the_end(case, plan, exchange))
    return Verdict("flow", Outcome.FAIL if findings else Outcome.PASS, findings)


def _identity(plan: Delivery, headers: Headers | None, body: bytes) -> tuple[Verdict, ...]:
    """Judge topic, id and order of a delivery; not all of its headers may have been captured."""
    from provendor.plans.webhooks import identity  # noqa: PLC0415 - few answers are deliveries

    return tuple(identity(plan, headers, body, missing=Outcome.WARN))


def _mcp_message(exchange: Exchange, checks: Sequence[Check], bare: str | None) -> tuple[Exchange, Sequence[Check]]:
    """Return the JSON-RPC message out of whatever it came in, and what judges it: a stream is as good as one object.

    `bare` is the method whose result may stand alone: what was not captured from HTTP often has no message around it.
    """
    from provendor.plans.jsonrpc import framed, unwrapped  # noqa: PLC0415 - few answers come from an MCP server
    from provendor.plans.mcp_checks import MCP  # noqa: PLC0415 - as above

    message = unwrapped(exchange, None)
    return framed(message, bare) if bare else message, (*checks, *MCP)


def _request(case: Case, values: Values | None) -> Request:
    if values is not None and not isinstance(case.plan, Flow):  # what a flow captures is not known here
        return requests.build(case, values)
    return Request(case.template.method, case.template.target)


def _unpacked(body: bytes) -> bytes:
    """Return the body without gzip, as it was captured by something that did not unpack it; bounded."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, _LARGEST_BODY)
    except zlib.error:
        return body
