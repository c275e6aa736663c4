"""What makes a report of Google Analytics one that the dashboard may show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange, Source
from provendor.verdict import Finding, Outcome, Skip

from ._google import json_of, require_the_code_to_be_the_status

REPORTS = ("google-analytics/reports.*", "google-analytics/realtime.run")
TOKENS = ("tokensPerDay", "tokensPerHour", "tokensPerProjectPerHour")
ENOUGH = 10  # Most requests cost fewer tokens.
RESERVED = re.compile(r"\d{8}|\(other\)|\(not set\)|RESERVED_.*")


@check(*REPORTS)
def values_match_headers(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every row has one value for each header."""
    for at, report in _reports(exchange):
        for kind in ("dimension", "metric"):
            wanted = len(_list(report, f"{kind}Headers"))
            for place, row in _rows(report, at, "rows"):
                if len(values := _list(row, f"{kind}Values")) != wanted:
                    yield Finding("business", f"{wanted} values", str(len(values)), f"{place}/{kind}Values")


@check(*REPORTS)
def the_count_covers_the_rows(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """rowCount counts all rows, so it is never less than what came."""
    for at, report in _reports(exchange):
        rows, count = len(_list(report, "rows")), report.get("rowCount")
        if isinstance(count, int) and count < rows:
            yield Finding("business", f"at least {rows}", str(count), f"{at}/rowCount")


@check(*REPORTS)
def counts_are_whole(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """A metric of the type TYPE_INTEGER has no fraction."""
    for at, report in _reports(exchange):
        whole = [
            index
            for index, header in enumerate(_list(report, "metricHeaders"))
            if isinstance(header, dict) and header.get("type") == "TYPE_INTEGER"
        ]
        for place, index, value in _values(report, at, "metricValues", whole):
            if not re.fullmatch(r"-?\d+", value):
                yield Finding("business", "a whole number", value, f"{place}/metricValues/{index}/value")


@check(*REPORTS)
def days_have_eight_digits(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The dimension date is YYYYMMDD, which sorts and parses as the dashboard does it."""
    for at, report in _reports(exchange):
        dates = [
            index
            for index, header in enumerate(_list(report, "dimensionHeaders"))
            if isinstance(header, dict) and header.get("name") == "date"
        ]
        for place, index, value in _values(report, at, "dimensionValues", dates):
            if not RESERVED.fullmatch(value):
                yield Finding("business", "YYYYMMDD", value, f"{place}/dimensionValues/{index}/value")


@check("google-analytics/reports.run", "google-analytics/reports.daily", "google-analytics/reports.yesterday")
def columns_are_those_asked_for(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Dimensions and metrics come in the order in which they were asked; several ranges add one column at the end."""
    sent = _sent(exchange)
    for at, report in _reports(exchange):
        for kind in ("dimension", "metric"):
            asked, got = _names(sent, f"{kind}s"), _names(report, f"{kind}Headers")
            if got[: len(asked)] != asked:
                yield Finding("business", ", ".join(asked), ", ".join(got) or "none", f"{at}/{kind}Headers")


@check("google-analytics/reports.batch")
def every_request_has_its_report(exchange: Exchange, expect: Expect) -> None:
    """A batch answers as many reports as were asked for: they are told apart by their place."""
    asked, got = len(_list(_sent(exchange), "requests")), len(list(_reports(exchange)))
    assert got == asked, f"asked for {asked} reports, came back {got}"


@check("google-analytics/reports.yesterday", "google-analytics/reports.daily")
def numbers_are_complete(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Visitors are counted in full: no threshold, no sampling, nothing lost in the row (other)."""
    for at, report in _reports(exchange):
        metadata = report.get("metadata")
        for name in ("subjectToThresholding", "samplingMetadatas", "dataLossFromOtherRow"):
            if isinstance(metadata, dict) and metadata.get(name):
                yield Finding("business", "complete numbers", name, f"{at}/metadata/{name}", level=Outcome.WARN)


@check(*REPORTS)
def quota_is_left(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """There are tokens for the next request."""
    for at, report in _reports(exchange):
        quota = report.get("propertyQuota")
        for name in TOKENS:
            bucket = quota.get(name) if isinstance(quota, dict) else None
            left = bucket.get("remaining") if isinstance(bucket, dict) else None
            if isinstance(left, int) and left < ENOUGH:
                place = f"{at}/propertyQuota/{name}/remaining"
                yield Finding("business", f"at least {ENOUGH}", str(left), place, level=Outcome.WARN)


@check(*REPORTS)
def the_quota_comes_where_it_was_asked_for(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Who asks for the quota is told it; by it we slow down before Google stops us."""
    if not _sent(exchange).get("returnPropertyQuota"):
        raise Skip("the quota is not asked for")
    for at, report in _reports(exchange):
        if "propertyQuota" not in report:
            yield Finding("business", "the quota that is left", "none", f"{at}/propertyQuota")


@check("google-analytics/*")
def the_error_repeats_the_status(exchange: Exchange, expect: Expect) -> None:
    """The code inside an error is the HTTP status; where they differ something between us changed one of them."""
    require_the_code_to_be_the_status(exchange)


def _reports(exchange: Exchange) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the reports of a success, one or a batch, with their JSON pointers."""
    if exchange.status != 200:
        raise Skip("the answer is a refusal")
    body = json_of(exchange)
    if not isinstance(body, dict):
        raise Skip("the answer is no object")
    if "reports" not in body:
        yield "", body
    for index, report in enumerate(_list(body, "reports")):
        if isinstance(report, dict):
            yield f"/reports/{index}", report


def _rows(report: dict[str, Any], at: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, row in enumerate(_list(report, name)):
        if isinstance(row, dict):
            yield f"{at}/{name}/{index}", row


def _values(report: dict[str, Any], at: str, kind: str, columns: list[int]) -> Iterator[tuple[str, int, str]]:
    """Yield row, column and text of these columns' values; what is no text is for the schema."""
    for place, row in _rows(report, at, "rows"):
        for index, value in enumerate(_list(row, kind)):
            if index in columns and isinstance(value, dict) and isinstance(value.get("value"), str):
                yield place, index, value["value"]


def _list(of: dict[str, Any], name: str) -> list[Any]:
    """Return a list; empty where it is missing or none, as Google leaves out what is empty."""
    value = of.get(name)
    return value if isinstance(value, list) else []


def _names(of: dict[str, Any], name: str) -> list[str]:
    return [str(each.get("name")) for each in _list(of, name) if isinstance(each, dict)]


def _sent(exchange: Exchange) -> dict[str, Any]:
    """Return the JSON object that was sent."""
    if exchange.source is Source.RECORDED and exchange.recording is None:
        raise Skip("the request that led to this answer is not known")
    sent = json.loads(exchange.request.body or b"{}")
    return sent if isinstance(sent, dict) else {}
