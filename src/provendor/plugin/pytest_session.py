"""One pytest session that has contracts: what is collected, what a report says, and the network kept off.

Lives in every process that runs tests; `pytest_results` gathers what comes of it where pytest talks to people.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from provendor import garbage
from provendor.cache import Cache
from provendor.check import checks_digest
from provendor.evidence import describe, result_json
from provendor.plugin import pytest_protocol
from provendor.plugin.pytest_collect import CaseItem, ContractFile, Contracts, vendor_marker
from provendor.run import Result
from provendor.verdict import Finding, Outcome, Verdict, sentence
from provendor.wire.network import Guard, Refused

if TYPE_CHECKING:  # a session that replays loads neither an HTTP client nor an event loop
    from provendor.plugin.pytest_live import LiveSession

# What travels with a report, as plain values, from where a test ran to where reports are made.
PLANNED = "provendor_planned"  # true with the first report of each case
RESULT = "provendor_result"  # a result as evidence has it
RUN = "provendor_run"  # what `evidence.RunInfo` holds, with the first result of each process
FINDINGS = "provendor_findings"  # sentences, where there are any
LATE = "provendor_late"  # what reached for the network after a worker's last test
UNTOLD = "provendor_untold"  # results, as JSON, of which pytest made no report
LEFT_KEY = pytest.StashKey[dict[str, list[str]]]()
PENDING_PASSES = "pending-passes"

_MARKERS = (
    "contract: a case of a contract (provendor)",
    "live: a case that may be asked of the vendor itself (provendor)",
    "probe: a case of an operation that may be asked of production (provendor)",
    "loopback: this test may reach its own server on 127.0.0.0/8, ::1 or localhost (provendor)",
)


def markers(contracts: Path) -> list[str]:
    """Return the markers of a session with contracts, with a marker per vendor."""
    folders = sorted(folder.name for folder in contracts.iterdir() if folder.is_dir())
    return [*_MARKERS, *(f"{vendor_marker(name)}: a case of {name}'s contract (provendor)" for name in folders)]


class ContractSession:
    """Collects contract files, turns results into reports and fails a test that reaches for the network."""

    def __init__(self, config: pytest.Config, root: Path) -> None:
        self._config = config
        self._root = root
        self._folder = root / "contracts"
        self._guard = Guard()
        self._everywhere = _network_setting(config)
        self._announced = False
        self._wanted: pytest_protocol.Wanted | None = None
        cache = None if config.getoption("--provendor-no-cache") else root / ".provendor" / "cache"
        self._cache = Cache(cache)
        self._today = config.getoption("--provendor-now") or datetime.now(UTC).date()
        self._contracts = Contracts(
            root,
            self._today,
            self._cache,
            self._guard,
            strict=config.getoption("--provendor-strict"),
            live=_live(config, self._guard, root),
        )

    def pytest_plugin_registered(self) -> None:
        """Ask anew what is wanted of a case: whoever has come may want more."""
        self._wanted = None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> ContractFile | None:
        """Collect the YAML files of a vendor's folder, and those that stand where none is read, as errors."""
        if file_path.suffix in (".yaml", ".yml") and self._folder in (file_path.parent.parent, file_path.parent):
            return ContractFile.from_parent(parent, path=file_path, contracts=self._contracts)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Keep the network off while the session's tests run, if there are contracts among them."""
        if not any(isinstance(item, CaseItem) for item in session.items):
            return (yield)
        garbage.keep()
        with self._guard if self._everywhere else nullcontext():
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a case without reports of phases in which nothing happens; everything else is left to pytest."""
        if not isinstance(item, CaseItem):
            return None
        self._wanted = wanted = self._wanted or pytest_protocol.wanted(self._config)
        if wanted.all_phases:
            return None
        pytest_protocol.run(item, nextitem, wanted)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Let a test reach its own server where it is marked so."""
        self._guard.loopback = not isinstance(item, CaseItem) and item.get_closest_marker("loopback") is not None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the report tell what the case's result was, and fail it if anything reached for the network."""
        report = yield
        if isinstance(item, CaseItem):
            self._describe(item, report)
        refused = self._guard.take()
        if refused:
            _blame(report, refused)
        return report

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep what was parsed, and pass on what reached for the network after the last test."""
        self._cache.close()
        if self._contracts.live is not None:
            self._contracts.live.close()
        left = {LATE: [str(refused) for refused in self._guard.take()], UNTOLD: self._untold(session)}
        output: dict[str, Any] | None = getattr(self._config, "workeroutput", None)
        if output is not None:
            output.update(left)
        else:
            self._config.stash[LEFT_KEY] = left

    def _untold(self, session: pytest.Session) -> list[str]:
        """Return the result of the case during which the session was interrupted: pytest makes no report of it."""
        live = self._contracts.live
        if live is None or live.broken_off is None:
            return []
        result = live.broken_off
        item = next(each for each in session.items if isinstance(each, CaseItem) and each.case is result.case)
        return [json.dumps(result_json(result, item.book.redactor))]

    def _describe(self, item: CaseItem, report: pytest.TestReport) -> None:
        """Attach the result to the report as plain values, so that it also travels between processes."""
        result, item.result = item.result, None
        if report.when != "teardown" and not item.planned:
            item.planned = vars(report)[PLANNED] = True
        if result is None:
            if report.when == "teardown" or report.outcome == "passed":
                return
            result = _not_run(item, report)
            item.tell(result)
        self._attach(item, result, report)

    def _attach(self, item: CaseItem, result: Result, report: pytest.TestReport) -> None:
        record = vars(report)[RESULT] = result_json(result, item.book.redactor)
        if not self._announced:
            self._announced = True
            digest = checks_digest(self._root / "checks")
            mode = "live" if self._contracts.live else "replay"
            day = self._today.isoformat()
            about = describe(self._contracts.suite, "pytest", (), day, digest, env=os.environ, mode=mode)
            vars(report)[RUN] = about._asdict() | {"readiness": dict(about.readiness)}
        if result.outcome is Outcome.PASS:
            return
        vars(report)[FINDINGS] = [
            _whole(sentence(finding["code"], finding["at"], finding["expected"], finding["actual"]))
            for verdict in record["verdicts"]
            for finding in verdict["findings"]
        ]
        reason = _whole(record["reason"] or "no reason is known")
        if result.outcome is Outcome.SKIP:
            path, line, _ = item.reportinfo()
            report.longrepr = (str(path), line + 1, reason)
        elif result.expected:
            report.outcome, report.wasxfail = "skipped", reason
        elif PENDING_PASSES in {finding.code for finding in result.findings} and report.outcome == "passed":
            report.wasxfail = reason


def _live(config: pytest.Config, guard: Guard, root: Path) -> LiveSession | None:
    """Return what asks vendors themselves, where that is wanted."""
    if not config.getoption("--live"):
        return None
    try:
        from provendor.plugin.pytest_live import LiveSession, rules_of  # noqa: PLC0415 - a session that replays needs no network
    except ModuleNotFoundError as missing:
        raise pytest.UsageError(f"--live: there is no {missing.name} here: pip install 'provendor[live]'") from None

    return LiveSession(rules_of(config), guard, config.getoption("--provendor-report") or root / "reports")


def _not_run(item: CaseItem, report: pytest.TestReport) -> Result:
    """Return the result of a case that did not get as far as being replayed: skipped by a marker, or broken by a hook."""
    now = time.time()
    if report.outcome == "skipped":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return Result(item.case, Outcome.SKIP, (), now, 0.0, reason=reason.removeprefix("Skipped: "))
    reason = f"pytest's {report.when} of the case failed"
    return Result(item.case, Outcome.ERROR, (not_judged(reason),), now, 0.0, reason=reason)


def not_judged(reason: str) -> Verdict:
    """Return the verdict on a case that something around it kept from being judged."""
    return Verdict("pytest", Outcome.ERROR, (Finding("not-judged", "a result", reason),), reason)


def _whole(text: str) -> str:
    """Return text that every encoding of Unicode can write: half a character is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _blame(report: pytest.TestReport, refused: tuple[Refused, ...]) -> None:
    """Fail the report for reaching for the network; a failure that is there already keeps its text."""
    text = "\n".join(f"the network is off: {each}" for each in refused)
    if report.outcome == "failed":
        report.sections.append(("network", text))
        return
    report.outcome = "failed"
    report.__dict__.pop("wasxfail", None)
    report.longrepr = text


def _network_setting(config: pytest.Config) -> bool:
    """Tell whether the network is off for every test, or only for contract cases."""
    value = config.getini("provendor_network")
    if value not in ("off", "contracts"):
        raise pytest.UsageError(f"provendor_network: expected off or contracts, got {value!r}")
    return bool(value == "off")
