"""How a vendor signs what it delivers: one rule, the signature that it makes, and what is wrong with one that it does not.

    rule = SignatureRule("X-Chatwoot-Signature", "sha256", "hex", "{timestamp}.{body}", prefix="sha256=",
                         timestamp="X-Chatwoot-Timestamp", tolerance_s=300)
    signed = sign(rule, headers, body, secret, at=1_795_000_000)
    faults(rule, signed, body, secret, now=1_795_000_010)      # (): the delivery is genuine

Signatures are over the raw bytes: a body that was parsed and written again no longer matches, whatever it says.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Literal, NamedTuple

from provendor.exchange import Headers

Encoding = Literal["base64", "hex"]
_SIZES = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}


class SignatureRule(NamedTuple):
    """HMAC with `algorithm` over `signed` (a template of `{body}` and `{timestamp}`), written in `encoding` after `prefix`.

    `timestamp` is the header that holds the moment of signing in seconds since the epoch; older than `tolerance_s` is
    stale.
    """

    header: str
    algorithm: str
    encoding: Encoding
    signed: str = "{body}"
    prefix: str = ""
    timestamp: str | None = None
    tolerance_s: float | None = None


class Fault(NamedTuple):
    """One rule that a delivery breaks. `code` is stable; `hint` says what the sender or the reader probably did."""

    code: str
    expected: str
    actual: str
    at: str
    hint: str = ""


def sign(rule: SignatureRule, headers: Headers, body: bytes, secret: str, at: int) -> Headers:
    """Return the headers with the signature (and the timestamp) that the vendor would send, in place of any there."""
    ours = {rule.header.lower()} | ({rule.timestamp.lower()} if rule.timestamp else set())
    kept = [(name, value) for name, value in headers if name.lower() not in ours]
    stamp = [(rule.timestamp, str(at))] if rule.timestamp else []
    return Headers((*kept, *stamp, (rule.header, _written(rule, body, secret, str(at)))))


def faults(rule: SignatureRule, headers: Headers, body: bytes, secret: str, now: float) -> tuple[Fault, ...]:
    """Return every rule that the delivery breaks; none means that it is genuine and fresh.

    Of several signatures (several headers, or separated by commas, as while a secret is rotated) one must be right.
    """
    return tuple(_explained(fault, rule, headers, body, secret) for fault in _faults(rule, headers, body, secret, now))


def is_genuine(rule: SignatureRule, headers: Headers, body: bytes, secret: str, now: float) -> bool:
    """Tell whether the delivery breaks no rule: what a receiver asks, without looking for reasons."""
    return next(_faults(rule, headers, body, secret, now), None) is None


def _faults(rule: SignatureRule, headers: Headers, body: bytes, secret: str, now: float) -> Iterator[Fault]:
    at = f"header {rule.header.lower()}"
    given = _given(rule, headers)
    stamp = headers.get(rule.timestamp) if rule.timestamp else ""
    if rule.timestamp and not _is_moment(stamp):
        place = f"header {rule.timestamp.lower()}"
        actual = "no such header" if stamp is None else "not a number"
        yield Fault("signature-timestamp", "seconds since the epoch", actual, place)
    elif stamp and rule.tolerance_s is not None and abs(now - int(stamp)) > rule.tolerance_s:
        age = now - int(stamp)
        said = f"{age:.0f} s old" if age >= 0 else f"{-age:.0f} s in the future"
        yield Fault(
            "signature-stale", f"at most {rule.tolerance_s:g} s old", said, f"header {(rule.timestamp or '').lower()}"
        )
    if not given:
        yield Fault("signature-missing", f"a signature as {rule.encoding}", "no such header", at)
        return
    formed = [value for value in given if _well_formed(rule, value)]
    if not formed:
        yield Fault("signature-form", _form(rule), _described(given[0]), at)
    elif stamp is not None and not any(_equal(value, _written(rule, body, secret, stamp)) for value in formed):
        yield Fault("signature-wrong", "the signature of these bytes with our secret", "another one", at)


def _given(rule: SignatureRule, headers: Headers) -> list[str]:
    return [part.strip() for value in headers.all(rule.header) for part in value.split(",") if part.strip()]


def _explained(fault: Fault, rule: SignatureRule, headers: Headers, body: bytes, secret: str) -> Fault:
    """Return the fault with what probably led to it."""
    if fault.code == "signature-missing":
        return fault._replace(hint=_look_alike(rule, headers))
    if fault.code == "signature-wrong":
        stamp = (headers.get(rule.timestamp) if rule.timestamp else None) or ""
        return fault._replace(hint=_why(rule, _given(rule, headers), body, secret, stamp))
    return fault


def _is_moment(text: str | None) -> bool:
    return text is not None and text.isdecimal() and text.isascii() and len(text) <= 12


def _mac(rule: SignatureRule, body: bytes, secret: str, stamp: str) -> bytes:
    import hmac  # noqa: PLC0415 - contracts without webhooks need no cryptography

    before, _, after = rule.signed.partition("{body}")
    message = before.replace("{timestamp}", stamp).encode() + body + after.replace("{timestamp}", stamp).encode()
    # An environment variable may hold any bytes; they arrive as surrogates.
    return hmac.digest(secret.encode("utf-8", "surrogateescape"), message, rule.algorithm)


def _written(rule: SignatureRule, body: bytes, secret: str, stamp: str) -> str:
    mac = _mac(rule, body, secret, stamp)
    return rule.prefix + (mac.hex() if rule.encoding == "hex" else b64encode(mac).decode("ascii"))


def _equal(ours: str, theirs: str) -> bool:
    import hmac  # noqa: PLC0415 - as above

    return hmac.compare_digest(ours.encode("utf-8", "replace"), theirs.encode())


def _well_formed(rule: SignatureRule, value: str) -> bool:
    if not value.startswith(rule.prefix):
        return False
    size = _SIZES[rule.algorithm]
    pattern = f"[0-9a-f]{{{2 * size}}}" if rule.encoding == "hex" else f"[A-Za-z0-9+/]{{{-(-4 * size // 3)}}}={{0,2}}"
    return re.fullmatch(pattern, value.removeprefix(rule.prefix)) is not None


def _form(rule: SignatureRule) -> str:
    start = f'"{rule.prefix}" and then ' if rule.prefix else ""
    return f"{start}{_SIZES[rule.algorithm]} bytes as {rule.encoding}"


def _described(value: str) -> str:
    return f"{len(value)} characters of another form"


def _look_alike(rule: SignatureRule, headers: Headers) -> str:
    words = set(re.split(r"[^a-z0-9]+", rule.header.lower())) & {"signature", "hmac", "sha256"}
    near = [name for name, _ in headers if words & set(re.split(r"[^a-z0-9]+", name.lower()))]
    return f"there is {near[0]}" if near else ""


def _why(rule: SignatureRule, given: list[str], body: bytes, secret: str, stamp: str) -> str:
    """Say which usual slip makes the signature fit, if one does."""
    slips = {
        "the body has lost or gained white space at its ends": body.strip(),
        "the body was read to the last line feed": body + b"\n",
        "the body was parsed as JSON and written again": _rewritten(body, (",", ":")),
        "the body was parsed as JSON and written again with spaces": _rewritten(body, (", ", ": ")),
    }
    for hint, other in slips.items():
        if other != body and any(_equal(value, _written(rule, other, secret, stamp)) for value in given):
            return hint
    stripped = secret.strip()
    if stripped != secret and any(_equal(value, _written(rule, body, stripped, stamp)) for value in given):
        return "our secret has white space at its ends"
    return ""


def _rewritten(body: bytes, separators: tuple[str, str]) -> bytes:
    try:
        return json.dumps(json.loads(body), separators=separators).encode()
    except (ValueError, RecursionError):
        return body


def rewritten(body: bytes) -> bytes:
    """Return a JSON body as another program would write it: the same value in other bytes, if there are any.

    Bytes that are no JSON come back as they are.
    """
    for separators in ((", ", ": "), (",", ":")):
        other = _rewritten(body, separators)
        if other != body:
            return other
    return body
