"""How long answers took, counted in buckets: small enough to keep for every hour, right to within two per cent."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from typing import Final

WIDTH: Final = 1.04
"""A bucket ends where it began times this."""

_LOG_WIDTH = log(WIDTH)
_LEAST_MS = 0.01


def bucket(milliseconds: float) -> int:
    """Return the number of the bucket that a duration belongs to."""
    return round(log(max(milliseconds, _LEAST_MS)) / _LOG_WIDTH)


def middle(number: int) -> float:
    """Return the duration, in milliseconds, that stands for all in a bucket."""
    return exp(number * _LOG_WIDTH)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """Return the duration that this share of all stays within, in milliseconds; None where nothing was counted.

    percentile({bucket(100): 99, bucket(900): 1}, 0.5)      # about 100
    """
    wanted = share * sum(counts.values())
    seen = 0
    for number in sorted(counts):
        seen += counts[number]
        if seen >= wanted:
            return middle(number)
    return None
