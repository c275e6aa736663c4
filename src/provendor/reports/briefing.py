"""What a report is made from, gathered from disk: the run, and what else lies there that it is compared with."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from provendor import checkout, strength
from provendor.reports import archive, telling, watch
from provendor.reports.archive import KeptRun
from provendor.reports.forms import Told


def told(
    reports: Path,
    kept: KeptRun,
    root: Path,
    today: date,
    *,
    previous: KeptRun | None = None,
    vendors: Iterable[str] = (),
    now: float | None = None,
) -> Told:
    """Return it; without `previous` the run is compared with the one before it.

    `now`, in seconds since 1970, is where the history's time ends; by default it is now. `root` is the suite's folder, and
    `vendors` are all that have a contract, whether or not the run knew of them.
    """
    story = telling.tell(
        kept,
        today=today,
        previous=previous or archive.before(reports, kept),
        release=archive.of_release(reports, kept, checkout.releases(root)),
        vendors=vendors,
        measured=strength.read(reports),
        watch=watch.read(reports, time.time() if now is None else now),
    )
    return Told(story, kept, root)


def vendors(root: Path) -> list[str]:
    """Return the names of all vendors that have a contract."""
    return sorted(path.parent.name for path in (root / "contracts").glob("*/vendor.yaml"))
