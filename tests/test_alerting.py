from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import pytest

from builders import a_vendor, an_operation
from history_files import full, many, move_away
from loopback import Answer, Server, serve
from provendor.contract import Suite, Window
from provendor.probes.alerting import Alerting
from provendor.probes.alerts import Rules
from provendor.probes.history import History, Transition, Watched
from provendor.probes.keeper import RETRY_S, Keeper
from provendor.probes.messenger import Messenger
from provendor.probes.outbox import GATHER_S, Outbox
from provendor.verdict import Outcome, Party

pytestmark = pytest.mark.loopback

NOW = 1_795_608_000.0
USERS = Watched("acme", "users.get", "ok", "production")
LISTS = Watched("acme", "users.list", "ok", "production")
SUITE = Suite(Path(), {"acme": a_vendor(an_operation("users.get", "GET /a"), an_operation("users.list", "GET /b"))})


def down(watched: Watched = USERS, at: float = NOW) -> Transition:
    return Transition(
        watched, at, Outcome.PASS, Outcome.FAIL, at - 60, "vendor-down", Party.VENDOR, "status: 503", "r1", "it"
    )


def up(watched: Watched = USERS, at: float = NOW + 600) -> Transition:
    return Transition(watched, at, Outcome.FAIL, Outcome.PASS, at)


class Bench:
    """Alerting over a history on disk, to a server that takes JSON."""

    def __init__(
        self, reports: Path, people: Server, suite: Suite = SUITE, now: Callable[[], float] = monotonic
    ) -> None:
        self.reports = reports
        self.people = people
        self.suite = suite
        self.now = now
        self.said: list[str] = []

    def run(self, work: Callable[[Alerting, Keeper], Awaitable[None]]) -> None:
        async def all_of_it() -> None:
            messenger = Messenger({"ops": self.people.url.replace("http://", "json://")})
            async with Keeper(self.reports, self.said.append, self.now) as keeper:
                alerting = Alerting(messenger, keeper, suite=lambda: self.suite, say=self.said.append, rules=Rules())
                await alerting.open()
                await work(alerting, keeper)
                await alerting.close()

        asyncio.run(all_of_it())

    def happened(self, *transitions: Transition) -> None:
        with History(self.reports) as history:
            history.record([], {}, transitions)

    def counts(self) -> dict[str, int]:
        with History(self.reports) as history:
            return Outbox(history).counts()

    @property
    def titles(self) -> list[str]:
        return [json.loads(seen.body)["title"] for seen in self.people.seen]


def record(*transitions: Transition) -> Callable[[History], None]:
    return lambda history: history.record([], {}, transitions)


def test_one_outage_is_one_message(tmp_path: Path):
    """Two probes of a vendor that go down within seconds."""
    with serve(lambda _: Answer()) as people:
        bench = Bench(tmp_path, people)

        async def work(alerting: Alerting, keeper: Keeper) -> None:
            keeper.write(record(down()))
            await alerting.look(NOW)
            keeper.write(record(down(LISTS)))
            await alerting.look(NOW + 2)
            assert bench.titles == []
            await alerting.look(NOW + GATHER_S)

        bench.run(work)
        assert bench.titles == ["DOWN acme/users.get (vendor) and 1 more"]
        assert json.loads(people.seen[0].body)["message"].count("rerun:") == 2
        assert bench.counts() == {"sent": 2}


def test_an_outage_of_our_own_network_is_one_message_whatever_vendors_it_hides(tmp_path: Path):
    """And so is its end."""
    suite = SUITE._replace(vendors={**SUITE.vendors, "zenith": SUITE.vendors["acme"]._replace(name="zenith")})
    both = USERS, USERS._replace(vendor="zenith")
    with serve(lambda _: Answer()) as people:
        bench = Bench(tmp_path, people, suite)

        async def work(alerting: Alerting, keeper: Keeper) -> None:
            keeper.write(record(*(down(each)._replace(party=Party.NETWORK) for each in both)))
            await alerting.look(NOW, at_once=True)
            keeper.write(record(*map(up, both)))
            await alerting.look(NOW + 600, at_once=True)

        bench.run(work)
        assert bench.titles == ["DOWN acme/users.get (network) and 1 more", "RECOVERED acme/users.get and 1 more"]


def test_a_channel_that_fails_is_tried_again(tmp_path: Path):
    """And said once."""
    answers = iter([500, 500, 200])
    with serve(lambda _: Answer(next(answers))) as people:
        bench = Bench(tmp_path, people)

        async def work(alerting: Alerting, keeper: Keeper) -> None:
            keeper.write(record(down()))
            await alerting.look(NOW, at_once=True)
            await alerting.look(NOW + 5)
            assert bench.counts() == {"waiting": 1}
            await alerting.look(NOW + 11)
            await alerting.look(NOW + 60)
            await alerting.look(NOW + 600)

        bench.run(work)
        assert bench.titles == ["DOWN acme/users.get (vendor)"] * 3
        assert bench.counts() == {"sent": 1}
        assert bench.said == ["the channel ops did not take an alert; it is tried again"]


def test_alerts_that_begin_tell_what_is_wrong_now_and_no_old_story(tmp_path: Path):
    """A trouble of yesterday that goes on; not those that are over, and nothing of probes that have gone."""
    with serve(lambda _: Answer()) as people:
        bench = Bench(tmp_path, people)
        gone = Watched("acme", "users.gone", "ok", "production")
        bench.happened(down(LISTS), up(LISTS), down(), up(), down(at=NOW + 1200), down(gone))

        async def work(alerting: Alerting, _: Keeper) -> None:
            await alerting.look(NOW + 90_000, at_once=True)

        bench.run(work)
        assert bench.titles == ["DOWN acme/users.get (vendor)"]


def test_what_people_were_told_survives_a_restart(tmp_path: Path):
    """A recovery is told by the next prober, the trouble is not told again."""
    with serve(lambda _: Answer()) as people:
        bench = Bench(tmp_path, people)
        bench.happened(down())

        async def look(alerting: Alerting, _: Keeper) -> None:
            await alerting.look(NOW + 30, at_once=True)

        bench.run(look)
        bench.run(look)
        bench.happened(up())
        bench.run(look)
        bench.run(look)
        assert bench.titles == ["DOWN acme/users.get (vendor)", "RECOVERED acme/users.get"]


def test_a_maintenance_window_may_name_operations(tmp_path: Path):
    """Another one of the vendor is told of."""
    window = Window(NOW - 60, NOW + 3600, "The lists move.", ("users.l*",))
    suite = SUITE._replace(vendors={"acme": SUITE.vendors["acme"]._replace(maintenance=(window,))})
    with serve(lambda _: Answer()) as people:
        bench = Bench(tmp_path, people, suite)
        bench.happened(down(), down(LISTS))

        async def work(alerting: Alerting, _: Keeper) -> None:
            await alerting.look(NOW, at_once=True)
            assert bench.titles == ["DOWN acme/users.get (vendor)"]
            await alerting.look(NOW + 3600, at_once=True)

        bench.run(work)
        assert bench.titles == ["DOWN acme/users.get (vendor)", "DOWN acme/users.list (vendor)"]


def test_messages_of_which_nobody_knows_are_said(tmp_path: Path):
    """A prober was killed while it sent them."""
    with serve(lambda _: Answer()) as people:
        bench = Bench(tmp_path, people)
        bench.happened(down())
        with History(tmp_path) as history:
            history.database.many(
                "INSERT INTO outbox VALUES (NULL, 'ops', 'acme', ?, 'title', 'text', ?, ?, 1, 'sending')",
                [("k", NOW, NOW)],
            )

        async def nothing(_alerting: Alerting, _keeper: Keeper) -> None:
            pass

        bench.run(nothing)
        assert "1 alerts were being sent when the prober ended" in bench.said[0]
        assert bench.titles == []


def test_a_recovery_is_told_also_where_the_file_was_begun_anew(tmp_path: Path):
    """Somebody moved a damaged one away, as it was told to do."""
    time = 0.0
    with serve(lambda _: Answer()) as people:
        bench = Bench(tmp_path, people, now=lambda: time)
        bench.happened(down(), up(), down(at=NOW + 1200))

        async def work(alerting: Alerting, keeper: Keeper) -> None:
            nonlocal time
            await alerting.look(NOW + 1200, at_once=True)
            keeper.write(full)
            keeper.write(many)
            await keeper.read(lambda _: None)
            move_away(tmp_path)
            time += RETRY_S
            keeper.write(record(up(at=NOW + 1800)))
            await alerting.look(NOW + 1800, at_once=True)

        bench.run(work)
        assert bench.titles == ["DOWN acme/users.get (vendor)", "RECOVERED acme/users.get"]
        assert bench.counts() == {"sent": 1}


def test_a_prober_that_is_killed_while_it_sends_leaves_unknown_only_what_it_was_sending(tmp_path: Path):
    """The alerts behind it go out with the next prober."""
    suite = SUITE._replace(vendors={**SUITE.vendors, "zenith": SUITE.vendors["acme"]._replace(name="zenith")})
    seen_on_disk: list[dict[str, int]] = []

    def look_at_the_disk(_: object) -> Answer:
        seen_on_disk.append(bench.counts())
        return Answer()

    with serve(look_at_the_disk) as people:
        bench = Bench(tmp_path, people, suite)
        bench.happened(down(), down(USERS._replace(vendor="zenith")))

        async def work(alerting: Alerting, _: Keeper) -> None:
            await alerting.look(NOW, at_once=True)

        bench.run(work)

    assert seen_on_disk == [{"sending": 1, "waiting": 1}, {"sending": 1, "sent": 1}]
