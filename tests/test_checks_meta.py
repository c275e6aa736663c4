"""What the business checks of Meta say about an answer and the request that led to it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import Check, examine, load_checks
from provendor.exchange import Exchange
from provendor.verdict import Outcome, Verdict

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}
ALL = [
    "pages_manage_posts",
    "pages_read_engagement",
    "read_insights",
    "instagram_basic",
    "instagram_content_publish",
]
TODAY = date(2026, 11, 20)
TODAY_S = 1795132800  # the same day, seconds since 1970
DAY_S = 86_400


def the_check(name: str) -> Check:
    """The check of this name in checks/meta.py, given with underscores."""
    return CHECKS[f"meta.{name.replace('_', '-')}"]


def verdict(name: str, exchange: Exchange) -> Verdict:
    """How this check judges this exchange on TODAY."""
    return examine(the_check(name), exchange, an_expect(today=TODAY))


def debugged(**data: Any) -> dict[str, Any]:
    """What debug_token answers about a page's token."""
    return {"data": {"type": "PAGE", "is_valid": True, "expires_at": 0, "scopes": ALL, **data}}


def test_a_missing_permission_is_a_warn_that_names_it() -> None:
    """It fails only when it is needed, which is later than one wants to know."""
    judged = verdict("the_token_may_do_what_we_need", an_exchange(200, debugged(scopes=ALL[1:])))

    assert judged.outcome is Outcome.WARN
    assert [finding.expected for finding in judged.findings] == ["pages_manage_posts"]


def test_a_token_with_every_permission_passes() -> None:
    """More than what is needed is no matter here."""
    answer = debugged(scopes=[*ALL, "public_profile"])

    assert verdict("the_token_may_do_what_we_need", an_exchange(200, answer)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("name", "seconds", "expected"),
    [
        ("expires_at", 0, Outcome.PASS),
        ("expires_at", TODAY_S + 30 * DAY_S, Outcome.PASS),
        ("expires_at", TODAY_S + 3 * DAY_S, Outcome.WARN),
        ("data_access_expires_at", TODAY_S + 3 * DAY_S, Outcome.WARN),
        ("expires_at", TODAY_S - DAY_S, Outcome.WARN),
    ],
)
def test_a_token_that_ends_within_a_week_is_a_warn(name: str, seconds: int, expected: Outcome) -> None:
    """The end of the token and that of its access to data both count; 0 is never."""
    answer = a_live_exchange(200, debugged(**{name: seconds}))

    assert verdict("the_token_lives_another_week", answer).outcome is expected


def test_a_recorded_token_may_be_as_old_as_it_likes() -> None:
    """A cassette says nothing of the token in use."""
    assert verdict("the_token_lives_another_week", an_exchange(200, debugged(expires_at=1))).outcome is Outcome.SKIP


@pytest.mark.parametrize(
    ("made", "expected"),
    [("108_2", Outcome.PASS), ("999_2", Outcome.FAIL), ("2", Outcome.SKIP)],
)
def test_a_post_is_where_it_was_sent(made: str, expected: Outcome) -> None:
    """The first half of a post's id is its page."""
    request = a_request("POST", "https://graph.facebook.com/v26.0/108/feed")

    assert verdict("a_post_is_on_the_page_asked_for", a_live_exchange(200, {"id": made}, request=request)).outcome is (
        expected
    )


@pytest.mark.parametrize(("used", "expected"), [(44, Outcome.PASS), (45, Outcome.WARN), (50, Outcome.WARN)])
def test_posts_that_run_out_are_a_warn(used: int, expected: Outcome) -> None:
    """Nine tenths of what the vendor allows is the line, whatever it allows."""
    answer = {"data": [{"quota_usage": used, "config": {"quota_total": 50}}]}

    assert verdict("posts_are_left_today", an_exchange(200, answer)).outcome is expected


@pytest.mark.parametrize(
    ("got", "expected"),
    [("17889455560051444", Outcome.PASS), ("17889455560051445", Outcome.FAIL), (None, Outcome.FAIL)],
)
def test_a_container_is_the_one_asked_for(got: str | None, expected: Outcome) -> None:
    """Another one that is ready says nothing of ours, which is published next."""
    request = a_request("GET", "https://graph.facebook.com/v26.0/17889455560051444")
    answer = {"id": got, "status_code": "FINISHED"}
    name = "the_container_is_the_one_asked_for"

    assert verdict(name, a_live_exchange(200, answer, request=request)).outcome is expected
    assert verdict(name, an_exchange(200, answer, recording=None)).outcome is Outcome.SKIP
