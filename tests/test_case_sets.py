"""Sets of cases: written once, and cases of every operation that takes them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contract_files import a_vendor, an_operation, write
from provendor.contract import Case, Suite
from provendor.reader import loading
from provendor.reader.spots import spot, spot_told
from provendor.reports import inventory
from provendor.run import Replayer
from provendor.validate import judge_answer
from pytest_suites import Answer, a_cassette

VENDOR = """\
vendor: acme
title: Acme
secrets: { key: { env: ACME_KEY } }
auth: { bearer: "{key}" }
errors:
  - { status: 401, code: unauthorized, retryable: false }
  - { status: 429, code: rate-limited, retryable: true }
case_sets:
  everywhere:
    unauthorized: { with: { auth: wrong }, status: 401, error: unauthorized, body: { $ref: schemas/error.yaml#/error } }
    rate-limited:
      live: never
      status: 429
      error: rate-limited
"""
USERS = """\
case_sets:
  of-one:
    gone: { status: 410, body: { $ref: "#/schemas/gone" } }
schemas:
  gone: { const: gone }
operations:
  users.get:
    summary: One user.
    request: GET /users
    sets: [everywhere, of-one]
    cases: { ok: { status: 200 } }
  users.list:
    summary: All users.
    request: GET /users/all
    sets: [everywhere]
    cases:
      ok: { status: 200 }
      rate-limited: { status: 429, error: rate-limited, text: slow }
"""
ERROR = "error: { type: object, required: [message] }"


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """A vendor with a set in vendor.yaml and one in a resource file."""
    files = {"acme/vendor.yaml": VENDOR, "acme/users.yaml": USERS, "acme/schemas/error.yaml": ERROR}
    return loading.load(write(tmp_path, files))


def case(suite: Suite, selector: str) -> Case:
    """The case of this id."""
    return next(each for each in suite.cases if each.id == f"acme/{selector}")


def test_the_cases_of_a_set_are_cases_of_each_operation_that_takes_it(suite: Suite):
    """After its own, which stand instead of those of the same name."""
    assert [each.id for each in suite.cases] == [
        "acme/users.get:ok",
        "acme/users.get:unauthorized",
        "acme/users.get:rate-limited",
        "acme/users.get:gone",
        "acme/users.list:ok",
        "acme/users.list:rate-limited",
        "acme/users.list:unauthorized",
    ]
    assert case(suite, "users.list:rate-limited").expect.text == "slow"
    assert case(suite, "users.get:rate-limited").expect.text is None


def test_such_a_case_is_whole(suite: Suite):
    """Request, expectations, safety and cassette are those of a case that stands below the operation."""
    found = case(suite, "users.get:unauthorized")

    assert (found.template.target, found.template.wrong_auth) == ("/users", True)
    assert (found.expect.error, [rule.code for rule in found.expect.errors]) == (
        "unauthorized",
        ["unauthorized", "rate-limited"],
    )
    assert found.cassette == "acme/users.get/unauthorized.yaml"
    assert not case(suite, "users.get:rate-limited").live


def test_references_are_relative_to_the_file_of_the_set(suite: Suite):
    """To other files, and to the top of its own."""
    cases = suite.vendors["acme"].operations["users.get"].cases

    def accepted(status: int, body: bytes) -> list[str]:
        return [each.case.name for each in judge_answer(cases, status, None, body).matched]

    assert accepted(401, b'{"message": "no"}') == ["unauthorized"]
    assert accepted(401, b"{}") == []
    assert accepted(410, b'"gone"') == ["gone"]


def test_a_finding_leads_to_where_the_case_is_written(suite: Suite):
    """In the file of the set, from the case itself and from what evidence kept of it."""
    found = case(suite, "users.get:rate-limited")
    lines = VENDOR.splitlines()

    assert (found.place.file, lines[found.place.line - 1].strip()) == ("contracts/acme/vendor.yaml", "rate-limited:")
    assert found.way == ("case_sets", "everywhere", "rate-limited")
    assert spot(suite.root, found.place, found.way, "status").text.strip() == "status: 429"
    told = spot_told(suite.root, str(found.place), "users.get", "rate-limited", "status")
    assert told.text.strip() == "status: 429"


def test_a_case_of_a_set_is_replayed_from_its_own_cassette(tmp_path: Path):
    """Two operations, two recordings of one failure."""
    vendor = a_vendor("weather", auth="none", case_sets={"late": {"late": {"status": 504}}})
    operations = {
        name: an_operation(
            request="GET /v1/forecast", query={"city": "Oslo"}, sets=["late"], cases={"ok": {"status": 200}}
        )
        for name in ("forecast.get", "forecast.other")
    }
    write(tmp_path, {"weather/vendor.yaml": vendor, "weather/forecast.yaml": {"operations": operations}})
    path = tmp_path / "cassettes" / "weather" / "forecast.get" / "late.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(a_cassette(Answer(status=504), "weather"))
    suite = loading.load(tmp_path)
    replayer = Replayer(suite, today=date(2026, 11, 20))
    outcomes = {each.id: str(replayer.replay(each).outcome) for each in suite.cases if each.name == "late"}

    assert outcomes["weather/forecast.other:late"] == "error"
    assert outcomes["weather/forecast.get:late"] != "error"


def test_the_page_of_a_vendor_counts_them_with_the_operation(suite: Suite):
    """Nobody who reads it needs to know where a case is written."""
    page = inventory.page(suite.vendors["acme"], suite.root / "cassettes", date(2026, 11, 20))

    assert [len(operation.cases) for operation in page.operations] == [4, 3]


def test_pytest_reports_the_line_of_the_set(pytester: Any):
    """The test's id is that of the operation; its place is where the case is written."""
    files = {"acme/vendor.yaml": VENDOR, "acme/users.yaml": USERS, "acme/schemas/error.yaml": ERROR}
    write(pytester.path, files)

    result = pytester.runpytest("-q", "-p", "no:randomly", "--provendor-now=2026-11-20", "contracts")

    result.stdout.fnmatch_lines(["*contracts/acme/vendor.yaml:11*"])
