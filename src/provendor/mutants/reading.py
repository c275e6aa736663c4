"""Which members of an answer a check looks at by name, found out by letting it look.

    looked_at(check, exchange, expect)      # {("payload", 0, "private"), ...}

Going through everything is not looking at anything: only members that are asked for by name count.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from provendor.check import Check, examine
from provendor.contract import Expect
from provendor.exchange import BodyNotJson, Exchange, Json
from provendor.schemas.declared import Way


def looked_at(checks: Iterable[Check], exchange: Exchange, expect: Expect) -> set[Way]:
    """Return the ways to the members that the checks ask for by name."""
    seen: set[Way] = set()
    try:
        value = _watched(exchange.json, (), seen)
    except BodyNotJson:
        return seen
    watched = exchange._replace()
    watched.__dict__["json"] = value
    for check in checks:
        examine(check, watched, expect)
    return seen


def _watched(value: Json, way: Way, seen: set[Way]) -> Any:
    if isinstance(value, dict):
        return _Watched({name: _watched(inner, (*way, name), seen) for name, inner in value.items()}, way, seen)
    if isinstance(value, list):
        return [_watched(inner, (*way, index), seen) for index, inner in enumerate(value)]
    return value


class _Watched(dict[str, Any]):
    """An object of an answer that notes what is asked of it."""

    def __init__(self, members: dict[str, Any], way: Way, seen: set[Way]) -> None:
        super().__init__(members)
        self._way = way
        self._seen = seen

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        self._seen.add((*self._way, name))
        return value

    def get(self, name: str, default: Any = None) -> Any:
        if dict.__contains__(self, name):
            self._seen.add((*self._way, name))
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        found = super().__contains__(name)
        if found and isinstance(name, str):
            self._seen.add((*self._way, name))
        return found
