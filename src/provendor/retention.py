"""Which runs are kept when newer ones come.

    retention.forget_old_runs(root / "reports" / "runs")

Of each mode by itself: a prober that stays begins a run every hour, and would take away what a release is decided by.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from provendor import checkout

KEPT_RUNS: Final = 20
KEPT_RELEASES: Final = 2
KILLED_S: Final = 86_400.0
"""A run to which nothing was written for so long was killed: a prober ends each after an hour."""
KEPT_FAILURES: Final = 20
"""Of how many older runs the answers that failed live are kept: somebody comes back from a weekend."""

FAILURES: Final = "failures"
"""The folder in a run's own in which the answers are kept that failed live, as `vendor/operation/case.yaml`."""

_MODE: Final = re.compile(rb'"mode":"(\w+)"')
_HEAD_BYTES: Final = 512
"""The mode stands near the beginning of a run."""


def forget_old_runs(runs: Path) -> None:
    """Remove runs that are over but the newest, those that people will want to compare with, and the last that failed live."""
    finished = sorted(filter(_is_over, runs.iterdir()))
    if len(finished) > KEPT_RUNS:
        old = [folder for alike in _by_mode(finished) for folder in _old(alike, runs)]
        if old:
            import shutil  # noqa: PLC0415 - it loads every compression library there is

            for folder in old:
                shutil.rmtree(folder, ignore_errors=True)


def _is_over(folder: Path) -> bool:
    """Tell whether a run has ended, or was killed: then nothing was written to it for long."""
    if (folder / "run.json").exists():
        return True
    try:
        return time.time() - (folder / "run.jsonl").stat().st_mtime > KILLED_S
    except OSError:  # not a run, or one that is about to begin
        return False


def _by_mode(finished: Iterable[Path]) -> Iterable[list[Path]]:
    modes: dict[bytes, list[Path]] = {}
    for folder in finished:
        modes.setdefault(_mode(folder), []).append(folder)
    return modes.values()


def _mode(folder: Path) -> bytes:
    try:
        with (folder / "run.jsonl").open("rb") as lines:
            found = _MODE.search(lines.read(_HEAD_BYTES))
    except OSError:
        found = None
    return found[1] if found else b"replay"


def _old(alike: Sequence[Path], runs: Path) -> list[Path]:
    """Return the runs of one mode that nobody needs any more."""
    old = alike[:-KEPT_RUNS]
    kept = set(_of_releases(alike, checkout.releases(runs))) if old else set()
    kept |= {*[folder for folder in old if (folder / FAILURES).is_dir()][-KEPT_FAILURES:]}
    return [folder for folder in old if folder not in kept]


def _of_releases(finished: Sequence[Path], releases: Sequence[tuple[str, str]]) -> Iterator[Path]:
    """Yield the newest run of everything on the commit of each of the last releases that have one."""
    commits = {folder: _commit_of_whole_run(folder) for folder in reversed(finished)} if releases else {}
    found = (next((folder for folder, commit in commits.items() if commit == of), None) for _, of in releases)
    yield from islice((folder for folder in found if folder), KEPT_RELEASES)


def _commit_of_whole_run(folder: Path) -> str | None:
    """Return the commit that a run of everything was made on; None for a part, and where it cannot be read."""
    try:
        with (folder / "run.jsonl").open("rb") as lines:
            head = json.loads(lines.readline())
        return None if head["selectors"] else head["git_commit"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
