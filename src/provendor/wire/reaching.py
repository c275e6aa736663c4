"""Whether a vendor's address answers at all: one request without a credential, whatever it is answered with.

reach = asyncio.run(reached({"chatwoot": "https://app.chatwoot.com"}, ...))    # side by side
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from provendor.contract import Vendor
from provendor.errors import Fault
from provendor.exchange import Request
from provendor.wire.live import Network
from provendor.wire.policy import Policy

_WITHIN_S: Final = 10.0


class Reach(NamedTuple):
    """What came of asking: `code` and `said` of the fault that kept an answer away, else who answered and how fast."""

    status: int | None = None
    elapsed_ms: float | None = None
    address: str | None = None
    protocol: str | None = None
    certificate_until: str | None = None
    code: str | None = None
    said: str | None = None


class Address(NamedTuple):
    """Where to knock: a vendor, the name of one of its environments, and the address that this has."""

    vendor: Vendor
    environment: Literal["sandbox", "production"]
    url: str


def knock(addresses: Sequence[Address], env: Mapping[str, str]) -> list[Reach]:
    """Ask every address once, all at the same time."""

    async def main() -> list[Reach]:
        async with Network(env=env) as network:
            return list(await asyncio.gather(*(_reach(network, address) for address in addresses)))

    return asyncio.run(main())


async def _reach(network: Network, address: Address) -> Reach:
    there = address.vendor.environments.get(address.environment)
    near = address.environment == "sandbox" or (there is not None and there.private)
    policy = Policy(_WITHIN_S, attempts=1, reach="private" if near else "public", environment=there)
    try:
        exchange = await network.caller(policy).send(Request("HEAD", address.url))
    except Fault as fault:
        if fault.code in ("redirect-elsewhere", "redirect-loop"):  # it answers
            return Reach(code=None, said="it redirects")
        return Reach(code=fault.code, said=str(fault))
    peer = exchange.peer
    return Reach(
        exchange.status,
        exchange.elapsed_ms,
        peer.address if peer else None,
        peer.protocol if peer else None,
        peer.certificate.not_after if peer and peer.certificate else None,
    )
