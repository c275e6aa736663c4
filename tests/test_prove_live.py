"""`provendor prove --live` from outside: what it prints, what it keeps, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from live_suites import DELETE, KEY, MAKE, USER, a_suite, as_json, env, recorded
from loopback import Answer, Seen, serve
from provendor import cli, evidence
from provendor.probes.history import History

pytestmark = pytest.mark.loopback

SCHEMA = json.loads(Path(evidence.__file__).with_name("run.schema.json").read_text())
WRITING = {
    "users.make": MAKE,
    "users.delete": {**DELETE, "cases": {"ok": {"status": 204, "live": "never"}}},
    "users.get": USER,
}

Prove = Callable[..., tuple[int, str, str]]


@pytest.fixture
def prove(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Prove:
    """Run `prove` over the suite in the temporary folder with these variables set."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*words: str, **variables: str) -> tuple[int, str, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        try:
            code = cli.main(["prove", "--root", str(tmp_path), "--now", "2026-11-20", *words])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def user(seen: Seen) -> Answer:
    if seen.headers.get("authorization") != f"Bearer {KEY}":
        return as_json({"error": "who?"}, 401)
    if seen.method == "POST":
        return as_json({"id": 12}, 201)
    return Answer(204) if seen.method == "DELETE" else as_json({"id": 7})


def run_json(root: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((root / "reports" / "run.json").read_text())
    jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())
    return document


def test_live_cases_say_so_and_recorded_ones_say_why(tmp_path: Path, prove: Prove):
    """On their line, in the end, and in the evidence."""
    a_suite(tmp_path)
    recorded(tmp_path, "users.get:suspended", status=404)
    with serve(user) as server:
        code, out, err = prove("--live", "--width", "1", **env(server))

    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0].startswith("PASS  acme/users.get:ok  live ")
    assert lines[2].startswith(
        "PASS  acme/users.get:suspended  documented 2026-11-01, not live: the contract says live: never"
    )
    assert "answers: 1 documented, 2 live from sandbox" in out
    document = run_json(tmp_path)
    assert document["run"]["mode"] == "live"
    assert [(each["source"], each.get("fallback")) for each in document["results"]] == [
        ("live", None),
        ("live", None),
        ("recorded", "the contract says live: never"),
    ]
    assert document["results"][0]["live"]["environment"] == "sandbox"


def test_only_live_results_go_into_the_history(tmp_path: Path, prove: Prove):
    """A replay is no health."""
    a_suite(tmp_path)
    recorded(tmp_path, "users.get:suspended", status=404)
    with serve(user) as server:
        prove("--live", **env(server))

    with History(tmp_path / "reports") as history:
        assert sorted(watched.case for watched in history.last()) == ["ok", "unauthorized"]


def test_without_live_nothing_is_asked(tmp_path: Path, prove: Prove):
    """Although the environment is ready for it."""
    a_suite(tmp_path)
    with serve(user) as server:
        prove(**env(server))

    assert server.seen == []


def test_a_failing_live_case_exits_1_and_is_run_again_live(tmp_path: Path, prove: Prove):
    """The command that is shown leads to the same answer."""
    a_suite(tmp_path)
    with serve(lambda _: as_json({"id": "seven"})) as server:
        code, out, _ = prove("--live", "acme/users.get:ok", **env(server))

    assert code == 1
    assert "  live      sandbox, " in out
    assert "  run it again: provendor prove --live acme/users.get:ok" in out


def test_what_fails_live_says_whose_fault_it_is(tmp_path: Path, prove: Prove):
    """By the answer and by what was good before, in the terminal, the evidence, the history and on the page's one line."""
    a_suite(tmp_path)
    answers = iter([as_json({"id": 7}), as_json({"error": "gone"}, 404), as_json({"error": "who?"}, 401)])
    with serve(lambda _: next(answers)) as server:
        runs = [prove("--live", "acme/users.get:ok", **env(server)) for _ in range(3)]
        with History(tmp_path / "reports") as history:
            kept = [each.party for each in history.failures("acme")]
    _, silent, _ = prove("--live", "acme/users.get:ok", **env(server))

    assert [code for code, _, _ in runs] == [0, 1, 1]
    assert "blame" not in runs[0][1]
    assert "  blame     contract: it answered 404 (not-found); it worked before" in runs[1][1]
    assert "unauthorized: expected 200, got 401 (credential)" in runs[2][1]
    assert sorted(map(str, kept)) == ["contract", "credential"]
    assert "  blame     ours: " not in silent
    assert run_json(tmp_path)["results"][0]["live"]["blame"]["party"] == "vendor"


def test_a_fallback_passes_unless_live_is_required(tmp_path: Path, prove: Prove):
    """Exit 3: could not tell."""
    a_suite(tmp_path)
    recorded(tmp_path, "users.get:ok", body={"id": 7})

    code, out, _ = prove("--live", "acme/users.get:ok", ACME_LIVE="")
    required, shown, _ = prove("--live", "--require-live", "acme/users.get:ok", ACME_LIVE="")

    assert (code, required) == (0, 3)
    assert "not asked live: 1 case, because ACME_LIVE is not set (and 3 more)" in out
    assert "error[fallback]" in shown
    assert "run it again: provendor prove --live --require-live acme/users.get:ok" in shown


def test_a_plan_is_printed_before_the_first_write(tmp_path: Path, prove: Prove, capsys: pytest.CaptureFixture[str]):
    """With what it does and what takes it away; when the server sees the first request, it stands there."""
    a_suite(tmp_path, WRITING)
    before: list[str] = []

    def respond(seen: Seen) -> Answer:
        before.append(capsys.readouterr().out)
        return user(seen)

    with serve(respond) as server:
        code, _, _ = prove("--live", "--allow-writes", "acme/users.make", **env(server))

    assert code == 0
    assert [f"{seen.method} {seen.path}" for seen in server.seen] == ["POST /users", "DELETE /users/12"]
    assert before[0] == (
        "1 request will change something:\n"
        f"  POST {server.url}/users  Make a user.  (acme/users.make:ok; taken away by users.delete)\n\n"
    )


def test_without_leave_a_write_is_skipped_in_one_line(tmp_path: Path, prove: Prove):
    """And says what would let it."""
    a_suite(tmp_path, WRITING)
    with serve(user) as server:
        _, out, _ = prove("--live", "acme/users.make", "acme/users.get:ok", **env(server))

    assert "SKIP  acme/users.make:ok  it writes: give --allow-writes to let it" in " ".join(
        out.splitlines()[0].split(" ")
    )


def test_production_is_asked_by_name_and_only_read(tmp_path: Path, prove: Prove):
    """The command to rerun names it as well."""
    a_suite(tmp_path, WRITING)
    with serve(lambda _: as_json({"id": "seven"})) as server:
        _, out, _ = prove(
            "--live", "--environment", "production", "acme/users.make", "acme/users.get:ok", **env(server)
        )

    assert [seen.method for seen in server.seen] == ["GET"]
    assert "and nothing is ever written in production" in out
    assert "provendor prove --live --environment production acme/users.get:ok" in out


@pytest.mark.parametrize(("words", "at_once"), [((), 8), (("--width", "3"), 3)], ids=["by default", "as asked"])
def test_cases_that_read_are_asked_side_by_side(tmp_path: Path, prove: Prove, words: tuple[str, ...], at_once: int):
    """So many that the server, which answers none before all of them are there, answers."""
    cases = {f"ok{number}": {"status": 200} for number in range(at_once)}
    a_suite(tmp_path, {"users.get": {**USER, "cases": cases}})
    all_there = threading.Barrier(at_once, timeout=20)

    def respond(seen: Seen) -> Answer:
        all_there.wait()
        return user(seen)

    with serve(respond) as server:
        code, out, _ = prove("--live", *words, **env(server))

    assert code == 0
    assert f"{at_once} cases: {at_once} pass" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--allow-writes"], "--allow-writes says how to ask vendors themselves: give --live as well"),
        (["--require-live"], "--require-live says how to ask vendors themselves: give --live as well"),
        (["--environment", "production"], "--environment says how to ask vendors themselves: give --live as well"),
        (["--width", "4"], "--width says how to ask vendors themselves: give --live as well"),
        (["--live", "--width", "0"], "--width: expected a number from 1 to 240, got '0'"),
        (["--live", "--allow-writes", "--environment", "production"], "nothing is ever written in production"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(tmp_path: Path, prove: Prove, words: list[str], said: str):
    """Exit 2, before anything is read."""
    code, out, err = prove(*words)

    assert (code, out) == (2, "")
    assert said in err


def test_json_is_one_document_and_the_plan_goes_to_standard_error(tmp_path: Path, prove: Prove):
    """Machines read standard output."""
    a_suite(tmp_path, WRITING)
    with serve(user) as server:
        code, out, err = prove("--live", "--allow-writes", "--json", "acme/users.make", **env(server))

    assert (code, json.loads(out)["counts"]["pass"]) == (0, 1)
    assert err.startswith("1 request will change something:")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_a_result_for_every_case(tmp_path: Path, number: signal.Signals):
    """What was made is taken away first; nothing is green because it was not asked."""
    a_suite(tmp_path, WRITING, rounds())
    asked, over = threading.Event(), threading.Event()

    def respond(seen: Seen) -> Answer:
        if seen.method == "GET":
            asked.set()
            over.wait(30)
        return user(seen)

    with serve(respond) as server:
        command = ["prove", "--live", "--allow-writes", "acme/users.round", "acme/users.make", "--root", str(tmp_path)]
        process = subprocess.Popen(
            [sys.executable, "-m", "provendor", *command],
            env={**os.environ, **env(server), "XDG_STATE_HOME": str(tmp_path / "state")},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert asked.wait(30)
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
        over.set()

    document = run_json(tmp_path)
    assert process.returncode == 3
    assert document["summary"]["interrupted"] is True
    assert [(each["operation"], each["case"], each["outcome"]) for each in document["results"]] == [
        ("users.make", "ok", "pass"),
        ("users.round", "ok", "error"),
        ("users.round", "again", "skip"),
    ]
    assert [seen.method for seen in server.seen][-1] == "DELETE"
    assert "the run was interrupted" in out
    assert "Traceback" not in out


def rounds() -> dict[str, Any]:
    steps = [
        {"name": "make", "call": "users.make", "capture": {"one": "$.id"}},
        {"name": "read", "call": "users.get", "with": {"path": {"user_id": "{one}"}}},
    ]
    return {
        "users.round": {
            "summary": "Make and read.",
            "steps": steps,
            "cases": {"ok": {"status": 200}, "again": {"status": 200}},
        }
    }


def test_secrets_reach_neither_console_nor_disk(tmp_path: Path, prove: Prove):
    """A vendor that sends them back in every place, in a pass and in a failure."""
    get = {**USER, "query": {"key": "{api_key}"}, "cases": {"ok": {"status": 200}, "bad": {"status": 201}}}
    a_suite(tmp_path, {"users.get": get})
    with serve(lambda _: as_json({"note": f"key {KEY}"}, x_echo=KEY)) as server:
        _, out, err = prove("--live", **env(server))
        _, machine, _ = prove("--live", "--json", **env(server))

    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert "error[credential-echo]" in out or "fail[credential-echo]" in out
    assert KEY not in out + err + machine
    assert not [data for data in files if KEY.encode() in data]


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("prove", "--live", "acme"), "live"),
        (("doctor", "acme", "--live"), "live"),
        (("record", "acme", "--yes"), "live"),
        (("record", "--from-live-failure", "acme/users.get:ok", "--yes"), "live"),
        (("probe", "acme"), "probe"),
    ],
)
def test_without_its_libraries_a_command_says_what_to_install(tmp_path: Path, words: tuple[str, ...], extra: str):
    """In one sentence, before there is a run."""
    a_suite(tmp_path)
    script = "import sys; sys.modules['httpx'] = None; from provendor import cli; sys.exit(cli.main(sys.argv[1:]))"
    command = [sys.executable, "-c", script, *words, "--root", str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "ACME_LIVE": "1"})

    assert (done.returncode, done.stderr) == (
        2,
        f"provendor: there is no httpx here: pip install 'provendor[{extra}]'\n",
    )
    assert not (tmp_path / "reports").exists()
