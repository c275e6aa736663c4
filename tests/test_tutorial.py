"""Tutorial and README do what they say: files are written, commands are run, outputs are compared."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from provendor import cassette

ROOT = Path(__file__).parents[1]
TUTORIAL = ROOT / "docs" / "tutorial.md"


@dataclass(frozen=True)
class Block:
    """A fenced block: `kind` after the fence, `name` of the file it is, `text` inside."""

    kind: str
    name: str
    text: str


def blocks() -> Iterator[Block]:
    for found in re.finditer(r"^```(\w+) ?(\S*)\n(.*?)^```$", TUTORIAL.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        yield Block(*found.groups())


def run(command: str, folder: Path) -> str:
    """Run a command as a reader would; return both of its outputs together."""
    name, *words = shlex.split(command)
    program = [sys.executable, "-m", name, *words, *(["-p", "no:cacheprovider"] if name == "pytest" else [])]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    for inherited in [key for key in environment if key.startswith("PYT")]:  # pytest's and Python's settings
        del environment[inherited]
    done = subprocess.run(
        program, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.stdout


def as_pattern(expected: str) -> str:
    """Turn an output into a pattern: `…` stands for what differs from run to run; a line that is nothing else, for lines."""
    lines = [".*" if line == "…" else re.escape(line).replace(re.escape("…"), ".*") for line in expected.splitlines()]
    return r"\s*\n".join(lines)


def test_every_command_of_the_tutorial_prints_what_it_shows(tmp_path: Path) -> None:
    """From an empty folder to the end, in order."""
    commands = 0
    for block in blocks():
        if block.kind == "console":
            command, _, expected = block.text.partition("\n")
            printed = run(command.removeprefix("$ "), tmp_path)
            pattern = as_pattern(expected)
            assert re.search(pattern, printed, re.DOTALL), f"{command}\nprints\n{printed}\nand not\n{expected}"
            commands += 1
        else:
            path = tmp_path / block.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
    assert commands == 6


def test_the_readme_shows_what_a_run_prints(tmp_path: Path) -> None:
    """The failure on the front page is what provendor says of such an answer today."""
    shown = re.search(r"^```text\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    recorded = cassette.load(ROOT / "cassettes/chatwoot/conversations.list/ok.yaml", "ok.yaml")
    answer = json.loads(recorded.interactions[0].body)
    answer["data"]["payload"][0]["status"] = "Open"
    (tmp_path / "answer.json").write_text(json.dumps(answer))

    printed = run(f"provendor validate chatwoot/conversations.list --status 200 {tmp_path / 'answer.json'}", ROOT)

    assert shown is not None
    assert shown.group(1) in printed
