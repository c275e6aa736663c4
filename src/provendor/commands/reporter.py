"""A prober that stays, on its way to whoever looks: a line when something changes, or every result for machines."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from provendor.commands import console
from provendor.moments import timestamp
from provendor.plaintext import visible, word
from provendor.probes.daemon import Observer
from provendor.probes.reloading import Loaded
from provendor.probes.rounds import Done


class Reporter(Observer):
    """Prints transitions for people, or one JSON document per result for machines; what somebody should know to stderr."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self._json = as_json
        self._quiet = quiet
        self._colour = console.wants_colour(sys.stdout)

    def planned(self, loaded: Loaded) -> None:
        """Say what is asked from now on."""
        vendors = {probe.case.vendor for probe in loaded.probes}
        self.said(f"asking {len(loaded.probes)} probes of {len(vendors)} vendors")

    def done(self, done: Done) -> None:
        """Print a result, or what it changed."""
        if self._json:
            print(json.dumps(_row(done)), flush=True)
        elif done.transition is not None and not self._quiet:
            change, result = done.transition, done.settled.result
            outcome = word(change.after, colour=self._colour)
            blamed = f"  {result.blame.party}: {visible(result.blame.why)}" if result.blame else ""
            why = f"  {visible(change.reason)}" if change.reason else ""
            before = change.before or "unknown"
            print(f"{timestamp(time.time())}  {outcome} {change.watched.id}  was {before}{blamed}{why}", flush=True)

    def said(self, text: str) -> None:
        """Print what somebody should know."""
        print(f"{timestamp(time.time())}  {visible(text, longest=2000)}", file=sys.stderr, flush=True)


def _row(done: Done) -> dict[str, Any]:
    record = done.record
    return {
        "id": record["id"],
        "at": record["started_at"],
        "outcome": record["outcome"],
        "status": record["status"],
        "elapsed_ms": record["elapsed_ms"],
        "reason": record["reason"],
        "state": record["state"],
        "blame": (record.get("live") or {}).get("blame"),
        "changed": done.transition is not None,
    }
