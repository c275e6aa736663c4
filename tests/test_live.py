"""Live calls over real sockets: what is sent, what comes back, and what is known about it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import pytest

from builders import a_case, a_vendor
from loopback import Answer, Seen, serve
from provendor.contract import Environment, Variable
from provendor.exchange import Exchange, Headers, Request, Source
from provendor.live import Network, Policy, policy_for

pytestmark = pytest.mark.loopback

SANDBOX = Policy(reach="private")


def send(*requests: Request, policy: Policy = SANDBOX) -> list[Exchange]:
    """Send requests one after the other over one network."""

    async def run() -> list[Exchange]:
        async with Network(env={}) as network:
            return [await network.caller(policy).send(request) for request in requests]

    return asyncio.run(run())


def test_an_exchange_is_the_answer_as_it_came():
    """Status, headers in order, body; live, and of the request that was asked."""
    given = Answer(201, b'{"id": 7}', {"content-type": "application/json", "x-one": "1"})
    with serve(lambda _: given) as server:
        request = Request("GET", f"{server.url}/users/7")
        (exchange,) = send(request)

    assert (exchange.status, exchange.json, exchange.source) == (201, {"id": 7}, Source.LIVE)
    assert exchange.headers.get("x-one") == "1"
    assert exchange.request is request


def test_what_is_sent_is_what_the_contract_says():
    """Method, path, query, headers and body; nothing that libcurl would add by itself."""
    with serve(lambda _: Answer()) as server:
        asked = Request(
            "PATCH",
            f"{server.url}/a%2Fb/%2E%2E/c",
            (("q", "a b&c=d"), ("q", "ü")),
            Headers((("X-Token", "secret"), ("X-Empty", ""))),
            b'{"a":1}',
        )
        send(asked)

    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == (
        "PATCH",
        "/a%2Fb/%2E%2E/c?q=a%20b%26c%3Dd&q=%C3%BC",
        b'{"a":1}',
    )
    assert seen.headers.pop("user-agent").startswith("provendor/")
    assert seen.headers == {
        "host": server.url.removeprefix("http://"),
        "accept": "*/*",
        "accept-encoding": "gzip, deflate, br, zstd",
        "content-length": "7",
        "x-token": "secret",
        "x-empty": "",
    }


def test_a_call_that_is_broken_off_does_not_take_the_next_one_with_it():
    """It is sent in the same turn of the loop, as a clean-up is."""
    over = threading.Event()

    def respond(seen: Seen) -> Answer:
        if seen.path == "/slow":
            started.set()
            over.wait(20)
        return Answer(204)

    async def run(url: str) -> Exchange:
        async with Network(env={}) as network:
            slow = asyncio.create_task(both(network, url))
            await asyncio.to_thread(started.wait, 20)
            slow.cancel()
            return await asyncio.wait_for(slow, 20)

    async def both(network: Network, url: str) -> Exchange:
        with suppress(asyncio.CancelledError):
            await network.caller(SANDBOX).send(Request("GET", f"{url}/slow"))
        return await network.caller(SANDBOX).send(Request("GET", f"{url}/next"))

    started = threading.Event()
    with serve(respond) as server:
        answer = asyncio.run(run(server.url))
        over.set()

    assert answer.status == 204


def test_nothing_of_an_answer_comes_with_the_next_request():
    """A cookie that a vendor sets for one case is not sent with another."""

    def respond(_: Seen) -> Answer:
        return Answer(200, b"", {"set-cookie": "session=1; Path=/"})

    with serve(respond) as server:
        send(Request("GET", server.url), Request("GET", server.url))

    assert "cookie" not in server.seen[1].headers


@pytest.mark.parametrize(
    ("environment", "private", "reach"),
    [("sandbox", False, "private"), ("production", False, "public"), ("production", True, "private")],
)
def test_only_a_sandbox_or_a_private_production_has_private_addresses(environment: str, private: bool, reach: str):
    """A name that suddenly leads into our own network is no vendor."""
    production = Environment("production", Variable("base_url", None, "https://acme.example"), private)
    vendor = a_vendor()._replace(environments={"production": production})

    assert policy_for(a_case("acme/users.get:ok"), vendor, environment).reach == reach  # type: ignore[arg-type]
