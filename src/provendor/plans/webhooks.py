"""Deliveries: what a vendor posts to us, judged like an answer, and proof that its signature rule refuses forgeries.

A delivery's headers and raw body stand in the response part of its exchange, so that every check, cassette and command
treats it like any other thing that a vendor sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from provendor.clock import Clock
from provendor.contract import Case, Challenge, Delivery
from provendor.exchange import Headers
from provendor.plans import inbox
from provendor.plans.asking import Asked
from provendor.plans.inbox import Fate, Inbox, Places, absent, arrival, moment, shown
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
    yield _verdict("sequence", inbox.untold(plan, headers, body))
    if plan.challenge is not None:
        yield _verdict("challenge", _wrong_challenges(plan.challenge, values))


def identity(
    plan: Delivery, headers: Headers | None, body: bytes, missing: Outcome = Outcome.FAIL
) -> Iterator[Verdict]:
    """Yield whether it is the delivery that it should be, and can be told from its repetition and put in order.

    Headers that are None are not known, and what stands in them is not judged. `missing` is how bad it is that what the
    contract names is not there.
    """
    yield _verdict("topic", _wrong_topic(plan, Places(headers, body), missing))
    yield _verdict("duplicates", inbox.missing(plan, headers, body, missing))


def verify(plan: Delivery, headers: Headers, body: bytes, secret: str | None, now: float) -> Iterator[Finding]:
    """Yield what a captured delivery breaks; what was not captured beside the signature is a warn.

    `now` is the moment of arrival in seconds since 1970; without a secret nothing is said of the signature.
    """
    if plan.signature is not None and secret is not None:
        yield from map(finding, faults(plan.signature, headers, body, secret, now))
    for verdict in identity(plan, headers, body, missing=Outcome.WARN):
        yield from verdict.findings


class Received(NamedTuple):
    """One of several captured deliveries: which it is (None: no topic of the contract), what it breaks, what to do with it.

    One that is not genuine has no fate: nobody should act on it, or remember it.
    """

    delivery: str | None
    findings: tuple[Finding, ...]
    fate: Fate | None

    @property
    def genuine(self) -> bool:
        """Whether nothing speaks against the signature."""
        return not any(each.code.startswith("signature-") for each in self.findings)


def receive(
    plans: Mapping[str, Delivery], deliveries: Iterable[tuple[Headers, bytes, float]], secret: str | None
) -> Iterator[Received]:
    """Judge deliveries in the order of their arrival, as a receiver would who follows the contract.

    `plans` are by id, of one vendor; a delivery is that whose topic it bears. The float is when it arrived.
    """
    remembered = Inbox()
    for headers, body, now in deliveries:
        name = _named(plans, headers, body)
        plan = plans[name] if name else None
        found = tuple(verify(plan, headers, body, secret, now) if plan else _unknown(plans, headers, body, secret, now))
        judged = Received(name, found, None)
        if plan is None or not judged.genuine:
            yield judged
        else:
            yield judged._replace(fate=remembered.take(arrival(plan, headers, body)))


def _named(plans: Mapping[str, Delivery], headers: Headers, body: bytes) -> str | None:
    known = Places(headers, body)
    given = {name: known.all(plan.topic_at) if plan.topic_at else [] for name, plan in plans.items()}
    fitting = next((name for name, topics in given.items() if plans[name].topic in topics), None)
    # What bears no topic can only be what was asked for.
    return fitting if fitting or len(plans) > 1 or any(given.values()) else next(iter(plans))


def _unknown(
    plans: Mapping[str, Delivery], headers: Headers, body: bytes, secret: str | None, now: float
) -> Iterator[Finding]:
    """Yield what a delivery breaks that is none of the contract: its vendor signs all of them in the same way."""
    plan = next(iter(plans.values()))
    if plan.signature is not None and secret is not None:
        yield from map(finding, faults(plan.signature, headers, body, secret, now))
    place = plan.topic_at or ""
    given = Places(headers, body).first(place) if place else None
    yield Finding("delivery-topic", "a topic of the contract", given or "none", shown(place) if place else "")


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


# --- topic ------------------------------------------------------------------------------------------------------------


def _wrong_topic(plan: Delivery, known: Places, missing: Outcome) -> Iterator[Finding]:
    place = plan.topic_at
    if place is None or plan.topic is None or not known.knows(place):
        return
    given = known.all(place)
    if not given:
        yield Finding("delivery-topic", plan.topic, absent(place), shown(place), level=missing)
    elif plan.topic not in given:
        yield Finding("delivery-topic", plan.topic, given[0], shown(place))


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
