"""What several vendors' checks look at first."""

from __future__ import annotations

from typing import Any

from provendor.exchange import BodyNotJson, Exchange, Source
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


def require_its_request(exchange: Exchange) -> None:
    """Skip where an answer in hand is judged: the request is then the contract's, not the one that led to it."""
    if exchange.source is Source.RECORDED and exchange.recording is None:
        raise Skip("the request that led to this answer is not known")
