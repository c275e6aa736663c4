"""Live calls: a `Transport` over real sockets, with one deadline for all that a case asks.

    async with Network(env=os.environ) as network:
        transport = network.caller(policy_for(case, vendor, "sandbox"))
        result = await run_case(case, values, transport, checks, expect, RealClock())

A case gets a caller of its own. Whatever comes of a request is an `Exchange` or a `Fault`, and both hold every attempt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Final, Literal, Self
from urllib.parse import quote, urlencode

import provendor
from provendor.client import Answer, Client
from provendor.clock import Clock, RealClock
from provendor.compression import MAX_BODY
from provendor.contract import Case, ErrorRule, Flow, Paging, Vendor
from provendor.exchange import Attempt, Exchange, Headers, Request, Source
from provendor.pacing import Pace
from provendor.route import Reach, Route, from_environment

REQUEST_S: Final = 30.0
"""How long a case may take for each request that it plans, where its contract says nothing."""

CONNECT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Policy:
    """What one case may do on the network.

    deadline_s   for everything: requests, tries, and the waiting between them
    safe         its requests may be sent again, because they only read or carry an idempotency key
    errors       the error table, which says what is worth another try
    attempts     tries of one request at most, the first included
    reach        which addresses may be called
    most_bytes   of one body, before and after decompression
    """

    deadline_s: float = REQUEST_S
    safe: bool = False
    errors: tuple[ErrorRule, ...] = ()
    attempts: int = 3
    reach: Reach = "public"
    most_bytes: int = MAX_BODY


def policy_for(case: Case, vendor: Vendor, environment: Literal["sandbox", "production"]) -> Policy:
    """Return what the contract allows a case in an environment."""
    probe = vendor.operations[case.operation].probe if case.operation in vendor.operations else None
    return Policy(
        deadline_s=probe.timeout_s if probe and environment == "production" else _deadline_s(case),
        safe=case.safety == "read",
        errors=case.expect.errors,
        reach="public" if environment == "production" and not _is_private(vendor, environment) else "private",
    )


def _is_private(vendor: Vendor, environment: str) -> bool:
    there = vendor.environments.get(environment)
    return there is not None and there.private


def _deadline_s(case: Case) -> float:
    """Return how long a case may take: so much for every request that it plans, and what its polls may wait."""
    if isinstance(case.plan, Flow):
        return sum(REQUEST_S + (step.poll.within_s if step.poll else 0.0) for step in case.plan.steps)
    return REQUEST_S * (case.plan.max_pages if isinstance(case.plan, Paging) else 1)


class Network:
    """What the live calls of a run share: connections, trust, and how often may be tried again.

    Made and used on one event loop. `clock` is what is waited on, `wall` returns seconds since the epoch.
    """

    def __init__(
        self,
        *,
        env: Mapping[str, str],
        clock: Clock | None = None,
        wall: Callable[[], float] = time.time,
        hosts: Mapping[str, str] | None = None,
    ) -> None:
        self.clock = clock or RealClock()
        self.wall = wall
        self._route = replace(from_environment(env), hosts=tuple((hosts or {}).items()))
        self._clients: dict[Route, Client] = {}
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Break off what is under way, and close every connection."""
        self._clients.clear()
        await self._open.aclose()

    def caller(self, policy: Policy, pace: Pace | None = None) -> Caller:
        """Return the transport for one case; its deadline begins with the first request."""
        return Caller(self, policy, pace)

    async def client(self, reach: Reach) -> Client:
        """Return the client whose connections lead where this reach allows."""
        route = replace(self._route, reach=reach)
        if route not in self._clients:
            self._clients[route] = await self._open.enter_async_context(Client(route, _USER_AGENT))
        return self._clients[route]


_USER_AGENT: Final = f"provendor/{provendor.__version__}"


class Caller:
    """The transport of one case."""

    def __init__(self, network: Network, policy: Policy, pace: Pace | None) -> None:
        self._network = network
        self._policy = policy
        self._pace = pace
        self._ends_at: float | None = None

    async def send(self, request: Request) -> Exchange:
        """Send a request, again where that is worth it and safe; raises Fault where no answer came."""
        if self._ends_at is None:
            self._ends_at = self._network.clock.now() + self._policy.deadline_s
        left_s = self._ends_at - self._network.clock.now()
        started_at = self._network.wall()
        client = await self._network.client(self._policy.reach)
        answer = await client.send(
            request.method,
            _url(request),
            request.headers,
            request.body,
            total_s=left_s,
            connect_s=min(CONNECT_S, left_s),
            again=self._policy.safe,
        )
        body = bytearray()
        try:
            async for data in answer.chunks():
                body += data
        finally:
            await answer.close()
        return _exchange(request, answer, bytes(body), started_at)


def _exchange(request: Request, answer: Answer, body: bytes, started_at: float) -> Exchange:
    phases = answer.transfer.phases
    return Exchange(
        request,
        answer.status,
        Headers(answer.headers),
        body,
        Source.LIVE,
        elapsed_ms=phases.total_ms,
        attempts=(Attempt(started_at, answer.status, phases=phases),),
        peer=answer.transfer.peer,
    )


def _url(request: Request) -> str:
    return f"{request.url}?{urlencode(request.query, quote_via=quote)}" if request.query else request.url
