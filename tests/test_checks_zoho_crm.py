"""What the business checks of Zoho CRM say about an answer and the request that led to it."""

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
    return examine(CHECKS[f"zoho_crm.{name}"], exchange, an_expect()).outcome


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"data": [{}, {}], "info": {"count": 2}}, Outcome.PASS),
        ({"users": [{}], "info": {"count": 2}}, Outcome.WARN),
        ({"data": [{}]}, Outcome.SKIP),
    ],
)
def test_a_page_that_counts_wrongly_is_a_warning(body: Any, expected: Outcome) -> None:
    """Records and users are counted in the same way."""
    assert outcome("a-page-counts-its-items", an_exchange(200, body)) is expected


@pytest.mark.parametrize(
    ("status", "results", "expected"),
    [(201, 2, Outcome.PASS), (207, 2, Outcome.PASS), (201, 1, Outcome.FAIL), (400, 3, Outcome.FAIL)],
)
def test_every_record_that_was_sent_has_a_result(status: int, results: int, expected: Outcome) -> None:
    """Results are matched with records by their place alone."""
    request = a_request("POST", body=json.dumps({"data": [{}, {}]}).encode())
    exchange = a_live_exchange(status, {"data": [{"code": "SUCCESS"}] * results}, request=request)

    assert outcome("every-record-has-its-result", exchange) is expected


def a_result(number: str, status: str = "success") -> dict[str, Any]:
    """What became of one record."""
    return {"status": status, "details": {"id": number}}


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        pytest.param([a_result("1"), a_result("2")], Outcome.PASS, id="in order"),
        pytest.param([a_result("1"), a_result("7", "error")], Outcome.PASS, id="a refusal that names another"),
        pytest.param([a_result("2"), a_result("1")], Outcome.FAIL, id="in another order"),
        pytest.param([a_result("1"), a_result("3")], Outcome.FAIL, id="another record"),
        pytest.param({"id": "1"}, Outcome.SKIP, id="no list"),
    ],
)
def test_what_was_written_is_what_was_sent_at_this_place(results: Any, expected: Outcome) -> None:
    """A refusal may name the record that is in the way."""
    request = a_request("PUT", body=json.dumps({"data": [{"id": "1"}, {"id": "2"}]}).encode())
    exchange = a_live_exchange(200, {"data": results}, request=request)

    assert outcome("results-are-of-the-records-sent", exchange) is expected


@pytest.mark.parametrize(
    ("fields", "records", "expected"),
    [
        pytest.param("Email,Phone", [{"id": "1", "Email": None, "Phone": ""}], Outcome.PASS, id="all, if only as null"),
        pytest.param("Email,Phone", [{"Email": "a", "Phone": "b"}, {"Email": "a"}], Outcome.FAIL, id="one is missing"),
        pytest.param(None, [{"id": "1"}], Outcome.SKIP, id="none asked for"),
        pytest.param("Email", [], Outcome.SKIP, id="no record"),
    ],
)
def test_fields_that_are_asked_for_come(fields: str | None, records: Any, expected: Outcome) -> None:
    """One that a profile hides is left out without a word."""
    request = a_request(query=(("fields", fields),) if fields else ())
    exchange = a_live_exchange(200, {"data": records}, request=request)

    assert outcome("fields-that-were-asked-for-come", exchange) is expected


@pytest.mark.parametrize("name", ["results-are-of-the-records-sent", "fields-that-were-asked-for-come"])
def test_an_answer_in_hand_is_not_compared_with_a_request_it_does_not_belong_to(name: str) -> None:
    """Whoever has it asked for something else."""
    assert outcome(name, an_exchange(200, {"data": [a_result("1")]}, recording=None)) is Outcome.SKIP


@pytest.mark.parametrize(
    ("names", "expected"),
    [(("Leads", "Contacts", "Deals"), Outcome.PASS), (("Leads",), Outcome.WARN), ((), Outcome.WARN)],
)
def test_a_module_that_we_use_and_the_api_lacks_is_a_warning(names: tuple[str, ...], expected: Outcome) -> None:
    """An administrator can hide modules."""
    modules = [{"api_name": name, "api_supported": True} for name in names]

    assert outcome("our-modules-are-served", an_exchange(200, {"modules": modules})) is expected


@pytest.mark.parametrize(("paid", "expected"), [(True, Outcome.PASS), (False, Outcome.WARN), (None, Outcome.PASS)])
def test_an_edition_that_is_not_paid_for_is_a_warning(paid: bool | None, expected: Outcome) -> None:
    """Its credits do not last for an import; where nobody says so, nothing is claimed."""
    answer = {"org": [{"license_details": {"paid": paid}}]}

    assert outcome("the-organisation-is-paid-for", an_exchange(200, answer)) is expected


@pytest.mark.parametrize("exchange", [an_exchange(204, body=""), an_exchange(200, body="<html>")])
def test_what_has_nothing_to_count_is_skipped(exchange: Exchange) -> None:
    """An empty list is a 204; what is no JSON is judged by others."""
    assert outcome("a-page-counts-its-items", exchange) is Outcome.SKIP
