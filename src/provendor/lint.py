"""Every problem of every contract, cassette and check, found without running anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from provendor import cassette, check, loading
from provendor.cache import Cache
from provendor.contract import Case, Suite
from provendor.errors import CassetteBroken, CassetteMissing, ContractError, Problem


@dataclass(frozen=True, slots=True)
class LintReport:
    """All problems, sorted by place, and how much was read. Counts are 0 where the contracts cannot be understood."""

    problems: tuple[Problem, ...]
    vendors: int
    cases: int


def lint(root: Path, cache: Cache | None = None) -> LintReport:
    """Read all contracts, cassettes and checks below `root` and return their problems."""
    problems: list[Problem] = []
    try:
        check.load_checks(root / "checks")
    except ContractError as trouble:
        problems += trouble.problems
    try:
        suite = loading.load(root, cache=cache)
    except ContractError as trouble:
        return LintReport(tuple(sorted({*problems, *trouble.problems})), 0, 0)
    problems += (problem for case in suite.cases for problem in _cassette_problems(suite, case, cache))
    problems += _orphans(suite)
    return LintReport(tuple(sorted(set(problems))), len(suite.vendors), len(suite.cases))


def _cassette_problems(suite: Suite, case: Case, cache: Cache | None) -> list[Problem]:
    name = f"cassettes/{case.cassette}"
    try:
        cassette.load(suite.root / name, name, cache)
    except CassetteMissing:
        if case.pending is None:
            message = f"no cassette at {name}; write one with `provendor adopt {case.id} …` or mark the case `pending`"
            place = case.place
            return [
                Problem(place.file, place.line, place.column, ".".join(case.way), message)
            ]
    except CassetteBroken as trouble:
        return [Problem(name, 0, 0, "", str(trouble))]
    return []


def _orphans(suite: Suite) -> list[Problem]:
    folder = suite.root / "cassettes"
    known = {case.cassette for case in suite.cases}
    found = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.yaml")))
    return [
        Problem(f"cassettes/{name}", 0, 0, "", "no case uses this cassette; remove it, or name a case after it")
        for name in found
        if name not in known
    ]
