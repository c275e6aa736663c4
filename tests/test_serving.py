from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from provendor.errors import UsageError
from provendor.probes import serving as module
from provendor.probes.serving import Page, Serving, address

pytestmark = pytest.mark.loopback


def broken() -> Page:
    raise RuntimeError("a mistake")


PAGES = {"/metrics": lambda: Page(200, "text/plain", b"up 1\n"), "/broken": broken}


def with_server(work: Callable[[str, int], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with Serving("127.0.0.1:0", PAGES) as serving:
            host, _, port = serving.address.rpartition(":")
            await work(host, int(port))

    asyncio.run(asyncio.wait_for(all_of_it(), 30))


async def answer(host: str, port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("request_", "begins", "ends"),
    [
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"\r\n\r\nup 1\n"),
        (b"GET /metrics?name=x HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"up 1\n"),
        (b"HEAD /metrics HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"\r\n\r\n"),
        (b"GET /else HTTP/1.1\r\n\r\n", b"HTTP/1.1 404 Not Found\r\n", b"Not Found\n"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"HTTP/1.1 405 Method Not Allowed\r\n", b"Method Not Allowed\n"),
        (b"GET /broken HTTP/1.1\r\n\r\n", b"HTTP/1.1 500 Internal Server Error\r\n", b"Internal Server Error\n"),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 405", b""),
        (b"\xff\xfe\r\n\r\n", b"HTTP/1.1 405", b""),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b"", b""),
    ],
)
def test_each_request_gets_its_page_or_a_refusal(request_: bytes, begins: bytes, ends: bytes):
    """Also what is no request; one that is too large gets nothing."""

    async def work(host: str, port: int) -> None:
        got = await answer(host, port, request_)
        assert got.startswith(begins)
        assert got.endswith(ends)

    with_server(work)


def test_whoever_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch):
    """And delays nobody."""
    monkeypatch.setattr(module, "REQUEST_S", 0.2)

    async def work(host: str, port: int) -> None:
        silent, writer = await asyncio.open_connection(host, port)
        assert (await answer(host, port, b"GET /metrics HTTP/1.1\r\n\r\n")).endswith(b"up 1\n")
        assert await silent.read() == b""
        writer.close()

    with_server(work)


def test_an_address_that_is_taken_is_an_error():
    """It names the option."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        async def work() -> None:
            async with Serving(f"127.0.0.1:{port}", PAGES):
                raise AssertionError("it does not come to this")

        with pytest.raises(UsageError, match=f"--metrics 127.0.0.1:{port}: "):
            asyncio.run(work())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":9464", (None, 9464)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:80", ("::1", 80)),
        ("a.example:1", ("a.example", 1)),
    ],
)
def test_an_address_is_read(text: str, expected: tuple[str | None, int]):
    """Without a host, every address of this machine."""
    assert address(text) == expected


@pytest.mark.parametrize("text", ["", "9464", ":", ":99999", "::1:80", ":-1", "host:port"])
def test_what_is_no_address_is_refused(text: str):
    """The message shows what is one."""
    with pytest.raises(ValueError, match=r"expected an address such as :9464 or 127\.0\.0\.1:9464"):
        address(text)
