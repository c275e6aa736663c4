"""Read every contract and cassette and report all problems at once, as `file:line:col: path: message`.

With `--against`, compare a vendor's pruned GraphQL schema with the whole one instead.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from provendor.cache import Cache
from provendor.commands import arguments, console
from provendor.errors import UsageError
from provendor.specs import lint


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="compare a pruned GraphQL schema with this whole one: every difference is a problem",
    )
    parser.add_argument("--version", metavar="V", help="of that schema (default: the version that FILE is named after)")
    parser.add_argument("--vendor", metavar="VENDOR", help="whose schema that is (default: whoever has that version)")
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print all problems; 0 none, 2 some."""
    root = arguments.root_of(args)
    if (args.version or args.vendor) and not args.against:
        raise UsageError("--version and --vendor say which schema --against is about; give that as well")
    with arguments.cache_of(root) as cache:
        report = _report(args, root, cache)
    if args.json:
        console.print_json({"problems": [problem._asdict() for problem in report.problems], "cases": report.cases})
    else:
        for problem in report.problems:
            print(problem)
        sys.stdout.flush()  # so that the verdict comes last also where both go into one file
        print(_verdict(report, args.against), file=sys.stderr)
    return 2 if report.problems else 0


def _report(args: argparse.Namespace, root: Path, cache: Cache) -> lint.LintReport:
    if args.against is None:
        return lint.lint(root, cache)
    return lint.against(root, args.against, vendor=args.vendor, version=args.version, cache=cache)


def _verdict(report: lint.LintReport, against: Path | None) -> str:
    count = len(report.problems)
    if count:
        return f"{count} problem{'s' * (count != 1)}"
    if against:
        return f"a true subset of {against.name}"
    cases, vendors = report.cases, report.vendors
    return f"{cases} case{'s' * (cases != 1)} in {vendors} vendor{'s' * (vendors != 1)}: fine"
