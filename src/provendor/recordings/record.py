"""Cassettes from a sandbox: asked as `prove --live` asks, redacted, judged as they will lie on disk, compared with the old ones.

    recorder = Recorder(replayer, env=os.environ, paces=pacing.home(os.environ))
    recorder.ask(cases, twice=False)
    for draft in recorder.drafts(cases):
        draft.fate, draft.why, draft.told, draft.passing      # what is new in it, and what differs every time anyway
        if draft.fate is Fate.READY: recorder.write(draft)

Nothing is written before everything was asked: what one case's answer names as personal is then known in all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from provendor import cassette
from provendor.cassette import Cassette
from provendor.contract import Case
from provendor.errors import CassetteBroken, CassetteMissing
from provendor.exchange import Exchange, Recording
from provendor.recordings.adopt import live_secrets
from provendor.recordings.deltas import Delta, compare, places, sift
from provendor.redaction.redact import Redactor
from provendor.run import Replayer, Result
from provendor.sandbox import tape
from provendor.sandbox.live_run import Choice, LiveRun, Rules, Tell, Way, Write, to_the_end
from provendor.sandbox.tape import Unkept
from provendor.verdict import Outcome


class Fate(StrEnum):
    """What became of a case.

    ready      its cassette is made, and nothing is written yet      written    it is
    declined   somebody said no                                      broken     the contract refuses the answer
    unkept     it may still hold what must not be kept               failed     no answer came
    blocked    flag, credentials or address are missing              skipped    it is not to be asked
    """

    READY = "ready"
    WRITTEN = "written"
    DECLINED = "declined"
    BROKEN = "broken"
    UNKEPT = "unkept"
    FAILED = "failed"
    BLOCKED = "blocked"
    SKIPPED = "skipped"


class Draft(NamedTuple):
    """The cassette that a case would get, or `why` it gets none; `unblock` is the command that helps.

    `told` and `passing` are the differences from the `old` cassette: those that say something, and the places of those that do
    not. `result` is how the case fares with the new one, whose text is `text`.
    """

    case: Case
    path: Path
    fate: Fate
    why: str | None = None
    unblock: str | None = None
    text: str | None = None
    result: Result | None = None
    old: Recording | None = None
    new: Recording | None = None
    told: tuple[Delta, ...] = ()
    passing: tuple[str, ...] = ()


class Recorder:
    """One session of recording. `env` holds the environment variables, `paces` is the folder that `pacing.home` names."""

    def __init__(
        self,
        replayer: Replayer,
        *,
        env: Mapping[str, str],
        paces: Path,
        allow_writes: bool = False,
        keep_failing: bool = False,
    ) -> None:
        self._replayer = replayer
        self._keep_failing = keep_failing
        self._run = LiveRun(replayer, Rules(allow_writes=allow_writes), env=env, paces=paces, heard=self._hear)
        self._secrets = live_secrets(replayer.suite, env)
        self._takes: dict[str, list[tuple[Exchange, ...]]] = {}
        self._met: dict[str, dict[str, str]] = {}
        self._results: dict[str, Result] = {}
        self._redactors: dict[str, Redactor] = {}

    def writes(self, cases: Sequence[Case]) -> list[Write]:
        """Return every request that would change something in the sandbox."""
        return self._run.writes(cases)

    def ask(self, cases: Sequence[Case], tell: Tell, *, twice: bool = False) -> bool:
        """Ask all cases that can be asked, those that only read twice where wanted; return whether that went to its end."""
        live = [case for case in cases if self._run.choose(case).way is Way.LIVE]
        asked = [case for case in live for _ in range(2 if twice and case.safety == "read" else 1)]

        def note(result: Result) -> None:
            self._results.setdefault(result.case.id, result)
            tell(result)

        return to_the_end(self._run, asked, note)

    def drafts(self, cases: Sequence[Case]) -> Iterator[Draft]:
        """Yield what would be written for each case, in order."""
        self._learn()
        for case in cases:
            choice = self._run.choose(case)
            yield self._draft(case) if choice.way is Way.LIVE else self._not_asked(case, choice)

    def write(self, draft: Draft) -> Draft:
        """Write a cassette in place of the old one."""
        cassette.write(draft.path, draft.text or "")
        return draft._replace(fate=Fate.WRITTEN)

    def decline(self, draft: Draft) -> Draft:
        """Leave the old cassette as it is."""
        return draft._replace(fate=Fate.DECLINED)

    def _hear(self, case: Case, exchanges: Sequence[Exchange], secrets: Mapping[str, str]) -> None:
        self._takes.setdefault(case.id, []).append(tuple(exchanges))
        self._met.setdefault(case.vendor, {}).update(secrets)

    def _learn(self) -> None:
        """Let each vendor's redactor meet every token, and all that was answered."""
        for vendor, secrets in self._met.items():
            for value, name in secrets.items():
                self._redactor(vendor).know({name: value})
        for case in self._replayer.suite.cases:
            for take in self._takes.get(case.id, ()):
                self._redactor(case.vendor).know(tape.captured_in(case, self._run.standing(case.vendor).vendor, take))
        for id_, takes in self._takes.items():
            redactor = self._redactor(id_.partition("/")[0])
            for exchange in (each for take in takes for each in take):
                redactor.learn(exchange.body, exchange.headers.get("content-type"))
                redactor.learn_headers(exchange.headers)

    def _redactor(self, vendor: str) -> Redactor:
        if vendor not in self._redactors:
            self._redactors[vendor] = tape.redactor_of(self._run.standing(vendor), self._secrets)
        return self._redactors[vendor]

    def _path(self, case: Case) -> Path:
        return self._replayer.cassettes / case.cassette

    def _not_asked(self, case: Case, choice: Choice) -> Draft:
        blocks = self._run.standing(case.vendor).blocks(case) if choice.way is Way.FALLBACK else ()
        by_hand = f"provendor adopt {case.id} ANSWER.json --origin documented --source URL"
        if blocks:  # where there is no sandbox, production could be asked, and is never recorded from
            unblock = by_hand if blocks[0].kind == "environment" else blocks[0].unblock
            return Draft(case, self._path(case), Fate.BLOCKED, choice.why, unblock)
        return Draft(case, self._path(case), Fate.SKIPPED, choice.why, by_hand if not case.live else None)

    def _draft(self, case: Case) -> Draft:
        path = self._path(case)
        takes = [take for take in self._takes.get(case.id, ()) if take]
        if not takes:
            result = self._results.get(case.id)
            return Draft(case, path, Fate.FAILED, (result.reason if result else None) or "no answer came")
        try:
            texts = [self._text(case, take) for take in takes]
        except Unkept as trouble:
            return Draft(case, path, Fate.UNKEPT, str(trouble))
        made = [cassette.parse(text.encode("utf-8"), f"cassettes/{case.cassette}") for text in texts]
        result = self._replayer.judge(case, made[0])
        old = self._old(case)
        passing = places(compare(made[0].interactions, made[1].interactions)) if len(made) > 1 else frozenset[str]()
        told, left = (
            sift(compare(old.interactions, made[0].interactions), passing) if old else ((), tuple(sorted(passing)))
        )
        fits = result.outcome in (Outcome.PASS, Outcome.WARN) and not result.expected
        return Draft(
            case,
            path,
            Fate.READY if fits or self._keep_failing else Fate.BROKEN,
            None if fits else "the contract refuses the answer",
            text=texts[0],
            result=result,
            old=old.recording if old else None,
            new=made[0].recording,
            told=told,
            passing=left,
        )

    def _text(self, case: Case, take: Sequence[Exchange]) -> str:
        ready = self._run.standing(case.vendor)
        return tape.cassette_of(case, ready, take, self._redactor(case.vendor), tape.answered_at(take))

    def _old(self, case: Case) -> Cassette | None:
        """Return the cassette that is there; None where there is none, or none that can be read."""
        try:
            return self._replayer.cassette(case)
        except (CassetteMissing, CassetteBroken):
            return None
