"""What the Meta contract accepts and refuses: one row per answer, judged as `provendor validate` judges it.

Accepted is what the Graph API truly sends: old answers, absent members, objects for numbers, refusals under odd statuses.
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


@cache
def meta() -> Vendor:
    """The contract as it stands in the repository."""
    return loading.load(ROOT, ["meta"]).vendors["meta"]


def accepts(operation: str, status: int, body: Any) -> bool:
    """Whether some case of the operation accepts this answer; text is sent as it is, anything else as JSON."""
    raw = body if isinstance(body, str) else json.dumps(body)
    return judge_answer(meta().operations[operation].cases, status, None, raw.encode()).accepted


def but(value: Any, **changes: Any) -> Any:
    """The object with other members; GONE takes one away."""
    return {name: member for name, member in {**value, **changes}.items() if member is not GONE}


def err(code: Any, subcode: Any = GONE, **more: Any) -> dict[str, Any]:
    """An error as the Graph API sends it."""
    members = {"message": "what happened", "type": "OAuthException", "code": code, "error_subcode": subcode, **more}
    return {"error": but(members, fbtrace_id="A+b/c")}


def of(*items: Any, **more: Any) -> dict[str, Any]:
    """A list as the Graph API sends it."""
    return {"data": list(items), **more}


ME = {"id": "108824017345866", "name": "Example Works"}
DEBUG = {
    "app_id": "123456789012345",
    "type": "PAGE",
    "application": "Dashboard",
    "expires_at": 0,
    "is_valid": True,
    "scopes": ["read_insights"],
    "user_id": "122100000000001",
}
ACCOUNT = {"id": "108824017345866", "name": "Example Works", "access_token": "<access_token>", "category": "Shop"}
POST = {"id": "108824017345866_1", "created_time": "2021-07-04T19:50:58+0000", "message": "Hello"}
INSIGHT = {
    "id": "108824017345866/insights/page_follows/day",
    "name": "page_follows",
    "period": "day",
    "values": [{"value": 3, "end_time": "2023-03-08T08:00:00+0000"}],
    "title": None,
    "description": "What it counts.",
}
LIFETIME = but(INSIGHT, period="lifetime", values=[{"value": 431}])
TOTAL = but(INSIGHT, values=GONE, total_value={"value": 5})
BREAKDOWN = {"dimension_keys": ["country"], "results": [{"dimension_values": ["PT"], "value": 2}]}
COMMENT = {"id": "1_2", "message": "Lovely", "created_time": "2026-11-19T10:00:00+0000"}
IG_COMMENT = {"id": "17881770991003328", "text": "Lovely", "timestamp": "2026-11-19T10:00:00+0000"}
CONTAINER = {"id": "17889455560051444", "status_code": "FINISHED", "status": "Finished: ready."}
QUOTA = {"quota_usage": 0, "config": {"quota_total": 25, "quota_duration": 86400}}
EXTENDED = {"access_token": "<access_token>", "token_type": "bearer", "expires_in": 5184000}

ACCEPTED: list[tuple[str, str, int, Any]] = [
    ("who it is", "identity.me", 200, ME),
    ("a token that does not end", "tokens.debug", 200, {"data": DEBUG}),
    (
        "an answer of years ago",
        "tokens.debug",
        200,
        {"data": but(DEBUG, app_id=138483919, user_id=1207059, type=GONE, expires_at=1352419328)},
    ),
    ("an app's token", "tokens.debug", 200, {"data": but(DEBUG, type="APP", expires_at=GONE, user_id=GONE)}),
    ("a token that is not valid", "tokens.debug", 200, {"data": {"is_valid": False, "scopes": []}}),
    ("a longer token", "tokens.extend", 200, EXTENDED),
    ("a token without an end", "tokens.extend", 200, but(EXTENDED, expires_in=GONE)),
    ("a page", "pages.list", 200, of(ACCOUNT, paging={"cursors": {"before": "a", "after": "b"}})),
    ("a new post", "posts.create", 200, {"id": "108824017345866_1"}),
    ("a photo without text", "posts.list", 200, of(but(POST, message=GONE))),
    ("a post with its shares", "posts.list", 200, of(but(POST, shares={"count": 2}, status_type="a_new_type"))),
    ("a last page with a way back only", "posts.list", 200, of(POST, paging={"previous": "https://example.com/"})),
    ("no posts", "posts.list", 200, of()),
    ("values over time", "insights.page", 200, of(INSIGHT)),
    ("values by place", "insights.page", 200, of(but(LIFETIME, values=[{"value": {"Lisbon, Portugal": 1}}]))),
    ("a lifetime value without a time", "insights.post", 200, of(LIFETIME)),
    ("no data", "insights.page", 200, of(paging={"previous": "https://example.com/", "next": "https://example.com/"})),
    ("one total", "instagram.insights", 200, of(TOTAL)),
    ("a total by country", "instagram.insights", 200, of(but(TOTAL, total_value={"breakdowns": [BREAKDOWN]}))),
    ("a comment of somebody unknown", "comments.list", 200, of(COMMENT)),
    ("comments without ids", "comments.list", 200, of(but(COMMENT, id=GONE), but(COMMENT, id=GONE))),
    ("an Instagram comment", "instagram.comments", 200, of(IG_COMMENT)),
    ("an Instagram comment with replies", "instagram.comments", 200, of(but(IG_COMMENT, replies=of({"id": "1"})))),
    ("a finished container", "instagram.container", 200, CONTAINER),
    (
        "a container in other words",
        "instagram.container",
        200,
        but(CONTAINER, status_code="IN_PROGRESS", status="in_progress"),
    ),
    ("a failed container", "instagram.container", 200, but(CONTAINER, status_code="ERROR", status="2207026")),
    ("an expired container", "instagram.container", 200, but(CONTAINER, status_code="EXPIRED", status=GONE)),
    ("a token that may do nothing", "tokens.debug", 200, {"data": but(DEBUG, scopes=[], granular_scopes=[])}),
    ("a comment without words", "instagram.comments", 200, of(but(IG_COMMENT, text=""))),
    ("a total broken down into nothing", "instagram.insights", 200, of(but(TOTAL, total_value={"breakdowns": []}))),
    ("a quota without its total", "instagram.quota", 200, of(but(QUOTA, config=GONE))),
    ("an old quota", "instagram.quota", 200, of(QUOTA)),
    ("a new quota", "instagram.quota", 200, of(but(QUOTA, config={"quota_total": 100, "quota_duration": 86400}))),
    ("an expired token", "posts.list", 400, err(190, 463)),
    ("an expired token, years ago", "identity.me", 400, {"error": but(err(190)["error"], fbtrace_id=GONE)}),
    ("a token that was idle", "pages.list", 400, err(190, 493)),
    ("the app's limit under 403", "identity.me", 403, err(4, is_transient=True)),
    ("the page's limit", "posts.create", 400, err(80001)),
    ("a permission", "comments.list", 403, err(200)),
    ("a removed metric", "insights.page", 400, err(100)),
    ("too early", "instagram.publish", 400, err(9007, 2207027, is_transient=False, error_user_title="Aún no")),
    ("media that cannot be fetched", "instagram.create_container", 400, err(9004, 2207052)),
    ("a code that is new", "instagram.publish", 400, err(36003, type="IGApiException")),
    ("a code below zero", "instagram.publish", 400, err(-1, 2207032, is_transient=False)),
    ("an error without words, of a new kind", "posts.list", 400, err(190, message="", type="NewException")),
    ("a failure that stays", "instagram.create_container", 400, err(1, 2207001, is_transient=False)),
    ("a failure of theirs", "posts.list", 500, err(2, is_transient=True)),
    ("a used code", "tokens.instagram", 400, {"error_type": "OAuthException", "code": 400, "error_message": "used"}),
]

REFUSED: list[tuple[str, str, int, Any]] = [
    *[
        (f"a page without its {name}", "pages.list", 200, of(but(ACCOUNT, **{name: GONE})))
        for name in list(ACCOUNT)[:3]
    ],
    *[(f"a page with {name} empty", "pages.list", 200, of(but(ACCOUNT, **{name: ""}))) for name in list(ACCOUNT)[:3]],
    *[
        (f"an insight without {name}", "insights.page", 200, of(but(INSIGHT, **{name: GONE})))
        for name in list(INSIGHT)[:4]
    ],
    *[
        (f"an Instagram comment without {name}", "instagram.comments", 200, of(but(IG_COMMENT, **{name: GONE})))
        for name in IG_COMMENT
    ],
    ("an id as a number", "identity.me", 200, but(ME, id=108824017345866)),
    ("nobody", "identity.me", 200, but(ME, name=None)),
    ("a token without its end", "tokens.debug", 200, {"data": but(DEBUG, expires_at=GONE)}),
    ("an end that is null", "tokens.debug", 200, {"data": but(DEBUG, expires_at=None)}),
    ("an end in milliseconds", "tokens.debug", 200, {"data": but(DEBUG, expires_at=1795132800000)}),
    ("a validity in words", "tokens.debug", 200, {"data": but(DEBUG, is_valid="true")}),
    ("scopes in one text", "tokens.debug", 200, {"data": but(DEBUG, scopes="read_insights")}),
    ("a token in a list", "tokens.debug", 200, of(DEBUG)),
    ("an empty token", "tokens.extend", 200, but(EXTENDED, access_token="")),
    ("an end in words", "tokens.extend", 200, but(EXTENDED, expires_in="5184000")),
    ("a post that has no id", "posts.create", 200, {"id": ""}),
    ("a post under 201", "posts.create", 201, {"id": "1_1"}),
    ("a post without time", "posts.list", 200, of(but(POST, created_time=GONE))),
    ("a time that is none", "posts.list", 200, of(but(POST, created_time="yesterday"))),
    ("a time in seconds", "posts.list", 200, of(but(POST, created_time=1625428258))),
    ("posts by id", "posts.list", 200, {"108824017345866_1": POST}),
    ("posts that are no list", "posts.list", 200, {"data": POST}),
    ("an empty way on", "posts.list", 200, of(POST, paging={"next": ""})),
    ("shares without a count", "posts.list", 200, of(but(POST, shares={}))),
    ("an unknown period", "insights.page", 200, of(but(INSIGHT, period="fortnight"))),
    ("a day without its time", "insights.page", 200, of(but(INSIGHT, values=[{"value": 3}]))),
    (
        "a value in words",
        "insights.page",
        200,
        of(but(INSIGHT, values=[{"value": "3", "end_time": POST["created_time"]}])),
    ),
    ("a value that is none", "insights.post", 200, of(but(LIFETIME, values=[{"value": None}]))),
    ("a total of nothing", "instagram.insights", 200, of(but(TOTAL, total_value={}))),
    ("one comment that lost its id", "comments.list", 200, of(COMMENT, but(COMMENT, id=GONE))),
    ("a comment without text", "comments.list", 200, of(but(COMMENT, message=GONE))),
    ("an unknown status code", "instagram.container", 200, but(CONTAINER, status_code="DONE")),
    ("a container without its code", "instagram.container", 200, but(CONTAINER, status_code=GONE)),
    ("a code in small letters", "instagram.container", 200, but(CONTAINER, status_code="finished")),
    ("a quota without its use", "instagram.quota", 200, of(but(QUOTA, quota_usage=GONE))),
    ("no quota at all", "instagram.quota", 200, of()),
    ("nothing was deleted", "posts.delete", 200, {"success": False}),
    ("an error as a success", "posts.list", 200, err(190, 463)),
    ("an error beside data", "posts.list", 200, {**of(POST), **err(2)}),
    ("an error without its code", "posts.list", 400, err(GONE)),
    ("a code as text", "posts.list", 400, err("190", 463)),
    ("a subcode as text", "posts.list", 400, err(190, "463")),
    ("an error without its type", "posts.list", 400, err(190, type=GONE)),
    ("an error outside its envelope", "posts.list", 400, err(190)["error"]),
    ("an error in a list", "posts.list", 400, [err(190)]),
    ("a token's end as an outage", "posts.list", 500, err(190, 463)),
    ("throttling as an outage", "posts.list", 500, err(4)),
    ("a used code without its kind", "tokens.instagram", 400, {"code": 400, "error_message": "used"}),
    ("half an answer", "posts.list", 200, json.dumps(of(POST))[:50]),
    ("a page of HTML", "identity.me", 200, "<html></html>"),
]


@pytest.mark.parametrize(
    ("operation", "status", "body"), [row[1:] for row in ACCEPTED], ids=[f"{row[1]}-{row[0]}" for row in ACCEPTED]
)
def test_the_contract_accepts_what_meta_truly_sends(operation: str, status: int, body: Any) -> None:
    """Each of these comes from some version of the Graph API."""
    assert accepts(operation, status, body)


@pytest.mark.parametrize(
    ("operation", "status", "body"), [row[1:] for row in REFUSED], ids=[f"{row[1]}-{row[0]}" for row in REFUSED]
)
def test_the_contract_refuses_what_would_hurt_us(operation: str, status: int, body: Any) -> None:
    """Each of these is a true answer with one thing broken."""
    assert not accepts(operation, status, body)


CODES = [
    *[(190, subcode, "token-invalid", False) for subcode in (458, 459, 460, 463, 464, 467, 492, 493)],
    *[(code, GONE, "throttled", True) for code in (4, 17, 32, 613, 80000, 80001, 80004)],
    *[(code, GONE, "permission-missing", False) for code in (3, 10, 200, 283, 299)],
    (102, GONE, "token-invalid", False),
    (100, GONE, "invalid-request", False),
    (100, 33, "invalid-request", False),
    (2500, GONE, "invalid-request", False),
    (341, GONE, "app-limit", False),
    (368, GONE, "policy-block", False),
    (506, GONE, "duplicate-text", False),
    (1609005, GONE, "bad-link", False),
    (9004, 2207052, "media-not-fetched", False),
    (9007, 2207027, "not-ready", True),
    (1, GONE, "temporary", True),
    (2, GONE, "temporary", True),
    (300, GONE, "rejected", False),
]


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(("code", "subcode", "named", "retryable"), CODES)
def test_a_refusal_is_named_by_its_code(status: int, code: int, subcode: Any, named: str, retryable: bool) -> None:
    """The status says little, and is_transient cannot be trusted: the code decides."""
    rule = classify(meta().errors, an_exchange(status, err(code, subcode, is_transient=code == 4)))

    assert rule is not None
    assert (rule.code, rule.retryable) == (named, retryable)


def test_code_1_with_a_subcode_that_is_not_transient_is_not_tried_again() -> None:
    """Only all three together say that waiting does not help."""
    lasting = classify(meta().errors, an_exchange(400, err(1, 2207001, is_transient=False)))
    passing = classify(meta().errors, an_exchange(400, err(1, 2207001, is_transient=True)))

    assert lasting is not None
    assert passing is not None
    assert (lasting.code, lasting.retryable, passing.code) == ("unknown-error", False, "temporary")


@pytest.mark.parametrize("operation", ["posts.create", "instagram.publish"])
def test_what_may_have_been_published_is_not_retried(operation: str) -> None:
    """There is no idempotency key: after a failure of theirs the post may exist."""
    rules = meta().operations[operation].errors
    failures = [an_exchange(503, body=""), an_exchange(400, err(2, is_transient=True))]
    named = [rule and (rule.code, rule.retryable) for rule in (classify(rules, each) for each in failures)]

    assert named == [("outcome-unknown", False)] * 2


def test_nothing_from_300_up_goes_without_a_code() -> None:
    """Every status has a rule, whatever its body is."""
    bodies = ("", "{}", "[]", "null", "<html></html>", '{"error": null}')
    unnamed = [
        (n, body)
        for n in range(300, 600)
        for body in bodies
        if classify(meta().errors, an_exchange(n, body=body)) is None
    ]

    assert unnamed == []


def test_no_probe_writes() -> None:
    """What production is asked all day only reads who the token is."""
    assert {each.id for each in meta().operations.values() if each.probe} == {"identity.me", "tokens.debug"}
