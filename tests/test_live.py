"""Live calls over real sockets: what is sent, what comes back, and what is known about it."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import zlib
from contextlib import suppress

import brotli
import httpx
import pytest
import zstandard

from builders import a_case, a_rule, a_vendor, an_expect, statuses
from live_calls import SANDBOX, a_policy, send
from logs import logged
from loopback import Answer, Seen, serve
from provendor.contract import Environment, Template, Variable
from provendor.engine import ENGINE
from provendor.exchange import Exchange, Headers, Json, Peer, Request, Source
from provendor.plans.jsonrpc import unwrapped
from provendor.requests import Values
from provendor.run import Result, run_case
from provendor.verdict import Outcome
from provendor.wire.live import Network, Policy, policy_for
from servers import Client, Script, answering, each, reading, scripted

pytestmark = pytest.mark.loopback


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


# --- redirects ---------------------------------------------------------------------------------------------------------


def test_a_redirect_within_the_origin_is_followed_with_what_was_sent():
    """Each hop is an attempt; the exchange is the last answer to the request that was asked."""
    with scripted(each(answering(301, location="/b?x=1"), answering(200, b"there"))) as server:
        asked = Request("GET", f"{server.url}/a", headers=Headers((("X-Token", "secret"),)))
        (exchange,) = send(asked)

    assert (exchange.status, exchange.body, exchange.request) == (200, b"there", asked)
    assert [attempt.status for attempt in exchange.attempts] == [301, 200]
    assert [(seen.path, seen.headers["x-token"]) for seen in server.seen] == [("/a", "secret"), ("/b?x=1", "secret")]


@pytest.mark.parametrize("location", ["{url}/b", "//{host}/b", "b", "?/b", "/b#part"])
def test_an_origin_is_the_same_however_it_is_written(location: str):
    """Absolute, without a scheme, relative; what stands behind # is not sent."""
    script = each(
        lambda client: client.answer(302, location=location.format(url=client.server.url, host=client.server.host)),
        answering(204),
    )
    with scripted(script) as server:
        (exchange,) = send(Request("GET", f"{server.url}/a"))

    assert exchange.status == 204
    assert "#" not in server.seen[1].path


def test_a_redirect_that_keeps_the_method_is_followed_with_the_body():
    """307 and 308 say that nothing was done yet."""
    with scripted(each(answering(308, location="/b"), answering(201))) as server:
        (exchange,) = send(Request("POST", f"{server.url}/a", body=b"x=1"))

    assert exchange.status == 201
    assert [(seen.method, seen.body) for seen in server.seen] == [("POST", b"x=1")] * 2


def test_a_redirect_that_would_turn_a_write_into_a_read_is_the_answer():
    """303 after a POST: it was carried out, and the status is judged."""
    with scripted(each(answering(303, location="/b"))) as server:
        (exchange,) = send(Request("POST", f"{server.url}/a"))

    assert (exchange.status, len(server.seen)) == (303, 1)


@pytest.mark.parametrize(
    "policy",
    [
        a_policy(statuses=statuses(302)),
        a_policy(errors=(a_rule("unexpected-redirect", "3xx"),)),
    ],
    ids=["the case expects it", "the error table names it"],
)
def test_a_redirect_for_which_the_contract_has_a_name_is_the_answer(policy: Policy):
    """It is judged, wherever it leads."""
    with scripted(each(answering(302, location="https://elsewhere.example/"))) as server:
        (exchange,) = send(Request("GET", server.url), policy=policy)

    assert (exchange.status, len(exchange.attempts)) == (302, 1)


def test_a_redirect_to_nowhere_is_the_answer():
    """Without a `Location` there is nothing to follow."""
    with scripted(each(answering(302))) as server:
        (exchange,) = send(Request("GET", server.url))

    assert exchange.status == 302


# --- what is no fault ----------------------------------------------------------------------------------------------------

PROMISED = an_expect(body={"type": "object", "required": ["id"]})


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        (answering(200, b'{"id": 7}', content_type="application/json"), []),
        (answering(502, b"<html>Bad Gateway</html>", content_type="text/html"), ["status", "error-unclassified"]),
        (answering(200, b"", content_type="application/json"), ["body-json"]),
        (answering(200), ["content-type", "body-json"]),
        (answering(200, b'{"id": 7', content_type="application/json"), ["body-json"]),
        (answering(200, b'{"id": "\xfc"}', content_type="application/json; charset=iso-8859-1"), ["body-json"]),
        (answering(204), ["status", "content-type", "body-json"]),
        (answering(418, b"tea"), ["status", "error-unclassified"]),
    ],
    ids=["good", "HTML 502", "empty 200", "empty 200 without a type", "no JSON", "wrong charset", "204", "418"],
)
def test_what_was_answered_is_judged_whatever_it_is(script: Script, codes: list[str]):
    """An exchange, and the checks say what is wrong with it."""
    case = a_case("acme/users.get:ok", PROMISED, template=Template("GET", "/users/7"))

    async def run(url: str) -> Result:
        async with Network(env={}) as network:
            values = Values({"base_url": url})
            return await run_case(case, values, network.caller(SANDBOX), ENGINE, PROMISED, network.clock)

    with scripted(each(script)) as server:
        result = asyncio.run(run(server.url))

    assert result.exchange is not None
    assert [finding.code for finding in result.findings] == codes
    assert len(result.attempts) == 1
    assert result.peer == Peer(f"127.0.0.1:{server.port}", "HTTP/1.1")


def test_a_case_that_breaks_off_is_an_error_with_its_attempts():
    """Not a fail: nobody knows what the vendor would have said."""
    case = a_case("acme/users.get:ok", PROMISED, template=Template("GET", "/users/7"))

    async def run(url: str) -> Result:
        async with Network(env={}) as network:
            return await run_case(
                case, Values({"base_url": url}), network.caller(SANDBOX), ENGINE, PROMISED, network.clock
            )

    with scripted(reading(lambda client: client.reset())) as server:
        result = asyncio.run(run(server.url))

    assert (result.outcome, [finding.code for finding in result.findings]) == (Outcome.ERROR, ["reset-before-answer"])
    assert [attempt.error for attempt in result.attempts] == ["reset-before-answer"]


# --- bodies and headers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("br", brotli.compress(b"hello")),
        ("zstd", zstandard.ZstdCompressor().compress(b"hello")),
    ],
    ids=["gzip", "deflate", "br", "zstd"],
)
def test_bodies_come_decoded(encoding: str, body: bytes):
    """And the header that spoke of it has gone, as in a cassette."""
    with scripted(each(answering(200, body, content_encoding=encoding))) as server:
        (exchange,) = send(Request("GET", server.url))

    assert exchange.body == b"hello"
    assert exchange.headers.get("content-encoding") is None
    assert exchange.headers.get("content-length") == "5"


def test_headers_come_in_order_with_every_repetition():
    """Two cookies are two; text beyond ASCII is read as UTF-8, else as Latin-1."""
    lines = (
        b"Set-Cookie: a=1",
        b"X: gr\xc3\xbc\xc3\x9fe",
        b"set-cookie: b=2",
        b"Y: gr\xfc\xdfe",
        b"Z:",
        b"content-length: 0",
    )
    head = b"\r\n".join((b"HTTP/1.1 200 OK", *lines, b"", b""))
    with scripted(reading(lambda client: client.send(head))) as server:
        (exchange,) = send(Request("GET", server.url))

    assert exchange.headers.items == (
        ("Set-Cookie", "a=1"),
        ("X", "grüße"),
        ("set-cookie", "b=2"),
        ("Y", "grüße"),
        ("Z", ""),
        ("content-length", "0"),
    )


def test_what_comes_before_and_after_the_answer_is_not_the_answer():
    """Early hints, 100 Continue, and trailers behind the last chunk."""
    parts = b"".join(
        (
            b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-trailer: 1\r\n\r\n",
        )
    )
    with scripted(reading(lambda client: client.send(parts))) as server:
        (exchange,) = send(Request("GET", server.url))

    assert (exchange.status, exchange.body) == (200, b"hello")
    assert exchange.headers.items == (("transfer-encoding", "chunked"),)


def test_an_answer_to_head_has_no_body_whatever_it_says():
    """And nobody waits for one."""
    with scripted(each(answering(200, content_length="9", content_encoding="gzip"))) as server:
        (exchange,) = send(Request("HEAD", server.url))

    assert (exchange.status, exchange.body, server.seen[0].method) == (200, b"", "HEAD")


def test_a_header_beyond_ascii_is_sent_as_latin_1():
    """As the contract language allows it."""
    with scripted(each(answering())) as server:
        send(Request("GET", server.url, headers=Headers((("x-name", "grüße"),))))

    assert server.seen[0].headers["x-name"] == "grüße"


@pytest.mark.parametrize(
    ("headers", "sent"),
    [((), "Basic YTpi"), ((("Authorization", "Bearer token"),), "Bearer token")],
)
def test_a_credential_in_a_url_is_sent_unless_the_contract_has_another(headers: tuple[tuple[str, str], ...], sent: str):
    """As HTTP Basic, once; the place itself is asked for without it."""
    with serve(lambda _: Answer()) as server:
        send(Request("GET", server.url.replace("://", "://a:b@") + "/x", (), Headers(headers)))

    (seen,) = server.seen
    assert (seen.path, seen.headers["authorization"]) == ("/x", sent)
    assert "a:b" not in seen.headers["host"]


def test_the_same_header_can_be_sent_twice():
    """In the order of the contract."""
    with scripted(each(answering())) as server:
        send(Request("GET", server.url, headers=Headers((("accept", "text/html"), ("x", "1"), ("x", "2")))))

    assert [value for name, value in server.seen[0].pairs if name == "x"] == ["1", "2"]
    assert [value for name, value in server.seen[0].pairs if name == "accept"] == ["text/html"]


def test_no_address_of_ours_is_logged():
    """httpx logs every URL, and a query may hold a credential; what others send through it, it still logs."""
    with logged() as log, scripted(each(answering())) as server:
        send(Request("GET", f"{server.url}/path", (("key", "s3cret"),)))
        httpx.get(f"{server.url}/theirs", trust_env=False)

    assert "s3cret" not in log.getvalue()
    assert "/path" not in log.getvalue()
    assert "/theirs" in log.getvalue()


# --- streams of events -----------------------------------------------------------------------------------------------------

ASKED = b'{"jsonrpc":"2.0","id":2,"method":"tools/list"}'
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n"


def event(**message: Json) -> bytes:
    return f"event: message\ndata: {json.dumps({'jsonrpc': '2.0', **message})}\n\n".encode()


def test_a_stream_is_read_up_to_the_answer_and_left_open():
    """An MCP server may say more on it, later; nobody waits for that."""

    def script(client: Client) -> None:
        client.request()
        client.send(EVENTS)
        client.send(event(method="notifications/message"))
        answer = event(id=1, result={}) + event(id=2, result={"tools": []})
        client.send(answer[:90])
        client.pause(0.05)
        client.send(answer[90:])
        client.hold()

    with scripted(script) as server:
        (exchange,) = send(Request("POST", server.url, body=ASKED))

    assert unwrapped(exchange, 2).json == {"jsonrpc": "2.0", "id": 2, "result": {"tools": []}}
    assert exchange.elapsed_ms is not None
    assert 40 < exchange.elapsed_ms < 10_000


def test_a_stream_that_ends_is_read_to_its_end():
    """As any other body, where no answer is waited for."""
    with scripted(reading(lambda client: client.send(EVENTS + event(method="a") + event(method="b")))) as server:
        (exchange,) = send(Request("GET", server.url))

    assert exchange.body == event(method="a") + event(method="b")
