"""Charts as inline SVG, made of numbers alone: no library, no script, no style that a strict page would have to allow."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Part(NamedTuple):
    """A piece of a bar: its class on the page, and its length."""

    kind: str
    length: float


def bar(parts: Iterable[Part], whole: float, height: int = 10, least: float = 4.0) -> str:
    """Return parts one after the other on a line that stands for `whole`, each at least so many thousandths of it wide."""
    shown = [part for part in parts if part.length > 0] if whole > 0 else []
    widths = [max(1000 * part.length / whole, least) for part in shown]
    if (excess := sum(widths) - 1000) > 0:
        widths[widths.index(max(widths))] -= excess
    x, drawn = 0.0, []
    for part, width in zip(shown, widths, strict=True):
        drawn.append(f'<rect class="{part.kind}" x="{x:.1f}" width="{width:.1f}" height="{height}"/>')
        x += width
    shape = f'viewBox="0 0 1000 {height}" preserveAspectRatio="none"'
    return f'<svg class="bar" {shape} aria-hidden="true" focusable="false">{"".join(drawn)}</svg>'


_TO_BE_SEEN = 24.0
"""In thousandths of a bar that may be 80 pixels wide: five failures among thousands of cases would not be seen."""


def share(counts: Sequence[tuple[str, int]]) -> str:
    """Return counts as a bar that is full: `share([("pass", 40), ("fail", 2)])`."""
    return bar((Part(kind, count) for kind, count in counts), sum(count for _, count in counts), least=_TO_BE_SEEN)


class Point(NamedTuple):
    """A day on a chart: its name, and two values; None where there is none."""

    name: str
    low: float | None
    high: float | None


_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 160, 56, 22


def lines(points: Sequence[Point], unit: str) -> str:
    """Return two values over time as two lines, with gaps where nothing is known; empty where nothing is at all."""
    values = [value for point in points for value in (point.low, point.high) if value is not None]
    if not values:
        return ""
    top = _round_up(max(values))
    step = (_WIDTH - _LEFT - 8) / max(1, len(points) - 1)
    drawn = [_grid(top, unit)]
    for kind in ("high", "low"):
        places = [(_LEFT + step * x, getattr(point, kind)) for x, point in enumerate(points)]
        drawn += (_run(kind, run, top) for run in _runs(places))
    names = (points[0].name, points[-1].name)
    for x, anchor, name in ((_LEFT, "start", names[0]), (_WIDTH - 8, "end", names[1])):
        drawn.append(f'<text x="{x}" y="{_HEIGHT - 5}" text-anchor="{anchor}">{_escaped(name)}</text>')
    return f'<svg class="lines" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true" focusable="false">{"".join(drawn)}</svg>'


def _runs(places: Sequence[tuple[float, float | None]]) -> Iterable[list[tuple[float, float]]]:
    """Yield the pieces of a line between gaps."""
    run: list[tuple[float, float]] = []
    for x, value in (*places, (0.0, None)):
        if value is not None:
            run.append((x, value))
        elif run:
            yield run
            run = []


def _run(kind: str, run: Sequence[tuple[float, float]], top: float) -> str:
    places = [(x, _y(value, top)) for x, value in run]
    if len(places) == 1:
        return f'<circle class="{kind}" cx="{places[0][0]:.1f}" cy="{places[0][1]:.1f}" r="2.5"/>'
    return f'<polyline class="{kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'


def _y(value: float, top: float) -> float:
    return 8 + (_HEIGHT - _BOTTOM - 8) * (1 - value / top)


def _grid(top: float, unit: str) -> str:
    rows = ((_y(top * share, top), top * share) for share in (0, 0.5, 1))
    return "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g} {unit}</text>'
        for y, value in rows
    )


def _round_up(value: float) -> float:
    """Return the next number that reads well on an axis: 1, 2 or 5 with zeros."""
    size = 10.0 ** math.floor(math.log10(max(value, 1e-3)))
    return next(size * step for step in (1, 2, 5, 10) if value <= size * step)


def strip(shares: Sequence[tuple[str, float | None]]) -> str:
    """Return a bar per day: what was good stands on top of what was not; a day without answers is hollow."""
    drawn = []
    for x, (name, share) in enumerate(shares):
        if share is None:
            drawn.append(
                f'<g><title>{_escaped(name)}</title><rect class="none" x="{x * 10 + 1}" y="1" width="6" height="26"/></g>'
            )
            continue
        # What went wrong is never too small to be seen.
        bad = 0.0 if share >= 1 else max(3.0, 28 * (1 - share))
        parts = f'<rect class="pass" x="{x * 10}" y="0" width="8" height="{28 - bad:.1f}"/>'
        parts += f'<rect class="fail" x="{x * 10}" y="{28 - bad:.1f}" width="8" height="{bad:.1f}"/>' if bad else ""
        drawn.append(f"<g><title>{_escaped(name)}</title>{parts}</g>")
    shape = f'viewBox="0 0 {max(1, len(shares)) * 10 - 2} 28" preserveAspectRatio="none"'
    return f'<svg class="strip" {shape} aria-hidden="true" focusable="false">{"".join(drawn)}</svg>'


def _escaped(text: str) -> str:
    return html.escape(text)
