"""A thousand small live cases against a fast local server: `prove --live` and `pytest --live`, a bare httpx loop, Tavern.

    python benchmarks/live_run.py                       # five rounds, all contenders in turn
    python benchmarks/live_run.py --tavern FOLDER       # with an environment that has Tavern; else one is made

Tavern does not load beside the pytest that we use, so it has an environment of its own. Every contender asks the same URLs with
the same header and looks at status, one header and three fields of the body; the loop, which is bare, at the status alone.
Exit status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import BIN, Contender, Goal, in_turn, python, report, take_turns
from measure import pytest as pytest_command

CASES = 1000
PER_OPERATION = 10
PER_FILE = 100

VENDOR = """\
vendor: local
title: A local server
environments:
  sandbox: { base_url: { env: LOCAL_SANDBOX_URL } }
live_flag: LOCAL_LIVE
secrets:
  api_key: { env: LOCAL_API_KEY }
auth: { header: X-Api-Key, value: "{api_key}" }
rate_limit: { requests: 1000000, per: 1s }
errors:
  - { status: 401, code: unauthorized, retryable: false }
  - { status: 5xx, code: down, retryable: true }
"""
SCHEMA = """\
thing:
  type: object
  required: [id, name, items]
  properties:
    id: { const: 7 }
    name: { const: Vendor }
    items: { type: array, minItems: 40 }
"""
OPERATION = """\
  things{operation}.get:
    summary: Things.
    request: GET /things/{operation}
    cases:
"""
CASE = """\
      case-{case}:
        with: {{ query: {{ n: {case} }} }}
        status: 200
        headers: {{ Content-Type: application/json }}
        body: {{ $ref: "schemas/thing.yaml#/thing" }}
"""
LOOP = """\
import json

import httpx

with httpx.Client() as client:
    for url in json.load(open("urls.json")):
        answer = client.get(url, headers={"X-Api-Key": "a-key-for-nothing"})
        assert answer.status_code == 200
"""
AS_MANY = """\
import pytest

@pytest.mark.parametrize("case", range({cases}))
def test_nothing(case):
    pass
"""
TAVERN = """\
---
test_name: case {number}
stages:
  - name: ask
    request:
      url: "{url}"
      method: GET
      headers: {{ X-Api-Key: a-key-for-nothing }}
    response:
      strict: false
      status_code: 200
      headers: {{ content-type: application/json }}
      json: {{ id: 7, name: Vendor }}
      save: {{ json: {{ first: "items[0].id" }} }}
"""


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tavern", type=Path, metavar="FOLDER", help="an environment that has Tavern and its pytest")
    parser.add_argument("--without-tavern", action="store_true", help="it takes most of the time")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server() as url:
        root = Path(folder)
        write(root, url)
        ready = {"LOCAL_LIVE": "1", "LOCAL_SANDBOX_URL": url, "LOCAL_API_KEY": "a-key-for-nothing"}
        # The page is written by a process that nobody waits for, and would run into the next contender.
        os.environ.update({**ready, "XDG_STATE_HOME": str(root / "state"), "PROVENDOR_NO_PAGE": "1"})
        loop = Contender("(a) bare httpx loop, one connection", python("loop.py"), root)
        empty = Contender("(b) pytest, one test that does nothing", pytest_command("test_nothing.py"), root)
        as_many = Contender("(b') pytest, as many tests that do nothing", pytest_command("test_as_many.py"), root)
        prove = Contender(
            "(c) provendor prove --live", [str(BIN / "provendor"), "prove", "--live", "--require-live"], root
        )
        live = ("-p", "provendor.pytest_plugin", "--live", "--require-live", "contracts")
        pytest = Contender("(d) pytest --live", pytest_command(*live), root)
        contenders = [loop, empty, as_many, prove, pytest]
        goals = []
        take_turns(contenders, args.rounds)
        twice = [2 * once + start for once, start in zip(loop.seconds, empty.seconds, strict=True)]
        twice_as_many = [2 * once + nothing for once, nothing in zip(loop.seconds, as_many.seconds, strict=True)]
        if not args.without_tavern:
            # Fewer rounds: one takes as long as all of the others together. And in minutes of their own, which must not count
            # in the ratios above.
            tavern = Contender("(e) Tavern", tavern_command(args.tavern or root / "tavern"), root)
            beside = [Contender(f"{each.name}, beside Tavern", each.command, root) for each in (prove, pytest)]
            take_turns([tavern, *beside], max(2, args.rounds // 2))
            contenders += [tavern, *beside]
            goals += [
                Goal("(e) Tavern / (c)", in_turn(tavern.seconds, beside[0].seconds), 8, at_least=True),
                Goal("(e) Tavern / (d)", in_turn(tavern.seconds, beside[1].seconds), 8, at_least=True),
            ]
        return report(
            contenders,
            [
                Goal("(c) prove --live / (a)", in_turn(prove.seconds, loop.seconds), 1.5),
                Goal("(d) pytest --live / (2 (a) + (b))", in_turn(pytest.seconds, twice), 1.0),
                Goal("(d) pytest --live / (2 (a) + (b'))", in_turn(pytest.seconds, twice_as_many), 1.0),
                *goals,
            ],
        )


@contextmanager
def server() -> Iterator[str]:
    """Run a server that answers at once, in a process of its own."""
    command = python(str(Path(__file__).with_name("fast_server.py")))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


def write(root: Path, url: str) -> None:
    """Write the contract, and the same cases for the others."""
    folder = root / "contracts" / "local"
    (folder / "schemas").mkdir(parents=True)
    (folder / "vendor.yaml").write_text(VENDOR)
    (folder / "schemas" / "thing.yaml").write_text(SCHEMA)
    urls = []
    for start in range(0, CASES, PER_FILE):
        text = ["operations:\n"]
        for number in range(start, start + PER_FILE):
            operation, case = divmod(number, PER_OPERATION)
            if case == 0:
                text.append(OPERATION.format(operation=operation))
            text.append(CASE.format(case=case))
            urls.append(f"{url}/things/{operation}?n={case}")
        (folder / f"things{start}.yaml").write_text("".join(text))
    (root / "urls.json").write_text(json.dumps(urls))
    (root / "loop.py").write_text(LOOP)
    (root / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    (root / "test_as_many.py").write_text(AS_MANY.format(cases=CASES))
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "of_tavern").mkdir()
    stages = (TAVERN.format(number=number, url=each) for number, each in enumerate(urls))
    (root / "of_tavern" / "test_things.tavern.yaml").write_text("".join(stages))


def tavern_command(folder: Path) -> list[str]:
    """Return the command that runs Tavern's tests, and make its environment where there is none."""
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([interpreter, "-m", "pip", "install", "-q", "tavern==3.7.1", "pytest<9"], check=True)
    # Its plugin must be found by itself, and nothing else is installed there.
    words = ["env", "-u", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", str(interpreter), "-m", "pytest", "-q"]
    return [*words, "-p", "no:cacheprovider", "of_tavern"]


if __name__ == "__main__":
    sys.exit(main())
