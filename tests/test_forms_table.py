from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from evidence_files import a_result, live
from form_files import HOSTILE, hostile_told, mixed, told_of
from provendor.reports.forms import Told, table


def rows_of(told: Told) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(table.render(told)), newline="")))


def test_columns_keep_their_names_and_order(tmp_path: Path):
    """Whoever counts with them relies on it; new ones come last."""
    header = "".join(table.render(told_of(tmp_path, []))).split("\r\n")[0]

    assert header == (
        "run,started_at,vendor,operation,case,outcome,expected,codes,why,source,environment,fallback,blame,origin,recorded_at,"
        "age_days,request,status,error,elapsed_ms,duration_ms,checks_passed,contract,recording,rerun"
    )


def test_each_case_is_a_row_in_the_order_of_the_run(tmp_path: Path):
    """What is not known is empty."""
    rows = rows_of(told_of(tmp_path, mixed()))

    assert [row["case"] for row in rows] == ["ok", "denied", "gone", "old", "later", "never", "ok"]
    assert {key: value for key, value in rows[0].items() if value} == {
        "run": "20261120T100000Z-aaaaaa",
        "started_at": "2026-11-20T10:00:00.000Z",
        "vendor": "acme",
        "operation": "users.get",
        "case": "ok",
        "outcome": "pass",
        "expected": "no",
        "source": "recorded",
        "origin": "documented",
        "recorded_at": "2026-11-10",
        "age_days": "10",
        "request": "GET https://acme.example/users/1",
        "status": "200",
        "duration_ms": "0.4",
        "checks_passed": "3",
        "contract": "contracts/acme/users.yaml:12",
        "recording": "cassettes/acme/users.get/ok.yaml",
        "rerun": "provendor prove acme/users.get:ok",
    }
    assert (rows[1]["codes"], rows[1]["why"]) == (
        "body-schema status",
        'body-schema at /id: expected integer, got string "7" (and 1 more)',
    )


def test_a_live_answer_has_its_time_and_whose_fault_it_is(tmp_path: Path):
    """A replay has neither."""
    slow = live(a_result(outcome="error", reason="it hung"), blame={"party": "vendor", "why": "no answer in 5 s"})

    (row,) = rows_of(told_of(tmp_path, [slow]))

    assert (row["source"], row["environment"], row["blame"], row["elapsed_ms"]) == (
        "live",
        "sandbox",
        "vendor",
        "121.0",
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_neither_a_formula_nor_a_row(tmp_path: Path, text: str):
    """A spreadsheet calculates nothing, and every case keeps its one row."""
    told = hostile_told(tmp_path, text)
    written = "".join(table.render(told))

    lines = written.split("\r\n")
    rows = list(csv.reader(lines[:-1], strict=True))
    assert len(rows) == len(told.story.cases) + 1 > 10
    assert {len(row) for row in rows} == {len(table.COLUMNS)}
    for cell in (cell for row in rows for cell in row):
        assert cell == "" or cell.isprintable()
        assert re.match(r"\s*[=+@\uff1d\uff0b\uff0d\uff20]|\s*-(?!\d+$)", cell) is None
