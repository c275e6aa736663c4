r"""Cassettes in the form that `cassette.dump` writes, read without YAML: three times as fast.

    value("version: 1\nmetadata: {}\ninteractions:\n- request:\n    method: GET\n ...")     # what `composer` would return
    value("interactions: []\nversion: 1\n")                                                # None: ask `composer`

The form is a small part of YAML: keys in one order, text plain or in single quotes on one line, a body as a literal block.
Whatever is not certain to be of that form, valid or not, is left to YAML, which also finds the places of what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

MAX_KEY: Final = 500
"""Characters of a header's name; YAML refuses keys of more than a thousand."""

_PRINTABLE: Final = bytes(range(0x20, 0x7F)) + b"\n"

# No quantifier gives back what it took, so that hostile text takes no longer than any other.
_TEXT: Final = r"(?:(?!(?:null|true|false)\b)[A-Za-z][\w.-]*+|'[^']*+(?:''[^']*+)*+')"
_TEXTS: Final = rf"{_TEXT}(?:, {_TEXT})*+"
_HEADERS: Final = rf"    headers:(?: {{}}|((?:\n      {_TEXT}: \[{_TEXTS}\])++))\n"
_BODY: Final = rf"({_TEXT}\n|\|2?[-+]?\n(?:%s[^\n]*+\n|\n)++)"

_START: Final = re.compile(
    rf"version: 1\nmetadata:(?: {{}}|((?:\n  {_TEXT}: {_TEXT})++))\ninteractions:\n(?=- )", re.ASCII
)
_INTERACTION: Final = re.compile(
    rf"- request:\n    method: ({_TEXT})\n    uri: ({_TEXT})\n{_HEADERS}"
    rf"    body: {_BODY % (' ' * 6)}"
    rf"  response:\n    status: {{code: ([1-9]\d\d), message: ({_TEXT})}}\n{_HEADERS}"
    rf"    body:\n      string: {_BODY % (' ' * 8)}",
    re.ASCII,
)
_METADATUM: Final = re.compile(rf"\n  ({_TEXT}): ({_TEXT})", re.ASCII)
_HEADER: Final = re.compile(rf"\n      ({_TEXT}): \[({_TEXTS})\]", re.ASCII)
_ONE_TEXT: Final = re.compile(_TEXT, re.ASCII)


def value(text: str) -> dict[str, Any] | None:
    """Return the value that YAML finds in the text; None where the text is not certain to be of the form."""
    start = _START.match(text)
    if start is None or not _is_printable(text):
        return None
    try:
        metadata = _mapping([(name, _text(given)) for name, given in _METADATUM.findall(start[1] or "")])
        return {"version": 1, "metadata": metadata, "interactions": list(_interactions(text, start.end()))}
    except _OtherForm:
        return None


def _is_printable(text: str) -> bool:
    """Say whether all can be seen but the ends of lines: what cannot may be forbidden in YAML, or end a line as well."""
    if text.isascii():  # as most do, and then it takes a quarter of the time
        return not text.encode().translate(None, _PRINTABLE)
    return text.replace("\n", "").isprintable()


class _OtherForm(Exception):
    """The text is not of the form after all."""


def _interactions(text: str, at: int) -> Iterator[dict[str, Any]]:
    while at < len(text):
        found = _INTERACTION.match(text, at)
        if found is None:
            raise _OtherForm
        method, uri, sent, asked, code, message, headers, answer = found.groups()
        yield {
            "request": {"method": _text(method), "uri": _text(uri), "headers": _headers(sent), "body": _body(asked, 6)},
            "response": {
                "status": {"code": int(code), "message": _text(message)},
                "headers": _headers(headers),
                "body": {"string": _body(answer, 8)},
            },
        }
        at = found.end()


def _headers(rows: str | None) -> dict[str, list[str]]:
    found = _HEADER.findall(rows) if rows else []
    return _mapping([(name, list(map(_text, _ONE_TEXT.findall(given)))) for name, given in found])


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = {_text(name): given for name, given in pairs}
    if len(mapping) != len(pairs) or any(len(name) > MAX_KEY for name in mapping):
        raise _OtherForm
    return mapping


def _text(written: str) -> str:
    if "\n" in written:  # YAML folds lines inside of quotes
        raise _OtherForm
    return written[1:-1].replace("''", "'") if written.startswith("'") else written


def _body(written: str, indent: int) -> str:
    """Return a body's text: one line as any other, or a block, whose first line says how it is indented and ends."""
    if not written.startswith("|"):
        return _text(written[:-1])
    head, _, block = written.partition("\n")
    text = "".join([row[indent:] or "\n" for row in block.splitlines(keepends=True)])
    if not text.strip("\n") or ("2" not in head and text[0] in " \n"):
        raise _OtherForm
    if head.endswith("+"):
        return text
    return text.rstrip("\n") + ("" if head.endswith("-") else "\n")
