"""`record --from-live-failure`: show the case that a failure would become, and write it where somebody says yes."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from provendor import check
from provendor.commands import arguments, console, drafts
from provendor.contract import Suite
from provendor.errors import ContractError, UsageError
from provendor.plaintext import visible
from provendor.recordings import regression
from provendor.recordings.record import Fate
from provendor.recordings.regression import Regression
from provendor.run import Replayer

QUESTION = "write it? [y]es, [n]o: "
_EXITS = {Fate.WRITTEN: 0, Fate.READY: 0, Fate.DECLINED: 0, Fate.UNKEPT: 3}


def run(args: argparse.Namespace) -> int:
    """Keep one failure; 0 written, or it would be, or declined; 3 it may hold what must not be kept; 4 offline nothing fails."""
    root = arguments.root_of(args)
    failure = regression.find(args.report or root / "reports", args.from_live_failure)
    with arguments.cache_of(root) as cache:
        suite, _ = arguments.load(root, [failure.case.partition("/")[0]], cache)
        checks = check.load_checks(root / "checks", suite.vendors, cache)
        replayer = Replayer(suite, checks, today=arguments.today_of(args), cache=cache)
        made = regression.draft(replayer, failure, env=os.environ, name=args.name)
    if not args.json:
        _show(made, suite, everything=args.all)
    if made.draft.fate is Fate.READY and not args.dry_run:
        declined = made._replace(draft=made.draft._replace(fate=Fate.DECLINED))
        made = _written(made, root) if args.yes or _wanted() else declined
        if not args.json:
            print(drafts.head(made.draft, colour=console.wants_colour(sys.stdout)))
    code = _EXITS.get(made.draft.fate, 4)
    if args.json:
        told = {**drafts.as_json(made.draft, root), "contract": made.file, "run": made.failure.run}
        console.print_json({"exit_code": code, **told, "patch": made.patch.text()})
    return code


def _show(made: Regression, suite: Suite, *, everything: bool) -> None:
    colour = console.wants_colour(sys.stdout)
    print("\n".join(drafts.lines(made.draft, suite, suite.root, colour=colour, everything=everything)))
    if made.draft.fate is Fate.READY:
        lines = (visible(line, longest=2000) for line in made.patch.text().splitlines())
        print("", *lines, sep="\n", end="\n\n")


def _wanted() -> bool:
    while True:
        try:
            answer = input(QUESTION).strip().lower()[:1]
        except (EOFError, KeyboardInterrupt):
            print()
            return False
        if answer in ("y", "n"):
            return answer == "y"


def _written(made: Regression, root: Path) -> Regression:
    """Write it, and read the contract as everybody will: what cannot be read is taken back."""
    try:
        done = regression.write(made)
        arguments.load(root, [done.draft.case.id])
    except (ContractError, UsageError, OSError):
        regression.take_back(made)
        raise
    return done
