"""Where the dashboard's ideas come from, and whether they are ideas at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange
from provendor.indicators import judge
from provendor.verdict import Finding, Outcome, Skip

from ._ideas import ideas_in, outside_the_range, outside_the_vocabulary, told_twice

ROUTE = "dashboard/idea_pool.*"


def _answer(exchange: Exchange, expect: Expect) -> dict[str, Any]:
    body = exchange.json if expect.error is None and exchange.status == 200 else None
    if not isinstance(body, dict):
        raise Skip("the answer is an error and holds no ideas")
    return body


def _ideas(exchange: Exchange, expect: Expect) -> list[tuple[str, dict[str, Any]]]:
    return ideas_in(_answer(exchange, expect).get("ideas"), below="/ideas")


@check(ROUTE)
def ideas_come_from_supabase(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The ideas are those of Supabase, not those the dashboard brings along."""
    answer = _answer(exchange, expect)
    if answer.get("source") == "supabase":
        return
    warnings = answer.get("warnings") or []
    if not warnings:
        raise Skip("the idea pool's flag is off: the route answers with its mock")
    said = "; ".join(str(warning) for warning in warnings)
    yield Finding("business", "ideas from supabase", f"a mock, because: {said}", "/source", level=Outcome.WARN)


@check(ROUTE)
def confidence_is_a_share(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every idea's confidence lies between 0 and 1, or is not known."""
    for at, idea in _ideas(exchange, expect):
        yield from outside_the_range(at, idea)


@check(ROUTE)
def status_and_priority_are_known_words(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every idea's status and priority are words that the page can show."""
    for at, idea in _ideas(exchange, expect):
        yield from outside_the_vocabulary(at, idea)


@check(ROUTE)
def ideas_are_reviewed(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Of the real ideas that are out of draft, somebody has decided on enough."""
    if _answer(exchange, expect).get("source") != "supabase":
        raise Skip("a mock is reviewed by nobody")
    states = [idea.get("status") for _, idea in _ideas(exchange, expect)]
    decided = states.count("approved") + states.count("rejected")
    yield from judge(expect, "ideas-reviewed", good=decided, of=decided + states.count("pending_review"))


@check(ROUTE)
def no_idea_appears_twice(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every idea is told once."""
    yield from told_twice(_ideas(exchange, expect))
