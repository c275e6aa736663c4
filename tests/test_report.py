"""`provendor report` from outside: which run it tells of, in which form, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence_files import TODAY, a_failure, a_result, a_run, an_error
from provendor import cli


def report(reports: Path, *words: str) -> int:
    return cli.main(["report", "--reports", str(reports), "--now", TODAY, *words])


def test_the_help_says_what_its_own_exit_codes_mean(capsys: pytest.CaptureFixture[str]):
    """Not what those of a run do: a report of a NO-GO is written, and that is a 0."""
    with pytest.raises(SystemExit):
        cli.main(["report", "--help"])

    assert "exit codes: 0 the report is written, whatever it says; with --gate 1 for NO-GO" in capsys.readouterr().out


def test_the_verdict_is_said_and_where_the_page_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Word first, then why."""
    a_run(tmp_path, [a_result(), a_failure("acme/users.get:denied")])

    assert report(tmp_path) == 0
    assert capsys.readouterr().out == f"NO-GO: 1 case of acme fails.\n{tmp_path / 'index.html'}\n"


@pytest.mark.parametrize(("results", "code"), [([a_result()], 0), ([a_failure()], 1), ([an_error()], 3), ([], 3)])
def test_a_gate_exits_by_the_verdict(tmp_path: Path, results: list[dict[str, object]], code: int):
    """GO WITH WARNINGS is a GO; what cannot be told is not."""
    a_run(tmp_path, results)

    assert report(tmp_path, "--gate") == code


def test_json_names_the_rules_that_decided(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """For machines."""
    a_run(tmp_path, [a_failure()])
    report(tmp_path, "--json")

    told = json.loads(capsys.readouterr().out)

    assert told["word"] == "NO-GO"
    assert told["rules"][0]["facts"] == ["acme/users.get:ok"]


def test_no_run_yet_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """It says what makes one."""
    assert report(tmp_path) == 2
    assert "`provendor prove` makes one" in capsys.readouterr().err
