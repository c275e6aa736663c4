"""Ratios and their thresholds."""

from __future__ import annotations

import pytest

from builders import an_expect
from provendor.contract import Indicator
from provendor.indicators import judge, outcome_of
from provendor.verdict import Finding, Outcome, Skip

POSTS = Indicator("posts-published", "Posts that came out.", ok=0.9, warn=0.5, min=2)
EXPECT = an_expect(indicators={POSTS.name: POSTS})


@pytest.mark.parametrize(
    ("good", "of", "outcome"),
    [
        (10, 10, "pass"),
        (9, 10, "pass"),
        (8, 10, "warn"),
        (5, 10, "warn"),
        (4, 10, "fail"),
        (0, 10, "fail"),
        (0, 0, "skip"),
    ],
)
def test_a_ratio_is_judged_by_two_thresholds(good, of, outcome):
    """Both thresholds belong to the better side; nothing counted is unknown, not zero."""
    assert outcome_of(POSTS, good, of) is Outcome(outcome)


def test_a_low_ratio_is_a_finding_with_its_numbers():
    """The level is the outcome."""
    found = list(judge(EXPECT, "posts-published", good=3, of=5))

    wanted = Finding("indicator", "posts-published: at least 0.9", "0.6 (3 of 5)", key="indicators", level=Outcome.WARN)
    assert found == [wanted]


def test_a_good_ratio_is_no_finding():
    """Nothing is said."""
    assert list(judge(EXPECT, "posts-published", good=5, of=5)) == []


def test_too_few_say_nothing():
    """One post that failed is no trend."""
    with pytest.raises(Skip, match="fewer than 2 say nothing"):
        list(judge(EXPECT, "posts-published", good=0, of=1))


def test_an_indicator_that_nobody_declared_is_a_bug_of_the_check():
    """It must not pass silently."""
    with pytest.raises(KeyError):
        list(judge(EXPECT, "drafts-approved", good=1, of=1))
