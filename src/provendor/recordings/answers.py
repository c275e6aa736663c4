"""Answers and deliveries in hand as a small file describes them: what `adopt --answers` and `verify-webhook --deliveries` read.

- { status: 200, json: { job_id: "1" } }
- { status: 200, headers: { Retry-After: 2 }, body: working.json }
- { status: 500, text: "Internal Server Error" }
- { base64: H4sIAAAA }

- { headers: { X-Shopify-Topic: orders/create }, body: order.json, at: 2026-11-20T10:00:00Z }
"""

from __future__ import annotations

import json
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from provendor.errors import ContractError, UsageError
from provendor.exchange import Headers
from provendor.plans.inbox import moment
from provendor.reader import source
from provendor.recordings.adopt import Answer

_BODIES = ("body", "json", "text", "base64")
_ONE = {"answers": "answer", "deliveries": "delivery"}


class Captured(NamedTuple):
    """A delivery that was captured, and when it arrived: seconds since 1970, None where that is not said."""

    body: bytes
    headers: Headers
    at: float | None = None


def read(path: Path) -> list[Answer]:
    """Return the answers of a file, YAML or JSON; raises UsageError with what is wrong with which answer."""
    return [
        Answer(
            _body(each, place, path.parent), _status(each.get("status"), place), _headers(each.get("headers"), place)
        )
        for each, place in _items(path, "answers", ("status", "headers", *_BODIES))
    ]


def read_deliveries(path: Path) -> list[Captured]:
    """Return the deliveries of a file, in the order in which they arrived: YAML, JSON, or an object per line (`.jsonl`)."""
    return [
        Captured(
            _body(each, place, path.parent),
            _headers(each.get("headers"), place) or Headers(),
            _moment(each.get("at"), place),
        )
        for each, place in _items(path, "deliveries", ("headers", "at", *_BODIES))
    ]


def _items(path: Path, what: str, keys: Sequence[str]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each item of the file with how it is called in messages; raises UsageError for what is none."""
    value = _value(path, what)
    if not isinstance(value, list) or not value:
        raise UsageError(f"{path}: expected a list of {what}, each with {', '.join(keys)}")
    for number, item in enumerate(value, 1):
        place = f"{path}: {_ONE[what]} {number}"
        if not isinstance(item, dict):
            raise UsageError(f"{place}: expected a mapping with {', '.join(keys)}")
        unknown = [key for key in item if key not in keys]
        bodies = [key for key in _BODIES if key in item]
        if unknown or len(bodies) > 1:
            wrong = f"unknown key {unknown[0]}" if unknown else f"{bodies[0]} and {bodies[1]} exclude each other"
            raise UsageError(f"{place}: {wrong}; known here: {', '.join(keys)}")
        yield item, place


def _value(path: Path, what: str) -> Any:
    try:
        data = path.read_bytes()
        if path.suffix in (".jsonl", ".ndjson"):
            return [json.loads(line) for line in data.splitlines() if line.strip()]
        return source.read_text(data, path.name).value
    except OSError as reason:
        raise UsageError(f"cannot read the {what} {path}: {reason.strerror}") from None
    except ContractError as reason:
        raise UsageError(str(reason)) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: expected a JSON object in every line") from None


def _status(status: Any, place: str) -> int | None:
    if status is not None and not (isinstance(status, int) and 100 <= status <= 599):
        raise UsageError(f"{place}: {json.dumps(status)} is no HTTP status; expected 100 to 599")
    return status


def _moment(at: Any, place: str) -> float | None:
    found = moment(at if isinstance(at, str) else json.dumps(at)) if at is not None else None
    if at is not None and found is None:
        raise UsageError(
            f"{place}: {json.dumps(at)} is no moment; expected seconds since 1970, or ISO 8601 with its zone"
        )
    return found


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
