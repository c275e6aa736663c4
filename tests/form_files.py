"""What the tests of forms share: a run told from evidence, hostile texts in every field, and the official schemas."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evidence_files import (
    TODAY,
    a_failure,
    a_finding,
    a_recording,
    a_result,
    a_run,
    a_verdict,
    a_warning,
    an_error,
    live,
)
from hostile import a_hostile_run
from provendor.reports import archive, telling
from provendor.reports.forms import Told

SCHEMAS = Path(__file__).parent.parent / ".provendor" / "report-schemas"

CONTRACT = """\
operations:
  users.get:
    request: GET /users/1
    cases:
      ok:
        status: 200
        body: { $ref: users.yaml#/user }
      denied:
        status: 401
user:
  type: object
  properties:
    id: { type: integer }
"""


def told_of(
    root: Path, results: Iterable[dict[str, Any]], previous: Collection[dict[str, Any]] = (), **head: Any
) -> Told:
    """Write a run below `root` with a contract that it is about, and tell of it."""
    contract = root / "contracts/acme/users.yaml"
    contract.parent.mkdir(parents=True, exist_ok=True)
    contract.write_text(CONTRACT)
    before = archive.KeptRun(a_run(root / "before", previous)) if previous else None
    kept = archive.KeptRun(a_run(root / "reports", results, **head))
    return Told(telling.tell(kept, today=date.fromisoformat(TODAY), previous=before), kept, root)


PENDING = "expected to fail until 2026-12-15: not there yet (ACME-7)"


def foreseen(id_: str) -> dict[str, Any]:
    """A failure that `pending` expects."""
    return {**a_failure(id_), "outcome": "warn", "expected": True, "reason": PENDING}


def mixed() -> list[dict[str, Any]]:
    """Every way in which a case can end, at two vendors."""
    return [
        a_result(),
        a_failure("acme/users.get:denied", a_finding(), a_finding("status", at="", expected="200", actual="500")),
        an_error("acme/users.get:gone"),
        a_warning("acme/users.get:old"),
        foreseen("acme/users.get:later"),
        a_result("acme/users.get:never", "skip", reason="not asked"),
        live(a_result("shop/items.list:ok")),
    ]


def official(name: str) -> Path:
    """Return an official schema, or skip the test by name where it could not be had."""
    path = SCHEMAS / name
    if not path.exists():
        pytest.skip(f"{name} is not here: run scripts/fetch-report-schemas")
    return path


EVERY_PAYLOAD = "every payload of the page's own corpus"

HOSTILE = (
    # Markup
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]></system-out></testcase><evil/>",
    "--><evil/><!--",
    "<![CDATA[<evil/>]]>",
    "&lt;evil&gt; &#x3c;evil&#x3e; &unknown;",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "</title><text>evil</text>",
    # Markdown
    "[click](https://evil.example/)",
    "![pixel](https://evil.example/pixel.png)",
    "https://evil.example/ www.evil.example me@evil.example",
    "@octocat and @evil/team, see #1 and evil/repository#1",
    "| a | b |\n|---|---|\n| c | d |",
    "`code` ``more`` ``` and a lone `",
    "`",
    "\\`[x](https://evil.example/)",
    "# heading\n\n---\n\n> quote\n\n- [ ] task",
    "</details><details open>",
    "<!-- provendor:report -->",
    "**bold** _it_ ~~gone~~ <b>b</b> :tada:",
    "[ref]: https://evil.example/",
    # Workflow commands
    "::error file=x::owned",
    "\n::error file=x::owned",
    "\r\n::add-mask::a",
    "%0A::set-output name=x::y%0D%25",
    "a,title=owned::b",
    "::stop-commands::token",
    "##[error]owned",
    # Formulas
    '=HYPERLINK("https://evil.example/","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\uff1d1+1",
    '"=1+1"',
    'a","=1+1","',
    # SARIF
    "see [this](1) and {0} and {1:x} and {{2}}",
    "%SRCROOT%/../../etc/passwd",
    "//evil.example/x",
    "javascript:alert(1)",
    # Text that is not what it seems, or is none
    "\x1b[2J\x1b]0;owned\x07",
    "\x00\x01\x08\x0b\x0c\x1f\x7f\x80\x9f",
    "\u202eevil\u2066\u2069\u200f\u061c",
    "zero\u200bwidth\ufeff\u2028line\u2029paragraph\x85next",
    "\ud800 half a character \udfff",
    "\ufffe\uffff\U0001ffff",
    "{{ 7*7 }} {% raw %} ${7*7} <%= 7*7 %>",
    "x" * 20_000,
    "`" * 5_000,
    "|" * 5_000,
    "\u0301" * 500,
    "",
    " ",
    # And all that mean to harm a page, in one run.
    EVERY_PAYLOAD,
)
"""Texts that harm a reader of some form which takes them for its own."""


def hostile_results(text: str) -> list[dict[str, Any]]:
    """Results of every outcome with the text in every place that takes one."""
    found = a_finding(text, at=text, key=text, expected=text, actual=text)
    own = {
        "vendor": text, "operation": text, "case": text, "id": text, "reason": text, "contract": f"{text}:7",
        "error": text, "started_at": text, "request": {"method": text, "url": text, "query": []},
        "recording": a_recording("acme/x:y", path=text, at=text, source=text), "fallback": text, "passed": [text],
        "rerun": text, "expected": False, "source": "recorded", "duration_ms": 0.5, "status": 200, "elapsed_ms": None,
    }  # fmt: skip
    results: list[dict[str, Any]] = [
        {
            **own,
            "outcome": outcome,
            "verdicts": [a_verdict(text, outcome, found, {**found, "level": "warn"}, reason=text)],
        }
        for outcome in ("pass", "warn", "fail", "error", "skip")
    ]
    pending = {**results[1], "expected": True, "id": f"{text}2"}
    bare = {**results[3], "verdicts": [], "id": f"{text}3"}
    blame = {"party": "vendor", "why": text}
    asked = [live({**each, "id": f"{text}{each['outcome']}"}, environment=text, blame=blame) for each in results]
    return [*results, pending, bare, *asked]


def hostile_told(root: Path, text: str) -> Told:
    """A whole run of them, with the text in the run's own fields too."""
    if text is EVERY_PAYLOAD:
        kept = archive.KeptRun(a_hostile_run(root / "reports"))
        return Told(telling.tell(kept, today=date.fromisoformat(TODAY)), kept, root)
    head = {
        "git_commit": text, "command": text, "mode": text, "selectors": [text], "started_at": text,
        "tools": {"provendor": text, text: text},
    }  # fmt: skip
    return told_of(root, hostile_results(text), hostile_results(text)[::-1], **head)
