from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from evidence_files import a_failure, a_finding, a_result, a_verdict, an_end, an_error
from form_files import CONTRACT, HOSTILE, PENDING, hostile_told, mixed, official, told_of
from provendor.codes import CODES
from provendor.reports.forms import Told, sarif


def run_of(told: Told) -> dict[str, Any]:
    document = json.loads("".join(sarif.render(told)))
    run: dict[str, Any] = document["runs"][0]
    return run


@pytest.fixture(scope="module")
def schema() -> Any:
    return jsonschema.Draft4Validator(json.loads(official("sarif-2.1.0.json").read_text()))


def a_status(id_: str = "acme/users.get:ok") -> dict[str, Any]:
    """A failure whose demand stands in line 6 of the contract."""
    status = a_finding("status", at="", key="status", expected="200", actual="500")
    return {**a_failure(id_, status), "contract": "contracts/acme/users.yaml:5"}


def test_a_failure_is_shown_at_the_key_that_objects(tmp_path: Path):
    """Line and columns of the contract, the recording beside it, and the words of the finding."""
    (result,) = run_of(told_of(tmp_path, [a_status()]))["results"]

    where = result["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": "contracts/acme/users.yaml", "uriBaseId": "%SRCROOT%"}
    assert where["region"] == {"startLine": 6, "startColumn": 9, "endLine": 6, "endColumn": 15}
    assert CONTRACT.splitlines()[5][8:14] == "status"
    assert (result["ruleId"], result["level"]) == ("status", "error")
    assert result["message"]["text"] == "acme/users.get:ok: status: expected 200, got 500"
    recording = result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert recording == "cassettes/acme/users.get/ok.yaml"


def test_a_contract_that_changed_since_is_shown_by_its_line_alone(tmp_path: Path):
    """A column would point at something else."""
    told = told_of(tmp_path, [{**a_status(), "contract": "contracts/acme/users.yaml:3"}])

    (result,) = run_of(told)["results"]

    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}


def test_files_are_named_from_the_top_of_the_repository(tmp_path: Path):
    """A suite may lie in a folder of it, and readers of SARIF know nothing of suites."""
    (tmp_path / ".git").mkdir()

    (result,) = run_of(told_of(tmp_path / "vendors", [a_status()]))["results"]

    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "vendors/contracts/acme/users.yaml"


def test_only_what_is_no_pass_is_a_result(tmp_path: Path):
    """The worst first; what is skipped is a notification, because nothing is wrong at its line."""
    run = run_of(told_of(tmp_path, mixed()))

    assert [(result["ruleId"], result["level"], result["properties"]["case"]) for result in run["results"]] == [
        ("body-schema", "error", "denied"),
        ("status", "error", "denied"),
        ("cassette-missing", "error", "gone"),
        ("cassette-age", "warning", "old"),
        ("body-schema", "note", "later"),
    ]
    assert run["invocations"][0]["toolExecutionNotifications"] == [
        {"level": "note", "message": {"text": "acme/users.get:never was skipped: not asked"}}
    ]


def test_what_is_pending_is_suppressed_with_its_reason(tmp_path: Path):
    """And nothing else is."""
    results = run_of(told_of(tmp_path, mixed()))["results"]

    suppressed = {result["properties"]["case"]: result.get("suppressions") for result in results}
    assert suppressed.pop("later") == [{"kind": "inSource", "status": "accepted", "justification": PENDING}]
    assert set(suppressed.values()) == {None}


def test_every_code_is_a_rule_with_help_in_every_run(tmp_path: Path):
    """Two runs differ in their results alone, so that a baseline can be compared."""
    quiet = run_of(told_of(tmp_path / "quiet", [a_result()]))["tool"]["driver"]
    loud = run_of(told_of(tmp_path / "loud", mixed()))["tool"]["driver"]

    assert quiet == loud
    assert [rule["id"] for rule in quiet["rules"]] == list(CODES)
    assert all("What to do" in rule["help"]["text"] for rule in quiet["rules"])
    assert all(len(rule["fullDescription"]["text"]) <= 1024 for rule in quiet["rules"])  # GitHub's limit


def test_a_code_of_the_business_gets_a_rule_that_names_its_check(tmp_path: Path):
    """No page explains it."""
    own = a_result(outcome="fail", verdicts=[a_verdict("acme.draft", "fail", a_finding("draft-public"))])

    rule = run_of(told_of(tmp_path, [own]))["tool"]["driver"]["rules"][-1]

    assert (rule["id"], rule["shortDescription"]["text"]) == ("draft-public", "The check acme.draft objects.")


def test_fingerprints_survive_another_run_another_line_and_another_answer(tmp_path: Path):
    """The same trouble is the same alert, and two findings of one place are two."""
    twice = a_failure("acme/users.get:ok", a_finding(), a_finding(expected="a date"))
    later = {
        **a_failure("acme/users.get:ok", a_finding(actual="null"), a_finding()),
        "contract": "contracts/acme/users.yaml:9",
    }

    first, second = (
        [
            result["partialFingerprints"]["provendor/v1"]
            for result in run_of(told_of(tmp_path / name, [each], id=name))["results"]
        ]
        for name, each in (("one", twice), ("two", later))
    )

    assert first == second
    assert len(set(first)) == 2


def test_a_killed_run_was_not_successful(tmp_path: Path):
    """And says that something is missing."""
    told = told_of(tmp_path, [a_result()], ended=False)

    (invocation,) = run_of(told)["invocations"]

    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["level"] == "error"


def test_an_error_without_a_finding_is_a_result_all_the_same(tmp_path: Path):
    """Nothing that is no pass is lost."""
    told = told_of(tmp_path, [{**an_error(), "verdicts": [], "reason": "it hung"}])

    (result,) = run_of(told)["results"]

    assert (result["ruleId"], result["message"]["text"]) == (
        "not-judged",
        "acme/users.get:ok: not-judged: expected a result, got it hung",
    )


def test_more_results_than_readers_take_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The worst are kept."""
    monkeypatch.setattr(sarif, "MOST_RESULTS", 3)

    run = run_of(told_of(tmp_path, mixed()))

    assert [result["properties"]["case"] for result in run["results"]] == ["denied", "denied", "gone"]
    assert "2 results are left out" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_what_the_contracts_would_catch_is_a_property_of_the_invocation(tmp_path: Path):
    """Of the vendors of which it was measured."""
    end = an_end(strength={"acme": {"score": 0.985, "killed": 197, "survived": 3}})

    told = json.loads("".join(sarif.render(told_of(tmp_path, mixed(), end=end))))

    assert told["runs"][0]["invocations"][0]["properties"]["strength"] == {"acme": 0.985}


@pytest.mark.parametrize("results", [mixed(), [], [a_verdict()]], ids=["mixed", "empty", "unreadable"])
def test_it_honours_the_schema(tmp_path: Path, schema: Any, results: list[dict[str, Any]]):
    """The official one."""
    schema.validate(json.loads("".join(sarif.render(told_of(tmp_path, results, git_commit="abc")))))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(tmp_path: Path, schema: Any, text: str):
    """No link, no placeholder, no path out of the repository, nothing that cannot be seen."""
    written = "".join(sarif.render(hostile_told(tmp_path, text)))

    document = json.loads(written)
    schema.validate(document)
    assert written.isascii()
    for words in texts_in(document["runs"][0]):
        assert re.search(r"\]\(|\{\d", words) is None
    for uri in re.findall(r'"uri": "([^"]*)"', written):
        assert not unquote(uri).startswith(("/", "file:"))
        assert re.match(r"[a-z]+:", uri) is None
        assert ".." not in unquote(uri).split("/")


def texts_in(run: dict[str, Any]) -> list[str]:
    """Every message of the run's results and notifications."""
    notifications = run["invocations"][0]["toolExecutionNotifications"]
    related = [each for result in run["results"] for each in result.get("relatedLocations", ())]
    return [each["message"]["text"] for each in (*run["results"], *notifications, *related)]
