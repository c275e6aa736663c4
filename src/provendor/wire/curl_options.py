"""What libcurl is told of one request: the request itself, and whom to trust on the way."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

import certifi
import pycurl

from provendor.wire.route import Route

_SUPPRESS_CONNECT_HEADERS: Final = 265  # pycurl has no name for it
# What libcurl or pycurl would add where the request has none; a header without a value is not sent.
_UNASKED: Final = {b"accept": b"Accept:", b"user-agent": b"User-Agent:", b"content-type": b"Content-Type:"}
# What libcurl says itself: the length of the body, how the connection goes on.
_CURLS_OWN: Final = frozenset({b"content-length", b"connection", b"transfer-encoding"})
_ENDS_A_LINE: Final = re.compile(rb"[\r\n\0]")
_PROXY_TRUST: Final = {pycurl.CAINFO: pycurl.PROXY_CAINFO, pycurl.CAPATH: pycurl.PROXY_CAPATH}

Trusted = tuple[int, str]
"""The option that names the trusted authorities, and their file or folder."""


class Call(NamedTuple):
    """One request as it goes out; `scheme`, `host` and `port` are those of its URL. Without `timeout_s` it may last for ever.

    `again` allows to send it a second time where a kept connection turns out to be dead before anything of the answer came.
    """

    method: str
    url: str
    scheme: str
    host: str
    port: int
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    timeout_s: float | None = None
    connect_s: float | None = None
    again: bool = True


def trusted_on(route: Route) -> Trusted:
    """Return whom a route trusts; libcurl reads them once."""
    if route.authorities is None:
        return pycurl.CAINFO, certifi.where()
    return pycurl.CAPATH if Path(route.authorities).is_dir() else pycurl.CAINFO, route.authorities


def set_options(
    handle: pycurl.Curl, call: Call, route: Route, proxy: str | None, trusted: Trusted, spent_s: float
) -> None:
    """Tell a handle everything but where the answer goes; `spent_s` of the call's time are over. Raises ValueError."""
    set_ = handle.setopt
    set_(pycurl.URL, call.url)
    set_(pycurl.PATH_AS_IS, 1)
    set_(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    set_(pycurl.NOSIGNAL, 1)
    set_(pycurl.PROXY, proxy or "")  # an empty one keeps libcurl from reading the environment
    set_(pycurl.NOPROXY, "")
    set_(_SUPPRESS_CONNECT_HEADERS, 1)  # what a proxy answers is no part of the vendor's answer
    set_(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
    set_(pycurl.HTTPHEADER, _header_lines(call))
    set_(pycurl.TIMEOUT_MS, _milliseconds(call.timeout_s, spent_s))
    set_(pycurl.CONNECTTIMEOUT_MS, _milliseconds(call.connect_s, 0.0))
    # libcurl sends anew what met a dead connection, whatever it is. What must not be sent twice gets a connection of its own.
    set_(pycurl.FRESH_CONNECT, 0 if call.again else 1)
    if route.hosts:
        set_(pycurl.RESOLVE, [f"{name}:{call.port}:{address}" for name, address in route.hosts])
    if call.scheme == "https" or proxy:
        _set_trust(handle, route, proxy, trusted)
    _set_method(handle, call)


def _set_method(handle: pycurl.Curl, call: Call) -> None:
    if call.body or call.method in ("POST", "PUT", "PATCH"):
        handle.setopt(pycurl.POSTFIELDS, call.body)
        handle.setopt(pycurl.POSTFIELDSIZE, len(call.body))
    elif call.method == "HEAD":
        handle.setopt(pycurl.NOBODY, 1)
    handle.setopt(pycurl.CUSTOMREQUEST, call.method)


def _set_trust(handle: pycurl.Curl, route: Route, proxy: str | None, trusted: Trusted) -> None:
    handle.setopt(*trusted)
    handle.setopt(pycurl.SSL_VERIFYPEER, 1)
    handle.setopt(pycurl.SSL_VERIFYHOST, 2)
    handle.setopt(pycurl.OPT_CERTINFO, 1)
    if proxy:
        handle.setopt(_PROXY_TRUST[trusted[0]], trusted[1])
    if route.certificate:
        handle.setopt(pycurl.SSLCERT, route.certificate)
        handle.setopt(pycurl.SSLKEY, route.certificate)
        handle.setopt(pycurl.KEYPASSWD, "")  # without one OpenSSL asks on the terminal


def _header_lines(call: Call) -> list[bytes]:
    known = {name.lower() for name, _ in call.headers}
    lines = [line for name, line in _UNASKED.items() if name not in known]
    lines.append(b"Expect:")  # a body is sent at once
    for name, value in call.headers:
        if name.lower() not in _CURLS_OWN:
            lines.append(name + b": " + value if value.strip() else name + b";")
    if _ENDS_A_LINE.search(b"".join(lines)):
        raise ValueError("a header that would be several lines")
    return lines


def _milliseconds(seconds: float | None, spent: float) -> int:
    """Return how long libcurl may take; 0 is for ever."""
    return 0 if seconds is None else max(1, round((seconds - spent) * 1000))
