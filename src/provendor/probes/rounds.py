"""What becomes of each probe that is asked: judged, blamed, counted, written down, all beside the sockets.

    rounds = Rounds(evidence, keeper, Books(states), say=print)
    done = await rounds.carry_out(probe, prober, surroundings)      # any number of them at once
    await rounds.flush()

Results go to the evidence at once and to the history in bundles, several times a second, on the keeper's thread. Where the
evidence cannot be written that is said once, and the work goes on without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from provendor.evidence import Evidence, result_json
from provendor.probes.blame import Around, blame, fault_code, is_silence
from provendor.probes.confirming import Books, Settled
from provendor.probes.history import History, Sample, Transition, Watched, sample
from provendor.probes.keeper import Keeper
from provendor.probes.probing import Probe, Prober
from provendor.probes.slots import Ended, Ledger
from provendor.probes.states import State
from provendor.probes.surroundings import Surroundings
from provendor.run import Result
from provendor.sandbox.line import carry_on
from provendor.verdict import Blame, Outcome

BUNDLE_S: Final = 0.2
"""How long results wait for others before they are written to the history together."""


_BROKEN_OFF: Final = frozenset({"interrupted", "cancelled"})  # says nothing about the vendor


class Done(NamedTuple):
    """A probe that was carried out: its result as it counts, the line of evidence, and what changed.

    One that was `broken_off` by us says nothing about the vendor.
    """

    probe: Probe
    settled: Settled
    record: dict[str, Any]
    transition: Transition | None = None
    broken_off: bool = False


class _Bundle:
    """What is written to the history together."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.states: dict[Watched, State] = {}
        self.transitions: list[Transition] = []
        self.ended: list[Ended] = []

    def record(self, history: History, alive: float | None) -> None:
        """Write it; `alive` is when the prober that keeps the ledger was running, None where none does."""
        also = None if alive is None else Ledger(history).entries(self.ended, alive)
        history.record(self.samples, self.states, self.transitions, also)


class Rounds:
    """Carries probes out. Made and used on one event loop.

    `say` is for what somebody should know.

    `sole` is false where another prober counts: then results are kept, and how the probes stand is left to it. `alive`
    returns until when slots were looked after, for the ledger of a prober that stays. `changed` is set when a probe has come
    to stand otherwise.
    """

    def __init__(
        self,
        evidence: Evidence,
        keeper: Keeper,
        books: Books,
        *,
        say: Callable[[str], None],
        sole: bool = True,
        alive: Callable[[], float] | None = None,
    ) -> None:
        self.evidence = evidence
        self.books = books
        self.changed = asyncio.Event()
        self.carried_out: set[Watched] = set()
        self._keeper = keeper
        self._say = say
        self._unwritten = 0
        self._sole = sole
        self._alive = alive
        self._bundle: _Bundle | None = None

    async def carry_out(self, probe: Probe, prober: Prober, surroundings: Surroundings) -> Done:
        """Ask a probe, and see to everything that follows."""
        vendor = probe.case.vendor
        surroundings.expect(vendor)
        began, answered = surroundings.now(), False
        try:
            result = await prober.ask(probe)
            answered = result.exchange is not None
        finally:
            surroundings.saw(vendor, answered=answered)
        try:
            whose = await self._blame(probe, result, prober, surroundings, began)
        except asyncio.CancelledError:
            carry_on()  # what is known is written down, also where nobody waits for whose fault it is
            whose = None
        return self.write_down(probe, result._replace(blame=whose), prober)

    def end(self, ended: Iterable[Ended]) -> None:
        """Have it written how slots ended."""
        self._open().ended.extend(ended)

    async def flush(self) -> None:
        """Wait until everything is written."""
        self._send()
        await self._keeper.read(lambda _: None)

    async def _blame(
        self, probe: Probe, result: Result, prober: Prober, surroundings: Surroundings, began: float
    ) -> Blame | None:
        if result.outcome in (Outcome.PASS, Outcome.SKIP):
            return None
        worked_before = self.books.worked_before(probe)
        code = fault_code(result)
        if code is None or not is_silence(code):
            return blame(result, Around(worked_before=worked_before))
        vendor = probe.case.vendor
        since = began - self.books.failing_s(probe, result.started_at)
        around = await surroundings.around(
            vendor, since=since, worked_before=worked_before, private=prober.is_private(vendor)
        )
        return blame(result, around)

    def write_down(self, probe: Probe, result: Result, prober: Prober) -> Done:
        """Count a result, and write it down."""
        self.carried_out.add(probe.watched)
        ours = fault_code(result) in _BROKEN_OFF
        settled = self.books.settle(probe, result) if not ours else self.books.unsettled(probe, result)
        record = result_json(settled.result, prober.redactor(probe.case.vendor))
        record["state"] = settled.record()
        if "rerun" in record:
            record["rerun"] = f"provendor probe {probe.case.id}"
        self._add(record)
        kept = sample(record, self.evidence.run_id) if not ours else None
        if kept is None:
            return Done(probe, settled, record, broken_off=ours)
        bundle = self._open()
        bundle.samples.append(kept)
        transition = settled.transition(kept) if self._sole else None
        if self._sole:
            bundle.states[probe.watched] = settled.state
        if transition is not None:
            bundle.transitions.append(transition)
        return Done(probe, settled, record, transition)

    def _add(self, record: dict[str, Any]) -> None:
        """Write a line of evidence; a full disk keeps nobody from being told."""
        lines = self.evidence.lines
        try:
            self.evidence.add(record)
        except OSError as trouble:
            if not self._unwritten:
                self._say(f"{lines} cannot be written: {trouble.strerror}; until then results are missing in it")
            self._unwritten += 1
            return
        if self._unwritten:
            self._say(f"{lines} can be written again; {self._unwritten} results are missing in it")
            self._unwritten = 0

    def _send(self) -> None:
        """Hand over what waits."""
        bundle, self._bundle = self._bundle, None
        if bundle is None:
            return
        alive = self._alive() if self._alive else None
        self._keeper.write(lambda history: bundle.record(history, alive))
        if bundle.transitions:
            self.changed.set()

    def _open(self) -> _Bundle:
        if self._bundle is None:
            self._bundle = _Bundle()
            asyncio.get_running_loop().call_later(BUNDLE_S, self._send)
        return self._bundle
