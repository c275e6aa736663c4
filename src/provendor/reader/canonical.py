r"""Cassettes in the form that `cassette.dump` writes, read without YAML: four times as fast.

    read("version: 1\nmetadata: {}\ninteractions:\n- request:\n    method: GET\n ...")     # Form({}, [Row("GET", ...)])
    read("interactions: []\nversion: 1\n")                                                # None: ask YAML

The form is a small part of YAML: keys in one order, text plain or in single quotes on one line, a body as a literal block.
Whatever is not certain to be of that form, valid or not, is left to YAML, which also finds the places of what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_KEY: Final = 500
"""Characters of a header's name; YAML refuses keys of more than a thousand."""

_PRINTABLE: Final = bytes(range(0x20, 0x7F)) + b"\n"

# No quantifier gives back what it took, so that hostile text takes no longer than any other. What YAML would fold, text in
# quotes on several lines, is not of the form: so say the patterns, but for bodies, which are read faster without.
_PLAIN: Final = r"(?!(?:null|true|false)\b)[A-Za-z][\w.-]*+"
_TEXT: Final = rf"(?:{_PLAIN}|'[^'\n]*+(?:''[^'\n]*+)*+')"
_TEXTS: Final = rf"{_TEXT}(?:, {_TEXT})*+"
_HEADERS: Final = rf"    headers:(?: {{}}|((?:\n      {_TEXT}: \[{_TEXTS}\])++))\n"
_BODY: Final = rf"({_PLAIN}\n|'[^']*+(?:''[^']*+)*+'\n|\|2?[-+]?\n(?:%s[^\n]*+\n|\n)++)"

_START: Final = re.compile(
    rf"version: 1\nmetadata:(?: {{}}|((?:\n  {_TEXT}: {_TEXT})++))\ninteractions:\n(?=- )", re.ASCII
)
_INTERACTION: Final = re.compile(
    rf"- request:\n    method: ({_TEXT})\n    uri: ({_TEXT})\n{_HEADERS}"
    rf"    body: {_BODY % (' ' * 6)}"
    rf"  response:\n    status: {{code: ([1-5]\d\d), message: {_TEXT}}}\n{_HEADERS}"
    rf"    body:\n      string: {_BODY % (' ' * 8)}",
    re.ASCII,
)
_METADATUM: Final = re.compile(rf"\n  ({_TEXT}): ({_TEXT})", re.ASCII)
_HEADER: Final = re.compile(rf"\n      ({_TEXT}): \[({_TEXT})((?:, {_TEXT})*+)\]", re.ASCII)
_ONE_TEXT: Final = re.compile(_TEXT, re.ASCII)


class Row(NamedTuple):
    """One interaction as it is written: `sent` are the request's headers, `asked` is its body, `line` where it starts."""

    method: str
    uri: str
    sent: tuple[tuple[str, str], ...]
    asked: str
    status: int
    headers: tuple[tuple[str, str], ...]
    answer: str
    line: int


class Form(NamedTuple):
    """A cassette as it is written."""

    metadata: dict[str, str]
    rows: list[Row]


def read(text: str) -> Form | None:
    """Return what the text says, which YAML would read likewise; None where it is not certain to be of the form."""
    start = _START.match(text)
    if start is None or not _is_printable(text):
        return None
    try:
        metadata = [(_text(name), _text(given)) for name, given in _METADATUM.findall(start[1] or "")]
        _refuse_odd([name for name, _ in metadata])
        return Form(dict(metadata), list(_rows(text, start.end())))
    except _OtherForm:
        return None


def _is_printable(text: str) -> bool:
    """Say whether all can be seen but the ends of lines: what cannot may be forbidden in YAML, or end a line as well."""
    if text.isascii():  # as most do, and then it takes a quarter of the time
        return not text.encode().translate(None, _PRINTABLE)
    return text.replace("\n", "").isprintable()


class _OtherForm(Exception):
    """The text is not of the form after all."""


def _rows(text: str, at: int) -> Iterator[Row]:
    line, counted = 1, 0
    while at < len(text):
        found = _INTERACTION.match(text, at)
        if found is None:
            raise _OtherForm
        line, counted = line + text.count("\n", counted, at), at
        method, uri, sent, asked, code, headers, answer = found.groups()
        request = _text(method), _text(uri), _headers(sent), _body(asked, 6)
        yield Row(*request, int(code), _headers(headers), _body(answer, 8), line)
        at = found.end()


def _headers(rows: str | None) -> tuple[tuple[str, str], ...]:
    if not rows:
        return ()
    names: list[str] = []
    items: list[tuple[str, str]] = []
    for written, first, more in _HEADER.findall(rows):
        name = _text(written)
        names.append(name)
        items.append((name, _text(first)))
        if more:
            items += [(name, _text(each)) for each in _ONE_TEXT.findall(more)]
    _refuse_odd(names)
    return tuple(items)


def _refuse_odd(names: list[str]) -> None:
    """Raise _OtherForm for keys of one mapping that YAML would refuse."""
    if len(set(names)) < len(names) or max(map(len, names), default=0) > MAX_KEY:
        raise _OtherForm


def _text(written: str) -> str:
    return written[1:-1].replace("''", "'") if written[0] == "'" else written


def _body(written: str, indent: int) -> str:
    """Return a body's text: one line as any other, or a block, whose first line says how it is indented and ends."""
    if written[0] != "|":
        if written.index("\n") < len(written) - 1:
            raise _OtherForm
        return _text(written[:-1])
    head, _, block = written.partition("\n")
    text = "".join([row[indent:] or "\n" for row in block.splitlines(keepends=True)])
    if not text.strip("\n") or ("2" not in head and text[0] in " \n"):
        raise _OtherForm
    if head.endswith("+"):
        return text
    return text.rstrip("\n") + ("" if head.endswith("-") else "\n")
