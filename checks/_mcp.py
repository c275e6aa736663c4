"""What a call of an MCP tool asked for, and what the tool brought."""

from __future__ import annotations

import json
from typing import Any

from provendor.contract import Expect
from provendor.exchange import BodyNotJson, Exchange, Json, Source
from provendor.verdict import Skip


def document_of(exchange: Exchange, expect: Expect) -> Json:
    """Return the document that the tool brings; skips what is no success."""
    if expect.error is not None:
        raise Skip("the case is about a failure")
    try:
        message: Any = exchange.json
        result = message["result"]
        document: Json = result.get("structuredContent") or json.loads(result["content"][0]["text"])
    except (BodyNotJson, KeyError, IndexError, TypeError, AttributeError, ValueError):
        raise Skip("there is no document") from None
    return document


def arguments_of(exchange: Exchange) -> dict[str, Any]:
    """Return the arguments that we sent; of an answer in hand the request is not known."""
    if exchange.source is Source.RECORDED and exchange.recording is None:
        raise Skip("the request that led to this answer is not known")
    arguments: dict[str, Any] = json.loads(exchange.request.body)["params"]["arguments"]
    return arguments
