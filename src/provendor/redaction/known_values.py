"""Values that must not be shown, found in text in every spelling, and replaced.

known = KnownValues()
known.add("s3cr3t/v+lue", "api_key", "<api_key>")
known.replaced("?key=s3cr3t%2Fv%2Blue")     # "?key=<api_key>"
known.spelled_in("czNjcjN0L3YrbHVl")        # {("api_key", "base64")}
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from provendor.redaction import wrappings

BEGINNING: Final = 8
"""Characters of a value that are still worth hiding where the rest was cut off."""

_GRAM: Final = 6  # characters by which a value is found: so many it has at least
_MANY: Final = 100
_LAYERS: Final = 4


class KnownValues:
    """Values of at least six characters, the name under which each is known, and what shall stand in its place."""

    def __init__(self) -> None:
        self.size = 0
        """How many there are."""
        self._names: dict[str, str] = {}
        self._plain = _Index()
        self._coded = _Index()

    def __bool__(self) -> bool:
        return bool(self._names)

    def __contains__(self, text: str) -> bool:
        return text in self._names

    def __repr__(self) -> str:
        return f"KnownValues({len(self._names)})"

    def add(self, value: str, name: str, replacement: str) -> None:
        """Know a value; one that is known already keeps its name."""
        if value in self._names:
            return
        self._names[value] = name
        self.size += 1
        for spelling in _spellings(value) | (_spellings(value.lower()) if "@" in value else set()):
            self._plain.add(spelling, name, replacement)
        for core in _base64_cores(value):
            self._coded.add(core, name, replacement)

    def replaced(self, text: str) -> str:
        """Return text without any of the values: plain, in base64, or cut off at the end of the text or before an ellipsis."""
        return self.in_base64(self.in_plain(text))

    def in_plain(self, text: str) -> str:
        """Return text without the values that stand in it plain or escaped."""
        if not self._names:
            return text
        parts: list[str] = []
        kept_from = 0
        for start, end, replacement in self._plain.found_in(text):
            parts += text[kept_from:start], replacement
            kept_from = end
        text = "".join([*parts, text[kept_from:]]) if parts else text
        return self._without_beginnings(text)

    def in_base64(self, text: str) -> str:
        """Return text in which every run of base64 that holds a value is replaced as a whole."""
        if not self._names:
            return text
        parts: list[str] = []
        kept_from = 0
        for start, end, replacement in self._coded.found_in(text):
            if start >= kept_from:  # else in a run that is replaced already
                first, last = _run_around(text, start, end, kept_from)
                parts += text[kept_from:first], replacement
                kept_from = last
        return "".join([*parts, text[kept_from:]]) if parts else text

    def spelled_in(self, text: str) -> set[tuple[str, str]]:
        """Return the names of the values that stand in this text, each with its form: `plain`, `base64` or `encoded`."""
        if not self._names:
            return set()
        found = {(name, "plain") for name in self._plain.names_in(text)}
        found |= {(name, "base64") for name in self._coded.names_in(text)}
        names = {name for name, _ in found}
        hidden = {value: name for value, name in self._names.items() if name not in names}
        for plain in wrappings.unfolded(text, _LAYERS) if hidden else ():
            found |= {(name, "encoded") for value, name in hidden.items() if value in plain}
        return found

    def _without_beginnings(self, text: str) -> str:
        """Replace a value of which only the beginning is left, as messages that shorten others leave it."""
        parts = re.split(r"(\u2026|\.\.\.|\\u2026)", text)
        for index in range(0, len(parts), 2):
            parts[index] = self._plain.without_beginning(parts[index], cut=index + 1 < len(parts))
        return "".join(parts)


class _Index:
    """Literals found in text by their first characters, however many there are."""

    def __init__(self) -> None:
        self._by_gram: dict[str, list[str]] = {}
        self._about: dict[str, tuple[str, str]] = {}
        self._longest = 0
        self._gate: re.Pattern[str] | None = None

    def add(self, literal: str, name: str, replacement: str) -> None:
        if literal not in self._about:
            self._about[literal] = name, replacement
            self._longest = max(self._longest, len(literal))
            known = self._by_gram.setdefault(literal[:_GRAM], [])
            known.append(literal)
            known.sort(key=len, reverse=True)
            self._gate = None

    def found_in(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield `(start, end, replacement)` of each literal from left to right, the longest one where several begin."""
        if not self._may_stand_in(text):
            return
        grams, end = self._by_gram, 0
        for start in [at for at in range(len(text) - _GRAM + 1) if text[at : at + _GRAM] in grams]:
            literal = self._literal_at(text, start) if start >= end else None
            if literal is not None:
                end = start + len(literal)
                yield start, end, self._about[literal][1]

    def _may_stand_in(self, text: str) -> bool:
        """Look quickly whether any literal may be there; where there are many, that is not quicker than to look closely."""
        if len(self._by_gram) > _MANY:
            return True
        if self._gate is None:
            self._gate = re.compile("|".join(map(re.escape, self._by_gram)) or "(?!)")
        return self._gate.search(text) is not None

    def names_in(self, text: str) -> set[str]:
        """Return the names of all literals in a text, also where one overlaps another."""
        return {name for literal, (name, _) in self._about.items() if literal in text}

    def without_beginning(self, text: str, *, cut: bool) -> str:
        """Return text without the first part of a literal at its end, from eight characters on; `cut` where more followed."""
        bare = text.rstrip("\"'`) ")
        if not self._may_stand_in(bare[-self._longest :]):
            return text
        for start in range(max(0, len(bare) - self._longest), len(bare) - BEGINNING + 1):
            rest = bare[start:]
            for literal in self._by_gram.get(rest[:_GRAM], ()):
                # A word that a value begins with, such as `production-`, is no part of a secret by itself; a name is of words.
                if literal.startswith(rest) and (re.search("[0-9]", rest) or (cut and " " in literal)):
                    return text[:start] + self._about[literal][1] + text[len(bare) :]
        return text

    def _literal_at(self, text: str, start: int) -> str | None:
        return next((each for each in self._by_gram[text[start : start + _GRAM]] if text.startswith(each, start)), None)


_RUN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=")


def _spellings(value: str) -> set[str]:
    """Return the ways in which text may stand in URLs, forms, JSON, YAML and HTML, and how it looks in Latin-1."""
    escaped = json.dumps(value)[1:-1]
    percent = {quote(value, safe=""), quote(value), quote_plus(value), quote(value, safe="@:")}
    percent |= {quote(each, safe="") for each in percent}
    lower = {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), each) for each in percent}
    in_json = {
        escaped,
        json.dumps(value, ensure_ascii=False)[1:-1],
        escaped.replace("/", "\\/"),
        value.replace("'", "''"),
    }
    in_json |= {json.dumps(each)[1:-1] for each in in_json}
    in_html = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    in_html_text = {
        in_html,
        in_html.replace('"', "&quot;").replace("'", "&#39;"),
        in_html.replace('"', "&quot;").replace("'", "&#x27;"),
    }
    return {value, *in_html_text, *percent, *lower, *in_json, *_in_latin_1(value)}


def _in_latin_1(value: str) -> Iterator[str]:
    if not value.isascii():
        try:
            yield value.encode("latin-1").decode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return


def _base64_cores(value: str) -> Iterator[str]:
    """Yield the base64 characters that stand for the value alone, at each of the three offsets, in both alphabets.

    Base64 often holds JSON, so the value is also taken as it is escaped there.
    """
    for spelling in {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}:
        data = spelling.encode("utf-8", "surrogatepass")
        for offset in range(3):
            encoded = b64encode(b"\0" * offset + data).decode("ascii")
            core = encoded[(0, 2, 3)[offset] : 8 * (offset + len(data)) // 6]
            yield core
            yield core.translate({ord("+"): "-", ord("/"): "_"})


def _run_around(text: str, start: int, end: int, first: int) -> tuple[int, int]:
    """Return where the run of base64 begins and ends: what is around a value may be part of the same credential."""
    while start > first and text[start - 1] in _RUN:
        start -= 1
    while end < len(text) and text[end] in _RUN:
        end += 1
    return start, end
