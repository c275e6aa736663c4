"""What makes an answer of the Search Console one that the dashboard may show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange, Source
from provendor.verdict import Finding, Outcome, Skip

from ._google import json_of, require_the_code_to_be_the_status

UNVERIFIED = ("siteUnverifiedUser", "SITE_UNVERIFIED_USER")


@check("search-console/searchanalytics.query")
def rows_have_the_same_keys(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every row has one key for each dimension, so that keys can be told apart by their place."""
    rows = _list(_answer(exchange), "rows")
    wanted = _dimensions(exchange)
    for index, row in enumerate(rows):
        keys = len(_list(row, "keys")) if isinstance(row, dict) else 0
        wanted = keys if wanted is None else wanted
        if keys != wanted:
            yield Finding("business", f"{wanted} keys", str(keys), f"/rows/{index}/keys")


@check("search-console/searchanalytics.query")
def clicks_are_among_impressions(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Nobody clicks on what was not shown."""
    for index, row in enumerate(_list(_answer(exchange), "rows")):
        clicks, shown = (row.get("clicks"), row.get("impressions")) if isinstance(row, dict) else (None, None)
        if isinstance(clicks, int | float) and isinstance(shown, int | float) and clicks > shown:
            place = f"/rows/{index}/clicks"
            yield Finding("business", f"at most {shown:g}", f"{clicks:g}", place, level=Outcome.WARN)


@check("search-console/searchanalytics.query")
def no_row_appears_twice(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every combination of keys comes once; sums would count it double."""
    seen: dict[str, int] = {}
    for index, row in enumerate(_list(_answer(exchange), "rows")):
        keys = _list(row, "keys") if isinstance(row, dict) else []
        first = seen.setdefault(json.dumps(keys), index)
        if first != index:
            yield Finding(
                "business", f"other keys than /rows/{first}", ", ".join(map(str, keys)), f"/rows/{index}/keys"
            )


@check("search-console/sites.get")
def the_property_is_the_one_asked_for(exchange: Exchange, expect: Expect) -> None:
    """What may be done is told of the property asked for, letter by letter: a prefix and its domain are two of them."""
    answer = _answer(exchange)
    if not _knows_its_request(exchange):
        raise Skip("the request that led to this answer is not known")
    asked = unquote(exchange.request.url.rpartition("/")[2])
    assert answer.get("siteUrl") == asked, f"asked for {asked}, is {answer.get('siteUrl')}"


@check("search-console/sitemaps.get", "search-console/sitemaps.list")
def sitemaps_are_read_without_errors(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Google could read every sitemap; one with errors is not read to its end."""
    answer = _answer(exchange)
    listed = _list(answer, "sitemap")
    for at, sitemap in [(f"/sitemap/{index}", each) for index, each in enumerate(listed)] or [("", answer)]:
        errors = sitemap.get("errors", "0") if isinstance(sitemap, dict) else "0"
        if errors != "0":
            yield Finding("business", "no errors", str(errors), f"{at}/errors", level=Outcome.WARN)


@check("search-console/sites.list")
def a_property_can_be_asked_about(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """At least one property is verified for this account; all questions about the others are refused."""
    sites = _list(_answer(exchange), "siteEntry")
    if not sites:
        raise Skip("no property is listed")
    if all(isinstance(site, dict) and site.get("permissionLevel") in UNVERIFIED for site in sites):
        yield Finding("business", "a verified property", "none", "/siteEntry", level=Outcome.WARN)


@check("search-console/*")
def the_error_repeats_the_status(exchange: Exchange, expect: Expect) -> None:
    """The code inside an error is the HTTP status; where they differ something between us changed one of them."""
    require_the_code_to_be_the_status(exchange)


def _answer(exchange: Exchange) -> dict[str, Any]:
    if exchange.status != 200:
        raise Skip("the answer is a refusal")
    body = json_of(exchange)
    if not isinstance(body, dict):
        raise Skip("the answer is no object")
    return body


def _list(of: dict[str, Any], name: str) -> list[Any]:
    """Return a list; empty where it is missing or none, as Google leaves out what is empty."""
    value = of.get(name)
    return value if isinstance(value, list) else []


def _dimensions(exchange: Exchange) -> int | None:
    """Return how many dimensions were asked for; None where the request is not known."""
    if not _knows_its_request(exchange):
        return None
    sent = json.loads(exchange.request.body or b"{}")
    return len(_list(sent, "dimensions")) if isinstance(sent, dict) else None


def _knows_its_request(exchange: Exchange) -> bool:
    """Tell whether the request is the one that led to this answer, not the contract's beside an answer in hand."""
    return exchange.source is not Source.RECORDED or exchange.recording is not None
