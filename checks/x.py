"""What this business relies on at X beyond what a schema can say."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange
from provendor.verdict import Finding, Outcome, Skip

from ._answers import answer, require_its_request


@check("x/posts.create")
def the_post_says_what_was_approved(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """What is public is the text that was approved; only links are rewritten, and media add one."""
    posted, sent = answer(exchange).get("data"), _sent(exchange)
    require_its_request(exchange)
    if not isinstance(posted, dict) or not isinstance(posted.get("text"), str):
        raise Skip("the answer has no text; the schema says so")
    wanted, got = str(sent.get("text", "")), html.unescape(posted["text"])
    if "://" in wanted:
        raise Skip("the text holds a link, which X rewrites")
    if got != wanted and not (sent.get("media") and got.startswith(wanted)):
        yield Finding("business", repr(wanted), repr(got), "/data/text")


@check("x/posts.get")
def the_post_is_the_one_asked_for(exchange: Exchange, expect: Expect) -> None:
    """The post has the id that was asked for, now or before it was edited."""
    post = _dict(answer(exchange).get("data"))
    require_its_request(exchange)
    if "id" not in post:
        raise Skip("no post is shown")
    asked = urlsplit(exchange.request.url).path.rpartition("/")[2]
    history = post.get("edit_history_post_ids", post.get("edit_history_tweet_ids"))
    edited = isinstance(history, list) and post["id"] in history and asked in history
    assert edited or post["id"] == asked, f"asked for {asked}, is {post['id']}"


@check("x/posts.search", "x/mentions.list")
def a_page_counts_its_posts(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """A page has as many posts as it says; somebody who shortens a page by hand is warned."""
    body = answer(exchange)
    if "meta" not in body:
        raise Skip("the answer is no page")
    counted = _dict(body["meta"]).get("result_count")
    if counted != len(_posts(body)):
        yield Finding("business", f"{len(_posts(body))} posts", repr(counted), "/meta/result_count", level=Outcome.WARN)


@check("x/posts.search", "x/mentions.list")
def a_page_lies_between_its_ids(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """No post is newer than newest_id or older than oldest_id: the next poll asks for what came since."""
    body = answer(exchange)
    meta = _dict(body.get("meta"))
    oldest, newest = _number(meta.get("oldest_id")), _number(meta.get("newest_id"))
    if oldest is None or newest is None:
        raise Skip("the page names no ids")
    for index, post in enumerate(_posts(body)):
        number = _number(post.get("id"))
        if number is not None and not oldest <= number <= newest:
            yield Finding(
                "business", f"from {oldest} to {newest}", str(number), f"/data/{index}/id", level=Outcome.WARN
            )


@check("x/usage.get")
def reads_are_left(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Less than nine tenths of the month's reads are used; searches stop at the cap."""
    data = _dict(answer(exchange).get("data"))
    used, cap = _number(data.get("project_usage")), _number(data.get("project_cap"))
    if used is None or cap is None:
        raise Skip("the answer does not count")
    if used * 10 >= cap * 9:
        yield Finding("business", f"less than 90% of {cap}", str(used), "/data/project_usage", level=Outcome.WARN)


def _sent(exchange: Exchange) -> dict[str, Any]:
    try:
        return _dict(json.loads(exchange.request.body or b"{}"))
    except ValueError:
        raise Skip("what was sent is no JSON") from None


def _posts(body: dict[str, Any]) -> list[dict[str, Any]]:
    data = body.get("data")
    return [post for post in data if isinstance(post, dict)] if isinstance(data, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int | None:
    """Read an id or a count, which come as text; None where it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
