"""Evidence is on disk as soon as a result is finished, and nothing that happens later takes it away."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from builders import a_case
from provendor import evidence
from provendor.evidence import Evidence, RunInfo
from provendor.redaction.redact import Redactor
from provendor.retention import KEPT_RUNS
from provendor.run import Result
from provendor.verdict import Outcome, Verdict

SCHEMA = json.loads(Path(evidence.__file__).with_name("run.schema.json").read_text())


def a_run(**changes: Any) -> RunInfo:
    given: dict[str, Any] = {
        "command": "prove",
        "selectors": (),
        "now": "2026-11-20",
        "vendors": {"acme": "0" * 64},
        "checks": None,
        "commit": None,
        "tools": {"provendor": "0"},
    }
    return RunInfo(**(given | changes))


def a_result(name: str = "ok", outcome: str = "pass") -> dict[str, Any]:
    return {
        "id": f"acme/users.get:{name}",
        "vendor": "acme",
        "operation": "users.get",
        "case": name,
        "outcome": outcome,
        "reason": None,
        "expected": False,
        "contract": "contracts/acme/users.yaml:3",
        "error": None,
        "source": "recorded",
        "recording": None,
        "started_at": "2026-11-20T10:00:00.000Z",
        "duration_ms": 0.1,
        "status": 200,
        "elapsed_ms": None,
        "passed": ["status"],
        "verdicts": [],
    }


def results_in(path: Path) -> Iterator[dict[str, Any]]:
    return (record for record in evidence.read(path) if record["type"] == "result")


def test_a_result_can_be_read_as_soon_as_it_is_added(tmp_path: Path) -> None:
    """Nothing waits in a buffer."""
    written = Evidence(tmp_path, a_run())

    written.add(a_result())

    assert [record["id"] for record in results_in(tmp_path / "run.jsonl")] == ["acme/users.get:ok"]
    written.close()


def test_a_finished_run_is_one_document_that_keeps_to_its_schema(tmp_path: Path) -> None:
    """run.json holds the run, its summary and every result."""
    written = Evidence(tmp_path, a_run())
    written.add(a_result())
    written.add(a_result("denied", "fail"))

    whole = json.loads(written.close().read_text())

    KEEPS_TO_SCHEMA.validate(whole)
    assert whole["summary"]["counts"] == {"pass": 1, "warn": 0, "fail": 1, "error": 0, "skip": 0}
    assert (whole["summary"]["outcome"], whole["summary"]["exit_code"]) == ("fail", 1)
    assert [result["case"] for result in whole["results"]] == ["ok", "denied"]


def test_a_run_without_results_is_empty_and_not_a_pass(tmp_path: Path) -> None:
    """Nothing ran is not a pass."""
    summary = json.loads(Evidence(tmp_path, a_run()).close().read_text())["summary"]

    assert (summary["outcome"], summary["exit_code"]) == ("empty", 4)


def test_a_finished_run_leaves_nothing_but_its_reports(tmp_path: Path) -> None:
    """No scratch file stays behind, also after several runs."""
    for _ in range(2):
        run = Evidence(tmp_path, a_run())
        run.add(a_result())
        run.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json", "run.jsonl", "runs"]
    assert {path.name for path in (tmp_path / "runs").glob("*/*")} == {"run.json", "run.jsonl"}


def test_two_runs_at_once_do_not_mix(tmp_path: Path) -> None:
    """Each run keeps its own lines, whoever ends first."""
    first, second = Evidence(tmp_path, a_run()), Evidence(tmp_path, a_run())
    threads = [
        threading.Thread(target=lambda run=run, name=name: [run.add(a_result(name)) for _ in range(200)])
        for run, name in ((first, "one"), (second, "two"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {r["case"] for r in json.loads(first.close().read_text())["results"]} == {"one"}
    assert {r["case"] for r in json.loads(second.close().read_text())["results"]} == {"two"}


def test_the_previous_document_stays_until_the_next_run_ends(tmp_path: Path) -> None:
    """run.json is never missing and never half of something."""
    earlier = Evidence(tmp_path, a_run())
    earlier.add(a_result("earlier"))
    earlier.close()

    later = Evidence(tmp_path, a_run())
    later.add(a_result("later"))

    assert json.loads((tmp_path / "run.json").read_text())["results"][0]["case"] == "earlier"
    later.close()
    assert json.loads((tmp_path / "run.json").read_text())["results"][0]["case"] == "later"


def test_only_the_newest_runs_are_kept(tmp_path: Path) -> None:
    """The folder does not grow for ever."""
    for _ in range(KEPT_RUNS + 3):
        Evidence(tmp_path, a_run()).close()

    assert len(list((tmp_path / "runs").iterdir())) == KEPT_RUNS


def test_the_runs_of_the_last_releases_are_kept_beyond_that(tmp_path: Path) -> None:
    """So that there is something to compare with: the newest whole run on each of two commits."""
    tags = tmp_path / ".git" / "refs" / "tags"
    tags.mkdir(parents=True)
    for number in (1, 2, 3):
        (tags / f"v{number}").write_text(f"{number}" * 40)
    reports = tmp_path / "reports"
    ids: dict[str, str] = {}
    for name, commit, selectors in (
        ("first", "1", ()), ("second", "2", ()), ("part", "3", ("acme",)), ("old", "3", ()), ("third", "3", ()),
    ):  # fmt: skip
        run = Evidence(reports, a_run(commit=commit * 40, selectors=selectors))
        ids[name] = f"20200101T00000{len(ids)}Z-aaaaaa"
        run.close()
        (reports / "runs" / run.run_id).rename(reports / "runs" / ids[name])

    for _ in range(KEPT_RUNS):
        Evidence(reports, a_run()).close()

    kept = {path.name for path in (reports / "runs").iterdir()}
    assert {name for name, id_ in ids.items() if id_ in kept} == {"second", "third"}
    assert len(kept) == KEPT_RUNS + 2


def test_the_runs_of_a_prober_take_away_no_others(tmp_path: Path) -> None:
    """It begins one every hour; the newest of each mode are kept."""
    proof = Evidence(tmp_path, a_run())
    proof.close()
    for _ in range(KEPT_RUNS + 2):
        Evidence(tmp_path, a_run(command="probe", mode="probe")).close()

    kept = {path.name for path in (tmp_path / "runs").iterdir()}
    assert proof.run_id in kept
    assert len(kept) == KEPT_RUNS + 1


def test_runs_in_which_something_failed_live_are_kept_longer(tmp_path: Path) -> None:
    """A prober begins a run every hour, and somebody comes back from a weekend."""
    failed = Evidence(tmp_path, a_run(command="probe", mode="probe"))
    failed.add({**a_result(outcome="fail"), "kept": {"text": "version: 1\n", "why": None}})
    failed.close()
    passed = Evidence(tmp_path, a_run(command="probe", mode="probe"))
    passed.close()
    for number, run in enumerate((passed, failed)):  # whatever the second in which they began
        (tmp_path / "runs" / run.run_id).rename(tmp_path / "runs" / f"20200101T00000{number}Z-aaaaaa")
    for _ in range(KEPT_RUNS):
        Evidence(tmp_path, a_run(command="probe", mode="probe")).close()

    kept = {path.name for path in (tmp_path / "runs").iterdir()}
    assert "20200101T000001Z-aaaaaa" in kept
    assert "20200101T000000Z-aaaaaa" not in kept


def test_a_run_that_was_killed_is_kept_no_longer_than_others(tmp_path: Path) -> None:
    """It says nowhere that it has ended; one that may still go on is left alone."""
    killed, going_on = Evidence(tmp_path, a_run()), Evidence(tmp_path, a_run())
    os.utime(killed.lines, (0, 0))
    for name, run in (("20200101T000000Z-killed", killed), ("20200101T000001Z-goes", going_on)):
        run.lines.parent.rename(tmp_path / "runs" / name)

    for _ in range(KEPT_RUNS):
        Evidence(tmp_path, a_run()).close()

    assert [path.name for path in (tmp_path / "runs").iterdir() if path.name.startswith("2020")] == [
        "20200101T000001Z-goes"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="files cannot be kept from growing here")
def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written when there is room again stands on a line of its own."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # Python would leave half of it where the disk is full
    written = Evidence(tmp_path, a_run())
    written.add(a_result("first"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written.lines.stat().st_size + 10, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            written.add(a_result("lost"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    written.add(a_result("second"))

    assert [record["case"] for record in json.loads(written.close().read_bytes())["results"]] == ["first", "second"]


def test_a_torn_last_line_hides_no_other(tmp_path: Path) -> None:
    """What a full disk or a power cut left half-written is passed over."""
    lines = tmp_path / "run.jsonl"
    lines.write_bytes(json.dumps({"type": "result", **a_result()}).encode() + b'\n{"type":"res')

    assert len(list(results_in(lines))) == 1


def test_text_that_no_encoding_can_hold_is_still_written(tmp_path: Path) -> None:
    """A lone surrogate in a vendor's text does not lose the result."""
    written = Evidence(tmp_path, a_run())
    written.add(a_result() | {"reason": "half a pair: \ud83d"})

    assert json.loads(written.close().read_bytes())["results"][0]["reason"].startswith("half a pair")


WRITER = """
import json, sys
from pathlib import Path
from provendor.evidence import Evidence, RunInfo
folder, info, result = Path(sys.argv[1]), RunInfo(**json.loads(sys.argv[2])), json.loads(sys.argv[3])
while True:
    run = Evidence(folder, info)
    for number in range(40):
        run.add(result)
        print(run.run_id, number, flush=True)
    run.close()
"""
KEEPS_TO_SCHEMA = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


@pytest.mark.parametrize("seed", range(10))
def test_a_kill_at_any_moment_loses_no_finished_result(tmp_path: Path, seed: int) -> None:
    """Fifty kills in all: what was reported as finished is in the evidence, and every file can be read."""
    moment = random.Random(seed)
    for _ in range(5):
        finished = kill_a_writer_after(tmp_path, moment.randrange(1, 130))
        for run_id, number in finished.items():
            path = tmp_path / "runs" / run_id / "run.jsonl"
            if path.exists():  # old finished runs are removed on purpose
                assert len(list(results_in(path))) >= number + 1
        assert list(evidence.read(tmp_path / "run.jsonl"))
        for whole in tmp_path.rglob("run.json"):
            KEEPS_TO_SCHEMA.validate(json.loads(whole.read_text()))


def kill_a_writer_after(folder: Path, lines: int) -> dict[str, int]:
    """Start a process that writes run after run, kill it after so many results; return the last one of each run."""
    command = [
        sys.executable,
        "-c",
        WRITER,
        str(folder),
        json.dumps(a_run(readiness={})._asdict()),
        json.dumps(a_result()),
    ]
    finished: dict[str, int] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(lines):
            run_id, number = writer.stdout.readline().split()
            finished[run_id] = int(number)
        writer.send_signal(signal.SIGKILL)
    return finished


def test_a_reports_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    """A file in the way is an OSError that names it, not a run without evidence."""
    (tmp_path / "runs").write_text("in the way")

    with pytest.raises(OSError, match="runs"):
        Evidence(tmp_path, a_run())


def fields_of(schema: Any) -> Iterator[str]:
    """Yield the name of every field that a schema describes."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for below in schema.values():
            yield from fields_of(below)
    elif isinstance(schema, list):
        for below in schema:
            yield from fields_of(below)


def test_every_field_of_a_run_is_in_the_reference() -> None:
    """docs/reference/run-json.md names them all."""
    reference = (Path(__file__).parents[1] / "docs/reference/run-json.md").read_text("utf-8")

    missing = [field for field in sorted(set(fields_of(SCHEMA))) if f"`{field}`" not in reference]
    assert missing == []


def test_what_is_learned_late_is_taken_out_of_what_was_written_before():
    """A verdict that was met while nobody knew the value is not repeated as it was then; nor is another's shown to it."""
    verdict = Verdict("told", Outcome.SKIP, (), "the session is s3ss10n-t0ken")
    result = Result(a_case(), Outcome.SKIP, (verdict,), 0.0, 0.0)
    ours, others = Redactor(), Redactor()

    before = evidence.result_json(result, ours)["verdicts"]
    ours.know({"session": "s3ss10n-t0ken"})

    assert before == evidence.result_json(result, others)["verdicts"]
    assert [each["reason"] for each in before] == ["the session is s3ss10n-t0ken"]
    assert [each["reason"] for each in evidence.result_json(result, ours)["verdicts"]] == ["the session is <session>"]
