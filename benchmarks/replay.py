"""Replaying N cases: pytest with our plugin and `provendor prove`, against bare pytest and hand-written suites.

    python benchmarks/replay.py                          # 1000 and 5000 cases, five rounds
    python benchmarks/replay.py --cases 1000 --quick     # two minutes: without the usual suite

All contenders of one size run in turn in one go; only ratios within it are compared. Exit status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import generate
from measure import BIN, Contender, Goal, forget, pytest, report, take_turns

DAY = "2026-11-20"
BASE = 10


class Size:
    """One generated suite and everything that runs it."""

    def __init__(self, folder: Path, cases: int) -> None:
        self.cases = cases
        self.root = folder / str(cases)
        generate.write(self.root, cases)
        cache = self.root / ".provendor"
        ours = pytest("-p", "provendor.pytest_plugin", f"--provendor-now={DAY}", "contracts")
        prove = [str(BIN / "provendor"), "prove", "--now", DAY]
        self.nothing = self._contender("(a) pytest, tests that do nothing", pytest("test_nothing.py"))
        self.ours = self._contender("(b) pytest, our contracts", ours)
        self.first = Contender(f"{cases}: (b) first run, no cache", ours, self.root, forget(cache))
        self.usual = self._contender("(c) pytest, vcrpy as usual", pytest("test_usual.py"))
        self.tuned = self._contender("(c') pytest, vcrpy tuned", pytest("test_tuned.py"))
        self.prove = self._contender("(d) provendor prove", prove)

    def _contender(self, name: str, command: list[str]) -> Contender:
        return Contender(f"{self.cases}: {name}", command, self.root)

    def goals(self, *, usual: bool) -> list[Goal]:
        """Return what issue and documentation promise for one size."""
        floor, ours = self.nothing.median, self.ours.median
        goals = [
            Goal(f"{self.cases}: (b) our pytest run / (a) bare pytest", ours / floor, 1.5),
            Goal(f"{self.cases}: (b) the first run, without cache / (a)", self.first.median / floor, 2.0),
            Goal(f"{self.cases}: (c') the tuned vcrpy suite / (b)", self.tuned.median / ours, 2.5, at_least=True),
            Goal(f"{self.cases}: (d) provendor prove / (a)", self.prove.median / floor, 0.7),
        ]
        if usual:
            goals.insert(
                2, Goal(f"{self.cases}: (c) the usual suite / (b)", self.usual.median / ours, 30, at_least=True)
            )
        return goals

    def contenders(self, *, usual: bool) -> list[Contender]:
        """Return what is measured at this size."""
        always = [self.nothing, self.ours, self.first, self.tuned, self.prove]
        return [*always, self.usual] if usual else always


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="leave out (c), the usual suite: it takes minutes per run")
    parser.add_argument("--no-growth", action="store_true", help="leave out time and memory per case at 500 and 5000")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        contenders, goals = [], []
        for cases in args.cases:
            usual = not args.quick and cases <= 1000  # linear: at 5000 it takes an hour and says nothing new
            size = Size(Path(folder), cases)
            take_turns(size.contenders(usual=usual), args.rounds)
            contenders += size.contenders(usual=usual)
            goals += size.goals(usual=usual)
        if not args.no_growth:
            more, grown = _growth(Path(folder) / "growth", args.rounds)
            contenders += more
            goals += grown
        return report(contenders, goals)


def _growth(folder: Path, rounds: int) -> tuple[list[Contender], list[Goal]]:
    """Compare the cost of a case in a small suite with that in a large one; what pytest takes to start is subtracted."""
    start, few, many = (Size(folder, cases) for cases in (BASE, 500, 5000))
    contenders = [start.ours, few.ours, many.ours]
    take_turns(contenders, rounds)

    def per_case(size: Size) -> float:
        return (size.ours.median - start.ours.median) / (size.cases - BASE)

    memory = (many.ours.peak - few.ours.peak) * 1024 / (many.cases - few.cases)
    return contenders, [
        Goal("time per case at 5000 / at 500", per_case(many) / per_case(few), 1.1),
        Goal("peak memory per case from 500 to 5000", memory, 20, unit="KB"),
    ]


if __name__ == "__main__":
    sys.exit(main())
