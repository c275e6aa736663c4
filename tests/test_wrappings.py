from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provendor.redaction import wrappings
from provendor.redaction.wrappings import Inside, in_base64, in_body, in_events, in_html, in_parts, in_percent, in_text
from wrapped import TYPES, WRAPPINGS, b64, b64url, mail_b64

SHOUT = str.upper


def same(text: str) -> str:
    return text


def test_base64_is_changed_inside_and_encoded_again():
    """In its own alphabet, with or without padding, over several lines; the rest stays."""
    text = "the cursor of page two"

    assert in_base64(f'"{b64(text)}" and', SHOUT) == f'"{b64(text.upper())}" and'
    assert in_base64(b64url(text + "?~?"), SHOUT) == b64url(text.upper() + "?~?")
    long = "a sentence that is repeated until it fills more than a single line of base64. " * 3
    assert in_base64(mail_b64(long), SHOUT) == b64(long.upper())


@pytest.mark.parametrize(
    "text",
    [
        "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "internationalization",
        "AAAAAAAAAAAAAAAAAAAAAAAA",
        "short",
        "",
    ],
)
def test_what_only_looks_like_base64_is_left_alone(text):
    """Digests, ids and long words are no text once decoded."""
    assert in_base64(text, SHOUT) == text


@pytest.mark.parametrize("length", range(17, 33))
def test_base64_that_was_cut_off_is_read_as_far_as_it_goes(length):
    """Wherever that is, also within a letter of several bytes."""
    text = "größer als je, größer als je"
    shown = in_base64(b64(text)[:length], lambda found: f"[{found}]")

    inside = base64.b64decode(shown + "=" * (-len(shown) % 4)).decode()
    assert text.startswith(inside[1:-1])
    assert len(inside[1:-1].encode()) >= length * 3 // 4 - 3


def test_percent_encoding_is_changed_between_the_marks_of_a_url():
    """Each piece by itself, what is not encoded not at all."""
    assert in_percent("/a%20b/c?d=e%3Df&g", SHOUT) == "/A%20B/c?d=E%3DF&g"


def test_quotes_of_html_are_undone_and_made_again():
    """As they stand in attributes."""
    assert in_html('<i a="{&quot;b&quot;: 1}">c', SHOUT) == '<i a="{&quot;B&quot;: 1}">c'


def test_json_is_found_within_text():
    """Objects and lists, several of them, with what is around each."""
    text = 'log: {"a": [1]} then [{"b": 2}] and [not json] {"c'

    assert in_text(text, lambda found: f"<{found}>", SHOUT) == 'LOG: <{"a": [1]}> THEN <[{"b": 2}]> AND [NOT JSON] {"C'


def test_hostile_text_is_searched_for_json_in_time():
    """However many places look like a beginning."""
    assert in_text('{"' * 100_000, same, same) == '{"' * 100_000


def test_events_are_changed_by_their_data():
    """Data over several lines is one text; every other line is its own; line ends stay."""
    stream = ': hi\r\nevent: x\r\ndata: {"a":\r\ndata:  1}\r\n\r\ndata:[DONE]\r\n'

    def change(text: str) -> str:
        return json.dumps({"b": 2}, indent=1) if text == '{"a":\n 1}' else text

    assert in_events(stream, change) == (
        ': hi\r\nevent: x\r\ndata: {\r\ndata:  "b": 2\r\ndata: }\r\n\r\ndata:[DONE]\r\n'
    )
    assert in_events(stream, same) == stream


def test_parts_are_changed_with_their_headers_in_view():
    """Whatever stands before and after them is offered without any."""
    body = '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\none\r\n--b\n\ntwo\n--b--\r\nend'

    changed = in_parts(
        body, "b", lambda headers, content: f"[{headers.get('content-disposition', '-')[-4:]} {content}]"
    )

    assert changed == (
        '[- ]--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n[="x" one]\r\n--b\n\n[- two]\n--b--\r\n[- end]'
    )


def test_a_body_is_taken_apart_as_its_content_type_says():
    """Fields by name, documents as a whole."""
    seen: list[tuple[str, ...]] = []

    def note(*what: str) -> str:
        seen.append(what)
        return what[-1]

    inside = Inside(
        lambda text: note("document", text), lambda pair: note("pair", pair), lambda *at: note("field", *at)
    )
    for kind in ("form", "multipart", "events", "plain"):
        in_body(WRAPPINGS[kind]("x"), TYPES.get(kind, "application/json"), inside)

    assert seen == [
        ("pair", "a=1"),
        ("pair", "note=x"),
        ("pair", "b=2"),
        ("document", ""),
        ("field", "note", "x"),
        ("document", ""),
        ("document", "event: message"),
        ("document", '{"note": "x"}'),
        ("document", "[DONE]"),
        ("document", "x"),
    ]


@settings(deadline=None)
@given(st.sampled_from(sorted(WRAPPINGS)), st.sampled_from(sorted(WRAPPINGS)), st.text())
def test_every_document_is_looked_at_however_it_is_wrapped(outer, inner, text):
    """Property: JSON in one wrapping within another is seen, as its value."""
    if {outer, inner} & {"Basic", "JSON key"}:
        return  # neither holds a document
    seen: list[object] = []
    wrapped = WRAPPINGS[outer](WRAPPINGS[inner](json.dumps({"wanted": [text]})))

    wrappings.visit(wrapped, TYPES.get(outer, "application/json"), seen.append, 6)

    assert {"wanted": [text]} in seen


@settings(deadline=None)
@given(st.text() | st.from_regex(r"([{}\[\]\"':,%&;=/+A-Za-z0-9 \n\r-]|data: |--b|%2[0-9A-F]|&quot;){0,80}"))
def test_changing_nothing_changes_nothing(text):
    """Property: every letter of any text comes back."""
    for change in (
        in_base64,
        in_percent,
        in_html,
        in_events,
        wrappings.in_codes,
        wrappings.in_lines,
        wrappings.in_base64_lines,
    ):
        assert change(text, same) == text
    assert in_text(text, same, same) == text
    assert in_parts(text, "b", lambda _, content: content) == text
    for kind in (*TYPES.values(), "application/json", ""):
        assert in_body(text, kind, Inside(same, same, lambda _, value: value)) == text


@settings(deadline=None)
@given(st.lists(st.sampled_from(["JSON value", "percent-encoded", "base64", "HTML attribute", "events"]), max_size=3))
def test_what_is_folded_is_unfolded(chain):
    """Property: a look from another side finds the text again."""
    text = "needle-4711-in-a-haystack"
    for name in chain:
        text = WRAPPINGS[name](text)

    assert any("needle-4711-in-a-haystack" in plain for plain in wrappings.unfolded(text, 4))
