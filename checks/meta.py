"""What this business relies on at Meta beyond what a schema can say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange, Source
from provendor.verdict import Finding, Outcome, Skip

from ._answers import answer

PERMISSIONS = (
    "pages_manage_posts",
    "pages_read_engagement",
    "read_insights",
    "instagram_basic",
    "instagram_content_publish",
)
DAYS_BEFORE = 7


@check("meta/tokens.debug")
def the_token_may_do_what_we_need(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """A page's token has every permission that the dashboard uses; what is missing fails only when it is needed."""
    data = _data(exchange)
    if data.get("type") != "PAGE" or not isinstance(data.get("scopes"), list):
        raise Skip("this is no page's token")
    for name in PERMISSIONS:
        if name not in data["scopes"]:
            yield Finding("business", name, "not granted", "/data/scopes", level=Outcome.WARN)


@check("meta/tokens.debug")
def the_token_lives_another_week(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Neither the token nor its access to data ends within seven days; 0 is never."""
    if exchange.source is not Source.LIVE or expect.today is None:
        raise Skip("only the token in use can end")
    data = _data(exchange)
    for name in ("expires_at", "data_access_expires_at"):
        end = _day(data.get(name))
        if end is not None and (end - expect.today).days < DAYS_BEFORE:
            yield Finding("business", f"{DAYS_BEFORE} days or more", f"ends {end}", f"/data/{name}", level=Outcome.WARN)


@check("meta/posts.create")
def a_post_is_on_the_page_asked_for(exchange: Exchange, expect: Expect) -> None:
    """A post's id starts with the page's own, so it went where it was sent."""
    made = answer(exchange).get("id")
    if exchange.source is Source.RECORDED and exchange.recording is None:
        raise Skip("the request that led to this answer is not known")
    page = urlsplit(exchange.request.url).path.split("/")[-2]
    if not isinstance(made, str) or "_" not in made or not page.isdigit():
        raise Skip("the ids do not tell")
    assert made.partition("_")[0] == page, f"sent to {page}, made {made}"


@check("meta/instagram.container")
def the_container_is_the_one_asked_for(exchange: Exchange, expect: Expect) -> None:
    """What is ready is the container asked for: that one is published next."""
    got = answer(exchange).get("id")
    if exchange.source is Source.RECORDED and exchange.recording is None:
        raise Skip("the request that led to this answer is not known")
    asked = urlsplit(exchange.request.url).path.rpartition("/")[2]
    assert got == asked, f"asked for {asked}, is {got}"


@check("meta/instagram.quota")
def posts_are_left_today(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Less than nine tenths of the day's Instagram posts are used; the total is the vendor's own."""
    data = answer(exchange).get("data")
    for index, quota in enumerate(data if isinstance(data, list) else []):
        used, total = _of(quota, "quota_usage"), _of(_of(quota, "config"), "quota_total")
        if isinstance(used, int) and isinstance(total, int) and used * 10 >= total * 9:
            at = f"/data/{index}/quota_usage"
            yield Finding("business", f"less than 90% of {total}", str(used), at, level=Outcome.WARN)


def _data(exchange: Exchange) -> dict[str, Any]:
    data = answer(exchange).get("data")
    if not isinstance(data, dict):
        raise Skip("the answer tells nothing of a token")
    return data


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _day(seconds: Any) -> date | None:
    """Return the day of a time in seconds since 1970; None for never, and for what is no time."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 < seconds < 99_999_999_999:
        return None
    return datetime.fromtimestamp(seconds, UTC).date()
