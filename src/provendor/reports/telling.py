"""Evidence to a story: results go by once, and a few words of each are kept.

story = tell(archive.find(reports), today=date.today())
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from provendor.exchange import Origin, Source
from provendor.readings import mapping, number, text, whole
from provendor.reports import standing
from provendor.reports.archive import KeptRun
from provendor.reports.causes import Causes
from provendor.reports.changes import AGED, Was, compare
from provendor.reports.decision import decide
from provendor.reports.radar import Radar
from provendor.reports.standing import counted
from provendor.reports.story import CaseTold, Changes, RunRef, RunTold, Story, Watch
from provendor.verdict import Outcome

NOT_EVIDENCE = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def tell(
    kept: KeptRun,
    *,
    today: date,
    previous: KeptRun | None = None,
    release: tuple[str, KeptRun] | None = None,
    vendors: Iterable[str] = (),
    watch: Watch | None = None,
    measured: Mapping[str, Any] | None = None,
) -> Story:
    """Return what a run amounts to. `vendors` are all that have a contract; those that were not asked are told of, too.

    `watch` is what the history says, None where there is none; `measured` is what was last measured of contracts' strength.
    """
    readiness = kept.head.get("vendors")
    gathered = _gather(kept, today, Radar(today, readiness))
    run = _run(kept, gathered)
    rows = standing.rows(
        readiness, (kept.end or {}).get("strength"), gathered.cases, vendors, today, watch, measured, gathered.low
    )
    everything = run.finished and not run.selectors
    causes, expiries = gathered.causes.told(), gathered.radar.told()
    return Story(
        today=today,
        run=run,
        decision=decide(run, rows, gathered.cases, causes, expiries, gathered.unreadable, watch),
        vendors=rows,
        previous=_changes(gathered.cases, previous, None, everything),
        release=_changes(gathered.cases, release[1], release[0], everything) if release else None,
        causes=causes,
        expiries=expiries,
        cases=tuple(gathered.cases),
        unreadable=gathered.unreadable,
        watch=watch,
    )


# --- results ----------------------------------------------------------------------------------------------------------


@dataclass
class _Gathered:
    radar: Radar
    causes: Causes = field(default_factory=Causes)
    cases: list[CaseTold] = field(default_factory=list)
    low: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    unreadable: int = 0


def _gather(kept: KeptRun, today: date, radar: Radar) -> _Gathered:
    gathered = _Gathered(radar)
    for offset, record in kept.results():
        try:
            case = case_told(record, offset, today)
            if case.outcome is not Outcome.PASS:
                gathered.causes.add(case, record)
            gathered.radar.add(case, record)
            if "indicator" in case.codes:
                _note_low(gathered.low, case, record)
        except NOT_EVIDENCE:
            gathered.unreadable += 1
            continue
        gathered.cases.append(case)
    return gathered


def _note_low(low: dict[str, list[tuple[str, str]]], case: CaseTold, record: Mapping[str, Any]) -> None:
    """Take note of indicators that a case found low; what is expected of one begins with its name."""
    for verdict in record["verdicts"]:
        for finding in verdict["findings"]:
            if finding["code"] == "indicator":
                name = str(finding["expected"]).partition(":")[0]
                low.setdefault(f"{case.vendor}/{name}", []).append((case.id, str(finding["actual"])))


def case_told(record: Mapping[str, Any], offset: int, today: date) -> CaseTold:
    """Return a result in few words; raises one of `NOT_EVIDENCE` where the record is not as evidence has it."""
    recording, live = mapping(record["recording"]), mapping(record.get("live"))
    origin = recording.get("origin")
    at = text(recording.get("at"))
    return CaseTold(
        id=str(record["id"]),
        vendor=str(record["vendor"]),
        operation=str(record["operation"]),
        name=str(record["case"]),
        outcome=Outcome(record["outcome"]),
        reason=text(record["reason"]),
        expected=bool(record["expected"]),
        contract=str(record["contract"]),
        source=Source(record["source"]),
        environment=text(live.get("environment")),
        fallback=text(record.get("fallback")),
        recording=text(recording.get("path")),
        origin=Origin(origin) if origin else None,
        recorded_at=at,
        age_days=_age(at, today),
        asked=_asked(record.get("request") or {}),
        status=whole(record["status"]),
        error=text(record["error"]),
        elapsed_ms=number(record["elapsed_ms"]),
        codes=_codes(record["verdicts"]),
        checks=len(record["passed"]),
        started_at=str(record["started_at"]),
        duration_ms=number(record["duration_ms"]),
        offset=offset,
        rerun=text(record.get("rerun")),
    )


def _asked(request: Mapping[str, Any]) -> str:
    return f"{request['method']} {request['url']}" if request else ""


def _codes(verdicts: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    found = [each for verdict in verdicts for each in verdict["findings"]]
    found.sort(key=lambda each: each["level"] == Outcome.WARN)
    return tuple(dict.fromkeys(str(each["code"]) for each in found))


def _age(at: str | None, today: date) -> int | None:
    try:
        return (today - date.fromisoformat(at[:10])).days if at else None
    except ValueError:
        return None


# --- the run ----------------------------------------------------------------------------------------------------------


def _run(kept: KeptRun, gathered: _Gathered) -> RunTold:
    head, end = kept.head, kept.end or {}
    selectors, tools = head.get("selectors"), mapping(head.get("tools"))
    return RunTold(
        id=kept.id,
        started_at=str(head.get("started_at")),
        ended_at=text(end.get("ended_at")),
        command=str(head.get("command")),
        mode=str(head.get("mode", "replay")),
        selectors=tuple(map(str, selectors)) if isinstance(selectors, list) else (),
        now=str(head.get("now")),
        commit=kept.commit,
        tools=tuple((str(name), str(version)) for name, version in tools.items()),
        finished=kept.end is not None,
        interrupted=bool(end.get("interrupted")),
        duration_ms=number(end.get("duration_ms")),
        counts=counted(gathered.cases),
    )


def _changes(cases: Iterable[CaseTold], other: KeptRun | None, tag: str | None, everything: bool) -> Changes | None:
    if other is None:
        return None
    since = RunRef(other.id, str(other.head.get("started_at")), other.commit, tag)
    return compare(cases, _outcomes(other), since, everything)


def _outcomes(kept: KeptRun) -> dict[str, Was]:
    found = {}
    for _, record in kept.results():
        try:
            codes = _codes(record["verdicts"])
            found[str(record["id"])] = Was(Outcome(record["outcome"]), AGED in codes)
        except NOT_EVIDENCE:
            continue
    return found
