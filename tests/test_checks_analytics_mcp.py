"""What the business checks of the Analytics MCP server say about what its tools bring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import examine, load_checks
from provendor.verdict import Outcome, Verdict

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}
COLUMNS = "columns_are_those_asked_for"
PROPERTY = "an_answer_is_about_the_property_asked_for"


def a_result(document: Any) -> dict[str, Any]:
    """A message whose tool brings this document in its text."""
    return {"jsonrpc": "2.0", "id": 2, "result": {"content": [{"type": "text", "text": json.dumps(document)}]}}


def judged(name: str, document: Any, **arguments: Any) -> Verdict:
    """How a check judges a live answer to a call with these arguments."""
    sent = json.dumps({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"arguments": arguments}}).encode()
    exchange = a_live_exchange(200, a_result(document), request=a_request("POST", body=sent))
    return examine(CHECKS[f"analytics_mcp.{name.replace('_', '-')}"], exchange, an_expect())


def a_report(*dimensions: str, values: int = 1) -> dict[str, Any]:
    """A report of one row about visitors, by these dimensions."""
    return {
        "dimension_headers": [{"name": each} for each in dimensions],
        "metric_headers": [{"name": "activeUsers", "type_": "TYPE_INTEGER"}],
        "rows": [
            {
                "dimension_values": [{"value": "x"} for _ in dimensions],
                "metric_values": [{"value": "41"} for _ in range(values)],
            }
        ],
    }


@pytest.mark.parametrize(
    ("report", "expected", "at"),
    [
        pytest.param(a_report("date"), Outcome.PASS, [], id="as asked"),
        pytest.param(a_report("date", "date_range"), Outcome.PASS, [], id="with the column of several ranges"),
        pytest.param({"rows": []}, Outcome.SKIP, [], id="nobody is there"),
        pytest.param(a_report("country"), Outcome.FAIL, ["/dimension_headers"], id="another column"),
        pytest.param(a_report(), Outcome.FAIL, ["/dimension_headers"], id="no column"),
        pytest.param(a_report("date", values=0), Outcome.FAIL, ["/rows/0/metric_values"], id="no value"),
        pytest.param(a_report("date", values=2), Outcome.FAIL, ["/rows/0/metric_values"], id="a value too many"),
        pytest.param([a_report("date")], Outcome.SKIP, [], id="no report"),
    ],
)
def test_a_report_has_the_columns_that_were_asked_for_and_a_value_in_each(
    report: Any, expected: Outcome, at: list[str]
) -> None:
    """Values are told apart by their place alone."""
    found = judged(COLUMNS, report, dimensions=["date"], metrics=["activeUsers"])

    assert (found.outcome, [finding.at for finding in found.findings]) == (expected, at)


@pytest.mark.parametrize("asked", [1234, "1234", "properties/1234"], ids=["number", "text", "name"])
@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"name": "properties/1234"}, Outcome.PASS),
        ({"name": "properties/12345"}, Outcome.FAIL),
        ([{"name": "properties/1234/googleAdsLinks/1"}], Outcome.PASS),
        ([{"name": "properties/1235/googleAdsLinks/1"}], Outcome.FAIL),
        ({"result": [{"name": "properties/1235/googleAdsLinks/1"}]}, Outcome.FAIL),
        ([], Outcome.PASS),
        ({"custom_dimensions": []}, Outcome.PASS),
    ],
)
def test_an_answer_is_about_the_property_that_was_asked_for(asked: Any, document: Any, expected: Outcome) -> None:
    """However the property was written in the call, and whether the answer is one thing or a list of them."""
    assert judged(PROPERTY, document, property_id=asked).outcome is expected


@pytest.mark.parametrize("name", [COLUMNS, PROPERTY])
def test_what_was_asked_is_not_held_against_an_answer_in_hand(name: str) -> None:
    """Where the request is not known, and where a case is about a failure, nothing is said."""
    check = CHECKS[f"analytics_mcp.{name.replace('_', '-')}"]
    in_hand = an_exchange(200, a_result(a_report("date")), recording=None)

    assert examine(check, in_hand, an_expect()).outcome is Outcome.SKIP
    assert examine(check, a_live_exchange(200, {"error": {"code": -32603}}), an_expect()).outcome is Outcome.SKIP
    assert examine(check, in_hand, an_expect(error="tool-failed")).outcome is Outcome.SKIP
