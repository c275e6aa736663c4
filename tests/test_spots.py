"""Where a demand is written, found again from evidence. The same for a case in hand is in test_present."""

from __future__ import annotations

from pathlib import Path

import pytest

from provendor.reader.spots import Spot, spot_of_record, spot_told

FILE = "contracts/weather/forecast.yaml"
CONTRACT = """\
operations:
  forecast.get:
    request: GET /v1/forecast
    cases:
      ok:
        status: 200
        body: { $ref: schemas/day.yaml#/day }
flows:
  report:
    cases:
      done: { status: 200 }
"""
SCHEMA = "day:\n  type: object\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text(CONTRACT)
    schema = tmp_path / "contracts/weather/schemas/day.yaml"
    schema.parent.mkdir()
    schema.write_text(SCHEMA)
    return tmp_path


CASE = (f"{FILE}:5", "forecast.get", "ok")
"""What evidence says of a case."""


@pytest.mark.parametrize(
    ("key", "shown", "width"),
    [
        ("status", f"{FILE}:6:9", 6),
        ("request", f"{FILE}:3:5", 7),
        ("", f"{FILE}:5:7", 2),
        ("contracts/weather/schemas/day.yaml#/day/type", "contracts/weather/schemas/day.yaml:2:3", 4),
        ("contracts/weather/schemas/gone.yaml#/day", f"{FILE}:5:7", 2),
    ],
)
def test_a_key_is_found_from_what_the_evidence_says(root: Path, key: str, shown: str, width: int):
    """Below the case, below its operation, in a schema; else it is the case itself."""
    found = spot_told(root, *CASE, key)

    assert (found.shown, found.width) == (shown, width)


def test_cases_of_flows_are_found_too(root: Path):
    """Evidence does not say in which section of the file a case stands."""
    assert spot_told(root, f"{FILE}:11", "report", "done", "status").shown == f"{FILE}:11:15"


def test_a_contract_that_changed_since_the_run_is_only_named_by_its_line(root: Path):
    """A column of another text would mislead."""
    (root / FILE).write_text("# one line more\n" + CONTRACT)

    assert spot_told(root, *CASE, "status") == Spot(FILE, 5, 1, "")


@pytest.mark.parametrize(
    "contract", ["contracts/gone.yaml:7", "nowhere", "a\0b.yaml:3", "contracts/x.yaml:²", "x:" + "9" * 5000]
)
def test_a_contract_that_cannot_be_read_is_named_as_the_evidence_names_it(root: Path, contract: str):
    """The report goes on."""
    file, _, line = contract.partition(":")
    expected = Spot(file, int(line), 1, "") if line in ("3", "7") else Spot(contract, 1, 1, "")

    assert spot_told(root, contract, *CASE[1:], "status") == expected


@pytest.mark.parametrize("name", ["../outside.yaml", "{root}/outside.yaml"])
def test_evidence_cannot_point_outside_the_suite(root: Path, name: str):
    """It may come from anywhere, and a report shows what stands in the files that it names."""
    (root.parent / "outside.yaml").write_text("secret: value\n")
    inner = root / "suite"
    inner.mkdir()
    (root / "outside.yaml").write_text("secret: value\n")

    found = spot_told(inner, *CASE, f"{name.format(root=root)}#/secret")

    assert found == Spot(FILE, 5, 1, "")


@pytest.mark.parametrize("odd", [None, 7, [], {}])
def test_a_result_that_names_nothing_is_shown_somewhere(root: Path, odd: object):
    """Evidence may hold anything in place of a name."""
    right = dict(zip(("contract", "operation", "case"), CASE, strict=True))

    assert spot_of_record(root, right, "status").line == 6
    assert spot_of_record(root, {**right, "operation": odd, "case": odd}, "status") == Spot(FILE, 5, 1, "")
    assert spot_of_record(root, {**right, "contract": odd}, "status").line == 1


@pytest.mark.parametrize("quoted", ['"status"', "'status'"])
def test_a_key_between_quotes_is_marked_with_them(root: Path, quoted: str):
    """As JSON writes it, which is YAML as well."""
    (root / FILE).write_text(CONTRACT.replace("status: 200\n        body", f"{quoted}: 200\n        body"))

    spot = spot_told(root, *CASE, "status")

    assert spot.text[spot.column - 1 :][: spot.width] == quoted
