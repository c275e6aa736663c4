from __future__ import annotations

from typing import Any

import pytest

from builders import a_case
from provendor.probes import health
from provendor.probes.health import Itself
from provendor.probes.probing import Probe
from provendor.probes.states import State, Thresholds
from provendor.verdict import Outcome

NOW = 1_795_608_000.0
WELL = Itself(on_time=True, history=True, contracts=True)
PROBE = Probe(a_case("acme/users.get:ok"), 60.0, Thresholds(), None)


def told(state: State | None = None, itself: Itself = WELL, started_at: float = NOW) -> dict[str, Any]:
    states = {PROBE.watched: state} if state else {}
    return health.document([(PROBE, 60.0)], states, itself, NOW, started_at)


def stands(outcome: Outcome, last_at: float = NOW - 30) -> State:
    return State(outcome, NOW - 600, outcome, last_at, NOW - 660)


@pytest.mark.parametrize(
    ("outcome", "status"), [("pass", "pass"), ("warn", "warn"), ("fail", "fail"), ("error", "fail")]
)
def test_the_status_is_that_of_the_worst_probe(outcome: str, status: str):
    """In the words of the draft."""
    document = told(stands(Outcome(outcome)))

    [check] = document["checks"]["acme/users.get:state"]
    assert (document["status"], check["status"], check["observedValue"]) == (status, status, outcome)
    assert check["time"] == "2026-11-25T11:59:30.000Z"


def test_a_failing_probe_says_since_when():
    """And when it was last good."""
    [check] = told(stands(Outcome.FAIL))["checks"]["acme/users.get:state"]

    assert check["output"] == "fail since 2026-11-25T11:50:00.000Z, last good 2026-11-25T11:49:00.000Z"


def test_what_nobody_has_asked_lately_is_no_pass():
    """Three periods without an answer; one that fails stays a failure."""
    late = told(stands(Outcome.PASS, NOW - 181))
    failing = told(stands(Outcome.FAIL, NOW - 181))

    assert (late["status"], failing["status"]) == ("warn", "fail")
    assert late["checks"]["acme/users.get:state"][0]["output"] == "no answer lately: nobody knows how it is"


def test_before_the_first_answer_nothing_is_known():
    """Which is no pass."""
    assert told()["status"] == "warn"
    assert told()["checks"]["acme/users.get:state"][0]["output"] == "nothing is known yet"
    assert "no answer lately" in told(started_at=NOW - 181)["checks"]["acme/users.get:state"][0]["output"]


@pytest.mark.parametrize("what", ["on_time", "history", "contracts"])
def test_a_prober_that_is_not_well_is_a_warn(what: str):
    """It says what is not true."""
    document = told(stands(Outcome.PASS), WELL._replace(**{what: False}))

    assert document["status"] == "warn"
    assert document["output"].startswith("no pass: prober:")
