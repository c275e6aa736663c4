"""What the small notations of contract files stand for: durations, statuses, tests of headers and of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from provendor.contract import HeaderTest, JsonTest, StatusSet

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(duration: str) -> float:
    """Return a duration such as `800ms` in seconds."""
    number = duration.rstrip("mshd")
    return float(number) * _UNITS_S[duration[len(number) :]]


def statuses(value: Any) -> StatusSet:
    """Return the statuses that a number, a class such as `5xx`, or a list of both stands for."""
    return _status_set(tuple(value) if isinstance(value, list) else (value,))


@lru_cache(maxsize=1024)  # the same few in hundreds of cases
def _status_set(items: tuple[int | str, ...]) -> StatusSet:
    return StatusSet(
        frozenset(item for item in items if isinstance(item, int)),
        frozenset(int(item[0]) for item in items if isinstance(item, str)),
    )


def json_test(path: str, test: Any) -> JsonTest:
    """Return one test of the error table: a value, or `{ pattern }` or `{ present }`."""
    return JsonTest(path, **test) if isinstance(test, dict) else JsonTest(path, equals=test)


def state_tests(value: dict[str, Any] | None) -> tuple[JsonTest, ...]:
    """Return the tests of a state, of which one must hold: a list of values is as many tests."""
    return tuple(_each(value or {}))


def _each(value: dict[str, Any]) -> Iterator[JsonTest]:
    for path, tests in value.items():
        for test in tests if isinstance(tests, list) else [tests]:
            yield json_test(path, test)


def header_tests(value: dict[str, Any] | None) -> tuple[HeaderTest, ...]:
    """Return the tests of headers: name to a value, or to `{ pattern }` or `{ present }`."""
    if not value:
        return ()
    return tuple(
        HeaderTest(name, **test) if isinstance(test, dict) else HeaderTest(name, equals=test)
        for name, test in value.items()
    )
