"""Whole processes, one after the other in turn, each measured by the kernel: wall time and peak memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

# A shell may set these, and each changes what is measured: without bytecode pytest starts five times slower, a forced certificate
# file makes a TLS context dearer, unbuffered output goes out in twice as many pieces as there are lines, and plugins and options
# belong to the benchmark.
_DROPPED = (
    "PYTHONDONTWRITEBYTECODE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "PYTEST_ADDOPTS",
    "PYTEST_PLUGINS",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
)
BIN = Path(sys.executable).parent


def environment() -> dict[str, str]:
    """Return the environment that every measured process gets."""
    kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    # The page has a benchmark of its own, and a process that writes one would be measured with whatever runs next.
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NO_COLOR": "1", "PROVENDOR_NO_PAGE": "1"}


@dataclass
class Contender:
    """One command to be measured; `before` prepares each run and is not measured."""

    name: str
    command: Sequence[str]
    folder: Path
    before: Callable[[], None] = lambda: None
    seconds: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)

    @property
    def cpu(self) -> float:
        """The least processor time in seconds: what is left of it on a machine that others use as well."""
        return min(self.cpu_s)

    @property
    def median(self) -> float:
        """The median wall time in seconds."""
        return median(self.seconds)

    @property
    def peak(self) -> float:
        """The median of the peak memory in MB."""
        return median(self.peak_mb)

    def run(self, *, count: bool = True) -> None:
        """Run once; a run that does not succeed ends the benchmark, because it measured something else."""
        self.before()
        output = self.folder / "output.txt"
        with output.open("wb") as sink:
            start = time.perf_counter()
            process = subprocess.Popen(self.command, cwd=self.folder, env=environment(), stdout=sink, stderr=sink)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            tail = output.read_text(errors="replace")[-3000:]
            raise SystemExit(f"{self.name}: exit status {process.returncode}\n{tail}")
        if count:
            self.seconds.append(seconds)
            self.cpu_s.append(usage.ru_utime + usage.ru_stime)
            self.peak_mb.append(usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024))


def take_turns(contenders: Sequence[Contender], rounds: int) -> None:
    """Run all once to warm up, then in turn, every second round backwards, so that a slow spell hits all alike."""
    for contender in contenders:
        contender.run(count=False)
    for number in range(rounds):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            contender.run()
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def in_turn(over: Sequence[float], under: Sequence[float]) -> float:
    """Return the median of each round's ratio.

    What ran within seconds of each other is compared: medians of two contenders may stem from a fast and from a slow minute.
    """
    return median(a / b for a, b in zip(over, under, strict=True))


def python(*words: str) -> list[str]:
    """Return a command of this interpreter."""
    return [sys.executable, *words]


def pytest(*words: str) -> list[str]:
    """Return a pytest command without any plugin that is not named, and without pytest's own cache."""
    return python("-m", "pytest", "-q", "-p", "no:cacheprovider", *words)


def forget(folder: Path) -> Callable[[], None]:
    """Return what removes a folder before each run."""
    return lambda: shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Goal:
    """A ratio, and what it should be."""

    what: str
    value: float
    limit: float
    at_least: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        said = "ok    " if self.met else "MISSED"
        return f"{said} {self.what:<62} {self.value:8.2f} {self.unit:<3} (goal {sign} {self.limit:g})"


def report(contenders: Sequence[Contender], goals: Sequence[Goal]) -> int:
    """Print times and goals; return 1 if a goal is missed."""
    print(f"\n{'':<44} {'median s':>9} {'best s':>8} {'cpu s':>8} {'peak MB':>8}  n")
    for each in contenders:
        numbers = f"{each.median:9.3f} {min(each.seconds):8.3f} {each.cpu:8.3f} {each.peak:8.1f} {len(each.seconds):2}"
        print(f"{each.name:<44} {numbers}")
    print()
    for goal in goals:
        print(goal)
    return int(not all(goal.met for goal in goals))
