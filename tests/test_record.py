"""Recording from scripted servers: what is written, what is refused and why, and what is said of the difference."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contract_files import write
from delivery_suites import ORDERS
from delivery_suites import VENDOR as WITH_WEBHOOKS
from live_suites import DELETE, KEY, MAKE, USER, a_suite, as_json, env, recorded
from loopback import Answer, Seen, Server, serve
from provendor import cassette, cli
from provendor.cassette import Cassette
from provendor.reader import loading
from provendor.recordings.record import Draft, Fate, Recorder
from provendor.run import Replayer
from provendor.verdict import Outcome

pytestmark = pytest.mark.loopback

Respond = Callable[[Seen], Answer]


def a_user(seen: Seen) -> Answer:
    """Users for whoever has the key."""
    if seen.headers.get("authorization") != f"Bearer {KEY}":
        return as_json({"error": "who are you?"}, 401)
    return as_json({"id": int(seen.path.rpartition("/")[2]), "name": "Robin"})


def today(root: Path) -> Replayer:
    """What replays the suite on the day on which it is recorded."""
    return Replayer(loading.load(root), today=datetime.now(UTC).date())


def drafts(root: Path, respond: Respond, *, twice: bool = False, rules: Any = None, **more: str) -> dict[str, Draft]:
    """Ask every case and return what would be written, by the end of the case's id."""
    replayer = today(root)
    with serve(respond) as server:
        known = {**env(server), "ACME_USER_ID": "482117", **more}
        recorder = Recorder(replayer, env=known, paces=root / "paces", **(rules or {}))
        assert recorder.ask(replayer.suite.cases, lambda _: None, twice=twice)
    return {draft.case.id.partition("/")[2]: draft for draft in recorder.drafts(replayer.suite.cases)}


def parsed(draft: Draft) -> Cassette:
    return cassette.parse((draft.text or "").encode(), "x")


def body(draft: Draft, answer: int = 0) -> Any:
    return json.loads(parsed(draft).interactions[answer].body)


# --- what a cassette holds --------------------------------------------------------------------------------------------


def test_a_cassette_holds_the_request_of_the_contract_and_the_answer_with_examples(tmp_path: Path):
    """No live value is in it: not the address, not the number, not the key; and it says that it was recorded."""
    a_suite(tmp_path)

    def respond(seen: Seen) -> Answer:
        if seen.headers["authorization"] != f"Bearer {KEY}":
            return as_json({"error": "no"}, 401)
        link = f"http://{seen.headers['host']}/users/482117"
        return as_json({"id": 482117, "self": link, "debug": f"key {KEY}"}, location=link, x_echo=KEY)

    made = drafts(tmp_path, respond)
    ok = made["users.get:ok"]
    (interaction,) = parsed(ok).interactions

    assert {name: draft.fate for name, draft in made.items()} == {
        "users.get:ok": Fate.READY,
        "users.get:unauthorized": Fate.READY,
        "users.get:suspended": Fate.SKIPPED,
    }
    assert interaction.request == today(tmp_path).request(ok.case)
    assert body(ok) == {"id": 7, "self": "https://acme.example/users/7", "debug": "key <api_key>"}
    assert interaction.headers.get("location") == "https://acme.example/users/7"
    assert interaction.headers.get("x-echo") == "<api_key>"
    assert not any(live in (ok.text or "") for live in ("127.0.0.1", "482117", KEY))
    recording = parsed(ok).recording
    assert (str(recording.origin), recording.environment) == ("recorded", "sandbox")
    assert (recording.at or "").endswith("Z")
    assert ok.result is not None
    assert ok.result.outcome is Outcome.PASS


def test_nothing_is_written_by_itself(tmp_path: Path):
    """A draft is a draft; writing is one step, and leaves nothing beside it."""
    a_suite(tmp_path)
    replayer = today(tmp_path)
    with serve(a_user) as server:
        recorder = Recorder(replayer, env=env(server), paces=tmp_path / "paces")
        recorder.ask(replayer.suite.cases, lambda _: None)
        ok = next(iter(recorder.drafts(replayer.suite.cases)))
        assert not (tmp_path / "cassettes").exists()

        written = recorder.write(ok)

    assert written.fate is Fate.WRITTEN
    assert [path.name for path in (tmp_path / "cassettes").rglob("*") if path.is_file()] == ["ok.yaml"]
    assert replayer.replay(ok.case).outcome is Outcome.PASS


def test_people_are_joined_across_cassettes(tmp_path: Path):
    """What one answer names as personal is known in another that came before it; twice recorded, it is the same text."""
    operations = {
        "notes.get": {"summary": "A note.", "request": "GET /notes/1", "cases": {"ok": {"status": 200}}},
        "users.get": {**USER, "cases": {"ok": {"status": 200}}},
    }
    a_suite(tmp_path, operations, redact=["$..name", "$..contact_id"])

    def respond(seen: Seen) -> Answer:
        if seen.path.startswith("/notes"):
            return as_json({"text": "Ada Byron <ada@corp-mail.io> called", "contact_id": 99887766})
        return as_json({"name": "Ada Byron", "email": "ada@corp-mail.io", "contact_id": 99887766})

    made = drafts(tmp_path, respond)
    note, user = body(made["notes.get:ok"]), body(made["users.get:ok"])
    again = drafts(tmp_path, respond)

    assert note["text"] == f"{user['name']} <{user['email']}> called"
    assert note["contact_id"] == user["contact_id"] != 99887766
    assert body(again["users.get:ok"]) == user


def test_ids_stay_joined_in_a_flow(tmp_path: Path):
    """A value that one answer brings and the next request sends is the same in both, though it is personal."""
    flow = {
        "users.round": {
            "summary": "Look, then look closer.",
            "steps": [
                {"name": "me", "call": "users.me", "capture": {"one": "$.user_id"}},
                {"name": "read", "call": "users.get", "with": {"path": {"user_id": "{one}"}}},
            ],
            "cases": {"ok": {"status": 200}},
        }
    }
    me = {"summary": "Me.", "request": "GET /me", "cases": {"ok": {"status": 200}}}
    a_suite(tmp_path, {"users.me": me, "users.get": USER}, flow, redact=["$..user_id"])

    def respond(seen: Seen) -> Answer:
        return as_json({"user_id": 55443322}) if seen.path == "/me" else a_user(seen)

    draft = drafts(tmp_path, respond)["users.round:ok"]
    first, second = parsed(draft).interactions

    assert draft.fate is Fate.READY, draft.why
    stand_in = json.loads(first.body)["user_id"]
    assert stand_in != 55443322
    assert second.request.url == f"https://acme.example/users/{stand_in}"
    assert json.loads(second.body)["id"] == stand_in


def test_every_page_of_a_list_is_recorded(tmp_path: Path):
    """In one cassette, asked in the same order."""
    listing = {
        "summary": "All users.",
        "request": "GET /users",
        "query": {"page": 1},
        "paging": {"style": "page", "items": "$.items", "send": {"query": "page"}, "id": "$.id", "size": 2},
        "cases": {"ok": {"pages": "all", "status": 200}},
    }
    a_suite(tmp_path, {"users.list": listing})

    def respond(seen: Seen) -> Answer:
        return as_json({"items": [{"id": 1}, {"id": 2}] if seen.path.endswith("page=1") else [{"id": 3}]})

    draft = drafts(tmp_path, respond)["users.list:ok"]

    assert draft.fate is Fate.READY, draft.why
    assert [each.request.query for each in parsed(draft).interactions] == [(("page", "1"),), (("page", "2"),)]


def test_a_write_is_recorded_with_leave_and_taken_away_again(tmp_path: Path):
    """The clean-up is no part of the cassette; without leave nothing is asked."""
    a_suite(tmp_path, {"users.make": MAKE, "users.delete": DELETE})
    seen_by: list[str] = []

    def respond(seen: Seen) -> Answer:
        seen_by.append(f"{seen.method} {seen.path}")
        return as_json({"id": 12, "name": "Robin"}, 201) if seen.method == "POST" else Answer(204)

    refused = drafts(tmp_path, respond)
    assert (seen_by, refused["users.make:ok"].fate) == ([], Fate.SKIPPED)
    assert "--allow-writes" in (refused["users.make:ok"].why or "")

    made = drafts(tmp_path, respond, rules={"allow_writes": True})["users.make:ok"]

    assert seen_by[:2] == ["POST /users", "DELETE /users/12"]
    assert [each.request.method for each in parsed(made).interactions] == ["POST"]


def test_a_compressed_answer_is_recorded_as_what_is_in_it(tmp_path: Path):
    """And redacted there."""
    import gzip

    a_suite(tmp_path)
    packed = gzip.compress(json.dumps({"id": 482117, "note": KEY}).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}

    draft = drafts(tmp_path, lambda _: Answer(200, packed, headers))["users.get:ok"]

    assert body(draft) == {"id": 7, "note": "<api_key>"}
    assert parsed(draft).interactions[0].headers.get("content-encoding") is None


def test_the_version_that_answered_is_written_down(tmp_path: Path):
    """As the vendor says it."""
    a_suite(tmp_path, api_version="2026-10", version_header="X-Api-Version")

    draft = drafts(tmp_path, lambda _: as_json({"id": 7}, x_api_version="2026-07"))["users.get:ok"]

    assert parsed(draft).recording.api_version == "2026-07"


# --- what is not written ----------------------------------------------------------------------------------------------


def test_what_cannot_be_asked_is_said_with_what_helps(tmp_path: Path):
    """A case that is never live, and a vendor that is not ready."""
    a_suite(tmp_path)
    made = drafts(tmp_path, a_user)["users.get:suspended"]
    blocked = drafts(tmp_path, a_user, ACME_LIVE="0")["users.get:ok"]

    assert (made.fate, made.why) == (Fate.SKIPPED, "the contract says live: never")
    assert (made.unblock or "").startswith("provendor adopt acme/users.get:suspended ")
    assert (blocked.fate, blocked.unblock) == (Fate.BLOCKED, "export ACME_LIVE=1")


def test_a_delivery_is_refused_with_its_reason(tmp_path: Path):
    """The vendor posts it, so that nobody can ask for it; one in hand can be adopted."""
    write(tmp_path, {"acme/vendor.yaml": WITH_WEBHOOKS, "acme/orders.yaml": ORDERS})
    delivery = drafts(tmp_path, a_user)["orders.paid:ok"]

    assert delivery.fate is Fate.SKIPPED
    assert delivery.why == "the vendor posts it to us, so that there is nothing to ask"
    assert (delivery.unblock or "").startswith("provendor adopt acme/orders.paid:ok ")


def test_an_answer_that_the_contract_refuses_is_not_written(tmp_path: Path):
    """Unless somebody wants it all the same."""
    a_suite(tmp_path)
    broken = drafts(tmp_path, lambda _: as_json({"id": "seven"}))["users.get:ok"]
    kept = drafts(tmp_path, lambda _: as_json({"id": "seven"}), rules={"keep_failing": True})["users.get:ok"]

    assert (broken.fate, broken.why) == (Fate.BROKEN, "the contract refuses the answer")
    assert broken.result is not None
    assert "body-schema" in [finding.code for finding in broken.result.findings]
    assert kept.fate is Fate.READY


def test_a_call_that_fails_leaves_the_others_alone(tmp_path: Path):
    """Its reason is told."""
    a_suite(tmp_path)

    def respond(seen: Seen) -> Answer:
        if seen.headers["authorization"] != f"Bearer {KEY}":
            raise ConnectionError("gone")
        return as_json({"id": 7})

    made = drafts(tmp_path, respond)

    assert made["users.get:ok"].fate is Fate.READY
    assert made["users.get:unauthorized"].fate is Fate.FAILED
    assert made["users.get:unauthorized"].why


def test_what_may_still_hold_a_secret_is_refused_with_its_name_and_form(tmp_path: Path):
    """Twisted in a way that redaction does not undo, the last look finds it; the value is not in the message."""
    a_suite(tmp_path)
    twisted = KEY.replace("-", "\\u002d", 1)

    draft = drafts(tmp_path, lambda _: as_json({"id": 7, "note": f"<script>x = '{twisted}'</script>"}))["users.get:ok"]

    assert draft.fate is Fate.UNKEPT
    assert "api_key (encoded)" in (draft.why or "")
    assert KEY not in (draft.why or "")
    assert draft.text is None


def test_a_zipped_file_is_looked_into(tmp_path: Path):
    """Nobody could redact it there."""
    import gzip

    a_suite(tmp_path, {"users.get": {**USER, "cases": {"ok": {"status": 200}}}})
    packed = gzip.compress(f"a file with {KEY}".encode())

    draft = drafts(tmp_path, lambda _: Answer(200, packed, {"content-type": "application/gzip"}))["users.get:ok"]

    assert (draft.fate, "api_key" in (draft.why or "")) == (Fate.UNKEPT, True)


# --- the difference ---------------------------------------------------------------------------------------------------


def test_the_difference_from_the_old_cassette_is_told(tmp_path: Path):
    """Origin first; what differs every time is one line."""
    a_suite(tmp_path)
    recorded(tmp_path, "users.get:ok", body={"id": 7, "state": "open", "seen_at": "2026-11-01T10:00:00Z", "old": 1})

    answer = {"id": 7, "state": "snoozed", "seen_at": "2026-11-20T10:00:00Z", "new": [1]}
    draft = drafts(tmp_path, lambda _: as_json(answer))["users.get:ok"]

    assert draft.old is not None
    assert (str(draft.old.origin), str(draft.new.origin if draft.new else "")) == ("documented", "recorded")
    in_body = [delta[:4] for delta in draft.told if delta.where.startswith("body")]
    assert in_body == [
        ("body /state", "changed", '"open"', '"snoozed"'),
        ("body /old", "gone", "1", None),
        ("body /new", "new", None, "[1]"),
    ]
    assert "body /seen_at" in draft.passing


def test_what_two_recordings_differ_in_is_learned(tmp_path: Path):
    """Asked twice, a field that has another value each time is no difference."""
    a_suite(tmp_path)
    recorded(tmp_path, "users.get:ok", body={"id": 7, "lucky": 1})
    counter = iter(range(100, 200))

    def respond(_: Seen) -> Answer:
        return as_json({"id": 7, "lucky": next(counter)})

    once = drafts(tmp_path, respond)["users.get:ok"]
    twice = drafts(tmp_path, respond, twice=True)["users.get:ok"]

    assert "body /lucky" in [delta.where for delta in once.told]
    assert "body /lucky" not in [delta.where for delta in twice.told]
    assert "body /lucky" in twice.passing


def test_what_writes_is_never_asked_twice(tmp_path: Path):
    """Learning is not worth a second thing in the sandbox."""
    a_suite(tmp_path, {"users.make": MAKE, "users.delete": DELETE})
    posts: list[str] = []

    def respond(seen: Seen) -> Answer:
        posts.extend([seen.path] if seen.method == "POST" else [])
        return as_json({"id": 12}, 201) if seen.method == "POST" else Answer(204)

    drafts(tmp_path, respond, twice=True, rules={"allow_writes": True})

    assert len(posts) == 1


# --- the command ------------------------------------------------------------------------------------------------------


class Desk:
    """The command line over a suite whose vendor is a server."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))
        a_suite(root)

    def at(self, server: Server) -> None:
        for name, value in env(server).items():
            self._monkeypatch.setenv(name, value)

    def run(self, *words: str) -> tuple[int, str, str]:
        try:
            code = cli.main(["record", *words, "--root", str(self.root)])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        out, err = self._capsys.readouterr()
        return code, out, err

    @property
    def ok(self) -> Path:
        return self.root / "cassettes/acme/users.get/ok.yaml"


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, capsys, monkeypatch)


def test_where_nobody_can_answer_it_wants_to_be_told(desk: Desk):
    """Before anything is asked."""
    with serve(a_user) as server:
        desk.at(server)
        code, _, err = desk.run("acme")

    assert (code, server.seen) == (2, [])
    assert "give --yes to write, or --dry-run" in err


def test_yes_writes_and_says_so(desk: Desk):
    """One line for each case; what is never live is named with what helps."""
    with serve(a_user) as server:
        desk.at(server)
        code, out, _ = desk.run("acme", "--yes")

    assert code == 0
    assert "WRITTEN  acme/users.get:ok" in out
    assert "cassettes/acme/users.get/ok.yaml" in out
    assert "SKIPPED  acme/users.get:suspended  the contract says live: never" in out
    assert "3 cases: 2 written, 1 skipped" in out
    assert desk.ok.exists()


def test_a_dry_run_writes_nothing(desk: Desk):
    """And shows what would be."""
    recorded(desk.root, "users.get:ok", body={"id": 7, "name": "Ada"})
    before = desk.ok.read_bytes()
    with serve(a_user) as server:
        desk.at(server)
        code, out, _ = desk.run("acme/users.get:ok", "--dry-run")

    assert code == 0
    assert "origin    documented 2026-11-01 -> recorded" in out
    assert 'changed   body /name: "Ada" -> "Robin"' in out
    assert "passing   header " in out
    assert desk.ok.read_bytes() == before


def test_a_broken_answer_exits_1_and_keeps_the_old_cassette(desk: Desk):
    """With the finding and the line of the contract."""
    recorded(desk.root, "users.get:ok", body={"id": 7})
    before = desk.ok.read_bytes()
    with serve(lambda _: as_json({"id": "seven"})) as server:
        desk.at(server)
        code, out, _ = desk.run("acme/users.get:ok", "--yes")

    assert code == 1
    assert "REFUSED  acme/users.get:ok  the contract refuses the answer" in out
    assert "error[body-schema]" in out or "fail[body-schema]" in out
    assert desk.ok.read_bytes() == before


def test_a_vendor_that_is_not_ready_exits_3_with_the_command_that_helps(desk: Desk):
    """Nothing could be told."""
    code, out, _ = desk.run("acme/users.get:ok", "--yes")

    assert code == 3
    assert "BLOCKED  acme/users.get:ok" in out
    assert "to do     export ACME_LIVE=1" in out


def test_where_nothing_is_to_be_asked_it_exits_4(desk: Desk):
    """As every command that has nothing to do."""
    with serve(a_user) as server:
        desk.at(server)
        assert desk.run("acme/users.get:suspended", "--yes")[0] == 4


def test_machines_get_one_document(desk: Desk):
    """With the fate, the difference and both origins of each case."""
    recorded(desk.root, "users.get:ok", body={"id": 7, "name": "Ada"})
    with serve(a_user) as server:
        desk.at(server)
        code, out, _ = desk.run("acme", "--yes", "--json")

    told = json.loads(out)
    ok = told["cases"][0]
    assert (code, told["exit_code"], told["counts"]) == (0, 0, {"written": 2, "skipped": 1})
    assert (ok["id"], ok["fate"], ok["origin"]["old"]["origin"], ok["origin"]["new"]["origin"]) == (
        "acme/users.get:ok",
        "written",
        "documented",
        "recorded",
    )
    assert {"where": "body /name", "kind": "changed", "before": '"Ada"', "after": '"Robin"', "times": 1} in ok[
        "differences"
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--yes", "--dry-run"), "--yes and --dry-run exclude each other"),
        (("--json",), "give --yes to write, or --dry-run"),
        (("--yes", "--as", "x"), "--as belongs to --from-live-failure"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(desk: Desk, words: tuple[str, ...], said: str):
    """Before anything is asked."""
    with serve(a_user) as server:
        desk.at(server)
        code, _, err = desk.run("acme", *words)

    assert (code, server.seen) == (2, [])
    assert said in err


def test_what_differs_every_time_is_named_on_demand(desk: Desk):
    """`--twice` learns it, `--all` names every place of it."""
    counter = iter(range(1000))

    def respond(_: Seen) -> Answer:
        return as_json({"id": 7, **{f"n{place}": next(counter) for place in range(9)}})

    recorded(desk.root, "users.get:ok", body={"id": 7, **dict.fromkeys((f"n{place}" for place in range(9)), -1)})
    with serve(respond) as server:
        desk.at(server)
        _, once, _ = desk.run("acme/users.get:ok", "--dry-run")
        _, twice, _ = desk.run("acme/users.get:ok", "--dry-run", "--twice")
        _, every, _ = desk.run("acme/users.get:ok", "--dry-run", "--twice", "--all")

    assert "changed   body /n8: -1 -> " in once
    assert "changed   body /n8" not in twice
    assert " more\n" in twice
    assert "body /n8" in every
    assert " more\n" not in every


def test_what_would_be_written_in_the_sandbox_is_told_first(desk: Desk, capsys: pytest.CaptureFixture[str]):
    """Before the first request; where the output is for machines, beside it."""
    a_suite(desk.root, {"users.make": MAKE, "users.delete": DELETE})
    told: list[str] = []

    def respond(seen: Seen) -> Answer:
        told.append(str(capsys.readouterr()))
        return as_json({"id": 12, "name": "Robin"}, 201) if seen.method == "POST" else Answer(204)

    with serve(respond) as server:
        desk.at(server)
        without, _, _ = desk.run("acme/users.make", "--yes")
        code, out, _ = desk.run("acme/users.make", "--yes", "--allow-writes")
        machines = len(told)
        _, document, _ = desk.run("acme/users.make", "--yes", "--allow-writes", "--json")

    assert (without, code) == (4, 0)
    assert "POST" in told[0]
    assert "users.delete" in told[0]
    assert "WRITTEN  acme/users.make:ok" in out
    assert json.loads(document)["counts"] == {"written": 1}
    assert told[machines].startswith("CaptureResult(out='', err=")
    assert "POST" in told[machines]


def test_a_refused_answer_is_kept_where_somebody_wants_it(desk: Desk):
    """With the finding in view."""
    with serve(lambda _: as_json({"id": "seven"})) as server:
        desk.at(server)
        code, out, _ = desk.run("acme/users.get:ok", "--yes", "--keep-failing")

    assert code == 0
    assert "[body-schema]" in out
    assert '"seven"' in desk.ok.read_text()


def test_many_cases_that_are_not_asked_are_a_line_for_each_reason(desk: Desk):
    """Each of them by name only where that is asked for."""
    never: dict[str, Any] = {
        f"never-{number}": {"live": "never", "status": 404, "error": "not-found"} for number in range(12)
    }
    usual: Any = USER["cases"]
    a_suite(desk.root, {"users.get": {**USER, "cases": {**usual, **never}}})
    with serve(a_user) as server:
        desk.at(server)
        code, out, _ = desk.run("acme", "--yes")
        _, every, _ = desk.run("acme", "--dry-run", "--all")

    assert code == 0
    assert (
        "not asked: 13 cases, because the contract says live: never\n  to do     provendor adopt CASE ANSWER.json"
        in out
    )
    assert "SKIPPED" not in out
    assert "15 cases: 2 written, 13 skipped" in out
    assert "SKIPPED  acme/users.get:never-11  the contract says live: never" in every


def test_a_vendor_without_a_sandbox_is_recorded_by_hand(desk: Desk):
    """Production is never recorded from."""
    a_suite(desk.root, environments={"production": {"base_url": {"env": "ACME_URL"}, "private": True}})
    with serve(a_user) as server:
        desk.at(server)
        code, out, _ = desk.run("acme/users.get:ok", "--yes")

    assert (code, server.seen) == (3, [])
    assert "BLOCKED  acme/users.get:ok  the contract names no sandbox" in out
    assert "to do     provendor adopt acme/users.get:ok ANSWER.json" in out


def test_an_interrupt_writes_nothing(desk: Desk):
    """Not even what was answered before: half a session is none."""
    asked, over = threading.Event(), threading.Event()

    def respond(seen: Seen) -> Answer:
        if KEY not in seen.headers["authorization"]:  # the second case
            asked.set()
            over.wait(30)
        return a_user(seen)

    with serve(respond) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "provendor", "record", "acme", "--yes", "--root", str(desk.root)],
            env={**os.environ, **env(server)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        over.set()

    assert process.returncode == 3
    assert "interrupted: nothing was written" in err
    assert "Traceback" not in out + err
    assert not (desk.root / "cassettes").exists()


def test_only_recording_writes_what_says_that_it_is_recorded():
    """Of all modules, two name that origin to write it; `adopt` names it to refuse it, `cassette` to spell its day."""
    source = Path(cassette.__file__).parent
    naming = {path.stem for path in source.rglob("*.py") if "Origin.RECORDED" in path.read_text(encoding="utf-8")}

    assert naming == {"adopt", "cassette", "regression", "tape"}


@pytest.mark.parametrize(
    ("answers", "written"),
    [("y\nn\n", {"ok"}), ("a\n", {"ok", "unauthorized"}), ("q\n", set()), ("what\ny\nq\n", {"ok"}), ("", set())],
)
def test_on_a_terminal_it_asks_case_by_case(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answers: str, written: set[str]
):
    """Yes, no, yes to all, quit; an answer that is none is asked again, and no answer writes nothing."""
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answers))
    monkeypatch.setattr("sys.stdout", Terminal())
    with serve(a_user) as server:
        desk.at(server)
        assert desk.run("acme")[0] in (0, 4)

    assert {path.stem for path in (desk.root / "cassettes").rglob("*.yaml")} == written
