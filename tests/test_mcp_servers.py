"""Calls of real public MCP servers: the Python SDK in both generations, the everything server, the Analytics server.

`scripts/fetch-mcp-servers` installs them below .provendor; a server that is not there is skipped.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mcp_suites import ADD, OPERATIONS, a_suite, asked, codes, over_http
from provendor.clock import VirtualClock
from provendor.reader import loading
from provendor.run import Replayer, Result, run_case
from provendor.verdict import Outcome
from provendor.wire.mcp_stdio import StdioTransport

pytestmark = pytest.mark.loopback

ROOT = Path(__file__).resolve().parent.parent
SERVERS = ROOT / ".provendor" / "mcp-servers"
EVERYTHING = SERVERS / "javascript/node_modules/@modelcontextprotocol/server-everything/dist/index.js"
STARTS_WITHIN_S = 30.0

PYTHON_1 = '''
import sys
from mcp.server.fastmcp import FastMCP

port, form, session = int(sys.argv[1]), sys.argv[2], sys.argv[3]
server = FastMCP("real", port=port, json_response=form == "json", stateless_http=session == "none", log_level="ERROR")

@server.tool()
def add(a: int, b: int) -> int:
    """Add."""
    return a + b

server.run(transport="streamable-http")
'''
PYTHON_2 = '''
import sys
from mcp.server import MCPServer

port, form, session = int(sys.argv[1]), sys.argv[2], sys.argv[3]
server = MCPServer("real", version="1", log_level="ERROR")

@server.tool()
def add(a: int, b: int) -> int:
    """Add."""
    return a + b

server.run("streamable-http", port=port, json_response=form == "json", stateless_http=session == "none")
'''


def need(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"{path.relative_to(ROOT)} is not there: scripts/fetch-mcp-servers installs it")
    return path


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, **env: str) -> Iterator[str]:
    """Start a server, wait until it listens, and end it at the end."""
    process = subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(int(STARTS_WITHIN_S * 20)):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the server has ended"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def a_python_server(generation: int, form: str = "sse", session: str = "kept") -> Iterator[str]:
    python = need(SERVERS / f"python-{generation}" / "bin" / "python")
    port = a_free_port()
    with running([str(python), "-c", PYTHON_1 if generation == 1 else PYTHON_2, str(port), form, session], port) as url:
        yield url


Ask = Callable[[str], Result]


@pytest.mark.parametrize("session", ["kept", "none"])
@pytest.mark.parametrize("form", ["json", "sse"])
@pytest.mark.parametrize("generation", [1, 2])
def test_the_python_sdk_answers_a_client_of_the_older_era(tmp_path, generation, form, session):
    """With and without a session, as JSON and as a stream: the same verdicts."""
    replayer = a_suite(tmp_path)
    with a_python_server(generation, form, session) as url:
        results = [
            over_http(replayer, name, url)
            for name in ("initialize:ok", "tools:ok", "add:ok", "add:unknown", "add:wrong")
        ]

    assert [(result.case.id, codes(result)) for result in results if result.outcome is not Outcome.PASS] == []


@pytest.mark.parametrize(("generation", "case"), [(1, "nothing:params"), (2, "nothing:ok")])
def test_an_unknown_method_has_another_code_in_each_generation(tmp_path, generation, case):
    """-32602 in the first, -32601 in the second; both are rows of an error table."""
    with a_python_server(generation) as url:
        assert over_http(a_suite(tmp_path), case, url).outcome is Outcome.PASS


@pytest.mark.parametrize("generation", [1, 2])
def test_a_lost_session_is_a_refusal(tmp_path, generation):
    """404, with the id `server-error` in the first generation and null in the second."""
    with a_python_server(generation) as url:
        result = over_http(a_suite(tmp_path), "add:lost", url)

    assert (result.outcome, result.exchange.status if result.exchange else None) == (Outcome.PASS, 404)


def test_the_second_generation_speaks_the_newer_era(tmp_path):
    """Discovery, tools, a call and both failures, without a handshake."""
    replayer = a_suite(tmp_path, revision="2026-07-28")
    with a_python_server(2) as url:
        results = [
            over_http(replayer, name, url)
            for name in ("discover:ok", "tools:ok", "add:ok", "add:unknown", "nothing:ok")
        ]

    assert [(result.case.id, codes(result)) for result in results if result.outcome is not Outcome.PASS] == []
    assert [step.name for result in results for step in result.steps] == []
    assert results[-1].exchange is not None
    assert results[-1].exchange.status == 404


def everything() -> dict[str, Any]:
    """The same operations for the everything server, whose tool for sums has another name and answers in words."""
    add = {**OPERATIONS["add"], "mcp": {**ADD, "tool": "get-sum"}}
    add["cases"] = {**add["cases"], "ok": {"status": 200}}
    tools = {**OPERATIONS["tools"], "cases": {"ok": {"status": 200, "tools": {"get-sum": [{"a": 1, "b": 2}]}}}}
    return {**OPERATIONS, "add": add, "tools": tools}


def test_the_everything_server_answers_in_streams(tmp_path):
    """A priming event comes first; a lost session is 400 without an id."""
    need(EVERYTHING)
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not there")
    port, replayer = a_free_port(), a_suite(tmp_path, everything())
    names = ("initialize:ok", "tools:ok", "add:ok", "add:unknown", "add:wrong", "add:lost", "nothing:ok")
    with running([node, str(EVERYTHING), "streamableHttp"], port, PORT=str(port)) as url:
        results = [over_http(replayer, name, url) for name in names]

    assert [(result.case.id, codes(result)) for result in results if result.outcome is not Outcome.PASS] == []


def test_the_everything_server_speaks_over_standard_streams_too(tmp_path):
    """The same operations, without a socket."""
    need(EVERYTHING)
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not there")
    replayer = a_suite(tmp_path, everything(), endpoint=None, command=["everything"])

    async def run() -> list[Result]:
        found = []
        for name in ("tools:ok", "add:ok", "add:unknown", "nothing:ok"):
            async with StdioTransport([node, str(EVERYTHING), "stdio"]) as transport:
                found.append(await asked(replayer, name, transport))
        return found

    assert [
        (result.case.id, codes(result)) for result in asyncio.run(run()) if result.outcome is not Outcome.PASS
    ] == []


def test_the_analytics_server_honours_its_contract_as_far_as_it_goes_without_credentials():
    """What it offers, and how it fails, is what contracts/analytics-mcp says."""
    command = need(SERVERS / "analytics" / "bin" / "analytics-mcp")
    replayer = Replayer(loading.load(ROOT, ["analytics-mcp"]), today=date(2026, 11, 20))
    cases = {case.id.partition("/")[2]: case for case in replayer.suite.cases}
    env = {**os.environ, "HOME": "/nonexistent", "NO_GCE_CHECK": "true"}
    names = (
        "server.initialize:ok",
        "tools.list:ok",
        "tools.unknown:ok",
        "reports.run:no-credentials",
        "reports.run:bad-property",
        "reports.run:missing-argument",
        "annotations.create:write-disabled",
    )

    async def run() -> list[Result]:
        found = []
        for name in names:
            case = cases[name]
            expect = case.expect._replace(today=replayer.today)
            async with StdioTransport([str(command)], env=env, timeout_s=60) as transport:
                checks = replayer.checks_for(case)
                found.append(await run_case(case, replayer.values(case), transport, checks, expect, VirtualClock()))
        return found

    results = asyncio.run(run())

    assert [(each.case.id, codes(each), each.reason) for each in results if each.outcome is not Outcome.PASS] == []
