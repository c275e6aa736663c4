"""What it takes to probe: 1,000 endpoints of 100 ms, checks, evidence and history included, beside peers in the same run.

    python benchmarks/probe.py                   # five rounds, all contenders in turn
    python benchmarks/probe.py --false-failures  # 20 runs each at 100 and 200 in flight: how many probes failed

One server process with 50 ports answers each request after 100 ms; the suite has 50 vendors with 20 probes each. `provendor
probe` is measured as a whole process for its memory, and by what its run says of itself for time and latencies. Beside it
the same client with nothing around it, and Debian's prometheus-blackbox-exporter (where it is installed) with that client as
its scraper: what is reported there is its `probe_duration_seconds`. Exit status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import quote

from live import DELAY_S, ENDPOINTS, a_server, measured
from measure import Goal, environment, python

EXPORTER = shutil.which("prometheus-blackbox-exporter") or shutil.which("blackbox_exporter")
WIDTHS = (100, 200)
Told = dict[str, float]


# --- our suite ------------------------------------------------------------------------------------------------------------

VENDOR = """\
vendor: v{number:02}
title: Vendor {number}
environments:
  production: {{ base_url: "http://127.0.0.1:{port}", private: true }}
errors:
  - {{ status: 401, code: unauthorized, retryable: false }}
  - {{ status: 429, code: rate-limited, retryable: true }}
  - {{ status: 5xx, code: vendor-down, retryable: true }}
"""
OPERATION = """\
  things{number}.get:
    summary: Thing {number}
    request: GET /things/{number}
    probe: {{ every: 60s, timeout: 10s }}
    cases:
      ok:
        status: 200
        headers: {{ Content-Type: {{ pattern: json }} }}
        body:
          type: object
          required: [status, items]
          properties: {{ status: {{ const: ok }}, items: {{ type: array, items: {{ type: integer }} }} }}
"""


def write_suite(root: Path, ports: Sequence[int]) -> None:
    """Write a vendor for each port."""
    for number, port in enumerate(ports):
        folder = root / "contracts" / f"v{number:02}"
        folder.mkdir(parents=True)
        (folder / "vendor.yaml").write_text(VENDOR.format(number=number, port=port))
        operations = (OPERATION.format(number=each) for each in range(ENDPOINTS // len(ports)))
        (folder / "things.yaml").write_text("operations:\n" + "".join(operations))


def probe(root: Path, width: int) -> Told:
    """Run `provendor probe` once and return what it tells."""
    words = python("-m", "provendor", "probe", "--root", str(root), "--width", str(width), "--json")
    env = {**environment(), "PROVENDOR_NO_PAGE": "1", "XDG_STATE_HOME": str(root / "state")}
    with (root / "output.json").open("wb") as output:
        process = subprocess.Popen(words, env=env, stdout=output)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    run = json.loads((root / "reports" / "run.json").read_text())
    took = sorted(record["elapsed_ms"] for record in run["results"] if record["elapsed_ms"] is not None)
    return {
        "seconds": run["summary"]["duration_ms"] / 1000,
        "p50": took[len(took) // 2],
        "p99": took[len(took) * 99 // 100],
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024),
        "failures": ENDPOINTS - run["summary"]["counts"]["pass"],
    }


# --- the exporter ---------------------------------------------------------------------------------------------------------

MODULES = "modules:\n  ok:\n    prober: http\n    timeout: 10s\n    http: { preferred_ip_protocol: ip4 }\n"
DURATION = re.compile(rb"^probe_duration_seconds (\S+)$", re.MULTILINE)


@contextmanager
def an_exporter(folder: Path) -> Iterator[tuple[int, int]]:
    """Run the exporter; yield its port and its process id."""
    (folder / "blackbox.yml").write_text(MODULES)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [str(EXPORTER), f"--config.file={folder / 'blackbox.yml'}", f"--web.listen-address=127.0.0.1:{port}"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/healthy"):
                    break
            except OSError:
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def exported(exporter: int, width: int, ports: Sequence[int]) -> Told:
    """Scrape every endpoint through the exporter, from a process of its own."""
    words = ("--scrape", str(exporter), "--width", str(width), "--ports", json.dumps(ports))
    done = subprocess.run(python(__file__, *words), stdout=subprocess.PIPE, env=environment(), check=True)
    told: Told = json.loads(done.stdout)
    return told


async def _scrape(exporter: int, width: int, ports: Sequence[int]) -> None:
    import httpx

    from provendor.wire.client import CurlTransport
    from provendor.wire.curl import Curl
    from provendor.wire.route import Route

    targets = (f"http://127.0.0.1:{ports[number % len(ports)]}/things/{number}" for number in range(ENDPOINTS))
    urls = iter(f"http://127.0.0.1:{exporter}/probe?module=ok&target={quote(target, safe='')}" for target in targets)
    took: list[float] = []
    failures = 0
    async with httpx.AsyncClient(transport=CurlTransport(Curl(Route(reach="private"))), trust_env=False) as client:

        async def worker() -> None:
            nonlocal failures
            for url in urls:
                text = (await client.get(url)).content
                found = DURATION.search(text)
                took.append(float(found[1]) * 1000 if found else 0.0)
                failures += b"\nprobe_success 1" not in text

        start = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(width)))
        seconds = time.perf_counter() - start
    took.sort()
    told = {"seconds": seconds, "p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100], "failures": failures}
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({**told, "cpu": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}))


def memory_mb(pid: int) -> float:
    """Return the peak memory of a process that runs; 0 where that cannot be read."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


# --- measuring ------------------------------------------------------------------------------------------------------------


def compare(rounds: int) -> int:
    """Measure all in turn; return 1 if a goal is missed."""
    names = ("provendor probe", "bare client", *(["blackbox exporter"] if EXPORTER else []))
    runs: dict[tuple[str, int], list[Told]] = {(name, width): [] for width in WIDTHS for name in names}
    with a_server() as ports, tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_suite(root, ports)
        probe(root, WIDTHS[0])  # so that contracts are in the cache, as they are after the first run
        for number in range(rounds):
            for name, width in list(runs) if number % 2 == 0 else reversed(list(runs)):
                runs[name, width].append(_one(name, width, ports, root))
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return _report(runs)


def _one(name: str, width: int, ports: list[int], root: Path) -> Told:
    if name == "provendor probe":
        return probe(root, width)
    if name == "bare client":
        return measured("bare", width, ports)
    # Anew for each run, so that its memory is that of one.
    with an_exporter(root) as (exporter, pid):
        told = exported(exporter, width, ports)
        return {**told, "peak_mb": told["peak_mb"] + memory_mb(pid)}


def _report(runs: dict[tuple[str, int], list[Told]]) -> int:
    def middle(name: str, width: int, what: str) -> float:
        return median(told[what] for told in runs[name, width])

    def times_ideal(name: str, width: int) -> float:
        return middle(name, width, "seconds") / (ENDPOINTS / width * DELAY_S)

    print(
        f"\n{'':<18} {'in flight':>9} {'x ideal':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU s':>7} {'peak MB':>8} {'failures':>8}"
    )
    for (name, width), told_by in runs.items():
        cells = [middle(name, width, what) for what in ("p50", "p99", "cpu", "peak_mb")]
        row = f"{times_ideal(name, width):8.2f} {cells[0]:8.1f} {cells[1]:8.1f} {cells[2]:7.2f} {cells[3]:8.1f}"
        print(f"{name:<18} {width:>9} {row} {sum(told['failures'] for told in told_by):8.0f}")
    print()
    ours = "provendor probe"
    pairs = zip(runs[ours, 100], runs["bare client", 100], strict=True)
    goals = [
        Goal("1,000 endpoints, 100 in flight / ideal", times_ideal(ours, 100), 1.5),
        Goal("the same / the same client, no checks", median(a["seconds"] / b["seconds"] for a, b in pairs), 1.3),
        Goal("reported p50", middle(ours, 100, "p50"), 105, unit="ms"),
        Goal("reported p99", middle(ours, 100, "p99"), 190, unit="ms"),
        Goal("peak memory, 200 in flight", middle(ours, 200, "peak_mb"), 150, unit="MB"),
        Goal("false failures", sum(told["failures"] for width in WIDTHS for told in runs[ours, width]), 0),
    ]
    if EXPORTER:
        pairs = zip(runs[ours, 100], runs["blackbox exporter", 100], strict=True)
        goals.append(Goal("time / blackbox exporter's", median(a["seconds"] / b["seconds"] for a, b in pairs), 1.0))
        goals.append(
            Goal("p99 / blackbox exporter's", middle(ours, 100, "p99") / middle("blackbox exporter", 100, "p99"), 1.0)
        )
    for goal in goals:
        print(goal)
    return int(not all(goal.met for goal in goals))


def false_failures(times: int) -> int:
    """Run so many times at each width; return 1 if a probe failed that should not have."""
    failed, peak = 0.0, 0.0
    with a_server() as ports, tempfile.TemporaryDirectory() as folder:
        write_suite(Path(folder), ports)
        for width in WIDTHS:
            told = [probe(Path(folder), width) for _ in range(times)]
            failed += sum(each["failures"] for each in told)
            peak = max(peak, *(each["peak_mb"] for each in told))
    print(f"{times} runs each at 100 and 200 in flight: {failed:.0f} false failures, at most {peak:.0f} MB")
    return int(failed > 0 or peak > 150)


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--false-failures", action="store_true")
    parser.add_argument("--scrape", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--width", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ports", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.scrape:
        asyncio.run(_scrape(args.scrape, args.width, args.ports))
        return 0
    return false_failures(20) if args.false_failures else compare(args.rounds)


if __name__ == "__main__":
    sys.exit(main())
