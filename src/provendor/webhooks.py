"""Deliveries: what a vendor posts to us, judged like an answer, and proof that its signature rule refuses forgeries.

A delivery's headers and raw body stand in the response part of its exchange, so that every check, cassette and command
treats it like any other thing that a vendor sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from provendor import jsonpath
from provendor.asking import Asked
from provendor.clock import Clock
from provendor.contract import Case, Challenge, Delivery
from provendor.exchange import Headers, Json
from provendor.requests import Values, build
from provendor.signature import Fault, SignatureRule, faults, is_genuine, rewritten, sign
from provendor.transport import Transport
from provendor.verdict import Finding, Outcome, Verdict

_DAY_S = 86_400
WRONG_SECRET = "wrong"  # noqa: S105 - what a forger who does not know the secret might use


async def carry_out(case: Case, values: Values, transport: Transport, clock: Clock) -> Asked:  # noqa: ARG001 - no waiting
    """Take the delivery from the transport and judge what a schema cannot: signature, topic, identity, order."""
    plan = case.plan
    assert isinstance(plan, Delivery)  # noqa: S101 - `asking` dispatches on it
    exchange = await transport.send(build(case, values))
    day = exchange.recording.at if exchange.recording else None
    return Asked(exchange, verdicts=tuple(judge(plan, exchange.headers, exchange.body, values, day)))


def judge(plan: Delivery, headers: Headers, body: bytes, values: Values, day: str | None = None) -> Iterator[Verdict]:
    """Yield the verdicts of a delivery that was signed with the secret's example.

    `day` is when its recording was made: a delivery is fresh if it was signed on that day.
    """
    if plan.signature is None or plan.secret is None:
        yield Verdict("signature", Outcome.SKIP, reason="these deliveries are not signed")
    else:
        secret = str(values.of[plan.secret])
        now = _arrived_at(plan.signature, headers, day)
        yield _verdict("signature", map(finding, faults(plan.signature, headers, body, secret, now)))
        yield _verdict("forgeries", _accepted_forgeries(plan.signature, body, secret))
    yield from identity(plan, headers, body)
    if plan.challenge is not None:
        yield _verdict("challenge", _wrong_challenges(plan.challenge, values))


def identity(
    plan: Delivery, headers: Headers | None, body: bytes, missing: Outcome = Outcome.FAIL
) -> Iterator[Verdict]:
    """Yield whether it is the delivery that it should be, and can be told from its repetition and put in order.

    Headers that are None are not known, and what stands in them is not judged. `missing` is how bad it is that what the
    contract names is not there.
    """
    known = _Places(headers, body)
    yield _verdict("topic", _wrong_topic(plan, known, missing))
    yield _verdict("duplicates", _duplicates(plan, known, missing))


def verify(plan: Delivery, headers: Headers, body: bytes, secret: str, now: float) -> Iterator[Finding]:
    """Yield what a captured delivery breaks; what was not captured beside the signature is a warn.

    `now` is the moment of arrival in seconds since 1970.
    """
    if plan.signature is not None:
        yield from map(finding, faults(plan.signature, headers, body, secret, now))
    for verdict in identity(plan, headers, body, missing=Outcome.WARN):
        yield from verdict.findings


def signed_anew(plan: Delivery, headers: Headers, body: bytes, values: Values, at: int) -> Headers:
    """Return the headers with the signature that the vendor would make with the secret's example; `at` in seconds."""
    if plan.signature is None or plan.secret is None:
        return headers
    return sign(plan.signature, headers, body, str(values.of[plan.secret]), at)


def _arrived_at(rule: SignatureRule, headers: Headers, day: str | None) -> float:
    """Return what a replay takes for the present: the moment of signing, if that is on the recording's day."""
    stamp = moment(headers.get(rule.timestamp)) if rule.timestamp else None
    start = moment(f"{day[:10]}T00:00:00Z") if day else None
    if start is None or stamp is None:
        return stamp or 0.0
    return stamp if start <= stamp < start + _DAY_S else start


def finding(fault: Fault) -> Finding:
    """Return what a broken rule is as a finding."""
    actual = f"{fault.actual} ({fault.hint})" if fault.hint else fault.actual
    return Finding(fault.code, fault.expected, actual, fault.at)


def _verdict(name: str, findings: Iterable[Finding]) -> Verdict:
    found = tuple(findings)
    failed = any(each.level is not Outcome.WARN for each in found)
    outcome = Outcome.FAIL if failed else Outcome.WARN if found else Outcome.PASS
    return Verdict(name, outcome, found)


# --- forgeries --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forgery:
    """A delivery made from a genuine one; `genuine` tells whether the rule must accept it all the same."""

    name: str
    headers: Headers
    body: bytes
    now: float
    genuine: bool = False


def forgeries(rule: SignatureRule, body: bytes, secret: str, at: int = 1_795_000_000) -> Iterator[Forgery]:
    """Yield what must be refused, and what must be accepted although it looks unusual."""
    good = sign(rule, Headers(), body, secret, at)
    yield Forgery("tampered body", good, (body[:-1] + bytes([body[-1] ^ 1])) if body else b"x", at)
    yield Forgery("wrong secret", sign(rule, Headers(), body, WRONG_SECRET, at), body, at)
    yield Forgery("missing signature", _without(good, rule.header), body, at)
    if (again := rewritten(body)) != body:
        yield Forgery("re-serialised JSON", good, again, at)
    if rule.timestamp and rule.tolerance_s is not None:
        yield Forgery("stale timestamp", good, body, at + rule.tolerance_s + 1)
        yield Forgery("replayed with a new timestamp", _with(good, rule.timestamp, str(at + 60)), body, at + 60)
    yield Forgery("header in lower case", _cased(good, str.lower), body, at, genuine=True)
    yield Forgery("header in upper case", _cased(good, str.upper), body, at, genuine=True)
    other = sign(rule, Headers(), body, WRONG_SECRET, at)
    yield Forgery("several signatures, one valid", Headers((*_only(other, rule.header), *good)), body, at, genuine=True)


def _accepted_forgeries(rule: SignatureRule, body: bytes, secret: str) -> Iterator[Finding]:
    for forgery in forgeries(rule, body, secret):
        accepted = is_genuine(rule, forgery.headers, forgery.body, secret, forgery.now)
        if accepted is not forgery.genuine:
            verb = "accepted" if forgery.genuine else "refused"
            yield Finding("signature-rule", f"{forgery.name}: {verb}", "refused" if forgery.genuine else "accepted")


def _without(headers: Headers, name: str) -> Headers:
    return Headers(tuple(pair for pair in headers if pair[0].lower() != name.lower()))


def _only(headers: Headers, name: str) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in headers if pair[0].lower() == name.lower())


def _with(headers: Headers, name: str, value: str) -> Headers:
    return Headers((*_without(headers, name), (name, value)))


def _cased(headers: Headers, change: Callable[[str], str]) -> Headers:
    return Headers(tuple((change(name), value) for name, value in headers))


# --- topic, identity, order -------------------------------------------------------------------------------------------


class _Places:
    """What stands in a delivery where a contract says: in a header, or in the body at a JSONPath."""

    def __init__(self, headers: Headers | None, body: bytes) -> None:
        self._headers = headers
        self._body = body

    def knows(self, place: str | None) -> bool:
        """Tell whether this place was given at all."""
        return place is not None and (self._headers is not None or place.startswith("$"))

    def all(self, place: str) -> list[str]:
        """Return what stands there as text; nothing for null, lists and mappings."""
        if not place.startswith("$"):
            return list(self._headers.all(place)) if self._headers is not None else []
        try:
            value: Json = json.loads(self._body)
        except (ValueError, RecursionError):
            return []
        found = jsonpath.find(place, value)
        return [each if isinstance(each, str) else json.dumps(each) for each in found if _is_scalar(each)]


def _is_scalar(value: Json) -> bool:
    return value is not None and not isinstance(value, (list, dict))


def _at(place: str) -> str:
    return place if place.startswith("$") else f"header {place.lower()}"


def _absent(place: str) -> str:
    return "nothing there" if place.startswith("$") else "no such header"


def _wrong_topic(plan: Delivery, known: _Places, missing: Outcome) -> Iterator[Finding]:
    place = plan.topic_at
    if place is None or plan.topic is None or not known.knows(place):
        return
    given = known.all(place)
    if not given:
        yield Finding("delivery-topic", plan.topic, _absent(place), _at(place), level=missing)
    elif plan.topic not in given:
        yield Finding("delivery-topic", plan.topic, given[0], _at(place))


@dataclass(slots=True)
class Inbox:
    """What a receiver must remember: which deliveries it has seen, and how far each object has got.

    inbox = Inbox()
    inbox.take("delivery-1", "order 7", "2026-11-20T11:00:00+01:00")     # "new"
    inbox.take("delivery-1", "order 7", "2026-11-20T11:00:00+01:00")     # "duplicate"
    inbox.take("delivery-0", "order 7", "2026-11-20T09:59:00Z")          # "late": an older state of the same thing
    """

    _seen: set[str] = field(default_factory=set)
    _newest: dict[str, float] = field(default_factory=dict)

    def take(self, delivery_id: str, subject: str, at: str | None) -> str:
        """Say what to do with a delivery: act on it (`new`), drop it (`duplicate`), or not undo newer state (`late`).

        `at` is its moment as text; one that cannot be read puts nothing in order.
        """
        if delivery_id in self._seen:
            return "duplicate"
        self._seen.add(delivery_id)
        when = moment(at)
        if when is None:
            return "new"
        if when < self._newest.get(subject, when):
            return "late"
        self._newest[subject] = when
        return "new"


def _duplicates(plan: Delivery, known: _Places, missing: Outcome) -> Iterator[Finding]:
    """Find a delivery that cannot be told from its own repetition, or that cannot be put in order."""
    place, order = plan.delivery_id, plan.order_by
    if place is not None and known.knows(place) and not any(known.all(place)):
        wanted = "the key by which a repetition is dropped"
        yield Finding("delivery-id", wanted, _absent(place), _at(place), level=missing)
    if order is not None and known.knows(order) and moment(next(iter(known.all(order)), None)) is None:
        given = next(iter(known.all(order)), None)
        wanted = "the moment that puts deliveries in order"
        actual = _absent(order) if given is None else "no moment that can be read"
        yield Finding("delivery-order", wanted, actual, _at(order), level=Outcome.WARN)


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


# --- the handshake ----------------------------------------------------------------------------------------------------


def answer_challenge(rule: Challenge, query: Mapping[str, str], token: str) -> tuple[int, str]:
    """Return what a receiver must answer when the vendor asks whether the endpoint is ours: status and body."""
    import hmac  # noqa: PLC0415 - only this compares

    right = bool(token) and hmac.compare_digest(query.get(rule.verify, "").encode(), token.encode())
    known = right and all(query.get(name) == value for name, value in rule.where)
    text = query.get(rule.query)
    return (200, text) if known and text else (403, "")


def _wrong_challenges(rule: Challenge, values: Values) -> Iterator[Finding]:
    token = str(values.of[rule.secret])
    asked = {**dict(rule.where), rule.verify: token, rule.query: "1158201444"}
    trials = {
        "the right token": (asked, (200, "1158201444")),
        "a wrong token": ({**asked, rule.verify: WRONG_SECRET}, (403, "")),
        "no token": ({name: value for name, value in asked.items() if name != rule.verify}, (403, "")),
        **{f"another {name}": ({**asked, name: f"not {value}"}, (403, "")) for name, value in rule.where},
    }
    for name, (query, wanted) in trials.items():
        answered = answer_challenge(rule, query, token)
        if answered != wanted:
            yield Finding("delivery-challenge", f"{name}: {wanted[0]}", str(answered[0]))
