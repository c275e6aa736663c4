"""What this business relies on at Zoho CRM beyond what a schema can say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import BodyNotJson, Exchange, Source
from provendor.verdict import Finding, Outcome, Skip

from ._answers import require_its_request

LISTS = ("zoho-crm/*.list", "zoho-crm/*.search")
WRITES = ("zoho-crm/*.insert", "zoho-crm/*.upsert", "zoho-crm/*.update", "zoho-crm/*.update_several")


@check(*LISTS)
def a_page_counts_its_items(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """A page has as many items as it says; somebody who shortens a page by hand is warned."""
    body = _answer(exchange)
    items, count = body.get("data", body.get("users")), _dict(body.get("info")).get("count")
    if not isinstance(items, list) or not isinstance(count, int):
        raise Skip("the answer is no page")
    if count != len(items):
        yield Finding("business", f"{len(items)} items", str(count), "/info/count", level=Outcome.WARN)


@check(*WRITES)
def every_record_has_its_result(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Results stand in the order of the request, so one for each record, or we would blame the wrong customer."""
    results = _dict(_json(exchange)).get("data")
    if not isinstance(results, list):
        raise Skip("the request was refused as a whole")
    if exchange.source is Source.RECORDED:
        raise Skip("recorded results may be an excerpt")
    sent = _sent(exchange)
    if len(results) != len(sent):
        yield Finding("business", f"{len(sent)} results", str(len(results)), "/data")


@check("zoho-crm/*.update_several")
def results_are_of_the_records_sent(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """What was written at a place is the record that was sent at this place."""
    results = _dict(_json(exchange)).get("data")
    if not isinstance(results, list):
        raise Skip("the request was refused as a whole")
    require_its_request(exchange)
    for index, (result, record) in enumerate(zip(results, _sent(exchange), strict=False)):
        written = _dict(_dict(result).get("details")).get("id")
        if _dict(result).get("status") == "success" and written != _dict(record).get("id"):
            yield Finding("business", repr(_dict(record).get("id")), repr(written), f"/data/{index}/details/id")


@check("zoho-crm/*.list")
def fields_that_were_asked_for_come(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every record of a list has all the fields that were asked for, null where nothing is known."""
    records = _dicts(_answer(exchange).get("data"))
    require_its_request(exchange)
    asked = [name for key, text in exchange.request.query if key == "fields" for name in text.split(",")]
    if not records or not asked:
        raise Skip("no record, or no field is asked for")
    for index, record in enumerate(records):
        for name in asked:
            if name not in record:
                yield Finding("business", f"{name}, if only as null", "not a word", f"/data/{index}/{name}")


@check("zoho-crm/modules.list")
def our_modules_are_served(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Leads and Contacts are there, under these API names, and the API serves them."""
    served = {each.get("api_name") for each in _dicts(_answer(exchange).get("modules")) if each.get("api_supported")}
    for name in ("Leads", "Contacts"):
        if name not in served:
            yield Finding("business", f"the module {name}", "none", "/modules", level=Outcome.WARN)


@check("zoho-crm/org.get")
def the_organisation_is_paid_for(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The free edition has 5,000 credits a day, which an import uses up."""
    orgs = _dicts(_answer(exchange).get("org"))
    if not orgs:
        raise Skip("the answer has no organisation; the schema says so")
    if _dict(orgs[0].get("license_details")).get("paid") is False:
        yield Finding("business", "a paid edition", "not paid", "/org/0/license_details/paid", level=Outcome.WARN)


def _answer(exchange: Exchange) -> dict[str, Any]:
    """Return the object that a success answers; anything else is judged by other checks."""
    if exchange.status != 200:
        raise Skip("the answer has nothing to count")
    return _dict(_json(exchange))


def _json(exchange: Exchange) -> Any:
    try:
        return exchange.json
    except BodyNotJson:
        raise Skip("the answer is no JSON") from None


def _sent(exchange: Exchange) -> list[Any]:
    try:
        sent = _dict(json.loads(exchange.request.body or b"{}")).get("data")
    except ValueError:
        raise Skip("what was sent is no JSON") from None
    if not isinstance(sent, list):
        raise Skip("the request that led to this answer is not known")
    return sent


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
