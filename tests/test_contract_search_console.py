"""What the Search Console contract accepts and refuses: variations of its own cassettes, one row each.

Accepted is what Google truly sends: both spellings of its words, what is empty left out, old and new errors. Refused is
the same answer, broken in a way that would put a wrong number on the dashboard.
"""

from __future__ import annotations

from typing import Any

import pytest

from builders import an_exchange
from provendor.classify import classify
from recorded_answers import GONE, ROOT, Recorded, recorded

STATUS = "inspectionResult.indexStatusResult"
RICH = "inspectionResult.richResultsResult"
NEVER_CRAWLED = ("robotsTxtState", "indexingState", "pageFetchState", "lastCrawlTime", "googleCanonical", "crawledAs")
EMPTY = ("sites.list", "sitemaps.list", "searchanalytics.query")
REFUSING = ("sites.get", "oauth.token")  # The refusals of the others are the same.


@pytest.fixture(scope="module")
def console() -> Recorded:
    """The contract and the cassettes as they stand in the repository."""
    return recorded("search-console")


ACCEPTED: list[tuple[str, str, dict[str, Any]]] = [
    ("sites.list:ok", "a member nobody knows yet", {"siteEntry.0.mood": "x", "nextPageToken": "x"}),
    ("sites.list:ok", "capitals", {"siteEntry.0.permissionLevel": "SITE_OWNER"}),
    ("sites.list:ok", "an app", {"siteEntry.0.siteUrl": "android-app://com.example/"}),
    ("sites.list:ok", "an explicit nothing", {"siteEntry": []}),
    ("searchanalytics.query:ok", "no word about the aggregation", {"responseAggregationType": GONE}),
    ("searchanalytics.query:ok", "capitals", {"responseAggregationType": "BY_PAGE"}),
    ("searchanalytics.query:ok", "whole numbers", {"rows.0.clicks": 109, "rows.0.ctr": 0, "rows.0.position": 1}),
    ("searchanalytics.query:ok", "all of it clicked", {"rows.0.ctr": 1.0}),
    ("searchanalytics.query:ok", "an empty query", {"rows.0.keys.0": ""}),
    ("searchanalytics.query:ok", "a new member of a row", {"rows.0.topics": ["x"]}),
    (
        "searchanalytics.query:by-day",
        "another spelling of the day",
        {"metadata": {"first_incomplete_date": "2026-10-29"}},
    ),
    ("searchanalytics.query:by-hour", "all hours are complete", {"metadata": GONE}),
    ("searchanalytics.query:empty", "not a word", {"responseAggregationType": GONE}),
    ("searchanalytics.query:empty", "an explicit nothing", {"rows": []}),
    ("searchanalytics.query:empty", "a day that is not complete", {"metadata": {"firstIncompleteDate": "2026-10-29"}}),
    ("sitemaps.list:ok", "seconds without a fraction", {"sitemap.0.lastSubmitted": "2026-01-01T00:00:00Z"}),
    ("sitemaps.list:ok", "no deprecated count", {"sitemap.0.contents.0.indexed": GONE}),
    ("sitemaps.list:ok", "capitals", {"sitemap.0.type": "SITEMAP", "sitemap.0.contents.0.type": "WEB"}),
    ("sitemaps.list:ok", "errors, which are a warning", {"sitemap.0.errors": "3"}),
    ("sitemaps.list:pending", "no type", {"sitemap.0.type": GONE}),
    ("sitemaps.get:ok", "an index without contents", {"isSitemapsIndex": True, "contents": GONE}),
    ("url.inspect:ok", "what is deprecated is gone", {"inspectionResult.mobileUsabilityResult": GONE}),
    ("url.inspect:ok", "another language", {f"{STATUS}.coverageState": "Indexiert"}),
    ("url.inspect:ok", "no canonical address", {f"{STATUS}.googleCanonical": GONE, f"{STATUS}.userCanonical": GONE}),
    ("url.inspect:ok", "nanoseconds", {f"{STATUS}.lastCrawlTime": "2026-07-15T12:34:56.123456789Z"}),
    ("url.inspect:blocked", "unspecified", {f"{STATUS}.indexingState": "INDEXING_STATE_UNSPECIFIED"}),
    ("url.inspect:blocked", "never crawled", {f"{STATUS}.{name}": GONE for name in NEVER_CRAWLED}),
    ("sitemaps.get:ok", "words nobody knows yet", {"type": "podcast", "contents.0.type": "audio"}),
    ("url.inspect:rich-and-amp", "a kind nobody knows yet", {f"{RICH}.detectedItems.0.richResultType": "Podcasts"}),
    ("url.inspect:rich-and-amp", "nothing detected", {f"{RICH}.detectedItems": []}),
    ("sites.get:no-access", "cut after the code", {"error.message": GONE}),
    ("sites.get:no-access", "a newer error", {"error.status": "PERMISSION_DENIED", "error.errors": GONE}),
    ("sites.get:wrong-token", "an older error", {"error.status": GONE}),
    ("oauth.token:ok", "a round hour", {"expires_in": 3600}),
]

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("sites.list:ok", "a property without a name", {"siteEntry.0.siteUrl": GONE}),
    ("sites.list:ok", "an empty name", {"siteEntry.0.siteUrl": ""}),
    ("sites.list:ok", "a host instead of a property", {"siteEntry.0.siteUrl": "www.example.com"}),
    ("sites.list:ok", "no permission", {"siteEntry.1.permissionLevel": GONE}),
    ("sites.list:ok", "a permission nobody knows", {"siteEntry.1.permissionLevel": "siteGuest"}),
    ("sites.list:ok", "the list is null", {"siteEntry": None}),
    ("sites.list:ok", "the list has another name", {"siteEntry": GONE, "sites": [{"siteUrl": "https://example.com/"}]}),
    ("sites.get:ok", "no permission", {"permissionLevel": None}),
    ("searchanalytics.query:ok", "no keys", {"rows.0.keys": GONE}),
    ("searchanalytics.query:ok", "no keys at all", {"rows.0.keys": GONE, "rows.1.keys": GONE}),
    ("searchanalytics.query:ok", "a key too few", {"rows.1.keys.1": GONE}),
    ("searchanalytics.query:ok", "keys as a text", {"rows.0.keys": "example pricing"}),
    ("searchanalytics.query:ok", "clicks as text", {"rows.0.clicks": "109"}),
    ("searchanalytics.query:ok", "no impressions", {"rows.0.impressions": GONE}),
    ("searchanalytics.query:ok", "per cent", {"rows.0.ctr": 60.2}),
    ("searchanalytics.query:ok", "no position", {"rows.0.position": None}),
    (
        "searchanalytics.query:ok",
        "the same row twice",
        {"rows.1.keys": ["example pricing", "https://www.example.com/pricing"]},
    ),
    ("searchanalytics.query:ok", "an aggregation nobody knows", {"responseAggregationType": "byMoon"}),
    ("searchanalytics.query:ok", "rows with another name", {"rows": GONE, "data": []}),
    ("searchanalytics.query:ok", "an error inside", {"error": {"code": 403, "message": "x"}}),
    ("searchanalytics.query:by-day", "a day as a number", {"metadata.firstIncompleteDate": 20261029}),
    ("sitemaps.list:ok", "a count as a number", {"sitemap.0.errors": 0}),
    ("sitemaps.list:ok", "no count", {"sitemap.0.warnings": GONE}),
    ("sitemaps.list:ok", "no path", {"sitemap.0.path": ""}),
    ("sitemaps.list:ok", "yes as text", {"sitemap.0.isPending": "false"}),
    ("sitemaps.list:ok", "fetched, but nobody knows when", {"sitemap.0.lastDownloaded": GONE}),
    ("sitemaps.list:ok", "a day that is no time", {"sitemap.0.lastSubmitted": "2026-10-20"}),
    ("sitemaps.get:ok", "in a list", {"sitemap": [{}], "path": GONE}),
    ("url.inspect:ok", "no verdict", {f"{STATUS}.verdict": GONE}),
    ("url.inspect:ok", "a verdict in small letters", {f"{STATUS}.verdict": "pass"}),
    ("url.inspect:ok", "no status", {STATUS: GONE}),
    ("url.inspect:ok", "no state", {f"{STATUS}.coverageState": None}),
    ("url.inspect:ok", "indexed, but never crawled", {f"{STATUS}.lastCrawlTime": GONE}),
    ("url.inspect:ok", "a state nobody knows", {f"{STATUS}.pageFetchState": "TEAPOT"}),
    ("url.inspect:ok", "no link", {"inspectionResult.inspectionResultLink": GONE}),
    ("url.inspect:ok", "no envelope", {"inspectionResult": GONE, "indexStatusResult": {"verdict": "PASS"}}),
    ("url.inspect:rich-and-amp", "an item without a type", {f"{RICH}.detectedItems.0.richResultType": GONE}),
    ("url.inspect:rich-and-amp", "a severity nobody knows", {"inspectionResult.ampResult.issues.0.severity": "MILD"}),
    ("sites.get:no-access", "no text at all", {"error.message": GONE, "error.errors": GONE}),
    ("sites.get:no-access", "no code", {"error.code": GONE}),
    ("sites.get:no-access", "another code inside", {"error.code": 401}),
    ("sites.get:rate-limited", "another code inside", {"error.code": 403}),
    ("sites.get:rate-limited", "an error as text", {"error": "rateLimitExceeded"}),
    ("oauth.token:ok", "no access token", {"access_token": GONE}),
]


@pytest.mark.parametrize(("selector", "what", "change"), ACCEPTED, ids=[f"{row[0]} {row[1]}" for row in ACCEPTED])
def test_what_google_truly_sends_is_accepted(
    console: Recorded, selector: str, what: str, change: dict[str, Any]
) -> None:
    """Both spellings, both forms of errors, and what is left out do not break the contract."""
    assert console.accepted_after(selector, change), what


@pytest.mark.parametrize(("selector", "what", "change"), REFUSED, ids=[f"{row[0]} {row[1]}" for row in REFUSED])
def test_what_would_hurt_us_is_refused(console: Recorded, selector: str, what: str, change: dict[str, Any]) -> None:
    """No case of the operation accepts the broken answer."""
    assert console.accepted(selector.partition(":")[0], *console.answer(selector))
    assert console.accepted_after(selector, change) == [], what


def test_no_answer_passes_wrapped_listed_or_cut_off(console: Recorded) -> None:
    """An envelope is not an empty answer, and half a JSON text is none."""
    wrong = [
        (case.id, other[:40])
        for case in console.vendor.cases
        if case.expect.body is not None and (case.expect.error is None or case.operation in REFUSING)
        for status, body in [console.answer(case.id.partition("/")[2])]
        for other in (b'{"data":' + body + b"}", b"[" + body + b"]", body.rstrip()[:-1], b"")
        if console.accepted(case.operation, status, other)
    ]

    assert wrong == []


def test_no_api_answer_is_accepted_under_another_status(console: Recorded) -> None:
    """A refusal says its status twice, and a success is none of the refusals."""
    wrong = [
        (case.id, other)
        for case in console.vendor.cases
        if case.expect.body is not None
        if case.operation == "sites.get" or (case.expect.error is None and case.operation != "oauth.token")
        for status, body in [console.answer(case.id.partition("/")[2])]
        for other in {200, 201, 204, 400, 401, 403, 404, 429, 500, 503} - {status}
        if console.accepted(case.operation, other, body)
    ]

    assert wrong == []


@pytest.mark.parametrize("operation", EMPTY)
def test_nothing_at_all_is_an_answer_where_everything_is_left_out(console: Recorded, operation: str) -> None:
    """An empty object is an empty list here, and a null or an empty list is not."""
    assert set(console.accepted(operation, 200, b"{}")) - {"every-page"} == {"empty"}
    assert console.accepted(operation, 200, b"null") == []
    assert console.accepted(operation, 200, b"[]") == []


@pytest.mark.parametrize("operation", ["sites.add", "sites.delete", "sitemaps.submit", "sitemaps.delete"])
def test_a_write_answers_nothing(console: Recorded, operation: str) -> None:
    """Whether 200 or 204 is not known; a body would be news."""
    assert console.accepted(operation, 204, b"") == ["ok"]
    assert console.accepted(operation, 200, b"") == ["ok"]
    assert console.accepted(operation, 200, b'{"done": true}') == []


def an_old_error(code: int, reason: str, message: str = "x") -> dict[str, Any]:
    """An error as it was captured in 2015 and 2020."""
    return {"error": {"errors": [{"domain": "global", "reason": reason, "message": message}], "code": code}}


def an_error(code: int, status: str, message: str = "x", reason: str | None = None) -> dict[str, Any]:
    """An error as Google's newer APIs word it."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    return {"error": {"code": code, "message": message, "status": status, "details": details}}


CODES: list[tuple[int, Any, str, bool]] = [
    (400, an_old_error(400, "invalidParameter"), "invalid-request", False),
    (401, an_old_error(401, "authError"), "unauthorized", False),
    (401, an_error(401, "UNAUTHENTICATED"), "unauthorized", False),
    (403, an_old_error(403, "forbidden"), "no-access", False),
    (403, an_error(403, "PERMISSION_DENIED", "User does not have sufficient permission"), "no-access", False),
    (403, an_old_error(403, "insufficientPermissions"), "scope-missing", False),
    (403, an_error(403, "PERMISSION_DENIED", reason="ACCESS_TOKEN_SCOPE_INSUFFICIENT"), "scope-missing", False),
    (
        403,
        an_error(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes."),
        "scope-missing",
        False,
    ),
    (403, an_old_error(403, "accessNotConfigured"), "api-disabled", False),
    (403, an_error(403, "PERMISSION_DENIED", reason="SERVICE_DISABLED"), "api-disabled", False),
    (403, an_old_error(403, "quotaExceeded"), "quota-exhausted", True),
    (403, an_old_error(403, "userRateLimitExceeded"), "rate-limited", True),
    (429, an_old_error(429, "rateLimitExceeded"), "rate-limited", True),
    (429, an_error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric"), "quota-exhausted", True),
    (429, "", "rate-limited", True),
    (404, an_old_error(404, "notFound"), "not-found", False),
    (404, "<title>Error 404 (Not Found)!!1</title>", "no-such-path", False),
    (500, an_old_error(500, "backendError"), "server-error", True),
    (502, "<title>Error 502 (Server Error)!!1</title>", "server-page", True),
    (418, "", "rejected", False),
    (301, "", "redirected", False),
    (200, "<html></html>", "not-the-api", False),
    (200, an_error(403, "PERMISSION_DENIED"), "error-in-success", False),
]


@pytest.mark.parametrize(("status", "body", "code", "retryable"), CODES)
def test_a_refusal_is_named_by_what_it_says(
    console: Recorded, status: int, body: Any, code: str, retryable: bool
) -> None:
    """Reasons of both generations lead to the same code."""
    exchange = an_exchange(status, body=body) if isinstance(body, str) else an_exchange(status, body)
    rule = classify(console.vendor.errors, exchange)

    assert rule is not None
    assert (rule.code, rule.retryable) == (code, retryable)


def test_nothing_from_400_up_goes_without_a_code(console: Recorded) -> None:
    """Every status has a rule, whatever its body is."""
    unnamed = [
        (status, body)
        for status in range(400, 600)
        for body in ("", "{}", "[]", "null", "<html></html>", '{"error": null}')
        if classify(console.vendor.errors, an_exchange(status, body=body)) is None
    ]

    assert unnamed == []


def test_a_property_is_encoded_whole_in_a_path_and_plain_in_a_body(console: Recorded) -> None:
    """The slashes of an address must not become slashes of the path."""
    get, inspect = ("https%3A%2F%2Fwww.example.com%2F", '"siteUrl":"https://www.example.com/"')
    texts = {
        name: (ROOT / "cassettes" / "search-console" / name / "ok.yaml").read_text().replace(" ", "")
        for name in ("sites.get", "url.inspect")
    }

    assert f"/sites/{get}" in texts["sites.get"]
    assert inspect in texts["url.inspect"]
