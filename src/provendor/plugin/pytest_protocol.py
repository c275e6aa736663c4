"""How a case runs under pytest: as any test does, but a set-up and a teardown that pass are not reported.

With thousands of cases most of a run's time is pytest telling its plugins and, under pytest-xdist, another process about
phases in which nothing has happened. All hooks are called as for any other test, in the same order, but that no other process
is told of a test's beginning and end where nobody there listens. Where somebody wants to see the phases, they are left to pytest.
"""

from __future__ import annotations

import bdb
from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

import pytest

from provendor.plugin.pytest_collect import CaseItem

UNHEARD: Final = "provendor_unheard"
"""What the controller of pytest-xdist tells its workers: whether nobody with it hears when a test begins and ends."""


class Wanted(NamedTuple):
    """What a session wants of each case. `all_phases`: the set-up and the teardown of each are shown.

    `ends`: somebody hears when a case begins and ends.
    """

    all_phases: bool
    teardowns: bool
    ends: bool
    ending: tuple[type[BaseException], ...]


def wanted(config: pytest.Config) -> Wanted:
    """Return what this session's options and plugins want, when all of them are there."""
    is_unheard_elsewhere: bool = getattr(config, "workerinput", {}).get(UNHEARD, False)
    return Wanted(
        all_phases=bool(config.getoption("setuponly", False) or config.getoption("setupshow", False)),
        # pytest-html makes a row of what it has when a teardown is reported.
        teardowns=bool(config.getoption("htmlpath", None)),
        ends=hears_ends(config) or not is_unheard_elsewhere,
        ending=(pytest.exit.Exception, *(() if config.getoption("usepdb", False) else (KeyboardInterrupt,))),
    )


def hears_ends(config: pytest.Config) -> bool:
    """Tell whether a plugin of this process does something when a test begins or ends, other than to tell another process."""
    starts, ends = config.hook.pytest_runtest_logstart, config.hook.pytest_runtest_logfinish
    heard = [*(impl.plugin for impl in starts.get_hookimpls()), *(impl.plugin for impl in ends.get_hookimpls())]
    return any(not _is_deaf(plugin, config) for plugin in heard)


def _is_deaf(plugin: object, config: pytest.Config) -> bool:
    """Tell whether a plugin has such a hook and does nothing in it, under pytest-xdist."""
    if type(plugin) is pytest.TerminalReporter:  # one that another plugin has put in its place may do anything
        return config.get_verbosity() <= 0 and not hasattr(plugin, "pytest_runtest_logfinish")
    is_relay = hasattr(plugin, "sendevent")  # xdist's own in each worker, to the controller
    return is_relay or plugin is config.pluginmanager.get_plugin("logging-plugin")


def run(item: CaseItem, nextitem: pytest.Item | None, wants: Wanted) -> None:
    """Run the case and report it; raises only what ends a session."""
    hook, session = item.ihook, item.session
    if wants.ends:
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    setup = _phase("setup", lambda: hook.pytest_runtest_setup(item=item), wants)
    call = setup if setup.excinfo else _phase("call", lambda: hook.pytest_runtest_call(item=item), wants)
    _report(item, call, hook)
    after = None if session.shouldfail or session.shouldstop else nextitem
    teardown = _phase("teardown", lambda: hook.pytest_runtest_teardown(item=item, nextitem=after), wants)
    if teardown.excinfo or wants.teardowns:
        _report(item, teardown, hook)
    if wants.ends:
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
