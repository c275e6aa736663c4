"""What somebody probably meant: the known word nearest to the one that was written."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean "status"?`, or nothing where no known word is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only needed where something is wrong

    near = get_close_matches(word[:200], sorted(known), 1)
    return f', did you mean "{near[0]}"?' if near else ""
