"""Parsed files keyed by the content they were parsed from. Safe to delete at any time.

    with Cache(Path(".provendor/cache")) as cache:
        value = cache.get("cassette", digest)      # None: not known, parse it and
        cache.put("cassette", digest, value)

A key is a kind and the digest of the bytes that were parsed, so an entry can be missing but never stale; another version
of provendor begins with an empty cache. Whatever goes wrong here (folder not writable, disk full, file cut off or tampered
with, two processes at once) costs time and nothing else.

Entries of a kind lie on sixteen shelves by the first digit of their digest: one file each, one line per entry, holding
digest, checksum and JSON. A shelf is read in one go when its first entry is asked for, an entry is parsed when it is asked
for, and a shelf is written in one go, atomically, when the cache is closed: 5000 cassettes are 16 files of 0.4 KB an entry,
written in 0.02 s and read in 0.1 s. Entries that were used last stand first, so that a full shelf loses the oldest.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from zlib import crc32

from provendor import __version__
from provendor.exchange import Json

MAX_SHELF_BYTES: Final = 8 * 1024 * 1024  # sixteen of these per kind
MAX_WAITING_BYTES: Final = 16 * 1024 * 1024  # written before close when more than this waits
_FORGOTTEN_S: Final = 3600
_FORMAT: Final = f"provendor cache 1 {__version__}\n".encode()


class Cache:
    """JSON values by kind and digest, kept in a folder. `Cache(None)` keeps nothing.

    A kind is a slug, a digest a string of hexadecimal digits. Every value that is given out is the caller's own copy.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._shelves: dict[tuple[str, str], _Shelf] = {}
        self._waiting = 0

    def get(self, kind: str, digest: str) -> Json | None:
        """Return what was put under this kind and digest; None if it is not known, or can no longer be trusted."""
        shelf = self._shelf(kind, digest)
        return shelf.get(digest) if shelf else None

    def put(self, kind: str, digest: str, value: Json) -> None:
        """Keep this value until `close` writes it. What is not JSON is not kept."""
        shelf = self._shelf(kind, digest)
        if shelf is None:
            return
        try:
            text = _ENCODER.encode(value).encode("ascii")
        except (TypeError, ValueError, RecursionError):
            return
        shelf.put(digest, text)
        self._waiting += len(text)
        if self._waiting > MAX_WAITING_BYTES:
            self.close()

    def close(self) -> None:
        """Write what was put. The cache can be used, and closed, again."""
        for shelf in self._shelves.values():
            with contextlib.suppress(OSError):
                shelf.write()
        self._waiting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _shelf(self, kind: str, digest: str) -> _Shelf | None:
        if self._folder is None:
            return None
        key = kind, digest[:1]
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = _Shelf(self._folder / f"{kind}-{digest[:1]}.jsonl")
        return shelf


class _Shelf:
    """One file of entries: what it held when it was read, and what was put since."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held = _entries(_read(path))
        self.used: dict[bytes, None] = {}
        self.put_since: dict[bytes, bytes] = {}

    def get(self, digest: str) -> Json | None:
        key = digest.encode()
        line = self.put_since.get(key) or self.held.get(key)
        if line is None:
            return None
        value = _parse(line)
        if value is None:
            self.held.pop(key, None)
        else:
            self.used[key] = None
        return value

    def put(self, digest: str, text: bytes) -> None:
        self.put_since[digest.encode()] = b"%08x %s" % (crc32(text), text)

    def write(self) -> None:
        """Write the shelf if something was put, together with what another process wrote in the meantime."""
        if not self.put_since:
            return
        held = {**_entries(_read(self.path)), **self.held}
        first = {**self.put_since, **{key: held[key] for key in self.used if key in held and key not in self.put_since}}
        _write(self.path, {**first, **{key: line for key, line in held.items() if key not in first}})
        self.held = {**held, **self.put_since}
        self.put_since = {}


def _parse(line: bytes) -> Json | None:
    """Return the value of `checksum JSON`, None if it is broken."""
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % crc32(text):
        return None
    try:
        value: Json = _DECODER.decode(text.decode("ascii"))
    except (ValueError, RecursionError):
        return None
    return value


def _refuse(name: str) -> Any:
    raise ValueError(name)


# Made once: `json.loads` and `json.dumps` make a new one for each call that refuses constants.
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse)
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def _entries(text: bytes) -> dict[bytes, bytes]:
    if not text.startswith(_FORMAT):
        return {}
    pairs = [line.split(b" ", 1) for line in text[len(_FORMAT) :].split(b"\n")]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def _read(path: Path) -> bytes:
    """Return the file's bytes; none at all unless it is a regular file of a size that we would write."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or about.st_size > 2 * MAX_SHELF_BYTES:
                return b""
            return file.read(2 * MAX_SHELF_BYTES)
    except OSError:
        return b""


def _write(path: Path, entries: dict[bytes, bytes]) -> None:
    """Replace the file by these entries, the first of them where not all fit; a reader sees the old file or the new."""
    lines, size = [_FORMAT], 0
    for key, line in entries.items():
        size += len(key) + len(line) + 2
        if size > MAX_SHELF_BYTES:
            break
        lines.append(b"%s %s\n" % (key, line))
    _make_folder(path.parent)
    _clear_up(path)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    # O_EXCL: never through a link that somebody laid there.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(lines)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _clear_up(path: Path) -> None:
    """Remove what processes that were killed while writing have left behind."""
    for draft in path.parent.glob(f"{path.name}.*"):
        with contextlib.suppress(OSError):
            if draft.lstat().st_mtime < time.time() - _FORGOTTEN_S:
                draft.unlink()


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        (folder / ".gitignore").write_text("*\n", encoding="ascii")  # nobody needs to be told to ignore it
