"""The rows of the readiness table: what is known of a vendor, and unknown where the evidence does not say."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from evidence_files import (
    TODAY,
    a_failure,
    a_finding,
    a_recording,
    a_result,
    a_run,
    a_warning,
    an_error,
    known_of,
    live,
)
from history_files import a_history
from provendor.probes.history import Watched
from provendor.reports import archive, standing, telling, watch
from provendor.reports.story import (
    AnswerTold,
    Blocker,
    Counts,
    Credential,
    IndicatorTold,
    Next,
    ProbeTold,
    Refused,
    Strength,
    Survivor,
    VendorTold,
    VendorWatched,
    Watch,
    Word,
)
from provendor.verdict import Outcome, Party

NOW = 1_795_176_000.0
"""2026-11-20 12:00 UTC."""

PASS = a_result("acme/a:ok")
FAILED = a_failure("acme/a:ok")
WRITES = "provendor prove --live --allow-writes acme/a:ok"


def row(folder: Path, *results: dict[str, Any], **known: Any) -> VendorTold:
    about = known_of("acme", **{"cases": len(results), **known})
    run = archive.KeptRun(a_run(folder, results, vendors={"acme": about}))
    return telling.tell(run, today=date.fromisoformat(TODAY)).vendors[0]


def test_what_the_evidence_knows_is_told(tmp_path: Path):
    """Flag, credentials by name, base URLs, owner."""
    found = row(tmp_path, PASS, credentials=[{"env": "ACME_KEY", "name": "key", "present": True}])

    assert (found.title, found.owner, found.flag) == ("Acme", "integrations", ("ACME_LIVE", False))
    assert found.credentials == (Credential("key", "ACME_KEY", True),)
    assert (found.sandbox, found.production, found.counts) == (False, True, Counts(passed=1))


def test_what_older_evidence_does_not_say_is_unknown(tmp_path: Path):
    """Never an empty list, a no or a zero."""
    run = archive.KeptRun(a_run(tmp_path, [PASS]))
    (found,) = telling.tell(run, today=date.fromisoformat(TODAY)).vendors

    unknown = (found.owner, found.flag, found.credentials, found.sandbox, found.production, found.cases, found.missing)
    assert set(unknown) == {None}
    assert (found.title, found.strength, found.proof) == ("acme", None, None)


@pytest.mark.parametrize(
    "odd", [7, "text", [1], {"acme": 3}, {"acme": {"cases": "many", "flag": 1, "credentials": {}}}]
)
def test_evidence_of_another_form_is_unknown_too(odd: object):
    """It may come from anywhere."""
    found = standing.rows(odd, {"acme": {"score": "high"}}, [], ["acme"], date(2026, 11, 20))

    assert found[0].name == "acme"
    assert (found[0].cases, found[0].flag, found[0].credentials, found[0].strength) == (None, None, None, None)


def test_recordings_are_told_by_origin_and_the_oldest(tmp_path: Path):
    """Live answers are not among them."""
    results = [
        a_result("acme/a:ok", recording=a_recording(at="2026-10-01")),
        a_result("acme/b:ok"),
        a_result("acme/c:ok", recording=a_recording(origin="synthetic")),
        a_result("acme/d:ok", recording=a_recording(origin=None, at=None)),
        live(a_result("acme/e:ok")),
    ]

    found = row(tmp_path, *results)

    assert dict(found.origins) == {"documented": 2, "synthetic": 1, "unknown": 1}
    assert found.oldest == "2026-10-01"


def test_strength_is_what_the_run_says_of_it():
    """As measured: a score, and the counts behind it."""
    measured = {"acme": {"score": 0.96, "killed": 48, "survived": 2}}

    (found,) = standing.rows({}, measured, [], ["acme"], date(2026, 11, 20))

    assert found.strength == Strength(0.96, 48, 2)


def test_survivors_are_told_of_the_measure_that_the_run_repeats(tmp_path: Path):
    """Not of an older or newer one, which may be about another contract."""
    survivor = {
        "operation": "users.get", "at": "/email", "changed": "dropped", "contract": "contracts/acme/users.yaml:9",
        "add": "required: [email]", "advice": None, "cases": ["acme/users.get:ok"], "more": 1,
    }  # fmt: skip
    repeated = {"acme": {"score": 0.96, "killed": 48, "survived": 2, "measured_at": "2026-11-20T09:00:00Z"}}
    measured = {"acme": {"measured_at": "2026-11-20T09:00:00Z", "survivors": [survivor, 7]}}
    older = {"acme": {**measured["acme"], "measured_at": "2026-11-19T09:00:00Z"}}

    def survivors(of: Any) -> tuple[Survivor, ...]:
        (found,) = standing.rows({}, repeated, [], ["acme"], date(2026, 11, 20), measured=of)
        assert found.strength is not None
        return found.strength.survivors

    told = Survivor(
        "users.get",
        "/email",
        "dropped",
        "contracts/acme/users.yaml:9",
        "required: [email]",
        None,
        ("acme/users.get:ok",),
    )
    assert survivors(measured)[0] == told
    assert survivors(older) == survivors(None) == ()


def test_indicators_say_which_cases_found_them_low(tmp_path: Path):
    """With what was counted; one that nobody found low is there as well."""
    found = a_finding(
        "indicator", at="", expected="posts-published: at least 0.95", actual="0.7 (7 of 10)", key="indicators"
    )
    indicators = [
        {"name": "posts-published", "title": "Posts that came out.", "ok": 0.95, "warn": 0.8},
        {"name": "quiet", "title": "", "ok": 1, "warn": 0.5},
        {"name": "odd", "ok": "high"},
    ]

    told = row(tmp_path, a_failure("acme/posts.list:ok", found), indicators=indicators).indicators

    assert told == (
        IndicatorTold("posts-published", "Posts that came out.", 0.95, 0.8, (("acme/posts.list:ok", "0.7 (7 of 10)"),)),
        IndicatorTold("quiet", "", 1.0, 0.5),
    )


def test_blockers_are_known_trouble_and_what_keeps_live_calls_from_being_made(tmp_path: Path):
    """With ticket and day."""
    pending = [{"case": "acme/a:ok", "reason": "It forgets.", "ticket": "OPS-7", "until": "2026-12-04"}]

    assert row(tmp_path, PASS, pending=pending).blockers == (
        Blocker("acme/a:ok: It forgets.", "OPS-7", "2026-12-04"),
        Blocker("ACME_LIVE is not set"),
    )


@pytest.mark.parametrize(
    ("results", "known", "expected"),
    [
        (
            [PASS, an_error("acme/b:ok"), a_failure("acme/c:ok")],
            {},
            Next("Mend what fails, or date it", "provendor prove acme/c:ok"),
        ),
        ([PASS, an_error("acme/b:ok")], {}, Next("Find out why it could not be told", "provendor prove acme/b:ok")),
        ([PASS], {"cases": 2}, Next("Ask every case", "provendor prove acme")),
        ([PASS], {}, Next("Allow live calls", "export ACME_LIVE=1")),
        ([PASS], {"blocks": None}, Next("Prove it live", "provendor prove acme --live")),
        ([live(PASS), a_warning("acme/b:ok")], {}, Next("Look at what warns", "provendor prove acme/b:ok")),
        ([live(PASS)], {}, Next("Nothing to do")),
        ([live(FAILED)], {}, Next("Mend what fails, or date it", "provendor prove --live acme/a:ok")),
        ([{**live(a_warning("acme/a:ok")), "rerun": WRITES}], {}, Next("Look at what warns", WRITES)),
    ],
)  # fmt: skip
def test_the_next_step_is_the_one_that_brings_it_nearest_to_a_go(
    tmp_path: Path, results: list[dict[str, Any]], known: dict[str, Any], expected: Next
):
    """One step, and the command that takes it."""
    assert row(tmp_path, *results, **known).next == expected


def probed(*, well: str, down: str) -> Watch:
    """What the history says of two vendors, of which one has never been good for two hours."""
    with TemporaryDirectory() as folder:
        a_history(
            Path(folder), NOW, well=Watched(well, "a", "ok", "production"), down=Watched(down, "a", "ok", "production")
        )
        told = watch.read(Path(folder), NOW)
    assert told is not None
    return told


def test_a_vendor_whose_production_is_in_trouble_is_no_go(tmp_path: Path):
    """However well its recordings hold; what is wrong is among the blockers, and to look at it is the next step."""
    run = archive.KeptRun(a_run(tmp_path, [live(PASS), live(a_result("bolt/a:ok"))]))
    known = {name: known_of(name, cases=1, pending=[], blocks=None) for name in ("acme", "bolt")}
    cases = telling.tell(run, today=date.fromisoformat(TODAY)).cases

    acme, bolt = standing.rows(known, {}, cases, [], date.fromisoformat(TODAY), probed(well="acme", down="bolt"))

    assert (acme.word, acme.troubled, acme.next) == (Word.GO, (), Next("Nothing to do"))
    assert (bolt.word, bolt.troubled) == (Word.WARNINGS, ("bolt/a:ok",))
    assert bolt.blockers == (Blocker("bolt/a:ok is in trouble in production"),)
    assert bolt.next == Next("See what is wrong in production", "provendor probe bolt/a:ok")


def test_a_vendor_that_was_asked_and_never_answered_well_is_not_one_that_nobody_asked(tmp_path: Path):
    """By this run, and by the history."""
    found = row(tmp_path, live(FAILED), live(a_failure("acme/b:ok")), PASS)
    assert (found.proof, found.refused) == (None, Refused(f"{TODAY}T10:00:00.000Z", "sandbox", 2))
    assert row(tmp_path / "replayed", PASS).refused is None

    bad = AnswerTold("2026-11-19T08:00:00.000Z", Outcome.FAIL, 401, 9.0, "expired", Party.CREDENTIAL, None, None)
    probe = ProbeTold("acme/a:ok", "acme", "sandbox", Outcome.FAIL, None, bad, None, None, 1, 0.0, None, None)
    seen = Watch("2026-11-20T10:00:00Z", 30, (VendorWatched("acme", (probe,), (), (), ()),))
    (told,) = standing.rows({}, {}, [], ["acme"], date.fromisoformat(TODAY), seen)
    assert (told.proof, told.refused) == (None, Refused("2026-11-19T08:00:00.000Z", "sandbox", 1))


def in_sandbox(*outcomes: Outcome) -> Watch:
    """What the history says of a sandbox whose cases ended so."""

    def answer(outcome: Outcome) -> AnswerTold:
        return AnswerTold("2026-11-19T08:00:00.000Z", outcome, 200, 9.0, None, None, None, None)

    probes = tuple(
        ProbeTold(f"acme/a{number}:ok", "acme", "sandbox", outcome, None, answer(outcome), answer(Outcome.PASS), *REST)
        for number, outcome in enumerate(outcomes)
    )
    return Watch("2026-11-20T10:00:00Z", 30, (VendorWatched("acme", probes, (), (), ()),))


REST: tuple[Any, ...] = (None, 1, 0.5, None, None)


def test_a_live_proof_in_which_not_every_case_holds_is_no_go(tmp_path: Path):
    """It is seven days young, and says that something is wrong."""
    run = archive.KeptRun(a_run(tmp_path, [PASS], vendors={"acme": known_of("acme", cases=1, pending=[], blocks=None)}))
    today = date.fromisoformat(TODAY)

    well = telling.tell(run, today=today, watch=in_sandbox(Outcome.PASS, Outcome.WARN))
    partly = telling.tell(run, today=today, watch=in_sandbox(Outcome.PASS, Outcome.FAIL))

    assert (well.vendors[0].word, well.decision.word) == (Word.GO, Word.GO)
    assert (partly.vendors[0].word, partly.decision.word) == (Word.WARNINGS, Word.WARNINGS)
    assert partly.decision.sentence == "Not every case of acme holds live."
    assert partly.vendors[0].next == Next("Prove it live", "provendor prove acme --live")
