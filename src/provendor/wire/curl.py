"""HTTP over libcurl, on the running event loop.

    transfer = await curl.start(call)       # the head of the answer is there
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
from typing import Any, Final

import pycurl

from provendor.errors import NetworkOff
from provendor.exchange import Certificate, Peer, Phases
from provendor.wire.curl_options import Call, set_options, trusted_on
from provendor.wire.curl_report import Report, Stage, address_of, report
from provendor.wire.multi import Multi
from provendor.wire.route import Route

MOST_AT_ONCE: Final = 256
"""Transfers under way; others wait for their turn, and that wait is no part of what is measured."""

_LONGEST_LOOKUP_S: Final = 60.0


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


class Curl:
    """Connections of one route, kept and used again. Made and used on one event loop."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.multi = Multi()
        self.trusted = trusted_on(route)
        self.certificates: dict[int, Certificate] = {}
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._handles: list[pycurl.Curl] = []
        self._running: set[Transfer] = set()
        self._last_hung = -_LONGEST_LOOKUP_S
        self._closed = False

    async def close(self) -> None:
        """Break off what is under way, and close every connection."""
        self._closed = True
        for transfer in tuple(self._running):
            transfer.break_off(pycurl.E_ABORTED_BY_CALLBACK, "the connections are being closed")
        for handle in self._handles:
            handle.close()
        self._handles.clear()
        self.multi.close(elsewhere=self._last_hung >= time.monotonic() - _LONGEST_LOOKUP_S)

    async def start(self, call: Call) -> Transfer:
        """Send a request and return when the head of the answer is there; raises Broken."""
        transfer = Transfer(self, call)
        if self._turns.locked():
            await self._wait_for_turn(transfer)
        else:
            await self._turns.acquire()
        if self._closed:  # while it waited
            self._turns.release()
            raise Broken(pycurl.E_ABORTED_BY_CALLBACK, "the connections are closed", transfer)
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

    def done(self, transfer: Transfer, handle: pycurl.Curl, *, broken_off: bool, hung: bool) -> None:
        """Take a handle back when its transfer has ended, however it did."""
        if hung:
            self._last_hung = time.monotonic()
        self._running.discard(transfer)
        self._turns.release()
        if broken_off:
            handle.close()  # libcurl may still be looking up a name for it
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
        self.report = Report()
        self.refused: tuple[str, str] | None = None
        self.tried: str | None = None
        self._curl = curl
        self._handle: pycurl.Curl | None = None
        self._proxy: str | None = None
        self._network_off: NetworkOff | None = None
        self._lines: list[bytes] = []
        self._headed = False
        self._chunks: list[bytes] = []
        self._trouble: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._waking = False

    # --- for those who read the answer ---

    @property
    def phases(self) -> Phases:
        """How long each part took, once it has ended."""
        return self.report.phases

    @property
    def peer(self) -> Peer | None:
        """Who answered, once it has ended. Through a proxy, the address would be the proxy's, and nobody knows the other."""
        who = self.report.peer
        return who._replace(address=None) if who and self.through_proxy else who

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

    def _wake_later(self) -> None:
        """Wake whoever waits when all that has arrived is read: what is read late would be taken for slow."""
        if self._waiter is not None and not self._waking:
            self._waking = True
            self._waiter.get_loop().call_soon(self._wake)

    def _wake(self) -> None:
        self._waking = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- for `Curl` ---

    def begin(self, handle: pycurl.Curl) -> None:
        """Hand the request to libcurl."""
        self._handle = handle
        self.stage = Stage.LOOKUP
        call, route = self.call, self._curl.route
        objection = route.objection(call.host)
        if objection is not None:
            self.refused = (call.host, objection)
            self._end(pycurl.E_COULDNT_CONNECT, "not called")
            return
        try:
            self._proxy = route.proxy_for(call.scheme, call.host, call.port)
            self._announce()
            set_options(handle, call, route, self._proxy, self._curl.trusted, self.waited_s)
            handle.setopt(pycurl.HEADERFUNCTION, self._on_header)
            handle.setopt(pycurl.WRITEFUNCTION, self._on_data)
            handle.setopt(pycurl.OPENSOCKETFUNCTION, self._on_socket)
            self._curl.multi.add(handle, self._on_end)
        except NetworkOff as refusal:
            self._network_off = refusal
            self._end(pycurl.E_COULDNT_CONNECT, "the network is off")
        except (pycurl.error, ValueError) as reason:
            # The text may show the value that does not fit, which may be a secret.
            self._end(pycurl.E_BAD_FUNCTION_ARGUMENT, f"libcurl does not take it ({type(reason).__name__})")

    def _announce(self) -> None:
        """Tell whoever watches Python's sockets that a name will be looked up: libcurl does it by itself. They may refuse."""
        if not self.through_proxy and not any(name == self.call.host for name, _ in self._curl.route.hosts):
            sys.audit("socket.getaddrinfo", self.call.host, self.call.port, 0, 0, 0)

    def break_off(self, code: int, words: str) -> None:
        """End the transfer now, unless it has ended."""
        if self._handle is not None:
            self._look(self._handle)
            self._curl.multi.remove(self._handle)
            self._end(code, words, broken_off=True)

    def _on_end(self, code: int, words: str) -> None:
        if self._handle is not None:
            self._look(self._handle)
            self._end(code, words)

    def _end(self, code: int, words: str, *, broken_off: bool = False) -> None:
        handle, self._handle = self._handle, None
        if code != pycurl.E_OK or not self._headed:
            self._trouble = self._network_off or Broken(code or pycurl.E_GOT_NOTHING, words, self)
        if handle is not None:
            hung = self.stage is Stage.LOOKUP and (broken_off or code == pycurl.E_OPERATION_TIMEDOUT)
            self._curl.done(self, handle, broken_off=broken_off, hung=hung)
        self._wake()

    # --- what libcurl tells ---

    def _on_socket(self, _purpose: int, address: Any) -> int:
        """Make the socket for one address, unless it must not be called: the name was looked up, so that no name hides it."""
        host, port = address.addr[:2] if isinstance(address.addr, tuple) else ("", 0)
        objection = None if self._proxy else self._curl.route.objection(host)
        if objection is not None:
            self.refused = (host, objection)
            return pycurl.SOCKET_BAD
        self.tried = address_of(host, port)
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
            self._wake_later()

    def _on_data(self, data: bytes) -> None:
        self.received += len(data)
        self._chunks.append(data)
        self._wake_later()

    def _look(self, handle: pycurl.Curl) -> None:
        """Keep what is known of this transfer, before its handle is used for another."""
        self.report = report(
            handle,
            self.protocol,
            secure=self.call.scheme == "https",
            opened=self.tried is not None,
            certificates=self._curl.certificates,
        )
        if self.protocol is None:
            self.stage = self.report.waited_for
