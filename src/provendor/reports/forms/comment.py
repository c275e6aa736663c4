"""A comment on a pull request: a run on one screen, with a mark by which a bot finds it again to write it anew."""

from __future__ import annotations

from collections.abc import Iterator

from provendor.reports.forms import Told
from provendor.reports.forms.prose import screen

MARK = "<!-- provendor:report -->"
"""The first line: whoever posts the comment looks for it in those that are there, and updates that one."""

MOST_CHARACTERS = 65_536
"""GitHub takes no longer comment. What is shown is bounded piece by piece and stays far below."""


def render(told: Told) -> Iterator[str]:
    """Yield the comment in parts."""
    yield f"{MARK}\n"
    for paragraph in screen(told):
        yield f"{paragraph}\n\n"
