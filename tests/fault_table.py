"""What each fault says: pinned for the tests over real sockets, and shown on docs/reference/checks.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
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
    "stream-endless": "a stream of events did not end; {received} bytes had come",
    "too-large": "the body is larger than {most} bytes",
    "bomb": "it decompresses to more than {most} bytes",
    "encoding-invalid": "the body cannot be decoded as its header says: {why}",
    "redirect-loop": "more than 5 redirects, one after the other",
    "redirect-elsewhere": "it redirects to {elsewhere}",
    "private-target": "{address} is a private address: such addresses are not called here",
    "proxy-failure": "the proxy does not let us through: {why}",
    "no-turn": "our own calls left no turn {within}",
    "out-of-time": "the time of the case was over before it was asked",
    "unsendable": "the request cannot be sent as it is",
    "cancelled": "the call was broken off by us",
}
EXAMPLES: Final[Mapping[str, str]] = {
    "host": "acme.example",
    "address": "203.0.113.7:443",
    "within": "within 5 s",
    "ends": "2026-11-19T23:59:59+00:00",
    "subject": "CN = acme.example",
    "issuer": "CN = Somebody's Authority",
    "received": "1,024",
    "most": "33,554,432",
    "elsewhere": "https://elsewhere.example",
    "why": "",
}
_REASONS: Final[Mapping[str, str]] = {
    "unreachable": "Failed to connect to 203.0.113.7:443 after 0 ms: Could not connect to server",
    "tls-failure": "TLS connect error: error:0A00010B:SSL routines::wrong version number",
    "certificate-invalid": "SSL certificate OpenSSL verify result: certificate revoked (23)",
    "client-certificate": "TLS connect error: error:0A00045C:SSL routines::tlsv13 alert certificate required",
    "trust-store": "error adding trust anchors from file: /etc/acme/ca.pem",
    "stream-reset": "HTTP/2 stream 1 reset by server (error 0x2 INTERNAL_ERROR)",
    "protocol-error": "Received HTTP/0.9 when not allowed",
    "encoding-invalid": "incorrect header check",
    "proxy-failure": "CONNECT tunnel failed, response 407",
}


def text(code: str, origin: str, **known: str) -> str:
    """Return what a fault says of an origin."""
    return f"{origin}: {TEXTS[code].format_map({**EXAMPLES, **known})}"


def example(code: str) -> str:
    """Return what a fault says where Acme is the vendor."""
    address = "10.0.0.7" if code == "private-target" else EXAMPLES["address"]
    return text(code, "https://acme.example", address=address, why=_REASONS.get(code, ""))
