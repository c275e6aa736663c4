"""Probes: the operations that declare themselves one, asked of production, which they only read.

    probes = probes_of(suite, ["chatwoot/conversations.*"])
    async with Prober(replayer, gate, env=os.environ, paces=pacing.home(os.environ)) as prober:
        result = await prober.ask(probe)

All probes may be asked at once: `Gate` says who is on the network and who is judged. That a probe only reads is looked at
twice, in what the contract declares and in each request as it goes out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Self

from provendor.check import Check
from provendor.contract import Case, Expect, Operation, Suite
from provendor.errors import ContractError, Fault, TransportError, UsageError
from provendor.exchange import Exchange, Request
from provendor.probes.history import Watched
from provendor.probes.states import Thresholds
from provendor.readiness import PRODUCTION, Block
from provendor.redaction.redact import Redactor
from provendor.run import TRANSPORT_CHECK, Replayer, Result, not_answered
from provendor.sandbox.line import Line, Stopped
from provendor.sandbox.live_run import LiveRun, Rules, Way
from provendor.selector import select
from provendor.transport import Transport
from provendor.verdict import Finding, Outcome, Verdict
from provendor.wire.gate import Gate
from provendor.wire.live import Network, Policy

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ASKING: Final = frozenset({"POST"})
"""What may also read, where the contract declares that it does: a GraphQL query, a report, an MCP call."""

CONTROL_S: Final = 5.0
"""How long a control target may take to answer."""


class Probe(NamedTuple):
    """A case that is asked of production, and what its operation says about that."""

    case: Case
    every_s: float
    thresholds: Thresholds
    warn_after_ms: float | None

    @property
    def watched(self) -> Watched:
        """What its results belong to."""
        return Watched(self.case.vendor, self.case.operation, self.case.name, PRODUCTION)


def probes_of(suite: Suite, selectors: Sequence[str]) -> tuple[Probe, ...]:
    """Return the probes among what the selectors select; raises UsageError where one of them selects none."""
    chosen = {case.id for case in select(suite, selectors)}
    every = tuple(_all(suite))
    for pattern in selectors:
        named = {case.id for case in select(suite, [pattern])}
        if not any(probe.case.id in named for probe in every):
            raise UsageError(
                f'"{pattern}" selects no probe: a probe is an operation with `probe:` in the contract, asked as its first case '
                "that expects no error; `provendor show VENDOR` marks them"
            )
    return tuple(probe for probe in every if probe.case.id in chosen)


def prepare(probes: Iterable[Probe]) -> None:
    """Compile what judges the answers, so that no answer waits for it."""
    for probe in probes:
        body = probe.case.expect.body
        if body is not None:
            with suppress(ContractError):  # which the check says, as the result of this probe
                body.is_valid(None)


def _all(suite: Suite) -> Iterator[Probe]:
    for vendor in suite.vendors.values():
        for operation in vendor.operations.values():
            case = _asked_as(operation)
            if operation.probe is not None and case is not None:
                every_s, _, warn_after_ms, fail_after, recover_after = operation.probe
                yield Probe(case, every_s, Thresholds(fail_after, recover_after), warn_after_ms)


def _asked_as(operation: Operation) -> Case | None:
    """Return the case that a probe asks: the first one that is the operation itself and expects it to work."""
    return next(
        (
            case
            for case in operation.cases
            if case.live and case.expect.error is None and case.template == operation.template and _only_reads(case)
        ),
        None,
    )


def _only_reads(case: Case) -> bool:
    return case.safety == "read" and case.template.method in READING | ASKING


class Prober:
    """Asks probes. Made and used on one event loop; `today` decides what is pending."""

    def __init__(
        self, replayer: Replayer, gate: Gate, *, env: Mapping[str, str], paces: Path, today: Callable[[], date]
    ) -> None:
        self._replayer = replayer
        self._gate = gate
        self._today = today
        self._run = LiveRun(replayer, Rules(PRODUCTION, patience_s=None), env=env, paces=paces)
        self._network = Network(env=env)
        self._lines: dict[str, Line] = {}
        self._judged_by: dict[str, tuple[tuple[Check, ...], Expect]] = {}
        self._blocks: dict[str, tuple[Block, ...]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Break off what is under way, and close every connection."""
        await self._network.__aexit__()
        for line in self._lines.values():
            line.close()

    def redactor(self, vendor: str) -> Redactor:
        """Return what takes secrets and personal data out of a vendor's results."""
        return self._run.redactor(vendor)

    def is_private(self, vendor: str) -> bool:
        """Tell whether a vendor's production stands in our own network."""
        there = self._replayer.suite.vendors[vendor].environments.get(PRODUCTION)
        return there is not None and there.private

    async def ask(self, probe: Probe) -> Result:
        """Ask a probe and judge the answer; one that cannot be asked is a skip where that was decided, else an error."""
        case = probe.case
        if case.id not in self._blocks:
            self._blocks[case.id] = self._run.standing(case.vendor).blocks(case)
        if self._blocks[case.id]:
            return not_asked(case, self._blocks[case.id])
        choice = self._run.choose(case)
        if choice.way is not Way.LIVE:
            return Result(case, Outcome.SKIP, (), time.time(), 0.0, reason=choice.why, environment=PRODUCTION)
        checks, expect = self._judging(probe)
        try:
            return await self._line(case.vendor).ask(case, checks, expect._replace(today=self._today()))
        except Stopped as stopped:
            return stopped.result
        except Exception as reason:  # noqa: BLE001 - a mistake of ours is this probe's error, and harms no other
            said = f"a mistake of ours: {type(reason).__name__}: {self.redactor(case.vendor).text(str(reason))}"
            return not_answered(case, TransportError(said), self._today())._replace(environment=PRODUCTION)

    async def answers(self, url: str) -> bool:
        """Tell whether a control target answers at all."""
        policy = Policy(deadline_s=CONTROL_S, attempts=1, reach="private")
        try:
            await self._network.caller(policy).send(Request("GET", url))
        except TransportError:
            return False
        return True

    def _judging(self, probe: Probe) -> tuple[tuple[Check, ...], Expect]:
        case = probe.case
        if case.id not in self._judged_by:
            expect = self._replayer.expect(case)
            if expect.warn_after_ms is None:
                expect = expect._replace(warn_after_ms=probe.warn_after_ms)
            self._judged_by[case.id] = self._replayer.checks_for(case), expect
        return self._judged_by[case.id]

    def _line(self, vendor: str) -> Line:
        if vendor not in self._lines:
            self._lines[vendor] = self._run.open(vendor, self._network, partial(_ReadOnly, self._gate))
        return self._lines[vendor]


def not_asked(case: Case, blocks: Sequence[Block]) -> Result:
    """Return the result of a probe that something stands in the way of: a flag that is off was meant, the rest was not."""
    first = blocks[0]
    why = first.why + (f" (and {len(blocks) - 1} more)" if len(blocks) > 1 else "")
    if first.kind == "flag":
        return Result(case, Outcome.SKIP, (), time.time(), 0.0, reason=why, environment=PRODUCTION)
    finding = Finding("not-ready", "everything that the probe needs", why)
    verdict = Verdict(TRANSPORT_CHECK, Outcome.ERROR, (finding,), why)
    return Result(case, Outcome.ERROR, (verdict,), time.time(), 0.0, reason=why, environment=PRODUCTION)


class _ReadOnly:
    """The last look before a request goes out, and the places and turns that all probes share."""

    def __init__(self, gate: Gate, transport: Transport, case: Case) -> None:
        self._gate = gate
        self._transport = transport
        self._case = case

    async def send(self, request: Request) -> Exchange:
        if request.method not in READING and not (request.method in ASKING and self._case.safety == "read"):
            raise Fault("not-read-only", f"{self._case.id}: a probe must not send {request.method}", retryable=False)
        try:
            async with self._gate.place(self._case.vendor):
                exchange = await self._transport.send(request)
        except TransportError:
            await self._gate.turn()
            raise
        # What follows is our own work: all that has arrived by then is read first.
        await self._gate.turn()
        return exchange
