"""What the business checks of Supabase say about an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import examine, load_checks
from provendor.exchange import Exchange
from provendor.verdict import Outcome, Verdict

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}
IDEA = {"id": "idea-001", "title": "Answer within the hour", "status": "draft", "priority": "high", "confidence": 0.85}


def verdict(name: str, exchange: Exchange, **expect: Any) -> Verdict:
    """How the check of this name in checks/supabase.py judges this exchange."""
    return examine(CHECKS[f"supabase.{name.replace('_', '-')}"], exchange, an_expect(**expect))


@pytest.mark.parametrize("confidence", [0, 0.85, 1, 1.0, None])
def test_a_share_of_one_or_nothing_is_a_confidence(confidence: Any) -> None:
    """Both ends count, and null means that nobody has said."""
    assert (
        verdict("confidence_is_a_share", an_exchange(200, [{**IDEA, "confidence": confidence}])).outcome is Outcome.PASS
    )


@pytest.mark.parametrize("confidence", [-0.01, 1.01, 85, "0.85", "NaN", "Infinity", True])
def test_anything_else_is_no_confidence(confidence: Any) -> None:
    """Percentages, text and what Postgres calls NaN would all break the page."""
    found = verdict("confidence_is_a_share", an_exchange(200, [IDEA, {**IDEA, "confidence": confidence}])).findings

    assert [(each.at, each.expected, each.actual) for each in found] == [
        ("/1/confidence", "a number from 0 to 1", repr(confidence))
    ]


def test_one_idea_as_an_object_is_judged_too() -> None:
    """A single object stands for a list of one."""
    found = verdict("confidence_is_a_share", an_exchange(200, {**IDEA, "confidence": 2})).findings

    assert [each.at for each in found] == ["/confidence"]


@pytest.mark.parametrize(("name", "word"), [("status", "archived"), ("status", None), ("priority", "urgent")])
def test_a_word_that_the_page_does_not_know_fails(name: str, word: str | None) -> None:
    """The finding names the idea, the word and what was allowed."""
    found = verdict("status_and_priority_are_known_words", an_exchange(200, [{**IDEA, name: word}])).findings

    assert [(each.at, each.actual) for each in found] == [(f"/0/{name}", repr(word))]


def test_an_idea_without_priority_is_fine() -> None:
    """Nobody has to decide how urgent an idea is."""
    judged = verdict("status_and_priority_are_known_words", an_exchange(200, [{**IDEA, "priority": None}]))

    assert judged.outcome is Outcome.PASS


def test_the_same_idea_twice_on_a_page_fails() -> None:
    """The finding points at the second one."""
    found = verdict("no_idea_appears_twice", an_exchange(200, [IDEA, {**IDEA, "id": "idea-002"}, IDEA])).findings

    assert [(each.at, each.expected) for each in found] == [("/2/id", "another id than /0")]


@pytest.mark.parametrize(
    ("content_range", "rows", "outcome"),
    [
        ("0-1/15", 2, Outcome.PASS),
        ("5-6/*", 2, Outcome.PASS),
        ("*/0", 0, Outcome.PASS),
        ("0-4/15", 2, Outcome.FAIL),
        ("*/15", 2, Outcome.FAIL),
        (None, 2, Outcome.SKIP),
    ],
)
def test_content_range_names_as_many_rows_as_came(content_range: str | None, rows: int, outcome: Outcome) -> None:
    """A page that lost rows on the way disagrees with its own header; without the header nothing is claimed."""
    headers = {"Content-Range": content_range} if content_range else {}
    page = [{**IDEA, "id": f"idea-{number}"} for number in range(rows)]

    assert verdict("content_range_counts_the_rows", an_exchange(206, page, headers=headers)).outcome is outcome


@pytest.mark.parametrize(
    ("sent", "written", "outcome"),
    [
        pytest.param(IDEA, [IDEA], Outcome.PASS, id="the one sent"),
        pytest.param(IDEA, IDEA, Outcome.PASS, id="as an object"),
        pytest.param([IDEA, {**IDEA, "id": "idea-002"}], [IDEA], Outcome.PASS, id="one of two, the other was there"),
        pytest.param(IDEA, [], Outcome.PASS, id="it was there already"),
        pytest.param(IDEA, [{**IDEA, "id": "idea-002"}], Outcome.FAIL, id="another"),
        pytest.param({"title": "Ask twice"}, [IDEA], Outcome.SKIP, id="the database makes the id"),
    ],
)
def test_ideas_that_come_back_of_a_write_are_those_that_were_sent(sent: Any, written: Any, outcome: Outcome) -> None:
    """Under another id the idea would be written again and again."""
    request = a_request("POST", body=json.dumps(sent).encode())

    assert verdict("ideas_written_are_those_sent", a_live_exchange(201, written, request=request)).outcome is outcome


def test_a_bucket_is_the_one_asked_for() -> None:
    """Whether it is public would else be told of another one."""
    request = a_request(url="https://abcdefghijklmnopqrst.supabase.co/storage/v1/bucket/idea%20files")

    def of(name: str, status: int = 200) -> Outcome:
        exchange = a_live_exchange(status, {"id": name, "name": name, "public": False}, request=request)
        return verdict("the_bucket_is_the_one_asked_for", exchange).outcome

    assert of("idea files") is Outcome.PASS
    assert of("public-images") is Outcome.FAIL
    assert of("idea files", 400) is Outcome.SKIP


@pytest.mark.parametrize("name", ["ideas_written_are_those_sent", "the_bucket_is_the_one_asked_for"])
def test_an_answer_in_hand_is_not_compared_with_a_request_it_does_not_belong_to(name: str) -> None:
    """Whoever has the answer asked for something else."""
    assert verdict(name, an_exchange(200, IDEA, recording=None)).outcome is Outcome.SKIP


@pytest.mark.parametrize(
    "name", ["confidence_is_a_share", "status_and_priority_are_known_words", "no_idea_appears_twice"]
)
def test_an_error_holds_no_ideas(name: str) -> None:
    """An error is judged by its class, not as a badly written idea."""
    exchange = an_exchange(401, {"code": "PGRST303", "message": "JWT expired", "details": None, "hint": None})

    assert verdict(name, exchange, error="token-expired").outcome is Outcome.SKIP


def test_a_service_that_was_asked_for_and_is_not_named_is_a_warning() -> None:
    """The platform left one out: degraded, because the others are known to be well."""
    request = a_request("GET", query=(("services", "db"), ("services", "rest"), ("timeout_ms", "5000")))
    exchange = a_live_exchange(200, [{"name": "db", "healthy": True, "status": "ACTIVE_HEALTHY"}], request=request)

    judged = verdict("every_service_asked_for_is_named", exchange)

    assert judged.outcome is Outcome.WARN
    assert [each.expected for each in judged.findings] == ["the health of rest"]


def test_services_that_nobody_asked_for_are_not_missed() -> None:
    """A captured answer comes without its request, so nothing can be missing."""
    assert verdict("every_service_asked_for_is_named", an_exchange(200, [])).outcome is Outcome.SKIP
