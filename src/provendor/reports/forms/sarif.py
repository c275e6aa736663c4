"""SARIF 2.1.0: each finding with the line of the contract that objects, so that a pull request shows it in place.

Results are what is no pass; a failure that `pending` foresees is suppressed. What has no line of its own (an interrupted run,
skipped cases, results beyond the limit) is a notification. Every code is a rule, whether it occurs or not, so that two runs
differ in their results alone. A result's fingerprint follows from the case, the check and the place, not from lines.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias
from urllib.parse import quote

from provendor.codes import CODES, Code
from provendor.plaintext import visible
from provendor.reader.spots import Spot
from provendor.reports.forms import Told, findings, headline, provenance, rerun
from provendor.reports.forms import told as in_words
from provendor.reports.story import CaseTold
from provendor.verdict import Outcome

MOST_RESULTS = 25_000
"""GitHub refuses a run that has more, and shows the 5,000 worst."""

_LEVELS = {"fail": "error", "warn": "warning"}
_WORST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.WARN)

_Json: TypeAlias = dict[str, Any]


def render(told: Told) -> Iterator[str]:
    """Yield the document in parts: a line per result."""
    yield '{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"results":['
    rules = {code: _rule(entry) for code, entry in CODES.items()}
    results = _results(told, rules)
    separator = "\n"
    for result in islice(results, MOST_RESULTS):
        yield separator + json.dumps(result)
        separator = ",\n"
    left_out = sum(1 for _ in results)
    rest = json.dumps(
        {
            "tool": {"driver": _driver(told, rules)},
            "invocations": [_invocation(told, left_out)],
            "automationDetails": {"id": f"provendor/{visible(told.story.run.mode)}/{visible(told.story.run.id)}"},
            "columnKind": "unicodeCodePoints",
        }
    )
    yield f"\n],{rest[1:]}]}}\n"


# --- results ----------------------------------------------------------------------------------------------------------


def _results(told: Told, rules: dict[str, _Json]) -> Iterator[_Json]:
    """Yield the results, the worst first; a code that no page explains gets its rule here."""
    seen: Counter[str] = Counter()
    for case in _in_order(told.story.cases):
        record = told.record(case)
        found = list(findings(record)) or [_unsaid(case, record)]
        for verdict, finding in found:
            code = visible(str(finding["code"]), longest=200)
            rules.setdefault(code, _own_rule(code, str(verdict["check"])))
            print_ = _fingerprint(case, verdict, finding)
            seen[print_] += 1
            yield {
                "ruleId": code,
                "level": _level(case, verdict, finding),
                "message": {"text": _inert(f"{case.id}: {in_words(finding)}")},
                "locations": [_location(told.spot(case, str(finding["key"])), case)],
                "partialFingerprints": {"provendor/v1": f"{print_}:{seen[print_]}"},
                "properties": _properties(case),
                **_recorded(told, case),
                **_suppressed(case),
            }


def _in_order(cases: Sequence[CaseTold]) -> list[CaseTold]:
    listed = [case for case in cases if case.outcome in _WORST_FIRST]
    return sorted(listed, key=lambda case: (_WORST_FIRST.index(case.outcome), case.expected, case.id))


def _unsaid(case: CaseTold, record: _Json) -> tuple[_Json, _Json]:
    """Return a finding for a case that is no pass and of which evidence from elsewhere has none."""
    finding = {"code": "not-judged", "level": "fail", "at": "", "key": "", "expected": "a result"}
    return {"check": "", "outcome": str(case.outcome)}, {**finding, "actual": headline(case, record)}


def _level(case: CaseTold, verdict: _Json, finding: _Json) -> str:
    if case.expected:
        return "note"  # readers that know nothing of suppressions do not stop a pull request for it
    return "error" if verdict["outcome"] == Outcome.ERROR else _LEVELS.get(str(finding["level"]), "error")


def _location(spot: Spot, case: CaseTold) -> _Json:
    region = {"startLine": spot.line}
    if spot.width:
        region |= {"startColumn": spot.column, "endLine": spot.line, "endColumn": spot.column + spot.width}
    return {
        "physicalLocation": {"artifactLocation": _artifact(spot.file), "region": region},
        "logicalLocations": [{"name": visible(case.name), "fullyQualifiedName": visible(case.id)}],
    }


def _recorded(told: Told, case: CaseTold) -> _Json:
    if case.recording is None:
        return {}
    where = {"artifactLocation": _artifact(told.in_repository(case.recording))}
    return {"relatedLocations": [{"physicalLocation": where, "message": {"text": _inert(provenance(case))}}]}


def _artifact(file: str) -> _Json:
    """Return a file of the repository, whatever the evidence calls it: its name leads neither out of it nor elsewhere."""
    inside = "/".join(part for part in visible(file).split("/") if part not in ("", ".", ".."))
    return {"uri": quote(inside), "uriBaseId": "%SRCROOT%"}


def _suppressed(case: CaseTold) -> _Json:
    if not case.expected:
        return {}
    return {"suppressions": [{"kind": "inSource", "status": "accepted", "justification": visible(case.reason or "")}]}


def _properties(case: CaseTold) -> _Json:
    return {
        "vendor": visible(case.vendor),
        "operation": visible(case.operation),
        "case": visible(case.name),
        "outcome": str(case.outcome),
        "answer": provenance(case),
        "rerun": rerun(case),
    }


def _fingerprint(case: CaseTold, verdict: _Json, finding: _Json) -> str:
    parts = (case.id, verdict["check"], finding["code"], finding["at"], finding["key"])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _inert(text: str) -> str:
    """Return text in which SARIF sees neither a link nor a placeholder."""
    return re.sub(r"\{(?=\d)", "{ ", visible(text, longest=2000).replace("](", "] ("))


# --- the tool and the run ---------------------------------------------------------------------------------------------


def _driver(told: Told, rules: dict[str, _Json]) -> _Json:
    version = dict(told.story.run.tools).get("provendor")
    return {
        "name": "provendor",
        **({"version": visible(version)} if version else {}),
        "rules": list(rules.values()),
    }


def _rule(entry: Code) -> _Json:
    title = f"{entry.title[0].upper()}{entry.title[1:]}."
    return {
        "id": entry.code,
        "name": "".join(part.capitalize() for part in entry.code.split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": entry.meaning[:1000]},
        "help": {
            "text": f"{entry.meaning}\n\nWhat to do: {entry.do}",
            "markdown": f"{entry.meaning}\n\n**What to do.** {entry.do}",
        },
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["contract"]},
    }


def _own_rule(code: str, check: str) -> _Json:
    """Return the rule of a code that a check of the business made up."""
    what = f"The check {visible(check)} objects."
    return {"id": code, "shortDescription": {"text": what}, "fullDescription": {"text": what}, "help": {"text": what}}


def _invocation(told: Told, left_out: int) -> _Json:
    run = told.story.run
    whole = run.finished and not run.interrupted
    return {
        "executionSuccessful": whole,
        "commandLine": visible(" ".join(("provendor", run.command, *run.selectors)), longest=2000),
        "startTimeUtc": visible(run.started_at),
        **({"endTimeUtc": visible(run.ended_at)} if run.ended_at else {}),
        "toolExecutionNotifications": list(_notifications(told, whole, left_out)),
        "properties": {
            "commit": run.commit and visible(run.commit),
            "verdict": str(told.story.decision.word),
            "strength": {visible(each.name): each.strength.score for each in told.story.vendors if each.strength},
        },
    }


def _notifications(told: Told, whole: bool, left_out: int) -> Iterator[_Json]:
    if not whole:
        yield _notification("error", "The run did not come to its end: what is missing was not judged.")
    if told.story.unreadable:
        yield _notification("error", f"{told.story.unreadable} results of the evidence cannot be read.")
    if left_out:
        yield _notification(
            "warning", f"{left_out} results are left out: {MOST_RESULTS} is the most that readers take."
        )
    for case in told.story.cases:
        if case.outcome is Outcome.SKIP:
            yield _notification(
                "note", f"{visible(case.id)} was skipped: {visible(case.reason or 'no reason is known')}"
            )


def _notification(level: str, text: str) -> _Json:
    return {"level": level, "message": {"text": _inert(text)}}
