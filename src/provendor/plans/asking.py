"""What a case asks of a vendor: one request, or several that belong together, and the exchange that is judged.

A case without a plan is one request. Every other kind of case has a plan (`contract.Plan`), and the module that carries
it out is imported when the first such case is asked:

    async def carry_out(case: Case, values: Values, transport: Transport, clock: Clock) -> Asked
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final, NamedTuple

from provendor.clock import Clock
from provendor.contract import Case
from provendor.exchange import Exchange
from provendor.redaction.redact import Redactor
from provendor.requests import Values, build
from provendor.transport import Transport
from provendor.verdict import Verdict


class Step(NamedTuple):
    """One exchange on the way, with verdicts of its own.

    `alike` means that it is judged by what the case expects, as the exchange of the case is: another page of the same list.
    """

    name: str
    exchange: Exchange
    verdicts: tuple[Verdict, ...] = ()
    alike: bool = False


class Asked(NamedTuple):
    """What came back: the exchange to judge, the steps that led to it, and what the plan itself has to say.

    `reached` is false where a plan broke off before it came to what the case describes: then the exchange is only the last
    one, and its step says what is wrong. `secrets` are values by name that must not be shown: tokens out of answers.
    """

    exchange: Exchange
    steps: tuple[Step, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    reached: bool = True
    secrets: Mapping[str, str] = MappingProxyType({})

    def without_secrets(self, verdicts: Iterable[Verdict]) -> tuple[Asked, tuple[Verdict, ...]]:
        """Return the same, and verdicts on it, with every secret that was met on the way replaced by `<name>`."""
        if not self.secrets:
            return self, tuple(verdicts)
        redactor = Redactor(self.secrets)
        steps = tuple(
            step._replace(
                exchange=redacted(step.exchange, redactor),
                verdicts=tuple(said(verdict, redactor) for verdict in step.verdicts),
            )
            for step in self.steps
        )
        clean = self._replace(exchange=redacted(self.exchange, redactor), steps=steps)
        return clean, tuple(said(verdict, redactor) for verdict in verdicts)


def located(verdict: Verdict, where: str, key: str = "") -> Verdict:
    """Return a verdict on one of several exchanges: its findings say on which, and where in the contract that stands.

    `key` is where that exchange is described, as `file#pointer`; empty where it is the case itself.
    """
    findings = tuple(
        finding._replace(
            at=f"{where} {finding.at}".rstrip(),
            key=finding.key if not key or "#" in finding.key else f"{key}/{finding.key}".rstrip("/"),
        )
        for finding in verdict.findings
    )
    return verdict._replace(check=f"{where}: {verdict.check}", findings=findings)


def redacted(exchange: Exchange, redactor: Redactor) -> Exchange:
    """Return an exchange without secrets and personal data, on both sides."""
    asked = exchange.request
    request = asked._replace(
        url=redactor.url(asked.url),
        query=redactor.query(asked.query),
        headers=redactor.headers(asked.headers),
        body=redactor.body(asked.body, asked.headers.get("content-type")),
    )
    body = redactor.body(exchange.body, exchange.headers.get("content-type"))
    return exchange._replace(request=request, headers=redactor.headers(exchange.headers), body=body)


def said(verdict: Verdict, redactor: Redactor) -> Verdict:
    """Return a verdict whose texts hold no secret."""
    findings = tuple(
        finding._replace(
            at=redactor.place(finding.at),
            expected=redactor.text(finding.expected),
            actual=redactor.text(finding.actual),
        )
        for finding in verdict.findings
    )
    return verdict._replace(
        findings=findings, reason=redactor.text(verdict.reason) if verdict.reason else verdict.reason
    )


_CARRIED_OUT_BY: Final[Mapping[str, str]] = {
    "Delivery": "provendor.plans.webhooks",
    "Flow": "provendor.plans.flows",
    "McpCall": "provendor.plans.mcp",
    "Paging": "provendor.plans.paging",
}


async def ask(case: Case, values: Values, transport: Transport, clock: Clock) -> Asked:
    """Ask what the case asks; raises TransportError where no exchange to judge came back."""
    if case.plan is None:
        return Asked(await transport.send(build(case, values)))
    module = import_module(_CARRIED_OUT_BY[type(case.plan).__name__])
    asked: Asked = await module.carry_out(case, values, transport, clock)
    return asked
