"""Badges: an SVG per vendor and one for the whole, for a README or a dashboard.

A badge stays where it is put, so that it names the day of what it says, never an age. A vendor whose recordings were replayed is
`replayed`, in a colour of its own: that is no statement about its health, and only live answers make a badge green. Text and
colour say the same; there is no script, no font and no request in it.
"""

from __future__ import annotations

import re
from html import escape
from typing import NamedTuple

from provendor.errors import UsageError
from provendor.plaintext import visible
from provendor.reports.story import Counts, Story, VendorTold, Word

WHOLE = "_all"
"""The name of the badge for the whole run, which no vendor can have."""

_GREEN, _BLUE, _AMBER, _RED, _GREY = (
    "#1a7f37",
    "#0b5cad",
    "#8a5a00",
    "#b3261e",
    "#57606a",
)  # each 4.5:1 or more with white
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}")


class Badge(NamedTuple):
    """What a badge says: whose it is, what is so, and the colour that says the same."""

    label: str
    says: str
    colour: str


def badges(story: Story) -> dict[str, str]:
    """Return an SVG by file name; raises UsageError where a vendor's name cannot be one."""
    found = {f"{WHOLE}.svg": draw(of_run(story))}
    for vendor in story.vendors:
        if not _NAME.fullmatch(vendor.name):
            raise UsageError(f'the evidence names a vendor "{visible(vendor.name)}", which cannot be a file')
        found[f"{vendor.name}.svg"] = draw(of_vendor(vendor, story))
    return found


def of_run(story: Story) -> Badge:
    """Return what is to say of all vendors: the verdict, whether anybody was asked, and the day."""
    word, live = story.decision.word, sum(vendor.proof is not None and not vendor.troubled for vendor in story.vendors)
    asked = f"{live:,} of {len(story.vendors):,} live" if live else "replayed"
    if not story.run.counts.judged:
        asked = "nothing judged"
    colour = {Word.NO_GO: _RED, Word.UNKNOWN: _GREY, Word.WARNINGS: _AMBER, Word.GO: _GREEN}[word]
    return Badge("vendors", f"{word}, {asked}, {_day(story)}", colour)


def of_vendor(vendor: VendorTold, story: Story) -> Badge:
    """Return what is to say of a vendor, the worst first."""
    counts, day, proof = vendor.counts, _day(story), vendor.proof
    if counts.failed:
        return Badge(vendor.title, f"broken: {_of(counts.failed, counts)} fail, {day}", _RED)
    if vendor.troubled:
        return Badge(vendor.title, f"in trouble in production, {_day(story)}", _RED)
    if counts.errors:
        return Badge(vendor.title, f"cannot tell: {_of(counts.errors, counts)} not judged, {day}", _GREY)
    if not counts.judged:
        return Badge(vendor.title, f"nothing judged, {day}", _GREY)
    warned = f", {counts.warned:,} warn" if counts.warned else ""
    if vendor.refused:
        return Badge(
            vendor.title, f"live {visible(vendor.refused.at[:10])}: 0 of {vendor.refused.asked:,}{warned}", _AMBER
        )
    if proof is None:
        since = f", recordings since {visible(vendor.oldest)}" if vendor.oldest else ""
        return Badge(vendor.title, f"replayed {day}{since}{warned}", _AMBER if warned else _BLUE)
    said = f"live {visible(proof.at[:10])}: {proof.passed:,} of {proof.asked:,}{warned}"
    return Badge(vendor.title, said, _AMBER if warned or proof.stale or not proof.whole else _GREEN)


def _of(count: int, counts: Counts) -> str:
    return f"{count:,} of {counts.total:,}"


def _day(story: Story) -> str:
    return visible(story.run.started_at[:10])


_HEIGHT = 20
_PADDING = 6
_WIDTHS = {
    "i": 3,
    "j": 3,
    "l": 3,
    "f": 4,
    "t": 4,
    "r": 5,
    " ": 4,
    ".": 4,
    ",": 4,
    ":": 5,
    "m": 11,
    "w": 9,
    "M": 10,
    "W": 11,
}


def draw(badge: Badge) -> str:
    """Return the badge as SVG. Texts get the width that was planned for them, whatever font shows them."""
    label, says = visible(badge.label, longest=60), visible(badge.says, longest=100)
    left, right = _width(label), _width(says)
    spoken = escape(f"{label}: {says}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" role="img" '
        f'aria-label="{spoken}"><title>{spoken}</title>'
        f'<rect width="{left + right}" height="{_HEIGHT}" rx="3" fill="{badge.colour}"/>'
        f'<path d="M3 0h{left - 3}v{_HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#24292f"/>'
        '<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" text-rendering="geometricPrecision">'
        f"{_text(label, 0, left)}{_text(says, left, right)}</g></svg>\n"
    )


def _width(text: str) -> int:
    return sum(_WIDTHS.get(letter, 7 if letter < "\u2e80" else 12) for letter in text) + 2 * _PADDING


def _text(text: str, start: int, width: int) -> str:
    inner = width - 2 * _PADDING
    return f'<text x="{start + _PADDING}" y="14" textLength="{inner}" aria-hidden="true">{escape(text)}</text>'
