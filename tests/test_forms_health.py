"""health+json, held against the rules of draft-inadarei-api-health-check-06, written down here as a schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from evidence_files import a_failure, a_result, a_warning, live
from form_files import HOSTILE, hostile_told, mixed, told_of
from provendor.reports.forms import Told, health

DRAFT = {
    "type": "object",
    "required": ["status"],
    "additionalProperties": False,
    "properties": {
        # Section 3.1 says SHOULD: `unknown` is ours, for what was never asked.
        "status": {"enum": ["pass", "fail", "warn", "unknown"]},
        "version": {"type": "string"},
        "releaseId": {"type": "string"},
        "notes": {"type": "array", "items": {"type": "string"}},
        "output": {"type": "string"},
        "serviceId": {"type": "string"},
        "description": {"type": "string"},
        "links": {"type": "object", "additionalProperties": {"type": "string", "format": "uri"}},
        "checks": {
            "type": "object",
            # Section 4: `{componentName}:{measurementName}`, neither with a colon of its own.
            "propertyNames": {"pattern": "^[^:]*:(utilization|responseTime|connections|uptime)$"},
            "additionalProperties": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/component"}},
        },
    },
    # Section 3.5: output SHOULD be omitted for pass.
    "if": {"properties": {"status": {"const": "pass"}}},
    "then": {"properties": {"output": False}},
    "else": {"required": ["output"]},
    "$defs": {
        "component": {
            "type": "object",
            "required": ["componentType", "status", "time"],
            "properties": {
                "componentId": {"type": "string"},
                "componentType": {"enum": ["component", "datastore", "system"]},
                "observedValue": {"type": "number"},
                "observedUnit": {"type": "string"},
                "status": {"enum": ["pass", "fail", "warn"]},
                "affectedEndpoints": {"type": "array", "items": {"type": "string"}},
                "time": {"type": "string"},
                "output": {"type": "string"},
                "links": {"type": "object"},
            },
            "dependentRequired": {"observedValue": ["observedUnit"]},
            "if": {"properties": {"status": {"const": "pass"}}},
            "then": {"properties": {"output": False, "affectedEndpoints": False}},
        }
    },
}


def health_of(told: Told) -> dict[str, Any]:
    document: dict[str, Any] = json.loads("".join(health.render(told)))
    jsonschema.Draft202012Validator(DRAFT).validate(document)
    return document


def test_a_replay_is_never_health(tmp_path: Path):
    """Nothing is known of a vendor that nobody asked, however well its recordings fit."""
    document = health_of(told_of(tmp_path, [a_result()]))

    assert (document["status"], document["checks"]) == ("unknown", {})
    assert document["output"] == "nothing was asked live: a replay is never health"


def test_each_operation_that_was_asked_is_a_check(tmp_path: Path):
    """With its time, by vendor and operation; cases of one operation share a check."""
    asked = [live(a_result()), live(a_result("acme/users.get:denied")), live(a_result("shop/items.list:ok"))]

    document = health_of(told_of(tmp_path, asked, git_commit="abc"))

    assert (document["status"], document["releaseId"]) == ("pass", "abc")
    assert {name: len(checks) for name, checks in document["checks"].items()} == {
        "acme/users.get:responseTime": 2,
        "shop/items.list:responseTime": 1,
    }
    assert document["checks"]["shop/items.list:responseTime"] == [
        {
            "componentId": "shop/items.list:ok",
            "componentType": "component",
            "status": "pass",
            "time": "2026-11-20T10:00:00.000Z",
            "environment": "sandbox",
            "observedValue": 121.0,
            "observedUnit": "ms",
        }
    ]


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (a_warning(), "warn"),
        (a_failure(), "fail"),
        (a_result(outcome="error", reason="it hung"), "fail"),
        (a_result(outcome="skip", reason="not asked"), "unknown"),
    ],
)
def test_the_worst_live_answer_decides(tmp_path: Path, result: dict[str, Any], status: str):
    """A vendor that cannot be reached is not healthy; what was skipped says nothing."""
    assert health_of(told_of(tmp_path, [live(result)]))["status"] == status


def test_a_vendor_that_was_not_asked_makes_it_a_warning(tmp_path: Path):
    """And is named."""
    document = health_of(told_of(tmp_path, [live(a_result()), a_result("shop/items.list:ok")]))

    assert (document["status"], document["output"]) == ("warn", "1 vendor not asked live")
    assert document["notes"] == ["Not asked live: shop."]


def test_a_run_that_broke_off_is_no_full_health(tmp_path: Path):
    """What is missing was not asked."""
    document = health_of(told_of(tmp_path, [live(a_result())], ended=False))

    assert (document["status"], document["output"]) == ("warn", "the run did not come to its end")


def test_a_mixed_run_counts_only_what_was_asked(tmp_path: Path):
    """Replayed failures say nothing about a vendor's health."""
    document = health_of(told_of(tmp_path, mixed()))

    assert document["status"] == "warn"
    assert list(document["checks"]) == ["shop/items.list:responseTime"]


def test_a_time_that_is_none_is_left_out(tmp_path: Path):
    """The document stays JSON."""
    document = health_of(told_of(tmp_path, [{**live(a_result()), "elapsed_ms": float("nan")}]))

    assert "observedValue" not in document["checks"]["acme/users.get:responseTime"][0]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(tmp_path: Path, text: str):
    """Within the rules of the draft, and readable."""
    told = hostile_told(tmp_path, text)

    health_of(told)
    assert "".join(health.render(told)).isascii()
