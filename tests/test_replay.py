from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_recording, a_request
from provendor.cassette import Cassette, Interaction
from provendor.errors import NotRecorded
from provendor.exchange import Headers, Request, Source
from provendor.replay import Replay
from provendor.transport import drive

JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def a_replay(*recorded: Request, **recording) -> Replay:
    """A replay of these requests, answered by `answer 0`, `answer 1`, ..."""
    interactions = [
        Interaction(request, 200, Headers(), f"answer {number}".encode(), line=10 * number + 4)
        for number, request in enumerate(recorded)
    ]
    return Replay(
        Cassette(a_recording("cassettes/a/b.yaml", **recording), tuple(interactions)), "provendor adopt a/b:c"
    )


def answer(replay: Replay, request: Request) -> str:
    return drive(replay.send(request)).text


def refusal(replay: Replay, request: Request) -> NotRecorded:
    with pytest.raises(NotRecorded) as caught:
        drive(replay.send(request))
    return caught.value


def a_post(body: bytes | object, *headers: tuple[str, str], **changes) -> Request:
    """A POST; what is not bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return a_request("POST", body=data, headers=Headers(headers or (JSON,)), **changes)


# --- what is the same -------------------------------------------------------------------------------------------------


def test_an_answer_says_that_it_is_recorded():
    """The exchange holds our request, the recorded answer and where it comes from; a replay has no timing."""
    exchange = drive(a_replay(a_request()).send(a_request()))

    assert exchange.request == a_request()
    assert (exchange.status, exchange.body, exchange.source) == (200, b"answer 0", Source.RECORDED)
    assert exchange.recording is not None
    assert exchange.recording.path == "cassettes/a/b.yaml"
    assert exchange.elapsed_ms is None


@pytest.mark.parametrize(
    ("sent", "recorded"),
    [
        (a_request(query=(("b", "2"), ("a", "1"), ("a", "0"))), a_request(query=(("a", "0"), ("a", "1"), ("b", "2")))),
        (a_request(url="https://A.example:443/x"), a_request(url="https://a.example/x")),
        (a_request(url="http://a.example:80"), a_request(url="http://a.example/")),
        (a_request(url="https://a.example/%7eb%2fc"), a_request(url="https://a.example/~b%2Fc")),
        (a_post({"a": 1, "b": [True, None]}), a_post(b'{ "b": [true, null], "a": 1.0 }')),
        (a_post(1e22), a_post(10**22)),
        (a_post("ä"), a_post('"ä"'.encode())),
        (a_post({"a": 1}, ("content-type", "application/vnd.api+json; charset=utf-8")),) * 2,
        (a_post(b"a=1&b=x+y", FORM), a_post(b"b=x%20y&a=1", FORM)),
        (a_post(b"\xff\x00", ("X", "1")),) * 2,
        (a_post(b"{not json"),) * 2,
        (a_request(headers=Headers((("A", "1"), ("B", "2")))), a_request(headers=Headers((("b", "2"), ("a", "1"))))),
        (
            a_request(headers=Headers((("User-Agent", "x"), ("Host", "y"), ("Accept-Encoding", "gzip")))),
            a_request(headers=Headers((("Connection", "close"), ("Content-Length", "3")))),
        ),
    ],
)
def test_what_means_the_same_is_the_same(sent, recorded):
    """Order of query, form, headers and JSON keys, spelling of numbers and URLs, and what belongs to the connection."""
    assert answer(a_replay(a_request(url="https://other.example/"), recorded), sent) == "answer 1"


@pytest.mark.parametrize(
    ("sent", "recorded", "difference"),
    [
        (a_request("DELETE"), a_request("GET"), ("method", "DELETE", "GET")),
        (
            a_request(url="https://a.example/x"),
            a_request(url="https://a.example/y"),
            ("url", "https://a.example/x", "https://a.example/y"),
        ),
        (
            a_request(url="https://a.example/a%2Fb"),
            a_request(url="https://a.example/a/b"),
            ("url", "https://a.example/a%2Fb", "https://a.example/a/b"),
        ),
        (
            a_request(query=(("status", "all"),)),
            a_request(query=(("status", "open"),)),
            ("query status", "all", "open"),
        ),
        (a_request(query=(("p", "1"), ("p", "1"))), a_request(query=(("p", "1"),)), ("query p", "1, 1", "1")),
        (a_request(query=(("p", ""),)), a_request(), ("query p", "", "(none)")),
        (a_post({"a": {"b/c": 1}}), a_post({"a": {"b/c": True}}), ("body /a/b~1c", "1", "true")),
        (a_post({"a": 1}), a_post({"a": "1"}), ("body /a", "1", '"1"')),
        (a_post({"a": None}), a_post({}), ("body /a", "null", "(none)")),
        (a_post({}), a_post({"x": 1}), ("body /x", "(none)", "1")),
        (a_post([1, 2]), a_post([2, 1, 3]), ("body", "[1, 2]", "[2, 1, 3]")),
        (a_post([1, 2]), a_post([1, 3]), ("body /1", "2", "3")),
        (a_post(b'{"a":1e999}'), a_post(b'{"a":"1e999"}'), ("body /a", '"the number 1e999"', '"1e999"')),
        (a_post(b"a=1", FORM), a_post(b"a=1&b=", FORM), ("form b", "(none)", "")),
        (a_post(b"a", ("X", "1")), a_post(b"b", ("X", "1")), ("body", "a", "b")),
        (a_post(b"\xff", ("X", "1")), a_post(b"", ("X", "1")), ("body", "1 bytes", "(none)")),
        (a_post({}, JSON, ("Prefer", "a")), a_post({}, JSON, ("Prefer", "b")), ("header prefer", "a", "b")),
        (a_post({}, JSON, ("Prefer", "a")), a_post({}, JSON), ("header prefer", "a", "(none)")),
        (a_post({}, JSON), a_post({}, JSON, ("Prefer", "b")), ("header prefer", "(none)", "b")),
        (
            a_request(headers=Headers((("Accept", "application/json"),))),
            a_request(headers=Headers((("Accept", "*/*"),))),
            ("header accept", "application/json", "*/*"),
        ),
    ],
)
def test_a_difference_names_its_part_and_both_sides(sent, recorded, difference):
    """Each with what the contract sends and what is recorded."""
    assert refusal(a_replay(recorded), sent).differences == (difference,)


def test_a_refusal_says_what_to_do():
    """The message has the request, the nearest recording with its line, the differences and the command."""
    replay = a_replay(
        a_request("POST", url="https://a.example/"),
        a_request(query=(("status", "open"), ("page", "1"))),
        a_request(query=(("other", "x"),)),
    )

    assert str(refusal(replay, a_request(query=(("status", "all"), ("page", "1"))))) == (
        "GET https://chatwoot.example/api/v1/profile is not recorded; the nearest recording is cassettes/a/b.yaml:14\n"
        "  query status: sends all, recorded open\n"
        "to write it anew: provendor adopt a/b:c"
    )


def test_a_cassette_without_interactions_refuses_too():
    """There is no nearest recording then."""
    assert str(refusal(a_replay(), a_request())).startswith("cassettes/a/b.yaml holds no interaction\n")


def test_many_differences_are_counted():
    """Nobody reads two hundred lines."""
    differences = refusal(a_replay(a_post({})), a_post({f"k{number}": 1 for number in range(200)})).differences

    assert len(differences) == 20
    assert differences[-1] == ("181 more", "...", "...")


def test_long_values_are_cut():
    """A difference fits on a screen."""
    ((_, sent, _),) = refusal(a_replay(a_post("short")), a_post("x" * 5000)).differences

    assert len(sent) == 200


def test_no_credential_is_shown():
    """A plain recording may hold live ones; examples may be shown."""
    recorded = a_post(
        {"access_token": "live-1", "note": "Bearer abcdefgh1234"},
        JSON,
        ("X-Api-Key", "live-2"),
        query=(("key", "live-3"),),
    )
    sent = a_post({"access_token": "x", "note": ""}, JSON, ("X-Api-Key", "<api_key>"), query=(("key", "<key>"),))

    found = refusal(a_replay(recorded), sent)

    assert ("header x-api-key", "<api_key>", "<hidden>") in found.differences
    assert ("query key", "<key>", "<hidden>") in found.differences
    assert "live" not in str(found)
    assert "abcdefgh1234" not in str(found)


# --- one after the other ----------------------------------------------------------------------------------------------


def test_the_same_request_gets_the_answers_in_recorded_order():
    """A flow polls; the last answer is not repeated."""
    replay = a_replay(a_request(), a_request("POST"), a_request())

    assert [answer(replay, a_request()), answer(replay, a_request())] == ["answer 0", "answer 2"]
    found = refusal(replay, a_request())
    assert "answers this request 2 times, and it was asked once more" in str(found)
    assert found.differences == ()


def test_recordings_that_differ_in_headers_only_are_told_apart():
    """The wrong key's answer is not the right key's."""
    right, wrong = (a_request(headers=Headers((("X-Api-Key", key),))) for key in ("<api_key>", "wrong"))
    replay = a_replay(right, wrong, right)

    assert [answer(replay, each) for each in (wrong, right, right)] == ["answer 1", "answer 0", "answer 2"]


def test_unused_interactions_are_told():
    """In recorded order."""
    replay = a_replay(a_request(), a_request("PUT"), a_request("POST"))
    answer(replay, a_request("PUT"))

    assert [each.request.method for each in replay.unused()] == ["GET", "POST"]


def test_open_replays_know_nothing_of_each_other():
    """Several can be open at once, over the same cassette too."""
    cassette = Cassette(a_recording(), (Interaction(a_request(), 200, Headers(), b"one"),))
    first, second = Replay(cassette, ""), Replay(cassette, "")

    assert answer(first, a_request()) == answer(second, a_request()) == "one"
    assert first.unused() == second.unused() == ()


# --- plain vcrpy recordings -------------------------------------------------------------------------------------------


def test_a_plain_recording_may_hold_more_headers():
    """Whoever wrote it sent what a client sends; in ours every header stands in the contract."""
    recorded = a_request(headers=Headers((("accept", "*/*"), ("X", "1"), ("x-client", "2"))))
    sent = a_request(headers=Headers((("X", "1"),)))

    assert answer(a_replay(recorded, origin=None), sent) == "answer 0"
    assert refusal(a_replay(recorded), sent).differences == (
        ("header accept", "(none)", "*/*"),
        ("header x-client", "(none)", "2"),
    )


def test_a_plain_recording_is_not_asked_for_credentials():
    """They are live there, or filtered out; all else that the contract sends must be recorded."""
    recorded = a_request(headers=Headers((("authorization", "Bearer live"),)))
    sent = a_request(headers=Headers((("Authorization", "Bearer <token>"), ("Api-Access-Token", "<key>"), ("X", "1"))))

    assert refusal(a_replay(recorded, origin=None), sent).differences == (("header x", "1", "(none)"),)


# --- hostile and large ------------------------------------------------------------------------------------------------


def test_deep_json_is_compared_as_bytes():
    """What Python cannot compare as a value does not end in a traceback."""
    deep = b"[" * 50_000 + b"]" * 50_000

    assert answer(a_replay(a_post({}), a_post(deep)), a_post(deep)) == "answer 1"
    assert refusal(a_replay(a_post(deep)), a_post({})).differences[0][:2] == ("body", "{}")


def test_half_a_surrogate_pair_can_be_printed():
    """JSON can hold one, no terminal can."""
    found = refusal(a_replay(a_post(b'["\\ud800"]')), a_post(["x"]))

    assert found.differences == (("body /0", '"x"', '"\\ud800"'),)
    assert str(found).encode()


def test_nothing_recorded_can_move_the_cursor():
    """Control characters and marks that turn text around are shown as escapes, and credentials in URLs not at all."""
    recorded = a_request(url="https://ada:live@a.example/\x1b[2J", query=(("q", "a\n\u202eb"),))

    found = refusal(a_replay(recorded), a_request(query=(("q", "x"),)))

    assert ("query q", "x", "a\\n\\u202eb") in found.differences
    assert (
        "url",
        "https://chatwoot.example/api/v1/profile",
        "https://%3Chidden%3E@a.example/\\x1b[2J",
    ) in found.differences


def test_many_interactions_cost_their_number_and_no_more():
    """Asked in reverse, 8000 cost about four times what 2000 cost, not sixteen times."""

    def seconds(count: int) -> float:
        requests = [a_post({"n": number}) for number in range(count)]
        replay = a_replay(*requests)
        started = time.process_time()
        for request in reversed(requests):
            answer(replay, request)
        return time.process_time() - started

    seconds(100)
    small, large = (min(seconds(count) for _ in range(3)) for count in (2000, 8000))

    assert large < 8 * small


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2, allow_nan=False) | st.text("ab1", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)
pairs = st.lists(st.tuples(st.text("ab&=", max_size=2), st.text("ab %+", max_size=2)), max_size=4)


def same(one, other) -> bool:
    """Equality of JSON values: 1 is 1.0, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return one == other and (numbers or type(one) is type(other))


def shuffled(value, random):
    if isinstance(value, dict):
        items = [(key, shuffled(item, random)) for key, item in value.items()]
        random.shuffle(items)
        return dict(items)
    return [shuffled(item, random) for item in value] if isinstance(value, list) else value


@given(values, pairs, st.randoms(use_true_random=False))
def test_order_never_matters(value, query, random):
    """Property: keys and parameters in any order are the same request."""
    mixed = random.sample(query, len(query))
    recorded = a_post(value, query=tuple(query))

    assert answer(a_replay(recorded), a_post(shuffled(value, random), query=tuple(mixed))) == "answer 0"


@given(values, values)
def test_values_always_matter(one, other):
    """Property: a body matches exactly if it is the same JSON value."""
    replay = a_replay(a_post(one))

    if same(one, other):
        assert answer(replay, a_post(other)) == "answer 0"
    else:
        assert refusal(replay, a_post(other)).differences


@given(pairs, pairs)
def test_parameters_always_matter(one, other):
    """Property: a query matches exactly if it has the same parameters, each as often."""
    replay = a_replay(a_request(query=tuple(one)))

    if sorted(one) == sorted(other):
        assert answer(replay, a_request(query=tuple(other))) == "answer 0"
    else:
        assert refusal(replay, a_request(query=tuple(other))).differences
