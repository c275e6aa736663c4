"""The one place where secrets and personal data are removed from anything that is kept or shown.

    redactor = Redactor({"api_key": "s3cr3t-value"}, personal=["$..email"])
    redactor.body(answer, "application/json")    # {"key": "<api_key>", "email": "person-9a1c3f@example.com"}
    redactor.headers(headers)
    redactor.leaks(written)                      # what is still in there: () or names and forms, never values

Six ways, each enough on its own:

by value    every secret in use, also percent-encoded, escaped as in JSON, in base64 at any offset (so inside Basic
            credentials and JWT claims), as a part of longer text, and where its end was cut off. It becomes `<name>`.
by form     what looks like a credential whatever it is: JWTs, private keys, the tokens of well-known vendors; and e-mail
            addresses and international phone numbers, which become pseudonyms.
by name     headers, JSON keys, query parameters and form fields that are called like a credential. Names of paging
            tokens (`nextPageToken`), of `token_type` and the like are left alone, and so are error messages.
by path     the contract's `redact:` JSONPaths: personal data, replaced by pseudonyms. E-mail addresses, phone numbers,
            full names and unique ids found so are replaced wherever else they stand, numbers where an id stands.
unwrapped   all of that also in JSON within strings and within text, in base64, percent-encoded, in forms, in the parts of
            a multipart body, in streams of events, and in one of these within another.
afterwards  `leaks` looks once more for every value, in every form.

A secret shorter than six characters, or a plain word such as `true`, is not looked for by value: it would stand in text
that has nothing to do with it. By name it is found all the same. No library is used for this: those that find secrets and
personal data guess, with large models or lists, and what we must find is either known by value or named by the contract.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, Protocol, TypeVar
from urllib.parse import quote, unquote, unquote_plus

from provendor import jsontext
from provendor.exchange import Headers, Json
from provendor.redaction import credentials, pseudonyms, wrappings
from provendor.redaction.known_values import KnownValues
from provendor.redaction.personal import People, is_id

T = TypeVar("T")

MIN_SECRET: Final = 6
"""Characters a secret must have to be looked for by value."""

LAYERS: Final = 6
"""How many wrappings within each other are undone."""

_TRIVIAL = re.compile(
    "bearer|changeme|default|disabled|enabled|example|localhost|password|production|sandbox|secret|string|undefined"
    "|unknown|" + credentials.PLACEHOLDER,
    re.IGNORECASE,
)


class Leak(NamedTuple):
    """A value that is still there: the secret's name, or `personal data`, and the form it has. Never the value."""

    name: str
    form: str


_SHORT: Final = 100
_MOST_SEEN: Final = 4096


class _Seen:
    """What came of short texts before: the same few reasons, names and headers stand in thousands of results.

    Forgotten whenever another value is known.
    """

    def __init__(self) -> None:
        self._met = 0
        self._texts: dict[str, str] = {}
        self._urls: dict[str, str] = {}
        self._leaks: dict[str, tuple[Leak, ...]] = {}

    def texts(self, met: int) -> dict[str, str]:
        return self._kept(self._texts, met)

    def urls(self, met: int) -> dict[str, str]:
        return self._kept(self._urls, met)

    def leaks(self, met: int) -> dict[str, tuple[Leak, ...]]:
        return self._kept(self._leaks, met)

    def _kept(self, seen: dict[str, T], met: int) -> dict[str, T]:
        if met != self._met:
            self._met = met
            self._texts.clear()
            self._urls.clear()
            self._leaks.clear()
        if len(seen) > _MOST_SEEN:
            seen.clear()
        return seen


class StandIns(Protocol):
    """Values that are no secrets and yet must not be kept, such as where a sandbox stands: `substitution.Examples`."""

    @property
    def lives(self) -> tuple[str, ...]:
        """The values."""
        ...

    def text(self, text: str) -> str:
        """Return text with something else in place of the values."""
        ...

    def scalar(self, steps: jsontext.Steps, value: Json) -> Json:
        """Return what stands for a JSON value at these steps."""
        ...

    def field(self, name: str, value: str) -> str:
        """Return what stands for the value of a field."""
        ...

    def left_in(self, text: str) -> set[str]:
        """Return the names of the values that are still in a text."""
        ...


class Redactor:
    """Removes these secrets (values by name) and the personal data at these JSONPaths.

    Personal data that was met once is known from then on, so one redactor serves all that belongs together: `learn` their
    bodies first where an early one may hold what only a later one names. `learn` and `body` raise jsonpath.NotAPath.
    """

    def __init__(
        self,
        secrets: Mapping[str, str] | None = None,
        personal: Sequence[str] = (),
        stand_ins: StandIns | None = None,
    ) -> None:
        self._people = People(personal, spared=stand_ins.lives if stand_ins else ())
        self._stand_ins = stand_ins
        self._secrets = KnownValues()
        self._documents = KnownValues()
        self._seen = _Seen()
        self.know(secrets or {})

    def __repr__(self) -> str:
        return "Redactor()"

    def know(self, secrets: Mapping[str, str]) -> None:
        """Remember further secrets, values by name: a token that was not there before."""
        for name, value in secrets.items():
            if len(value) >= MIN_SECRET and not _TRIVIAL.fullmatch(value):
                self._secrets.add(value, name, f"<{name}>")
                if "{" in value or "[" in value:  # such as the key file of a service account
                    self._documents.add(value, name, f"<{name}>")

    def text(self, text: str) -> str:
        """Return text without secrets and known personal data, also where it holds JSON or anything encoded."""
        if len(text) > _SHORT:
            return self._text(text, LAYERS)
        seen = self._seen.texts(self.version)
        if text not in seen:
            seen[text] = self._text(text, LAYERS)
        return seen[text]

    @property
    def version(self) -> int:
        """How many values are known: what was made of a text before holds as long as none is added."""
        return self._secrets.size + self._people.known.size + len(self._people.ids)

    def place(self, at: str) -> str:
        """Return where something is, such as `read /by_address/ada@corp.io/name`: keys of a JSON pointer may be anything."""
        parts = (part.replace("~1", "/").replace("~0", "~") for part in at.split("/"))
        new = [self.text(part).replace("~", "~0").replace("/", "~1") for part in parts]
        return "/".join(new)

    def headers(self, headers: Headers) -> Headers:
        """Return header fields whose values hold no secret."""
        return Headers(tuple((self.text(name), self._header(name, value)) for name, value in headers))

    def query(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return decoded query parameters or form fields without secrets."""
        return tuple((self.text(name), self._field(name, value)) for name, value in pairs)

    def url(self, url: str) -> str:
        """Return a URL, percent-encoded as it was, without secrets in path, query or before the host."""
        seen = self._seen.urls(self.version)
        if url not in seen:
            seen[url] = self._url(url)
        return seen[url]

    def _url(self, url: str) -> str:
        url = self._stand_ins.text(url) if self._stand_ins else url
        known = _by_form(url)
        if known == url and not (self._secrets or self._people.known or _NEEDS_CARE.intersection(url)):
            return url  # as nearly every one is; what follows looks at each part, decoded
        head, mark, query = known.partition("?")
        ids = self._people.ids
        path = "/".join(ids.get(segment) or self._encoded(segment, plus=False) for segment in head.split("/"))
        return path + mark + "&".join(self._encoded_pair(pair) for pair in query.split("&"))

    def body(self, body: bytes, content_type: str | None = None) -> bytes:
        """Return the body without secrets and personal data; JSON keeps its layout, other bytes stay as they are."""
        self.learn(body, content_type)
        text = body.decode("utf-8", "surrogateescape")
        inside = wrappings.Inside(self._whole, self._form_pair, self._form_field)
        new = wrappings.in_body(text, content_type or "", inside)
        return body if new == text else new.encode("utf-8", "surrogateescape")

    def learn(self, body: bytes, content_type: str | None = None) -> None:
        """Remember the personal data of a body, and what is a credential there by its name: both may stand elsewhere, too."""
        wrappings.visit(body.decode("utf-8", "surrogateescape"), content_type or "", self._meet, LAYERS)

    def learn_headers(self, headers: Headers) -> None:
        """Remember the credentials that an answer brings in its headers: sessions, cookies."""
        for name, value in headers:
            if credentials.is_secret_in_header(name, value):
                for part in re.split(r"[;=,\s]+", value):
                    self._meet_secret(part)

    def leaks(self, data: bytes) -> tuple[Leak, ...]:
        """Return what is still in there, each name and form once."""
        text = data.decode("utf-8", "surrogateescape")
        if len(text) > _SHORT:
            return self._leaks(text)
        seen = self._seen.leaks(self.version)
        if text not in seen:
            seen[text] = self._leaks(text)
        return seen[text]

    def _leaks(self, text: str) -> tuple[Leak, ...]:
        found = self._secrets.spelled_in(text) | self._people.known.spelled_in(text)
        if self._stand_ins:
            found |= {(name, "live value") for name in self._stand_ins.left_in(text)}
        return tuple(Leak(*each) for each in sorted(found))

    # --- text -----------------------------------------------------------------------------------------------------------

    def _whole(self, text: str) -> str:
        """Return what may be a whole JSON document, in which a number may be a secret."""
        return self._as_json(text, LAYERS) or self._text(text, LAYERS)

    def _text(self, text: str, left: int) -> str:
        """Return any text; `left` is how many wrappings within each other are still undone."""
        text = self._documents.in_plain(text)  # before they are taken apart
        plain = partial(self._plain, left=left)

        def piece(found: str) -> str:
            return self._as_json(found, left) or plain(found)

        return self._as_json(text, left) or wrappings.in_text(text, piece, plain)

    def _as_json(self, text: str, left: int) -> str | None:
        """Return a JSON document; None where it is none."""
        if text.lstrip()[:1] not in ("{", "[", '"'):
            return None
        try:
            return self._json(text, left)
        except (ValueError, RecursionError):
            return None  # looks like JSON only

    def _plain(self, text: str, left: int) -> str:
        inner = partial(self._text, left=left - 1)
        # A block of lines goes first: one of them alone would be replaced as the run that it is.
        new = wrappings.in_base64_lines(text, inner) if left else text
        new = self._secrets.in_base64(new)
        new = wrappings.in_codes(new, inner) if left else new
        new = self._secrets.in_plain(new)
        new = self._stand_ins.text(new) if self._stand_ins else new
        new = self._people.in_members(new)
        return self._people.known.in_base64(_by_form(self._people.known.in_plain(new)))

    # --- places -----------------------------------------------------------------------------------------------------------

    def _header(self, name: str, value: str) -> str:
        secret, value = credentials.is_secret_in_header(name, value), self.text(value)
        if not secret:
            return value
        if name.lower() in ("cookie", "set-cookie"):
            return credentials.cookies(value, every=name.lower() == "cookie")
        return credentials.hidden(value)

    def _field(self, name: str, value: str) -> str:
        value = self._stand_ins.field(name, value) if self._stand_ins else value
        value = self._people.ids.get(value) or self.text(value)
        return credentials.hidden(value) if credentials.is_secret_field(name) else value

    def _form_field(self, name: str, value: str) -> str:
        if self._people.names(name, value):
            return str(self._people.stand_in(value))
        return self._field(name, value)

    def _form_pair(self, pair: str) -> str:
        name, mark, value = pair.partition("=")
        plain = unquote_plus(name), unquote_plus(value)
        if self._people.names(*plain):
            return f"{name}{mark}{quote(self._form_field(*plain), safe=':@')}"
        return self._encoded_pair(pair)

    def _encoded_pair(self, pair: str) -> str:
        name, mark, value = pair.partition("=")
        known = self._people.ids.get(value) or self._encoded(value, plus=True)
        if mark and credentials.is_secret_field(unquote_plus(name)):
            plain = unquote_plus(known)
            known = known if credentials.hidden(plain) == plain else quote(credentials.HIDDEN)
        return self._encoded(name, plus=True) + mark + known

    def _encoded(self, text: str, plus: bool) -> str:
        """Return percent-encoded text without secrets; it stays as it was spelled if there are none."""
        decoded = unquote_plus(text) if plus else unquote(text)
        new = self.text(decoded)
        if new != decoded:
            return quote(new, safe=":@")
        if text == decoded:
            return text.replace("<", "%3C").replace(">", "%3E")
        return self._people.known.replaced(self._secrets.replaced(text)).replace("<", "%3C").replace(">", "%3E")

    # --- JSON -------------------------------------------------------------------------------------------------------------

    def _json(self, text: str, left: int) -> str:
        personal = self._people.steps(json.loads(text)) if self._people.paths else frozenset()

        def change(steps: jsontext.Steps, scalar: Json) -> Json:
            if self._stand_ins and (example := self._stand_ins.scalar(steps, scalar)) != scalar:
                return example
            if any(steps[:length] in personal for length in range(len(steps) + 1)) if personal else False:
                return self._people.stand_in(scalar)
            return self._scalar(steps, scalar, left)

        return jsontext.rewrite(text, change, self.text)

    def _scalar(self, steps: jsontext.Steps, value: Json, left: int) -> Json:
        ids = self._people.ids
        if ids and is_id(steps) and (stand_in := ids.get(str(value))):
            return stand_in if isinstance(value, str) else int(stand_in)
        secret = credentials.is_secret_place(steps, value)
        if isinstance(value, str):
            value = self._text(value, left - 1) if left else self._plain(value, 0)
            return credentials.hidden(value) if secret and value else value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        digits = str(value)
        return 0 if digits in self._secrets or (secret and len(digits) >= MIN_SECRET) else value

    # --- what is met ------------------------------------------------------------------------------------------------------

    def _meet(self, document: Json) -> None:
        self._people.meet(document)
        for steps, found in _scalars(document):
            if isinstance(found, str) and credentials.is_secret_place(steps, found):
                self._meet_secret(found)

    def _meet_secret(self, text: str) -> None:
        if credentials.is_random(text):
            self._secrets.add(text, "hidden", credentials.HIDDEN)


def _by_form(text: str) -> str:
    return pseudonyms.clean(credentials.clean(text))


_NEEDS_CARE: Final = frozenset("?%+<>")


def _scalars(value: Json, steps: jsontext.Steps = ()) -> Iterator[tuple[jsontext.Steps, Json]]:
    """Yield every value that holds no others, with the steps to it."""
    if isinstance(value, list | dict):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _scalars(item, (*steps, step))
    else:
        yield steps, value
