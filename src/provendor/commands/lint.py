"""Read every contract and cassette and report all problems at once, as `file:line:col: path: message`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from provendor import lint
from provendor.commands import arguments, console


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print all problems; 0 none, 2 some."""
    root = arguments.root_of(args)
    with arguments.cache_of(root) as cache:
        report = lint.lint(root, cache)
    if args.json:
        console.print_json({"problems": [asdict(problem) for problem in report.problems], "cases": report.cases})
    else:
        for problem in report.problems:
            print(problem)
        count = len(report.problems)
        verdict = (
            f"{count} problem{'s' * (count != 1)}"
            if count
            else f"{report.cases} cases in {report.vendors} vendors: fine"
        )
        sys.stdout.flush()  # so that the verdict comes last also where both go into one file
        print(verdict, file=sys.stderr)
    return 2 if report.problems else 0
