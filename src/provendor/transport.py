"""One seam to the network: what sends a request and brings an exchange back."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from provendor.exchange import Exchange, Request

T = TypeVar("T")


class Transport(Protocol):
    """Replay, record and live are three of these; in a test a fourth is a class of three lines."""

    async def send(self, request: Request) -> Exchange:
        """Return the exchange, or raise a TransportError."""
        ...


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, without an event loop; raises RuntimeError if it does suspend.

    Replay has nothing to wait for, so it pays for no loop.
    """
    try:
        coroutine.send(None)
    except StopIteration as finished:
        value: T = finished.value
        return value
    coroutine.close()
    name = getattr(coroutine, "__qualname__", "the coroutine")
    raise RuntimeError(f"{name} waits for something: run it on an event loop, only a replay can be driven without one")
