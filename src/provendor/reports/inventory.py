"""What a vendor's contract amounts to, as plain data: operations, cases, errors, environment, recordings.

`provendor show` prints it and `provendor docs` writes it down; neither looks into the contract itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from provendor import cassette
from provendor.cache import Cache
from provendor.contract import Case, Delivery, ErrorRule, Flow, FlowStep, Operation, RateLimit, Vendor
from provendor.errors import TransportError
from provendor.schemas.schema import Schema


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case: what it expects and where its recording comes from. `age_days` and `origin` are None if unknown."""

    name: str
    summary: str
    status: str
    error: str | None
    origin: str | None
    age_days: int | None
    pending: str | None


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One operation, or one flow, with its cases. `probe_every_s` is None where it is not a probe.

    The `request` of a flow is what its steps ask, in order. `paging` is how a list is handed out, empty where it is not.
    `undone_by` is the operation that takes away what a live call has made, empty where the contract names none.
    """

    id: str
    summary: str
    request: str
    safety: str
    idempotency: str
    probe_every_s: float | None
    notes: str
    cases: tuple[CaseRow, ...]
    paging: str = ""
    undone_by: str = ""


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One row of the error table, its conditions in words."""

    code: str
    retryable: bool
    when: str
    title: str
    status: str | None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery: what it is called, what tells its repetition, where its body is described, and who needs it.

    `signature` is the header that holds it; None where the vendor does not sign. `schema` is None where nothing is said
    of the body.
    """

    vendor: str
    delivery: str
    topic: str | None
    summary: str
    scope: str
    dedupe: str
    order_by: str | None
    signature: str | None
    schema: str | None
    needed_by: str
    notes: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One environment variable that the vendor's contract reads."""

    env: str
    name: str
    kind: str
    example: str
    default: str | None
    title: str


@dataclass(frozen=True, slots=True)
class VendorPage:
    """All of it for one vendor. `origins` counts cassettes by origin; `oldest` is the oldest recording's day."""

    vendor: str
    title: str
    owner: str
    docs: str
    runbook: str
    api_version: str | None
    api_version_ends: str | None
    live_flag: str | None
    notes: str
    rate_limit: str
    settings: tuple[SettingRow, ...]
    operations: tuple[OperationRow, ...]
    errors: tuple[ErrorRow, ...]
    origins: dict[str, int]
    oldest: str | None
    missing: int


def page(vendor: Vendor, cassettes: Path, today: date, cache: Cache | None = None) -> VendorPage:
    """Return a vendor's page; `cassettes` is the folder that holds all cassettes."""
    asked = (*vendor.operations.values(), *vendor.flows.values())
    rows = tuple(_operation(operation, cassettes, today, cache) for operation in asked)
    cases = [case for row in rows for case in row.cases]
    ages = [case.age_days for case in cases if case.age_days is not None]
    return VendorPage(
        vendor=vendor.name,
        title=vendor.title,
        owner=vendor.owner,
        docs=vendor.docs,
        runbook=vendor.runbook,
        api_version=vendor.api_version,
        api_version_ends=vendor.api_version_ends.isoformat() if vendor.api_version_ends else None,
        live_flag=vendor.live_flag,
        notes=vendor.notes,
        rate_limit=_rate(vendor.rate_limit),
        settings=_settings(vendor),
        operations=rows,
        errors=errors(vendor),
        origins=dict(Counter(case.origin for case in cases if case.origin)),
        oldest=date.fromordinal(today.toordinal() - max(ages)).isoformat() if ages else None,
        missing=sum(case.origin is None for case in cases),
    )


def errors(vendor: Vendor) -> tuple[ErrorRow, ...]:
    """Return the vendor's error table in matching order."""
    return tuple(
        ErrorRow(rule.code, rule.retryable, conditions(rule), rule.title, str(rule.status) if rule.status else None)
        for rule in vendor.errors
    )


def deliveries(vendor: Vendor) -> tuple[DeliveryRow, ...]:
    """Return what the vendor posts to us, in the order of the files."""
    return tuple(_delivery(each) for each in vendor.deliveries.values())


def _delivery(delivery: Operation) -> DeliveryRow:
    plans = [case.plan for case in delivery.cases if isinstance(case.plan, Delivery)]
    plan = next((each for each in plans if each.signature), plans[0])  # not the one of older servers
    return DeliveryRow(
        vendor=delivery.vendor,
        delivery=delivery.id,
        topic=plan.topic,
        summary=delivery.summary,
        scope=plan.scope,
        dedupe=plan.dedupe or ", ".join(plan.delivery_id),
        order_by=plan.order_by,
        signature=plan.signature.header if plan.signature else None,
        schema=_described_at(delivery.cases[0].expect.body),
        needed_by=plan.needed_by,
        notes=delivery.notes,
        cases=tuple(case.name for case in delivery.cases),
    )


def _described_at(schema: Schema | None) -> str | None:
    """Return where a body is described: the file and place that a reference names, else where the schema stands."""
    if schema is None:
        return None
    value: Any = schema.value
    if isinstance(value, dict) and isinstance(value.get("allOf"), list):
        value = value["allOf"][0]
    reference = value.get("$ref") if isinstance(value, dict) else None
    return reference if isinstance(reference, str) else f"{schema.file.rpartition('/')[2]}#{schema.pointer}"


def conditions(rule: ErrorRule) -> str:
    """Return a rule's conditions in words, such as `status 401, $.error is "Invalid Access Token"`."""
    words = [f"status {rule.status}"] if rule.status else []
    words += [f"header {test.name} {_wanted(test.equals, test.pattern, test.present)}" for test in rule.headers]
    words += [f"{test.path} {_wanted(test.equals, test.pattern, test.present)}" for test in rule.json]
    words += [f"text like {rule.text}"] if rule.text else []
    return ", ".join(words)


def _wanted(equals: object, pattern: str | None, present: bool | None) -> str:
    if pattern is not None:
        return f"like {pattern}"
    if present is not None:
        return "present" if present else "absent"
    return f'is "{equals}"' if isinstance(equals, str) else f"is {equals}"


def _operation(operation: Operation, cassettes: Path, today: date, cache: Cache | None) -> OperationRow:
    return OperationRow(
        id=operation.id,
        summary=operation.summary,
        request=_asks(operation),
        safety=operation.safety,
        idempotency=operation.idempotency,
        probe_every_s=operation.probe.every_s if operation.probe else None,
        notes=operation.notes,
        cases=tuple(_case(case, cassettes, today, cache) for case in operation.cases),
        paging=operation.paging.style if operation.paging else "",
        undone_by=operation.cleanup.case.operation if operation.cleanup else "",
    )


def _asks(operation: Operation) -> str:
    """Return what is asked: `GET /jobs/{job_id}`; of a flow every step: `posts.schedule, then jobs.get every 2 s`."""
    plans = [case.plan for case in operation.cases if isinstance(case.plan, Flow)]
    if not plans:
        return f"{operation.template.method} {operation.template.target}"
    longest = max(plans, key=lambda plan: len(plan.steps))
    return ", then ".join(_step(step) for step in longest.steps)


def _step(step: FlowStep) -> str:
    again = f" every {step.poll.every_s:g} s for at most {step.poll.within_s:g} s" if step.poll else ""
    return f"{step.case.operation}{again}"


def _rate(limit: RateLimit | None) -> str:
    return f"{limit.requests} requests per {limit.per_s:g} s" if limit else ""


def _case(case: Case, cassettes: Path, today: date, cache: Cache | None) -> CaseRow:
    origin, at = None, None
    try:
        recording = cassette.load(cassettes / case.cassette, f"cassettes/{case.cassette}", cache).recording
        origin, at = recording.origin, recording.at
    except TransportError:
        pass  # a missing or broken cassette shows as an unknown origin here; `prove` and `lint` say what is wrong
    return CaseRow(
        name=case.name,
        summary=case.summary,
        status=str(case.expect.status),
        error=case.expect.error,
        origin=str(origin) if origin else None,
        age_days=_age(at, today),
        pending=case.pending.until.isoformat() if case.pending else None,
    )


def _age(at: str | None, today: date) -> int | None:
    try:
        return (today - date.fromisoformat(at[:10])).days if at else None
    except ValueError:
        return None


def _settings(vendor: Vendor) -> tuple[SettingRow, ...]:
    rows = [
        SettingRow(url.env, f"{name} base URL", "url", str(url.example), url.default, url.title)
        for name, environment in vendor.environments.items()
        if (url := environment.base_url).env
    ]
    rows += [
        SettingRow(v.env, v.name, "secret" if v.secret else "variable", str(v.example), v.default, v.title)
        for v in vendor.variables.values()
        if v.env
    ]
    if vendor.live_flag:
        rows.append(SettingRow(vendor.live_flag, "live flag", "flag", "1", None, "must be truthy for anything live"))
    return tuple(rows)
