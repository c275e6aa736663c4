"""What would a contract catch? Breaks recorded answers the way vendors do, and reports what the contract lets through.

    provendor mutate chatwoot                      a score, and for each survivor the line to add
    provendor mutate chatwoot --fix | git apply    take the lines over; look at each of them
    provendor mutate --min-score 0.97              exit 1 where a vendor's contract catches less
    provendor mutate --harmless                    what must not hurt us: every contract still passes

Nothing is written but reports/strength.json, and that only for whole vendors and all operators.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provendor import check, moments, strength
from provendor.commands import arguments, console
from provendor.contract import Case, Suite, Vendor
from provendor.errors import UsageError
from provendor.mutants import harmless, mutation, survivors
from provendor.mutants.contract_patch import Patch
from provendor.mutants.harmless import Endured, FalseAlarm
from provendor.mutants.mutate import Measure, Strength
from provendor.mutants.mutation import OPERATORS
from provendor.mutants.remedy import demand
from provendor.plaintext import visible
from provendor.run import Replayer


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    arguments.add_selectors(parser)
    parser.add_argument("--min-score", type=_score, metavar="N", help="exit 1 where a vendor scores less, such as 0.97")
    parser.add_argument(
        "--operators", default="", metavar="A,B", help="only these ways of breaking an answer (default: all)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="which choices are made among many (default: 0)"
    )
    parser.add_argument(
        "--harmless", action="store_true", help="make changes that must not hurt us instead: every case has to pass"
    )
    parser.add_argument("--fix", action="store_true", help="print the lines to add as a patch; nothing is written")
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="where the score goes (default: reports/ in the root)"
    )
    arguments.add_root(parser)
    arguments.add_json(parser)
    arguments.add_now(parser)


def _score(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return value


def run(args: argparse.Namespace) -> int:
    """Measure the selected cases; 0 fine, 1 a score is too low or an alarm false, 3 a recording is no pass, 4 nothing judged."""
    root = arguments.root_of(args)
    operators = mutation.named([name for name in args.operators.split(",") if name])
    if args.harmless and (args.fix or args.operators or args.min_score is not None):
        raise UsageError("--harmless goes with none of --fix, --operators and --min-score: it has changes of its own")
    with arguments.cache_of(root) as cache:
        suite, cases = arguments.load(root, args.selectors, cache)
        folder = root / "checks"
        replayer = Replayer(
            suite, check.load_checks(folder, suite.vendors), today=arguments.today_of(args), cache=cache
        )
        if args.harmless:
            return _harmless(args, replayer, cases)
        measured = _measured(Measure(replayer, operators, args.seed), suite, cases)
    records = {name: survivors.strength_json(root, each) for name, each in measured.items()}
    if len(operators) == len(OPERATORS):
        _write_down(args.report or root / "reports", suite, measured, records, check.checks_digest(folder))
    _Printer(args, root, measured).show(records)
    return _exit(args.min_score, measured)


def _harmless(args: argparse.Namespace, replayer: Replayer, cases: Sequence[Case]) -> int:
    """Print the false alarms; 0 none, 1 some, 3 a recording is no pass, 4 nothing was tried."""
    progress = console.Progress(len(cases), shown=True)
    endured = harmless.endure(replayer, cases, progress.step)
    progress.close()
    if args.json:
        console.print_json(_endured_json(endured))
    else:
        for alarm in endured.alarms:
            print(f"false alarm[{alarm.name}] {alarm.case.id} {alarm.case.place}\n  {_refusal(alarm)}\n")
        for untried in endured.untried:
            print(f"not tried: {untried.case}: {visible(untried.reason)}")
        for name, count in sorted(endured.tried.items()):
            print(f"{name:<18}{count:>6}  {harmless.HARMLESS[name]}")
        print(f"{sum(endured.tried.values())} harmless changes, {len(endured.alarms)} false alarms")
    if endured.alarms:
        return 1
    if any(not each.foreseen for each in endured.untried):
        return 3
    return 0 if endured.tried else 4


def _refusal(alarm: FalseAlarm) -> str:
    found = alarm.finding
    if found is None:
        return "no answer came to be judged"
    return visible(f"{found.code} {found.at}: expected {found.expected}, actual {found.actual}")


def _endured_json(endured: Endured) -> dict[str, Any]:
    return {
        "tried": dict(sorted(endured.tried.items())),
        "false_alarms": [
            {"case": each.case.id, "change": each.name, "contract": str(each.case.place), "says": _refusal(each)}
            for each in endured.alarms
        ],
        "untried": [{"case": each.case, "reason": each.reason} for each in endured.untried],
    }


def _measured(measure: Measure, suite: Suite, cases: Sequence[Case]) -> dict[str, Strength]:
    progress = console.Progress(len(cases), shown=True)
    try:
        return {
            name: measure.vendor(vendor, chosen, progress.step)
            for name, vendor in suite.vendors.items()
            if (chosen := [case for case in cases if case.vendor == name])
        }
    finally:
        progress.close()


def _write_down(
    folder: Path, suite: Suite, measured: dict[str, Strength], records: dict[str, Any], checks: str
) -> None:
    """Write the scores of whole vendors, with what they depend on."""
    whole = {
        name: {
            **records[name],
            "measured_at": moments.timestamp(time.time()),
            "digest": strength.digest_of(suite.vendors[name].digest, checks, each.cassettes.items()),
        }
        for name, each in measured.items()
        if _is_whole(suite.vendors[name], each)
    }
    if whole:
        strength.write(folder, whole)


def _is_whole(vendor: Vendor, measured: Strength) -> bool:
    return measured.tried == len(vendor.cases)


def _exit(least: float | None, measured: dict[str, Strength]) -> int:
    scores = [(each.fields.score, each.status.score) for each in measured.values()]
    if least is not None and any(_is_below(fields, least) or _is_below(status, 1.0) for fields, status in scores):
        return 1
    if any(not each.foreseen for strength_ in measured.values() for each in strength_.untried):
        return 3
    return 0 if any(score is not None for pair in scores for score in pair) else 4


def _is_below(score: float | None, least: float) -> bool:
    return score is not None and score < least


class _Printer:
    """Prints what was measured: survivors and a table for people, one document for machines, or a patch."""

    def __init__(self, args: argparse.Namespace, root: Path, measured: dict[str, Strength]) -> None:
        self._args = args
        self._root = root
        self._measured = measured

    def show(self, records: dict[str, Any]) -> None:
        if self._args.json:
            console.print_json(
                {"seed": self._args.seed, **survivors.totals(self._measured.values()), "vendors": records}
            )
        elif self._args.fix:
            self._patch()
        else:
            for each in self._measured.values():
                self._survivors(each)
            print("\n".join(self._table()))

    def _survivors(self, measured: Strength) -> None:
        for hole in survivors.holes(self._root, measured.survivors):
            print(survivors.text(hole), end="\n\n")
        for untried in measured.untried:
            print(f"not tried: {untried.case}: {visible(untried.reason)}")
        for entry in measured.unused:
            print(f"{entry.place}: tolerates: {entry.at} [{', '.join(entry.operators)}] matches no survivor")

    def _table(self) -> list[str]:
        rows = [("vendor", "score", "killed", "survived", "equivalent", "status", "sent, not relied on")]
        for name, each in self._measured.items():
            fields, silent = each.fields, sum(map(len, each.silent.values()))
            counts = (str(fields.killed), str(fields.survived), str(fields.equivalent))
            rows.append((name, _shown(fields.score), *counts, _shown(each.status.score), str(silent)))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return [
            "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
            for row in rows
        ]

    def _patch(self) -> None:
        patch = Patch(self._root)
        for each in self._measured.values():
            for hole in survivors.holes(self._root, each.survivors):
                for wanted in filter(None, map(demand, hole.survivors)):
                    patch.add(wanted)
        print(patch.text(), end="")
        sys.stdout.flush()  # so that the table comes last also where both go into one file
        for demanded in patch.left:
            print(f"{demanded.file}#{demanded.pointer}: {demanded}: has to be written by hand", file=sys.stderr)
        print("\n".join(self._table()), file=sys.stderr)


def _shown(score: float | None) -> str:
    """Return a score with three places, downwards: 0.9699 is not 0.970."""
    return "none" if score is None else f"{int(score * 1000) / 1000:.3f}"
