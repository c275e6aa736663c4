"""What the X contract accepts and refuses: one row per answer, judged as `provendor validate` judges it.

Accepted is what X truly sends: both vocabularies, old answers with less, problems inside a 200, two families of errors.
Refused is an answer broken in a way that would hurt us.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from builders import an_exchange
from provendor.classify import classify
from provendor.contract import Vendor
from provendor.reader import loading
from provendor.validate import judge_answer

ROOT = Path(__file__).parents[1]
GONE = object()
PROBLEMS = "https://api.x.com/2/problems"
OLD_PROBLEMS = "https://api.twitter.com/2/problems"


@cache
def x() -> Vendor:
    """The contract as it stands in the repository."""
    return loading.load(ROOT, ["x"]).vendors["x"]


def accepts(operation: str, status: int, body: Any) -> bool:
    """Whether some case of the operation accepts this answer; text is sent as it is, anything else as JSON."""
    raw = body if isinstance(body, str) else json.dumps(body)
    return judge_answer(x().operations[operation].cases, status, None, raw.encode()).accepted


def but(value: Any, **changes: Any) -> Any:
    """The object with other members; GONE takes one away."""
    return {name: member for name, member in {**value, **changes}.items() if member is not GONE}


USER = {"id": "2244994945", "name": "Example Works", "username": "example_works"}
POST = {"id": "1585341984679469056", "text": "Hello", "edit_history_tweet_ids": ["1585341984679469056"]}
METRICS = {"retweet_count": 1, "reply_count": 0, "like_count": 2, "quote_count": 0}
NEW_METRICS = but(METRICS, retweet_count=GONE, repost_count=1, bookmark_count=0, impression_count=9)
META = {"newest_id": POST["id"], "oldest_id": POST["id"], "result_count": 1, "next_token": "b26v89"}
PAGE = {"data": [POST], "meta": META}
MISSING = {
    "value": "1",
    "detail": "Could not find tweet with id: [1].",
    "title": "Not Found Error",
    "resource_type": "tweet",
    "parameter": "id",
    "resource_id": "1",
    "type": f"{OLD_PROBLEMS}/resource-not-found",
}
PROTECTED = but(MISSING, title="Authorization Error", section="data", type=f"{PROBLEMS}/not-authorized-for-resource")
UNAUTHORIZED = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
INVALID = {
    "errors": [{"parameters": {"id": [":id"]}, "message": "not valid"}],
    "title": "Invalid Request",
    "detail": "A parameter was invalid.",
    "type": f"{OLD_PROBLEMS}/invalid-request",
}
BUSY = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
BUSY_FIRST = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
CREDITS = {"detail": "none", "status": 402, "title": "Payment Required", "type": f"{PROBLEMS}/credits-depleted"}
APP_ONLY = {"title": "Unsupported", "detail": "No", "type": f"{OLD_PROBLEMS}/unsupported-authentication", "status": 403}
NO_PROJECT = {
    "client_id": "1",
    "detail": "No project.",
    "registration_url": "https://example.com",
    "title": "Client Forbidden",
    "required_enrollment": "Standard Basic",
    "reason": "client-not-enrolled",
    "type": f"{OLD_PROBLEMS}/client-forbidden",
}
USAGE = {"project_id": "1369785403853424123", "project_cap": "3000000", "project_usage": "1", "cap_reset_day": 4}
DAYS = {"usage": [{"date": "2026-11-19", "usage": 1}, {"date": "2026-11-20T00:00:00.000Z", "usage": "2"}]}
TOKEN = {"token_type": "bearer", "expires_in": 7200, "access_token": "<access_token>", "scope": "tweet.read"}

ACCEPTED: list[tuple[str, str, int, Any]] = [
    ("a user as it comes unasked", "users.me", 200, {"data": USER}),
    ("a field nobody knows yet", "users.me", 200, {"data": but(USER, mood="well")}),
    (
        "metrics in old words",
        "users.me",
        200,
        {
            "data": but(
                USER,
                public_metrics={"followers_count": 1, "following_count": 1, "tweet_count": 1, "listed_count": 0},
            )
        },
    ),
    (
        "metrics in new words",
        "users.me",
        200,
        {
            "data": but(
                USER,
                public_metrics={
                    "followers_count": 1,
                    "following_count": 1,
                    "post_count": 1,
                    "listed_count": 0,
                    "like_count": None,
                    "media_count": None,
                },
            )
        },
    ),
    ("a pinned post that is gone", "users.me", 200, {"data": USER, "errors": [MISSING]}),
    ("a post before edits existed", "posts.create", 201, {"data": but(POST, edit_history_tweet_ids=GONE)}),
    ("a post in old words", "posts.create", 201, {"data": POST}),
    (
        "a post in new words",
        "posts.create",
        201,
        {"data": but(POST, edit_history_tweet_ids=GONE, edit_history_post_ids=[POST["id"]])},
    ),
    ("a deletion", "posts.delete", 200, {"data": {"deleted": True}}),
    ("old metrics of a post", "posts.get", 200, {"data": but(POST, public_metrics=METRICS)}),
    ("new metrics of a post", "posts.get", 200, {"data": but(POST, public_metrics=NEW_METRICS)}),
    (
        "old references",
        "posts.get",
        200,
        {"data": but(POST, referenced_tweets=[{"type": "quoted", "id": "1"}]), "includes": {"tweets": [POST]}},
    ),
    (
        "new references",
        "posts.get",
        200,
        {"data": but(POST, referenced_posts=[{"type": "retweeted", "id": "1"}]), "includes": {"posts": [POST]}},
    ),
    ("a post of a picture alone", "posts.get", 200, {"data": but(POST, text="")}),
    ("metrics of early 2023", "posts.get", 200, {"data": but(POST, public_metrics=but(METRICS, impression_count=7))}),
    ("a missing post of 2020", "posts.get", 200, {"errors": [but(MISSING, resource_id=GONE, parameter=GONE)]}),
    ("a thing of a kind nobody knows yet", "posts.get", 200, {"errors": [but(MISSING, resource_type="sticker")]}),
    (
        "a problem of no thing",
        "posts.get",
        200,
        {"errors": [{"type": f"{PROBLEMS}/internal-error", "title": "Failed", "detail": "Try later"}]},
    ),
    ("another kind of account", "users.me", 200, {"data": but(USER, verified_type="parody", description="", url=None)}),
    ("a missing post inside a 200", "posts.get", 200, {"errors": [MISSING]}),
    ("a protected post inside a 200", "posts.get", 200, {"errors": [PROTECTED]}),
    ("some missing", "posts.lookup", 200, {"data": [POST], "errors": [MISSING]}),
    ("a page", "posts.search", 200, PAGE),
    ("the last page", "posts.search", 200, but(PAGE, meta=but(META, next_token=GONE))),
    ("no result", "posts.search", 200, {"meta": {"result_count": 0}}),
    ("no result, and more to come", "mentions.list", 200, {"meta": {"result_count": 0, "next_token": "b26"}}),
    ("usage in text", "usage.get", 200, {"data": USAGE}),
    ("usage by day", "usage.get", 200, {"data": but(USAGE, daily_project_usage=DAYS, daily_client_app_usage=[])}),
    ("usage in numbers", "usage.get", 200, {"data": but(USAGE, project_cap=3000000, project_usage=1)}),
    ("an app-only token", "tokens.app", 200, {"token_type": "bearer", "access_token": "<access_token>"}),
    ("a user's tokens", "tokens.refresh", 200, but(TOKEN, refresh_token="<refresh_token>")),
    ("an invalid request without a status", "posts.get", 400, INVALID),
    ("not signed in", "mentions.list", 401, UNAUTHORIZED),
    ("not signed in, as in version 1", "posts.get", 401, {"errors": [{"code": 89, "message": "Invalid token"}]}),
    ("no credits", "posts.search", 402, CREDITS),
    (
        "no credits, and a number of 19 digits",
        "posts.create",
        402,
        '{"title":"CreditsDepleted","type":"https://api.x.com/2/problems/credits","account_id":1585341984679469123}',
    ),
    ("an app-only token at me", "users.me", 403, APP_ONLY),
    ("an app without a project", "posts.search", 403, NO_PROJECT),
    ("an endpoint that is not rolled out", "posts.lookup", 404, ""),
    ("too many requests", "posts.search", 429, BUSY),
    ("too many requests, as in version 1", "mentions.list", 429, BUSY_FIRST),
    ("the wrong key", "tokens.app", 403, {"errors": [{"code": 99, "label": "x", "message": "Unable to verify"}]}),
    ("an app that may not write", "posts.create", 403, but(APP_ONLY, type=f"{PROBLEMS}/oauth1-permissions")),
    ("an app-only token at a search", "posts.search", 403, APP_ONLY),
    ("no such thing, as a status", "users.me", 404, but(MISSING, status=404)),
    ("no such thing, as in version 1", "usage.get", 404, {"errors": [{"code": 34, "message": "No such page"}]}),
    ("already under way", "posts.create", 409, but(BUSY, title="Conflict", type=f"{PROBLEMS}/conflict", status=409)),
    ("a grant that is not known", "tokens.refresh", 400, {"error": "unsupported_grant_type"}),
    ("a scope that is not known", "tokens.exchange", 400, {"error": "invalid_scope", "error_description": "x"}),
    ("a client that is not known", "tokens.refresh", 401, UNAUTHORIZED),
    ("X is down", "users.me", 503, but(BUSY, title="Service Unavailable", status=503)),
    ("a page of a proxy", "users.me", 502, "<html></html>"),
]

REFUSED: list[tuple[str, str, int, Any]] = [
    *[(f"a user without {name}", "users.me", 200, {"data": but(USER, **{name: GONE})}) for name in USER],
    *[(f"a user with {name} empty", "users.me", 200, {"data": but(USER, **{name: ""})}) for name in USER],
    *[(f"a user with {name} null", "users.me", 200, {"data": but(USER, **{name: None})}) for name in USER],
    ("an id as a number", "users.me", 200, {"data": but(USER, id=2244994945)}),
    ("a user without an envelope", "users.me", 200, USER),
    ("a created post under 200", "posts.create", 200, {"data": POST}),
    ("a created post without id", "posts.create", 201, {"data": but(POST, id=GONE)}),
    ("a created post without text", "posts.create", 201, {"data": but(POST, text=GONE)}),
    ("an id that was a number once", "posts.create", 201, {"data": but(POST, id="1.585341984679469e18")}),
    ("a deletion that is none", "posts.delete", 200, {"data": {"deleted": False}}),
    ("a deletion in words", "posts.delete", 200, {"data": {"deleted": "true"}}),
    ("a deletion under 204", "posts.delete", 204, ""),
    (
        "metrics in neither vocabulary",
        "posts.get",
        200,
        {"data": but(POST, public_metrics=but(METRICS, retweet_count=GONE))},
    ),
    ("a negative count", "posts.get", 200, {"data": but(POST, public_metrics=but(METRICS, like_count=-1))}),
    ("a count as text", "posts.get", 200, {"data": but(POST, public_metrics=but(METRICS, like_count="2"))}),
    (
        "bookmarks without views",
        "posts.get",
        200,
        {"data": but(POST, public_metrics=but(METRICS, bookmark_count=1))},
    ),
    ("a post that was never written", "posts.get", 200, {"data": but(POST, edit_history_tweet_ids=[])}),
    ("a missing thing of no kind", "posts.lookup", 200, {"data": [POST], "errors": [but(MISSING, resource_type=GONE)]}),
    ("a code below zero", "posts.search", 429, {"errors": [{"code": -88, "message": "Rate limit exceeded"}]}),
    ("an unknown reference", "posts.get", 200, {"data": but(POST, referenced_posts=[{"type": "liked", "id": "1"}])}),
    ("a time that is none", "posts.get", 200, {"data": but(POST, created_at="yesterday")}),
    ("a post in a list", "posts.get", 200, {"data": [POST]}),
    ("posts that are no list", "posts.lookup", 200, {"data": POST}),
    ("a page without meta", "posts.search", 200, but(PAGE, meta=GONE)),
    ("a page without data", "posts.search", 200, but(PAGE, data=GONE)),
    ("a page under another name", "posts.search", 200, {"posts": [POST], "meta": META}),
    ("a page without its newest id", "mentions.list", 200, but(PAGE, meta=but(META, newest_id=GONE))),
    ("a count of a page as text", "mentions.list", 200, but(PAGE, meta=but(META, result_count="1"))),
    ("an empty token", "mentions.list", 200, but(PAGE, meta=but(META, next_token=""))),
    ("a second post without id", "posts.search", 200, but(PAGE, data=[POST, but(POST, id=GONE)])),
    ("a refusal as a success", "users.me", 200, UNAUTHORIZED),
    ("an invalid request as a success", "posts.get", 200, INVALID),
    ("codes of version 1 as a success", "posts.search", 200, BUSY_FIRST),
    ("a problem without a type inside a 200", "posts.get", 200, {"errors": [but(MISSING, type=GONE)]}),
    ("usage without its cap", "usage.get", 200, {"data": but(USAGE, project_cap=GONE)}),
    (
        "usage of a day that is none",
        "usage.get",
        200,
        {"data": but(USAGE, daily_project_usage={"usage": [{"date": "19/11/2026", "usage": "1"}]})},
    ),
    ("usage that is no number", "usage.get", 200, {"data": but(USAGE, project_usage="many")}),
    ("a grant refused under no name", "tokens.refresh", 400, {"error": "oops"}),
    ("a conflict that names another status", "posts.create", 409, but(BUSY, type=f"{PROBLEMS}/conflict")),
    ("a token of another kind", "tokens.app", 200, {"token_type": "mac", "access_token": "<access_token>"}),
    ("a refresh without the next token", "tokens.refresh", 200, TOKEN),
    ("a refusal without a title", "posts.get", 401, but(UNAUTHORIZED, title=GONE)),
    ("a refusal that names another status", "posts.get", 403, UNAUTHORIZED),
    ("an invalid request under another status", "posts.create", 500, INVALID),
    ("no credits under another status", "posts.search", 429, CREDITS),
    ("an app without a project under 401", "posts.search", 401, NO_PROJECT),
    ("a rate limit under 403", "posts.search", 403, BUSY_FIRST),
    ("a code as text", "posts.search", 429, {"errors": [{"code": "88", "message": "Rate limit exceeded"}]}),
    ("an unknown reason", "posts.search", 403, but(NO_PROJECT, reason="bogus")),
    ("a type from elsewhere", "posts.get", 403, but(APP_ONLY, type="https://example.com/problems/x")),
    ("a success under 500", "posts.create", 500, {"data": POST}),
    ("half an answer", "posts.search", 200, json.dumps(PAGE)[:90]),
    ("half an answer under 503", "posts.search", 503, json.dumps(BUSY)[:30]),
]


@pytest.mark.parametrize(
    ("operation", "status", "body"), [row[1:] for row in ACCEPTED], ids=[f"{row[1]}-{row[0]}" for row in ACCEPTED]
)
def test_the_contract_accepts_what_x_truly_sends(operation: str, status: int, body: Any) -> None:
    """Each of these comes from X, before or after it renamed what it answers."""
    assert accepts(operation, status, body)


@pytest.mark.parametrize(
    ("operation", "status", "body"), [row[1:] for row in REFUSED], ids=[f"{row[1]}-{row[0]}" for row in REFUSED]
)
def test_the_contract_refuses_what_would_hurt_us(operation: str, status: int, body: Any) -> None:
    """Each of these is a true answer with one thing broken."""
    assert not accepts(operation, status, body)


CODES = [
    (200, {"data": USER, "errors": [MISSING]}, "partial-answer", False),
    (200, {"errors": [MISSING]}, "not-found", False),
    (200, {"errors": [PROTECTED]}, "protected", False),
    (200, {"errors": [but(MISSING, type=f"{PROBLEMS}/disallowed-resource")]}, "nothing-shown", False),
    (302, "", "redirected", False),
    (400, INVALID, "invalid-request", False),
    (401, UNAUTHORIZED, "unauthorized", False),
    (402, "", "credits-depleted", False),
    (402, but(CREDITS, type=f"{OLD_PROBLEMS}/credits", title="CreditsDepleted"), "credits-depleted", False),
    (403, APP_ONLY, "wrong-kind-of-token", False),
    (403, NO_PROJECT, "client-forbidden", False),
    (403, {"errors": [{"code": 99, "message": "x"}]}, "wrong-credentials", False),
    (403, {"errors": [{"code": 453, "message": "x"}]}, "forbidden", False),
    (404, "", "not-rolled-out", False),
    (404, but(BUSY, title="Not Found", status=404), "not-found", False),
    (409, "", "conflict", False),
    (429, BUSY, "rate-limited", True),
    (429, BUSY_FIRST, "rate-limited", True),
    (429, but(BUSY, type=f"{OLD_PROBLEMS}/usage-capped"), "usage-capped", False),
    (415, "", "rejected", False),
    (500, but(BUSY, type=f"{PROBLEMS}/internal-error", status=500), "vendor-down", True),
    (503, "<html></html>", "vendor-down", True),
]


@pytest.mark.parametrize(("status", "body", "code", "retryable"), CODES)
def test_a_refusal_is_named_by_what_it_says(status: int, body: Any, code: str, retryable: bool) -> None:
    """The type of a problem decides before the status does, whichever host it names."""
    exchange = an_exchange(status, body=body) if isinstance(body, str) else an_exchange(status, body)
    rule = classify(x().errors, exchange)

    assert rule is not None
    assert (rule.code, rule.retryable) == (code, retryable)


def test_a_failed_post_is_never_said_to_be_retryable() -> None:
    """There is no idempotency key: after a 5xx the post may exist."""
    exchange = an_exchange(503, body="")
    rule = classify(x().operations["posts.create"].errors, exchange)

    assert rule is not None
    assert (rule.code, rule.retryable) == ("outcome-unknown", False)


def test_nothing_from_300_up_goes_without_a_code() -> None:
    """Every status has a rule, whatever its body is."""
    bodies = ("", "{}", "[]", "null", "<html></html>")
    unnamed = [n for n in range(300, 600) for body in bodies if classify(x().errors, an_exchange(n, body=body)) is None]

    assert unnamed == []


def test_no_probe_costs_a_read() -> None:
    """Searches and lookups are charged by the post; only the identity and the usage are asked every few minutes."""
    assert {each.id for each in x().operations.values() if each.probe} == {"users.me", "usage.get"}
