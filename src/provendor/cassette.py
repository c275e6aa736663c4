"""vcrpy's file format, version 1, without vcrpy: recorded exchanges and where they come from.

    cassette = load(path, "cassettes/chatwoot/profile/ok.yaml", cache)
    cassette.recording.origin            # Origin.DOCUMENTED; None where the file does not say, as plain vcrpy's do not
    cassette.interactions[0].body        # the bytes, decompressed

    text = dump(interactions, metadata)  # the same text for the same input

What is written here loads and replays in vcrpy; what vcrpy wrote is read here. A file that cannot be read is reported and
left alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import parse_qsl, quote

from provendor import compression, yamltext
from provendor.cache import Cache
from provendor.errors import CassetteBroken, CassetteMissing, ContractError
from provendor.exchange import Headers, Json, Origin, Recording, Request
from provendor.whole import replacing

MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes of a cassette."""

_CACHED: Final = 2
"""The form of what is kept in the cache; another number is another form."""


class Interaction(NamedTuple):
    """One recorded request and its answer. The body is decompressed; `line` is where it starts, 0 if not from a file."""

    request: Request
    status: int
    headers: Headers
    body: bytes
    line: int = 0


class Metadata(NamedTuple):
    """What a cassette says about itself. None is unknown.

    `at` is an ISO date or date-time, written as `recorded_at` where the origin is recorded, else as `written_at`.
    `contract` is the selector of the case, `provendor` the version that wrote it.
    """

    origin: Origin | None = None
    source: str | None = None
    at: str | None = None
    environment: str | None = None
    api_version: str | None = None
    request_digest: str | None = None
    contract: str | None = None
    provendor: str | None = None
    note: str | None = None


class Cassette(NamedTuple):
    """A cassette's interactions in recorded order, and where they come from."""

    recording: Recording
    interactions: tuple[Interaction, ...]


def load(path: Path | str, name: str, cache: Cache | None = None) -> Cassette:
    """Return the cassette at `path`, which messages call `name`; raises CassetteMissing or CassetteBroken.

    CassetteBroken holds every fault of the file, each with line and column.
    """
    data = _bytes(path, name)
    digest = hashlib.sha256(data).hexdigest()
    if cache is not None:
        known = _from_cache(cache.get("cassette", digest), data, name, digest)
        if known is not None:
            return known
    metadata, interactions = _read(data, name)
    if cache is not None:
        cache.put("cassette", digest, _to_cache(metadata, interactions, data))
    return Cassette(_recording(metadata, name, digest), interactions)


def parse(data: bytes, name: str) -> Cassette:
    """Return the cassette that these bytes hold; raises CassetteBroken."""
    metadata, interactions = _read(data, name)
    return Cassette(_recording(metadata, name, hashlib.sha256(data).hexdigest()), interactions)


def _bytes(path: Path | str, name: str) -> bytes:
    try:
        data = _regular_file(path)
    except FileNotFoundError:
        if not os.path.islink(path):  # noqa: PTH114 - it may be text
            raise CassetteMissing(f"{name}: there is no such cassette") from None
        data = None
    except (OSError, ValueError) as reason:
        raise CassetteBroken(
            f"{name}: the file cannot be read: {getattr(reason, 'strerror', None) or reason}"
        ) from None
    if data is None:
        raise CassetteBroken(f"{name}: expected a file, this is a folder, a device or a link to nowhere")
    return data


def _regular_file(path: Path | str) -> bytes | None:
    """Return the file's bytes, None if it is something else; opened without blocking, since a named pipe would wait."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            return None
        wanted = min(about.st_size, MAX_BYTES) + 1  # one too many, so that reading it as YAML refuses it
        parts: list[bytes] = []
        while wanted > 0 and (part := os.read(descriptor, wanted)):
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _recording(metadata: Metadata, name: str, digest: str) -> Recording:
    return Recording(
        path=name,
        origin=metadata.origin,
        source=metadata.source,
        at=metadata.at,
        api_version=metadata.api_version,
        environment=metadata.environment,
        digest=digest,
    )


# --- reading ----------------------------------------------------------------------------------------------------------

_Content: TypeAlias = "tuple[Metadata, tuple[Interaction, ...]]"


def _read(data: bytes, name: str) -> _Content:
    """Return what the bytes hold; raises CassetteBroken. What is in our own form needs no YAML, unless there is a fault."""
    return _in_our_form(data) or _Reader(data, name).read()


def _in_our_form(data: bytes) -> _Content | None:
    """Return what bytes in the form of `dump` hold; None where they are of another, or where one has to look closer."""
    from provendor.reader import canonical  # noqa: PLC0415 - its patterns take 3 ms that a cassette from the cache does not need

    try:
        form = canonical.read(data.decode()) if len(data) <= MAX_BYTES else None
    except UnicodeDecodeError:
        return None
    if form is None or not all(_is_date(at) for key, at in form.metadata.items() if at and key in _DATES):
        return None
    interactions: list[Interaction] = []
    for row in form.rows:
        headers = Headers(row.headers)
        if not _is_method(row.method) or not _is_uri(row.uri) or headers.get("content-encoding") is not None:
            return None
        request = _request(row.method, row.uri, Headers(row.sent), row.asked.encode())
        interactions.append(Interaction(request, row.status, headers, row.answer.encode(), row.line))
    metadata = _metadata({key: text for key, text in form.metadata.items() if key in _METADATA_KEYS})
    return metadata, tuple(interactions)


def _metadata(texts: dict[str, Any]) -> Metadata:
    """Return metadata of what stands under its keys."""
    origin, recorded_at, written_at = (texts.pop(key, None) for key in ("origin", *_DATES))
    return Metadata(origin=_ORIGINS.get(origin or ""), at=recorded_at or written_at, **texts)


def _request(method: str, uri: str, headers: Headers, body: bytes) -> Request:
    url, _, query = uri.partition("#")[0].partition("?")
    return Request(method.upper(), url, _query(query), headers, body)


def _is_method(text: str) -> bool:
    return text.isascii() and text.isalpha()


def _is_uri(text: str) -> bool:
    return re.match(_URI, text) is not None


class _Reader:
    """Reads one file's document into interactions and collects faults on the way; one use only."""

    def __init__(self, data: bytes, name: str) -> None:
        from provendor.reader import source  # noqa: PLC0415 - a cassette from the cache needs no YAML

        self.name = name
        self.faults: list[str] = []
        self.room = compression.MAX_BODY  # what all compressed bodies together may grow to
        try:
            self.document = source.read_text(data, name, dialect=source.Dialect.CASSETTE)
        except ContractError as reason:
            raise CassetteBroken(str(reason)) from None

    def read(self) -> _Content:
        """Return what the file holds; raises CassetteBroken with all its faults."""
        root = self.document.value
        if not isinstance(root, dict):
            self.fault((), "a mapping with version and interactions, as vcrpy writes it", root)
            raise CassetteBroken("\n".join(self.faults))
        version = root.get("version")
        if version != 1 or isinstance(version, bool):
            self.fault(("version",), "version: 1, the only format there is", version)
        metadata = self.metadata(root.get("metadata"))
        interactions = tuple(self.interactions(root.get("interactions")))
        if self.faults:
            raise CassetteBroken("\n".join(self.faults))
        return metadata, interactions

    def fault(self, path: tuple[str | int, ...], expected: str, found: Any = ...) -> None:
        """Note that something else stands at `path`; without `found`, `expected` is the whole sentence."""
        line, column = self.document.place(path)
        dotted = yamltext.visible(".".join(str(step)[:60] for step in path))
        message = expected if found is ... else f"expected {expected}, got {_describe(found)}"
        self.faults.append(f"{self.name}:{line}:{column}: {dotted + ': ' if dotted else ''}{message}")

    def metadata(self, value: Any) -> Metadata:
        if value is None:
            return Metadata()
        if not isinstance(value, dict):
            self.fault(("metadata",), "a mapping", value)
            return Metadata()
        return _metadata({key: self.metadata_text(key, value[key]) for key in _METADATA_KEYS if key in value})

    def metadata_text(self, key: str, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            if value and key in _DATES and not _is_date(value):
                self.fault(("metadata", key), "an ISO date or date-time such as 2026-11-01", value)
                return None
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)  # api_version: 4.16 without quotes
        self.fault(("metadata", key), "text", value)
        return None

    def interactions(self, value: Any) -> Iterator[Interaction]:
        if not isinstance(value, list) or not value:
            self.fault(("interactions",), "a list of at least one interaction", value)
            return
        # vcrpy and `dump` start each at the margin; finding them so is much cheaper than asking for a place.
        lines = list(_at_margin(self.document.text))
        for index, item in enumerate(value):
            path = ("interactions", index)
            if not isinstance(item, dict):
                self.fault(path, "a mapping with request and response", item)
                continue
            request = self.request(item.get("request"), (*path, "request"))
            response = self.response(item.get("response"), (*path, "response"))
            if request and response:
                yield Interaction(request, *response, line=self.line(path, lines if len(lines) == len(value) else []))

    def line(self, path: tuple[str, int], starts: list[int]) -> int:
        """Return the line of an interaction: at these places of the text, else found the long way."""
        if not starts:
            return self.document.place(path)[0]
        return self.document.text.count("\n", 0, starts[path[1]]) + 1

    def request(self, value: Any, path: tuple[str | int, ...]) -> Request | None:
        if not isinstance(value, dict):
            self.fault(path, "a mapping with method and uri", value)
            return None
        method, uri = value.get("method"), value.get("uri")
        if not isinstance(method, str) or not _is_method(method):
            self.fault((*path, "method"), "an HTTP method such as GET", method)
            method = "GET"
        if not isinstance(uri, str) or not _is_uri(uri):
            self.fault((*path, "uri"), "a URL that starts with https:// or http:// and a host", uri)
            uri = ""
        headers = self.headers(value.get("headers"), (*path, "headers"))
        return _request(method, uri, headers, self.body(value.get("body"), (*path, "body")))

    def response(self, value: Any, path: tuple[str | int, ...]) -> tuple[int, Headers, bytes] | None:
        if not isinstance(value, dict):
            self.fault(path, "a mapping with status, headers and body", value)
            return None
        headers = self.headers(value.get("headers"), (*path, "headers"))
        if "status_code" in value:  # vcrpy before version 6, with httpx
            status, at = self.status(value["status_code"], (*path, "status_code")), (*path, "content")
            return status, *self.decompressed(headers, self.body(value.get("content"), at), at)
        given = value.get("status")
        if isinstance(given, dict):
            status = self.status(given.get("code"), (*path, "status", "code"))
        else:
            self.fault((*path, "status"), "a mapping with code and message", given)
            status = 0
        raw, at = self.response_body(value.get("body"), (*path, "body"))
        return status, *self.decompressed(headers, self.body(raw, at), at)

    def status(self, value: Any, path: tuple[str | int, ...]) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599:
            return value
        self.fault(path, "a status from 100 to 599", value)
        return 0

    def response_body(self, value: Any, path: tuple[str | int, ...]) -> tuple[Any, tuple[str | int, ...]]:
        if value is None:
            return None, path
        if not isinstance(value, dict):
            self.fault(path, "a mapping with string", value)
            return None, path
        if "string" not in value and isinstance(value.get("base64_string"), str):  # VCR for Ruby writes it so
            try:
                return b64decode("".join(value["base64_string"].split()), validate=True), (*path, "base64_string")
            except ValueError:
                self.fault((*path, "base64_string"), "the value is not base64")
        return value.get("string"), (*path, "string")

    def body(self, value: Any, path: tuple[str | int, ...]) -> bytes:
        if value is None:
            return b""
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            return value.encode("utf-8", "surrogatepass")
        self.fault(path, "text or !!binary", value)
        return b""

    def headers(self, value: Any, path: tuple[str | int, ...]) -> Headers:
        if value is None:
            return Headers()
        if not isinstance(value, dict):
            self.fault(path, "a mapping of header names to lists of values", value)
            return Headers()
        items: list[tuple[str, str]] = []
        for name, given in value.items():
            for index, item in enumerate(given) if isinstance(given, list) else ((None, given),):
                if isinstance(item, bytes):
                    items.append((name, item.decode("latin-1")))
                elif isinstance(item, str | int | float) and not isinstance(item, bool):
                    items.append((name, str(item)))
                else:
                    self.fault((*path, name) if index is None else (*path, name, index), "text", item)
        return Headers(tuple(items))

    def decompressed(self, headers: Headers, body: bytes, path: tuple[str | int, ...]) -> tuple[Headers, bytes]:
        try:
            headers, plain = compression.undo(headers, body, self.room)
        except ValueError as reason:
            self.fault(path, f"the body cannot be decoded as its content-encoding says: {reason}")
            return headers, b""
        self.room -= len(plain) if plain is not body else 0
        return headers, plain


_METADATA_KEYS: Final = (
    "origin",
    "source",
    "recorded_at",
    "written_at",
    "environment",
    "api_version",
    "request_digest",
    "contract",
    "provendor",
    "note",
)
_DATES: Final = ("recorded_at", "written_at")
_ORIGINS: Final = {str(origin): origin for origin in Origin}
_URI: Final = r"(?i)(?:https?|stdio)://[^/?#\s]"


def _at_margin(text: str) -> Iterator[int]:
    """Yield where the entries of a list start that is not indented."""
    found = text.find("\n- ")
    while found >= 0:
        yield found + 1
        found = text.find("\n- ", found + 1)


def _query(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(text, keep_blank_values=True)) if text else ()


@lru_cache(maxsize=256)  # the same few days in thousands of cassettes
def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _describe(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f'"{yamltext.visible(value if len(value) <= 60 else value[:57] + "...")}"'
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- the cache --------------------------------------------------------------------------------------------------------


def _to_cache(metadata: Metadata, interactions: Sequence[Interaction], data: bytes) -> Any:
    searched = data if len(interactions) == 1 else b""  # for each of many, that would take the square of the time
    return [
        _CACHED,
        [metadata.origin, metadata.source, metadata.at, metadata.environment, metadata.api_version],
        [
            [
                [each.request.method, each.request.url, each.request.query, each.request.headers.items],
                _packed(each.request.body, searched),
                each.status,
                each.headers.items,
                _packed(each.body, searched),
                each.line,
            ]
            for each in interactions
        ],
    ]


def _packed(body: bytes, data: bytes) -> Json:
    """Return what is kept of a body: where it stands in the data, as most do; else its text, or its bytes in base64."""
    # Most answers stand in quotes at the end; to search for one takes as long as all else that is done to keep it.
    start = len(data) - len(body) - 2 if data.endswith(body + b"'\n") else data.find(body)
    if start >= 0:
        return [start, start + len(body)]
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return [b64encode(body).decode("ascii")]


def _unpacked(kept: Any, data: bytes) -> bytes:
    if isinstance(kept, str):
        return kept.encode("utf-8")
    if len(kept) == 1:
        return b64decode(kept[0])
    start, end = kept
    if not 0 <= start <= end <= len(data):
        raise ValueError
    return data[start:end]


def _from_cache(value: Any, data: bytes, name: str, digest: str) -> Cassette | None:
    """Return the cassette that was kept; None where there is none, or it is not of the form that is written now."""
    try:
        form, (origin, source, at, environment, api_version), kept = value
        if form != _CACHED:
            return None
        known = None if origin is None else Origin(origin)
        interactions = tuple(
            [
                Interaction(
                    Request(method, url, _paired(query), Headers(_paired(sent)), _unpacked(request_body, data)),
                    status,
                    Headers(_paired(headers)),
                    _unpacked(body, data),
                    line,
                )
                for (method, url, query, sent), request_body, status, headers, body, line in kept
            ]
        )
    except (TypeError, ValueError, AttributeError, IndexError, KeyError):
        return None
    return Cassette(Recording(name, known, source, at, api_version, environment, digest), interactions)


def _paired(pairs: list[Any]) -> tuple[tuple[str, str], ...]:
    return tuple([(name, value) for name, value in pairs])


# --- writing ----------------------------------------------------------------------------------------------------------


def dump(interactions: Sequence[Interaction], metadata: Metadata) -> str:
    """Return the cassette as YAML that vcrpy reads, pleasant to read and to compare; the same for the same input.

    Bodies keep every byte: text of several lines as a block, text of one line in quotes, what is not UTF-8 as
    `!!binary`. Header fields of one name are put together. `content-encoding` is left out, as bodies are not compressed.
    """
    lines = ["version: 1", "metadata:"]
    lines += [f"  {key}: {yamltext.quoted(value)}" for key, value in _metadata_items(metadata)]
    if len(lines) == 2:
        lines[1] = "metadata: {}"
    lines.append("interactions:")
    for each in interactions:
        lines += _interaction_lines(each)
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """Write a cassette in one step: whoever reads it meanwhile, or after a kill, finds the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, lasting=True) as file:
        file.write(text.encode("utf-8"))


def _metadata_items(metadata: Metadata) -> Iterator[tuple[str, str]]:
    at = "recorded_at" if metadata.origin is Origin.RECORDED else "written_at"
    pairs = (
        ("origin", metadata.origin),
        ("source", metadata.source),
        (at, metadata.at),
        ("environment", metadata.environment),
        ("api_version", metadata.api_version),
        ("request_digest", metadata.request_digest),
        ("contract", metadata.contract),
        ("provendor", metadata.provendor),
        ("note", metadata.note),
    )
    return ((key, str(value)) for key, value in pairs if value is not None)


def _interaction_lines(each: Interaction) -> Iterator[str]:
    request = each.request
    yield "- request:"
    yield f"    method: {yamltext.quoted(request.method)}"
    yield f"    uri: {yamltext.quoted(uri(request))}"
    yield from _header_lines(request.headers)
    yield f"    body: {yamltext.block(request.body, 6)}"
    yield "  response:"
    yield f"    status: {{code: {each.status}, message: {yamltext.quoted(_reason(each.status))}}}"
    yield from _header_lines(Headers(tuple(pair for pair in each.headers if pair[0].lower() != "content-encoding")))
    yield "    body:"
    yield f"      string: {yamltext.block(each.body, 8)}"


def _header_lines(headers: Headers) -> Iterator[str]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name, []).append(value)
    yield "    headers:" if grouped else "    headers: {}"
    for name, values in grouped.items():
        yield f"      {yamltext.quoted(name)}: [{', '.join(map(yamltext.quoted, values))}]"


def uri(request: Request) -> str:
    """Return the request's URL with its query, percent-encoded but readable."""
    if not request.query:
        return request.url
    pairs = (f"{_percent(name)}={_percent(value)}" for name, value in request.query)
    return f"{request.url}?{'&'.join(pairs)}"


def _percent(text: str) -> str:
    return quote(text, safe="-._~*:,()!@/$", errors="surrogatepass")


def _reason(status: int) -> str:
    from http import HTTPStatus  # noqa: PLC0415 - only writing needs it

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
