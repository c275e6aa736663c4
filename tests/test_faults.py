"""Every way to break off, over real sockets: code, text, whether another try can help, and what the attempt holds."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from builders import a_rule
from fault_table import TEXTS, text
from provendor.clock import RealClock, VirtualClock
from provendor.contract import Environment, Variable
from provendor.errors import Fault
from provendor.exchange import Exchange, Headers, Phases, Request
from provendor.fault_codes import FAULTS
from provendor.wire.curl import Broken, Curl, Transfer
from provendor.wire.curl_options import Call
from provendor.wire.curl_report import Report, Stage
from provendor.wire.faults import fault
from provendor.wire.live import Network, Policy
from provendor.wire.network import Guard
from provendor.wire.route import Route
from servers import (
    LOOPBACK,
    Authority,
    Client,
    Script,
    Scripted,
    Stream,
    answering,
    each,
    over_http2,
    reading,
    scripted,
)

pytestmark = pytest.mark.loopback

ONCE = Policy(reach="private", attempts=1, deadline_s=20)
BRIEF = Policy(reach="private", attempts=1, deadline_s=0.3)
OK = each(answering(200, b"hello"))
LATE = "within 0.3 s"
SECRET = "s3cret-t0ken"  # in every place of a request from where it could come into a text


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.below(tmp_path_factory.mktemp("authority"))


def asked(
    url: str,
    policy: Policy = ONCE,
    method: str = "GET",
    body: bytes = b"",
    hosts: Mapping[str, str] | None = None,
    **env: str,
) -> Exchange | Fault:
    """Ask once, with a secret in every part of the request, and return what came of it."""
    headers = Headers((("authorization", f"Bearer {SECRET}"),))
    request = Request(method, f"{url}/{SECRET}", (("key", SECRET),), headers, body)

    async def run() -> Exchange | Fault:
        async with Network(env=env, hosts=hosts) as network:
            try:
                return await network.caller(policy).send(request)
            except Fault as fault:
                return fault

    return asyncio.run(run())


def broken(url: str, policy: Policy = ONCE, **how: Any) -> Fault:
    fault = asked(url, policy, **how)
    assert isinstance(fault, Fault), fault
    return fault


def check(fault: Fault, code: str, server: Scripted, origin: str | None = None, **known: str) -> None:
    """The code, its own text, whether another try can help, and one attempt that says the same."""
    address = f"{LOOPBACK}:{server.port}"
    assert fault.code == code, (fault.code, str(fault))
    # On a busy machine a part of the time is over before the request is on its way.
    said = re.sub(r"within 0\.[0-9]+ s", LATE, str(fault))
    assert said == text(code, origin or server.url, **{"host": LOOPBACK, "address": address, **known})
    assert fault.retryable is FAULTS[code].retryable
    assert [attempt.error for attempt in fault.attempts] == [code]
    assert SECRET not in repr((fault, fault.attempts, fault.peer))


# --- before the connection stands --------------------------------------------------------------------------------------


def test_a_name_that_nobody_knows():
    """Nobody was called, so nobody is named as peer."""
    with Guard() as guard, guard.through():  # the session's own guard would refuse to look up anything
        fault = broken(f"https://{'a' * 64}.example")  # too long for a name: no name server is asked

    assert fault.code == "dns-failure"
    assert str(fault) == text("dns-failure", f"https://{'a' * 64}.example", host=f"{'a' * 64}.example")
    assert (fault.peer, fault.attempts[0].status, fault.attempts[0].phases.connect_ms) == (None, None, None)


def test_a_port_at_which_nobody_listens():
    """The address stands in the text."""
    with scripted(OK) as server:
        pass

    check(broken(server.url), "connection-refused", server)


def test_nobody_picks_up():
    """A queue of connections that is full: the system lets the next one wait."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind((LOOPBACK, 0))
        full.listen(0)
        for each_ in (first, second):
            each_.setblocking(False)
            each_.connect_ex(full.getsockname())
        server = Scripted(f"http://{LOOPBACK}:{full.getsockname()[1]}", full.getsockname()[1])
        fault = broken(server.url, BRIEF)

    check(fault, "connect-timeout", server, within="within 0.3 s")


# --- TLS -----------------------------------------------------------------------------------------------------------------


def over_tls(authority: Authority, context: ssl.SSLContext, **how: Any) -> tuple[Fault, Scripted]:
    with scripted(OK, context) as server:
        return broken(server.url, SSL_CERT_FILE=str(authority.file), **how), server


def test_an_expired_certificate(authority: Authority):
    """The day on which it ended is known, in the text and of the peer."""
    fault, server = over_tls(authority, authority.context(days=-3))

    assert fault.peer is not None
    assert fault.peer.certificate is not None
    ends = fault.peer.certificate.not_after
    assert ends is not None
    assert (datetime.now(UTC) - datetime.fromisoformat(ends)).days in (2, 3)
    check(fault, "certificate-expired", server, ends=ends)


def test_a_certificate_of_the_future(authority: Authority):
    """Ours or theirs, one clock is wrong."""
    fault, server = over_tls(authority, authority.context(days=200))

    check(fault, "certificate-not-yet-valid", server, ends=shown(fault)[2])


def test_a_certificate_that_vouches_for_itself(authority: Authority, tmp_path: Path):
    """Its subject is in the text."""
    fault, server = over_tls(authority, self_signed(tmp_path))

    check(fault, "certificate-self-signed", server, subject="CN = itself")


def test_a_certificate_for_another_host(authority: Authority):
    """The chain is right, the name is not."""
    fault, server = over_tls(authority, authority.context("other.example"))

    check(fault, "certificate-wrong-host", server, subject=shown(fault)[0])


def test_a_certificate_for_another_name(authority: Authority):
    """The same with a name instead of an address."""
    context = authority.context("other.example")
    with scripted(OK, context) as server:
        origin = f"https://acme.example:{server.port}"
        fault = broken(origin, hosts={"acme.example": LOOPBACK}, SSL_CERT_FILE=str(authority.file))

    check(fault, "certificate-wrong-host", server, origin, host="acme.example", subject=shown(fault)[0])


def test_a_certificate_of_an_authority_that_we_do_not_know(authority: Authority, tmp_path: Path):
    """Who signed it is in the text."""
    fault, server = over_tls(authority, Authority.below(tmp_path).context())

    check(fault, "certificate-untrusted", server, issuer=shown(fault)[1])


def test_without_a_bundle_of_our_own_only_public_authorities_are_trusted(authority: Authority):
    """The usual ones, which certifi brings."""
    with scripted(OK, authority.context()) as server:
        fault = broken(server.url)

    check(fault, "certificate-untrusted", server, issuer=shown(fault)[1])


def test_a_handshake_that_does_not_end(authority: Authority):
    """The connection came about, and its time is known; the encryption did not."""
    with scripted(lambda client: client.hold()) as server:
        origin = server.url.replace("http:", "https:")
        fault = broken(origin, BRIEF, SSL_CERT_FILE=str(authority.file))

    check(fault, "tls-timeout", server, origin, within="within 0.3 s")
    assert fault.attempts[0].phases.connect_ms is not None
    assert fault.attempts[0].phases.tls_ms is None


def test_another_protocol_where_tls_belongs(authority: Authority):
    """A port that speaks HTTP in the clear."""

    def script(client: Client) -> None:
        client.receive()
        client.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with scripted(script) as server:
        origin = server.url.replace("http:", "https:")
        fault = broken(origin, SSL_CERT_FILE=str(authority.file))

    check(fault, "tls-failure", server, origin, why=str(fault).partition(f"{server.port}: ")[2].partition(": ")[2])
    assert "wrong version number" in str(fault)


def test_a_server_that_asks_for_our_certificate(authority: Authority):
    """And none is there."""
    fault, server = over_tls(authority, authority.context(clients=True))

    check(fault, "client-certificate", server, why=str(fault).partition("accepted: ")[2])


def test_a_certificate_of_ours_that_cannot_be_read(authority: Authority, tmp_path: Path):
    """The contract names a variable, and it leads to no file."""
    with scripted(OK, authority.context()) as server:
        policy = Policy(reach="private", attempts=1, environment=an_environment(client_certificate="ACME_PEM"))
        fault = broken(server.url, policy, SSL_CERT_FILE=str(authority.file), ACME_PEM=str(tmp_path / "none.pem"))

    check(fault, "client-certificate", server, why=str(fault).partition("accepted: ")[2])


def test_authorities_that_cannot_be_read(authority: Authority, tmp_path: Path):
    """Our mistake, and it is said so."""
    with scripted(OK, authority.context()) as server:
        fault = broken(server.url, SSL_CERT_FILE=str(tmp_path / "none.pem"))

    check(fault, "trust-store", server, why=f"error adding trust anchors from file: {tmp_path / 'none.pem'}")


def shown(fault: Fault) -> tuple[str, str, str]:
    """Subject, issuer and end of the certificate that the peer showed."""
    assert fault.peer is not None
    assert fault.peer.certificate is not None
    subject, issuer, ends = fault.peer.certificate
    assert subject
    assert issuer
    assert ends
    return subject, issuer, ends


def an_environment(**names: Any) -> Environment:
    return Environment("production", Variable("base_url", None, "https://acme.example"), **names)


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "itself")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = built.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "itself.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "itself.pem")
    return context


# --- the answer ----------------------------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\n"


def saying(*parts: bytes, then: Callable[[Client], None] = lambda _: None) -> Script:
    """Read a request, send these bytes, and end the connection in some way."""

    def script(client: Client) -> None:
        for part in parts:
            client.send(part)
        then(client)

    return reading(script)


def cut(client: Client) -> None:
    client.pause(0.05)  # so that what was sent arrives before the cut
    client.reset()


def held(client: Client) -> None:
    client.hold()


def events(*data: str) -> bytes:
    head = HEAD + b"content-type: text/event-stream\r\n\r\n"
    return head + b"".join(f"data: {each_}\n\n".encode() for each_ in data)


BREAKS: dict[str, tuple[str, Script, dict[str, Any]]] = {
    "hangs up at once": ("reset-before-answer", lambda client: client.reset(), {}),
    "hangs up after the request": ("reset-before-answer", saying(), {}),
    "resets after the request": ("reset-before-answer", saying(then=cut), {}),
    "resets in the headers": ("reset-in-headers", saying(HEAD + b"content-le", then=cut), {"status": 200}),
    "hangs up in the headers": ("reset-in-headers", saying(HEAD + b"content-length: 2\r\n"), {"status": 200}),
    "resets in the body": (
        "reset-in-body",
        saying(HEAD + b"content-length: 100\r\n\r\nabc", then=cut),
        {"status": 200, "received": "3"},
    ),
    "a length that is too long": (
        "length-wrong",
        saying(HEAD + b"content-length: 100\r\n\r\nabc"),
        {"status": 200, "received": "3"},
    ),
    "chunks that end too early": (
        "chunks-cut-off",
        saying(HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        {"status": 200, "received": "5"},
    ),
    "a chunk that is no chunk": (
        "protocol-error",
        saying(HEAD + b"transfer-encoding: chunked\r\n\r\nxyz\r\nhello\r\n"),
        {"status": 200, "why": "chunk hex-length char not a hex digit: 0x78"},
    ),
    "a length that is no number": (
        "protocol-error",
        saying(HEAD + b"content-length: many\r\n\r\nhello"),
        {"status": 200, "why": "Invalid Content-Length: value"},
    ),
    "two lengths": (
        "protocol-error",
        saying(HEAD + b"content-length: 2\r\ncontent-length: 5\r\n\r\nhello"),
        {"status": 200, "why": "Invalid Content-Length: value"},
    ),
    "a header without a colon": (
        "protocol-error",
        saying(HEAD + b"nonsense\r\n\r\nhello"),
        {"status": 200, "why": "Header without colon"},
    ),
    "no HTTP": (
        "protocol-error",
        saying(b"SSH-2.0-OpenSSH_9.6\r\n", then=held),
        {"why": "Received HTTP/0.9 when not allowed"},
    ),
    "says nothing": ("no-answer", held, {"within": LATE}),
    "takes the request and says nothing": ("no-answer", saying(then=held), {"within": LATE}),
    "stops in the headers": ("too-slow", saying(HEAD, then=held), {"status": 200, "within": LATE, "received": "0"}),
    "stops in the body": (
        "too-slow",
        saying(HEAD + b"content-length: 9\r\n\r\nabc", then=held),
        {"status": 200, "within": LATE, "received": "3"},
    ),
    "sends what never ends": (
        "stream-endless",
        saying(events('{"jsonrpc": "2.0", "method": "notifications/progress"}'), then=held),
        {"status": 200, "received": "62"},
    ),
    "is not compressed": (
        "encoding-invalid",
        saying(HEAD + b"content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello"),
        {"status": 200, "why": "Error -3 while decompressing data: incorrect header check"},
    ),
    "is compressed and cut off": (
        "encoding-invalid",
        saying(HEAD + b"content-encoding: gzip\r\ncontent-length: 20\r\n\r\n" + gzip.compress(b"x" * 99)[:20]),
        {"status": 200, "why": "it ends too early"},
    ),
    "is compressed in a way that nobody asked for": (
        "encoding-invalid",
        saying(HEAD + b"content-encoding: compress\r\ncontent-length: 2\r\n\r\n\x1f\x9d"),
        {"status": 200, "why": "'compress' is no content encoding that is known here"},
    ),
}


@pytest.mark.parametrize(("code", "script", "known"), BREAKS.values(), ids=BREAKS)
def test_an_answer_that_breaks_off(code: str, script: Script, known: dict[str, Any]):
    """The attempt knows the status, if one came, and no more time than there was."""
    known = dict(known)
    status = known.pop("status", None)
    late = "within" in known or code == "stream-endless"
    with scripted(script) as server:
        fault = broken(server.url, BRIEF if late else ONCE)

    check(fault, code, server, **known)
    (attempt,) = fault.attempts
    assert attempt.status == status
    assert (attempt.phases.first_byte_ms is None) is (status is None)
    assert fault.peer is None or fault.peer.address == f"{LOOPBACK}:{server.port}"


@pytest.mark.parametrize(
    "data", [HEAD + b"x: y\r\n" * 500, HEAD + b"content-length: 500\r\n\r\n" + b"x" * 500], ids=["headers", "body"]
)
def test_a_server_that_drips_cannot_outlive_the_deadline(data: bytes):
    """One byte every 20 ms would take ten seconds: it is given the 0.3 s of the case, and not a new one with every byte."""
    start = data.index(b"\r\n\r\n") + 4 if b"\r\n\r\n" in data else len(HEAD)
    dripping = saying(data[:start], then=lambda client: client.drip(data[start:]))
    with scripted(dripping) as server:
        fault = broken(server.url, BRIEF)

    received = str(fault).partition("; ")[2].partition(" ")[0]
    check(fault, "too-slow", server, within=LATE, received=received)
    total_ms = fault.attempts[0].phases.total_ms
    assert total_ms is not None
    assert total_ms < 3000


def test_a_body_that_is_too_large_is_not_read_to_its_end():
    """200 MB would come; the length says so at once, and without a length it is cut off where the limit is."""
    limit = ONCE.most_bytes

    def pour(client: Client) -> None:
        while True:
            client.send(b"x" * 65536)

    for head in (HEAD + b"content-length: 209715200\r\n\r\n", HEAD + b"connection: close\r\n\r\n"):
        with scripted(saying(head, then=pour)) as server:
            check(broken(server.url), "too-large", server, most=f"{limit:,}")


def test_headers_that_are_too_large_are_not_read_to_their_end():
    """Half a megabyte of them."""
    with scripted(saying(HEAD, *[b"x: " + b"y" * 50000 + b"\r\n" for _ in range(10)])) as server:
        fault = broken(server.url)

    assert (fault.code, fault.retryable) == ("too-large", False), str(fault)
    assert str(fault) == f"{server.url}: the headers are larger than is allowed"


def test_a_bomb_is_not_blown_up():
    """40 KB that would be 40 MB."""
    body = gzip.compress(bytes(40_000_000))
    with scripted(each(answering(200, body, content_encoding="gzip"))) as server:
        check(broken(server.url), "bomb", server, most=f"{ONCE.most_bytes:,}")


# --- HTTP/2 --------------------------------------------------------------------------------------------------------------


def over_2(authority: Authority, respond: Callable[[Stream], None], policy: Policy = ONCE) -> tuple[Fault, Scripted]:
    with scripted(over_http2(respond), authority.context(protocols=("h2",))) as server:
        return broken(server.url, policy, SSL_CERT_FILE=str(authority.file)), server


def test_an_http2_stream_that_is_reset(authority: Authority):
    """The vendor's reason is in the text."""
    fault, server = over_2(authority, lambda stream: stream.break_off(2))

    check(fault, "stream-reset", server, why="HTTP/2 stream 1 reset by server (error 0x2 INTERNAL_ERROR)")


def test_an_http2_body_that_is_broken_off(authority: Authority):
    """The status had come."""

    def respond(stream: Stream) -> None:
        stream.head(content_length="9")
        stream.data(b"abc")
        stream.break_off(2)

    fault, server = over_2(authority, respond)

    check(fault, "stream-reset", server, why="HTTP/2 stream 1 reset by server (error 0x2 INTERNAL_ERROR)")
    assert fault.attempts[0].status == 200


def test_an_http2_server_that_says_nothing(authority: Authority):
    """The connection lives, the stream stays silent."""
    fault, server = over_2(authority, lambda _: None, BRIEF)

    check(fault, "no-answer", server, within=LATE)


def test_an_http2_answer_that_stops(authority: Authority):
    """In the middle of its body."""

    def respond(stream: Stream) -> None:
        stream.head(content_length="9")
        stream.data(b"abc")

    fault, server = over_2(authority, respond, BRIEF)

    check(fault, "too-slow", server, within=LATE, received="3")


def test_a_server_that_agrees_on_http2_and_speaks_something_else(authority: Authority):
    """The reason says what was expected."""

    def script(client: Client) -> None:
        client.receive()
        client.send(HEAD + b"\r\n")
        client.hold()

    with scripted(script, authority.context(protocols=("h2",))) as server:
        fault = broken(server.url, SSL_CERT_FILE=str(authority.file))

    assert (fault.code, fault.retryable) == ("protocol-error", False)
    assert "SETTINGS" in str(fault)


# --- where it leads ------------------------------------------------------------------------------------------------------


def test_redirects_that_go_round_in_a_circle():
    """After five of them it is enough; each is an attempt of its own."""
    with scripted(each(answering(302, b"", location="/again"))) as server:
        fault = broken(server.url)

    assert (fault.code, fault.retryable) == ("redirect-loop", False)
    assert str(fault) == text("redirect-loop", server.url)
    assert [attempt.status for attempt in fault.attempts] == [302] * 6
    assert len(server.seen) == 6


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_redirect_to_another_host_is_not_followed(scheme: str):
    """Nobody there gets to see a credential of ours, and the path of the address is not shown: it may be one."""
    with scripted(OK) as other:
        elsewhere = f"{scheme}://localhost:{other.port}"
        with scripted(each(answering(307, b"", location=f"{elsewhere}/?token={SECRET}"))) as server:
            fault = broken(server.url)

    assert (fault.code, fault.retryable) == ("redirect-elsewhere", False)
    assert str(fault) == text("redirect-elsewhere", server.url, elsewhere=elsewhere)
    assert SECRET not in str(fault)
    assert [attempt.status for attempt in fault.attempts] == [307]
    assert other.seen == []
    assert other.connections == 0


@pytest.mark.parametrize("host", [LOOPBACK, "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.7", "169.254.169.254"])
def test_a_private_address_is_not_called(host: str):
    """Production stands on the internet."""
    fault = broken(f"http://{host}:9", Policy(attempts=1))

    kind = {"10.0.0.7": "private", "169.254.169.254": "link-local"}.get(host, "loopback")
    assert fault.code == "private-target"
    assert str(fault) == f"http://{host}:9: {host.strip('[]')} is a {kind} address: such addresses are not called here"


def test_a_name_that_leads_to_a_private_address_is_not_called():
    """What counts is the address that the name has at this moment, not what it looked like before."""
    with scripted(OK) as server:
        origin = f"http://acme.example:{server.port}"
        fault = broken(origin, Policy(attempts=1), hosts={"acme.example": LOOPBACK})

    assert fault.code == "private-target"
    assert f"{LOOPBACK} is a loopback address" in str(fault)
    assert server.connections == 0


def test_what_a_cloud_keeps_for_itself_is_never_called():
    """A sandbox may be private, and still nobody asks the machine's own metadata service."""
    fault = broken("http://acme.example", ONCE, hosts={"acme.example": "169.254.169.254"})

    assert fault.code == "private-target"


@pytest.mark.parametrize("refuses", [answering(407), answering(502), saying()], ids=["407", "502", "hangs up"])
def test_a_proxy_that_does_not_let_us_through(refuses: Script, authority: Authority):
    """The vendor was not called, and it is not the vendor's fault."""
    script = refuses if refuses.__name__ == "read_first" else reading(refuses)
    with scripted(script) as proxy:
        fault = broken(
            "https://acme.example",
            https_proxy=f"http://me:{SECRET}@{LOOPBACK}:{proxy.port}",
            SSL_CERT_FILE=str(authority.file),
        )

    assert (fault.code, fault.retryable) == ("proxy-failure", True)
    assert SECRET not in str(fault)
    assert proxy.seen[0].method == "CONNECT"


def test_a_proxy_that_is_not_there():
    """Whoever has no proxy cannot be refused by one."""
    with scripted(OK) as gone:
        pass

    fault = broken("http://acme.example", http_proxy=gone.url)

    assert (fault.code, fault.retryable) == ("proxy-failure", True)


# --- what is ours --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "http://127.0.0.1:99999/x"),
        Request("GET", "http://127.0.0.1:9/", headers=Headers((("x", "a\r\nb"),))),
    ],
)
def test_a_request_that_cannot_be_put_on_a_wire(request_: Request):
    """A port that no port can be, a header that would be two."""

    async def run() -> Fault:
        async with Network(env={}) as network:
            with pytest.raises(Fault) as caught:
                await network.caller(ONCE).send(request_)
            return caught.value

    fault = asyncio.run(run())
    assert (fault.code, fault.retryable) == ("unsendable", False)
    assert str(fault).endswith(": the request cannot be sent as it is")


def test_calls_for_which_there_is_no_turn_are_not_the_vendors_fault(monkeypatch: pytest.MonkeyPatch):
    """One call at once: the second one is not begun before its time is over."""
    monkeypatch.setattr("provendor.wire.curl.MOST_AT_ONCE", 1)

    async def run(url: str) -> tuple[Exchange | BaseException, Exchange | BaseException]:
        async with Network(env={}) as network:
            first = network.caller(Policy(reach="private", attempts=1, deadline_s=0.6)).send(Request("GET", url))
            second = network.caller(BRIEF).send(Request("GET", url))
            return await asyncio.gather(first, second, return_exceptions=True)

    with scripted(held) as server:
        first, second = asyncio.run(run(server.url))

    assert isinstance(first, Fault)
    assert isinstance(second, Fault)
    assert first.code == "no-answer"
    check(second, "no-turn", server, within=LATE)
    assert second.attempts[0].phases == Phases()
    assert second.attempts[0].waited_ms == pytest.approx(300, abs=250)


def test_a_run_that_ends_breaks_off_what_is_under_way():
    """And says that it was us."""

    async def run(server: Scripted) -> Fault:
        async with Network(env={}) as network:
            call = asyncio.ensure_future(network.caller(ONCE).send(Request("GET", server.url)))
            await asyncio.to_thread(server.asked.wait)
        with pytest.raises(Fault) as caught:
            await call
        return caught.value

    with scripted(saying(then=held)) as server:
        fault = asyncio.run(run(server))

    check(fault, "cancelled", server)


class HeldClock(RealClock):
    """Whoever waits on it goes on when it is let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = asyncio.Event(), asyncio.Event()

    async def sleep(self, seconds: float) -> None:  # noqa: ARG002 - as long as the test wants
        self.asked.set()
        await self.let_go.wait()


def test_a_run_that_ends_breaks_off_what_waits_for_its_turn_or_for_another_try(monkeypatch: pytest.MonkeyPatch):
    """Nobody is asked once the connections are closed."""
    monkeypatch.setattr("provendor.wire.curl.MOST_AT_ONCE", 1)
    again = ONCE._replace(attempts=3, errors=(a_rule("down", 503, retryable=True),))

    async def run(server: Scripted, down: Scripted) -> list[Exchange | BaseException]:
        clock = HeldClock()
        async with Network(env={}, clock=clock) as network:
            waiting = asyncio.ensure_future(network.caller(again).send(Request("GET", down.url)))
            await clock.asked.wait()
            held, queued = (
                asyncio.ensure_future(network.caller(ONCE).send(Request("GET", server.url))) for _ in range(2)
            )
            await asyncio.to_thread(server.asked.wait)
        clock.let_go.set()
        return list(await asyncio.gather(waiting, held, queued, return_exceptions=True))

    with scripted(saying(then=held)) as server, scripted(each(answering(503))) as down:
        outcomes = asyncio.run(run(server, down))

    assert [outcome.code for outcome in outcomes if isinstance(outcome, Fault)] == ["cancelled"] * 3
    assert [attempt.status for attempt in outcomes[0].attempts] == [503]  # type: ignore[union-attr]
    assert len(server.seen) == 1


def test_a_deadline_that_has_passed_before_anything_is_asked():
    """A case of many requests: nobody is asked the last one."""
    clock = VirtualClock()

    async def run(url: str) -> Fault:
        async with Network(env={}, clock=clock) as network:
            caller = network.caller(ONCE)
            await caller.send(Request("GET", url))
            await clock.sleep(30)
            with pytest.raises(Fault) as caught:
                await caller.send(Request("GET", url))
            return caught.value

    with scripted(OK) as server:
        fault = asyncio.run(run(server.url))

    assert (fault.code, fault.retryable, fault.attempts) == ("out-of-time", False, ())
    assert str(fault) == text("out-of-time", server.url)
    assert len(server.seen) == 1


def test_an_address_to_which_no_way_leads():
    """The system says so at once: nobody connects to everybody."""
    fault = broken("http://127.255.255.255:9")

    assert (fault.code, fault.retryable) == ("unreachable", True)
    assert "127.255.255.255:9 cannot be reached" in str(fault)


@pytest.mark.parametrize(
    ("number", "words", "stage", "verified", "code"),
    [
        (28, "Resolving timed out after 300 milliseconds", Stage.LOOKUP, 0, "dns-timeout"),
        (60, "SSL certificate OpenSSL verify result: certificate revoked (23)", Stage.TLS, 23, "certificate-invalid"),
        (100, "", Stage.HEADERS, 0, "too-large"),
        (16, "nghttp2 says no", Stage.ANSWER, 0, "protocol-error"),
        (47, "something new", Stage.ANSWER, 0, "protocol-error"),
    ],
)
def test_what_no_server_on_loopback_can_bring_about(number: int, words: str, stage: Stage, verified: int, code: str):
    """Slow name servers, revoked certificates, and what libcurl may say one day."""

    async def run() -> Fault:
        curl = Curl(Route())
        call = Call("GET", "https://acme.example/", "https", "acme.example", 443, timeout_s=5.0, connect_s=0.3)
        transfer = Transfer(curl, call)
        transfer.stage, transfer.report = stage, Report(verify_result=verified)
        await curl.close()
        return fault(Broken(number, words, transfer))

    found = asyncio.run(run())
    assert found.code == code
    assert found.retryable is FAULTS[code].retryable
    assert str(found).startswith("https://acme.example: ")


def test_every_fault_has_its_text():
    """What is pinned here is what there is."""
    assert set(TEXTS) == set(FAULTS)
