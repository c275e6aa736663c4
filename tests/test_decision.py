"""GO, GO WITH WARNINGS, CANNOT TELL or NO-GO: what decides it, and that nothing that is no pass looks like one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evidence_files import TODAY, a_failure, a_result, a_run, a_warning, an_error, known_of, live
from provendor.reports import archive, telling
from provendor.reports.story import Decision, Story, Word
from provendor.run import NEVER, POSTED

PASS = a_result("acme/a:ok")
PROVEN = live(PASS)


def told(folder: Path, *results: dict[str, Any], ended: bool = True, today: str = TODAY, **head: Any) -> Story:
    known = {"acme": known_of("acme", cases=len(results), pending=[])}
    run = archive.KeptRun(a_run(folder, results, ended=ended, **{"vendors": known, **head}))
    return telling.tell(run, today=date.fromisoformat(today))


def decided(folder: Path, *results: dict[str, Any], **head: Any) -> Decision:
    return told(folder, *results, **head).decision


def test_a_go_needs_everything(tmp_path: Path):
    """All asked, all pass, all answered by the vendor itself; the sentence says so."""
    decision = decided(tmp_path, PROVEN, live(a_result("acme/b:ok")))

    assert decision.word is Word.GO
    assert decision.sentence == "2 cases of 1 vendor hold, and every vendor was proven live."
    assert all(rule.holds for rule in decision.rules)


@pytest.mark.parametrize(
    ("results", "word", "sentence"),
    [
        ([PASS], Word.WARNINGS, "Acme has no live proof."),
        ([PROVEN, a_warning("acme/b:ok")], Word.WARNINGS, "1 case warns."),
        ([PROVEN, a_result("acme/b:ok", "skip", reason="-")], Word.WARNINGS, "1 case was skipped."),
        ([PROVEN, a_result("acme/b:ok", fallback="no key")], Word.WARNINGS, "1 case was replayed in place of being asked live."),
        ([PROVEN, an_error("acme/b:ok")], Word.UNKNOWN, "1 case could not be judged."),
        ([a_result("acme/a:ok", "skip", reason="-")], Word.UNKNOWN, "Nothing was judged."),
        ([], Word.UNKNOWN, "Nothing was judged; only 0 of 0 cases were asked, and nothing is said of the rest."),
        ([PROVEN, an_error("acme/b:ok"), a_failure("acme/c:ok")], Word.NO_GO, "1 case of acme fails."),
        ([a_failure("acme/a:ok"), a_failure("acme/b:ok")], Word.NO_GO, "2 cases of acme fail, for 1 reason."),
    ],
)  # fmt: skip
def test_the_worst_rule_decides(tmp_path: Path, results: list[dict[str, Any]], word: Word, sentence: str):
    """And its finding is the sentence."""
    decision = decided(tmp_path, *results)

    assert (decision.word, decision.sentence) == (word, sentence)


def test_every_rule_is_told_of_the_worst_first(tmp_path: Path):
    """With what it asks for, what was found, and which cases that are."""
    decision = decided(tmp_path, PROVEN, a_warning("acme/b:ok"), a_failure("acme/c:ok"))

    assert [rule.name for rule in decision.rules if not rule.holds] == ["broken", "warned"]
    assert decision.rules[0].facts == ("acme/c:ok",)
    assert {rule.name for rule in decision.rules} == {
        "broken", "finished", "judged", "whole", "warned", "skipped", "live", "fallback", "production", "soon",
    }  # fmt: skip


@pytest.mark.parametrize(("ended", "how"), [(False, "was killed"), (True, "was interrupted")])
def test_a_run_that_did_not_come_to_its_end_tells_nothing_of_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: bool, how: str
):
    """Killed, or stopped by hand."""
    monkeypatch.setattr(archive.KeptRun, "end", {"interrupted": True} if ended else None)

    decision = decided(tmp_path, PROVEN)

    assert decision.word is Word.UNKNOWN
    assert how in decision.sentence


def test_a_part_says_what_it_does_not_cover(tmp_path: Path):
    """However well it went, it is no GO for the rest."""
    known = {"acme": known_of("acme", cases=5, pending=[]), "bolt": known_of("bolt", cases=7)}
    story = told(tmp_path, PROVEN, selectors=["acme"], vendors=known)

    assert story.decision.word is Word.UNKNOWN
    assert story.decision.sentence == "Only 1 of 12 cases was asked, and nothing is said of the rest."
    assert story.decision.rules[0].facts == ("acme", "bolt")
    assert [(row.name, row.word, row.missing) for row in story.vendors] == [
        ("acme", Word.UNKNOWN, 4),
        ("bolt", Word.UNKNOWN, 7),
    ]


def test_a_part_of_unknown_size_is_a_part_too(tmp_path: Path):
    """Evidence that does not say how many cases there are."""
    story = told(tmp_path, PROVEN, selectors=["acme/a"], vendors={})

    assert story.decision.word is Word.UNKNOWN
    assert "only acme/a was asked" in story.decision.sentence.lower()


def test_a_vendor_whose_contract_was_not_even_read_is_missing_as_well(tmp_path: Path):
    """A selector reads the contracts that it names."""
    run = archive.KeptRun(a_run(tmp_path, [PROVEN], selectors=["acme"], vendors={"acme": known_of("acme", cases=1)}))
    story = telling.tell(run, today=date.fromisoformat(TODAY), vendors=["acme", "bolt"])

    assert story.decision.sentence == "Only 1 case was asked, and nothing is said of the rest."
    assert [(row.name, row.word) for row in story.vendors] == [("acme", Word.GO), ("bolt", Word.UNKNOWN)]


def test_a_proof_goes_stale(tmp_path: Path):
    """What was proven last month is no proof of today."""
    story = told(tmp_path, PROVEN, today="2026-11-28")

    assert story.decision.sentence == "The live proof of acme is stale."
    assert story.vendors[0].proof is not None
    assert story.vendors[0].proof.stale


def test_a_replay_is_no_proof_whatever_it_fell_back_from(tmp_path: Path):
    """Only what the vendor answered itself counts."""
    (row,) = told(tmp_path, a_result("acme/a:ok", fallback="ACME_LIVE is not set")).vendors

    assert row.proof is None


@pytest.mark.parametrize("why", [NEVER, POSTED])
def test_a_case_that_is_not_one_to_be_asked_live_stands_in_nobodys_place(tmp_path: Path, why: str):
    """A recording is all that it will ever have, so that it does not stand in the way of a GO."""
    assert decided(tmp_path, PROVEN, a_result("acme/b:ok", fallback=why)).word is Word.GO


def test_results_that_cannot_be_read_are_not_passed_over(tmp_path: Path):
    """They might have failed."""
    story = told(tmp_path, PROVEN, {"id": "acme/b:ok", "outcome": "pass"})

    assert (story.decision.word, story.unreadable) == (Word.UNKNOWN, 1)
    assert "1 result cannot be read" in story.decision.sentence


def test_what_ends_soon_stands_in_the_way_of_a_plain_go(tmp_path: Path):
    """Within two weeks."""
    known = {"acme": known_of("acme", cases=1, pending=[], api_version="v1", api_version_ends="2026-12-01")}

    decision = decided(tmp_path, PROVEN, vendors=known)

    assert decision.sentence == "1 thing of acme ends within 14 days."
    assert decision.rules[0].facts == ("2026-12-01 acme: the vendor no longer answers v1",)
