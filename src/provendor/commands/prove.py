"""Run cases against their recordings: one line per case, evidence under reports/, an exit code that means something."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from provendor import check, evidence, present, publish
from provendor.closing import Closing, screen
from provendor.commands import arguments, console
from provendor.contract import Suite
from provendor.redact import Redactor
from provendor.run import Replayer, Result
from provendor.verdict import Outcome


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    arguments.add_selectors(parser)
    arguments.add_root(parser)
    arguments.add_json(parser)
    arguments.add_now(parser)
    parser.add_argument("--strict", action="store_true", help="a warn fails the run as well")
    parser.add_argument("--quiet", "-q", action="store_true", help="print only what is not a pass, and the summary")
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="where evidence goes (default: reports/ in the root)"
    )
    parser.add_argument("--no-cache", action="store_true", help="parse every file anew and keep nothing parsed")


def run(args: argparse.Namespace) -> int:
    """Replay the selected cases and return the run's exit code."""
    root = arguments.root_of(args)
    with arguments.cache_of(root, not args.no_cache) as cache:
        suite, cases = arguments.load(root, args.selectors, cache)
        today = arguments.today_of(args)
        folder = root / "checks"
        digest = check.checks_digest(folder)
        info = evidence.describe(suite, "prove", tuple(args.selectors), today.isoformat(), digest, env=os.environ)
        written = evidence.Evidence(args.report or root / "reports", info)
        replayer = Replayer(suite, check.load_checks(folder, suite.vendors, cache), today=today, cache=cache)
        printer = _Printer(args, suite, len(cases))
        redactors = {name: Redactor({}, vendor.redact) for name, vendor in suite.vendors.items()}
        interrupted = True
        try:
            for case in cases:
                result = replayer.replay(case)
                record = evidence.result_json(result, redactors[case.vendor])
                written.add(record)
                printer.show(result, record)
            interrupted = False
        finally:
            summary = written.summary(args.strict, interrupted)
            path = written.close(args.strict, interrupted)
            judged = 0 if interrupted else sum(written.counts.values())
            said = publish.after_run(path.parent, written.run_id, root, today, results=judged, env=os.environ)
    printer.finish(summary, path, said)
    code: int = summary["exit_code"]
    return code


class _Printer:
    """Prints results as they come: lines for people, or one document for machines at the end."""

    def __init__(self, args: argparse.Namespace, suite: Suite, planned: int) -> None:
        self._suite = suite
        self._json = args.json
        self._quiet = args.quiet
        self._rows: list[dict[str, object]] = []
        self._closing = Closing()
        self._gap = ""
        self._colour = console.wants_colour(sys.stdout)
        self._progress = console.Progress(planned, shown=args.json or args.quiet or not sys.stdout.isatty())

    def show(self, result: Result, record: dict[str, Any]) -> None:
        self._progress.step()
        self._closing.add(record)
        if self._json:
            self._rows.append(_row(result))
        elif result.outcome is not Outcome.PASS:
            print(present.full(result, self._suite, colour=self._colour), end="\n\n")
            self._gap = ""
        elif not self._quiet:
            print(present.line(result, colour=self._colour))
            self._gap = "\n"

    def finish(self, summary: dict[str, Any], path: Path, said: str | None) -> None:
        self._progress.close()
        if self._json:
            console.print_json({**summary, "evidence": str(path), "results": self._rows})
        else:
            trouble = ["the run was interrupted: what is missing was not judged"] if summary["interrupted"] else []
            trouble += [said] if said else []
            files = {"evidence": path, **({"page": path.with_name(publish.PAGE)} if publish.wanted(os.environ) else {})}
            rows = self._closing.rows(
                screen(sys.stdout), files, trouble=trouble, took_ms=summary["duration_ms"], colour=self._colour
            )
            print(self._gap + "\n".join(rows))


def _row(result: Result) -> dict[str, object]:
    return {
        "id": result.case.id,
        "outcome": str(result.outcome),
        "reason": result.reason,
        "findings": [finding.code for finding in result.findings],
    }
