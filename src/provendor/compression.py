"""`content-encoding` undone, within bounds.

gzip and deflate are always known, br and zstd where their libraries are installed.
"""

from __future__ import annotations

from typing import Final

from provendor.exchange import Headers

MAX_BODY: Final = 32 * 1024 * 1024
"""Bytes that a body may grow to, unless the caller allows less."""

_STEP: Final = 65_536
_ZSTD_WINDOW: Final = 8 * 1024 * 1024  # what RFC 9659 lets a server ask for


class TooLarge(ValueError):
    """A body that grows beyond what is allowed."""


def undo(headers: Headers, body: bytes, limit: int = MAX_BODY) -> tuple[Headers, bytes]:
    """Undo `content-encoding` and take the header away, as vcrpy does; raises ValueError with the reason.

    A body that is text was decoded before it was written down, whatever the header says. No more than `limit` bytes
    are ever made.
    """
    try:
        return undo_strictly(headers, body, limit)
    except ValueError:
        if not _is_text(body):
            raise
    return _plain_headers(headers, len(body)), body


def undo_strictly(headers: Headers, body: bytes, limit: int = MAX_BODY) -> tuple[Headers, bytes]:
    """Undo `content-encoding` of what came over the wire: a body that is not what its header says raises ValueError."""
    encodings = [part.strip().lower() for value in headers.all("content-encoding") for part in value.split(",")]
    encodings = [each for each in encodings if each not in ("", "identity")]
    if not encodings:
        return headers, body
    for encoding in reversed(encodings):
        if body:  # the answer to HEAD has none, whatever its header says
            body = _decoded(body, encoding, limit)
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
    if encoding == "deflate":
        return _deflated(body, limit)
    if encoding not in ("br", "zstd"):
        raise ValueError(f"{encoding[:40]!r} is no content encoding that is known here")
    try:
        return _brotli(body, limit) if encoding == "br" else _zstandard(body, limit)
    except ImportError:
        raise ValueError(f"{encoding} needs a library: pip install 'provendor[live]'") from None


def _deflated(body: bytes, limit: int) -> bytes:
    try:
        return _inflated(body, 15, limit)  # in zlib's frame, as the standard says
    except TooLarge:
        raise
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
            raise _too_large(limit)
        if not decoder.eof:
            raise ValueError("it ends too early")
        body = decoder.unused_data
    return bytes(data)


def _brotli(body: bytes, limit: int) -> bytes:
    import brotli  # noqa: PLC0415 - an extra that only live calls and few cassettes need

    decoder = brotli.Decompressor()
    data, rest = bytearray(), body
    try:
        while not decoder.is_finished():
            made = decoder.process(rest, output_buffer_limit=_STEP)
            data += made
            if len(data) > limit:
                raise _too_large(limit)
            if not made and not rest:
                raise ValueError("it ends too early")
            rest = b""
    except brotli.error:
        raise ValueError("it is not brotli, or damaged") from None
    return bytes(data)


def _zstandard(body: bytes, limit: int) -> bytes:
    from zstandard import ZstdDecompressor, ZstdError  # noqa: PLC0415 - as brotli

    decoder = ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    try:
        data = decoder.stream_reader(body, read_across_frames=True).read(limit + 1)
        if len(data) > limit:
            raise _too_large(limit)
        # A reader does not tell where a frame ends too early; now that the size is known to be harmless, this does.
        while body:
            frame = decoder.decompressobj()
            frame.decompress(body)
            if not frame.eof:
                raise ValueError("it ends too early")
            body = frame.unused_data
    except ZstdError:
        raise ValueError("it is not zstd, or damaged") from None
    return data


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"it decompresses to more than {limit:,} bytes")
