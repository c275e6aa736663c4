from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from builders import a_case, a_live_exchange, an_exchange
from provendor import cli, evidence
from provendor.database import Database, Unusable
from provendor.exchange import Attempt
from provendor.probes.history import (
    DAY_S,
    FILE,
    HOUR_S,
    KEPT_LONG_S,
    KEPT_S,
    STEPS,
    History,
    Sample,
    Transition,
    Watched,
    sample,
)
from provendor.probes.states import State, Streak
from provendor.redaction.redact import Redactor
from provendor.run import Result
from provendor.verdict import Blame, Finding, Outcome, Party, Verdict

NOW = 1_795_608_000.0
"""A full hour: 2026-11-25 12:00 UTC."""
HEALTH = Watched("chatwoot", "health.web", "ok", "production")
SHOP = Watched("shopify", "shop.get", "ok", "production")


def a_sample(at: float = NOW, outcome: str = "pass", watched: Watched = HEALTH, **changes: Any) -> Sample:
    """A result of 100 ms; one that is no pass has a reason."""
    known: dict[str, Any] = {"status": 200, "elapsed_ms": 100.0}
    if outcome in ("fail", "error"):
        known.update(code="vendor-down", party=Party.VENDOR, reason="status: expected 200, got 503", run="r1")
    return Sample(watched, at, Outcome(outcome), **{**known, **changes})


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "reports"


def kept(reports: Path, *samples: Sample) -> None:
    with History(reports) as history:
        history.record(samples)


def test_results_are_there_the_next_time(reports: Path):
    """As they were kept, by case."""
    first, second = a_sample(), a_sample(NOW + 60, "fail", attempts=3)
    kept(reports, first, a_sample(watched=SHOP))
    kept(reports, second)

    with History(reports) as history:
        assert history.last("chatwoot") == {HEALTH: second}
        assert history.failures() == [second]
        assert history.last_good() == {HEALTH: NOW, SHOP: NOW}


def test_states_and_transitions_are_kept_with_their_result(reports: Path):
    """What a result changed is kept together with it."""
    state = State(Outcome.FAIL, NOW, Outcome.FAIL, NOW, NOW - 60, Streak(1, NOW), Streak(2, NOW - 60))
    change = Transition(HEALTH, NOW, Outcome.PASS, Outcome.FAIL, NOW - 60, "vendor-down", Party.VENDOR, "why", "r1")
    with History(reports) as history:
        history.record([a_sample(NOW, "fail")], {HEALTH: state, SHOP: State()}, [change])

    with History(reports) as history:
        assert history.states() == {HEALTH: state, SHOP: State()}
        assert history.states("shopify") == {SHOP: State()}
        assert history.transitions() == [change._replace(number=1)]
        assert history.transitions("shopify") == []
        assert history.transitions(since=NOW + 1) == []


def test_nothing_is_kept_of_a_record_that_fails(reports: Path):
    """Neither the results before it, nor the case that they were the first of."""
    broken = a_sample(watched=SHOP)._replace(outcome=None)  # type: ignore[arg-type]
    with History(reports) as history:
        with pytest.raises(Unusable):
            history.record([a_sample(watched=SHOP), broken])
        history.record([a_sample(watched=HEALTH)])

        assert list(history.last()) == [HEALTH]
        assert list(history.watched().values()) == [HEALTH]


def test_two_results_of_one_millisecond_are_two(reports: Path):
    """Also three."""
    kept(reports, a_sample(), a_sample(outcome="warn"), a_sample(outcome="fail"))

    with History(reports) as history:
        [period] = history.periods(None, NOW, NOW)
        assert period.counts == {"pass": 1, "warn": 1, "fail": 1, "error": 0}
        assert history.database.read("SELECT count(*) FROM results") == [(3,)]


def test_results_that_are_kept_together_are_counted_together(reports: Path):
    """With those of the same hour and the same latency that were there before."""
    for first in (NOW, NOW + 1):
        kept(reports, a_sample(first), a_sample(first + 0.2), a_sample(first + 0.4))

    with History(reports) as history:
        [period] = history.periods(None, NOW - 3 * DAY_S, NOW)  # latencies of whole days are of what was counted
        assert period.counts[Outcome.PASS] == 6
        assert list(period.latencies.values()) == [6]
        assert list(period.hours.values()) == [(6, 6)]


def test_uptime_counts_what_somebody_could_rely_on(reports: Path):
    """A warn is good enough, what could not be told is not; nothing at all is unknown."""
    kept(reports, *(a_sample(NOW + n, each) for n, each in enumerate(["pass", "warn", "error", "fail"])))

    with History(reports) as history:
        [period] = history.periods("chatwoot", NOW, NOW + 60)
        assert period.uptime == 0.5
        assert period.parties == {Party.VENDOR: 2}
        [later] = history.periods("chatwoot", NOW + 2 * DAY_S, NOW + 3 * DAY_S)
        assert later.uptime is None


@pytest.mark.parametrize("days", [1, 3])
def test_latencies_are_of_single_results_or_of_whole_days(reports: Path, days: int):
    """Both give the same counts where the days are the same."""
    midnight = NOW - 12 * HOUR_S
    kept(reports, *(a_sample(midnight + n, elapsed_ms=n % 7 * 50.0) for n in range(200)), a_sample(elapsed_ms=None))

    with History(reports) as history:
        [period] = history.periods("chatwoot", midnight - (days - 1) * DAY_S, midnight + DAY_S - 1)

    assert sum(period.latencies.values()) == 200
    assert len(period.latencies) == 7


def test_the_shares_of_a_time_are_in_order_and_unknown_where_nobody_asked(reports: Path):
    """The first and the last hour lean out."""
    hours = {0: "pass", 1: "fail", 4: "warn", 5: "pass"}
    kept(reports, *(a_sample(NOW + hour * HOUR_S, outcome) for hour, outcome in hours.items()))

    with History(reports) as history:
        [period] = history.periods("chatwoot", NOW + 600, NOW + 6 * HOUR_S - 600)

    assert period.shares(NOW + 600, NOW + 6 * HOUR_S - 600, 3) == [0.5, None, 1.0]
    assert period.shares(NOW, NOW, 1) == [0.75]


def test_passes_are_forgotten_before_failures_and_counts_stay(reports: Path):
    """Uptime stays right after the single passes have gone."""
    old = NOW - KEPT_S - DAY_S
    kept(reports, a_sample(old), a_sample(old + 60, "fail"), a_sample(NOW))

    with History(reports) as history:
        history.prune(NOW)
        assert history.database.read("SELECT outcome FROM results ORDER BY at") == [("fail",), ("pass",)]
        [period] = history.periods(None, old - DAY_S, NOW)
        assert period.counts == {"pass": 2, "warn": 0, "fail": 1, "error": 0}
        assert sum(period.latencies.values()) == 3

        history.prune(old + KEPT_LONG_S + 2 * DAY_S)
        [period] = history.periods(None, old - DAY_S, NOW)
        assert period.counts == {"pass": 1, "warn": 0, "fail": 0, "error": 0}


def test_how_a_probe_stands_is_never_forgotten(reports: Path):
    """It may have been asked last a year ago."""
    with History(reports) as history:
        history.record([a_sample()], {HEALTH: State(Outcome.PASS, NOW)})
        history.prune(NOW + 2 * KEPT_LONG_S)

        assert history.states() == {HEALTH: State(Outcome.PASS, NOW)}
        assert history.last() == {}


def test_a_reader_makes_nothing(reports: Path):
    """No folder, no file."""
    assert History.existing(reports) is None
    assert not reports.exists()


@pytest.mark.parametrize("version", range(len(STEPS) + 1))
def test_a_file_of_every_older_version_is_brought_forward(reports: Path, version: int):
    """With what is in it."""
    with Database(reports / FILE, STEPS, version=version) as old:
        if version:
            old.many("INSERT INTO cases VALUES (7, ?, ?, ?, ?)", [HEALTH])
            rows = [(7, int(NOW * 1000), "pass", 200, 100_000, 1, None, None, None, None)]
            old.many(f"INSERT INTO results VALUES ({', '.join('?' * 10)})", rows)

    with History(reports) as history:
        history.record([a_sample(NOW + 60)])
        assert history.last_good() == {HEALTH: NOW + 60}
        assert history.database.read("SELECT count(*) FROM results") == [(2 if version else 1,)]


def test_a_writer_that_is_killed_loses_nothing_that_it_had_recorded(reports: Path):
    """And the file is whole."""
    script = (
        "import os, signal, sys, test_history as t; from pathlib import Path\n"
        "with t.History(Path(sys.argv[1])) as history:\n"
        "    for n in range(50): history.record([t.a_sample(t.NOW + n)])\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", script, str(reports)], env=here, check=False)

    assert done.returncode == -signal.SIGKILL
    with History(reports) as history:
        assert history.database.read("SELECT count(*) FROM results") == [(50,)]
        assert history.database.read("PRAGMA integrity_check") == [("ok",)]


def test_processes_write_at_once_and_nothing_is_lost(reports: Path):
    """Each waits for the other."""
    script = (
        "import sys, test_history as t; from pathlib import Path\n"
        "with t.History(Path(sys.argv[1])) as history:\n"
        "    for n in range(100): history.record([t.a_sample(t.NOW + n)])\n"
    )
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    running = [subprocess.Popen([sys.executable, "-c", script, str(reports)], env=here) for _ in range(3)]

    assert [each.wait() for each in running] == [0, 0, 0]
    with History(reports) as history:
        [period] = history.periods(None, NOW, NOW + HOUR_S)
        assert period.counts[Outcome.PASS] == 300
        assert history.database.read("SELECT count(*) FROM results") == [(300,)]


# --- from evidence ----------------------------------------------------------------------------------------------------


def a_record(outcome: str = "pass", **changes: Any) -> dict[str, Any]:
    """A probe's result as evidence writes it."""
    known: dict[str, Any] = {
        "case": a_case("chatwoot/health.web:ok"),
        "outcome": Outcome(outcome),
        "verdicts": (Verdict("documented-status", Outcome.PASS),),
        "started_at": NOW,
        "duration_ms": 103.0,
        "exchange": a_live_exchange(),
        "environment": "production",
        "attempts": (Attempt(NOW, 200),),
    }
    return evidence.result_json(Result(**{**known, **changes}), Redactor({"key": "s3cr3t-value"}))


def test_a_live_pass_is_kept_without_words():
    """There are millions of them."""
    assert sample(a_record(), "r1") == Sample(HEALTH, NOW, Outcome.PASS, 200, 100.0, 1)


def test_a_live_failure_is_kept_with_what_was_wrong_and_whose_fault_it_is():
    """In one line, without a secret, with the run that holds the rest."""
    failed = Verdict("documented-status", Outcome.FAIL, (Finding("status", "200", "503 s3cr3t-value", key="status"),))
    late = Verdict("latency", Outcome.WARN, (Finding("latency", "800 ms", "900 ms", level=Outcome.WARN),))
    told = sample(a_record("fail", verdicts=(late, failed), blame=Blame(Party.VENDOR, "it says so")), "r1")

    assert told is not None
    assert (told.code, told.party, told.run) == ("status", Party.VENDOR, "r1")
    assert told.reason == "status: expected 200, got 503 <key>"


def test_a_reason_is_not_longer_than_a_line():
    """A body can be a novel."""
    long = Verdict("body", Outcome.FAIL, (Finding("body-text", "x", "y" * 5000, at="/a"),))
    told = sample(a_record("fail", verdicts=(long,)), "r1")

    assert told is not None
    assert told.reason is not None
    assert told.reason.startswith("body-text at /a: expected x, got yyy")
    assert len(told.reason) < 310


def test_a_replay_is_never_kept():
    """It proves nothing about today; neither does what was skipped."""
    replayed: dict[str, Any] = {"exchange": an_exchange(), "environment": None, "attempts": ()}

    assert sample(a_record(**replayed), "r1") is None
    assert sample(a_record(fallback="CHATWOOT_LIVE is not set", **replayed), "r1") is None
    assert sample(a_record("skip"), "r1") is None


# --- the command ------------------------------------------------------------------------------------------------------


def told(capsys: pytest.CaptureFixture[str], reports: Path, *words: str) -> tuple[int, str, str]:
    code = cli.main(["history", *words, "--report", str(reports)])
    return code, *capsys.readouterr()


@pytest.fixture
def troubled(reports: Path) -> Path:
    """A probe that was bad for half an hour; another vendor's that never was."""
    change = Transition(
        HEALTH, NOW + 60, Outcome.PASS, Outcome.FAIL, NOW, "vendor-down", Party.VENDOR, "status: 503", "r1"
    )
    state = State(Outcome.PASS, NOW + 1860, Outcome.PASS, NOW + 3540, NOW + 3540, Streak(29, NOW), Streak(29, NOW))
    back = Transition(HEALTH, NOW + 1860, Outcome.FAIL, Outcome.PASS, NOW)
    samples = [a_sample(NOW + 60 * n, "fail" if 0 < n <= 30 else "pass", elapsed_ms=100 + n) for n in range(60)]
    with History(reports) as history:
        history.record([*samples, a_sample(watched=SHOP)], {HEALTH: state}, [change, back])
    return reports


def test_history_tells_since_when_and_what_changed(troubled: Path, capsys: pytest.CaptureFixture[str]):
    """State, last good, uptime with whose fault it was, latencies, transitions."""
    code, out, _ = told(capsys, troubled, "chatwoot", "--since", "2026-11-25")

    assert code == 0
    assert "PASS  chatwoot/health.web:ok  production" in out
    assert "pass since 2026-11-25 12:31 UTC" in out
    assert "last good 2026-11-25 12:59 UTC" in out
    assert "uptime    50.00% since 2026-11-25 00:00 UTC: 30 pass, 30 fail (vendor 30)" in out
    assert "latency   p50 1" in out
    assert "2026-11-25 12:01 UTC  pass -> fail  vendor  status: 503\n" in out
    assert "2026-11-25 12:31 UTC  fail -> pass\n" in out
    assert "shopify" not in out
    assert "·" not in out, "the picture is for terminals"


def test_history_for_machines_is_one_document(troubled: Path, capsys: pytest.CaptureFixture[str]):
    """Moments as text, what is not known as null."""
    code, out, _ = told(capsys, troubled, "--json", "--since", "2026-11-25")
    health, shop = json.loads(out)["cases"]

    assert code == 0
    assert (health["id"], health["state"], health["uptime"]) == ("chatwoot/health.web:ok", "pass", 0.5)
    assert health["since"] == "2026-11-25T12:31:00.000Z"
    assert health["counts"] == {"pass": 30, "warn": 0, "fail": 30, "error": 0}
    assert health["blame"] == {"vendor": 30}
    assert [(each["before"], each["after"]) for each in health["transitions"]] == [("pass", "fail"), ("fail", "pass")]
    assert health["latency_ms"]["p50"] == pytest.approx(129, rel=0.03)
    assert (shop["state"], shop["last"]["outcome"]) == (None, "pass")


def test_history_takes_any_selector(troubled: Path, capsys: pytest.CaptureFixture[str]):
    """Also of cases that no contract has any more."""
    _, out, _ = told(capsys, troubled, "*/shop.*", "--since", "2026-11-25", "--json")

    assert [each["id"] for each in json.loads(out)["cases"]] == ["shopify/shop.get:ok"]


def test_history_of_a_vendor_that_was_never_asked_is_an_error(troubled: Path, capsys: pytest.CaptureFixture[str]):
    """With a suggestion."""
    code, _, err = told(capsys, troubled, "chatwot")

    assert (code, err) == (2, 'provendor: nothing is known of "chatwot", did you mean "chatwoot"?\n')


def test_without_a_history_there_is_nothing_to_tell(reports: Path, capsys: pytest.CaptureFixture[str]):
    """Which is not a success."""
    code, out, err = told(capsys, reports)

    assert (code, out) == (4, "")
    assert "holds no history: live runs" in err


def test_a_history_that_cannot_be_read_is_said(reports: Path, capsys: pytest.CaptureFixture[str]):
    """In one line, with what to do."""
    reports.mkdir()
    (reports / FILE).write_bytes(b"nonsense" * 1000)
    code, _, err = told(capsys, reports)

    assert code == 2
    assert err.count("\n") == 1
    assert "is damaged or no SQLite file: move it away" in err


def test_hostile_text_in_the_file_reaches_no_terminal(troubled: Path, capsys: pytest.CaptureFixture[str]):
    """A reason may hold what a vendor sent."""
    with sqlite3.connect(troubled / FILE) as connection:
        connection.execute("UPDATE transitions SET reason = 'a' || char(27) || '[2Jb'")
    connection.close()
    _, out, _ = told(capsys, troubled, "chatwoot", "--since", "2026-11-25")

    assert "a\\x1b[2Jb" in out


def test_a_picture_shows_where_it_was_bad(troubled: Path):
    """Full where all was well, a dot where nobody asked; only on a terminal."""
    from provendor.commands.history import _picture

    assert _picture([1.0, 0.999, 0.5, 0.0, None]) in ("█▇▄▁·", "#63_.")


def test_half_a_character_in_a_vendors_text_loses_no_result(reports: Path):
    """JSON may name one; SQLite cannot hold it."""
    finding = {
        "code": "body-schema",
        "level": "fail",
        "at": "",
        "key": "",
        "expected": "x",
        "actual": 'string "\ud83d"',
    }
    live: dict[str, Any] = {"environment": "production", "attempts": [], "peer": None, "blame": None}
    record = {
        "vendor": "a", "operation": "b", "case": "c", "outcome": "fail", "error": None, "reason": None, "status": 200,
        "elapsed_ms": 1.0, "source": "live", "started_at": "2026-11-25T12:00:00Z", "live": live,
        "verdicts": [{"check": "body", "outcome": "fail", "reason": None, "findings": [finding]}],
    }  # fmt: skip
    found = sample(record, "r1")
    assert found is not None

    kept(reports, found)

    with History(reports) as history:
        (failure,) = history.failures()
    assert failure.reason == 'body-schema: expected x, got string "\\ud83d"'
