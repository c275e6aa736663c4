"""`pytest --live` from outside: what is asked, what stays recorded, and that the network is off for everything else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import jsonschema

# An inner session unloads what it was the first to import, and compiled modules cannot be loaded twice.
import jsonschema_rs  # noqa: F401
import pytest
import yaml  # noqa: F401

import provendor.plugin.pytest_live  # noqa: F401
from live_suites import DELETE, KEY, MAKE, USER, a_suite, as_json, env, recorded
from loopback import Answer, Seen, serve
from provendor import evidence
from provendor.probes.history import History
from provendor.run import NOT_ASKED

pytestmark = pytest.mark.loopback

NOW = "--provendor-now=2026-11-20"
SCHEMA = json.loads(Path(evidence.__file__).with_name("run.schema.json").read_text())
NEVER_ALONE = {**DELETE, "cases": {"ok": {"status": 204, "live": "never"}}}
WRITING = {"users.make": MAKE, "users.get": USER}


def user(seen: Seen) -> Answer:
    if seen.headers.get("authorization") != f"Bearer {KEY}":
        return as_json({"error": "who?"}, 401)
    if seen.method == "POST":
        return as_json({"id": 12}, 201)
    return Answer(204) if seen.method == "DELETE" else as_json({"id": 7})


@pytest.fixture(autouse=True)
def apart(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paces of these tests lie in a folder of their own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(pytester.path / "state"))


def ready(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def document(root: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((root / "reports" / "run.json").read_text())
    jsonschema.validate(told, SCHEMA)
    return told


def sources(root: Path) -> dict[str, tuple[str, str, str | None]]:
    """Outcome, source and reason of a fallback of each case."""
    results = document(root)["results"]
    return {each["case"]: (each["outcome"], each["source"], each.get("fallback")) for each in results}


def test_cases_are_asked_live_and_say_so(pytester, monkeypatch):
    """In the evidence, the terminal and the history."""
    a_suite(pytester.path)
    recorded(pytester.path, "users.get:suspended", status=404)
    with serve(user) as server:
        ready(monkeypatch, env(server))
        result = pytester.runpytest(NOW, "--live")

    result.assert_outcomes(passed=3)
    assert [seen.path for seen in server.seen] == ["/users/7", "/users/7"]
    assert sources(pytester.path) == {
        "ok": ("pass", "live", None),
        "unauthorized": ("pass", "live", None),
        "suspended": ("pass", "recorded", "the contract says live: never"),
    }
    assert document(pytester.path)["run"]["mode"] == "live"
    result.stdout.fnmatch_lines(
        ["*not asked live: 1 case, because the contract says live: never", "*2 live from sandbox*"]
    )
    with History(pytester.path / "reports") as history:
        assert sorted(watched.case for watched in history.last()) == ["ok", "unauthorized"]


def test_without_live_nothing_is_asked(pytester, monkeypatch):
    """Although the environment is ready."""
    a_suite(pytester.path)
    recorded(pytester.path, "users.get:ok", body={"id": 7})
    with serve(user) as server:
        ready(monkeypatch, env(server))
        pytester.runpytest(NOW, "-k", "ok").assert_outcomes(passed=1)

    assert server.seen == []


def test_the_marker_selects_what_may_be_asked(pytester, monkeypatch):
    """A case that is never live is not among them."""
    a_suite(pytester.path)
    with serve(user) as server:
        ready(monkeypatch, env(server))
        pytester.runpytest(NOW, "--live", "-m", "live").assert_outcomes(passed=2, deselected=1)


def test_a_fallback_passes_and_is_an_error_where_live_is_required(pytester, monkeypatch):
    """With the reason in both."""
    a_suite(pytester.path)
    recorded(pytester.path, "users.get:ok", body={"id": 7})

    pytester.runpytest(NOW, "--live", "-k", "ok").assert_outcomes(passed=1)
    assert sources(pytester.path) == {"ok": ("pass", "recorded", "ACME_LIVE is not set (and 3 more)")}

    result = pytester.runpytest(NOW, "--live", "--require-live", "-k", "ok")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["ERROR fallback: expected an answer of the vendor itself, got ACME_LIVE is not set*"])


def test_without_its_libraries_it_says_what_to_install(pytester):
    """And runs nothing."""
    a_suite(pytester.path)
    pytester.makeconftest(
        "import sys; sys.modules['httpx'] = None; sys.modules.pop('provendor.plugin.pytest_live', None)"
    )

    result = pytester.runpytest_subprocess(NOW, "--live")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --live: there is no httpx here: pip install 'provendor[[]live]'"])


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_fails_live_is_kept(pytester, monkeypatch, workers):
    """Beside the evidence, also from a worker of pytest-xdist."""
    a_suite(pytester.path)
    with serve(lambda _: as_json({"id": "seven", "note": KEY})) as server:
        ready(monkeypatch, env(server))
        pytester.runpytest_subprocess(NOW, "--live", "-k", "ok", "-n", workers)

    told = document(pytester.path)
    (kept,) = (pytester.path / "reports" / "runs" / told["run"]["id"]).glob("failures/**/*.yaml")
    assert told["results"][0]["kept"] == {"cassette": "failures/acme/users.get/ok.yaml", "why": None}
    assert '"note": "<api_key>"' in kept.read_text()


def test_a_live_call_that_fails_is_a_failure(pytester, monkeypatch):
    """And reads as one."""
    a_suite(pytester.path)
    recorded(pytester.path, "users.get:ok", body={"id": 7})
    with serve(lambda _: as_json({"id": "seven"})) as server:
        ready(monkeypatch, env(server))
        result = pytester.runpytest(NOW, "--live", "-k", "ok")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "FAIL body-schema at /id*",
            "  live      sandbox, *",
            "  run it again: provendor prove --live acme/users.get:ok",
        ]
    )


def test_a_live_failure_under_pytest_says_whose_fault_it_is(pytester, monkeypatch):
    """As under `prove`."""
    a_suite(pytester.path)
    with serve(lambda _: as_json({"error": "who?"}, 401)) as server:
        ready(monkeypatch, env(server))
        result = pytester.runpytest_subprocess("--live", "-k", "ok")

    assert result.ret == 1
    (failed,) = (each for each in document(pytester.path)["results"] if each["outcome"] == "fail")
    assert failed["live"]["blame"] == {"party": "credential", "why": "it answered 401 (unauthorized)"}


def test_writes_are_skipped_without_leave_and_announced_with_it(pytester, monkeypatch):
    """The plan stands before the first test, also where pytest is quiet."""
    a_suite(pytester.path, WRITING | {"users.delete": NEVER_ALONE})
    with serve(user) as server:
        ready(monkeypatch, env(server))
        skipped = pytester.runpytest(NOW, "--live", "-k", "make", "-rs")
        assert server.seen == []
        made = pytester.runpytest(NOW, "--live", "--provendor-allow-writes", "-k", "make", "-q")

    skipped.assert_outcomes(skipped=1)
    skipped.stdout.fnmatch_lines(["SKIPPED*it writes: give --provendor-allow-writes to let it"])
    made.assert_outcomes(passed=1)
    assert [seen.method for seen in server.seen] == ["POST", "DELETE"]
    assert made.outlines[:2] == [
        "1 request will change something:",
        f"  POST {server.url}/users  Make a user.  (acme/users.make:ok; taken away by users.delete)",
    ]


def test_workers_ask_too_and_the_plan_is_announced_once(pytester, monkeypatch):
    """Under pytest-xdist."""
    cases = {f"ok{number}": {"status": 200} for number in range(6)}
    operations = {"users.make": MAKE, "users.delete": NEVER_ALONE, "users.get": {**USER, "cases": cases}}
    a_suite(pytester.path, operations, rate_limit={"requests": 1000, "per": "1s"})
    recorded(pytester.path, "users.delete:ok", status=204)
    with serve(user) as server:
        ready(monkeypatch, env(server))
        result = pytester.runpytest_subprocess(NOW, "--live", "--provendor-allow-writes", "-n", "2")

    result.assert_outcomes(passed=8)
    assert result.stdout.str().count("1 request will change something:") == 1
    assert len(server.seen) == 8
    assert sum(each["source"] == "live" for each in document(pytester.path)["results"]) == 7


# --- the network ------------------------------------------------------------------------------------------------------


def test_only_what_a_live_case_sends_goes_through(pytester, monkeypatch):
    """A check that reaches for the same server is refused, and so is a test beside it."""
    a_suite(pytester.path)
    (pytester.path / "checks").mkdir()
    with serve(user) as server:
        port = server.url.rpartition(":")[2]
        reach = f"    import socket; socket.create_connection(('127.0.0.1', {port}))\n"
        (pytester.path / "checks" / "acme.py").write_text(
            'from provendor.check import check\n\n\n@check\ndef asks(exchange, expect):\n    """The check asks."""\n'
            + reach
        )
        pytester.makepyfile("def test_asks():\n" + reach)
        ready(monkeypatch, env(server))
        result = pytester.runpytest(NOW, "--live", "-k", "ok or asks", "-p", "no:randomly")

    result.assert_outcomes(failed=2)
    assert len(server.seen) == 1
    result.stdout.fnmatch_lines(["*the network is off: connect 127.0.0.1:*"])


def test_threads_beside_a_live_case_stay_off(pytester, monkeypatch):
    """While its request is under way, nobody else gets through."""
    a_suite(pytester.path, {"users.get": {**USER, "cases": {"ok": {"status": 200}}}})
    with serve(lambda _: slow()) as server:
        port = server.url.rpartition(":")[2]
        pytester.makeconftest(
            f"""
            import socket, threading
            seen = []

            def reach():
                try:
                    socket.create_connection(("127.0.0.1", {port}))
                except OSError as reason:
                    seen.append(reason)
                    (open("refused", "w")).write(str(reason))

            def pytest_runtest_call(item):
                threading.Thread(target=reach).start()
            """
        )
        ready(monkeypatch, env(server))

        def slow() -> Answer:
            waited = 0
            while not (pytester.path / "refused").exists() and waited < 2000:
                waited += 1
                threading.Event().wait(0.01)
            return as_json({"id": 7})

        pytester.runpytest_subprocess(NOW, "--live", "-W", "ignore")

    assert "the network is off" in (pytester.path / "refused").read_text()


# --- other reports ----------------------------------------------------------------------------------------------------


def test_junit_and_html_say_where_answers_come_from(pytester, monkeypatch):
    """Live, or recorded with the reason."""
    a_suite(pytester.path)
    recorded(pytester.path, "users.get:suspended", status=404)
    with serve(user) as server:
        ready(monkeypatch, env(server))
        pytester.runpytest_subprocess(NOW, "--live", "--junit-xml=junit.xml", "--html=report.html")

    junit, page = (pytester.path / "junit.xml").read_text(), (pytester.path / "report.html").read_text()
    assert junit.count('<property name="origin" value="live from sandbox"') == 2
    assert junit.count('<property name="not live" value="the contract says live: never"') == 1
    assert "documented, not live: the contract says live: never" in page
    assert "live from sandbox" in page


# --- options, interruption, secrets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--require-live"], "*--require-live says how to ask vendors themselves: give --live as well*"),
        (["--provendor-allow-writes"], "*--provendor-allow-writes says how*"),
        (
            ["--live", "--provendor-allow-writes", "--provendor-environment=production"],
            "*nothing is ever written in production*",
        ),
    ],
)
def test_options_that_do_not_fit_together_are_refused(pytester, words, said):
    """Before anything is collected."""
    a_suite(pytester.path)

    result = pytester.runpytest(NOW, *words)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])


def test_ctrl_c_leaves_a_result_for_every_case(pytester, monkeypatch):
    """The one under way is an error, the others say that they were not asked; what was made is taken away."""
    flows = {
        "users.round": {
            "summary": "Make and read.",
            "steps": [
                {"name": "make", "call": "users.make", "capture": {"one": "$.id"}},
                {"name": "read", "call": "users.get", "with": {"path": {"user_id": "{one}"}}},
            ],
            "cases": {"ok": {"status": 200}, "again": {"status": 200}},
        }
    }
    a_suite(pytester.path, WRITING | {"users.delete": NEVER_ALONE}, flows)
    asked, over = threading.Event(), threading.Event()

    def respond(seen: Seen) -> Answer:
        if seen.method == "GET":
            asked.set()
            over.wait(30)
        return user(seen)

    with serve(respond) as server:
        variables = {**os.environ, **env(server)}
        words = [
            NOW,
            "--live",
            "--provendor-allow-writes",
            "-k",
            "round",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *words],
            env=variables,
            cwd=pytester.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if not asked.wait(30):
            process.kill()
            raise AssertionError(process.communicate())
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        over.set()

    results = document(pytester.path)["results"]
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert [(each["case"], each["outcome"], each["reason"]) for each in results] == [
        ("ok", "error", "the run was interrupted while the case was asked"),
        ("again", "skip", NOT_ASKED),
    ]
    assert [seen.method for seen in server.seen] == ["POST", "GET", "DELETE"]
    assert document(pytester.path)["summary"]["interrupted"] is True
    assert b"INTERNALERROR" not in out


def test_no_secret_is_shown_or_kept(pytester, monkeypatch):
    """By no report of pytest, and nowhere on disk."""
    get = {**USER, "query": {"key": "{api_key}"}, "cases": {"ok": {"status": 200}, "bad": {"status": 201}}}
    a_suite(pytester.path, {"users.get": get})
    with serve(lambda _: as_json({"note": f"key {KEY}"}, x_echo=KEY)) as server:
        ready(monkeypatch, env(server))
        words = ("--junit-xml=junit.xml", "--html=report.html", "-vv", "-rA", "--showlocals")
        result = pytester.runpytest_subprocess(NOW, "--live", *words)

    files = [path.read_bytes() for path in pytester.path.rglob("*") if path.is_file()]
    result.assert_outcomes(failed=2)
    assert KEY not in result.stdout.str() + result.stderr.str()
    assert not [data for data in files if KEY.encode() in data]
