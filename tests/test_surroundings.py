from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from provendor.probes.blame import Around
from provendor.probes.surroundings import WINDOW_S, Surroundings
from provendor.wire.network import has_route


class Watch:
    """Surroundings whose time is a number, with control targets that answer or not."""

    def __init__(self, **controls: bool) -> None:
        self.time = 1000.0
        self.asked: list[str] = []
        self._controls = {f"https://{name}.example/path?key=secret": answers for name, answers in controls.items()}

    def surroundings(self) -> Surroundings:
        return Surroundings(controls=list(self._controls), ask=self._ask, now=lambda: self.time)

    async def _ask(self, url: str) -> bool:
        self.asked.append(url)
        return self._controls[url]


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


async def around(surroundings: Surroundings, vendor: str = "shopify", since: float | None = None) -> Around:
    since = surroundings.now() if since is None else since
    return await surroundings.around(vendor, since=since, worked_before=True, private=True)


def test_other_vendors_of_the_last_minute_are_seen():
    """Not the silent one itself, and nothing older, however long the trouble has gone on."""

    async def work() -> None:
        watch = Watch()
        seen = watch.surroundings()
        for vendor, answered in (("old", True), ("shopify", True)):
            seen.expect(vendor)
            seen.saw(vendor, answered=answered)
        watch.time += WINDOW_S + 1
        for vendor, answered in (("chatwoot", True), ("fly", False)):
            seen.expect(vendor)
            seen.saw(vendor, answered=answered)

        assert (await around(seen, since=900.0)).others == {"chatwoot": True, "fly": False}

    run(work())


def test_an_answer_from_before_the_trouble_began_says_nothing():
    """Our network may have gone in between; that all others were silent lately says that it has."""

    async def work() -> None:
        watch = Watch()
        seen = watch.surroundings()
        for vendor, answered in (("chatwoot", True), ("fly", False)):
            seen.expect(vendor)
            seen.saw(vendor, answered=answered)
        watch.time += 30
        assert (await around(seen)).others == {}
        assert (await around(seen, since=1000.0)).others == {"chatwoot": True, "fly": False}
        seen.expect("chatwoot")
        seen.saw("chatwoot", answered=False)
        watch.time += 5
        assert (await around(seen)).others == {"chatwoot": False, "fly": False}

    run(work())


def test_what_a_vendor_did_last_counts_unless_it_has_answered_since():
    """One of its probes may hang for long while another one shows that it is there."""

    async def work() -> None:
        watch = Watch()
        seen = watch.surroundings()
        for answered in (True, False):
            seen.expect("chatwoot")
            seen.saw("chatwoot", answered=answered)
            watch.time += 1
        assert (await around(seen, since=1000.0)).others == {"chatwoot": True}
        assert (await around(seen, since=1000.5)).others == {"chatwoot": False}, "it answered before the silence began"
        seen.expect("chatwoot")
        seen.saw("chatwoot", answered=True)
        assert (await around(seen, since=1002.0)).others == {"chatwoot": True}
        assert (await around(seen, since=1003.0)).others == {}, "it is not known whether it still would"

    run(work())


def test_the_answer_of_another_is_waited_for():
    """A vendor that refuses at once is judged when it is known whether others answer."""

    async def work() -> None:
        seen = Watch().surroundings()
        seen.expect("chatwoot")
        waiting = asyncio.ensure_future(around(seen))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        seen.saw("chatwoot", answered=True)
        assert (await waiting).others == {"chatwoot": True}

    run(work())


def test_two_that_are_silent_do_not_wait_for_each_other():
    """Whoever waits has been seen."""

    async def work() -> None:
        seen = Watch().surroundings()
        for vendor in ("shopify", "chatwoot"):
            seen.expect(vendor)
        seen.saw("shopify", answered=False)
        first = asyncio.ensure_future(around(seen))
        seen.saw("chatwoot", answered=False)
        second = asyncio.ensure_future(around(seen, "chatwoot"))
        assert (await first).others == {"chatwoot": False}
        assert (await second).others == {"shopify": False}

    run(work())


def test_control_targets_are_asked_once_for_many_and_shown_by_their_host():
    """The rest of a URL may be a secret."""

    async def work() -> None:
        watch = Watch(one=True, two=False)
        seen = watch.surroundings()
        seen.expect("chatwoot")
        answers = await asyncio.gather(*(around(seen) for _ in range(5)))
        assert {tuple(each.controls.items()) for each in answers} == {(("one.example", True), ("two.example", False))}
        assert len(watch.asked) == 2
        watch.time += 6
        await around(seen)
        assert len(watch.asked) == 4

    run(work())


ROUTES = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
LOCAL = "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
OUT = "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
SIX_OUT = f"{'0' * 32} 00 {'0' * 32} 00 fe80 00000400 00000001 00000000 00450003 eth0\n"
SIX_NONE = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200 lo\n"


@pytest.mark.parametrize(
    ("four", "six", "expected"),
    [
        (ROUTES + OUT + LOCAL, None, True),
        (ROUTES + LOCAL, None, False),
        (ROUTES, SIX_NONE, False),
        (ROUTES + LOCAL, SIX_OUT, True),
        (None, None, None),
    ],
)
def test_a_way_out_is_read_from_the_table_of_routes(
    tmp_path: Path, four: str | None, six: str | None, expected: bool | None
):
    """Where there is no such table, nobody knows."""
    for name, text in (("route", four), ("ipv6_route", six)):
        if text is not None:
            (tmp_path / name).write_text(text)

    assert has_route(tmp_path) is expected
