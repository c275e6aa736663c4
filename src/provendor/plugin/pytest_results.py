"""What a session's results amount to: evidence on disk, a section in the terminal, the exit status.

Lives where pytest talks to people: the only process, or the controller of pytest-xdist.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from provendor.cache import Cache
from provendor.evidence import PAGE, Evidence, RunInfo
from provendor.exchange import Source
from provendor.moments import timestamp
from provendor.plugin.pytest_session import LATE, LEFT_KEY, PLANNED, RESULT, RUN, UNTOLD
from provendor.reports import publish
from provendor.reports.closing import Closing, screen
from provendor.run import NOT_ASKED, exit_code
from provendor.verdict import Outcome

if TYPE_CHECKING:  # a replay never goes into the history
    from provendor.probes.history import Sample


class Results:
    """Writes each result as it arrives and says at the end what they amount to."""

    def __init__(self, config: pytest.Config, root: Path) -> None:
        self._config = config
        self._strict: bool = config.getoption("--provendor-strict")
        self._folder: Path = config.getoption("--provendor-report") or root / "reports"
        self._contracts = (root / "contracts").relative_to(config.rootpath).as_posix() if _within(root, config) else ""
        self._planned = 0
        self.closing = Closing()
        self._root = root
        self._today = config.getoption("--provendor-now") or datetime.now(UTC).date()
        self._of_page: str | None = None
        self._evidence: Evidence | None = None
        self._path: Path | None = None
        self._waiting: list[dict[str, Any]] = []
        self._wanted: dict[str, str] = {}
        self._samples: list[Sample | None] = []
        self._trouble: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write a case's result down; what it holds in full is not kept in memory."""
        details = vars(report)
        if details.pop(PLANNED, False):
            self._planned += 1
        info = details.pop(RUN, None)
        record = details.pop(RESULT, None)
        if record is None and report.when not in ("setup", "call", "teardown"):
            record = _crashed(report, self._contracts)
        if record is not None:
            self._take(record, info)

    def _take(self, record: dict[str, Any], info: dict[str, Any] | None = None) -> None:
        self._wanted.pop(record["id"], None)
        self.closing.add(record)
        self._write(record, info)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker of pytest-xdist what it could not report."""
        self._left(getattr(node, "workeroutput", {}))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Say what the session will change at vendors, before the first test runs."""
        self._want([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Say it where workers of pytest-xdist collect: all of them collect the same, and none has begun."""
        if not self._wanted:
            self._want(ids)

    def _want(self, nodes: Iterable[str]) -> None:
        """Remember which cases must have a result by the end, where they are asked live, and say what they will change."""
        if not self._config.getoption("--live") or self._config.getoption("collectonly"):
            return
        found = ((_case_of(node, self._contracts), node) for node in nodes)
        self._wanted = {case: node for case, node in found if case is not None}
        if self._wanted and self._config.getoption("--provendor-allow-writes"):
            from provendor.plugin.pytest_live import plan, rules_of  # noqa: PLC0415 - a session that only reads announces nothing

            cache = Cache(
                None if self._config.getoption("--provendor-no-cache") else self._root / ".provendor" / "cache"
            )
            self._say(plan(self._root, self._wanted, rules_of(self._config), self._today, cache))

    def _say(self, text: str) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        for line in text.splitlines():
            if isinstance(terminal, pytest.TerminalReporter):
                terminal.write_line(line)
            else:
                sys.stderr.write(f"{line}\n")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Close the evidence, and see to it that a session without a judged case is no success."""
        left = self._config.stash.get(LEFT_KEY, None)
        self._left(left or {})
        stopped = bool(session.shouldstop or session.shouldfail) or session.exitstatus not in (0, 1)
        for case, node in dict(self._wanted if stopped else ()).items():
            self._take(_record(case, node, Outcome.SKIP, NOT_ASKED))
        outcomes = self.closing.outcomes
        if self._planned > outcomes.total() and session.exitstatus == 0 and not _dry(self._config):
            self._trouble.append(f"{self._planned - outcomes.total()} cases were begun and have no result")
        if self._waiting and not self._trouble:  # every worker died before its first result
            self._open(RunInfo("pytest", _asked_for(self._config), timestamp(time.time())[:10], {}, None, None, {}))
        if self._evidence is not None:
            self._write_waiting(self._evidence)
            self._close(self._evidence, stopped)
            self._remember()
        if session.exitstatus == 0 and self._trouble:
            session.exitstatus = exit_code([Outcome.ERROR])
        elif session.exitstatus == 0 and outcomes and exit_code(outcomes) == exit_code([]):
            self._trouble.append("every case was skipped: nothing was judged")
            session.exitstatus = exit_code([])
        if self._evidence is not None and self._path is not None:
            self._of_page = self._publish(self._evidence, self._path.parent)

    def _remember(self) -> None:
        """Keep live results in the history."""
        if self._samples:
            from provendor.probes.history import keep  # noqa: PLC0415 - a replay never goes in

            trouble = keep(self._folder, self._samples)
            self._trouble += [trouble] if trouble else []

    def _publish(self, evidence: Evidence, reports: Path) -> str | None:
        """Write the page of this run; what goes wrong with it changes no exit status."""
        judged = sum(self.closing.outcomes.values())
        return publish.after_run(reports, evidence.run_id, self._root, self._today, results=judged, env=os.environ)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the section `provendor`."""
        if not self.closing.outcomes and not self._trouble:
            return
        files = {"evidence": _near(self._path, self._config)} if self._path is not None else {}
        if self._path is not None and publish.wanted(os.environ):
            files["page"] = _near(self._path.with_name(PAGE), self._config)
        trouble = [*self._trouble, *([self._of_page] if self._of_page else [])]
        terminalreporter.write_sep("=", "provendor")
        rows = self.closing.rows(screen(sys.stdout), files, trouble=trouble, colour=terminalreporter.hasmarkup)
        for row in rows if self.closing.outcomes else trouble:
            terminalreporter.write_line(row)

    def _write(self, record: dict[str, Any], info: dict[str, Any] | None) -> None:
        """Write a result; one that comes before anybody said what the run is (a worker that died at once) waits."""
        self._waiting.append(record)
        if info is not None and self._evidence is None:
            self._open(RunInfo(**info)._replace(selectors=_asked_for(self._config)))
        if self._evidence is not None:
            self._write_waiting(self._evidence)

    def _open(self, info: RunInfo) -> None:
        self.closing.know(info.readiness)
        try:
            self._evidence = Evidence(self._folder, info)
        except OSError as reason:
            self._cannot_write(reason)

    def _write_waiting(self, evidence: Evidence) -> None:
        try:
            for record in self._waiting:
                evidence.add(record)
                if record["source"] == Source.LIVE:
                    self._sample(record, evidence.run_id)
        except OSError as reason:
            self._cannot_write(reason)
        self._waiting.clear()

    def _sample(self, record: dict[str, Any], run: str) -> None:
        """Note what the history keeps of a live result, and no more of it."""
        from provendor.probes.history import sample  # noqa: PLC0415 - a replay never goes in

        self._samples.append(sample(record, run))

    def _close(self, evidence: Evidence, interrupted: bool) -> None:
        try:
            self._path = evidence.close(self._strict, interrupted)
        except OSError as reason:
            self._cannot_write(reason)

    def _cannot_write(self, reason: OSError) -> None:
        message = f"the evidence cannot be written: {reason.strerror or reason}: {reason.filename or self._folder}"
        if message not in self._trouble:
            self._trouble.append(message)

    def _left(self, left: Mapping[str, list[str]]) -> None:
        """Hear what a process that ran tests could not report with a test."""
        self._trouble += [f"after the last test, the network is off: {each}" for each in left.get(LATE, ())]
        for record in left.get(UNTOLD, ()):
            self._take(json.loads(record))


def _crashed(report: pytest.TestReport, contracts: str) -> dict[str, Any] | None:
    """Return a record for a case whose process died, which pytest-xdist reports by its node id alone."""
    id_ = _case_of(report.nodeid, contracts)
    if id_ is None:
        return None
    reason = "the test process died while this case ran"
    finding = {"code": "not-judged", "level": "fail", "at": "", "key": "", "expected": "a result", "actual": reason}
    verdict = {"check": "pytest", "outcome": "error", "reason": reason, "findings": [finding]}
    return {**_record(id_, report.nodeid, Outcome.ERROR, reason), "verdicts": [verdict]}


def _case_of(node: str, contracts: str) -> str | None:
    """Return the selector of the case that a node id names; None where it is no case."""
    file, _, rest = node.partition("::")
    operation, _, case = rest.partition("::")
    parts = file.removeprefix(f"{contracts}/").split("/")
    if not file.startswith(f"{contracts}/") or len(parts) != 2 or not case:
        return None
    return f"{parts[0]}/{operation}:{case}"


def _record(id_: str, node: str, outcome: Outcome, reason: str) -> dict[str, Any]:
    """Return what evidence holds of a case of which nothing else is known."""
    vendor, _, rest = id_.partition("/")
    operation, _, case = rest.partition(":")
    return {
        "id": id_,
        "vendor": vendor,
        "operation": operation,
        "case": case,
        "outcome": str(outcome),
        "reason": reason,
        "expected": False,
        "contract": node.partition("::")[0],
        "error": None,
        "source": "recorded",
        "recording": None,
        "started_at": timestamp(time.time()),
        "duration_ms": 0,
        "status": None,
        "elapsed_ms": None,
        "passed": [],
        "verdicts": [],
    }


def _asked_for(config: pytest.Config) -> tuple[str, ...]:
    return tuple(config.args) if config.args_source is config.ArgsSource.ARGS else ()


def _dry(config: pytest.Config) -> bool:
    return bool(config.getoption("setuponly", False))


def _within(root: Path, config: pytest.Config) -> bool:
    return root.is_relative_to(config.rootpath)


def _near(path: Path, config: pytest.Config) -> str:
    start = config.invocation_params.dir
    return str(path.relative_to(start)) if path.is_relative_to(start) else str(path)
