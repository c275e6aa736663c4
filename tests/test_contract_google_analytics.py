"""What the Analytics contract accepts and refuses: variations of its own cassettes, one row each.

Accepted is what Google truly sends: what is empty is missing, older projects, more members. Refused is the same answer,
broken in a way that would put a wrong number on the dashboard.
"""

from __future__ import annotations

from typing import Any

import pytest

from builders import an_exchange
from provendor.classify import classify
from recorded_answers import GONE, Recorded, recorded

VALUE = "rows.0.metricValues.0.value"
QUOTA = "propertyQuota.tokensPerDay"
RESTRICTION = "metadata.schemaRestrictionResponse.activeMetricRestrictions.0"
REFUSING = ("reports.run", "oauth.token")  # The refusals of the others are the same.
FIRST_QUOTAS = ("potentiallyThresholdedRequestsPerHour", "tokensPerProjectPerHour")


@pytest.fixture(scope="module")
def analytics() -> Recorded:
    """The contract and the cassettes as they stand in the repository."""
    return recorded("google-analytics")


ACCEPTED: list[tuple[str, str, dict[str, Any]]] = [
    ("reports.run:ok", "a member nobody knows yet", {"rows.0.mood": {"score": 1}, "nextPageToken": "x"}),
    ("reports.run:ok", "a report without metadata", {"metadata": GONE}),
    ("reports.run:ok", "metadata that says nothing", {"metadata": {}}),
    ("reports.run:ok", "more rows than came", {"rowCount": 71}),
    ("reports.run:ok", "fifteen digits", {"rows.0.metricValues.2.value": "0.646616541353383"}),
    ("reports.run:ok", "a tiny share", {"rows.0.metricValues.2.value": "1.0e-05"}),
    ("reports.run:ok", "a loss", {"rows.0.metricValues.2.value": "-12.5"}),
    ("reports.run:ok", "a dimension without a value", {"rows.0.dimensionValues.0.value": ""}),
    ("reports.run:ok", "a row for the rest", {"rows.0.dimensionValues.0.value": "(other)"}),
    ("reports.run:ok", "a reason for being empty", {"metadata.emptyReason": "none"}),
    ("reports.run:ok", "a restriction of nothing", {"metadata.schemaRestrictionResponse": {}}),
    ("reports.run:restricted", "a reason nobody knows yet", {f"{RESTRICTION}.restrictedMetricTypes": ["SECRET_DATA"]}),
    ("reports.run:empty", "an explicit nothing", {"rows": [], "rowCount": 0}),
    ("reports.run:empty", "an empty total", {"totals": [{}]}),
    ("reports.run:two-ranges", "ranges with names", {"rows.0.dimensionValues.1.value": "this month"}),
    ("reports.daily:ok", "quotas as they were at first", {f"propertyQuota.{name}": GONE for name in FIRST_QUOTAS}),
    ("reports.daily:ok", "a day that is not known", {"rows.0.dimensionValues.0.value": "(other)"}),
    ("reports.yesterday:ok", "a threshold, which is a warning", {"metadata.subjectToThresholding": True}),
    ("reports.yesterday:ok", "the last tokens of the day", {f"{QUOTA}.remaining": 0}),
    ("reports.yesterday:ok", "more than the tokens of the day", {f"{QUOTA}.remaining": -3}),
    ("reports.batch:ok", "reports that do not say their kind", {"reports.0.kind": GONE, "reports.1.kind": GONE}),
    ("realtime.run:ok", "metadata all the same", {"metadata": {"timeZone": "Europe/Warsaw"}}),
    ("realtime.run:nobody-with-headers", "only the metrics", {"dimensionHeaders": GONE}),
    ("metadata.get:custom", "nobody described it", {"metrics.0.description": GONE, "comparisons.0.description": GONE}),
    ("metadata.get:custom", "nothing is blocked", {"metrics.0.blockedReasons": []}),
    ("metadata.get:custom", "spelt out", {"dimensions.0.customDefinition": False}),
    ("compatibility.check:ok", "only names", {"metricCompatibilities.0.metricMetadata": {"apiName": "sessions"}}),
    ("reports.run:wrong-token", "details", {"error.details": [{"@type": "type.example.com/x", "note": "later"}]}),
    ("reports.run:no-access", "the older list beside it", {"error.errors": [{"reason": "forbidden"}]}),
    ("reports.run:server-error", "the service crashed", {"error.status": "UNKNOWN"}),
    ("oauth.token:ok", "a round hour, and the scope", {"expires_in": 3600, "scope": "https://example.com/auth/x"}),
]

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("reports.run:ok", "rows are gone", {"rows": GONE}),
    ("reports.run:ok", "no rows, but a count", {"rows": []}),
    ("reports.run:ok", "rows that nobody counted", {"rowCount": GONE}),
    ("reports.run:ok", "a count as text", {"rowCount": "3"}),
    ("reports.run:ok", "fewer than came", {"rowCount": 2}),
    ("reports.run:ok", "rows are null", {"rows": None}),
    ("reports.run:ok", "no metric headers", {"metricHeaders": GONE}),
    ("reports.run:ok", "no dimension headers", {"dimensionHeaders": GONE}),
    ("reports.run:ok", "a header without a type", {"metricHeaders.0.type": GONE}),
    ("reports.run:ok", "a type that nobody knows", {"metricHeaders.0.type": "TYPE_LIGHTYEARS"}),
    ("reports.run:ok", "a header without a name", {"dimensionHeaders.0.name": ""}),
    ("reports.run:ok", "a value as a number", {VALUE: 266}),
    ("reports.run:ok", "a value that is no number", {VALUE: "many"}),
    ("reports.run:ok", "an empty value", {VALUE: ""}),
    ("reports.run:ok", "half a visit", {VALUE: "266.5"}),
    ("reports.run:ok", "a value renamed", {"rows.0.metricValues.0": {"val": "266"}}),
    ("reports.run:ok", "a column is missing", {"rows.0.metricValues.2": GONE}),
    ("reports.run:ok", "a row without dimensions", {"rows.1.dimensionValues": GONE}),
    ("reports.run:ok", "a row without metrics", {"rows.1.metricValues": GONE}),
    ("reports.run:ok", "another kind of report", {"kind": "analyticsData#runPivotReport"}),
    ("reports.run:ok", "no kind", {"kind": GONE}),
    ("reports.run:ok", "an error inside", {"error": {"code": 500, "message": "x", "status": "INTERNAL"}}),
    ("reports.run:empty", "nothing says why", {"metadata": GONE}),
    ("reports.run:empty", "no headers at all", {"metricHeaders": GONE, "dimensionHeaders": GONE}),
    ("reports.run:totals", "a total without numbers", {"totals.0.metricValues": GONE}),
    ("reports.run:incomplete", "yes as text", {"metadata.subjectToThresholding": "true"}),
    ("reports.run:incomplete", "a sample as a number", {"metadata.samplingMetadatas.0.samplesReadCount": 500000}),
    ("reports.daily:ok", "a day as it is asked", {"rows.0.dimensionValues.0.value": "2026-10-24"}),
    ("reports.daily:ok", "a quota without what is left", {f"{QUOTA}.remaining": GONE}),
    ("reports.daily:ok", "a quota as text", {f"{QUOTA}.consumed": "3"}),
    ("reports.daily:ok", "no quota for the day", {QUOTA: GONE}),
    ("reports.batch:ok", "no reports", {"reports": []}),
    ("reports.batch:ok", "reports are gone", {"reports": GONE}),
    ("reports.batch:ok", "a report of another kind", {"reports.0.kind": "analyticsData#runRealtimeReport"}),
    ("reports.batch:ok", "a report that lost its rows", {"reports.1.rows": GONE}),
    ("reports.batch:ok", "a report that is null", {"reports.0": None}),
    ("realtime.run:ok", "a core report", {"kind": "analyticsData#runReport"}),
    ("realtime.run:ok", "rows are gone", {"rows": GONE}),
    ("realtime.run:nobody", "an empty object", {"kind": GONE}),
    ("metadata.get:ok", "a dimension without an API name", {"dimensions.0.apiName": GONE}),
    ("metadata.get:ok", "no metrics", {"metrics": GONE}),
    ("metadata.get:ok", "a metric without a type", {"metrics.0.type": GONE}),
    ("metadata.get:ok", "another resource", {"name": "properties/123456789"}),
    ("compatibility.check:ok", "a third answer", {"dimensionCompatibilities.0.compatibility": "MAYBE"}),
    ("compatibility.check:ok", "nothing about metrics", {"metricCompatibilities": GONE}),
    ("compatibility.check:incompatible-only", "what fits", {"metricCompatibilities.0.compatibility": "COMPATIBLE"}),
    ("reports.run:wrong-token", "the error as text", {"error": "invalid_token"}),
    ("reports.run:no-access", "another code inside", {"error.code": 404}),
    ("reports.run:no-access", "another status inside", {"error.status": "NOT_FOUND"}),
    ("reports.run:quota", "no message", {"error.message": GONE}),
    ("reports.run:server-error", "a code of another failure", {"error.code": 500}),
    ("oauth.token:ok", "no access token", {"access_token": GONE}),
    ("oauth.token:ok", "an empty token", {"access_token": ""}),
    ("oauth.token:ok", "a life as text", {"expires_in": "3599"}),
    ("oauth.token:ok", "another type of token", {"token_type": "MAC"}),
    ("oauth.token:wrong-key", "the error as an object", {"error": {"code": 400, "message": "x"}}),
    ("oauth.token:wrong-key", "an error nobody knows", {"error": "invalid_mood"}),
    ("oauth.token:wrong-key", "no description", {"error_description": GONE}),
]


@pytest.mark.parametrize(("selector", "what", "change"), ACCEPTED, ids=[f"{row[0]} {row[1]}" for row in ACCEPTED])
def test_what_google_truly_sends_is_accepted(
    analytics: Recorded, selector: str, what: str, change: dict[str, Any]
) -> None:
    """Versions, what is left out, and what is new do not break the contract."""
    assert analytics.accepted_after(selector, change), what


@pytest.mark.parametrize(("selector", "what", "change"), REFUSED, ids=[f"{row[0]} {row[1]}" for row in REFUSED])
def test_what_would_hurt_us_is_refused(analytics: Recorded, selector: str, what: str, change: dict[str, Any]) -> None:
    """No case of the operation accepts the broken answer."""
    assert analytics.accepted(selector.partition(":")[0], *analytics.answer(selector))
    assert analytics.accepted_after(selector, change) == [], what


def test_no_answer_passes_wrapped_listed_or_cut_off(analytics: Recorded) -> None:
    """The envelope belongs to the contract, and half a JSON text is none."""
    wrong = [
        (case.id, other[:40])
        for case in analytics.vendor.cases
        if case.expect.body is not None and (case.expect.error is None or case.operation in REFUSING)
        for status, body in [analytics.answer(case.id.partition("/")[2])]
        for other in (b'{"data":' + body + b"}", b"[" + body + b"]", body[:-5], b"")
        if analytics.accepted(case.operation, status, other)
    ]

    assert wrong == []


def test_no_api_answer_is_accepted_under_another_status(analytics: Recorded) -> None:
    """A refusal says its status twice, and a success is none of the refusals."""
    wrong = [
        (case.id, other)
        for case in analytics.vendor.cases
        if case.expect.body is not None
        if case.operation == "reports.run" or (case.expect.error is None and case.operation != "oauth.token")
        for status, body in [analytics.answer(case.id.partition("/")[2])]
        for other in {200, 201, 204, 400, 401, 403, 404, 429, 500, 503} - {status}
        if analytics.accepted(case.operation, other, body)
    ]

    assert wrong == []


def an_error(code: int, status: str, message: str = "x", reason: str | None = None) -> dict[str, Any]:
    """An error as the API words it."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    return {"error": {"code": code, "message": message, "status": status, "details": details}}


CODES: list[tuple[int, Any, str, bool]] = [
    (400, an_error(400, "INVALID_ARGUMENT", "dimensions & metrics are incompatible"), "incompatible-fields", False),
    (400, an_error(400, "INVALID_ARGUMENT", "A dateRange is required."), "invalid-request", False),
    (401, an_error(401, "UNAUTHENTICATED", reason="CREDENTIALS_MISSING"), "token-missing", False),
    (401, an_error(401, "UNAUTHENTICATED"), "token-invalid", False),
    (403, an_error(403, "PERMISSION_DENIED", reason="ACCESS_TOKEN_SCOPE_INSUFFICIENT"), "scope-missing", False),
    (403, an_error(403, "PERMISSION_DENIED", "insufficient authentication scopes"), "scope-missing", False),
    (403, an_error(403, "PERMISSION_DENIED", reason="SERVICE_DISABLED"), "api-disabled", False),
    (403, an_error(403, "PERMISSION_DENIED", "User does not have sufficient permissions"), "no-access", False),
    (404, "<title>Error 404 (Not Found)!!1</title>", "no-such-path", False),
    (429, an_error(429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota."), "too-many-at-once", True),
    (429, an_error(429, "RESOURCE_EXHAUSTED", "Exhausted property tokens per day."), "quota-exhausted", True),
    (503, an_error(503, "UNAVAILABLE"), "server-error", True),
    (502, "<title>Error 502 (Server Error)!!1</title>", "server-page", True),
    (418, "", "rejected", False),
    (302, "", "redirected", False),
    (200, "<!doctype html><html></html>", "not-the-api", False),
    (200, an_error(500, "INTERNAL"), "error-in-success", False),
]


@pytest.mark.parametrize(("status", "body", "code", "retryable"), CODES)
def test_a_refusal_is_named_by_what_it_says(
    analytics: Recorded, status: int, body: Any, code: str, retryable: bool
) -> None:
    """Reason and message decide, not the status alone."""
    exchange = an_exchange(status, body=body) if isinstance(body, str) else an_exchange(status, body)
    rule = classify(analytics.vendor.errors, exchange)

    assert rule is not None
    assert (rule.code, rule.retryable) == (code, retryable)


def test_nothing_from_400_up_goes_without_a_code(analytics: Recorded) -> None:
    """Every status has a rule, whatever its body is, for the API and for the token endpoint."""
    token = analytics.vendor.operations["oauth.token"].errors
    unnamed = [
        (status, body)
        for status in range(400, 600)
        for body in ("", "{}", "[]", "null", "<html></html>", '{"error": null}')
        for rules in (analytics.vendor.errors, (*token, *analytics.vendor.errors))
        if classify(rules, an_exchange(status, body=body)) is None
    ]

    assert unnamed == []


def test_a_token_answer_without_a_token_is_no_success(analytics: Recorded) -> None:
    """A wrong scope gives 200 with an id_token alone; that has a code of its own."""
    assert analytics.accepted("oauth.token", 200, b'{"id_token": "e30"}') == ["id-token-only"]
    assert analytics.accepted("oauth.token", 200, b'{"error": "invalid_grant"}') == []
