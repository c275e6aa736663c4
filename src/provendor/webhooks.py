"""Deliveries: what a vendor posts to us, judged like an answer, and proof that its signature rule refuses forgeries.

A delivery's headers and raw body stand in the response part of its exchange, so that every check, cassette and command
treats it like any other thing that a vendor sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from provendor.asking import Asked
from provendor.clock import Clock
from provendor.contract import Case, Challenge, Delivery
from provendor.exchange import Headers, Request
from provendor.requests import Values
from provendor.signature import Fault, SignatureRule, faults, rewritten, sign
from provendor.transport import Transport
from provendor.verdict import Finding, Outcome, Verdict

RECEIVER = "https://receiver.example"
"""Stands for our own endpoint in cassettes."""

WRONG_SECRET = "wrong"  # noqa: S105 - what a forger who does not know the secret might use
_DAY_S = 86_400


def request_for(case: Case) -> Request:
    """Return the request under which a cassette keeps a delivery."""
    return Request("POST", f"{RECEIVER}/{case.vendor}/{case.operation}")


async def carry_out(case: Case, values: Values, transport: Transport, clock: Clock) -> Asked:  # noqa: ARG001 - no waiting
    """Take the delivery from the transport and judge what a schema cannot: signature, topic, identity, order."""
    plan = case.plan
    assert isinstance(plan, Delivery)  # noqa: S101 - `asking` dispatches on it
    exchange = await transport.send(request_for(case))
    return Asked(exchange, verdicts=tuple(judge(plan, exchange.headers, exchange.body, values)))


def judge(plan: Delivery, headers: Headers, body: bytes, values: Values) -> Iterator[Verdict]:
    """Yield the verdicts of a delivery that was signed with the secret's example."""
    secret = secret_of(plan, values)
    if plan.signature is None or secret is None:
        yield Verdict("signature", Outcome.SKIP, reason="the vendor does not sign its deliveries")
    else:
        now = signed_at(plan.signature, headers)
        yield _verdict("signature", map(finding, faults(plan.signature, headers, body, secret, now)))
        yield _verdict("forgeries", _accepted_forgeries(plan.signature, body, secret))
    yield _verdict("topic", _wrong_topic(plan, headers))
    yield _verdict("duplicates", _duplicates(plan, headers))
    if plan.challenge is not None:
        yield _verdict("challenge", _wrong_challenges(plan.challenge, values))


def secret_of(plan: Delivery, values: Values) -> str | None:
    """Return the secret that signs this delivery; None where nothing does."""
    return str(values.of[plan.secret]) if plan.secret is not None else None


def signed_at(rule: SignatureRule, headers: Headers) -> float:
    """Return when a delivery says that it was signed; 0 where it does not say. Replay takes it for the present."""
    stamp = headers.get(rule.timestamp) if rule.timestamp else None
    return float(stamp) if stamp and stamp.isdecimal() and len(stamp) <= 12 else 0.0


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
    if rewritten(body) != body:
        yield Forgery("re-serialised JSON", good, rewritten(body), at)
    if rule.timestamp and rule.tolerance_s is not None:
        yield Forgery("stale timestamp", good, body, at + rule.tolerance_s + 1)
        yield Forgery("replayed with a new timestamp", _with(good, rule.timestamp, str(at + 60)), body, at + 60)
    yield Forgery("header in lower case", _cased(good, str.lower), body, at, genuine=True)
    yield Forgery("header in upper case", _cased(good, str.upper), body, at, genuine=True)
    other = sign(rule, Headers(), body, WRONG_SECRET, at)
    yield Forgery("several signatures, one valid", Headers((*_only(other, rule.header), *good)), body, at, genuine=True)


def _accepted_forgeries(rule: SignatureRule, body: bytes, secret: str) -> Iterator[Finding]:
    for forgery in forgeries(rule, body, secret):
        accepted = not faults(rule, forgery.headers, forgery.body, secret, forgery.now)
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


def _wrong_topic(plan: Delivery, headers: Headers) -> Iterator[Finding]:
    if plan.topic_header is None or plan.topic is None:
        return
    given = headers.get(plan.topic_header)
    if given != plan.topic:
        place = f"header {plan.topic_header.lower()}"
        yield Finding("delivery-topic", plan.topic, "no such header" if given is None else given, place)


@dataclass(slots=True)
class Inbox:
    """What a receiver must remember: which deliveries it has seen, and how far each object has got.

    inbox = Inbox()
    inbox.take("delivery-1", "order 7", "2026-11-20T10:00:00Z")     # "new"
    inbox.take("delivery-1", "order 7", "2026-11-20T10:00:00Z")     # "duplicate"
    inbox.take("delivery-0", "order 7", "2026-11-20T09:00:00Z")     # "late": an older state of the same thing
    """

    _seen: set[str] = field(default_factory=set)
    _newest: dict[str, str] = field(default_factory=dict)

    def take(self, delivery_id: str, subject: str, moment: str) -> str:
        """Say what to do with a delivery: act on it (`new`), drop it (`duplicate`), or not undo newer state (`late`)."""
        if delivery_id in self._seen:
            return "duplicate"
        self._seen.add(delivery_id)
        if moment < self._newest.get(subject, ""):
            return "late"
        self._newest[subject] = moment
        return "new"


def _duplicates(plan: Delivery, headers: Headers) -> Iterator[Finding]:
    """Find a delivery that cannot be told from its own repetition, or that cannot be put in order."""
    if plan.delivery_id is not None:
        given = headers.get(plan.delivery_id)
        if not given:
            place = f"header {plan.delivery_id.lower()}"
            yield Finding("delivery-id", "the key that drops duplicates", "no such header", place)
    if plan.order_by is not None and headers.get(plan.order_by) is None:
        place = f"header {plan.order_by.lower()}"
        yield Finding(
            "delivery-order", "the moment that puts deliveries in order", "no such header", place, level=Outcome.WARN
        )


# --- the handshake ----------------------------------------------------------------------------------------------------


def answer_challenge(rule: Challenge, query: Mapping[str, str], token: str) -> tuple[int, str]:
    """Return what a receiver must answer when the vendor asks whether the endpoint is ours: status and body."""
    known = query.get(rule.mode_parameter) == rule.mode and query.get(rule.token_parameter) == token
    text = query.get(rule.challenge_parameter)
    return (200, text) if known and text is not None else (403, "")


def _wrong_challenges(rule: Challenge, values: Values) -> Iterator[Finding]:
    token = str(values.of[rule.token])
    asked = {rule.mode_parameter: rule.mode, rule.token_parameter: token, rule.challenge_parameter: "1158201444"}
    trials = {
        "the right token": (asked, (200, "1158201444")),
        "a wrong token": ({**asked, rule.token_parameter: WRONG_SECRET}, (403, "")),
        "no token": ({rule.mode_parameter: rule.mode, rule.challenge_parameter: "1"}, (403, "")),
        "another mode": ({**asked, rule.mode_parameter: "unsubscribe"}, (403, "")),
    }
    for name, (query, wanted) in trials.items():
        answered = answer_challenge(rule, query, token)
        if answered != wanted:
            yield Finding("delivery-challenge", f"{name}: {wanted[0]}", str(answered[0]))
