"""How many mutants are judged in a second of one core, on the bodies of this repository's own cassettes.

    python benchmarks/mutate.py
    python benchmarks/mutate.py chatwoot shopify

Every change of every declared field is judged, none left out for being equal to another; then it is measured what
`provendor mutate` decides, where equal ones are judged once, with all that it takes (replays, schemas, whole
answers), on half of the cases and on all: the time grows with the mutants and not faster. Seconds are CPU time of
this process. Exit status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from measure import Goal

from provendor.check import load_checks
from provendor.contract import Case
from provendor.mutants.field_changes import field_changes, made
from provendor.mutants.mutate import Measure
from provendor.mutants.mutation import named
from provendor.mutants.trial import Trial
from provendor.reader import loading
from provendor.run import Replayer
from provendor.schemas.declared import declared

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vendors", nargs="*", metavar="VENDOR", help="only these (default: all)")
    args = parser.parse_args()
    suite = loading.load(ROOT, args.vendors or None)
    replayer = Replayer(suite, load_checks(ROOT / "checks"), today=date(2026, 11, 20))
    judged, seconds = _every_one(replayer, suite.cases)
    print(f"{judged:>9,} changes of fields judged one by one in {seconds:.2f} s")
    half = _decided(replayer, every=2)
    whole = _decided(replayer)
    print(f"{whole[0]:>9,} mutants decided by `provendor mutate` in {whole[1]:.2f} s")
    goals = [
        Goal("changes of fields judged in a second", judged / seconds, 20_000, at_least=True, unit=""),
        Goal(
            "mutants decided in a second, with all that it takes", whole[0] / whole[1], 10_000, at_least=True, unit=""
        ),
        Goal("seconds per mutant, all cases / every second one", (whole[1] / whole[0]) / (half[1] / half[0]), 1.2),
    ]
    for goal in goals:
        print(goal)
    return int(not all(goal.met for goal in goals))


def _every_one(replayer: Replayer, cases: Sequence[Case]) -> tuple[int, float]:
    """Judge every change of every declared field of every case; return how many, and how long the judging took."""
    count, seconds = 0, 0.0
    for case in cases:
        trial = Trial(replayer, case, replayer.cassette(case))
        for document in trial.documents:
            if document.schema is None:
                continue
            places = declared(document.schema, document.holder[0]).places
            changes = [change for place in places for change in field_changes(place)]
            start = time.process_time()
            for change in changes:
                with made(document.holder, change):
                    trial.notices_value(document, change.way)
            seconds += time.process_time() - start
            count += len(changes)
    return count, seconds


def _decided(replayer: Replayer, every: int = 1) -> tuple[int, float]:
    """Measure the vendors by some of their cases; return how many mutants were decided, and how long all of it took."""
    count, start = 0, time.process_time()
    for vendor in replayer.suite.vendors.values():
        strength = Measure(replayer, named([])).vendor(vendor, vendor.cases[::every])
        count += strength.judged + strength.alike
    return count, time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
