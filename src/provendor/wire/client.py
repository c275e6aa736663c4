"""httpx over libcurl: a client that sends exactly what it is given, and keeps nothing of the answer.

    answer = await client.send("GET", "https://acme.example/users/7", headers, b"", total_s=5.0, connect_s=1.0, again=True)
    while data := await answer.read():
        ...

What libcurl reports of an answer, and of a failure, travels with httpx's own response and exceptions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from functools import lru_cache
from typing import Final, cast
from urllib.parse import quote

import httpx

from provendor.exchange import Headers
from provendor.wire.curl import Broken, Curl, Transfer
from provendor.wire.curl_options import Call
from provendor.wire.curl_report import Stage
from provendor.wire.route import Route


class CurlTransport(httpx.AsyncBaseTransport):
    """httpx's transport over libcurl. Responses carry their `Transfer` as the extension `transfer`.

    Takes requests whose body is all there (`httpx.ByteStream`). Heeds the usual extension `timeout` of one (`connect`, and
    `total` for everything), `again`: whether it may be sent twice, and `query`: what comes after the URL's path.
    """

    def __init__(self, curl: Curl) -> None:
        self._curl = curl

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises the exception of httpx that fits, caused by `Broken`."""
        timeout, query = request.extensions.get("timeout", {}), request.extensions.get("query")
        url = request.url
        call = Call(
            request.method,
            f"{url}?{query}" if query else str(url),
            url.scheme,
            url.raw_host.decode("ascii"),
            url.port or (443 if url.scheme == "https" else 80),
            tuple(request.headers.raw),
            b"".join(cast("httpx.ByteStream", request.stream)),
            timeout.get("total"),
            timeout.get("connect"),
            bool(request.extensions.get("again", request.method in ("GET", "HEAD", "OPTIONS"))),
        )
        try:
            transfer = await self._curl.start(call)
        except Broken as broken:
            raise _as_httpx(broken)(broken.words, request=request) from broken
        version = (transfer.protocol or "HTTP/1.1").encode("ascii")
        return httpx.Response(
            transfer.status,
            headers=transfer.headers,
            stream=_Body(transfer, request),
            extensions={"transfer": transfer, "http_version": version},
        )

    async def aclose(self) -> None:
        """Break off what is under way, and close every connection."""
        await self._curl.close()


class _Body(httpx.AsyncByteStream):
    def __init__(self, transfer: Transfer, request: httpx.Request) -> None:
        self._transfer = transfer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while data := await self._transfer.read():
                yield data
        except Broken as broken:
            raise _as_httpx(broken)(broken.words, request=self._request) from broken

    async def aclose(self) -> None:
        self._transfer.close()


class Answer:
    """The head of an answer, and its body as it arrives."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.transfer: Transfer = response.extensions["transfer"]
        self.headers = Headers(tuple((_text(name), _text(value)) for name, value in self.transfer.headers))

    async def read(self) -> bytes:
        """Return what has arrived of the body since, with its content encoding; nothing at its end. Raises Broken."""
        return await self.transfer.read()

    def close(self) -> None:
        """Read no further."""
        self.transfer.close()


class Unsendable(Exception):
    """A request that cannot be put on a wire; the text says nothing of it, because it may hold a secret."""


class Client:
    """Connections of one route, for requests that share nothing else: no cookie and no credential stays behind.

    Speaks with the transport itself, without an `httpx.AsyncClient`: what that would add is cookies, redirects, a log of URLs,
    which may hold a credential, and a tenth of what a call costs.
    """

    def __init__(self, route: Route, user_agent: str) -> None:
        self._transport = CurlTransport(Curl(route))
        self._unless_given = (
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
            (b"User-Agent", user_agent.encode("ascii")),
        )

    async def close(self) -> None:
        """Break off what is under way, and close every connection."""
        await self._transport.aclose()

    async def send(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        *,
        total_s: float,
        connect_s: float,
        again: bool,
    ) -> Answer:
        """Send a request and return when the head of its answer is there; raises Broken or Unsendable."""
        # Many requests ask one place for different things, and httpx takes its time to read a URL.
        place, _, query = url.partition("?")
        try:
            request = httpx.Request(
                method,
                _parsed(place),
                headers=self._with_ours([(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]),
                stream=httpx.ByteStream(body),
                extensions={
                    "timeout": {"total": total_s, "connect": connect_s},
                    "again": again,
                    "query": quote(query.partition("#")[0], safe=_IN_QUERIES),
                },
            )
        except (httpx.InvalidURL, ValueError) as reason:
            raise Unsendable(type(reason).__name__) from None
        try:
            return Answer(await self._transport.handle_async_request(request))
        except httpx.TransportError as error:
            raise _cause(error) from None

    def _with_ours(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        names = {name.lower() for name, _ in given}
        return given + [pair for pair in self._unless_given if pair[0].lower() not in names]


def _cause(error: httpx.TransportError) -> Exception:
    """Return what libcurl said, which our transport gave httpx's exception as its cause."""
    return error.__cause__ if isinstance(error.__cause__, Broken) else Unsendable(type(error).__name__)


_parsed: Final = lru_cache(maxsize=1024)(httpx.URL)
_IN_QUERIES: Final = "-._~:/?[]@!$&'()*+,;=%"  # what stands for itself there (RFC 3986), and what is encoded already


def _as_httpx(broken: Broken) -> type[httpx.TransportError]:
    """Return the exception of httpx that fits."""
    stage = broken.transfer.stage
    if broken.is_timeout:
        if stage is Stage.TURN:
            return httpx.PoolTimeout
        return httpx.ConnectTimeout if stage in _BEFORE else httpx.ReadTimeout
    if stage in _BEFORE:
        return httpx.ProxyError if broken.transfer.through_proxy else httpx.ConnectError
    return httpx.ReadError


_BEFORE: Final = frozenset({Stage.TURN, Stage.LOOKUP, Stage.CONNECT, Stage.TLS})


def _text(value: bytes) -> str:
    """Return a header's bytes as text; UTF-8 where it is that, else Latin-1, in which every byte is a letter."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
