from __future__ import annotations

import pytest

from provendor.exchange import Json
from provendor.plans.jsonrpc import Events, Listener, asked_id, stream

TEXT = (
    "\ufeff: a comment\r\nevent: message\r\ndata: 1\r\n\r\n"
    "data: {\ndata: }\n\n"
    "data: no JSON\n\n"
    "id: 7\n\n"
    'data:"bare returns"\r\r'
    "data: [3]"
)
MESSAGES = [1, {}, "bare returns", [3]]


def test_a_whole_stream_is_its_messages():
    """Also the last one, where the empty line behind it is missing."""
    assert list(stream(TEXT)) == MESSAGES


def test_a_message_that_is_no_utf_8_is_none():
    """Its letters are lost, and nobody should read on as if they were others."""
    body = b'data: {"name": "Caf\xe9"}\n\n: Caf\xe9\n\ndata: {"name": "Caf\xc3\xa9"}\n\n'

    assert list(stream(body.decode("utf-8", "surrogateescape"))) == [{"name": "Café"}]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_a_stream_in_pieces_has_the_same_messages(size: int):
    """Wherever it is cut, between the two halves of a line's end as well."""
    events = Events()
    found: list[Json] = []
    for start in range(0, len(TEXT), size):
        found += events.feed(TEXT[start : start + size])

    assert [*found, *events.end()] == MESSAGES


def test_a_message_is_there_as_soon_as_its_last_byte():
    """Nobody waits for the next one."""
    events = Events()

    assert list(events.feed("data: 1\n")) == []
    assert list(events.feed("\n")) == [1]
    assert list(events.feed("data: 2\r\n\r")) == [2]
    assert list(events.feed("\ndata: 3\n\n")) == [3]


@pytest.mark.parametrize(
    ("data", "answers"),
    [
        (b'data: {"jsonrpc":"2.0","id":2,"result":{}}\n\n', True),
        (b'data: {"jsonrpc":"2.0","id":2,"error":{"code":1}}\n\n', True),
        (b'data: {"jsonrpc":"2.0","id":2,"result":{}}\n', False),
        (b'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n', False),
        (b'data: {"jsonrpc":"2.0","id":"2","result":{}}\n\n', False),
        (b'data: {"jsonrpc":"2.0","id":2,"method":"ping"}\n\n', False),
        (b"data: [2]\n\n", False),
        (b"data: \xff\n\n", False),
    ],
)
def test_a_listener_knows_the_answer_to_its_request(data: bytes, answers: bool):
    """By its id; a request of the server itself may carry the same."""
    assert Listener(2).has_answer(data) is answers


def test_a_listener_takes_bytes_wherever_they_are_cut():
    """Also in the middle of a letter."""
    listener = Listener(2)
    data = 'data: {"jsonrpc":"2.0","id":2,"result":"grüße"}\n\n'.encode()

    assert [listener.has_answer(data[at : at + 1]) for at in range(len(data))] == [False] * (len(data) - 1) + [True]


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b'{"jsonrpc":"2.0","id":2,"method":"tools/list"}', 2),
        (b'{"jsonrpc":"2.0","id":"a","method":"tools/list"}', "a"),
        (b'{"jsonrpc":"2.0","method":"notifications/initialized"}', None),
        (b'{"jsonrpc":"2.0","id":true,"method":"tools/list"}', None),
        (b'{"jsonrpc":"2.0","id":2,"result":{}}', None),
        (b'{"id":2,"method":"tools/list"}', None),
        (b'[{"jsonrpc":"2.0"}]', None),
        (b'"jsonrpc"', None),
        (b"", None),
    ],
)
def test_a_request_that_waits_for_an_answer_is_known_by_its_id(body: bytes, number: int | str | None):
    """A notification waits for none."""
    assert asked_id(body) == number
