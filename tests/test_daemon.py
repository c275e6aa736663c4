from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from contract_files import a_contract
from loopback import Answer, serve
from probe_suites import a_probed_vendor
from provendor.errors import UsageError
from provendor.probes import daemon as module
from provendor.probes.daemon import Daemon, Every, Observer
from provendor.probes.history import History
from provendor.probes.reloading import Reloading
from provendor.probes.rounds import Done, Rounds
from provendor.probes.slots import Ledger

pytestmark = pytest.mark.loopback

GOOD = Answer(body=b'{"id": 7}', headers={"content-type": "application/json"})


class Ear(Observer):
    """Hears what goes on, and wakes whoever waits for it."""

    def __init__(self) -> None:
        self.results = 0
        self.texts: list[str] = []
        self.news = asyncio.Event()

    def done(self, done: Done) -> None:
        assert done.record
        self.results += 1
        self.news.set()

    def said(self, text: str) -> None:
        self.texts.append(text)

    async def results_so_far(self, count: int) -> None:
        while self.results < count:
            await self.news.wait()
            self.news.clear()


class Clock:
    """The clock of the world, which may be set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        real = time.time
        monkeypatch.setattr("provendor.probes.daemon.time.time", lambda: real() + self.ahead)


def stay(root: Path, work: Callable[[Daemon, Ear], Awaitable[None]], every_s: float = 0.2) -> Ear:
    """Let a daemon run while something is done to it; return what was heard."""
    heard: list[Ear] = []

    async def all_of_it() -> None:
        ear = Ear()
        heard.append(ear)
        daemon = Daemon(
            Reloading(root, []),
            root / "reports",
            every=Every(every_s),
            width=10,
            controls=(),
            env={"XDG_STATE_HOME": str(root / "state")},
            observers=(ear,),
        )
        await daemon.open()
        running = asyncio.ensure_future(daemon.run())
        await work(daemon, ear)
        daemon.stop()
        await running
        await daemon.drain()
        await daemon.close()

    asyncio.run(asyncio.wait_for(all_of_it(), 60))
    return heard[0]


def reasons(root: Path, until: float) -> tuple[dict[str, int], int]:
    """Why slots have no result, and how many are not accounted for."""
    with History(root / "reports") as history:
        [account] = Ledger(history).accounts(0, until)
    return dict(account.reasons), account.unknown


def test_a_machine_that_slept_knows_what_it_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The slots of an hour are missing, and say why; then it goes on."""
    clock = Clock(monkeypatch)
    ends: list[float] = []

    async def work(daemon: Daemon, ear: Ear) -> None:
        await ear.results_so_far(2)
        clock.ahead = 3600.0
        await ear.results_so_far(ear.results + 3)
        ends.append(daemon.now() - daemon.late_s())

    with serve(lambda _: GOOD) as server:
        ear = stay(a_probed_vendor(tmp_path, server.url), work)

    [said] = [text for text in ear.texts if text.startswith("the clock went ahead by")]
    assert said.endswith("min: the machine slept, or somebody set it")
    missing, unknown = reasons(tmp_path, ends[0])
    [(why, count)] = missing.items()
    assert why.startswith("the clock went ahead by")
    assert count == pytest.approx(18_000, abs=20)
    assert unknown == 0


def test_a_clock_that_is_set_back_delays_no_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nobody waits an hour for a moment that has been already."""
    clock = Clock(monkeypatch)

    async def work(_: Daemon, ear: Ear) -> None:
        await ear.results_so_far(2)
        clock.ahead = -3600.0
        await ear.results_so_far(ear.results + 3)

    with serve(lambda _: GOOD) as server:
        ear = stay(a_probed_vendor(tmp_path, server.url), work)

    assert any(text.startswith("the clock went back by") for text in ear.texts)
    with History(tmp_path / "reports") as history:
        plans = history.database.read("SELECT id, first, until FROM plans")
        assert len(plans) == 2
        assert history.database.read("SELECT count(*) FROM slots WHERE \"end\" != 'result'") == [(0,)]


def test_runs_of_the_evidence_follow_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No result is lost between them."""
    monkeypatch.setattr(module, "RUN_S", 0.5)

    async def work(_: Daemon, ear: Ear) -> None:
        await ear.results_so_far(8)

    with serve(lambda _: GOOD) as server:
        ear = stay(a_probed_vendor(tmp_path, server.url), work)

    runs = list((tmp_path / "reports" / "runs").glob("*/run.json"))
    assert len(runs) >= 2
    lines = sum(path.with_suffix(".jsonl").read_text().count('{"type":"result"') for path in runs)
    assert lines == ear.results


def test_a_mistake_in_one_probe_harms_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is said, and its slot is missing."""
    real = Rounds.carry_out

    async def carry_out(self: object, probe: object, *more: object) -> Done:
        if probe.case.operation == "bad.get":  # type: ignore[attr-defined]
            raise ZeroDivisionError("division by zero")
        return await real(self, probe, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Rounds, "carry_out", carry_out)

    async def work(_: Daemon, ear: Ear) -> None:
        await ear.results_so_far(5)

    with serve(lambda _: GOOD) as server:
        ear = stay(a_probed_vendor(tmp_path, server.url, "acme", "bad.get", "good.get"), work)

    assert "acme/bad.get:ok: a mistake of ours: ZeroDivisionError: division by zero" in ear.texts
    assert ear.results >= 5
    with History(tmp_path / "reports") as history:
        whys = history.database.read("SELECT DISTINCT why FROM slots WHERE why IS NOT NULL")
        assert whys == [("a mistake of ours",)]


def test_contracts_without_a_probe_are_refused(tmp_path: Path):
    """At the start; later the old ones stay."""

    async def work(_daemon: Daemon, _ear: Ear) -> None:
        raise AssertionError("it does not come to this")

    with pytest.raises(UsageError, match="no probe is selected"):
        stay(a_contract(tmp_path), work)
