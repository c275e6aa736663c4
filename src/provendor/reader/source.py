"""YAML files read as JSON values with places.

    document = read(Path("contracts/acme/users.yaml"), "contracts/acme/users.yaml")
    document.value                                     # {"operations": {"users.get": {"cases": {...}}}}
    document.place(("operations", "users.get"))        # (3, 5): line and column, counting from 1

Only `null`, `true`, `false` and JSON numbers are typed when they stand without quotes; an empty value is null. All other
plain text is a string: `on`, `no`, `2025-10-18`, `1_000`, `1:30`, `0x1F`, `~`. Whatever is not a JSON value is a problem,
and every problem of the file that can be found is in the one ContractError. Files are hostile: see `composer`.
"""

from __future__ import annotations

import hashlib
import os
import stat
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provendor.errors import ContractError, Problem

if TYPE_CHECKING:
    from provendor.cache import Cache
    from provendor.reader.composer import Places, Way

MAX_BYTES: Final = 16 * 1024 * 1024


class Dialect(StrEnum):
    """Whose YAML it is.

    contract   as this module describes
    cassette   as vcrpy writes it with PyYAML: `!!binary` is bytes, the other standard tags are read, and plain text that
               PyYAML itself holds for a string (`1e3`, `NaN`) stays one
    spec       as people write OpenAPI: a key is its text, also where it looks like a number (`200:`)
    """

    CONTRACT = "contract"
    CASSETTE = "cassette"
    SPEC = "spec"


class Document:
    """One file, read. `name` is what problems call it, `digest` the SHA-256 of its bytes in hexadecimal.

    The value is shared, not copied: whoever needs to change it takes a copy.
    """

    def __init__(
        self, name: str, value: Any, digest: str, text: str, dialect: Dialect, places: Places | None = None
    ) -> None:
        self.name = name
        self.value = value
        self.digest = digest
        self.text = text
        self._dialect = dialect
        self._places = places

    def place(self, path: Way, key: bool = False) -> tuple[int, int]:
        """Return line and column of the value at `path`, or of its key; of its nearest parent where it does not exist."""
        if self._places is None:  # most files are never asked
            self._places = _located(self.text, self.name, self._dialect)
        return self._places.find(path, key)


def read(path: Path, name: str, cache: Cache | None = None, dialect: Dialect = Dialect.CONTRACT) -> Document:
    """Return the file's document; raises ContractError with every problem found.

    With a cache, the value of a contract that was read before is taken from there.
    """
    return read_text(_bytes(path, name), name, cache, dialect)


def read_located(text: bytes, name: str) -> Document:
    """Return the contract that these bytes hold, ready to be asked for places; raises ContractError with every problem."""
    decoded = _decode(text, name)
    places = _located(decoded, name, Dialect.CONTRACT)
    return Document(name, places.value, hashlib.sha256(text).hexdigest(), decoded, Dialect.CONTRACT, places)


def read_text(text: bytes, name: str, cache: Cache | None = None, dialect: Dialect = Dialect.CONTRACT) -> Document:
    """Return the document that these bytes hold; raises ContractError with every problem found."""
    digest = hashlib.sha256(text).hexdigest()
    decoded = _decode(text, name)
    if cache is None or dialect is not Dialect.CONTRACT:  # bytes are not JSON; `cassette` keeps its own entries
        return Document(name, _value(decoded, name, dialect), digest, decoded, dialect)
    kept = cache.get("source", digest)
    if not isinstance(kept, list) or len(kept) != 1:
        kept = [_value(decoded, name, dialect)]
        cache.put("source", digest, kept)
    return Document(name, kept[0], digest, decoded, dialect)


def plain(path: Path, name: str) -> str:
    """Return the text of a file that is not YAML; raises ContractError where it cannot be read or is not UTF-8."""
    return _decode(_bytes(path, name), name)


def plain_text(data: bytes, name: str) -> str:
    """Return the text that these bytes hold; raises ContractError where they are too many or not UTF-8."""
    return _decode(data, name)


def content(path: Path, name: str) -> bytes:
    """Return the bytes of a regular file; raises ContractError where it cannot be read or is too large."""
    data = _bytes(path, name)
    if len(data) > MAX_BYTES:
        raise _refused(name, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return data


def _bytes(path: Path, name: str) -> bytes:
    # Opened without blocking and then looked at: a named pipe would wait for ever, a device never end.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _refused(name, "not a regular file")
            text = file.read(MAX_BYTES + 1)
    except OSError as reason:
        raise _refused(name, f"the file cannot be read: {reason.strerror or reason}") from None
    except ValueError as reason:  # a NUL in the path
        raise _refused(name, f"the file cannot be read: {reason}") from None
    return text


def _decode(text: bytes, name: str) -> str:
    if len(text) > MAX_BYTES:
        raise _refused(name, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in text[:4]:
        raise _refused(name, "the file is written in UTF-16 or UTF-32; save it as UTF-8", (1, 1))
    try:
        return text.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as reason:
        before = text[: reason.start].decode("utf-8").removeprefix("\ufeff")
        message = f"byte 0x{text[reason.start]:02X} is not UTF-8; save the file as UTF-8"
        from provendor.reader.composer import place_after  # noqa: PLC0415 - as below

        raise _refused(name, message, place_after(before)) from None


def _refused(name: str, message: str, place: tuple[int, int] = (0, 0)) -> ContractError:
    return ContractError((Problem(name, *place, "", message),))


def _value(text: str, name: str, dialect: Dialect) -> Any:
    from provendor.reader.composer import compose  # noqa: PLC0415 - PyYAML takes 30 ms that a file from the cache does not need

    return compose(text, name, cassette=dialect is Dialect.CASSETTE, plain_keys=dialect is Dialect.SPEC)


def _located(text: str, name: str, dialect: Dialect) -> Places:
    from provendor.reader.composer import locate  # noqa: PLC0415 - as above

    return locate(text, name, cassette=dialect is Dialect.CASSETTE, plain_keys=dialect is Dialect.SPEC)
