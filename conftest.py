"""Wiring only: what the tests of the pytest plugin need has to be named here, before options are read."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


def pytest_configure(config: pytest.Config) -> None:
    """Seed `random` once a session, not three times a test, where pytest-randomly is there: no test draws from it unseeded."""
    if hasattr(config.option, "randomly_reset_seed"):
        config.option.randomly_reset_seed = False


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave Hypothesis alone where nothing but contracts ran: to say nothing of them, its summary loads all of itself."""
    plugins = session.config.pluginmanager
    terminal = plugins.get_plugin("terminalreporter")
    told = terminal.stats.values() if isinstance(terminal, pytest.TerminalReporter) else ()
    if not any(".py" in getattr(report, "nodeid", "") for reports in told for report in reports):
        plugins.unregister(name="hypothesispytest")


@pytest.fixture(autouse=True)
def no_page_after_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep runs that tests make from starting a process for their page; the contracts of this session know no fixtures."""
    monkeypatch.setenv("PROVENDOR_NO_PAGE", "1")
