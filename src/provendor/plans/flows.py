"""Flows: operations in order, values of one answer in the next request, and asking again until the work is done.

Time comes from a clock, so that a replay waits for nothing. Where a cassette has no more answers for the poll with which a
case ends, and the case says that the work is not done in time, the last answer stands for all that would have followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from provendor import engine, jsonpath
from provendor.check import examine
from provendor.classify import any_holds, classify
from provendor.clock import Clock
from provendor.contract import Capture, Case, Flow, FlowStep, JsonTest, Poll
from provendor.errors import NotRecorded, ProvendorError
from provendor.exchange import BodyNotJson, Exchange, Json
from provendor.plans.asking import Asked, Step, ask, located
from provendor.requests import Scalar, Values
from provendor.transport import Transport
from provendor.verdict import Finding, Outcome, Verdict

ON_THE_WAY: Final = (engine.status, engine.body, engine.error_class)
"""The checks of a step that the case itself does not describe."""

RUNNING: Final = "running"
DONE: Final = "done"
ANSWERED: Final = "answered"
"""How a poll may stand, besides the codes of flows; `answered` is an answer that is no state, such as an error."""

_LONGEST: Final = 120


async def carry_out(case: Case, values: Values, transport: Transport, clock: Clock) -> Asked:
    """Ask the steps in order; raises TransportError where no exchange came back, with the step's name."""
    return await _Journey(case, values, transport, clock).go()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a step ended: `how` is done, answered or a code of flows; `after_s` is None where there was no poll."""

    exchange: Exchange
    how: str
    after_s: float | None = None
    verdicts: tuple[Verdict, ...] = ()


class _Journey:
    """One case of a flow on its way: what was captured, and the steps behind it."""

    def __init__(self, case: Case, values: Values, transport: Transport, clock: Clock) -> None:
        assert isinstance(case.plan, Flow)  # noqa: S101 - `asking` dispatches on it
        self._case = case
        self._plan = case.plan
        self._values = values
        self._transport = transport
        self._clock = clock
        self._steps: list[Step] = []
        self._secrets: dict[str, str] = {}

    async def go(self) -> Asked:
        """Ask every step, and stop at the first that is not as it should be."""
        *way, last = self._plan.steps
        for step in way:
            ending = await self._asked(step)
            verdicts = (*_on_the_way(step, ending.exchange), *ending.verdicts)
            verdicts += _verdict(step, list(unexpected_end(step, ending)))
            if not _broken(verdicts):
                verdicts += _verdict(step, list(self._capture(step, ending.exchange)))
            self._steps.append(Step(step.name, ending.exchange, verdicts))
            if _broken(verdicts):
                return Asked(ending.exchange, tuple(self._steps), reached=False, secrets=self._secrets)
        ending = await self._asked(last)
        self._steps.append(Step(last.name, ending.exchange, ending.verdicts))
        findings = list(at_the_end(self._case, self._plan, ending))
        if not findings and self._plan.ends is None and self._case.expect.error is None:
            findings = list(self._capture(last, ending.exchange))
        verdict = Verdict("flow", Outcome.FAIL if findings else Outcome.PASS, tuple(findings))
        return Asked(ending.exchange, tuple(self._steps), (verdict,), secrets=self._secrets)

    async def _asked(self, step: FlowStep) -> Ending:
        try:
            if step.poll is not None:
                return await self._polled(step, step.poll)
            asked = await ask(step.case, self._values, self._transport, self._clock)
        except ProvendorError as trouble:
            raise _without(self._secrets, step.name, trouble) from None
        return Ending(asked.exchange, DONE, verdicts=_located(asked.verdicts, step))

    async def _polled(self, step: FlowStep, poll: Poll) -> Ending:
        """Ask until the state is no longer a running one, or time is up."""
        started = self._clock.now()
        seen: set[bytes] = set()
        last: Exchange | None = None
        while True:
            try:
                asked = await ask(step.case, self._values, self._transport, self._clock)
            except NotRecorded:
                if last is None or not self._stands_for_the_rest(step):
                    raise
                await self._clock.sleep(poll.within_s - (self._clock.now() - started))
                return Ending(last, _out_of_time(seen), poll.within_s)
            how, again = state(step, asked.exchange), last is not None
            last = asked.exchange
            seen.add(last.body)
            if how != RUNNING:
                return Ending(last, how, self._clock.now() - started, _located(asked.verdicts, step))
            wait = max(poll.every_s, retry_after_s(last))
            if self._clock.now() - started + wait > poll.within_s:
                return Ending(last, _out_of_time(seen) if again else "flow-timeout", self._clock.now() - started)
            await self._clock.sleep(wait)

    def _stands_for_the_rest(self, step: FlowStep) -> bool:
        """Tell whether the last recorded answer may stand for those that the cassette does not hold."""
        expected = self._plan.ends in ("flow-timeout", "flow-stuck") or self._case.expect.error is not None
        return expected and step is self._plan.steps[-1]

    def _capture(self, step: FlowStep, exchange: Exchange) -> Iterator[Finding]:
        """Take a step's values out of its answer; yield what was not there."""
        for capture in step.captures:
            value = captured(capture, exchange)
            if value is None:
                where = " or ".join(capture.paths)
                key = f"{step.key}/capture/{capture.name}"
                yield Finding(
                    "flow-capture", f"a value at {where}", "no text and no number there", f"step {step.name}", key
                )
                continue
            names = self._values.secrets | ({capture.name} if capture.secret else set())
            self._values = self._values._replace(of={**self._values.of, capture.name: value}, secrets=names)
            if capture.secret:
                self._secrets[capture.name] = str(value)


# --- what an answer means ---------------------------------------------------------------------------------------------


def state(step: FlowStep, exchange: Exchange) -> str:
    """Return how the work of a polled step stands, by one answer: running, done, answered or a code of flows."""
    poll, expect = step.poll, step.case.expect
    if poll is None:
        return DONE
    fits = exchange.status in expect.status
    if fits and any_holds(poll.until, exchange):
        return DONE
    if fits and any_holds(poll.fail_when, exchange):
        return "flow-failed"
    rule = classify(expect.errors, exchange)
    if rule is not None:
        return RUNNING if rule.retryable else ANSWERED
    if not fits:
        return ANSWERED
    return RUNNING if not poll.running or any_holds(poll.running, exchange) else "flow-state"


def captured(capture: Capture, exchange: Exchange) -> Scalar | None:
    """Return the first text, number or boolean that a path of the capture finds; None where there is none."""
    for path in capture.paths:
        for value in _found(path, exchange):
            if isinstance(value, (str, int, float)) and value != "":
                return value
    return None


def retry_after_s(exchange: Exchange) -> float:
    """Return how many seconds the vendor asks to wait; 0 where it does not, or in words that cannot be read."""
    given = (exchange.headers.get("retry-after") or "").strip()
    if given.isascii() and given.isdecimal() and len(given) < 10:
        return float(given)
    sent = exchange.headers.get("date")
    if not given or sent is None:
        return 0.0
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - few vendors name a moment instead of seconds

    try:
        return max(0.0, (parsedate_to_datetime(given) - parsedate_to_datetime(sent)).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0


def _out_of_time(bodies: set[bytes]) -> str:
    return "flow-stuck" if len(bodies) == 1 else "flow-timeout"


# --- how a flow ends --------------------------------------------------------------------------------------------------


def findings_at_the_end(case: Case, plan: Flow, exchange: Exchange) -> Iterator[Finding]:
    """Yield in what an answer in hand is not the last one of such a flow; whether time was up is not known."""
    step = plan.steps[-1]
    how = state(step, exchange)
    if how == RUNNING:
        how = plan.ends if plan.ends in ("flow-timeout", "flow-stuck") else "flow-timeout"
    yield from at_the_end(case, plan, Ending(exchange, how))


def at_the_end(case: Case, plan: Flow, ending: Ending) -> Iterator[Finding]:
    """Yield in what a flow ended otherwise than the case says."""
    step, wanted = plan.steps[-1], plan.ends
    if wanted == "flow-capture":
        if all(captured(capture, ending.exchange) is not None for capture in step.captures):
            yield _other_end(step, wanted, "every capture found a value")
    elif wanted is not None:
        if ending.how != wanted:
            code = ending.how if ending.how in _KEYS else "flow-end"
            yield _other_end(step, wanted, f"{_named(ending)}: {_state(step, ending)}", code)
    elif case.expect.error is None or classify(case.expect.errors, ending.exchange) is None:
        yield from unexpected_end(step, ending)


# --- findings ---------------------------------------------------------------------------------------------------------

_KEYS: Final = {"flow-failed": "fail_when", "flow-state": "while", "flow-timeout": "within", "flow-stuck": "within"}


def unexpected_end(step: FlowStep, ending: Ending) -> Iterator[Finding]:
    """Yield that the work of a step did not come to its end, if so."""
    if step.poll is None or ending.how not in _KEYS:
        return
    time = f" within {step.poll.within_s:g} s" if _KEYS[ending.how] == "within" else ""
    done = f"{_tests(step.poll.until)}{time}"
    yield Finding(ending.how, done, _state(step, ending), f"step {step.name}", f"{step.key}/poll/{_KEYS[ending.how]}")


def _other_end(step: FlowStep, wanted: str, actual: str, code: str = "flow-end") -> Finding:
    return Finding(code, f"the flow ends with {wanted}", actual, f"step {step.name}", "error")


def _named(ending: Ending) -> str:
    words = {DONE: "it ended well", ANSWERED: f"it was answered with status {ending.exchange.status}"}
    return words.get(ending.how, f"it ended with {ending.how}")


def _state(step: FlowStep, ending: Ending) -> str:
    """Return the last state in words: `$.status is "working" after 300 s`."""
    poll, after = step.poll, "" if ending.after_s is None else f" after {ending.after_s:g} s"
    if poll is None or ending.exchange.status not in step.case.expect.status:
        return f"status {ending.exchange.status}{after}"
    paths = dict.fromkeys(test.path for test in (*poll.until, *poll.fail_when, *poll.running))
    found = [f"{path} is {_short(value)}" for path in paths for value in _found(path, ending.exchange)[:1]]
    return (", ".join(found) or f"nothing at {' or '.join(paths)}") + after


def _tests(tests: Iterable[JsonTest]) -> str:
    """Return tests in words: `$.status is "complete" or "completed"`."""
    wanted: dict[str, list[str]] = {}
    for test in tests:
        words = f"like /{test.pattern}/" if test.pattern is not None else json.dumps(test.equals, ensure_ascii=False)
        if test.present is not None:
            words = "present" if test.present else "absent"
        wanted.setdefault(test.path, []).append(words)
    return " or ".join(f"{path} is {' or '.join(words)}" for path, words in wanted.items())


def _on_the_way(step: FlowStep, exchange: Exchange) -> tuple[Verdict, ...]:
    verdicts = tuple(examine(check, exchange, step.case.expect) for check in ON_THE_WAY)
    return _located((verdict for verdict in verdicts if verdict.outcome is not Outcome.SKIP), step)


def _located(verdicts: Iterable[Verdict], step: FlowStep) -> tuple[Verdict, ...]:
    return tuple(
        located(verdict, f"step {step.name}", step.key)._replace(check=f"{step.name}: {verdict.check}")
        for verdict in verdicts
    )


def _verdict(step: FlowStep, findings: list[Finding]) -> tuple[Verdict, ...]:
    return (Verdict(f"{step.name}: flow", Outcome.FAIL, tuple(findings)),) if findings else ()


def _broken(verdicts: Iterable[Verdict]) -> bool:
    return any(verdict.outcome in (Outcome.FAIL, Outcome.ERROR) for verdict in verdicts)


def _without(secrets: dict[str, str], step: str, trouble: ProvendorError) -> ProvendorError:
    """Return the same trouble with the step's name before it, and without what was captured as a secret."""
    from provendor.redaction.redact import Redactor  # noqa: PLC0415 - only where something has gone wrong

    clean = Redactor(secrets).text
    if isinstance(trouble, NotRecorded):
        trouble.differences = tuple(
            (part, clean(sent), clean(recorded)) for part, sent, recorded in trouble.differences
        )
    trouble.args = (f"step {step}: {clean(str(trouble))}", *trouble.args[1:])
    return trouble


# --- values -----------------------------------------------------------------------------------------------------------


def _found(path: str, exchange: Exchange) -> list[Json]:
    """Return what a path finds in a body; nothing where that is not JSON, or nested too deeply."""
    try:
        return jsonpath.find(path, exchange.json)
    except (BodyNotJson, jsonpath.TooDeep):
        return []


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
