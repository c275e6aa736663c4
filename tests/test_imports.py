"""What each command may load: a library that it does not use costs everybody who runs it, and what is loaded can break."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from contract_files import a_contract, a_resource, a_vendor
from probe_suites import PROBE, environment
from provendor import cli

PROGRAM = """
import contextlib, io, json, sys, sysconfig
from provendor.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
    main(sys.argv[1:])
files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
library = {name.partition(".")[0] for name, file in files.items() if file.startswith(sysconfig.get_path("purelib"))}
print(json.dumps([sorted(library), sorted(files)]))
"""

OURS = {"provendor", "_distutils_hack", "_virtualenv", "coverage"}
"""What an environment may load into every Python."""

COSTLY = {
    "asyncio", "dataclasses", "email.utils", "http.client", "http.server", "importlib.metadata", "inspect", "logging",
    "sqlite3", "ssl", "subprocess", "tempfile", "urllib.request",
}  # fmt: skip
"""Parts of the standard library that take milliseconds."""

JUDGING = {"jsonschema_rs", "email.utils"}  # the engine of schemas brings the latter
PATHS = {"jsonpath_rfc9535", "iregexp_check", "regex"}  # only where a path is more than names and numbers
READING = {"yaml"}  # also to point at the line of a contract, where something is no pass
RECORDS = {"dataclasses", "inspect"}
HISTORY = {"sqlite3"}
PAGE = {"jinja2", "markupsafe", "tempfile"}
NETWORK = {
    "httpx", "pycurl", "tenacity", "certifi", "idna", "asyncio", "http.client", "importlib.metadata", "logging", "ssl",
    "subprocess", "tempfile", "urllib.request", *HISTORY, *RECORDS,
    "brotli", "_brotli", "zstandard", "click", "pygments", "rich",  # httpx loads them where they are installed
}  # fmt: skip

ROWS: Mapping[str, tuple[list[str], set[str]]] = {
    "prove": (["acme/users.get:ok"], JUDGING),
    "prove --live": (["acme/users.get:ok"], JUDGING | NETWORK | READING),
    "probe": ([], JUDGING | NETWORK | READING),
    "list": ([], set()),
    "show": (["acme"], RECORDS),
    "doctor": ([], HISTORY | RECORDS),
    "lint": ([], RECORDS),
    "validate": (["acme/users.get", "--status", "200", "ANSWER"], JUDGING | READING | RECORDS),
    "adopt": (
        ["acme/users.get:ok", "ANSWER", "--origin", "documented", "--source", "docs"],
        JUDGING | READING | RECORDS,
    ),
    "record": (["acme/users.get:ok", "--yes"], JUDGING | READING | NETWORK),
    "docs": (["--check"], RECORDS),
    "verify-webhook": (["acme/users.created", "ANSWER"], RECORDS),
    "drift": (["acme", "--spec", "ANSWER"], RECORDS),
    "report": ([], PAGE | HISTORY | RECORDS | READING),
    "report --format json": ([], HISTORY | RECORDS | {"tempfile"}),
    "history": ([], HISTORY),
    "mutate": ([], JUDGING | RECORDS | READING),
    "explain": (["status"], set()),
    "completion": (["bash"], {"shtab"}),
}


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one vendor that was proven, so that caches are warm; at its address nobody listens."""
    root = tmp_path_factory.mktemp("proven")
    (root / ".provendor").mkdir()
    nobody = {"base_url": "http://127.0.0.1:9", "private": True}
    vendor = a_vendor(environments={"sandbox": nobody, "production": nobody}, live_flag="ACME_LIVE")
    body = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    a_contract(root, vendor, a_resource(probe=PROBE, cases={"ok": {"status": 200, "body": body}}))
    (root / "answer.json").write_text('{"id": 7}', encoding="utf-8")
    run(root, "adopt", *(word.replace("ANSWER", str(root / "answer.json")) for word in ROWS["adopt"][0]))
    run(root, "prove")
    assert (root / "reports" / "run.json").exists()
    return root


def run(root: Path, *words: str) -> tuple[set[str], set[str]]:
    """Run a command as a process of its own; return the libraries that it loaded, and all modules."""
    command = [sys.executable, "-c", PROGRAM, *words, "--root", str(root)]
    env = environment(root, ACME_LIVE="1", ACME_API_KEY="key", ACME_USER_ID="7")
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=True, timeout=120)
    library, modules = json.loads(done.stdout.splitlines()[-1])
    return set(library), set(modules)


@pytest.mark.parametrize("name", ROWS)
def test_a_command_loads_only_what_it_uses(proven: Path, name: str) -> None:
    """Every library that is not of the standard one, and the costly parts of that."""
    words, allowed = ROWS[name]
    given = [word.replace("ANSWER", str(proven / "answer.json")) for word in words]

    library, modules = run(proven, *name.split(), *given)

    assert sorted((library | (COSTLY & modules)) - OURS - allowed) == []


def test_every_command_is_held_to_it() -> None:
    """A new command comes with its row."""
    assert {name.partition(" ")[0] for name in ROWS} == set(cli.COMMANDS)


def test_help_loads_no_library(proven: Path) -> None:
    """It names the commands and loads none of them."""
    library, modules = run(proven, "--help")

    assert sorted(library - OURS) == []
    assert sorted(name for name in modules if name.startswith("provendor.commands.")) == []
