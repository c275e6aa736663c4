"""Two pages over HTTP for whoever watches the prober: small, read-only, on the prober's own event loop.

    async with Serving(":9464", {"/metrics": metrics_page, "/health": health_page}) as serving:
        serving.address         # "0.0.0.0:9464"

A page is a function that returns status, content type and body; it runs on a thread, so that a large one delays no probe.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Final, NamedTuple, Self

from provendor.errors import UsageError

REQUEST_S: Final = 5.0
"""How long a request may take to arrive, and its answer to go."""

_MOST_BYTES: Final = 8192
_MOST_AT_ONCE: Final = 32


class Page(NamedTuple):
    """What is served."""

    status: int
    content_type: str
    body: bytes


def address(text: str) -> tuple[str | None, int]:
    """Return host and port of `:9464` (every address of this machine), `127.0.0.1:9464` or `[::1]:9464`; raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535 or (":" in host and not host.startswith("[")):
        raise ValueError(f"expected an address such as :9464 or 127.0.0.1:9464, got {text!r}")
    return host.strip("[]") or None, int(port)


class Serving:
    """A server for a few pages."""

    def __init__(self, at: str, pages: Mapping[str, Callable[[], Page]]) -> None:
        self._host, self._port = address(at)
        self._pages = pages
        self._busy = asyncio.Semaphore(_MOST_AT_ONCE)
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        sockets = self._server.sockets if self._server else ()
        host, port = sockets[0].getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def __aenter__(self) -> Self:
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=_MOST_BYTES)
        except OSError as trouble:
            raise UsageError(f"--metrics {self._host or ''}:{self._port}: {trouble.strerror or trouble}") from None
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_S), self._busy:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(head))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asks so gets nothing
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        method, target = (words[0], words[1]) if len(words) == 3 else ("", "")
        page = self._pages.get(target.partition("?")[0])
        if method not in ("GET", "HEAD"):
            found = _plain(HTTPStatus.METHOD_NOT_ALLOWED)
        elif page is None:
            found = _plain(HTTPStatus.NOT_FOUND)
        else:
            found = await asyncio.to_thread(_whole, page)
        lines = (
            f"HTTP/1.1 {found.status} {HTTPStatus(found.status).phrase}",
            f"Content-Type: {found.content_type}",
            f"Content-Length: {len(found.body)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
        )
        body = b"" if method == "HEAD" else found.body
        return "\r\n".join((*lines, "", "")).encode("ascii") + body


def _whole(page: Callable[[], Page]) -> Page:
    try:
        return page()
    except Exception:  # noqa: BLE001 - a page that breaks must not keep the next one from being asked for
        return _plain(HTTPStatus.INTERNAL_SERVER_ERROR)


def _plain(status: HTTPStatus) -> Page:
    return Page(status, "text/plain; charset=utf-8", f"{status.phrase}\n".encode())
