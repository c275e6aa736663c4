from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from evidence_files import a_failure, a_finding, a_result, a_warning, an_error
from form_files import HOSTILE, PENDING, hostile_told, mixed, told_of
from provendor.reports.forms import Told, workflow


class Command(NamedTuple):
    """A line as GitHub's runner takes it."""

    name: str
    properties: dict[str, str]
    data: str


def understood(line: str) -> Command:
    """Read a line as the runner does: name, properties between commas, data behind the second `::`."""
    assert line.startswith("::")
    head, separator, data = line[2:].partition("::")
    assert separator
    name, _, given = head.partition(" ")
    pairs = dict(each.split("=", 1) for each in given.split(",") if each)
    return Command(name, {key: unescaped(value) for key, value in pairs.items()}, unescaped(data))


def unescaped(text: str) -> str:
    for code, letter in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, letter)
    return text


def commands_of(told: Told) -> list[Command]:
    return [understood(line) for line in "".join(workflow.render(told)).splitlines()]


def test_a_failure_stands_at_the_key_that_objects(tmp_path: Path):
    """File, line, columns, the case for a title, then the finding and what to type."""
    status = a_finding("status", at="", key="status", expected="200", actual="500")
    told = told_of(tmp_path, [{**a_failure("acme/users.get:ok", status), "contract": "contracts/acme/users.yaml:5"}])

    assert commands_of(told) == [
        Command(
            "error",
            {
                "file": "contracts/acme/users.yaml",
                "line": "6",
                "col": "9",
                "endColumn": "15",
                "title": "acme/users.get:ok",
            },
            "status: expected 200, got 500\nrun it again: provendor prove acme/users.get:ok",
        )
    ]


def test_a_run_that_passes_says_nothing(tmp_path: Path):
    """There is nothing to annotate."""
    assert commands_of(told_of(tmp_path, [a_result(), a_result("acme/users.get:never", "skip")])) == []


def test_failures_and_errors_are_errors_and_the_rest_is_warnings(tmp_path: Path):
    """A failure that is foreseen warns, with the day."""
    found = commands_of(told_of(tmp_path, mixed()))

    assert [(each.name, each.properties["title"]) for each in found] == [
        ("error", "acme/users.get:denied"),
        ("error", "acme/users.get:denied"),
        ("error", "acme/users.get:gone"),
        ("warning", "acme/users.get:old"),
        ("warning", "acme/users.get:later"),
    ]
    assert found[-1].data.startswith(PENDING)


def test_cases_that_fail_at_one_line_alike_are_one_annotation(tmp_path: Path):
    """Forty cases that share a schema take one place of ten."""
    found = commands_of(told_of(tmp_path, [a_failure(f"acme/users.get:case-{number}") for number in range(40)]))

    assert [(each.properties["title"], each.data.splitlines()[1]) for each in found] == [
        ("acme/users.get:case-0", "and 39 more cases at this line")
    ]


def test_what_github_would_drop_is_counted(tmp_path: Path):
    """Ten errors and ten warnings of a step are shown; a notice says how many more there are."""
    failures = [a_failure(f"acme/users.get:f{number}", a_finding(f"code-{number}")) for number in range(12)]
    warnings = [a_warning(f"acme/users.get:w{number}", f"age-{number}") for number in range(11)]

    found = commands_of(told_of(tmp_path, [*warnings, *failures]))

    assert [each.name for each in found] == [*["error"] * 10, "notice", *["warning"] * 10, "notice"]
    assert [each.data.partition(":")[0] for each in found if each.name == "notice"] == [
        "2 more errors left out",
        "1 more warning left out",
    ]


def test_failures_come_before_errors(tmp_path: Path):
    """What is left out in the end is what matters less."""
    found = commands_of(told_of(tmp_path, [an_error("acme/users.get:gone"), a_failure("acme/users.get:bad")]))

    assert [each.properties["title"] for each in found] == ["acme/users.get:bad", "acme/users.get:gone"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(tmp_path: Path, text: str):
    """Every line is one command with our own properties, and no text ends a line or a property."""
    written = "".join(workflow.render(hostile_told(tmp_path, text)))

    lines = written.split("\n")
    assert lines.pop() == ""
    assert all(line.isprintable() for line in lines)
    for each in map(understood, lines):
        assert each.name in {"error", "warning", "notice"}
        assert set(each.properties) <= {"file", "line", "col", "endColumn", "title"}
        assert each.properties.get("line", "1").isdecimal()
