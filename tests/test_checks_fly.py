"""What the business checks of Fly say about an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import examine, load_checks
from provendor.exchange import Exchange
from provendor.verdict import Outcome, Verdict

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}
PASSING = {"name": "servicecheck-00-http-8080", "status": "passing"}
MACHINE = {"id": "148ed193b95689", "state": "started", "host_status": "ok", "checks": [PASSING]}
HEALTH = "every_machine_in_service_is_healthy"
ASKED_FOR = "the_machine_is_the_one_asked_for"
VALUES = "no_value_of_a_secret_comes_along"


def verdict(name: str, exchange: Exchange) -> Verdict:
    """How the check of this name in checks/fly.py judges this exchange."""
    return examine(CHECKS[f"fly.{name.replace('_', '-')}"], exchange, an_expect())


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        ({"checks": []}, "nobody checks it"),
        ({"checks": None}, "nobody checks it"),
        ({"checks": [{"name": "bg_deployments_compat_tcp", "status": "passing"}]}, "nobody checks it"),
        ({"checks": [{**PASSING, "status": "critical"}]}, "servicecheck-00-http-8080 is critical"),
        ({"state": "stopped"}, "it is stopped"),
        ({"cordoned": True}, "it is cordoned"),
        ({"host_status": "unreachable"}, "its host is unreachable"),
    ],
)
def test_a_machine_that_does_not_serve_degrades_its_app(change: dict[str, Any], trouble: str) -> None:
    """The finding names the machine's place in the list and the trouble; it is a warning, the answer itself is good."""
    judged = verdict(HEALTH, a_live_exchange(200, [MACHINE, {**MACHINE, **change}]))

    assert judged.outcome is Outcome.WARN
    assert [(each.at, each.actual) for each in judged.findings] == [("/1", trouble)]


@pytest.mark.parametrize(
    "machine",
    [
        MACHINE,
        {**MACHINE, "host_status": "ok", "cordoned": False},
        {**MACHINE, "state": "destroyed", "checks": None},
        {**MACHINE, "checks": None, "config": {"metadata": {"fly_process_group": "fly_app_release_command"}}},
    ],
)
def test_a_machine_that_serves_or_is_not_meant_to_is_fine(machine: dict[str, Any]) -> None:
    """What is gone, and what only runs a command, is left out."""
    assert verdict(HEALTH, a_live_exchange(200, [machine])).outcome is Outcome.PASS


@pytest.mark.parametrize(
    "exchange", [an_exchange(200, [{**MACHINE, "checks": []}]), a_live_exchange(401, {}), a_live_exchange(200, {})]
)
def test_health_is_not_read_from_recordings_and_refusals(exchange: Exchange) -> None:
    """A recording is never health, and what is no list is judged by other checks."""
    assert verdict(HEALTH, exchange).outcome is Outcome.SKIP


@pytest.mark.parametrize("body", [{"secrets": [{"name": "A", "value": "swordfish"}]}, {"data": {"app": {"secrets": [
    {"name": "A", "value": "swordfish"}]}}}])  # fmt: skip
def test_the_value_of_a_secret_is_found_and_not_shown(body: dict[str, Any]) -> None:
    """The finding has the place of the value, never the value."""
    judged = verdict(VALUES, an_exchange(200, body))

    assert judged.outcome is Outcome.FAIL
    assert judged.findings[0].at.endswith("/secrets/0/value")
    assert "swordfish" not in repr(judged)


@pytest.mark.parametrize("body", [{"secrets": [{"name": "A"}, 7]}, {"data": {"app": None}}, {"data": None}, [], 7])
def test_names_without_values_are_fine(body: Any) -> None:
    """Odd answers are judged by their schema, and break nothing here."""
    assert verdict(VALUES, an_exchange(200, body)).outcome is Outcome.PASS


@pytest.mark.parametrize("query", ["", "?force=true"])
def test_a_machine_is_the_one_asked_for(query: str) -> None:
    """Health of another machine says nothing about ours."""
    request = a_request(url=f"https://api.machines.dev/v1/apps/shop/machines/148ed193b95689{query}")

    def of(answer: Any, status: int = 200) -> Outcome:
        return verdict(ASKED_FOR, a_live_exchange(status, answer, request=request)).outcome

    assert of(MACHINE) is Outcome.PASS
    assert of({**MACHINE, "id": "148ed193b95680"}) is of({}) is Outcome.FAIL
    assert of({"error": "no"}, 404) is of([MACHINE]) is Outcome.SKIP


def test_of_an_answer_in_hand_nobody_knows_what_was_asked_for() -> None:
    """The request beside it is the contract's own; and where the path names no machine, there is nothing to compare."""
    assert verdict(ASKED_FOR, an_exchange(200, MACHINE, recording=None)).outcome is Outcome.SKIP
    assert verdict(ASKED_FOR, a_live_exchange(200, MACHINE)).outcome is Outcome.SKIP
