"""What a vendor answers whatever it was asked, each operation accepts: one row per answer, tried at every operation.

An operation that is added later is tried as well, so that nobody forgets to give it the sets of cases it needs.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import pytest

from provendor.contract import Operation
from provendor.validate import judge_answer
from recorded_answers import recorded

HTML = "<html><head><title>Bad Gateway</title></head></html>"


class Answer(NamedTuple):
    """An answer, and patterns of the operations that never give it."""

    status: int
    body: Any
    but_not: tuple[str, ...] = ()


def zoho(code: str, **details: Any) -> dict[str, Any]:
    """A refusal of Zoho CRM; it is told by its code."""
    return {"code": code, "details": details, "message": "words", "status": "error"}


def google(code: int, status: str, reason: str | None = None) -> dict[str, Any]:
    """A refusal of a Google API, in its newer form."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}]
    return {"error": {"code": code, "message": "words", "status": status, **({"details": details} if reason else {})}}


def older_google(code: int, reason: str) -> dict[str, Any]:
    """The same as Search Console still says it."""
    return {
        "error": {
            "errors": [{"domain": "global", "reason": reason, "message": "words"}],
            "code": code,
            "message": "words",
        }
    }


def x(kind: str, **more: Any) -> dict[str, Any]:
    """A problem as X puts it."""
    return {"title": "Words", "detail": "words", "type": f"https://api.x.com/2/problems/{kind}", **more}


def rpc(code: int, **more: Any) -> dict[str, Any]:
    """A JSON-RPC error."""
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "words", **more}}


def shopify(code: str | None, **more: Any) -> dict[str, Any]:
    """An error of GraphQL beside HTTP 200."""
    return {"errors": [{"message": "words", **({"extensions": {"code": code, **more}} if code else {})}]}


def meta(code: int, **more: Any) -> dict[str, Any]:
    """An error of the Graph API; its code decides."""
    return {"error": {"message": "words", "type": "OAuthException", "code": code, "fbtrace_id": "A1b2", **more}}


def postgrest(code: str) -> dict[str, Any]:
    """A failure of PostgREST or of the database behind it."""
    return {"code": code, "details": None, "hint": None, "message": "words"}


def failed_tool(text: str) -> dict[str, Any]:
    """What the Analytics program says when a tool did not do as it was told."""
    inside = {"type": "text", "text": json.dumps({"error": text})}
    return {"jsonrpc": "2.0", "id": 2, "result": {"content": [inside], "isError": True}}


def declined(code: str) -> dict[str, Any]:
    """A business outcome of a shop's tool."""
    document = {
        "ucp": {"version": "2026-04-08", "status": "error"},
        "messages": [{"type": "error", "code": code, "content": "words", "severity": "recoverable"}],
    }
    return {"jsonrpc": "2.0", "id": 1, "result": {"content": [], "structuredContent": document}}


ABSENT = ("health.up", "health.healthz", "health.rails")
TOKENS = ("tokens.*", "oauth.*")
UNSPOKEN = ("profile.get", "tools.list", "legacy.*")

SERVER = ("server.*", "tools.*")
COST = {
    "requestedQueryCost": 862,
    "actualQueryCost": None,
    "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 5, "restoreRate": 100.0},
}

EVERYWHERE: dict[str, list[Answer]] = {
    "chatwoot": [
        Answer(401, {"errors": ["You need to sign in or sign up before continuing."]}, ("health.*",)),
        Answer(401, {"error": "Invalid Access Token"}, ("health.*",)),
        Answer(403, {"error": "API access is not enabled for this account"}, ("health.*",)),
        Answer(429, "Retry later\n", ("health.web", *ABSENT)),
        Answer(500, {"status": 500, "error": "Internal Server Error"}, ABSENT),
        Answer(500, HTML, ABSENT),
        Answer(502, HTML, ABSENT),
    ],
    "fly": [
        Answer(401, {"error": "Authenticate: token validation error"}, ("regions.list",)),
        Answer(401, {"message": "Unauthorized"}, ("regions.list",)),
        Answer(403, {"error": "unauthorized"}, ("regions.list", "secrets.graphql")),
        Answer(404, "404 page not found", ("secrets.graphql",)),
        Answer(429, {"error": "rate limit exceeded"}),
        Answer(429, ""),
        Answer(500, {"error": "unknown"}),
        Answer(502, HTML),
    ],
    "google-analytics": [
        Answer(400, google(400, "INVALID_ARGUMENT"), TOKENS),
        Answer(401, google(401, "UNAUTHENTICATED", "CREDENTIALS_MISSING"), TOKENS),
        Answer(401, google(401, "UNAUTHENTICATED"), TOKENS),
        Answer(403, google(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), TOKENS),
        Answer(403, google(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), TOKENS),
        Answer(403, google(403, "PERMISSION_DENIED"), TOKENS),
        Answer(404, "<title>Error 404 (Not Found)!!1</title>", TOKENS),
        Answer(429, google(429, "RESOURCE_EXHAUSTED"), TOKENS),
        Answer(503, google(503, "UNAVAILABLE"), TOKENS),
        Answer(502, HTML),
    ],
    "analytics-mcp": [
        Answer(200, failed_tool("Failed to execute tool 'x': Your default credentials were not found."), SERVER),
        Answer(200, failed_tool("Failed to execute tool 'x': 403 User does not have permissions."), SERVER),
        Answer(200, failed_tool("Failed to execute tool 'x': 429 Exhausted property tokens."), SERVER),
        Answer(200, failed_tool("Failed to execute tool 'x': 503 The service is unavailable."), SERVER),
        Answer(200, failed_tool("Failed to execute tool 'x': Something else."), SERVER),
        Answer(200, failed_tool("Tool 'x' not implemented by this server."), SERVER),
        Answer(200, rpc(-32603), SERVER),
    ],
    "hootsuite": [
        Answer(
            400,
            {"errors": [{"code": 3005, "message": "words", "id": "00000157a0255d60-374d13", "resource": None}]},
            TOKENS,
        ),
        Answer(429, {"errors": [{"code": 1003, "message": "words"}]}),
        Answer(502, HTML),
        Answer(503, ""),
    ],
    "meta": [
        Answer(400, meta(190, error_subcode=463), TOKENS),
        Answer(401, meta(190), TOKENS),
        Answer(400, meta(4)),
        Answer(403, meta(200), TOKENS),
        Answer(400, meta(368), TOKENS),
        Answer(502, HTML),
        Answer(503, ""),
    ],
    "shopify": [
        Answer(200, shopify("undefinedField", typeName="Shop", fieldName="x")),
        Answer(200, shopify("INVALID_VARIABLE", value=None, problems=[{"path": [], "explanation": "words"}])),
        Answer(200, shopify("MAX_COST_EXCEEDED", cost=1450, maxCost=1000)),
        Answer(200, shopify("ACCESS_DENIED")),
        Answer(200, shopify("INTERNAL_SERVER_ERROR", requestId="1")),
        Answer(200, shopify("BAD_REQUEST")),
        Answer(200, shopify("RESOURCE_NOT_FOUND")),
        Answer(200, shopify("MAX_INPUT_SIZE_EXCEEDED")),
        Answer(200, shopify("SHOP_INACTIVE")),
        Answer(200, shopify("SOMETHING_NEW")),
        Answer(200, shopify(None)),
        Answer(200, {**shopify("THROTTLED"), "extensions": {"cost": COST}}),
        Answer(400, {"errors": {"query": "Required parameter missing or invalid"}}),
        *(Answer(status, {"errors": "words"}) for status in (401, 402, 403, 404, 423, 429, 500)),
        Answer(503, HTML),
    ],
    "supabase": [
        Answer(502, HTML, ("management.*",)),
        Answer(503, "upstream connect error or disconnect/reset before headers.", ("management.*",)),
        Answer(503, {"message": "name resolution failed"}, ("management.*",)),
        Answer(522, HTML),
        Answer(540, "", ("management.*",)),
    ],
    "publer": [
        Answer(401, {"errors": ["Unauthorized"]}),
        Answer(401, {"errors": ["Invalid API key or not active for this account."]}),
        Answer(403, {"errors": ["Invalid API key or not active for this account."]}),
        Answer(401, {"errors": ["You don't have access on this workspace"]}, ("users.me", "workspaces.list")),
        Answer(403, {"errors": ["Missing scope: posts"]}),
        Answer(404, {"errors": ["Not found"]}),
        Answer(429, {"error": "Rate limit exceeded. Retry later."}),
        Answer(500, {"errors": ["Something"]}),
        Answer(502, HTML),
    ],
    "search-console": [
        Answer(400, older_google(400, "badRequest"), TOKENS),
        Answer(401, older_google(401, "authError"), TOKENS),
        Answer(401, google(401, "UNAUTHENTICATED"), TOKENS),
        Answer(403, older_google(403, "forbidden"), TOKENS),
        Answer(403, older_google(403, "quotaExceeded"), TOKENS),
        Answer(403, google(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), TOKENS),
        Answer(404, "<title>Error 404 (Not Found)!!1</title>", TOKENS),
        Answer(429, older_google(429, "rateLimitExceeded"), TOKENS),
        Answer(503, older_google(503, "backendError"), TOKENS),
        Answer(502, HTML),
    ],
    "storefront-mcp": [
        Answer(403, HTML),
        Answer(429, "Too many"),
        Answer(502, ""),
        Answer(200, rpc(-32602), ("profile.get", "legacy.search")),
        Answer(200, rpc(-32603), ("profile.get", "legacy.search")),
        Answer(404, rpc(-32601), ("profile.get", "legacy.*")),
        Answer(400, rpc(-32600), ("profile.get", "legacy.search")),
        Answer(409, rpc(-32000), ("profile.get", "legacy.search")),
        Answer(200, rpc(-32000, data={"retry_after": 30}), ("profile.get", "legacy.search")),
        Answer(422, rpc(-32001, data={"code": "version_unsupported", "content": "words"}), ("profile.get", "legacy.*")),
        Answer(424, rpc(-32001, data={"code": "profile_unreachable", "content": "words"}), ("profile.get", "legacy.*")),
        Answer(200, declined("not_found"), UNSPOKEN),
        Answer(200, declined("out_of_stock"), UNSPOKEN),
        Answer(200, declined("address_undeliverable"), UNSPOKEN),
    ],
    "x": [
        Answer(400, x("invalid-request", errors=[{"parameters": {"id": ["1"]}, "message": "words"}])),
        Answer(401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}),
        Answer(402, x("credits", account_id=1585341984679469123), TOKENS),
        Answer(402, x("credits-depleted", status=402), TOKENS),
        Answer(403, x("unsupported-authentication", status=403), TOKENS),
        Answer(403, x("client-forbidden", reason="client-not-enrolled"), TOKENS),
        Answer(404, "", TOKENS),
        Answer(404, x("resource-not-found", status=404), TOKENS),
        Answer(409, x("conflict"), TOKENS),
        Answer(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}),
        Answer(429, x("usage-capped", period="Monthly", scope="Product"), TOKENS),
        Answer(503, x("internal-error", status=503)),
        Answer(503, ""),
    ],
    "zoho-crm": [
        Answer(302, "", TOKENS),
        Answer(400, zoho("INVALID_REQUEST_METHOD"), TOKENS),
        Answer(401, zoho("INVALID_TOKEN"), TOKENS),
        Answer(401, zoho("AUTHENTICATION_FAILURE"), TOKENS),
        Answer(401, zoho("OAUTH_SCOPE_MISMATCH"), TOKENS),
        Answer(403, zoho("NO_PERMISSION", permissions=["Crm_Implied_View_Leads"]), TOKENS),
        Answer(404, zoho("INVALID_URL_PATTERN"), TOKENS),
        Answer(429, zoho("TOO_MANY_REQUESTS"), TOKENS),
        Answer(500, zoho("INTERNAL_ERROR"), TOKENS),
        Answer(500, zoho("INTERNAL_SERVER_ERROR"), TOKENS),
        Answer(503, HTML),
    ],
}


def raw(body: Any) -> bytes:
    """Text as it is, anything else as JSON."""
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def accepted(operation: Operation, answer: Answer) -> bool:
    """Whether some case accepts it; only those of its status are tried, which are few."""
    rivals = [case for case in operation.cases if answer.status in case.expect.status]
    return judge_answer(rivals, answer.status, None, raw(answer.body)).accepted


@pytest.mark.parametrize("vendor", EVERYWHERE)
def test_every_operation_accepts_what_the_vendor_says_to_anything(vendor: str) -> None:
    """But those that never answer so, and they are named."""
    operations = recorded(vendor).vendor.operations
    refused = []
    for answer in EVERYWHERE[vendor]:
        asked = [name for name in operations if not any(fnmatchcase(name, pattern) for pattern in answer.but_not)]
        assert len(asked) > len(operations) / 2
        refused += [(name, answer.status, answer.body) for name in asked if not accepted(operations[name], answer)]

    assert refused == []
