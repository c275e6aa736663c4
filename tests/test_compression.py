from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard

from provendor.compression import TooLarge, undo, undo_strictly
from provendor.exchange import Headers

TEXT = b'{"id": 7, "name": "' + b"abc" * 500 + b'"}'


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def encoded(encoding: str) -> Headers:
    return Headers((("Content-Encoding", encoding), ("Content-Length", "1"), ("X", "y")))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", zlib.compress(TEXT, wbits=-15)),
        ("br", brotli.compress(TEXT)),
        ("BR", brotli.compress(TEXT)),
        ("zstd", zstd(TEXT)),
        ("zstd", zstd(TEXT[:9]) + zstd(TEXT[9:])),
        ("gzip, br", brotli.compress(gzip.compress(TEXT))),
        ("identity, zstd", zstd(TEXT)),
    ],
    ids=["gzip", "members", "deflate", "raw deflate", "br", "BR", "zstd", "frames", "both", "identity"],
)
def test_what_servers_send_is_decoded_and_the_header_goes(encoding: str, body: bytes):
    """Also in several parts and twice over; the length is that of the body."""
    headers, plain = undo_strictly(encoded(encoding), body)

    assert plain == TEXT
    assert headers.items == (("Content-Length", str(len(TEXT))), ("X", "y"))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize(
    "made",
    [lambda whole: whole[:-3], lambda whole: b"\xff\xfe" + whole, lambda _: b"plain text"],
    ids=["cut off", "damaged", "plain"],
)
def test_a_body_that_is_not_what_its_header_says_is_refused(encoding: str, made):
    """Cut off, damaged, or never compressed."""
    whole = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd}[encoding](TEXT)

    with pytest.raises(ValueError, match=r"."):
        undo_strictly(encoded(encoding), made(whole))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_no_more_is_made_of_a_small_body_than_is_allowed(encoding: str):
    """A bomb is refused while it grows, not afterwards."""
    bomb = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd}[encoding](
        bytes(3_000_000)
    )

    with pytest.raises(TooLarge, match="more than 1,000,000 bytes"):
        undo_strictly(encoded(encoding), bomb, 1_000_000)
    assert len(undo_strictly(encoded(encoding), bomb, 3_000_000)[1]) == 3_000_000


def test_an_encoding_that_nobody_knows_is_named():
    """Shortened, because it is the vendor's text."""
    with pytest.raises(ValueError, match="'compress' is no content encoding that is known here"):
        undo_strictly(encoded("compress"), b"\x1f\x9d")


def test_an_answer_without_a_body_has_nothing_to_decode():
    """HEAD is answered with the headers of GET."""
    assert undo_strictly(encoded("gzip"), b"")[1] == b""


def test_a_library_that_is_missing_is_named_with_the_command(monkeypatch):
    """Live calls bring it; a cassette alone may not."""
    monkeypatch.setitem(__import__("sys").modules, "brotli", None)

    with pytest.raises(ValueError, match=r"br needs a library: pip install 'provendor\[live\]'"):
        undo_strictly(encoded("br"), b"\x1f\x9d")


def test_a_body_in_a_cassette_may_be_text_already():
    """vcrpy can write it decoded, and leaves the header."""
    assert undo(encoded("br"), TEXT)[1] == TEXT
