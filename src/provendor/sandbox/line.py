"""An open line to one vendor in one environment: values, pace, access token, and the clean-up after what was made.

    async with Network(env=os.environ) as network:
        line = Line(ready, network, redactor=Redactor(ready.secrets), paces=pacing.home(os.environ), env=os.environ)
        result = await line.ask(case, checks, expect)
        line.close()

Whatever is shown of a result holds no secret. `redactor` is also for whoever writes results down; it learns the tokens that
are fetched on the way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from provendor.check import Check
from provendor.contract import Case, Expect, Vendor
from provendor.errors import ProvendorError
from provendor.exchange import Exchange, Request
from provendor.plans.asking import Asked, ask, redacted, said
from provendor.readiness import Readiness, grant_of
from provendor.redaction.redact import Redactor
from provendor.requests import Values
from provendor.run import TRANSPORT_CHECK, Kept, Result, not_answered, run_asking
from provendor.sandbox.undoing import Trail, Undoing, Undone
from provendor.transport import Transport
from provendor.verdict import Finding, Outcome, Verdict, worst
from provendor.wire.live import Network, policy_for
from provendor.wire.oauth2 import Tokens, ask_with_token
from provendor.wire.pacing import LONGEST_WAIT_S, Pace

if TYPE_CHECKING:  # few servers are started by us
    from provendor.wire.mcp_stdio import StdioTransport

KEEP_S: Final = 1800.0
"""How long an answer that fails in the same way as the one before it is not kept again."""

_LAST_CHANCE_S: Final = 10.0
"""How long a clean-up may take where the run was interrupted and somebody waits for its end."""


Wrap: TypeAlias = Callable[[Transport, Case], Transport]
Heard: TypeAlias = Callable[[Case, Sequence[Exchange], Mapping[str, str]], None]


class Stopped(asyncio.CancelledError):
    """The run was interrupted while a case was asked; `result` is what became of it, its clean-up included."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.case.id)
        self.result = result


class Line:
    """One vendor, asked live. `env` is what a server sees that is started; `paces` is the folder that `pacing.home` names.

    `redactor` knows the secrets of `ready`. `wrap` puts something around the transport of each case that is asked, such as
    a last look at what goes out. `heard` is told what a case was answered, as it came, and with it every secret that was met
    so far, its name by its value. `patience_s` is how long a request waits for its turn at the vendor's pace, None where
    that counts as the case's own time.
    """

    def __init__(
        self,
        ready: Readiness,
        network: Network,
        *,
        redactor: Redactor,
        paces: Path,
        env: Mapping[str, str],
        wrap: Wrap | None = None,
        heard: Heard | None = None,
        patience_s: float | None = LONGEST_WAIT_S,
    ) -> None:
        self.redactor = redactor
        self._patience_s = patience_s
        self._ready = ready
        self._vendor = ready.vendor
        self._network = network
        self._env = env
        self._wrap = wrap or _as_it_is
        self._heard = heard
        self._met = {value: name for name, value in ready.secrets.items()}
        self._pace = Pace.shared(ready.vendor, ready.values, paces, clock=network.clock, wall=network.wall)
        self._tokens: Tokens | None = None
        self._kept: dict[str, tuple[frozenset[str], float]] = {}

    def close(self) -> None:
        """Let go of what other processes share with us."""
        self._pace.close()

    async def ask(self, case: Case, checks: Sequence[Check], expect: Expect) -> Result:
        """Ask one case, judge what comes back, and take away what it has made; raises Stopped where the task is cancelled."""
        trail, stopped = Trail(), False
        try:
            result = await self._judged(case, trail, checks, expect)
        except ProvendorError as trouble:
            result = not_answered(case, trouble, expect.today)
        except asyncio.CancelledError:
            stopped = True
            carry_on()
            result = broken_off(case)
        if case.safety == "write":
            undone = await self._undone(case, trail, hurry=stopped)
            for name, value in undone.secrets:
                self._meet(name, value)
            result = _with(undone, result)
        if self._heard is not None:
            self._heard(case, trail.answers, self._met)
        # Whoever hears every answer keeps what is worth it.
        keeps = self._heard is None and trail.answers and _has_failed(result)
        kept = self._keep(result, trail) if keeps else None
        result = self._shown(result._replace(environment=self._ready.environment, kept=kept))
        if stopped:
            raise Stopped(result)
        return result

    async def _judged(self, case: Case, trail: Trail, checks: Sequence[Check], expect: Expect) -> Result:
        values = await self._values(case)
        secrets = tuple(str(values.of[name]) for name in sorted(values.secrets))
        expect = expect._replace(secrets=secrets)
        if not is_started(case, self._vendor):
            trail.begin(self.caller(case), values)
            return await run_asking(case, self._asked(case, values, trail), checks, expect)
        async with self._server() as server:
            trail.begin(self._wrap(server, case), values)
            return await run_asking(case, self._asked(case, values, trail), checks, expect)

    async def _values(self, case: Case) -> Values:
        """Return what fills the case's requests, with a living token where it needs one."""
        grant = grant_of(case, self._ready)
        if grant is None:
            return self._ready.values
        if self._tokens is None:
            token = self._vendor.operations[grant.token].cases[0]
            self._tokens = Tokens(self._vendor, self._ready.values, _Anew(self, token), self._network.wall)
        values = self._tokens.asking() if case.operation == grant.token else await self._tokens.values()
        for name in values.secrets:
            self._meet(name, str(values.of[name]))
        return values

    def _meet(self, name: str, secret: str) -> None:
        if secret not in self._met:
            self._met[secret] = name
            self.redactor.know({name: secret})

    async def _asked(self, case: Case, values: Values, trail: Trail) -> Asked:
        clock = self._network.clock
        grant = grant_of(case, self._ready)
        if self._tokens is None or grant is None or case.operation == grant.token:
            return await ask(case, values.anew(), trail, clock)
        asked = await ask_with_token(case, self._tokens, trail, clock)
        await self._values(case)  # there may be a new token, which must be shown nowhere either
        return asked

    def _server(self) -> StdioTransport:
        from provendor.wire.mcp_stdio import StdioTransport  # noqa: PLC0415 - few servers are started by us

        return StdioTransport(self._vendor.mcp.command if self._vendor.mcp else (), env=self._env)

    def caller(self, case: Case) -> Transport:
        """Return a transport for one case over HTTP, whose deadline begins with the first request."""
        environment = cast("Literal['sandbox', 'production']", self._ready.environment)
        policy = policy_for(case, self._vendor, environment, self._patience_s)
        return self._wrap(self._network.caller(policy, self._pace), case)

    async def _undone(self, case: Case, trail: Trail, *, hurry: bool) -> Undone:
        undoing = Undoing(case, self._vendor, trail.values or self._ready.values, self._ask_once)
        try:
            async with asyncio.timeout(_LAST_CHANCE_S if hurry else None):
                return await undoing.undo(trail)
        except (TimeoutError, asyncio.CancelledError):
            carry_on()
            return undoing.so_far()

    async def _ask_once(self, case: Case, values: Values) -> Exchange:
        if not is_started(case, self._vendor):
            return (await ask(case, values, self.caller(case), self._network.clock)).exchange
        async with self._server() as server:
            return (await ask(case, values, self._wrap(server, case), self._network.clock)).exchange

    def _keep(self, result: Result, trail: Trail) -> Kept | None:
        """Return what is kept of an answer that failed; None where one was not long ago that failed in the same way."""
        from provendor.sandbox import tape  # noqa: PLC0415 - only where something fails

        case, codes, now = result.case, frozenset(each.code for each in result.findings), self._network.clock.now()
        before, at = self._kept.get(case.id, (None, 0.0))
        if codes == before and now - at < KEEP_S:
            return None
        self._kept[case.id] = codes, now
        return tape.kept(case, self._ready, trail.answers, self._met)

    def _shown(self, result: Result) -> Result:
        """Return a result that can be shown. Of a pass nothing is, but what evidence redacts itself."""
        if result.outcome is Outcome.PASS:
            return result
        clean = self.redactor
        for step in result.steps:  # what one answer names must not be shown of another, before it either
            clean.learn(step.exchange.body, step.exchange.headers.get("content-type"))
        return result._replace(
            exchange=redacted(result.exchange, clean) if result.exchange else None,
            verdicts=tuple(said(verdict, clean) for verdict in result.verdicts),
            steps=tuple(
                step._replace(
                    exchange=redacted(step.exchange, clean), verdicts=tuple(said(each, clean) for each in step.verdicts)
                )
                for step in result.steps
            ),
            reason=clean.text(result.reason) if result.reason else None,
        )


def is_started(case: Case, vendor: Vendor) -> bool:
    """Tell whether a case is asked of a server that is started for it."""
    plan = vendor.mcp
    return plan is not None and bool(plan.command) and case.template.mcp is not None


def _has_failed(result: Result) -> bool:
    """Tell whether an answer came that is no pass: one at which a check crashed is none either."""
    return result.exchange is not None and (result.outcome in (Outcome.FAIL, Outcome.ERROR) or result.expected)


def _as_it_is(transport: Transport, _: Case) -> Transport:
    return transport


class _Anew:
    """A transport that begins a deadline with each request: a line asks for tokens as long as it is open."""

    def __init__(self, line: Line, case: Case) -> None:
        self._line = line
        self._case = case

    async def send(self, request: Request) -> Exchange:
        return await self._line.caller(self._case).send(request)


def carry_on() -> None:
    """Let this task go on after it was cancelled: there is something to take away, and a result to tell."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()


def broken_off(case: Case) -> Result:
    """Return the result of a case that was being asked when the run was interrupted."""
    reason = "the run was interrupted while the case was asked"
    finding = Finding("interrupted", "an answer", reason)
    verdict = Verdict(TRANSPORT_CHECK, Outcome.ERROR, (finding,), reason)
    return Result(case, Outcome.ERROR, (verdict,), time.time(), 0.0, reason=reason)


def _with(undone: Undone, result: Result) -> Result:
    """Return a result with what became of its clean-up."""
    if undone.verdict is None:
        return result
    outcome = worst((result.outcome, undone.verdict.outcome))
    left = "; ".join(f"{finding.at}: {finding.actual}" for finding in undone.verdict.findings)
    return result._replace(
        outcome=outcome,
        verdicts=(*result.verdicts, undone.verdict),
        steps=(*result.steps, *undone.steps),
        reason=result.reason or (f"not taken away: {left}" if left else None),
    )
