"""Failures with one cause are one line: the same vendor, code and place."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evidence_files import TODAY, a_failure, a_finding, a_result, a_run, a_verdict, a_warning, an_error, live
from provendor.reports import archive, telling
from provendor.reports.causes import trouble
from provendor.reports.story import Cause
from provendor.verdict import Outcome, Party

STATUS = a_finding("status", at="", key="status", expected="200", actual="401")


def told(folder: Path, *results: dict[str, Any]) -> tuple[Cause, ...]:
    run = archive.KeptRun(a_run(folder, results))
    return telling.tell(run, today=date.fromisoformat(TODAY)).causes


def test_forty_cases_on_one_expired_token_are_one_line(tmp_path: Path):
    """Different operations, one code of the error table, and whose fault it is."""
    blamed = {"party": "credential", "why": "the token was refused"}
    refused = [
        live(a_failure(f"acme/op-{n}.get:ok", STATUS, error="unauthorized", status=401), blame=blamed)
        for n in range(40)
    ]

    (cause,) = told(tmp_path, *refused, a_result("acme/public.get:ok"))

    assert (cause.code, len(cause.cases), cause.outcome) == ("unauthorized", 40, Outcome.FAIL)
    assert cause.blame is not None
    assert cause.blame.party is Party.CREDENTIAL


def test_a_shared_schema_is_one_cause_wherever_it_objects(tmp_path: Path):
    """The place in the contract counts, not the place in each answer."""
    first = a_failure("acme/users.get:ok", a_finding(at="/id"))
    second = a_failure("acme/users.list:ok", a_finding(at="/users/3/id"))
    other = a_failure("acme/teams.get:ok", a_finding(key="contracts/acme/teams.yaml#/team/id"))

    assert [len(cause.cases) for cause in told(tmp_path, first, second, other)] == [2, 1]


def test_known_trouble_is_not_mixed_with_new(tmp_path: Path):
    """What `pending` foresees has a line of its own, after what is new."""
    known = a_failure("acme/users.get:known") | {"outcome": "warn", "expected": True, "reason": "expected to fail"}

    new, foreseen = told(tmp_path, known, a_failure("acme/users.get:new"))

    assert (new.known, foreseen.known) == (False, True)
    assert new.cases == ("acme/users.get:new",)


def test_the_worst_comes_first(tmp_path: Path):
    """Fail, error, warn, skip."""
    skipped = a_result("a/b:skip", "skip", reason="not today")

    causes = told(tmp_path, skipped, a_warning("a/b:warn"), an_error("a/b:error"), a_failure("a/b:fail"))

    assert [str(cause.outcome) for cause in causes] == ["fail", "error", "warn", "skip"]
    assert causes[-1].reason == "not today"


@pytest.mark.parametrize(
    ("record", "code", "at"),
    [
        (a_failure("a/b:c", a_finding("business", at="/x", key="")), "business", "body"),
        (a_failure("a/b:c", STATUS), "status", "status 401"),
        (a_failure("a/b:c", STATUS, error="rate-limited"), "rate-limited", ""),
        (a_failure("a/b:c", a_finding("header", at="header etag", key="headers.etag")), "header", "header etag"),
        (a_failure("a/b:c", a_finding("sunset", "warn"), a_finding("empty", at="", key="empty")), "empty", "empty"),
        (an_error("a/b:c", "dns", "no such host"), "dns", ""),
        (a_result("a/b:c", "error", verdicts=[a_verdict("pytest", "error", reason="died")]), "", ""),
    ],
)
def test_what_counts_as_the_same(record: dict[str, Any], code: str, at: str):
    """Error table before finding, failure before warning, place of the schema before place in the answer."""
    assert trouble(record)[:2] == (code, at)
