"""Cases of one vendor side by side: those that only read, no more than may be at once, and never beside one that writes."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from live_suites import DELETE, MAKE, USER, a_replayer, a_run, a_suite, as_json, carried_out, codes, env
from loopback import Answer, Seen, serve
from provendor.run import NOT_ASKED, Result
from provendor.verdict import Outcome

pytestmark = pytest.mark.loopback


TOOL = {
    "summary": "Who is there.",
    "mcp": {"tool": "whoami"},
    "safety": "read",
    "cases": {name: {"status": 200, "result": {"type": "object"}} for name in ("a", "b", "c")},
}
PROGRAM = """
import json, pathlib, sys

here = pathlib.Path(sys.argv[1])
try:
    (here / "one").touch(exist_ok=False)
except FileExistsError:
    (here / "two").touch()
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        known = {"protocolVersion": "2025-11-25", "structuredContent": {}, "content": []}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": known}), flush=True)
(here / "one").unlink(missing_ok=True)
"""


class Crowd:
    """Answers, and remembers how many were being asked at once; `hold` keeps the first so many until all of them are there."""

    def __init__(self, hold: int = 1) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._all_there = threading.Barrier(hold, timeout=20)
        self._held = hold

    def __call__(self, seen: Seen) -> Answer:
        with self._in():
            with self._lock:
                waits, self._held = self._held > 0, self._held - 1
            if waits:
                self._all_there.wait()
            if seen.method == "POST":
                return as_json({"id": 12}, 201)
            return Answer(204) if seen.method == "DELETE" else as_json({"id": 7})

    @contextmanager
    def _in(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1


def reads(*names: str) -> dict[str, Any]:
    """An operation with cases that only read, told apart by their query."""
    return {**USER, "cases": {name: {"with": {"query": {"n": name}}, "status": 200} for name in names}}


def test_cases_that_only_read_are_asked_side_by_side(tmp_path: Path):
    """The server answers none of three before all are there."""
    a_suite(tmp_path, {"users.get": reads("a", "b", "c")})
    with serve(Crowd(hold=3)) as server:
        results = carried_out(tmp_path, env(server), width=3)

    assert [result.outcome for result in results.values()] == [Outcome.PASS] * 3


def test_no_more_are_asked_at_once_than_may_be(tmp_path: Path):
    """Of nine, two."""
    a_suite(tmp_path, {"users.get": reads(*"abcdefghi")})
    crowd = Crowd(hold=2)
    with serve(crowd) as server:
        results = carried_out(tmp_path, env(server), width=2)

    assert (len(results), crowd.most) == (9, 2)
    assert Counter(seen.path for seen in server.seen) == Counter(f"/users/7?n={name}" for name in "abcdefghi")


def test_whoever_writes_has_the_vendor_to_itself(tmp_path: Path):
    """Those before it have ended, those after it have not begun; what it made is gone by then."""
    twice = {**MAKE, "cases": {"ok": {"status": 201}, "again": {"status": 201}}}
    a_suite(
        tmp_path,
        {"users.get": reads("a", "b"), "users.make": twice, "users.after": reads("c", "d"), "users.delete": DELETE},
    )
    crowd = Crowd(hold=2)
    with serve(crowd) as server:
        results = carried_out(tmp_path, env(server), width=8, allow_writes=True)

    asked = [f"{seen.method} {seen.path}" for seen in server.seen]
    assert {result.outcome for result in results.values()} == {Outcome.PASS}
    assert sorted(asked[:2]) == ["GET /users/7?n=a", "GET /users/7?n=b"]
    assert asked[2:6] == ["POST /users", "DELETE /users/12"] * 2
    assert sorted(asked[6:8]) == ["GET /users/7?n=c", "GET /users/7?n=d"]
    assert asked[8:] == ["DELETE /users/7"]


def test_a_server_that_is_started_for_a_case_is_started_alone(tmp_path: Path):
    """Each of ours leaves a mark where it finds that of another."""
    program = tmp_path / "server.py"
    program.write_text(PROGRAM)
    plan = {"command": [sys.executable, str(program), str(tmp_path)], "revision": "2025-11-25"}
    a_suite(tmp_path, {"whoami": TOOL}, mcp=plan, environments=None, auth=None)

    variables = env("http://127.0.0.1:9")

    results = carried_out(tmp_path, variables, width=8)

    run = a_run(tmp_path, variables)
    assert all(run.choose(case).alone for case in a_replayer(tmp_path).suite.cases)
    assert [result.outcome for result in results.values()] == [Outcome.PASS] * 3
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize("how", ["stopped", "cancelled"])
def test_an_interrupted_run_has_one_result_for_every_case(tmp_path: Path, how: str):
    """Those under way are errors, those that nobody had begun with say that they were not asked."""
    a_suite(tmp_path, {"users.get": reads(*"abcdef")})
    over = threading.Event()
    interrupt: list[Callable[[], object]] = []
    asked = threading.Barrier(2, timeout=20)

    def hang(_: Seen) -> Answer:
        if asked.wait() == 0:
            interrupt[0]()
        over.wait(20)
        return as_json({"id": 7})

    with serve(hang) as server:
        run = a_run(tmp_path, env(server), width=2)
        told: list[Result] = []

        async def main() -> None:
            going = asyncio.create_task(run.carry_out(a_replayer(tmp_path).suite.cases, told.append))
            end = run.stop if how == "stopped" else going.cancel
            interrupt.append(partial(asyncio.get_running_loop().call_soon_threadsafe, end))
            if how == "stopped":
                assert not await going
            else:
                with pytest.raises(asyncio.CancelledError):
                    await going

        asyncio.run(main())
        over.set()

    assert len(server.seen) == 2
    assert sorted(result.case.name for result in told) == list("abcdef")
    assert [codes(result) for result in told if result.outcome is Outcome.ERROR] == [["interrupted"]] * 2
    assert [result.reason for result in told if result.outcome is Outcome.SKIP] == [NOT_ASKED] * 4


def test_a_run_that_is_stopped_before_it_asks_has_a_result_for_every_case(tmp_path: Path):
    """Although none of those who would have asked has begun."""
    a_suite(tmp_path, {"users.make": MAKE, "users.get": reads(*"abc"), "users.delete": DELETE})
    told: list[Result] = []

    def tell(result: Result) -> None:
        told.append(result)
        if len(told) == 1:
            run.stop()

    with serve(Crowd()) as server:
        run = a_run(tmp_path, env(server), width=8, allow_writes=True)
        finished = asyncio.run(run.carry_out(a_replayer(tmp_path).suite.cases, tell))

    assert not finished
    assert [seen.method for seen in server.seen] == ["POST", "DELETE"]
    assert [result.reason for result in told[1:]] == [NOT_ASKED] * 4


def test_what_cannot_be_told_ends_the_run(tmp_path: Path):
    """A disk that is full is no vendor's fault: the others are broken off, and the trouble is passed on as it is."""
    a_suite(tmp_path, {"users.get": reads(*"abcdef")})

    def full(_: Result) -> None:
        raise OSError("no space is left")

    left_behind: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: left_behind.append(what))
        with pytest.raises(OSError, match="no space is left"):
            await run.carry_out(a_replayer(tmp_path).suite.cases, full)
        assert len(asyncio.all_tasks()) == 1

    with serve(Crowd(hold=2)) as server:
        run = a_run(tmp_path, env(server), width=2)
        asyncio.run(main())
    gc.collect()

    assert left_behind == []
    assert len(server.seen) <= 4
