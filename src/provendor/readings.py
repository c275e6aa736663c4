"""Values out of evidence, which may come from anywhere: as what they should be, or unknown.

number(record.get("elapsed_ms"))     # 121.0, and None for "soon", true, NaN, 1e999 or nothing
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_MOST: Final = 10**15


def text(value: object) -> str | None:
    """Return text; None for anything else."""
    return value if isinstance(value, str) else None


def number(value: object) -> float | None:
    """Return a number that can be counted with; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= _MOST else None  # nothing is less than what is no number


def whole(value: object) -> int | None:
    """Return a whole number that can be counted with; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MOST else None


def yes_or_no(value: object) -> bool | None:
    """Return true or false; None for anything else."""
    return value if isinstance(value, bool) else None


def mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the mappings of a list; nothing for anything else."""
    yield from (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()
