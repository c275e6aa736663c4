"""What the business checks of Publer say about a request and its answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import examine, load_checks
from provendor.contract import Indicator
from provendor.exchange import Exchange
from provendor.verdict import Outcome, Verdict

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}
JOB = {"job_id": "6810f3c2a91b7d5e40c8a6d1"}
UPLOAD = b'Content-Disposition: form-data; name="direct_upload"\r\n\r\ntrue\r\n'


def verdict(name: str, exchange: Exchange, **expect: Any) -> Verdict:
    """How the check of this name in checks/publer.py judges this exchange."""
    return examine(CHECKS[f"publer.{name.replace('_', '-')}"], exchange, an_expect(**expect))


def bulk(state: str = "draft_public", path: str = "posts/schedule", times: tuple[Any, ...] = ()) -> Exchange:
    """A job that was made by one post in this state, with an account for each time."""
    accounts = [{"id": "1", "scheduled_at": time} for time in times]
    sent = {"bulk": {"state": state, "posts": [{"accounts": accounts}]}}
    request = a_request("POST", f"https://app.publer.example/api/v1/{path}", body=json.dumps(sent).encode())
    return a_live_exchange(200, JOB, request=request)


def deletion(deleted: Any, *ids: str) -> Exchange:
    """What was deleted when these were to be."""
    query = tuple(("post_ids[]", each) for each in ids)
    return a_live_exchange(200, {"deleted_ids": deleted}, request=a_request("DELETE", query=query))


@pytest.mark.parametrize("state", ["draft", "draft_private", "draft_public"])
def test_a_draft_is_a_draft_in_each_of_three_states(state: str) -> None:
    """None of them publishes anything."""
    assert verdict("a_draft_publishes_nothing", bulk(state)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    "exchange", [bulk("scheduled"), bulk("draft", "posts/schedule/publish"), bulk("draft", "publish/")]
)
def test_what_would_go_out_is_no_draft(exchange: Exchange) -> None:
    """Neither by its state nor by its path."""
    assert verdict("a_draft_publishes_nothing", exchange).outcome is Outcome.FAIL


@pytest.mark.parametrize("time", ["2026-12-01T09:30:00+01:00", "2026-12-01T09:30:00Z", "2026-12-01T09:30-05:00"])
def test_a_time_with_an_offset_is_clear(time: str) -> None:
    """In any of the ways to write one."""
    assert verdict("times_have_an_offset", bulk("scheduled", times=(time,))).outcome is Outcome.PASS


@pytest.mark.parametrize("time", ["2026-12-01T09:30:00", "tomorrow", None, 1764577800])
def test_a_time_without_an_offset_is_found_in_its_place(time: Any) -> None:
    """The finding names post and account."""
    found = verdict("times_have_an_offset", bulk("scheduled", times=("2026-12-01T09:30:00Z", time))).findings

    assert [(each.at, each.actual) for each in found] == [("/bulk/posts/0/accounts/1/scheduled_at", repr(time))]


def test_a_delete_without_ids_is_caught() -> None:
    """It may take everything that is not published."""
    assert verdict("a_delete_names_its_posts", deletion([])).outcome is Outcome.FAIL
    assert verdict("a_delete_names_its_posts", deletion([], "")).outcome is Outcome.FAIL
    assert verdict("a_delete_names_its_posts", deletion(["1"], "1")).outcome is Outcome.PASS


def test_a_post_that_was_kept_is_named() -> None:
    """Publer answers 200 and leaves it out."""
    judged = verdict("deleted_are_those_sent", deletion(["1"], "1", "2"))

    assert judged.outcome is Outcome.FAIL
    assert "2" in judged.findings[0].actual
    assert verdict("deleted_are_those_sent", deletion(["1", "2"], "2", "1")).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("got", "outcome"),
    [
        ("68176f0e8bee9dc9b0ce3427", Outcome.PASS),
        ("68176f0e8bee9dc9b0ce3428", Outcome.FAIL),
        ("90518", Outcome.SKIP),
    ],
)
def test_a_changed_post_is_the_one_that_was_to_change(got: str, outcome: Outcome) -> None:
    """Ids may come from another database, and then tell nothing."""
    request = a_request("PUT", "https://app.publer.example/api/v1/posts/68176f0e8bee9dc9b0ce3427")
    name = "the_post_is_the_one_that_was_changed"

    assert verdict(name, a_live_exchange(200, {"id": got}, request=request)).outcome is outcome
    assert verdict(name, an_exchange(200, {"id": got}, recording=None)).outcome is Outcome.SKIP


@pytest.mark.parametrize(
    ("path", "body", "outcome"),
    [
        ("https://cdn.publer.com/uploads/photos/1.jpg", UPLOAD, Outcome.PASS),
        ("https://cdn.publer.com/uploads/tmp/1.jpg", UPLOAD, Outcome.FAIL),
        ("https://cdn.publer.com/uploads/tmp/1.jpg", b"", Outcome.SKIP),
    ],
)
def test_a_file_has_an_address_that_stays(path: str, body: bytes, outcome: Outcome) -> None:
    """Where one was asked for; a temporary one disappears with the picture in it."""
    exchange = a_live_exchange(200, {"path": path}, request=a_request("POST", body=body))

    assert verdict("the_url_of_a_file_is_final", exchange).outcome is outcome


@pytest.mark.parametrize("name", ["a_draft_publishes_nothing", "times_have_an_offset", "deleted_are_those_sent"])
def test_a_case_about_a_refusal_is_left_alone(name: str) -> None:
    """What was sent to be refused is meant to be wrong."""
    assert verdict(name, bulk("auto"), error="unknown-state").outcome is Outcome.SKIP


OUT = {"posts-published": Indicator("posts-published", "Posts that came out.", ok=0.95, warn=0.8, min=5)}


@pytest.mark.parametrize(
    ("published", "failed", "outcome"),
    [(20, 0, Outcome.PASS), (19, 1, Outcome.PASS), (17, 3, Outcome.WARN), (3, 2, Outcome.FAIL), (0, 4, Outcome.SKIP)],
)
def test_published_posts_are_set_against_failed_ones(published: int, failed: int, outcome: Outcome) -> None:
    """What is scheduled or a draft has not been tried, and four say nothing."""
    states = ["published", "published_posted"] * published + ["failed"] * failed * 2 + ["scheduled", "draft"]
    if outcome is Outcome.SKIP:
        states = ["failed"] * failed + ["scheduled"] * 9
    exchange = a_live_exchange(200, {"posts": [{"state": state} for state in states]})

    assert verdict("posts_come_out", exchange, indicators=OUT).outcome is outcome
