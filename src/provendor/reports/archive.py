"""Runs as they lie on disk: found by what people call them, told apart by age and commit, read as streams.

run = archive.find(root / "reports")                     # the newest
run = archive.find(root / "reports", "20261120T101500Z-3f9a1c")
for offset, record in run.results(): ...
run.record(offset)                                       # one of them again
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from provendor.errors import UsageError
from provendor.evidence import SCHEMA_VERSION

JsonObject: TypeAlias = dict[str, Any]


class KeptRun:
    """One run's evidence, `run.jsonl` as it was written or `run.json` as a whole. Raises UsageError where it is neither.

    `head` is what was said before the first result, `end` what was said after the last; None where the run was killed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head = self._head()
        version = self.head.get("schema_version")
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise UsageError(f"{path}: evidence of version {version!r}, this provendor reads up to {SCHEMA_VERSION}")

    @property
    def id(self) -> str:
        """The run's name, which begins with the moment at which it started."""
        return str(self.head.get("id"))

    @property
    def commit(self) -> str | None:
        """The commit that it ran on; None where that is not known."""
        commit = self.head.get("git_commit")
        return commit if isinstance(commit, str) else None

    def results(self) -> Iterator[tuple[int, JsonObject]]:
        """Yield every result with the place at which `record` finds it again; one that cannot be read is empty."""
        for offset, record in self._records():
            if record.get("type", "result") == "result":
                yield offset, record

    @cached_property
    def end(self) -> JsonObject | None:
        """What the run amounted to by its own account; None where it was killed before it could say."""
        if self._whole is not None:
            summary = self._whole.get("summary")
            return summary if isinstance(summary, dict) else None
        return next((record for _, record in self._last_lines() if record.get("type") == "end"), None)

    def record(self, offset: int) -> JsonObject:
        """Return the result that stands there."""
        if self._whole is not None:
            found: JsonObject = self._whole["results"][offset]
            return found
        with self.path.open("rb") as lines:
            lines.seek(offset)
            return _parsed(lines.readline()) or {}

    @cached_property
    def _whole(self) -> JsonObject | None:
        """The document, where the evidence is one; lines are never held."""
        return self._document() if self.path.suffix == ".json" else None

    def _document(self) -> JsonObject:
        try:
            whole = json.loads(self.path.read_bytes())
        except (ValueError, RecursionError) as reason:
            raise UsageError(f"{self.path}: not JSON: {reason}") from None
        if not isinstance(whole, dict) or not isinstance(whole.get("results"), list):
            raise UsageError(f"{self.path}: not a run's evidence: expected run.json or run.jsonl of a run")
        return whole

    def _head(self) -> JsonObject:
        if self._whole is not None:
            head = self._whole.get("run")
        else:
            with self.path.open("rb") as lines:
                head = _parsed(lines.readline())
        if not isinstance(head, dict) or "id" not in head:
            raise UsageError(f"{self.path}: not a run's evidence: expected run.json or run.jsonl of a run")
        return head

    def _records(self) -> Iterator[tuple[int, JsonObject]]:
        if self._whole is not None:
            yield from ((place, each) for place, each in enumerate(self._whole["results"]) if isinstance(each, dict))
            return
        offset = 0
        with self.path.open("rb") as lines:
            for line in lines:
                record = _parsed(line)
                # A last line without an end was torn by a kill; any other that is no record is a result that was lost.
                if record is not None or line.endswith(b"\n"):
                    yield offset, record if record is not None else {}
                offset += len(line)

    def _last_lines(self) -> Iterator[tuple[int, JsonObject]]:
        """Yield the records near the end: what says that a run has ended is its last line."""
        with self.path.open("rb") as lines:
            lines.seek(max(0, self.path.stat().st_size - _TAIL))
            for number, line in enumerate(lines):
                if (record := _parsed(line)) is not None:
                    yield number, record


_TAIL = 65_536
"""More than any end of a run takes: counts for each of some hundred vendors."""


def _parsed(line: bytes) -> JsonObject | None:
    """Return the record of a line; None where the line is torn or holds something else. Bytes that are no UTF-8 are replaced."""
    try:
        record = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def find(reports: Path, name: str | None = None) -> KeptRun:
    """Return a run by its id, its folder, or a file of it; without a name the one that started last. Raises UsageError."""
    if name is None:
        return _newest(reports)
    for path in (reports / "runs" / name, Path(name)):
        if path.is_dir() and (inside := _evidence_in(path)):
            return KeptRun(inside)
        if path.is_file():
            return KeptRun(path)
    ids = [path.name for path in _folders(reports)]
    near = get_close_matches(name, ids, 1)
    raise UsageError(f"no run {name!r}" + (f", did you mean {near[0]!r}?" if near else f" below {reports / 'runs'}"))


def _newest(reports: Path) -> KeptRun:
    newest = _evidence_in(reports)
    if newest is None:
        raise UsageError(f"no run below {reports} yet: `provendor prove` makes one")
    return KeptRun(newest)


def _evidence_in(folder: Path) -> Path | None:
    return next((path for name in ("run.jsonl", "run.json") if (path := folder / name).is_file()), None)


def _folders(reports: Path) -> list[Path]:
    return sorted((path for path in (reports / "runs").glob("*") if path.is_dir()), reverse=True)


def kept(reports: Path) -> Iterator[KeptRun]:
    """Yield the runs that are kept, the newest first; what cannot be read is passed over."""
    for folder in islice(_folders(reports), _MOST_KEPT):
        if path := _evidence_in(folder):
            try:
                yield KeptRun(path)
            except (UsageError, OSError):
                continue


_MOST_KEPT = 200


def to_decide_by(reports: Path) -> KeptRun:
    """Return the newest run that is not one of probes, which ask for little and often; where there is none, the newest."""
    return next((run for run in kept(reports) if run.head.get("mode") != "probe"), None) or _newest(reports)


def before(reports: Path, run: KeptRun) -> KeptRun | None:
    """Return the newest finished run that started before this one, was of the same mode and asked for as much or for all."""
    for other in kept(reports):
        if other.id < run.id and _comparable(other, run) and other.end is not None:
            return other
    return None


def of_release(reports: Path, run: KeptRun, releases: Iterable[tuple[str, str]]) -> tuple[str, KeptRun] | None:
    """Return the last release before this run's own commit that a comparable run is kept of, and that run."""
    kept_before = [other for other in kept(reports) if other.id < run.id and _comparable(other, run)]
    for tag, commit in releases:
        of_tag = (other for other in kept_before if other.commit == commit != run.commit and other.end is not None)
        if found := next(of_tag, None):
            return tag, found
    return None


def _comparable(other: KeptRun, run: KeptRun) -> bool:
    asked, before = run.head.get("selectors") or [], other.head.get("selectors") or []
    return other.head.get("mode", "replay") == run.head.get("mode", "replay") and before in ([], asked)
