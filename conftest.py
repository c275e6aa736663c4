"""Wiring only: what the tests of the pytest plugin need has to be named here, before options are read."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def no_page_after_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep runs that tests make from starting a process for their page; the contracts of this session know no fixtures."""
    monkeypatch.setenv("PROVENDOR_NO_PAGE", "1")
