"""`provendor mutate` from outside: what it prints, what it leaves behind, how it exits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mutation_suites import ADA, USER, users
from provendor import cli

LOOSE = {**USER, "properties": {**USER["properties"], "name": {"type": "string"}}}


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    """A vendor whose contract lets an empty name through."""
    users(tmp_path, body=LOOSE)
    return tmp_path


def mutate(root: Path, *words: str) -> int:
    return cli.main(["mutate", *words, "--root", str(root), "--now", "2026-11-20"])


def test_a_survivor_is_shown_with_its_line_and_both_remedies(loose: Path, capsys: pytest.CaptureFixture[str]):
    """And the table comes last."""
    assert mutate(loose) == 0

    out = capsys.readouterr().out
    assert "survived[empty-string] users.get /name\n  contracts/acme/jobs.yaml:1\n" in out
    assert "  empty-string: text in place of text\n  in    acme/users.get:ok\n  add   minLength: 1\n" in out
    assert '  or    tolerates: - { at: "users.get#/name", operators: [empty-string], reason: … }' in out
    heading, row = out.splitlines()[-2:]
    assert heading.split("  ")[0] == "vendor"
    assert row.split()[:2] == ["acme", "0.958"]


def test_machines_get_one_document(loose: Path, capsys: pytest.CaptureFixture[str]):
    """Scores, survivors, what is not relied on, what could not be tried."""
    assert mutate(loose, "--json", "--seed", "3") == 0

    told = json.loads(capsys.readouterr().out)
    acme = told["vendors"]["acme"]
    assert (told["seed"], told["score"], told["survived"], told["status_score"]) == (3, 0.9583, 1, 1.0)
    assert (acme["score"], acme["survived"], acme["status_score"]) == (0.9583, 1, 1.0)
    (survivor,) = acme["survivors"]
    assert survivor == {
        "operator": "empty-string",
        "group": "field",
        "contract": "contracts/acme/jobs.yaml:1",
        "at": "/name",
        "operation": "users.get",
        "changed": "text in place of text",
        "cases": ["acme/users.get:ok"],
        "add": "minLength: 1",
        "advice": None,
        "tolerate": '- { at: "users.get#/name", operators: [empty-string], reason: … }',
    }
    assert acme["not_relied_on"] == {"count": 0, "by_operation": {}}
    assert (acme["untried"], acme["unused"]) == ([], [])


@pytest.mark.parametrize(("least", "code"), [("0.95", 0), ("0.96", 1), ("1", 1), ("0", 0)])
def test_a_score_below_the_least_exits_1(loose: Path, least: str, code: int):
    """So that it can be a gate."""
    assert mutate(loose, "--min-score", least) == code


def test_a_status_that_nobody_looks_at_fails_the_gate(tmp_path: Path):
    """The score of status and error class has to be 1, whatever the other is."""
    users(tmp_path, ADA, {"type": "object"})

    assert mutate(tmp_path, "--min-score", "0") == 1


@pytest.mark.parametrize("score", ["2", "much", "-1"])
def test_a_score_that_is_none_is_refused(loose: Path, score: str, capsys: pytest.CaptureFixture[str]):
    """Before anything is judged."""
    with pytest.raises(SystemExit) as exit_:
        mutate(loose, f"--min-score={score}")

    assert exit_.value.code == 2
    assert f"expected a number from 0 to 1, got '{score}'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--operators", "dropp"), "did you mean"),
        (("--harmless", "--fix"), "--harmless goes with none of"),
        (("--harmless", "--min-score", "1"), "--harmless goes with none of"),
    ],
)
def test_what_makes_no_sense_is_refused(
    loose: Path, words: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
):
    """With a word that says why."""
    assert mutate(loose, *words) == 2
    assert why in capsys.readouterr().err


def test_a_patch_is_all_that_fix_prints_and_nothing_is_written(loose: Path, capsys: pytest.CaptureFixture[str]):
    """The contract stays as it is."""
    contract = loose / "contracts/acme/jobs.yaml"
    before = contract.read_text()

    assert mutate(loose, "--fix") == 0

    out, err = capsys.readouterr()
    assert out.startswith("--- a/contracts/acme/jobs.yaml\n+++ b/contracts/acme/jobs.yaml\n")
    assert "minLength: 1" in out
    assert "acme" in err
    assert contract.read_text() == before


def test_whole_vendors_leave_a_score_that_the_next_run_repeats(loose: Path, capsys: pytest.CaptureFixture[str]):
    """Until the contract changes: then there is none."""
    mutate(loose)
    summary = proved(loose, capsys)
    assert summary["strength"]["acme"]["score"] == 0.9583
    assert set(summary["strength"]["acme"]) == {
        "score",
        "killed",
        "survived",
        "equivalent",
        "status_score",
        "measured_at",
    }

    contract = loose / "contracts/acme/jobs.yaml"
    contract.write_text(contract.read_text().replace("A user.", "One user."))
    assert "strength" not in proved(loose, capsys)


@pytest.mark.parametrize("words", [("acme/users.get:ok",), ("--operators", "drop")])
def test_a_part_leaves_nothing_behind(tmp_path: Path, words: tuple[str, ...]):
    """Neither some of the cases nor some of the operators make a score of the vendor."""
    users(tmp_path, cases={"again": ({"status": 200}, ADA, 200)})

    assert mutate(tmp_path, *words) == 0
    assert not (tmp_path / "reports").exists()


def proved(root: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    cli.main(["prove", "--root", str(root), "--now", "2026-11-20"])
    capsys.readouterr()
    whole: dict[str, Any] = json.loads((root / "reports/run.json").read_text())
    return dict(whole["summary"])


def test_a_recording_that_fails_by_itself_exits_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What could not be told is not fine."""
    users(tmp_path, {"id": 1})

    assert mutate(tmp_path) == 3
    assert "not tried: acme/users.get:ok" in capsys.readouterr().out


def test_an_entry_that_is_no_longer_needed_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """With its line."""
    entry = {"at": "users.get#/name", "operators": ["drop"], "reason": "Some have none."}
    users(tmp_path, vendor={"tolerates": [entry]})

    assert mutate(tmp_path) == 0
    assert "tolerates: users.get#/name [drop] matches no survivor" in capsys.readouterr().out


def test_harmless_changes_are_counted_and_false_alarms_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Each alarm with case, line and what it says."""
    users(tmp_path / "fair")
    users(tmp_path / "fussy", body={**USER, "additionalProperties": False})

    assert mutate(tmp_path / "fair", "--harmless") == 0
    assert "0 false alarms" in capsys.readouterr().out
    assert mutate(tmp_path / "fussy", "--harmless") == 1
    assert "false alarm[new-field] acme/users.get:ok contracts/acme/jobs.yaml:" in capsys.readouterr().out
    assert mutate(tmp_path / "fussy", "--harmless", "--json") == 1
    (alarm,) = json.loads(capsys.readouterr().out)["false_alarms"]
    assert (alarm["case"], alarm["change"]) == ("acme/users.get:ok", "new-field")
