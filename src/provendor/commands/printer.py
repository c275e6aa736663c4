"""Results on their way to whoever called: lines for people as they come, or one document for machines at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from provendor.commands import console
from provendor.contract import Suite
from provendor.evidence import PAGE
from provendor.reports import present, publish
from provendor.reports.closing import Closing, screen
from provendor.run import Result
from provendor.verdict import Outcome

if TYPE_CHECKING:  # a replay writes nothing
    from provendor.sandbox.live_run import Write

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Printer:
    """Prints the results of one run. `trouble` is what a reader should know besides them, `known` what evidence
    says of vendors besides results.
    """

    def __init__(
        self, suite: Suite, planned: int, *, as_json: bool, quiet: bool, known: Mapping[str, Any] = _NOTHING
    ) -> None:
        self._suite = suite
        self._json = as_json
        self._quiet = quiet
        self.trouble: list[str] = []
        self._rows: list[dict[str, object]] = []
        self._closing = Closing()
        self._closing.know(known)
        self._gap = ""
        self._colour = console.wants_colour(sys.stdout)
        self._progress = console.Progress(planned, shown=as_json or quiet or not sys.stdout.isatty())

    def plan(self, writes: Sequence[Write]) -> None:
        """Print what will change something, before the first of it is sent."""
        if writes:
            print(present.plan(writes), end="\n\n", file=sys.stderr if self._json else sys.stdout, flush=True)

    def show(self, result: Result, record: dict[str, Any]) -> None:
        """Print one result, as far as anybody wants to see it."""
        self._progress.step()
        self._closing.add(record)
        if self._json:
            self._rows.append(_row(result, record))
        elif result.outcome is Outcome.SKIP and not self._quiet:
            print(present.line(result, colour=self._colour))
            self._gap = "\n"
        elif result.outcome not in (Outcome.PASS, Outcome.SKIP):
            print(present.full(result, self._suite, colour=self._colour, rerun=record.get("rerun")), end="\n\n")
            self._gap = ""
        elif not self._quiet:
            print(present.line(result, colour=self._colour))
            self._gap = "\n"

    def finish(self, summary: dict[str, Any], path: Path, said: str | None, page: str = PAGE) -> None:
        """Print what the run amounts to; `said` is what a reader should know besides."""
        self._progress.close()
        trouble = ["the run was interrupted: what is missing was not judged"] if summary["interrupted"] else []
        trouble += [*self.trouble, *([said] if said else [])]
        files = {"evidence": path, **({"page": path.with_name(page)} if publish.wanted(os.environ) else {})}
        if self._json:
            named = {what: str(where) for what, where in files.items()}
            more = {"page": None, **named, "next": self._closing.next(), "trouble": trouble}
            console.print_json({**summary, **more, "results": self._rows})
            return
        rows = self._closing.rows(
            screen(sys.stdout), files, trouble=trouble, took_ms=summary["duration_ms"], colour=self._colour
        )
        print(self._gap + "\n".join(rows))


def _row(result: Result, record: dict[str, Any]) -> dict[str, object]:
    row: dict[str, object] = {
        "id": result.case.id,
        "outcome": str(result.outcome),
        "reason": record["reason"],
        "findings": [finding.code for finding in result.findings],
    }
    if "state" in record:
        row["judged"] = record["state"]["judged"]
    if result.blame is not None:
        row["blame"] = record["live"]["blame"]
    return row
