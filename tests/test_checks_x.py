"""What the business checks of X say about an answer and the request that led to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import Check, examine, load_checks
from provendor.exchange import Exchange
from provendor.verdict import Outcome

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}


def the_check(name: str) -> Check:
    """The check of this name in checks/x.py, given with underscores."""
    return CHECKS[f"x.{name.replace('_', '-')}"]


def outcome(name: str, exchange: Exchange) -> Outcome:
    """How this check judges this exchange, in one word."""
    return examine(the_check(name), exchange, an_expect()).outcome


def posted(sent: dict[str, Any], text: str) -> Exchange:
    """A live post of this JSON, and the text that became public."""
    request = a_request("POST", body=json.dumps(sent).encode())
    return a_live_exchange(201, {"data": {"id": "1", "text": text}}, request=request)


def page(*ids: str, oldest: str = "10", newest: str = "30", count: int | None = None) -> Exchange:
    """A page of posts with these ids."""
    meta = {"oldest_id": oldest, "newest_id": newest, "result_count": len(ids) if count is None else count}
    return an_exchange(200, {"data": [{"id": each, "text": ""} for each in ids], "meta": meta})


@pytest.mark.parametrize(
    ("sent", "text", "expected"),
    [
        ({"text": "Fish & chips"}, "Fish &amp; chips", Outcome.PASS),
        ({"text": "A line", "media": {"media_ids": ["1"]}}, "A line https://t.co/abcdefghij", Outcome.PASS),
        ({"text": "A line"}, "Another line", Outcome.FAIL),
        ({"text": "A line"}, "A line https://t.co/abcdefghij", Outcome.FAIL),
        ({"text": "See https://example.com"}, "See https://t.co/abcdefghij", Outcome.SKIP),
    ],
)
def test_what_is_public_is_what_was_approved(sent: dict[str, Any], text: str, expected: Outcome) -> None:
    """The text comes back as it was sent, but for what X itself writes into it."""
    assert outcome("the_post_says_what_was_approved", posted(sent, text)) is expected


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        pytest.param({"id": "42"}, Outcome.PASS, id="the one asked for"),
        pytest.param({"id": "43"}, Outcome.FAIL, id="another"),
        pytest.param({"id": "43", "edit_history_tweet_ids": ["42", "43"]}, Outcome.PASS, id="edited since"),
        pytest.param({"id": "43", "edit_history_post_ids": ["42"]}, Outcome.FAIL, id="another's history"),
        pytest.param({}, Outcome.SKIP, id="none"),
    ],
)
def test_a_post_is_the_one_asked_for(post: dict[str, Any], expected: Outcome) -> None:
    """Now, or before it was edited."""
    request = a_request(url="https://api.x.com/2/tweets/42?post.fields=lang")

    exchange = a_live_exchange(200, {"data": post}, request=request)
    assert outcome("the_post_is_the_one_asked_for", exchange) is expected


def test_a_post_in_hand_is_not_compared_with_a_request_it_does_not_belong_to() -> None:
    """Whoever has it asked for another one."""
    in_hand = an_exchange(200, {"data": {"id": "43"}}, recording=None)

    assert outcome("the_post_is_the_one_asked_for", in_hand) is Outcome.SKIP


def test_a_page_that_miscounts_is_a_warn() -> None:
    """A count that is not the number of posts is worth a look, and wakes nobody."""
    assert outcome("a_page_counts_its_posts", page("10", "30")) is Outcome.PASS
    assert outcome("a_page_counts_its_posts", page("10", "30", count=9)) is Outcome.WARN


def test_an_empty_page_counts_none() -> None:
    """Without a result there is no `data`, and the count is zero."""
    assert outcome("a_page_counts_its_posts", an_exchange(200, {"meta": {"result_count": 0}})) is Outcome.PASS


def test_a_post_outside_the_ids_of_its_page_is_a_warn() -> None:
    """Ids are compared as numbers: 9 is older than 10."""
    assert outcome("a_page_lies_between_its_ids", page("10", "30")) is Outcome.PASS
    assert outcome("a_page_lies_between_its_ids", page("9", "30")) is Outcome.WARN
    assert outcome("a_page_lies_between_its_ids", page("10", "100")) is Outcome.WARN


@pytest.mark.parametrize(
    ("used", "cap", "expected"),
    [("89", "100", Outcome.PASS), ("90", "100", Outcome.WARN), (100, 100, Outcome.WARN), (None, "100", Outcome.SKIP)],
)
def test_reads_that_run_out_are_a_warn(used: Any, cap: Any, expected: Outcome) -> None:
    """Nine tenths of the month's reads is the line, in text or in numbers."""
    answer = an_exchange(200, {"data": {"project_usage": used, "project_cap": cap}})

    assert outcome("reads_are_left", answer) is expected
