"""The core that both drivers share: a case and a transport in, a result out, and what a whole run amounts to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Iterable, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from provendor import cassette, requests
from provendor.cache import Cache
from provendor.cassette import Cassette
from provendor.check import Check, examine
from provendor.clock import Clock, VirtualClock
from provendor.contract import Case, Expect, Suite
from provendor.engine import ENGINE, OF_RECORDING
from provendor.errors import Fault, NotRecorded, ProvendorError, TransportError
from provendor.exchange import Attempt, Exchange, Peer, Recording, Request, Source
from provendor.plans.asking import Asked, Step, ask, located
from provendor.replay import Replay
from provendor.requests import Values
from provendor.selector import matches, may_match, name_cases
from provendor.transport import Transport, drive
from provendor.verdict import Blame, Finding, Outcome, Verdict, worst

NOT_ASKED = "not asked: the run was interrupted before"
"""The reason of a case that was planned, and not asked any more."""

NEVER = "the contract says live: never"
POSTED = "the vendor posts it to us, so that there is nothing to ask"
REPLAYED_ON_PURPOSE = (NEVER, POSTED)
"""Why a case is replayed in a live run although nothing is missing: it is not one to be asked."""

TRANSPORT_CHECK = "exchange"
"""The name under which a missing exchange is reported among a result's verdicts."""


class Kept(NamedTuple):
    """What is kept of an answer that failed live: the text of a cassette, which holds nothing that it must not; else why not."""

    text: str | None
    why: str | None = None


class Result(NamedTuple):
    """How one case ended.

    `exchange` is None where none came back; then one verdict says why. `reason` is given for everything but a plain
    pass or fail. `expected` marks a failure that the contract's `pending` foresees: its outcome is warn. `recording` says
    where a replayed answer comes from, also when it was refused. `started_at` is seconds since the epoch.

    Of a case that was asked live, `environment` says where, and `attempts` and `peer` what it took, also where no answer
    came. `fallback` is why a case that should have been asked live was replayed. `kept` is there where an answer failed.
    """

    case: Case
    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    started_at: float
    duration_ms: float
    exchange: Exchange | None = None
    recording: Recording | None = None
    reason: str | None = None
    expected: bool = False
    steps: tuple[Step, ...] = ()
    environment: str | None = None
    attempts: tuple[Attempt, ...] = ()
    peer: Peer | None = None
    fallback: str | None = None
    blame: Blame | None = None
    kept: Kept | None = None

    @property
    def source(self) -> Source:
        """Whether the answer was live or recorded; one that did not come was asked for where `environment` says."""
        if self.exchange is not None:
            return self.exchange.source
        return Source.RECORDED if self.environment is None else Source.LIVE

    @property
    def request(self) -> Request | None:
        """The request whose answer was judged; None where none came back."""
        return self.exchange.request if self.exchange else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding of every verdict, in the order of the checks."""
        return tuple(finding for verdict in self.verdicts for finding in verdict.findings)


async def run_case(
    case: Case, values: Values, transport: Transport, checks: Sequence[Check], expect: Expect, clock: Clock
) -> Result:
    """Ask what the case asks and judge what comes back; never raises for anything a vendor or a check does."""
    return await run_asking(case, ask(case, values.anew(), transport, clock), checks, expect)


async def run_asking(case: Case, asking: Awaitable[Asked], checks: Sequence[Check], expect: Expect) -> Result:
    """Await what the case asks and judge what comes back, however it is asked."""
    started_at, timer = time.time(), time.perf_counter()
    asked: Asked | None = None
    fault: Fault | None = None
    try:
        asked, verdicts = _judged(await asking, checks, expect)
    except ProvendorError as trouble:
        verdicts = (no_exchange(trouble),)
        fault = trouble if isinstance(trouble, Fault) else None
    told = asked.exchange if asked else fault
    return settle(
        Result(
            case=case,
            outcome=worst(verdict.outcome for verdict in verdicts),
            verdicts=verdicts,
            started_at=started_at,
            duration_ms=(time.perf_counter() - timer) * 1000,
            exchange=asked.exchange if asked else None,
            recording=asked.exchange.recording if asked else None,
            steps=asked.steps if asked else (),
            attempts=told.attempts if told else (),
            peer=told.peer if told else None,
        ),
        expect.today,
    )


def _judged(asked: Asked, checks: Sequence[Check], expect: Expect) -> tuple[Asked, tuple[Verdict, ...]]:
    """Judge what came back by what the case expects; return it with the verdicts on it, and without secrets."""
    own = [examine(check, asked.exchange, expect) for check in checks] if asked.reached else []
    steps = tuple(_judged_alike(step, checks, expect) if step.alike else step for step in asked.steps)
    verdicts = (*own, *asked.verdicts, *(verdict for step in steps for verdict in step.verdicts))
    return (asked._replace(steps=steps) if steps else asked).without_secrets(verdicts)


def _judged_alike(step: Step, checks: Sequence[Check], expect: Expect) -> Step:
    """Judge a further exchange of the same kind; what a check says of the recording was said with the first."""
    verdicts = (examine(check, step.exchange, expect) for check in checks if check not in OF_RECORDING)
    return step._replace(verdicts=(*step.verdicts, *(located(verdict, step.name) for verdict in verdicts)))


def not_answered(case: Case, trouble: ProvendorError, today: date | None) -> Result:
    """Return the result of a case that could not be asked."""
    verdict = no_exchange(trouble)
    return settle(Result(case, verdict.outcome, (verdict,), time.time(), 0.0), today)


def no_exchange(trouble: ProvendorError) -> Verdict:
    """Say why no exchange came back: fail where contract and recording disagree, error where we cannot tell."""
    if isinstance(trouble, NotRecorded):
        findings = tuple(
            Finding(trouble.code, expected=f"{part} {recorded}", actual=f"{part} {sent}", key="request")
            for part, sent, recorded in trouble.differences
        ) or (Finding(trouble.code, expected="a recording of this request", actual="none", key="request"),)
        return Verdict(TRANSPORT_CHECK, Outcome.FAIL, findings, str(trouble))
    code = trouble.code if isinstance(trouble, TransportError) else TransportError.code
    return Verdict(TRANSPORT_CHECK, Outcome.ERROR, (Finding(code, "an answer", str(trouble)),), str(trouble))


def settle(result: Result, today: date | None) -> Result:
    """Give the result its reason, and let `pending` turn a failure that was foreseen into a warn."""
    pending = result.case.pending
    if pending is None or today is None or today >= pending.until:
        reason = _reason(result.verdicts, result.outcome)
        return result._replace(reason=reason) if reason else result
    ticket = f" ({pending.ticket})" if pending.ticket else ""
    if result.outcome in (Outcome.FAIL, Outcome.ERROR):
        reason = f"expected to fail until {pending.until}: {pending.reason}{ticket}"
        return result._replace(outcome=Outcome.WARN, expected=True, reason=reason)
    finding = Finding(
        "pending-passes",
        expected=f"a failure until {pending.until}{ticket}",
        actual=str(result.outcome),
        key="pending",
        level=Outcome.WARN,
    )
    verdict = Verdict("pending", Outcome.WARN, (finding,))
    reason = f"passes although it is pending until {pending.until}{ticket}: remove `pending`"
    return result._replace(outcome=Outcome.WARN, verdicts=(*result.verdicts, verdict), reason=reason)


def _reason(verdicts: Sequence[Verdict], outcome: Outcome) -> str | None:
    if outcome is Outcome.PASS:
        return None
    return next((verdict.reason for verdict in verdicts if verdict.outcome is outcome and verdict.reason), None)


class Replayer:
    """Replays cases of one suite from its cassettes: what pytest and `provendor prove` both drive.

    replayer = Replayer(suite, checks=load_checks(root / "checks"), today=date.today(), cache=cache)
    result = replayer.replay(case)

    Opens no socket and needs no environment. `today` decides ages and `pending`.
    """

    def __init__(self, suite: Suite, checks: Sequence[Check] = (), *, today: date, cache: Cache | None = None) -> None:
        self.suite = suite
        self.today = today
        self.cassettes = suite.root / "cassettes"
        self._checks_of: dict[tuple[str, ...], tuple[Check, ...]] = {(): tuple(checks)}
        self._cache = cache
        self._recorded: dict[str, bool] = {}
        self._values = {name: requests.examples(vendor) for name, vendor in suite.vendors.items()}

    def request(self, case: Case) -> Request:
        """Return the request that the contract makes of this case with example values."""
        return requests.build(case, self._values[case.vendor])

    def checks_for(self, case: Case) -> tuple[Check, ...]:
        """Return the engine's checks and those of the business that name this case."""
        engine: tuple[Check, ...] = ENGINE
        if case.expect.mcp is not None:
            from provendor.plans.mcp_checks import MCP  # noqa: PLC0415 - few cases are calls of an MCP server

            engine = (*ENGINE, *MCP)
        meant = self._meant_for(case.vendor, case.operation)
        own = (check for check in meant if not name_cases(check.patterns) or applies(check, case))
        return (*engine, *(self._with_beside(check) if check.beside else check for check in own))

    def _with_beside(self, check: Check) -> Check:
        """Give a check the recorded answer that it compares with; where there is none, the check cannot tell."""
        case = next((each for each in self.suite.cases if each.id == check.beside), None)
        if case is None:  # of a vendor that was not read; `lint` finds one that is nowhere
            return check
        try:
            transport = Replay(self.cassette(case), rerecord=adopt_command(case))
            return check.given(drive(ask(case, self.values(case), transport, VirtualClock())).exchange)
        except ProvendorError as trouble:
            return check._replace(judge=partial(_fail_with, trouble), beside="")

    def _meant_for(self, *names: str) -> tuple[Check, ...]:
        """Return the checks that may be meant for some case of a vendor, or of its operation: few of many, found once."""
        if names not in self._checks_of:
            self._checks_of[names] = tuple(
                check
                for check in self._meant_for(*names[:-1])
                if not check.patterns or any(may_match(pattern, *names) for pattern in check.patterns)
            )
        return self._checks_of[names]

    def expect(self, case: Case) -> Expect:
        """Return what the case expects, as of this replayer's day."""
        return case.expect._replace(today=self.today)

    def replay(self, case: Case) -> Result:
        """Replay one case from its cassette and judge it."""
        try:
            recorded = self.cassette(case)
        except TransportError as trouble:
            return not_answered(case, trouble, self.today)
        return self.judge(case, recorded)

    def judge(self, case: Case, recorded: Cassette) -> Result:
        """Judge one case by a cassette in hand."""
        transport = Replay(recorded, rerecord=adopt_command(case))
        asking = run_case(case, self.values(case), transport, self.checks_for(case), self.expect(case), VirtualClock())
        result = drive(asking)
        if result.recording is None:
            result = result._replace(recording=recorded.recording)
        unused = transport.unused()
        return _with_unused(result, len(unused)) if unused and result.exchange else result

    def values(self, case: Case) -> Values:
        """Return the example values that replay uses for this case's vendor."""
        return self._values[case.vendor]

    def has_recordings(self, case: Case) -> bool:
        """Tell whether anything was ever recorded of a case's operation; looked up once."""
        folder = case.cassette.rpartition("/")[0]
        if folder not in self._recorded:
            self._recorded[folder] = (self.cassettes / folder).is_dir()
        return self._recorded[folder]

    def cassette(self, case: Case) -> Cassette:
        """Read the case's cassette; raises CassetteMissing or CassetteBroken."""
        # As text: making a path of it would take as long as looking for the file.
        return cassette.load(f"{self.cassettes}/{case.cassette}", f"cassettes/{case.cassette}", self._cache)


def _fail_with(trouble: ProvendorError, _exchange: Exchange, _expect: Expect) -> None:
    raise trouble


def applies(check: Check, case: Case) -> bool:
    """Tell whether a check is meant for this case; one without patterns is meant for all."""
    return not check.patterns or any(matches(pattern, case) for pattern in check.patterns)


def _with_unused(result: Result, unused: int) -> Result:
    finding = Finding(
        "cassette-unused",
        expected="every recorded interaction is used",
        actual=f"{unused} left over",
        level=Outcome.WARN,
    )
    verdicts = (*result.verdicts, Verdict("cassette-used", Outcome.WARN, (finding,)))
    return result._replace(verdicts=verdicts, outcome=worst((result.outcome, Outcome.WARN)))


def adopt_command(case: Case) -> str:
    """Return the command that writes this case's cassette anew from an answer in hand."""
    return f"provendor adopt {case.id} ANSWER.json --origin documented --source URL --replace"


def rerun_command(selector: str, environment: str | None = None, *, writes: bool = False) -> str:
    """Return the command that runs exactly this case again: where it was asked live, live in the same environment."""
    words = ["provendor prove"]
    words += ["--live"] if environment else []
    words += [f"--environment {environment}"] if environment == "production" else []
    words += ["--allow-writes"] if environment and writes else []
    return " ".join((*words, selector))


def keep_command(selector: str) -> str:
    """Return the command that makes a failing case of what this case was answered live."""
    return f"provendor record --from-live-failure {selector}"


def rerun_of(result: Result) -> str:
    """Return the command that leads to this result again."""
    if any(finding.code == "fallback" for finding in result.findings):
        return f"provendor prove --live --require-live {result.case.id}"
    return rerun_command(result.case.id, result.environment, writes=result.case.safety == "write")


def exit_code(outcomes: Iterable[Outcome], strict: bool = False) -> int:
    """Return what a run amounts to: 0 fine, 1 a contract is broken, 3 could not tell, 4 nothing was judged.

    Warn is fine unless `strict`. A run in which everything was skipped has judged nothing.
    """
    counts = Counter(outcomes)
    if counts[Outcome.FAIL] or (strict and counts[Outcome.WARN]):
        return 1
    if counts[Outcome.ERROR]:
        return 3
    return 0 if counts[Outcome.PASS] or counts[Outcome.WARN] else 4
