from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest

from provendor.wire import gate as module
from provendor.wire.gate import Gate


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


def test_so_many_are_under_way_at_once_and_no_more():
    """And all come to their turn."""
    most, now, done = 0, 0, 0

    async def one(gate: Gate, number: int) -> None:
        nonlocal most, now, done
        async with gate.place(f"vendor{number % 7}"):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1
        done += 1

    async def work() -> None:
        gate = Gate(10)
        await asyncio.gather(*(one(gate, number) for number in range(200)))

    run(work())
    assert (most, done) == (10, 200)


def test_places_are_shared_fairly():
    """A vendor with many probes does not keep one with few from its place."""
    order: list[str] = []

    async def one(gate: Gate, vendor: str) -> None:
        async with gate.place(vendor):
            order.append(vendor)
            await asyncio.sleep(0)

    async def work() -> None:
        gate = Gate(4)
        await asyncio.gather(*(one(gate, "many") for _ in range(50)), *(one(gate, "few") for _ in range(2)))

    run(work())
    assert "few" in order[4:6], "the first place that is free goes to whoever has none"
    assert Counter(order) == {"many": 50, "few": 2}


def test_a_vendor_that_hangs_keeps_its_places_for_a_moment_only(monkeypatch: pytest.MonkeyPatch):
    """What only waits costs nothing, and others go on."""
    monkeypatch.setattr(module, "LEASE_S", 0.01)
    answered: list[int] = []

    async def hanging(gate: Gate, ended: asyncio.Event) -> None:
        async with gate.place("hanging"):
            await ended.wait()

    async def healthy(gate: Gate, number: int) -> None:
        async with gate.place("healthy"):
            await asyncio.sleep(0)
        answered.append(number)

    async def work() -> None:
        gate, ended = Gate(5), asyncio.Event()
        stuck = [asyncio.ensure_future(hanging(gate, ended)) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.gather(*(healthy(gate, number) for number in range(50)))
        assert not ended.is_set()
        ended.set()
        await asyncio.gather(*stuck)
        await asyncio.gather(*(healthy(gate, number) for number in range(50)))

    run(work())
    assert len(answered) == 100


def test_a_vendor_with_very_many_that_hang_gets_no_more_places(monkeypatch: pytest.MonkeyPatch):
    """It may not use up the files of the process; others still get theirs."""
    monkeypatch.setattr(module, "LEASE_S", 0.0)
    monkeypatch.setattr(module, "MOST_HANGING", 8)
    inside = 0

    async def hanging(gate: Gate, ended: asyncio.Event) -> None:
        nonlocal inside
        async with gate.place("hanging"):
            inside += 1
            await ended.wait()

    async def work() -> None:
        gate, ended = Gate(4), asyncio.Event()
        stuck = [asyncio.ensure_future(hanging(gate, ended)) for _ in range(40)]
        for _ in range(50):
            async with gate.place("healthy"):
                await asyncio.sleep(0)
        assert 8 <= inside <= 8 + 4
        ended.set()
        await asyncio.gather(*stuck)
        assert inside == 40

    run(work())


def test_whoever_gives_up_waiting_takes_no_place_along():
    """Also at the very moment at which it got one."""

    async def work() -> None:
        gate = Gate(1)
        async with gate.place("a"):
            waiting = [asyncio.ensure_future(_through(gate)) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
        waiting[1].cancel()  # it was served, and does not know yet
        await asyncio.wait(waiting)
        assert [each.cancelled() for each in waiting] == [True, True, False]
        await _through(gate)

    run(work())


def test_one_is_judged_at_a_time_with_a_look_at_the_sockets_in_between():
    """Of ten that may all go on, every second step of the loop sees one."""
    steps: list[str] = []

    async def judge(gate: Gate) -> None:
        await gate.turn()
        steps.append("judged")

    async def work() -> None:
        gate, loop = Gate(1), asyncio.get_running_loop()
        watching = True

        def look() -> None:
            steps.append("look")
            if watching:
                loop.call_soon(look)

        loop.call_soon(look)
        await asyncio.gather(*(judge(gate) for _ in range(10)))
        watching = False

    run(work())
    assert steps.count("judged") == 10
    assert "judged judged" not in " ".join(steps)


def test_a_judge_that_gives_up_delays_nobody():
    """Its turn goes to the next."""

    async def work() -> None:
        gate = Gate(1)
        turns = [asyncio.ensure_future(gate.turn()) for _ in range(4)]
        await asyncio.sleep(0)
        turns[0].cancel()
        turns[2].cancel()
        await asyncio.wait(turns)
        assert [each.cancelled() for each in turns] == [True, False, True, False]
        await gate.turn()

    run(work())


async def _through(gate: Gate) -> None:
    async with gate.place("a"):
        pass
