"""What a receiver of deliveries must tell apart: a new one, a repetition, and one that a newer state has overtaken.

    inbox = Inbox()
    inbox.take(arrival(plan, headers, body))     # Fate.NEW: act on it
    inbox.take(arrival(plan, headers, body))     # Fate.DUPLICATE: drop it
    inbox.take(arrival(plan, older, body))       # Fate.LATE: an older state of the same thing; it must not undo the newer

A contract says where the things stand that this takes. `missing` finds a delivery that lacks them, `untold` one in which
they do not suffice: an order's number as the delivery's id, say, would drop every later change of that order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from provendor import jsonpath
from provendor.contract import Delivery
from provendor.exchange import Headers, Json
from provendor.verdict import Finding, Outcome

_LATER_S: Final = 60


class Fate(StrEnum):
    """What to do with a delivery."""

    NEW = "new"
    DUPLICATE = "duplicate"
    LATE = "late"


class Arrival(NamedTuple):
    """What of a delivery counts: its id, what it is about and when that was so. None where nothing says it."""

    id: str | None
    subject: str | None = None
    moment: float | None = None


@dataclass(slots=True)
class Inbox:
    """What a receiver must remember: which deliveries it has seen, and how far each thing has got."""

    _seen: set[str] = field(default_factory=set)
    _newest: dict[str, float] = field(default_factory=dict)

    def take(self, arrived: Arrival) -> Fate:
        """Say what to do with a delivery. Without an id nothing is a repetition, without a moment nothing is late."""
        if arrived.id is not None:
            if arrived.id in self._seen:
                return Fate.DUPLICATE
            self._seen.add(arrived.id)
        if arrived.subject is None or arrived.moment is None:
            return Fate.NEW
        if arrived.moment < self._newest.get(arrived.subject, arrived.moment):
            return Fate.LATE
        self._newest[arrived.subject] = arrived.moment
        return Fate.NEW


def arrival(plan: Delivery, headers: Headers | None, body: bytes) -> Arrival:
    """Return what counts of a delivery, from the places that the contract names."""
    known = Places(headers, body)
    kind, places = plan.subject or ("", ())
    about = known.key(places)
    when = known.first(plan.order_by) if plan.order_by else None
    return Arrival(known.key(plan.delivery_id), f"{kind} {about}" if about else None, moment(when))


def moment(text: str | None) -> float | None:
    """Return a moment in seconds since 1970, from ISO 8601 with its zone or from such seconds; None for anything else."""
    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text, re.ASCII):
        return float(text)
    try:
        read = datetime.fromisoformat(text)
        return read.timestamp() if read.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


class Places:
    """What stands in a delivery where a contract says: in a header, or in the body at a JSONPath."""

    def __init__(self, headers: Headers | None, body: bytes) -> None:
        self._headers = headers
        self._body = body

    def knows(self, place: str) -> bool:
        """Tell whether this place was given at all: headers may not have been captured."""
        return self._headers is not None or place.startswith("$")

    def all(self, place: str) -> list[str]:
        """Return what stands there as text; nothing for null, lists and mappings."""
        if not place.startswith("$"):
            return list(self._headers.all(place)) if self._headers is not None else []
        found = jsonpath.find(place, _value(self._body))
        return [each if isinstance(each, str) else json.dumps(each) for each in found if _is_scalar(each)]

    def first(self, place: str) -> str | None:
        """Return the first of what stands there."""
        return next(iter(self.all(place)), None)

    def key(self, places: Sequence[str]) -> str | None:
        """Return all that stands at these places as one text; None where there is nothing at any of them."""
        found = [self.all(place) for place in places]
        return json.dumps(found) if any(map(any, found)) else None


def shown(place: str) -> str:
    """Return a place as findings name it."""
    return place if place.startswith("$") else f"header {place.lower()}"


def absent(place: str) -> str:
    """Return how findings say that nothing is there."""
    return "nothing there" if place.startswith("$") else "no such header"


def missing(plan: Delivery, headers: Headers | None, body: bytes, level: Outcome) -> Iterator[Finding]:
    """Yield what a delivery lacks to be told from its repetition and put in order; `level` is how bad the former is."""
    known = Places(headers, body)
    ids, order, about = plan.delivery_id, plan.order_by, plan.subject[1] if plan.subject else ()
    if ids and all(map(known.knows, ids)) and known.key(ids) is None:
        yield Finding(
            "delivery-id", "the key by which a repetition is dropped", absent(ids[0]), shown(ids[0]), level=level
        )
    if about and all(map(known.knows, about)) and known.key(about) is None:
        wanted = "what the delivery is about"
        yield Finding("delivery-order", wanted, absent(about[0]), shown(about[0]), level=Outcome.WARN)
    if order is not None and known.knows(order) and moment(known.first(order)) is None:
        given = known.first(order)
        actual = absent(order) if given is None else "no moment that can be read"
        wanted = "the moment that puts deliveries in order"
        yield Finding("delivery-order", wanted, actual, shown(order), level=Outcome.WARN)


# --- sequences --------------------------------------------------------------------------------------------------------


def untold(plan: Delivery, headers: Headers, body: bytes) -> Iterator[Finding]:
    """Yield the sequences, made from one delivery, that a receiver who follows the contract would take wrongly."""
    for name, arrivals, wanted in _sequences(plan, headers, body):
        inbox = Inbox()
        taken = [inbox.take(each) for each in arrivals]
        if taken != wanted:
            yield Finding("delivery-sequence", f"{name}: {', '.join(wanted)}", ", ".join(taken))


def _sequences(plan: Delivery, headers: Headers, body: bytes) -> Iterator[tuple[str, list[Arrival], list[Fate]]]:
    made = _Made(plan, headers, body)
    sample, another, elsewhere = made.sample, made.later, made.about_something_else
    twice = [] if sample.id is None else [Fate.DUPLICATE]
    if twice:
        yield "the same delivery again", [sample, sample], [Fate.NEW, *twice]
    if twice and another.id is not None:
        yield "another delivery about the same thing", [sample, another], [Fate.NEW, Fate.NEW]
    if sample.moment is not None and sample.subject is not None:
        arrivals, wanted = [another, sample, *([another] if twice else [])], [Fate.NEW, Fate.LATE, *twice]
        yield "an older one after a newer", arrivals, wanted
        yield "an older one about something else", [another, elsewhere], [Fate.NEW, Fate.NEW]


class _Made:
    """Deliveries made from one: a later one about the same thing, and one of the same moment about another."""

    def __init__(self, plan: Delivery, headers: Headers, body: bytes) -> None:
        self._plan = plan
        self._headers = headers
        self._body = body
        about = plan.subject[1] if plan.subject else ()
        kept = {*about, plan.order_by}
        self._ids = [place for place in plan.delivery_id if place not in kept]
        self._about = [place for place in about if place != plan.order_by]

    @property
    def sample(self) -> Arrival:
        return arrival(self._plan, self._headers, self._body)

    @property
    def later(self) -> Arrival:
        changes: dict[str, Callable[[Any], Any]] = dict.fromkeys(self._ids, _other)
        if self._plan.order_by is not None:
            changes[self._plan.order_by] = _later
        return self._with(changes)

    @property
    def about_something_else(self) -> Arrival:
        return self._with(dict.fromkeys([*self._ids, *self._about], _third))

    def _with(self, changes: Mapping[str, Callable[[Any], Any]]) -> Arrival:
        headers = [
            (
                name,
                next((str(change(value)) for place, change in changes.items() if place.lower() == name.lower()), value),
            )
            for name, value in self._headers
        ]
        value = _value(self._body)
        for place, change in changes.items():
            if place.startswith("$"):
                for pointer in jsonpath.pointers(place, value):
                    value = _changed(value, pointer, change)
        body = self._body if value is None else json.dumps(value).encode()
        return arrival(self._plan, Headers(tuple(headers)), body)


def _changed(value: Any, pointer: str, change: Callable[[Any], Any]) -> Any:
    if not pointer:
        return change(value)
    inner, (*way, last) = value, [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for step in way:
        inner = inner[int(step) if isinstance(inner, list) else step]
    key: Any = int(last) if isinstance(inner, list) else last
    inner[key] = change(inner[key])
    return value


def _other(value: Any, number: int = 2) -> Any:
    """Return another value of the same kind."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value + number
    return f"{value}-{number}" if isinstance(value, str) else value


def _third(value: Any) -> Any:
    return _other(value, 3)


def _later(value: Any) -> Any:
    """Return a moment a minute later, written in the same way; what is no moment stays."""
    when = moment(value if isinstance(value, str) else json.dumps(value))
    if when is None:
        return value
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        return (datetime.fromisoformat(value) + timedelta(seconds=_LATER_S)).isoformat()
    return str(float(value) + _LATER_S) if isinstance(value, str) else value + _LATER_S


def _value(body: bytes) -> Json:
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value


def _is_scalar(value: Json) -> bool:
    return value is not None and not isinstance(value, (list, dict))
