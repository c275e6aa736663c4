"""Cases that ask more than once, as contract files write them, to their plans: paging, captures and polls."""

from __future__ import annotations

from typing import Any

from provendor.contract import Capture, Paging, Poll
from provendor.reader.notation import seconds, state_tests

FLOW_CODES = ("flow-failed", "flow-timeout", "flow-stuck", "flow-state", "flow-capture")
"""How a flow may end without a word from the error table; a case of a flow may name them as its `error`."""


def paging(value: dict[str, Any]) -> Paging:
    """Return how an operation hands out its list."""
    send = next(iter(value.get("send", {}).items()), None)
    return Paging(**{**value, "send": send})


def poll(value: dict[str, Any]) -> Poll:
    """Return how a step asks again."""
    return Poll(
        every_s=seconds(value["every"]),
        within_s=seconds(value["within"]),
        until=state_tests(value["until"]),
        fail_when=state_tests(value.get("fail_when")),
        running=state_tests(value.get("while")),
    )


def captures(value: dict[str, Any]) -> tuple[Capture, ...]:
    """Return what a step captures."""
    return tuple(_capture(name, item) for name, item in value.items())


def _capture(name: str, value: Any) -> Capture:
    if not isinstance(value, dict):
        return Capture(name, _paths(value))
    return Capture(name, _paths(value["path"]), value.get("secret", False))


def _paths(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,)
