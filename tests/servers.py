r"""Servers on loopback that behave as badly as a script says: over HTTP/1.1, TLS and HTTP/2.

    def script(client: Client) -> None:
        client.request()
        client.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhal")
        client.reset()

    with scripted(script) as server:
        ... server.url, server.seen ...

Each connection runs the script in a thread of its own. What waits does so until the client has gone or the server ends.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import h2.config
import h2.connection
import h2.events
import trustme

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Seen:
    """A request as the server saw it, and the number of the connection that it came on."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    pairs: Sequence[tuple[str, str]] = ()


class Gone(Exception):
    """The client, or the test, has gone."""


class Client:
    """One connection, from the server's side."""

    def __init__(self, sock: socket.socket, number: int, server: Scripted) -> None:
        self.sock = sock
        self.number = number
        self.server = server
        self._buffer = b""

    def request(self) -> Seen:
        """Read the next request; raises Gone where there is none."""
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self.receive()
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        headers = dict(pairs)
        length = int(headers.get("content-length", "0"))
        while len(rest) < length:
            rest += self.receive()
        self._buffer = rest[length:]
        method, path, _ = first.split(" ")
        seen = Seen(method, path, headers, rest[:length], self.number, pairs)
        self.server.saw(seen)
        return seen

    def receive(self) -> bytes:
        """Read what comes next; raises Gone."""
        while not self.server.ended.is_set():
            readable, _, _ = select.select([self.sock], [], [], 0.02)
            if readable or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
                try:
                    data = self.sock.recv(65536)
                except ssl.SSLWantReadError:
                    continue
                except OSError:
                    raise Gone from None
                if not data:
                    raise Gone
                return data
        raise Gone

    def send(self, data: bytes) -> None:
        """Send bytes; raises Gone where nobody takes them."""
        try:
            self.sock.sendall(data)
        except OSError:
            raise Gone from None

    def answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """Send a whole answer; underscores in the names of headers are dashes."""
        given = {"content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        self.send(f"HTTP/1.1 {status} Status\r\n{lines}\r\n".encode("latin-1") + body)

    def drip(self, data: bytes, every_s: float = 0.02) -> None:
        """Send one byte after the other."""
        for byte in data:
            self.pause(every_s)
            self.send(bytes([byte]))

    def pause(self, seconds: float) -> None:
        """Let time pass; raises Gone where the test ends."""
        if self.server.ended.wait(seconds):
            raise Gone

    def hold(self) -> None:
        """Say nothing for as long as the client stays."""
        while True:
            self.receive()

    def reset(self) -> NoReturn:
        """Cut the connection, so that the client's system says that it was reset; ends the script."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        raise Gone


Script = Callable[[Client], None]


@dataclass
class Scripted:
    """Where a server listens, and what it has seen."""

    url: str
    port: int
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    asked: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        """Address and port, as a `Host` header has them."""
        return f"{LOOPBACK}:{self.port}"

    def saw(self, seen: Seen) -> None:
        """Remember a request, and let those go on who wait for one."""
        self.seen.append(seen)
        self.asked.set()


@contextmanager
def scripted(
    script: Script,
    context: ssl.SSLContext | None = None,
    *,
    handshake_after_s: float = 0.0,
    address: str = LOOPBACK,
) -> Iterator[Scripted]:
    """Run the script for every connection, behind TLS where there is a context, until the block ends."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, 0), family=family, backlog=512)
    port = listener.getsockname()[1]
    host = f"[{address}]" if ":" in address else address
    server = Scripted(f"{'https' if context else 'http'}://{host}:{port}", port)
    threads: list[threading.Thread] = []

    def serve(sock: socket.socket, number: int) -> None:
        with suppress(Gone, OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                server.ended.wait(handshake_after_s)
                sock = _encrypted(sock, context)
            script(Client(sock, number, server))
        with suppress(OSError):
            # What the client has sent and nobody read would make the system cut the connection instead of ending it.
            sock.settimeout(0)
            sock.recv(65536)
        sock.close()

    def accept() -> None:
        while not server.ended.is_set():
            readable, _, _ = select.select([listener], [], [], 0.02)
            if readable:
                sock, _ = listener.accept()
                server.connections += 1
                thread = threading.Thread(target=serve, args=(sock, server.connections))
                thread.start()
                threads.append(thread)

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        server.ended.set()
        accepting.join()
        listener.close()
        for thread in threads:
            thread.join()


def _encrypted(sock: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    secure = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
    try:
        secure.do_handshake()
    except OSError:
        # Read on, so that the client gets to see our alert, and not a connection that is cut.
        raw = socket.socket(fileno=secure.detach())
        raw.settimeout(2)
        with raw, suppress(OSError):
            while raw.recv(65536):
                pass
        raise Gone from None
    return secure


def each(*scripts: Script) -> Script:
    """Return a script that answers the first request with the first of these, and so on; the last one goes on."""
    taken = threading.Lock()
    left = list(scripts)

    def script(client: Client) -> None:
        while True:
            client.request()
            with taken:
                answer = left.pop(0) if len(left) > 1 else left[0]
            answer(client)

    return script


def answering(status: int = 200, body: bytes = b"", **headers: str) -> Script:
    """Return what gives one answer, for `each`."""
    return lambda client: client.answer(status, body, **headers)


def reading(script: Script) -> Script:
    """Return a script that first reads a request."""

    def read_first(client: Client) -> None:
        client.request()
        script(client)

    return read_first


# --- TLS ---


@dataclass(frozen=True)
class Authority:
    """Who issues certificates for tests, and the file in which clients find its own."""

    ca: trustme.CA
    file: Path

    @classmethod
    def below(cls, folder: Path) -> Authority:
        """Make a new one; its certificate goes into a file of the folder."""
        ca = trustme.CA()
        ca.cert_pem.write_to_path(folder / "ca.pem")
        return cls(ca, folder / "ca.pem")

    def context(
        self,
        *names: str,
        days: int = 30,
        protocols: Sequence[str] = ("http/1.1",),
        clients: bool = False,
    ) -> ssl.SSLContext:
        """Return what a server shows as one of these names; `days` below 0 have passed. `clients` asks for theirs."""
        ends = datetime.now(UTC) + timedelta(days=days)
        issued = self.ca.issue_cert(
            *(names or (LOOPBACK, "localhost")), not_before=ends - timedelta(days=90), not_after=ends
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(context)
        context.set_alpn_protocols(list(protocols))
        if clients:
            self.ca.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


# --- HTTP/2 ---


class Stream:
    """One request over HTTP/2, and the means to answer it."""

    def __init__(self, client: Client, connection: h2.connection.H2Connection, number: int, seen: Seen) -> None:
        self.client = client
        self.connection = connection
        self.number = number
        self.seen = seen

    def head(self, status: int = 200, *, end: bool = False, **headers: str) -> None:
        """Send the head of the answer."""
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.connection.send_headers(self.number, [(":status", str(status)), *named], end_stream=end)
        self.flush()

    def data(self, data: bytes, *, end: bool = False) -> None:
        """Send a part of the body."""
        self.connection.send_data(self.number, data, end_stream=end)
        self.flush()

    def answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """Send a whole answer."""
        self.head(status, end=False, **headers)
        self.data(body, end=True)

    def break_off(self, code: int) -> None:
        """Reset the stream with an error code."""
        self.connection.reset_stream(self.number, code)
        self.flush()

    def flush(self) -> None:
        """Send what h2 has made so far."""
        self.client.send(self.connection.data_to_send())


def over_http2(respond: Callable[[Stream], None]) -> Script:
    """Return a script that speaks HTTP/2 and answers each request with what `respond` does."""

    def script(client: Client) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        client.send(connection.data_to_send())
        asked: dict[int, dict[str, str]] = {}
        bodies: dict[int, bytes] = {}
        while True:
            for event in connection.receive_data(client.receive()):
                if isinstance(event, h2.events.RequestReceived):
                    pairs = ((_text(name), _text(value)) for name, value in event.headers)
                    asked[event.stream_id], bodies[event.stream_id] = dict(pairs), b""
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    headers = asked[event.stream_id]
                    seen = Seen(headers[":method"], headers[":path"], headers, bodies[event.stream_id], client.number)
                    client.server.saw(seen)
                    respond(Stream(client, connection, event.stream_id, seen))
            client.send(connection.data_to_send())

    return script


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
