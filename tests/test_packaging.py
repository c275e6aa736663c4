"""The wheel, installed into an environment that has nothing but the declared dependencies, far from this checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "provendor"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the locked build backend makes of this checkout, without touching the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = f"from flit_core.buildapi import build_wheel; print(build_wheel({str(folder)!r}))"
    return folder / run(sys.executable, "-c", build, cwd=ROOT).stdout.strip()


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a new environment that holds the wheel and its declared dependencies."""
    home = tmp_path_factory.mktemp("environment") / "with a space"
    venv.create(home, with_pip=False, symlinks=True)
    [site] = home.glob("lib/python*/site-packages")
    for dependency in dependencies(PROJECT["dependencies"]):
        link(dependency, site)
    run(sys.executable, "-m", "pip", "--python", home, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=home)
    return home / "bin"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder that has contracts/ and cassettes/ and nothing else."""
    for name, text in SUITE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


SUITE = {
    "contracts/acme/vendor.yaml": """\
vendor: acme
title: Acme
environments:
  production: { base_url: https://api.acme.example }
""",
    "contracts/acme/users.yaml": """\
operations:
  users.get:
    summary: One user.
    request: GET /users/1
    cases:
      ok:
        status: 200
        body: { type: object, required: [id] }
""",
    "cassettes/acme/users.get/ok.yaml": """\
version: 1
metadata:
  origin: synthetic
  written_at: "2026-11-20"
interactions:
- request: { method: GET, uri: "https://api.acme.example/users/1", body: null, headers: {} }
  response:
    status: { code: 200, message: OK }
    headers: { Content-Type: [application/json] }
    body: { string: '{"id": 1}' }
""",
}


def test_the_wheel_holds_every_file_of_the_package(wheel: Path):
    """Code, schemas and the typing marker: what stands below src/provendor is in the wheel, and the licence too."""
    files = {path.relative_to(PACKAGE.parent).as_posix() for path in PACKAGE.rglob("*") if path.is_file()}
    names = set(ZipFile(wheel).namelist())

    assert {"provendor/py.typed", "provendor/language.json"} <= names
    assert {name for name in names if ".dist-info/" not in name} == {
        name for name in files if "/__pycache__/" not in name
    }
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_wheel_is_the_version_that_the_source_says(wheel: Path):
    """The version is written down once, in the package."""
    version = re.search(r'^__version__ = "(.+)"$', (PACKAGE / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE)

    assert version
    assert wheel.name == f"provendor-{version[1]}-py3-none-any.whl"


def test_the_command_works_far_from_the_checkout(installed: Path, suite: Path):
    """`provendor --help` and `provendor prove` run from the wheel alone and leave evidence."""
    assert "prove" in run(installed / "provendor", "--help", cwd=suite).stdout
    proved = run(installed / "provendor", "prove", cwd=suite)

    assert "acme/users.get:ok" in proved.stdout
    assert (suite / "reports" / "run.json").is_file()
    assert origin(installed, suite).is_relative_to(installed.parent)


def test_the_pytest_plugin_works_far_from_the_checkout(installed: Path, suite: Path):
    """Plain `pytest` in a folder with contracts runs them; that it can also fail is seen without the cassette."""
    command = (installed / "pytest", "-p", "no:cacheprovider")
    assert "1 passed" in run(*command, cwd=suite).stdout

    (suite / "cassettes/acme/users.get/ok.yaml").unlink()
    assert "passed" not in run(*command, cwd=suite, ends_with=1).stdout


def run(
    *command: str | Path, cwd: Path, ends_with: int = 0, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command as a stranger would: nothing of this test run's Python settings reaches it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON", "COV"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**clean, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == ends_with, done.stdout + done.stderr
    return done


def origin(installed: Path, folder: Path) -> Path:
    """Where the environment takes the package from."""
    return Path(
        run(installed / "python", "-c", "import provendor; print(provendor.__file__)", cwd=folder).stdout.strip()
    )


def dependencies(requirements: list[str]) -> Iterator[Distribution]:
    """Every distribution that the requirements ask for here, with what those ask for themselves."""
    seen: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        if requirement.name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(requirement.name)
        found = distribution(requirement.name)
        yield found
        waiting += [Requirement(text) for text in found.requires or ()]


def link(package: Distribution, site: Path) -> None:
    """Make an installed distribution available in another environment; its commands are made by hand."""
    for name in {file.parts[0] for file in package.files or () if file.parts[0] != ".."}:
        if name != "__pycache__":
            (site / name).symlink_to(Path(str(package.locate_file(name))))
    for entry in package.entry_points.select(group="console_scripts", name="pytest"):
        command = site.parents[2] / "bin" / entry.name
        command.write_text(f'#!/bin/sh\nexec "$(dirname "$0")/python" -m {entry.name} "$@"\n', encoding="utf-8")
        command.chmod(0o755)
