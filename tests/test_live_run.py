"""Runs against vendors that are scripted servers: what is asked, what is replayed instead, what is skipped, and why."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_files import write
from live_suites import (
    DELETE,
    KEY,
    MAKE,
    USER,
    a_replayer,
    a_run,
    a_suite,
    as_json,
    carried_out,
    codes,
    env,
    recorded,
)
from loopback import Answer, Seen, serve
from provendor import evidence
from provendor.clock import VirtualClock
from provendor.contract import RateLimit
from provendor.errors import Fault
from provendor.exchange import Exchange, Request, Source
from provendor.run import NEVER, NOT_ASKED, POSTED, Result
from provendor.verdict import Outcome
from provendor.wire.live import Network, Policy
from provendor.wire.pacing import Pace

pytestmark = pytest.mark.loopback


def a_user(seen: Seen) -> Answer:
    """Users for whoever has the key."""
    if seen.headers.get("authorization") != f"Bearer {KEY}":
        return as_json({"error": "who are you?"}, 401)
    if seen.method == "POST":
        return as_json({"id": 12, "name": "Robin"}, 201)
    return Answer(204) if seen.method == "DELETE" else as_json({"id": 7})


def test_cases_are_asked_of_the_sandbox(tmp_path: Path):
    """With its address, its credential, its values; what comes back is judged, and says where it is from."""
    a_suite(tmp_path)
    with serve(a_user) as server:
        results = carried_out(tmp_path, env(server))

    ok, denied = results["users.get:ok"], results["users.get:unauthorized"]
    assert [ok.outcome, denied.outcome] == [Outcome.PASS, Outcome.PASS]
    assert (ok.source, ok.environment, ok.fallback, len(ok.attempts)) == (Source.LIVE, "sandbox", None, 1)
    assert [(seen.method, seen.path, seen.headers["authorization"]) for seen in server.seen] == [
        ("GET", "/users/7", f"Bearer {KEY}"),
        ("GET", "/users/7", "Bearer wrong"),
    ]


def test_a_case_that_is_never_asked_live_stays_recorded_and_says_so(tmp_path: Path):
    """Also where everything must be live: the contract decides."""
    a_suite(tmp_path)
    recorded(tmp_path, "users.get:suspended", status=404)
    with serve(a_user) as server:
        never = carried_out(tmp_path, env(server), require_live=True)["users.get:suspended"]

    assert (codes(never), never.outcome, never.source, never.fallback) == ([], Outcome.PASS, Source.RECORDED, NEVER)


def test_a_delivery_is_not_asked_because_the_vendor_posts_it(tmp_path: Path):
    """It stays recorded, and is no fallback."""
    a_suite(tmp_path, webhooks={"topic": "X-Topic"})
    delivery = {"users.new": {"summary": "Somebody is new.", "topic": "users/new", "cases": {"ok": {}}}}
    write(tmp_path, {"acme/deliveries.yaml": {"deliveries": delivery}})

    with serve(a_user) as server:
        result = carried_out(tmp_path, env(server), require_live=True)["users.new:ok"]

    assert (result.source, result.fallback) == (Source.RECORDED, POSTED)
    assert "fallback" not in codes(result)


def test_a_vendor_that_is_not_ready_falls_back_to_its_cassettes_with_the_reason(tmp_path: Path):
    """Nothing is sent, and the source stays recorded."""
    a_suite(tmp_path)
    recorded(tmp_path, "users.get:ok", body={"id": 7})
    with serve(a_user) as server:
        ok = carried_out(tmp_path, env(server, ACME_LIVE="0"))["users.get:ok"]

    assert server.seen == []
    assert (ok.outcome, ok.source, ok.environment) == (Outcome.PASS, Source.RECORDED, None)
    assert ok.fallback == "ACME_LIVE is set, but not to 1, true, on or yes"


def test_where_live_is_required_a_fallback_is_an_error(tmp_path: Path):
    """A replay that fails stays a fail."""
    a_suite(tmp_path)
    recorded(tmp_path, "users.get:ok", body={"id": 7})
    recorded(tmp_path, "users.get:unauthorized", body={}, status=200)

    results = carried_out(tmp_path, {"ACME_LIVE": "1"}, require_live=True)

    ok, broken = results["users.get:ok"], results["users.get:unauthorized"]
    assert (ok.outcome, codes(ok), ok.reason) == (
        Outcome.ERROR,
        ["fallback"],
        "not asked live: ACME_SANDBOX_URL is not set (and 2 more)",
    )
    assert (broken.outcome, codes(broken)[-1]) == (Outcome.FAIL, "fallback")


def test_a_live_call_that_fails_is_a_fail_and_no_fallback(tmp_path: Path):
    """Although there is a cassette that would pass."""
    a_suite(tmp_path)
    recorded(tmp_path, "users.get:ok", body={"id": 7})
    with serve(lambda _: as_json({"id": "seven"})) as server:
        ok = carried_out(tmp_path, env(server))["users.get:ok"]

    assert (ok.outcome, ok.source, ok.fallback, codes(ok)) == (Outcome.FAIL, Source.LIVE, None, ["body-schema"])


def test_a_vendor_that_cannot_be_reached_is_an_error_and_no_fallback(tmp_path: Path):
    """It was asked, and nobody answered."""
    a_suite(tmp_path)
    recorded(tmp_path, "users.get:ok", body={"id": 7})
    with serve(a_user) as server:
        pass

    ok = carried_out(tmp_path, env(server))["users.get:ok"]

    assert (ok.outcome, ok.source, ok.environment, ok.fallback) == (Outcome.ERROR, Source.LIVE, "sandbox", None)


def test_a_case_that_lacks_a_value_falls_back_alone(tmp_path: Path):
    """The others of its vendor are asked."""
    health = {"summary": "Health.", "request": "GET /health", "cases": {"ok": {"status": 200}}}
    a_suite(tmp_path, {"users.get": USER, "health.get": health})
    known = {name: value for name, value in env("http://127.0.0.1:1").items() if name != "ACME_USER_ID"}
    with serve(a_user) as server:
        results = carried_out(tmp_path, {**known, "ACME_SANDBOX_URL": server.url})

    assert results["health.get:ok"].source is Source.LIVE
    assert results["users.get:ok"].fallback == "ACME_USER_ID is not set"


# --- writes -----------------------------------------------------------------------------------------------------------

WRITING = {"users.make": MAKE, "users.delete": DELETE, "users.get": USER}


def test_nothing_is_written_without_leave(tmp_path: Path):
    """What writes is skipped with the reason, what reads is asked."""
    a_suite(tmp_path, WRITING)
    with serve(a_user) as server:
        results = carried_out(tmp_path, env(server))

    made = results["users.make:ok"]
    assert (made.outcome, made.reason) == (Outcome.SKIP, "it writes: give --allow-writes to let it")
    assert {seen.method for seen in server.seen} == {"GET"}


def test_nothing_is_ever_written_in_production(tmp_path: Path):
    """Leave or no leave."""
    a_suite(tmp_path, WRITING)
    with serve(a_user) as server:
        results = carried_out(tmp_path, env(server), environment="production", allow_writes=True)

    made = results["users.make:ok"]
    assert (made.outcome, made.reason) == (Outcome.SKIP, "it writes, and nothing is ever written in production")
    assert results["users.get:ok"].environment == "production"
    assert {seen.method for seen in server.seen} == {"GET"}


def test_what_would_be_written_is_known_before_it_is_sent(tmp_path: Path):
    """Method, URL without secrets, effect, and what takes it away again."""
    a_suite(
        tmp_path,
        {
            **WRITING,
            "users.invite": {
                "summary": "Invite somebody.",
                "request": "POST /keys/{api_key}/invitations",
                "safety": "write",
                "cases": {"ok": {"status": 201}},
            },
        },
        {
            "users.round": {
                "summary": "Make and delete.",
                "steps": [
                    {"name": "make", "call": "users.make", "capture": {"one": "$.id"}},
                    {"name": "read", "call": "users.get", "with": {"path": {"user_id": "{one}"}}},
                    {"name": "delete", "call": "users.delete", "with": {"path": {"user_id": "{one}"}}},
                ],
                "cases": {"ok": {"status": 204}},
            }
        },
    )
    run = a_run(tmp_path, env("http://127.0.0.1:9"), allow_writes=True)

    planned = [
        (write.case.id, f"{write.method} {write.url}", write.effect, write.undone_by)
        for write in run.writes(a_replayer(tmp_path).suite.cases)
    ]

    here = "http://127.0.0.1:9"
    assert planned == [
        ("acme/users.make:ok", f"POST {here}/users", "Make a user.", "users.delete"),
        ("acme/users.delete:ok", f"DELETE {here}/users/7", "Delete a user.", None),
        ("acme/users.invite:ok", f"POST {here}/keys/<api_key>/invitations", "Invite somebody.", None),
        ("acme/users.round:ok", f"POST {here}/users", "Make a user.", "users.delete"),
        ("acme/users.round:ok", f"DELETE {here}/users/{{one}}", "Delete a user.", None),
    ]


# --- vendors side by side ---------------------------------------------------------------------------------------------


def test_a_vendor_that_hangs_delays_no_other(tmp_path: Path):
    """The other one's cases are all told while the first still waits."""
    a_suite(tmp_path, {"users.get": {**USER, "cases": {"ok": {"status": 200}}}}, name="slow")
    a_suite(tmp_path, {"users.get": {**USER, "cases": {f"ok{n}": {"status": 200} for n in range(5)}}}, name="quick")
    released = threading.Event()

    def hang(_: Seen) -> Answer:
        released.wait(20)
        return as_json({"id": 7})

    told: list[str] = []

    def tell(result: Result) -> None:
        told.append(result.case.id)
        if len(told) == 5:
            released.set()

    with serve(hang) as slow, serve(a_user) as quick:
        run = a_run(tmp_path, {**env(slow, "slow"), **env(quick, "quick")})
        finished = asyncio.run(run.carry_out(a_replayer(tmp_path).suite.cases, tell))

    assert finished
    assert told == [*(f"quick/users.get:ok{n}" for n in range(5)), "slow/users.get:ok"]


def test_cases_of_one_vendor_are_asked_in_order(tmp_path: Path):
    """One after the other, as the contract has them."""
    cases = {f"n{number}": {"with": {"query": {"n": number}}, "status": 200} for number in (3, 1, 2)}
    a_suite(tmp_path, {"users.get": {**USER, "cases": cases}})
    with serve(a_user) as server:
        carried_out(tmp_path, env(server))

    assert [seen.path for seen in server.seen] == ["/users/7?n=3", "/users/7?n=1", "/users/7?n=2"]


def test_an_interrupted_run_has_a_result_for_every_case(tmp_path: Path):
    """The one under way is an error, those after it say that they were not asked; all vendors stop."""
    for name in ("one", "two"):
        a_suite(tmp_path, {"users.get": {**USER, "cases": {f"ok{n}": {"status": 200} for n in range(3)}}}, name=name)
    over = threading.Event()
    stop: list[Callable[[], object]] = []
    results: dict[str, Result] = {}

    def hang(_: Seen) -> Answer:
        stop[0]()
        over.wait(20)
        return as_json({"id": 7})

    async def main() -> bool:
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(run.stop))
        return await run.carry_out(a_replayer(tmp_path).suite.cases, lambda r: results.update({r.case.id: r}))

    with serve(hang) as server:
        run = a_run(tmp_path, {**env(server, "one"), **env(server, "two")})
        finished = asyncio.run(main())
        over.set()

    assert not finished
    assert len(results) == 6
    assert {codes(result)[0] for result in results.values() if result.outcome is Outcome.ERROR} == {"interrupted"}
    assert {result.reason for result in results.values() if result.outcome is Outcome.SKIP} == {NOT_ASKED}
    assert not any(result.outcome is Outcome.PASS for result in results.values())


# --- pace -------------------------------------------------------------------------------------------------------------


def test_cases_keep_the_pace_of_their_vendor(tmp_path: Path):
    """Two an hour: nobody waits for the third, and it is not sent."""
    cases = {f"ok{number}": {"status": 200} for number in range(3)}
    a_suite(tmp_path, {"users.get": {**USER, "cases": cases}}, rate_limit={"requests": 2, "per": "1h"})
    with serve(a_user) as server:
        results = carried_out(tmp_path, env(server))

    *asked, last = results.values()
    assert [result.outcome for result in asked] == [Outcome.PASS, Outcome.PASS]
    assert (last.outcome, codes(last), len(server.seen)) == (Outcome.ERROR, ["paced-out"], 2)


def test_waiting_for_our_own_turn_takes_nothing_from_the_time_of_a_case():
    """A hundred seconds at the slow pace of a vendor, and the answer within its thirty."""
    clock = VirtualClock()

    async def ask(url: str, **policy: Any) -> Exchange:
        pace = Pace(RateLimit(1, 100.0), None, clock=clock, wall=lambda: 0.0)
        await pace.turn()
        async with Network(env={}, clock=clock) as network:
            caller = network.caller(Policy(reach="private", **policy), pace)
            return await caller.send(Request("GET", url))

    with serve(a_user) as server:
        answer = asyncio.run(ask(server.url, patience_s=900.0))
        with pytest.raises(Fault) as impatient:
            asyncio.run(ask(server.url))

    assert answer.attempts[0].waited_ms == 100_000
    assert impatient.value.code == "paced-out"


def test_what_the_vendor_says_about_its_rate_is_heeded_by_the_next_case(tmp_path: Path):
    """Nothing is left for an hour: the second case is not sent, although our own pace would let it."""
    cases = {f"ok{number}": {"status": 200} for number in range(2)}
    a_suite(tmp_path, {"users.get": {**USER, "cases": cases}})
    with serve(lambda _: as_json({"id": 7}, RateLimit='"default";r=0;t=3600')) as server:
        first, second = carried_out(tmp_path, env(server)).values()

    assert (first.outcome, codes(second), len(server.seen)) == (Outcome.PASS, ["paced-out"], 1)


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_no_secret_is_in_anything_that_is_kept_or_shown(tmp_path: Path):
    """A vendor that sends our key back everywhere: the echo is a finding, and the key is nowhere."""
    operation = {
        "summary": "One user.",
        "request": "GET /keys/{api_key}/users",
        "query": {"key": "{api_key}"},
        "cases": {"ok": {"status": 200, "body": {"type": "object", "properties": {"id": {"type": "integer"}}}}},
    }
    a_suite(tmp_path, {"users.get": operation})
    with serve(lambda _: as_json({"id": f"id of {KEY}", "note": KEY}, x_echo=KEY)) as server:
        run = a_run(tmp_path, env(server))
        results: list[Result] = []
        asyncio.run(run.carry_out(a_replayer(tmp_path).suite.cases, results.append))

    (result,) = results
    from provendor.reports import present

    kept = json.dumps(evidence.result_json(result, run.redactor("acme")))
    shown = present.full(result, a_replayer(tmp_path).suite) + present.line(result) + repr(result.verdicts)
    assert sorted(set(codes(result))) == ["body-schema", "credential-echo"]
    assert KEY not in kept
    assert KEY not in shown
    assert KEY not in repr(result.exchange)


def test_a_pass_holds_no_secret_in_evidence(tmp_path: Path):
    """Its request is written down."""
    operation = {"summary": "One.", "request": "GET /keys/{api_key}", "cases": {"ok": {"status": 200}}}
    a_suite(tmp_path, {"users.get": operation})
    with serve(lambda _: as_json({})) as server:
        run = a_run(tmp_path, env(server))
        results: list[Result] = []
        asyncio.run(run.carry_out(a_replayer(tmp_path).suite.cases, results.append))

    kept = json.dumps(evidence.result_json(results[0], run.redactor("acme")))
    assert results[0].outcome is Outcome.PASS
    assert KEY not in kept
    assert "/keys/%3Capi_key%3E" in kept
