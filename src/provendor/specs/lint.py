"""Every problem of every contract, cassette and check, found without running anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from provendor import cassette, check
from provendor.cache import Cache
from provendor.check import Check
from provendor.contract import Case, GraphqlEndpoint, Suite
from provendor.errors import CassetteBroken, CassetteMissing, ContractError, Problem, UsageError
from provendor.reader import loading, source
from provendor.selector import matches
from provendor.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class LintReport:
    """All problems, sorted by place, and how much was read. Counts are 0 where the contracts cannot be understood."""

    problems: tuple[Problem, ...]
    vendors: int
    cases: int


def lint(root: Path, cache: Cache | None = None) -> LintReport:
    """Read all contracts, cassettes and checks below `root` and return their problems."""
    problems: list[Problem] = []
    checks: tuple[Check, ...] = ()
    try:
        checks = check.load_checks(root / "checks")
    except ContractError as trouble:
        problems += trouble.problems
    try:
        suite = loading.load(root, cache=cache)
    except ContractError as trouble:
        return LintReport(tuple(sorted({*problems, *trouble.problems})), 0, 0)
    problems += (problem for case in suite.cases for problem in _cassette_problems(suite, case, cache))
    problems += _orphans(suite)
    problems += (problem for each in checks for problem in _aimless(suite, each))
    return LintReport(tuple(sorted(set(problems))), len(suite.vendors), len(suite.cases))


def against(
    root: Path, whole: Path, *, vendor: str | None = None, version: str | None = None, cache: Cache | None = None
) -> LintReport:
    """Compare a pruned SDL with the whole one; by default that of the version that `whole` is named after.

    Raises ContractError where the contracts or the whole SDL cannot be read, UsageError where no pruned SDL is meant, or
    several are.
    """
    suite = loading.load(root, [vendor] if vendor else None, cache)
    folder, endpoint, chosen = _meant(suite, whole.name, version)
    name = f"contracts/{folder}/{endpoint.schemas[chosen]}"
    from provendor.schemas.graphql_shape import Text  # noqa: PLC0415 - graphql-core takes a quarter of a second
    from provendor.specs.graphql_subset import differences  # noqa: PLC0415 - as above

    found = differences(
        source.plain(root / name, name), source.plain(whole, str(whole)), frozenset(endpoint.open_enums)
    )
    files = {Text.SDL: name, Text.DOCUMENT: str(whole)}
    problems = (Problem(files[each.text], each.line, each.column, "", each.message) for each in found)
    return LintReport(tuple(sorted(problems)), 1, 0)


def _meant(suite: Suite, file: str, version: str | None) -> tuple[str, GraphqlEndpoint, str]:
    """Return vendor, its GraphQL and the version that is meant."""
    known = [
        (name, each.graphql, held)
        for name, each in suite.vendors.items()
        if each.graphql
        for held in each.graphql.schemas
    ]
    meant = [each for each in known if (each[2] == version if version else each[2] in file)]
    if len(meant) == 1:
        return meant[0]
    there = ", ".join(f"{vendor} {held}" for vendor, _, held in known) or "none"
    wanted = f'version "{version}"' if version else f'a version in the name "{file}"'
    raise UsageError(f"{wanted} is that of {'several' if meant else 'no'} pruned SDL (there: {there})")


def _cassette_problems(suite: Suite, case: Case, cache: Cache | None) -> list[Problem]:
    name = f"cassettes/{case.cassette}"
    try:
        cassette.load(suite.root / name, name, cache)
    except CassetteMissing:
        if case.pending is None:
            message = f"no cassette at {name}; write one with `provendor adopt {case.id} …` or mark the case `pending`"
            place = case.place
            return [Problem(place.file, place.line, place.column, ".".join(case.way), message)]
    except CassetteBroken as trouble:
        return [Problem(name, 0, 0, "", str(trouble))]
    return []


def _aimless(suite: Suite, judge: Check) -> list[Problem]:
    """Find a check that is meant for a case which does not exist: it would never say anything."""
    file = f"checks/{judge.name.partition('.')[0]}.py"
    wanted = [judge.beside] if judge.beside else []
    known = [case.id for case in suite.cases]
    aimless = [pattern for pattern in judge.patterns if not any(matches(pattern, case) for case in suite.cases)]
    aimless += [id_ for id_ in wanted if id_ not in known]
    return [Problem(file, 0, 0, judge.name, f"no case is {each}{did_you_mean(each, known)}") for each in aimless]


def _orphans(suite: Suite) -> list[Problem]:
    folder = suite.root / "cassettes"
    known = {case.cassette for case in suite.cases}
    found = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.yaml")))
    return [
        Problem(f"cassettes/{name}", 0, 0, "", "no case uses this cassette; remove it, or name a case after it")
        for name in found
        if name not in known
    ]
