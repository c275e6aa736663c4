"""HTTP over libcurl, on the running event loop; the one module that knows pycurl.

    transfer = await curl.start(Call("GET", "https://acme.example/users/7"))        # the head of the answer is there
    while data := await transfer.read():
        ...
    transfer.phases, transfer.peer

libcurl follows no redirect, undoes no encoding, keeps no cookies and reads no environment: what is sent is what was asked,
and what is handed on is what came.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pycurl

from provendor.errors import NetworkOff
from provendor.exchange import Certificate, Peer, Phases
from provendor.route import Route

MOST_AT_ONCE: Final = 256
"""Transfers under way; others wait for their turn, and that wait is no part of what is measured."""

_MOST_CONNECTIONS: Final = 512  # idle ones included: a process may often have 1024 open files, and others need some
_E_PROXY: Final = 97  # pycurl has no name for these two
_SUPPRESS_CONNECT_HEADERS: Final = 265
# What libcurl or pycurl would add where the request has none; a header without a value is not sent.
_UNASKED: Final = {b"accept": b"Accept:", b"user-agent": b"User-Agent:", b"content-type": b"Content-Type:"}
# What libcurl says itself: the length of the body, how the connection goes on.
_ENDS_LINES: Final = frozenset(b"\r\n\0")
_CURLS_OWN: Final = frozenset({b"content-length", b"connection", b"transfer-encoding"})


class Stage(StrEnum):
    """What a transfer was waiting for."""

    TURN = "turn"
    LOOKUP = "lookup"
    CONNECT = "connect"
    TLS = "tls"
    ANSWER = "answer"
    HEADERS = "headers"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it goes out. Without `timeout_s` it may last for ever.

    `again` allows to send it a second time where a kept connection turns out to be dead before anything of the answer came.
    """

    method: str
    url: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    timeout_s: float | None = None
    connect_s: float | None = None
    again: bool = True


class Broken(Exception):
    """A transfer that did not come to its end: libcurl's code and words for it, and the transfer as far as it came.

    The words may hold host names and addresses, never a path, a header or a body.
    """

    def __init__(self, code: int, words: str, transfer: Transfer) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.transfer = transfer

    @property
    def is_timeout(self) -> bool:
        """Whether the time was over."""
        return self.code == pycurl.E_OPERATION_TIMEDOUT

    @property
    def is_of_proxy(self) -> bool:
        """Whether a proxy stands in the way."""
        return self.code in (pycurl.E_COULDNT_RESOLVE_PROXY, _E_PROXY)


class Curl:
    """Connections of one route, kept and used again. Made and used on one event loop."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.multi = pycurl.AsyncCurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, _MOST_CONNECTIONS)
        self.multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, _MOST_CONNECTIONS)
        self.certificates: dict[int, Certificate] = {}
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._handles: list[pycurl.Curl] = []
        self._running: set[Transfer] = set()

    async def close(self) -> None:
        """Break off what is under way, and close every connection."""
        for transfer in tuple(self._running):
            transfer.break_off(pycurl.E_ABORTED_BY_CALLBACK, "the connections are being closed")
        await self.multi.aclose()
        for handle in self._handles:
            handle.close()
        self._handles.clear()

    async def start(self, call: Call) -> Transfer:
        """Send a request and return when the head of the answer is there; raises Broken."""
        transfer = Transfer(self, call)
        if self._turns.locked():
            await self._wait_for_turn(transfer)
        else:
            await self._turns.acquire()
        self._running.add(transfer)
        try:
            transfer.begin(self._handles.pop() if self._handles else pycurl.Curl())
            await transfer.head()
        except BaseException:
            transfer.close()
            raise
        return transfer

    async def _wait_for_turn(self, transfer: Transfer) -> None:
        since = time.perf_counter()
        try:
            async with asyncio.timeout(transfer.call.timeout_s):
                await self._turns.acquire()
        except TimeoutError:
            raise Broken(pycurl.E_OPERATION_TIMEDOUT, "no turn among our own transfers", transfer) from None
        finally:
            transfer.waited_s = time.perf_counter() - since

    def done(self, transfer: Transfer, handle: pycurl.Curl, *, broken_off: bool = False) -> None:
        """Take a handle back when its transfer has ended, however it did."""
        self._running.discard(transfer)
        self._turns.release()
        if broken_off:
            handle.close()  # pycurl removes it once more in the next turn of the loop, and whatever it carries by then
            return
        handle.reset()  # forgets the options, and with them the credentials
        self._handles.append(handle)


class Transfer:
    """One request under way, and what has come of it: its answer's head at once, the body as it arrives."""

    def __init__(self, curl: Curl, call: Call) -> None:
        self.call = call
        self.status = 0
        self.protocol: str | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.stage = Stage.TURN
        self.waited_s = 0.0
        self.received = 0
        self.phases = Phases()
        self.peer: Peer | None = None
        self.system_error = 0
        self.verify_result = 0
        self.refused: tuple[str, str] | None = None
        self.tried: str | None = None
        self._curl = curl
        self._parts = urlsplit(call.url)
        self._handle: pycurl.Curl | None = None
        self._proxy: str | None = None
        self._network_off: NetworkOff | None = None
        self._lines: list[bytes] = []
        self._headed = False
        self._chunks: list[bytes] = []
        self._trouble: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    # --- for those who read the answer ---

    @property
    def host(self) -> str:
        """The host that is called, by name or address."""
        return self._parts.hostname or ""

    @property
    def origin(self) -> str:
        """Scheme, host and port, as far as the URL names them."""
        return f"{self._parts.scheme}://{self._parts.netloc.rpartition('@')[2]}"

    @property
    def through_proxy(self) -> bool:
        """Whether a proxy carries it."""
        return self._proxy is not None

    async def head(self) -> None:
        """Wait for the head of the answer; raises Broken."""
        while not self._headed:
            if self._trouble is not None:
                raise self._trouble
            await self._news()

    async def read(self) -> bytes:
        """Return what has arrived of the body since, still encoded; nothing at its end. Raises Broken."""
        while not self._chunks:
            if self._handle is None:
                if self._trouble is not None:
                    raise self._trouble
                return b""
            await self._news()
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        return data

    def close(self) -> None:
        """Read no further; a transfer that has not ended yet is broken off, and its connection closed."""
        self.break_off(pycurl.E_ABORTED_BY_CALLBACK, "nobody reads on")

    async def _news(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- for `Curl` ---

    def begin(self, handle: pycurl.Curl) -> None:
        """Hand the request to libcurl."""
        self._handle = handle
        self.stage = Stage.LOOKUP
        objection = self._curl.route.objection(self.host)
        if objection is not None:
            self.refused = (self.host, objection)
            self._end(pycurl.E_COULDNT_CONNECT, "not called")
            return
        try:
            self._set_options(handle)
            self._curl.multi.add_handle(handle).add_done_callback(self._on_end)
        except (pycurl.error, ValueError) as reason:
            # The text may show the value that does not fit, which may be a secret.
            self._end(pycurl.E_BAD_FUNCTION_ARGUMENT, f"libcurl does not take it ({type(reason).__name__})")

    def break_off(self, code: int, words: str) -> None:
        """End the transfer now, unless it has ended."""
        if self._handle is not None:
            self._look(self._handle)
            with suppress(RuntimeError, pycurl.error):  # it was never added, or has just ended
                self._curl.multi.remove_handle(self._handle)
            self._end(code, words, broken_off=True)

    def _on_end(self, ending: asyncio.Future[pycurl.Curl]) -> None:
        if self._handle is None or ending.cancelled():
            return
        self._look(self._handle)
        trouble = ending.exception()
        if trouble is None:
            self._end(pycurl.E_OK, "")
        else:
            code, words = (*trouble.args, "")[:2]
            self._end(code, str(words))

    def _end(self, code: int, words: str, *, broken_off: bool = False) -> None:
        handle, self._handle = self._handle, None
        if code != pycurl.E_OK or not self._headed:
            self._trouble = self._network_off or Broken(code or pycurl.E_GOT_NOTHING, words, self)
        if handle is not None:
            self._curl.done(self, handle, broken_off=broken_off)
        self._wake()

    # --- what libcurl is told ---

    def _set_options(self, handle: pycurl.Curl) -> None:
        call, route, parts = self.call, self._curl.route, self._parts
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._proxy = route.proxy_for(parts.scheme, self.host, port)
        set_ = handle.setopt
        set_(pycurl.URL, call.url)
        set_(pycurl.PATH_AS_IS, 1)
        set_(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        set_(pycurl.NOSIGNAL, 1)
        set_(pycurl.PROXY, self._proxy or "")  # an empty one keeps libcurl from reading the environment
        set_(pycurl.NOPROXY, "")
        set_(_SUPPRESS_CONNECT_HEADERS, 1)  # what a proxy answers is no part of the vendor's answer
        set_(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        set_(pycurl.HTTPHEADER, self._header_lines())
        set_(pycurl.HEADERFUNCTION, self._on_header)
        set_(pycurl.WRITEFUNCTION, self._on_data)
        set_(pycurl.OPENSOCKETFUNCTION, self._on_socket)
        set_(pycurl.TIMEOUT_MS, _milliseconds(call.timeout_s, self.waited_s))
        set_(pycurl.CONNECTTIMEOUT_MS, _milliseconds(call.connect_s, 0.0))
        # libcurl sends anew what met a dead connection, whatever it is. What must not be sent twice gets a connection of its own.
        set_(pycurl.FRESH_CONNECT, 0 if call.again else 1)
        if route.hosts:
            set_(pycurl.RESOLVE, [f"{name}:{port}:{address}" for name, address in route.hosts])
        if parts.scheme == "https" or self._proxy:
            self._set_trust(handle)
        self._set_method(handle)

    def _set_method(self, handle: pycurl.Curl) -> None:
        method = self.call.method
        if self.call.body or method in ("POST", "PUT", "PATCH"):
            handle.setopt(pycurl.POSTFIELDS, self.call.body)
            handle.setopt(pycurl.POSTFIELDSIZE, len(self.call.body))
        elif method == "HEAD":
            handle.setopt(pycurl.NOBODY, 1)
        handle.setopt(pycurl.CUSTOMREQUEST, method)

    def _set_trust(self, handle: pycurl.Curl) -> None:
        route = self._curl.route
        trusted = route.authorities or _certifi()
        handle.setopt(pycurl.CAPATH if Path(trusted).is_dir() else pycurl.CAINFO, trusted)
        handle.setopt(pycurl.SSL_VERIFYPEER, 1)
        handle.setopt(pycurl.SSL_VERIFYHOST, 2)
        handle.setopt(pycurl.OPT_CERTINFO, 1)
        if self._proxy:
            handle.setopt(pycurl.PROXY_CAINFO, trusted)
        if route.certificate:
            handle.setopt(pycurl.SSLCERT, route.certificate)
            handle.setopt(pycurl.SSLKEY, route.certificate)
            handle.setopt(pycurl.KEYPASSWD, "")  # without one OpenSSL asks on the terminal

    def _header_lines(self) -> list[bytes]:
        known = {name.lower() for name, _ in self.call.headers}
        lines = [line for name, line in _UNASKED.items() if name not in known]
        lines.append(b"Expect:")  # a body is sent at once
        for name, value in self.call.headers:
            if not _ENDS_LINES.isdisjoint(name + value):
                raise ValueError("a header that would be several lines")
            if name.lower() not in _CURLS_OWN:
                lines.append(name + b": " + value if value.strip() else name + b";")
        return lines

    # --- what libcurl tells ---

    def _on_socket(self, _purpose: int, address: Any) -> int:
        """Make the socket for one address, unless it must not be called: the name was looked up, so that no name hides it."""
        host, port = address.addr[:2] if isinstance(address.addr, tuple) else ("", 0)
        objection = None if self._proxy else self._curl.route.objection(host)
        if objection is not None:
            self.refused = (host, objection)
            return pycurl.SOCKET_BAD
        self.tried = _address(host, port)
        with socket.socket(address.family, address.socktype, address.protocol) as made:
            try:
                # libcurl connects by itself: whoever watches Python's sockets is told, and may refuse.
                sys.audit("socket.connect", made, address.addr)
            except NetworkOff as refusal:
                self._network_off = refusal
                return pycurl.SOCKET_BAD
            return made.detach()

    def _on_header(self, line: bytes) -> None:
        if self._headed:
            return  # a trailer
        if line.startswith(b"HTTP/"):
            self._lines.clear()
            self.stage = Stage.HEADERS
            version, status = line.split(None, 2)[:2]
            self.protocol = "HTTP/2" if version == b"HTTP/2" else version.decode("ascii")
            self.status = int(status)
        elif line.strip():
            self._lines.append(line)
        elif self.status >= 200:
            self._headed = True
            self.stage = Stage.BODY
            pairs = (each.partition(b":") for each in self._lines)
            self.headers = [(name.strip(), value.strip()) for name, mark, value in pairs if mark]
            self._wake()

    def _on_data(self, data: bytes) -> None:
        self.received += len(data)
        self._chunks.append(data)
        self._wake()

    def _look(self, handle: pycurl.Curl) -> None:
        """Take from the handle what is known of this transfer, before it is used for another."""
        get = handle.getinfo
        queued, looked, connected, secured, ready, first, total = (get(each) for each in _TIMERS)
        secure = self._parts.scheme == "https"
        anew = get(pycurl.NUM_CONNECTS) > 0
        # Where a transfer fails, libcurl sets the moments that were not reached; what was seen tells which are true.
        answered = self.status > 0
        if not answered and self.stage is not Stage.TURN:
            self.stage = _stage(
                self.tried is not None, get(pycurl.PRIMARY_IP), connected, secured if secure else connected
            )
        self.phases = Phases(
            dns_ms=_span(queued, looked) if anew else None,
            connect_ms=_span(looked, connected) if anew else None,
            tls_ms=_span(connected, secured) if anew and secure else None,
            first_byte_ms=_span(ready, first) if answered else None,
            total_ms=_span(ready, total) if answered else None,
        )
        self.system_error = get(pycurl.OS_ERRNO)
        self.verify_result = get(pycurl.SSL_VERIFYRESULT)
        self.peer = self._who(handle, secure, anew)

    def _who(self, handle: pycurl.Curl, secure: bool, anew: bool) -> Peer | None:
        ip, port = handle.getinfo(pycurl.PRIMARY_IP), handle.getinfo(pycurl.PRIMARY_PORT)
        if not ip:
            return None
        known, number = self._curl.certificates, handle.getinfo(pycurl.CONN_ID)
        if secure and anew and (shown := _certificate(handle.getinfo(pycurl.INFO_CERTINFO))):
            if len(known) >= 2 * _MOST_CONNECTIONS:
                known.clear()
            known[number] = shown
        # Through a proxy, the address is the proxy's, and nobody knows the other.
        return Peer(None if self._proxy else _address(ip, port), self.protocol, known.get(number) if secure else None)


_TIMERS: Final = (
    pycurl.QUEUE_TIME_T,
    pycurl.NAMELOOKUP_TIME_T,
    pycurl.CONNECT_TIME_T,
    pycurl.APPCONNECT_TIME_T,
    pycurl.PRETRANSFER_TIME_T,
    pycurl.STARTTRANSFER_TIME_T,
    pycurl.TOTAL_TIME_T,
)


def _span(start_us: int, end_us: int) -> float | None:
    """Return the milliseconds between two moments; None where the later one did not come."""
    return max(0, end_us - start_us) / 1000 if end_us else None


def _stage(opened: bool, reached: str, connected: int, secured: int) -> Stage:
    """Return what was waited for before anything of the answer came; a moment that did not come is 0."""
    if not opened:
        return Stage.ANSWER if reached else Stage.LOOKUP  # a connection that was there already, or none at all
    if not connected:
        return Stage.CONNECT
    return Stage.ANSWER if secured else Stage.TLS


def _address(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _milliseconds(seconds: float | None, spent: float) -> int:
    """Return how long libcurl may take; 0 is for ever."""
    return 0 if seconds is None else max(1, round((seconds - spent) * 1000))


def _certifi() -> str:
    import certifi  # noqa: PLC0415 - only a TLS connection needs it

    return certifi.where()


def _certificate(chain: list[list[tuple[str, str]]]) -> Certificate | None:
    """Return what the first certificate of a chain says."""
    if not chain:
        return None
    said = dict(chain[0])
    return Certificate(said.get("Subject"), said.get("Issuer"), _iso(said.get("Expire date")))


def _iso(text: str | None) -> str | None:
    """Return OpenSSL's `Nov  2 10:00:00 2026 GMT` as an ISO date-time."""
    try:
        return datetime.strptime(text or "", "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC).isoformat()
    except ValueError:
        return None
