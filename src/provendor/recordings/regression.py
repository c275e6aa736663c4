"""A live answer that failed, as a case of its own: out of a run's evidence, judged offline, ready to commit.

    failure = find(reports, "20261126T101500Z-3f9a1c/acme/users.get:ok")
    regression = draft(replayer, failure, env=os.environ)
    regression.draft             # the cassette, how the new case fares with it, what differs from the recording of the old one
    regression.patch.text()      # the case that the contract gets: what the failed one expects, never asked live
    write(regression)

The answer was redacted when it came, with every value of its environment known; it is looked at once more before it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from provendor import __version__, cassette, requests
from provendor.cassette import Cassette, Metadata
from provendor.contract import Case, Vendor
from provendor.errors import CassetteBroken, CassetteMissing, UsageError
from provendor.exchange import Json, Origin
from provendor.mutants.contract_patch import Patch
from provendor.reader import source
from provendor.readiness import PRODUCTION
from provendor.recordings.adopt import live_secrets
from provendor.recordings.deltas import compare, sift
from provendor.recordings.record import Draft, Fate
from provendor.redaction.redact import Redactor
from provendor.reports import archive
from provendor.reports.archive import KeptRun
from provendor.retention import FAILURES
from provendor.run import Replayer
from provendor.sandbox import tape
from provendor.sandbox.tape import Unkept
from provendor.verdict import Outcome

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_LIVE_ONLY: Final = frozenset({"summary", "live", "pending", "latency"})

JsonObject = dict[str, Any]


class Failure(NamedTuple):
    """An answer that failed in a run: of which case, where and when, and the file in which it is kept."""

    run: str
    case: str
    environment: str
    day: str
    path: Path


class Regression(NamedTuple):
    """The case that a failure becomes, and what its contract gets; the draft says whether it may be written."""

    failure: Failure
    draft: Draft
    patch: Patch
    file: str


# --- which failure ----------------------------------------------------------------------------------------------------


def find(reports: Path, name: str) -> Failure:
    """Return the failure that people call `RUN/VENDOR/OPERATION:CASE`, or without RUN the newest one of that case.

    Raises UsageError, which says what there is.
    """
    *run, vendor, rest = ["", *name.rsplit("/", 2)][-3:]
    case = f"{vendor}/{rest}"
    if not vendor or ":" not in rest:
        raise UsageError(f"expected RUN/VENDOR/OPERATION:CASE, or without RUN for the newest, got {name!r}")
    if run[0]:
        return _in_run(reports, archive.find(reports, run[0]), case)
    newest: KeptRun | None = None
    for each in archive.kept(reports):
        failed = [record for _, record in each.results() if record.get("id") == case and _is_failure(record)]
        if any(_kept(record).get("cassette") for record in failed):
            return _in_run(reports, each, case)
        newest = newest or (each if failed else None)
    if newest is None:
        raise UsageError(f"{case} has not failed live in any run below {reports / 'runs'}")
    return _in_run(reports, newest, case)


def _in_run(reports: Path, run: KeptRun, case: str) -> Failure:
    records = [record for _, record in run.results()]
    of_case = [record for record in records if record.get("id") == case]
    kept = [record for record in of_case if _kept(record).get("cassette")]
    if not kept:
        raise UsageError(f"run {run.id}: {_why_nothing(case, of_case)}{_others(records)}")
    record, path = kept[-1], _file(reports, run, case)
    if path is None:
        raise UsageError(f"run {run.id}: the answer of {case} lies no longer beside the evidence")
    environment = record["live"]["environment"] if isinstance(record.get("live"), dict) else "sandbox"
    return Failure(run.id, case, str(environment), str(record.get("started_at"))[:10], path)


def _is_failure(record: JsonObject) -> bool:
    failed = record.get("outcome") in ("fail", "error") or bool(record.get("expected"))
    return failed and record.get("source") == "live"


def _kept(record: JsonObject) -> JsonObject:
    kept = record.get("kept")
    return kept if isinstance(kept, dict) else {}


def _why_nothing(case: str, records: list[JsonObject]) -> str:
    """Say why nothing is kept of a case in a run."""
    if not records:
        return f"{case} was not asked"
    last = records[-1]
    if last.get("source") != "live":
        return f"{case} was replayed, and what is replayed is kept already"
    if why := _kept(last).get("why"):
        return f"the answer of {case} was not kept: {why}"
    if not _is_failure(last):
        return f"{case} has not failed"
    if last.get("status") is None:
        return f"no answer to {case} came: {last.get('reason') or 'the reason is not known'}"
    return f"the answer of {case} was not kept: it failed as the one before did, in an earlier run; leave RUN out to look there"


def _others(records: list[JsonObject]) -> str:
    names = list(dict.fromkeys(str(record.get("id")) for record in records if _kept(record).get("cassette")))
    return f"; answers are kept of {', '.join(names[:5])}{' and others' if len(names) > 5 else ''}" if names else ""


def _file(reports: Path, run: KeptRun, case: str) -> Path | None:
    """Return the file of a kept answer; its name follows from the case, and from nothing that the evidence says."""
    vendor, _, rest = case.partition("/")
    operation, _, name = rest.partition(":")
    if not all(re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", each) for each in (vendor, operation, name)):
        return None
    beside = [run.path.parent]
    beside += [reports / "runs" / run.id] if re.fullmatch(r"[A-Za-z0-9-]+", run.id) else []
    places = (folder / FAILURES / vendor / operation / f"{name}.yaml" for folder in beside)
    return next((path for path in places if path.is_file()), None)


# --- what it becomes --------------------------------------------------------------------------------------------------


def draft(replayer: Replayer, failure: Failure, *, env: Mapping[str, str], name: str | None = None) -> Regression:
    """Return the case that a failure would become, called `name` or after the day; raises UsageError where it can be none.

    `env` holds the environment variables, whose secrets are looked for once more.
    """
    failed = next((each for each in replayer.suite.cases if each.id == failure.case), None)
    if failed is None:
        raise UsageError(f"the contract has no case {failure.case} any more")
    vendor = replayer.suite.vendors[failed.vendor]
    name = name or f"{failed.name}-{failure.day}"
    if not _SLUG.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a case: small letters, digits, - and _")
    if any(each.name == name for each in _beside(failed, vendor)):
        raise UsageError(
            f"{failed.vendor}/{failed.operation}:{name} is there already: give another name with --as NAME"
        )
    case = failed._replace(name=name, live=False, pending=None, case_set=None)
    patch, file = _patched(replayer.suite.root, failed, case, failure, vendor)
    return Regression(failure, _drafted(replayer, failure, failed, case, env), patch, file)


def write(regression: Regression) -> Regression:
    """Write the cassette, and then the case that it belongs to."""
    made = regression.draft
    cassette.write(made.path, made.text or "")
    regression.patch.write()
    return regression._replace(draft=made._replace(fate=Fate.WRITTEN))


def take_back(regression: Regression) -> None:
    """Leave everything as it was."""
    with suppress(OSError):  # it may be what keeps it from being written
        regression.draft.path.unlink(missing_ok=True)
    regression.patch.undo()


def _beside(case: Case, vendor: Vendor) -> Iterator[Case]:
    return (each for each in vendor.cases if each.operation == case.operation)


def _drafted(replayer: Replayer, failure: Failure, failed: Case, case: Case, env: Mapping[str, str]) -> Draft:
    path = replayer.cassettes / case.cassette
    try:
        text = _text(replayer, failure, case, env)
    except (Unkept, CassetteBroken) as trouble:
        return Draft(case, path, Fate.UNKEPT, str(trouble))
    made = cassette.parse(text.encode("utf-8"), f"cassettes/{case.cassette}")
    result = replayer.judge(case, made)
    old = _recorded(replayer, failed)
    told, passing = sift(compare(old.interactions, made.interactions)) if old else ((), ())
    fails = result.outcome not in (Outcome.PASS, Outcome.WARN)
    return Draft(
        case,
        path,
        Fate.READY if fails else Fate.SKIPPED,
        None
        if fails
        else "offline nothing is wrong with the answer: it failed by what is live only, or was mended since",
        text=text,
        result=result,
        old=old.recording if old else None,
        new=made.recording,
        told=told,
        passing=passing,
    )


def _text(replayer: Replayer, failure: Failure, case: Case, env: Mapping[str, str]) -> str:
    """Return the cassette of the new case; raises Unkept where it may hold what must not be kept, and CassetteBroken."""
    kept = cassette.parse(source.content(failure.path, failure.path.name), failure.path.name)
    metadata = Metadata(
        origin=Origin.RECORDED,
        at=kept.recording.at,
        environment=kept.recording.environment,
        api_version=kept.recording.api_version,
        request_digest=requests.digest(kept.interactions[0].request),
        contract=case.id,
        provendor=__version__,
        note=f"{failure.case} failed so in run {failure.run}",
    )
    text = cassette.dump(kept.interactions, metadata)
    vendor = replayer.suite.vendors[case.vendor]
    tape.refuse_doubts(text, Redactor(live_secrets(replayer.suite, env), vendor.redact))
    return text


def _recorded(replayer: Replayer, case: Case) -> Cassette | None:
    try:
        return replayer.cassette(case)
    except (CassetteMissing, CassetteBroken):
        return None


# --- what the contract gets -------------------------------------------------------------------------------------------


def _patched(root: Path, failed: Case, case: Case, failure: Failure, vendor: Vendor) -> tuple[Patch, str]:
    """Return the contract's edit and the file that it is in: the new case expects what the failed one does."""
    operation = next(each for each in _declared(vendor) if each.id == failed.operation)
    file = operation.place.file
    written: Any = source.read(root / failed.place.file, failed.place.file).value
    for step in failed.way:
        written = written[step]
    expects = {key: value for key, value in written.items() if key not in _LIVE_ONLY}
    if failed.place.file != file:
        expects = _seen_from_elsewhere(expects, Path(failed.place.file).name)
    who = "production" if failure.environment == PRODUCTION else "the sandbox"
    head: dict[str, Json] = {
        "summary": f"What {who} answered to {failed.name} on {failure.day}.",
        "live": "never",
    }
    patch = Patch(root)
    if not patch.add_case(file, (case.section, case.operation, "cases"), case.name, {**head, **expects}):
        raise UsageError(f"{file}: no case can be added to {case.operation} by machine; copy {failed.name} by hand")
    return patch, file


def _declared(vendor: Vendor) -> Iterator[Any]:
    yield from vendor.operations.values()
    yield from vendor.flows.values()


def _seen_from_elsewhere(value: Any, file: str) -> Any:
    """Return what a set of cases in another file of the same folder says, with the references that mean that file."""
    if isinstance(value, list):
        return [_seen_from_elsewhere(each, file) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: f"{file}{each}"
        if key == "$ref" and isinstance(each, str) and each.startswith("#")
        else _seen_from_elsewhere(each, file)
        for key, each in value.items()
    }
