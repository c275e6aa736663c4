"""What the business checks of the Search Console say about an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import Check, examine, load_checks
from provendor.exchange import Exchange
from provendor.verdict import Outcome, Verdict

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}
QUERY = ["rows_have_the_same_keys", "clicks_are_among_impressions", "no_row_appears_twice"]


def the_check(name: str) -> Check:
    """The check of this name in checks/search_console.py, given with underscores."""
    return CHECKS[f"search_console.{name.replace('_', '-')}"]


def verdict(name: str, exchange: Exchange) -> Verdict:
    """How this check judges this exchange."""
    return examine(the_check(name), exchange, an_expect())


def judged(name: str, body: Any, status: int = 200, dimensions: int = 2) -> Verdict:
    """How this check judges a live answer to a question with so many dimensions."""
    sent = json.dumps({"dimensions": ["query", "page"][:dimensions]}).encode()
    return verdict(name, a_live_exchange(status, body, request=a_request("POST", body=sent)))


def rows(*keys: list[str], clicks: float = 1.0) -> dict[str, Any]:
    """An answer with these rows, each shown ten times."""
    return {"rows": [{"keys": each, "clicks": clicks, "impressions": 10.0, "ctr": 0.1} for each in keys]}


SOUND = rows(["a", "/"], ["b", "/"])


@pytest.mark.parametrize("name", QUERY)
def test_a_sound_answer_passes(name: str) -> None:
    """Two rows, two keys each."""
    assert judged(name, SOUND).outcome is Outcome.PASS
    assert judged(name, {}).outcome is Outcome.PASS


def test_a_row_with_a_key_too_few_fails() -> None:
    """Keys are told apart by their place."""
    found = judged("rows_have_the_same_keys", rows(["a", "/"], ["b"])).findings

    assert [finding.at for finding in found] == ["/rows/1/keys"]


def test_keys_that_nobody_asked_for_fail() -> None:
    """The number of dimensions that was sent counts, where it is known."""
    in_hand = an_exchange(200, rows(["a"], ["b"]), recording=None)

    assert judged("rows_have_the_same_keys", rows(["a"], ["b"])).outcome is Outcome.FAIL
    assert judged("rows_have_the_same_keys", rows(["a"], ["b"]), dimensions=1).outcome is Outcome.PASS
    assert verdict("rows_have_the_same_keys", in_hand).outcome is Outcome.PASS


@pytest.mark.parametrize("site", ["https://www.example.com/", "sc-domain:example.com"])
def test_a_property_is_the_one_asked_for_letter_by_letter(site: str) -> None:
    """A prefix and its domain are two properties, and so is the address without its slash."""
    request = a_request(url=f"https://searchconsole.googleapis.com/webmasters/v3/sites/{quote(site, safe='')}")
    name = "the_property_is_the_one_asked_for"

    def of(answer: str, status: int = 200) -> Outcome:
        return verdict(name, a_live_exchange(status, {"siteUrl": answer}, request=request)).outcome

    assert of(site) is Outcome.PASS
    assert of(site.rstrip("/m")) is of("https://www.example.org/") is Outcome.FAIL
    assert of(site, 403) is Outcome.SKIP
    assert verdict(name, an_exchange(200, {"siteUrl": site}, recording=None)).outcome is Outcome.SKIP


def test_more_clicks_than_impressions_are_worth_a_look() -> None:
    """It is Google's number, so it is shown, and said."""
    assert judged("clicks_are_among_impressions", rows(["a", "/"], clicks=11.0)).outcome is Outcome.WARN


def test_a_row_that_comes_twice_fails() -> None:
    """The second is named."""
    found = judged("no_row_appears_twice", rows(["a", "/"], ["b", "/"], ["a", "/"])).findings

    assert [finding.at for finding in found] == ["/rows/2/keys"]


def test_a_sitemap_with_errors_is_degraded_in_a_list_and_alone() -> None:
    """The count is text."""
    name, good, bad = "sitemaps_are_read_without_errors", {"errors": "0"}, {"errors": "3"}

    assert judged(name, {"sitemap": [good]}).outcome is Outcome.PASS
    assert [finding.at for finding in judged(name, {"sitemap": [good, bad]}).findings] == ["/sitemap/1/errors"]
    assert judged(name, bad).outcome is Outcome.WARN
    assert judged(name, {}).outcome is Outcome.PASS


def test_an_account_without_a_verified_property_is_degraded() -> None:
    """One that is verified is enough."""
    name, unverified = "a_property_can_be_asked_about", {"permissionLevel": "siteUnverifiedUser"}

    assert judged(name, {"siteEntry": [unverified]}).outcome is Outcome.WARN
    assert judged(name, {"siteEntry": [unverified, {"permissionLevel": "siteOwner"}]}).outcome is Outcome.PASS
    assert judged(name, {}).outcome is Outcome.SKIP


def test_an_error_whose_code_is_not_its_status_fails() -> None:
    """Something between us and Google changed one of the two."""
    error = {"error": {"code": 403, "message": "x"}}

    assert judged("the_error_repeats_the_status", error, 403).outcome is Outcome.PASS
    assert judged("the_error_repeats_the_status", error, 429).outcome is Outcome.FAIL
    assert judged("the_error_repeats_the_status", {"error": "invalid_grant"}, 400).outcome is Outcome.SKIP
    assert judged("the_error_repeats_the_status", SOUND).outcome is Outcome.SKIP


@pytest.mark.parametrize("name", [*QUERY, "sitemaps_are_read_without_errors"])
def test_a_refusal_and_what_is_no_answer_are_not_judged(name: str) -> None:
    """Other checks say what is wrong with them."""
    assert judged(name, SOUND, 500).outcome is Outcome.SKIP
    assert judged(name, [SOUND]).outcome is Outcome.SKIP
    assert verdict(name, an_exchange(200, body="<html>")).outcome is Outcome.SKIP
