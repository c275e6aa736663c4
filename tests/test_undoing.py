"""What live calls have made is taken away again: after a pass, a failure, a broken flow, an interrupted run."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live_suites import DELETE, KEY, MAKE, USER, a_replayer, a_run, a_suite, as_json, carried_out, codes, env
from loopback import Answer, Seen, Server, serve
from provendor.run import Result
from provendor.verdict import Outcome

pytestmark = pytest.mark.loopback

WRITING = {"users.make": MAKE, "users.delete": {**DELETE, "cases": {"ok": {"status": 204, "live": "never"}}}}


class Users:
    """A vendor that makes and deletes users; `answers` are given instead of the usual ones, by method."""

    def __init__(self, **answers: Answer) -> None:
        self.there: list[int] = []
        self.answers = answers

    def respond(self, seen: Seen) -> Answer:
        if seen.method in self.answers and (seen.method != "POST" or not self.there):
            self.there += [12] if seen.method == "POST" else []
            return self.answers[seen.method]
        if seen.method == "POST":
            self.there.append(12 + len(self.there))
            return as_json({"id": self.there[-1], "name": "Robin"}, 201)
        if seen.method == "DELETE":
            number = int(seen.path.rpartition("/")[2])
            if number not in self.there:
                return as_json({}, 404)
            self.there.remove(number)
            return Answer(204)
        return as_json({"id": 7})


def made(root: Path, users: Users, operations: Any = None, flows: Any = None, case: str = "users.make:ok") -> Result:
    """Carry a writing case out against these users."""
    a_suite(root, operations or WRITING, flows)
    with serve(users.respond) as server:
        return carried_out(root, env(server), allow_writes=True)[case]


def test_what_a_case_has_made_is_taken_away(tmp_path: Path):
    """And the result shows how."""
    users = Users()
    result = made(tmp_path, users)

    assert users.there == []
    assert (result.outcome, [verdict.check for verdict in result.verdicts if verdict.check == "clean-up"]) == (
        Outcome.PASS,
        ["clean-up"],
    )
    assert [(step.name, step.exchange.request.method, step.exchange.status) for step in result.steps] == [
        ("clean-up", "DELETE", 204)
    ]


def test_it_is_taken_away_also_where_the_case_fails(tmp_path: Path):
    """The contract expects something else; the user is there all the same."""
    users = Users()
    strict = {**MAKE, "cases": {"ok": {"status": 201, "body": {"type": "object", "required": ["email"]}}}}
    result = made(tmp_path, users, {**WRITING, "users.make": strict})

    assert (result.outcome, codes(result)) == (Outcome.FAIL, ["body-schema"])
    assert users.there == []


def test_what_is_refused_has_made_nothing(tmp_path: Path):
    """There is nothing to take away, and nothing is asked."""
    users = Users(POST=as_json({"error": "name taken"}, 422))
    users.there = []
    result = made(
        tmp_path, users, {**WRITING, "users.make": {**MAKE, "cases": {"ok": {"status": 422, "error": "refused"}}}}
    )

    assert (result.outcome, result.steps) == (Outcome.PASS, ())
    assert all(verdict.check != "clean-up" for verdict in result.verdicts)


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_already_is_fine(tmp_path: Path, status: int):
    """Somebody else was quicker."""
    assert made(tmp_path, Users(DELETE=as_json({}, status))).outcome is Outcome.PASS


def test_what_could_not_be_taken_away_is_a_warn_that_names_it(tmp_path: Path):
    """With the request that somebody can send by hand."""
    result = made(tmp_path, Users(DELETE=as_json({"error": "no"}, 422)))

    (finding,) = result.findings
    assert (result.outcome, finding.code, finding.expected) == (
        Outcome.WARN,
        "not-undone",
        "taken away by users.delete",
    )
    assert finding.actual == "status 422, refused"
    assert finding.at.startswith("DELETE http://127.0.0.1:")
    assert finding.at.endswith("/users/12")
    assert result.reason == f"not taken away: {finding.at}: status 422, refused"


def test_an_answer_that_does_not_name_what_it_made_is_told(tmp_path: Path):
    """Nobody can take it away without looking."""
    result = made(tmp_path, Users(POST=as_json({"name": "Robin"}, 201)))

    assert [(each.code, each.actual) for each in result.findings] == [
        ("not-undone", "its answer names nothing at $.id")
    ]


def test_each_of_several_things_is_taken_away(tmp_path: Path):
    """Where a capture finds more than one value."""
    users = Users(POST=as_json([{"id": 31}, {"id": 32}], 201))
    cleanup = {**MAKE["cleanup"], "capture": {"made": "$[*].id"}}  # type: ignore[dict-item]
    a_suite(tmp_path, {**WRITING, "users.make": {**MAKE, "cleanup": cleanup}})
    with serve(users.respond) as server:
        carried_out(tmp_path, env(server), allow_writes=True)

    assert [seen.path for seen in server.seen if seen.method == "DELETE"] == ["/users/31", "/users/32"]


def test_a_secret_that_was_captured_is_not_shown(tmp_path: Path):
    """Not even where it could not be taken away."""
    cleanup = {**MAKE["cleanup"], "capture": {"made": {"path": "$.ticket", "secret": True}}}  # type: ignore[dict-item]
    users = Users(POST=as_json({"ticket": "t1cket-of-robin"}, 201), DELETE=as_json({}, 422))
    result = made(tmp_path, users, {**WRITING, "users.make": {**MAKE, "cleanup": cleanup}})

    (finding,) = result.findings
    assert finding.at.endswith("/users/<made>")
    assert "t1cket-of-robin" not in repr(result)


def test_a_server_that_is_not_there_has_made_nothing(tmp_path: Path):
    """The request never left."""
    a_suite(tmp_path, WRITING)
    with serve(Users().respond) as server:
        pass

    result = carried_out(tmp_path, env(server), allow_writes=True)["users.make:ok"]

    assert (result.outcome, codes(result)) == (Outcome.ERROR, ["connection-refused"])


# --- flows ------------------------------------------------------------------------------------------------------------

ROUND = {
    "summary": "Make two users, and read one.",
    "steps": [
        {"name": "make", "call": "users.make", "capture": {"one": "$.id"}},
        {"name": "again", "call": "users.make"},
        {"name": "read", "call": "users.get", "with": {"path": {"user_id": "{one}"}}},
    ],
    "cases": {"ok": {"status": 200}},
}


def test_what_a_flow_has_made_is_taken_away_the_last_first(tmp_path: Path):
    """Also what a step on the way has made."""
    users = Users()
    a_suite(tmp_path, {**WRITING, "users.get": USER}, {"users.round": ROUND})
    with serve(users.respond) as server:
        result = carried_out(tmp_path, env(server), allow_writes=True)["users.round:ok"]

    asked = [f"{seen.method} {seen.path}" for seen in server.seen]
    assert result.outcome is Outcome.PASS
    assert asked[-5:] == ["POST /users", "POST /users", "GET /users/12", "DELETE /users/13", "DELETE /users/12"]


def test_a_flow_that_breaks_off_is_cleaned_up_behind(tmp_path: Path):
    """The reading fails, what was made before is gone."""
    users = Users(GET=as_json({"error": "no"}, 422))
    result = made(tmp_path, users, {**WRITING, "users.get": USER}, {"users.round": ROUND}, "users.round:ok")

    assert (result.outcome, users.there) == (Outcome.FAIL, [])


JOB = {
    "summary": "Make a user by a job, and wait for it.",
    "steps": [
        {"name": "start", "call": "jobs.start", "capture": {"job": "$.job"}},
        {
            "name": "wait",
            "call": "jobs.get",
            "with": {"path": {"job_id": "{job}"}},
            "poll": {"every": "1ms", "within": "5s", "until": {"$.state": "done"}},
            "cleanup": {"call": "users.delete", "capture": {"made": "$.user"}, "with": {"path": {"user_id": "{made}"}}},
        },
    ],
    "cases": {"ok": {"status": 200}},
}
JOBS = {
    "jobs.start": {
        "summary": "Start.",
        "request": "POST /jobs",
        "safety": "write",
        "cases": {"ok": {"status": 202, "live": "never"}},
    },
    "jobs.get": {
        "summary": "Job.",
        "request": "GET /jobs/{job_id}",
        "path": {"job_id": 1},
        "cases": {"ok": {"status": 200, "live": "never"}},
    },
}


def test_a_step_that_waits_has_made_what_its_last_answer_names(tmp_path: Path):
    """The answers before it name nothing yet, and nobody complains."""
    answers = iter([{"state": "running"}, {"state": "running"}, {"state": "done", "user": 41}])

    def respond(seen: Seen) -> Answer:
        if seen.method == "POST":
            return as_json({"job": 9}, 202)
        return Answer(204) if seen.method == "DELETE" else as_json(next(answers))

    a_suite(tmp_path, {**JOBS, "users.delete": WRITING["users.delete"]}, {"users.job": JOB})
    with serve(respond) as server:
        result = carried_out(tmp_path, env(server), allow_writes=True)["users.job:ok"]

    assert (result.outcome, codes(result)) == (Outcome.PASS, [])
    assert [seen.path for seen in server.seen if seen.method == "DELETE"] == ["/users/41"]


# --- MCP --------------------------------------------------------------------------------------------------------------


def test_what_a_tool_has_made_is_taken_away_and_the_handshake_has_made_nothing(tmp_path: Path):
    """The answer comes in a stream of events."""
    tools: list[Any] = []

    def respond(seen: Seen) -> Answer:
        message = json.loads(seen.body)
        if "id" not in message:
            return Answer(202)
        if message["method"] == "initialize":
            return as_json({"jsonrpc": "2.0", "id": message["id"], "result": {"protocolVersion": "2025-11-25"}})
        tools.append((message["params"]["name"], message["params"].get("arguments")))
        result = {"content": [], "structuredContent": {"cart": "c-1"}}
        event = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})
        return Answer(200, f"event: message\ndata: {event}\n\n".encode(), {"content-type": "text/event-stream"})

    make = {
        "summary": "Start a cart.",
        "mcp": {"tool": "make_cart"},
        "safety": "write",
        "cleanup": {
            "call": "carts.cancel",
            "capture": {"made": "$.result.structuredContent.cart"},
            "with": {"mcp": {"arguments": {"id": "{made}"}}},
        },
        "cases": {"ok": {"status": 200}},
    }
    cancel = {
        "summary": "Give it up.",
        "mcp": {"tool": "cancel_cart"},
        "safety": "write",
        "cases": {"ok": {"status": 200, "live": "never"}},
    }
    server_of = {"endpoint": "POST /mcp", "revision": "2025-11-25"}
    a_suite(tmp_path, {"carts.make": make, "carts.cancel": cancel}, mcp=server_of)
    with serve(respond) as server:
        result = carried_out(tmp_path, env(server), allow_writes=True)["carts.make:ok"]

    assert (result.outcome, codes(result)) == (Outcome.PASS, [])
    assert tools == [("make_cart", {}), ("cancel_cart", {"id": "c-1"})]


# --- interrupted ------------------------------------------------------------------------------------------------------


def stopped_while(
    root: Path, respond: Callable[[Seen, Callable[[], object]], Answer], operations: Any, flows: Any = None
) -> tuple[list[Result], Server]:
    """Carry everything out against a server that may stop the run when it is asked."""
    a_suite(root, operations, flows)
    stop: list[Callable[[], object]] = []
    results: list[Result] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(run.stop))
        await run.carry_out(a_replayer(root).suite.cases, results.append)

    with serve(lambda seen: respond(seen, stop[0])) as server:
        run = a_run(root, env(server), allow_writes=True)
        asyncio.run(main())
    return results, server


def test_an_interrupted_flow_is_cleaned_up_as_well(tmp_path: Path):
    """What it has made is gone before the run ends."""
    users, over = Users(), threading.Event()

    def respond(seen: Seen, stop: Callable[[], object]) -> Answer:
        if seen.method == "GET":
            stop()
            over.wait(20)
        answer = users.respond(seen)
        if not users.there:
            over.set()
        return answer

    alone = {**WRITING, "users.make": {**MAKE, "cases": {"ok": {"status": 201, "live": "never"}}}}
    reading = {**USER, "cases": {"ok": {"status": 200, "live": "never"}}}
    results, _ = stopped_while(tmp_path, respond, {**alone, "users.get": reading}, {"users.round": ROUND})

    (result,) = (each for each in results if each.case.operation == "users.round")
    assert users.there == []
    assert (result.outcome, codes(result)) == (Outcome.ERROR, ["interrupted"])


def test_a_request_that_was_broken_off_may_have_made_something(tmp_path: Path):
    """Nobody knows, and that is said."""
    over = threading.Event()

    def respond(_: Seen, stop: Callable[[], object]) -> Answer:
        stop()
        over.wait(0.2)
        return as_json({"id": 12}, 201)

    results, _ = stopped_while(tmp_path, respond, WRITING)

    (result,) = (each for each in results if each.case.id == "acme/users.make:ok")
    assert codes(result) == ["interrupted", "not-undone"]
    assert result.findings[1].actual == "no answer came, so that nobody knows what was made"


def test_a_clean_up_that_is_interrupted_says_what_is_left(tmp_path: Path):
    """Somebody could not wait."""
    over = threading.Event()

    def respond(seen: Seen, stop: Callable[[], object]) -> Answer:
        if seen.method == "POST":
            return as_json({"id": 12}, 201)
        stop()
        over.wait(0.2)
        return Answer(204)

    results, _ = stopped_while(tmp_path, respond, WRITING)

    (result,) = (each for each in results if each.case.id == "acme/users.make:ok")
    assert (result.outcome, codes(result)) == (Outcome.WARN, ["not-undone"])
    assert result.findings[0].actual == "the run was interrupted before that"
    assert result.findings[0].at.endswith("/users/12")
    assert KEY not in repr(result.findings)
