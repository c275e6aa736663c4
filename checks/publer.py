"""What this business relies on at Publer beyond what a schema can say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange, Source
from provendor.indicators import judge
from provendor.verdict import Finding, Skip

from ._answers import answer

OFFSET = re.compile(r"(Z|[+-]\d\d:\d\d)$")
LONG_ID = re.compile(r"[0-9a-f]{24}")
"""Of one of the two databases that a post's id may come from."""


@check("publer/posts.draft")
def a_draft_publishes_nothing(exchange: Exchange, expect: Expect) -> None:
    """A draft is sent in a state of drafts, and to the path that publishes nothing by itself."""
    if expect.error is not None:
        raise Skip("the case is about a request that is refused")
    state = _bulk(exchange).get("state")
    assert str(state).startswith("draft"), f"the state sent is {state!r}"
    assert not exchange.request.url.rstrip("/").endswith("/publish"), "this path publishes at once"


@check("publer/posts.schedule", "publer/posts.bulk")
def times_have_an_offset(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every time that is sent names its offset; without one the post goes out at another hour, or is refused later."""
    if expect.error is not None:
        raise Skip("the case is about a request that is refused")
    for at, time in _times(_bulk(exchange)):
        if not (isinstance(time, str) and OFFSET.search(time)):
            yield Finding("business", "a time with its offset", repr(time), at)


@check("publer/posts.delete")
def a_delete_names_its_posts(exchange: Exchange, expect: Expect) -> None:
    """A delete names the posts: without ids it may take every post of the workspace that is not published."""
    assert _ids_sent(exchange), "no post_ids[] in the request"


@check("publer/posts.delete")
def deleted_are_those_sent(exchange: Exchange, expect: Expect) -> None:
    """Every post that was to be deleted is: Publer leaves out what it keeps, and answers 200."""
    if expect.error is not None:
        raise Skip("the case is about posts that are not deleted")
    deleted = answer(exchange).get("deleted_ids")
    _require_its_request(exchange)
    kept = sorted(_ids_sent(exchange) - set(deleted if isinstance(deleted, list) else ()))
    assert not kept, f"not deleted: {', '.join(kept)}"


@check("publer/posts.update")
def the_post_is_the_one_that_was_changed(exchange: Exchange, expect: Expect) -> None:
    """What comes back is the post that was changed, as far as its id is of the same database as the one asked for."""
    got = answer(exchange).get("id")
    _require_its_request(exchange)
    asked = exchange.request.url.rstrip("/").rpartition("/")[2]
    if bool(LONG_ID.fullmatch(asked)) is not bool(LONG_ID.fullmatch(str(got))):
        raise Skip("the two ids are of different databases")
    assert str(got) == asked, f"asked for {asked}, is {got}"


@check("publer/posts.list")
def posts_come_out(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Of the posts whose time has come, enough were taken by their networks."""
    posts = answer(exchange).get("posts")
    states = [str(each.get("state")) for each in posts if isinstance(each, dict)] if isinstance(posts, list) else []
    published = sum(state.startswith("published") for state in states)
    yield from judge(expect, "posts-published", good=published, of=published + states.count("failed"))


@check("publer/media.upload")
def the_url_of_a_file_is_final(exchange: Exchange, expect: Expect) -> None:
    """A file that was sent with direct_upload has an address that stays."""
    path = answer(exchange).get("path")
    _require_its_request(exchange)
    if b'name="direct_upload"\r\n\r\ntrue' not in exchange.request.body:
        raise Skip("a temporary address is what was asked for")
    assert "/uploads/tmp/" not in str(path), "the address is a temporary one"


def _bulk(exchange: Exchange) -> dict[str, Any]:
    """Return what was sent under `bulk`; empty where there is none."""
    try:
        sent = json.loads(exchange.request.body or b"{}")
    except ValueError:
        raise Skip("what was sent is no JSON") from None
    bulk = sent.get("bulk") if isinstance(sent, dict) else None
    return bulk if isinstance(bulk, dict) else {}


def _times(bulk: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the place and the value of every time at which an account is to post."""
    for post, content in enumerate(bulk.get("posts", ())):
        for account, target in enumerate(content.get("accounts", ())):
            if "scheduled_at" in target:
                yield f"/bulk/posts/{post}/accounts/{account}/scheduled_at", target["scheduled_at"]


def _ids_sent(exchange: Exchange) -> set[str]:
    return {value for name, value in exchange.request.query if name == "post_ids[]" and value}


def _require_its_request(exchange: Exchange) -> None:
    """Skip where an answer in hand is judged: the request is then the contract's, not the one that led to it."""
    if exchange.source is Source.RECORDED and exchange.recording is None:
        raise Skip("the request that led to this answer is not known")
