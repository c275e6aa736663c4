"""What a contract lets a case do on the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract_files import a_contract, a_vendor
from provendor.contract import Vendor
from provendor.reader import loading
from provendor.wire.policy import REQUEST_S, Policy, policy_for

GET = {"summary": "One.", "request": "GET /things/1", "cases": {"ok": {"status": 200}}}
MAKE = {"summary": "Makes one.", "request": "POST /things", "safety": "write", "cases": {"ok": {"status": 201}}}
KEYED = {**MAKE, "json": {"key": "{key}"}}
SEARCH = {"summary": "Finds some.", "request": "POST /search", "safety": "read", "cases": {"ok": {"status": 200}}}
JOB = {
    "summary": "Makes one and waits.",
    "steps": [
        {"name": "make", "call": "things.make"},
        {"name": "keyed", "call": "things.keyed"},
        {
            "name": "wait",
            "call": "things.get",
            "poll": {"every": "5s", "within": "2m", "until": {"$.state": "done"}},
        },
    ],
    "cases": {"ok": {"status": 200}},
}
PAGES = {
    **GET,
    "paging": {"style": "page", "send": {"query": "page"}, "items": "$.things", "max_pages": 4},
    "cases": {"ok": {"status": 200, "pages": "all"}},
}


def the_vendor(root: Path, flows: Any = None, **operations: Any) -> Vendor:
    known = {"things.get": GET, "things.make": MAKE, "things.keyed": KEYED, "things.search": SEARCH, **operations}
    resource: dict[str, Any] = {"operations": known, **({"flows": flows} if flows else {})}
    variables = {"key": {"generate": "uuid", "example": "an-example"}}
    a_contract(root, a_vendor(variables=variables, auth="none", secrets={}), resource)
    return loading.load(root).vendors["acme"]


def policy(vendor: Vendor, name: str, environment: Any = "sandbox") -> Policy:
    case = next(case for case in vendor.cases if f"{case.operation}:{case.name}" == name)
    return policy_for(case, vendor, environment)


@pytest.mark.parametrize(
    ("name", "safe"), [("things.get", True), ("things.make", False), ("things.keyed", True), ("things.search", True)]
)
def test_what_reads_or_carries_a_key_is_safe(tmp_path: Path, name: str, safe: bool):
    """By declaration, whatever the method is."""
    assert (f"acme/{name}:ok" in policy(the_vendor(tmp_path), f"{name}:ok").safe) is safe


def test_of_a_flow_each_step_is_as_safe_as_it_is(tmp_path: Path):
    """One write does not make the others unsafe, and one key makes none of the others safe."""
    vendor = the_vendor(tmp_path, flows={"things.job": JOB})
    allowed = policy(vendor, "things.job:ok")
    steps = [step.case.id for case in vendor.cases if case.operation == "things.job" for step in case.plan.steps]  # type: ignore[union-attr]

    assert [each in allowed.safe for each in steps] == [False, True, True]


def test_a_case_has_time_for_each_request_that_it_plans(tmp_path: Path):
    """Of a flow, its steps and what its polls may wait; of a list, its pages."""
    vendor = the_vendor(tmp_path, flows={"things.job": JOB}, **{"things.list": PAGES})

    assert policy(vendor, "things.get:ok").deadline_s == REQUEST_S
    assert policy(vendor, "things.job:ok").deadline_s == 3 * REQUEST_S + 120
    assert policy(vendor, "things.list:ok").deadline_s == 4 * REQUEST_S


def test_a_probe_has_the_time_that_the_contract_gives_it(tmp_path: Path):
    """In production; in a sandbox it is a case like any other."""
    vendor = the_vendor(tmp_path, **{"things.probed": {**GET, "probe": {"every": "60s", "timeout": "4s"}}})

    assert policy(vendor, "things.probed:ok", "production").deadline_s == 4
    assert policy(vendor, "things.probed:ok").deadline_s == REQUEST_S


def test_what_the_case_expects_goes_along(tmp_path: Path):
    """So that its error is no reason for another try, and its redirect no way to somewhere else."""
    rules = [{"status": 429, "code": "slow-down", "retryable": True}]
    cases = {"limited": {"status": 429, "error": "slow-down"}, "moved": {"status": 302}}
    vendor = the_vendor(tmp_path, **{"things.limited": {**GET, "errors": rules, "cases": cases}})

    limited, moved = policy(vendor, "things.limited:limited"), policy(vendor, "things.limited:moved")
    assert (limited.expected, limited.errors[0].code) == ("slow-down", "slow-down")
    assert moved.statuses is not None
    assert 302 in moved.statuses
