"""A case's request, filled in with values: the example values for replay, those of an environment for live.

    values = examples(suite.vendors["chatwoot"])
    request = build(case, values)

Everything that a value could do to a request is settled here: a value never leaves its path segment, header or body.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple, TypeAlias
from urllib.parse import parse_qsl, quote, urlencode

from provendor.contract import Auth, Body, Case, Template, Vendor
from provendor.errors import UsageError
from provendor.exchange import Headers, Json, Request

Scalar: TypeAlias = str | int | float | bool
Pairs: TypeAlias = tuple[tuple[str, str], ...]

REFERENCE = re.compile(r"\{\{(?P<text>[A-Za-z_][A-Za-z0-9_-]*)\}\}|\{(?P<name>[A-Za-z_][A-Za-z0-9_-]*)\}")
"""`{name}` stands for a value, `{{name}}` for the text `{name}`; every other brace is plain text."""

WRONG = "wrong"
"""What `auth: wrong` sends for each secret."""

# Compiled when first needed: few names and values are not plain.
_HEADER_NAME = r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+"
_HEADER_VALUE = r"[\t\x20-\x7e\x80-\xff]*"
_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Values(NamedTuple):
    """What fills a template's references: values by name, and the names of those that are secrets.

    `base_url` is among them. Those that are `generated` are new for every request once there is a `seed`, and the same
    where that request is built again. Printing one shows no value.
    """

    of: Mapping[str, Scalar]
    secrets: frozenset[str] = frozenset()
    generated: frozenset[str] = frozenset()
    seed: str = ""

    def __repr__(self) -> str:
        return f"Values({', '.join(sorted(self.of))})"

    def wrong(self) -> Values:
        """Return the same values with `wrong` for each secret."""
        return self._replace(of={**self.of, **dict.fromkeys(self.secrets, WRONG)})

    def anew(self) -> Values:
        """Return the same values for another case that is asked live: what is generated will be different in it."""
        return self._replace(seed=os.urandom(16).hex()) if self.generated else self

    def for_request(self, asked_by: str) -> Values:
        """Return the same values with what is generated for this request."""
        if not self.seed:
            return self
        from uuid import UUID, uuid5  # noqa: PLC0415 - only live calls of few vendors generate anything

        made = {name: str(uuid5(UUID(self.seed), f"{asked_by} {name}")) for name in self.generated}
        return self._replace(of={**self.of, **made})


def examples(vendor: Vendor) -> Values:
    """Return the values that replay and cassettes use; needs no environment."""
    production = vendor.environments.get("production")
    base_url = production.base_url.example if production else f"https://{vendor.name}.example"
    known = {name: variable.example for name, variable in vendor.variables.items()}
    secrets = frozenset(name for name, variable in vendor.variables.items() if variable.secret)
    return Values({"base_url": base_url, **known}, secrets)


def build(case: Case, values: Values) -> Request:
    """Return the case's request; raises UsageError where a value is missing or cannot stand where it is used.

    The text of the error names the value, never what it is.
    """
    try:
        return _build(case.template, values.for_request(case.id), case.id)
    except _Unfit as reason:
        raise UsageError(f"{case.id}: {reason}") from None
    except UnicodeEncodeError:
        # The exception holds the text it is about, which may be a secret.
        raise UsageError(f"{case.id}: a value holds half a surrogate pair, which no encoding can send") from None


def references(text: str) -> tuple[str, ...]:
    """Return the names that a template refers to, in order."""
    return _referred(text) if "{" in text else ()


@lru_cache(maxsize=4096)  # the same few stand in thousands of cases
def _referred(text: str) -> tuple[str, ...]:
    return tuple(found["name"] for found in REFERENCE.finditer(text) if found["name"])


def needs(template: Template) -> frozenset[str]:
    """Return the names of the values without which this template cannot be filled in; `base_url` where it is used."""
    first = REFERENCE.match(template.target)
    elsewhere = _has_host(template.target) or bool(first and first["name"])
    texts = [template.target, *template.headers.values()]
    texts += [text for auth in template.auth for text in (auth.name, auth.value)]
    texts += _texts([*template.query.values(), template.body.value if template.body else None])
    names = {name for text in texts for name in references(text)} - set(template.path)
    names |= {name for text in _texts(list(template.path.values())) for name in references(text)}
    return frozenset(names if elsewhere else names | {"base_url"})


def _texts(value: Json) -> Iterator[str]:
    """Yield every string below; the keys of a mapping stay as they are."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def digest(request: Request) -> str:
    """Return the SHA-256, in hexadecimal, of what makes the request: the order of query and headers does not matter."""
    parts = [
        request.method,
        request.url,
        sorted(request.query),
        sorted((name.lower(), value) for name, value in request.headers),
        request.body.decode("latin-1"),
    ]
    return sha256(json.dumps(parts).encode("ascii")).hexdigest()


class _Unfit(ValueError):
    """A value cannot stand where the template puts it."""


def _build(template: Template, values: Values, asked_by: str) -> Request:
    values = with_path(template, values)
    url, query = _target(template, values)
    headers = [(name, _fill(value, values)) for name, value in template.headers.items()]
    query += tuple(_pairs(template.query, values))
    if template.auth:
        known = {name.lower() for name, _ in headers}
        for more_headers, more_query in _credentials(template, values):
            headers += [pair for pair in more_headers if pair[0].lower() not in known]
            query += tuple(pair for pair in more_query if pair[0] not in template.query)
    body = b""
    if template.body is not None:
        body, content_type = _body(template.body, values)
        if content_type and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("content-type", content_type))
    _refuse_injection(headers)
    return Request(template.method, url, query, Headers(tuple(headers)), body, asked_by)


def with_path(template: Template, values: Values) -> Values:
    """Return the values together with the path parameters, which query, headers and bodies may refer to as well."""
    if not template.path:
        return values
    given = {name: _scalar(_value(value, values)) for name, value in template.path.items()}
    return values._replace(of={**values.of, **given})


def _scalar(value: Json) -> Scalar:
    return value if isinstance(value, (str, int, float)) else _show(value)


def _target(template: Template, values: Values) -> tuple[str, Pairs]:
    target = template.target
    first = REFERENCE.match(target)
    if first and first["name"]:
        base, target = _text(first["name"], values), target[first.end() :]
    elif _has_host(target):
        base = ""
    else:
        base = _text("base_url", values)
    if "{" in target:
        target = REFERENCE.sub(_segment(values), target)
    url = base.rstrip("/") + target if target.startswith("/") else base + target
    if not _has_host(url):
        raise _Unfit("the URL does not start with https:// and a host; look at base_url")
    return _split(url)


@lru_cache(maxsize=256)  # the cases of an operation ask one after the other
def _split(url: str) -> tuple[str, Pairs]:
    url, _, query = quote(url, safe="-._~:/?#[]@!$&'()*+,;=%").partition("#")[0].partition("?")
    return url, tuple(parse_qsl(query, keep_blank_values=True)) if query else ()


def _has_host(url: str) -> bool:
    scheme, mark, rest = url.partition("://")
    return mark != "" and scheme.lower() in ("https", "http", "stdio") and rest[:1] not in ("", "/", "?", "#", " ")


def _segment(values: Values) -> Callable[[re.Match[str]], str]:
    def fill(found: re.Match[str]) -> str:
        name = found["name"]
        if not name:
            return quote(f"{{{found['text']}}}", safe="")
        text = _text(name, values)
        if not text:
            raise _Unfit(f"the path parameter {name} is empty: the request would ask for something else")
        if text.isalnum() and text.isascii():
            return text
        # "." and ".." would be resolved by clients and servers; percent-encoded they stay where they are.
        return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")

    return fill


def _credentials(template: Template, values: Values) -> Iterator[tuple[Pairs, Pairs]]:
    used = values.wrong() if template.wrong_auth else values
    for auth in template.auth:
        name, value = _fill(auth.name, used), _fill(auth.value, used)
        if auth.kind == "query":
            yield (), ((name, value),)
        else:
            yield (_authorization(auth, name, value),), ()


def _authorization(auth: Auth, name: str, value: str) -> tuple[str, str]:
    if auth.kind == "header":
        return name, value
    if auth.kind == "bearer":
        return "Authorization", f"Bearer {value}"
    from base64 import b64encode  # noqa: PLC0415 - few vendors use it, every run would pay for it

    return "Authorization", f"Basic {b64encode(f'{name}:{value}'.encode()).decode('ascii')}"


def _body(body: Body, values: Values) -> tuple[bytes, str | None]:
    if body.kind == "json":
        text = _encode_json(body.value)
        if REFERENCE.search(text):
            text = _encode_json(_value(body.value, values))
        return text.encode(), "application/json"
    if body.kind == "form":
        fields = body.value if isinstance(body.value, dict) else {}
        return urlencode(list(_pairs(fields, values))).encode(), "application/x-www-form-urlencoded"
    return _fill(str(body.value or ""), values).encode(), body.content_type


def _pairs(fields: Mapping[str, Json], values: Values) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        for item in value if isinstance(value, list) else (value,):
            if item is not None:
                yield name, _show(_value(item, values))


def _value(value: Json, values: Values) -> Json:
    """Fill in every string below; one that is nothing but a reference takes the value with its type."""
    if isinstance(value, str):
        whole = REFERENCE.fullmatch(value) if value.startswith("{") else None
        return _lookup(whole["name"], values) if whole and whole["name"] else _fill(value, values)
    if isinstance(value, list):
        return [_value(item, values) for item in value]
    if isinstance(value, dict):
        return {key: _value(item, values) for key, item in value.items()}
    return value


def _fill(text: str, values: Values) -> str:
    if "{" not in text:
        return text
    return REFERENCE.sub(lambda found: _text(found["name"], values) if found["name"] else f"{{{found['text']}}}", text)


def _text(name: str, values: Values) -> str:
    return _show(_lookup(name, values))


def _lookup(name: str, values: Values) -> Scalar:
    try:
        return values.of[name]
    except KeyError:
        raise _Unfit(f"{{{name}}} has no value") from None


def _show(value: Json) -> str:
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int else _encode_json(value)


def _refuse_injection(headers: list[tuple[str, str]]) -> None:
    for name, value in headers:
        if not (name.isascii() and name.replace("-", "").isalnum()) and not re.fullmatch(_HEADER_NAME, name):
            raise _Unfit("a header's name holds a character that no header name may have")
        if not (value.isascii() and value.isprintable()) and not re.fullmatch(_HEADER_VALUE, value):
            raise _Unfit(f"the header {name} would hold a line break, a control character or a letter beyond Latin-1")
