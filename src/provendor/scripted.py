"""Answers in hand, given to the requests that a case makes, in order: so that a cassette's requests are those of the contract.

    interactions = Scripted(redactor, answers).ask(case, examples)

Answers are redacted before they are given. What one puts into the next request is therefore what the cassette holds, and ids
stay joined from one to the next.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from provendor import compression
from provendor.cassette import Interaction
from provendor.clock import VirtualClock
from provendor.contract import Case, Flow
from provendor.errors import NotRecorded, UsageError
from provendor.exchange import Exchange, Headers, Request, Source
from provendor.plans.asking import ask
from provendor.redaction.redact import Redactor
from provendor.requests import Values
from provendor.transport import drive

Signing: TypeAlias = Callable[[Headers, bytes], Headers]

_OF_THE_WIRE = frozenset(("connection", "keep-alive", "transfer-encoding"))


class Answer(NamedTuple):
    """One answer in hand; a status or headers that are None are those given for all answers."""

    body: bytes
    status: int | None = None
    headers: Headers | None = None


class Scripted:
    """A transport that gives the n-th request the n-th answer, redacted, and keeps both. `sign` signs a delivery anew."""

    def __init__(self, redactor: Redactor, answers: Sequence[Answer], sign: Signing | None = None) -> None:
        self._answers = list(answers)
        self._kept: list[Interaction] = []
        plain = [_plain(each) for each in answers]
        for headers, body in plain:  # an early answer may hold what only a later one names as personal
            redactor.learn(body, headers.get("content-type"))
            redactor.learn_headers(headers)
        redacted = [_redacted(redactor, headers, body) for headers, body in plain]
        self._redacted = [(sign(headers, body) if sign else headers, body) for headers, body in redacted]

    async def send(self, request: Request) -> Exchange:
        """Return the next answer; raises NotRecorded where there is none."""
        number = len(self._kept)
        if number >= len(self._answers):
            raise NotRecorded(
                f"{request.method} {request.url} would be request {number + 1}, and there are {number} answers"
            )
        status, (headers, body) = self._answers[number].status or 200, self._redacted[number]
        self._kept.append(Interaction(request, status, headers, body))
        return Exchange(request, status, headers, body, Source.RECORDED)

    def ask(self, case: Case, values: Values) -> list[Interaction]:
        """Ask what the case asks; return what was sent and answered. Raises UsageError where an answer is left over."""
        reached = True
        with suppress(NotRecorded):  # then the replay misses the same answer, and says so better
            reached = drive(ask(case, values, self, VirtualClock())).reached
        left = len(self._answers) - len(self._kept)
        if left and reached:  # a flow that broke off says itself why
            raise UsageError(
                f"{case.id} asks {len(self._kept)} times, and {left} of {len(self._answers)} answers are left over"
            )
        return self._kept


def captured(case: Case, values: Values, answers: Sequence[Answer]) -> Mapping[str, str]:
    """Return the secrets that the case takes out of these answers, by name."""
    if not isinstance(case.plan, Flow) or not any(each.secret for step in case.plan.steps for each in step.captures):
        return {}
    try:
        return drive(ask(case, values, Scripted(Redactor(), answers), VirtualClock())).secrets
    except NotRecorded:
        return {}


def _plain(answer: Answer) -> tuple[Headers, bytes]:
    """Return headers and body with the content encoding undone."""
    try:
        headers, body = compression.undo(answer.headers or Headers(), answer.body)
    except ValueError as reason:
        raise UsageError(f"the answer cannot be decoded as its content-encoding says: {reason}") from None
    if headers.get("content-type") is None and _is_json(body):
        headers = Headers((("content-type", "application/json"), *headers))
    return headers, body


def _redacted(redactor: Redactor, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    new = redactor.body(body, headers.get("content-type"))
    kept = (pair for pair in redactor.headers(headers) if pair[0].lower() not in _OF_THE_WIRE)
    return Headers(tuple(_with_length(pair, len(body), len(new)) for pair in kept)), new


def _with_length(pair: tuple[str, str], before: int, after: int) -> tuple[str, str]:
    """Keep `content-length` true where redaction changed the length; HEAD's stays, it tells of another body."""
    return (pair[0], str(after)) if pair[0].lower() == "content-length" and pair[1] == str(before) else pair


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
