"""What the business checks of Google Analytics say about a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import Check, examine, load_checks
from provendor.exchange import Exchange
from provendor.verdict import Outcome, Verdict

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}
SENT = {"dimensions": [{"name": "date"}], "metrics": [{"name": "activeUsers"}, {"name": "engagementRate"}]}


def the_check(name: str) -> Check:
    """The check of this name in checks/google_analytics.py, given with underscores."""
    return CHECKS[f"google_analytics.{name.replace('_', '-')}"]


def a_report(*rows: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """A report by day, with a count and a share."""
    return {
        "dimensionHeaders": [{"name": "date"}],
        "metricHeaders": [
            {"name": "activeUsers", "type": "TYPE_INTEGER"},
            {"name": "engagementRate", "type": "TYPE_FLOAT"},
        ],
        "rows": [
            {"dimensionValues": [{"value": day}], "metricValues": [{"value": count}, {"value": share}]}
            for day, count, share in rows
        ],
        "rowCount": len(rows),
        **more,
    }


def verdict(name: str, exchange: Exchange) -> Verdict:
    """How this check judges this exchange."""
    return examine(the_check(name), exchange, an_expect())


def judged(name: str, body: Any, status: int = 200, sent: Any = SENT) -> Verdict:
    """How this check judges a live answer to this request."""
    return verdict(name, a_live_exchange(status, body, request=a_request("POST", body=json.dumps(sent).encode())))


GOOD = a_report(("20261024", "40", "0.5"))
EVERY = ["values_match_headers", "the_count_covers_the_rows", "counts_are_whole", "days_have_eight_digits"]


@pytest.mark.parametrize("name", [*EVERY, "columns_are_those_asked_for", "numbers_are_complete", "quota_is_left"])
def test_a_sound_report_passes(name: str) -> None:
    """One row, one day, one count and one share."""
    assert judged(name, GOOD).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("name", "body", "at"),
    [
        ("the_count_covers_the_rows", {**GOOD, "rowCount": 0}, "/rowCount"),
        ("counts_are_whole", a_report(("20261024", "40.5", "0.5")), "/rows/0/metricValues/0/value"),
        ("days_have_eight_digits", a_report(("2026-10-24", "40", "0.5")), "/rows/0/dimensionValues/0/value"),
        ("values_match_headers", {**GOOD, "metricHeaders": []}, "/rows/0/metricValues"),
        ("columns_are_those_asked_for", {**GOOD, "dimensionHeaders": [{"name": "country"}]}, "/dimensionHeaders"),
    ],
)
def test_a_report_that_would_mislead_fails_with_its_place(name: str, body: Any, at: str) -> None:
    """The finding points at what is wrong."""
    found = judged(name, body)

    assert (found.outcome, [finding.at for finding in found.findings]) == (Outcome.FAIL, [at])


def test_the_column_of_several_ranges_is_no_surprise() -> None:
    """What comes after the dimensions that were asked is not held against the report."""
    assert (
        judged(
            "columns_are_those_asked_for", {**GOOD, "dimensionHeaders": [{"name": "date"}, {"name": "dateRange"}]}
        ).outcome
        is Outcome.PASS
    )


def test_every_report_of_a_batch_is_looked_at() -> None:
    """The second report's fault is found at its place."""
    batch = {"reports": [GOOD, a_report(("20261024", "1.5", "0"))]}

    assert [finding.at for finding in judged("counts_are_whole", batch).findings] == [
        "/reports/1/rows/0/metricValues/0/value"
    ]


def test_a_batch_with_a_report_too_few_fails() -> None:
    """Reports are told apart by their place alone."""
    assert (
        judged("every_request_has_its_report", {"reports": [GOOD]}, sent={"requests": [{}, {}]}).outcome is Outcome.FAIL
    )
    assert judged("every_request_has_its_report", {"reports": [GOOD]}, sent={"requests": [{}]}).outcome is Outcome.PASS


def test_what_was_asked_is_not_held_against_an_answer_in_hand() -> None:
    """Where the request is not known, nothing is said about it."""
    for name in (
        "every_request_has_its_report",
        "columns_are_those_asked_for",
        "the_quota_comes_where_it_was_asked_for",
    ):
        assert verdict(name, an_exchange(200, {"reports": [GOOD]}, recording=None)).outcome is Outcome.SKIP


@pytest.mark.parametrize("name", ["subjectToThresholding", "dataLossFromOtherRow"])
def test_incomplete_numbers_are_degraded(name: str) -> None:
    """They can be shown, and the report says that they are not all."""
    assert judged("numbers_are_complete", {**GOOD, "metadata": {name: True}}).outcome is Outcome.WARN
    assert judged("numbers_are_complete", {**GOOD, "metadata": {name: False}}).outcome is Outcome.PASS


def test_a_quota_that_cannot_pay_the_next_request_is_degraded() -> None:
    """The bucket is named."""
    quota = {"tokensPerHour": {"consumed": 4, "remaining": 3}, "concurrentRequests": {"consumed": 1, "remaining": 0}}
    found = judged("quota_is_left", {**GOOD, "propertyQuota": quota})

    assert [(finding.at, finding.level) for finding in found.findings] == [
        ("/propertyQuota/tokensPerHour/remaining", Outcome.WARN)
    ]


def test_a_quota_that_was_asked_for_and_does_not_come_fails() -> None:
    """Without it nobody slows down in time; who did not ask for it gets none."""
    asked = {**SENT, "returnPropertyQuota": True}
    name = "the_quota_comes_where_it_was_asked_for"

    assert judged(name, {**GOOD, "propertyQuota": {}}, sent=asked).outcome is Outcome.PASS
    assert [finding.at for finding in judged(name, GOOD, sent=asked).findings] == ["/propertyQuota"]
    assert judged(name, GOOD).outcome is Outcome.SKIP
    assert judged(name, GOOD, 403, sent=asked).outcome is Outcome.SKIP


def test_an_error_whose_code_is_not_its_status_fails() -> None:
    """Something between us and Google changed one of the two."""
    error = {"error": {"code": 403, "message": "x", "status": "PERMISSION_DENIED"}}

    assert judged("the_error_repeats_the_status", error, 403).outcome is Outcome.PASS
    assert judged("the_error_repeats_the_status", error, 401).outcome is Outcome.FAIL
    assert judged("the_error_repeats_the_status", {"error": "invalid_grant"}, 400).outcome is Outcome.SKIP
    assert judged("the_error_repeats_the_status", GOOD).outcome is Outcome.SKIP


@pytest.mark.parametrize("name", EVERY)
def test_a_refusal_and_what_is_no_report_are_not_judged(name: str) -> None:
    """Other checks say what is wrong with them."""
    assert judged(name, GOOD, 500).outcome is Outcome.SKIP
    assert judged(name, [GOOD]).outcome is Outcome.SKIP
    assert verdict(name, an_exchange(200, body="<html>")).outcome is Outcome.SKIP
