"""The evidence that a pytest run leaves."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import provendor
from pytest_suites import DAY, FAILS, PASSES, WARNS, Answer, a_check, a_suite, evidence_of, outcomes_of

NOW = f"--provendor-now={DAY}"
SCHEMA = json.loads((Path(provendor.__file__).parent / "run.schema.json").read_text())


def test_what_was_asked_for_is_kept(pytester):
    """Paths given to pytest are the run's selectors."""
    a_suite(pytester.path)

    pytester.runpytest(NOW, "contracts/weather").assert_outcomes(passed=1)

    assert evidence_of(pytester.path)["run"]["selectors"] == ["contracts/weather"]


def test_how_each_vendor_stands_is_kept(pytester, monkeypatch):
    """Which credentials are there by name; no value is written down."""
    monkeypatch.setenv("WEATHER_KEY", "k3y-of-ours")
    a_suite(pytester.path)

    pytester.runpytest(NOW, "contracts/weather").assert_outcomes(passed=1)

    stands = evidence_of(pytester.path)["run"]["vendors"]["weather"]
    assert stands["credentials"] == [{"env": "WEATHER_KEY", "name": "key", "present": True}]
    assert "k3y-of-ours" not in json.dumps(stands)


def test_a_session_leaves_a_page(pytester, monkeypatch):
    """Written before it ends where nothing may outlive it, and named in the terminal."""
    monkeypatch.delenv("PROVENDOR_NO_PAGE")
    monkeypatch.setenv("CI", "true")
    a_suite(pytester.path, {"ok": PASSES, "bad": FAILS})

    result = pytester.runpytest(NOW, "contracts")

    result.stdout.fnmatch_lines(["page: reports/index.html"])
    assert "NO-GO" in (pytester.path / "reports" / "index.html").read_text("utf-8")


def test_a_page_that_fails_turns_no_session_red(pytester, monkeypatch):
    """It is said in the section of provendor."""
    monkeypatch.delenv("PROVENDOR_NO_PAGE")
    monkeypatch.setenv("CI", "true")
    a_suite(pytester.path)
    (pytester.path / "reports" / "index.html").mkdir(parents=True)

    result = pytester.runpytest(NOW, "contracts")

    assert result.ret == 0
    result.stdout.fnmatch_lines(["*the page could not be written*"])


def test_many_warnings_do_not_bury_the_rest(pytester):
    """Those with one cause are one row."""
    a_suite(pytester.path, {f"old{number}": WARNS for number in range(33)})

    result = pytester.runpytest(NOW)

    result.stdout.fnmatch_lines(["warn  weather, 33 cases", "*age*", "33 cases: 33 warn*"])
    assert result.stdout.str().count("warn  ") == 1


def test_a_run_that_stops_early_says_so(pytester):
    """After `-x` the evidence is marked as interrupted."""
    a_suite(pytester.path, {"odd": FAILS, "ok": PASSES})

    pytester.runpytest(NOW, "-x", "-p", "no:randomly").assert_outcomes(failed=1)

    assert evidence_of(pytester.path)["summary"]["interrupted"] is True


def test_ctrl_c_keeps_every_finished_result(pytester):
    """An interrupted run closes its evidence."""
    a_suite(pytester.path, {"ok": PASSES, "second": PASSES})
    pytester.makeconftest(
        """
        def pytest_runtest_setup(item):
            if item.name == "second":
                raise KeyboardInterrupt
        """
    )

    result = pytester.runpytest_subprocess(NOW, "-p", "no:randomly")

    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert outcomes_of(pytester.path) == {"ok": "pass"}
    assert evidence_of(pytester.path)["summary"]["interrupted"] is True


def test_a_case_whose_process_dies_has_a_result(pytester):
    """A crash that takes the worker with it is an error of the case, not a gap."""
    a_suite(pytester.path, {"ok": PASSES, "deadly": Answer(body="Bergen")})
    a_check(pytester.path, 'import os\nif exchange.json["city"] == "Bergen": os._exit(3)')

    result = pytester.runpytest_subprocess(NOW, "-n", "2")

    result.assert_outcomes(passed=1, failed=1)
    assert outcomes_of(pytester.path) == {"ok": "pass", "deadly": "error"}
    assert codes_of(pytester.path) == ["not-judged"]
    jsonschema.validate(evidence_of(pytester.path), SCHEMA)


def test_a_case_that_a_hook_breaks_is_an_error(pytester):
    """What could not be asked is not a pass."""
    a_suite(pytester.path)
    pytester.makeconftest("def pytest_runtest_setup(item):\n    raise RuntimeError('no')\n")

    result = pytester.runpytest(NOW)

    result.assert_outcomes(errors=1)
    assert outcomes_of(pytester.path) == {"ok": "error"}
    assert codes_of(pytester.path) == ["not-judged"]


def test_the_folder_is_an_option(pytester):
    """`--provendor-report` puts the evidence elsewhere."""
    a_suite(pytester.path)

    result = pytester.runpytest(NOW, "--provendor-report=build/proof")

    result.stdout.fnmatch_lines(["evidence: build/proof/run.json"])
    assert (pytester.path / "build" / "proof" / "run.jsonl").exists()
    assert not (pytester.path / "reports").exists()


def test_evidence_that_cannot_be_written_fails_the_session(pytester):
    """No traceback, and no success without proof."""
    a_suite(pytester.path)
    (pytester.path / "reports").write_text("a file is in the way")

    result = pytester.runpytest(NOW)

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["the evidence cannot be written: *"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert result.ret == 3


def test_the_cache_is_kept_beside_the_contracts_and_can_be_left_out(pytester):
    """Parsed files are kept for the next run, unless nobody wants that."""
    a_suite(pytester.path)

    pytester.runpytest(NOW, "--provendor-no-cache").assert_outcomes(passed=1)
    assert not (pytester.path / ".provendor").exists()

    pytester.runpytest(NOW).assert_outcomes(passed=1)
    assert list((pytester.path / ".provendor" / "cache").iterdir())


def test_a_changed_cassette_is_not_answered_from_the_cache(pytester):
    """The cache goes by content: what changed is read anew."""
    a_suite(pytester.path)
    pytester.runpytest(NOW).assert_outcomes(passed=1)

    a_suite(pytester.path, {"ok": FAILS})

    pytester.runpytest(NOW).assert_outcomes(failed=1)


def codes_of(root):
    """The codes of all findings in run.json."""
    verdicts = [verdict for result in evidence_of(root)["results"] for verdict in result["verdicts"]]
    return [finding["code"] for verdict in verdicts for finding in verdict["findings"]]
