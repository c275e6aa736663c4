"""The page after a run: written before the run ends, or by a process that nobody waits for where waiting would be felt.

    trouble = publish.after_run(reports, run_id, root, today, results=3196, env=os.environ)

Nothing that goes wrong here is the run's fault: it is said, and the page that was there stays.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from provendor.errors import ProvendorError
from provendor.evidence import PAGE

LEFT_TO_A_CHILD: Final = 10_000
"""Runs with fewer results do not wait for their page: it would take a quarter as long again as the run."""

A_PROOF: Final = 100
"""Runs with fewer results do not even wait where there is no page yet: whoever proves a case looks at the terminal."""

ANEW_S: Final = 60.0
"""While a prober stays, its page is at most so many seconds old."""

NO_PAGE: Final = "PROVENDOR_NO_PAGE"
"""The variable that keeps runs from writing the page."""

TROUBLE: Final = "page-error.txt"
"""Where a process that nobody waits for leaves what went wrong; the next run says it."""


def wanted(env: Mapping[str, str]) -> bool:
    """Tell whether runs write the page at all."""
    return not env.get(NO_PAGE)


def after_run(
    reports: Path, run_id: str, root: Path, today: date, *, results: int, env: Mapping[str, str]
) -> str | None:
    """See to it that the page tells of this run; return what a reader should know of it that went wrong.

    A run of probes is told of by the page for whoever is on call, and leaves the page that people decide by as it is.
    """
    if not wanted(env):
        return None
    enough = LEFT_TO_A_CHILD if (reports / PAGE).exists() else A_PROOF
    # A container ends with its first process, so that a build server always waits.
    if results < enough and not env.get("CI") and hasattr(os, "posix_spawn"):
        earlier = _trouble_before(reports)
        return _leave_to_a_child(reports, run_id, root, today) or earlier
    return write(reports, run_id, root, today)


def write(reports: Path, run_id: str, root: Path, today: date) -> str | None:
    """Write the page of a run; return why that could not be done."""
    try:
        from provendor.reports import archive, briefing, page  # noqa: PLC0415 - not where the page is left to a child

        kept = archive.find(reports, run_id)
        told = briefing.told(reports, kept, root, today, vendors=briefing.vendors(root))
        if told.story.run.mode == "probe" and told.story.watch is not None:
            page.write_live(told, told.story.watch, reports)
        else:
            page.write(told, reports)
    except (ProvendorError, OSError) as trouble:
        return f"the page could not be written: {trouble}"
    except Exception as trouble:  # noqa: BLE001 - a page that breaks must not break the run that it tells of
        return f"the page could not be written: {type(trouble).__name__}: {trouble}"
    return None


class Following:
    """Keeps the page for whoever is on call current while a prober stays: anew where a state changed, and every minute.

    Each time a process of its own writes it, so that no probe waits for it, and never two at once.
    """

    def __init__(self, reports: Path, root: Path) -> None:
        self._reports = reports
        self._root = root
        self._child: int | None = None
        self._told: object = None
        self._due = 0.0

    def look(self, states: object, run_id: str, now: float) -> str | None:
        """Have the page written if it is time; `states` are compared with those of the last page. Return what is wrong."""
        if self._busy() or (now < self._due and states == self._told):
            return None
        said = _trouble_before(self._reports)
        self._told, self._due = states, now + ANEW_S
        try:
            self._child = _spawn(self._reports, run_id, self._root, datetime.fromtimestamp(now, UTC).date())
        except (OSError, NotImplementedError) as trouble:
            return f"the page could not be written: {trouble}"
        return said

    def _busy(self) -> bool:
        """Tell whether the last process still writes; one that has ended is taken leave of."""
        if self._child is not None and os.waitpid(self._child, os.WNOHANG) == (0, 0):
            return True
        self._child = None
        return False


def _leave_to_a_child(reports: Path, run_id: str, root: Path, today: date) -> str | None:
    try:
        _spawn(reports, run_id, root, today)
    except (OSError, NotImplementedError) as trouble:
        return f"the page could not be written: {trouble}"
    return None


def _spawn(reports: Path, run_id: str, root: Path, today: date) -> int:
    """Start a process for it, away from our terminal and our files, so that nobody waits for those either."""
    words = [
        sys.executable,
        "-P",
        "-m",
        "provendor.reports.publish",
        str(reports.absolute()),
        run_id,
        str(root.absolute()),
    ]
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    return os.posix_spawn(sys.executable, [*words, today.isoformat()], os.environ, file_actions=nowhere, setsid=True)


def _trouble_before(reports: Path) -> str | None:
    with suppress(OSError):
        return (reports / TROUBLE).read_text(encoding="utf-8", errors="replace")[:500].strip() or None
    return None


def main(reports: Path, run_id: str, root: Path, today: date) -> None:
    """Write the page in a process of its own, and leave a note where that goes wrong."""
    trouble = write(reports, run_id, root, today)
    with suppress(OSError):
        if trouble is None:
            (reports / TROUBLE).unlink(missing_ok=True)
        else:
            (reports / TROUBLE).write_text(f"{trouble}\n", encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), date.fromisoformat(sys.argv[4]))
