"""Whom each fault and each typical answer is blamed on: made here, shown on docs/explanation/blame.md.

python tests/blame_table.py      # writes the tables anew
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from builders import a_case, a_live_exchange, a_rule, an_expect
from fault_table import example
from provendor.errors import Fault
from provendor.exchange import Exchange
from provendor.fault_codes import FAULTS
from provendor.probes.blame import Around, blame
from provendor.run import Result, not_answered
from provendor.verdict import Blame, Finding, Outcome, Verdict
from provendor.wire.faults import made

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "blame.md"
_BEGIN, _END = "<!-- made by tests/blame_table.py: {} -->\n", "<!-- end -->\n"

AROUND: Final[Mapping[str, Around]] = {
    "nothing else was seen": Around(worked_before=True),
    "another vendor answers": Around(others={"shopify": True, "fly": False}, worked_before=True),
    "no other vendor answers": Around(others={"shopify": False, "fly": False}, worked_before=True),
    "a control target answers": Around(
        controls={"control.example": True}, others={"shopify": False}, worked_before=True
    ),
    "no control target answers": Around(
        controls={"control.example": False}, others={"shopify": True}, worked_before=True
    ),
    "no way out of this machine": Around(others={"shopify": True}, route=False, worked_before=True),
    "others answer, and it never worked": Around(others={"shopify": True}),
}
"""What else may be known, by the head of its column."""

BESIDES: Final[Mapping[str, Fault]] = {
    "paced-out": Fault("paced-out", "our own pace for Acme has no turn within 5 s", retryable=True),
    "network-blocked": Fault("network-blocked", "the network is off", retryable=False),
    "not-read-only": Fault("not-read-only", "a probe must not send PATCH", retryable=False),
    "token-refused": Fault("token-refused", "the token endpoint refuses", retryable=False),
    "not-ready": Fault("not-ready", "ACME_API_KEY is not set", retryable=False),
}
"""What keeps an answer from coming besides the faults of the network."""


def of_fault(code: str, around: Around) -> Blame | None:
    """Return whom a fault is blamed on."""
    fault = BESIDES.get(code) or made(code, example(code))
    return blame(not_answered(a_case("acme/users.get:ok"), fault, None), around)


RULES = (
    a_rule("unauthorized", 401),
    a_rule("rate-limited", 429, retryable=True),
    a_rule("throttled", 200, json={"$.errors[0].extensions.code": "THROTTLED"}, retryable=True),
    a_rule("token-expired", 200, json={"$.error": "token_expired"}),
    a_rule("quota-exhausted", 403, json={"$.error": "quota"}, retryable=True),
    a_rule("not-the-api", 200, text="(?i)<html"),
    a_rule("not-ready-yet", 200, json={"$.status": "starting"}, retryable=True),
    a_rule("bad-request", 400),
    a_rule("vendor-down", "5xx", retryable=True),
)


class Answered(NamedTuple):
    """A typical answer: what the vendor sent, and the findings of the checks on it."""

    exchange: Exchange
    codes: tuple[str, ...] = ()
    outcome: Outcome = Outcome.FAIL


def answered(status: int, json_body: Any = None, *codes: str, body: str = "", warn: bool = False) -> Answered:
    """`answered(200, {}, "body-schema")`."""
    given = {"body": body} if body or json_body is None else {"json_body": json_body}
    return Answered(a_live_exchange(status, **given), codes, Outcome.WARN if warn else Outcome.FAIL)


ANSWERS: Final[Mapping[str, Answered]] = {
    "500": answered(500, {"error": "internal"}, "status"),
    "502 with an HTML page": answered(502, body="<html>Bad Gateway</html>"),
    "503 with Retry-After": answered(503),
    "408": answered(408),
    "429": answered(429, {"error": "slow down"}),
    "402": answered(402),
    "403 that names a quota": answered(403, {"error": "quota"}),
    "throttled inside a 200": answered(200, {"errors": [{"extensions": {"code": "THROTTLED"}}]}),
    "401": answered(401, {"error": "invalid token"}),
    "403": answered(403),
    "an ended token inside a 200": answered(200, {"error": "token_expired"}),
    "407": answered(407),
    "301": answered(301),
    "400": answered(400),
    "404": answered(404),
    "422": answered(422),
    "204 where a 200 belongs": answered(204, None, "status"),
    "a web page where the API should be": answered(200, body="<html>Sign in</html>"),
    "an error inside a 200 that passes by itself": answered(200, {"status": "starting"}),
    "200 with an empty body": answered(200, None, "body-json"),
    "200 with a body that is no JSON": answered(200, None, "body-json", body="{"),
    "200 with a field that changed its type": answered(200, {"id": "7"}, "body-schema"),
    "200 without a header that we need": answered(200, {"id": 7}, "header"),
    "200 that breaks a rule of our own": answered(200, {"id": 7}, "business"),
    "200, and our own check crashes": answered(200, {"id": 7}, "check-crashed"),
    "200 with a ratio that is too low": answered(200, {"id": 7}, "indicator"),
    "200 that holds our credential": answered(200, {"id": 7}, "credential-echo"),
    "200, too slow": answered(200, {"id": 7}, "latency", warn=True),
    "200 with a deprecation": answered(200, {"id": 7}, "deprecated", warn=True),
    "200, allowed, and otherwise than recorded": answered(200, {"id": 7}, "parity-null", warn=True),
    "200, too slow and with a field that changed": answered(200, {"id": "7"}, "latency", "body-schema"),
}


def of_answer(name: str, *, worked_before: bool) -> Blame | None:
    """Return whom an answer is blamed on."""
    exchange, codes, outcome = ANSWERS[name]
    case = a_case("acme/users.get:ok", an_expect(200, errors=RULES))
    findings = tuple(Finding(code, "x", "y") for code in codes)
    result = Result(case, outcome, (Verdict("check", outcome, findings),), 0.0, 1.0, exchange=exchange)
    return blame(result, Around(worked_before=worked_before))


def page() -> str:
    """Return the page with its tables made anew."""
    text = PAGE.read_text("utf-8")
    text = _between(text, "faults", _table(("no answer", *AROUND), map(_row_of_fault, (*FAULTS, *BESIDES))))
    rows = ((name, *(_party(of_answer(name, worked_before=before)) for before in (True, False))) for name in ANSWERS)
    return _between(text, "answers", _table(("answer", "it worked before", "it never worked"), rows))


def _row_of_fault(code: str) -> tuple[str, ...]:
    return (f"`{code}`", *(_party(of_fault(code, around)) for around in AROUND.values()))


def _party(blamed: Blame | None) -> str:
    return str(blamed.party) if blamed else "not known"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = tuple(head)
    lines = [f"| {' | '.join(row)} |" for row in (names, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(names), *lines[1:]]) + "\n"


def _between(text: str, name: str, table: str) -> str:
    begin = _BEGIN.format(name)
    before, _, rest = text.partition(begin)
    return f"{before}{begin}{table}{_END}{rest.partition(_END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
