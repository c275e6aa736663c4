"""Answers in hand as a small file describes them: what `provendor adopt --answers FILE` reads.

- { status: 200, json: { job_id: "1" } }
- { status: 200, headers: { Retry-After: 2 }, body: working.json }
- { status: 500, text: "Internal Server Error" }
- { base64: H4sIAAAA }
"""

from __future__ import annotations

import json
from binascii import Error as NotBase64
from binascii import a2b_base64
from pathlib import Path
from typing import Any

from provendor import source
from provendor.adopt import Answer
from provendor.errors import ContractError, UsageError
from provendor.exchange import Headers

_BODIES = ("body", "json", "text", "base64")
_KEYS = ("status", "headers", *_BODIES)


def read(path: Path) -> list[Answer]:
    """Return the answers of a file, YAML or JSON; raises UsageError with what is wrong with which answer."""
    try:
        value = source.read_text(path.read_bytes(), path.name).value
    except OSError as reason:
        raise UsageError(f"cannot read the answers {path}: {reason.strerror}") from None
    except ContractError as reason:
        raise UsageError(str(reason)) from None
    if not isinstance(value, list) or not value:
        raise UsageError(f"{path}: expected a list of answers, each with status, headers and a body")
    return [_answer(item, f"{path}: answer {number}", path.parent) for number, item in enumerate(value, 1)]


def _answer(value: Any, place: str, folder: Path) -> Answer:
    if not isinstance(value, dict):
        raise UsageError(f"{place}: expected a mapping with {', '.join(_KEYS)}")
    unknown = [key for key in value if key not in _KEYS]
    bodies = [key for key in _BODIES if key in value]
    if unknown or len(bodies) > 1:
        wrong = f"unknown key {unknown[0]}" if unknown else f"{bodies[0]} and {bodies[1]} exclude each other"
        raise UsageError(f"{place}: {wrong}; known here: {', '.join(_KEYS)}")
    status = value.get("status")
    if status is not None and not (isinstance(status, int) and 100 <= status <= 599):
        raise UsageError(f"{place}: {json.dumps(status)} is no HTTP status; expected 100 to 599")
    return Answer(_body(value, place, folder), status, _headers(value.get("headers"), place))


def _body(value: dict[str, Any], place: str, folder: Path) -> bytes:
    if "json" in value:
        return json.dumps(value["json"], ensure_ascii=False, indent=2).encode()
    if "text" in value:
        return str(value["text"]).encode()
    try:
        if "base64" in value:
            return a2b_base64(str(value["base64"]), strict_mode=True)
        return (folder / str(value["body"])).read_bytes() if "body" in value else b""
    except (NotBase64, UnicodeEncodeError, ValueError):
        raise UsageError(f"{place}: the text under base64 is not base64") from None
    except OSError as reason:
        raise UsageError(f"{place}: cannot read {value['body']}: {reason.strerror}") from None


def _headers(value: Any, place: str) -> Headers | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(each, (str, int, list)) for each in value.values()):
        raise UsageError(f"{place}: expected headers as a mapping from name to a value or a list of values")
    pairs = (
        (name, str(each)) for name, given in value.items() for each in (given if isinstance(given, list) else [given])
    )
    return Headers(tuple(pairs))
