from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provendor.percentiles import bucket, middle, percentile


@given(st.floats(0.01, 1e7))
def test_a_bucket_stands_for_a_duration_within_two_per_cent(milliseconds: float):
    """Over nine orders of magnitude."""
    assert middle(bucket(milliseconds)) == pytest.approx(milliseconds, rel=0.02)


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=50), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_right_within_two_per_cent(durations: list[float], share: float):
    """Compared with the durations themselves."""
    exact = next(each for count, each in enumerate(sorted(durations), 1) if count >= share * len(durations))

    assert percentile(Counter(map(bucket, durations)), share) == pytest.approx(exact, rel=0.0201)


def test_of_nothing_there_is_no_percentile():
    """Unknown is None."""
    assert percentile({}, 0.5) is None


def test_no_time_at_all_has_a_bucket():
    """A clock may not have moved."""
    assert bucket(0.0) == bucket(0.01)
