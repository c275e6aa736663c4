"""How a case runs under pytest: as any test does, but a set-up and a teardown that pass are not reported.

With thousands of cases most of a run's time is pytest telling its plugins and, under pytest-xdist, another process about
phases in which nothing has happened. All hooks are called as for any other test, in the same order. Where somebody wants to
see the phases, they are left to pytest.
"""

from __future__ import annotations

import bdb
from collections.abc import Callable
from typing import Any, Literal

import pytest

from provendor.plugin.pytest_collect import CaseItem


def run(item: CaseItem, nextitem: pytest.Item | None) -> None:
    """Run the case and report it; raises only what ends a session."""
    hook, session = item.ihook, item.session
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    setup = _phase(item, "setup", lambda: hook.pytest_runtest_setup(item=item))
    call = setup if setup.excinfo else _phase(item, "call", lambda: hook.pytest_runtest_call(item=item))
    _report(item, call, hook)
    after = None if session.shouldfail or session.shouldstop else nextitem
    teardown = _phase(item, "teardown", lambda: hook.pytest_runtest_teardown(item=item, nextitem=after))
    # pytest-html makes a row of what it has when a teardown is reported.
    if teardown.excinfo or item.config.getoption("htmlpath", None):
        _report(item, teardown, hook)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def shows_phases(config: pytest.Config) -> bool:
    """Tell whether somebody asks to see or to run single phases."""
    return bool(config.getoption("setuponly", False) or config.getoption("setupshow", False))


def _phase(
    item: CaseItem, when: Literal["setup", "call", "teardown"], phase: Callable[[], None]
) -> pytest.CallInfo[None]:
    ending: tuple[type[BaseException], ...] = (pytest.exit.Exception,)
    if not item.config.getoption("usepdb", False):
        ending += (KeyboardInterrupt,)
    return pytest.CallInfo.from_call(phase, when=when, reraise=ending)


def _report(item: CaseItem, call: pytest.CallInfo[None], hook: Any) -> None:
    report: pytest.TestReport = hook.pytest_runtest_makereport(item=item, call=call)
    hook.pytest_runtest_logreport(report=report)
    raised = call.excinfo.value if call.excinfo else None
    if raised and not hasattr(report, "wasxfail") and not isinstance(raised, (pytest.skip.Exception, bdb.BdbQuit)):
        hook.pytest_exception_interact(node=item, call=call, report=report)
