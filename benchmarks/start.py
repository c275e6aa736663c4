"""What it costs to start: one cold proof, the help page, and the plugin where nobody uses it.

    python benchmarks/start.py

Everything runs in turn, and only ratios are compared. Exit status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import generate
from measure import BIN, Contender, Goal, forget, pytest, python, report, take_turns


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder), args.rounds)


def _measure(folder: Path, rounds: int) -> int:
    one, bare = folder / "one", folder / "bare"
    generate.write(one, 1)
    bare.mkdir()
    (bare / "test_empty.py").write_text("def test_empty():\n    pass\n")
    (bare / "pytest.ini").write_text("[pytest]\n")
    provendor = str(BIN / "provendor")
    cold = forget(one / ".provendor")
    httpx = Contender('python -c "import httpx"', python("-c", "import httpx"), bare)
    proof = Contender("provendor prove, one case", [provendor, "prove", "--now", "2026-11-20"], one)
    first = Contender("provendor prove, one case, no cache", proof.command, one, cold)
    page = Contender("provendor --help", [provendor, "--help"], bare)
    alone = Contender("pytest, one empty test", pytest("test_empty.py"), bare)
    unused = Contender("the same, our plugin loaded", pytest("-p", "provendor.pytest_plugin", "test_empty.py"), bare)
    contenders = [httpx, proof, first, page, alone, unused]
    take_turns(contenders, rounds)
    goals = [
        Goal("provendor prove, one case / import httpx", proof.median / httpx.median, 1.3),
        Goal("provendor prove, one case, without cache / import httpx", first.median / httpx.median, 1.3),
        Goal("provendor --help / import httpx", page.median / httpx.median, 0.6),
        Goal("plugin installed and unused / pytest alone", unused.median / alone.median, 1.05),
    ]
    return report(contenders, goals)


if __name__ == "__main__":
    sys.exit(main())
