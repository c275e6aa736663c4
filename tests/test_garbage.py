"""Python's search for garbage: seldom while contracts are read and run, and as it was afterwards."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest

from provendor import garbage
from provendor.cli import main
from pytest_suites import DAY, Answer, a_suite


@pytest.fixture(autouse=True)
def as_it_was():
    """No test leaves the search otherwise than it found it."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_the_search_runs_less_often_and_then_as_it_did():
    """Also where something goes wrong meanwhile; what was kept is searched again."""
    gc.set_threshold(701, 11, 12)

    def fail() -> None:
        with garbage.searched_seldom():
            garbage.keep()
            assert gc.get_threshold()[0] > 701
            assert gc.get_freeze_count() > 0
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert gc.get_threshold() == (701, 11, 12)
    assert gc.get_freeze_count() == 0


def test_a_session_with_contracts_leaves_the_search_as_it_was(pytester: pytest.Pytester):
    """While its tests run it is seldom, also for tests that are no cases; docs/reference/pytest.md promises the end."""
    a_suite(pytester.path, {"ok": Answer()})
    pytester.makepyfile(
        """
        import gc

        def test_now():
            assert gc.get_threshold() != (701, 11, 12)
            assert gc.get_freeze_count() > 0
        """
    )
    gc.set_threshold(701, 11, 12)

    result = pytester.inline_run(f"--provendor-now={DAY}")

    assert result.ret == 0
    assert len(result.listoutcomes()[0]) == 2
    assert gc.get_threshold() == (701, 11, 12)
    assert gc.get_freeze_count() == 0


class Early:
    """Cleans up as pytest's own plugins do, which begin before ours."""

    def __init__(self) -> None:
        self.kept = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Look, when all is over, how much is still left out of the search."""
        config.add_cleanup(self._look)

    def _look(self) -> None:
        self.kept = gc.get_freeze_count()


def test_what_was_kept_is_left_out_of_the_search_with_which_pytest_ends(pytester: pytest.Pytester):
    """It searches twice at its end, and every case would be looked at."""
    a_suite(pytester.path, {"ok": Answer()})
    early = Early()

    assert pytester.inline_run(f"--provendor-now={DAY}", plugins=[early]).ret == 0

    assert early.kept > 0
    assert gc.get_freeze_count() == 0


def test_a_plugin_that_a_conftest_loads_leaves_the_search_as_it_was(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    """It comes too late to be the first that cleans up, and cleans up all the same."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    a_suite(pytester.path, {"ok": Answer()})
    pytester.makeconftest('pytest_plugins = ["provendor.pytest_plugin"]')
    run = f"""
import gc, pytest
before = gc.get_threshold()
status = pytest.main(["-q", "--provendor-now={DAY}"])
print("AFTERWARDS", int(status), gc.get_threshold() == before, gc.get_freeze_count())
"""

    said = pytester.run(sys.executable, "-c", run).stdout.str()

    assert "1 passed" in said
    assert "AFTERWARDS 0 True 0" in said


@pytest.mark.parametrize("command", ["list", "prove"])
def test_a_command_leaves_the_search_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str):
    """For whoever calls the command line from Python."""
    a_suite(tmp_path, {"ok": Answer()})
    gc.set_threshold(701, 11, 12)

    assert main([command, "--root", str(tmp_path)]) == 0

    assert capsys.readouterr().out
    assert gc.get_threshold() == (701, 11, 12)
    assert gc.get_freeze_count() == 0


LOUD = """
import os

class Loud:
    def __init__(self):
        self.itself = self
        self.file = os.open("found", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def __del__(self, write=os.write):
        write(self.file, b"found at the end")

loud = Loud()
"""


@pytest.mark.parametrize("command", ["list", None], ids=["after a command", "without"])
def test_a_process_ends_without_a_last_search(pytester: pytest.Pytester, command: str | None):
    """All that was read and found out goes with the process: to look at it once more took a tenth of a run."""
    a_suite(pytester.path, {"ok": Answer()})
    run = f"from provendor import cli\ncli.main([{command!r}])\n" if command else "import provendor.cli\n"

    result = pytester.run(sys.executable, "-c", LOUD + run)

    assert ("weather/forecast.get:ok" in result.stdout.str()) is (command is not None)
    assert ((pytester.path / "found").read_text() == "") is (command is not None)


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_session_with_contracts_ends_without_a_last_search(pytester: pytest.Pytester, words: tuple[str, ...]):
    """Its controller and its workers as well."""
    a_suite(pytester.path, {"ok": Answer(), "other": Answer()})
    pytester.makeconftest(LOUD)

    result = pytester.runpytest_subprocess(f"--provendor-now={DAY}", *words)

    result.assert_outcomes(passed=2)
    assert (pytester.path / "found").read_text() == ""
