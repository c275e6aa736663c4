"""`provendor report --format` from outside: where a form goes, and which are known."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evidence_files import TODAY, a_failure, a_result, a_run
from provendor import cli
from provendor.reports.forms import FORMS, comment, table


def report(reports: Path, *words: str) -> int:
    return cli.main(["report", "--reports", str(reports), "--now", TODAY, *words])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_written_to_standard_output(
    tmp_path: Path, form: str, capsysbinary: pytest.CaptureFixture[bytes]
):
    """In UTF-8, whatever the locale says, with what the form is known by."""
    a_run(tmp_path, [a_result(), a_failure("acme/users.get:denied")])

    assert report(tmp_path, "--format", form) == 0

    first = capsysbinary.readouterr().out.decode()
    known = {
        "annotations": "::error file=contracts/acme/users.yaml",
        "csv": "run,started_at,vendor",
        "health": "{\n",
        "json": '{"run":{"schema_version"',
        "junit": "<?xml",
        "markdown": "<!-- provendor:report -->",
        "sarif": '{"$schema":',
        "summary": "### ❌ NO-GO",
    }
    assert first.startswith(known[form])


def test_a_form_goes_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Which is replaced in one step, with nothing left beside it."""
    a_run(tmp_path / "reports", [a_result()])
    file = tmp_path / "out" / "report.csv"
    file.parent.mkdir()
    file.write_text("before")

    assert report(tmp_path / "reports", "--format", "csv", "--output", str(file)) == 0

    assert file.read_bytes().startswith(b"run,started_at")
    assert file.read_bytes().count(b"\r\n") == 2
    assert list(file.parent.iterdir()) == [file]
    assert capsys.readouterr().out == ""


def test_several_runs_are_told_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The parts of a run that was split."""
    parts = [a_run(tmp_path / name, [a_result(f"{name}/a.b:c")], id=name) for name in ("one", "two")]

    assert report(tmp_path, *map(str, parts), "--format", "csv") == 0
    assert [line.split(",")[2] for line in capsys.readouterr().out.splitlines()] == ["vendor", "one", "two"]


def test_a_file_that_cannot_be_written_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """It names the place."""
    a_run(tmp_path, [a_result()])

    assert report(tmp_path, "--format", "csv", "--output", str(tmp_path / "gone" / "x.csv")) == 2
    assert "gone" in capsys.readouterr().err


def test_badges_are_written_into_a_folder(tmp_path: Path):
    """It is made where there is none."""
    a_run(tmp_path, [a_result()])

    assert report(tmp_path, "--badges", str(tmp_path / "badges")) == 0
    assert sorted(path.name for path in (tmp_path / "badges").iterdir()) == ["_all.svg", "acme.svg"]


def test_the_step_summary_is_written_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Beside a form, and never silently."""
    a_run(tmp_path, [a_failure()])
    file = tmp_path / "step.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))

    assert report(tmp_path, "--format", "annotations") == 0
    assert not file.exists()
    assert report(tmp_path, "--format", "annotations", "--step-summary") == 0
    assert file.read_text(encoding="utf-8").startswith("### ❌ NO-GO")
    assert capsys.readouterr().out.startswith("::error")


def test_the_step_summary_outside_of_a_workflow_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """With what is missing."""
    a_run(tmp_path, [a_failure()])
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    assert report(tmp_path, "--step-summary") == 2
    assert "$GITHUB_STEP_SUMMARY is not set" in capsys.readouterr().err


ROOT = Path(__file__).resolve().parent.parent
GATES = (ROOT / ".github/workflows/contracts.yml", ROOT / "docs/how-to/gate-a-pull-request.md")


@pytest.mark.parametrize("page", GATES, ids=lambda page: page.name)
def test_the_gate_types_commands_that_exist(page: Path):
    """In the workflow of this repository, and in the one that the guide shows."""
    typed = re.findall(
        r"(?:^|[\s/`])provendor (prove|lint|report)((?: --?[\w./-]+(?: [\w./-]+)?)*)", page.read_text("utf-8")
    )

    assert {"report"} <= {command for command, _ in typed}
    for command, words in typed:
        cli.parser_for(command).parse_intermixed_args(words.split())


def test_the_guide_looks_for_the_mark_that_comments_have():
    """The bot of the guide finds the comment again."""
    assert f'startswith("{comment.MARK}")' in GATES[1].read_text("utf-8")


def test_the_reference_has_every_form_and_every_column():
    """Nothing is written that nobody can look up."""
    page = (ROOT / "docs/reference/forms.md").read_text("utf-8")

    assert [name for name in FORMS if f"| [`{name}`](#" not in page] == []
    section = page.partition("\n## csv\n")[2].partition("\n## ")[0]
    assert [column for column in table.COLUMNS if f"`{column}`" not in section] == []


def test_each_form_has_its_module():
    """With the one function that the command calls."""
    assert [name for name, module in FORMS.items() if not hasattr(importlib.import_module(module), "render")] == []


@pytest.mark.parametrize(("form", "others"), [("csv", {"sarif", "prose"}), ("sarif", {"table", "prose", "badges"})])
def test_only_the_form_that_is_asked_for_is_imported(tmp_path: Path, form: str, others: set[str]):
    """And neither pytest nor an HTTP client for any."""
    a_run(tmp_path, [a_failure()])
    program = (
        "import json, sys; from provendor.cli import main; main(sys.argv[1:]);"
        "print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    words = ["report", "--reports", str(tmp_path), "--format", form]
    known = {name: value for name in ("PATH", "SYSTEMROOT") if (value := os.environ.get(name))}

    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True, env=known
    )

    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & {f"provendor.reports.forms.{other}" for other in others}
    assert not loaded & {"pytest", "_pytest", "httpx", "asyncio", "xml.sax", "jinja2"}
