"""Small suites for the tests of the pytest plugin: a vendor, its cases, and the answers that were recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# An inner session unloads what it was the first to import, and compiled modules cannot be loaded twice.
import jsonschema_rs  # noqa: F401
import yaml  # noqa: F401

from provendor.cassette import Interaction, Metadata, dump
from provendor.exchange import Headers, Origin, Request

DAY = "2026-11-20"

VENDOR = """\
vendor: {vendor}
title: Example Weather
secrets:
  key: {{ env: WEATHER_KEY }}
auth: {{ header: X-Api-Key, value: "{{key}}" }}
errors:
  - {{ status: 401, code: unauthorized, retryable: false }}
"""

OPERATION = """\
operations:
  forecast.get:
    summary: Tomorrow's weather for a city.
    request: GET /v1/forecast
    query: { city: Oslo }
    probe: { every: 60s }
    cases:
"""

BODY = """\
        body:
          type: object
          properties:
            city: { type: string, maxLength: 40 }
"""


@dataclass(frozen=True)
class Answer:
    """A case and what was recorded for it.

    `keys` are further lines of the case. Without `recorded` there is no cassette. `asked` is the city of the recorded
    request: another one than Oslo is a request that the contract does not send.
    """

    status: int = 200
    body: Any = "Oslo"
    keys: str = ""
    recorded: bool = True
    asked: str = "Oslo"
    at: str | None = "2026-11-01"


PASSES = Answer()
FAILS = Answer(body=7)
WARNS = Answer(at="2020-01-01")
CANNOT_TELL = Answer(recorded=False)
PENDING = "        pending: { reason: not there yet, until: 2026-12-15, ticket: ABC-1 }\n"


def a_suite(root: Path, cases: Mapping[str, Answer] | None = None, vendor: str = "weather") -> Path:
    """Write a vendor with one operation, `forecast.get`, and return its resource file; by default one case, `ok`."""
    folder = root / "contracts" / vendor
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vendor.yaml").write_text(VENDOR.format(vendor=vendor))
    rows = [OPERATION]
    for name, answer in (cases or {"ok": PASSES}).items():
        rows.append(f"      {name}:\n        status: 200\n{answer.keys}{BODY}")
        if answer.recorded:
            path = root / "cassettes" / vendor / "forecast.get" / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(a_cassette(answer, vendor))
    file = folder / "forecast.yaml"
    file.write_text("".join(rows))
    return file


def a_cassette(answer: Answer, vendor: str = "weather") -> str:
    """A cassette with one interaction: `GET /v1/forecast` and a JSON object with a city."""
    query = (("city", answer.asked),)
    headers = Headers((("X-Api-Key", "<key>"),))
    request = Request("GET", f"https://{vendor}.example/v1/forecast", query, headers)
    body = answer.body if isinstance(answer.body, bytes) else json.dumps({"city": answer.body}).encode()
    interaction = Interaction(request, answer.status, Headers((("Content-Type", "application/json"),)), body)
    return dump((interaction,), Metadata(origin=Origin.DOCUMENTED, source="docs v1", at=answer.at))


def a_check(root: Path, body: str) -> None:
    """Write `checks/weather.py` with one check, `asks`, that has this body."""
    (root / "checks").mkdir(exist_ok=True)
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    source = "from provendor.check import check\n\n\n@check\ndef asks(exchange, expect):\n"
    (root / "checks" / "weather.py").write_text(f'{source}    """The check asks."""\n{lines}')


def evidence_of(root: Path) -> dict[str, Any]:
    """Return run.json."""
    document: dict[str, Any] = json.loads((root / "reports" / "run.json").read_text())
    return document


def outcomes_of(root: Path) -> dict[str, str]:
    """Return each case's outcome as run.json has it."""
    return {result["case"]: result["outcome"] for result in evidence_of(root)["results"]}
