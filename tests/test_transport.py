from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from provendor.transport import drive


def test_what_never_waits_is_driven_without_a_loop():
    """It returns what the coroutine returns."""

    async def answers():
        return 7

    assert drive(answers()) == 7


def test_errors_come_through():
    """A refused request is the caller's to handle."""

    async def fails():
        raise KeyError("x")

    with pytest.raises(KeyError):
        drive(fails())


def test_what_waits_cannot_be_driven():
    """It is told so, and closed: its clean-up has run."""
    closed = []

    async def waits():
        try:
            await asyncio.sleep(0)
        finally:
            closed.append(True)

    with pytest.raises(RuntimeError, match=r"waits waits for something: run it on an event loop"):
        drive(waits())
    assert closed == [True]


def test_replay_loads_nothing_that_it_does_not_need():
    """No event loop, no HTTP client, no vcrpy, no socket, and no YAML while the cassette comes from the cache."""
    code = "import provendor.replay, provendor.cassette, sys; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert {"asyncio", "httpx", "vcr", "pytest", "socket", "yaml", "http.client"}.isdisjoint(loaded)
