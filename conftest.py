"""Wiring only: what the tests of the pytest plugin need has to be named here, before options are read."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


def pytest_configure(config: pytest.Config) -> None:
    """Seed `random` once a session, not three times a test, where pytest-randomly is there: no test draws from it unseeded."""
    if hasattr(config.option, "randomly_reset_seed"):
        config.option.randomly_reset_seed = False


@pytest.fixture(autouse=True)
def no_page_after_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep runs that tests make from starting a process for their page; the contracts of this session know no fixtures."""
    monkeypatch.setenv("PROVENDOR_NO_PAGE", "1")
