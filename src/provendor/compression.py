"""`content-encoding` undone, within bounds. gzip and deflate are known; what else there is says so."""

from __future__ import annotations

from typing import Final

from provendor.exchange import Headers

MAX_BODY: Final = 32 * 1024 * 1024
"""Bytes that a body may grow to, unless the caller allows less."""


def undo(headers: Headers, body: bytes, limit: int = MAX_BODY) -> tuple[Headers, bytes]:
    """Undo `content-encoding` and take the header away, as vcrpy does; raises ValueError with the reason.

    A body that is text was decoded before it was written down, whatever the header says. No more than `limit` bytes
    are ever made.
    """
    encodings = [part.strip().lower() for value in headers.all("content-encoding") for part in value.split(",")]
    encodings = [each for each in encodings if each not in ("", "identity")]
    if not encodings:
        return headers, body
    try:
        for encoding in reversed(encodings):
            body = _decoded(body, encoding, limit)
    except ValueError:
        if not _is_text(body):
            raise
    return _plain_headers(headers, len(body)), body


def _is_text(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plain_headers(headers: Headers, length: int) -> Headers:
    return Headers(
        tuple(
            (name, str(length) if name.lower() == "content-length" else value)
            for name, value in headers
            if name.lower() != "content-encoding"
        )
    )


def _decoded(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding in ("gzip", "x-gzip"):
        return _inflated(body, 31, limit)
    if encoding != "deflate":
        raise ValueError(f"{encoding} cannot be decoded here; record it with decode_compressed_response, or as gzip")
    try:
        return _inflated(body, 15, limit)  # in zlib's frame, as the standard says
    except ValueError:
        if _is_text(body):
            raise
        return _inflated(body, -15, limit)  # without it, as some servers do


def _inflated(body: bytes, window: int, limit: int) -> bytes:
    import zlib  # noqa: PLC0415 - few cassettes are compressed

    data = bytearray()
    while body:  # gzip may come in several members
        decoder = zlib.decompressobj(wbits=window)
        try:
            data += decoder.decompress(body, limit + 1 - len(data))
        except zlib.error as reason:
            raise ValueError(str(reason)) from None
        if len(data) > limit:
            raise ValueError(f"it decompresses to more than {limit:,} bytes")
        if not decoder.eof:
            raise ValueError("it ends too early")
        body = decoder.unused_data
    return bytes(data)
