"""A scripted HTTP server on loopback, and a transport that reaches it over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from provendor.exchange import Exchange, Headers, Request, Source


@dataclass
class Seen:
    """A request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What the server answers: with its length, or in chunks of so many bytes."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunk: int = 0

    def framed(self) -> tuple[dict[str, str], bytes]:
        """Return the headers and the bytes that go over the wire."""
        if not self.chunk:
            return {**self.headers, "content-length": str(len(self.body))}, self.body
        pieces = [self.body[start : start + self.chunk] for start in range(0, len(self.body), self.chunk)]
        wire = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
        return {**self.headers, "transfer-encoding": "chunked"}, wire


@dataclass
class Server:
    """Where it listens, and every request so far."""

    url: str
    seen: list[Seen] = field(default_factory=list)


@contextmanager
def serve(respond: Callable[[Seen], Answer]) -> Iterator[Server]:
    """Answer every request with what `respond` returns, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            seen = Seen(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            server.seen.append(seen)
            answer = respond(seen)
            headers, body = answer.framed()
            self.send_response(answer.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked may not wait for the end
                self.wfile.write(b"" if self.command == "HEAD" else body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._answer)

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    server = Server(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


class OverTheWire:
    """The smallest live transport: httpx, one request after the other."""

    async def send(self, request: Request) -> Exchange:
        """Send the request over a socket and return what came back."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.request(
                request.method, request.url, params=request.query, headers=list(request.headers), content=request.body
            )
        headers = Headers(tuple(answer.headers.multi_items()))
        return Exchange(request, answer.status_code, headers, answer.content, Source.LIVE, elapsed_ms=1.0)
