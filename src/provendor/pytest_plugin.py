"""The pytest driver: one test per case of every contract, and the network off while they run.

This module is loaded into every pytest run of an environment that has provendor, so it imports nothing and does nothing
until it sees a `contracts/` folder. Then it registers `pytest_session`, and `pytest_results` where reports are made.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

_AT_THE_END: Final = pytest.StashKey[ExitStack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say which options and settings there are; docs/reference/pytest.md describes them."""
    group = parser.getgroup("provendor", "contracts of third-party APIs (provendor)")
    group.addoption(
        "--provendor-root",
        metavar="DIR",
        type=Path,
        help="folder that holds contracts/, cassettes/ and checks/ (default: pytest's rootdir)",
    )
    group.addoption(
        "--provendor-report", metavar="DIR", type=Path, help="where evidence goes (default: reports/ in the root)"
    )
    group.addoption("--provendor-strict", action="store_true", help="a case that only warns fails as well")
    group.addoption(
        "--provendor-now",
        metavar="YYYY-MM-DD",
        type=_day,
        help="the day that decides ages and `pending` (default: today, UTC)",
    )
    group.addoption("--provendor-no-cache", action="store_true", help="parse every file anew and keep nothing parsed")
    group.addoption("--live", action="store_true", help="ask sandboxes where flag and credentials are there")
    group.addoption("--require-live", action="store_true", help="a case that falls back to its recording is an error")
    group.addoption(
        "--provendor-environment",
        choices=("sandbox", "production"),
        help="where to ask (default: sandbox); nothing is ever written in production",
    )
    group.addoption(
        "--provendor-allow-writes", action="store_true", help="send also what changes something in the sandbox"
    )
    parser.addini(
        "provendor_network",
        "which tests must not reach the network in a session that runs contracts: "
        "off (default) means it is off for all of them, contracts means only for contract cases",
        default="off",
    )


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Have what is undone at the very end undone after pytest's own cleanup: what comes first is undone last."""
    early_config.stash[_AT_THE_END] = at_the_end = ExitStack()
    early_config.add_cleanup(at_the_end.close)


def pytest_configure(config: pytest.Config) -> None:
    """Start a session with contracts where there are contracts; otherwise do nothing."""
    given: Path | None = config.getoption("--provendor-root")
    root = config.rootpath if given is None else given.absolute()
    _refuse_nonsense(config)
    if (root / "contracts").is_dir():
        _start(config, root)
    elif given is not None:
        raise pytest.UsageError(f"--provendor-root: {given} holds no contracts/ folder")


def _refuse_nonsense(config: pytest.Config) -> None:
    for option in ("--require-live", "--provendor-allow-writes", "--provendor-environment"):
        if config.getoption(option) and not config.getoption("--live"):
            raise pytest.UsageError(f"{option} says how to ask vendors themselves: give --live as well")
    if config.getoption("--provendor-allow-writes") and config.getoption("--provendor-environment") == "production":
        raise pytest.UsageError("--provendor-allow-writes: nothing is ever written in production")


class _AsTheyAre:
    """Finds our own modules as Python does.

    pytest rewrites the assertions of every package that brings a plugin, and takes most of a millisecond for each module
    even where it has done so before; no test ever sees an assertion of ours.
    """

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find a module of ours; others are left to whoever comes next."""
        return PathFinder.find_spec(name, path, target) if name.startswith("provendor.") else None


def _import_ours_as_they_are(config: pytest.Config) -> None:
    """Find our modules ahead of pytest, until the session ends."""
    finder = _AsTheyAre()
    sys.meta_path.insert(0, finder)

    def leave() -> None:
        sys.meta_path[:] = [each for each in sys.meta_path if each is not finder]

    config.add_cleanup(leave)


def _at_the_end(config: pytest.Config) -> ExitStack:
    if _AT_THE_END not in config.stash:  # loaded by a conftest, too late to come first
        pytest_load_initial_conftests(config)
    return config.stash[_AT_THE_END]


def _start(config: pytest.Config, root: Path) -> None:
    _import_ours_as_they_are(config)
    from provendor import garbage  # noqa: PLC0415 - costs nothing where there are no contracts

    # pytest's cleanup looks for garbage, and would look at every case.
    _at_the_end(config).enter_context(garbage.searched_seldom())
    from provendor.plugin.pytest_session import ContractSession, markers  # noqa: PLC0415 - costs nothing where there are no contracts

    for marker in markers(root / "contracts"):
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(ContractSession(config, root), "provendor-session")
    if config.pluginmanager.hasplugin("xdist"):
        from provendor.plugin.pytest_transit import Transit  # noqa: PLC0415 - only beside pytest-xdist

        config.pluginmanager.register(Transit(), "provendor-transit")
    if hasattr(config, "workerinput"):
        return  # a worker of pytest-xdist: its controller gathers the results
    from provendor.plugin.pytest_results import Results  # noqa: PLC0415 - costs nothing where there are no contracts

    results = Results(config, root)
    config.pluginmanager.register(results, "provendor-results")
    if config.pluginmanager.hasplugin("html"):
        from provendor.plugin.pytest_columns import Columns  # noqa: PLC0415 - only beside pytest-html

        config.pluginmanager.register(Columns(results.closing), "provendor-columns")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise pytest.UsageError(f"--provendor-now: expected a day such as 2026-11-20, got {text!r}") from None
