"""The run, written down as it happens, so that a killed run leaves every finished result readable.

reports/
├── index.html           the page that people decide by; live.html for whoever is on call, vendors/ a page each
├── run.jsonl            the newest run: a line for the run, one per result, one for its end
├── run.json             the newest finished run as one document (run.schema.json)
└── runs/<run id>/       the same two files of every run that is kept, and failures/, the answers that failed live

A run writes only into its own folder, so two at once do not mix. `reports/run.jsonl` is another name of the file of the
run that started or ended last, and both are replaced in one step when a run ends.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from provendor import __version__, checkout, retention, strength
from provendor.classify import classify
from provendor.contract import Suite
from provendor.engine import error_class
from provendor.exchange import Exchange, Recording, Request
from provendor.moments import timestamp
from provendor.plans.asking import Step
from provendor.readiness import snapshot
from provendor.redaction.redact import Redactor
from provendor.run import Result, exit_code, rerun_of
from provendor.verdict import Finding, Outcome, Verdict
from provendor.whole import replacing

SCHEMA_VERSION = 2
PAGE = "index.html"
"""What the page is called that people decide by; it lies beside the newest run."""
LIVE_PAGE = "live.html"
"""What the page for whoever is on call is called."""
"""Of how many releases the run on their commit is kept beyond that: the last one, and the one before it."""
BODY_LIMIT = 16_384
"""How many characters of a body are kept with a result that is not a plain pass."""

JsonObject: TypeAlias = dict[str, Any]


class RunInfo(NamedTuple):
    """What a run was, said before its first result. `selectors` empty means everything; `now` decides all ages.

    `mode` is `replay`, `live` (sandbox) or `probe` (production). `readiness` is what is known of each vendor besides its
    results, by name.
    """

    command: str
    selectors: tuple[str, ...]
    now: str
    vendors: dict[str, str]
    checks: str | None
    commit: str | None
    tools: dict[str, str]
    mode: str = "replay"
    readiness: Mapping[str, JsonObject] = MappingProxyType({})


def describe(
    suite: Suite,
    command: str,
    selectors: tuple[str, ...],
    now: str,
    checks: str | None,
    *,
    env: Mapping[str, str],
    mode: str = "replay",
) -> RunInfo:
    """Return what is known of a run before it starts: digests, commit, versions, and how each vendor stands.

    `env` holds the environment variables: names from it are written down, values never.
    """
    return RunInfo(
        command=command,
        selectors=selectors,
        now=now,
        vendors={name: vendor.digest for name, vendor in suite.vendors.items()},
        checks=checks,
        commit=checkout.commit(suite.root),
        tools={"provendor": __version__, "python": ".".join(map(str, sys.version_info[:3])), "platform": sys.platform},
        mode=mode,
        readiness={name: snapshot(vendor, env) for name, vendor in suite.vendors.items()},
    )


class Evidence:
    """One run's evidence on disk.

    evidence = Evidence(root / "reports", describe(...))
    evidence.add(result_json(result))          # on disk when this returns
    path = evidence.close(strict=False)        # reports/run.json

    `begin` False leaves the first line to the first result, which raises OSError, and tries again with the next one, for as
    long as nothing can be written: for whoever has more to do than to leave evidence.
    """

    def __init__(self, folder: Path, info: RunInfo, *, begin: bool = True) -> None:
        self.run_id = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(3).hex()}"
        self.folder = folder
        self._own = folder / "runs" / self.run_id
        self.lines: Final = self._own / "run.jsonl"
        """The run's own JSON Lines file."""
        self.counts: Counter[str] = Counter()
        self._vendors: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._cassettes: dict[str, dict[str, str]] = {}
        self._clock = time.perf_counter()
        self._head: JsonObject = {
            "schema_version": SCHEMA_VERSION,
            "id": self.run_id,
            "started_at": timestamp(time.time()),
            "command": info.command,
            "mode": info.mode,
            "selectors": list(info.selectors),
            "now": info.now,
            "git_commit": info.commit,
            "digests": {"vendors": info.vendors, "checks": info.checks},
            "tools": info.tools,
            "vendors": dict(info.readiness),
        }
        self._file: int | None = None
        if begin:
            self._begin()

    def add(self, result: JsonObject) -> None:
        """Write one result; it is in the file when this returns.

        What is kept of an answer goes into a file of its own, which `result` names from then on instead of its text.
        """
        if result.get("kept"):
            result["kept"] = self._keep(result, **result["kept"])
        outcome = result["outcome"]
        self.counts[outcome] += 1
        self._vendors[result["vendor"]][outcome] += 1
        if (recording := result["recording"]) is not None:
            self._cassettes.setdefault(result["vendor"], {})[result["id"]] = recording["digest"]
        self._write({"type": "result", **result})

    def close(self, strict: bool = False, interrupted: bool = False) -> Path:
        """Write the run's end and put `run.json` in place; return its path."""
        summary = self.summary(strict, interrupted)
        file = self._write({"type": "end", **summary})
        os.fsync(file)
        os.close(file)
        whole = self._own / "run.json"
        self._assemble(whole, summary)
        _point(self.folder / "run.jsonl", self.lines)
        _point(self.folder / "run.json", whole)
        retention.forget_old_runs(self.folder / "runs")
        return self.folder / "run.json"

    def summary(self, strict: bool, interrupted: bool = False) -> JsonObject:
        """Return what the run amounts to so far."""
        outcomes = (Outcome(name) for name, count in self.counts.items() for _ in range(min(count, 1)))
        code = exit_code(outcomes, strict)
        return {
            "outcome": _overall(self.counts),
            "exit_code": exit_code([Outcome.ERROR]) if interrupted and code != exit_code([Outcome.FAIL]) else code,
            "interrupted": interrupted,
            "ended_at": timestamp(time.time()),
            "duration_ms": round((time.perf_counter() - self._clock) * 1000, 3),
            "counts": _all_outcomes(self.counts),
            "vendors": {name: _all_outcomes(counts) for name, counts in sorted(self._vendors.items())},
            **self._strength(),
        }

    def _strength(self) -> JsonObject:
        """Return what the contracts were measured to catch: of vendors all of whose cases ran as they were measured."""
        digests = self._head["digests"]
        known = strength.current(
            self.folder,
            {
                name: strength.digest_of(digests["vendors"][name], digests["checks"], cassettes.items())
                for name, cassettes in self._cassettes.items()
                if name in digests["vendors"]
            },
        )
        return {"strength": known} if known else {}

    def _keep(self, result: JsonObject, text: str | None, why: str | None) -> JsonObject:
        """Write a kept answer beside the evidence, in place of one of the same case; return what the result says of it."""
        if text is None:
            return {"cassette": None, "why": why}
        name = f"{retention.FAILURES}/{result['vendor']}/{result['operation']}/{result['case']}.yaml"
        try:
            (self._own / name).parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._own / name) as file:
                file.write(text.encode())
        except OSError as trouble:
            return {"cassette": None, "why": f"it could not be written: {trouble.strerror}"}
        return {"cassette": name, "why": None}

    def _begin(self) -> int:
        self._own.mkdir(parents=True, exist_ok=True)
        file = os.open(self.lines, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            _append(file, {"type": "run", **self._head}, self.lines)
        except OSError:
            os.close(file)
            raise
        self._file = file
        _point(self.folder / "run.jsonl", self.lines)
        return file

    def _write(self, record: JsonObject) -> int:
        file = self._begin() if self._file is None else self._file
        _append(file, record, self.lines)
        return file

    def _assemble(self, whole: Path, summary: JsonObject) -> None:
        """Build run.json from the lines already on disk, so that memory does not grow with the run."""
        scratch = whole.with_suffix(".tmp")
        with self.lines.open("rb") as lines, scratch.open("wb") as out:
            out.write(b'{"run":' + json.dumps(self._head, ensure_ascii=False).encode("utf-8", "backslashreplace"))
            out.write(b',"summary":' + json.dumps(summary).encode() + b',"results":[')
            separator = b"\n"
            for line in lines:
                if line.startswith(_RESULT):
                    out.write(separator + b"{" + line.rstrip(b"\n")[len(_RESULT) :])
                    separator = b",\n"
            out.write(b"\n]}\n")
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(whole)


_RESULT = b'{"type":"result",'
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # made once, for thousands of lines


def read(lines: Path) -> Iterator[JsonObject]:
    """Yield the records of a run.jsonl; a torn last line, left by a kill or a full disk, is passed over."""
    with lines.open("rb") as file:
        for line in file:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record


def result_json(result: Result, redactor: Redactor) -> JsonObject:
    """Return a result as plain JSON values, redacted. Passed checks are listed by name, all others in full."""
    case, recording = result.case, result.recording
    record: JsonObject = {
        "id": case.id,
        "vendor": case.vendor,
        "operation": case.operation,
        "case": case.name,
        "outcome": str(result.outcome),
        "reason": redactor.text(result.reason) if result.reason else None,
        "expected": result.expected,
        "contract": str(case.place),
        "error": _error_code(result),
        "source": str(result.source),
        "recording": _recording_json(recording) if recording else None,
        "started_at": timestamp(result.started_at),
        "duration_ms": round(result.duration_ms, 3),
        "status": result.exchange.status if result.exchange else None,
        "elapsed_ms": result.exchange.elapsed_ms if result.exchange else None,
        "passed": [verdict.check for verdict in result.verdicts if verdict.outcome is Outcome.PASS],
        "verdicts": [_verdict_json(v, redactor) for v in result.verdicts if v.outcome is not Outcome.PASS],
    }
    if result.exchange is not None:
        asked = result.exchange.request
        record["request"] = _request_json(asked, redactor)
    if result.environment is not None:
        record["live"] = _live_json(result, redactor)
    if result.fallback is not None:
        record["fallback"] = result.fallback
    if result.steps:
        record["steps"] = [_step_json(step, redactor) for step in result.steps]
    if result.outcome is not Outcome.PASS:
        record["rerun"] = rerun_of(result)
        if result.exchange is not None:
            record["exchange"] = _exchange_json(result.exchange, redactor)
    if result.kept is not None:
        record["kept"] = result.kept._asdict()
    return record


def _step_json(step: Step, redactor: Redactor) -> JsonObject:
    asked = step.exchange.request
    return {
        "name": step.name,
        "request": _request_json(asked, redactor),
        "status": step.exchange.status,
        "elapsed_ms": step.exchange.elapsed_ms,
        "passed": [verdict.check for verdict in step.verdicts if verdict.outcome is Outcome.PASS],
        "verdicts": [_verdict_json(v, redactor) for v in step.verdicts if v.outcome is not Outcome.PASS],
    }


def _error_code(result: Result) -> str | None:
    """Return the code that the error table gives the answer; None where it is no error, or none came."""
    if result.exchange is None:
        return None
    expect = result.case.expect
    judged = next((verdict.outcome for verdict in result.verdicts if verdict.check == error_class.name), None)
    if judged is Outcome.PASS:
        return expect.error  # the check has looked it up
    rule = classify(expect.errors, result.exchange)
    return rule.code if rule else None


def _request_json(asked: Request, redactor: Redactor) -> JsonObject:
    return {
        "method": asked.method,
        "url": redactor.url(asked.url),
        "query": [list(pair) for pair in redactor.query(asked.query)],
    }


def _live_json(result: Result, redactor: Redactor) -> JsonObject:
    """Return what only an answer over the network has: where, who, how often, how long; whose fault it is if it is no pass."""
    peer = result.peer
    return {
        "environment": result.environment,
        "attempts": [
            {
                "started_at": timestamp(attempt.started_at),
                "status": attempt.status,
                "error": attempt.error,
                "waited_ms": round(attempt.waited_ms, 3),
                "retry_after_s": attempt.retry_after_s,
                "phases": attempt.phases._asdict(),
            }
            for attempt in result.attempts
        ],
        "peer": {**peer._asdict(), "certificate": peer.certificate and peer.certificate._asdict()} if peer else None,
        "blame": {"party": str(result.blame.party), "why": redactor.text(result.blame.why)} if result.blame else None,
    }


def _recording_json(recording: Recording) -> JsonObject:
    return {
        "path": recording.path,
        "origin": str(recording.origin) if recording.origin else None,
        "source": recording.source,
        "at": recording.at,
        "api_version": recording.api_version,
        "environment": recording.environment,
        "digest": recording.digest,
    }


def _verdict_json(verdict: Verdict, redactor: Redactor) -> JsonObject:
    if not verdict.findings:
        return _bare_verdict_json(verdict, redactor, redactor.version)
    bare = _bare_verdict_json(verdict._replace(findings=()), redactor, redactor.version)
    return {**bare, "findings": [_finding_json(finding, redactor) for finding in verdict.findings]}


@lru_cache(maxsize=2048)  # the same few checks skip thousands of cases for the same few reasons
def _bare_verdict_json(verdict: Verdict, redactor: Redactor, _version: int) -> JsonObject:
    return {
        "check": verdict.check,
        "outcome": str(verdict.outcome),
        "reason": redactor.text(verdict.reason) if verdict.reason else None,
        "findings": [],
    }


def _finding_json(finding: Finding, redactor: Redactor) -> JsonObject:
    return {
        "code": finding.code,
        "level": str(finding.level),
        "at": redactor.place(finding.at) if finding.at else "",
        "key": finding.key,
        "expected": redactor.text(finding.expected),
        "actual": redactor.text(finding.actual),
    }


def _exchange_json(exchange: Exchange, redactor: Redactor) -> JsonObject:
    body = redactor.body(exchange.body, exchange.headers.get("content-type")).decode("utf-8", "replace")
    asked = exchange.request
    sent = redactor.body(asked.body, asked.headers.get("content-type")).decode("utf-8", "replace")
    return {
        "request_headers": [list(item) for item in redactor.headers(asked.headers)],
        "request_body": sent[:BODY_LIMIT],
        "response_headers": [list(item) for item in redactor.headers(exchange.headers)],
        "body": body[:BODY_LIMIT],
        "body_truncated": len(body) > BODY_LIMIT,
        "body_bytes": len(exchange.body),
    }


def _append(file: int, record: JsonObject, path: Path) -> None:
    """Write a record as a line, whole or not at all."""
    line = left = _ENCODER.encode(record).encode("utf-8", "backslashreplace") + b"\n"
    try:
        while left:
            left = left[os.write(file, left) :]
    except OSError as trouble:
        # Half a line would spoil the next one, which may find room again.
        os.ftruncate(file, os.fstat(file).st_size - (len(line) - len(left)))
        raise OSError(trouble.errno, trouble.strerror, str(path)) from None


def _overall(counts: Counter[str]) -> str:
    order = (Outcome.FAIL, Outcome.ERROR, Outcome.WARN, Outcome.PASS, Outcome.SKIP)
    return next((str(outcome) for outcome in order if counts[outcome]), "empty")


def _all_outcomes(counts: Counter[str]) -> dict[str, int]:
    return {str(outcome): counts[outcome] for outcome in Outcome}


def _point(name: Path, target: Path) -> None:
    """Make `name` another name of `target` in one step; where links are not to be had, a copy."""
    scratch = name.with_name(f".{name.name}.{os.getpid()}.{os.urandom(3).hex()}")
    try:
        os.link(target, scratch)
    except OSError:
        scratch.write_bytes(target.read_bytes())
    scratch.replace(name)
    # Where both were names of one file already, replacing does nothing and leaves the second name behind.
    scratch.unlink(missing_ok=True)
