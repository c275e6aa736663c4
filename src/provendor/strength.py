"""reports/strength.json: what each contract was last measured to catch, and whether that is still what stands there.

    strength.write(root / "reports", {"acme": {"score": 0.98, ..., "digest": ...}})
    strength.current(root / "reports", {"acme": digest})      # {"acme": {"score": 0.98, ...}}, or {} where anything changed

The digest is over contract, checks and cassettes: a score is worth repeating only while all of them are as they were.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeAlias

from provendor.whole import replacing

JsonObject: TypeAlias = dict[str, Any]

FILE: Final = "strength.json"
_REPEATED: Final = ("score", "killed", "survived", "equivalent", "status_score", "measured_at")


def digest_of(contract: str, checks: str | None, cassettes: Iterable[tuple[str, str]]) -> str:
    """Return the digest of all that a score depends on; `cassettes` are cases and the digests of their cassettes."""
    parts = [contract, checks, sorted(cassettes)]
    return sha256(json.dumps(parts).encode("ascii", "surrogatepass")).hexdigest()


def read(folder: Path) -> dict[str, JsonObject]:
    """Return what is written down, by vendor; nothing where there is no such file, or none that can be read."""
    return _parsed(_bytes(folder))


def _bytes(folder: Path) -> bytes:
    try:
        return (folder / FILE).read_bytes()
    except OSError:
        return b""


def _parsed(text: bytes) -> dict[str, JsonObject]:
    try:
        known = json.loads(text)["vendors"]
    except (ValueError, LookupError, TypeError):
        return {}
    return {name: each for name, each in known.items() if isinstance(each, dict)} if isinstance(known, dict) else {}


def write(folder: Path, measured: Mapping[str, JsonObject]) -> Path:
    """Write what was measured beside what is known of other vendors; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"schema_version": 1, "vendors": dict(sorted({**read(folder), **measured}.items()))}
    path = folder / FILE
    with replacing(path) as file:
        file.write((json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace"))
    return path


def current(folder: Path, digests: Mapping[str, str]) -> dict[str, JsonObject]:
    """Return the scores of the vendors whose digest is the one that was measured."""
    text = _bytes(folder)
    # Names of survivors make it long: a run of a few cases, of whose digest nothing can be known, is spared the parsing.
    known = _parsed(text) if any(digest.encode() in text for digest in digests.values()) else {}
    return {
        name: {key: known[name].get(key) for key in _REPEATED}
        for name, digest in sorted(digests.items())
        if known.get(name, {}).get("digest") == digest
    }
