"""What all of Google's APIs have in common."""

from __future__ import annotations

from provendor.exchange import BodyNotJson, Exchange, Json
from provendor.verdict import Skip


def json_of(exchange: Exchange) -> Json:
    """Return the body; skips what is no JSON, which other checks judge."""
    try:
        return exchange.json
    except BodyNotJson:
        raise Skip("the answer is no JSON") from None


def require_the_code_to_be_the_status(exchange: Exchange) -> None:
    """Fail where the code inside an error is not the HTTP status."""
    if exchange.status < 400:
        raise Skip("the answer is no error")
    body = json_of(exchange)
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        raise Skip("the error has no code inside")
    assert error.get("code") == exchange.status, f"{error.get('code')} inside a {exchange.status}"
