"""What this business says about an idea, wherever it was read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provendor.verdict import Finding

STATUSES = ("pending_review", "draft", "approved", "rejected")
PRIORITIES = ("high", "medium", "low")


def ideas_in(body: Any, below: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Return the ideas of an answer, a list or one object, each with its JSON pointer `below` another."""
    if isinstance(body, list):
        return [(f"{below}/{index}", idea) for index, idea in enumerate(body) if isinstance(idea, dict)]
    return [(below, body)] if isinstance(body, dict) else []


def outside_the_vocabulary(at: str, idea: dict[str, Any]) -> Iterator[Finding]:
    """Yield what is said of an idea in words that we do not know; an unknown priority is null."""
    if idea.get("status") not in STATUSES:
        yield Finding("business", f"one of {', '.join(STATUSES)}", repr(idea.get("status")), f"{at}/status")
    if idea.get("priority") not in (*PRIORITIES, None):
        yield Finding("business", f"one of {', '.join(PRIORITIES)}", repr(idea["priority"]), f"{at}/priority")


def outside_the_range(at: str, idea: dict[str, Any]) -> Iterator[Finding]:
    """Yield a confidence that is no share of one; Postgres sends NaN and infinity as text."""
    confidence = idea.get("confidence")
    if confidence is None:
        return
    number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
    if not number or not 0 <= confidence <= 1:
        yield Finding("business", "a number from 0 to 1", repr(confidence), f"{at}/confidence")


def told_twice(ideas: list[tuple[str, dict[str, Any]]]) -> Iterator[Finding]:
    """Yield every idea whose id another one has."""
    seen: dict[str, str] = {}
    for at, idea in ideas:
        first = seen.setdefault(repr(idea.get("id")), at)
        if first != at:
            yield Finding("business", f"another id than {first or '/'}", repr(idea.get("id")), f"{at}/id")
