"""The one place where secrets and personal data are removed from anything that is kept or shown."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_SECRET_HEADERS: Final = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "api-key",
        "apikey",
        "x-api-key",
        "api-access-token",
        "api_access_token",
        "x-shopify-access-token",
        "x-shopify-storefront-access-token",
        "x-goog-api-key",
        "mcp-session-id",
    )
)
_SECRET_HEADER = re.compile(
    r"(?:^|[-_])(?:access|auth|api|csrf|xsrf|session|refresh|id|security)[-_]?(?:token|key)$|secret$"
)
_SECRET_KEYS: Final = frozenset(
    (
        "token",
        "secret",
        "password",
        "passwd",
        "passphrase",
        "authorization",
        "cookie",
        "jwt",
        "bearer",
        "api_key",
        "apikey",
        "access_key",
        "secret_key",
        "private_key",
        "secret_access_key",
        "service_role_key",
        "anon_key",
        "signing_key",
        "client_assertion",
        "appsecret_proof",
        "session_id",
    )
)
_SECRET_ENDINGS: Final = ("_token", "_secret", "_password", "_passphrase", "_api_key", "_private_key", "_apikey")
# Named like secrets, and none: where a list goes on, how a token is sent, what a piece of work is called.
_HARMLESS_TOKENS = re.compile(
    r"(?:^|_)(?:page|next|prev|previous|continuation|continue|sync|cursor|change|progress|paging|pagination)_token$"
)
_SECRET_FIELDS: Final = frozenset(
    (
        "key",
        "sig",
        "signature",
        "hmac",
        "x_amz_signature",
        "x_amz_credential",
        "x_amz_security_token",
        "x_goog_signature",
    )
)
_PLACEHOLDER = re.compile(r"<[A-Za-z0-9_. -]+>")


def is_secret_header(name: str) -> bool:
    """Tell whether a header of this name carries a credential."""
    lower = name.lower()
    return lower in _SECRET_HEADERS or _SECRET_HEADER.search(lower) is not None


@lru_cache(maxsize=4096)
def is_secret_key(name: str) -> bool:
    """Tell whether a JSON key of this name holds a credential: `access_token` and `clientSecret`, not `nextPageToken`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()
    if snake in _SECRET_KEYS:
        return True
    return snake.endswith(_SECRET_ENDINGS) and _HARMLESS_TOKENS.search(snake) is None


def is_secret_field(name: str) -> bool:
    """Tell whether a query parameter or form field of this name holds a credential; `key` does here."""
    return name.lower().replace("-", "_") in _SECRET_FIELDS or is_secret_key(name)


def header_value(name: str, value: str) -> str:
    """Return a header's value as it may be shown."""
    return _hidden(value) if is_secret_header(name) else text(value)


def field_value(name: str, value: str) -> str:
    """Return the value of a query parameter, form field or JSON key as it may be shown."""
    return _hidden(value) if is_secret_field(name) else text(value)


def text(value: str) -> str:
    """Return text as it may be shown."""
    return value


def _hidden(value: str) -> str:
    """Return `<hidden>`, but for what is an example anyway: `Bearer <api_key>`, `wrong`."""
    bare = value.rpartition(" ")[2]
    return value if bare == "wrong" or _PLACEHOLDER.fullmatch(bare) else "<hidden>"
