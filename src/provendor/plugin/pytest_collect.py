"""Contracts as pytest's tree: a file collects operations, an operation collects cases, a case is a test.

contracts/chatwoot/conversations.yaml          ContractFile
└── conversations.list                         OperationNode
    └── ok                                     CaseItem
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from provendor.cache import Cache
from provendor.check import Check, load_checks
from provendor.contract import Case, Operation, Suite, Vendor
from provendor.errors import ContractError, Problem, ProvendorError
from provendor.plaintext import visible
from provendor.reader import loading
from provendor.redaction.redact import Redactor
from provendor.run import Replayer, Result
from provendor.verdict import Finding, Outcome, Verdict, sentence
from provendor.wire.network import Guard, Refused

if TYPE_CHECKING:  # a session that replays loads neither an HTTP client nor an event loop
    from provendor.plugin.pytest_live import LiveSession
    from provendor.sandbox.live_run import LiveRun

CONTRACT = pytest.mark.contract
LIVE = pytest.mark.live
PROBE = pytest.mark.probe


class Contracts:
    """The contracts of one session: each vendor is read once, when its first file is collected.

    `guard` is on while a case runs. `strict` makes a warn a failure. `live` asks vendors themselves, None where nobody may.
    """

    def __init__(
        self,
        root: Path,
        today: date,
        cache: Cache,
        guard: Guard,
        *,
        strict: bool = False,
        live: LiveSession | None = None,
    ) -> None:
        self.root = root
        self.today = today
        self.cache = cache
        self.guard = guard
        self.strict = strict
        self.live = live
        self._books: dict[str, VendorBook] = {}
        self._broken: dict[str, tuple[str, ContractError]] = {}

    @property
    def suite(self) -> Suite:
        """Every vendor that was read so far."""
        return Suite(self.root, {name: book.vendor for name, book in self._books.items()})

    def open(self, file: str) -> VendorBook:
        """Read the vendor that a file belongs to; raises ContractError with what this file should say is wrong."""
        _, vendor, *rest = file.split("/")
        if not rest:
            raise ContractError((Problem(file, 0, 0, "", "a contract lies in its vendor's folder, not beside it"),))
        if vendor in self._broken:
            raise _for_file(file, *self._broken[vendor])
        if vendor not in self._books:
            try:
                self._books[vendor] = self._read(vendor)
            except ContractError as trouble:
                self._broken[vendor] = (file, trouble)
                raise
        return self._books[vendor]

    def _read(self, vendor: str) -> VendorBook:
        suite = loading.load(self.root, [vendor], self.cache)
        replayer = Replayer(suite, self._checks, today=self.today, cache=self.cache)
        return VendorBook(suite.vendors[vendor], replayer, self)

    @cached_property
    def _checks(self) -> tuple[Check, ...]:
        return load_checks(self.root / "checks")


def _for_file(file: str, first: str, trouble: ContractError) -> ContractError:
    """Repeat the problems of this file, or say where all of them are shown: once is enough."""
    own = tuple(problem for problem in trouble.problems if problem.file == file)
    count = len(trouble.problems)
    message = f"not collected: the vendor's contract has {count} problem{'s' * (count != 1)}, listed with {first}"
    return ContractError(own or (Problem(file, 0, 0, "", message),))


class VendorBook:
    """One vendor, read: its operations by file, and what replays and redacts its cases."""

    def __init__(self, vendor: Vendor, replayer: Replayer, contracts: Contracts) -> None:
        self.vendor = vendor
        self.replayer = replayer
        self.contracts = contracts
        self.by_file: dict[str, list[Operation]] = {}
        self.shown_as: dict[str, str] = {}  # files, as pytest names them from where it runs
        for operation in (*vendor.operations.values(), *vendor.flows.values(), *vendor.deliveries.values()):
            self.by_file.setdefault(operation.place.file, []).append(operation)

    @cached_property
    def _live(self) -> LiveRun | None:
        live = self.contracts.live
        return live.run_of(self.replayer, self.contracts.suite.vendors) if live else None

    @cached_property
    def redactor(self) -> Redactor:
        """What takes secrets and personal data out of results."""
        return self._live.redactor(self.vendor.name) if self._live else Redactor({}, self.vendor.redact)

    def result(self, case: Case) -> Result:
        """Replay a case, or ask it live where that is wanted."""
        if self._live is None or self.contracts.live is None:
            return self.replayer.replay(case)
        return self.contracts.live.result(case, self._live)


class ContractFile(pytest.File):
    """One YAML file of a vendor; collects nothing where it holds no operations (`vendor.yaml`)."""

    def __init__(self, *, contracts: Contracts, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._contracts = contracts
        self.add_marker(CONTRACT)
        if self.path.parent.parent.name == "contracts":
            self.add_marker(vendor_marker(self.path.parent.name))

    def collect(self) -> Iterator[OperationNode]:
        """Yield the file's operations; a contract that cannot be read is one error with every problem."""
        name = self.path.relative_to(self._contracts.root).as_posix()
        try:
            book = self._contracts.open(name)
        except ProvendorError as trouble:
            raise self.CollectError(str(trouble)) from None
        for operation in book.by_file.get(name, ()):
            yield OperationNode.from_parent(self, name=operation.id, operation=operation, book=book)


class OperationNode(pytest.Collector):
    """One operation; collects its cases."""

    def __init__(self, *, operation: Operation, book: VendorBook, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._operation = operation
        self._book = book
        if operation.probe is not None:
            self.add_marker(PROBE)

    def collect(self) -> Iterator[CaseItem]:
        """Yield the operation's cases in the order of the file."""
        for case in self._operation.cases:
            yield CaseItem.from_parent(self, name=case.name, case=case, book=self._book)


class CaseFailed(Exception):
    """A case did not pass; carries its result, from which the text is made."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.case.id)
        self.result = result


class CaseItem(pytest.Item):
    """One case as a test. Its location is the case's line in the contract; its failure reads like a compiler error."""

    def __init__(self, *, case: Case, book: VendorBook, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.book = book
        self.result: Result | None = None
        self.planned = False
        if case.live:
            self.add_marker(LIVE)

    def runtest(self) -> None:
        """Replay the case, or ask it live; raises CaseFailed, or pytest's skip."""
        contracts = self.book.contracts
        with contracts.guard:
            result = self.book.result(self.case)
        refused = contracts.guard.take()
        if refused:
            result = _reached_network(result, refused)
        self.result = result
        self.tell(result)
        if result.outcome is Outcome.SKIP:
            pytest.skip(result.reason or "every check was skipped")
        if self.fails(result):
            raise CaseFailed(result)

    def tell(self, result: Result) -> None:
        """Leave the result's key facts with the test as properties, for JUnit and other reports."""
        origin = result.recording.origin if result.recording else None
        where = f"live from {result.environment}" if result.environment else str(origin or "unknown")
        codes = dict.fromkeys(finding.code for finding in result.findings)
        self.user_properties += [
            ("vendor", self.case.vendor),
            ("operation", self.case.operation),
            ("case", self.case.name),
            ("origin", where),
            ("outcome", str(result.outcome)),
            ("findings", ", ".join(codes)),
            *([("not live", result.fallback)] if result.fallback else []),
        ]

    def fails(self, result: Result) -> bool:
        """Tell whether a result makes the test fail: fail, error, an expected failure, and a warn where strict."""
        if result.outcome is Outcome.WARN:
            return result.expected or self.book.contracts.strict
        return result.outcome in (Outcome.FAIL, Outcome.ERROR)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the result as text for people in place of a Python traceback."""
        if isinstance(excinfo.value, CaseFailed):
            return _told(excinfo.value.result, self.book.replayer.suite)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the contract file, the case's line counting from 0, and the selector as the failure's heading."""
        return self.book.contracts.root / self.case.place.file, self.case.place.line - 1, self.case.id

    @cached_property
    def location(self) -> tuple[str, int | None, str]:
        """Where the case stands, as pytest has it; many stand in one file, whose path is looked at once."""
        file, known = self.case.place.file, self.book.shown_as
        if file not in known:
            known[file] = super().location[0]
        return known[file], self.case.place.line - 1, self.case.id


def _told(result: Result, suite: Suite) -> str:
    """Return a failure as text; its first line says what is wrong, because pytest's short summary shows only that."""
    from provendor.reports import present  # noqa: PLC0415 - a run in which nothing fails needs none of it

    found = [
        finding for verdict in result.verdicts if verdict.outcome is result.outcome for finding in verdict.findings
    ]
    first = result.reason or "no reason is known"
    if found:
        first = sentence(found[0].code, found[0].at, found[0].expected, found[0].actual)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    rest = present.full(result, suite).partition("\n")[2]
    return f"{result.outcome.upper()} {visible(first)}{more}\n\n{rest}"


def vendor_marker(vendor: str) -> str:
    """Return the marker of a vendor's cases: `vendor_idea_pool` for idea-pool."""
    return "vendor_" + vendor.replace("-", "_")


def _reached_network(result: Result, refused: tuple[Refused, ...]) -> Result:
    """Turn a result during which something reached for the network into an error, whatever became of it."""
    findings = tuple(Finding("network-blocked", "no connection and no lookup", str(each)) for each in refused)
    verdict = Verdict("network", Outcome.ERROR, findings, f"the network is off: {'; '.join(map(str, refused))}")
    return result._replace(outcome=Outcome.ERROR, verdicts=(*result.verdicts, verdict), reason=verdict.reason)
