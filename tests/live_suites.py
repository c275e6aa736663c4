"""Suites whose vendor is a scripted server on loopback, and what a run against it tells."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from contract_files import a_vendor, write
from loopback import Answer, Server
from provendor import evidence
from provendor.cassette import Interaction, Metadata, dump
from provendor.check import load_checks
from provendor.exchange import Headers, Origin
from provendor.reader import loading
from provendor.reports import present
from provendor.run import Replayer, Result
from provendor.sandbox.live_run import LiveRun, Rules

TODAY = date(2026, 11, 20)
KEY = "k3y-of-ours-1234"
ERRORS = [
    {"status": 401, "code": "unauthorized", "retryable": False},
    {"status": 404, "code": "not-found", "retryable": False},
    {"status": 422, "code": "refused", "retryable": False},
]
USER = {
    "summary": "One user.",
    "request": "GET /users/{user_id}",
    "cases": {
        "ok": {"status": 200, "body": {"type": "object", "properties": {"id": {"type": "integer"}}}},
        "unauthorized": {"with": {"auth": "wrong"}, "status": 401, "error": "unauthorized"},
        "suspended": {"live": "never", "status": 404, "error": "not-found"},
    },
}
MAKE = {
    "summary": "Make a user.",
    "request": "POST /users",
    "safety": "write",
    "json": {"name": "Robin"},
    "cleanup": {"call": "users.delete", "capture": {"made": "$.id"}, "with": {"path": {"user_id": "{made}"}}},
    "cases": {"ok": {"status": 201}},
}
DELETE = {
    "summary": "Delete a user.",
    "request": "DELETE /users/{user_id}",
    "safety": "write",
    "cases": {"ok": {"status": 204}},
}


def vendor(name: str = "acme", **changes: Any) -> dict[str, Any]:
    """A vendor.yaml with a flag and a sandbox, whose names begin with the vendor's."""
    upper = name.upper()
    known = {
        "live_flag": f"{upper}_LIVE",
        "environments": {
            "sandbox": {"base_url": {"env": f"{upper}_SANDBOX_URL"}},
            "production": {"base_url": {"env": f"{upper}_URL"}, "private": True},
        },
        "secrets": {"api_key": {"env": f"{upper}_API_KEY"}},
        "variables": {"user_id": {"env": f"{upper}_USER_ID", "example": 7}},
        "errors": ERRORS,
    }
    return a_vendor(name, **{**known, **changes})


def env(server: Server | str, name: str = "acme", **more: str) -> dict[str, str]:
    """An environment in which the vendor is ready, and stands at this server."""
    url = server if isinstance(server, str) else server.url
    upper = name.upper()
    return {
        f"{upper}_LIVE": "1",
        f"{upper}_SANDBOX_URL": url,
        f"{upper}_URL": url,
        f"{upper}_API_KEY": KEY,
        f"{upper}_USER_ID": "7",
        **more,
    }


def a_suite(
    root: Path,
    operations: Mapping[str, Any] | None = None,
    flows: Mapping[str, Any] | None = None,
    name: str = "acme",
    **changes: Any,
) -> Path:
    """Write a vendor with these operations, by default `users.get`; return the root."""
    resource = {"operations": operations or {"users.get": USER}, **({"flows": flows} if flows else {})}
    return write(root, {f"{name}/vendor.yaml": vendor(name, **changes), f"{name}/users.yaml": resource})


def a_replayer(root: Path) -> Replayer:
    """Return what replays the suite, and reads its checks."""
    return Replayer(loading.load(root), load_checks(root / "checks"), today=TODAY)


def recorded(root: Path, *cases: str, body: Any = None, status: int = 200) -> None:
    """Write a documented cassette for each of these cases."""
    replayer = a_replayer(root)
    for case in replayer.suite.cases:
        if case.id.partition("/")[2] in cases:
            headers = Headers((("Content-Type", "application/json"),))
            answer = Interaction(replayer.request(case), status, headers, json.dumps(body).encode())
            path = root / "cassettes" / case.cassette
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dump((answer,), Metadata(origin=Origin.DOCUMENTED, source="docs", at="2026-11-01")))


def a_run(root: Path, variables: Mapping[str, str], **rules: Any) -> LiveRun:
    """Return a run over the suite."""
    return LiveRun(a_replayer(root), Rules(**rules), env=variables, paces=root / "paces")


def carried_out(root: Path, variables: Mapping[str, str], **rules: Any) -> dict[str, Result]:
    """Carry out every case; return the results by the end of the case's id."""
    return told(root, variables, **rules)[0]


def told(root: Path, variables: Mapping[str, str], **rules: Any) -> tuple[dict[str, Result], str]:
    """Carry out every case; return the results, and everything that evidence and people are told of them."""
    replayer = a_replayer(root)
    run = LiveRun(replayer, Rules(**rules), env=variables, paces=root / "paces")
    results: list[Result] = []
    asyncio.run(run.carry_out(replayer.suite.cases, results.append))
    texts = [json.dumps(evidence.result_json(each, run.redactor(each.case.vendor))) for each in results]
    texts += [present.line(each) + present.full(each, replayer.suite) for each in results]
    return {result.case.id.partition("/")[2]: result for result in results}, "\n".join(texts)


def as_json(value: Any = None, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; underscores in the names of headers stand for hyphens."""
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(
        status, b"" if value is None else json.dumps(value).encode(), {"content-type": "application/json", **given}
    )


def codes(result: Result) -> Sequence[str]:
    """The codes of a result's findings."""
    return [finding.code for finding in result.findings]
