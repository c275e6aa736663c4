"""What is logged while a test runs, by whoever logs: pytest's own plugin for it is left out (pyproject.toml)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO


@contextmanager
def logged() -> Iterator[StringIO]:
    """Collect the text of everything that is logged, whatever its level."""
    text, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
