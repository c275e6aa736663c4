"""Live calls: a `Transport` over real sockets, with one deadline for all that a case asks.

    async with Network(env=os.environ) as network:
        transport = network.caller(policy_for(case, vendor, "sandbox"))
        result = await run_case(case, values, transport, checks, expect, RealClock())

A case gets a caller of its own. Whatever comes of a request is an `Exchange` or a `Fault`, and both hold every attempt.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from itertools import count
from typing import Final, Self
from urllib.parse import quote, urlencode, urljoin

import provendor
from provendor.classify import classify
from provendor.clock import Clock, RealClock
from provendor.compression import TooLarge, undo_strictly
from provendor.contract import Environment
from provendor.errors import Fault
from provendor.exchange import Attempt, Exchange, Headers, Request, Source
from provendor.plaintext import visible
from provendor.plans.jsonrpc import Listener, asked_id, is_stream
from provendor.wire import rates, retries
from provendor.wire.client import Answer, Client, Unsendable
from provendor.wire.curl import Broken, Transfer
from provendor.wire.faults import fault, made
from provendor.wire.pacing import Pace
from provendor.wire.policy import CONNECT_S, Policy, policy_for
from provendor.wire.route import Reach, Route, from_environment, origin

__all__ = ["Caller", "Network", "Policy", "policy_for"]

MOST_REDIRECTS: Final = 5
_USER_AGENT: Final = f"provendor/{provendor.__version__}"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Network:
    """What the live calls of a run share: connections, trust, and how often may be tried again.

    Made and used on one event loop. `clock` is what is waited on, `wall` returns seconds since the epoch; `hosts` are
    addresses of names that are not looked up. Leaving it breaks off what is still under way: a `Fault` with the code
    `cancelled`.
    """

    def __init__(
        self,
        *,
        env: Mapping[str, str],
        clock: Clock | None = None,
        wall: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        hosts: Mapping[str, str] | None = None,
    ) -> None:
        self.clock = clock or RealClock()
        self.wall = wall
        self.chance = chance
        self._env = env
        self._hosts = tuple((hosts or {}).items())
        self._clients: dict[Route, Client] = {}
        self._ways: dict[tuple[Reach, Environment | None], Client] = {}
        self._budgets: dict[str, retries.Budget] = {}
        self.closed = False
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Break off what is under way, and close every connection."""
        self.closed = True
        self._clients.clear()
        self._ways.clear()
        await self._open.aclose()

    def caller(self, policy: Policy, pace: Pace | None = None) -> Caller:
        """Return the transport for one case; its deadline begins with the first request."""
        return Caller(self, policy, pace)

    def client(self, policy: Policy) -> Client:
        """Return the client whose connections go the way that a policy describes."""
        way = (policy.reach, policy.environment)
        if way not in self._ways:
            route = from_environment(self._env, policy.environment)._replace(reach=policy.reach, hosts=self._hosts)
            self._ways[way] = self._clients.get(route) or self._opened(route)
        return self._ways[way]

    def _opened(self, route: Route) -> Client:
        client = self._clients[route] = Client(route, _USER_AGENT)
        self._open.push_async_callback(client.close)
        return client

    def budget(self, url: str) -> retries.Budget:
        """Return how often the origin of a URL may be asked again in this run."""
        return self._budgets.setdefault(origin(url), retries.Budget())


class Caller:
    """The transport of one case."""

    def __init__(self, network: Network, policy: Policy, pace: Pace | None = None) -> None:
        self._network = network
        self._policy = policy
        self._pace = pace
        self._client = network.client(policy)
        self._ends_at: float | None = None

    async def send(self, request: Request) -> Exchange:
        """Send a request, again where that is worth it and safe; raises Fault where no answer came."""
        if self._ends_at is None:
            self._ends_at = self._network.clock.now() + self._policy.deadline_s
        budget = self._network.budget(request.url)
        budget.earn()
        attempts: list[Attempt] = []
        waited_s = 0.0
        for tries in count(1):
            outcome = await self._try(request, attempts, waited_s)
            wait_s = self._wait_s(outcome, request, tries)
            if wait_s is None or not budget.spend():
                return _told(outcome, tuple(attempts))
            await self._network.clock.sleep(wait_s)
            waited_s = wait_s
        raise AssertionError  # pragma: no cover - counting has no end

    def _left_s(self) -> float:
        assert self._ends_at is not None  # noqa: S101 - set by the first request
        return self._ends_at - self._network.clock.now()

    # --- whether to try again ---

    def _is_safe(self, request: Request) -> bool:
        """Tell whether a request may reach the vendor twice."""
        is_read = request.method in _REPEATABLE or request.asked_by in self._policy.safe
        return is_read or request.headers.get("idempotency-key") is not None

    def _wait_s(self, outcome: Exchange | Fault, request: Request, tries: int) -> float | None:
        """Return how long to wait before the next try; None where there is none."""
        policy = self._policy
        if tries >= policy.attempts or not retries.is_worth_it(outcome, policy.errors, policy.expected):
            return None
        if not (self._is_safe(request) or retries.was_unsent(outcome)):
            return None
        asked_s = outcome.attempts[-1].retry_after_s if isinstance(outcome, Exchange) else None
        wait_s = retries.wait_s(tries, self._network.chance)
        wait_s = wait_s if asked_s is None else max(wait_s, asked_s)
        return wait_s if wait_s < self._left_s() else None

    # --- one try ---

    async def _try(self, request: Request, attempts: list[Attempt], waited_s: float) -> Exchange | Fault:
        """Ask once, following redirects within the origin."""
        if self._pace is not None:
            try:
                waited_s += await self._turn(self._pace)
            except Fault as paced_out:
                return paced_out
        url = _url(request)
        for _ in range(MOST_REDIRECTS + 1):
            outcome = await self._ask(request, url, waited_s)
            attempts += outcome.attempts
            if isinstance(outcome, Fault) or not self._redirects(outcome):
                return outcome
            url = urljoin(url, outcome.headers.get("location") or "").partition("#")[0]
            if origin(url) != origin(request.url):
                return made("redirect-elsewhere", f"{origin(request.url)}: it redirects to {visible(origin(url), 120)}")
            waited_s = 0.0
        return made(
            "redirect-loop", f"{origin(request.url)}: more than {MOST_REDIRECTS} redirects, one after the other"
        )

    async def _turn(self, pace: Pace) -> float:
        """Wait for our turn; where there is patience for it, the deadline of the case waits as well."""
        patience_s = self._policy.patience_s
        if patience_s is None:
            return await pace.turn(max(0.0, self._left_s()))
        waited_s = await pace.turn(patience_s)
        assert self._ends_at is not None  # noqa: S101 - set by the first request
        self._ends_at += waited_s
        return waited_s

    async def _ask(self, request: Request, url: str, waited_s: float) -> Exchange | Fault:
        """Send one request and read its answer; what comes of it holds this one attempt."""
        started_at, left_s = self._network.wall(), self._left_s()
        if self._network.closed:
            return made("cancelled", f"{origin(url)}: the call was broken off by us")
        if left_s <= 0:
            return made("out-of-time", f"{origin(url)}: the time of the case was over before it was asked")
        transfer: Transfer | None = None
        try:
            answer = await self._client.send(
                request.method,
                url,
                request.headers,
                request.body,
                total_s=left_s,
                connect_s=CONNECT_S,
                again=self._is_safe(request),
            )
            transfer = answer.transfer
            try:
                body = await self._body(request, answer)
            finally:
                answer.close()
            headers, body = self._decoded(answer.headers, body)
        except Broken as broken:
            transfer = broken.transfer
            found = fault(broken)
        except Unsendable:
            found = made("unsendable", f"{origin(url)}: the request cannot be sent as it is")
        except _GivenUp as given_up:
            found = made(given_up.code, f"{origin(url)}: {given_up}")
        else:
            return self._exchange(request, answer, headers, body, _attempt(transfer, started_at, waited_s))
        found.peer = transfer.peer if transfer else None
        found.attempts = (_attempt(transfer, started_at, waited_s)._replace(error=found.code),)
        return found

    async def _body(self, request: Request, answer: Answer) -> bytes:
        """Read the body as far as it is allowed to go; of a stream of events, up to the answer to our request."""
        most, body = self._policy.most_bytes, bytearray()
        events = is_stream(answer.headers)
        wanted = asked_id(request.body) if events else None
        listener = None if wanted is None else Listener(wanted)
        try:
            while data := await answer.read():
                body += data
                if len(body) > most:
                    raise _GivenUp("too-large", f"the body is larger than {most:,} bytes")
                if listener is not None and listener.has_answer(data):
                    break
        except Broken as broken:
            if events and broken.is_timeout:
                raise _GivenUp(
                    "stream-endless", f"a stream of events did not end; {len(body):,} bytes had come"
                ) from None
            raise
        return bytes(body)

    def _decoded(self, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        try:
            return undo_strictly(headers, body, self._policy.most_bytes)
        except TooLarge as reason:
            raise _GivenUp("bomb", str(reason)) from None
        except ValueError as reason:
            raise _GivenUp("encoding-invalid", f"the body cannot be decoded as its header says: {reason}") from None

    def _exchange(self, request: Request, answer: Answer, headers: Headers, body: bytes, attempt: Attempt) -> Exchange:
        made_of = Exchange(
            request,
            answer.status,
            headers,
            body,
            Source.LIVE,
            elapsed_ms=attempt.phases.total_ms,
            attempts=(attempt,),
            peer=answer.transfer.peer,
        )
        said = rates.told(made_of, self._network.wall())
        if self._pace is not None:
            self._pace.heed(said)
        asked_s = rates.pause_s(said)
        return made_of if asked_s is None else made_of._replace(attempts=(attempt._replace(retry_after_s=asked_s),))

    def _redirects(self, exchange: Exchange) -> bool:
        """Tell whether an answer is a redirect to be followed: not where the contract has a name for it."""
        policy, status = self._policy, exchange.status
        if status not in _REDIRECTS or not exchange.headers.get("location"):
            return False
        if exchange.request.method not in _REPEATABLE and status not in (307, 308):
            return False  # another method would go to the new place than came to the old one
        if policy.statuses is not None and status in policy.statuses:
            return False
        return classify(policy.errors, exchange) is None


class _GivenUp(Exception):
    """An answer that is not read to its end."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def _attempt(transfer: Transfer | None, started_at: float, waited_s: float) -> Attempt:
    if transfer is None:
        return Attempt(started_at, None, waited_ms=waited_s * 1000)
    waited_s += transfer.waited_s
    return Attempt(started_at, transfer.status or None, phases=transfer.phases, waited_ms=waited_s * 1000)


def _told(outcome: Exchange | Fault, attempts: tuple[Attempt, ...]) -> Exchange:
    """Return or raise what came of it in the end, with every attempt."""
    if isinstance(outcome, Fault):
        outcome.attempts = attempts
        raise outcome
    return outcome if outcome.attempts == attempts else outcome._replace(attempts=attempts)


def _url(request: Request) -> str:
    return f"{request.url}?{urlencode(request.query, quote_via=quote)}" if request.query else request.url
