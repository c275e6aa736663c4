"""What libcurl tells of one transfer once it has ended: how far it came, how long each part took, and who was there."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NamedTuple

import pycurl

from provendor.exchange import Certificate, Peer, Phases

_MOST_CERTIFICATES: Final = 1024
_TIMERS: Final = (
    pycurl.QUEUE_TIME_T,
    pycurl.NAMELOOKUP_TIME_T,
    pycurl.CONNECT_TIME_T,
    pycurl.APPCONNECT_TIME_T,
    pycurl.PRETRANSFER_TIME_T,
    pycurl.STARTTRANSFER_TIME_T,
    pycurl.TOTAL_TIME_T,
)


class Stage(StrEnum):
    """What a transfer was waiting for."""

    TURN = "turn"
    LOOKUP = "lookup"
    CONNECT = "connect"
    TLS = "tls"
    ANSWER = "answer"
    HEADERS = "headers"
    BODY = "body"


class Report(NamedTuple):
    """What is known of a transfer. `waited_for` is what it was waiting for if nothing was answered.

    `system_error` and `verify_result` are the system's and OpenSSL's numbers for what went wrong, 0 for nothing.
    """

    phases: Phases = Phases()
    waited_for: Stage = Stage.TURN
    peer: Peer | None = None
    system_error: int = 0
    verify_result: int = 0


def report(
    handle: pycurl.Curl,
    protocol: str | None,
    *,
    secure: bool,
    opened: bool,
    certificates: MutableMapping[int, Certificate],
) -> Report:
    """Take from a handle what it knows, before it is used for another transfer.

    `protocol` is what the answer was in, None where none came; `opened` whether a connection was opened for it.
    `certificates` remembers by connection what was shown when it was opened.
    """
    get = handle.getinfo
    queued, looked, connected, secured, ready, first, total = (get(each) for each in _TIMERS)
    anew = get(pycurl.NUM_CONNECTS) > 0
    # Where a transfer fails, libcurl also sets moments that were not reached: what was seen tells which are true.
    answered = protocol is not None
    phases = Phases(
        dns_ms=_span(queued, looked) if anew else None,
        connect_ms=_span(looked, connected) if anew else None,
        tls_ms=_span(connected, secured) if anew and secure else None,
        first_byte_ms=_span(ready, first) if answered else None,
        total_ms=_span(ready, total) if answered else None,
    )
    address = _reached(handle)
    shown = _shown(handle, certificates, anew=anew) if secure and address else None
    return Report(
        phases,
        _waited_for(opened, address, connected, secured if secure else connected),
        Peer(address, protocol, shown) if address else None,
        get(pycurl.OS_ERRNO),
        get(pycurl.SSL_VERIFYRESULT),
    )


def address_of(ip: str, port: int) -> str:
    """Return address and port as they are written together."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _span(start_us: int, end_us: int) -> float | None:
    """Return the milliseconds between two moments; None where the later one did not come."""
    return max(0, end_us - start_us) / 1000 if end_us else None


def _waited_for(opened: bool, reached: str | None, connected: int, secured: int) -> Stage:
    """Return what was waited for before anything of the answer came; a moment that did not come is 0."""
    if not opened:
        return Stage.ANSWER if reached else Stage.LOOKUP  # a connection that was there already, or none at all
    if not connected:
        return Stage.CONNECT
    return Stage.ANSWER if secured else Stage.TLS


def _reached(handle: pycurl.Curl) -> str | None:
    ip = handle.getinfo(pycurl.PRIMARY_IP)
    return address_of(ip, handle.getinfo(pycurl.PRIMARY_PORT)) if ip else None


def _shown(handle: pycurl.Curl, known: MutableMapping[int, Certificate], *, anew: bool) -> Certificate | None:
    """Return the certificate of the connection, which is only told when it is opened."""
    number = handle.getinfo(pycurl.CONN_ID)
    if anew and (shown := _certificate(handle.getinfo(pycurl.INFO_CERTINFO))):
        if len(known) >= _MOST_CERTIFICATES:
            known.clear()
        known[number] = shown
    return known.get(number)


def _certificate(chain: list[list[tuple[str, str]]]) -> Certificate | None:
    """Return what the first certificate of a chain says."""
    if not chain:
        return None
    said = dict(chain[0])
    return Certificate(said.get("Subject"), said.get("Issuer"), _iso(said.get("Expire date")))


def _iso(text: str | None) -> str | None:
    """Return OpenSSL's `Nov  2 10:00:00 2026 GMT` as an ISO date-time."""
    try:
        return datetime.strptime(text or "", "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC).isoformat()
    except ValueError:
        return None
