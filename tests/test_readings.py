"""What evidence holds is taken for what it should be, or is unknown; nothing is guessed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from provendor import readings

ODD: list[Any] = [None, True, 7, 1.5, 10**400, math.nan, math.inf, -math.inf, "7", [], [{}], {}, {"a": 1}]


@pytest.mark.parametrize(
    ("read", "kept"),
    [
        (readings.text, ["7"]),
        (readings.number, [7.0, 1.5]),
        (readings.whole, [7]),
        (readings.yes_or_no, [True]),
    ],
)
def test_only_what_it_should_be_is_known(read: Any, kept: list[Any]):
    """Not a number as text, not true as one, and nothing that cannot be counted with."""
    assert [read(value) for value in ODD if read(value) is not None] == kept


def test_mappings_are_taken_from_lists_alone():
    """And whatever else stands in a list is passed over."""
    assert [readings.mapping(value) for value in ODD[-1:] + ODD[:1]] == [{"a": 1}, {}]
    assert list(readings.mappings([{"a": 1}, 7, None, {}])) == [{"a": 1}, {}]
    assert list(readings.mappings({"a": 1})) == list(readings.mappings(None)) == []
