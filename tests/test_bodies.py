"""A JSON body becomes lines, with the place that a finding means marked and what is far from it left out."""

from __future__ import annotations

import json

from provendor.reports.bodies import Line, excerpt


def marked(body: object, *pointers: str) -> list[str]:
    return [line.text.strip() for line in excerpt(json.dumps(body), pointers) or () if line.marked]


def test_a_small_body_is_shown_whole_with_its_place_marked():
    """Pretty, in the order in which it came."""
    assert excerpt('{"id":"7","name":"Ada"}', ["/id"]) == (
        Line("{"),
        Line('  "id": "7",', marked=True),
        Line('  "name": "Ada"'),
        Line("}"),
    )


def test_only_the_lines_around_the_place_are_shown():
    """And how many were passed over."""
    lines = excerpt(json.dumps({f"key-{n}": n for n in range(50)}), ["/key-25"])

    assert lines is not None
    assert [line.text.strip() for line in lines if line.marked] == ['"key-25": 25,']
    assert (lines[0].left_out, len(lines), lines[-1]) == (23, 8, Line("", False, 22))


def test_a_place_deep_in_lists_is_found():
    """A JSON pointer with escapes."""
    body = {"a/b": [{"c~d": 1}, {"c~d": 2}]}

    assert marked(body, "/a~1b/1/c~0d") == ['"c~d": 2']


def test_a_large_value_is_marked_where_it_begins():
    """What lacks a property is an object of many lines: its first says which."""
    body = {"other": 1, "user": {f"key-{n}": n for n in range(30)}}

    assert marked(body, "/user") == ['"user": {']


def test_a_body_that_is_not_json_has_no_excerpt():
    """Cut off, of another kind, or made to exhaust a parser."""
    assert [excerpt(body, [""]) for body in ('{"id":', "<html>", "", "[" * 100_000)] == [None] * 4


def test_without_a_place_the_beginning_is_shown():
    """A finding may be about a header."""
    lines = excerpt(json.dumps(list(range(500))), [""])

    assert lines is not None
    assert (len(lines), lines[-1].left_out) == (81, 422)


def test_a_long_line_is_shortened():
    """A megabyte of text is one line."""
    (line,) = excerpt(json.dumps("x" * 1_000_000), ["/"]) or ()

    assert line.text.endswith("(1,000,002 characters)")
    assert len(line.text) < 500
