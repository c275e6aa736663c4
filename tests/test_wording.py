"""Values as words: what is not known is not dressed up."""

from __future__ import annotations

from typing import Any

import pytest

from provendor.reports import wording


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (wording.day("2026-11-20T10:00:00Z"), "20 Nov 2026"),
        (wording.day("soon"), "soon"),
        (wording.moment("2026-11-20T10:05:00.000Z"), "20 Nov 2026, 10:05 UTC"),
        (wording.moment("2026-11-20T02:05:00+03:00"), "19 Nov 2026, 23:05 UTC"),
        (wording.moment("None"), "None"),
        ([wording.ago(days) for days in (0, 1, 400, -3)], ["today", "1 day ago", "400 days ago", "in the future"]),
        ([wording.distance(days) for days in (12, 1, 0, -3)], ["in 12 days", "in 1 day", "today", "3 days ago"]),
        ([wording.ms(each) for each in (0.44, 121.4, 2330, 192_000)], ["0.4 ms", "121 ms", "2.33 s", "3 min 12 s"]),
        ([wording.percent(each) for each in (1, 0.999, 0.5)], ["100 %", "99 %", "50 %"]),
    ],
)
def test_words(told: Any, words: Any):
    """Days, distances, durations, shares."""
    assert told == words
