"""A prober that stays, from outside: real processes, real signals, real sockets on loopback, real files."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import threading
import time
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest

from loopback import Answer, Seen, Server, serve
from probe_suites import a_probed_vendor, probe, told
from provendor.probes.daemon import LATE, OVERLAPPED
from provendor.probes.history import FILE, History
from provendor.probes.outbox import Outbox
from provendor.probes.slots import ABSENT, KILLED, Account, End, Ledger
from staying_probers import staying

pytestmark = [pytest.mark.slow, pytest.mark.loopback]

GOOD = Answer(body=b'{"id": 7}', headers={"content-type": "application/json"})


BUSY = {LATE, OVERLAPPED}
"""Why slots are skipped where a machine has more to do than to probe."""


def accounts(root: Path) -> dict[str, Account]:
    """What became of every slot so far, by operation; moments after the prober's last sign of life left out."""
    with History(root / "reports") as history:
        ledger = Ledger(history)
        alive = ledger.alive()
        assert alive is not None
        return {each.watched.operation: each for each in ledger.accounts(0, alive)}


def channel(server: Server) -> str:
    """A URL of Apprise that posts JSON to a server."""
    return server.url.replace("http://", "json://")


def titles(server: Server) -> list[str]:
    return [json.loads(seen.body)["title"] for seen in server.seen]


def may_write(pid: int, size: int) -> None:
    """Let a process make files of this size and no larger, which it takes for a full disk."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def get(url: str) -> tuple[int, str, str]:
    """Status, content type and body of a page."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.headers["content-type"], answer.read().decode()
    except HTTPError as answer:
        return answer.code, answer.headers["content-type"], answer.read().decode()


def test_every_slot_has_a_result_until_it_is_told_to_end(tmp_path: Path):
    """SIGTERM: nothing more is planned, what is asked may answer, exit 0."""
    with serve(lambda _: GOOD) as server:
        a_probed_vendor(tmp_path, server.url, "acme", "one.get", "two.get")
        with staying(tmp_path, every="2s") as prober:  # time enough, also on a machine that does much else
            prober.results(3, id="acme/one.get:ok", outcome="pass")
            prober.results(3, id="acme/two.get:ok", outcome="pass")
            assert prober.end() == 0

    found = accounts(tmp_path)
    assert set(found) == {"one.get", "two.get"}
    for each in found.values():
        assert each.ends[End.RESULT] >= 3
        assert (each.unknown, each.reasons) == (0, {})
    with History(tmp_path / "reports") as history:
        assert history.database.read("SELECT count(*) FROM results") == [
            (sum(each.ends[End.RESULT] for each in found.values()),)
        ]
    assert (tmp_path / "reports" / "run.json").exists()


def test_after_a_kill_every_slot_is_accounted_for(tmp_path: Path):
    """By the next prober: what was asked and never answered, and what nobody asked."""
    answers, hang = threading.Event(), threading.Event()

    def answer(seen: Seen) -> Answer:
        if seen.path == "/slow.get":
            hang.set()
            answers.wait(30)
        return GOOD

    with serve(answer) as server:
        a_probed_vendor(tmp_path, server.url, "acme", "fast.get", "slow.get", probe={"timeout": "30s"})
        with staying(tmp_path) as prober:
            prober.results(3, id="acme/fast.get:ok")
            assert hang.wait(30)
            # A bundle that was written later shows that the prober lived while the slow one was asked.
            prober.results(6, id="acme/fast.get:ok")
            assert prober.end(signal.SIGKILL) == -signal.SIGKILL
        answers.set()
        with staying(tmp_path) as prober:
            prober.results(2, id="acme/slow.get:ok")
            assert prober.end() == 0

    found = accounts(tmp_path)
    assert {each.unknown for each in found.values()} == {0}
    assert found["slow.get"].reasons[KILLED] >= 1
    assert found["fast.get"].reasons.get(ABSENT, 0) + found["fast.get"].reasons.get(KILLED, 0) >= 1


def test_a_probe_that_is_still_asked_is_not_asked_again(tmp_path: Path):
    """Its slots are skipped, and say why."""
    now, most = 0, 0

    def answer(_: Seen) -> Answer:
        nonlocal now, most
        now += 1
        most = max(most, now)
        time.sleep(1.2)
        now -= 1
        return GOOD

    with serve(answer) as server, staying(a_probed_vendor(tmp_path, server.url)) as prober:
        prober.results(2, outcome="pass")
        assert prober.end() == 0

    [account] = accounts(tmp_path).values()
    assert most == 1
    assert account.ends[End.SKIPPED] >= 2
    assert account.reasons[OVERLAPPED] >= 2
    assert set(account.reasons) <= BUSY
    assert account.unknown == 0


def test_contracts_are_taken_up_when_they_change(tmp_path: Path):
    """A broken edit keeps the old ones and says so; none of the probes that stay loses a slot."""
    with serve(lambda _: GOOD) as server:
        a_probed_vendor(tmp_path, server.url, "acme", "one.get")
        contract = tmp_path / "contracts" / "acme" / "all.yaml"
        good = contract.read_text()
        with staying(tmp_path) as prober:
            prober.results(1)
            contract.write_text("operations: {")
            said = prober.hears("the new contracts cannot be used, the old ones stay")
            assert "contracts/acme/all.yaml:2:1" in said
            prober.results(len(prober.rows) + 2, id="acme/one.get:ok")
            a_probed_vendor(tmp_path, server.url, "acme", "one.get", "two.get")
            prober.results(2, id="acme/two.get:ok")
            contract.write_text(good)
            prober.hears("new contracts: 1 probes")
            assert prober.end() == 0

    found = accounts(tmp_path)
    assert {name: each.unknown for name, each in found.items()} == {"one.get": 0, "two.get": 0}
    assert set(found["one.get"].reasons) <= BUSY


def test_sighup_loads_the_contracts_anew(tmp_path: Path):
    """Whether they have changed or not."""
    with serve(lambda _: GOOD) as server, staying(a_probed_vendor(tmp_path, server.url)) as prober:
        prober.results(1)
        prober.process.send_signal(signal.SIGHUP)
        prober.hears("new contracts: 1 probes of 1 vendors")
        assert prober.end() == 0


def test_people_are_told_once_that_it_is_down_and_once_that_it_is_up(tmp_path: Path):
    """Also where the prober is killed in between, and over every channel."""
    broken = threading.Event()
    broken.set()
    with serve(lambda _: Answer(503) if broken.is_set() else GOOD) as vendor, serve(lambda _: Answer()) as people:
        a_probed_vendor(tmp_path, vendor.url, probe={"fail_after": 2}, vendor={"runbook": "https://wiki.example/acme"})
        env = {"PROVENDOR_ALERT_OPS": channel(people)}
        with staying(tmp_path, **env) as prober:
            prober.results(1, changed=True)
            prober.results(5)
            assert prober.end() == 0
        assert titles(people) == ["DOWN acme/health.get (vendor)"]
        said = json.loads(people.seen[0].body)["message"]
        for line in (
            "what:      unknown -> fail, status: expected 200, got 503",
            "last good: never, as far as is known",
            "blame:     vendor: it answered 503 (vendor-down)",
            "rerun:     provendor probe acme/health.get",
            "runbook:   https://wiki.example/acme",
        ):
            assert line in said
        with staying(tmp_path, **env) as prober:
            prober.results(2)
            prober.end(signal.SIGKILL)
        broken.clear()
        with staying(tmp_path, **env) as prober:
            prober.results(1, changed=True)
            assert prober.end() == 0

    assert titles(people) == ["DOWN acme/health.get (vendor)", "RECOVERED acme/health.get"]
    with History(tmp_path / "reports") as history:
        assert Outbox(history).counts() == {"sent": 2}


def test_alerts_that_are_on_their_way_when_it_is_told_to_end_go_out(tmp_path: Path):
    """Also those behind one that takes long: none is left of which nobody knows whether it was sent."""
    begun, ended = threading.Event(), threading.Event()

    def slow(_: Seen) -> Answer:
        begun.set()
        ended.wait(3)
        return Answer()

    with serve(lambda _: Answer(503)) as vendor, serve(slow) as people:
        a_probed_vendor(tmp_path, vendor.url, "acme")
        a_probed_vendor(tmp_path, vendor.url, "zenith")
        with staying(tmp_path, PROVENDOR_ALERT_OPS=channel(people)) as prober:
            assert begun.wait(30)
            prober.process.send_signal(signal.SIGTERM)
            prober.hears("ending: nothing more is planned")
            ended.set()
            assert prober.end() == 0

    assert sorted(titles(people)) == ["DOWN acme/health.get (vendor)", "DOWN zenith/health.get (vendor)"]
    with History(tmp_path / "reports") as history:
        assert Outbox(history).counts() == {"sent": 2}


def test_in_a_maintenance_window_probes_go_on_and_alerts_are_quiet(tmp_path: Path):
    """The transition is in the history all the same."""
    window = {"from": "2026-01-01T00:00Z", "until": "2999-01-01T00:00Z", "reason": "The database moves."}
    with serve(lambda _: Answer(503)) as vendor, serve(lambda _: Answer()) as people:
        a_probed_vendor(tmp_path, vendor.url, vendor={"maintenance": [window]})
        with staying(tmp_path, PROVENDOR_ALERT_OPS=channel(people)) as prober:
            prober.results(3, outcome="fail")
            assert prober.end() == 0

    assert people.seen == []
    with History(tmp_path / "reports") as history:
        assert [str(each.after) for each in history.transitions()] == ["fail"]


def test_metrics_health_and_life_are_served(tmp_path: Path):
    """Metrics with bounded labels, health as the draft has it: a failing vendor is 503, a prober that lives is 200."""
    broken = threading.Event()
    with serve(lambda _: Answer(503) if broken.is_set() else GOOD) as server:
        a_probed_vendor(tmp_path, server.url)
        with staying(tmp_path, "--metrics", "127.0.0.1:0") as prober:
            url = prober.hears("metrics and health: ").split("health: ")[1].split("/metrics")[0]
            prober.results(2, outcome="pass")
            status, kind, text = get(f"{url}/metrics")
            assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
            assert 'provendor_probe_state{operation="health.get",state="pass",vendor="acme"} 1.0' in text
            assert 'provendor_probe_latency_seconds_count{operation="health.get",vendor="acme"}' in text
            status, kind, text = get(f"{url}/health")
            assert (status, kind, json.loads(text)["status"]) == (200, "application/health+json", "pass")
            broken.set()
            prober.results(1, outcome="fail")
            status, _, text = get(f"{url}/health")
            assert (status, json.loads(text)["status"]) == (503, "fail")
            assert json.loads(text)["output"] == "no pass: acme/health.get:state"
            assert get(f"{url}/alive")[:1] == (200,)
            assert get(f"{url}/elsewhere")[:1] == (404,)
            assert prober.end() == 0


def test_the_page_for_whoever_is_on_call_is_kept_current(tmp_path: Path):
    """Without anybody asking for it, and without the page that people decide by."""
    with serve(lambda _: Answer(status=503)) as server:
        a_probed_vendor(tmp_path, server.url, "acme", "one.get")
        page = tmp_path / "reports" / "live.html"
        with staying(tmp_path, PROVENDOR_NO_PAGE="") as prober:
            prober.results(2, id="acme/one.get:ok")
            prober.wait_for(lambda: page.exists() and "acme is in trouble" in page.read_text(encoding="utf-8"))
            assert prober.end() == 0

    assert not (tmp_path / "reports" / "index.html").exists()


def test_the_heartbeat_says_that_the_prober_lives(tmp_path: Path):
    """Whatever becomes of the vendors; its URL is shown nowhere."""
    with serve(lambda _: Answer()) as monitor:
        a_probed_vendor(tmp_path, "http://127.0.0.1:9")
        with staying(tmp_path, PROVENDOR_HEARTBEAT=f"{monitor.url}/canary-4f1c9d7e") as prober:
            prober.results(1, outcome="error")
            prober.wait_for(lambda: monitor.seen)
            assert prober.end() == 0

    assert [seen.path for seen in monitor.seen] == ["/canary-4f1c9d7e"]
    assert "canary" not in "".join(prober.said) + json.dumps(prober.rows)


def test_only_one_prober_stays_with_a_folder(tmp_path: Path):
    """A second one says what to do, and ends."""
    with serve(lambda _: GOOD) as server, staying(a_probed_vendor(tmp_path, server.url)) as prober:
        prober.results(1)
        second = probe(tmp_path, "--every", "1s")
        beside = probe(tmp_path, "--json")
        assert prober.end() == 0

    assert second.returncode == 2
    assert "another prober stays with" in second.stderr
    assert (beside.returncode, told(beside)["outcome"]) == (0, "pass")


def test_a_damaged_history_stops_neither_probes_nor_alerts(tmp_path: Path):
    """It is said; the evidence has every result."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / FILE).write_bytes(b"nonsense" * 1000)
    with serve(lambda _: Answer(503)) as vendor, serve(lambda _: Answer()) as people:
        a_probed_vendor(tmp_path, vendor.url)
        with staying(tmp_path, PROVENDOR_ALERT_OPS=channel(people)) as prober:
            prober.hears("is damaged or no SQLite file: move it away")
            prober.results(3, outcome="fail")
            assert prober.end() == 0

    assert titles(people) == ["DOWN acme/health.get (vendor)"]
    run = json.loads((tmp_path / "reports" / "run.json").read_text())
    assert len(run["results"]) == len(prober.rows)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="no other process can be kept from writing here")
def test_a_full_disk_stops_neither_probes_nor_alerts(tmp_path: Path):
    """It is said once, and when there is room again nothing but lines of the evidence is missing."""
    broken = threading.Event()
    with (
        serve(lambda _: Answer(503) if broken.is_set() else GOOD) as vendor,
        serve(lambda _: Answer()) as people,
        staying(a_probed_vendor(tmp_path, vendor.url), every="0.2s", PROVENDOR_ALERT_OPS=channel(people)) as prober,
    ):
        prober.results(5, outcome="pass")
        may_write(prober.process.pid, 4096)
        prober.hears("run.jsonl cannot be written")
        broken.set()
        prober.results(2, outcome="fail")
        prober.wait_for(lambda: titles(people) == ["DOWN acme/health.get (vendor)"])
        may_write(prober.process.pid, resource.RLIM_INFINITY)
        prober.hears("run.jsonl can be written again")
        broken.clear()
        prober.wait_for(lambda: titles(people)[1:] == ["RECOVERED acme/health.get"])
        assert prober.end() == 0

    assert sum("run.jsonl cannot be written" in line for line in prober.said) == 1
    [account] = accounts(tmp_path).values()
    assert account.unknown == 0
    assert set(account.reasons) <= BUSY
    with History(tmp_path / "reports") as history:
        assert [str(each.after) for each in history.transitions()] == ["pass", "fail", "pass"]
    run = json.loads((tmp_path / "reports" / "run.json").read_text())
    assert [row["id"] for row in run["results"]] == ["acme/health.get:ok"] * len(run["results"])


@pytest.mark.skipif(not shutil.which("prlimit"), reason="no process can be kept from writing here")
def test_a_prober_that_begins_on_a_full_disk_asks_and_tells_all_the_same(tmp_path: Path):
    """Its evidence begins when there is room."""
    with (
        serve(lambda _: Answer(503)) as vendor,
        serve(lambda _: Answer()) as people,
        staying(a_probed_vendor(tmp_path, vendor.url), most="600", PROVENDOR_ALERT_OPS=channel(people)) as prober,
    ):
        prober.hears("run.jsonl cannot be written")
        prober.wait_for(lambda: titles(people) == ["DOWN acme/health.get (vendor)"])
        may_write(prober.process.pid, resource.RLIM_INFINITY)
        prober.hears("run.jsonl can be written again")
        assert prober.end() == 0

    run = json.loads((tmp_path / "reports" / "run.json").read_text())
    assert {row["outcome"] for row in run["results"]} == {"fail"}
    with History(tmp_path / "reports") as history:
        assert [str(each.after) for each in history.transitions()] == ["fail"]


def test_a_second_signal_does_not_wait_for_answers(tmp_path: Path):
    """What is broken off is missing, and says why."""
    asked, ended = threading.Event(), threading.Event()

    def hang(_: Seen) -> Answer:
        asked.set()
        ended.wait(50)
        return GOOD

    with serve(hang) as server:
        a_probed_vendor(tmp_path, server.url, probe={"timeout": "40s"})
        with staying(tmp_path) as prober:
            assert asked.wait(30)
            prober.process.send_signal(signal.SIGTERM)
            prober.hears("ending: nothing more is planned, 1 probes are still being asked")
            assert prober.end() == 0
        ended.set()

    [account] = accounts(tmp_path).values()
    assert account.unknown == 0
    assert account.reasons["the prober was told not to wait for the answer"] == 1


def test_cron_asks_once_alerts_and_writes_metrics(tmp_path: Path):
    """Without `--once` a run by hand alerts nobody."""
    metrics = tmp_path / "provendor.prom"
    with serve(lambda _: Answer(503)) as vendor, serve(lambda _: Answer()) as people:
        a_probed_vendor(tmp_path, vendor.url)
        env = {"PROVENDOR_ALERT_OPS": channel(people)}
        probe(tmp_path, **env)
        assert people.seen == []
        done = probe(tmp_path, "--once", "--textfile", str(metrics), **env)
        probe(tmp_path, "--once", **env)

    assert done.returncode == 1
    assert titles(people) == ["DOWN acme/health.get (vendor)"]
    assert 'provendor_probe_up{operation="health.get",vendor="acme"} 0.0' in metrics.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--metrics", ":9464"], "--metrics is for a prober that stays: give --every as well"),
        (["--every", "1s", "--once"], "--once and --every exclude each other"),
        (["--every", "1s", "--textfile", "x"], "--textfile is for cron; a prober that stays has --metrics"),
        (["--every", "1s", "--strict"], "--strict decides an exit code, and a prober that stays has none"),
        (["--every", "soon"], "expected a span of time such as 90s, 15m, 24h or 7d, got 'soon'"),
        (["--every", "0s"], "expected more than no time at all"),
        (["--every", "1s", "--metrics", "9464"], "expected an address such as :9464 or 127.0.0.1:9464, got '9464'"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, words: list[str], said: str):
    """In one line."""
    done = probe(a_probed_vendor(tmp_path, "http://127.0.0.1:9"), *words)

    assert done.returncode == 2
    assert said in done.stderr


def test_a_textfile_that_cannot_be_written_is_said_after_what_the_run_amounts_to(tmp_path: Path):
    """By the name that was given."""
    file = tmp_path / "nowhere" / "provendor.prom"
    with serve(lambda _: GOOD) as server:
        done = probe(a_probed_vendor(tmp_path, server.url), "--once", "--textfile", str(file))

    assert done.returncode == 2
    assert "1 case: 1 pass" in done.stdout
    assert f"--textfile {file}: No such file or directory" in done.stderr


def test_a_port_that_is_taken_is_said(tmp_path: Path):
    """And nothing is begun."""
    with serve(lambda _: GOOD) as server:
        taken = server.url.removeprefix("http://")
        done = probe(a_probed_vendor(tmp_path, server.url), "--every", "1s", "--metrics", taken)

    assert done.returncode == 2
    assert f"--metrics {taken}: " in done.stderr


def test_a_channel_that_nobody_understands_is_said_at_once(tmp_path: Path):
    """Not at night."""
    root = a_probed_vendor(tmp_path, "http://127.0.0.1:9")
    done = probe(root, "--every", "1s", PROVENDOR_ALERT_OPS="nonsense://canary-4f1c9d7e")

    assert done.returncode == 2
    assert "PROVENDOR_ALERT_OPS is no URL that Apprise understands" in done.stderr
    assert "canary" not in done.stderr
