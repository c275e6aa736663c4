"""What a contract lets one case do on the network: how long, how often, how much, and where to."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from provendor.compression import MAX_BODY
from provendor.contract import Case, Environment, ErrorRule, Flow, Paging, StatusSet, Vendor
from provendor.requests import needs
from provendor.wire.route import Reach

REQUEST_S: Final = 30.0
"""How long a case may take for each request that it plans, where its contract says nothing."""

CONNECT_S: Final = 10.0
"""How long a connection may take, name and encryption included, so that another try has a chance."""


class Policy(NamedTuple):
    """What one case may do.

    deadline_s   for everything: requests, tries, and the waiting between them
    safe         the cases (of a flow: the steps) whose requests may be sent again, because they only read or carry a key
    errors       the error table, which says what is worth another try
    statuses     those that the case expects: a redirect among them is its answer
    expected     the code of the error that the case is about: it is no reason for another try
    attempts     tries of one request at most, the first included
    reach        which addresses may be called
    most_bytes   of one body, before and after decompression
    environment  which proxy and which certificates it names
    patience_s   how long to wait for a turn of our own pace, which is no part of the deadline; None: as long as that leaves
    """

    deadline_s: float = REQUEST_S
    safe: frozenset[str] = frozenset()
    errors: tuple[ErrorRule, ...] = ()
    statuses: StatusSet | None = None
    expected: str | None = None
    attempts: int = 3
    reach: Reach = "public"
    most_bytes: int = MAX_BODY
    environment: Environment | None = None
    patience_s: float | None = None


def policy_for(
    case: Case, vendor: Vendor, environment: Literal["sandbox", "production"], patience_s: float | None = None
) -> Policy:
    """Return what the contract allows a case in an environment."""
    probe = vendor.operations[case.operation].probe if case.operation in vendor.operations else None
    there = vendor.environments.get(environment)
    near = environment == "sandbox" or (there is not None and there.private)
    return Policy(
        deadline_s=probe.timeout_s if probe and environment == "production" else _deadline_s(case),
        safe=_safe(case, vendor),
        errors=case.expect.errors,
        statuses=case.expect.status,
        expected=case.expect.error,
        reach="private" if near else "public",
        environment=there,
        patience_s=patience_s,
    )


def _safe(case: Case, vendor: Vendor) -> frozenset[str]:
    """Return the ids of the cases whose requests may reach the vendor twice: `Request.asked_by` names one of them."""
    asked = [case, *(step.case for step in case.plan.steps)] if isinstance(case.plan, Flow) else [case]
    keys = {name for name, variable in vendor.variables.items() if variable.generated}
    return frozenset(
        each.id for each in asked if each.safety == "read" or (keys and not keys.isdisjoint(needs(each.template)))
    )


def _deadline_s(case: Case) -> float:
    """Return how long a case may take: so much for every request that it plans, and what its polls may wait."""
    if isinstance(case.plan, Flow):
        return sum(REQUEST_S + (step.poll.within_s if step.poll else 0.0) for step in case.plan.steps)
    return REQUEST_S * (case.plan.max_pages if isinstance(case.plan, Paging) else 1)
