"""The one place where secrets and personal data are removed from anything that is kept or shown.

    redactor = Redactor({"api_key": "s3cr3t-value"}, personal=["$..email"])
    redactor.body(answer, "application/json")    # {"key": "<api_key>", "email": "person-9a1c3f@example.com"}
    redactor.headers(headers)
    redactor.leaks(written)                      # what is still in there: () or names and forms, never values

Five ways, each enough on its own:

by value    every secret in use, also percent-encoded, escaped as in JSON, in base64 at any offset (so inside Basic
            credentials and JWT claims), and as a part of longer text. It becomes `<name>`.
by form     what looks like a credential whatever it is: JWTs, private keys, the tokens of well-known vendors.
by name     headers, JSON keys, query parameters and form fields that are called like a credential. Names of paging
            tokens (`nextPageToken`), of `token_type` and the like are left alone, and so are error messages.
by path     the contract's `redact:` JSONPaths: personal data, replaced by pseudonyms. E-mail addresses, phone numbers
            and full names found so are replaced wherever else they stand.
afterwards  `leaks` looks once more for every value, in every form.

A secret shorter than six characters, or a plain word such as `true`, is not looked for by value: it would stand in text
that has nothing to do with it. By name it is found all the same. No library is used for this: those that find secrets and
personal data guess, with large models or lists, and what we must find is either known by value or named by the contract.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from provendor import credentials, jsonpath, jsontext, pseudonyms
from provendor.exchange import Headers, Json

MIN_SECRET: Final = 6
"""Characters a secret must have to be looked for by value."""

_TRIVIAL = re.compile(
    "bearer|changeme|default|disabled|enabled|example|localhost|password|production|sandbox|secret|string|undefined"
    "|unknown|" + credentials.PLACEHOLDER,
    re.IGNORECASE,
)


class Leak(NamedTuple):
    """A value that is still there: the secret's name, or `personal data`, and the form it has. Never the value."""

    name: str
    form: str


class Redactor:
    """Removes these secrets (values by name) and the personal data at these JSONPaths.

    Personal data that was met once is known from then on, so one redactor serves all that belongs together: `learn` their
    bodies first where an early one may hold what only a later one names. `learn` and `body` raise jsonpath.NotAPath.
    """

    def __init__(self, secrets: Mapping[str, str] | None = None, personal: Sequence[str] = ()) -> None:
        self._paths = tuple(personal)
        self._values: dict[str, tuple[str, str]] = {}
        self._coded: dict[str, tuple[str, str]] = {}
        self._pattern: re.Pattern[str] | None = None
        self.know(secrets or {})

    def __repr__(self) -> str:
        return "Redactor()"

    @cached_property
    def _personal(self) -> tuple[jsonpath.Path, ...]:
        """The compiled paths: only a body needs them, and most of a replay's results show none."""
        return tuple(jsonpath.compile(path) for path in self._paths)

    def know(self, secrets: Mapping[str, str]) -> None:
        """Remember further secrets, values by name: a token that was not there before."""
        for name, value in secrets.items():
            if len(value) >= MIN_SECRET and not _TRIVIAL.fullmatch(value):
                self._add(value, name, f"<{name}>")

    def text(self, text: str) -> str:
        """Return plain text without secrets and known personal data."""
        return credentials.clean(self._by_value(text))

    def headers(self, headers: Headers) -> Headers:
        """Return header fields whose values hold no secret."""
        return Headers(tuple((self.text(name), self._header(name, value)) for name, value in headers))

    def query(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return decoded query parameters or form fields without secrets."""
        return tuple((self.text(name), self._field(name, value)) for name, value in pairs)

    def url(self, url: str) -> str:
        """Return a URL, percent-encoded as it was, without secrets in path, query or before the host."""
        known = credentials.clean(url)
        if known == url and not self._values and not _NEEDS_CARE.intersection(url):
            return url  # as nearly every one is; what follows looks at each part, decoded
        head, mark, query = known.partition("?")
        path = "/".join(self._encoded(segment, plus=False) for segment in head.split("/"))
        return path + mark + "&".join(self._encoded_pair(pair) for pair in query.split("&"))

    def body(self, body: bytes, content_type: str | None = None) -> bytes:
        """Return the body without secrets and personal data; JSON keeps its layout, other bytes stay as they are."""
        self.learn(body)
        text = body.decode("utf-8", "surrogateescape")
        media = (content_type or "").partition(";")[0].strip().lower()
        if media == "application/x-www-form-urlencoded":
            new = "&".join(self._encoded_pair(pair) for pair in text.split("&"))
        else:
            new = self._json_or_text(text)
        return body if new == text else new.encode("utf-8", "surrogateescape")

    def learn(self, body: bytes) -> None:
        """Remember the personal data of this body, if it is JSON, so that it is replaced wherever it stands."""
        if not self._personal:
            return
        try:
            value: Json = json.loads(body)
            found = list(_strings(_resolve(value, steps) for steps in self._pointers(value)))
        except (ValueError, RecursionError):
            return
        for text in found:
            stand_in = pseudonyms.pseudonym(text)
            if stand_in != text and len(text) >= MIN_SECRET and _is_telling(text):
                self._add(text, "personal data", stand_in)

    def leaks(self, data: bytes) -> tuple[Leak, ...]:
        """Return what is still in there, each name and form once."""
        text = data.decode("utf-8", "surrogateescape")
        plain = {Leak(name, "plain") for literal, (name, _) in self._values.items() if literal in text}
        coded = {Leak(name, "base64") for core, (name, _) in self._coded.items() if core in text}
        return tuple(sorted(plain | coded, key=lambda leak: (leak.name, leak.form)))

    def _add(self, value: str, name: str, replacement: str) -> None:
        for literal in _spellings(value) | (_spellings(value.lower()) if "@" in value else set()):
            self._values[literal] = name, replacement
        for core in _base64_cores(value):
            self._coded[core] = name, replacement
        self._pattern = None

    def _by_value(self, text: str) -> str:
        if not self._values:
            return text
        if self._pattern is None:
            longest_first = sorted(self._values, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        text = self._pattern.sub(lambda found: self._values[found[0]][1], text)
        for core, (_, replacement) in self._coded.items():
            if core in text:
                text = _replace_runs(text, core, replacement)
        return text

    def _header(self, name: str, value: str) -> str:
        value = self.text(value)
        if not credentials.is_secret_header(name):
            return value
        if name.lower() in ("cookie", "set-cookie"):
            return credentials.cookies(value, every=name.lower() == "cookie")
        return credentials.hidden(value)

    def _field(self, name: str, value: str) -> str:
        value = self.text(value)
        return credentials.hidden(value) if credentials.is_secret_field(name) else value

    def _encoded(self, text: str, plus: bool) -> str:
        """Return percent-encoded text without secrets; it stays as it was spelled if there are none."""
        decoded = unquote_plus(text) if plus else unquote(text)
        new = self.text(decoded)
        if new != decoded:
            return quote(new, safe=":@")
        return self._by_value(text).replace("<", "%3C").replace(">", "%3E")

    def _encoded_pair(self, pair: str) -> str:
        name, mark, value = pair.partition("=")
        known = self._encoded(value, plus=True)
        if mark and credentials.is_secret_field(unquote_plus(name)):
            plain = unquote_plus(known)
            known = known if credentials.hidden(plain) == plain else quote(credentials.HIDDEN)
        return self._encoded(name, plus=True) + mark + known

    def _json_or_text(self, text: str) -> str:
        if text.lstrip()[:1] in ("{", "[", '"'):
            try:
                return self._json(text)
            except (ValueError, RecursionError):
                pass  # looks like JSON only
        return self.text(text)

    def _json(self, text: str) -> str:
        value: Json = json.loads(text)
        pointers = {tuple(pointer) for pointer in self._pointers(value)}

        def change(steps: jsontext.Steps, scalar: Json) -> Json:
            if any(steps[:length] in pointers for length in range(len(steps) + 1)) if pointers else False:
                return _stand_in(scalar)
            return self._scalar(steps, scalar)

        return jsontext.rewrite(text, change, self.text)

    def _scalar(self, steps: jsontext.Steps, value: Json) -> Json:
        secret = credentials.is_secret_place(steps, value)
        if isinstance(value, str):
            if value[:1] in ("{", "["):
                return self._json_or_text(value)
            value = self.text(value)
            return credentials.hidden(value) if secret and value else value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        digits = str(value)
        return 0 if digits in self._values or (secret and len(digits) >= MIN_SECRET) else value

    def _pointers(self, value: Json) -> Iterator[list[str | int]]:
        for path in self._personal:
            for pointer in path.pointers(value):
                yield _steps(pointer, value)


_NEEDS_CARE = frozenset("?%+<>")

# --- by value ---------------------------------------------------------------------------------------------------------

_RUN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=")


def _spellings(value: str) -> set[str]:
    """Return the ways in which text may stand in URLs, forms, JSON and HTML."""
    escaped = json.dumps(value)[1:-1]
    percent = {quote(value, safe=""), quote(value), quote_plus(value), quote(value, safe="@:")}
    lower = {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), each) for each in percent}
    in_json = {escaped, json.dumps(value, ensure_ascii=False)[1:-1], escaped.replace("/", "\\/")}
    in_html = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {value, in_html, in_html.replace('"', "&quot;").replace("'", "&#39;"), *percent, *lower, *in_json}


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


def _replace_runs(text: str, core: str, replacement: str) -> str:
    """Replace every run of base64 characters that holds `core`; what is around it may be part of the same credential."""
    parts: list[str] = []
    kept_from = at = 0
    while (found := text.find(core, at)) >= 0:
        start, at = found, found + len(core)
        while start > kept_from and text[start - 1] in _RUN:
            start -= 1
        while at < len(text) and text[at] in _RUN:
            at += 1
        parts += text[kept_from:start], replacement
        kept_from = at
    return "".join([*parts, text[kept_from:]])


# --- by path ----------------------------------------------------------------------------------------------------------


def _stand_in(value: Json) -> Json:
    if isinstance(value, str):
        return pseudonyms.pseudonym(value)
    if isinstance(value, bool) or value is None:
        return value
    return pseudonyms.pseudonym_of_number(value) if isinstance(value, int) else 0.5


def _is_telling(text: str) -> bool:
    """Tell whether the text is a person's wherever it stands: an address, a phone number, a full name.

    Digits alone may be an id here and an amount there.
    """
    phone = pseudonyms.PHONE.fullmatch(text) and not text.isdigit()
    return bool(phone or pseudonyms.EMAIL.fullmatch(text) or len(text.split()) > 1)


def _steps(pointer: str, value: Json) -> list[str | int]:
    steps: list[str | int] = []
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        step: str | int = int(name) if isinstance(value, list) else name
        value = value[step]  # type: ignore[index]
        steps.append(step)
    return steps


def _resolve(value: Json, steps: list[str | int]) -> Json:
    for step in steps:
        value = value[step]  # type: ignore[index]
    return value


def _strings(values: Iterable[Json]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from _strings(value)
        elif isinstance(value, dict):
            yield from _strings(value.values())
