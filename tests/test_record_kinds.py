"""Recording every kind of case: what was sent and answered is one cassette, which replays as it was live."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contract_files import write
from live_suites import USER, a_suite, as_json, env
from loopback import Answer, Seen, serve
from provendor import cassette
from provendor.cassette import Interaction
from provendor.reader import loading
from provendor.recordings.record import Draft, Fate, Recorder
from provendor.run import Replayer
from provendor.verdict import Outcome
from test_live_kinds import GIVEN, GRANT, PROGRAM, SECRETS, TOKEN, TOOL, Desk, with_tokens

pytestmark = pytest.mark.loopback


def recorded(root: Path, respond: Any, case: str, **more: str) -> tuple[Draft, list[Interaction]]:
    """Record every case; return the draft of one, and what its cassette holds once it is written and replayed."""
    replayer = Replayer(loading.load(root), today=datetime.now(UTC).date())
    cases = [each for each in replayer.suite.cases if each.id.endswith(case)]
    with serve(respond) as server:
        recorder = Recorder(replayer, env={**env(server), **more}, paces=root / "paces")
        assert recorder.ask(cases, lambda _: None)
    (draft,) = recorder.drafts(cases)
    assert draft.fate is Fate.READY, draft.why or draft.result
    recorder.write(draft)
    assert replayer.replay(draft.case).outcome is Outcome.PASS
    return draft, list(cassette.load(draft.path, "x").interactions)


def test_a_poll_is_recorded_answer_by_answer(tmp_path: Path):
    """The ids that answers bring go into the requests that follow, pseudonyms where they are personal."""
    operations = {
        "jobs.start": {"summary": "Start.", "request": "GET /start", "cases": {"ok": {"status": 200}}},
        "jobs.get": {
            "summary": "Job.",
            "request": "GET /jobs/{job_id}",
            "path": {"job_id": 0},
            "cases": {"ok": {"status": 200}},
        },
    }
    wait = {"every": "1ms", "within": "10s", "until": {"$.state": "done"}}
    flow = {
        "summary": "Run.",
        "steps": [
            {"name": "start", "call": "jobs.start", "capture": {"job": "$.job"}},
            {"name": "wait", "call": "jobs.get", "with": {"path": {"job_id": "{job}"}}, "poll": wait},
        ],
        "cases": {"ok": {"status": 200}},
    }
    a_suite(tmp_path, operations, {"jobs.run": flow}, redact=["$..job"])
    answers = iter([{"job": 99887766}, {"state": "running"}, {"state": "running"}, {"state": "done", "job": 99887766}])

    draft, kept = recorded(tmp_path, lambda _: as_json(next(answers)), "jobs.run:ok")

    job = json.loads(kept[0].body)["job"]
    assert "99887766" not in (draft.text or "")
    assert [each.request.url.partition(".example")[2] for each in kept] == ["/start", *[f"/jobs/{job}"] * 3]
    assert json.loads(kept[3].body) == {"state": "done", "job": job}


def test_a_secret_that_a_step_captures_becomes_its_name(tmp_path: Path):
    """In the answer that brings it, in the request that sends it, and in one that sends it back."""
    operations = {
        "keys.make": {"summary": "A key.", "request": "GET /key", "cases": {"ok": {"status": 200}}},
        "keys.use": {
            "summary": "Use it.",
            "request": "GET /use",
            "headers": {"X-Key": "none"},
            "cases": {"ok": {"status": 200}},
        },
    }
    capture = {"made": {"path": "$.value", "secret": True}}
    flow = {
        "summary": "Both.",
        "steps": [
            {"name": "make", "call": "keys.make", "capture": capture},
            {"name": "use", "call": "keys.use", "with": {"headers": {"X-Key": "{made}"}}},
        ],
        "cases": {"ok": {"status": 200}},
    }
    a_suite(tmp_path, operations, {"keys.both": flow})

    def respond(seen: Seen) -> Answer:
        if seen.path == "/key":
            return as_json({"value": "freshly-made-4711"})
        return as_json({"note": f"you sent {seen.headers['x-key']}"})

    draft, kept = recorded(tmp_path, respond, "keys.both:ok")

    assert "freshly-made" not in (draft.text or "")
    assert json.loads(kept[0].body) == {"value": "<made>"}
    assert kept[1].request.headers.get("x-key") == "<made>"
    assert json.loads(kept[1].body) == {"note": "you sent <made>"}


def test_graphql_is_recorded_with_its_document(tmp_path: Path):
    """Variables of the contract, not those of the sandbox."""
    operation = {
        "summary": "A user.",
        "graphql": {"document": "user.graphql", "variables": {"id": "{user_id}"}},
        "safety": "read",
        "cases": {"ok": {"status": 200}},
    }
    a_suite(
        tmp_path,
        {"users.get": operation},
        graphql={"endpoint": "POST /graphql", "schemas": {"1": "1.graphql"}, "version": "1"},
    )
    write(tmp_path, {"acme/1.graphql": "type Query { user(id: Int!): User }\ntype User { id: Int!, name: String! }\n"})
    write(tmp_path, {"acme/user.graphql": "query User($id: Int!) { user(id: $id) { id name } }"})

    def respond(seen: Seen) -> Answer:
        return as_json({"data": {"user": {"id": json.loads(seen.body)["variables"]["id"], "name": "Robin"}}})

    _, kept = recorded(tmp_path, respond, "users.get:ok", ACME_USER_ID="482117")

    assert json.loads(kept[0].request.body)["variables"] == {"id": 7}
    assert json.loads(kept[0].body)["data"]["user"]["id"] == 7


def test_a_conversation_with_an_mcp_server_is_recorded_whole(tmp_path: Path):
    """Its session is a credential; what a stream of events holds is redacted within its messages."""

    def respond(seen: Seen) -> Answer:
        message = json.loads(seen.body)
        if "id" not in message:
            return Answer(202)
        if message["method"] == "initialize":
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": {"protocolVersion": "2025-11-25"}}
            return as_json(answer, Mcp_Session_Id="1868a90c-4f2b-4d5e")
        text = json.dumps({"names": ["Ada Byron"], "email": "ada@corp-mail.io", "access_token": "abc123"})
        result = {"structuredContent": {"names": ["Ada Byron"]}, "content": [{"type": "text", "text": text}]}
        message = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        return Answer(
            200, f"event: message\ndata: {json.dumps(message)}\n\n".encode(), {"content-type": "text/event-stream"}
        )

    a_suite(
        tmp_path,
        {"whoami": TOOL},
        mcp={"endpoint": "POST /mcp", "revision": "2025-11-25"},
        redact=["$..names[*]"],
    )

    draft, kept = recorded(tmp_path, respond, "whoami:ok")

    assert [json.loads(each.request.body)["method"] for each in kept] == [
        "initialize",
        "notifications/initialized",
        "tools/call",
    ]
    assert [each.request.headers.get("mcp-session-id") for each in kept] == [None, "<hidden>", "<hidden>"]
    for gone in ("1868a90c", "Ada", "corp-mail", "abc123"):
        assert gone not in (draft.text or "")
    assert kept[2].headers.get("content-type") == "text/event-stream"


def test_a_server_that_is_started_is_recorded_like_any_other(tmp_path: Path):
    """Over its standard streams."""
    program = tmp_path / "server.py"
    program.write_text(PROGRAM.replace("sorted(os.environ)", "[os.environ['ACME_API_KEY']]"))
    command = {"command": [sys.executable, str(program)], "revision": "2025-11-25"}
    a_suite(tmp_path, {"whoami": TOOL}, mcp=command, environments=None, auth=None)

    _, kept = recorded(tmp_path, lambda _: Answer(500), "whoami:ok")

    assert json.loads(kept[-1].body)["result"]["structuredContent"] == {"names": ["<api_key>"]}


def test_a_token_that_ended_early_leaves_no_trace(tmp_path: Path):
    """The cassette holds the answer that counted, and no token."""
    with_tokens(tmp_path)
    desk = Desk()
    desk.ended = True

    def respond(seen: Seen) -> Answer:
        if seen.path == "/token":
            return desk.respond(seen)
        answer = desk.respond(seen)
        return answer if answer.status == 401 else as_json({"id": 7, "note": f"with {seen.headers['authorization']}"})

    draft, kept = recorded(tmp_path, respond, "users.get:ok", **GIVEN)

    assert [each.status for each in kept] == [200]
    assert json.loads(kept[0].body) == {"id": 7, "note": "with Bearer <access_token>"}
    assert "t0ken" not in (draft.text or "")


def test_the_request_for_a_token_is_recorded_without_it(tmp_path: Path):
    """Like any other case: what it is had with is an example, what it brings is hidden."""
    token = {**TOKEN, "cases": {"ok": {"status": 200}}}
    a_suite(
        tmp_path,
        {"oauth.token": token, "users.get": USER},
        secrets=SECRETS,
        auth={"bearer": "{access_token}"},
        oauth2=GRANT,
    )

    draft, kept = recorded(tmp_path, Desk().respond, "oauth.token:ok", **GIVEN)

    assert json.loads(kept[0].body)["access_token"] == "<hidden>"
    assert "s3cr3t" not in (draft.text or "")
    assert "t0ken" not in (draft.text or "")
