"""What we know about the idea pool beyond its shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange
from provendor.verdict import Finding, Outcome, Skip

from ._answers import answer, require_its_request
from ._ideas import ideas_in, outside_the_range, outside_the_vocabulary, told_twice

IDEAS = (
    "supabase/ideas.list",
    "supabase/ideas.page",
    "supabase/ideas.get_one",
    "supabase/ideas.find",
    "supabase/ideas.insert_returning",
    "supabase/ideas.insert_object",
    "supabase/ideas.upsert",
    "supabase/ideas.upsert_ignore",
    "supabase/ideas.put",
    "supabase/ideas.update_returning",
    "supabase/ideas.delete_returning",
)
WRITTEN = (
    "supabase/ideas.insert_returning",
    "supabase/ideas.insert_object",
    "supabase/ideas.upsert",
    "supabase/ideas.upsert_ignore",
    "supabase/ideas.put",
)


def _ideas(exchange: Exchange, expect: Expect) -> list[tuple[str, dict[str, Any]]]:
    if expect.error is not None or exchange.status not in (200, 201, 206):
        raise Skip("the answer is an error and holds no ideas")
    return ideas_in(exchange.json)


@check(*IDEAS)
def confidence_is_a_share(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every idea's confidence lies between 0 and 1, or is not known."""
    for at, idea in _ideas(exchange, expect):
        yield from outside_the_range(at, idea)


@check(*IDEAS)
def status_and_priority_are_known_words(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every idea's status and priority are words that the dashboard can show."""
    for at, idea in _ideas(exchange, expect):
        yield from outside_the_vocabulary(at, idea)


@check("supabase/ideas.list", "supabase/ideas.page")
def no_idea_appears_twice(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every idea is told once."""
    yield from told_twice(_ideas(exchange, expect))


@check(*WRITTEN)
def ideas_written_are_those_sent(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """What comes back of a write has an id that was sent; under another we would never find it again."""
    ideas = _ideas(exchange, expect)
    require_its_request(exchange)
    sent = [idea.get("id") for _, idea in ideas_in(json.loads(exchange.request.body or b"[]"))]
    if None in sent:
        raise Skip("the database makes the id")
    for at, idea in ideas:
        if idea.get("id") not in sent:
            yield Finding("business", f"one of {', '.join(map(str, sent))}", repr(idea.get("id")), f"{at}/id")


@check("supabase/storage.bucket")
def the_bucket_is_the_one_asked_for(exchange: Exchange, expect: Expect) -> None:
    """The bucket has the id that stands in the path: the rights are told of that one."""
    bucket = answer(exchange)
    require_its_request(exchange)
    asked = unquote(exchange.request.url.rpartition("/")[2])
    assert bucket.get("id") == asked, f"asked for {asked}, is {bucket.get('id')}"


@check("supabase/ideas.page")
def content_range_counts_the_rows(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Content-Range names as many rows as the body holds."""
    rows = len(_ideas(exchange, expect))
    header = exchange.headers.get("content-range")
    if header is None:
        raise Skip("the headers are not known")
    span = re.match(r"(\d+)-(\d+)/", header)
    named = int(span[2]) - int(span[1]) + 1 if span else 0
    if named != rows:
        yield Finding("business", f"{named} rows, as {header} says", str(rows), "header content-range")


@check("supabase/management.health")
def every_service_asked_for_is_named(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The platform says something about each service that was asked for."""
    asked = {value for name, value in exchange.request.query if name == "services"}
    if not asked or exchange.status != 200:
        raise Skip("no service was asked for, or the answer is an error")
    named = {each.get("name") for _, each in ideas_in(exchange.json)}
    for service in sorted(asked - named):
        yield Finding("business", f"the health of {service}", "not a word", level=Outcome.WARN)
