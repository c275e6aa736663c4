"""JSON-RPC messages as MCP servers send them: one JSON object, or a stream of events in which ours is one of several."""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from provendor.exchange import BodyNotJson, Exchange, Headers, Json

Id = int | str
EVENTS: Final = "text/event-stream"
_FRAME: Final = frozenset(("jsonrpc", "method", "result", "error"))
_OF_CALLS: Final = frozenset(("content", "structuredContent", "isError"))
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_FIELD: Final = re.compile(rb"\s*(?:event|data|id|retry)?:")


class Listener:
    """Reads a stream of events up to the answer to the request `wanted`: the server may leave it open afterwards."""

    def __init__(self, wanted: Id) -> None:
        self._wanted = wanted
        self._events = Events()
        self._decode = getincrementaldecoder("utf-8")("replace").decode

    def has_answer(self, data: bytes) -> bool:
        """Take the next bytes and tell whether the answer is complete with them."""
        return any(
            isinstance(each, dict) and ("result" in each or "error" in each) and is_id(each.get("id"), self._wanted)
            for each in self._events.feed(self._decode(data))
        )


def asked_id(body: bytes) -> Id | None:
    """Return the id of the request that a body holds; None where it is no JSON-RPC request."""
    if b'"jsonrpc"' not in body:
        return None
    try:
        message = parsed(body.decode("utf-8"))
    except ValueError:
        return None
    number = message.get("id") if isinstance(message, dict) and "method" in message else None
    return number if isinstance(number, (int, str)) and not isinstance(number, bool) else None


def is_stream(headers: Headers) -> bool:
    """Tell whether an answer is a stream of events by its content type."""
    return (headers.get("content-type") or "").partition(";")[0].strip().lower() == EVENTS


def unwrapped(exchange: Exchange, wanted: Id | None) -> Exchange:
    """Return the exchange with the answer to the request `wanted` as its body, where that is one of several messages.

    None for `wanted` takes the first answer. An exchange without an answer in it comes back as it is.
    """
    if _is_stream(exchange):
        found = answer_among(list(stream(exchange.body.decode("utf-8", "surrogateescape"))), wanted)
    else:
        try:
            value = exchange.json
        except BodyNotJson:
            return exchange
        if not isinstance(value, list):
            return exchange
        found = answer_among(value, wanted)
    return exchange if found is None else with_message(exchange, found)


def framed(exchange: Exchange, method: str) -> Exchange:
    """Return the exchange with a message around its body where that is only a result, or only a tool's document."""
    try:
        value = exchange.json
    except BodyNotJson:
        return exchange
    if not isinstance(value, (dict, list)) or (isinstance(value, dict) and not _FRAME.isdisjoint(value)):
        return exchange
    bare = method == "tools/call" and (isinstance(value, list) or _OF_CALLS.isdisjoint(value))
    return with_message(
        exchange, {"jsonrpc": "2.0", "id": 0, "result": {"structuredContent": value} if bare else value}
    )


def with_message(exchange: Exchange, message: Json) -> Exchange:
    """Return the exchange with this message as its JSON body."""
    left = ("content-type", "content-length")
    headers = Headers(
        (
            *((name, value) for name, value in exchange.headers if name.lower() not in left),
            ("content-type", "application/json"),
        )
    )
    return exchange._replace(headers=headers, body=json.dumps(message, ensure_ascii=True).encode("ascii"))


def _is_stream(exchange: Exchange) -> bool:
    if exchange.headers.get("content-type") is not None:
        return is_stream(exchange.headers)
    return _FIELD.match(exchange.body) is not None


class Events:
    """The messages of a stream of events, as its text arrives. Comments and what is no JSON in UTF-8 are passed over."""

    def __init__(self) -> None:
        self._rest = ""
        self._data: list[str] = []
        self._begun = False
        self._after_return = False

    def feed(self, text: str) -> Iterator[Json]:
        """Yield the messages that are complete with this piece of text."""
        if not text:
            return
        if self._after_return:
            text = text.removeprefix("\n")  # the second half of a line's end
        if not self._begun:
            self._begun, text = True, text.removeprefix("\ufeff")
        self._after_return = text.endswith("\r")
        *lines, self._rest = _LINE_END.split(self._rest + text)
        for line in lines:
            yield from self._line(line)

    def end(self) -> Iterator[Json]:
        """Yield the last message where the stream ends without the empty line that belongs behind it."""
        for line in (self._rest, ""):
            yield from self._line(line)

    def _line(self, line: str) -> Iterator[Json]:
        if line:
            field, _, value = line.partition(":")
            if field == "data":
                self._data.append(value.removeprefix(" "))
            return
        data, self._data = self._data, []
        if any(data):
            with suppress(ValueError):  # also of what is not UTF-8
                "".join(data).encode("utf-8")
                yield parsed("\n".join(data))


def stream(text: str) -> Iterator[Json]:
    """Yield the messages of a whole stream of events."""
    events = Events()
    yield from events.feed(text)
    yield from events.end()


def parsed(text: str) -> Json:
    """Return text as a JSON value; raises ValueError."""
    try:
        value: Json = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def answer_among(messages: list[Json], wanted: Id | None) -> dict[str, Json] | None:
    """Return the answer to a request; an error that names no request is one where nothing else is."""
    answers = [each for each in messages if isinstance(each, dict) and ("result" in each or "error" in each)]
    for each in answers:
        if wanted is None or is_id(each.get("id"), wanted):
            return each
    return next((each for each in answers if "error" in each and each.get("id") in (None, "server-error")), None)


def is_id(given: Json, wanted: Id) -> bool:
    """Tell whether an id is ours; true is not 1."""
    return given == wanted and type(given) is type(wanted)


def result_of(message: Json) -> Json:
    """Return the result that a message brings, None where it brings none."""
    return message.get("result") if isinstance(message, dict) else None


def _refuse(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")
