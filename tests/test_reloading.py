from __future__ import annotations

import os
from pathlib import Path

import pytest

from contract_files import a_contract, a_resource, write
from provendor.errors import ContractError, UsageError
from provendor.probes.reloading import Reloading

PROBED = {"every": "60s"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_contract(tmp_path, users=a_resource(probe=PROBED))


def later(path: Path) -> None:
    """Make a file look as if it had been written a second later."""
    about = path.stat()
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns + 1_000_000_000))


def test_what_is_loaded_can_be_asked(root: Path):
    """Suite, probes, what judges them, and the digest of the checks."""
    loaded = Reloading(root, ["acme"]).load()

    assert [probe.case.id for probe in loaded.probes] == ["acme/users.get:ok"]
    assert loaded.replayer.suite is loaded.suite
    assert len(loaded.checks) == 64


def test_a_change_is_noticed_when_it_has_come_to_rest(root: Path):
    """A file that is being written looks different each time."""
    reloading = Reloading(root, [])
    reloading.load()
    assert not reloading.changed()

    later(root / "contracts" / "acme" / "users.yaml")
    assert not reloading.changed(), "it may still be written"
    later(root / "contracts" / "acme" / "users.yaml")
    assert not reloading.changed()
    assert reloading.changed()
    reloading.load()
    assert not reloading.changed()


@pytest.mark.parametrize("name", ["contracts/acme/more.yaml", "contracts/other/vendor.yaml", "checks/acme.py"])
def test_new_files_are_noticed(root: Path, name: str):
    """Wherever they may matter; and files that have gone."""
    reloading = Reloading(root, [])
    reloading.load()
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    assert [reloading.changed(), reloading.changed()] == [False, True]

    (root / "contracts" / "acme" / "users.yaml").unlink()
    assert [reloading.changed(), reloading.changed()] == [False, True]


def test_what_cannot_be_loaded_is_not_tried_again_until_it_changes(root: Path):
    """It is said once."""
    reloading = Reloading(root, [])
    reloading.load()
    (root / "contracts" / "acme" / "users.yaml").write_text("operations: {")
    assert [reloading.changed(), reloading.changed()] == [False, True]
    with pytest.raises(ContractError):
        reloading.load()

    assert [reloading.changed(), reloading.changed()] == [False, False]


def test_a_selector_that_selects_nothing_any_more_is_an_error(root: Path):
    """The operation was taken out of the contract."""
    reloading = Reloading(root, ["acme/users.get"])
    reloading.load()
    write(
        root, {"acme/users.yaml": {"operations": {"users.list": a_resource(probe=PROBED)["operations"]["users.get"]}}}
    )

    with pytest.raises(UsageError, match=r'no operation "users\.get"'):
        reloading.load()
