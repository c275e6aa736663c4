"""JUnit, pytest-html and evidence of one mixed session, which are the same from one process and from two workers."""

from __future__ import annotations

import ast
import html
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

import provendor
from pytest_suites import CANNOT_TELL, DAY, FAILS, PASSES, PENDING, WARNS, Answer, a_check, a_suite, evidence_of

NOW = f"--provendor-now={DAY}"

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)></td></tr>'
CASES = {
    "ok": PASSES,
    "odd": FAILS,
    "unseen": CANNOT_TELL,
    "old": WARNS,
    "later": Answer(body=7, keys=PENDING),
    "hostile": Answer(body=HOSTILE),
    "garbled": Answer(body=f"<body>{HOSTILE}".encode()),
    "half": Answer(body="half a character"),
}
OUTCOMES = {
    "ok": "pass",
    "odd": "fail",
    "unseen": "error",
    "old": "warn",
    "later": "warn",
    "hostile": "fail",
    "garbled": "fail",
    "half": "fail",
}
OTHERS = """
def pytest_collection_modifyitems(items):
    for item in items:
        if item.name == "odd":
            item.user_properties.append(("ticket", {"number": 7, "of": ("shop",)}))

def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.stats["failed"]:
        if "forecast.get" in report.nodeid:
            told = [report.location, report.user_properties, sorted(report.keywords)]
            terminalreporter.write_line(f"report of {report.nodeid.rpartition('::')[2]}: {told!r}")
"""
SCHEMA = json.loads((Path(provendor.__file__).parent / "run.schema.json").read_text())


@dataclass(frozen=True)
class Session:
    """A finished session: its folder and what it printed."""

    root: Path
    printed: str


@pytest.fixture(scope="module", params=[(), ("-n", "2")], ids=["one-process", "two-workers"])
def session(request, tmp_path_factory) -> Session:
    """One session with a case of every kind, a second vendor, a check of the business and a Python test."""
    root = tmp_path_factory.mktemp("session")
    a_suite(root, CASES)
    a_suite(root, vendor="other")
    a_check(root, 'assert b"half" not in exchange.body, "\\ud800"')
    (root / "test_plain.py").write_text("def test_plain():\n    pass\n")
    (root / "conftest.py").write_text(OTHERS)
    reports = ("--junit-xml=junit.xml", "--html=report.html", "--self-contained-html")
    command = [sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", "-p", "no:anyio", NOW, *reports]
    done = subprocess.run([*command, *request.param], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return Session(root, done.stdout)


def test_every_case_has_one_result_in_the_evidence(session):
    """run.jsonl and run.json hold each case once, and the document honours its schema."""
    run = evidence_of(session.root)
    kinds = [json.loads(line)["type"] for line in (session.root / "reports" / "run.jsonl").read_text().splitlines()]

    jsonschema.validate(run, SCHEMA)
    assert {each["case"]: each["outcome"] for each in run["results"] if each["vendor"] == "weather"} == OUTCOMES
    assert len(run["results"]) == len(CASES) + 1
    assert (run["summary"]["exit_code"], run["summary"]["interrupted"]) == (1, False)
    assert kinds == ["run", *["result"] * (len(CASES) + 1), "end"]


def test_the_evidence_says_what_was_judged(session):
    """Driver, day, and the digests of contracts and checks, also where other processes read them."""
    run = evidence_of(session.root)["run"]

    assert (run["command"], run["now"], run["selectors"]) == ("pytest", DAY, [])
    assert set(run["digests"]["vendors"]) == {"weather", "other"}
    assert len(run["digests"]["checks"]) == 64


def test_the_summary_counts_and_names_the_evidence(session):
    """The section at the end has what warned, counts, origins, and where the evidence is."""
    section = session.printed.partition("= provendor =")[2].partition("= short test summary")[0].splitlines()

    assert sorted(line.split("  ")[1] for line in section if line.startswith("warn")) == [
        "weather/forecast.get:later",
        "weather/forecast.get:old",
    ]
    assert "9 cases: 2 pass, 2 warn, 4 fail, 1 error; answers: 8 documented" in section
    assert "evidence: reports/run.json" in section


def test_junit_tells_each_case_by_its_properties(session):
    """Vendor, operation, case, origin, outcome and codes, once per case."""
    tree = ET.parse(session.root / "junit.xml")
    found = [properties_of(case) for case in tree.iter("testcase") if case.get("name") != "test_plain"]
    told = {each["case"]: each for each in found if each["vendor"] == "weather"}

    assert len(found) == len(CASES) + 1
    assert {name: each["outcome"] for name, each in told.items()} == OUTCOMES
    assert told["odd"] == {
        "ticket": "{'number': 7, 'of': ('shop',)}",
        "vendor": "weather",
        "operation": "forecast.get",
        "case": "odd",
        "origin": "documented",
        "outcome": "fail",
        "findings": "body-schema",
    }
    assert told["ok"]["findings"] == ""
    assert (told["unseen"]["origin"], told["unseen"]["findings"]) == ("unknown", "cassette-missing")


def test_other_plugins_find_reports_as_of_any_test(session):
    """Place, keywords, and properties of every kind, as pytest and they themselves have put them there."""
    reports = dict(re.findall(r"^report of (\w+): (.*)$", session.printed, re.MULTILINE))
    place, properties, keywords = ast.literal_eval(reports["odd"])

    assert place == ("contracts/weather/forecast.yaml", place[1], "weather/forecast.get:odd")
    assert properties[:2] == [("ticket", {"number": 7, "of": ("shop",)}), ("vendor", "weather")]
    assert {"odd", "forecast.get", "vendor_weather", "contract", "live"} <= set(keywords)
    assert ast.literal_eval(reports["hostile"])[1][0] == ("vendor", "weather")


def test_junit_counts_an_expected_failure_as_skipped(session):
    """Dashboards see one failure per broken case, none for what is pending."""
    suite = next(ET.parse(session.root / "junit.xml").iter("testsuite"))

    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["10", "5", "0", "1"]


def test_html_has_columns_for_vendor_origin_outcome_and_findings(session):
    """Each case has its row, and a Python test has the columns empty."""
    page = session.root / "report.html"
    rows = rows_of(page)

    assert [rows[name][2:5] for name in ("odd", "unseen", "later", "test_plain")] == [
        ["weather", "documented", "fail"],
        ["weather", "unknown", "error"],
        ["weather", "documented", "warn"],
        ["", "", ""],
    ]
    assert rows["odd"][5] == "body-schema at /city: expected string, got integer 7"
    assert rows["test_plain"][5] == ""
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", page.read_text())
    assert heads[:6] == ["Result", "Test", "Vendor", "Origin", "Outcome", "Findings"]


def test_html_counts_in_our_words(session):
    """For pytest a warning has passed, and an error has failed."""
    page = (session.root / "report.html").read_text()

    assert "<p>9 cases: 2 pass, 2 warn, 4 fail, 1 error; answers: 8 documented</p>" in page


def test_hostile_answers_stay_text_in_html(session):
    """Nothing that a vendor sent becomes an element of the page, neither in a cell nor in the log."""
    page = session.root / "report.html"

    for entry in entries_of(page):
        shown = "".join(entry["resultsTableRow"])
        assert elements_of(shown) <= {"td", "br"}, shown
        assert elements_of(entry["log"]) <= {"br", "span"}, entry["log"]
    assert HOSTILE not in page.read_text()
    assert "alert(1)" in "".join(rows_of(page)["hostile"])


def test_hostile_answers_stay_text_in_junit(pytester):
    """Control characters and markup do not break the file."""
    a_suite(pytester.path, {"odd": Answer(body=["]]>\u0000\u001b<evil/>&"])})

    pytester.runpytest(NOW, "--junit-xml=junit.xml")

    tree = ET.parse("junit.xml")
    assert not list(tree.iter("evil"))
    assert next(tree.iter("failure")).text is not None


def test_a_collection_error_has_its_row_in_html(pytester):
    """A broken contract is in the report, with all its problems."""
    a_suite(pytester.path).write_text("operations: <b>7</b>\n")

    pytester.runpytest(NOW, "--html=report.html", "--self-contained-html")

    (first, *_) = entries_of(Path("report.html"))
    assert "forecast.yaml:1" in html.unescape(first["log"])


def test_reports_are_the_same_without_pytest_html(pytester):
    """The report plugin is optional."""
    a_suite(pytester.path)

    pytester.runpytest(NOW, "-p", "no:html", "-p", "no:metadata").assert_outcomes(passed=1)


def properties_of(case: ET.Element) -> dict[str, str]:
    pairs = [(str(each.get("name")), str(each.get("value"))) for each in case.iter("property")]
    assert len(pairs) == len(dict(pairs)), "a property is here twice"
    return dict(pairs)


def entries_of(report: Path) -> list[dict[str, Any]]:
    """The tests as the page's script reads them."""
    found = re.search(r'data-jsonblob="([^"]*)"', report.read_text())
    assert found is not None
    tests = json.loads(html.unescape(found[1]))["tests"]
    return [test for runs in tests.values() for test in runs]


def rows_of(report: Path) -> dict[str, list[str]]:
    """The text of each test's cells, by the last part of its id."""
    rows = [
        [html.unescape(re.sub("<[^>]*>", "", cell)) for cell in test["resultsTableRow"]] for test in entries_of(report)
    ]
    return {row[1].rpartition("::")[2]: row for row in rows}


def elements_of(text: str) -> set[str]:
    """The elements that a browser would make of this text."""
    found: set[str] = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.add(tag)  # type: ignore[method-assign]  # noqa: ARG005
    parser.feed(text)
    return found
