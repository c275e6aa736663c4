"""What goes to people and machines: colour, progress, JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, TextIO


def wants_colour(stream: TextIO) -> bool:
    """Tell whether to colour what goes to this stream: a terminal, and nobody objects."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_json(value: Any) -> None:
    """Print one JSON document; characters that the output cannot hold are escaped."""
    speaks_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(value, ensure_ascii=not speaks_utf8, indent=2))


class Progress:
    """A counter on standard error while long work goes on; silent where nobody looks.

    `shown` is False where lines on a terminal already tell how far the work is.
    """

    def __init__(self, planned: int, shown: bool) -> None:
        self._planned = planned
        self._done = 0
        self._shown = shown and sys.stderr.isatty()

    def step(self) -> None:
        """Count one piece of work as done."""
        self._done += 1
        if self._shown:
            print(f"\r{self._done}/{self._planned}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Wipe the counter."""
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
