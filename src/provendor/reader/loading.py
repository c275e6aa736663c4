"""Contract files to a `Suite`, or every problem of every file.

    suite = load(Path("."))                          # all of contracts/
    suite = load(Path("."), {"chatwoot"}, cache)     # one vendor, and nothing judged twice

A vendor's files are judged together and kept in the cache together, under the digest of all of them: what comes from the
cache was judged when it went in, with this version of the language. YAML is only read where the cache knows nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from provendor.cache import Cache
from provendor.contract import Suite, Vendor
from provendor.errors import ContractError, Problem, UsageError
from provendor.exchange import Json
from provendor.reader.building import build
from provendor.reader.sharing import Sources
from provendor.suggest import did_you_mean

_PACKAGE = Path(__file__).parent.parent
_FOLDER = "contracts"
_IGNORED = ("__pycache__", "README.md")
_JUDGES = (
    "reader/building",
    "reader/case_sets",
    "reader/composer",
    "contract",
    "errors",
    "exchange",
    "reader/graphql_operations",
    "schemas/graphql_shape",
    "jsonpath",
    "reader/judging",
    "schemas/keywords",
    "reader/language",
    "reader/mcp_operations",
    "reader/meaning",
    "reader/meaning_errors",
    "reader/meaning_flows",
    "reader/meaning_requests",
    "schemas/mismatch",
    "reader/nodes",
    "reader/notation",
    "patterns",
    "reader/planning",
    "reader/receiving",
    "requests",
    "schemas/schema",
    "reader/sharing",
    "signature",
    "reader/source",
    "suggest",
)
"""The modules that decide whether a contract is fine: when one changes, no old judgement is believed."""
_LINKED_FOLDER = "a link to a folder is not followed: move the folder here"
_MAX_FILES = 2000
_MAX_BYTES = 16 * 1024 * 1024


def load(root: Path, vendors: Collection[str] | None = None, cache: Cache | None = None) -> Suite:
    """Return the contracts below `root`, of these vendors only where they are named.

    Raises ContractError with all problems of all files that were read, UsageError for a vendor that has no folder.
    """
    problems: list[Problem] = []
    folders = _folders(root, problems if vendors is None else [])
    if vendors is not None:
        for name in sorted(set(vendors) - set(folders)):
            raise UsageError(f'no vendor "{name}" under {_FOLDER}/{did_you_mean(name, folders)}')
    loaded: dict[str, Vendor] = {}
    language = _language_digest()
    for name in folders if vendors is None else sorted(vendors):
        try:
            loaded[name] = _load_vendor(_Folder(root, name), language, cache or Cache(None))
        except ContractError as trouble:
            problems += trouble.problems
    if problems:
        raise ContractError(tuple(sorted(set(problems))))
    return Suite(root, MappingProxyType(loaded))


def language_text() -> str:
    """Return the JSON Schema of the contract language, for editors."""
    return (_PACKAGE / "language.json").read_text(encoding="utf-8")


# --- folders and files ------------------------------------------------------------------------------------------------


def _folders(root: Path, problems: list[Problem]) -> list[str]:
    """Return the names of the vendors' folders; whatever else lies beside them goes to `problems`."""
    try:
        entries = sorted(os.scandir(root / _FOLDER), key=lambda entry: entry.name)
    except FileNotFoundError:
        raise _refused(
            _FOLDER, f"there is no {_FOLDER} folder; make one, with a folder for each vendor in it"
        ) from None
    except NotADirectoryError:
        raise _refused(_FOLDER, "not a folder; contracts are a folder, with a folder for each vendor in it") from None
    except OSError as reason:
        raise _refused(_FOLDER, f"cannot be read: {reason.strerror}") from None
    names = []
    for entry in entries:
        name = f"{_FOLDER}/{entry.name}"
        if entry.name.startswith(".") or entry.name in _IGNORED:
            continue
        if _links_to_folder(entry):
            problems.append(Problem(name, 0, 0, "", _LINKED_FOLDER))
        elif entry.is_dir(follow_symlinks=False):
            names.append(entry.name)
        elif entry.name.endswith((".yaml", ".yml")):
            problems.append(Problem(name, 0, 0, "", "a contract lies in its vendor's folder, not beside it"))
    if not names and not problems:
        problems.append(Problem(_FOLDER, 0, 0, "", "holds no vendor: make a folder with a vendor.yaml in it"))
    return names


def _links_to_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and os.path.isdir(entry.path)  # noqa: PTH112 - entry.is_dir() raises for links in a ring


class _Folder:
    """One vendor's folder: the bytes of its files, and what is wrong with the files as such.

    `bytes` holds what counts for the contract, by name below the folder: YAML, JSON and GraphQL files.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self.name = name
        self.path = root / _FOLDER / name
        self.problems: list[Problem] = []
        self.bytes: dict[str, bytes] = {}
        self._inside = os.path.realpath(self.path) + os.sep
        self._read_all("")

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names and contents of all files, in hexadecimal."""
        total = sha256()
        for name in sorted(self.bytes):
            content = self.bytes[name]
            total.update(f"{name}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
            total.update(content)
        return total.hexdigest()

    def file(self, name: str) -> str:
        """Return a file's name relative to the suite's root."""
        return f"{_FOLDER}/{self.name}/{name}"

    def problem(self, name: str, message: str) -> None:
        """Note what is wrong with a file as such."""
        self.problems.append(Problem(self.file(name), 0, 0, "", message))

    def _read_all(self, below: str) -> None:
        try:
            entries = sorted(os.scandir(self.path / below), key=lambda entry: entry.name)
        except OSError as reason:
            self.problem(below, f"the folder cannot be read: {reason.strerror}")
            return
        for entry in entries:
            name = f"{below}{entry.name}"
            if entry.name.startswith(".") or entry.name in _IGNORED:
                continue
            if entry.is_dir(follow_symlinks=False):
                self._read_all(f"{name}/")
            elif _links_to_folder(entry):
                self.problem(name, _LINKED_FOLDER)
            elif entry.is_symlink() and not os.path.realpath(entry.path).startswith(self._inside):
                self.problem(name, "a link that leads out of the vendor's folder is not followed")
            elif not below and entry.name.endswith(".yml"):
                self.problem(name, "contract files end in .yaml: rename it")
            elif entry.name.endswith((".yaml", ".json", ".graphql")):
                self._read(entry, name)

    def _read(self, entry: os.DirEntry[str], name: str) -> None:
        try:
            if not entry.is_file():
                self.problem(name, "not a regular file, nor a link to one")
            elif entry.stat().st_size > _MAX_BYTES:
                self.problem(name, f"the file is larger than {_MAX_BYTES // 1024 // 1024} MiB")
            elif len(self.bytes) >= _MAX_FILES:
                raise _refused(self.file(""), f"holds more than {_MAX_FILES} files")
            else:
                self.bytes[name] = Path(entry.path).read_bytes()
        except OSError as reason:
            self.problem(name, f"the file cannot be read: {reason.strerror}")


def _refused(file: str, message: str) -> ContractError:
    return ContractError((Problem(file, 0, 0, "", message),))


# --- one vendor -------------------------------------------------------------------------------------------------------


def _load_vendor(folder: _Folder, language: str, cache: Cache) -> Vendor:
    key = sha256(f"{language} {folder.name} {folder.digest}".encode("utf-8", "surrogateescape")).hexdigest()
    reader = _Reader(folder, cache)
    kept = cache.get("contract", key) if not folder.problems else None
    if isinstance(kept, dict):
        try:
            return _build(folder, kept, reader)
        except (LookupError, TypeError, ValueError, AttributeError):
            pass  # somebody wrote into the cache: then the files are judged again
    from provendor.reader.judging import judge  # noqa: PLC0415 - a judgement from the cache needs no YAML and no grammar

    judged = judge(folder.name, folder.bytes, folder.problems, reader.read)
    cache.put("contract", key, judged)
    return _build(folder, judged, reader)


def _build(folder: _Folder, judged: dict[str, Any], reader: _Reader) -> Vendor:
    for name, value in judged["files"].items():
        reader.know(folder.file(name), value)
    return build(
        Sources(
            folder.path,
            folder.file(""),
            folder.digest,
            judged["files"],
            judged["places"],
            reader.read,
            judged["queries"],
        )
    )


def _language_digest() -> str:
    """Return a digest of everything that decides whether a contract is fine, so that no old judgement is believed."""
    total = sha256()
    for name in ("language.json", *(f"{module}.py" for module in _JUDGES)):
        total.update((_PACKAGE / name).read_bytes())
    return total.hexdigest()


class _Reader:
    """Reads the files that references name, each once; a reference cannot leave the vendor's folder."""

    def __init__(self, folder: _Folder, cache: Cache) -> None:
        self._folder = folder
        self._cache = cache
        self._values: dict[str, Json] = {}

    def know(self, file: str, value: Json) -> None:
        """Take a file's value from elsewhere, so that it is not read again."""
        self._values[file] = value

    def read(self, file: str) -> Json:
        """Return the value of a file (its name is relative to the suite's root); raises ContractError."""
        if file not in self._values:
            self._values[file] = self._value(file)
        return self._values[file]

    def _value(self, file: str) -> Json:
        start = self._folder.file("")
        if not file.startswith(start):
            raise _refused(file, f"lies outside of {start}: a vendor's schemas lie in its own folder")
        content = self._folder.bytes.get(file.removeprefix(start))
        if content is None:
            near = did_you_mean(file, map(self._folder.file, self._folder.bytes))
            raise _refused(file, f"there is no such file{near}")
        digest = sha256(content).hexdigest()
        kept = self._cache.get("schema-file", digest)
        if not isinstance(kept, list) or len(kept) != 1:
            from provendor.reader.source import read_text  # noqa: PLC0415 - imports PyYAML

            kept = [read_text(content, file).value]
            self._cache.put("schema-file", digest, kept)
        return kept[0]
