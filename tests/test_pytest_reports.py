"""JUnit and pytest-html: what they say about a case, in one process and in several."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pytest_suites import CANNOT_TELL, DAY, FAILS, PASSES, PENDING, Answer, a_suite

NOW = f"--provendor-now={DAY}"
ALL = {"ok": PASSES, "odd": FAILS, "unseen": CANNOT_TELL, "later": Answer(body=7, keys=PENDING)}
HOW = pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["one-process", "two-workers"])


@HOW
def test_junit_tells_each_case_by_its_properties(pytester, words):
    """Vendor, operation, case, origin, outcome and codes, once per case."""
    a_suite(pytester.path, ALL)

    pytester.runpytest_subprocess(NOW, "--junit-xml=junit.xml", *words)

    found = {case.get("name"): properties_of(case) for case in ET.parse("junit.xml").iter("testcase")}
    same = {"vendor": "weather", "operation": "forecast.get", "origin": "documented"}
    assert found == {
        "ok": {**same, "case": "ok", "outcome": "pass", "findings": ""},
        "odd": {**same, "case": "odd", "outcome": "fail", "findings": "body-schema"},
        "unseen": {**same, "case": "unseen", "origin": "unknown", "outcome": "error", "findings": "cassette-missing"},
        "later": {**same, "case": "later", "outcome": "warn", "findings": "body-schema"},
    }


@HOW
def test_junit_counts_an_expected_failure_as_skipped(pytester, words):
    """Dashboards see one failure per broken case, none for what is pending."""
    a_suite(pytester.path, ALL)

    pytester.runpytest_subprocess(NOW, "--junit-xml=junit.xml", *words)

    suite = next(ET.parse("junit.xml").iter("testsuite"))
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
    }


@HOW
def test_html_has_columns_for_vendor_origin_outcome_and_findings(pytester, words):
    """Each case has its row, and a Python test has the columns empty."""
    a_suite(pytester.path, ALL)
    pytester.makepyfile("def test_plain():\n    pass\n")

    pytester.runpytest_subprocess(NOW, "--html=report.html", "--self-contained-html", *words)

    rows = rows_of(Path("report.html"))
    assert [rows[name][2:5] for name in ("ok", "odd", "unseen", "later", "test_plain")] == [
        ["weather", "documented", "pass"],
        ["weather", "documented", "fail"],
        ["weather", "unknown", "error"],
        ["weather", "documented", "warn"],
        ["", "", ""],
    ]
    assert rows["odd"][5] == "body-schema at /city: expected string, got integer 7"
    assert rows["ok"][5] == ""
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", Path("report.html").read_text())
    assert heads[:6] == ["Result", "Test", "Vendor", "Origin", "Outcome", "Findings"]


@HOW
def test_hostile_answers_stay_text_in_html(pytester, words):
    """Nothing that a vendor sent becomes an element of the page, neither in a cell nor in the log."""
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)></td></tr>'
    a_suite(pytester.path, {"odd": Answer(body=hostile), "worse": Answer(body=f"<body>{hostile}".encode())})

    pytester.runpytest_subprocess(NOW, "--html=report.html", "--self-contained-html", *words)

    for test in entries_of(Path("report.html")):
        shown = "".join(test["resultsTableRow"])
        assert elements_of(shown) <= {"td", "br"}, shown
        assert elements_of(test["log"]) <= {"br", "span"}, test["log"]
    assert hostile not in Path("report.html").read_text()
    assert "alert(1)" in "".join(rows_of(Path("report.html"))["odd"])


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
    parser.handle_starttag = lambda tag, _: found.add(tag)  # type: ignore[method-assign]
    parser.feed(text)
    return found
