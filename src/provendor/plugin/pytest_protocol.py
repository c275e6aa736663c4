"""How a case runs under pytest: as any test does, but a set-up and a teardown that pass are not reported.

With thousands of cases most of a run's time is pytest telling its plugins and, under pytest-xdist, another process about
phases in which nothing has happened. All hooks are called as for any other test, in the same order, but for what nobody would
notice: that a case begins or ends is told where somebody hears it, and what a case prints is caught while it is set up and
taken down where somebody might print. Where somebody wants to see the phases, they are left to pytest.
"""

from __future__ import annotations

import bdb
from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

import pytest

from provendor.plugin.pytest_collect import CaseItem

HEARD: Final = "provendor_heard"
"""Under this name the controller of pytest-xdist tells its workers what somebody with it hears: the values of `Heard`."""

_SILENT: Final = frozenset(
    {
        "capturemanager",
        "logging-plugin",
        "provendor-session",
        "runner",
        "skipping",
        "threadexception",
        "unraisableexception",
    }
)
"""Plugins, by pytest's names and ours, that print nothing when a case is set up or taken down."""

_Phase = Literal["setup", "call", "teardown"]


class Heard(NamedTuple):
    """Whether somebody hears that a test begins, and that it ends."""

    starts: bool = False
    ends: bool = False


class Wanted(NamedTuple):
    """What a session wants of each case. `all_phases`: the set-up and the teardown of each are shown.

    `uncaught` are pytest's hooks of a case's set-up and teardown that leave out the capture of what is printed; None where
    somebody may print.
    """

    all_phases: bool
    teardowns: bool
    heard: Heard
    uncaught: tuple[Callable[..., object], Callable[..., object]] | None
    ending: tuple[type[BaseException], ...]


def wanted(config: pytest.Config) -> Wanted:
    """Return what this session's options, and the plugins that there are now, want."""
    here, there = heard(config), Heard()
    if hasattr(config, "workerinput"):
        there = Heard(*config.workerinput.get(HEARD, (True, True)))
    return Wanted(
        all_phases=bool(config.getoption("setuponly", False) or config.getoption("setupshow", False)),
        # pytest-html makes a row of what it has when a teardown is reported.
        teardowns=bool(config.getoption("htmlpath", None)),
        heard=Heard(here.starts or there.starts, here.ends or there.ends),
        uncaught=_uncaught(config),
        ending=(pytest.exit.Exception, *(() if config.getoption("usepdb", False) else (KeyboardInterrupt,))),
    )


def heard(config: pytest.Config) -> Heard:
    """Return what somebody in this process hears. Telling another process is not hearing."""
    starts, ends = config.hook.pytest_runtest_logstart, config.hook.pytest_runtest_logfinish
    return Heard(
        any(not _is_deaf(impl.plugin, config) for impl in starts.get_hookimpls()),
        any(not _is_deaf(impl.plugin, config) for impl in ends.get_hookimpls()),
    )


def _is_deaf(plugin: object, config: pytest.Config) -> bool:
    """Tell whether a plugin does nothing when it is told that a test begins or ends."""
    if type(plugin) is pytest.TerminalReporter:  # one that another plugin has put in its place may do anything
        return not (plugin.showlongtestinfo or plugin.showfspath) or hasattr(config, "workerinput")
    if plugin is config.pluginmanager.get_plugin("logging-plugin"):
        return config.getoption("--log-cli-level") is None and not config.getini("log_cli")
    return hasattr(plugin, "sendevent")  # xdist's own in each worker, to the controller


def _uncaught(config: pytest.Config) -> tuple[Callable[..., object], Callable[..., object]] | None:
    plugins, hook = config.pluginmanager, config.hook
    phases = (hook.pytest_runtest_setup, hook.pytest_runtest_teardown)
    if any(impl.plugin_name not in _SILENT for phase in phases for impl in phase.get_hookimpls()):
        return None
    capture = [plugins.get_plugin("capturemanager")]
    setup, teardown = (plugins.subset_hook_caller(phase.name, capture) for phase in phases)
    return setup, teardown


def run(item: CaseItem, nextitem: pytest.Item | None, wants: Wanted) -> None:
    """Run the case and report it; raises only what ends a session."""
    hook, session = item.ihook, item.session
    set_up, take_down = wants.uncaught or (hook.pytest_runtest_setup, hook.pytest_runtest_teardown)
    if wants.heard.starts:
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    setup = _phase("setup", lambda: set_up(item=item), wants)
    call = setup if setup.excinfo else _phase("call", lambda: hook.pytest_runtest_call(item=item), wants)
    _report(item, call, hook)
    after = None if session.shouldfail or session.shouldstop else nextitem
    if after is None:  # all that the session has set up is taken down, of which anything may print
        take_down = hook.pytest_runtest_teardown
    teardown = _phase("teardown", lambda: take_down(item=item, nextitem=after), wants)
    if teardown.excinfo or wants.teardowns:
        _report(item, teardown, hook)
    if wants.heard.ends:
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _phase(when: _Phase, phase: Callable[[], object], wants: Wanted) -> pytest.CallInfo[object]:
    return pytest.CallInfo.from_call(phase, when=when, reraise=wants.ending)


def _report(item: CaseItem, call: pytest.CallInfo[object], hook: Any) -> None:
    report: pytest.TestReport = hook.pytest_runtest_makereport(item=item, call=call)
    hook.pytest_runtest_logreport(report=report)
    raised = call.excinfo.value if call.excinfo else None
    if raised and not hasattr(report, "wasxfail") and not isinstance(raised, (pytest.skip.Exception, bdb.BdbQuit)):
        hook.pytest_exception_interact(node=item, call=call, report=report)
