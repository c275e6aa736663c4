"""Whose fault it is that a live case is no pass: ours, our credential, our quota, our network, the vendor, or the contract.

    around = Around(others={"shopify": True}, worked_before=True)
    blame(result, around)       # Blame(Party.VENDOR, "it refused the connection, while 1 other vendor answered")

Most answers say it themselves. A silence does not: there it is decided by what else was seen at the same time, whether this
machine has a way out, control targets, other vendors. Where nothing else was seen nobody knows, and None says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final, NamedTuple

from provendor.classify import classify
from provendor.contract import ErrorRule
from provendor.run import Result
from provendor.verdict import Blame, Outcome, Party

_NOTHING: Final[Mapping[str, bool]] = MappingProxyType({})


class Around(NamedTuple):
    """What else is known of the moment: control targets and other vendors by name, and whether they answered at all.

    `route` is whether this machine has any way out, None where that is not known. `worked_before` is whether the probe has
    ever been good with this contract.
    """

    controls: Mapping[str, bool] = _NOTHING
    others: Mapping[str, bool] = _NOTHING
    route: bool | None = None
    worked_before: bool = False


def blame(result: Result, around: Around) -> Blame | None:
    """Return whose fault it is, with what speaks for it; None for a pass, a skip, and where nobody can know."""
    if result.outcome in (Outcome.PASS, Outcome.SKIP):
        return None
    code = fault_code(result)
    if code is not None:
        return _of_fault(code, around)
    if result.exchange is None:
        return None
    rule = classify(result.case.expect.errors, result.exchange)
    wrong_status = result.exchange.status not in result.case.expect.status
    as_expected = (
        rule is not None and rule.code == result.case.expect.error
    )  # a refusal that was asked for is nobody's fault
    if wrong_status or (rule is not None and not as_expected):
        return _of_answer(result.exchange.status, rule, around)
    return _of_findings([finding.code for finding in result.findings])


def fault_code(result: Result) -> str | None:
    """Return the code of what kept an answer from coming; None where one came."""
    return next((finding.code for finding in result.findings), None) if result.exchange is None else None


def is_silence(code: str) -> bool:
    """Tell whether a fault is one that only what else was seen can explain."""
    return code in _SILENCE


# --- no answer ----------------------------------------------------------------------------------------------------------


class _Silence(NamedTuple):
    """A fault that a dead vendor and a dead network have in common.

    `said` is what the vendor did. `heard` means that somebody was reached: then it is the vendor where nothing else is known.
    `unless_worked` means that where it never worked, we may be asking the wrong one.
    """

    said: str
    heard: bool = False
    unless_worked: bool = False


_SILENCE: Final[Mapping[str, _Silence]] = MappingProxyType({
    "dns-failure": _Silence("its name cannot be looked up", unless_worked=True),
    "dns-timeout": _Silence("its name was not looked up in time"),
    "unreachable": _Silence("no way leads to its address"),
    "connect-timeout": _Silence("it does not take connections"),
    "connection-refused": _Silence("its machine refuses the connection", heard=True, unless_worked=True),
    "tls-timeout": _Silence("it does not finish the TLS handshake", heard=True),
    "reset-before-answer": _Silence("it hung up without an answer", heard=True),
    "reset-in-headers": _Silence("it hung up in the middle of the headers", heard=True),
    "reset-in-body": _Silence("it hung up in the middle of the body", heard=True),
    "no-answer": _Silence("it took the request and answered nothing", heard=True),
    "too-slow": _Silence("its answer did not end in time", heard=True),
    **dict.fromkeys(
        ("certificate-expired", "certificate-invalid"), _Silence("its certificate cannot be trusted any more", heard=True)
    ),
    "certificate-not-yet-valid": _Silence("its certificate is not valid yet", heard=True),
    **dict.fromkeys(
        ("certificate-self-signed", "certificate-untrusted"),
        _Silence("nobody that we trust vouches for its certificate", heard=True, unless_worked=True),
    ),
    "certificate-wrong-host": _Silence("its certificate is for another host", heard=True, unless_worked=True),
    "tls-failure": _Silence("no encryption can be agreed on", heard=True, unless_worked=True),
})  # fmt: skip

_ALWAYS: Final[Mapping[str, Blame]] = MappingProxyType({
    "length-wrong": Blame(Party.VENDOR, "its body is shorter than it says"),
    "chunks-cut-off": Blame(Party.VENDOR, "its body ends before its last chunk"),
    "stream-reset": Blame(Party.VENDOR, "it broke off the HTTP/2 stream"),
    "stream-endless": Blame(Party.VENDOR, "its stream of events does not end"),
    "protocol-error": Blame(Party.VENDOR, "what it sends is no HTTP"),
    "too-large": Blame(Party.VENDOR, "its answer is larger than anything we take"),
    "bomb": Blame(Party.VENDOR, "its answer unpacks to more than anything we take"),
    "encoding-invalid": Blame(Party.VENDOR, "its body is not encoded as its header says"),
    "redirect-loop": Blame(Party.VENDOR, "its redirects lead in a circle"),
    "client-certificate": Blame(Party.CREDENTIAL, "our own certificate is missing, or it is not accepted"),
    "token-refused": Blame(Party.CREDENTIAL, "it gives us no access token"),
    "paced-out": Blame(Party.QUOTA, "our own pace, as the contract's `rate_limit` sets it, has no turn in time"),
    "proxy-failure": Blame(Party.NETWORK, "the proxy does not let us through"),
    "trust-store": Blame(Party.OURS, "the certificates that we trust cannot be read"),
    "private-target": Blame(Party.OURS, "the base URL leads to an address that must not be called"),
    "network-blocked": Blame(Party.OURS, "our own guard keeps the network off"),
    "no-turn": Blame(Party.OURS, "our own calls left no turn for it"),
    "out-of-time": Blame(Party.OURS, "the time was over before it was asked"),
    "unsendable": Blame(Party.OURS, "the request cannot be sent as it is"),
    "not-read-only": Blame(Party.OURS, "a probe must not write"),
    "not-ready": Blame(Party.OURS, "it was not asked, because something is missing on our side"),
})  # fmt: skip


def _of_fault(code: str, around: Around) -> Blame | None:
    if code in _ALWAYS:
        return _ALWAYS[code]
    if code == "redirect-elsewhere":
        return _by_past(around, "it redirects to another host", Party.VENDOR)
    silence = _SILENCE.get(code)
    return _of_silence(silence, around) if silence else None


def _of_silence(silence: _Silence, around: Around) -> Blame | None:
    """Decide between the vendor and our network by what else was seen: the strongest evidence first."""
    if around.route is False and not silence.heard:
        return Blame(Party.NETWORK, "this machine has no way out")
    for seen, one, many in (
        (around.controls, "control target", "control targets"),
        (around.others, "other vendor", "other vendors"),
    ):
        answered = sum(seen.values())
        if seen and not answered:
            return Blame(Party.NETWORK, f"{silence.said}, and {_none_of(len(seen), one, many)} answered either")
        if answered:
            said = f"{silence.said}, while {answered} {one if answered == 1 else many} answered"
            return _by_past(around, said, Party.VENDOR) if silence.unless_worked else Blame(Party.VENDOR, said)
    if not silence.heard:
        return None
    return Blame(Party.VENDOR, f"{silence.said}; nothing else was asked at that time")


def _none_of(count: int, one: str, many: str) -> str:
    return f"the one {one} has not" if count == 1 else f"none of {count} {many}"


def _by_past(around: Around, said: str, party: Party) -> Blame:
    """Blame this party where the probe worked before, else what we have set up."""
    if around.worked_before:
        return Blame(party, f"{said}; it worked before")
    return Blame(Party.OURS, f"{said}, and it never worked: look at the base URL and at the ids in the environment")


# --- an answer ----------------------------------------------------------------------------------------------------------

_QUOTA_WORDS: Final = frozenset({"quota", "throttled", "limited", "capped", "credits", "too-many"})
_CREDENTIAL_WORDS: Final = frozenset({
    "access", "client", "credentials", "forbidden", "grant", "key", "member", "permission", "role", "scope", "sign-in",
    "suspended", "token", "unauthorized",
})  # fmt: skip
_OTHER_KEYS: Final = frozenset({"idempotency", "page"})  # `page-token-refused` is about no credential


def _of_answer(status: int, rule: ErrorRule | None, around: Around) -> Blame:
    """Blame by status and by the error table's code: the vendor says itself what is wrong."""
    code = rule.code if rule else None
    said = f"it answered {status}" + (f" ({code})" if code else "")
    words = _words(code or "")
    for holds, party, more in _RULES:
        if holds(status, words):
            return Blame(party, said + more)
    if rule is not None and rule.retryable:
        return Blame(Party.VENDOR, f"{said}, which passes by itself")
    return _by_past(around, said, Party.CONTRACT)


def _words(code: str) -> frozenset[str]:
    """Return the words of a code, pairs of them included."""
    single = code.split("-")
    pairs = [f"{one}-{two}" for one, two in pairwise(single)]
    found = frozenset((*single, *pairs))
    return found - _CREDENTIAL_WORDS if found & _OTHER_KEYS else found


_RULES: Final[tuple[tuple[Callable[[int, frozenset[str]], bool], Party, str], ...]] = (
    (lambda status, _: status >= 500 or status == 408, Party.VENDOR, ""),
    (lambda status, _: status == 407, Party.NETWORK, ": a proxy wants to know who we are"),
    (lambda status, words: status in (402, 429) or not words.isdisjoint(_QUOTA_WORDS), Party.QUOTA, ""),
    (lambda status, words: status in (401, 403) or not words.isdisjoint(_CREDENTIAL_WORDS), Party.CREDENTIAL, ""),
)

_OF_FINDINGS: Final[tuple[tuple[frozenset[str], Party, str], ...]] = (
    (frozenset({"check-crashed"}), Party.OURS, "our own check crashed"),
    (frozenset({"body-json", "credential-echo"}), Party.VENDOR, "no contract allows such an answer"),
    (frozenset({"flow-failed", "flow-timeout", "flow-stuck"}), Party.VENDOR, "its work did not come to an end"),
    (frozenset({"indicator"}), Party.OURS, "it answers as promised; our use of it does not go well"),
)
_OF_WARNINGS: Final[Mapping[str, Blame]] = MappingProxyType({
    "latency": Blame(Party.VENDOR, "it took longer than the contract allows, measured without our own queues"),
    "deprecated": Blame(Party.VENDOR, "it announces that this will go"),
    "sunset": Blame(Party.VENDOR, "it announces that this will go"),
    "vendor-warning": Blame(Party.VENDOR, "it says so itself"),
    **dict.fromkeys(
        ("parity-new", "parity-missing", "parity-type", "parity-null", "parity-enum"),
        Blame(Party.CONTRACT, "it answered as the contract allows, and otherwise than was recorded"),
    ),
})  # fmt: skip


def _of_findings(codes: list[str]) -> Blame | None:
    """Blame by what the checks found in an answer that is none of the known errors."""
    for known, party, said in _OF_FINDINGS:
        if not known.isdisjoint(codes):
            return Blame(party, said)
    grave = [code for code in codes if code not in _OF_WARNINGS]
    if grave:
        return Blame(Party.CONTRACT, f"it answered, and not as the contract says ({grave[0]})")
    return next((_OF_WARNINGS[code] for code in codes), None)
