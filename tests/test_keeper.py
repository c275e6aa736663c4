from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from history_files import full, many, move_away
from provendor.probes import keeper as module
from provendor.probes.history import FILE, History, Sample, Transition, Watched
from provendor.probes.keeper import Keeper
from provendor.probes.outbox import GATHER_S, Message, Outbox
from provendor.probes.schedule import Schedule, Timing
from provendor.probes.slots import End, Ended, Ledger
from provendor.probes.states import State
from provendor.verdict import Outcome

NOW = 1_795_608_000.0
LIST = Watched("chatwoot", "conversations.list", "ok", "production")


class Bench:
    """A keeper whose time is a number, and what it said."""

    def __init__(self, reports: Path) -> None:
        self.reports = reports
        self.said: list[str] = []
        self.time = 1000.0

    def run(self, work: Callable[[Keeper], Awaitable[None]]) -> None:
        async def all_of_it() -> None:
            async with Keeper(self.reports, self.said.append, now=lambda: self.time) as keeper:
                await work(keeper)

        asyncio.run(all_of_it())

    def outcomes(self) -> list[str]:
        with History(self.reports) as history:
            return [outcome for (outcome,) in history.database.read("SELECT outcome FROM results ORDER BY at")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "reports")


def a_result(number: int, outcome: Outcome = Outcome.PASS) -> Callable[[History], None]:
    sample = Sample(LIST, NOW + number, outcome, 200, 100.0)
    return lambda history: history.record([sample], {LIST: State(outcome, NOW + number)})


def test_what_is_written_is_read_afterwards(bench: Bench):
    """In order, though nobody waits for the disk."""

    async def work(keeper: Keeper) -> None:
        for number in range(5):
            keeper.write(a_result(number))
        assert await keeper.read(lambda history: history.states()) == {LIST: State(Outcome.PASS, NOW + 4)}

    bench.run(work)
    assert bench.outcomes() == ["pass"] * 5
    assert bench.said == []


def test_the_event_loop_never_waits_for_the_disk(bench: Bench):
    """The work is done by another thread."""
    threads: list[str] = []

    async def work(keeper: Keeper) -> None:
        keeper.write(lambda _: threads.append(threading.current_thread().name))
        await keeper.read(lambda _: threads.append(threading.current_thread().name))

    bench.run(work)
    assert set(threads) == {"history_0"}


def test_a_damaged_file_is_said_once_and_the_work_goes_on(bench: Bench):
    """And the file is left as it is."""
    bench.reports.mkdir()
    (bench.reports / FILE).write_bytes(b"nonsense" * 1000)

    async def work(keeper: Keeper) -> None:
        keeper.write(a_result(1))
        keeper.write(a_result(2, Outcome.FAIL))
        assert await keeper.read(lambda history: history.states()) == {LIST: State(Outcome.FAIL, NOW + 2)}

    bench.run(work)
    assert (bench.reports / FILE).read_bytes() == b"nonsense" * 1000
    [said] = bench.said
    assert "is damaged or no SQLite file: move it away" in said
    assert said.endswith("; until then results are kept in the evidence alone")


def test_on_a_full_disk_it_is_known_how_things_stand(bench: Bench):
    """What can still be read of the file is taken over."""
    change = Transition(LIST, NOW, None, Outcome.PASS)

    async def work(keeper: Keeper) -> None:
        keeper.write(lambda history: history.record([], {LIST: State(Outcome.PASS, NOW)}, [change]))
        keeper.write(full)
        keeper.write(many)
        assert await keeper.read(lambda history: history.states()) == {LIST: State(Outcome.PASS, NOW)}
        keeper.write(lambda history: history.record([], {}, [change]))
        assert await keeper.read(lambda history: [each.number for each in history.transitions()]) == [1, 2]

    bench.run(work)
    assert "cannot be written: the disk is full" in bench.said[0]


def test_when_the_disk_has_room_again_nothing_is_lost(bench: Bench):
    """The file is tried again every minute, and gets what was written in between, in order."""

    async def work(keeper: Keeper) -> None:
        keeper.write(a_result(1))
        keeper.write(full)
        keeper.write(many)
        keeper.write(a_result(300, Outcome.WARN))
        await keeper.read(lambda _: None)
        assert bench.outcomes() == ["pass"]
        bench.time += module.RETRY_S
        keeper.write(a_result(400))

    bench.run(work)
    assert bench.outcomes() == ["pass", *["fail"] * 100, "warn", "pass"]
    assert [("cannot be written" in said, "can be written again" in said) for said in bench.said] == [
        (True, False),
        (False, True),
    ]


def test_what_became_of_alerts_while_the_disk_was_full_is_right_afterwards(bench: Bench):
    """One that was sent before is not sent again, whatever failed in between."""
    early, late = (Message("ops", "chatwoot", key, f"title of {key}", "text") for key in ("early", "late"))

    def fails(history: History) -> None:
        outbox = Outbox(history)
        outbox.put({}, [late], NOW)
        post = outbox.take(NOW + GATHER_S)
        assert post is not None
        outbox.failed(post, NOW + GATHER_S)

    def goes_out(history: History) -> None:
        outbox = Outbox(history)
        outbox.put({}, [early], NOW - 60)
        post = outbox.take(NOW)
        assert post is not None
        outbox.sent(post)

    async def work(keeper: Keeper) -> None:
        keeper.write(goes_out)
        keeper.write(full)
        keeper.write(many)
        keeper.write(fails)
        await keeper.read(lambda _: None)
        bench.time += module.RETRY_S

    bench.run(work)
    with History(bench.reports) as history:
        assert [(each.title, each.state) for each in Outbox(history).recent(0)] == [
            ("title of early", "sent"),
            ("title of late", "waiting"),
        ]


def test_a_file_that_stays_unusable_is_not_said_again(bench: Bench):
    """It is tried, and that is all."""
    bench.reports.mkdir()
    (bench.reports / FILE).write_bytes(b"nonsense" * 1000)

    async def work(keeper: Keeper) -> None:
        for number in range(5):
            bench.time += module.RETRY_S
            keeper.write(a_result(number))

    bench.run(work)
    assert len(bench.said) == 1


def test_a_damaged_file_that_was_moved_away_is_begun_anew(bench: Bench):
    """With all that was not lost."""
    bench.reports.mkdir()
    (bench.reports / FILE).write_bytes(b"nonsense" * 1000)

    async def work(keeper: Keeper) -> None:
        keeper.write(a_result(1))
        await keeper.read(lambda _: None)
        (bench.reports / FILE).unlink()

    bench.run(work)
    assert bench.outcomes() == ["pass"], "what waits is tried once more at the end"


def test_a_file_that_is_begun_anew_goes_on_where_the_other_ended(bench: Bench):
    """With the numbers of transitions that people were told of, and with slots that owe nothing of the time before."""
    change = Transition(LIST, NOW, None, Outcome.PASS)
    every_second = Timing(1.0, 0.0)
    first = every_second.number(NOW)

    def planned(history: History) -> None:
        ledger, schedule = Ledger(history), Schedule[Watched](1)
        ledger.change(schedule.plan({LIST: every_second}, NOW))
        ended = Ended(1, first + 1, first + 60, End.RESULT)
        history.record([], {LIST: State(Outcome.PASS, NOW)}, [change], ledger.entries([ended], NOW + 60))

    def goes_on(history: History) -> None:
        ended = Ended(1, first + 61, first + 70, End.RESULT)
        history.record([], {}, [change], Ledger(history).entries([ended], NOW + 70))

    async def work(keeper: Keeper) -> None:
        keeper.write(planned)
        keeper.write(full)
        keeper.write(many)
        await keeper.read(lambda _: None)
        move_away(bench.reports)
        bench.time += module.RETRY_S
        keeper.write(goes_on)

    bench.run(work)
    with History(bench.reports) as history:
        assert history.states() == {LIST: State(Outcome.PASS, NOW)}
        assert [each.number for each in history.transitions()] == [1, 2]
        Ledger(history).open(NOW + 70)
        [account] = Ledger(history).accounts(NOW, NOW + 70)
        assert (account.planned, account.ends, account.reasons) == (9, {End.RESULT: 9}, {})
    assert len(bench.outcomes()) == 100


def test_a_mistake_of_ours_is_said_too(bench: Bench):
    """What nobody waits for would otherwise vanish."""

    async def work(keeper: Keeper) -> None:
        keeper.write(lambda _: 1 / 0)
        await keeper.read(lambda _: None)

    bench.run(work)
    assert bench.said == ["the history could not be written: ZeroDivisionError: division by zero"]
