"""The command from outside: real processes, real sockets on loopback, real files."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from contract_files import a_resource, a_vendor, write
from loopback import Answer, Seen, serve
from probe_suites import a_probed_vendor, environment, evidence, probe, told, words
from provendor.probes.history import FILE, History, Watched
from provendor.probes.sole import Sole
from provendor.probes.states import State
from provendor.verdict import Outcome

pytestmark = pytest.mark.loopback

HEALTH = Watched("acme", "health.get", "ok", "production")
GOOD = Answer(body=b'{"id": 7}', headers={"content-type": "application/json"})


def test_a_healthy_vendor_passes_and_leaves_evidence_and_history(tmp_path: Path):
    """Exit 0; of production, live, with a latency."""
    with serve(lambda _: GOOD) as server:
        done = probe(a_probed_vendor(tmp_path, server.url), "--json")

    [record] = evidence(tmp_path)
    assert (done.returncode, told(done)["outcome"], done.stderr) == (0, "pass", "")
    assert (record["source"], record["live"]["environment"]) == ("live", "production")
    assert record["state"] == {
        "judged": "pass",
        "outcome": "pass",
        "since": record["started_at"],
        "last_good": record["started_at"],
    }
    with History(tmp_path / "reports") as history:
        last = history.last()[HEALTH]
        assert (last.outcome, last.status, history.states()[HEALTH].outcome) == ("pass", 200, "pass")
        assert last.elapsed_ms is not None
        assert [(each.before, each.after) for each in history.transitions()] == [(None, "pass")]


def test_failures_and_recoveries_count_when_they_are_confirmed(tmp_path: Path):
    """Over several runs: two in a row for the worse and for the better; until then it is a warn that says so."""
    answers = iter([200, 503, 503, 200, 200])
    outcomes, exits = [], []
    with serve(lambda _: GOOD if (status := next(answers)) == 200 else Answer(status)) as server:
        a_probed_vendor(tmp_path, server.url, probe={"fail_after": 2, "recover_after": 2})
        for _ in range(5):
            done = probe(tmp_path, "--json")
            outcomes.append(told(done)["outcome"])
            exits.append(done.returncode)

    assert outcomes == ["pass", "warn", "fail", "warn", "pass"]
    assert exits == [0, 0, 1, 0, 0]
    with History(tmp_path / "reports") as history:
        assert [str(each.after) for each in history.transitions()] == ["pass", "fail", "pass"]
        assert [each.party for each in history.transitions()] == [None, "vendor", None]


def test_the_first_result_of_a_probe_stands_as_it_is(tmp_path: Path):
    """Nothing good is known of it."""
    with serve(lambda _: Answer(503)) as server:
        done = probe(a_probed_vendor(tmp_path, server.url, probe={"fail_after": 3}))

    assert done.returncode == 1
    assert "FAIL  acme/health.get:ok" in done.stdout
    assert "blame     vendor: it answered 503 (vendor-down)" in done.stdout
    assert "answers: 1 live from production" in done.stdout
    assert "run it again: provendor probe acme/health.get:ok" in done.stdout
    assert "1 case: 1 fail" in done.stdout


def test_a_vendor_that_nobody_reaches_could_not_be_told(tmp_path: Path):
    """Exit 3; whose fault it is follows from the other vendor, which answers."""
    with serve(lambda _: GOOD) as server:
        a_probed_vendor(tmp_path, "http://127.0.0.1:9", "broken")
        a_probed_vendor(tmp_path, server.url, "healthy")
        first = probe(tmp_path, "--json")

    broken, healthy = evidence(tmp_path)
    assert (first.returncode, broken["outcome"], healthy["outcome"]) == (3, "error", "pass")
    assert broken["live"]["blame"]["party"] == "ours"
    assert "while 1 other vendor answered, and it never worked" in broken["live"]["blame"]["why"]


def test_where_nobody_answers_it_is_the_network(tmp_path: Path):
    """The control target does not either."""
    a_probed_vendor(tmp_path, "http://127.0.0.1:9", "broken")
    done = probe(tmp_path, "--control", "http://127.0.0.1:9/status?key=canary-4f1c9d7e")

    [record] = evidence(tmp_path)
    assert done.returncode == 3
    assert record["live"]["blame"] == {
        "party": "network",
        "why": "its machine refuses the connection, and the one control target has not answered either",
    }
    assert "canary" not in done.stdout + done.stderr


def test_control_targets_may_stand_in_the_environment(tmp_path: Path):
    """Of several, one that answers is enough to know."""
    with serve(lambda _: Answer(404)) as server:
        a_probed_vendor(tmp_path, "http://127.0.0.1:9")
        probe(tmp_path, PROVENDOR_CONTROL=f"http://127.0.0.1:9 {server.url}")

    assert "while 1 control target answered" in evidence(tmp_path)[0]["live"]["blame"]["why"]


@pytest.mark.parametrize(
    ("words", "env", "said"),
    [
        (["--control", "status.example"], {}, "--control status.example: "),
        ([], {"PROVENDOR_CONTROL": "https://one.example canary-4f1c9d7e"}, "PROVENDOR_CONTROL: "),
        (["--every", "1s"], {"PROVENDOR_HEARTBEAT": "canary-4f1c9d7e.example"}, "PROVENDOR_HEARTBEAT: "),
        (["--every", "1s"], {"PROVENDOR_HEARTBEAT": "https://[canary-4f1c9d7e"}, "PROVENDOR_HEARTBEAT: "),
    ],
)
def test_what_is_no_url_is_refused_before_anybody_is_asked(
    tmp_path: Path, words: list[str], env: dict[str, str], said: str
):
    """A control target that never answers would make every outage one of our network's. What may be secret is not shown."""
    done = probe(a_probed_vendor(tmp_path, "http://127.0.0.1:9"), *words, **env)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"{said}expected a URL such as https://status.example/" in done.stderr
    assert "canary" not in done.stderr


def test_a_vendor_whose_flag_is_off_is_not_judged(tmp_path: Path):
    """And a run that judges nothing is no success."""
    a_probed_vendor(tmp_path, "http://127.0.0.1:9", vendor={"live_flag": "ACME_LIVE"})
    done = probe(tmp_path)

    assert done.returncode == 4
    assert "SKIP  acme/health.get:ok" in done.stdout
    assert "ACME_LIVE is not set" in done.stdout
    assert "answers:" not in done.stdout


def test_contracts_without_probes_are_said(tmp_path: Path):
    """Nothing was asked."""
    done = probe(write(tmp_path, {"acme/vendor.yaml": a_vendor(), "acme/users.yaml": a_resource()}))

    assert (done.returncode, done.stdout) == (4, "")
    assert "declares no probe" in done.stderr


def test_no_secret_reaches_console_or_disk(tmp_path: Path):
    """Not even where the vendor sends it back."""

    def echo(seen: Seen) -> Answer:
        return Answer(
            503, f'{{"you": "{seen.headers["authorization"]}"}}'.encode(), {"x-you": seen.headers["authorization"]}
        )

    with serve(echo) as server:
        secret = {"secrets": {"api_key": {"env": "ACME_API_KEY"}}, "auth": {"bearer": "{api_key}"}}
        a_probed_vendor(tmp_path, server.url, vendor=secret)
        done = probe(tmp_path, ACME_API_KEY="canary-4f1c9d7e")

    assert done.returncode == 1
    assert server.seen[0].headers["authorization"] == "Bearer canary-4f1c9d7e"
    assert "canary" not in done.stdout + done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file() and b"canary" in path.read_bytes()] == []


def test_a_damaged_history_stops_no_probe(tmp_path: Path):
    """It is said, the evidence has the result, the file stays as it is."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / FILE).write_bytes(b"nonsense" * 1000)
    with serve(lambda _: GOOD) as server:
        done = probe(a_probed_vendor(tmp_path, server.url))

    assert done.returncode == 0
    assert "is damaged or no SQLite file: move it away" in done.stdout
    assert [record["outcome"] for record in evidence(tmp_path)] == ["pass"]
    assert (tmp_path / "reports" / FILE).read_bytes() == b"nonsense" * 1000


def test_beside_another_prober_only_results_are_kept(tmp_path: Path):
    """How the probe stands is for the other one to say."""
    with serve(lambda _: Answer(503)) as server, Sole(tmp_path / "reports") as sole:
        assert sole.held
        probe(a_probed_vendor(tmp_path, server.url))

    with History(tmp_path / "reports") as history:
        assert history.last()[HEALTH].outcome is Outcome.FAIL
        assert history.states() == {}
        assert history.transitions() == []


def test_a_round_that_ends_in_an_error_closes_its_history(tmp_path: Path):
    """Whoever reads the lines is gone: SQLite's journal, which lies beside the history while it is open, is put away."""
    end, line = os.pipe()
    os.close(end)
    with serve(lambda _: GOOD) as server:
        a_probed_vendor(tmp_path, server.url)
        command = words(tmp_path)
        done = subprocess.run(
            command, stdout=line, env=environment(tmp_path, PYTHONUNBUFFERED="1"), check=False, timeout=120
        )
    os.close(line)

    assert done.returncode == 2
    assert [file.name for file in (tmp_path / "reports").glob(f"{FILE}*")] == [FILE]


def test_an_interrupted_run_has_a_result_for_every_probe(tmp_path: Path):
    """Those that were broken off say so, and count for nothing."""
    asked, ended = threading.Event(), threading.Event()

    def answer(seen: Seen) -> Answer:
        if seen.path == "/slow.get":
            asked.set()
            ended.wait(30)
        return GOOD

    with serve(answer) as server:
        a_probed_vendor(tmp_path, server.url, "acme", "health.get", "slow.get", probe={"timeout": "30s"})
        running = subprocess.Popen(
            words(tmp_path, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(tmp_path)
        )
        assert asked.wait(30)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=30)
        ended.set()

    health, slow = evidence(tmp_path)
    assert running.returncode == 3
    assert (slow["outcome"], slow["verdicts"][0]["findings"][0]["code"]) == ("error", "interrupted")
    assert health["outcome"] in ("pass", "error")
    with History(tmp_path / "reports") as history:
        assert Watched("acme", "slow.get", "ok", "production") not in history.last()
        assert State() not in history.states().values()


@pytest.mark.parametrize("width", ["0", "1000", "many"])
def test_a_width_that_cannot_be_is_refused(tmp_path: Path, width: str):
    """The message says what can be."""
    done = probe(a_probed_vendor(tmp_path, "http://127.0.0.1:9"), "--width", width)

    assert done.returncode == 2
    assert "expected a number from 1 to 240" in done.stderr
