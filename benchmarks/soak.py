"""Half an hour of probing every second, with faults at random: slots, memory, and who is told what how often.

    python benchmarks/soak.py                            # 30 minutes, 50 endpoints
    python benchmarks/soak.py --minutes 1 --endpoints 10

A server process answers for ten vendors; each endpoint has a few spells in which it fails in one of seven ways, and single
failures that no threshold confirms. Alerts go over Apprise to another server of ours, which takes none for a while.
Exit status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from measure import Goal, environment, python

from provendor.probes.history import History, Transition
from provendor.probes.outbox import Outbox
from provendor.probes.slots import Account, End, Ledger
from provendor.probes.states import BAD

VENDORS = 10
BODY = json.dumps({"status": "ok", "items": list(range(200))}).encode()
GOOD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)
FAULTS = ("error", "refuse", "cut", "hang", "nonsense", "shape", "limited")
AWAY = 0.40, 0.44
"""When nobody takes alerts, as shares of the time."""
SETTLED_S = 300.0
"""After so long memory has found its level."""
CONFIRMED_S = 12.0
"""A spell of this length is always noticed: three answers that time out take nine seconds."""
NEAR_S = 3.0
"""How far a confirmed failure may lie from the spell that it belongs to: one probe, and its timeout."""


# --- the vendors ----------------------------------------------------------------------------------------------------------


class Spell(NamedTuple):
    """A time in which an endpoint fails in one way, in seconds since the beginning."""

    begins: float
    ends: float
    fault: str


def spells(endpoint: int, seconds: float) -> list[Spell]:
    """Return when an endpoint fails for long: once or twice, so that none is flapping."""
    chance, most = random.Random(endpoint), min(60.0, seconds / 6)
    begins = sorted(chance.uniform(0.1, 0.8) * seconds for _ in range(chance.randint(1, 2)))
    return [Spell(at, at + chance.uniform(most / 2, most), chance.choice(FAULTS)) for at in begins]


def troubles(endpoint: int, seconds: float) -> list[tuple[float, float]]:
    """Return the same as times without overlaps: one that begins within another is the same trouble."""
    found: list[tuple[float, float]] = []
    for spell in spells(endpoint, seconds):
        if found and spell.begins <= found[-1][1] + NEAR_S:
            found[-1] = found[-1][0], max(found[-1][1], spell.ends)
        else:
            found.append((spell.begins, spell.ends))
    return found


def moments(endpoint: int, seconds: float) -> list[Spell]:
    """Return when an endpoint fails for a moment, which no threshold confirms."""
    chance = random.Random(-1 - endpoint)
    begins = (chance.uniform(0.05, 0.95) * seconds for _ in range(3))
    return [Spell(at, at + 0.9, chance.choice(FAULTS)) for at in begins]


class _Vendor(asyncio.Protocol):
    """Answers `GET /things/NUMBER`, or fails as the time wants it."""

    def __init__(self, began: float, plans: Sequence[Sequence[Spell]]) -> None:
        self._began = began
        self._plans = plans

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request."""
        found = re.match(rb"GET /things/(\d+)", data)
        passed = time.time() - self._began
        plan = self._plans[int(found[1])] if found else ()
        fault = next((spell.fault for spell in plan if spell.begins <= passed < spell.ends), None)
        delay_s = 0.02 + random.random() * 0.05
        asyncio.get_running_loop().call_later(delay_s, self._answer, fault)

    def _answer(self, fault: str | None) -> None:
        if self._transport.is_closing() or fault == "hang":
            return
        if fault == "refuse":
            self._transport.abort()
        elif fault == "cut":
            self._transport.write(GOOD[: len(GOOD) // 2])
            self._transport.close()
        else:
            self._transport.write(_ANSWERS.get(fault or "", GOOD))


def _said(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


_ANSWERS = {
    "error": _said("503 Service Unavailable", b'{"error":"down"}'),
    "limited": _said("429 Too Many Requests", b'{"error":"slow down"}'),
    "nonsense": _said("200 OK", b"<html>Bad Gateway</html>"),
    "shape": _said("200 OK", b'{"status":"ok","items":"none"}'),
}


class _People(asyncio.Protocol):
    """Takes alerts, and writes each body as a line; while nobody is there, it hangs up."""

    def __init__(self, file: Path, away: tuple[float, float]) -> None:
        self._file = file
        self._away = away
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer, or hang up."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._away[0] <= time.time() < self._away[1]:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take a whole request."""
        self._received += data
        head, mark, body = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if mark and length and len(body) >= int(length[1]):
            with self._file.open("ab") as file:
                file.write(body + b"\n")
            self._received = b""
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


async def _serve(seconds: float, endpoints: int, alerts: Path) -> None:
    began = time.time()
    away = began + AWAY[0] * seconds, began + AWAY[1] * seconds
    plans = [[*spells(number, seconds), *moments(number, seconds)] for number in range(endpoints)]
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(lambda: _Vendor(began, plans), "127.0.0.1", 0) for _ in range(VENDORS)]
    people = await loop.create_server(lambda: _People(alerts, away), "127.0.0.1", 0)
    ports = [each.sockets[0].getsockname()[1] for each in (*servers, people)]
    print(json.dumps({"began": began, "ports": ports[:-1], "people": ports[-1]}), flush=True)
    await asyncio.Event().wait()


class Served(NamedTuple):
    """Where the servers are, and when their plans began."""

    began: float
    ports: Sequence[int]
    people: int


@contextmanager
def servers(seconds: float, endpoints: int, alerts: Path) -> Iterator[Served]:
    """Run vendors and people in a process of their own."""
    words = ("--serve", str(alerts), "--minutes", str(seconds / 60), "--endpoints", str(endpoints))
    process = subprocess.Popen(python(__file__, *words), stdout=subprocess.PIPE, env=environment())
    assert process.stdout is not None
    try:
        yield Served(**json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# --- the prober -----------------------------------------------------------------------------------------------------------

VENDOR = """\
vendor: v{number}
title: Vendor {number}
environments:
  production: {{ base_url: "http://127.0.0.1:{port}", private: true }}
errors:
  - {{ status: 429, code: rate-limited, retryable: false }}
  - {{ status: 5xx, code: vendor-down, retryable: false }}
"""
OPERATION = """\
  things{number}.get:
    summary: Thing {number}
    request: GET /things/{number}
    probe: {{ every: 1s, timeout: 2s, fail_after: 3, recover_after: 2 }}
    cases:
      ok:
        status: 200
        body:
          type: object
          required: [status, items]
          properties: {{ items: {{ type: array, items: {{ type: integer }} }} }}
"""


def write_suite(root: Path, ports: Sequence[int], endpoints: int) -> None:
    """Write the vendors with their probes."""
    for vendor, port in enumerate(ports):
        folder = root / "contracts" / f"v{vendor}"
        folder.mkdir(parents=True)
        (folder / "vendor.yaml").write_text(VENDOR.format(number=vendor, port=port))
        own = "".join(OPERATION.format(number=number) for number in range(vendor, endpoints, len(ports)))
        (folder / "things.yaml").write_text(f"operations:\n{own}")


class Look(NamedTuple):
    """What a process holds at a moment."""

    at: float
    mb: float
    files: int


class Stayed(NamedTuple):
    """How a prober did: what it held over time, its time on a processor, and how it ended."""

    looks: Sequence[Look]
    cpu_s: float
    exit_code: int


def look(pid: int, at: float) -> Look:
    """Return what a process holds now."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return Look(at, int(found[1]) / 1024 if found else 0.0, len([*Path(f"/proc/{pid}/fd").iterdir()]))


def stay(root: Path, people: int, seconds: float) -> Stayed:
    """Let a prober stay so long."""
    words = ("-m", "provendor", "probe", "--root", str(root), "--every", "1s", "--quiet", "--metrics", "127.0.0.1:0")
    channel = {"PROVENDOR_ALERT_PEOPLE": f"json://127.0.0.1:{people}"}
    env = {**environment(), **channel, "XDG_STATE_HOME": str(root / "state")}
    with (root / "said.txt").open("wb") as said:
        process = subprocess.Popen(python(*words), env=env, stdout=said, stderr=said)
        looks = list(_looks(process.pid, seconds))
        process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Stayed(looks, usage.ru_utime + usage.ru_stime, process.returncode)


def _looks(pid: int, seconds: float) -> Iterator[Look]:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        time.sleep(min(10.0, seconds - passed))
        yield look(pid, time.monotonic() - began)


# --- what came of it ------------------------------------------------------------------------------------------------------


class Came(NamedTuple):
    """What the history says, and what people have read. Accounts are of slots, alerts are counted by their words."""

    accounts: Sequence[Account]
    transitions: Sequence[Transition]
    outbox: dict[str, int]
    told: Counter[str]

    @property
    def planned(self) -> int:
        """How many slots there were."""
        return sum(each.planned for each in self.accounts)

    @property
    def ends(self) -> Counter[End]:
        """How they ended."""
        return sum((Counter(each.ends) for each in self.accounts), Counter())

    @property
    def reasons(self) -> Counter[str]:
        """Why those that have no result have none."""
        return sum((Counter(each.reasons) for each in self.accounts), Counter())

    @property
    def to_tell(self) -> Counter[str]:
        """What people should have been told: all that changed what they believed."""
        return Counter(
            f"{each.watched.id} {each.before} -> {each.after}" for each in self.transitions if _is_news(each)
        )


def _is_news(each: Transition) -> bool:
    """Tell whether a transition changes what people believe: not that a probe began well, or is down in another way."""
    return not (each.before is None and each.after == "pass") and not (each.before in BAD and each.after in BAD)


def read(root: Path, alerts: Path) -> Came:
    """Read what came of it."""
    with History(root / "reports") as history:
        ledger = Ledger(history)
        accounts = ledger.accounts(0, ledger.alive() or 0.0)
        return Came(accounts, history.transitions(), Outbox(history).counts(), told(alerts))


def told(alerts: Path) -> Counter[str]:
    """Return what people were told: the probe and the change of each part of each message."""
    found: Counter[str] = Counter()
    lines = alerts.read_text("utf-8").splitlines() if alerts.exists() else []
    for line in lines:
        for part in json.loads(line)["message"].split("\n\n"):
            head, what = part.splitlines()[:2]
            found[f"{head.split()[2]} {what.removeprefix('what:').strip().partition(',')[0]}"] += 1
    return found


class Truth(NamedTuple):
    """What was noticed of what really happened: `troubles` counts spells, those that overlap as one."""

    false_alarms: Sequence[str]
    unnoticed: Sequence[str]
    troubles: int


def compare(transitions: Iterable[Transition], began: float, seconds: float, endpoints: int) -> Truth:
    """Compare what was noticed with when the endpoints really failed."""
    downs: dict[str, list[float]] = {}
    for each in transitions:
        if each.after in BAD:
            downs.setdefault(each.watched.operation, []).append(each.at - began)
    false_alarms, unnoticed, count = [], [], 0
    for number in range(endpoints):
        seen, real = downs.get(f"things{number}.get", []), troubles(number, seconds)
        count += len(real)
        false_alarms += [
            f"thing {number} at {at:.0f} s" for at in seen if not any(_belongs(at, *each) for each in real)
        ]
        unnoticed += [
            f"thing {number} at {begins:.0f} s"
            for begins, ends in real
            if ends - begins >= CONFIRMED_S and not any(_belongs(at, begins, ends) for at in seen)
        ]
    return Truth(false_alarms, unnoticed, count)


def _belongs(at: float, begins: float, ends: float) -> bool:
    return begins - NEAR_S <= at <= ends + NEAR_S


def growth(looks: Sequence[Look], seconds: float) -> float:
    """Return by which share memory has grown since it settled; medians of a few, because each moment is one of many."""
    settled = min(SETTLED_S, seconds / 3)
    later = [each.mb for each in looks if each.at >= settled]
    few = max(1, len(later) // 10)
    return sorted(later[-few:])[few // 2] / sorted(later[:few])[few // 2] - 1


def more_files(looks: Sequence[Look], seconds: float) -> int:
    """Return how many files and sockets more were open at most in the last tenth of the time than in the first third."""
    early = [each.files for each in looks if each.at <= seconds / 3]
    late = [each.files for each in looks if each.at >= seconds * 0.9]
    return max(late) - max(early)


def say(came: Came, truth: Truth, stayed: Stayed, seconds: float) -> None:
    """Print what came of it."""
    ends = ", ".join(f"{count:,} {end}" for end, count in came.ends.items())
    print(f"{seconds:.0f} s, {len(came.accounts)} probes, {came.planned:,} slots: {ends}")
    print("no result:", "; ".join(f"{why}: {count:,}" for why, count in came.reasons.most_common()) or "none")
    print(f"{truth.troubles} troubles, {len(came.transitions)} transitions, {came.to_tell.total()} to tell,", end=" ")
    print(f"{came.told.total()} told; outbox: {came.outbox}")
    few = stayed.looks[:: max(1, len(stayed.looks) // 10)]
    print(f"over time: {', '.join(f'{each.mb:.1f} MB / {each.files}' for each in few)} files and sockets")
    print(f"{stayed.cpu_s:.0f} s on a processor, {stayed.cpu_s / seconds:.1%} of one core")
    for what, count in (came.told - came.to_tell).items():
        print(f"told too often: {what} ({count})")
    for what, count in (came.to_tell - came.told).items():
        print(f"not told: {what} ({count})")
    for kind, found in (("false alarm", truth.false_alarms), ("not noticed", truth.unnoticed)):
        for what in found:
            print(f"{kind}: {what}")


def goals(came: Came, truth: Truth, stayed: Stayed, seconds: float) -> list[Goal]:
    """Return what should be true."""
    wrong = (came.told - came.to_tell).total() + (came.to_tell - came.told).total()
    return [
        Goal("slots that are not accounted for", came.planned - came.ends.total(), 0, unit=""),
        Goal("slots that are missing", came.ends[End.MISSING] / came.planned, 0.001, unit=""),
        Goal("transitions told twice, or never", wrong, 0, unit=""),
        Goal("alarms where nothing had failed", len(truth.false_alarms), 0, unit=""),
        Goal("troubles that nobody noticed", len(truth.unnoticed), 0, unit=""),
        Goal("memory grown since it settled", growth(stayed.looks, seconds), 0.05, unit=""),
        Goal("files and sockets more than in the beginning", more_files(stayed.looks, seconds), 5, unit=""),
    ]


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default: 30)")
    parser.add_argument("--endpoints", type=int, default=50, help="how many probes (default: 50)")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    seconds = args.minutes * 60
    if args.serve:
        asyncio.run(_serve(seconds, args.endpoints, args.serve))
    with tempfile.TemporaryDirectory() as name:
        return _soak(Path(name), seconds, args.endpoints)


def _soak(root: Path, seconds: float, endpoints: int) -> int:
    alerts = root / "alerts.jsonl"
    with servers(seconds, endpoints, alerts) as served:
        write_suite(root, served.ports, endpoints)
        stayed = stay(root, served.people, seconds)
    if stayed.exit_code != 0:
        print(f"it ended with {stayed.exit_code}:\n{(root / 'said.txt').read_text()}")
        return 1
    came = read(root, alerts)
    truth = compare(came.transitions, served.began, seconds, endpoints)
    say(came, truth, stayed, seconds)
    found = goals(came, truth, stayed, seconds)
    print(*found, sep="\n")
    return int(not all(goal.met for goal in found))


if __name__ == "__main__":
    sys.exit(main())
