"""What a receiver tells apart: new deliveries, repetitions, and those that come late."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_suites import BODY, PLAIN, a_suite, a_vendor, arrived, codes, signed, with_header, without
from provendor.contract import Delivery
from provendor.exchange import Headers
from provendor.plans.inbox import Arrival, Inbox, arrival, moment, untold
from provendor.verdict import Outcome


def order(number: int, id_: str, at: str | None) -> Arrival:
    """A delivery about an order."""
    return Arrival(id_, f"order {number}", moment(at))


def test_a_repetition_is_dropped():
    """By its id, whatever it holds."""
    inbox = Inbox()

    assert inbox.take(order(7, "d1", "2026-11-20T10:00:00Z")) == "new"
    assert inbox.take(order(7, "d1", "2026-11-20T10:00:00Z")) == "duplicate"
    assert inbox.take(order(8, "d1", "2026-11-20T11:00:00Z")) == "duplicate"


def test_an_older_state_is_late():
    """Moments are compared, not their text: 10:59 in Berlin is before 10:00 in London."""
    inbox = Inbox()

    assert inbox.take(order(7, "d2", "2026-11-20T10:00:00Z")) == "new"
    assert inbox.take(order(7, "d1", "2026-11-20T10:59:00+01:00")) == "late"
    assert inbox.take(order(7, "d1", "2026-11-20T10:59:00+01:00")) == "duplicate"
    assert inbox.take(order(8, "d3", "2026-11-20T09:00:00Z")) == "new"
    assert inbox.take(order(7, "d4", "1795168801")) == "new"


def test_what_nothing_tells_is_new():
    """Without an id nothing is a repetition, and without a moment nothing is late."""
    inbox = Inbox()

    assert inbox.take(order(7, "d1", "2026-11-20T10:00:00Z")) == "new"
    assert inbox.take(order(7, "d2", None)) == "new"
    assert [inbox.take(Arrival(None)) for _ in range(2)] == ["new", "new"]


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
def test_whatever_the_order_and_the_repetitions_the_newest_state_stays(order_, again):
    """Only `new` is acted on."""
    inbox, state = Inbox(), -1
    for number in [*order_, *again]:
        if inbox.take(order(7, f"d{number}", str(1_795_168_800 + number))) == "new":
            state = number

    assert state == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1795168800", 1795168800.0),
        ("1795168800.5", 1795168800.5),
        ("2026-11-20T10:00:00Z", 1795168800.0),
        ("2026-11-20T11:00:00.204188031+01:00", 1795168800.204188),
        ("2026-11-20T10:00:00", None),
        ("2026-11-20", None),
        ("1795168800000", None),
        ("nan", None),
        ("inf", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_has_a_zone_or_is_seconds(text, expected):
    """Milliseconds and local times are none: they would compare wrongly without a word."""
    assert moment(text) == (pytest.approx(expected) if expected is not None else None)


# --- what a contract says of a delivery ---------------------------------------------------------------------------------

PLAN = Delivery(delivery_id=("X-Acme-Delivery",), subject=("order", ("$.id",)), order_by="$.updated_at")
KEY = '[["d-1"]]'


def test_what_counts_of_a_delivery_stands_where_the_contract_says():
    """In headers and in the body, wherever the places are."""
    assert arrival(PLAN, PLAIN, BODY) == Arrival(KEY, 'order [["7"]]', moment("2026-11-20T10:00:00+01:00"))


def test_an_id_may_be_made_of_several_things():
    """Then all of them together tell a repetition; what is not there is no difference."""
    plan = Delivery(delivery_id=("$.verb", "$.comment"))

    def id_of(**body: Any) -> str | None:
        return arrival(plan, Headers(), json.dumps(body).encode()).id

    assert id_of(verb="add", comment="c1") == id_of(comment="c1", verb="add", text="other")
    assert len({id_of(verb="add", comment="c1"), id_of(verb="edit", comment="c1"), id_of(verb="add"), id_of()}) == 4
    assert id_of(other=1) is None


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        (PLAIN, b"{}", Arrival(KEY)),
        (PLAIN, b"no json", Arrival(KEY)),
        (PLAIN, b'{"id":null,"updated_at":null}', Arrival(KEY)),
        (without(PLAIN, "X-Acme-Delivery"), b'{"id":7}', Arrival(None, 'order [["7"]]')),
        (with_header(PLAIN, "X-Acme-Delivery", ""), b"{}", Arrival(None)),
        (None, b'{"id":7}', Arrival(None, 'order [["7"]]')),
    ],
)
def test_what_is_not_there_is_not_known(headers, body, expected):
    """Nothing is made up for it."""
    assert arrival(PLAN, headers, body) == expected


# --- sequences ----------------------------------------------------------------------------------------------------------


def sequences(**places: Any) -> list[str]:
    """What a receiver would take wrongly who follows a contract with these places."""
    plan = Delivery(
        **{"delivery_id": ("X-Acme-Delivery",), "subject": ("order", ("$.id",)), "order_by": "$.updated_at", **places}
    )
    return [f"{found.expected} / {found.actual}" for found in untold(plan, signed(), BODY)]


@pytest.mark.parametrize(
    "places",
    [
        {},
        {"order_by": None},
        {"subject": None},
        {"delivery_id": ()},
        {"delivery_id": ("$.id", "$.updated_at")},
        {"order_by": "X-Acme-Timestamp"},
        {"subject": ("order", ("$.id", "$.event"))},
    ],
)
def test_places_that_suffice_pass(places):
    """Every delivery made from the sample is taken as it should be."""
    assert sequences(**places) == []


def test_the_id_of_the_thing_is_no_id_of_the_delivery():
    """It would drop every later change of the same order."""
    assert sequences(delivery_id=("$.id",)) == [
        "another delivery about the same thing: new, new / new, duplicate",
        "an older one after a newer: new, late, duplicate / new, duplicate, duplicate",
    ]


def test_a_case_fails_where_its_delivery_cannot_be_told_from_another(tmp_path):
    """The sequences are part of the verdicts of every case."""
    result = arrived(a_suite(tmp_path, a_vendor(delivery_id="$.id")))

    assert result.outcome is Outcome.FAIL
    assert codes(result) == ["delivery-sequence", "delivery-sequence"]


def test_a_delivery_without_what_it_is_about_cannot_be_put_in_order(tmp_path):
    """A warn: it can still be acted on."""
    result = arrived(a_suite(tmp_path, a_vendor(subject={"order": "$.number"})))

    assert result.outcome is Outcome.WARN
    assert codes(result) == ["delivery-order"]
