"""A run against live vendors: what is asked, what is replayed instead and why, what is only skipped; much of it side by side.

    run = LiveRun(replayer, rules, paces=..., env=os.environ)
    run.writes(cases)                      # what would change something, before the first is sent
    await run.carry_out(cases, tell)       # tell(result) as results come; run.stop() ends it cleanly

A live call that fails is a fail. A case falls back to its cassette only where it was not asked, and its result says why.
Vendors wait for nobody. Cases of one vendor that only read are begun in order and wait for each other only where there are
too many; one that changes something begins when all before it have ended, and is alone.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote

from provendor.contract import Case, Delivery, Flow, Vendor
from provendor.readiness import PRODUCTION, SANDBOX, Readiness, grant_of, of
from provendor.redaction.redact import Redactor
from provendor.requests import build, needs
from provendor.run import NEVER, NOT_ASKED, POSTED, Replayer, Result
from provendor.sandbox.line import Heard, Line, Stopped, Wrap, broken_off, carry_on, is_started
from provendor.sandbox.parity import compared
from provendor.verdict import Finding, Outcome, Verdict, worst
from provendor.wire.live import Network
from provendor.wire.pacing import LONGEST_WAIT_S

Tell = Callable[[Result], None]

WIDTH: Final = 8
"""Cases that only read and are asked of one vendor at once, where nobody says otherwise: some vendors take no more than ten."""


class Rules(NamedTuple):
    """What a run may do: where it asks, whether it may write there, and whether a fallback is an error.

    `width` is how many cases that only read are asked of one vendor at once. `patience_s` is how long a request waits for
    its turn at the vendor's pace; None: as long as its case has time. `leave` is the option that allows writes, for
    whoever reads why something was skipped.
    """

    environment: str = SANDBOX
    allow_writes: bool = False
    require_live: bool = False
    width: int = 1
    patience_s: float | None = LONGEST_WAIT_S
    leave: str = "--allow-writes"


class Way(StrEnum):
    """What becomes of a case: asked live, replayed because the contract says so, replayed because it cannot be asked, skipped."""

    LIVE = "live"
    RECORDED = "recorded"
    FALLBACK = "fallback"
    SKIPPED = "skipped"


class Choice(NamedTuple):
    """The way of one case, and the reason where it is not asked live; `alone`: nothing else is asked of its vendor meanwhile."""

    way: Way
    why: str = ""
    alone: bool = False


class Write(NamedTuple):
    """A request that would change something: `url` shows no secret; `undone_by` is what takes it away, if anything does."""

    case: Case
    method: str
    url: str
    effect: str
    undone_by: str | None


def choose(case: Case, ready: Readiness, rules: Rules) -> Choice:
    """Decide what becomes of a case."""
    if not case.live:
        return Choice(Way.RECORDED, POSTED if isinstance(case.plan, Delivery) else NEVER)
    blocks = ready.blocks(case)
    if blocks:
        more = f" (and {len(blocks) - 1} more)" if len(blocks) > 1 else ""
        return Choice(Way.FALLBACK, blocks[0].why + more)
    writes = _writes(case, ready)
    if writes and ready.environment == PRODUCTION:
        return Choice(Way.SKIPPED, f"{writes}, and nothing is ever written in production")
    if writes and not rules.allow_writes:
        return Choice(Way.SKIPPED, f"{writes}: give {rules.leave} to let it")
    return Choice(Way.LIVE, alone=writes is not None or is_started(case, ready.vendor))


def _writes(case: Case, ready: Readiness) -> str | None:
    """Return in what a case changes something, None where it only reads."""
    if case.safety == "write":
        return "it writes"
    grant = grant_of(case, ready)
    if grant is not None and ready.vendor.operations[grant.token].safety == "write":
        return f"it needs a token, and {grant.token} writes"
    return None


def refused(result: Result) -> Result:
    """Return the result of a fallback as the error that it is where every case must be asked live."""
    why = result.fallback or ""
    verdict = Verdict("live", Outcome.ERROR, (Finding("fallback", "an answer of the vendor itself", why),), why)
    return result._replace(
        outcome=worst((result.outcome, Outcome.ERROR)),
        verdicts=(*result.verdicts, verdict),
        reason=result.reason if result.outcome is Outcome.FAIL else f"not asked live: {why}",
    )


def without_secrets_of_others(env: Mapping[str, str], vendor: str, vendors: Mapping[str, Vendor]) -> dict[str, str]:
    """Return the environment without the secrets of all vendors but this one."""
    others = {
        variable.env
        for name, each in vendors.items()
        if name != vendor
        for variable in each.variables.values()
        if variable.secret
    }
    own = {variable.env for variable in vendors[vendor].variables.values()}
    return {name: value for name, value in env.items() if name not in others or name in own}


class LiveRun:
    """One run. `env` holds the environment variables; `heard` is told what each case was answered, as it came."""

    def __init__(
        self,
        replayer: Replayer,
        rules: Rules,
        *,
        env: Mapping[str, str],
        paces: Path,
        heard: Heard | None = None,
    ) -> None:
        self._heard = heard
        self._replayer = replayer
        self.rules = rules
        self._env = env
        self._paces = paces
        self._standings: dict[str, Readiness] = {}
        self._redactors: dict[str, Redactor] = {}
        self._choices: dict[str, Choice] = {}
        self._lanes: list[asyncio.Task[None]] = []
        self.stopping = False

    def standing(self, vendor: str) -> Readiness:
        """Return how a vendor stands in the environment of this run."""
        if vendor not in self._standings:
            found = self._replayer.suite.vendors[vendor]
            self._standings[vendor] = of(found, self._env, self.rules.environment)
        return self._standings[vendor]

    def redactor(self, vendor: str) -> Redactor:
        """Return what takes secrets and personal data out of a vendor's results."""
        if vendor not in self._redactors:
            ready = self.standing(vendor)
            self._redactors[vendor] = Redactor(ready.secrets, ready.vendor.redact)
        return self._redactors[vendor]

    def choose(self, case: Case) -> Choice:
        """Decide what becomes of a case."""
        if case.id not in self._choices:
            self._choices[case.id] = choose(case, self.standing(case.vendor), self.rules)
        return self._choices[case.id]

    def writes(self, cases: Iterable[Case]) -> list[Write]:
        """Return every request that these cases would send to change something, in order."""
        asked = (case for case in cases if case.safety == "write" and self.choose(case).way is Way.LIVE)
        return [write for case in asked for write in _planned(case, self.standing(case.vendor))]

    def open(self, vendor: str, network: Network, wrap: Wrap | None = None) -> Line:
        """Open a line to a vendor; its server, where one is started, sees no other vendor's secrets."""
        env = without_secrets_of_others(self._env, vendor, self._replayer.suite.vendors)
        return Line(
            self.standing(vendor),
            network,
            redactor=self.redactor(vendor),
            paces=self._paces,
            env=env,
            wrap=wrap,
            heard=self._heard,
            patience_s=self.rules.patience_s,
        )

    async def ask(self, case: Case, line: Line) -> Result:
        """Ask a case live, and compare what came with what was recorded."""
        result = await line.ask(case, self._replayer.checks_for(case), self._replayer.expect(case))
        return compared(result, self._replayer, self.redactor(case.vendor))

    def answer_without_asking(self, case: Case, choice: Choice) -> Result:
        """Return the result of a case that is not asked live: replayed or skipped, with the reason."""
        if choice.way is Way.SKIPPED:
            return Result(case, Outcome.SKIP, (), time.time(), 0.0, reason=choice.why)
        result = self._replayer.replay(case)._replace(fallback=choice.why)
        return refused(result) if choice.way is Way.FALLBACK and self.rules.require_live else result

    async def carry_out(self, cases: Sequence[Case], tell: Tell) -> bool:
        """Carry out all cases and tell each result as it comes; return whether the run went to its end."""
        vendors = dict.fromkeys(case.vendor for case in cases)
        async with Network(env=self._env) as network:
            lanes = [_Lane(self, network, tell) for _ in vendors]
            self._lanes = [
                asyncio.create_task(lane.carry_out([case for case in cases if case.vendor == vendor]))
                for lane, vendor in zip(lanes, vendors, strict=True)
            ]
            await _all_of(self._lanes)
        return not self.stopping

    def stop(self) -> None:
        """Ask nothing more: what is under way is broken off, and what it has made is taken away. Again: leave that, too."""
        self.stopping = True
        for lane in self._lanes:
            lane.cancel()


async def _all_of(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for all of them; where one fails, or we are cancelled, the others end before that is told."""
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Lane:
    """The cases of one vendor in a run."""

    def __init__(self, run: LiveRun, network: Network, tell: Tell) -> None:
        self._run = run
        self._network = network
        self._tell = tell
        self._line: Line | None = None

    async def carry_out(self, cases: Sequence[Case]) -> None:
        """Carry out all cases, and let go of the vendor."""
        try:
            for alone, group in groupby(cases, lambda case: self._run.choose(case).alone):
                left = iter(tuple(group))
                if alone or self._run.rules.width == 1:
                    await self._each(left)
                else:
                    await self._side_by_side(left)
        finally:
            if self._line is not None:
                self._line.close()

    async def _side_by_side(self, left: Iterator[Case]) -> None:
        try:
            await _all_of([asyncio.create_task(self._each(left)) for _ in range(self._run.rules.width)])
        except asyncio.CancelledError:
            self._carry_on()
        await self._each(left)  # those that nobody had begun with when the run was stopped

    async def _each(self, left: Iterator[Case]) -> None:
        """Carry out one case after the other, as long as any are left."""
        for case in left:
            choice = self._run.choose(case)
            if self._run.stopping:
                self._tell(Result(case, Outcome.SKIP, (), time.time(), 0.0, reason=NOT_ASKED))
            elif choice.way is Way.LIVE:
                self._tell(await self._asked(case))
            else:
                self._tell(self._run.answer_without_asking(case, choice))
                await self._let_others()

    async def _asked(self, case: Case) -> Result:
        self._line = self._line or self._run.open(case.vendor, self._network)
        try:
            return await self._run.ask(case, self._line)
        except asyncio.CancelledError as stop:
            self._carry_on()
            return stop.result if isinstance(stop, Stopped) else broken_off(case)

    async def _let_others(self) -> None:
        """Let the lanes of other vendors go on."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._carry_on()

    def _carry_on(self) -> None:
        """Go on after the run was stopped: every case that is left is told of as not asked."""
        self._run.stopping = True
        carry_on()


def to_the_end(run: LiveRun, cases: Sequence[Case], tell: Tell) -> bool:
    """Carry out all cases on an event loop of their own; return whether the run was left to come to its end.

    Ctrl-C and SIGTERM stop it: no further case is asked, what was made is taken away. A second one leaves that, too.
    """

    async def main() -> bool:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            # Elsewhere than in the main thread, and on some systems, a signal cannot be waited for.
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, run.stop)
        return await run.carry_out(cases, tell)

    return asyncio.run(main())


# --- what would be written --------------------------------------------------------------------------------------------


def _planned(case: Case, ready: Readiness) -> Iterable[Write]:
    """Yield what a case would send to change something."""
    vendor = ready.vendor
    if not isinstance(case.plan, Flow):
        yield _write(case, case, vendor, ready, None)
        return
    for step in case.plan.steps:
        operation = vendor.operations.get(step.case.operation)
        if operation is not None and operation.safety == "write":
            of_step = next((each.cleanup for each in case.plan.steps if each.cleanup), None)
            yield _write(case, step.case, vendor, ready, of_step.case.operation if of_step else None)


def _write(case: Case, asked: Case, vendor: Vendor, ready: Readiness, undone_by: str | None) -> Write:
    operation = vendor.operations.get(asked.operation)
    cleanup = operation.cleanup if operation else None
    effect = operation.summary if operation else case.summary
    return Write(
        case, asked.template.method, _url(asked, ready), effect, cleanup.case.operation if cleanup else undone_by
    )


def _url(case: Case, ready: Readiness) -> str:
    """Return the URL with `<name>` for secrets and `{name}` for values that an earlier step will bring."""
    known = {**ready.values.of, **{name: f"<{name}>" for name in ready.values.secrets}}
    captured = {name: f"{{{name}}}" for name in needs(case.template) if name not in known}
    return unquote(build(case, ready.values._replace(of={**captured, **known})).url)
