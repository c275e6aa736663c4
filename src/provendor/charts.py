"""Charts as inline SVG, made of numbers alone: no library, no script, no style that a strict page would have to allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Part(NamedTuple):
    """A piece of a bar: its class on the page, and its length."""

    kind: str
    length: float


def bar(parts: Iterable[Part], whole: float, height: int = 10) -> str:
    """Return parts one after the other on a line that stands for `whole`; those too short to see are a hair wide."""
    x, drawn = 0.0, []
    for part in parts:
        width = 1000 * part.length / whole if whole > 0 else 0.0
        if part.length > 0:
            drawn.append(f'<rect class="{part.kind}" x="{x:.1f}" width="{max(width, 2):.1f}" height="{height}"/>')
        x += width
    shape = f'viewBox="0 0 1000 {height}" preserveAspectRatio="none"'
    return f'<svg class="bar" {shape} aria-hidden="true" focusable="false">{"".join(drawn)}</svg>'


def share(counts: Sequence[tuple[str, int]]) -> str:
    """Return counts as a bar that is full: `share([("pass", 40), ("fail", 2)])`."""
    return bar((Part(kind, count) for kind, count in counts), sum(count for _, count in counts))
