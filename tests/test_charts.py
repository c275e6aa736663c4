"""Charts are numbers as shapes: nothing of a vendor can stand in them, and what is not known leaves a gap."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from provendor.reports.charts import Part, Point, bar, lines, share, strip


def rects(svg: str) -> list[tuple[str, float, float]]:
    """Class, start and width of each piece; the picture must be well-formed."""
    return [
        (each.get("class") or "", float(each.get("x") or 0), float(each.get("width") or 0))
        for each in ET.fromstring(svg).iter("rect")
    ]


def test_parts_of_a_bar_follow_each_other():
    """In proportion to the whole."""
    assert rects(bar([Part("dns", 10), Part("tls", 30)], 100)) == [("dns", 0.0, 100.0), ("tls", 100.0, 300.0)]


def test_what_is_short_can_still_be_seen_and_what_is_nothing_cannot():
    """One failure among thousands shows, nothing is drawn over it, and nothing is pushed off the end."""
    counts = [("fail", 1), ("warn", 0), ("pass", 9_998), ("skip", 1)]

    assert rects(share(counts)) == [("fail", 0.0, 24.0), ("pass", 24.0, 952.0), ("skip", 976.0, 24.0)]


def test_nothing_at_all_is_an_empty_bar():
    """No division by it."""
    assert rects(share([("pass", 0)])) == []


def test_a_line_has_a_gap_where_nothing_is_known():
    """Two pieces, and a dot where a day stands alone."""
    points = [Point("a", 1, 2), Point("b", 2, 3), Point("c", None, None), Point("d", 4, 5)]

    svg = lines(points, "ms")

    assert (svg.count('<polyline class="low"'), svg.count('<circle class="low"')) == (1, 1)
    ET.fromstring(svg)


def test_a_line_of_nothing_is_no_chart():
    """The page then says so in words."""
    assert lines([Point("a", None, None)], "ms") == ""


@pytest.mark.parametrize(
    ("value", "top"), [(0.4, "0.5 s"), (1, "1 s"), (180, "200 s"), (430, "500 s"), (501, "1000 s")]
)
def test_an_axis_ends_on_a_number_that_reads_well(value: float, top: str):
    """One, two or five, with zeros."""
    assert re.findall(r">([^<]* s)<", lines([Point("a", value, value)], "s"))[-1] == top


def test_a_strip_shows_by_height_what_was_not_good():
    """Never too little to see; a day without answers is hollow, and each day can be read."""
    svg = strip([("mon", 1.0), ("tue", 0.9999), ("wed", None), ("thu", 0.0)])

    assert [name for name, _, _ in rects(svg)] == ["pass", "pass", "fail", "none", "pass", "fail"]
    assert [each.text for each in ET.fromstring(svg).iter("title")] == ["mon", "tue", "wed", "thu"]


def test_names_are_escaped():
    """A name is a day, but a chart does not count on that."""
    assert "<b>" not in lines([Point("<b>", 1, 1)], "ms") + strip([("<b>", 1.0)])
