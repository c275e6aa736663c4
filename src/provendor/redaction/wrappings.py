r"""Text that stands inside other text, changed there: in base64, percent-encoded, in HTML, as JSON, as one of several parts.

    in_base64('{"cursor": "eyJpZCI6IDQ4MjF9"}', change)     # change('{"id": 4821}'); what comes back is encoded again
    in_events("data: {...}\n\n", change)                     # change('{...}')
    in_parts(body, boundary, change)                        # change(headers, content)

Each takes `change`, which returns the text that shall stand there. What it leaves as it is stays byte for byte, and so does
everything around it.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from html import escape, unescape
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import quote, unquote, unquote_plus

from provendor.exchange import Json

Change: TypeAlias = Callable[[str], str]

FORM: Final = "application/x-www-form-urlencoded"
_LINE_TYPES: Final = frozenset(
    ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq")
)
_MOST_TRIES: Final = 200  # places at which JSON may begin in text that is none


class Inside(NamedTuple):
    """What is done to the parts of a body.

    `document` changes a text that may be JSON, `pair` a field of a form as it is encoded, `name=value`, and `field` the value
    of a field by its name.
    """

    document: Change
    pair: Change
    field: Callable[[str, str], str]


def in_body(text: str, content_type: str, inside: Inside) -> str:
    """Change a body part by part, as its content type says what its parts are."""
    media = content_type.partition(";")[0].strip().lower()
    if media == FORM:
        return "&".join(inside.pair(pair) for pair in text.split("&"))
    boundary = parameter(content_type, "boundary") if media.startswith("multipart/") else None
    if boundary:
        return in_parts(text, boundary, partial(_part, inside))
    if media == "text/event-stream" or text.startswith(("data:", "event:", "id:", ": ")):
        return in_events(text, inside.document)
    return in_lines(text, inside.document) if media in _LINE_TYPES else inside.document(text)


def _part(inside: Inside, headers: Mapping[str, str], content: str) -> str:
    if "content-type" in headers:
        return in_body(content, headers["content-type"], inside)
    name = parameter(headers.get("content-disposition", ""), "name")
    return inside.document(content) if name is None else inside.field(name, content)


def visit(text: str, content_type: str, look: Callable[[Json], None], layers: int) -> None:
    """Look at every JSON document in a body, and at those in the strings of each, as many wrappings deep."""
    into = _looking(look, layers)

    def field(name: str, value: str) -> str:
        look({name: value})
        return into(value)

    def pair(pair: str) -> str:
        name, _, value = pair.partition("=")
        return field(unquote_plus(name), unquote_plus(value))

    in_body(text, content_type, Inside(into, pair, field))


def _looking(look: Callable[[Json], None], layers: int) -> Change:
    """Return what changes nothing and looks at all that is in a text."""
    inner = _looking(look, layers - 1) if layers else None

    def into(text: str) -> str:
        try:
            value: Json = json.loads(text)
        except (ValueError, RecursionError):
            if inner is not None:
                in_text(text, inner, partial(in_codes, change=inner))
            return text
        look(value)
        if inner is not None:
            for string in _strings(value):
                inner(string)
        return text

    return into


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


# --- encodings --------------------------------------------------------------------------------------------------------

_SHORTEST: Final = 16  # characters of base64 that are worth a look
_LINES_RUN: Final = r"(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]{1,76}={0,2}"
_RUNS: Final = rf"{_LINES_RUN}|[A-Za-z0-9+/_-]{{16,}}={{0,2}}"
_ESCAPED: Final = r"[^\s\"'<>&=?/#;,()|\\]*%[0-9A-Fa-f]{2}[^\s\"'<>&=?/#;,()|\\]*"
_QUOTED: Final = r"[^\"'<>]*&(?:amp;){0,3}(?:quot|#34|#x22);[^\"'<>]*"


def in_codes(text: str, change: Change) -> str:
    """Change what stands percent-encoded, in HTML with its quotes spelled out, or in base64."""
    return in_base64(in_html(in_percent(text, change), change), change)


def in_base64(text: str, change: Change) -> str:
    """Change what stands in base64, in either alphabet; runs of letters that are no text in it are none."""
    if len(text) < _SHORTEST:
        return text
    return re.sub(_RUNS, lambda found: _recoded(found[0], change), text)


def in_base64_lines(text: str, change: Change) -> str:
    """Change what stands in base64 over several lines of equal length, as mails have it."""
    return re.sub(_LINES_RUN, lambda found: _recoded(found[0], change), text) if "\n" in text else text


def from_base64(run: str) -> str | None:
    """Return the text that a run of base64 stands for, as far as it goes where it was cut off; None where it is none."""
    bare = "".join(run.split()).rstrip("=")
    bare = bare[:-1] if len(bare) % 4 == 1 else bare
    try:
        data = b64decode(bare.translate(_STANDARD) + "=" * (-len(bare) % 4), validate=True)
        text = _as_far_as_it_goes(data)
    except (NotBase64, ValueError):
        return None
    return text if _is_plain(text) else None


def _as_far_as_it_goes(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as trouble:
        if trouble.reason != "unexpected end of data":
            raise
        return data[: trouble.start].decode("utf-8")


_STANDARD: Final = {ord("-"): "+", ord("_"): "/"}


def _is_plain(text: str) -> bool:
    return text.isprintable() or re.sub(r"[\r\n\t]", "", text).isprintable()


def _recoded(run: str, change: Change) -> str:
    text = from_base64(run)
    new = text if text is None else change(text)
    if new is None or new == text:
        return run
    url_safe = "-" in run or "_" in run
    coded = (urlsafe_b64encode if url_safe else b64encode)(new.encode("utf-8", "surrogateescape")).decode("ascii")
    return coded if run.endswith("=") or not (url_safe or len(run) % 4) else coded.rstrip("=")


def in_percent(text: str, change: Change) -> str:
    """Change what stands percent-encoded between the marks of a URL."""
    if "%" not in text:
        return text
    return re.sub(_ESCAPED, lambda found: _requoted(found[0], change), text)


def _requoted(piece: str, change: Change) -> str:
    decoders = (unquote_plus, unquote) if "+" in piece and "%20" not in piece else (unquote,)  # a form writes spaces so
    for decoder in decoders:
        decoded = decoder(piece, errors="surrogateescape")
        new = change(decoded)
        if new != decoded:
            return quote(new, safe=":@", errors="surrogateescape")
    return piece


def in_html(text: str, change: Change) -> str:
    """Change what stands in HTML with its quotes spelled out, as JSON does in an attribute."""
    if "&" not in text:
        return text
    return re.sub(_QUOTED, lambda found: _unescaped(found[0], change), text)


def _unescaped(piece: str, change: Change) -> str:
    plain = unescape(piece)
    new = change(plain)
    return piece if new == plain else escape(new)


def unfolded(text: str, layers: int) -> Iterator[str]:
    """Yield the text, and what it may stand for: with every escape undone, or every run of base64, as many layers deep.

    A look from another side, for who wants to be sure: nothing here knows where a text comes from.
    """
    yield text
    if layers:
        for plain in (_without_escapes(text), "\n".join(_decoded_runs(text))):
            if plain not in ("", text):
                yield from unfolded(plain, layers - 1)


def without_escapes(text: str, layers: int) -> Iterator[str]:
    """Yield the text, and what it stands for with its escapes undone, again and again as many times."""
    for _ in range(layers + 1):
        yield text
        if (plain := _without_escapes(text)) == text:
            return
        text = plain


def _without_escapes(text: str) -> str:
    text = unquote(text.replace("''", "'"), errors="surrogateescape")
    text = unescape(text) if "&" in text else text
    return re.sub(r"\\(?:u([0-9A-Fa-f]{4})|(.))", _unescaped_letter, text) if "\\" in text else text


def _unescaped_letter(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}.get(found[2], found[2])


def _decoded_runs(text: str) -> Iterator[str]:
    runs = {*_runs(text)}
    if "\n" in text:
        runs |= {*_runs(re.sub(r"(?<=[A-Za-z0-9+/_-])\r?\n *(?=[A-Za-z0-9+/_-])", "", text))}
    for run in runs:
        bare = "".join(run.split()).rstrip("=").translate(_STANDARD)
        for start in range(4):  # other letters may stand before it
            part = bare[start:] if len(bare[start:]) % 4 != 1 else bare[start:-1]
            yield b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "surrogateescape")


def _runs(text: str) -> list[str]:
    # Most texts have no run at all, which is seen in a hundredth of the time where all letters of runs look the same.
    return re.findall(_RUNS, text) if _A_RUN in text.encode("ascii", "replace").translate(_LOOKS) else []


_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_LOOKS: Final = bytes(ord("x") if letter in _LETTERS else ord(" ") for letter in range(256))
_A_RUN: Final = b"x" * _SHORTEST


# --- documents --------------------------------------------------------------------------------------------------------


def in_text(text: str, json_text: Change, plain: Change) -> str:
    """Change the JSON documents in a text by `json_text`, and what is around them by `plain`."""
    parts: list[str] = []
    kept_from = tries = 0
    for found in re.finditer(r"[{\[]\s{0,20}[\"{\[]", text):
        if found.start() < kept_from:
            continue
        if (tries := tries + 1) > _MOST_TRIES:
            break
        end = _end_of_json(text, found.start())
        if end is not None:
            parts += plain(text[kept_from : found.start()]), json_text(text[found.start() : end])
            kept_from = end
    return "".join([*parts, plain(text[kept_from:])])


_DECODER: Final = json.JSONDecoder()


def _end_of_json(text: str, start: int) -> int | None:
    try:
        return _DECODER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return None


def in_lines(text: str, change: Change) -> str:
    """Change each line of text, as of JSON Lines."""
    return "".join(change(line) for line in text.splitlines(keepends=True))


def in_events(text: str, change: Change) -> str:
    """Change the data of each event in a stream of events; other lines are changed one by one."""
    return re.sub(_DATA, lambda found: _event(found[0], change), text)


# Lines of data that follow each other are one piece of data; every other line stands for itself.
_DATA: Final = r"(?:data:[^\r\n]*(?:\r\n|\r|\n|\Z))+|[^\r\n]+"


def _event(lines: str, change: Change) -> str:
    if not lines.startswith("data:"):
        return change(lines)
    values = [line[5:].removeprefix(" ") for line in re.split(r"\r\n|\r|\n", lines) if line]
    text = "\n".join(values)
    new = change(text)
    if new == text:
        return lines
    end = (re.search(r"\r\n|\r|\n", lines) or ("",))[0]
    return "".join(f"data: {line}{end}" for line in new.split("\n"))


def in_parts(text: str, boundary: str, change: Callable[[Mapping[str, str], str], str]) -> str:
    """Change the content of each part of a multipart body; `change` is given the part's headers, in small letters, too.

    What stands before the first part and after the last one has none.
    """
    pieces = re.split(rf"(\r?\n?--{re.escape(boundary)}(?:--)?[ \t]*(?:\r?\n|\Z))", text)
    for index in range(0, len(pieces), 2):  # the others are boundaries
        head, gap, content = _parted(pieces[index])
        pieces[index] = head + gap + change(_fields(head), content)
    return "".join(pieces)


def _parted(part: str) -> tuple[str, str, str]:
    found = re.search(r"\A\r?\n|(\r?\n)\1", part)
    return (part[: found.start()], found[0], part[found.end() :]) if found else ("", "", part)


def _fields(head: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def parameter(value: str, name: str) -> str | None:
    """Return a parameter of a header's value: `parameter('form-data; name="file"', "name")` is `file`."""
    found = re.search(rf"(?i)[;\s]{re.escape(name)}=(?:\"([^\"]*)\"|([^\s;]+))", value)
    return (found[1] or found[2] or "") if found else None
