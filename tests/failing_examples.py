"""A real failing example of every code, and the page that shows them: docs/reference/checks.md.

    python tests/failing_examples.py        # writes the page anew

Each example is a contract, an answer and what goes wrong, run as `provendor prove` runs it. Nothing on the page is typed
by hand but the explanations, which are those of `provendor explain`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from textwrap import fill
from types import MappingProxyType
from typing import Any

import delivery_suites
import fault_table
import plan_suites
from builders import a_case, a_live_exchange, a_recording, a_rule, a_schema, an_exchange, an_expect
from delivery_suites import signed, with_header, without
from provendor import engine, indicators, run
from provendor.check import Check, examine, load_checks
from provendor.codes import CODES
from provendor.contract import Expect, HeaderTest, Indicator, McpAnswer, OfferedTool, Pending, Suite
from provendor.errors import CassetteBroken, CassetteMissing, Fault, NotRecorded, TokenRefused, TransportError
from provendor.exchange import Exchange, Headers, Json, Request
from provendor.fault_codes import FAULTS
from provendor.plans import mcp_checks
from provendor.plans.asking import Asked
from provendor.probes.probing import not_asked
from provendor.readiness import Block
from provendor.redaction.redact import Redactor
from provendor.reports import present
from provendor.run import Result
from provendor.sandbox import live_run, parity
from provendor.sandbox.line import broken_off
from provendor.signature import rewritten, sign
from provendor.verdict import Finding, Outcome
from provendor.wire.network import Refused

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "checks.md"
CONTRACT = "contracts/acme/users.yaml"
CASSETTE = "cassettes/acme/users.get/ok.yaml"
TODAY = date(2026, 11, 20)
STARTED_AT = 1795168800.0  # 2026-11-20

RULES = (a_rule("unauthorized", 401), a_rule("rate-limited", 429, retryable=True))
USER: Json = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "email": {"type": "string"}},
    "required": ["id"],
}


@dataclass(frozen=True)
class Example:
    """A case written as `yaml`, its answer, and the check that objects (the name of one in CHECKS).

    `answer` may be what stood in the way of an answer.
    """

    yaml: str
    answer: Exchange | TransportError
    expect: Expect
    check: Check | str = engine.status
    pending: Pending | None = None
    after: Callable[[Result], Result] = lambda result: result


def answered(status: int = 200, json_body: Any = MappingProxyType({}), **changes: Any) -> Exchange:
    recording = a_recording(CASSETTE, source="https://docs.acme.example/users")
    body = dict(json_body) if isinstance(json_body, Mapping) else json_body
    known = {"request": Request("GET", "https://acme.example/users/7"), "recording": recording}
    return an_exchange(status, body, **{**known, **changes})


def a_result(result: Json) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "id": 2, "result": result}


def a_tool(name: str, **properties: Json) -> Json:
    return {"name": name, "inputSchema": {"type": "object", "properties": properties}}


CHECKS = '''
from provendor.check import check


@check("acme/users.get")
def an_active_user_has_an_email(exchange, expect):
    """A user who is active can be reached by e-mail."""
    assert exchange.json.get("email"), "the user is active and has no e-mail address"


@check("acme/users.get")
def the_newest_order_is_paid(exchange, expect):
    """The newest order is paid."""
    assert exchange.json["orders"][0]["paid"]
'''


@dataclass(frozen=True)
class SeveralAnswers:
    """A case that asks several times, in a resource file of its own, and the answers it gets."""

    resource: str
    answers: tuple[Any, ...]


@dataclass(frozen=True)
class Delivered:
    """A delivery as it arrived, and how the vendor's `webhooks` differ from the usual."""

    headers: Headers | None = None
    body: bytes = delivery_suites.BODY
    webhooks: Mapping[str, Any] = field(default_factory=dict)


def a_flow(case: str) -> str:
    return f"{plan_suites.JOBS.rpartition('    cases:')[0]}    cases:\n      ok: {{ {case} }}\n"


def a_list(paging: str) -> str:
    return (
        "operations:\n  jobs.run:\n    summary: All jobs.\n    request: GET /jobs\n"
        f"    paging: {{ style: cursor, next: $.next, send: {{ query: after }}, items: $.jobs, {paging} }}\n"
        "    cases:\n      ok: { status: 200, pages: all }\n"
    )


def some_jobs(*ids: int, **more: Any) -> dict[str, Any]:
    return {"jobs": [{"id": id_} for id_ in ids], **more}


STARTED, WORKING = {"job_id": "j1"}, {"status": "working", "progress": 10}


ZONELESS = delivery_suites.BODY.replace(b"+01:00", b"")


def unstamped() -> Headers:
    """Headers of a vendor that sends a timestamp and does not sign it."""
    rule = delivery_suites.RULE._replace(signed="{body}")
    return sign(rule, delivery_suites.PLAIN, delivery_suites.BODY, delivery_suites.SECRET, delivery_suites.AT)


def unused(result: Result) -> Result:
    return run._with_unused(result, 1)


def blocked(result: Result) -> Result:
    from provendor.plugin.pytest_collect import _reached_network  # pytest must have been told the plugin's markers

    return _reached_network(result, (Refused("connect", "192.0.2.1:443", "checks/acme.py:9", None),))


def required(result: Result) -> Result:
    return live_run.refused(result._replace(fallback="ACME_LIVE is not set"))


PARITY: Mapping[str, tuple[Json, Json]] = {
    "parity-new": ({"id": 7}, {"id": 7, "nickname": "ada"}),
    "parity-missing": (
        {"users": [{"id": 7, "email": ""}, {"id": 8, "email": ""}]},
        {"users": [{"id": 7}, {"id": 8, "email": ""}]},
    ),
    "parity-type": ({"id": 7}, {"id": "7"}),
    "parity-null": ({"name": "Ada"}, {"name": None}),
    "parity-enum": ({"status": "open"}, {"status": "snoozed"}),
}
"""What was recorded, and what came live."""


def a_live_answer(body: Json) -> Exchange:
    return a_live_exchange(200, body, request=Request("GET", "https://sandbox.acme.example/users/7"))


def beside(recorded: Json) -> Callable[[Result], Result]:
    return lambda result: parity.against(result, Asked(answered(200, recorded)), Redactor())


NOT_UNDONE = Finding(
    "not-undone",
    "taken away by users.delete",
    "status 500",
    "DELETE https://sandbox.acme.example/users/9",
    "cleanup",
    Outcome.WARN,
)


def unjudged(result: Result) -> Result:
    from provendor.plugin.pytest_session import not_judged  # as above

    verdict = not_judged("pytest's setup of the case failed")
    return Result(result.case, verdict.outcome, (verdict,), STARTED_AT, 0.0, reason=verdict.reason)


def unready(result: Result) -> Result:
    """A probe whose credential is not there."""
    return not_asked(result.case, [Block("missing", "ACME_API_KEY is not set", None)])


EXAMPLES: Mapping[str, Example | SeveralAnswers | Delivered] = MappingProxyType(
    {
        "status": Example("status: 200", answered(503), an_expect()),
        "header": Example(
            "status: 200\nheaders: { Link: { present: true } }",
            answered(),
            an_expect(headers=(HeaderTest("Link", present=True),)),
            engine.headers,
        ),
        "content-type": Example(
            "status: 200\ncontent_type: text/csv",
            answered(headers={"content-type": "text/html; charset=utf-8"}),
            an_expect(content_type="text/csv"),
            engine.content_type,
        ),
        "body-json": Example(
            "status: 200\nbody: { type: object }",
            an_exchange(
                body="<html><title>Just a moment...</title>",
                request=Request("GET", "https://acme.example/users/7"),
                recording=a_recording(CASSETTE),
                headers={"content-type": "text/html"},
            ),
            an_expect(body={"type": "object"}),
            engine.body,
        ),
        "body-schema": Example(
            "status: 200\nbody:\n  type: object\n  properties:\n    id: { type: integer }\n    email: { type: string }",
            answered(json_body={"id": "7", "email": "ada@example.com"}),
            an_expect()._replace(body=a_schema(USER, CONTRACT, "/operations/users.get/cases/ok/body")),
            engine.body,
        ),
        "body-text": Example(
            "status: 429\ntext: ^Retry later",
            answered(429, body="Too many requests\n", json_body="Too many requests"),
            an_expect(429, text="^Retry later"),
            engine.body_text,
        ),
        "body-empty": Example(
            "status: 204\nempty: true", answered(204, {"ok": True}), an_expect(204, empty=True), engine.body_empty
        ),
        "error-class": Example(
            "status: 4xx\nerror: unauthorized",
            answered(429),
            an_expect("4xx", error="unauthorized", errors=RULES),
            engine.error_class,
        ),
        "error-unclassified": Example(
            "status: 4xx\nerror: unauthorized",
            answered(418),
            an_expect("4xx", error="unauthorized", errors=RULES),
            engine.error_class,
        ),
        "latency": Example(
            "status: 200\nlatency: { warn_after: 800ms, fail_after: 2s }",
            a_live_exchange(200, {}, elapsed_ms=2471.0, request=Request("GET", "https://acme.example/users/7")),
            an_expect(warn_after_ms=800.0, fail_after_ms=2000.0),
            engine.latency,
        ),
        "deprecated": Example(
            "status: 200", answered(headers={"Deprecation": "@1782864000"}), an_expect(today=TODAY), engine.deprecation
        ),
        "sunset": Example(
            "status: 200",
            answered(headers={"Sunset": "Fri, 01 Jan 2027 00:00:00 GMT"}),
            an_expect(today=TODAY),
            engine.deprecation,
        ),
        "version-served": Example(
            "status: 200",
            answered(headers={"X-Acme-Version": "2026-10"}),
            an_expect(version=("X-Acme-Version", "2026-07")),
            engine.version_served,
        ),
        "vendor-warning": Example(
            "status: 200",
            an_exchange(200, {"warnings": ["the filter was ignored"]}),
            an_expect(warnings=(("$.warnings[*]", "ignored-filter"),)),
            engine.warnings,
        ),
        "mcp-frame": Example(
            "status: 200",
            answered(json_body={"jsonrpc": "2.0", "id": 2}),
            an_expect(mcp=McpAnswer("ping")),
            mcp_checks.mcp_frame,
        ),
        "mcp-failed": Example(
            "status: 200",
            answered(
                json_body=a_result({"content": [{"type": "text", "text": "Shop not found"}], "isError": True}),
            ),
            an_expect(mcp=McpAnswer("tools/call")),
            mcp_checks.mcp_failure,
        ),
        "mcp-result": Example(
            "status: 200\nresult: { type: object, required: [products] }",
            answered(json_body=a_result({"content": [{"type": "text", "text": "Shop not found"}]})),
            an_expect(mcp=McpAnswer("tools/call", a_schema({"type": "object", "required": ["products"]}))),
            mcp_checks.mcp_result,
        ),
        "mcp-tool-missing": Example(
            "status: 200\ntools: { search_shop_catalog: [] }",
            answered(json_body=a_result({"tools": [a_tool("search_catalog")]})),
            an_expect(mcp=McpAnswer("tools/list", tools=(OfferedTool("search_shop_catalog"),))),
            mcp_checks.mcp_tools,
        ),
        "mcp-tool-input": Example(
            "status: 200\ntools: { get_product: [{ product_id: p1 }] }",
            answered(json_body=a_result({"tools": [a_tool("get_product", id={"type": "string"})]})),
            an_expect(mcp=McpAnswer("tools/list", tools=(OfferedTool("get_product", ({"product_id": "p1"},)),))),
            mcp_checks.mcp_tools,
        ),
        "credential-echo": Example(
            "status: 200",
            a_live_exchange(200, {"token": "not-a-real-token"}, request=Request("GET", "https://acme.example/users/7")),
            an_expect(secrets=("not-a-real-token",)),
            engine.credential_echo,
        ),
        "cassette-origin": Example(
            "status: 200",
            answered(recording=a_recording(CASSETTE, origin=None, source=None)),
            an_expect(),
            engine.cassette_origin,
        ),
        "cassette-age": Example(
            "status: 200",
            answered(recording=a_recording(CASSETTE, at="2024-02-29")),
            an_expect(today=TODAY, max_age_days=365),
            engine.cassette_age,
        ),
        "cassette-missing": Example(
            "status: 200", CassetteMissing("no cassette at cassettes/acme/users.get/ok.yaml"), an_expect()
        ),
        "cassette-broken": Example(
            "status: 200", CassetteBroken("cassettes/acme/users.get/ok.yaml:3:1: not YAML"), an_expect()
        ),
        "indicator": Example(
            "status: 200",
            an_exchange(200, {"published": 3, "failed": 2}),
            an_expect(indicators={"posts-published": Indicator("posts-published", "Posts that came out.", 0.9, 0.5)}),
            Check("posts", lambda _, expect: indicators.judge(expect, "posts-published", good=3, of=5)),
        ),
        "token-refused": Example(
            "status: 200",
            TokenRefused("acme/oauth.token:ok: the token endpoint refuses: dead", "dead", False),
            an_expect(),
        ),
        "not-undone": Example(
            "status: 201",
            answered(201),
            an_expect(201),
            Check("clean-up", lambda _exchange, _expect: [NOT_UNDONE]),
        ),
        "interrupted": Example("status: 200", answered(), an_expect(), after=lambda result: broken_off(result.case)),
        "not-ready": Example("status: 200", answered(), an_expect(), after=unready),
        "not-read-only": Example(
            "status: 200",
            Fault("not-read-only", "acme/users.get:ok: a probe must not send PATCH", retryable=False),
            an_expect(),
        ),
        "fallback": Example("status: 200", answered(), an_expect(), after=required),
        "paced-out": Example(
            "status: 200",
            Fault(
                "paced-out",
                "our own pace for Acme has no turn within 900 s, the next one is in 2400 s",
                retryable=True,
            ),
            an_expect(),
        ),
        **{
            code: Example("status: 200", Fault(code, fault_table.example(code), retryable=each.retryable), an_expect())
            for code, each in FAULTS.items()
        },
        **{
            code: Example(
                "status: 200\nbody: { type: object }", a_live_answer(live), an_expect(), after=beside(recorded)
            )
            for code, (recorded, live) in PARITY.items()
        },
        "cassette-unused": Example("status: 200", answered(), an_expect(), after=unused),
        "request-mismatch": Example(
            "status: 200",
            NotRecorded(
                "the recorded request is another one; write the cassette anew with `provendor adopt`",
                (("query status", "all", "open"),),
            ),
            an_expect(),
        ),
        "transport": Example("status: 200", TransportError("the connection was closed"), an_expect()),
        "network-blocked": Example("status: 200", answered(), an_expect(), after=blocked),
        "not-judged": Example("status: 200", answered(), an_expect(), after=unjudged),
        "check-crashed": Example("status: 200", answered(), an_expect(), "acme.the-newest-order-is-paid"),
        "pending-passes": Example(
            "status: 200\npending: { reason: the plan lacks it, until: 2026-12-15, ticket: ACME-7 }",
            answered(),
            an_expect(today=TODAY),
            pending=Pending("the plan lacks it", date(2026, 12, 15), "ACME-7"),
        ),
        "flow-failed": SeveralAnswers(a_flow("status: 200"), (STARTED, {"status": "failed", "error": "no space"})),
        "flow-timeout": SeveralAnswers(
            a_flow("status: 200").replace("5m", "3s"), (STARTED, WORKING, {"status": "working", "progress": 80})
        ),
        "flow-stuck": SeveralAnswers(a_flow("status: 200").replace("5m", "3s"), (STARTED, WORKING, WORKING)),
        "flow-state": SeveralAnswers(a_flow("status: 200"), (STARTED, {"status": "paused"})),
        "flow-capture": SeveralAnswers(a_flow("status: 200"), ({"job": {"id": "j1"}},)),
        "flow-end": SeveralAnswers(a_flow("status: 200, error: flow-stuck"), (STARTED, {"status": "complete"})),
        "paging-repeats": SeveralAnswers(a_list("id: $.id"), (some_jobs(1, 2, next="a"), some_jobs(1, 2))),
        "paging-endless": SeveralAnswers(
            a_list("id: $.id, max_pages: 2"), (some_jobs(1, 2, next="a"), some_jobs(3, 4, next="b"))
        ),
        "paging-short": SeveralAnswers(a_list("id: $.id, size: 2"), (some_jobs(1, next="a"), some_jobs(2, 3))),
        "paging-total": SeveralAnswers(
            a_list("id: $.id, total: $.total"), (some_jobs(1, 2, next="a", total=4), some_jobs(3, total=4))
        ),
        "signature-missing": Delivered(without(signed(), "X-Acme-Signature")),
        "signature-form": Delivered(with_header(signed(), "X-Acme-Signature", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=")),
        "signature-wrong": Delivered(signed(body=rewritten(delivery_suites.BODY))),
        "signature-stale": Delivered(signed(at=delivery_suites.AT - 3600)),
        "signature-timestamp": Delivered(without(signed(), "X-Acme-Timestamp")),
        "signature-rule": Delivered(webhooks={"signature__signed": "{body}"}, headers=unstamped()),
        "delivery-topic": Delivered(with_header(signed(), "X-Acme-Topic", "orders/created")),
        "delivery-id": Delivered(without(signed(), "X-Acme-Delivery")),
        "delivery-order": Delivered(body=ZONELESS, headers=signed(body=ZONELESS)),
        "delivery-sequence": Delivered(webhooks={"delivery_id": "$.id"}),
        "delivery-challenge": Delivered(webhooks={"challenge__verify": "hub.challenge"}),
        "business": Example("status: 200", answered(), an_expect(), "acme.an-active-user-has-an-email"),
    }
)


INTRODUCTION = """# Codes

Every finding has a code. `provendor explain CODE` prints the entry of this page. The texts below are what a failing run
prints; a test makes them anew and compares.

A finding is a `fail` (the contract is broken) or a `warn` (worth knowing). An `error` means that we could not tell.
"""


def shown(code: str) -> str:
    """Return what a run prints for the example of a code."""
    example = EXAMPLES[code]
    if isinstance(example, SeveralAnswers):
        return _shown_with_steps(example)
    if isinstance(example, Delivered):
        return _shown_as_delivered(example)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / CONTRACT).parent.mkdir(parents=True)
        (root / CONTRACT).write_text(_contract(example.yaml), encoding="utf-8")
        (root / "checks").mkdir()
        (root / "checks" / "acme.py").write_text(CHECKS, encoding="utf-8")
        checks = {each.name: each for each in load_checks(root / "checks")}
        return present.full(_result(example, checks), Suite(root, {}))


def _shown_with_steps(example: SeveralAnswers) -> str:
    with tempfile.TemporaryDirectory() as folder:
        result = plan_suites.replayed(Path(folder), example.resource, "jobs.run:ok", example.answers)
        return present.full(result._replace(started_at=STARTED_AT), Suite(Path(folder), {}))


def _shown_as_delivered(example: Delivered) -> str:
    with tempfile.TemporaryDirectory() as folder:
        replayer = delivery_suites.a_suite(Path(folder), delivery_suites.a_vendor(**example.webhooks))
        result = delivery_suites.arrived(replayer, example.headers, example.body)
        return present.full(result._replace(started_at=STARTED_AT), Suite(Path(folder), {}))


def _contract(keys: str) -> str:
    below = "\n".join(f"        {line}" for line in keys.splitlines())
    return f"operations:\n  users.get:\n    request: GET /users/7\n    cases:\n      ok:\n{below}\n"


def _result(example: Example, checks: Mapping[str, Check]) -> Result:
    case = a_case("acme/users.get:ok", example.expect, pending=example.pending)
    if isinstance(example.answer, TransportError):
        verdict = run.no_exchange(example.answer)
        return run.settle(Result(case, verdict.outcome, (verdict,), STARTED_AT, 1.0), TODAY)
    check = checks[example.check] if isinstance(example.check, str) else example.check
    verdict = examine(check, example.answer, example.expect)
    recording = example.answer.recording
    result = Result(case, verdict.outcome, (verdict,), STARTED_AT, 1.0, exchange=example.answer, recording=recording)
    return example.after(run.settle(result, TODAY))


def page() -> str:
    """Return docs/reference/checks.md."""
    parts = [INTRODUCTION]
    for code, entry in CODES.items():
        meaning = f"{entry.title[0].upper()}{entry.title[1:]}. {entry.meaning}"
        parts.append(f"## {code}\n\n{fill(meaning, 120)}\n\n{fill(f'**What to do.** {entry.do}', 120)}\n")
        parts.append(f"```text\n{shown(code)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
