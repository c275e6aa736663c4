from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

import provendor
from evidence_files import a_failure, a_result, an_end
from form_files import mixed, told_of
from provendor.reports.archive import KeptRun
from provendor.reports.forms import Told, document

SCHEMA = json.loads((Path(provendor.__file__).parent / "run.schema.json").read_text())
COUNTS = {"pass": 0, "warn": 0, "fail": 0, "error": 0, "skip": 0}


def whole(told: Told) -> dict[str, Any]:
    written: dict[str, Any] = json.loads("".join(document.render(told)))
    return written


def test_a_finished_run_is_its_run_json(tmp_path: Path):
    """Head, summary and every result as they were written."""
    results = mixed()

    written = whole(told_of(tmp_path, results))

    assert written["results"] == results
    assert written["summary"] == an_end()
    assert written["run"]["id"] == "20261120T100000Z-aaaaaa"


def test_it_can_be_read_again(tmp_path: Path):
    """A report of the document is a report of the run."""
    told = told_of(tmp_path, mixed())
    copy = tmp_path / "copy.json"
    copy.write_text("".join(document.render(told)))

    again = KeptRun(copy)

    assert [record["id"] for _, record in again.results()] == [each["id"] for each in mixed()]
    assert again.id == told.kept.id


def test_a_killed_run_is_told_as_far_as_it_came(tmp_path: Path):
    """Interrupted, and its last sign of life is its end; it keeps to the schema all the same."""
    results = [a_result(started_at="2026-11-20T10:00:01.500Z"), a_failure("acme/users.get:denied")]

    written = whole(told_of(tmp_path, results, ended=False))

    jsonschema.validate(written, SCHEMA)
    assert written["summary"] == {
        "outcome": "fail",
        "exit_code": 1,
        "interrupted": True,
        "ended_at": "2026-11-20T10:00:01.500Z",
        "duration_ms": 1500.0,
        "counts": {**COUNTS, "pass": 1, "fail": 1},
        "vendors": {"acme": {**COUNTS, "pass": 1, "fail": 1}},
    }


def test_a_run_that_was_killed_at_once_is_empty(tmp_path: Path):
    """Nothing ran is not a pass."""
    summary = whole(told_of(tmp_path, [], ended=False))["summary"]

    assert (summary["outcome"], summary["exit_code"]) == ("empty", 4)


def test_a_start_that_is_no_moment_is_no_trouble(tmp_path: Path):
    """Evidence may come from anywhere."""
    assert whole(told_of(tmp_path, [], ended=False, started_at="soon"))["summary"]["duration_ms"] == 0
