"""What the business checks of our dashboard's route say about an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builders import an_exchange, an_expect
from provendor import validate
from provendor.check import examine, load_checks
from provendor.contract import Indicator
from provendor.exchange import Exchange
from provendor.reader import loading
from provendor.verdict import Outcome, Verdict

ROOT = Path(__file__).parents[1]
CHECKS = {check.name: check for check in load_checks(ROOT / "checks")}
IDEA = {"id": "idea-001", "title": "Answer within the hour", "status": "draft", "priority": "high", "confidence": 0.85}


def an_answer(source: Any = "supabase", ideas: Any = (IDEA,), **more: Any) -> dict[str, Any]:
    """The route's answer."""
    return {"source": source, "ideas": list(ideas), **more}


def verdict(name: str, exchange: Exchange, **expect: Any) -> Verdict:
    """How the check of this name in checks/dashboard.py judges this exchange."""
    return examine(CHECKS[f"dashboard.{name.replace('_', '-')}"], exchange, an_expect(**expect))


@pytest.mark.parametrize("warnings", [[], ["one idea was left out"]])
def test_ideas_from_supabase_pass(warnings: list[str]) -> None:
    """Warnings beside real ideas change nothing about where they come from."""
    assert verdict("ideas_come_from_supabase", an_exchange(200, an_answer(warnings=warnings))).outcome is Outcome.PASS


def test_a_mock_with_warnings_is_degraded_and_says_why() -> None:
    """Supabase was asked and did not answer: the reader sees the route's own words."""
    judged = verdict("ideas_come_from_supabase", an_exchange(200, an_answer("mock", warnings=["timeout", "again"])))

    assert judged.outcome is Outcome.WARN
    assert [each.actual for each in judged.findings] == ["a mock, because: timeout; again"]


@pytest.mark.parametrize("more", [{}, {"warnings": []}, {"warnings": None}], ids=["absent", "empty", "null"])
def test_a_mock_without_warnings_means_that_the_flag_is_off(more: dict[str, Any]) -> None:
    """Nothing is broken, and nothing was shown: a skip with its reason."""
    judged = verdict("ideas_come_from_supabase", an_exchange(200, an_answer("mock", **more)))

    assert judged.outcome is Outcome.SKIP
    assert judged.reason == "the idea pool's flag is off: the route answers with its mock"


def test_what_is_wrong_with_an_idea_is_found_at_its_place() -> None:
    """The pointer leads through `ideas`."""
    exchange = an_exchange(200, an_answer(ideas=[IDEA, {**IDEA, "confidence": 85, "status": "archived"}]))

    found = [
        finding.at
        for name in ("confidence_is_a_share", "status_and_priority_are_known_words", "no_idea_appears_twice")
        for finding in verdict(name, exchange).findings
    ]

    assert found == ["/ideas/1/confidence", "/ideas/1/status", "/ideas/1/id"]


@pytest.mark.parametrize("name", ["ideas_come_from_supabase", "confidence_is_a_share", "no_idea_appears_twice"])
def test_an_error_is_no_mock(name: str) -> None:
    """A proxy's page says nothing about where ideas come from."""
    exchange = an_exchange(502, body="<html><body>Bad Gateway</body></html>", headers={"Content-Type": "text/html"})

    assert verdict(name, exchange, error="proxy-unavailable").outcome is Outcome.SKIP


@pytest.mark.parametrize(
    ("status", "body", "accepted"),
    [
        (200, an_answer(), True),
        (200, an_answer(generatedAt="2026-11-20T10:00:00.000Z", total=1, page={"size": 20}), True),
        (200, an_answer("mock", warnings=["timeout"]), True),
        (200, an_answer("mock"), True),
        (200, an_answer(ideas=[]), True),
        (200, an_answer(ideas=[{**IDEA, "priority": None, "confidence": None}]), True),
        (200, an_answer(ideas=[{**IDEA, "rationale": "", "createdAt": None, "updatedAt": "infinity"}]), True),
        (
            200,
            an_answer(ideas=[{**IDEA, "created_at": "2026-01-02T03:04:05.6+00:00", "updated_at": "2026-01-02"}]),
            True,
        ),
        (200, an_answer(ideas=[{**IDEA, "created_at": "yesterday"}]), False),
        (200, an_answer(ideas=[{**IDEA, "createdAt": 1795132800000}]), False),
        (200, an_answer("cache"), False),
        (200, an_answer(None), False),
        (200, {"ideas": [IDEA]}, False),
        (200, {"source": "supabase"}, False),
        (200, [IDEA], False),
        (200, {"data": an_answer()}, False),
        (200, an_answer(warnings="timeout"), False),
        (200, an_answer(ideas=[{**IDEA, "id": 1}]), False),
        (200, an_answer(ideas=[{**IDEA, "status": "archived"}]), False),
        (200, an_answer(ideas=[{**IDEA, "confidence": "0.85"}]), False),
        (200, an_answer(ideas=[{**IDEA, "confidence": 85}]), False),
        (200, {"error": "the idea pool cannot be read"}, False),
        (401, {"error": "not signed in"}, True),
        (401, {"message": "not signed in"}, True),
        (401, {}, False),
        (401, an_answer(), False),
        (500, {"error": {"code": "57014", "message": "timeout"}}, True),
        (502, "<html><body>Bad Gateway</body></html>", True),
        (502, "", False),
    ],
)
def test_the_contract_takes_the_routes_answers_and_no_broken_ones(status: int, body: Any, accepted: bool) -> None:
    """Every case of the route and its checks together, as `provendor validate` asks them."""
    cases = loading.load(ROOT, ["dashboard"]).vendors["dashboard"].cases
    business = tuple(check for name, check in CHECKS.items() if name.startswith("dashboard."))
    raw = an_exchange(status, body).body if not isinstance(body, str) else body.encode()

    judgement = validate.judge_answer(cases, status, None, raw, checks={case.id: business for case in cases})

    assert judgement.accepted is accepted


REVIEWED = {"ideas-reviewed": Indicator("ideas-reviewed", "Reviewed ideas.", ok=0.5, warn=0, min=4)}


@pytest.mark.parametrize(
    ("states", "outcome"),
    [
        (["approved", "rejected", "pending_review", "pending_review", "draft"], Outcome.PASS),
        (["approved", "pending_review", "pending_review", "pending_review"], Outcome.WARN),
        (["approved", "pending_review", "pending_review", "draft", "draft"], Outcome.SKIP),
    ],
)
def test_ideas_that_wait_are_seen(states: list[str], outcome: Outcome) -> None:
    """Drafts wait for nobody, and three ideas say nothing."""
    answer = an_answer(ideas=[{**IDEA, "id": str(n), "status": state} for n, state in enumerate(states)])

    assert verdict("ideas_are_reviewed", an_exchange(200, answer), indicators=REVIEWED).outcome is outcome


def test_a_mock_is_not_asked_for_reviews() -> None:
    """Its ideas are nobody's."""
    assert (
        verdict("ideas_are_reviewed", an_exchange(200, an_answer("mock")), indicators=REVIEWED).outcome is Outcome.SKIP
    )
