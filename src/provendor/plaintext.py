r"""Text from anywhere as text that a terminal, a log and a page can show: nothing moves a cursor, hides or turns around."""

from __future__ import annotations

import re

from provendor.verdict import Outcome

_LONGEST = 600
_COMMAND = re.compile(r"##(?=\w*\[)")
_COLOURS = {
    Outcome.PASS: "32",
    Outcome.WARN: "33",
    Outcome.FAIL: "1;31",
    Outcome.ERROR: "1;35",
    Outcome.SKIP: "2",
}


def visible(text: str, longest: int = _LONGEST) -> str:
    r"""Return text on one line with everything that cannot be seen spelled out, shortened to `longest` characters.

    visible("a\x1b[2Jb")      # "a\\x1b[2Jb"
    visible("##[error]")      # "#\\x23[error]": CI servers take such a text for a command, wherever in a line it stands
    """
    short = text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"
    if "##" in short:
        short = _COMMAND.sub(r"#\\x23", short)
    return short if short.isprintable() else "".join(map(_seen, short))


def _seen(letter: str) -> str:
    if letter.isprintable():
        return letter
    if letter in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[letter]
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def painted(text: str, outcome: Outcome, colour: bool) -> str:
    """Return text in an outcome's colour, where colour is wanted."""
    return f"\x1b[{_COLOURS[outcome]}m{text}\x1b[0m" if colour else text


def word(outcome: Outcome, *, colour: bool = False) -> str:
    """Return an outcome as the word that begins a line: `PASS `."""
    return painted(f"{outcome.upper():<5}", outcome, colour)
