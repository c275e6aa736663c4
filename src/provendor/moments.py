"""Moments and spans of time as people write and read them."""

from __future__ import annotations

import re
import time
from functools import lru_cache

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhd])", re.ASCII)
_WORDS = (("day", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def seconds(text: str) -> float:
    """Return a span such as `90s`, `15m`, `24h` or `7d` in seconds; raises ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a span of time such as 90s, 15m, 24h or 7d, got {text!r}")
    return float(found[1]) * _UNITS_S[found[2]]


def span(seconds: float) -> str:
    """Return a span in the one unit that says enough: `40 s`, `12 min`, `5 h`, `3 days`."""
    word, size = next((each for each in _WORDS if seconds >= 2 * each[1]), _WORDS[-1])
    return f"{int(max(seconds, 0) / size)} {word}{'s' * (word == 'day')}"


def utc(moment: float) -> str:
    """Return seconds since 1970 to the minute: `2026-11-20 03:12 UTC`."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))


def timestamp(seconds: float) -> str:
    """Return seconds since the epoch as RFC 3339 in UTC, to the millisecond."""
    return f"{_second(int(seconds))}.{int(seconds % 1 * 1000):03d}Z"


@lru_cache(maxsize=16)  # many results of one second
def _second(whole: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
