"""Python's search for garbage: seldom while contracts are read and run, and as it was afterwards."""

from __future__ import annotations

import gc
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


@pytest.mark.parametrize("command", ["list", "prove"])
def test_a_command_leaves_the_search_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str):
    """For whoever calls the command line from Python."""
    a_suite(tmp_path, {"ok": Answer()})
    gc.set_threshold(701, 11, 12)

    assert main([command, "--root", str(tmp_path)]) == 0

    assert capsys.readouterr().out
    assert gc.get_threshold() == (701, 11, 12)
    assert gc.get_freeze_count() == 0
