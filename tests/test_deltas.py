from __future__ import annotations

import json
from typing import Any

import pytest

from builders import a_request
from provendor.cassette import Interaction
from provendor.exchange import Headers
from provendor.recordings.deltas import Delta, compare, places, sift


def an_answer(body: Any = None, status: int = 200, text: str | None = None, **headers: str) -> Interaction:
    data = (json.dumps(body) if text is None else text).encode()
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Interaction(a_request(), status, Headers(pairs), data)


def told(old: Interaction, new: Interaction) -> list[tuple[str, str, str | None, str | None, int]]:
    return [tuple(delta) for delta in sift(compare([old], [new]))[0]]  # type: ignore[misc]


def test_values_are_compared_by_their_places():
    """Changed, new and gone; the type is seen in how they are written."""
    old = {"id": 1, "state": "open", "count": 7, "gone": None}
    new = {"id": 1, "state": "closed", "count": "7", "new": {"a": 1}}

    assert told(an_answer(old), an_answer(new)) == [
        ("body /state", "changed", '"open"', '"closed"', 1),
        ("body /count", "changed", "7", '"7"', 1),
        ("body /gone", "gone", "null", None, 1),
        ("body /new", "new", None, '{"a": 1}', 1),
    ]


def test_elements_are_matched_by_their_ids():
    """One more at the front of a list is one more, and no other element differs; the same in several is said once."""
    old = [{"id": number, "state": "open"} for number in range(1, 4)]
    new = [{"id": 9, "state": "new"}, *({**each, "state": "done"} for each in old)]

    assert told(an_answer(old), an_answer(new)) == [
        ("body /*/state", "changed", '"open"', '"done"', 3),
        ("body /*", "new", None, '{"id": 9, "state": "new"}', 1),
    ]


def test_keys_that_are_ids_are_one_place():
    """A map by id has other keys in every answer."""
    old = {"users": {"4711": {"n": 1}}}
    new = {"users": {"4711": {"n": 2}, "4712": {"n": 3}}}

    assert told(an_answer(old), an_answer(new)) == [
        ("body /users/*/n", "changed", "1", "2", 1),
        ("body /users/*", "new", None, '{"n": 3}', 1),
    ]


def test_status_headers_and_requests_are_compared():
    """Headers by name in any case."""
    old, new = an_answer({}, 200, X_Plan="a"), an_answer({}, 201, x_plan="b", x_more="c")
    new = new._replace(request=a_request(query=(("q", "1"),)))

    assert told(old, new) == [
        (
            "request URL",
            "changed",
            "https://chatwoot.example/api/v1/profile",
            "https://chatwoot.example/api/v1/profile?q=1",
            1,
        ),
        ("status", "changed", "200", "201", 1),
        ("header x-plan", "changed", "a", "b", 1),
        ("header x-more", "new", None, "c", 1),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"created_at": 1763633700}, {"created_at": 1763720100}),
        ({"when": "2026-11-01T10:00:00Z"}, {"when": "2026-11-20T10:00:00.5+01:00"}),
        ({"ref": "6f9619ff-8b86-4011-b42d-00cf4fc964ff"}, {"ref": "0f9619ff-8b86-4011-b42d-00cf4fc964ff"}),
        ({"id": 4711}, {"id": 4712}),
        ({"nextCursor": "a"}, {"nextCursor": "b"}),
        ({"hash": "9c56cc51b374c3ba"}, {"hash": "0c56cc51b374c3ba"}),
        ({"link": "https://x.example/u/4711?e=1763633700"}, {"link": "https://x.example/u/4712?e=1763720100"}),
    ],
)
def test_moments_ids_and_cursors_differ_every_time(old, new):
    """They say nothing, by name or by form."""
    deltas, passing = sift(compare([an_answer(old)], [an_answer(new)]))

    assert deltas == ()
    assert passing == (f"body /{next(iter(old))}",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"id": 4711}, {"id": "4711"}),
        ({"created_at": 1763633700}, {"created_at": "2026-11-20T10:00:00Z"}),
        ({"id": 4711}, {"id": None}),
        ({"price": "19.99"}, {"price": "29.99"}),
        ({"link": "https://x.example/u"}, {"link": "https://y.example/u"}),
        ({"cursor": "a"}, {}),
    ],
)
def test_another_type_or_an_end_is_told_whatever_the_name(old, new):
    """An id that becomes text is no passing difference."""
    assert sift(compare([an_answer(old)], [an_answer(new)]))[1] == ()


def test_headers_of_one_answer_pass():
    """Date, trace, limits: also where one has just come."""
    old = an_answer({}, Date="Mon, 02 Nov 2026 10:00:00 GMT", X_Request_Id="a", X_RateLimit_Remaining="9")
    new = an_answer({}, Date="Tue, 03 Nov 2026 10:00:00 GMT", X_Request_Id="b", CF_Ray="c", X_Plan="d")

    deltas, passing = sift(compare([old], [new]))

    assert [delta.where for delta in deltas] == ["header x-plan"]
    assert set(passing) == {"header date", "header x-request-id", "header x-ratelimit-remaining", "header cf-ray"}


def test_what_was_learned_passes():
    """Whatever it is called."""
    learned = places(compare([an_answer({"lucky": 1})], [an_answer({"lucky": 2})]))

    assert sift(compare([an_answer({"lucky": 1})], [an_answer({"lucky": 9})]), learned) == ((), ("body /lucky",))


def test_streams_of_events_are_compared_by_their_messages():
    """Not by how they are spread over lines."""
    kind = "text/event-stream"
    old = an_answer(text='data: {"result": {"a": 1}}\n\n', content_type=kind)
    new = an_answer(text='event: message\ndata: {"result":\ndata: {"a": 2}}\n\n', content_type=kind)

    assert told(old, new) == [("body /*/result/a", "changed", "1", "2", 1)]


def test_text_is_compared_line_by_line():
    """The first line that differs, and how many do; bytes that are none by their size."""
    assert told(an_answer(text="a\nb\nc"), an_answer(text="a\nx\ny")) == [("body", "changed", "b", "x", 2)]
    old = an_answer(text="")._replace(body=b"\xff\x00")
    assert told(old, old._replace(body=b"\xff\x00\xfe")) == [("body", "changed", "\ufffd\x00", "\ufffd\x00\ufffd", 1)]


def test_answers_are_numbered_where_there_are_several():
    """And one that is missing is one difference."""
    one, two = an_answer({"a": 1}), an_answer({"a": 2})

    assert [delta[:2] for delta in compare([one, one], [one, two])] == [("answer 2 body /a", "changed")]
    assert compare([one], [one, two]) == (
        Delta("answer 2", "new", None, "GET https://chatwoot.example/api/v1/profile, 200"),
    )


def test_long_values_are_shortened():
    """What is shown is for people."""
    (delta,) = compare([an_answer({"a": "x" * 500})], [an_answer({"a": "y"})])

    assert delta.before is not None
    assert len(delta.before) == 80
