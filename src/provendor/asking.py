"""What a case asks of a vendor: one request, or several that belong together, and the exchange that is judged.

A case without a plan is one request. Every other kind of case has a plan (`contract.Plan`), and the module that carries
it out is imported when the first such case is asked:

    async def carry_out(case: Case, values: Values, transport: Transport, clock: Clock) -> Asked
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from provendor.clock import Clock
from provendor.contract import Case
from provendor.exchange import Exchange
from provendor.requests import Values, build
from provendor.transport import Transport
from provendor.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Step:
    """One exchange on the way to the one that is judged, with verdicts of its own."""

    name: str
    exchange: Exchange
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What came back: the exchange to judge, the steps that led to it, and what the plan itself has to say."""

    exchange: Exchange
    steps: tuple[Step, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


_CARRIED_OUT_BY: Final[Mapping[str, str]] = {
    "Delivery": "provendor.webhooks",
    "Flow": "provendor.flows",
    "McpCall": "provendor.mcp",
    "Paging": "provendor.paging",
}


async def ask(case: Case, values: Values, transport: Transport, clock: Clock) -> Asked:
    """Ask what the case asks; raises TransportError where no exchange to judge came back."""
    if case.plan is None:
        return Asked(await transport.send(build(case, values)))
    module = import_module(_CARRIED_OUT_BY[type(case.plan).__name__])
    asked: Asked = await module.carry_out(case, values, transport, clock)
    return asked
