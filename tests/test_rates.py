from __future__ import annotations

import json
from typing import Any

import pytest

from builders import an_exchange
from provendor.exchange import Headers
from provendor.wire.pacing import Told
from provendor.wire.rates import pause_s, told

NOW = 1_795_600_000.0  # Wed, 25 Nov 2026 09:46:40 GMT


def said(*headers: tuple[str, str], body: Any = b"", status: int = 429) -> Told:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return told(an_exchange(status, headers=Headers(headers), body=data), NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("+5", 5),
        ("0", 0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("-5", 0),
        ("1795600060", 60),
        ("1795600060000", 60),
        ("99999999", 99999999),
        ("Wed, 25 Nov 2026 09:47:40 GMT", 60),
        ("Wednesday, 25-Nov-26 09:47:40 GMT", 60),
        ("Wed Nov 25 09:47:40 2026", 60),
        ("2026-11-25T09:47:40Z", 60),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("5 seconds", None),
        ("1e3", None),
        ("1,5", None),
        ("nan", None),
        ("inf", None),
        ("٣", None),
        ("9" * 400, None),
        ("Wed, 99 Nov 2026 99:99:99 GMT", None),
        ("Wed, 25 Nov 999999 09:47:40 GMT", None),
    ],
)
def test_retry_after_is_read_in_every_form_that_vendors_send(value: str, seconds: float | None):
    """Seconds, fractions, three kinds of date, moments; what is no time says nothing, and the past is now."""
    assert said(("Retry-After", value)).retry_after_s == seconds


def test_a_date_is_one_of_the_vendors_clock():
    """Its own `Date` tells how far away that is, whatever our clock says."""
    wrong_by_an_hour = ("Date", "Wed, 25 Nov 2026 10:46:40 GMT")

    assert said(("Retry-After", "Wed, 25 Nov 2026 10:47:40 GMT"), wrong_by_an_hour).retry_after_s == 60


@pytest.mark.parametrize(("status", "seconds"), [(202, None), (301, None), (403, 60), (503, 60)])
def test_only_a_refusal_asks_to_stay_away(status: int, seconds: float | None):
    """With 202 it says when the job may be done, and other calls need not wait for that."""
    assert said(("Retry-After", "60"), status=status).retry_after_s == seconds


def test_of_several_times_the_longest_counts():
    """A proxy and a vendor, say."""
    assert said(("Retry-After", "5"), ("Retry-After", "x"), ("retry-after-ms", "7500")).retry_after_s == 7.5


@pytest.mark.parametrize(
    ("headers", "remaining", "reset_s"),
    [
        ({"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "1795600030"}, 7, 30),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1795600900"}, 0, 900),
        ({"RateLimit-Remaining": "3", "RateLimit-Reset": "12"}, 3, 12),
        ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "1795600030000"}, 3, 30),
        ({"X-RateLimit-Remaining": "3"}, 3, None),
        ({"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "-1"}, 0, 0),
        ({"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "30"}, None, None),
        ({"RateLimit": '"default";r=50;t=30'}, 50, 30),
        ({"RateLimit": '"hour";r=50;t=30, "second";r=2;t=1'}, 2, 1),
        ({"RateLimit": '"a";r=5', "RateLimit-Policy": '"a";q=10;w=60'}, 5, 60),
        ({"RateLimit": "limit=100, remaining=50, reset=20"}, 50, 20),
        ({"RateLimit": "nonsense"}, None, None),
        ({"X-Shopify-Shop-Api-Call-Limit": "39/40"}, 1, 1),
        ({"X-Shopify-Shop-Api-Call-Limit": "45/40"}, 0, 1),
        ({"X-Shopify-Shop-Api-Call-Limit": "x"}, None, None),
        ({"X-Account-Rate-Limit-Requests-Remaining": "14"}, None, None),
    ],
)
def test_what_is_left_is_read_in_the_words_of_each_vendor(
    headers: dict[str, str], remaining: int | None, reset_s: float | None
):
    """How many calls, and until when; moments count from now."""
    assert said(*headers.items()) == Told(None, remaining, reset_s)


def costs(asked: float, there: float) -> Any:
    state = {"maximumAvailable": 2000.0, "currentlyAvailable": there, "restoreRate": 100.0}
    return {"extensions": {"cost": {"requestedQueryCost": asked, "throttleStatus": state}}}


def test_the_cost_of_a_query_says_how_many_more_there_are():
    """Shopify counts points: so many queries of this kind, until the bucket is full again."""
    assert said(body=costs(100, 1850)) == Told(None, 18, 1.5)


def test_a_query_that_costs_more_than_is_there_has_to_wait():
    """(100 - 18) / 100 seconds, as Shopify says."""
    assert said(body=costs(100, 18)) == Told(0.82, 0, 19.82)


@pytest.mark.parametrize(
    "body",
    [
        b'{"throttleStatus"',
        {"throttleStatus": 1},
        costs(float("nan"), 1),
        {"extensions": {"cost": {"throttleStatus": {}}}},
    ],
    ids=["no JSON", "elsewhere", "no number", "empty"],
)
def test_costs_that_cannot_be_read_say_nothing(body: Any):
    """They come from outside."""
    assert said(body=body) == Told()


def test_meta_says_it_in_minutes():
    """The longest of all its kinds of calls."""
    uses = {"1": [{"type": "pages", "estimated_time_to_regain_access": 19}, {"estimated_time_to_regain_access": 2}]}

    assert said(("X-Business-Use-Case-Usage", json.dumps(uses))).retry_after_s == 19 * 60
    assert said(("X-Business-Use-Case-Usage", "[1]")) == Told()


def test_an_answer_without_a_word_about_it_says_nothing():
    """As most of them."""
    assert said(("Date", "Wed, 25 Nov 2026 09:46:40 GMT"), ("X", "1")) == Told()


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(Told(5, 0, 60), 5), (Told(None, 0, 60), 60), (Told(None, 1, 60), None), (Told(None, 0, None), None)],
)
def test_where_nothing_is_left_the_pause_lasts_until_there_is(given: Told, seconds: float | None):
    """Unless the answer says how long."""
    assert pause_s(given) == seconds
