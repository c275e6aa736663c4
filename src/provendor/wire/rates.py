"""What an answer says about the vendor's rate, in the many ways in which vendors say it, as `pacing.Told`.

Retry-After, as seconds and as a date; X-RateLimit-* and its cousins; RateLimit and RateLimit-Policy of the IETF's drafts;
Shopify's bucket and the cost of its queries; Meta's minutes. Whatever is said badly is not said at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

from provendor.exchange import BodyNotJson, Exchange, Headers
from provendor.wire.pacing import Told

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}", re.ASCII)
_EPOCH: Final = 1_000_000_000  # from here on a number is a moment: nobody asks to wait for thirty years
_EPOCH_MS: Final = 1_000_000_000_000
_REMAINING: Final = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
_RESET: Final = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_PARAMETER: Final = re.compile(r"\b(r|t|w|remaining|reset)\s*=\s*([0-9]{1,15})\b", re.ASCII)
_BUCKET: Final = re.compile(r"\s*([0-9]{1,6})\s*/\s*([0-9]{1,6})\s*", re.ASCII)
_OF_RATE: Final = frozenset(
    (
        *_REMAINING,
        "retry-after",
        "retry-after-ms",
        "ratelimit",
        "x-shopify-shop-api-call-limit",
        "x-business-use-case-usage",
    )
)
_NOTHING: Final = Told()
_BUCKET_S: Final = 1.0  # Shopify's bucket drains by two calls a second, on larger plans by more
_COST: Final = b'"throttleStatus"'


def told(exchange: Exchange, now: float) -> Told:
    """Return what an answer says about the rate. `now` is seconds since the epoch; the answer's own `Date` goes before it."""
    headers = exchange.headers
    if _OF_RATE.isdisjoint(name.lower() for name, _ in headers) and _COST not in exchange.body:
        return _NOTHING  # as most answers
    now = _moment(headers.get("date")) or now
    # With 202 or 301, Retry-After is about that one thing: when to look again.
    waits = [*_retry_after(headers, now), *_minutes_of_meta(headers)] if exchange.status >= 400 else []
    counts = [*_counted(headers, now), *_standard(headers), *_bucket(headers)]
    if _COST in exchange.body:
        cost = _cost(exchange)
        waits += [cost.retry_after_s] if cost.retry_after_s is not None else []
        counts += [cost]
    known = [each for each in counts if each.remaining is not None]
    # Of several counts the one that is used up first is heeded, and of those the one that lasts longest.
    least = min(known, key=lambda each: (each.remaining or 0, -(each.reset_s or 0)), default=_NOTHING)
    return least._replace(retry_after_s=max(waits, default=None))


def pause_s(said: Told) -> float | None:
    """Return how long an answer asks us to wait, also where it only says that nothing is left until then."""
    if said.retry_after_s is not None:
        return said.retry_after_s
    return said.reset_s if said.remaining == 0 else None


def _retry_after(headers: Headers, now: float) -> Iterator[float]:
    for value in headers.all("retry-after"):
        number = _number(value)
        moment = _moment(value) if number is None else None
        if number is not None:
            yield max(0.0, _until(number, now))
        elif moment is not None:
            yield max(0.0, moment - now)
    for value in headers.all("retry-after-ms"):
        if (number := _number(value)) is not None:
            yield max(0.0, number / 1000)


def _counted(headers: Headers, now: float) -> Iterator[Told]:
    """Yield the count of the many headers that hold one number each."""
    remaining = next((number for name in _REMAINING if (number := _number(headers.get(name))) is not None), None)
    if remaining is None:
        return
    reset = next((number for name in _RESET if (number := _number(headers.get(name))) is not None), None)
    yield Told(None, max(0, int(remaining)), None if reset is None else max(0.0, _until(reset, now)))


def _standard(headers: Headers) -> Iterator[Told]:
    """Yield the counts of `RateLimit: "a";r=5;t=10, "b";r=50`, and of `limit=10, remaining=5, reset=10` as it was before."""
    windows = [int(value) for text in headers.all("ratelimit-policy") for name, value in _named(text) if name == "w"]
    for text in headers.all("ratelimit"):
        for item in [text] if "remaining" in text else text.split(","):
            said = dict(_named(item))
            remaining, reset = said.get("r", said.get("remaining")), said.get("t", said.get("reset"))
            if remaining is not None:
                yield Told(None, int(remaining), float(reset) if reset else max(windows, default=None))


def _named(text: str) -> list[tuple[str, str]]:
    return _PARAMETER.findall(text)


def _bucket(headers: Headers) -> Iterator[Told]:
    for value in headers.all("x-shopify-shop-api-call-limit"):
        if found := _BUCKET.fullmatch(value):
            yield Told(None, max(0, int(found[2]) - int(found[1])), _BUCKET_S)


def _cost(exchange: Exchange) -> Told:
    """Return what Shopify says of a query's cost: how many more of the kind there are points for, and when they are back."""
    try:
        body: Any = exchange.json
        cost = body["extensions"]["cost"]
        state = cost["throttleStatus"]
        asked = max(1.0, float(cost["requestedQueryCost"]))
        there, most, rate = (float(state[name]) for name in ("currentlyAvailable", "maximumAvailable", "restoreRate"))
    except (BodyNotJson, KeyError, TypeError, ValueError, IndexError, OverflowError):
        return _NOTHING
    if not (rate > 0 and isfinite(there) and isfinite(most) and isfinite(asked)):
        return _NOTHING
    wait = (asked - there) / rate if there < asked else None
    return Told(wait, max(0, int(there // asked)), max(0.0, most - there) / rate)


def _minutes_of_meta(headers: Headers) -> Iterator[float]:
    """Yield how long Meta wants us to stay away: minutes, in JSON, for each business and kind of call."""
    for value in headers.all("x-business-use-case-usage"):
        try:
            uses: Any = json.loads(value)
            minutes = [float(use["estimated_time_to_regain_access"]) for each in uses.values() for use in each]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        yield from (each * 60 for each in minutes if 0 < each < _EPOCH)


# --- numbers and moments ----------------------------------------------------------------------------------------------


def _number(text: str | None) -> float | None:
    text = (text or "").strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def _until(number: float, now: float) -> float:
    """Return seconds from a number that is either seconds or a moment."""
    if number >= _EPOCH_MS:
        return number / 1000 - now
    return number - now if number >= _EPOCH else number


def _moment(text: str | None) -> float | None:
    """Return an HTTP date in any of its three forms, or an ISO date-time, as seconds since the epoch."""
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - imports much, for one header

    try:
        moment = parsedate_to_datetime(text) if text[:1].isalpha() else datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, OSError, IndexError):
        return None
