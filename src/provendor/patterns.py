r"""Regular expressions whose time grows with the length of the text only, so that no pattern and no text can hang a run.

    found = finder(r"(?i)too many \w+")       # compiled once
    found("Too many requests")                # True
    problem("(a")                             # "/(a/ is not a regular expression, or too large a one"

A pattern is searched for and means what it means in JSON Schema: `\d`, `\w` and `\s` as in JavaScript, `^` and `$` the two ends
of the whole text. The price of the engine is that it knows neither look-around (`(?=`, `(?!`, `(?<=`, `(?<!`) nor back-references
(`\1`). It is the one inside jsonschema-rs, so that a pattern means the same in a schema and outside of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import jsonschema_rs

_MORE_THAN_REGULAR: Final = re.compile(r"\(\?<?[=!]|\\[1-9]|\\k<")


class NotAPattern(ValueError):
    """The text is no regular expression that can be used; the message says why."""


@lru_cache(maxsize=4096)
def finder(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether the pattern is found in a text; raises NotAPattern."""
    try:
        search = _compiled(pattern).is_valid
    except ValueError:
        raise NotAPattern(_wrong_with(pattern)) from None

    def found(text: str) -> bool:
        try:
            return search(text)
        except ValueError:  # half of a character, which the engine's text cannot hold
            return search(text.encode("utf-8", "replace").decode())

    return found


def problem(pattern: str) -> str | None:
    """Return what is wrong with a pattern, None if nothing is."""
    try:
        finder(pattern)
    except NotAPattern as reason:
        return str(reason)
    return None


def _compiled(pattern: str) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs  # noqa: PLC0415 - 40 ms that only a pattern needs

    return jsonschema_rs.Draft202012Validator(
        {"pattern": pattern}, offline=True, pattern_options=jsonschema_rs.RegexOptions()
    )


def _wrong_with(pattern: str) -> str:
    if _MORE_THAN_REGULAR.search(pattern):
        return "patterns are read without look-around and back-references, so that none can hang"
    hint = "; the end of a text is written $" if "\\Z" in pattern else ""
    return f"/{pattern[:80]}/ is not a regular expression, or too large a one{hint}"
