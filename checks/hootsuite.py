"""What this business relies on at Hootsuite beyond what a schema can say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import BodyNotJson, Exchange
from provendor.verdict import Finding, Outcome, Skip

from ._answers import require_its_request


@check("hootsuite/profiles.*")
def profiles_are_connected(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every profile still reaches its network; a lost connection needs its owner to sign in again."""
    for at, profile in _items(exchange):
        if profile.get("isReauthRequired") == 1:
            yield Finding("business", "0", "1", f"{at}/isReauthRequired", level=Outcome.WARN)


@check("hootsuite/messages.schedule")
def every_profile_has_its_message(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """There is one message for each profile that was asked; any other number means that a post is missing."""
    made = [str(_dict(message.get("socialProfile")).get("id")) for _, message in _items(exchange)]
    require_its_request(exchange)
    asked = [str(each) for each in _sent(exchange).get("socialProfileIds") or []]
    if sorted(made) != sorted(asked):
        yield Finding("business", ", ".join(asked), ", ".join(made), "/data")


@check("hootsuite/messages.get", "hootsuite/media.get", "hootsuite/profiles.get")
def it_is_the_one_asked_for(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """What comes back has the id that stands in the path, whether it comes as an object or in a list of one."""
    items = _items(exchange)
    require_its_request(exchange)
    asked = unquote(urlsplit(exchange.request.url).path.rpartition("/")[2])
    for at, item in items:
        if item.get("id") != asked:
            yield Finding("business", asked, repr(item.get("id")), f"{at}/id")


@check("hootsuite/messages.list")
def messages_stand_in_order(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Messages come sorted by when they are sent; the planner shows them as they come."""
    times = [message["scheduledSendTime"] for _, message in _items(exchange) if message.get("scheduledSendTime")]
    if times != sorted(times, key=str):
        yield Finding("business", "sorted by scheduledSendTime", "out of order", "/data", level=Outcome.WARN)


def _items(exchange: Exchange) -> list[tuple[str, dict[str, Any]]]:
    """Return what a success answers, one or many, each with its place; anything else is judged by other checks."""
    if exchange.status >= 300:
        raise Skip("the answer is a refusal")
    try:
        body = _dict(exchange.json)
    except BodyNotJson:
        raise Skip("the answer is no JSON") from None
    if body.get("errors"):
        raise Skip("the answer is a refusal in part")
    data = body.get("data")
    if isinstance(data, dict):
        return [("/data", data)]
    found = data if isinstance(data, list) else []
    return [(f"/data/{index}", each) for index, each in enumerate(found) if isinstance(each, dict)]


def _sent(exchange: Exchange) -> dict[str, Any]:
    try:
        return _dict(json.loads(exchange.request.body or b"{}"))
    except ValueError:
        raise Skip("what was sent is no JSON") from None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
