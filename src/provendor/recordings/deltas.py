"""What differs between two recordings of one case, place by place, and what of it differs every time.

    deltas = compare(old.interactions, new.interactions)
    told, passing = sift(deltas, learned=places(compare(first.interactions, second.interactions)))   # two of one moment
    told[0]          # Delta("body /data/*/state", "changed", '"open"', '"snoozed"', times=3)
    passing          # ("body /data/*/created_at", "header date"): moments, ids, cursors, what two recordings differ in

JSON is compared as values, elements of lists by their ids where they have some. Places are JSON pointers in which `*` stands
for every element, and for every key that is an id itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from provendor import cassette
from provendor.cassette import Interaction
from provendor.exchange import Headers, Json
from provendor.plans import jsonrpc
from provendor.redaction import credentials

CHANGED: Final = "changed"
NEW: Final = "new"
GONE: Final = "gone"

_SHOWN: Final = 80
_IDS: Final = ("id", "uuid", "gid", "key", "slug", "code", "name", "title")


class Delta(NamedTuple):
    """One difference: where, of which kind, both sides as JSON or text, and in how many places it is the same one."""

    where: str
    kind: str
    before: str | None
    after: str | None
    times: int = 1


def compare(old: Sequence[Interaction], new: Sequence[Interaction]) -> tuple[Delta, ...]:
    """Return every difference, in the order of the answers and of what is in them."""
    several = max(len(old), len(new)) > 1
    return tuple(
        delta._replace(where=f"answer {number} {delta.where}".rstrip()) if several else delta
        for number, (before, after) in enumerate(zip_longest(old, new), 1)
        for delta in _interaction(before, after)
    )


def places(deltas: Iterable[Delta]) -> frozenset[str]:
    """Return the places that differ between two recordings of the same state: what differs there every time."""
    return frozenset(delta.where for delta in deltas)


def sift(deltas: Iterable[Delta], learned: Collection[str] = ()) -> tuple[tuple[Delta, ...], tuple[str, ...]]:
    """Return the differences that say something, one for each place, and the places of those that do not.

    What says nothing are places that were `learned`, and moments, ids and the like by their names and forms.
    """
    by_place: dict[tuple[str, str], list[Delta]] = {}
    for delta in deltas:
        by_place.setdefault((delta.where, delta.kind), []).append(delta)
    told: list[Delta] = []
    passing: list[str] = []
    for (where, _), same in by_place.items():
        if where in learned or all(map(_is_passing, same)):
            passing.append(where)
        else:
            told.append(same[0]._replace(times=sum(each.times for each in same)))
    return tuple(told), tuple(passing)


# --- interactions -----------------------------------------------------------------------------------------------------


def _interaction(old: Interaction | None, new: Interaction | None) -> Iterator[Delta]:
    if old is None or new is None:
        there = old or new
        text = f"{there.request.method} {there.request.url}, {there.status}" if there else ""
        yield Delta("", NEW if old is None else GONE, text if new is None else None, text if old is None else None)
        return
    yield from _scalar("request method", old.request.method, new.request.method)
    yield from _scalar("request URL", cassette.uri(old.request), cassette.uri(new.request))
    yield from _headers("request header", old.request.headers, new.request.headers)
    yield from _body("request body", old.request.headers, old.request.body, new.request.headers, new.request.body)
    yield from _scalar("status", old.status, new.status)
    yield from _headers("header", old.headers, new.headers)
    yield from _body("body", old.headers, old.body, new.headers, new.body)


def _headers(where: str, old: Headers, new: Headers) -> Iterator[Delta]:
    for name in dict.fromkeys(name.lower() for name, _ in (*old, *new)):
        before, after = (_joined(headers, name) for headers in (old, new))
        yield from _side(f"{where} {name}", before, after)


def _joined(headers: Headers, name: str) -> str | None:
    values = headers.all(name)
    return ", ".join(values) if values else None


def _body(where: str, old_headers: Headers, old: bytes, new_headers: Headers, new: bytes) -> Iterator[Delta]:
    if old == new:
        return
    before, after = _value(old_headers, old), _value(new_headers, new)
    if before is not _NO_JSON and after is not _NO_JSON:
        yield from _json(where, "", before, after)
    else:
        yield from _text(where, old, new)


_NO_JSON: Final[Any] = object()


def _value(headers: Headers, body: bytes) -> Json:
    """Return a body as a JSON value, a stream of events as the list of its messages."""
    text = body.decode("utf-8", "replace")
    if (headers.get("content-type") or "").lower().startswith(jsonrpc.EVENTS):
        return list(jsonrpc.stream(text))
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None if not body else _NO_JSON
    return value


def _text(where: str, old: bytes, new: bytes) -> Iterator[Delta]:
    """Yield the first line that differs, and how many do."""
    before, after = (data.decode("utf-8", "replace").splitlines() for data in (old, new))
    differing = [pair for pair in zip_longest(before, after) if pair[0] != pair[1]]
    if not differing:
        yield Delta(where, CHANGED, f"{len(old)} bytes", f"{len(new)} bytes")
        return
    yield from (each._replace(times=len(differing)) for each in _side(where, *differing[0]))


# --- JSON -------------------------------------------------------------------------------------------------------------


def _json(where: str, at: str, old: Json, new: Json) -> Iterator[Delta]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            inner = f"{at}/{'*' if _is_id(key) else key.replace('~', '~0').replace('/', '~1')}"
            if key in old and key in new:
                yield from _json(where, inner, old[key], new[key])
            else:
                yield _there(where, inner, old.get(key), new.get(key), is_new=key in new)
    elif isinstance(old, list) and isinstance(new, list):
        for before, after in _aligned(old, new):
            if before is not _NO_JSON and after is not _NO_JSON:
                yield from _json(where, f"{at}/*", before, after)
            else:
                yield _there(where, f"{at}/*", before, after, is_new=before is _NO_JSON)
    elif _written(old) != _written(new):
        yield Delta(f"{where} {at}".rstrip(), CHANGED, _shown(old), _shown(new))


def _there(where: str, at: str, old: Json, new: Json, *, is_new: bool) -> Delta:
    return Delta(f"{where} {at}", NEW, None, _shown(new)) if is_new else Delta(f"{where} {at}", GONE, _shown(old), None)


def _aligned(old: list[Json], new: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield pairs of elements: of the same id where elements have some that are on both sides, else of the same index."""
    for name in _IDS:
        before, after = _by_id(old, name), _by_id(new, name)
        if before and after and before.keys() & after.keys():
            for each in dict.fromkeys((*before, *after)):
                yield before.get(each, _NO_JSON), after.get(each, _NO_JSON)
            return
    yield from zip_longest(old, new, fillvalue=_NO_JSON)


def _by_id(items: list[Json], name: str) -> dict[str, Json] | None:
    """Return elements by what tells them apart; None where it does not."""
    found: dict[str, Json] = {_written(item[name]): item for item in items if isinstance(item, dict) and name in item}
    return found if len(found) == len(items) else None


def _scalar(where: str, old: Json, new: Json) -> Iterator[Delta]:
    if old != new:
        yield Delta(where, CHANGED, _shown(old, quoted=False), _shown(new, quoted=False))


def _side(where: str, old: str | None, new: str | None) -> Iterator[Delta]:
    if old != new:
        kind = NEW if old is None else GONE if new is None else CHANGED
        before, after = (None if each is None else _shown(each, quoted=False) for each in (old, new))
        yield Delta(where, kind, before, after)


def _written(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def _shown(value: Json, *, quoted: bool = True) -> str:
    text = value if isinstance(value, str) and not quoted else json.dumps(value, ensure_ascii=False)
    text = credentials.clean(text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


# --- what differs every time ------------------------------------------------------------------------------------------

_HEADERS: Final = (
    r"date|age|expires|last-modified|etag|set-cookie|content-length|server-timing|via|alt-svc|nel|report-to|retry-after|server"
    r"|cf-.*|x-(?:runtime|timer|cache.*|served-by|envoy-.*|amz-.*|cloud-trace-context|.*duration.*|.*time)"
    r"|.*(?:request|trace|correlation|transaction|session)-?id|traceparent|.*rate-?limit.*|.*throttl.*|.*cost.*|.*usage.*"
)
_KEYS: Final = (
    r"(?:.*_)?(?:id|ids|uuid|gid|cursor|etag|nonce|timestamp|time|date|at|on|expires|expiry|created|updated|modified|token"
    r"|checksum|hash|digest)|request_?id|trace_?id"
)
_MOMENT: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]{2,6})?)?"
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,? .{10,30}|[0-9]{10}(?:\.[0-9]+)?|[0-9]{13}"
)
_RANDOM: Final = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{16,}"


def _is_passing(delta: Delta) -> bool:
    """Tell whether something differs as it does every time: headers of one answer, moments, ids, cursors, digests, links."""
    name = re.sub(r"^(?:answer \d+ )?", "", delta.where)
    before, after = ((each or "").strip('"') for each in (delta.before, delta.after))
    if name.startswith("header "):
        return re.fullmatch(_HEADERS, name.removeprefix("header ")) is not None
    if delta.kind != CHANGED or not name.startswith("body ") or _kind(delta.before) != _kind(delta.after):
        return False
    if all(
        re.fullmatch(_MOMENT, each) or re.fullmatch(_RANDOM, each) or credentials.is_random(each)
        for each in (before, after)
    ):
        return True
    if all(re.match(r"https?://", each) for each in (before, after)):
        return re.sub(r"[0-9a-f]+", "#", before) == re.sub(r"[0-9a-f]+", "#", after)
    key = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rpartition("/")[2]).lower()
    return re.fullmatch(_KEYS, key) is not None and not {before, after} & {"null", "true", "false"}


def _kind(text: str | None) -> str:
    """Return the JSON type of a value as it is shown."""
    first = (text or "")[:1]
    return "number" if first in "-0123456789" else {'"': "text", "{": "object", "[": "array"}.get(first, text or "")


def _is_id(key: str) -> bool:
    """Tell whether a key is an id itself, so that it is another one in every answer."""
    return re.fullmatch(rf"{_RANDOM}|{_MOMENT}|[0-9]+|\S+@\S+|[a-z]+://\S+", key) is not None
