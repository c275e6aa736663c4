from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from evidence_files import a_result, a_verdict, an_end
from form_files import HOSTILE, PENDING, hostile_told, mixed, official, told_of
from provendor.reports.forms import Told, junit


def text_of(told: Told) -> str:
    return "".join(junit.render(told))


def parsed(told: Told) -> ET.Element:
    return ET.fromstring(text_of(told))


@pytest.fixture(scope="module")
def schema() -> Any:
    return xmlschema.XMLSchema(str(official("junit-10.xsd")))


def test_each_vendor_is_a_suite_and_each_case_a_test(tmp_path: Path):
    """Counts agree with what is in the suite; what is expected to fail counts as skipped, a warning as passed."""
    suites = list(parsed(told_of(tmp_path, mixed())).iter("testsuite"))

    assert [suite.get("name") for suite in suites] == ["acme", "shop"]
    assert [suites[0].get(name) for name in ("tests", "failures", "errors", "skipped")] == ["6", "1", "1", "2"]
    assert [(case.get("classname"), case.get("name")) for case in suites[1].iter("testcase")] == [
        ("shop.items.list", "ok")
    ]


def test_a_failure_says_which_what_where_and_what_to_type(tmp_path: Path):
    """The first finding is the message, all are the text, and the output has the rest."""
    (failure,) = parsed(told_of(tmp_path, mixed())).iter("failure")
    (case,) = [
        case for case in parsed(told_of(tmp_path / "again", mixed())).iter("testcase") if case.get("name") == "denied"
    ]

    assert failure.attrib == {
        "type": "body-schema",
        "message": 'body-schema at /id: expected integer, got string "7" (and 1 more)',
    }
    assert failure.text == 'body-schema at /id: expected integer, got string "7"\nstatus: expected 200, got 500'
    assert case.findtext("system-out") == (
        "contract: contracts/acme/users.yaml:12\n"
        "request: GET https://acme.example/users/1\n"
        "answer: documented 2026-11-10\n"
        "run it again: provendor prove acme/users.get:denied"
    )


def test_other_outcomes_keep_their_own_words(tmp_path: Path):
    """An error is no failure, what is foreseen says until when, and a warning stays readable."""
    tree = parsed(told_of(tmp_path, mixed()))

    assert next(tree.iter("error")).attrib == {
        "type": "cassette-missing",
        "message": "cassette-missing: expected an answer, got no file",
    }
    assert [each.attrib for each in tree.iter("skipped")] == [
        {"type": "pending", "message": PENDING},
        {"type": "skip", "message": "not asked"},
    ]
    (warned,) = [case for case in tree.iter("testcase") if case.get("name") == "old"]
    assert (warned.findtext("system-out") or "").startswith(
        "warn: cassette-age: expected at most 365 days old, got 400 days old\n"
    )


def test_the_run_is_known_by_its_properties(tmp_path: Path):
    """Which, how, of what commit, and the verdict on it."""
    suite = next(parsed(told_of(tmp_path, mixed(), git_commit="abc")).iter("testsuite"))

    told = {str(each.get("name")): each.get("value") for each in suite.iter("property")}
    assert told == {
        "run": "20261120T100000Z-aaaaaa", "mode": "replay", "command": "prove", "commit": "abc", "day": "2026-11-20",
        "verdict": "NO-GO", "strength": "unknown",
    }  # fmt: skip


def test_what_the_contract_would_catch_stands_with_its_vendor(tmp_path: Path):
    """As far as it was measured."""
    end = an_end(strength={"acme": {"score": 0.985, "killed": 197, "survived": 3}})
    suites = parsed(told_of(tmp_path, mixed(), end=end)).iter("testsuite")

    known = {
        str(suite.get("name")): each.get("value")
        for suite in suites
        for each in suite.iter("property")
        if each.get("name") == "strength"
    }
    assert known.pop("acme") == "0.985"
    assert set(known.values()) == {"unknown"}


@pytest.mark.parametrize("results", [mixed(), [], [a_verdict()]], ids=["mixed", "empty", "unreadable"])
def test_it_honours_the_schema(tmp_path: Path, schema: Any, results: list[dict[str, Any]]):
    """The one that Jenkins publishes."""
    schema.validate(text_of(told_of(tmp_path, results)))


@pytest.mark.parametrize("milliseconds", [float("nan"), float("inf"), -1, 1e300])
def test_a_time_that_is_none_is_left_out(tmp_path: Path, schema: Any, milliseconds: float):
    """Evidence may come from anywhere."""
    text = text_of(told_of(tmp_path, [a_result(duration_ms=milliseconds)]))

    schema.validate(text)
    assert " time=" not in text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(tmp_path: Path, schema: Any, text: str):
    """Nothing becomes an element or breaks the file, and every line can be read."""
    written = text_of(hostile_told(tmp_path, text))

    schema.validate(written)
    tree = ET.fromstring(written)
    assert {each.tag for each in tree.iter()} <= {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    assert all(line.isprintable() for each in tree.itertext() for line in each.split("\n"))
