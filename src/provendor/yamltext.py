r"""Text and bytes as YAML scalars that read well, compare well, and come back exactly, whoever reads them.

quoted("4.16")                          # "'4.16'"
block(b'{\n  "id": 7\n}\n', 8)         # a literal block, each line indented by eight spaces
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Final

# Patterns are text: they are compiled when first needed, and replaying needs none of them.
#
# What can be read as it stands: printable, not to be mistaken for something else (no-break spaces, invisible joiners and
# marks that turn the direction of text are written as escapes), and the same for every version of Unicode.
_READABLE: Final = "\x20-\x7e\xa1-\xac\xae-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd"
_ONE_LINE: Final = f"[{_READABLE}\U00010000-\U0001fffd]*"
_LINES: Final = f"[\n{_READABLE}\U00010000-\U0001fffd]*"
_ODD: Final = f'["\\\\]|[^{_READABLE}\U00010000-\U0001fffd]'
_UNSEEN: Final = f"[^{_READABLE}\U00010000-\U0001fffd]"
_PLAIN: Final = r"[A-Za-z][A-Za-z0-9-]*(?:[_.][A-Za-z0-9-]+)*"
_SHORT_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
# What YAML 1.1 takes for something else than text.
_WORDS: Final = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


def quoted(text: str) -> str:
    """Return the text as a YAML scalar on one line: plain where that is safe, else in single quotes, else escaped."""
    if re.fullmatch(_PLAIN, text) and text.lower() not in _WORDS:
        return text
    if re.fullmatch(_ONE_LINE, text):
        return "'" + text.replace("'", "''") + "'"
    return _escaped(text)


def block(body: bytes, indent: int) -> str:
    """Return the body as a YAML scalar whose further lines are indented, so that every byte comes back."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        encoded = b64encode(body).decode("ascii")
        rows = [encoded[start : start + 76] for start in range(0, len(encoded), 76)]
        return "\n".join(["!!binary |", *(" " * indent + row for row in rows)])
    if "\n" not in text or not text.strip("\n") or not re.fullmatch(_LINES, text):
        return quoted(text) if "\n" not in text else _escaped(text, " " * indent)
    kept = text.rstrip("\n")
    trailing = len(text) - len(kept)
    chomping = ("-", "", "+")[min(trailing, 2)]
    # Where the first line starts with a space, or is empty, the indentation has to be said.
    hint = "2" if text[0] in " \n" else ""
    rows = [" " * indent + row if row else "" for row in kept.split("\n")]
    return "\n".join([f"|{hint}{chomping}", *rows, *[""] * (trailing - 1)])


def visible(text: str) -> str:
    """Return text for one line of a message: what cannot be seen, or moves the cursor, as an escape."""
    return text if re.fullmatch(_ONE_LINE, text) else re.sub(_UNSEEN, _escape, text)


def _escaped(text: str, indent: str = "") -> str:
    """Return the text in double quotes with escapes; with `indent`, on a line of the file for each of its own."""
    lines = [re.sub(_ODD, _escape, line) for line in text.splitlines(keepends=True)] if indent else []
    if len(lines) < 2:
        return f'"{re.sub(_ODD, _escape, text)}"'
    # A line's leading space would be taken for indentation.
    rows = [f"\\{line}" if line.startswith(" ") else line for line in lines[1:]]
    return '"' + f"\\\n{indent}".join([lines[0], *rows]) + '"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
