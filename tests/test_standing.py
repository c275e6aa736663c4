"""The rows of the readiness table: what is known of a vendor, and unknown where the evidence does not say."""

from __future__ import annotations

from datetime import date
from pathlib import Path
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
from provendor import archive, standing, telling
from provendor.story import Blocker, Counts, Credential, IndicatorTold, Next, Strength, Survivor, VendorTold

PASS = a_result("acme/a:ok")


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
    ],
)  # fmt: skip
def test_the_next_step_is_the_one_that_brings_it_nearest_to_a_go(
    tmp_path: Path, results: list[dict[str, Any]], known: dict[str, Any], expected: Next
):
    """One step, and the command that takes it."""
    assert row(tmp_path, *results, **known).next == expected
