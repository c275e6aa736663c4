"""After every run there is a page, or it is said why not; the run itself never waits long and never fails for it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from evidence_files import TODAY, a_failure, a_result, a_run, live
from history_files import a_history
from provendor.reports import archive, publish
from test_cli import Folder

DAY = date.fromisoformat(TODAY)
ID = "20261120T100000Z-aaaaaa"


def after_run(reports: Path, results: int, **env: str) -> str | None:
    return publish.after_run(reports, ID, reports, DAY, results=results, env=env)


def test_a_large_run_writes_its_page_before_it_ends(tmp_path: Path):
    """Whoever opens it when the run is over sees this run."""
    a_run(tmp_path, [a_failure()])

    assert after_run(tmp_path, publish.LEFT_TO_A_CHILD) is None
    assert "NO-GO" in (tmp_path / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("results", "there"), [(5_000, True), (99, False)], ids=["a page is there", "a proof"])
def test_no_other_run_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, results: int, there: bool):
    """Neither one of thousands where a page is there already, nor a proof of a few cases."""
    left: list[str] = []
    monkeypatch.setattr(publish, "_leave_to_a_child", lambda _, run_id, *__: left.append(run_id))
    a_run(tmp_path, [a_result()])
    if there:
        (tmp_path / "index.html").write_text("the page of the run before")

    assert after_run(tmp_path, results) is None
    assert left == [ID]


def test_the_first_page_of_many_cases_is_there_when_the_run_is_over(tmp_path: Path):
    """Nobody looks for a page that is not there yet."""
    a_run(tmp_path, [a_result()])

    assert after_run(tmp_path, publish.A_PROOF) is None
    assert (tmp_path / "index.html").exists()


def test_a_build_server_never_leaves_the_page_to_another_process(tmp_path: Path):
    """A container ends with its first process."""
    a_run(tmp_path, [a_failure()])

    assert after_run(tmp_path, 1, CI="true") is None
    assert (tmp_path / "index.html").exists()


@pytest.mark.slow
def test_a_small_run_leaves_its_page_to_a_process_that_nobody_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It comes a moment later."""
    a_run(tmp_path, [a_failure()])
    started: list[int] = []
    spawn = os.posix_spawn
    monkeypatch.setattr(os, "posix_spawn", lambda *words, **how: started.append(spawn(*words, **how)))

    assert after_run(tmp_path, 1) is None
    os.waitpid(started[0], 0)
    assert "NO-GO" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_the_other_process_has_none_of_our_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A pipe that somebody reads ends with the run, not with its page."""
    how: dict[str, object] = {}
    monkeypatch.setattr(os, "posix_spawn", lambda *_, **given: how.update(given))

    after_run(tmp_path, 1)

    assert how["setsid"] is True
    assert how["file_actions"] == [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]


def test_a_page_that_cannot_be_written_is_said_and_nothing_more(tmp_path: Path):
    """The page that was there stays."""
    a_run(tmp_path, [a_result()])
    (tmp_path / "index.html").mkdir()

    said = after_run(tmp_path, publish.LEFT_TO_A_CHILD)

    assert said is not None
    assert said.startswith("the page could not be written: ")


def test_a_page_that_breaks_is_said_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whatever it is: a defect of ours must not turn a run red, or green."""
    a_run(tmp_path, [a_result()])
    monkeypatch.setattr("provendor.reports.page.write", lambda *_: 1 / 0)

    assert after_run(tmp_path, 5_000) == "the page could not be written: ZeroDivisionError: division by zero"


def test_what_went_wrong_in_the_other_process_is_said_by_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """And forgotten once a page is written."""
    a_run(tmp_path, [a_result()])
    monkeypatch.setattr(publish, "_leave_to_a_child", lambda *_: None)
    (tmp_path / "index.html").mkdir()
    publish.main(tmp_path, ID, tmp_path, DAY)

    assert "could not be written" in (after_run(tmp_path, 1) or "")

    (tmp_path / "index.html").rmdir()
    publish.main(tmp_path, ID, tmp_path, DAY)
    assert after_run(tmp_path, 1) is None
    assert not (tmp_path / publish.TROUBLE).exists()


def test_no_page_is_written_where_nobody_wants_one(tmp_path: Path):
    """One variable switches it off."""
    a_run(tmp_path, [a_result()])

    assert after_run(tmp_path, 5_000, PROVENDOR_NO_PAGE="1") is None
    assert not (tmp_path / "index.html").exists()


@pytest.mark.parametrize("words", [["prove"], ["prove", "--quiet"], ["prove", "--json"]])
def test_prove_leaves_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str]
):
    """And says where."""
    folder = Folder(tmp_path, capsys)
    monkeypatch.delenv(publish.NO_PAGE)
    monkeypatch.setenv("CI", "true")

    code, out, _ = folder.run(*words)

    assert code == 3
    assert "CANNOT TELL" in (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
    assert f"page: {tmp_path / 'reports' / 'index.html'}" in out or "--json" in words


def test_a_failing_page_changes_no_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """But it is said."""
    folder = Folder(tmp_path, capsys)
    monkeypatch.delenv(publish.NO_PAGE)
    monkeypatch.setenv("CI", "true")
    (tmp_path / "reports" / "index.html").mkdir(parents=True)

    code, out, _ = folder.run("prove", "--now", "2026-11-20")

    assert code == 3
    assert "the page could not be written" in out


WRITER = """
import sys
from datetime import date
from pathlib import Path
from provendor.reports import page, publish
replace = page._replace
def slowly(path, pieces):
    def told():
        for number, piece in enumerate(pieces):
            yield piece
            if number % 50 == 0:
                print(path.name, number, flush=True)
    replace(path, told())
page._replace = slowly
while True:
    assert publish.write(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[1]), date(2026, 11, 20)) is None
"""


@pytest.mark.slow
@pytest.mark.parametrize("lines", [1, 2, 5, 9, 14, 20, 27])
def test_a_kill_leaves_the_old_page(tmp_path: Path, lines: int):
    """Wherever in the page it comes, what can be opened is whole."""
    a_run(tmp_path, [a_failure(f"acme/users.get:case-{number}") for number in range(60)])
    publish.main(tmp_path, ID, tmp_path, DAY)

    command = [sys.executable, "-c", WRITER, str(tmp_path), ID]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()

    assert all(told)
    for path in (tmp_path / "index.html", tmp_path / "vendors" / "acme.html"):
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_what_a_killed_writer_left_is_removed_after_a_while(tmp_path: Path):
    """What is young may belong to one that still writes."""
    a_run(tmp_path, [a_result()])
    old, young = (tmp_path / f".index.html.{name}" for name in ("1.abc", "2.abc"))
    for path in (old, young):
        path.write_text("half")
    os.utime(old, (1, 1))

    publish.main(tmp_path, ID, tmp_path, DAY)

    assert (old.exists(), young.exists()) == (False, True)


class Children:
    """Processes that only say that they were started, and end when they are told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[str] = []
        self.running = False
        monkeypatch.setattr(os, "posix_spawn", self._spawn)
        monkeypatch.setattr(os, "waitpid", lambda pid, _: (0, 0) if self.running else (pid, 0))

    def _spawn(self, _: str, words: list[str], *__: object, **___: object) -> int:
        self.started.append(words[-1])
        self.running = True
        return len(self.started)


def test_while_a_prober_stays_its_page_is_written_every_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As of the day that it is."""
    children, following = Children(monkeypatch), publish.Following(tmp_path, tmp_path)
    for second in range(121):
        following.look("well", ID, 1_795_176_000.0 + second)
        children.running = False

    assert children.started == ["2026-11-20"] * 3


def test_the_page_is_written_at_once_where_a_state_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """But never by two at a time."""
    children, following = Children(monkeypatch), publish.Following(tmp_path, tmp_path)
    following.look("well", ID, 0.0)
    following.look("down", ID, 1.0)
    assert len(children.started) == 1

    children.running = False
    following.look("down", ID, 2.0)
    children.running = False
    following.look("down", ID, 3.0)

    assert len(children.started) == 2


def test_a_page_that_a_prober_cannot_have_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whether the process cannot be started or has left a note."""

    def none(*_: object, **__: object) -> int:
        raise OSError("no process left")

    children, following = Children(monkeypatch), publish.Following(tmp_path, tmp_path)
    (tmp_path / publish.TROUBLE).write_text("the page could not be written: disk full\n")

    assert following.look("well", ID, 0.0) == "the page could not be written: disk full"
    children.running = False
    monkeypatch.setattr(os, "posix_spawn", none)
    assert following.look("down", ID, 1.0) == "the page could not be written: no process left"


def test_a_run_of_probes_leaves_the_page_that_people_decide_by_as_it_is(tmp_path: Path):
    """It writes the one for whoever is on call, and a report without a name tells of the run before it."""
    a_run(tmp_path, [a_failure()])
    publish.main(tmp_path, ID, tmp_path, DAY)
    a_history(tmp_path, 1_795_176_000.0)
    a_run(tmp_path, [live(a_result(), "production")], id="20261120T110000Z-bbbbbb", mode="probe")

    publish.main(tmp_path, "20261120T110000Z-bbbbbb", tmp_path, DAY)

    assert ID in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "20261120T110000Z-bbbbbb" in (tmp_path / "live.html").read_text(encoding="utf-8")
    assert archive.to_decide_by(tmp_path).id == ID
