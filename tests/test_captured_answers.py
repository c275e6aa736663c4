"""Answers in hand, with nothing but the request line that led to them: what `provendor validate --request` says of them.

Whoever captured such an answer knows nothing of our operations, nor did they ask as we do: other hosts and versions, other
parameters, in another order. Each row is a request and an answer as the vendor truly sends it, or a broken one.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from provendor import requests
from provendor.recognise import find_operations
from provendor.run import applies
from provendor.validate import judge_answer
from recorded_answers import recorded

PROJECT = "https://abcdefghijklmnopqrst.supabase.co"
IDEA = {
    "id": "idea-001",
    "title": "Answer within the hour",
    "status": "pending_review",
    "rationale": None,
    "projected_impact": None,
    "priority": "high",
    "confidence": 0.85,
    "created_at": "2026-01-02T03:04:05.678901+00:00",
    "updated_at": "2026-01-02T03:04:05+00:00",
    "reviewer": None,
}
UNTITLED = {name: value for name, value in IDEA.items() if name != "title"}
LIST = f"GET {PROJECT}/rest/v1/idea_pool?select=*&order=created_at.desc,id.asc&limit=50"
FILTERED = f"GET {PROJECT}/rest/v1/idea_pool?status=eq.pending_review&select=*&order=created_at.desc"
ONE = f"GET {PROJECT}/rest/v1/idea_pool?id=eq.idea-001&select=*"
ADD = f"POST {PROJECT}/rest/v1/idea_pool"
CHANGE = f"PATCH {PROJECT}/rest/v1/idea_pool?id=eq.idea-007"
REMOVE = f"DELETE {PROJECT}/rest/v1/idea_pool?id=eq.idea-007"
CALL = f"POST {PROJECT}/rest/v1/rpc/monitor_agent_approval_queue"

META = "https://graph.facebook.com/v25.0"
COMMENT = {"id": "1_2", "message": "Nice", "created_time": "2026-11-20T09:30:00+0000"}
REPLY = {"id": "17870", "text": "Nice", "timestamp": "2026-11-20T09:30:00+0000"}
GRANT = {"token_type": "bearer", "expires_in": 7200, "access_token": "<access_token>", "scope": "tweet.read"}


def postgrest(code: str, details: str | None = None) -> dict[str, Any]:
    """A failure of PostgREST or of the database behind it."""
    return {"code": code, "details": details, "hint": None, "message": "words"}


ACCEPTED: list[tuple[str, str, int, Any]] = [
    *[("supabase", request, 200, [IDEA]) for request in (LIST, FILTERED, ONE)],
    *[("supabase", request, 200, []) for request in (LIST, FILTERED, ONE)],
    ("supabase", LIST, 206, [IDEA]),
    ("supabase", FILTERED, 206, [IDEA]),
    ("supabase", ONE, 200, IDEA),
    ("supabase", ONE, 406, postgrest("PGRST116", "The result contains 0 rows")),
    ("supabase", f"GET {PROJECT}/rest/v1/idea_pool?select=id&limit=1", 200, [{"id": "idea-001"}]),
    ("supabase", f"GET {PROJECT}/rest/v1/idea_pool?select=id&limit=1", 200, []),
    *[
        ("supabase", request, status, postgrest(code))
        for request in (LIST, FILTERED, ONE)
        for status, code in (
            *((400, "42703"), (400, "22P02"), (400, "PGRST100"), (401, "PGRST301"), (401, "PGRST303")),
            *((401, "42501"), (403, "42501"), (404, "42P01"), (404, "PGRST205"), (416, "PGRST103")),
            *((500, "57014"), (503, "PGRST002"), (504, "PGRST003")),
        )
    ],
    ("supabase", ADD, 201, ""),
    ("supabase", ADD, 201, [IDEA]),
    ("supabase", ADD, 201, IDEA),
    ("supabase", f"{ADD}?on_conflict=id", 200, [IDEA]),
    ("supabase", f"{ADD}?on_conflict=id", 201, []),
    ("supabase", f"{ADD}?columns=id,title", 201, ""),
    *[
        ("supabase", ADD, status, postgrest(code))
        for status, code in (
            (409, "23505"),
            (400, "23514"),
            (400, "23502"),
            (401, "42501"),
            (403, "42501"),
            (500, "21000"),
        )
    ],
    *[("supabase", request, 204, "") for request in (CHANGE, REMOVE)],
    *[("supabase", request, 200, [IDEA]) for request in (CHANGE, REMOVE)],
    *[("supabase", request, 200, []) for request in (CHANGE, REMOVE)],
    *[("supabase", request, 400, postgrest("PGRST124")) for request in (CHANGE, REMOVE)],
    *[("supabase", request, 401, postgrest("PGRST303")) for request in (CHANGE, REMOVE)],
    *[("supabase", CALL, 200, answer) for answer in (15, {"drafts": 3}, [{"id": 1}], [], '"ONLINE"')],
    ("supabase", CALL, 204, ""),
    ("supabase", CALL, 404, postgrest("PGRST202")),
    ("supabase", f"GET {PROJECT}/rest/v1/rpc/latest", 200, {"drafts": 3}),
    ("supabase", f"GET {PROJECT}/rest/v1/idea_pool/idea-007", 404, postgrest("PGRST125")),
    ("supabase", f"GET {PROJECT}/rest/v1/nothing/at_all", 404, {}),
    ("meta", f"GET {META}/123_456/comments?fields=id,message,created_time", 200, {"data": [COMMENT]}),
    ("meta", f"GET {META}/17841400000000000/comments?fields=id,text,timestamp", 200, {"data": [REPLY]}),
    ("meta", f"GET {META}/123/published_posts", 200, {"data": []}),
    ("x", "POST https://api.twitter.com/2/oauth2/token", 200, {**GRANT, "refresh_token": "<refresh_token>"}),
    ("x", "POST https://api.x.com/2/oauth2/token", 400, {"error": "invalid_grant"}),
    ("fly", "GET http://_api.internal:4280/v1/apps/my-app/machines", 200, []),
    ("zoho-crm", "GET https://www.zohoapis.eu/crm/v8/Leads?fields=Last_Name,Email&page=3", 204, ""),
]

REFUSED: list[tuple[str, str, int, Any]] = [
    *[("supabase", request, 200, [UNTITLED]) for request in (LIST, FILTERED, ONE, CHANGE, REMOVE)],
    *[("supabase", request, 200, [{**IDEA, "confidence": "0.85"}]) for request in (LIST, FILTERED, ONE)],
    *[("supabase", request, 200, {"data": [IDEA]}) for request in (LIST, FILTERED, ONE)],
    ("supabase", LIST, 200, IDEA),
    ("supabase", LIST, 200, postgrest("42501")),
    ("supabase", f"GET {PROJECT}/rest/v1/idea_pool?select=id&limit=1", 200, [{"id": 7}]),
    ("supabase", ADD, 201, [UNTITLED]),
    ("supabase", CHANGE, 200, ""),
    ("meta", f"GET {META}/123_456/comments?fields=id,message", 200, {"data": [{"message": "Nice"}]}),
    ("x", "POST https://api.x.com/2/oauth2/token", 200, {**GRANT, "expires_in": "7200"}),
    ("fly", "GET https://api.machines.dev/v1/apps/my-app/machines", 200, {"machines": []}),
    ("zoho-crm", "GET https://www.zohoapis.eu/crm/v8/Leads?fields=Last_Name", 200, {"data": []}),
]


def accepted(vendor: str, request: str, status: int, body: Any) -> bool:
    """Whether any case that such a request may be answered with accepts this answer."""
    method, _, url = request.partition(" ")
    ours = recorded(vendor)
    cases = [case for case in find_operations(ours.vendor, method, url).cases if status in case.expect.status]
    checks = {case.id: tuple(each for each in ours.checks if applies(each, case)) for case in cases}
    raw = (body if isinstance(body, str) else json.dumps(body)).encode()
    values = {vendor: requests.examples(ours.vendor)}
    return judge_answer(cases, status, None, raw, checks=checks, values=values).accepted


def table(rows: list[tuple[str, str, int, Any]]) -> list[Any]:
    """The rows as parameters whose names say what is tried."""
    return [pytest.param(*row, id=f"{row[0]} {row[1].partition('?')[0]} {row[2]} {n}") for n, row in enumerate(rows)]


@pytest.mark.parametrize(("vendor", "request_line", "status", "body"), table(ACCEPTED))
def test_what_a_vendor_truly_answers_is_accepted(vendor: str, request_line: str, status: int, body: Any) -> None:
    """However it was asked for."""
    assert accepted(vendor, request_line, status, body)


@pytest.mark.parametrize(("vendor", "request_line", "status", "body"), table(REFUSED))
def test_what_would_hurt_us_is_refused(vendor: str, request_line: str, status: int, body: Any) -> None:
    """By everything that such a request might have been."""
    assert not accepted(vendor, request_line, status, body)
