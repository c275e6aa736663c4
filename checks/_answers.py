"""What several vendors' checks look at first."""

from __future__ import annotations

from typing import Any

from provendor.exchange import BodyNotJson, Exchange
from provendor.verdict import Skip

REFUSALS_FROM = 300


def answer(exchange: Exchange) -> dict[str, Any]:
    """Return the object that a success answers; anything else is judged by other checks, and skips."""
    if exchange.status >= REFUSALS_FROM:
        raise Skip("the answer is a refusal")
    try:
        body = exchange.json
    except BodyNotJson:
        raise Skip("the answer is no JSON") from None
    if not isinstance(body, dict):
        raise Skip("the answer is no object")
    return body
