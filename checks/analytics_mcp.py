"""What this business relies on at the Analytics MCP server beyond what a schema can say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange, Json
from provendor.verdict import Finding, Skip

from ._mcp import arguments_of, document_of


@check("analytics-mcp/reports.run", "analytics-mcp/reports.realtime", "analytics-mcp/reports.conversions")
def columns_are_those_asked_for(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Columns come in the order in which they were asked, several ranges add one, and every row has a value in each."""
    report = document_of(exchange, expect)
    if not isinstance(report, dict):
        raise Skip("the document is no report")
    if not report.get("rows"):
        raise Skip("there are no rows; where nobody is, a report may have no headers")
    arguments = arguments_of(exchange)
    for kind in ("dimension", "metric"):
        asked = arguments.get(f"{kind}s", [])
        got = [header.get("name") for header in _objects(report, f"{kind}_headers")]
        if got[: len(asked)] != asked:
            yield Finding("business", ", ".join(asked), ", ".join(map(str, got)) or "none", f"/{kind}_headers")
        for index, row in enumerate(_objects(report, "rows")):
            if len(values := _objects(row, f"{kind}_values")) != len(got):
                place = f"/rows/{index}/{kind}_values"
                yield Finding("business", f"{len(got)} values", str(len(values)), place)


@check("analytics-mcp/properties.*", "analytics-mcp/annotations.*")
def an_answer_is_about_the_property_asked_for(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """What is named after a property is named after the one asked for."""
    document = document_of(exchange, expect)
    asked = f"properties/{str(arguments_of(exchange).get('property_id')).removeprefix('properties/')}"
    for at, thing in _things(document):
        name = thing.get("name")
        if isinstance(name, str) and "/".join(name.split("/")[:2]) != asked:
            yield Finding("business", asked, name, f"{at}/name")


def _things(document: Json) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a document is or lists, with their JSON pointers; structured lists are under `result`."""
    listed: Any = document.get("result") if isinstance(document, dict) and "result" in document else document
    if isinstance(listed, dict):
        yield "", listed
    for index, each in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(each, dict):
            yield f"/{index}", each


def _objects(of: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = of.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
