"""The live transport alone: 1,000 endpoints of 100 ms at 100 and 200 in flight, and the latencies that it would report.

    python benchmarks/live.py                  # five rounds, all contenders in turn
    python benchmarks/live.py --false-failures # 20 runs at 200 in flight: how many calls failed

One server process with 50 ports answers each request after 100 ms. Every run is a process of its own and tells what it
measured itself: the time for all calls, p50 and p99 as the contender reports them, CPU time, peak memory, failures. Exit
status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from statistics import median

from measure import Goal, environment, python

ENDPOINTS = 1000
PORTS = 50
DELAY_S = 0.1
BODY = b'{"status":"ok","items":[1,2,3]}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY)
Ask = Callable[[str], Awaitable[float]]
"""Asks a URL and returns the milliseconds that it would report."""


# --- the server ----------------------------------------------------------------------------------------------------------


class _Answering(asyncio.Protocol):
    """Answers whatever arrives, after the delay: cheaper than anything that parses, so that the client is what is measured."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"\r\n\r\n")):
            asyncio.get_running_loop().call_later(DELAY_S, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(HEAD + BODY)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(_Answering, "127.0.0.1", 0, backlog=1024) for _ in range(PORTS)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


@contextmanager
def a_server() -> Iterator[list[int]]:
    """Run the server in a process of its own and yield its ports."""
    process = subprocess.Popen(python(__file__, "--serve"), stdout=subprocess.PIPE, env=environment())
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# --- the contenders ------------------------------------------------------------------------------------------------------


async def _provendor(width: int, run: Callable[[Ask], Awaitable[None]]) -> None:  # noqa: ARG001 - bounds itself
    from provendor.exchange import Request
    from provendor.wire.live import Network, Policy

    policy = Policy(reach="private", attempts=1)

    async with Network(env={}) as network:

        async def ask(url: str) -> float:
            exchange = await network.caller(policy).send(Request("GET", url))
            assert exchange.status == 200
            assert exchange.elapsed_ms is not None
            return exchange.elapsed_ms

        await run(ask)


async def _bare(width: int, run: Callable[[Ask], Awaitable[None]]) -> None:  # noqa: ARG001 - as above
    """The same client, and nothing around it."""
    import httpx

    from provendor.wire.client import CurlTransport
    from provendor.wire.curl import Curl
    from provendor.wire.route import Route

    async with httpx.AsyncClient(transport=CurlTransport(Curl(Route(reach="private"))), trust_env=False) as client:

        async def ask(url: str) -> float:
            response = await client.get(url)
            assert response.status_code == 200
            total_ms: float = response.extensions["transfer"].phases.total_ms
            return total_ms

        await run(ask)


async def _httpx(width: int, run: Callable[[Ask], Awaitable[None]]) -> None:
    """httpx as it comes, with as large a pool as there are calls in flight."""
    import httpx

    limits = httpx.Limits(max_connections=width, max_keepalive_connections=width)
    async with httpx.AsyncClient(limits=limits, timeout=30, trust_env=False) as client:

        async def ask(url: str) -> float:
            start = time.perf_counter()
            response = await client.get(url)
            assert response.status_code == 200
            return (time.perf_counter() - start) * 1000

        await run(ask)


CONTENDERS = {"provendor": _provendor, "bare": _bare, "httpx": _httpx}


async def _work(name: str, width: int, ports: list[int]) -> None:
    """Ask every endpoint once, so many at a time, and print what that came to."""
    urls = iter(f"http://127.0.0.1:{ports[number % PORTS]}/endpoints/{number}" for number in range(ENDPOINTS))
    took: list[float] = []
    failures: list[str] = []

    async def run(ask: Ask) -> None:
        async def worker() -> None:
            for url in urls:
                try:
                    took.append(await ask(url))
                except Exception as trouble:  # noqa: BLE001 - whatever it is, it is a false failure
                    failures.append(type(trouble).__name__)

        start = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(width)))
        seconds = time.perf_counter() - start
        took.sort()
        told = {
            "seconds": seconds,
            "p50": took[len(took) // 2],
            "p99": took[len(took) * 99 // 100],
            "cpu": time.process_time(),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            / (1024 * 1024 if sys.platform == "darwin" else 1024),
            "failures": len(failures),
        }
        print(json.dumps(told))

    await CONTENDERS[name](width, run)


# --- measuring -----------------------------------------------------------------------------------------------------------


Told = dict[str, float]


def measured(name: str, width: int, ports: list[int]) -> Told:
    """Return what one run tells."""
    words = ("--work", name, "--width", str(width), "--ports", json.dumps(ports))
    done = subprocess.run(python(__file__, *words), stdout=subprocess.PIPE, env=environment(), check=True)
    told: Told = json.loads(done.stdout)
    return told


def compare(rounds: int) -> int:
    """Measure all in turn; return 1 if a goal is missed."""
    runs: dict[tuple[str, int], list[Told]] = {(name, width): [] for width in (100, 200) for name in CONTENDERS}
    with a_server() as ports:
        for number in range(rounds):
            for name, width in list(runs) if number % 2 == 0 else reversed(list(runs)):
                runs[name, width].append(measured(name, width, ports))
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)

    def middle(name: str, width: int, what: str) -> float:
        return median(told[what] for told in runs[name, width])

    print(
        f"\n{'':<12} {'in flight':>9} {'x ideal':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU s':>7} {'peak MB':>8} {'failures':>8}"
    )
    for (name, width), told_by in runs.items():
        ideal = ENDPOINTS / width * DELAY_S
        cells = [middle(name, width, what) for what in ("p50", "p99", "cpu", "peak_mb")]
        failed = sum(told["failures"] for told in told_by)
        row = f"{middle(name, width, 'seconds') / ideal:8.2f} {cells[0]:8.1f} {cells[1]:8.1f} {cells[2]:7.2f} {cells[3]:8.1f}"
        print(f"{name:<12} {width:>9} {row} {failed:8.0f}")
    print()
    goals = [
        Goal("1,000 endpoints, 100 in flight / ideal", middle("provendor", 100, "seconds"), 1.5),
        Goal("the same / the same client with nothing around it", _ratio(runs, "seconds"), 1.3),
        Goal("reported p50", middle("provendor", 100, "p50"), 105, unit="ms"),
        Goal("reported p99", middle("provendor", 100, "p99"), 190, unit="ms"),
        Goal("peak memory, 200 in flight", middle("provendor", 200, "peak_mb"), 150, unit="MB"),
        Goal("false failures", sum(told["failures"] for width in (100, 200) for told in runs["provendor", width]), 0),
    ]
    for goal in goals:
        print(goal)
    return int(not all(goal.met for goal in goals))


def _ratio(runs: dict[tuple[str, int], list[Told]], what: str) -> float:
    """Compare the two round by round, because a slow spell hits both."""
    pairs = zip(runs["provendor", 100], runs["bare", 100], strict=True)
    return median(ours[what] / bare[what] for ours, bare in pairs)


def false_failures(times: int) -> int:
    """Run at 200 in flight so many times; return 1 if a call failed that should not have."""
    with a_server() as ports:
        runs = [measured("provendor", 200, ports) for _ in range(times)]
    failed, peak = sum(told["failures"] for told in runs), max(told["peak_mb"] for told in runs)
    print(f"{times} runs of {ENDPOINTS} calls at 200 in flight: {failed:.0f} false failures, at most {peak:.0f} MB")
    return int(failed > 0 or peak > 150)


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--false-failures", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--work", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--width", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ports", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        asyncio.run(_serve())
    if args.work:
        asyncio.run(_work(args.work, args.width, args.ports))
        return 0
    return false_failures(20) if args.false_failures else compare(args.rounds)


if __name__ == "__main__":
    sys.exit(main())
