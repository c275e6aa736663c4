"""Evidence for tests: runs as files, with the results that a test names and nothing else.

results = [a_result("acme/users.get:ok"), a_failure("acme/users.get:denied")]
run = a_run(folder, results, mode="live")                # reports/runs/<id>/run.jsonl, closed
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from provendor.evidence import SCHEMA_VERSION

TODAY = "2026-11-20"


def a_finding(code: str = "body-schema", level: str = "fail", **changes: Any) -> dict[str, Any]:
    """A number that came as text."""
    known = {"at": "/id", "key": "contracts/acme/users.yaml#/user/id", "expected": "integer", "actual": 'string "7"'}
    return {"code": code, "level": level, **known, **changes}


def a_verdict(check: str = "body", outcome: str = "fail", *findings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A check that found something, or says why it could not tell."""
    return {"check": check, "outcome": outcome, "reason": None, "findings": list(findings), **changes}


def a_recording(id_: str = "acme/users.get:ok", **changes: Any) -> dict[str, Any]:
    """A recording from the documentation, ten days old."""
    known = {"origin": "documented", "source": "https://docs.acme.example/", "at": "2026-11-10"}
    path = f"cassettes/{id_.replace(':', '/')}.yaml"
    return {"path": path, **known, "api_version": "1", "environment": None, "digest": "0" * 64, **changes}


def a_result(id_: str = "acme/users.get:ok", outcome: str = "pass", **changes: Any) -> dict[str, Any]:
    """A case that was replayed."""
    vendor, _, rest = id_.partition("/")
    operation, _, case = rest.partition(":")
    known: dict[str, Any] = {
        "id": id_,
        "vendor": vendor,
        "operation": operation,
        "case": case,
        "outcome": outcome,
        "reason": None,
        "expected": False,
        "contract": f"contracts/{vendor}/users.yaml:12",
        "error": None,
        "source": "recorded",
        "recording": a_recording(id_),
        "request": {"method": "GET", "url": f"https://{vendor}.example/users/1", "query": []},
        "started_at": f"{TODAY}T10:00:00.000Z",
        "duration_ms": 0.4,
        "status": 200,
        "elapsed_ms": None,
        "passed": ["status", "headers", "body"],
        "verdicts": [],
    }
    return {**known, **changes}


def a_failure(id_: str = "acme/users.get:ok", *findings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A case whose answer does not fit; with its exchange."""
    exchange = {
        "request_headers": [["Accept", "application/json"], ["Authorization", "Bearer <api_key>"]],
        "request_body": "",
        "response_headers": [["Content-Type", "application/json"]],
        "body": '{"id":"7","name":"Ada"}',
        "body_truncated": False,
        "body_bytes": 23,
    }
    known = {
        "verdicts": [a_verdict("body", "fail", *(findings or (a_finding(),)))],
        "rerun": f"provendor prove {id_}",
        "exchange": exchange,
    }
    return a_result(id_, "fail", **{**known, **changes})


def an_error(id_: str = "acme/users.get:ok", code: str = "cassette-missing", why: str = "no file") -> dict[str, Any]:
    """A case that could not be judged."""
    found = a_finding(code, at="", key="", expected="an answer", actual=why)
    return a_result(
        id_, "error", reason=why, recording=None, status=None, passed=[],
        verdicts=[a_verdict("exchange", "error", found, reason=why)],
    )  # fmt: skip


def a_warning(id_: str = "acme/users.get:ok", code: str = "cassette-age", **changes: Any) -> dict[str, Any]:
    """A case that holds, but."""
    found = a_finding(code, "warn", at="", key="", expected="at most 365 days old", actual="400 days old")
    return a_result(id_, "warn", **{"verdicts": [a_verdict("cassette-age", "warn", found)], **changes})


def live(result: dict[str, Any], environment: str = "sandbox", **changes: Any) -> dict[str, Any]:
    """The same result, asked over the network in one attempt."""
    phases = {"dns_ms": 4.0, "connect_ms": 11.0, "tls_ms": 24.0, "first_byte_ms": 80.0, "total_ms": 121.0}
    attempt = {
        "started_at": f"{TODAY}T10:00:00.000Z", "status": result["status"], "error": None, "waited_ms": 0.0,
        "retry_after_s": None, "phases": phases,
    }  # fmt: skip
    certificate = {"subject": "acme.example", "issuer": "Example CA", "not_after": "2027-02-01T00:00:00Z"}
    peer = {"address": "203.0.113.7:443", "protocol": "HTTP/2", "certificate": certificate}
    told = {"environment": environment, "attempts": [attempt], "peer": peer, "blame": None, **changes}
    return {**result, "source": "live", "recording": None, "elapsed_ms": 121.0, "live": told}


def a_head(id_: str = f"{TODAY.replace('-', '')}T100000Z-aaaaaa", **changes: Any) -> dict[str, Any]:
    """What is said before a run's first result."""
    known = {
        "schema_version": SCHEMA_VERSION,
        "id": id_,
        "started_at": f"{TODAY}T10:00:00.000Z",
        "command": "prove",
        "mode": "replay",
        "selectors": [],
        "now": TODAY,
        "git_commit": None,
        "digests": {"vendors": {}, "checks": None},
        "tools": {"provendor": "0.1.0", "python": "3.13.0", "platform": "linux"},
        "vendors": {},
    }
    return {**known, **changes}


def an_end(**changes: Any) -> dict[str, Any]:
    """What is said after a run's last result; counts are the page's own business."""
    return {
        "outcome": "pass", "exit_code": 0, "interrupted": False, "ended_at": f"{TODAY}T10:00:02.000Z",
        "duration_ms": 2000.0, "counts": {}, "vendors": {}, **changes,
    }  # fmt: skip


def a_run(reports: Path, results: Iterable[dict[str, Any]], *, ended: bool = True, **head: Any) -> Path:
    """Write a run below `reports`, as the newest one; return its lines."""
    about = a_head(**({"id_": head.pop("id")} if "id" in head else {}), **head)
    path = reports / "runs" / str(about["id"]) / "run.jsonl"
    path.parent.mkdir(parents=True)
    records = [{"type": "run", **about}, *({"type": "result", **each} for each in results)]
    text = "\n".join(json.dumps(each) for each in [*records, *([{"type": "end", **an_end()}] if ended else [])])
    for file in (path, reports / "run.jsonl"):
        file.write_text(f"{text}\n", encoding="utf-8")
    return path


def many(count: int, vendors: int = 10) -> Iterable[dict[str, Any]]:
    """Results of several vendors, of which one in fifty is no pass."""
    for number in range(count):
        id_ = f"vendor-{number % vendors:02}/things.{number // vendors % 40}:case-{number}"
        if number % 100 == 7:
            yield a_failure(id_)
        else:
            yield a_warning(id_) if number % 100 == 19 else a_result(id_)
