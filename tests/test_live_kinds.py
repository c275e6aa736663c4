"""Every kind of case, asked live of a server that plays the vendor: lists, flows, GraphQL, MCP over both carriers, tokens."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from contract_files import write
from live_suites import USER, a_run, a_suite, as_json, carried_out, codes, env, told
from loopback import Answer, Seen, serve
from provendor.exchange import Source
from provendor.run import Result
from provendor.verdict import Outcome

pytestmark = pytest.mark.loopback


def passed(result: Result) -> bool:
    """Whether a case was asked live and is a plain pass; shows its findings where it is not."""
    assert (result.outcome, codes(result), result.reason) == (Outcome.PASS, [], None)
    return result.source is Source.LIVE


def test_every_page_of_a_list_is_read(tmp_path: Path):
    """By the cursor that the page before names."""
    listing = {
        "summary": "Users.",
        "request": "GET /users",
        "paging": {"style": "cursor", "next": "$.next", "send": {"query": "after"}, "items": "$.users", "id": "$.id"},
        "cases": {"ok": {"status": 200, "pages": "all"}},
    }
    pages: dict[str, Any] = {
        "": {"users": [{"id": 1}], "next": "b"},
        "b": {"users": [{"id": 2}], "next": "c"},
        "c": {"users": [{"id": 3}], "next": None},
    }
    a_suite(tmp_path, {"users.list": listing})
    with serve(lambda seen: as_json(pages[parse_qs(urlsplit(seen.path).query).get("after", [""])[0]])) as server:
        result = carried_out(tmp_path, env(server))["users.list:ok"]

    assert passed(result)
    assert [seen.path for seen in server.seen] == ["/users", "/users?after=b", "/users?after=c"]


def test_a_flow_waits_for_its_job_in_real_time(tmp_path: Path):
    """And takes what it captured into the next request."""
    operations = {
        "jobs.start": {"summary": "Start.", "request": "GET /start", "cases": {"ok": {"status": 200, "live": "never"}}},
        "jobs.get": {
            "summary": "Job.",
            "request": "GET /jobs/{job_id}",
            "path": {"job_id": 0},
            "cases": {"ok": {"status": 200, "live": "never"}},
        },
    }
    flow = {
        "summary": "Run.",
        "steps": [
            {"name": "start", "call": "jobs.start", "capture": {"job": "$.job"}},
            {
                "name": "wait",
                "call": "jobs.get",
                "with": {"path": {"job_id": "{job}"}},
                "poll": {"every": "1ms", "within": "10s", "until": {"$.state": "done"}},
            },
        ],
        "cases": {"ok": {"status": 200}},
    }
    answers = iter([{"job": 9}, {"state": "running"}, {"state": "running"}, {"state": "done"}])
    a_suite(tmp_path, operations, {"jobs.run": flow})
    with serve(lambda _: as_json(next(answers))) as server:
        result = carried_out(tmp_path, env(server))["jobs.run:ok"]

    assert passed(result)
    assert [seen.path for seen in server.seen] == ["/start", "/jobs/9", "/jobs/9", "/jobs/9"]


def test_graphql_is_judged_by_its_document(tmp_path: Path):
    """A field of another type than the schema says is a finding."""
    graphql = {"endpoint": "POST /graphql", "schemas": {"1": "1.graphql"}, "version": "1"}
    operation = {
        "summary": "Me.",
        "graphql": {"document": "me.graphql"},
        "safety": "read",
        "cases": {"ok": {"status": 200}, "again": {"status": 200}},
    }
    a_suite(tmp_path, {"users.me": operation}, graphql=graphql)
    write(tmp_path, {"acme/1.graphql": "type Query { me: User }\ntype User { id: ID!, name: String! }\n"})
    write(tmp_path, {"acme/me.graphql": "query Me { me { id name } }"})
    names = iter(["Robin", 7])
    with serve(lambda _: as_json({"data": {"me": {"id": "u-1", "name": next(names)}}})) as server:
        results = carried_out(tmp_path, env(server))

    assert passed(results["users.me:ok"])
    assert codes(results["users.me:again"]) == ["body-schema"]
    assert json.loads(server.seen[0].body)["query"] == "query Me { me { id name } }"


TOOL = {
    "summary": "Who knows what.",
    "mcp": {"tool": "whoami"},
    "safety": "read",
    "cases": {"ok": {"status": 200, "result": {"type": "object", "required": ["names"]}}},
}


def test_a_tool_is_called_over_http_in_its_session(tmp_path: Path):
    """After the handshake, with the session that this opened."""

    def respond(seen: Seen) -> Answer:
        message = json.loads(seen.body)
        if "id" not in message:
            return Answer(202)
        if message["method"] == "initialize":
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": {"protocolVersion": "2025-11-25"}}
            return as_json(answer, Mcp_Session_Id="s-1")
        assert seen.headers["mcp-session-id"] == "s-1"
        return as_json(
            {"jsonrpc": "2.0", "id": message["id"], "result": {"structuredContent": {"names": []}, "content": []}}
        )

    a_suite(tmp_path, {"whoami": TOOL}, mcp={"endpoint": "POST /mcp", "revision": "2025-11-25"})
    with serve(respond) as server:
        assert passed(carried_out(tmp_path, env(server))["whoami:ok"])

    assert [json.loads(seen.body)["method"] for seen in server.seen] == [
        "initialize",
        "notifications/initialized",
        "tools/call",
    ]


PROGRAM = """
import json, os, sys

for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    result = {"protocolVersion": "2025-11-25"}
    if message["method"] == "tools/call":
        result = {"structuredContent": {"names": sorted(os.environ)}, "content": []}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""


def test_a_server_that_we_start_sees_its_own_secrets_and_nobody_elses(tmp_path: Path):
    """It needs no address, and it ends with its case."""
    program = tmp_path / "server.py"
    program.write_text(PROGRAM)
    command = {"command": [sys.executable, str(program)], "revision": "2025-11-25"}
    a_suite(tmp_path, {"whoami": TOOL}, name="ours", mcp=command, environments=None, auth=None)
    a_suite(tmp_path, {"users.get": USER}, name="other")
    both = {**env("http://127.0.0.1:9", "other"), **env("http://127.0.0.1:9", "ours")}

    run = a_run(tmp_path, both)
    result = carried_out(tmp_path, both)["whoami:ok"]

    assert passed(result)
    assert result.exchange is not None
    names = json.loads(result.exchange.body)["result"]["structuredContent"]["names"]
    assert "OURS_API_KEY" in names
    assert "OTHER_LIVE" in names
    assert "OTHER_API_KEY" not in names
    assert run.standing("ours").blocked() is None


def test_a_server_that_cannot_be_started_is_an_error_of_its_cases(tmp_path: Path):
    """And of nothing else."""
    command = {"command": ["there-is-no-such-program"], "revision": "2025-11-25"}
    a_suite(tmp_path, {"whoami": TOOL}, mcp=command, environments=None, auth=None)

    result = carried_out(tmp_path, env("http://127.0.0.1:9"))["whoami:ok"]

    assert (result.outcome, codes(result)) == (Outcome.ERROR, ["transport"])
    assert "there-is-no-such-program cannot be started" in str(result.reason)


# --- tokens -----------------------------------------------------------------------------------------------------------

SECRETS = {
    name: {"env": f"ACME_{name.upper()}"} for name in ("client_secret", "access_token", "assertion", "private_key")
}
TOKEN: dict[str, Any] = {
    "summary": "A token.",
    "request": "POST /token",
    "auth": {"basic": {"username": "me", "password": "{client_secret}"}},
    "form": {"grant_type": "client_credentials"},
    "safety": "read",
    "cases": {"ok": {"status": 200, "live": "never"}},
}
GRANT: dict[str, Any] = {"grant": "client_credentials", "token": "oauth.token", "gives": "access_token"}
GIVEN = {"ACME_CLIENT_SECRET": "s3cr3t-of-ours"}


def with_tokens(root: Path, token: dict[str, Any] = TOKEN, grant: dict[str, Any] = GRANT) -> Path:
    known: dict[str, Any] = {"secrets": SECRETS, "auth": {"bearer": "{access_token}"}, "oauth2": grant}
    cases = {"ok": {"status": 200}, "again": {"status": 200}}
    return a_suite(root, {"oauth.token": token, "users.get": {**USER, "cases": cases}}, **known)


class Desk:
    """Gives tokens `t0ken-1-of-acme`, `t0ken-2-of-acme`, … and accepts only the newest."""

    def __init__(self) -> None:
        self.given = 0
        self.ended = False

    def respond(self, seen: Seen) -> Answer:
        if seen.path == "/token":
            self.given += 1
            return as_json({"access_token": f"t0ken-{self.given}-of-acme", "token_type": "Bearer", "expires_in": 3600})
        if seen.headers["authorization"] != f"Bearer t0ken-{self.given}-of-acme" or self.ended:
            self.ended = False
            return as_json({"error": "ended"}, 401)
        return as_json({"id": 7, "token": seen.headers["authorization"]})


def test_a_token_is_fetched_once_for_all_cases_and_stays_in_memory(tmp_path: Path):
    """The vendor sends it back: that is a finding, and the token is nowhere."""
    with_tokens(tmp_path)
    with serve(Desk().respond) as server:
        results, text = told(tmp_path, env(server, **GIVEN))

    assert [seen.path for seen in server.seen] == ["/token", "/users/7", "/users/7"]
    assert codes(results["users.get:ok"]) == ["credential-echo"]
    assert "t0ken-1-of-acme" not in text
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"t0ken" in path.read_bytes()]


def test_a_token_that_ended_early_is_fetched_anew_once(tmp_path: Path):
    """The case does not notice, and neither token is shown."""
    with_tokens(tmp_path)
    desk = Desk()
    desk.ended = True
    with serve(desk.respond) as server:
        results, text = told(tmp_path, env(server, **GIVEN))

    assert [seen.path for seen in server.seen] == ["/token", "/users/7", "/token", "/users/7", "/users/7"]
    assert results["users.get:ok"].exchange is not None
    assert "t0ken-" not in text


def test_a_token_that_is_refused_is_an_error_of_each_case(tmp_path: Path):
    """With the vendor's own word for it."""
    with_tokens(tmp_path)
    with serve(lambda _: as_json({"error": "invalid_client"}, 400)) as server:
        result = carried_out(tmp_path, env(server, **GIVEN))["users.get:ok"]

    assert (result.outcome, codes(result)) == (Outcome.ERROR, ["token-refused"])
    assert "invalid_client" in str(result.reason)


def test_a_service_account_signs_for_its_token(tmp_path: Path):
    """The token operation is a case like any other, with an assertion of its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    token = {**TOKEN, "auth": "none", "form": {"assertion": "{assertion}"}, "cases": {"ok": {"status": 200}}}
    signed = {"issuer": "{user_id}", "key": "{private_key}", "audience": "https://acme.com", "gives": "assertion"}
    with_tokens(tmp_path, token, {**GRANT, "grant": "jwt_bearer", "assertion": signed})
    desk = Desk()
    with serve(desk.respond) as server:
        results, text = told(tmp_path, env(server, ACME_PRIVATE_KEY=pem))

    sent = [parse_qs(seen.body.decode())["assertion"][0] for seen in server.seen if seen.path == "/token"]
    assert results["oauth.token:ok"].source is Source.LIVE
    assert len(sent) == 2
    for assertion in sent:
        assert jwt.decode(assertion, key.public_key(), algorithms=["RS256"], audience="https://acme.com")["iss"] == "7"
        assert assertion not in text


WRITES = {**TOKEN, "safety": "write"}


def test_a_token_that_serves_once_is_not_spent_without_leave(tmp_path: Path):
    """Having it is a write: the next one would be lost."""
    with_tokens(tmp_path, WRITES)
    with serve(Desk().respond) as server:
        results = carried_out(tmp_path, env(server, **GIVEN))

    result = results["users.get:ok"]
    assert server.seen == []
    assert result.reason == "it needs a token, and oauth.token writes: give --allow-writes to let it"


def test_in_production_a_token_that_serves_once_is_given_by_hand(tmp_path: Path):
    """Nothing is ever written there."""
    with_tokens(tmp_path, WRITES)
    desk = Desk()
    desk.given = 1
    with serve(desk.respond) as server:
        without = carried_out(tmp_path, env(server, **GIVEN), environment="production")
        given = carried_out(
            tmp_path, env(server, **GIVEN, ACME_ACCESS_TOKEN="t0ken-1-of-acme"), environment="production"
        )

    assert without["users.get:ok"].fallback == "ACME_ACCESS_TOKEN is not set"
    assert given["users.get:ok"].source is Source.LIVE
    assert {seen.path for seen in server.seen} == {"/users/7"}
