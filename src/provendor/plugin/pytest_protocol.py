"""How a case runs under pytest: as any test does, but a set-up and a teardown that pass are not reported.

With thousands of cases most of a run's time is pytest telling its plugins and, under pytest-xdist, another process about
phases in which nothing has happened. All hooks are called as for any other test, in the same order. Where somebody wants to
see the phases, they are left to pytest.
"""

from __future__ import annotations

import bdb
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import pytest

from provendor.plugin.pytest_collect import CaseItem


class Wanted(NamedTuple):
    """What the options of a session want of each case. `all_phases`: the set-up and the teardown of each are shown."""

    all_phases: bool
    teardowns: bool
    ending: tuple[type[BaseException], ...]


def wanted(config: pytest.Config) -> Wanted:
    """Return what this session's options want."""
    return Wanted(
        all_phases=bool(config.getoption("setuponly", False) or config.getoption("setupshow", False)),
        # pytest-html makes a row of what it has when a teardown is reported.
        teardowns=bool(config.getoption("htmlpath", None)),
        ending=(pytest.exit.Exception, *(() if config.getoption("usepdb", False) else (KeyboardInterrupt,))),
    )


def run(item: CaseItem, nextitem: pytest.Item | None, wants: Wanted) -> None:
    """Run the case and report it; raises only what ends a session."""
    hook, session = item.ihook, item.session
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    setup = _phase("setup", lambda: hook.pytest_runtest_setup(item=item), wants)
    call = setup if setup.excinfo else _phase("call", lambda: hook.pytest_runtest_call(item=item), wants)
    _report(item, call, hook)
    after = None if session.shouldfail or session.shouldstop else nextitem
    teardown = _phase("teardown", lambda: hook.pytest_runtest_teardown(item=item, nextitem=after), wants)
    if teardown.excinfo or wants.teardowns:
        _report(item, teardown, hook)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _phase(
    when: Literal["setup", "call", "teardown"], phase: Callable[[], None], wants: Wanted
) -> pytest.CallInfo[None]:
    return pytest.CallInfo.from_call(phase, when=when, reraise=wants.ending)


def _report(item: CaseItem, call: pytest.CallInfo[None], hook: Any) -> None:
    report: pytest.TestReport = hook.pytest_runtest_makereport(item=item, call=call)
    hook.pytest_runtest_logreport(report=report)
    raised = call.excinfo.value if call.excinfo else None
    if raised and not hasattr(report, "wasxfail") and not isinstance(raised, (pytest.skip.Exception, bdb.BdbQuit)):
        hook.pytest_exception_interact(node=item, call=call, report=report)
