"""Text wrapped as it travels: encoded, within JSON, in forms, parts, events, tokens; and every form in which it may be found."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote

Wrap = Callable[[str], str]


def b64(text: str) -> str:
    """Standard base64."""
    return base64.b64encode(text.encode()).decode()


def b64url(text: str) -> str:
    """The alphabet of URLs, without padding."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def mail_b64(text: str) -> str:
    """Base64 in lines of 76 characters, as mails have it."""
    return base64.encodebytes(text.encode()).decode().rstrip("\n")


def jwt(text: str) -> str:
    """A token with the text among its claims."""
    head, claims = json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": "1", "claim": text})
    return ".".join((b64url(head), b64url(claims), b64url("a signature of some length")))


def multipart(text: str) -> str:
    """A part of a form."""
    return f'--XyZ\r\nContent-Disposition: form-data; name="note"\r\n\r\n{text}\r\n--XyZ--\r\n'


WRAPPINGS: Mapping[str, Wrap] = {
    "plain": lambda text: text,
    "within text": lambda text: f"see {text} there",
    "JSON value": lambda text: json.dumps({"a": [1, {"note": text}]}),
    "JSON value in UTF-8": lambda text: json.dumps({"note": text}, ensure_ascii=False, indent=2),
    "JSON key": lambda text: json.dumps({text: True}),
    "JSON within text": lambda text: f"answered {json.dumps({'note': text})} after 3 ms",
    "JSON within a string": lambda text: json.dumps({"inner": json.dumps({"note": text})}),
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "base64": b64,
    "base64 of URLs": b64url,
    "base64 in lines": mail_b64,
    "base64 in base64": lambda text: b64(f'{{"c": "{b64(text)}"}}'),
    "Basic": lambda text: f"Basic {b64(f'ada:{text}')}",
    "JWT": jwt,
    "form": lambda text: f"a=1&note={quote_plus(text)}&b=2",
    "URL": lambda text: f"https://acme.example/a/{quote(text, safe='')}?q={quote_plus(text)}#x",
    "HTML": lambda text: f"<p title='x'>{html.escape(text)}</p>",
    "HTML attribute": lambda text: f'<div data-props="{html.escape(json.dumps({"note": text}))}"></div>',
    "events": lambda text: f"event: message\ndata: {json.dumps({'note': text})}\n\ndata: [DONE]\n\n",
    "JSON lines": lambda text: f"{json.dumps({'n': 1})}\n{json.dumps({'note': text})}\n",
    "multipart": multipart,
}

TYPES: Mapping[str, str] = {
    "form": "application/x-www-form-urlencoded",
    "events": "text/event-stream",
    "JSON lines": "application/x-ndjson",
    "multipart": "multipart/form-data; boundary=XyZ",
    "HTML": "text/html; charset=utf-8",
}
"""The content types that go with some of them; `application/json` with the rest."""


HARMLESS = [
    "9c56cc51b374c3ba189210d5b6d4bf57790d351c",
    "62c7233",
    "f81d4fae-7dec-41d0-a765-00a0c91e6bf6",
    "req_8Kc2v0Zb1QpX",
    "2026-11-20T10:15:00+00:00",
    "2026-11-20T10:15:00.123Z",
    "1763633700",
    "19.99",
    "+1,000.00 EUR",
    "Bearer of news",
    "the bearer of this letter",
    "Basic training",
    "Token of appreciation",
    "support@example.com",
    "+1 415 555 0142",
    "lodash@4.17.21",
    "logo@2x.png",
    "git@github.com:acme/shop.git",
    "https://acme.example/users?page_token=7&sort=name",
    "eyJsYXN0X2lkIjo0MjAsImxhc3RfdmFsdWUiOiI0MjAifQ==",
    "CAUQAA",
    "password must have at least 8 characters",
    "no token was given",
    "secret santa 2026",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "gid://shopify/Product/1001",
    "id=42; name=x",
    "C++ 2026",
    "/api/v1/accounts/1/conversations",
    'W/"33a64df551425fcc55e4d42a148795d9f25f89d4"',
    "max-age=31536000; includeSubDomains",
    "key: value",
]
"""What only looks like a secret or a person, and must stay as it is."""


def forms_of(value: str) -> set[bytes]:
    """Every run of bytes by which a value gives itself away."""
    spelled = {value, json.dumps(value)[1:-1], quote(value, safe=""), quote_plus(value), html.escape(value)}
    spelled |= {quote(value, safe="@:"), json.dumps(json.dumps(value))[3:-3], value.lower() if "@" in value else value}
    found = {each.encode() for each in spelled}
    for each in {value, json.dumps(value)[1:-1]}:
        data = each.encode()
        for offset in range(3):
            coded = base64.b64encode(b"\0" * offset + data)[(0, 2, 3)[offset] : 8 * (offset + len(data)) // 6]
            found |= {coded, coded.translate(bytes.maketrans(b"+/", b"-_"))}
    found |= {value.encode().hex().encode(), value[::-1].encode(), value.encode("utf-16-le")}
    return found


def opened(data: bytes, layers: int = 4) -> Iterator[bytes]:
    """Yield data, and all that comes out of it: unzipped, with escapes undone, base64 decoded."""
    yield data
    if not layers:
        return
    for start in (found.start() for found in re.finditer(rb"\x1f\x8b\x08", data)):
        try:
            yield from opened(zlib.decompressobj(31).decompress(data[start:]), layers - 1)
        except zlib.error:
            continue
    text = data.decode("utf-8", "surrogateescape")
    plain = html.unescape(unquote(text, errors="surrogateescape"))
    plain = re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", lambda found: _letter(found[1]), plain)
    decoded = b"\n".join(_decoded(text))
    for each in (
        plain.encode("utf-8", "surrogatepass") if plain.isascii() else plain.encode("utf-8", "replace"),
        decoded,
    ):
        if each not in (b"", data):
            yield from opened(each, layers - 1)


def _letter(escape: str) -> str:
    return chr(int(escape[1:], 16)) if len(escape) == 5 else {"n": "\n", "t": "\t", "r": "\r"}.get(escape, escape)


def _decoded(text: str) -> Iterator[bytes]:
    joined = re.sub(r"(?<=[A-Za-z0-9+/])\s*\n\s*(?=[A-Za-z0-9+/])", "", text)
    for run in {*re.findall(r"[A-Za-z0-9+/_-]{12,}", text), *re.findall(r"[A-Za-z0-9+/_-]{12,}", joined)}:
        bare = run.replace("-", "+").replace("_", "/")
        for offset in range(4):
            part = bare[offset:]
            yield base64.b64decode(part[: len(part) // 4 * 4])


def survivors(data: bytes, values: Mapping[str, str]) -> set[str]:
    """Return the names of the values that are still in data, in whatever form."""
    everything = list(opened(data))
    return {
        name for name, value in values.items() for form in forms_of(value) if any(form in each for each in everything)
    }


def gzipped(data: bytes) -> bytes:
    """The same bytes for the same data."""
    return gzip.compress(data, mtime=0)
