"""Suites whose cases ask more than once, and what becomes of them when a vendor answers so or so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from contract_files import write
from provendor.exchange import Headers, Origin
from provendor.reader import loading
from provendor.recordings.adopt import Adopted, Answer, adopt
from provendor.run import Replayer, Result

TODAY = date(2026, 11, 20)
VENDOR: dict[str, Any] = {
    "vendor": "acme",
    "title": "Acme",
    "secrets": {"api_key": {"env": "ACME_API_KEY"}},
    "auth": {"bearer": "{api_key}"},
    "errors": [
        {"status": 401, "code": "unauthorized", "retryable": False},
        {"status": 429, "code": "rate-limited", "retryable": True},
        {"json": {"$.failures[*]": {"present": True}}, "code": "refused", "retryable": False},
    ],
}
JOBS = """
operations:
  jobs.start:
    summary: Start a job.
    request: POST /jobs
    safety: write
    json: { text: hello }
    cases: { ok: { status: 2xx } }
  jobs.get:
    summary: How a job stands.
    request: GET /jobs/{job_id}
    path: { job_id: j0 }
    cases: { ok: { status: 200 } }
flows:
  jobs.run:
    summary: Start a job and wait for its end.
    steps:
      - name: start
        call: jobs.start
        capture: { job_id: [$.job_id, $.data.job_id] }
      - name: wait
        call: jobs.get
        with: { path: { job_id: "{job_id}" } }
        poll:
          every: 2s
          within: 5m
          until: { $.status: [complete, completed] }
          while: { $.status: working }
          fail_when: { $.status: failed }
    cases:
      ok: { status: 200 }
"""


def a_suite(root: Path, text: str, vendor: dict[str, Any] | None = None) -> Replayer:
    """Write one resource file and a vendor.yaml, and return what replays it."""
    write(root, {"acme/vendor.yaml": vendor or VENDOR, "acme/jobs.yaml": text})
    return Replayer(loading.load(root), today=TODAY)


def answer(value: Any = None, status: int | None = None, **headers: str) -> Answer:
    """A JSON answer; underscores in the names of headers stand for hyphens."""
    pairs = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Answer(b"" if value is None else json.dumps(value).encode(), status, Headers(pairs) if pairs else None)


def adopted(replayer: Replayer, case: str, answers: Sequence[Any], **changes: Any) -> Adopted:
    """Adopt answers, or values as answers, for a case; also where it fails."""
    given = [each if isinstance(each, Answer) else answer(each) for each in answers]
    known: dict[str, Any] = {"origin": Origin.DOCUMENTED, "source": "https://docs.acme.example/"}
    return adopt(replayer, f"acme/{case}", given, **{**known, "keep_failing": True, "replace": True, **changes})


def replayed(root: Path, text: str, case: str, answers: Sequence[Any]) -> Result:
    """Return what becomes of a case when the vendor gives these answers, from a cassette on disk."""
    replayer = a_suite(root, text)
    adopted(replayer, case, answers)
    (found,) = (each for each in replayer.suite.cases if each.id == f"acme/{case}")
    return replayer.replay(found)


def codes(result: Result) -> list[str]:
    """The codes of a result's findings."""
    return [finding.code for finding in result.findings]


def texts(result: Result) -> Iterator[str]:
    """Each finding in one line."""
    return (f"{each.code} at {each.at}: {each.expected} | {each.actual}" for each in result.findings)
