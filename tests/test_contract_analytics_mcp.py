"""What the contract of the Analytics MCP server accepts and refuses, judged as `provendor validate` judges it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provendor import cassette
from recorded_answers import GONE, ROOT, changed, recorded


def the_answer(selector: str) -> dict[str, Any]:
    """Return the message that answers the call: the last of the cassette."""
    path = f"analytics-mcp/{selector.replace(':', '/')}.yaml"
    message: dict[str, Any] = json.loads(cassette.load(ROOT / "cassettes" / path, path).interactions[-1].body)
    return message


def judged(selector: str, change: dict[str, Any]) -> list[str]:
    """Who accepts a case's answer with other things at these places of the document in its text."""
    message = the_answer(selector)
    part = message["result"]["content"][0]
    part["text"] = json.dumps(changed(json.loads(part["text"]), change))
    return recorded("analytics-mcp").accepted(selector.partition(":")[0], 200, json.dumps(message).encode())


ACCEPTED = [
    ("reports.run:ok", {}),
    ("reports.run:ok", {"metadata": GONE}),
    ("reports.run:ok", {"metadata.data_loss_from_other_row": True}),
    ("reports.run:ok", {"totals": [{"dimension_values": [], "metric_values": [{"value": "79"}]}]}),
    ("reports.run:ok", {"rows.0.dimension_values": []}),
    ("reports.run:empty", {}),
    ("reports.run:ok", {"metadata.currency_code": "", "metadata.time_zone": ""}),
    ("reports.run:ok", {"rows.0.metric_values.0.value": "0.97348484848484851"}),
    ("reports.realtime:ok", {"kind": GONE}),
    ("reports.funnel:ok", {"funnel_visualization": {"rows": []}}),
    ("reports.funnel:ok", {"funnel_table.rows.0.metric_values.0.value": ""}),
    ("accounts.summaries:ok", {"0.property_summaries": []}),
    ("accounts.summaries:ok", {"0.property_summaries.0.property_type": "PROPERTY_TYPE_NEW"}),
    ("properties.get:ok", {"service_level": GONE, "delete_time": "2026-11-20T10:00:00Z"}),
    ("properties.ads_links:none", {}),
    ("annotations.list:ok", {"0.annotation_date": GONE, "0.annotation_date_range": {"start_date": {"year": 2026}}}),
    ("reports.run:missing-argument", {}),
    ("reports.run:bad-property", {"error": "Failed to execute tool 'run_report': something new"}),
]
REFUSED = [
    ("reports.run:ok", {"rows": GONE}),
    ("reports.run:ok", {"rows": None}),
    ("reports.run:ok", {"row_count": "2"}),
    ("reports.run:ok", {"row_count": GONE, "rowCount": 2}),
    ("reports.run:ok", {"rows.0.metric_values.0.value": 41}),
    ("reports.run:ok", {"rows.0.metric_values.0.value": ""}),
    ("reports.run:ok", {"rows": []}),
    ("reports.run:ok", {"rows.0.metric_values": GONE}),
    ("reports.run:ok", {"metric_headers.0.type_": GONE, "metric_headers.0.type": "TYPE_INTEGER"}),
    ("reports.run:ok", {"metric_headers.0.type_": 1}),
    ("reports.run:ok", {"dimension_headers.0.name": ""}),
    ("reports.run:ok", {"kind": "analyticsData#metadata"}),
    ("reports.funnel:ok", {"funnel_table": GONE}),
    ("accounts.summaries:ok", {"0.account": "100"}),
    ("accounts.summaries:ok", {"0.property_summaries.0.property": "1234"}),
    ("properties.get:ok", {"time_zone": GONE}),
    ("properties.get:ok", {"name": "accounts/1"}),
    ("properties.custom_fields:ok", {"custom_metrics": GONE}),
    ("properties.ads_links:ok", {"0.customer_id": ""}),
    ("annotations.create:ok", {"name": GONE}),
    ("annotations.create:ok", {"annotation_date": GONE}),
    ("reports.run:bad-property", {"error": {"code": 400}}),
]


@pytest.mark.parametrize(("selector", "change"), ACCEPTED)
def test_what_the_server_truly_says_is_accepted(selector, change):
    """Defaults written out, parts unset, failures whose words are new."""
    assert judged(selector, change) != []


@pytest.mark.parametrize(("selector", "change"), REFUSED)
def test_an_answer_that_would_hurt_us_is_refused(selector, change):
    """Gone, renamed to the names of REST, or of another type."""
    assert judged(selector, change) == []


@pytest.mark.parametrize(
    "change",
    [
        {"result.tools.5.name": "run_reports"},
        {"result.tools.5": GONE},
        {"result.tools.5.inputSchema.properties.date_ranges": {"type": "string"}},
        {"result.tools.5.inputSchema.properties.limit": GONE},
        {"result.tools.5.inputSchema.required": ["property_id", "timezone"]},
        {"result.tools.5.inputSchema": GONE},
        {"result.tools": GONE},
        {"result": GONE},
    ],
)
@pytest.mark.parametrize("case", ["ok", "with-write"])
def test_tools_that_changed_are_refused(case, change):
    """A tool renamed, gone, with an argument of another type, gone, or newly required."""
    message = the_answer(f"tools.list:{case}")

    assert recorded("analytics-mcp").accepted("tools.list", 200, json.dumps(changed(message, change)).encode()) == []
    assert recorded("analytics-mcp").accepted("tools.list", 200, json.dumps(message).encode()) == [case]


def test_a_failure_that_is_not_marked_is_no_report():
    """`isError` is false where a required argument is missing; the text tells."""
    message = the_answer("reports.run:missing-argument")

    assert message["result"]["isError"] is False
    assert recorded("analytics-mcp").accepted("reports.run", 200, json.dumps(message).encode()) == ["missing-argument"]
