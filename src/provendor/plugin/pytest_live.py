"""`pytest --live`: cases asked of vendors themselves, one event loop and one network for the whole session.

Loaded only where `--live` is given. The network stays off for everything but what a live case sends.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import pytest

from provendor.cache import Cache
from provendor.contract import Case, Vendor
from provendor.exchange import Exchange, Request
from provendor.probes.blaming import Blaming
from provendor.reader import loading
from provendor.readiness import SANDBOX
from provendor.run import Replayer, Result
from provendor.sandbox.line import Line, Stopped
from provendor.sandbox.live_run import LiveRun, Rules, Way, without_secrets_of_others
from provendor.wire import pacing
from provendor.wire.live import Caller, Network, Policy
from provendor.wire.network import Guard
from provendor.wire.pacing import Pace

T = TypeVar("T")


def rules_of(config: pytest.Config) -> Rules:
    """Return what this session may do."""
    return Rules(
        config.getoption("--provendor-environment") or SANDBOX,
        config.getoption("--provendor-allow-writes"),
        config.getoption("--require-live"),
        leave="--provendor-allow-writes",
    )


class LiveSession:
    """The live calls of one process that runs tests."""

    def __init__(self, rules: Rules, guard: Guard, reports: Path) -> None:
        self._rules = rules
        self._blaming = Blaming(reports)
        self._guard = guard
        self._runs: dict[str, LiveRun] = {}
        self._lines: dict[str, Line] = {}
        self._loop: _Loop | None = None
        self._network: Network | None = None
        self.broken_off: Result | None = None

    def run_of(self, replayer: Replayer, vendors: Mapping[str, Vendor]) -> LiveRun:
        """Return the run of the one vendor that a replayer has; `vendors` are all of this session."""
        (name,) = replayer.suite.vendors
        if name not in self._runs:
            env = without_secrets_of_others(os.environ, name, vendors)
            self._runs[name] = LiveRun(replayer, self._rules, env=env, paces=pacing.home(os.environ))
        return self._runs[name]

    def result(self, case: Case, run: LiveRun) -> Result:
        """Ask a case, or answer for it without asking. Ctrl-C ends the session, after what was made is taken away."""
        choice = run.choose(case)
        if choice.way is not Way.LIVE:
            return run.answer_without_asking(case, choice)
        if self._loop is None:
            self._loop = _Loop()
        return self._blaming.blamed(self._loop.run(self._asked(case, run)))

    async def _asked(self, case: Case, run: LiveRun) -> Result:
        if self._network is None:
            self._network = await _OpenNetwork(self._guard).__aenter__()
        if case.vendor not in self._lines:
            self._lines[case.vendor] = run.open(case.vendor, self._network)
        try:
            return await run.ask(case, self._lines[case.vendor])
        except Stopped as stopped:
            self.broken_off = stopped.result
            raise

    def close(self) -> None:
        """Close every connection."""
        for line in self._lines.values():
            line.close()
        if self._loop is not None:
            if self._network is not None:
                self._loop.run(self._network.__aexit__())
            self._loop.close()


class _Loop:
    """An event loop that runs one coroutine after the other; Ctrl-C cancels the one that runs, and is raised when it has ended.

    As asyncio's own `Runner`, but that sets and resets what Ctrl-C does for each of thousands of coroutines, and each time
    makes a text of the task.
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._task: asyncio.Task[Any] | None = None
        self._interrupted = False
        self._before = signal.getsignal(signal.SIGINT)
        with suppress(ValueError):  # elsewhere than in the main thread nobody hears of Ctrl-C
            signal.signal(signal.SIGINT, self._on_interrupt)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; raises KeyboardInterrupt where somebody typed Ctrl-C meanwhile."""
        loop = self._runner.get_loop()
        self._task = task = loop.create_task(_to_its_end(coroutine, loop))
        try:
            loop.run_forever()
            return task.result()
        except asyncio.CancelledError:
            if not self._interrupted:
                raise
        finally:
            self._task = None
        self._interrupted = False
        raise KeyboardInterrupt

    def close(self) -> None:
        """Close the loop, and let Ctrl-C do what it did before."""
        with suppress(ValueError):
            signal.signal(signal.SIGINT, self._before)
        self._runner.close()

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._task is not None:
            self._interrupted = True
            self._runner.get_loop().call_soon_threadsafe(self._task.cancel)
        elif callable(self._before):
            self._before(number, frame)


async def _to_its_end(coroutine: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    """Run a coroutine and stop the loop in the very turn in which it ends: asyncio's own way takes another turn for that."""
    try:
        return await coroutine
    finally:
        loop.stop()


class _OpenNetwork(Network):
    """A network to which the guard is open while a request is under way."""

    def __init__(self, guard: Guard) -> None:
        super().__init__(env=os.environ)
        self._guard = guard

    def caller(self, policy: Policy, pace: Pace | None = None) -> Caller:
        return _Through(self._guard, self, policy, pace)


class _Through(Caller):
    """The transport of one case, through the guard."""

    def __init__(self, guard: Guard, network: Network, policy: Policy, pace: Pace | None) -> None:
        super().__init__(network, policy, pace)
        self._guard = guard

    async def send(self, request: Request) -> Exchange:
        with self._guard.through():
            return await super().send(request)


def plan(root: Path, ids: Iterable[str], rules: Rules, today: date, cache: Cache) -> str:
    """Return what the cases of these ids will change, as text; empty where that is nothing."""
    from provendor.reports import present  # noqa: PLC0415 - of a run that writes nothing nothing is announced

    wanted = set(ids)
    suite = loading.load(root, {id_.partition("/")[0] for id_ in wanted}, cache)
    run = LiveRun(Replayer(suite, today=today), rules, env=os.environ, paces=pacing.home(os.environ))
    writes = run.writes(case for case in suite.cases if case.id in wanted)
    return present.plan(writes) if writes else ""
