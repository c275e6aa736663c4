"""Answers from a cassette. Owns no socket, patches nothing; any number can be open at once.

    transport = Replay(cassette, rerecord="provendor adopt chatwoot/profile:ok ANSWER.json ...")
    exchange = drive(transport.send(request))
    transport.unused()                         # interactions that nobody asked for

A request is recorded if method, URL, query (in any order), declared headers and body are the same; JSON bodies are
compared as values, forms as fields in any order. Each interaction answers once; the same request again gets the next.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from provendor import yamltext
from provendor.cassette import Cassette, Interaction
from provendor.errors import NotRecorded
from provendor.exchange import Exchange, Headers, Json, Request, Source
from provendor.redaction import credentials

Key: TypeAlias = "tuple[str, str, tuple[tuple[str, str], ...], tuple[str, str]]"
Difference: TypeAlias = tuple[str, str, str]

ABSENT: Final = "(none)"
"""What stands for a part that one side does not have."""

_NEVER_COMPARED: Final = frozenset(("accept-encoding", "connection", "content-length", "host", "user-agent"))
_SHOWN: Final = 200
_MOST_DIFFERENCES: Final = 20


class Replay:
    """A transport that answers from one cassette. `rerecord` is the command that writes the cassette anew."""

    def __init__(self, cassette: Cassette, rerecord: str) -> None:
        self._cassette = cassette
        self._rerecord = rerecord
        self._unused = dict(enumerate(cassette.interactions))
        self._index: dict[Key, deque[int]] | None = None

    async def send(self, request: Request) -> Exchange:
        """Return the recorded answer; raises NotRecorded with what differs from the nearest recording."""
        interaction = self._take(request)
        if interaction is None:
            raise self._not_recorded(request)
        return Exchange(
            request,
            interaction.status,
            interaction.headers,
            interaction.body,
            Source.RECORDED,
            self._cassette.recording,
        )

    def unused(self) -> tuple[Interaction, ...]:
        """Return the interactions that no request has asked for, in recorded order."""
        return tuple(self._unused.values())

    def _take(self, request: Request) -> Interaction | None:
        # Most cassettes are asked in recorded order and to the letter; then no index is needed.
        first = next(iter(self._unused), None)
        if first is not None and self._unused[first].request == request:
            return self._unused.pop(first)
        if self._index is None:
            self._index = {}
            for number, interaction in self._unused.items():
                self._index.setdefault(_key(interaction.request), deque()).append(number)
        queue = self._index.get(_key(request), deque())
        while queue and queue[0] not in self._unused:
            queue.popleft()
        for number in queue:
            recorded = self._unused.get(number)
            if recorded and not any(self._header_differences(request, recorded.request)):
                return self._unused.pop(number)
        return None

    def _header_differences(self, sent: Request, recorded: Request) -> Iterator[Difference]:
        # A plain vcrpy recording holds whatever the client sent, and its credentials are often filtered out.
        plain = self._cassette.recording.origin is None
        if sent.headers.items == recorded.headers.items:
            return
        ours, theirs = _compared(sent.headers), _compared(recorded.headers)
        for name in {**ours, **theirs}:
            mine, other = ours.get(name), theirs.get(name)
            if mine == other or (plain and (mine is None or credentials.is_secret_header(name))):
                continue
            yield f"header {name}", _header_text(name, mine), _header_text(name, other)

    def _not_recorded(self, request: Request) -> NotRecorded:
        recorded = self._cassette.interactions
        path = self._cassette.recording.path
        ranked = [
            (differences, interaction)
            for interaction in recorded
            for differences in [self._differences(request, interaction.request)]
        ]
        if not ranked:
            return NotRecorded(f"{path} holds no interaction\nto write it anew: {self._rerecord}")
        differences, nearest = min(ranked, key=lambda pair: _distance(pair[0]))
        place = f"{path}:{nearest.line}" if nearest.line else path
        asked = f"{request.method} {request.url}"
        if not differences:
            times = sum(not found for found, _ in ranked)
            message = f"{asked}: {path} answers this request {_times(times)}, and it was asked once more"
            return NotRecorded(f"{message}\nto write it anew: {self._rerecord}")
        shown = "\n".join(f"  {part}: sends {sent}, recorded {other}" for part, sent, other in differences)
        return NotRecorded(
            f"{asked} is not recorded; the nearest recording is {place}\n{shown}\nto write it anew: {self._rerecord}",
            tuple(differences),
        )

    def _differences(self, sent: Request, recorded: Request) -> list[Difference]:
        found: list[Difference] = []
        if sent.method != recorded.method:
            found.append(("method", sent.method, recorded.method))
        if _normal_url(sent.url) != _normal_url(recorded.url):
            found.append(("url", _short(credentials.clean(sent.url)), _short(credentials.clean(recorded.url))))
        found += _field_differences("query", sent.query, recorded.query)
        found += self._header_differences(sent, recorded)
        found += _body_differences(sent, recorded)
        if len(found) > _MOST_DIFFERENCES:
            rest = len(found) - _MOST_DIFFERENCES + 1
            found[_MOST_DIFFERENCES - 1 :] = [(f"{rest} more", "...", "...")]
        return found


# --- what makes two requests the same ---------------------------------------------------------------------------------


def _key(request: Request) -> Key:
    query = request.query if len(request.query) < 2 else tuple(sorted(request.query))
    return request.method, _normal_url(request.url), query, _body_key(request) if request.body else ("", "")


# Compiled when first needed: most requests are answered without them.
_NORMAL_URL: Final = r"https?://[a-z0-9.-]+/[A-Za-z0-9\-._~/:@!$&'()*+,;=]*"
_URL: Final = r"(?is)(https?)://([^/]*)(.*)"
_PERCENT: Final = "%[0-9A-Fa-f]{2}"
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def _normal_url(url: str) -> str:
    """Return the form that equal URLs share: case of the host, default port, needless percent-encoding (RFC 3986)."""
    if re.fullmatch(_NORMAL_URL, url):
        return url
    found = re.match(_URL, url)
    if not found:
        return url
    scheme, host = found[1].lower(), found[2].lower()
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS[scheme])}{re.sub(_PERCENT, _unescape, found[3]) or '/'}"


def _unescape(found: re.Match[str]) -> str:
    character = chr(int(found[0][1:], 16))
    return character if character.isascii() and (character.isalnum() or character in "-._~") else found[0].upper()


def _body_key(request: Request) -> tuple[str, str]:
    kind = _body_kind(request)
    if kind == "json":
        try:
            return "json", json.dumps(_json(request.body), sort_keys=True)
        except ValueError:
            return "bytes", request.body.decode("latin-1")
    if kind == "form":
        return "form", repr(sorted(_form(request.body)))
    return "bytes", request.body.decode("latin-1")


def _body_kind(request: Request) -> str:
    media = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if media == "application/json" or media.endswith("+json"):
        return "json"
    return "form" if media == "application/x-www-form-urlencoded" else "bytes"


def _json(body: bytes) -> Json:
    """Return the body's value, 1.0 as 1 since JSON has one kind of number; raises ValueError."""
    try:
        return _normal(json.loads(body, parse_float=_number))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _number(text: str) -> float | str:
    value = float(text)
    # Too large for a float: compared as it is written, in words that no body is likely to hold.
    return f"the number {text}" if value in (float("inf"), float("-inf")) else value


def _normal(value: Json) -> Json:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, dict):
        return {key: _normal(item) for key, item in value.items()}
    return value


def _form(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")


def _compared(headers: Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        lower = name.lower()
        if lower not in _NEVER_COMPARED:
            found.setdefault(lower, []).append(value)
    return found


# --- what differs -----------------------------------------------------------------------------------------------------


def _distance(differences: list[Difference]) -> tuple[bool, bool, int]:
    parts = [part for part, _, _ in differences]
    return "url" in parts, "method" in parts, len(parts)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _header_text(name: str, values: list[str] | None) -> str:
    if values is None:
        return ABSENT
    return ", ".join(_short(credentials.header_value(name, value)) for value in values)


def _field_differences(
    part: str, sent: tuple[tuple[str, str], ...], recorded: tuple[tuple[str, str], ...]
) -> Iterator[Difference]:
    ours, theirs = _by_name(sent), _by_name(recorded)
    for name in {**ours, **theirs}:
        mine, other = ours.get(name), theirs.get(name)
        if sorted(mine or ()) != sorted(other or ()) or (mine is None) != (other is None):
            yield f"{part} {name}", _field_text(name, mine), _field_text(name, other)


def _by_name(pairs: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _field_text(name: str, values: list[str] | None) -> str:
    if values is None:
        return ABSENT
    return ", ".join(_short(credentials.field_value(name, value)) for value in values)


def _body_differences(sent: Request, recorded: Request) -> Iterator[Difference]:
    if sent.body == recorded.body or _body_key(sent) == _body_key(recorded):
        return
    kind = _body_kind(sent)
    if kind == "form" and _body_kind(recorded) == "form":
        yield from _field_differences("form", tuple(_form(sent.body)), tuple(_form(recorded.body)))
        return
    if kind == "json":
        try:
            yield from list(_json_differences("", _json(sent.body), _json(recorded.body)))
        except (ValueError, RecursionError):
            pass  # compared as bytes
        else:
            return
    yield "body", _bytes_text(sent.body), _bytes_text(recorded.body)


def _json_differences(at: str, sent: Json, recorded: Json) -> Iterator[Difference]:
    if isinstance(sent, dict) and isinstance(recorded, dict):
        for key in {**sent, **recorded}:
            inner = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
            if key not in recorded:
                yield f"body {inner}", _json_text(key, sent[key]), ABSENT
            elif key not in sent:
                yield f"body {inner}", ABSENT, _json_text(key, recorded[key])
            else:
                yield from _json_differences(inner, sent[key], recorded[key])
    elif isinstance(sent, list) and isinstance(recorded, list) and len(sent) == len(recorded):
        for index, (mine, other) in enumerate(zip(sent, recorded, strict=True)):
            yield from _json_differences(f"{at}/{index}", mine, other)
    elif json.dumps(sent, sort_keys=True) != json.dumps(recorded, sort_keys=True):
        key = at.rpartition("/")[2]
        yield f"body {at}".rstrip(), _json_text(key, sent), _json_text(key, recorded)


def _json_text(key: str, value: Json) -> str:
    shown = credentials.field_value(key, value) if isinstance(value, str) else value
    return _short(json.dumps(shown, ensure_ascii=False))


def _bytes_text(body: bytes) -> str:
    if not body:
        return ABSENT
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return f"{len(body)} bytes"
    return _short(credentials.clean(text))


def _short(text: str) -> str:
    text = yamltext.visible(text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
