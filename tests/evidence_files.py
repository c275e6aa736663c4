"""Evidence for tests: runs as files, with the results that a test names and nothing else.

results = [a_result("acme/users.get:ok"), a_failure("acme/users.get:denied")]
run = a_run(folder, results, mode="live")                # reports/runs/<id>/run.jsonl, closed
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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
    return a_result(id_, **{"outcome": "fail", **known, **changes})


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
    again = {"rerun": result["rerun"].replace("prove ", "prove --live ", 1)} if "rerun" in result else {}
    return {**result, **again, "source": "live", "recording": None, "elapsed_ms": 121.0, "live": told}


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


def a_run(
    reports: Path,
    results: Iterable[dict[str, Any]],
    *,
    ended: bool = True,
    end: Mapping[str, Any] | None = None,
    **head: Any,
) -> Path:
    """Write a run below `reports`, as the newest one; return its lines."""
    about = a_head(**({"id_": head.pop("id")} if "id" in head else {}), **head)
    path = reports / "runs" / str(about["id"]) / "run.jsonl"
    path.parent.mkdir(parents=True)
    records = [{"type": "run", **about}, *({"type": "result", **each} for each in results)]
    text = "\n".join(
        json.dumps(each) for each in [*records, *([{"type": "end", **an_end(**end or {})}] if ended else [])]
    )
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


def known_of(vendor: str, **changes: Any) -> dict[str, Any]:
    """What evidence knows of a vendor besides its results."""
    name = vendor.upper()
    known = {
        "title": vendor.title(),
        "owner": "integrations",
        "docs": f"https://docs.{vendor}.example/",
        "runbook": f"https://runbooks.example/{vendor}",
        "cases": 10,
        "probes": 1,
        "flag": {"env": f"{name}_LIVE", "on": False},
        "credentials": [{"env": f"{name}_API_KEY", "name": "api_key", "present": False}],
        "environments": {"sandbox": False, "production": True},
        "pending": [],
        "blocks": f"{name}_LIVE is not set",
        "unblock": f"export {name}_LIVE=1",
    }
    return {**known, **changes}


EXPIRED = a_finding("status", at="", key="status", expected="200", actual="401")
_BLAME = {"party": "credential", "why": "the vendor says that the token expired"}


def a_varied_run(reports: Path) -> Path:
    """Write a run in which everything happens that can, and one before it; return `reports`.

    acme   a changed type, a missing cassette, an old recording, a skip, known trouble
    bolt   asked live: three cases on one expired token, one that warns, one tried twice
    calm   nothing but passes
    """
    body = json.dumps({"users": [{"id": n, "name": "Ada", "status": "open"} for n in range(1, 9)]})
    changed = a_failure(
        "acme/users.get:type-changed",
        a_finding(at="/users/3/id", expected="integer", actual='string "4"'),
        a_finding("header", at="header etag", key="headers.etag", expected="present", actual="no such header"),
    )
    changed["exchange"] |= {"body": body, "body_bytes": len(body)}
    sunset = a_finding(
        "sunset", "warn", at="header sunset", key="", expected="no such header", actual='"x" (2026-11-29, in 9 days)'
    )
    request = {"method": "POST", "url": "https://acme.example/users", "query": []}
    changed["steps"] = [
        {"name": "create", "request": request, "status": 201, "elapsed_ms": None, "passed": [], "verdicts": []}
    ]
    known = a_failure("acme/users.get:known", outcome="warn", expected=True, reason="expected to fail until 2026-12-04")
    expired = [live(a_failure(f"bolt/jobs.{n}:ok", EXPIRED, error="expired", status=401), blame=_BLAME) for n in "abc"]
    twice = live(a_result("bolt/jobs.d:ok"))
    first = {**twice["live"]["attempts"][0], "status": 503}
    second = {**first, "status": 200, "waited_ms": 250.0, "phases": {**first["phases"], "dns_ms": None, "tls_ms": None}}
    twice["live"]["attempts"] = [first, second]
    twice = {**twice, "outcome": "warn", "verdicts": [a_verdict("deprecation", "warn", sunset)]}
    results = [
        changed,
        an_error("acme/users.get:unrecorded"),
        a_warning("acme/users.get:old"),
        a_result("acme/users.get:skipped", "skip", reason="not today", passed=[]),
        known,
        *(a_result(f"acme/teams.list:{n}") for n in range(5)),
        *expired,
        twice,
        live(a_result("bolt/jobs.e:ok")),
        *(a_result(f"calm/things.get:{n}", recording=a_recording(origin="synthetic")) for n in range(10)),
    ]
    pending = [{"case": known["id"], "reason": "The vendor forgets it.", "ticket": "OPS-7", "until": "2026-12-04"}]
    watched = [{"name": "users-active", "title": "Users who came back.", "ok": 0.9, "warn": 0.7}]
    vendors = {
        "acme": known_of("acme", pending=pending, indicators=watched),
        "bolt": known_of("bolt", cases=8, blocks=None, unblock=None, environments={"sandbox": True}),
        "calm": known_of("calm", flag=None, credentials=[], docs="not an address"),
    }
    before = [a_result(each["id"]) for each in results if each["case"] != "old"]
    before[-1] = a_failure(before[-1]["id"])
    a_run(reports, before, id="20261119T100000Z-aaaaaa", started_at="2026-11-19T10:00:00.000Z", git_commit="a" * 40)
    at = f"{TODAY}T09:00:00.000Z"
    survivor = {
        "operation": "users.get", "at": "/users/*/email", "changed": "the field was dropped", "add": "required: [email]",
        "contract": "contracts/acme/users.yaml:20:5", "advice": None, "cases": ["acme/users.get:type-changed"],
    }  # fmt: skip
    measured = {"acme": {"score": 0.96, "killed": 48, "survived": 2, "measured_at": at, "survivors": [survivor] * 2}}
    (reports / "strength.json").write_text(json.dumps({"schema_version": 1, "vendors": measured}), encoding="utf-8")
    strength = {"acme": {"score": 0.96, "killed": 48, "survived": 2, "measured_at": at}}
    a_run(reports, results, vendors=vendors, git_commit="b" * 40, end={"strength": strength})
    return reports
