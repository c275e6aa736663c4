"""Live answers that failed, kept as cases: out of the evidence of a run, redacted, failing offline, ready to commit."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contract_files import write
from live_suites import KEY, USER, a_replayer, a_suite, as_json, env, recorded, vendor
from loopback import Answer, Seen, serve
from probe_suites import a_probed_vendor, probe
from provendor import cassette, cli
from provendor.clock import VirtualClock
from provendor.reader import loading
from provendor.recordings import regression
from provendor.run import Kept, Replayer
from provendor.sandbox.line import KEEP_S
from provendor.sandbox.live_run import LiveRun, Rules
from provendor.verdict import Outcome
from provendor.wire.live import Network

pytestmark = pytest.mark.loopback

CASE = "acme/users.get:ok"
LIVE_USER = {"id": "482117", "name": "Ada Byron", "email": "ada@corp-mail.io", "debug": f"key {KEY}"}


class Desk:
    """The command line over a suite."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        self.said = ""
        monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))
        monkeypatch.setenv("PROVENDOR_NO_PAGE", "1")

    def run(self, *words: str) -> tuple[int, str, str]:
        try:
            code = cli.main([*words, "--root", str(self.root)])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        out, err = self._capsys.readouterr()
        return code, out, err

    def fail(self, respond: Callable[[Seen], Answer], *words: str) -> str:
        """Let the cases fail live; return the run's id."""
        with serve(respond) as server:
            for name, value in {**env(server), "ACME_USER_ID": "482117"}.items():
                self._monkeypatch.setenv(name, value)
            _, self.said, _ = self.run("prove", "--live", *(words or ("acme",)))
        for name in env(""):
            self._monkeypatch.delenv(name)
        return str(self.newest()["run"]["id"])

    def newest(self) -> dict[str, Any]:
        """The newest run."""
        whole: dict[str, Any] = json.loads((self.root / "reports/run.json").read_text("utf-8"))
        return whole

    def keep(self, failure: str, *words: str) -> tuple[int, str, str]:
        return self.run("record", "--from-live-failure", failure, *words)

    @property
    def day(self) -> str:
        """The day of the newest run, which is another one after midnight."""
        return str(self.newest()["run"]["started_at"])[:10]

    def kept(self, operation: str = "users.get") -> Path:
        return self.root / f"cassettes/acme/{operation}/ok-{self.day}.yaml"


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, capsys, monkeypatch)


def broken(_: Seen) -> Answer:
    """A user whose id is no number any more."""
    return as_json(LIVE_USER)


# --- what a run keeps -------------------------------------------------------------------------------------------------


def test_a_run_keeps_what_failed_with_examples_for_live_values(desk: Desk):
    """Beside its evidence, redacted like any cassette; what passed is not kept."""
    a_suite(desk.root, redact=["$..name"])
    run = desk.fail(lambda seen: broken(seen) if KEY in seen.headers["authorization"] else as_json({}, 401))

    assert "  keep it: provendor record --from-live-failure acme/users.get:ok\n" in desk.said
    records = {record["case"]: record.get("kept") for record in desk.newest()["results"]}
    text = (desk.root / "reports/runs" / run / "failures/acme/users.get/ok.yaml").read_text("utf-8")

    assert records["ok"] == {"cassette": "failures/acme/users.get/ok.yaml", "why": None}
    assert records["unauthorized"] is None
    assert "https://acme.example/users/7" in text
    assert "origin" not in text  # only `record` writes what says that it is recorded
    assert not any(value in text for value in (KEY, "482117", "Ada", "corp-mail", "127.0.0.1"))


def test_what_may_still_hold_a_secret_is_not_kept(desk: Desk):
    """The evidence says why, without the value."""
    a_suite(desk.root)
    twisted = KEY.replace("-", "\\u002d", 1)
    run = desk.fail(lambda _: as_json({"id": "seven", "note": f"<script>x = '{twisted}'</script>"}))

    (record,) = [each for each in desk.newest()["results"] if each["case"] == "ok"]
    code, _, err = desk.keep(f"{run}/{CASE}", "--yes")

    assert record["kept"]["cassette"] is None
    assert "api_key (encoded)" in record["kept"]["why"]
    assert KEY not in record["kept"]["why"]
    assert code == 2
    assert "was not kept: after redaction it may still hold api_key (encoded)" in err


def test_what_is_huge_is_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """A result is worth more than what is kept of it."""
    monkeypatch.setattr("provendor.sandbox.tape.MOST_KEPT", 2048)
    a_suite(desk.root)
    run = desk.fail(lambda _: as_json({"id": "x" * 3000}))

    assert "more than 2 KiB" in desk.keep(f"{run}/{CASE}", "--yes")[2]


def test_what_fails_as_before_is_kept_once(tmp_path: Path):
    """A prober that stays asks every minute; another way of failing is kept as well, and so is the same one after a while."""
    a_suite(tmp_path)
    answers = iter(["a", "b", 7, "c", None, "d"])
    clock = VirtualClock()

    async def ask(root: Path, variables: dict[str, str]) -> list[Kept | None]:
        replayer = a_replayer(root)
        run = LiveRun(replayer, Rules(), env=variables, paces=root / "paces")
        async with Network(env=variables, clock=clock) as network:
            line = run.open("acme", network)
            kept = [(await run.ask(replayer.suite.cases[0], line)).kept for _ in range(5)]
            await clock.sleep(KEEP_S)
            kept.append((await run.ask(replayer.suite.cases[0], line)).kept)
            line.close()
        return kept

    def respond(_: Seen) -> Answer:
        answer = next(answers)
        return as_json({"id": answer}) if answer else as_json({}, 500)

    with serve(respond) as server:
        kept = asyncio.run(ask(tmp_path, env(server)))

    assert [each is not None for each in kept] == [True, False, False, False, True, True]


# --- what it becomes --------------------------------------------------------------------------------------------------


def test_a_failed_probe_becomes_a_case_that_fails_offline(desk: Desk):
    """From production, with the same findings; the case that passes keeps its own recording."""
    with serve(lambda _: as_json({"message": "try again", "for": "ada@corp-mail.io"}, 503)) as server:
        a_probed_vendor(desk.root, server.url)
        assert probe(desk.root).returncode == 1
    run = desk.newest()["run"]["id"]

    code, out, err = desk.keep(f"{run}/acme/health.get:ok", "--yes")

    suite = loading.load(desk.root)
    (new,) = [case for case in suite.cases if case.name == f"ok-{desk.day}"]
    result = Replayer(suite, today=datetime.now(UTC).date()).replay(new)
    made = cassette.load(desk.kept(operation="health.get"), "x")
    assert code == 0, err
    assert "WRITTEN " in out
    assert f"What production answered to ok on {desk.day}." in out
    assert (new.live, result.outcome, result.exchange and result.exchange.status) == (False, Outcome.FAIL, 503)
    assert (str(made.recording.origin), made.recording.environment) == ("recorded", "production")
    assert "corp-mail" not in desk.kept(operation="health.get").read_text("utf-8")
    assert f"note: 'acme/health.get:ok failed so in run {run}'" in desk.kept(operation="health.get").read_text("utf-8")


def test_it_says_what_the_answer_has_that_the_recording_has_not(desk: Desk):
    """Findings, differences and the contract's new lines, before anybody is asked; a dry run writes nothing."""
    a_suite(desk.root)
    recorded(desk.root, "users.get:ok", body={"id": 7, "name": "Robin"})
    run = desk.fail(broken)
    before = snapshot(desk.root)

    code, out, _ = desk.keep(f"{run}/{CASE}", "--dry-run")

    assert code == 0
    assert f"READY    acme/users.get:ok-{desk.day}" in out
    assert "origin    documented 2026-11-01 -> recorded" in out
    assert "changed   body /id: 7 -> " in out
    assert "fail[body-schema]" in out or "error[body-schema]" in out
    assert f"ok-{desk.day}: {{ summary: " in out
    assert snapshot(desk.root) == before


def test_the_case_stands_behind_the_others_and_expects_what_the_failed_one_does(desk: Desk):
    """As somebody would write it; comments and layout stay."""
    path = desk.root / "contracts/acme/users.yaml"
    a_suite(desk.root)
    path.write_text(
        "# Users.\n"
        "operations:\n"
        "  users.get:\n"
        "    summary: One user.\n"
        "    request: GET /users/{user_id}\n"
        "    cases:\n"
        "      ok:   # as it should be\n"
        "        status: 200\n"
        "        latency: { fail_after: 5s }\n"
        "        body: { type: object, properties: { id: { type: integer } } }\n"
        "\n"
        "      gone: { status: 404, error: not-found }   # rarely\n"
        "\n"
        "  users.me:\n"
        "    summary: Me.\n"
        "    request: GET /me\n"
        "    cases: { ok: { status: 200 } }\n",
        "utf-8",
    )
    before = path.read_text("utf-8")
    run = desk.fail(broken, CASE)

    assert desk.keep(f"{run}/{CASE}", "--yes", "--as", "id-is-text")[0] == 0

    added = (
        "      id-is-text:\n"
        f'        summary: "What the sandbox answered to ok on {desk.day}."\n'
        "        live: never\n"
        "        status: 200\n"
        "        body: { type: object, properties: { id: { type: integer } } }\n"
    )
    head, tail = before.split("   # rarely\n")
    assert path.read_text("utf-8") == f"{head}   # rarely\n{added}{tail}"
    assert desk.run("prove", "acme/users.get:id-is-text")[0] == 1


def test_a_case_of_a_set_becomes_one_of_the_operation(desk: Desk):
    """With the schema that the set's own file names."""
    sets = {"everyone": {"ok": {"status": 200, "body": {"$ref": "#/schemas/user"}}}}
    schemas = {"user": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    own = {
        "summary": "One.",
        "request": "GET /users/{user_id}",
        "sets": ["everyone"],
        "cases": {"odd": {"status": 418}},
    }
    write(
        desk.root,
        {
            "acme/vendor.yaml": vendor(),
            "acme/shared.yaml": {
                "operations": {"users.me": {**USER, "cases": {"ok": {"status": 200}}}},
                "case_sets": sets,
                "schemas": schemas,
            },
            "acme/users.yaml": {"operations": {"users.get": own}},
        },
    )
    run = desk.fail(broken, CASE)

    code, _, err = desk.keep(f"{run}/{CASE}", "--yes")

    assert code == 0, err
    assert "$ref: " in (desk.root / "contracts/acme/users.yaml").read_text("utf-8")
    assert "shared.yaml#/schemas/user" in (desk.root / "contracts/acme/users.yaml").read_text("utf-8")
    assert desk.run("prove", f"{CASE}-{desk.day}")[0] == 1


def test_a_flow_is_kept_with_all_its_answers(desk: Desk):
    """So that it fails where it failed."""
    flow = {
        "summary": "Look, then look closer.",
        "steps": [
            {"name": "me", "call": "users.me", "capture": {"one": "$.user_id"}},
            {"name": "read", "call": "users.get", "with": {"path": {"user_id": "{one}"}}},
        ],
        "cases": {"ok": {"status": 200, "body": {"type": "object", "required": ["id"]}}},
    }
    me = {"summary": "Me.", "request": "GET /me", "cases": {"ok": {"status": 200}}}
    a_suite(desk.root, {"users.me": me, "users.get": USER}, {"users.round": flow}, redact=["$..user_id"])
    run = desk.fail(lambda seen: as_json({"user_id": 55443322} if seen.path == "/me" else {}), "acme/users.round:ok")

    code, _, err = desk.keep(f"{run}/acme/users.round:ok", "--yes")

    made = cassette.load(desk.kept(operation="users.round"), "x")
    assert code == 0, err
    assert len(made.interactions) == 2
    assert "55443322" not in desk.kept(operation="users.round").read_text("utf-8")
    assert desk.run("prove", f"acme/users.round:ok-{desk.day}")[0] == 1


def test_an_answer_at_which_a_check_crashes_is_kept_too(desk: Desk):
    """Nobody could tell what it is worth; offline the check can be mended."""
    a_suite(desk.root, {"users.get": {**USER, "cases": {"ok": {"status": 200}}}})
    (desk.root / "checks").mkdir()
    (desk.root / "checks" / "acme.py").write_text(
        "from provendor.check import check\n\n\n@check('acme/users.get')\ndef has_tags(exchange, expect):\n"
        "    '''It has tags.'''\n    assert exchange.json['tags']\n"
    )
    run = desk.fail(lambda _: as_json({"id": 7}))

    assert desk.newest()["results"][0]["outcome"] == "error"
    assert desk.keep(f"{run}/{CASE}", "--yes")[0] == 0
    assert desk.run("prove", f"{CASE}-{desk.day}")[0] == 3


def test_without_a_run_the_newest_failure_is_meant(desk: Desk):
    """Of all runs that are kept."""
    a_suite(desk.root)
    first = desk.root / "reports/runs" / desk.fail(lambda _: as_json({"id": "first"}))
    first.rename(first.with_name("20261101T101500Z-000000"))  # two of one second have no order
    desk.fail(lambda _: as_json({"id": "second"}))
    desk.run("prove", "acme")

    assert desk.keep(CASE, "--yes")[0] == 0
    assert '"second"' in desk.kept().read_text("utf-8")


def test_machines_get_one_document(desk: Desk):
    """With the patch, and what became of it."""
    a_suite(desk.root)
    run = desk.fail(broken)

    code, out, _ = desk.keep(f"{run}/{CASE}", "--yes", "--json")

    told = json.loads(out)
    assert (code, told["exit_code"], told["fate"], told["run"]) == (0, 0, "written", run)
    assert (told["id"], told["outcome"], told["contract"]) == (
        f"{CASE}-{desk.day}",
        "fail",
        "contracts/acme/users.yaml",
    )
    assert told["patch"].startswith("--- a/contracts/acme/users.yaml\n")


def test_the_patch_that_is_shown_is_the_one_that_is_written(desk: Desk):
    """Applied to the old file it gives the new one."""
    a_suite(desk.root)
    run = desk.fail(broken)
    told = json.loads(desk.keep(f"{run}/{CASE}", "--dry-run", "--json")[1])
    (desk.root / "p").write_text(told["patch"], "utf-8")
    git(desk.root, "apply", "p")
    applied = (desk.root / "contracts/acme/users.yaml").read_bytes()
    git(desk.root, "apply", "-R", "p")

    desk.keep(f"{run}/{CASE}", "--yes")

    assert (desk.root / "contracts/acme/users.yaml").read_bytes() == applied


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("what\nn\n", False), ("", False)])
def test_on_a_terminal_it_asks(desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: str, written: bool):
    """And no answer writes nothing."""
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    a_suite(desk.root)
    run = desk.fail(broken)
    before = snapshot(desk.root)
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stdout", Terminal())

    assert desk.keep(f"{run}/{CASE}")[0] == 0
    assert desk.kept().exists() is written
    assert (snapshot(desk.root) == before) is not written


def test_what_was_written_can_be_taken_back(desk: Desk):
    """Where the contract could not be read with it."""
    a_suite(desk.root)
    failure = regression.find(desk.root / "reports", f"{desk.fail(broken)}/{CASE}")
    before = snapshot(desk.root)

    written = regression.write(regression.draft(a_replayer(desk.root), failure, env={}))
    assert snapshot(desk.root) != before
    regression.take_back(written)

    assert snapshot(desk.root) == before


def test_a_contract_that_cannot_be_written_leaves_no_cassette(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """Half of it would be a recording that no case uses."""
    a_suite(desk.root)
    run = desk.fail(broken)
    before = snapshot(desk.root)

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("provendor.mutants.contract_patch.Patch.write", full)
    code, _, err = desk.keep(f"{run}/{CASE}", "--yes")

    assert (code, "No space left" in err) == (2, True)
    assert snapshot(desk.root) == before


# --- where it cannot be kept ------------------------------------------------------------------------------------------


def test_what_offline_is_fine_is_no_case(desk: Desk):
    """It was too slow, or the contract was mended since: exit code 4, and nothing is written."""
    a_suite(desk.root)
    run = desk.fail(broken)
    a_suite(desk.root, {"users.get": {**USER, "cases": {"ok": {"status": 200}}}})
    before = snapshot(desk.root)

    code, out, _ = desk.keep(f"{run}/{CASE}", "--yes")

    assert code == 4
    assert "SKIPPED " in out
    assert "offline nothing is wrong with the answer" in out
    assert snapshot(desk.root) == before


REFUSED: list[tuple[str, tuple[str, ...], str]] = [
    ("{run}/acme/users.get:gone", (), "acme/users.get:gone was not asked; answers are kept of acme/users.get:ok"),
    ("{run}/acme/users.get:suspended", (), "was replayed"),
    ("{run}/acme/users.get:unauthorized", (), "no answer to acme/users.get:unauthorized came"),
    ("{run}/acme/users.get", (), "expected RUN/VENDOR/OPERATION:CASE"),
    ("nonsense", (), "expected RUN/VENDOR/OPERATION:CASE"),
    ("2026/acme/users.get:ok", (), "no run '2026'"),
    ("acme/users.get:suspended", (), "has not failed live in any run"),
    ("{run}/acme/users.get:ok", ("--as", "ok"), "acme/users.get:ok is there already"),
    ("{run}/acme/users.get:ok", ("--as", "../x"), "is no name for a case"),
    ("{run}/acme/users.get:ok", ("--twice",), "asks nobody: --twice"),
    ("{run}/acme/users.get:ok", ("acme",), "asks nobody: a selector"),
]


def test_what_cannot_be_kept_is_said_in_one_sentence(desk: Desk):
    """With what there is instead; the exit code is that of a wrong command."""
    a_suite(desk.root)
    recorded(desk.root, "users.get:suspended", body={}, status=404)

    def respond(seen: Seen) -> Answer:
        if KEY not in seen.headers["authorization"]:
            raise ConnectionError("gone")
        return broken(seen)

    run = desk.fail(respond)

    for failure, words, said in REFUSED:
        code, _, err = desk.keep(failure.format(run=run), "--yes", *words)
        assert (code, said in err) == (2, True), (failure, words, err)
    assert not desk.kept().exists()


def test_options_of_one_way_are_refused_in_the_other(desk: Desk):
    """Instead of being passed over."""
    a_suite(desk.root)

    assert "--as belongs to --from-live-failure" in desk.run("record", "acme", "--yes", "--as", "x")[2]


def test_a_file_that_was_tampered_with_is_looked_at_once_more(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """Evidence may come from anywhere: a known secret in it is refused, and so is what is no cassette."""
    a_suite(desk.root)
    run = desk.fail(broken)
    path = desk.root / "reports/runs" / run / "failures/acme/users.get/ok.yaml"
    path.write_text(path.read_text("utf-8").replace("482118", KEY).replace("<api_key>", KEY), "utf-8")
    monkeypatch.setenv("ACME_API_KEY", KEY)

    code, out, _ = desk.keep(f"{run}/{CASE}", "--yes")
    path.write_text("nonsense: [", "utf-8")

    assert code == 3
    assert "DOUBT " in out
    assert KEY not in out
    assert desk.keep(f"{run}/{CASE}", "--yes")[0] == 3
    assert not desk.kept().exists()


def git(root: Path, *words: str) -> None:
    done = subprocess.run(["git", *words], cwd=root, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def snapshot(root: Path) -> dict[str, bytes]:
    """What lies in contracts and cassettes."""
    files = [path for top in ("contracts", "cassettes") for path in (root / top).rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
