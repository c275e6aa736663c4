"""A request as a command to type, without secrets: where one belongs stands the variable that holds it.

command(record, {"api_key": "CHATWOOT_API_KEY"})
# curl -sS 'https://app.chatwoot.com/api/v1/profile' -H 'Api-Access-Token: '"$CHATWOOT_API_KEY"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

_PLACEHOLDER = re.compile(r"(?:<|%3[Cc])([A-Za-z0-9_.-]+)(?:>|%3[Ee])")
_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OF_CURL = frozenset({"host", "content-length", "accept-encoding", "connection"})


def command(record: Mapping[str, Any], variables: Mapping[str, str]) -> str | None:
    """Return the command for a result as evidence has it; None where the request is not whole in there."""
    asked, exchange = record.get("request"), record.get("exchange")
    if not asked or (exchange is None and asked["method"] not in ("GET", "HEAD")):
        return None
    if not str(asked["url"]).startswith(("https://", "http://")):  # curl would take it for an option, or for a file
        return None
    return " \\\n  ".join(_parts(asked, exchange or {}, variables))


def _parts(asked: Mapping[str, Any], exchange: Mapping[str, Any], variables: Mapping[str, str]) -> Iterator[str]:
    query = urlencode([(str(name), str(value)) for name, value in asked["query"]], safe="<>")
    url = f"{asked['url']}{'?' if query else ''}{query}"
    method = asked["method"]
    how = {"GET": "", "HEAD": " --head"}.get(method, f" -X {_quoted(str(method), {})}")
    yield f"curl -sS{how} {_quoted(url, variables)}"
    for name, value in _sent(exchange.get("request_headers") or ()):
        yield f"-H {_quoted(f'{name}: {value}', variables)}"
    if exchange.get("request_body"):
        yield f"--data-raw {_quoted(exchange['request_body'], variables)}"


def _sent(headers: Iterable[Iterable[str]]) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        if name.lower() not in _OF_CURL and _HEADER_NAME.fullmatch(name):  # `@name` would be the name of a file
            yield name, value


def _quoted(text: str, variables: Mapping[str, str]) -> str:
    """Return text as one word of a shell, with each placeholder whose variable is known replaced by that."""
    parts: list[str] = []
    kept = 0
    for found in _PLACEHOLDER.finditer(text):
        name = variables.get(found[1], "")
        if _SAFE_NAME.fullmatch(name):
            parts += [_single(text[kept : found.start()]), f'"${name}"']
            kept = found.end()
    parts.append(_single(text[kept:]))
    return "".join(parts) or "''"


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'" if text else ""
