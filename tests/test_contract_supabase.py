"""What the Supabase contract accepts and refuses: one row per answer, judged as `provendor validate` judges it.

Accepted is what some server truly sends: both generations of PostgREST, nulls, more fields, gateways that know no code.
Refused is an answer broken in a way that would hurt us.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from provendor import cassette
from provendor.contract import Case, Vendor
from provendor.exchange import Headers
from provendor.reader import loading
from provendor.validate import judge_answer

ROOT = Path(__file__).parents[1]
GONE = object()

IDEA = {
    "id": "idea-001",
    "title": "Answer within the hour",
    "status": "draft",
    "rationale": None,
    "projected_impact": None,
    "priority": "high",
    "confidence": 0.85,
    "created_at": "2026-01-02T03:04:05.678901+00:00",
    "updated_at": "2026-01-02T03:04:05+00:00",
    "reviewer": None,
}
HTML = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body>Error code {0}</body></html>"
GOTRUE = {
    "version": "v2.196.0",
    "name": "GoTrue",
    "description": "GoTrue is a user registration and authentication API",
}
SETTINGS = {
    "external": {"email": True, "google": False},
    "disable_signup": False,
    "mailer_autoconfirm": False,
    "phone_autoconfirm": False,
    "sms_provider": "",
    "saml_enabled": False,
}
HEALTHY = {"name": "db", "healthy": True, "status": "ACTIVE_HEALTHY"}
UNHEALTHY = {"name": "rest", "healthy": False, "status": "UNHEALTHY", "error": "connection refused"}
SIGN_IN = {"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials"}
NO_BUCKET = {"statusCode": "404", "error": "Bucket not found", "message": "Bucket not found", "code": "NoSuchBucket"}
NO_KEY = {"message": "No API key found in request", "hint": "No `apikey` request header or url param was found."}
NOT_DEPLOYED = {"code": "NOT_FOUND", "message": "Requested function was not found"}
USER = {
    "id": "11111111-1111-4111-8111-111111111111",
    "aud": "authenticated",
    "role": "authenticated",
    "email": "editor@example.com",
    "phone": "",
    "app_metadata": {"provider": "email"},
    "user_metadata": {},
    "identities": None,
    "created_at": "2026-01-02T03:04:05.678901Z",
    "updated_at": "2026-01-02T03:04:05Z",
    "is_anonymous": False,
}
AN_OLD_USER = {name: USER[name] for name in ("id", "aud", "created_at")}
REALTIME = {"healthy": True, "db_connected": True, "connected_cluster": 1}
FILE = {"name": "a.txt", "id": "1", "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T03:04:05.678Z"}
BUCKET = {"id": "b", "name": "b", "owner": "", "public": False, "file_size_limit": None, "allowed_mime_types": None}
RELATION = {"cardinality": "many-to-one", "embedding": "a with b", "relationship": "a_b_fkey using a(b) and b(id)"}


@cache
def supabase() -> Vendor:
    """The contract as it stands in the repository."""
    return loading.load(ROOT, ["supabase"]).vendors["supabase"]


def rivals_at(operation: str, status: int) -> list[Case]:
    """The operation's cases of this status; every other one refuses by that alone, which would only take time."""
    return [case for case in supabase().operations[operation].cases if status in case.expect.status]


def accepts(operation: str, status: int, body: Any, headers: dict[str, str] | None = None) -> bool:
    """Whether some case of the operation accepts this answer; text is sent as it is, anything else as JSON."""
    raw = body if isinstance(body, str) else json.dumps(body)
    given = None if headers is None else Headers(tuple(headers.items()))
    return judge_answer(rivals_at(operation, status), status, given, raw.encode()).accepted


def but(value: Any, **changes: Any) -> Any:
    """The object with other members; GONE takes one away."""
    merged = {**value, **changes}
    return {name: member for name, member in merged.items() if member is not GONE}


def pg(code: Any, message: Any = "what happened", details: Any = None, hint: Any = None) -> dict[str, Any]:
    """An error as PostgREST builds it."""
    return {"code": code, "details": details, "hint": hint, "message": message}


ACCEPTED: list[tuple[str, str, int, Any]] = [
    ("a row", "ideas.list", 200, [IDEA]),
    ("a row with a column that is new", "ideas.list", 200, [but(IDEA, votes=3)]),
    ("a row whose columns are null", "ideas.list", 200, [but(IDEA, priority=None, confidence=None, updated_at=None)]),
    ("no rows", "ideas.list", 200, []),
    ("a whole number as confidence", "ideas.list", 200, [but(IDEA, confidence=1)]),
    (
        "more digits than a double holds",
        "ideas.list",
        200,
        json.dumps([IDEA]).replace("0.85", "0.12345678901234567890123"),
    ),
    ("NaN as text", "ideas.list", 200, [but(IDEA, confidence="NaN")]),
    ("an infinite time", "ideas.list", 200, [but(IDEA, updated_at="infinity")]),
    ("another offset", "ideas.list", 200, [but(IDEA, created_at="2026-01-02T05:34:05.1+02:30")]),
    ("one row as an object", "ideas.get_one", 200, IDEA),
    ("nothing to be seen, which has a name", "ideas.visible", 200, []),
    ("one by its id, as a list", "ideas.find", 200, [IDEA]),
    ("no such id, as a list", "ideas.find", 200, []),
    ("an object by GET", "rpc.read", 200, {"drafts": 3}),
    ("rows of another table", "tables.select", 200, [{"id": 1, "name": "Ada"}]),
    ("part of another table", "tables.select", 206, [{"id": 1, "name": "Ada"}]),
    ("an empty 201", "ideas.insert", 201, ""),
    ("a merge that only updated", "ideas.upsert", 200, [IDEA]),
    ("an ignored duplicate", "ideas.upsert_ignore", 201, []),
    ("an update of nothing", "ideas.update_returning", 200, []),
    ("a bare number", "rpc.call_scalar", 200, 15),
    ("a bare string", "rpc.call_scalar", 200, json.dumps("ONLINE")),
    ("a void function", "rpc.call_void", 204, ""),
    ("a filter on an unknown column", "tables.select", 400, pg("42703", "column people.nope does not exist")),
    ("an unknown column of a body", "tables.insert", 400, pg("PGRST204", "Could not find the 'x' column")),
    ("an unknown table on v12", "tables.select", 404, pg("42P01", 'relation "public.x" does not exist')),
    ("an unknown table on v13", "tables.select", 404, pg("PGRST205", "Could not find the table", hint="Perhaps y")),
    ("an unknown table without a suggestion", "ideas.list", 404, pg("PGRST205", "Could not find the table")),
    (
        "not one row on v12",
        "ideas.get_one",
        406,
        pg("PGRST116", "JSON object requested, multiple (or no) rows returned"),
    ),
    ("not one row on v13", "tables.select", 406, pg("PGRST116", "Cannot coerce", "The result contains 0 rows")),
    ("an expired token on v12", "ideas.list", 401, pg("PGRST301", "JWT expired")),
    ("an expired token on v13", "ideas.list", 401, pg("PGRST303", "JWT expired")),
    ("a library's words on v12", "ideas.list", 401, pg("PGRST301", "JWSError JWSInvalidSignature")),
    ("a token from the future", "tables.select", 401, pg("PGRST303", "JWT issued at future")),
    ("a refused insert as anon", "ideas.insert", 401, pg("42501", "new row violates row-level security policy")),
    ("a refused insert as user", "ideas.insert", 403, pg("42501", "permission denied", hint="GRANT INSERT ON t TO r;")),
    ("an error that says little", "ideas.list", 400, {"code": "22P02", "message": "invalid input syntax"}),
    ("members in another order", "tables.update", 409, dict(reversed(pg("23505", "duplicate key value").items()))),
    ("an ambiguous embed", "tables.select", 300, pg("PGRST201", "Could not embed", [RELATION], "Try changing")),
    ("an ambiguous function", "rpc.call_scalar", 300, pg("PGRST203", "Could not choose")),
    ("a code that is new", "tables.select", 400, pg("PGRST129", "Something that PostgREST 17 dislikes")),
    ("a grammar error", "tables.select", 400, pg("42601", "syntax error at or near")),
    ("an operator that is not there", "tables.select", 404, pg("42883", "operator does not exist: numeric ~~ unknown")),
    ("the same key twice", "ideas.upsert", 500, pg("21000", "ON CONFLICT DO UPDATE command cannot affect row")),
    ("a trigger that refuses", "tables.insert", 400, pg("P0001", "not today", hint="tomorrow")),
    ("a statement timeout", "rpc.call_scalar", 500, pg("57014", "canceling statement due to statement timeout")),
    ("an unknown path on v12", "rest.wrong_path", 404, {}),
    ("an unknown path on v13", "rest.wrong_path", 404, pg("PGRST125", "Invalid path specified in request URL")),
    ("a full session pool", "ideas.list", 500, pg("XX000", "(EMAXCONNSESSION) max clients reached in session mode")),
    ("a full pool before 2.9", "ideas.list", 500, pg("XX000", "MaxClientsInSessionMode: max clients reached")),
    ("no free connection", "ideas.list", 504, pg("PGRST003", "Timed out acquiring connection from connection pool.")),
    ("too many clients", "tables.select", 503, pg("53300", "sorry, too many clients already")),
    ("a cold schema cache", "ideas.visible", 503, pg("PGRST002", "Could not query the database for the schema cache.")),
    ("no key", "ideas.list", 401, NO_KEY),
    ("a wrong key", "ideas.list", 401, {"message": "Invalid API key", "hint": "Double check your key."}),
    ("a wrong key at an older gateway", "ideas.list", 401, {"message": "Invalid authentication credentials"}),
    ("a refusal in new words", "ideas.list", 401, {"message": "Forbidden use of secret API key in browser"}),
    ("nobody behind the proxy", "ideas.list", 503, "upstream connect error or disconnect/reset before headers. reset"),
    ("nobody behind an older gateway", "auth.health", 503, {"message": "name resolution failed"}),
    ("the edge's page", "ideas.list", 522, HTML.format(522)),
    ("the edge's page for Auth", "auth.settings", 521, HTML.format(521)),
    ("the edge's line of text", "ideas.list", 520, "error code: 520"),
    ("a paused project", "ideas.list", 540, ""),
    (
        "a URL that is too long",
        "tables.select",
        414,
        "<html><head><title>414 Request-URI Too Large</title></head></html>",
    ),
    ("a healthy Auth", "auth.health", 200, GOTRUE),
    ("settings with a new provider", "auth.settings", 200, but(SETTINGS, external={"email": True, "zebra": False})),
    ("settings with a new switch", "auth.settings", 200, but(SETTINGS, passkeys_enabled=False)),
    (
        "settings of a very old server",
        "auth.settings",
        200,
        {"external": {"email": True}, "disable_signup": False, "autoconfirm": False},
    ),
    ("a user", "auth.user", 200, USER),
    ("a user of an old server", "auth.user", 200, AN_OLD_USER),
    ("a user without an email", "auth.user", 200, but(USER, email="", phone="15550100", identities=[])),
    ("a user with a role of the project", "auth.user", 200, but(USER, role="editor")),
    ("a user with nothing", "auth.user", 200, but(USER, role="", email=None, app_metadata=None, updated_at=None)),
    ("a wrong password", "auth.token", 400, SIGN_IN),
    (
        "a wrong password under a version header",
        "auth.token",
        400,
        {"code": "invalid_credentials", "message": "Invalid"},
    ),
    (
        "a wrong password in OAuth's words",
        "auth.token",
        400,
        {"error": "invalid_grant", "error_description": "Invalid"},
    ),
    ("a broken token", "auth.user", 403, {"code": 403, "error_code": "bad_jwt", "msg": "invalid JWT"}),
    ("too many sign-ins", "auth.token", 429, {"code": 429, "error_code": "over_request_rate_limit", "msg": "reached"}),
    (
        "an Auth failure with its id",
        "auth.user",
        500,
        {"code": 500, "error_code": "unexpected_failure", "msg": "x", "error_id": "y"},
    ),
    ("storage that runs", "storage.status", 200, ""),
    ("storage that is well", "storage.health", 200, {"healthy": True}),
    ("storage that is not", "storage.health", 200, {"healthy": False}),
    (
        "a bucket with limits",
        "storage.bucket",
        200,
        but(BUCKET, file_size_limit=1024, allowed_mime_types=["image/png"]),
    ),
    ("no bucket", "storage.bucket", 400, NO_BUCKET),
    ("no bucket, without the code", "storage.bucket", 400, but(NO_BUCKET, code=GONE)),
    ("a bucket of before limits", "storage.bucket", 200, {"id": "b", "name": "b", "public": True, "owner": ""}),
    ("no files", "storage.objects", 200, []),
    (
        "a file",
        "storage.objects",
        200,
        [but(FILE, last_accessed_at="2026-01-02T03:04:05+00:00", metadata={"size": 3})],
    ),
    ("a folder among files", "storage.objects", 200, [{"name": "drafts", "id": None, "metadata": None}]),
    (
        "storage without connections",
        "storage.object",
        429,
        {"statusCode": "429", "error": "too_many_connections", "message": "x", "code": "SlowDown"},
    ),
    ("a function that is not there", "functions.invoke", 404, NOT_DEPLOYED),
    (
        "a function without a token",
        "functions.invoke",
        401,
        {"code": "UNAUTHORIZED_NO_AUTH_HEADER", "message": "Missing"},
    ),
    ("a function that used too much", "functions.invoke", 546, {"code": "WORKER_RESOURCE_LIMIT", "message": "x"}),
    ("all services well", "management.health", 200, [HEALTHY]),
    ("one service ill", "management.health", 200, [HEALTHY, UNHEALTHY]),
    ("a service that starts", "management.health", 200, [but(HEALTHY, status="COMING_UP", healthy=False)]),
    ("a service with its details", "management.health", 200, [but(HEALTHY, name="rest", info={"db_schema": "public"})]),
    ("a service before its replication", "management.health", 200, [but(HEALTHY, name="realtime", info=REALTIME)]),
    ("a REST service without schemas", "management.health", 200, [but(HEALTHY, name="rest", info={"db_schema": ""})]),
    ("a management token that is wrong", "management.health", 401, {"message": "Unauthorized"}),
]

REFUSED: list[tuple[str, str, int, Any]] = [
    *[(f"a row without {name}", "ideas.list", 200, [but(IDEA, **{name: GONE})]) for name in IDEA],
    *[
        (f"a row with {name} null", "ideas.list", 200, [but(IDEA, **{name: None})])
        for name in ("id", "title", "status")
    ],
    *[(f"a row with {name} a list", "ideas.list", 200, [but(IDEA, **{name: []})]) for name in IDEA],
    ("an unknown status", "ideas.list", 200, [but(IDEA, status="archived")]),
    ("an unknown priority", "ideas.get_one", 200, but(IDEA, priority="urgent")),
    ("a confidence as text", "ideas.list", 200, [but(IDEA, confidence="0.85")]),
    ("a time that is none", "ideas.list", 200, [but(IDEA, created_at="yesterday")]),
    ("rows in an envelope", "ideas.list", 200, {"data": [IDEA]}),
    ("a row where a list is due", "ideas.list", 200, IDEA),
    ("a list where a row is due", "ideas.get_one", 200, [IDEA]),
    ("an object where a list is due after an insert", "ideas.insert_returning", 201, IDEA),
    ("other rows in an envelope", "tables.select", 200, {"data": [{"id": 1}]}),
    ("more than was asked for", "ideas.visible", 200, [IDEA]),
    ("an error as a success", "ideas.list", 200, pg("42501", "permission denied for table idea_pool")),
    ("an error as a row", "tables.select", 200, pg("42501", "permission denied for table people")),
    ("an error as a function's object", "rpc.call_object", 200, pg("57014", "canceling statement")),
    ("a gateway's refusal as a function's object", "rpc.call_object", 200, NO_KEY),
    ("HTML as a success", "ideas.list", 200, HTML.format(200)),
    ("a body after an insert that asked for none", "ideas.insert", 201, [IDEA]),
    ("a body after a delete", "ideas.delete", 204, [IDEA]),
    ("a written row where all were ignored", "ideas.upsert_ignore", 200, []),
    ("an object where a scalar is due", "rpc.call_scalar", 200, {"count": 15}),
    ("an error without its code", "ideas.list", 401, but(pg("PGRST303", "JWT expired"), code=GONE)),
    ("an error without its message", "ideas.list", 401, but(pg("PGRST303", "JWT expired"), message=GONE)),
    ("an error with a number for a code", "ideas.insert", 409, pg(23505)),
    ("an error with null for a code", "ideas.insert", 409, pg(None)),
    ("an error with null for a message", "ideas.insert", 409, pg("23505", None)),
    ("an error with an unknown code", "ideas.insert", 409, pg("23999")),
    ("details as a list without need", "ideas.insert", 409, pg("23505", details=[RELATION])),
    (
        "a relationship without its name",
        "tables.select",
        300,
        pg("PGRST201", "Could not embed", [but(RELATION, relationship=GONE)]),
    ),
    ("details as text where a list is due", "tables.select", 300, pg("PGRST201", details="two relationships")),
    ("a hint that is an object", "ideas.insert", 403, pg("42501", hint={"grant": "insert"})),
    ("a violated key under another status", "ideas.insert", 400, pg("23505")),
    ("a violated key as an outage", "ideas.insert", 500, pg("23505")),
    ("a missing table as a bad request", "ideas.list", 400, pg("PGRST205")),
    ("a statement timeout as a bad request", "ideas.list", 400, pg("57014")),
    ("an expired token as forbidden", "ideas.list", 403, pg("PGRST303", "JWT expired")),
    ("an error in a list", "ideas.list", 401, [pg("PGRST303", "JWT expired")]),
    ("an error in an envelope", "ideas.list", 401, {"error": pg("PGRST303", "JWT expired")}),
    ("a missing key under another status", "ideas.list", 403, NO_KEY),
    ("a missing key without its message", "ideas.list", 401, but(NO_KEY, message=GONE)),
    ("a missing key with a number for a message", "ideas.list", 401, but(NO_KEY, message=401)),
    ("the edge's page as an answer of the service", "ideas.list", 503, HTML.format(522)),
    ("an empty page of the edge", "ideas.list", 522, ""),
    ("something that is not GoTrue", "auth.health", 200, but(GOTRUE, name="nginx")),
    ("a health without a version", "auth.health", 200, but(GOTRUE, version=GONE)),
    ("settings without providers", "auth.settings", 200, but(SETTINGS, external=GONE)),
    ("a provider that is a word", "auth.settings", 200, but(SETTINGS, external={"email": "yes"})),
    ("a list of providers", "auth.settings", 200, but(SETTINGS, external=["email"])),
    ("a switch that is a word", "auth.settings", 200, but(SETTINGS, disable_signup="false")),
    ("a new user without an email", "auth.user", 200, but(USER, email=GONE)),
    ("a new user without metadata", "auth.user", 200, but(USER, app_metadata=GONE)),
    ("a user changed at no time", "auth.user", 200, but(USER, updated_at="yesterday")),
    ("a code that is text without the version header", "auth.token", 400, but(SIGN_IN, code="400")),
    ("a code that is not the status", "auth.token", 400, but(SIGN_IN, code=422)),
    ("a refusal without its reason", "auth.token", 400, but(SIGN_IN, error_code=GONE)),
    ("a rate limit as a bad request", "auth.token", 400, but(SIGN_IN, error_code="over_request_rate_limit")),
    ("a refusal as a session", "auth.token", 200, SIGN_IN),
    ("storage health that is a word", "storage.health", 200, {"healthy": "true"}),
    ("storage health without the word", "storage.health", 200, {"ok": True}),
    ("a storage status that is a number", "storage.bucket", 400, but(NO_BUCKET, statusCode=404)),
    ("a storage error as a success", "storage.bucket", 200, NO_BUCKET),
    ("a storage error as a file", "storage.object", 200, NO_BUCKET),
    ("a bucket that does not say who may read it", "storage.bucket", 200, but(BUCKET, public=GONE)),
    ("a bucket with half of its limits", "storage.bucket", 200, but(BUCKET, allowed_mime_types=GONE)),
    ("a file that was never read", "storage.objects", 200, [but(FILE, metadata={"size": 3})]),
    ("a file made at no time", "storage.objects", 200, [{"name": "a", "id": "1", "created_at": "yesterday"}]),
    ("a version that is cut", "storage.version", 200, "1.7"),
    ("a platform error as our function's answer", "functions.invoke", 200, NOT_DEPLOYED),
    ("a missing function under another status", "functions.invoke", 500, NOT_DEPLOYED),
    ("a missing function without its code", "functions.invoke", 404, but(NOT_DEPLOYED, code=GONE)),
    ("an unknown word for health", "management.health", 200, [but(HEALTHY, status="DEGRADED")]),
    ("an unknown service", "management.health", 200, [but(HEALTHY, name="mainframe")]),
    ("a health without its status", "management.health", 200, [but(HEALTHY, status=GONE)]),
    ("a health that is a word", "management.health", 200, [but(HEALTHY, healthy="true")]),
    (
        "half of what Realtime tells",
        "management.health",
        200,
        [but(HEALTHY, name="realtime", info=but(REALTIME, db_connected=GONE))],
    ),
    ("no service at all", "management.health", 200, []),
    ("services in an envelope", "management.health", 200, {"services": [HEALTHY]}),
]


@pytest.mark.parametrize(
    ("operation", "status", "body"), [row[1:] for row in ACCEPTED], ids=[f"{row[1]}-{row[0]}" for row in ACCEPTED]
)
def test_the_contract_accepts_what_is_truly_sent(operation: str, status: int, body: Any) -> None:
    """Each of these comes from some server or gateway in use."""
    assert accepts(operation, status, body)


@pytest.mark.parametrize(
    ("operation", "status", "body"), [row[1:] for row in REFUSED], ids=[f"{row[1]}-{row[0]}" for row in REFUSED]
)
def test_the_contract_refuses_what_would_hurt_us(operation: str, status: int, body: Any) -> None:
    """Each of these is a true answer with one thing broken."""
    assert not accepts(operation, status, body)


@pytest.mark.parametrize(
    ("status", "content_range", "accepted"),
    [
        (206, "0-4/15", True),
        (200, "0-2/3", True),
        (206, "*/15", True),
        (200, "0-4/*", True),
        (206, "0-4/*", False),
        (206, "15", False),
        (206, None, False),
    ],
)
def test_a_counted_page_tells_its_total(status: int, content_range: str | None, accepted: bool) -> None:
    """A page that was asked to count carries the total in Content-Range."""
    rows = [] if content_range == "*/15" else [IDEA]
    headers = {"Content-Type": "application/json"} | ({"Content-Range": content_range} if content_range else {})

    assert accepts("ideas.page", status, rows, headers) is accepted


def test_every_failure_has_a_name() -> None:
    """No status from 300 on leaves the error table without a rule."""
    unconditional = [rule for rule in supabase().errors if not (rule.json or rule.headers or rule.text)]

    unnamed = [n for n in range(300, 600) if not any(rule.status and n in rule.status for rule in unconditional)]

    assert unnamed == []


def test_every_rule_of_the_error_table_says_what_to_do() -> None:
    """Whoever reads a code gets a sentence with it."""
    silent = [rule.code for rule in supabase().errors if not rule.title]

    assert silent == []


def test_codes_agree_with_themselves_on_whether_to_retry() -> None:
    """A code is retryable or not, whichever of its rules gave it."""
    known: dict[str, set[bool]] = {}
    for rule in supabase().errors:
        known.setdefault(rule.code, set()).add(rule.retryable)

    assert [code for code, words in known.items() if len(words) > 1] == []


def test_an_empty_answer_to_the_probe_is_a_failure_with_a_name() -> None:
    """Not a success: row level security makes a broken permission look like an empty table."""
    (case,) = judge_answer(rivals_at("ideas.visible", 200), 200, None, b"[]").matched

    assert case.case.expect.error == "nothing-visible"


def test_no_probe_writes() -> None:
    """What production is asked every minute only reads."""
    probes = {each.id: each.safety for each in supabase().operations.values() if each.probe}

    assert probes == dict.fromkeys(("auth.health", "ideas.visible", "management.health", "storage.health"), "read")


def recorded(case: Case) -> tuple[int, Headers, bytes]:
    """The answer of the case's cassette."""
    interaction = cassette.load(ROOT / "cassettes" / case.cassette, case.cassette).interactions[0]
    return interaction.status, interaction.headers, interaction.body


def broken(body: Any) -> Iterator[tuple[str, Any]]:
    """The error body with code and message dropped, null, another type or under another name."""
    for name in ("code", "message"):
        yield f"{name} dropped", but(body, **{name: GONE})
        yield f"{name} null", but(body, **{name: None})
        yield f"{name} a number", but(body, **{name: 12345})
        yield f"{name} renamed", but(body, **{name: GONE, f"{name}_text": body[name]})
    yield "another code", but(body, code="bogus")
    yield "in an envelope", {"error": copy.deepcopy(body)}


def postgrest_errors(operation: str) -> Iterator[tuple[Case, int, Headers, Any]]:
    """The operation's recorded errors that PostgREST built itself."""
    for case in supabase().operations[operation].cases:
        status, headers, raw = recorded(case)
        if case.expect.error is not None and b'"details"' in raw:
            yield case, status, headers, json.loads(raw)


@pytest.mark.parametrize("operation", ["tables.select", "tables.insert", "rpc.call_scalar"])
def test_no_broken_copy_of_a_recorded_error_is_accepted(operation: str) -> None:
    """Every PostgREST error needs its code and its message; another case of the operation does not take it either."""
    tried, survivors = 0, []
    for case, status, headers, body in postgrest_errors(operation):
        rivals = rivals_at(operation, status)
        for what, copied in broken(body):
            tried += 1
            if judge_answer(rivals, status, headers, json.dumps(copied).encode()).accepted:
                survivors.append(f"{case.id}: {what}")

    assert survivors == []
    assert tried > 200
