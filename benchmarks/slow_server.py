"""A server on loopback whose every answer takes a fixed time, on as many ports as are asked for.

    python benchmarks/slow_server.py --ports 50 --delay-ms 100

Prints the ports as one JSON list when it listens. Answers `GET /anything` with the same two kilobytes of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json

BODY = json.dumps(
    {"id": 7, "name": "Vendor", "items": [{"id": n, "title": f"Item {n}", "open": n % 2 == 0} for n in range(40)]}
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Slow(asyncio.Protocol):
    """One connection: every request is answered after the delay, one after the other."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole head."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            _, _, self._received = self._received.partition(b"\r\n\r\n")
            asyncio.get_running_loop().call_later(self._delay_s, self._answer)

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(ANSWER)


async def serve(ports: int, delay_s: float) -> None:
    """Listen until the process is ended."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(lambda: Slow(delay_s), "127.0.0.1", 0, backlog=1024) for _ in range(ports)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ports", type=int, default=50)
    parser.add_argument("--delay-ms", type=float, default=100.0)
    args = parser.parse_args()
    asyncio.run(serve(args.ports, args.delay_ms / 1000))


if __name__ == "__main__":
    main()
