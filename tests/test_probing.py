from __future__ import annotations

import asyncio
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from builders import a_case
from contract_files import a_vendor, an_operation, write
from loopback import Answer, Seen, serve
from probe_suites import a_probed_vendor
from provendor.contract import Suite
from provendor.errors import Fault, UsageError
from provendor.exchange import Exchange, Request
from provendor.probes.probing import Prober, _ReadOnly, probes_of
from provendor.probes.states import Thresholds
from provendor.reader import loading
from provendor.run import Replayer, Result
from provendor.wire.gate import Gate

pytestmark = pytest.mark.loopback


def asked(root: Path, *selectors: str, width: int = 10, **env: str) -> list[Result]:
    """Ask the probes of a suite, all at once, and return their results in order."""
    suite = loading.load(root)
    probes = probes_of(suite, selectors)

    async def work() -> list[Result]:
        replayer = Replayer(suite, today=date(2026, 11, 20))
        today = lambda: date(2026, 11, 20)  # noqa: E731 - a clock that stands
        async with Prober(replayer, Gate(width), env=env, paces=root / "paces", today=today) as prober:
            return await asyncio.gather(*map(prober.ask, probes))

    return asyncio.run(work())


def the_suite(root: Path, **operations: Any) -> Suite:
    """A vendor with these operations, keys by name."""
    resource = {name.replace("_", "."): an_operation(**keys) for name, keys in operations.items()}
    return loading.load(write(root, {"acme/vendor.yaml": a_vendor(), "acme/all.yaml": {"operations": resource}}))


EVERY = {"every": "60s", "timeout": "5s", "warn_after": "1s", "fail_after": 2, "recover_after": 3}


def test_a_probe_is_an_operation_that_says_so_asked_as_its_first_case_that_works(tmp_path: Path):
    """With what it says about how often, how long, and how many in a row."""
    cases = {
        "wrong-key": {"status": 401, "error": "unauthorized", "with": {"auth": "wrong"}},
        "recorded-only": {"status": 200, "live": "never"},
        "page-two": {"status": 200, "with": {"query": {"page": 2}}},
        "ok": {"status": 200},
        "empty": {"status": 200},
    }
    suite = the_suite(tmp_path, users_get={"probe": EVERY, "cases": cases}, users_list={})

    [probe] = probes_of(suite, [])

    assert probe.case.id == "acme/users.get:ok"
    assert probe.watched == ("acme", "users.get", "ok", "production")
    assert (probe.every_s, probe.warn_after_ms, probe.thresholds) == (60.0, 1000.0, Thresholds(2, 3))


def test_a_selector_that_selects_no_probe_is_an_error(tmp_path: Path):
    """Also beside one that does; it says what a probe is."""
    suite = the_suite(tmp_path, users_get={"probe": EVERY}, users_list={})

    assert [each.case.operation for each in probes_of(suite, ["acme"])] == ["users.get"]
    with pytest.raises(UsageError, match=r'"acme/users.list" selects no probe: a probe is an operation with `probe:`'):
        probes_of(suite, ["acme", "acme/users.list"])


def test_what_may_write_is_no_probe_whatever_it_declares(tmp_path: Path):
    """A PATCH that says that it only reads is not believed; a POST is."""
    suite = the_suite(
        tmp_path,
        users_change={"request": "PATCH /users/{user_id}", "safety": "read", "probe": EVERY},
        users_search={"request": "POST /search", "safety": "read", "probe": EVERY},
    )

    assert [each.case.operation for each in probes_of(suite, [])] == ["users.search"]


@pytest.mark.parametrize(
    ("method", "safety", "allowed"),
    [
        ("GET", "read", True),
        ("HEAD", "read", True),
        ("POST", "read", True),
        ("POST", "write", False),
        ("PUT", "read", False),
        ("PATCH", "read", False),
        ("DELETE", "read", False),
    ],
)
def test_what_may_write_does_not_go_out(method: str, safety: Any, allowed: bool):
    """Looked at once more, at each request."""
    sent: list[str] = []

    class Recorder:
        async def send(self, request: Request) -> Exchange:
            sent.append(request.method)
            raise Fault("no-answer", "nobody there", retryable=True)

    async def work() -> None:
        guarded = _ReadOnly(Gate(1), Recorder(), a_case(safety=safety))
        with pytest.raises(Fault) as fault:
            await guarded.send(Request(method, "https://acme.example/users/7"))
        assert fault.value.code == ("no-answer" if allowed else "not-read-only")

    asyncio.run(work())
    assert sent == ([method] if allowed else [])


def test_a_probe_asks_production_and_is_judged(tmp_path: Path):
    """By all checks; where, how long and by whom it was answered is known."""
    with serve(lambda _: Answer(body=b'{"id": 7}', headers={"content-type": "application/json"})) as server:
        [result] = asked(a_probed_vendor(tmp_path, server.url))

    assert (result.outcome, result.environment) == ("pass", "production")
    assert result.exchange is not None
    assert result.exchange.elapsed_ms is not None
    assert result.peer is not None
    assert result.peer.address == server.url.removeprefix("http://")
    assert [seen.path for seen in server.seen] == ["/health.get"]


def test_a_slow_answer_is_a_warn(tmp_path: Path):
    """Slower than `warn_after` of the probe."""
    with serve(lambda _: Answer(body=b'{"id": 7}', headers={"content-type": "application/json"})) as server:
        [result] = asked(a_probed_vendor(tmp_path, server.url, probe={"warn_after": "0.001ms"}))

    assert result.outcome == "warn"
    assert [finding.code for finding in result.findings] == ["latency"]


def test_a_vendor_whose_flag_is_off_is_left_alone(tmp_path: Path):
    """That was decided; a credential that is missing was not, and nobody is asked either way."""
    with serve(lambda _: Answer()) as server:
        secret = {"secrets": {"api_key": {"env": "ACME_API_KEY"}}, "auth": {"bearer": "{api_key}"}}
        root = a_probed_vendor(tmp_path, server.url, vendor={"live_flag": "ACME_LIVE", **secret})
        [off] = asked(root, ACME_API_KEY="s3cr3t-k3y")
        [missing] = asked(root, ACME_LIVE="1")

    assert (off.outcome, off.reason) == ("skip", "ACME_LIVE is not set")
    assert (missing.outcome, missing.reason) == ("error", "ACME_API_KEY is not set")
    assert [finding.code for finding in missing.findings] == ["not-ready"]
    assert server.seen == []


def test_a_vendor_that_hangs_delays_no_other(tmp_path: Path):
    """It answers only when all others have: with as few places as there can be that still ends well."""
    others_answered = threading.Semaphore(0)

    def hang(_: Seen) -> Answer:
        for _number in range(20):
            assert others_answered.acquire(timeout=30)
        return Answer(body=b'{"id": 1}', headers={"content-type": "application/json"})

    def answer(_: Seen) -> Answer:
        others_answered.release()
        return Answer(body=b'{"id": 1}', headers={"content-type": "application/json"})

    with serve(hang) as hanging, serve(answer) as healthy:
        a_probed_vendor(tmp_path, hanging.url, "hanging", probe={"timeout": "25s"})
        a_probed_vendor(tmp_path, healthy.url, "healthy", *(f"thing{number}.get" for number in range(20)))
        begun = time.monotonic()
        results = asked(tmp_path, width=1)

    assert [result.outcome for result in results] == ["pass"] * 21
    assert time.monotonic() - begun < 25


def test_a_control_target_answers_or_does_not():
    """Whatever it answers."""
    replayer = Replayer(Suite(Path(), {}), today=date(2026, 11, 20))

    async def work(*urls: str) -> list[bool]:
        async with Prober(replayer, Gate(1), env={}, paces=Path("nowhere"), today=date.today) as prober:
            return [await prober.answers(url) for url in urls]

    with serve(lambda _: Answer(status=500)) as server:
        assert asyncio.run(work(f"{server.url}/status")) == [True]
    assert asyncio.run(work(server.url)) == [False]
