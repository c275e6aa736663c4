"""What libcurl says where a transfer breaks off, as a `Fault`: a stable code, and a text that holds nothing secret."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from typing import Final

from provendor.errors import Fault
from provendor.exchange import Attempt, Certificate, Peer
from provendor.fault_codes import FAULTS
from provendor.plaintext import visible
from provendor.wire.curl import Broken, Transfer
from provendor.wire.curl_report import Stage
from provendor.wire.route import origin

# libcurl's numbers, which are part of its ABI; pycurl has names for only some of them.
_COULDNT_CONNECT: Final = 7
_PARTIAL_FILE: Final = 18
_TIMED_OUT: Final = 28
_SSL_CONNECT_ERROR: Final = 35
_GOT_NOTHING: Final = 52
_SEND_ERROR, _RECV_ERROR = 55, 56
_PEER_FAILED_VERIFICATION: Final = 60
_BY_NUMBER: Final[Mapping[int, str]] = {
    3: "unsendable",  # the URL
    5: "proxy-failure",
    6: "dns-failure",
    42: "cancelled",
    43: "unsendable",  # an option
    58: "client-certificate",
    59: "tls-failure",
    77: "trust-store",
    92: "stream-reset",
    97: "proxy-failure",
    100: "too-large",  # headers; how large a body may be is for `live` to say
}
_LATE: Final[Mapping[Stage, str]] = {
    Stage.TURN: "no-turn",
    Stage.LOOKUP: "dns-timeout",
    Stage.CONNECT: "connect-timeout",
    Stage.TLS: "tls-timeout",
    Stage.ANSWER: "no-answer",
    Stage.HEADERS: "too-slow",
    Stage.BODY: "too-slow",
}
_CUT: Final[Mapping[Stage, str]] = {Stage.HEADERS: "reset-in-headers", Stage.BODY: "reset-in-body"}
# OpenSSL's numbers for why it accepts no certificate.
_BY_VERIFICATION: Final[Mapping[int, str]] = {
    9: "certificate-not-yet-valid",
    10: "certificate-expired",
    18: "certificate-self-signed",
    **dict.fromkeys((2, 19, 20, 21), "certificate-untrusted"),
    **dict.fromkeys((62, 64), "certificate-wrong-host"),
}
_HUNG_UP: Final = re.compile(
    r"(?:recv|send) failure|died|empty reply|unexpected eof|SSL_(?:read|write): .*errno [1-9]", re.IGNORECASE
)
_TOO_LARGE: Final = re.compile(r"too large response headers", re.IGNORECASE)
_OTHER_NAME: Final = re.compile(r"no alternative certificate subject name|does not match", re.IGNORECASE)
_OUR_CERTIFICATE: Final = re.compile(
    r"alert (?:certificate|bad certificate|unsupported certificate|unknown ca)", re.IGNORECASE
)


def fault(broken: Broken) -> Fault:
    """Return what a transfer that broke off means."""
    transfer = broken.transfer
    code = _code(broken, transfer)
    return made(code, f"{origin(transfer.call.url)}: {_TEXTS[code].format_map(_told(broken))}", peer=transfer.peer)


def made(code: str, message: str, *, peer: Peer | None = None, attempts: tuple[Attempt, ...] = ()) -> Fault:
    """Return a fault of this code, whose entry says whether it can be tried again."""
    return Fault(code, message, retryable=FAULTS[code].retryable, attempts=attempts, peer=peer)


def _code(broken: Broken, transfer: Transfer) -> str:
    number, stage = broken.code, transfer.stage
    if transfer.refused is not None:
        return "private-target"
    if number == _TIMED_OUT:
        return _LATE[stage]
    if transfer.through_proxy and (stage in (Stage.LOOKUP, Stage.CONNECT) or "CONNECT" in broken.words):
        return "proxy-failure"
    if number == _PEER_FAILED_VERIFICATION:
        other = "certificate-wrong-host" if _OTHER_NAME.search(broken.words) else "certificate-invalid"
        return _BY_VERIFICATION.get(transfer.report.verify_result, other)
    if _TOO_LARGE.search(broken.words):
        return "too-large"
    if _OUR_CERTIFICATE.search(broken.words):
        return "client-certificate"
    if number == _COULDNT_CONNECT and transfer.report.system_error != errno.ECONNRESET:
        return "connection-refused" if transfer.report.system_error == errno.ECONNREFUSED else "unreachable"
    if number == _PARTIAL_FILE:
        return (
            "length-wrong"
            if any(name.lower() == b"content-length" for name, _ in transfer.headers)
            else "chunks-cut-off"
        )
    if number in (_COULDNT_CONNECT, _GOT_NOTHING) or (
        number in (_SSL_CONNECT_ERROR, _SEND_ERROR, _RECV_ERROR) and _HUNG_UP.search(broken.words)
    ):
        return _CUT.get(stage, "reset-before-answer")
    return _BY_NUMBER.get(number, "tls-failure" if number == _SSL_CONNECT_ERROR else "protocol-error")


_TEXTS: Final[Mapping[str, str]] = {
    "dns-failure": "the name {host} cannot be looked up",
    "dns-timeout": "the name {host} was not looked up {within}",
    "connection-refused": "{address} refuses the connection",
    "unreachable": "{address} cannot be reached: {why}",
    "connect-timeout": "{address} did not take the connection {within}",
    "tls-timeout": "the TLS handshake with {address} did not end {within}",
    "tls-failure": "no encryption was agreed on with {address}: {why}",
    "certificate-expired": "the certificate ended on {ends}",
    "certificate-not-yet-valid": "the certificate is not valid yet; it ends on {ends}",
    "certificate-self-signed": "the certificate of {subject} vouches for itself",
    "certificate-wrong-host": "the certificate of {subject} is not for {host}",
    "certificate-untrusted": "the certificate is signed by {issuer}, for whom nobody vouches that we trust",
    "certificate-invalid": "the certificate cannot be trusted: {why}",
    "client-certificate": "our own certificate is missing or not accepted: {why}",
    "trust-store": "the certificates that we trust cannot be read: {why}",
    "reset-before-answer": "{address} closed the connection before it answered",
    "reset-in-headers": "{address} closed the connection in the middle of the headers",
    "reset-in-body": "{address} closed the connection after {received} bytes of the body",
    "length-wrong": "the body ends after {received} bytes, and not where its Content-Length says",
    "chunks-cut-off": "the body ends after {received} bytes, before its last chunk",
    "stream-reset": "the answer was given up: {why}",
    "protocol-error": "what came is no HTTP: {why}",
    "no-answer": "{address} took the request and answered nothing {within}",
    "too-slow": "the answer did not end {within}; {received} bytes of its body had come",
    "too-large": "the headers are larger than is allowed",
    "private-target": "{address} is {kind}: such addresses are not called here",
    "proxy-failure": "the proxy does not let us through: {why}",
    "no-turn": "our own calls left no turn {within}",
    "unsendable": "the request cannot be sent as it is",
    "cancelled": "the call was broken off by us",
}


def _told(broken: Broken) -> dict[str, str]:
    """Return what the texts are made of. libcurl's reason may hold names, addresses, and some of the vendor's bytes."""
    transfer = broken.transfer
    refused, kind = transfer.refused or (None, "private")
    shown = (transfer.peer and transfer.peer.certificate) or Certificate()
    return {
        "host": transfer.call.host,
        "address": refused or transfer.tried or (transfer.peer and transfer.peer.address) or transfer.call.host,
        "kind": f"a {kind} address",
        "why": visible(broken.words, 200) or "no reason is known",
        "within": f"within {_shortly(_time_given(transfer))} s",
        "received": f"{transfer.received:,}",
        "subject": visible(shown.subject or "somebody", 120),
        "issuer": visible(shown.issuer or "somebody", 120),
        "ends": shown.not_after or "a day that is not known",
    }


def _shortly(seconds: float) -> str:
    return f"{seconds:.2g}" if seconds < 10 else f"{seconds:.0f}"


def _time_given(transfer: Transfer) -> float:
    """Return how long it had for what it did not come to: a connection has less time than everything."""
    total, connect = transfer.call.timeout_s or 0.0, transfer.call.connect_s or 0.0
    return min(total, connect) if transfer.stage in (Stage.LOOKUP, Stage.CONNECT, Stage.TLS) else total
