"""What went over the wire, frozen: a request, its response, and where the answer comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, TypeAlias

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"


class Headers:
    """Header fields in the order they came, looked up without regard to case.

    headers = Headers((("Content-Type", "application/json"),))
    headers.get("content-type")       # "application/json"
    headers.get("retry-after")        # None
    headers.all("set-cookie")         # ()
    """

    __slots__ = ("_index", "items")

    def __init__(self, items: tuple[tuple[str, str], ...] = ()) -> None:
        self.items = items
        self._index: dict[str, str] | None = None

    def get(self, name: str) -> str | None:
        """Return the first value of this header, or None."""
        if self._index is None:
            self._index = {key.lower(): value for key, value in reversed(self.items)}
        return self._index.get(name.lower())

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of this header, in order."""
        wanted = name.lower()
        return tuple(value for key, value in self.items if key.lower() == wanted)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return f"Headers({self.items!r})"


class Request(NamedTuple):
    """One request as the contract builds it: an absolute URL without its query, which stands apart, decoded.

    `asked_by` is the case that asks, or of a flow the step: `publer/jobs.get:wait`. It says nothing about what is sent, so
    that requests which differ in nothing else are equal.
    """

    method: str
    url: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Headers = Headers()
    body: bytes = b""
    asked_by: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Request) and self[:5] == other[:5]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:5])


class Source(StrEnum):
    """Where an exchange comes from. A recorded one is never health."""

    RECORDED = "recorded"
    LIVE = "live"


class Origin(StrEnum):
    """How a recording came to be."""

    RECORDED = "recorded"
    DOCUMENTED = "documented"
    SYNTHETIC = "synthetic"


class Recording(NamedTuple):
    """Where a replayed answer comes from: the metadata of its cassette.

    `at` is `recorded_at` or `written_at` as an ISO date or date-time; None where the cassette does not say.
    """

    path: str
    origin: Origin | None
    source: str | None
    at: str | None
    api_version: str | None
    environment: str | None
    digest: str


class BodyNotJson(ValueError):
    """The body is not JSON; the text says where it stops being so."""


class Phases(NamedTuple):
    """How long each part of one attempt took, in milliseconds; None where it did not happen or is not known.

    A connection that is used again has neither `dns_ms` nor `connect_ms` nor `tls_ms`. `first_byte_ms` is from the first
    byte written to the first byte read, `total_ms` to the last one: the vendor's time, without our own queues.
    """

    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float | None = None


class Certificate(NamedTuple):
    """What the other side showed: names as text, the end as an ISO date-time in UTC; None where it is not known."""

    subject: str | None = None
    issuer: str | None = None
    not_after: str | None = None


class Peer(NamedTuple):
    """Who answered: `203.0.113.7:443`, `HTTP/2`, and the certificate of a TLS connection."""

    address: str | None = None
    protocol: str | None = None
    certificate: Certificate | None = None


class Attempt(NamedTuple):
    """One try over the network, kept with the exchange or the fault that came of it.

    `error` is the code of the fault that ended it, None where an answer came. `waited_ms` is how long it waited before it
    began, for our own rate limit or to try again; `retry_after_s` is how long its answer asked us to wait.
    """

    started_at: float
    status: int | None
    error: str | None = None
    phases: Phases = Phases()
    waited_ms: float = 0.0
    retry_after_s: float | None = None


class _Exchange(NamedTuple):
    request: Request
    status: int
    headers: Headers
    body: bytes
    source: Source
    recording: Recording | None = None
    elapsed_ms: float | None = None
    attempts: tuple[Attempt, ...] = ()
    peer: Peer | None = None


class Exchange(_Exchange):
    """One finished request and response.

    `elapsed_ms` is None for a recorded exchange: a replay has no timing; of a live one it is the last attempt's total.
    `recording` is None for a live one, `attempts` and `peer` are of live ones only.
    """

    # Named fields, and a place beside them for what is parsed once.

    @cached_property
    def text(self) -> str:
        """The body as text: UTF-8, with what is not UTF-8 replaced."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def json(self) -> Json:
        """The body as a JSON value; raises BodyNotJson."""
        try:
            value: Json = _DECODER.decode(self.body.decode(json.detect_encoding(self.body), "surrogatepass"))
        except (ValueError, RecursionError) as reason:
            raise BodyNotJson(str(reason) or "nested too deeply") from None
        return value


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


# Made once: `json.loads` makes a new one for each call that refuses constants.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
