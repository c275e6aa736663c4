"""Who is called and how: HTTP/2, certificates, proxies, connections, phases, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import select
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from live_calls import SANDBOX, a_policy, send
from provendor.contract import Environment, Variable
from provendor.errors import Fault, NetworkOff
from provendor.exchange import Exchange, Request
from provendor.wire.curl import Curl
from provendor.wire.live import Network, Policy
from provendor.wire.network import Guard
from provendor.wire.route import Route
from servers import Authority, Client, Script, Scripted, answering, each, over_http2, scripted

pytestmark = pytest.mark.loopback


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.below(tmp_path_factory.mktemp("authority"))


# --- who is called -----------------------------------------------------------------------------------------------------------


def test_http2_is_spoken_where_the_vendor_can(authority: Authority):
    """One connection carries one request after the other; the certificate is known for each."""
    with scripted(
        over_http2(lambda stream: stream.answer(200, b"hi", x="1")), authority.context(protocols=("h2", "http/1.1"))
    ) as server:
        exchanges = send(
            *[Request("GET", f"{server.url}/{number}") for number in range(3)], SSL_CERT_FILE=str(authority.file)
        )

    assert [(exchange.status, exchange.body) for exchange in exchanges] == [(200, b"hi")] * 3
    assert {exchange.peer for exchange in exchanges} == {exchanges[0].peer}
    peer = exchanges[0].peer
    assert peer is not None
    assert (peer.address, peer.protocol) == (f"127.0.0.1:{server.port}", "HTTP/2")
    assert peer.certificate is not None
    assert "trustme" in (peer.certificate.issuer or "")
    assert server.connections == 1


def test_many_calls_share_the_connections_of_http2(authority: Authority):
    """Each gets its own answer."""

    async def run(url: str) -> list[Exchange]:
        async with Network(env={"SSL_CERT_FILE": str(authority.file)}) as network:
            await network.caller(SANDBOX).send(Request("GET", url))
            calls = (network.caller(SANDBOX).send(Request("GET", f"{url}/{number}")) for number in range(50))
            return await asyncio.gather(*calls)

    echo = over_http2(lambda stream: stream.answer(200, stream.seen.path.encode()))
    with scripted(echo, authority.context(protocols=("h2",))) as server:
        exchanges = asyncio.run(run(server.url))

    assert [exchange.body.decode() for exchange in exchanges] == [f"/{number}" for number in range(50)]
    assert server.connections == 1


def test_a_vendor_at_an_address_of_version_6_is_called():
    """And its address is written as one."""
    if not socket.has_ipv6:
        pytest.skip("this system knows no IPv6")
    try:
        with scripted(each(answering(204)), address="::1") as server:
            (exchange,) = send(Request("GET", server.url))
    except OSError:
        pytest.skip("this machine has no loopback address of version 6")

    assert exchange.peer is not None
    assert exchange.peer.address == f"[::1]:{server.port}"


def test_http_1_1_is_spoken_where_the_vendor_cannot(authority: Authority):
    """Agreed on during the handshake."""
    with scripted(each(answering()), authority.context()) as server:
        exchanges = send(*[Request("GET", server.url)] * 2, SSL_CERT_FILE=str(authority.file))

    assert [exchange.peer and exchange.peer.protocol for exchange in exchanges] == ["HTTP/1.1"] * 2
    assert all(exchange.peer and exchange.peer.certificate for exchange in exchanges)
    assert server.connections == 1


def test_authorities_and_certificate_can_be_those_of_one_environment(authority: Authority, tmp_path: Path):
    """The contract names variables, the variables name files."""
    ours = tmp_path / "ours.pem"
    authority.ca.issue_cert("us@example.com").private_key_and_cert_chain_pem.write_to_path(ours)
    there = Environment(
        "production",
        Variable("base_url", None, "https://acme.example"),
        ca_bundle="ACME_CA",
        client_certificate="ACME_PEM",
    )
    with scripted(each(answering(200, b"known")), authority.context(clients=True)) as server:
        (exchange,) = send(
            Request("GET", server.url),
            policy=a_policy(environment=there),
            ACME_CA=str(authority.file),
            ACME_PEM=str(ours),
        )

    assert exchange.body == b"known"


def test_a_folder_of_authorities_is_as_good_as_a_file(authority: Authority, tmp_path: Path):
    """Named by their digests, as OpenSSL wants them."""
    pem = authority.file.read_bytes()
    digest = subprocess.run(["openssl", "x509", "-hash", "-noout"], input=pem, capture_output=True, check=True).stdout
    (tmp_path / f"{digest.decode().strip()}.0").write_bytes(pem)
    with scripted(each(answering()), authority.context()) as server:
        (exchange,) = send(Request("GET", server.url), SSL_CERT_DIR=str(tmp_path))

    assert exchange.status == 200


# --- proxies ---------------------------------------------------------------------------------------------------------------


def tunnel(client: Client) -> None:
    """Do what CONNECT asks for."""
    host, _, port = client.request().path.partition(":")
    with socket.create_connection((host, int(port))) as other:
        client.send(b"HTTP/1.1 200 Connection established\r\nx-proxy: 1\r\n\r\n")
        while not client.server.ended.is_set():
            readable, _, _ = select.select([client.sock, other], [], [], 0.02)
            for sock in readable:
                data = sock.recv(65536)
                if not data:
                    return
                (other if sock is client.sock else client.sock).sendall(data)


def test_an_encrypted_call_goes_through_the_proxy_unread(authority: Authority):
    """What the proxy says is no part of the answer; the address is the proxy's, so the vendor's is not known."""
    with scripted(each(answering(200, b"hello")), authority.context()) as server, scripted(tunnel) as proxy:
        (exchange,) = send(Request("GET", server.url), SSL_CERT_FILE=str(authority.file), https_proxy=proxy.url)

    assert (exchange.status, exchange.body, exchange.headers.get("x-proxy")) == (200, b"hello", None)
    assert exchange.peer is not None
    assert exchange.peer.address is None
    assert exchange.peer.certificate is not None
    assert [seen.method for seen in proxy.seen] == ["CONNECT"]


def test_a_call_in_the_clear_goes_to_the_proxy_with_its_whole_address():
    """And to nobody else."""
    with scripted(each(answering(200, b"from the proxy"))) as proxy:
        (exchange,) = send(Request("GET", "http://acme.example/users"), http_proxy=proxy.url)

    assert exchange.body == b"from the proxy"
    assert proxy.seen[0].path == "http://acme.example/users"


def test_who_is_listed_in_no_proxy_is_called_straight():
    """Whatever the proxy is."""
    with scripted(each(answering(200, b"straight"))) as server:
        (exchange,) = send(Request("GET", server.url), http_proxy="http://127.0.0.1:9", no_proxy="127.0.0.0/8")

    assert exchange.body == b"straight"


def test_libcurl_reads_no_environment_by_itself(monkeypatch: pytest.MonkeyPatch):
    """What a run is given is what counts."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with scripted(each(answering(200, b"straight"))) as server:
        (exchange,) = send(Request("GET", server.url))

    assert exchange.body == b"straight"


def test_behind_a_proxy_a_private_address_is_still_not_called():
    """As far as it can be seen: a name is looked up by the proxy."""
    with scripted(each(answering())) as proxy, pytest.raises(Fault, match=r"10\.0\.0\.7 is a private address"):
        send(Request("GET", "http://10.0.0.7/"), policy=Policy(), http_proxy=proxy.url)

    assert proxy.seen == []


# --- connections -------------------------------------------------------------------------------------------------------------


def test_a_connection_is_used_again():
    """It is looked up, opened and encrypted once; what did not happen is not known."""
    with scripted(each(answering())) as server:
        first, second = send(*[Request("GET", server.url)] * 2)

    assert server.connections == 1
    assert first.attempts[0].phases.dns_ms is not None
    assert first.attempts[0].phases.connect_ms is not None
    assert second.attempts[0].phases[:3] == (None, None, None)
    assert second.attempts[0].phases.total_ms is not None


def closes_after_each(client: Client) -> None:
    client.request()
    client.answer(200, b"hello")


def dies_on_reuse(client: Client) -> None:
    """Takes a second request on a connection, and hangs up instead of answering."""
    client.request()
    client.answer(200, b"hello")
    client.request()


@pytest.mark.parametrize("script", [closes_after_each, dies_on_reuse])
def test_a_connection_that_died_in_the_meantime_is_no_fault(script: Script):
    """What only reads is sent once more on a new one, without a word."""
    with scripted(script) as server:
        exchanges = send(*[Request("GET", server.url)] * 2)

    assert [exchange.body for exchange in exchanges] == [b"hello"] * 2
    assert [len(exchange.attempts) for exchange in exchanges] == [1, 1]


def test_what_may_not_be_sent_twice_never_is():
    """A write gets a connection of its own: on a kept one nobody could tell whether it had arrived."""
    with scripted(dies_on_reuse) as server:
        exchanges = send(Request("GET", server.url), Request("POST", server.url), Request("POST", server.url))

    assert [exchange.body for exchange in exchanges] == [b"hello"] * 3
    assert [(seen.method, seen.connection) for seen in server.seen] == [("GET", 1), ("POST", 2), ("POST", 3)]


def test_callers_of_different_reach_share_no_connection():
    """What was opened for a sandbox is not used for production."""

    async def run(url: str) -> None:
        async with Network(env={}, hosts={"acme.example": "127.0.0.1"}) as network:
            assert (await network.caller(SANDBOX).send(Request("GET", url))).status == 200
            with pytest.raises(Fault) as caught:
                await network.caller(Policy()).send(Request("GET", url))
            assert caught.value.code == "private-target"

    with scripted(each(answering())) as server:
        asyncio.run(run(f"http://acme.example:{server.port}"))


# --- time --------------------------------------------------------------------------------------------------------------------


def slowly(client: Client) -> None:
    """Two hundred milliseconds to the first byte, as long again to the last."""
    client.pause(0.2)
    client.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no")
    client.pause(0.2)
    client.send(b"k")


def test_phases_are_those_of_the_vendor(authority: Authority):
    """Known delays, over TLS and in the clear; the bounds are wide, because other programs run as well."""
    with scripted(each(slowly)) as clear, scripted(each(slowly), authority.context()) as encrypted:
        exchanges = send(
            Request("GET", clear.url),
            Request("GET", encrypted.url),
            Request("GET", clear.url),
            SSL_CERT_FILE=str(authority.file),
        )

    for exchange in exchanges:
        _, _, _, first, total = exchange.attempts[0].phases
        assert first is not None
        assert total is not None
        assert 195 <= first < 2000
        assert total >= first + 190
        assert exchange.elapsed_ms == total
    assert [exchange.attempts[0].phases.tls_ms is None for exchange in exchanges] == [True, False, True]
    assert [exchange.attempts[0].phases.connect_ms is None for exchange in exchanges] == [False, False, True]


def test_a_slow_handshake_is_the_handshakes_and_not_the_answers(authority: Authority):
    """What is waited for before the request is on its way is told apart from what the answer takes."""
    with scripted(each(answering()), authority.context(), handshake_after_s=0.3) as server:
        (exchange,) = send(Request("GET", server.url), SSL_CERT_FILE=str(authority.file))

    _, connect, tls, _, total = exchange.attempts[0].phases
    assert (connect or 0) < 250
    assert (tls or 0) >= 290
    assert (total or 0) < 250


def test_our_own_queue_is_not_reported_as_the_vendors_time(monkeypatch: pytest.MonkeyPatch):
    """One call at once, four at a time: each took 200 ms, the others waited, and that is said apart."""
    monkeypatch.setattr("provendor.wire.curl.MOST_AT_ONCE", 1)

    async def run(url: str) -> list[Exchange]:
        async with Network(env={}) as network:
            calls = (network.caller(SANDBOX).send(Request("GET", url)) for _ in range(4))
            return await asyncio.gather(*calls)

    def script(client: Client) -> None:
        client.pause(0.2)
        client.answer()

    with scripted(each(script)) as server:
        attempts = [exchange.attempts[0] for exchange in asyncio.run(run(server.url))]

    assert all(190 <= (attempt.phases.total_ms or 0) < 600 for attempt in attempts), attempts
    waited = sorted(attempt.waited_ms for attempt in attempts)
    assert waited[0] == 0
    assert waited[-1] >= 590


# --- an end ------------------------------------------------------------------------------------------------------------------


def test_a_call_that_is_cancelled_ends_its_connection_and_no_other():
    """The vendor sees that we have gone; the next call works."""
    gone = threading.Event()

    def script(client: Client) -> None:
        if client.request().path == "/slow":
            try:
                client.hold()
            finally:
                gone.set()
        client.answer(200, b"fine")

    async def run(server: Scripted) -> Exchange:
        async with Network(env={}) as network:
            call = asyncio.ensure_future(network.caller(SANDBOX).send(Request("GET", f"{server.url}/slow")))
            await asyncio.to_thread(server.asked.wait)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert await asyncio.to_thread(gone.wait, 5)
            return await network.caller(SANDBOX).send(Request("GET", server.url))

    with scripted(script) as server:
        assert asyncio.run(run(server)).body == b"fine"


def test_a_call_that_is_cancelled_while_it_waits_for_its_turn_leaves_the_turn_to_others(
    monkeypatch: pytest.MonkeyPatch,
):
    """Nobody waits for ever for somebody who has gone."""
    monkeypatch.setattr("provendor.wire.curl.MOST_AT_ONCE", 1)

    async def run(url: str) -> list[int]:
        async with Network(env={}) as network:
            calls = [asyncio.ensure_future(network.caller(SANDBOX).send(Request("GET", url))) for _ in range(3)]
            await asyncio.sleep(0)
            calls[1].cancel()
            done = await asyncio.gather(*calls, return_exceptions=True)
            return [each_.status for each_ in done if isinstance(each_, Exchange)]

    with scripted(each(answering(204))) as server:
        assert asyncio.run(run(server.url)) == [204, 204]


def test_a_network_that_is_left_leaves_nothing_behind(authority: Authority):
    """No open file, whatever happened: answers, faults, calls that were cancelled or still under way."""
    folder = Path("/dev/fd")
    if not folder.exists():
        pytest.skip("this system does not list the open files of a process")

    async def run(server: Scripted, secure: Scripted) -> None:
        async with Network(env={"SSL_CERT_FILE": str(authority.file)}) as network:
            calls = [
                asyncio.ensure_future(network.caller(a_policy(deadline_s=9)).send(Request("GET", f"{url}/{path}")))
                for url in (server.url, secure.url, "http://127.0.0.1:9")
                for path in ("ok", "cut", "hold", "hold")
            ]
            await asyncio.wait(calls, timeout=0.5)
            calls[2].cancel()
        await asyncio.wait(calls)

    def script(client: Client) -> None:
        while True:
            path = client.request().path
            if path == "/hold":
                client.hold()
            if path == "/cut":
                client.reset()
            client.answer()

    def open_files() -> int:
        return len(list(folder.iterdir()))

    counts = []
    for _ in range(3):
        with scripted(script) as server, scripted(script, authority.context()) as secure:
            asyncio.run(run(server, secure))
        counts.append(open_files())
    assert counts[1:] == counts[:2], counts


def test_hundreds_of_calls_at_once_are_all_answered():
    """More than there are turns; none is lost, none is answered with another's answer."""

    def script(client: Client) -> None:
        while True:
            client.answer(200, client.request().path.encode())

    async def run(url: str) -> list[Exchange]:
        async with Network(env={}) as network:
            return await asyncio.gather(
                *(network.caller(SANDBOX).send(Request("GET", f"{url}/{number}")) for number in range(400))
            )

    with scripted(script) as server:
        exchanges = asyncio.run(run(server.url))

    assert [exchange.body.decode() for exchange in exchanges] == [f"/{number}" for number in range(400)]


# --- where the network is off ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "refused"), [("127.0.0.1", "connect 127.0.0.1:9"), ("vendor.invalid", "resolve vendor.invalid:9")]
)
def test_where_the_network_is_off_libcurl_is_refused_like_everybody_else(host: str, refused: str):
    """It looks up and connects by itself, and says so before it does."""
    with Guard() as guard, pytest.raises(NetworkOff, match=refused):
        send(Request("GET", f"http://{host}:9/"))

    assert [f"{each_.action} {each_.address}" for each_ in guard.take()] == [refused]


def test_closing_does_not_wait_for_name_servers_that_are_silent():
    """libcurl would, for half a minute; what it still waits for is left to a thread that nobody waits for."""

    async def run() -> Curl:
        curl = Curl(Route())
        curl._last_hung = time.monotonic()  # as a lookup leaves it that was still going on at its deadline
        await curl.close()
        return curl

    curl = asyncio.run(run())
    deadline = time.monotonic() + 5
    while not curl.multi.closed and time.monotonic() < deadline:
        time.sleep(0.001)
    assert curl.multi.closed
