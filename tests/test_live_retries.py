"""Trying again, over real sockets and on a clock that jumps: what is worth it, what is safe, and how long it may take."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from builders import a_rule
from contract_files import a_contract, a_vendor
from provendor.clock import VirtualClock
from provendor.contract import RateLimit
from provendor.errors import Fault
from provendor.exchange import Exchange, Headers, Request
from provendor.reader import loading
from provendor.requests import Values, build
from provendor.wire.live import Network, Policy, policy_for
from provendor.wire.oauth2 import Tokens, ask_with_token
from provendor.wire.pacing import Pace
from servers import Client, Script, Scripted, answering, each, scripted

pytestmark = pytest.mark.loopback

RULES = (a_rule("rate-limited", 429, retryable=True), a_rule("vendor-down", "5xx", retryable=True), a_rule("gone", 410))
POLICY = Policy(reach="private", errors=RULES)
READS = Policy(reach="private", errors=RULES, safe=frozenset({"acme/read:ok"}))
NOW = 1_795_600_000.0  # Wed, 25 Nov 2026 09:46:40 GMT
GOOD = answering(200, b"good")
DOWN = answering(503, b"down", connection="close")


def cut(client: Client) -> None:
    client.reset()


class Asked:
    """What came of some requests, and how long was waited in between."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.outcomes: list[Exchange | Fault] = []

    @property
    def statuses(self) -> list[list[int | str | None]]:
        """The attempts of each request: status, or the code of the fault."""
        return [[attempt.error or attempt.status for attempt in each_.attempts] for each_ in self.outcomes]

    @property
    def waited_s(self) -> float:
        return self.clock.now()


def asked(
    server: Scripted, *requests: Request, policy: Policy = POLICY, pace: Pace | None = None, chance: float = 1.0
) -> Asked:
    """Send requests by one caller; one GET where none are given."""
    told = Asked()

    async def run() -> None:
        async with Network(env={}, clock=told.clock, wall=lambda: NOW, chance=lambda: chance) as network:
            caller = network.caller(policy, pace)
            for request in requests or (Request("GET", server.url),):
                try:
                    told.outcomes.append(await caller.send(request))
                except Fault as fault:
                    told.outcomes.append(fault)

    asyncio.run(run())
    return told


def test_an_answer_that_is_worth_it_is_asked_for_again():
    """503, then good: the exchange is the good one, and holds both attempts and the wait between them."""
    with scripted(each(DOWN, GOOD)) as server:
        told = asked(server)

    (exchange,) = told.outcomes
    assert isinstance(exchange, Exchange)
    assert (exchange.status, exchange.body) == (200, b"good")
    assert told.statuses == [[503, 200]]
    assert [attempt.waited_ms for attempt in exchange.attempts] == [0, 500]
    assert exchange.elapsed_ms == exchange.attempts[1].phases.total_ms
    assert told.waited_s == 0.5


def test_a_fault_that_is_worth_it_is_asked_for_again():
    """Reset, then good; the attempt that broke off says how."""
    with scripted(each(cut, GOOD)) as server:
        told = asked(server)

    assert told.statuses == [["reset-before-answer", 200]]


def test_three_tries_are_enough():
    """The last answer is the one that is judged."""
    with scripted(each(DOWN)) as server:
        told = asked(server)

    assert told.statuses == [[503, 503, 503]]
    assert told.waited_s == 0.5 + 1
    assert len(server.seen) == 3


def test_a_fault_at_the_end_holds_every_attempt():
    """Also those that were answered."""
    with scripted(each(DOWN, cut)) as server:
        told = asked(server)

    assert isinstance(told.outcomes[0], Fault)
    assert told.statuses == [[503, "reset-before-answer", "reset-before-answer"]]


@pytest.mark.parametrize("status", [200, 404, 410, 418])
def test_what_the_table_does_not_call_retryable_is_asked_once(status: int):
    """Success, errors that stay, errors that nobody knows."""
    with scripted(each(answering(status))) as server:
        assert asked(server).statuses == [[status]]


@pytest.mark.parametrize(
    ("request_", "policy", "tries"),
    [
        (Request("POST", ""), POLICY, 1),
        (Request("DELETE", ""), POLICY, 1),
        (Request("HEAD", ""), POLICY, 3),
        (Request("POST", "", headers=Headers((("Idempotency-Key", "1"),))), POLICY, 3),
        (
            Request("POST", "", asked_by="acme/read:ok"),
            READS,
            3,
        ),
        (
            Request("POST", "", asked_by="acme/make:ok"),
            READS,
            1,
        ),
    ],
    ids=["POST", "DELETE", "HEAD", "a key", "a read by POST", "a write in the same case"],
)
def test_only_what_may_reach_the_vendor_twice_is_asked_again(request_: Request, policy: Policy, tries: int):
    """What reads, and what carries a key by which the vendor knows it again."""
    with scripted(each(DOWN)) as server:
        told = asked(server, request_._replace(url=server.url), policy=policy)

    assert told.statuses == [[503] * tries]


def test_what_has_not_reached_the_vendor_is_asked_again_whatever_it_is():
    """Nobody listens: even a write is sent once more."""
    with scripted(GOOD) as server:
        pass

    assert asked(server, Request("POST", server.url)).statuses == [["connection-refused"] * 3]


def test_a_write_that_broke_off_is_not_asked_again():
    """The vendor may have carried it out."""
    with scripted(each(cut)) as server:
        assert asked(server, Request("POST", server.url, body=b"x")).statuses == [["reset-before-answer"]]


def test_an_error_that_the_case_is_about_is_asked_once():
    """The case `rate-limited` wants its 429."""
    with scripted(each(answering(429))) as server:
        told = asked(server, policy=Policy(reach="private", errors=RULES, expected="rate-limited"))

    assert told.statuses == [[429]]


@pytest.mark.parametrize(
    ("value", "waited_s", "asked_s"),
    [
        ("7", 7, 7),
        ("1.5", 1.5, 1.5),
        ("0", 0.5, 0),
        ("-3", 0.5, 0),
        ("soon", 0.5, None),
        ("", 0.5, None),
        ("Wed, 25 Nov 2026 09:46:50 GMT", 10, 10),
        ("Wednesday, 25-Nov-26 09:46:50 GMT", 10, 10),
        ("Wed Nov 25 09:46:50 2026", 10, 10),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.5, 0),
    ],
)
def test_retry_after_is_heeded_in_every_form(value: str, waited_s: float, asked_s: float | None):
    """What is no time is not waited for, and what has passed is no reason to come at once: then the usual wait is."""
    with scripted(each(answering(429, retry_after=value), GOOD)) as server:
        told = asked(server)

    assert told.statuses == [[429, 200]]
    assert told.waited_s == waited_s
    assert told.outcomes[0].attempts[0].retry_after_s == asked_s


@pytest.mark.parametrize("value", ["31", "99999999999", "Thu, 25 Nov 2027 09:46:40 GMT"])
def test_a_wait_that_the_deadline_has_no_room_for_is_not_begun(value: str):
    """The 429 is the answer, and it is there at once."""
    with scripted(each(answering(429, retry_after=value), GOOD)) as server:
        told = asked(server)

    assert (told.statuses, told.waited_s) == ([[429]], 0)


def test_a_vendor_that_only_says_when_something_is_left_again_is_heeded_too():
    """No Retry-After, but nothing remains until then."""
    spent = answering(429, x_rate_limit_remaining="0", x_rate_limit_reset=str(int(NOW) + 20))
    with scripted(each(spent, GOOD)) as server:
        told = asked(server)

    assert (told.statuses, told.waited_s) == ([[429, 200]], 20)


def test_one_deadline_counts_for_everything_that_a_case_asks():
    """Every request, every wait: after 30 s on the clock there is no further try, and no further request."""
    slow = each(answering(429, retry_after="12"))
    with scripted(slow) as server:
        told = asked(server, *[Request("GET", server.url)] * 3)

    assert told.statuses == [[429, 429, 429], [429], [429]]
    assert told.waited_s == 24


def test_a_dying_vendor_is_not_hammered():
    """The budget of a run: 40 requests would be 120 calls, and are less than half of that."""

    async def run(url: str) -> None:
        async with Network(env={}, clock=VirtualClock()) as network:
            for _ in range(40):
                assert (await network.caller(POLICY).send(Request("GET", url))).status == 503

    with scripted(each(DOWN)) as server:
        asyncio.run(run(server.url))

    assert 40 + 10 <= len(server.seen) <= 40 + 10 + 40 / 5


def test_one_vendors_trouble_does_not_use_up_anothers_tries():
    """A budget belongs to an origin."""

    async def run(dying: str, shaky: str) -> Exchange:
        async with Network(env={}, clock=VirtualClock()) as network:
            for _ in range(20):
                await network.caller(POLICY).send(Request("GET", dying))
            return await network.caller(POLICY).send(Request("GET", shaky))

    with scripted(each(DOWN)) as dying, scripted(each(DOWN, GOOD)) as shaky:
        assert asyncio.run(run(dying.url, shaky.url)).status == 200


# --- pace ----------------------------------------------------------------------------------------------------------------


def a_pace(clock: VirtualClock, requests: int = 1, per_s: float = 10.0) -> Pace:
    return Pace(RateLimit(requests, per_s), None, clock=clock, wall=lambda: NOW + clock.now(), name="Acme")


def paced(server: Scripted, requests: Iterable[Request], *, limit: int = 1, policy: Policy = POLICY) -> Asked:
    told = Asked()
    pace = a_pace(told.clock, limit)

    async def run() -> None:
        async with Network(env={}, clock=told.clock, wall=lambda: NOW + told.clock.now()) as network:
            caller = network.caller(policy, pace)
            for request in requests:
                try:
                    told.outcomes.append(await caller.send(request))
                except Fault as fault:
                    told.outcomes.append(fault)

    try:
        asyncio.run(run())
    finally:
        pace.close()
    return told


def test_every_request_takes_its_turn():
    """The wait is the attempt's, and no part of what the vendor took."""
    with scripted(each(GOOD)) as server:
        told = paced(server, [Request("GET", server.url)] * 3)

    assert [each_.attempts[0].waited_ms for each_ in told.outcomes] == [0, 10_000, 10_000]
    assert all(isinstance(each_, Exchange) and (each_.elapsed_ms or 0) < 9000 for each_ in told.outcomes)


def test_a_turn_that_is_too_far_away_is_a_fault_of_its_own():
    """Nothing was sent, and it is not the vendor's."""
    with scripted(each(GOOD)) as server:
        told = paced(server, [Request("GET", server.url)] * 2, policy=Policy(reach="private", deadline_s=5))

    last = told.outcomes[-1]
    assert isinstance(last, Fault)
    assert (last.code, last.attempts) == ("paced-out", ())
    assert len(server.seen) == 1


def test_what_an_answer_says_of_the_rate_holds_for_everybody_who_shares_the_pace():
    """The next request waits for what this answer asked for."""
    with scripted(each(answering(403, retry_after="25"), GOOD)) as server:
        told = paced(server, [Request("GET", server.url)] * 2, limit=100)

    assert [each_.attempts[0].waited_ms for each_ in told.outcomes] == [0, 25_000]


# --- keys and tokens -----------------------------------------------------------------------------------------------------

CREATE = {
    "summary": "Makes an order.",
    "request": "POST /orders",
    "safety": "write",
    "json": {"key": "{key}"},
    "cases": {"ok": {"status": 201}},
}
TOKEN = {
    "summary": "An access token.",
    "request": "POST /token",
    "auth": "none",
    "safety": "read",
    "cases": {"ok": {"status": 200}},
}


def test_an_idempotency_key_is_the_same_in_all_tries_and_makes_them_safe(tmp_path: Path):
    """A write that carries one, in its body: the vendor knows the second one again."""
    variables = {"key": {"generate": "uuid", "example": "an-example"}}
    errors = [{"status": "5xx", "code": "down", "retryable": True}]
    a_contract(
        tmp_path, a_vendor(variables=variables, errors=errors, auth="none"), {"operations": {"orders.make": CREATE}}
    )
    vendor = loading.load(tmp_path).vendors["acme"]
    (case,) = vendor.cases

    with scripted(each(DOWN, cut, answering(201))) as server:
        values = Values({"base_url": server.url, "key": "an-example"}, generated=frozenset({"key"})).anew()
        policy = policy_for(case, vendor, "sandbox")
        told = asked(server, build(case, values), policy=policy)

    assert told.statuses == [[503, "reset-before-answer", 201]]
    keys = {json.loads(seen.body)["key"] for seen in server.seen}
    assert len(keys) == 1
    assert keys != {"an-example"}


def test_a_token_that_ended_early_is_fetched_anew_over_the_same_transport(tmp_path: Path):
    """A 401 is asked once more; the token's own request is tried again like any other."""
    vendor = a_vendor(
        secrets={"access_token": {"env": "ACME_TOKEN"}},
        auth={"bearer": "{access_token}"},
        oauth2={"grant": "client_credentials", "token": "oauth.token", "gives": "access_token"},
        errors=[
            {"status": 401, "code": "unauthorized", "retryable": False},
            {"status": "5xx", "code": "down", "retryable": True},
        ],
    )
    me = {"summary": "Me.", "request": "GET /me", "cases": {"ok": {"status": 200}}}
    a_contract(tmp_path, vendor, {"operations": {"oauth.token": TOKEN, "me.get": me}})
    acme = loading.load(tmp_path).vendors["acme"]
    token_case, case = acme.cases

    def token(number: int) -> Script:
        return answering(200, json.dumps({"access_token": f"token-{number}", "token_type": "Bearer"}).encode())

    async def run(url: str) -> Exchange:
        async with Network(env={}, clock=VirtualClock()) as network:
            fetching = network.caller(policy_for(token_case, acme, "sandbox"))
            tokens = Tokens(acme, Values({"base_url": url}, frozenset({"access_token"})), fetching, lambda: 0.0)
            asking = network.caller(policy_for(case, acme, "sandbox"))
            return (await ask_with_token(case, tokens, asking, network.clock)).exchange

    with scripted(each(DOWN, token(1), answering(401), token(2), GOOD)) as server:
        exchange = asyncio.run(run(server.url))

    assert exchange.status == 200
    assert [seen.path for seen in server.seen] == ["/token", "/token", "/me", "/token", "/me"]
    assert [seen.headers.get("authorization") for seen in server.seen if seen.path == "/me"] == [
        "Bearer token-1",
        "Bearer token-2",
    ]
