"""What each operator makes of an answer as a whole: other bytes, headers, statuses, and what is told under the wrong one.

A change is a new interaction in place of a recorded one; those of deliveries are signed anew, as the vendor would sign them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, Final

from provendor.cassette import Interaction
from provendor.classify import classify
from provendor.contract import Case, Delivery, Flow, Paging
from provendor.exchange import BodyNotJson, Exchange, Headers, Json
from provendor.jsonpath import pointers
from provendor.patterns import finder
from provendor.plans.webhooks import signed_anew
from provendor.requests import Values
from provendor.signature import rewritten


@dataclass(frozen=True, slots=True)
class Answer:
    """One recorded answer that a case judges: which interaction it is, and what else is known of it.

    `errors` are recorded refusals of the same vendor that an answer could be mistaken for, nearest first.
    """

    case: Case
    interactions: tuple[Interaction, ...]
    index: int
    exchange: Exchange
    values: Values
    errors: Sequence[Refusal] = ()

    @property
    def interaction(self) -> Interaction:
        """The interaction that is changed."""
        return self.interactions[self.index]

    def with_(self, **changes: Any) -> tuple[Interaction, ...]:
        """Return the interactions with this one changed; a delivery is signed anew."""
        changed = self.interaction._replace(**changes)
        plan = self.case.plan
        if isinstance(plan, Delivery) and "body" in changes:
            at = signed_at(plan, changed.headers)
            changed = changed._replace(headers=signed_anew(plan, changed.headers, changed.body, self.values, at))
        return self.among_others(changed)

    def among_others(self, changed: Interaction) -> tuple[Interaction, ...]:
        """Return the interactions with another one in place of this."""
        return (*self.interactions[: self.index], changed, *self.interactions[self.index + 1 :])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A recorded answer that is an error: of which case, and what came."""

    case: Case
    interaction: Interaction


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """One change of an answer as a whole: the operator, what it did in words, and how to make the interactions it leads to.

    `variant` tells changes of one operator apart. `expected` says that the contract names what came: another status that
    it allows as well. With `endless`, the page before the last answers every further request.
    """

    operator: str
    told: str
    make: Callable[[], tuple[Interaction, ...]]
    variant: str = ""
    expected: str | None = None
    endless: bool = False


def signed_at(plan: Delivery, headers: Headers) -> int:
    """Return the moment of signing that a recorded delivery names; 0 where it names none."""
    rule = plan.signature
    stamp = headers.get(rule.timestamp) if rule is not None and rule.timestamp else None
    return int(stamp) if stamp is not None and stamp.isascii() and stamp.isdecimal() else 0


def answer_changes(answer: Answer, chance: Random) -> Iterator[AnswerChange]:
    """Yield every change that a vendor might make to this answer as a whole."""
    yield from _bytes(answer)
    yield from _headers(answer)
    if not isinstance(answer.case.plan, Delivery):
        yield from _statuses(answer, chance)
        yield from _errors(answer, chance)
    for plan, changes in _OF_PLANS.items():
        if isinstance(answer.case.plan, plan):
            yield from changes(answer)


def relies_on_body(answer: Answer) -> bool:
    """Tell whether the body matters: the contract describes it, or the answer is the success that was asked for."""
    expect = answer.case.expect
    if expect.empty or not answer.interaction.body:
        return False
    message = expect.mcp is not None and answer.interaction.status // 100 == 2
    return expect.body is not None or expect.error is None or message


# --- bytes and headers ------------------------------------------------------------------------------------------------


def _bytes(answer: Answer) -> Iterator[AnswerChange]:
    body, headers, text = answer.interaction.body, answer.interaction.headers, answer.case.expect.text
    whole = relies_on_body(answer)
    if body and (whole or text is not None):
        words = "text" if text is not None and not whole and finder(text)("") else None
        yield AnswerChange(
            "empty-body", f"no bytes in place of {len(body)}", partial(answer.with_, body=b""), expected=words
        )
    if not whole:
        return
    kind = headers.get("content-type") or "none"
    if "html" not in kind.lower():
        html = (*without(headers, "content-type"), ("Content-Type", "text/html; charset=utf-8"))
        told = f"content type text/html in place of {kind}"
        yield AnswerChange("html", told, partial(answer.with_, headers=Headers(html)))
    half = len(body) // 2
    yield AnswerChange("truncated", f"{half} of {len(body)} bytes", partial(answer.with_, body=body[:half]))
    quote = body.rfind(b'"')
    if quote > 0 and is_json(answer.exchange):
        broken = body[:quote] + b"\xe9" + body[quote:]
        yield AnswerChange(
            "broken-charset", "a byte that is not UTF-8 in the last text", partial(answer.with_, body=broken)
        )


def _headers(answer: Answer) -> Iterator[AnswerChange]:
    headers = answer.interaction.headers
    for name in dict.fromkeys(name.lower() for name in _needed_headers(answer)):
        if headers.get(name) is not None:
            told = f"no header {name}"
            yield AnswerChange("no-header", told, partial(answer.with_, headers=without(headers, name)), name)


def _needed_headers(answer: Answer) -> Iterator[str]:
    """Yield the headers that the contract relies on, by name."""
    expect, plan = answer.case.expect, answer.case.plan
    yield from (test.name for test in expect.headers if test.present is not False)
    if expect.content_type is not None or (expect.body is not None and answer.interaction.body):
        yield "content-type"
    rule = classify(expect.errors, answer.exchange)
    yield from (test.name for test in (rule.headers if rule else ()) if test.present is not False)
    if isinstance(plan, Paging):
        yield from {"link": ("link",), "content-range": ("content-range",)}.get(plan.style, ())
    if isinstance(plan, Delivery):
        yield from (place for place in places_of(plan) if not place.startswith("$"))
        if plan.signature is not None:
            yield plan.signature.header
            yield from filter(None, [plan.signature.timestamp])


def places_of(plan: Delivery) -> list[str]:
    """Return where a delivery's topic, id, subject and moment stand."""
    about = plan.subject[1] if plan.subject else ()
    return [place for place in (plan.topic_at, *plan.delivery_id, *about, plan.order_by) if place is not None]


def without(headers: Headers, name: str) -> Headers:
    """Return the headers without one of them."""
    return Headers(tuple(pair for pair in headers if pair[0].lower() != name.lower()))


# --- status and errors ------------------------------------------------------------------------------------------------

_OF_CLASS: Final[Mapping[int, tuple[int, ...]]] = {
    2: (200, 201, 202, 204, 206),
    3: (301, 302, 303, 307, 308),
    4: (400, 401, 403, 404, 409, 422, 429),
    5: (500, 502, 503, 504),
}
_OTHERS: Final[Mapping[int, tuple[int, ...]]] = {
    2: (302, 401, 404, 500, 503),
    3: (200, 500),
    4: (200, 500),
    5: (200, 404),
}


def _statuses(answer: Answer, chance: Random) -> Iterator[AnswerChange]:
    recorded = answer.interaction.status
    near = [status for status in _OF_CLASS.get(recorded // 100, ()) if status != recorded]
    for status in sorted(chance.sample(near, min(2, len(near)))):
        yield _swapped(answer, "status-within-class", status)
    far = _OTHERS.get(recorded // 100, (200, 500))
    for status in sorted(chance.sample(far, min(3, len(far)))):
        yield _swapped(answer, "status-across-classes", status)


def _swapped(answer: Answer, operator: str, status: int) -> AnswerChange:
    allowed = answer.case.expect.status
    told = f"status {status} in place of {answer.interaction.status}"
    expected = f"status: {allowed}" if status in allowed else None
    return AnswerChange(operator, told, partial(answer.with_, status=status), str(status), expected)


def _errors(answer: Answer, chance: Random) -> Iterator[AnswerChange]:
    if answer.case.template.mcp is not None:
        yield from _in_mcp(answer)
    elif answer.case.expect.error is None and answer.interaction.status // 100 == 2:
        yield from _in_success(answer, chance)
        if answer.case.template.graphql is not None:
            yield from _in_graphql(answer)
    elif answer.case.expect.error is not None:
        yield from _mistaken(answer, chance)


def _in_success(answer: Answer, chance: Random) -> Iterator[AnswerChange]:
    bodies = {each.interaction.body: each for each in answer.errors if each.interaction.body}
    found = list(bodies.values())
    for each in chance.sample(found[:4], min(2, len(found))):
        told = f"the body of {each.case.operation}:{each.case.name} under status {answer.interaction.status}"
        yield AnswerChange(
            "error-in-success", told, partial(answer.with_, body=each.interaction.body), each.case.expect.error or ""
        )
    if not found:
        told = 'the body {"error": …} under a status of success'
        yield AnswerChange("error-in-success", told, partial(answer.with_, body=b'{"error":"Something went wrong"}'))


def _mistaken(answer: Answer, chance: Random) -> Iterator[AnswerChange]:
    """Yield other refusals of this status that the error table tells apart."""
    expect, recorded = answer.case.expect, answer.interaction
    others = {
        each.case.expect.error: each
        for each in reversed(answer.errors)
        if each.interaction.status == recorded.status
        and each.case.expect.error != expect.error
        and each.interaction.body != recorded.body
        and each.case.expect.errors == expect.errors
    }
    for each in chance.sample(list(others.values()), min(2, len(others))):
        told = f"the body of {each.case.operation}:{each.case.name}"
        changed = partial(answer.with_, body=each.interaction.body, headers=each.interaction.headers)
        yield AnswerChange("other-error", told, changed, each.case.expect.error or "")


def _in_graphql(answer: Answer) -> Iterator[AnswerChange]:
    body = _json(answer.exchange)
    if not isinstance(body, dict) or "data" not in body:
        return
    errors: list[Json] = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    yield AnswerChange(
        "graphql-errors", "errors beside the data", partial(answer.with_, body=written({**body, "errors": errors}))
    )
    found = json.loads(written(body))
    if lists := list(_user_errors(found)):
        for each in lists:
            each.append({"field": None, "message": "Is invalid", "code": "INVALID"})
        yield AnswerChange(
            "graphql-errors", "an error in userErrors", partial(answer.with_, body=written(found)), "userErrors"
        )


def _user_errors(value: Json) -> Iterator[list[Json]]:
    """Yield the lists of userErrors that are empty."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.lower().endswith("usererrors") and inner == []:
                yield inner
            else:
                yield from _user_errors(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _user_errors(inner)


# --- messages of MCP --------------------------------------------------------------------------------------------------


def _in_mcp(answer: Answer) -> Iterator[AnswerChange]:
    message = _json(answer.exchange)
    result = message.get("result") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(result, dict):
        return
    error: Json = {"code": -32603, "message": "Internal error"}
    kept = {name: value for name, value in message.items() if name != "result"}
    yield AnswerChange(
        "jsonrpc-error", "an error in place of the result", partial(told_anew, answer, {**kept, "error": error})
    )
    call = answer.case.expect.mcp
    if call is not None and call.method == "tools/call" and answer.case.expect.error is None:
        failed = {**message, "result": {**result, "isError": True}}
        yield AnswerChange("is-error", "isError: true", partial(told_anew, answer, failed))


def told_anew(answer: Answer, message: Json) -> tuple[Interaction, ...]:
    """Return the interactions with another message in place of the one that answers, in a stream where it came in one."""
    body = answer.interaction.body
    kind = (answer.interaction.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return answer.with_(body=b"event: message\ndata: " + written(message) + b"\n\n")
    return answer.with_(body=written([message] if body.lstrip()[:1] == b"[" else message))


# --- plans ------------------------------------------------------------------------------------------------------------


def _of_delivery(answer: Answer) -> Iterator[AnswerChange]:
    plan = answer.case.plan
    if isinstance(plan, Delivery) and plan.signature is not None:
        body = answer.interaction.body
        again = rewritten(body)
        again = again if again != body else json.dumps(json.loads(body), indent=2).encode()
        changed = partial(answer.among_others, answer.interaction._replace(body=again))
        yield AnswerChange("signature-reserialised", "the same JSON written anew, with the old signature", changed)


def _of_paging(answer: Answer) -> Iterator[AnswerChange]:
    pages = answer.interactions
    if len(pages) < 2 or answer.index != 0:
        return
    again = pages[1]._replace(status=pages[0].status, headers=pages[0].headers, body=pages[0].body)
    yield AnswerChange("page-repeats", "page 1 again as page 2", lambda: (pages[0], again, *pages[2:]))
    yield AnswerChange("pages-endless", "the page before the last answers for ever", lambda: pages, endless=True)


def _of_flow(answer: Answer) -> Iterator[AnswerChange]:
    plan = answer.case.plan
    step = plan.steps[-1] if isinstance(plan, Flow) else None
    if step is None or step.poll is None or answer.index != len(answer.interactions) - 1:
        return
    body = _json(answer.exchange)
    for test in dict.fromkeys((*step.poll.until, *step.poll.fail_when, *step.poll.running)):
        for pointer in pointers(test.path, body):
            changed = json.loads(written(body))
            _set(changed, pointer, "quarantined")
            told = f"{pointer} is quarantined"
            yield AnswerChange("unknown-job-state", told, partial(answer.with_, body=written(changed)), pointer)


_OF_PLANS: Final[Mapping[type, Callable[[Answer], Iterator[AnswerChange]]]] = {
    Delivery: _of_delivery,
    Paging: _of_paging,
    Flow: _of_flow,
}


# --- values -----------------------------------------------------------------------------------------------------------


def written(value: Json) -> bytes:
    """Return a value as JSON in the way of most servers."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def is_json(exchange: Exchange) -> bool:
    """Tell whether the body is JSON."""
    return _json(exchange) is not _NOT_JSON


_NOT_JSON: Final = object()


def _json(exchange: Exchange) -> Any:
    try:
        return exchange.json
    except BodyNotJson:
        return _NOT_JSON


def _set(value: Any, pointer: str, new: Json) -> None:
    *way, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    for step in way:
        value = value[int(step) if isinstance(value, list) else step]
    value[int(last) if isinstance(value, list) else last] = new
