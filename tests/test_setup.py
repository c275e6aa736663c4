"""The scripts that make the environment, with stand-ins for Python that note what they are asked to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

PYTHON = """\
#!/bin/sh
# A stand-in: {version} is its version, {modules} whether it has venv and ensurepip.
case "$*" in
-V | -VV) echo "Python {version}" ;;
*sys.exit*) {new_enough} ;;
*"import ensurepip"*) {modules} ;;
*"%d.%d"*) echo {version} ;;
"-m venv "*)
    echo "venv" >>"$LOG"
    mkdir -p "$3/bin" && touch "$3/pyvenv.cfg" && cp "$0" "$3/bin/python"
    ;;
*"pip install"*)
    echo "$*" | sed 's/.*--requirement requirements.//; s/.*--editable /editable /' >>"$LOG"
    [ -z "$PIP_FAILS" ]
    ;;
*) echo "unexpected: $*" >&2; exit 99 ;;
esac
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of what the set-up reads, in a path with a space, and a PATH that holds only what a test puts there."""

    folder: Path
    path: Path
    log: Path

    def add_python(self, name: str, version: str = "3.12", *, new_enough: bool = True, modules: bool = True) -> None:
        """Put a Python on the PATH."""
        yes = {True: "true", False: "false"}
        stub = self.path / name
        stub.write_text(
            PYTHON.format(version=version, new_enough=yes[new_enough], modules=yes[modules]), encoding="utf-8"
        )
        stub.chmod(0o755)

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the checkout."""
        environment = {"PATH": str(self.path), "LOG": str(self.log), "PIP_FAILS": "", **settings}
        return subprocess.run(
            [str(self.folder / command[0]), *command[1:]],
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def steps(self, level: str, **settings: str) -> list[str]:
        """Set up, which must work, and return what was done for it."""
        self.log.write_text("", encoding="utf-8")
        done = self.run("scripts/setup", level, **settings)
        assert done.returncode == 0, done.stderr
        return self.log.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder = tmp_path / "a checkout"
    for name in ("scripts", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    path = tmp_path / "bin"
    path.mkdir()
    for tool in ("cat", "cksum", "cp", "dirname", "ln", "mkdir", "mv", "readlink", "rm", "sed", "sh", "sleep", "touch"):
        found = shutil.which(tool)
        assert found, tool
        (path / tool).symlink_to(found)
    return Checkout(folder, path, tmp_path / "log")


FRESH = ["venv", "run.txt", "editable ."]


def test_a_second_set_up_does_nothing(checkout: Checkout):
    """The environment is made once; after that nothing is started."""
    checkout.add_python("python3.12")

    assert checkout.steps("run") == FRESH
    assert checkout.steps("run") == []


def test_the_tests_environment_adds_to_a_runs_and_serves_both(checkout: Checkout):
    """`make test` after `make run` installs only what is missing, and `make run` after it nothing."""
    checkout.add_python("python3.12")
    checkout.steps("run")

    assert checkout.steps("dev") == ["dev.txt", "editable ."]
    assert checkout.steps("run") == []
    assert checkout.steps("dev") == []


def test_a_changed_lock_starts_afresh(checkout: Checkout):
    """What the old lock brought does not stay behind."""
    checkout.add_python("python3.12")
    checkout.steps("run")
    append(checkout.folder / "requirements" / "run.txt")

    assert checkout.steps("run") == FRESH


def test_a_changed_project_is_installed_again_alone(checkout: Checkout):
    """A new entry point needs no new packages."""
    checkout.add_python("python3.12")
    checkout.steps("run")
    append(checkout.folder / "pyproject.toml")

    assert checkout.steps("run") == ["editable ."]


def test_a_moved_checkout_starts_afresh(checkout: Checkout):
    """An environment holds its own place, so it cannot move along."""
    checkout.add_python("python3.12")
    checkout.steps("run")
    moved = Checkout(checkout.folder.rename(checkout.folder.with_name("moved")), checkout.path, checkout.log)

    assert moved.steps("run") == FRESH


def test_another_python_starts_afresh_only_when_asked_for(checkout: Checkout):
    """PYTHON=… changes the environment; a newer Python that appears on the PATH does not."""
    checkout.add_python("python3.12")
    checkout.steps("run")
    checkout.add_python("python3.13", "3.13")

    assert checkout.steps("run") == []
    assert checkout.steps("run", PYTHON="python3.13") == FRESH
    assert checkout.steps("run", PYTHON="python3.13") == []


def test_a_set_up_that_breaks_off_is_not_taken_for_finished(checkout: Checkout):
    """When the packages cannot be installed, the command fails, and the next one begins at the beginning."""
    checkout.add_python("python3.12")

    assert checkout.run("scripts/setup", "run", PIP_FAILS="yes").returncode != 0
    assert checkout.steps("run") == FRESH


def test_an_addition_that_breaks_off_is_not_taken_for_finished(checkout: Checkout):
    """A run's environment that was being extended is neither the one nor the other."""
    checkout.add_python("python3.12")
    checkout.steps("run")

    assert checkout.run("scripts/setup", "dev", PIP_FAILS="yes").returncode != 0
    assert checkout.steps("run") == FRESH


def test_a_killed_set_up_leaves_no_lock_that_holds(checkout: Checkout):
    """The lock of a process that is gone is taken over."""
    checkout.add_python("python3.12")
    gone = subprocess.Popen(["true"])
    gone.wait()
    (checkout.folder / ".venv.lock").symlink_to(str(gone.pid))

    assert checkout.steps("run") == FRESH
    assert not (checkout.folder / ".venv.lock").is_symlink()


def test_two_set_ups_take_turns(checkout: Checkout):
    """While another process sets up, this one waits and says for whom."""
    checkout.add_python("python3.12")
    (checkout.folder / ".venv.lock").symlink_to(str(os.getpid()))

    with subprocess.Popen(
        [checkout.folder / "scripts" / "setup", "run"],
        env={"PATH": str(checkout.path), "LOG": str(checkout.log), "PIP_FAILS": ""},
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:
        assert waiting.stderr
        first = waiting.stderr.readline()
        began = checkout.log.exists()
        (checkout.folder / ".venv.lock").unlink()
        rest = waiting.stderr.read()
    assert f"waiting for another set-up (process {os.getpid()}" in first, first + rest
    assert not began
    assert waiting.returncode == 0, first + rest
    assert checkout.log.read_text(encoding="utf-8").splitlines() == FRESH


def test_a_place_that_takes_no_lock_is_one_clear_error(checkout: Checkout):
    """Set-up ends where it cannot take its turn, instead of trying for ever."""
    done = checkout.run("scripts/setup", "run", VENV="no such folder/venv")

    assert done.returncode == 1
    assert "cannot make no such folder/venv.lock" in done.stderr


def test_a_folder_that_is_no_environment_is_left_alone(checkout: Checkout):
    """What somebody else put there is not removed."""
    checkout.add_python("python3.12")
    (checkout.folder / ".venv").mkdir()
    (checkout.folder / ".venv" / "precious").touch()
    refused = checkout.run("scripts/setup", "run")

    assert refused.returncode == 1
    assert "is in the way" in refused.stderr
    assert (checkout.folder / ".venv" / "precious").exists()


def test_the_newest_supported_python_is_chosen(checkout: Checkout):
    """A version by name goes before whatever `python3` is, and a name that does not run is passed over."""
    checkout.add_python("python3")
    checkout.add_python("python3.11", "3.11")
    broken = checkout.path / "python3.13"
    broken.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    broken.chmod(0o755)

    assert checkout.run("scripts/find-python").stdout == "python3.11\n"


@pytest.mark.parametrize(
    ("python", "settings", "message"),
    [
        ({}, {}, "found no Python 3.11, 3.12 or 3.13 on the PATH"),
        ({"version": "3.10", "new_enough": False}, {}, "found no Python 3.11, 3.12 or 3.13 on the PATH"),
        ({"modules": False}, {}, "apt-get install python3.12-venv"),
        ({}, {"PYTHON": "no such python"}, "PYTHON=no such python is not a Python 3.11, 3.12 or 3.13 that runs"),
    ],
)
def test_a_python_that_will_not_do_is_told_with_what_to_do(
    checkout: Checkout, python: Mapping[str, Any], settings: Mapping[str, str], message: str
):
    """None at all, too old, without venv, or not the one asked for: each says so, and what helps."""
    if python:
        checkout.add_python("python3", **{"version": "3.12", **python})
    refused = checkout.run("scripts/setup", "run", **settings)

    assert refused.returncode == 1
    assert message in refused.stderr
    assert not (checkout.folder / ".venv").exists()


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_the_lock_pins_every_package_by_hash_and_names_no_index(name: str):
    """The lock is as good on another machine: versions and hashes, no place to fetch them from."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]

    assert packages
    assert [line for line in packages if "==" not in line or not line.endswith("\\")] == []
    assert [line for line in lines if "://" in line or line.startswith("-")] == []


def test_ci_tests_every_python_that_the_project_claims():
    """The classifiers, the oldest version that is allowed and the matrix of the workflow agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    claimed = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    [matrix] = re.findall(r"python: \[(.+)\]", (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))

    assert re.findall(r'"(.+?)"', matrix) == claimed
    assert project["requires-python"] == f">={claimed[0]}"


def append(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
