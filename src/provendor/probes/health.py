"""How the vendors and the prober itself are right now, as health+json (draft-inadarei-api-health-check-06).

document = health.document(probes, books, now, started_at, prober=...)

Only what was asked lately counts: a probe without an answer for three of its periods is `warn`, because nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from provendor import __version__
from provendor.moments import timestamp
from provendor.probes.history import Watched
from provendor.probes.probing import Probe
from provendor.probes.states import BAD, State
from provendor.verdict import Outcome

CONTENT_TYPE: Final = "application/health+json"
STALE: Final = 3.0
"""After so many periods without a result nobody knows how a probe stands."""

_STATUS: Final[Mapping[Outcome, str]] = {
    Outcome.PASS: "pass",
    Outcome.WARN: "warn",
    Outcome.FAIL: "fail",
    Outcome.ERROR: "fail",
}
_WORST_FIRST: Final = ("fail", "warn", "pass")


class Itself(NamedTuple):
    """How the prober is: whether its slots are on time, its history is written, its contracts are current."""

    on_time: bool
    history: bool
    contracts: bool


def document(
    probes: Iterable[tuple[Probe, float]],
    states: Mapping[Watched, State],
    itself: Itself,
    now: float,
    started_at: float,
) -> dict[str, Any]:
    """Return the document; `probes` come with how often they are asked."""
    checks: dict[str, list[dict[str, Any]]] = {}
    for probe, every_s in probes:
        state = states.get(probe.watched, State())
        name = f"{probe.case.vendor}/{probe.case.operation}:state"
        checks[name] = [_check(probe, state, every_s, now, started_at)]
    checks["prober:slots"] = [_own("slots are looked after in time", itself.on_time, now)]
    checks["prober:history"] = [_own("results go into the history", itself.history, now)]
    checks["prober:contracts"] = [_own("the contracts are those on disk", itself.contracts, now)]
    found = {check["status"] for each in checks.values() for check in each}
    status = next(word for word in _WORST_FIRST if word in found)
    known = {
        "status": status,
        "serviceId": "provendor",
        "version": __version__,
        "description": "How vendors answer in production, as their probes stand.",
        "checks": checks,
    }
    if status != "pass":
        bad = sorted(name for name, each in checks.items() if each[0]["status"] != "pass")
        known["output"] = f"no pass: {', '.join(bad[:20])}" + (f" and {len(bad) - 20} more" if len(bad) > 20 else "")
    return known


def _check(probe: Probe, state: State, every_s: float, now: float, started_at: float) -> dict[str, Any]:
    heard = state.last_at if state.last_at is not None else started_at
    stale = now - heard > STALE * every_s
    status = _STATUS[state.outcome] if state.outcome else "warn"
    known: dict[str, Any] = {
        "componentId": probe.case.id,
        "componentType": "component",
        "status": "warn" if stale and status == "pass" else status,
        "observedValue": str(state.outcome) if state.outcome else "unknown",
    }
    if state.last_at is not None:
        known["time"] = timestamp(state.last_at)
    said = []
    if state.outcome in BAD and state.since is not None:
        good = f", last good {timestamp(state.last_good)}" if state.last_good is not None else ""
        said.append(f"{state.outcome} since {timestamp(state.since)}{good}")
    if stale:
        said.append("no answer lately: nobody knows how it is")
    elif state.outcome is None:
        said.append("nothing is known yet")
    return {**known, "output": "; ".join(said)} if said else known


def _own(what: str, holds: bool, now: float) -> dict[str, Any]:
    known = {"componentType": "system", "status": "pass" if holds else "warn", "time": timestamp(now)}
    return known if holds else {**known, "output": f"not true: {what}"}
