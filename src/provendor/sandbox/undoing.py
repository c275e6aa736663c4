"""What live calls have made, taken away again as the contract says.

    trail = Trail()                              # a transport that remembers what came back
    trail.begin(transport, values)
    ...                                          # whatever the case asks goes through it
    undone = await Undoing(case, vendor, values, ask).undo(trail)
    undone.verdict, undone.steps                 # what could not be taken away is a warn that names it

Runs in the reverse order of making. A request whose answer never came may have made something all the same; that is said.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlencode

from provendor import jsonpath
from provendor.classify import classify
from provendor.contract import Capture, Case, Cleanup, Flow, McpCall, Vendor
from provendor.errors import Fault, ProvendorError, UsageError
from provendor.exchange import BodyNotJson, Exchange, Request
from provendor.plans.asking import Step
from provendor.plans.jsonrpc import unwrapped
from provendor.requests import Scalar, Values, build
from provendor.transport import Transport
from provendor.verdict import Finding, Outcome, Verdict
from provendor.wire.retries import was_unsent

CHECK: Final = "clean-up"
_GONE: Final = (404, 410)

Ask = Callable[[Case, Values], Awaitable[Exchange]]


class Trail:
    """A transport that keeps what came back through it, and the requests to which nothing did though they went out."""

    def __init__(self) -> None:
        self._transport: Transport | None = None
        self.values: Values | None = None
        self.answers: list[Exchange] = []
        self.unanswered: list[Request] = []

    def begin(self, transport: Transport, values: Values) -> None:
        """Say what carries the requests, and which values fill them."""
        self._transport, self.values = transport, values

    async def send(self, request: Request) -> Exchange:
        """Pass on; a request that is broken off counts as one without an answer."""
        assert self._transport is not None  # noqa: S101 - begun before anything is sent
        self.unanswered.append(request)
        try:
            exchange = await self._transport.send(request)
        except Fault as fault:
            if was_unsent(fault):
                self.unanswered.pop()
            raise
        self.unanswered.pop()
        self.answers.append(exchange)
        return exchange


class Undone(NamedTuple):
    """What became of the clean-up: its exchanges, and how it ended; None where there was nothing to do.

    `secrets` are pairs of a name and a value that was captured and must not be shown.
    """

    steps: tuple[Step, ...] = ()
    verdict: Verdict | None = None
    secrets: tuple[tuple[str, str], ...] = ()


class _Making(NamedTuple):
    """An answer that has made something, and what takes it away."""

    cleanup: Cleanup
    exchange: Exchange


class _Asking(NamedTuple):
    """A case, or a step of a flow, and the clean-up that only the step has."""

    case: Case
    cleanup: Cleanup | None = None


class Undoing:
    """The clean-up of one case. `values` fill its requests; `ask` asks a case with values and returns the answer."""

    def __init__(self, case: Case, vendor: Vendor, values: Values, ask: Ask) -> None:
        self._vendor = vendor
        self._values = values
        self._ask = ask
        self._asking = _asking(case)
        self._waiting: list[tuple[Cleanup, dict[str, Scalar]]] = []
        self._steps: list[Step] = []
        self._left: list[Finding] = []
        self._secrets: list[tuple[str, str]] = []
        self._begun = False

    async def undo(self, trail: Trail) -> Undone:
        """Take away what the answers have made, the last one first."""
        self._begin(trail)
        while self._waiting:
            await self._take_away(*self._waiting[0])
            del self._waiting[0]
        return self.so_far()

    def so_far(self) -> Undone:
        """Return how it stands: what still waits is left, because the clean-up was broken off."""
        left = list(self._left)
        for cleanup, taken in self._waiting:
            left.append(_not_undone(cleanup, "the run was interrupted before that", self._at(cleanup, taken)))
        if not self._begun and not left:
            return Undone()
        outcome = Outcome.WARN if left else Outcome.PASS
        return Undone(tuple(self._steps), Verdict(CHECK, outcome, tuple(left)), tuple(self._secrets))

    def _begin(self, trail: Trail) -> None:
        """Find what was made, each thing once."""
        for making in reversed(list(self._makings(trail.answers))):
            self._begun = True
            for taken in self._taken(making):
                if (making.cleanup, taken) not in self._waiting:
                    self._waiting.append((making.cleanup, taken))
        for request in trail.unanswered:
            for cleanup in self._cleanups(request):
                self._leave(cleanup, "no answer came, so that nobody knows what was made", _shown(request))

    def _makings(self, answers: list[Exchange]) -> Iterator[_Making]:
        """Yield the answers that have made something. A step that asks again has made it when the work is done."""
        last = {answer.request.asked_by: answer for answer in answers}
        for answer in answers:
            asking = self._asking.get(answer.request.asked_by)
            if asking is None or not _is_success(asking.case, exchange := _message(asking.case, answer)):
                continue
            for cleanup in self._cleanups(answer.request):
                if cleanup is not asking.cleanup or answer is last[answer.request.asked_by]:
                    yield _Making(cleanup, exchange)

    def _cleanups(self, request: Request) -> Iterator[Cleanup]:
        asking = self._asking.get(request.asked_by)
        if asking is None or not _is_the_call(asking.case, request):
            return
        operation = self._vendor.operations.get(asking.case.operation)
        for cleanup in (operation.cleanup if operation else None, asking.cleanup):
            if cleanup is not None:
                yield cleanup

    def _taken(self, making: _Making) -> list[dict[str, Scalar]]:
        """Return the values that name what was made: one set for each thing."""
        columns = {capture.name: _found(capture, making.exchange) for capture in making.cleanup.captures}
        empty = [capture for capture in making.cleanup.captures if not columns[capture.name]]
        if empty:
            paths = " and ".join(" or ".join(capture.paths) for capture in empty)
            self._leave(making.cleanup, f"its answer names nothing at {paths}", _shown(making.exchange.request))
            return []
        for capture in making.cleanup.captures:
            if capture.secret:
                self._secrets += ((capture.name, str(value)) for value in columns[capture.name])
        count = min(map(len, columns.values()), default=1)
        return [{name: column[index] for name, column in columns.items()} for index in range(count)]

    async def _take_away(self, cleanup: Cleanup, taken: Mapping[str, Scalar]) -> None:
        at = self._at(cleanup, taken)
        try:
            exchange = _message(cleanup.case, await self._ask(cleanup.case, self._with(cleanup, taken)))
        except ProvendorError as trouble:
            self._leave(cleanup, f"no answer: {trouble}", at)
            return
        self._steps.append(Step(CHECK, exchange))
        if not _is_success(cleanup.case, exchange) and exchange.status not in _GONE:
            self._leave(cleanup, _said(cleanup.case, exchange), at)

    def _with(self, cleanup: Cleanup, taken: Mapping[str, Scalar]) -> Values:
        secret = {capture.name for capture in cleanup.captures if capture.secret}
        return self._values._replace(of={**self._values.of, **taken}, secrets=self._values.secrets | secret).anew()

    def _at(self, cleanup: Cleanup, taken: Mapping[str, Scalar]) -> str:
        """Return the request that takes something away, for who must do it by hand."""
        try:
            return _shown(build(cleanup.case, _masked(self._with(cleanup, taken))))
        except UsageError:
            return cleanup.case.operation

    def _leave(self, cleanup: Cleanup, why: str, at: str) -> None:
        self._left.append(_not_undone(cleanup, why, at))


def _not_undone(cleanup: Cleanup, why: str, at: str) -> Finding:
    return Finding("not-undone", f"taken away by {cleanup.case.operation}", why, at, "cleanup", Outcome.WARN)


def _asking(case: Case) -> dict[str, _Asking]:
    """Return who asks, by the name that requests carry."""
    if isinstance(case.plan, Flow):
        return {step.case.id: _Asking(step.case, step.cleanup) for step in case.plan.steps}
    return {case.id: _Asking(case)}


def _is_success(case: Case, exchange: Exchange) -> bool:
    return exchange.status // 100 == 2 and classify(case.expect.errors, exchange) is None


def _said(case: Case, exchange: Exchange) -> str:
    rule = classify(case.expect.errors, exchange)
    return f"status {exchange.status}{f', {rule.code}' if rule else ''}"


def _is_the_call(case: Case, request: Request) -> bool:
    """Tell a call of an MCP server from the handshake before it; any other request is what the case asks."""
    return not isinstance(case.plan, McpCall) or _rpc(request).get("method") == case.plan.method


def _message(case: Case, exchange: Exchange) -> Exchange:
    """Return the exchange with the message that answers, where that came in a stream of events."""
    return unwrapped(exchange, _rpc(exchange.request).get("id")) if isinstance(case.plan, McpCall) else exchange


def _rpc(request: Request) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(request.body)  # our own
    return message


def _found(capture: Capture, exchange: Exchange) -> list[Scalar]:
    """Return every text and number that the first path finds that finds any."""
    try:
        value = exchange.json
    except BodyNotJson:
        return []
    for path in capture.paths:
        try:
            found = jsonpath.find(path, value)
        except jsonpath.TooDeep:
            return []
        if scalars := [each for each in found if isinstance(each, str | int | float) and each != ""]:
            return scalars
    return []


def _masked(values: Values) -> Values:
    """Return the values with `<name>` for each secret, for what is shown."""
    return values._replace(of={**values.of, **{name: f"<{name}>" for name in values.secrets}})


def _shown(request: Request) -> str:
    query = f"?{urlencode(request.query, safe='<>{}')}" if request.query else ""
    return f"{request.method} {unquote(request.url)}{query}"
