"""`provendor doctor` from outside: what is there, what blocks, and the command that unblocks it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from live_suites import KEY, MAKE, USER, a_suite, as_json, env, recorded
from loopback import serve
from provendor import cli
from provendor.probes.history import History, Sample, Watched
from provendor.verdict import Outcome

Doctor = Callable[..., tuple[int, str, str]]
OPERATIONS = {
    "users.get": USER,
    "users.make": {**MAKE, "cleanup": {"call": "users.delete"}},
    "users.delete": {
        "summary": "D.",
        "request": "DELETE /users",
        "safety": "write",
        "cases": {"ok": {"status": 204, "live": "never"}},
    },
    "health.get": {"summary": "Health.", "request": "GET /health", "auth": "none", "cases": {"ok": {"status": 200}}},
}


@pytest.fixture
def doctor(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Ask the doctor about the suite in the temporary folder with these variables set."""

    def run(*words: str, **variables: str) -> tuple[int, str, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = cli.main(["doctor", "--root", str(tmp_path), "--now", "2026-11-20", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_everything_that_is_missing_comes_with_its_command(tmp_path: Path, doctor: Doctor):
    """What blocks most cases stands first; exit 3, because nothing can be asked."""
    a_suite(tmp_path, OPERATIONS)
    recorded(tmp_path, "users.get:ok", body={"id": 7})

    code, out, err = doctor("acme")

    assert (code, err) == (3, "")
    assert (
        out
        == """\
Acme (acme)
===========
live:        0 of 4 cases can be asked of the sandbox
flag:        ACME_LIVE is off
last proof:  never asked live, as far as the history goes
recordings:  1 documented, 5 without a readable cassette; the oldest of 2026-11-01, 19 days ago

Where
-----
            variable          can be asked  address
sandbox     ACME_SANDBOX_URL  0 of 4        ACME_SANDBOX_URL is not set
production  ACME_URL          0 of 3        ACME_URL is not set

What it needs
-------------
variable      kind
ACME_API_KEY  credential  is not set
ACME_USER_ID  value       is not set

What blocks, and what to type
-----------------------------
4 cases    ACME_LIVE is not set
           export ACME_LIVE=1
4 cases    ACME_SANDBOX_URL is not set
           read -r ACME_SANDBOX_URL && export ACME_SANDBOX_URL
3 cases    ACME_API_KEY is not set
           read -rs ACME_API_KEY && export ACME_API_KEY
2 cases    ACME_USER_ID is not set
           read -r ACME_USER_ID && export ACME_USER_ID
"""
    )


def test_a_vendor_that_is_ready_names_the_next_command_and_no_value(tmp_path: Path, doctor: Doctor):
    """Exit 0; a value that only some cases need does not keep the others."""
    a_suite(tmp_path, OPERATIONS)
    known = env("http://127.0.0.1:9")
    del known["ACME_USER_ID"]

    code, out, _ = doctor("acme", **known)

    assert code == 0
    assert "live:        2 of 4 cases can be asked of the sandbox" in out
    assert "2 cases    ACME_USER_ID is not set" in out
    assert out.endswith("next: provendor prove --live acme\n")
    assert KEY not in out


def test_every_vendor_is_a_line(tmp_path: Path, doctor: Doctor):
    """With what keeps it from being asked."""
    a_suite(tmp_path, name="one")
    a_suite(tmp_path, name="two")

    code, out, _ = doctor(**env("http://127.0.0.1:9", "two"))

    head, one, two = (line.split() for line in out.splitlines())
    assert code == 3
    assert head[:3] == ["vendor", "flag", "sandbox"]
    assert " ".join(one) == "one off unknown unknown 0 of 1 0 of 2 none never ONE_LIVE is not set"
    assert " ".join(two) == "two on known known 1 of 1 2 of 2 none never"


def test_machines_get_the_same_as_one_document(tmp_path: Path, doctor: Doctor):
    """Nobody has knocked, so that nothing is known of reachability."""
    a_suite(tmp_path, OPERATIONS)

    code, out, _ = doctor("--json", "acme", **env("http://127.0.0.1:9", ACME_API_KEY="<api_key>"))

    told = json.loads(out)["acme"]
    assert code == 0
    assert told["flag"] == {"env": "ACME_LIVE", "on": True}
    assert told["places"][0] == {
        "name": "sandbox",
        "env": "ACME_SANDBOX_URL",
        "url": "http://127.0.0.1:9",
        "why": None,
        "ready": 1,
        "cases": 4,
        "reach": None,
    }
    assert told["needs"][0]["why"] == "ACME_API_KEY still holds the example"
    assert told["obstacles"][0]["cases"] == 3
    assert told["proof"] is None


def test_the_last_live_proof_comes_from_the_history(tmp_path: Path, doctor: Doctor):
    """When, how long ago, where, and how many cases have one."""
    a_suite(tmp_path)
    then = time.time() - 3 * 3600
    good = Watched("acme", "users.get", "ok", "sandbox")
    bad = Watched("acme", "users.get", "unauthorized", "sandbox")
    with History(tmp_path / "reports") as history:
        history.record([Sample(good, then, Outcome.PASS), Sample(bad, then + 60, Outcome.FAIL)])

    _, out, _ = doctor("acme")

    assert ", 3 h ago, from sandbox; 1 case" in out


def test_a_history_that_cannot_be_read_is_said_and_keeps_nothing_back(tmp_path: Path, doctor: Doctor):
    """The rest is known all the same."""
    a_suite(tmp_path)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "history.sqlite").write_text("no database, but long enough to be taken for one " * 40)

    _, out, err = doctor("acme")

    assert err.startswith("provendor: ")
    assert "never asked live" in out


@pytest.mark.loopback
def test_addresses_are_knocked_at_only_where_that_is_asked_for(tmp_path: Path, doctor: Doctor):
    """One request without a credential; whatever is answered is an answer."""
    a_suite(tmp_path)
    with serve(lambda _: as_json(None, 404)) as server:
        doctor("acme", **env(server))
        assert server.seen == []
        code, out, _ = doctor("acme", "--live", **env(server))

    assert code == 0
    assert [(seen.method, seen.path, seen.headers.get("authorization")) for seen in server.seen] == [
        ("HEAD", "/", None)
    ] * 2
    assert "404 in " in out
    assert "HTTP/1.1" in out


@pytest.mark.loopback
def test_an_address_that_does_not_answer_exits_3(tmp_path: Path, doctor: Doctor):
    """With the code of the fault."""
    a_suite(tmp_path)
    with serve(lambda _: as_json(None)) as server:
        pass

    code, out, _ = doctor("acme", "--live", **env(server))
    _, machine, _ = doctor("acme", "--live", "--json", **env(server))

    assert code == 3
    assert "connection-refused: " in out
    assert json.loads(machine)["acme"]["places"][0]["reach"]["code"] == "connection-refused"


@pytest.mark.loopback
def test_nobody_knocks_while_the_flag_is_off(tmp_path: Path, doctor: Doctor):
    """Nothing live happens without it."""
    a_suite(tmp_path)
    with serve(lambda _: as_json(None)) as server:
        _, out, _ = doctor("acme", "--live", **env(server, ACME_LIVE="0"))

    assert server.seen == []
    assert "nobody knocked" not in out


def test_an_unknown_vendor_gets_a_suggestion(tmp_path: Path, doctor: Doctor):
    """Exit 2."""
    a_suite(tmp_path)

    code, _, err = doctor("acne")

    assert code == 2
    assert 'did you mean "acme"' in err
