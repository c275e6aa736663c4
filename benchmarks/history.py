"""What a week of history costs: 200 probes a minute, two million results.

    python benchmarks/history.py

Writes the week as a prober does, in bundles of one minute, then measures whole processes: `provendor history` of a vendor with
ten probes and of one that has all of them, and how long a prober takes to learn how 200 probes stand. Exit status 1: a goal is
missed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from measure import Contender, Goal, python, report, take_turns

from provendor.probes.history import FILE, History, Sample, Transition, Watched
from provendor.probes.schedule import Timing
from provendor.probes.slots import End, Ended, Ledger
from provendor.probes.states import State, Streak
from provendor.verdict import Outcome, Party

PROBES = 200
MINUTE_S = 60.0
START = (
    "import sys; from pathlib import Path\n"
    "from provendor.probes.history import History; from provendor.probes.slots import Ledger\n"
    "with History(Path(sys.argv[1])) as history: history.states(); Ledger(history).open(float(sys.argv[2]))\n"
)


def write_week(folder: Path, minutes: int, ends_at: float) -> float:
    """Write so many minutes of 200 probes; return how long that took. One result in two hundred is a failure."""
    chance = random.Random(7)
    watched = [Watched("all" if number >= 10 else "ten", f"op{number}", "ok", "production") for number in range(PROBES)]
    begins = ends_at - minutes * MINUTE_S
    timing = Timing(MINUTE_S, 0.0)
    first = timing.number(begins) + 1
    started = time.perf_counter()
    with History(folder) as history:
        ledger = Ledger(history)
        history.record([_sample(each, begins, chance) for each in watched])
        with history.database.writing() as write:
            for number, each in enumerate(watched, 1):
                write("INSERT INTO plans VALUES (?, ?, 60, 0, ?, NULL, 0)", number, history.number(each), first)
        for minute in range(minutes):
            at = begins + minute * MINUTE_S
            samples = [_sample(each, at + number * 0.3, chance) for number, each in enumerate(watched)]
            states = {each.watched: _state(each, begins) for each in samples}
            ended = [Ended(number, first + minute, first + minute, End.RESULT) for number in range(1, PROBES + 1)]
            changes = [_transition(each) for each in samples if each.outcome is Outcome.FAIL and chance.random() < 0.05]
            history.record(samples, states, changes, ledger.entries(ended, at))
    return time.perf_counter() - started


def _sample(watched: Watched, at: float, chance: random.Random) -> Sample:
    took = chance.lognormvariate(4.6, 0.4)
    if chance.random() < 0.005:
        reason = "status: expected 200, got 503"
        return Sample(
            watched, at, Outcome.FAIL, 503, took, 2, "vendor-down", Party.VENDOR, reason, "20261120T120000Z-abcdef"
        )
    return Sample(watched, at, Outcome.PASS, 200, took)


def _state(sample: Sample, since: float) -> State:
    return State(sample.outcome, since, sample.outcome, sample.at, sample.at, Streak(9, since), Streak(9, since))


def _transition(sample: Sample) -> Transition:
    return Transition(
        sample.watched, sample.at, Outcome.PASS, Outcome.FAIL, sample.at - 60, *sample[6:10], "it answered 503"
    )


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=7 * 24 * 60)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        now = time.time()
        took = write_week(folder / "reports", args.minutes, now)
        size_mb = (folder / "reports" / FILE).stat().st_size / 1e6
        rows = args.minutes * PROBES
        print(f"{rows:,} results written in {took:.1f} s: {took / rows * 1e6:.0f} us each; {size_mb:.1f} MB")
        history = ("-m", "provendor", "history", "--report", "reports")
        contenders = [
            Contender("a vendor with 10 probes, 7 days", python(*history, "ten"), folder),
            Contender("a vendor with 190 probes, 7 days", python(*history, "all"), folder),
            Contender("a vendor with 190 probes, 24 hours", python(*history, "all", "--since", "24h"), folder),
            Contender("how 200 probes stand, slots settled", python("-c", START, "reports", str(now)), folder),
        ]
        take_turns(contenders, args.rounds)
    goals = [Goal(each.name, each.median, 0.5, unit="s") for each in contenders]
    return report(contenders, [*goals, Goal("the file", size_mb, 400, unit="MB")])


if __name__ == "__main__":
    sys.exit(main())
