"""What the business checks of Hootsuite say about an answer and the request that led to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import examine, load_checks
from provendor.exchange import Exchange
from provendor.verdict import Outcome

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}


def outcome(name: str, exchange: Exchange) -> Outcome:
    """How this check judges this exchange, in one word."""
    return examine(CHECKS[f"hootsuite.{name}"], exchange, an_expect()).outcome


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([{"id": "1", "isReauthRequired": 0}, {"id": "2"}], Outcome.PASS),
        ([{"id": "1", "isReauthRequired": 0}, {"id": "2", "isReauthRequired": 1}], Outcome.WARN),
        ({"id": "2", "isReauthRequired": 1}, Outcome.WARN),
    ],
)
def test_a_profile_that_lost_its_network_is_a_warning(data: Any, expected: Outcome) -> None:
    """In a list and alone; a profile that does not say so counts as connected."""
    assert outcome("profiles-are-connected", an_exchange(200, {"data": data})) is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param({"id": "42=="}, Outcome.PASS, id="an object"),
        pytest.param([{"id": "42=="}], Outcome.PASS, id="a list of one"),
        pytest.param({"id": "43=="}, Outcome.FAIL, id="another"),
        pytest.param([{"id": "42"}], Outcome.FAIL, id="another in a list"),
    ],
)
def test_what_comes_back_is_what_was_asked_for(data: Any, expected: Outcome) -> None:
    """Numbers of media end in equals signs, which are percent-encoded in the path."""
    request = a_request(url="https://platform.hootsuite.com/v1/media/42%3D%3D")

    exchange = a_live_exchange(200, {"data": data}, request=request)
    assert outcome("it-is-the-one-asked-for", exchange) is expected


def test_an_answer_in_hand_is_not_compared_with_a_request_it_does_not_belong_to() -> None:
    """Whoever has it asked for something else."""
    assert outcome("it-is-the-one-asked-for", an_exchange(200, {"data": {}}, recording=None)) is Outcome.SKIP


@pytest.mark.parametrize(
    ("asked", "made", "expected"),
    [
        (["1", "2"], ["2", "1"], Outcome.PASS),
        (["1", "2"], ["1"], Outcome.FAIL),
        (["1"], ["3"], Outcome.FAIL),
        (["1"], ["1", "1"], Outcome.FAIL),
    ],
)
def test_every_profile_that_was_asked_has_one_message(asked: list[str], made: list[str], expected: Outcome) -> None:
    """A missing message is a post that nobody sees."""
    request = a_request("POST", body=json.dumps({"socialProfileIds": asked}).encode())
    exchange = a_live_exchange(200, {"data": [{"socialProfile": {"id": each}} for each in made]}, request=request)

    assert outcome("every-profile-has-its-message", exchange) is expected


@pytest.mark.parametrize(("times", "expected"), [(("1", "2"), Outcome.PASS), (("2", "1"), Outcome.WARN)])
def test_messages_out_of_order_are_a_warning(times: tuple[str, str], expected: Outcome) -> None:
    """Messages that were sent at once have no time and do not count."""
    data = [{"scheduledSendTime": f"2026-12-0{day}T09:30:00Z"} for day in times] + [{"scheduledSendTime": None}]

    assert outcome("messages-stand-in-order", an_exchange(200, {"data": data})) is expected


@pytest.mark.parametrize("exchange", [an_exchange(401, {}), an_exchange(200, body="<html>"), an_exchange(200, body="")])
def test_what_is_no_answer_is_skipped(exchange: Exchange) -> None:
    """Other checks say what is wrong with it."""
    assert outcome("profiles-are-connected", exchange) is Outcome.SKIP
