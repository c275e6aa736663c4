"""A server on loopback that answers every request at once with the same two kilobytes of JSON; prints its port.

python benchmarks/fast_server.py
"""

from __future__ import annotations

import asyncio
import json

BODY = json.dumps(
    {"id": 7, "name": "Vendor", "items": [{"id": n, "title": f"Item {n}", "open": n % 2 == 0} for n in range(40)]}
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Answering(asyncio.Protocol):
    """One connection: cheaper than anything that parses, so that the client is what is measured."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole head."""
        *heads, self._received = (self._received + data).split(b"\r\n\r\n")
        self._transport.write(ANSWER * len(heads))


async def serve() -> None:
    """Listen until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
