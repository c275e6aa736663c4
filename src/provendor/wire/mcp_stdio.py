"""MCP servers that are started and spoken to over their standard streams, as a transport like any other.

    async with StdioTransport(["analytics-mcp"]) as transport:
        exchange = await transport.send(request)

One message is one line. A notification has no answer: it is given 202 without a body, as over HTTP. What the server writes
to its error stream is kept apart and only read as text where the server ends too soon.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from provendor.errors import TransportError
from provendor.exchange import Exchange, Headers, Json, Request, Source
from provendor.plans.jsonrpc import is_id, parsed

_LONGEST_LINE: Final = 16 * 1024 * 1024
_MOST_LINES: Final = 1000  # before the answer: notifications, and whatever a server logs where it must not
_KEPT_ERRORS: Final = 4000
_ENDING_S: Final = 2.0
_JSON: Final = Headers((("content-type", "application/json"),))


class StdioTransport:
    """One running server. `env` is the whole environment that it sees, None for ours; an answer takes at most `timeout_s`."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        self._command = tuple(command)
        self._env = None if env is None else dict(env)
        self._folder = folder
        self._timeout_s = timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._errors = bytearray()
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start the server; raises TransportError where it cannot be started."""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._env,
                cwd=self._folder,
                limit=_LONGEST_LINE,
            )
        except (OSError, ValueError) as reason:
            raise TransportError(f"{self._name} cannot be started: {reason}") from None
        self._listening = asyncio.create_task(self._listen(self._process))
        return self

    async def __aexit__(self, *exc: object) -> None:
        """End the server: by closing its input, then by force."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
            with suppress(OSError):  # it may have gone already
                await process.stdin.wait_closed()
        try:
            await asyncio.wait_for(process.wait(), _ENDING_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    @property
    def _name(self) -> str:
        return Path(self._command[0]).name if self._command else "a server without a command"

    async def send(self, request: Request) -> Exchange:
        """Return the server's answer to this message; raises TransportError where none comes."""
        started = time.perf_counter()
        message: Any = json.loads(request.body)
        id_ = message.get("id")
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._write(message)
                answer = None if id_ is None else await self._answer(id_)
        except TimeoutError:
            raise TransportError(f"{self._name} has not answered within {self._timeout_s:g} s{self._said()}") from None
        elapsed_ms = (time.perf_counter() - started) * 1000
        if answer is None:
            return Exchange(request, 202, Headers(), b"", Source.LIVE, elapsed_ms=elapsed_ms)
        return Exchange(request, 200, _JSON, answer, Source.LIVE, elapsed_ms=elapsed_ms)

    async def _write(self, message: Json) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise TransportError(f"{self._name} is not running")
        try:
            process.stdin.write(json.dumps(message).encode("ascii") + b"\n")
            await process.stdin.drain()
        except OSError:
            raise TransportError(f"{self._name} has ended{self._said()}") from None

    async def _answer(self, id_: int | str) -> bytes:
        """Return the line that answers a request; requests of the server itself and notifications are passed over."""
        process = self._process
        assert process is not None and process.stdout is not None  # noqa: S101, PT018 - started with a pipe
        for _ in range(_MOST_LINES):
            try:
                line = await process.stdout.readline()
            except ValueError:
                raise TransportError(f"{self._name} wrote a line of more than {_LONGEST_LINE} bytes") from None
            if not line:
                raise TransportError(f"{self._name} has ended before it answered{self._said()}")
            try:
                message = parsed(line.decode("utf-8"))
            except ValueError:
                continue  # not the protocol: some servers greet on the wrong stream
            answers = isinstance(message, dict) and ("result" in message or "error" in message)
            if isinstance(message, dict) and answers and (is_id(message.get("id"), id_) or message.get("id") is None):
                return line.strip()
        raise TransportError(f"{self._name} wrote {_MOST_LINES} lines, and none of them is the answer")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Keep the end of what the server writes to its error stream, so that it never waits for a reader."""
        assert process.stderr is not None  # noqa: S101 - started with a pipe
        while chunk := await process.stderr.read(65536):
            self._errors += chunk
            del self._errors[:-_KEPT_ERRORS]

    def _said(self) -> str:
        text = self._errors.decode("utf-8", "replace").strip()
        last = text.splitlines()[-1] if text else ""
        return f"; its last words: {last[:200]}" if last.isprintable() and last else ""
