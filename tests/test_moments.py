from __future__ import annotations

import pytest

from provendor.moments import seconds, span, timestamp, utc


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("15m", 900), ("1.5h", 5400), ("7d", 604_800)])
def test_a_span_is_read(text: str, expected: float):
    """A number and a unit."""
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "7", "7w", "-1d", "1d2h", "d", "٣d", "1d\n"])
def test_what_is_no_span_is_refused(text: str):
    """The message shows what is one."""
    with pytest.raises(ValueError, match="expected a span of time such as 90s"):
        seconds(text)


@pytest.mark.parametrize(
    ("length", "told"),
    [(-3, "0 s"), (0, "0 s"), (119.9, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_a_span_is_told_in_one_unit(length: float, told: str):
    """Two of it at least, so that it says enough."""
    assert span(length) == told


def test_a_moment_is_told_to_the_minute():
    """In UTC, and says so."""
    assert utc(1_795_608_059.9) == "2026-11-25 12:00 UTC"


def test_a_moment_is_written_to_the_millisecond():
    """As RFC 3339 in UTC; what is below a millisecond is cut off."""
    assert timestamp(1_795_608_059.9876) == "2026-11-25T12:00:59.987Z"
