"""What the page costs: to write it, to keep it small, to open it in a browser, and to leave it to a process after a proof.

    python benchmarks/page.py                    # 5000 and 50,000 results; a browser where one is installed

Evidence is as a replay leaves it: sixteen checks per result, of which some have nothing to say; two results of a hundred are
no pass and carry their exchange. Exit status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

import generate
from measure import BIN, Contender, Goal, report, take_turns

LARGE, HUGE = 5_000, 50_000
_SILENT = ("latency", "version-served", "warnings", "credential-echo", "body-text", "body-empty", "content-type")
_PASSED = [
    "status",
    "headers",
    "body",
    "error-class",
    "deprecation",
    "cassette-origin",
    "cassette-age",
    "business.rule",
]


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder), args.rounds)


def _measure(folder: Path, rounds: int) -> int:
    small, large, huge = (_reports(folder, count) for count in (500, LARGE, HUGE))
    provendor = str(BIN / "provendor")
    contenders = [
        Contender(f"provendor report, {count} results", [provendor, "report", "--reports", str(reports)], folder)
        for count, reports in ((500, small), (LARGE, large), (HUGE, huge))
    ]
    proofs = list(_proofs(folder))
    take_turns([contenders[1], *proofs], rounds)
    take_turns([contenders[0], contenders[2]], 3)
    none, left = (median(proof.cpu_s) for proof in proofs)
    growth = (contenders[2].peak - contenders[0].peak) * 1024 / (HUGE - 500)
    size = (large / "index.html").stat().st_size
    goals = [
        Goal("provendor report, 5000 results", contenders[1].median, 1.5, unit="s"),
        Goal("the same, time on a processor", median(contenders[1].cpu_s), 1.2, unit="s"),
        Goal("index.html of 5000 results", size / 1e6, 3.0, unit="MB"),
        Goal("the same per result", size / LARGE / 1000, 0.6, unit="KB"),
        Goal("index.html of 50,000 results", (huge / "index.html").stat().st_size / 1e6, 3.0, unit="MB"),
        Goal("peak memory per result, from 500 to 50,000", growth, 3.0, unit="KB"),
        # On a processor: the pages of earlier rounds are still being written while the next proof runs.
        Goal("a proof that leaves its page to a process / one without", left / none, 1.05),
    ]
    return report([*contenders, *proofs], [*goals, *_in_a_browser(large, huge, rounds)])


def _proofs(folder: Path) -> Iterator[Contender]:
    """Yield the proof of one case without a page, and with one that is left to another process."""
    suite = folder / "one"
    generate.write(suite, 1)
    command = [str(BIN / "provendor"), "prove", "--now", "2026-11-20"]
    yield Contender("provendor prove, one case, no page", ["env", "PROVENDOR_NO_PAGE=1", *command], suite)
    yield Contender("the same, page left to a process", ["env", "-u", "PROVENDOR_NO_PAGE", *command], suite)


def _in_a_browser(large: Path, huge: Path, rounds: int) -> Iterator[Goal]:
    """Yield how long it takes until something can be read, and how long filtering takes; nothing without a browser."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        print("no Chromium here: what a browser does with the page is not measured", file=sys.stderr)
        return
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=arguments)
        for reports, name in ((large, "5000"), (huge, "50,000")):
            paints, filters = [], []
            for _ in range(rounds):
                page = chromium.new_page()
                page.goto((reports / "index.html").as_uri())
                paints.append(page.evaluate(_PAINT) / 1000)
                filters.append(page.evaluate(_FILTER) / 1000)
                page.close()
            yield Goal(f"first contentful paint, {name} results", median(paints), 1.0, unit="s")
            yield Goal(f"filtering by a word, {name} results", median(filters), 0.5, unit="s")
        chromium.close()


_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
    const paint = list.getEntriesByName('first-contentful-paint')[0];
    if (paint) resolve(paint.startTime);
}).observe({ type: 'paint', buffered: true }))"""

_FILTER = """async () => {
    const field = document.getElementById('f-text'), count = document.getElementById('f-count');
    const before = count.value, start = performance.now();
    field.value = 'case-1';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    while (count.value === before) await new Promise((resolve) => setTimeout(resolve, 1));
    return performance.now() - start - 80;  // how long the page waits for more letters
}"""


# --- evidence ---------------------------------------------------------------------------------------------------------


def _reports(folder: Path, count: int) -> Path:
    reports = folder / str(count)
    reports.mkdir()
    head = {
        "type": "run", "schema_version": 2, "id": "20261120T100000Z-aaaaaa", "started_at": "2026-11-20T10:00:00.000Z",
        "command": "prove", "mode": "replay", "selectors": [], "now": "2026-11-20", "git_commit": "a" * 40,
        "digests": {"vendors": {}, "checks": None}, "tools": {"provendor": "0"}, "vendors": {},
    }  # fmt: skip
    end = {"type": "end", "interrupted": False, "ended_at": "2026-11-20T10:00:09.000Z", "duration_ms": 9000.0}
    with (reports / "run.jsonl").open("w", encoding="utf-8") as lines:
        for record in chain([head], map(_result, range(count)), [end]):
            lines.write(json.dumps(record, separators=(",", ":")) + "\n")
    return reports


def _result(number: int) -> dict[str, Any]:
    vendor, operation, case = f"vendor-{number % 12:02}", f"things.list_{number // 12 % 40}", f"case-{number}"
    path = f"cassettes/{vendor}/{operation}/{case}.yaml"
    record = {
        "type": "result", "id": f"{vendor}/{operation}:{case}", "vendor": vendor, "operation": operation, "case": case,
        "outcome": "pass", "reason": None, "expected": False, "contract": f"contracts/{vendor}/things.yaml:{number}",
        "error": None, "source": "recorded", "started_at": "2026-11-20T10:00:00.000Z", "duration_ms": 0.4,
        "status": 200, "elapsed_ms": None, "passed": _PASSED,
        "recording": {
            "path": path, "origin": "documented", "source": "https://docs.example/things/list?version=2026-10",
            "at": "2026-11-10", "api_version": "1", "environment": None, "digest": "0" * 64,
        },
        "request": {"method": "GET", "url": f"https://{vendor}.example/v1/things", "query": [["page", str(number)]]},
        "verdicts": [
            {"check": name, "outcome": "skip", "reason": f"the contract says nothing about {name}", "findings": []}
            for name in _SILENT
        ],
    }  # fmt: skip
    return record | _no_pass() if number % 50 == 7 else record


def _no_pass() -> dict[str, Any]:
    """Return what a failure has besides: a finding, and the exchange with two kilobytes of JSON."""
    body = json.dumps({"items": [{"id": n, "name": f"thing {n}", "price": "9.99"} for n in range(45)]})
    finding = {
        "code": "body-schema", "level": "fail", "at": "/items/7/price", "key": "schemas/thing.yaml#/price/type",
        "expected": "number", "actual": 'string "9.99"',
    }  # fmt: skip
    exchange = {
        "request_headers": [["Accept", "application/json"], ["Authorization", "Bearer <api_key>"]], "request_body": "",
        "response_headers": [["Content-Type", "application/json"]], "body": body, "body_truncated": False,
        "body_bytes": len(body),
    }  # fmt: skip
    verdict = {"check": "body", "outcome": "fail", "reason": None, "findings": [finding]}
    return {"outcome": "fail", "verdicts": [verdict], "exchange": exchange}


if __name__ == "__main__":
    sys.exit(main())
