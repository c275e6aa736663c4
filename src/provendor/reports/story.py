"""What evidence tells its readers: the values that the page and every other form of a report are made from.

    story = telling.tell(...)
    story.decision.word                       # "NO-GO"
    for case in story.cases:
        record = kept.record(case.offset)     # the result as run.jsonl has it: findings, exchange, attempts

A story holds few words of each result, so that fifty thousand of them fit into memory. All text in it that a vendor may have
had a hand in (reasons, codes, what was expected and what came) is as hostile here as it was in the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from provendor.exchange import Origin, Source
from provendor.verdict import Blame, Outcome, Party


class Word(StrEnum):
    """What a release manager is told. The worst rule decides, in the order NO-GO, CANNOT TELL, GO WITH WARNINGS, GO."""

    GO = "GO"
    WARNINGS = "GO WITH WARNINGS"
    UNKNOWN = "CANNOT TELL"
    NO_GO = "NO-GO"


class Rule(NamedTuple):
    """One thing that has to hold for a GO: what it asks for, what is so, and the word that follows.

    Rule("broken", Word.NO_GO, "No contract is broken.", "2 cases fail", ("chatwoot/profile:ok", …))

    `asks` is the rule as a sentence, `says` what was found, `facts` the cases, vendors or dates that it is about.
    """

    name: str
    word: Word
    asks: str
    says: str
    facts: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing stands against a GO here."""
        return self.word is Word.GO


class Decision(NamedTuple):
    """The verdict in one word and one sentence, and every rule with how it was met, the worst first."""

    word: Word
    sentence: str
    rules: tuple[Rule, ...]


class Counts(NamedTuple):
    """How many results had each outcome."""

    passed: int = 0
    warned: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """All results, whatever their outcome."""
        return sum(self)

    @property
    def judged(self) -> int:
        """Results that say something: neither an error nor a skip."""
        return self.passed + self.warned + self.failed


class RunTold(NamedTuple):
    """The run that is told of. `finished` is False where it was killed: then it has no end, and what is missing was not judged.

    `selectors` empty means everything. `mode` is `replay`, `live` (sandbox) or `probe` (production).
    """

    id: str
    started_at: str
    ended_at: str | None
    command: str
    mode: str
    selectors: tuple[str, ...]
    now: str
    commit: str | None
    tools: tuple[tuple[str, str], ...]
    finished: bool
    interrupted: bool
    duration_ms: float | None
    counts: Counts


class CaseTold(NamedTuple):
    """One result in few words.

    `contract` is file and line of the case. `recording` is the path of its cassette, None where there is none; `origin`,
    `recorded_at` and `age_days` are None where that does not say. `codes` are those of the findings, the worst first.
    `environment` is where it was asked live, `fallback` why it was replayed although it should have been asked. `rerun` is
    the command that runs it again, as the evidence has it of what is no pass. `offset` is where its record stands.
    """

    id: str
    vendor: str
    operation: str
    name: str
    outcome: Outcome
    reason: str | None
    expected: bool
    contract: str
    source: Source
    environment: str | None
    fallback: str | None
    recording: str | None
    origin: Origin | None
    recorded_at: str | None
    age_days: int | None
    asked: str
    status: int | None
    error: str | None
    elapsed_ms: float | None
    codes: tuple[str, ...]
    checks: int
    started_at: str
    duration_ms: float | None
    offset: int = 0
    rerun: str | None = None


class Credential(NamedTuple):
    """A credential that live answers need: its name in the contract, its variable, and whether that was set in the run.

    `ends` is the day on which it ends; None where it does not say.
    """

    name: str
    env: str
    present: bool
    ends: str | None = None


class Proof(NamedTuple):
    """When a vendor last answered itself: `passed` of `asked` cases, where, and whether that is too long ago to count."""

    at: str
    environment: str
    passed: int
    asked: int
    age_days: int
    stale: bool

    @property
    def whole(self) -> bool:
        """Whether every case that was asked there holds."""
        return self.passed == self.asked


class Refused(NamedTuple):
    """When a vendor that never answered well was asked last, where, and how many of its cases."""

    at: str
    environment: str
    asked: int


class Survivor(NamedTuple):
    """A change to an answer that nobody noticed: what was changed and where, and what to add to the contract, or advice."""

    operation: str
    at: str
    changed: str
    contract: str
    add: str | None
    advice: str | None
    cases: tuple[str, ...]


class Strength(NamedTuple):
    """What a vendor's contract would catch: `killed` of `killed + survived` changed answers; `score` is that as a share.

    `survivors` are those that were written down with it; there may be fewer of them, as one line may be to blame for many.
    """

    score: float
    killed: int
    survived: int
    measured_at: str | None = None
    survivors: tuple[Survivor, ...] = ()


class IndicatorTold(NamedTuple):
    """A ratio that the business watches, its thresholds, and which cases of the run found it low: the id and what was counted."""

    name: str
    title: str
    ok: float
    warn: float
    low: tuple[tuple[str, str], ...] = ()


class Blocker(NamedTuple):
    """What stands in a vendor's way: known trouble with its ticket and day, or what is broken now."""

    what: str
    ticket: str | None = None
    until: str | None = None


class Next(NamedTuple):
    """The next thing to do about a vendor, and the command that does it, where one does."""

    what: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class VendorTold:
    """A row of the readiness table. What the evidence does not say is None: unknown, and never an empty list or a no.

    `cases` is how many the contract holds, `missing` how many of them this run did not ask. `sandbox` and `production` say
    whether their base URLs are known, `has_sandbox` whether the contract knows of one at all, `flag` names the variable that
    allows live calls and says whether it was on. `refused` is what came of asking it live where no `proof` is known;
    `troubled` are its probes of production in trouble.
    """

    name: str
    title: str
    owner: str | None
    docs: str | None
    runbook: str | None
    word: Word
    counts: Counts
    cases: int | None
    missing: int | None
    sandbox: bool | None
    production: bool | None
    flag: tuple[str, bool] | None
    credentials: tuple[Credential, ...] | None
    origins: tuple[tuple[str, int], ...]
    oldest: str | None
    proof: Proof | None
    strength: Strength | None
    blockers: tuple[Blocker, ...]
    next: Next
    indicators: tuple[IndicatorTold, ...] = ()
    refused: Refused | None = None
    troubled: tuple[str, ...] = ()
    has_sandbox: bool = True


class AnswerTold(NamedTuple):
    """One live result, as the history keeps it. `run` is the run whose evidence holds the rest, of one that is no pass."""

    at: str
    outcome: Outcome
    status: int | None
    elapsed_ms: float | None
    code: str | None
    party: Party | None
    reason: str | None
    run: str | None


class ProbeTold(NamedTuple):
    """How a case stands that is asked live. `outcome` is what its results amount to once they are confirmed.

    `since` is when it came to stand so; `good` and `bad` are the last result on which somebody could rely, and the first
    one of the trouble that goes on. `uptime` and the latencies are of the time that the watch looks back.
    """

    id: str
    vendor: str
    environment: str
    outcome: Outcome | None
    since: str | None
    last: AnswerTold | None
    good: AnswerTold | None
    bad: AnswerTold | None
    answers: int
    uptime: float | None
    p50_ms: float | None
    p95_ms: float | None


class DayTold(NamedTuple):
    """What a vendor answered on one day: how many answers, the share that was good, how long they took."""

    on: date
    answers: int
    good: float | None
    p50_ms: float | None
    p95_ms: float | None


class VendorWatched(NamedTuple):
    """What the history says of one vendor: its probes, its days without a gap, whose fault failures were, their codes."""

    vendor: str
    probes: tuple[ProbeTold, ...]
    days: tuple[DayTold, ...]
    parties: tuple[tuple[str, int], ...]
    codes: tuple[tuple[str, int], ...]


class TurnTold(NamedTuple):
    """A probe that came to stand otherwise."""

    at: str
    id: str
    environment: str
    before: Outcome | None
    after: Outcome
    party: Party | None
    reason: str | None


class SentTold(NamedTuple):
    """A message to people: when it was made, over which channel, what it says, and what became of it."""

    at: str
    channel: str
    title: str
    state: str


class ProberTold(NamedTuple):
    """How the prober itself was in the last day: what became of the slots it had planned, and when it last ran."""

    alive_at: str | None
    planned: int
    results: int
    skipped: int
    missing: int
    unknown: int
    reasons: tuple[tuple[str, int], ...]


class Watch(NamedTuple):
    """What the history says: how each vendor stands live, what turned, what people were told, how the prober was.

    `trouble` is why the history cannot be read; then all the rest is unknown, and not empty. `days` is how far back it looks.
    """

    now: str
    days: int
    vendors: tuple[VendorWatched, ...] = ()
    turns: tuple[TurnTold, ...] = ()
    sent: tuple[SentTold, ...] = ()
    prober: ProberTold | None = None
    trouble: str | None = None

    @property
    def probes(self) -> tuple[ProbeTold, ...]:
        """Every probe of every vendor."""
        return tuple(probe for vendor in self.vendors for probe in vendor.probes)


class RunRef(NamedTuple):
    """A run that this one is compared with; `tag` is the release whose commit it ran on."""

    id: str
    started_at: str
    commit: str | None
    tag: str | None = None


class Changes(NamedTuple):
    """What is different from another run, as ids of cases. Only the `compared` cases that both runs judged count.

    `failing`, `errors`, `warned` and `skipped` were better before; `fixed` were worse and pass now. `aged` are those whose
    recording has passed its age since. `added` and `gone` are in one run only and make up no part of the rest.
    """

    since: RunRef
    compared: int
    failing: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    aged: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


class Cause(NamedTuple):
    """Why cases are no pass: one line for all that share vendor, code and place.

    `code` is that of the vendor's error table, of the fault or of the finding, and empty where there is none but a reason.
    `at` is the place in the contract or in the answer, or the check. `expected`, `actual` and `reason` are those of the first
    case, `blame` is the one that most of the cases name. `known` is True for trouble that `pending` foresees.
    """

    vendor: str
    code: str
    title: str
    at: str
    outcome: Outcome
    known: bool
    expected: str
    actual: str
    reason: str | None
    blame: Blame | None
    cases: tuple[str, ...]


class Expiry(NamedTuple):
    """Something that ends: `kind` is `certificate`, `api-version`, `sunset`, `token`, `pending` or `recording`.

    `on` is None where the end is announced without a day. `days` counts from today, negative once it is past.
    """

    kind: str
    vendor: str
    what: str
    on: date | None
    days: int | None
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """All of it. `today` is the day from which ages and distances count; `cases` are in the order of the run.

    `previous` and `release` are None where there is no run to compare with. `unreadable` counts results whose record is not
    as evidence has them. `watch` is None where nothing was ever asked live.
    """

    today: date
    run: RunTold
    decision: Decision
    vendors: tuple[VendorTold, ...]
    previous: Changes | None
    release: Changes | None
    causes: tuple[Cause, ...]
    expiries: tuple[Expiry, ...]
    cases: tuple[CaseTold, ...]
    unreadable: int = 0
    watch: Watch | None = None
