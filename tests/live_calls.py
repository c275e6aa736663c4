"""Requests over one network, for tests of live calls."""

from __future__ import annotations

import asyncio
from typing import Any

from provendor.exchange import Exchange, Request
from provendor.wire.live import Network, Policy

SANDBOX = Policy(reach="private", attempts=1)


def a_policy(**changes: Any) -> Policy:
    """The policy of a sandbox, which asks once."""
    return SANDBOX._replace(**changes)


def send(
    *requests: Request, policy: Policy = SANDBOX, hosts: dict[str, str] | None = None, **env: str
) -> list[Exchange]:
    """Send requests one after the other, each by a caller of its own; `env` is what the environment holds."""

    async def run() -> list[Exchange]:
        async with Network(env=env, hosts=hosts) as network:
            return [await network.caller(policy).send(request) for request in requests]

    return asyncio.run(run())
