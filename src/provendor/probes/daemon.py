"""A prober that stays: every probe in its slots, until it is told to end.

    daemon = Daemon(reloading, reports, every=Every(60.0), width=100, controls=(), env=os.environ, observers=(printer,))
    await daemon.open()
    await daemon.run()                   # until somebody calls `stop`
    await daemon.drain()
    await daemon.close()

What is planned, how each slot ended and how each probe stands is in the history; a prober that is killed leaves nothing
that the next one cannot account for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from provendor import evidence
from provendor.errors import ContractError, ProvendorError, UsageError
from provendor.evidence import Evidence
from provendor.moments import span
from provendor.probes.confirming import Books
from provendor.probes.health import Itself
from provendor.probes.history import History, Watched
from provendor.probes.keeper import Keeper
from provendor.probes.outbox import Outbox
from provendor.probes.probing import Probe, Prober
from provendor.probes.reloading import Loaded, Reloading
from provendor.probes.rounds import Done, Rounds
from provendor.probes.schedule import Change, Due, Schedule, Timeline, Timing, timing
from provendor.probes.slots import End, Ended, Ledger
from provendor.probes.surroundings import Surroundings
from provendor.verdict import Outcome
from provendor.wire import pacing
from provendor.wire.gate import Gate

LOOK_S: Final = 2.0
"""How often to look for new contracts, and at the clock."""

ALIVE_S: Final = 10.0
"""How often to write down that the prober runs, also where no probe is due."""

RUN_S: Final = 3600.0
"""How long one run of the evidence lasts."""

PRUNE_S: Final = 3600.0

LATE: Final = "the prober was busy"
OVERLAPPED: Final = "the probe before it was still being asked"
_MISTAKE: Final[tuple[End, str | None]] = End.MISSING, "a mistake of ours"
BROKEN_OFF: Final = "the prober was told not to wait for the answer"


class Every(NamedTuple):
    """How often to ask: every so many seconds, or where that is None as each contract says."""

    seconds: float | None = None

    def timing(self, probe: Probe) -> Timing:
        """Return the slots of a probe."""
        return timing(probe.case.id, probe.every_s if self.seconds is None else self.seconds)


class Observer:
    """Whoever wants to know what goes on: prints it, counts it. Called on the event loop; takes no time."""

    def planned(self, loaded: Loaded) -> None:
        """Hear which probes are asked from now on."""

    def done(self, done: Done) -> None:
        """Hear of a probe that was carried out."""

    def ended(self, watched: Watched, ended: Ended) -> None:
        """Hear how slots ended."""

    def said(self, text: str) -> None:
        """Hear what somebody should know."""


class _Crew:
    """What asks the probes of one load of the contracts; it stays until those that it asks are done."""

    def __init__(self, loaded: Loaded, prober: Prober, surroundings: Surroundings) -> None:
        self.loaded = loaded
        self.prober = prober
        self.surroundings = surroundings
        self.probes = {probe.watched: probe for probe in loaded.probes}
        self.asking: set[asyncio.Task[None]] = set()

    async def leave(self) -> None:
        """Wait until nothing is asked any more, and close the connections."""
        await asyncio.gather(*self.asking)
        await self.prober.close()


class Daemon:
    """A prober that stays. Made and used on one event loop.

    `every` says how often to ask, `width` how much at once; `controls` are what to ask when a vendor is silent.
    """

    def __init__(
        self,
        reloading: Reloading,
        reports: Path,
        *,
        every: Every,
        width: int,
        controls: tuple[str, ...],
        env: Mapping[str, str],
        observers: tuple[Observer, ...],
    ) -> None:
        self.keeper = Keeper(reports, self.say)
        self._reloading = reloading
        self._reports = reports
        self._every = every
        self._controls = controls
        self._env = env
        self._observers = observers
        self._gate = Gate(width)
        self._timeline = Timeline(time.time(), time.monotonic())
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._work: set[asyncio.Task[None]] = set()
        self._crews: list[_Crew] = []
        self._loading = False
        self._reload_asked = False
        self._missed_why = LATE
        self._alive = self.now()
        self._current = True
        self._run_until = time.monotonic() + RUN_S

    @property
    def loaded(self) -> Loaded:
        """The contracts that are in force."""
        return self._crew.loaded

    @property
    def rounds(self) -> Rounds:
        """What becomes of each probe."""
        return self._rounds

    def now(self) -> float:
        """Return the moment that it is, by the prober's own timeline."""
        return self._timeline.now(time.monotonic())

    def late_s(self) -> float:
        """Return how long ago the slots were last looked after."""
        return self.now() - self._alive

    def itself(self) -> Itself:
        """Return how the prober itself is."""
        return Itself(on_time=True, history=not self.keeper.in_memory, contracts=self._current)

    def asked(self) -> list[tuple[Probe, float]]:
        """Return the probes with how often they are asked."""
        return [(probe, self._every.timing(probe).every_s) for probe in self.loaded.probes]

    def say(self, text: str) -> None:
        """Tell everybody what they should know; may be called from any thread."""
        for observer in self._observers:
            observer.said(text)

    # --- beginning and end --------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Load the contracts and account for what an earlier prober left open; raises ContractError and UsageError."""
        loaded = self._reloading.load()
        if not loaded.probes:
            raise UsageError("no probe is selected: an operation is one with `probe:` in its contract")
        now = self._follow()
        first = await self.keeper.change(lambda history: Ledger(history).open(now))
        states = await self.keeper.read(lambda history: history.states())
        self._schedule = Schedule[Watched](first)
        self._crew = self._enlist(loaded)
        written = self._begin_run()
        self._rounds = Rounds(written, self.keeper, Books(states), say=self.say, alive=lambda: self._alive)
        self._plan(loaded)

    def stop(self) -> None:
        """Plan nothing more, and end when all that is asked has answered; called again, do not wait for that."""
        asking = [task for crew in self._crews for task in crew.asking]
        if self._stopping.is_set():
            for task in asking:
                task.cancel()
        else:
            self.say(f"ending: nothing more is planned, {len(asking)} probes are still being asked")
        self._stopping.set()
        self._wake.set()

    def reload(self) -> None:
        """Load the contracts anew, changed or not."""
        self._reload_asked = True
        self._wake.set()

    async def drain(self) -> None:
        """Wait until everything that is asked has ended, and is written down."""
        await asyncio.gather(self._crew.leave(), *self._work)
        await self._rounds.flush()

    async def close(self) -> None:
        """Close the history and the evidence, after `drain`."""
        await self.keeper.close()
        try:
            self._rounds.evidence.close()
        except OSError as trouble:
            self.say(f"the last run of the evidence has no end: {trouble.strerror}")

    # --- the loop -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Ask every probe in its slots until `stop`."""
        look_at = alive_at = prune_at = 0.0
        while not self._stopping.is_set():
            now, passed = self._follow(), time.monotonic()
            self._start_due(now)
            if passed >= look_at or self._reload_asked:
                look_at = passed + LOOK_S
                self._look_for_contracts()
            if passed >= alive_at:
                alive_at = passed + ALIVE_S
                self.rounds.end([])
            if passed >= self._run_until:
                self._next_run()
            if passed >= prune_at:
                prune_at = passed + PRUNE_S
                self.keeper.write(partial(_prune, now=now))
            await self._sleep(now)

    async def _sleep(self, now: float) -> None:
        """Sleep until the next slot, or until something wakes us."""
        following = self._schedule.next_at()
        wait = LOOK_S if following is None else min(max(following - now, 0.0), LOOK_S)
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _follow(self) -> float:
        """Return the moment; where the clock was set back, every plan begins anew."""
        jump = self._timeline.follow(time.time(), time.monotonic())
        now = self._timeline.now(time.monotonic())
        self._missed_why = LATE
        if jump is not None:
            ahead = jump > 0
            self._missed_why = f"the clock went {'ahead' if ahead else 'back'} by {span(abs(jump))}"
            self.say(f"{self._missed_why}: the machine slept, or somebody set it")
            if not ahead:
                self._write_change(self._schedule.restart(now))
        return now

    def _start_due(self, now: float) -> None:
        self._alive = now
        for due in self._schedule.due(now):
            number, slot = due.plan.number, due.slot
            if due.missed:
                self._end(due.key, Ended(number, due.missed[0], due.missed[-1], End.MISSING, self._missed_why))
            if due.overlapped:
                self._end(due.key, Ended(number, slot, slot, End.SKIPPED, OVERLAPPED))
            else:
                task = asyncio.create_task(self._ask(due, self._crew))
                self._crew.asking.add(task)
                task.add_done_callback(self._crew.asking.discard)

    async def _ask(self, due: Due[Watched], crew: _Crew) -> None:
        """Ask one probe in its slot, whatever comes of it."""
        end, why = _MISTAKE
        try:
            done = await self._rounds.carry_out(crew.probes[due.key], crew.prober, crew.surroundings)
            end, why = _end_of(done)
            for observer in self._observers:
                observer.done(done)
        except Exception as mistake:  # noqa: BLE001 - one probe that goes wrong must not end all others
            self.say(f"{due.key.id}: a mistake of ours: {type(mistake).__name__}: {mistake}")
        finally:
            self._end(due.key, Ended(due.plan.number, due.slot, due.slot, end, why))
            self._schedule.done(due.key)

    def _end(self, watched: Watched, ended: Ended) -> None:
        self._rounds.end([ended])
        for observer in self._observers:
            observer.ended(watched, ended)

    # --- contracts and runs that follow each other ----------------------------------------------------------------------

    def _look_for_contracts(self) -> None:
        """Have new contracts loaded where there are any, unless that is under way."""
        if not self._loading and (self._reload_asked or self._reloading.changed()):
            self._reload_asked, self._loading = False, True
            self._do(self._load_anew())

    async def _load_anew(self) -> None:
        """Take up new contracts without a gap; where they cannot be understood, the old ones stay."""
        try:
            loaded = await asyncio.to_thread(self._reloading.load)
            if not loaded.probes:
                raise UsageError("they declare no probe")
        except ProvendorError as trouble:
            first = trouble.problems[0] if isinstance(trouble, ContractError) else trouble
            self._current = False
            self.say(f"the new contracts cannot be used, the old ones stay: {first}")
            return
        finally:
            self._loading = False
        self._current = True
        before, self._crew = self._crew, self._enlist(loaded)
        self._plan(loaded)
        self._next_run()
        self._do(self._dismiss(before))
        self.say(f"new contracts: {len(loaded.probes)} probes of {len(loaded.suite.vendors)} vendors")

    def _enlist(self, loaded: Loaded) -> _Crew:
        today = lambda: datetime.now(UTC).date()  # noqa: E731 - a clock
        prober = Prober(loaded.replayer, self._gate, env=self._env, paces=pacing.home(self._env), today=today)
        crew = _Crew(loaded, prober, Surroundings(controls=self._controls, ask=prober.answers, now=time.monotonic))
        self._crews.append(crew)
        return crew

    async def _dismiss(self, crew: _Crew) -> None:
        await crew.leave()
        self._crews.remove(crew)

    def _plan(self, loaded: Loaded) -> None:
        timings = {probe.watched: self._every.timing(probe) for probe in loaded.probes}
        self._write_change(self._schedule.plan(timings, self.now()))
        for observer in self._observers:
            observer.planned(loaded)

    def _write_change(self, change: Change[Watched]) -> None:
        if change.begun or change.ended:
            self.keeper.write(lambda history: Ledger(history).change(change))

    def _begin_run(self) -> Evidence:
        loaded = self._crew.loaded
        today = datetime.now(UTC).date().isoformat()
        info = evidence.describe(
            loaded.suite, "probe", self._reloading.selectors, today, loaded.checks, env=self._env, mode="probe"
        )
        return Evidence(self._reports, info, begin=False)

    def _next_run(self) -> None:
        """Begin a new run of the evidence, and end the one before it beside the loop."""
        before, self._rounds.evidence = self._rounds.evidence, self._begin_run()
        self._run_until = time.monotonic() + RUN_S
        self._do(asyncio.to_thread(before.close))

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        """Have something done beside the loop; what goes wrong with it is said."""

        async def carried_out() -> None:
            try:
                await work
            except Exception as trouble:  # noqa: BLE001 - neither a full disk nor a mistake of ours may end the prober
                self.say(f"{type(trouble).__name__}: {trouble}")

        task = asyncio.create_task(carried_out())
        self._work.add(task)
        task.add_done_callback(self._work.discard)


def _end_of(done: Done) -> tuple[End, str | None]:
    """Return how the slot of a probe ends that was carried out."""
    result = done.settled.result
    if result.outcome is Outcome.SKIP:
        return End.SKIPPED, result.reason or "it was not asked"
    return (End.MISSING, BROKEN_OFF) if done.broken_off else (End.RESULT, None)


def _prune(history: History, now: float) -> None:
    """Forget what has been kept for long enough."""
    history.prune(now)
    Ledger(history).prune(now)
    Outbox(history).prune(now)
