"""What the history says is told as a reader needs it, and what it does not say is unknown."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from evidence_files import TODAY, a_result, a_run, known_of
from history_files import ACME, BOLT, a_history
from provendor.probes.history import FILE, HOUR_S, History, Sample, Transition
from provendor.probes.states import State
from provendor.reports import archive, briefing, oncall, watch
from provendor.reports.oncall import Brief
from provendor.reports.story import ProberTold, ProbeTold, Watch, Word
from provendor.verdict import Outcome, Party

NOW = 1_795_176_000.0
"""2026-11-20 12:00 UTC."""


@pytest.fixture(name="told")
def what_is_told(tmp_path: Path) -> Watch:
    a_history(tmp_path, NOW)
    found = watch.read(tmp_path, NOW)
    assert found is not None
    return found


def probe_of(told: Watch, vendor: str) -> ProbeTold:
    return next(probe for probe in told.probes if probe.vendor == vendor)


def test_where_nothing_was_ever_asked_there_is_nothing_to_tell(tmp_path: Path):
    """That is something else than an empty history."""
    assert watch.read(tmp_path, NOW) is None


def test_a_trouble_has_its_first_bad_and_its_last_good_answer(told: Watch):
    """And since when it goes on."""
    probe = probe_of(told, "bolt")

    assert (probe.outcome, probe.since) == (Outcome.FAIL, "2026-11-20T10:00:00.000Z")
    assert probe.good is not None
    assert probe.bad is not None
    assert (probe.good.at, probe.good.status) == ("2026-11-20T09:00:00.000Z", 200)
    assert (probe.bad.at, probe.bad.status, probe.bad.party) == ("2026-11-20T10:00:00.000Z", 503, Party.VENDOR)


def test_a_probe_that_is_well_has_no_first_bad_answer(told: Watch):
    """Its last good one is its last."""
    probe = probe_of(told, "acme")

    assert (probe.outcome, probe.bad) == (Outcome.PASS, None)
    assert probe.good == probe.last


def test_days_come_without_a_gap_and_those_without_answers_are_unknown(told: Watch):
    """Thirty of them up to today."""
    (acme,) = (vendor for vendor in told.vendors if vendor.vendor == "acme")

    assert [day.on for day in (acme.days[0], acme.days[-1])] == [date(2026, 10, 22), date(2026, 11, 20)]
    assert len(acme.days) == 30
    assert (acme.days[0].answers, acme.days[0].good, acme.days[0].p50_ms) == (0, None, None)
    bad = [day for day in acme.days if day.good is not None and day.good < 1]
    assert len(bad) == 1
    assert all(day.p50_ms is not None and day.p95_ms is not None for day in acme.days if day.answers)


def test_failures_are_counted_by_code_and_by_whose_fault_they_are(told: Watch):
    """For each vendor."""
    assert [(vendor.codes, vendor.parties) for vendor in told.vendors if vendor.vendor == "bolt"] == [
        ((("vendor-down", 2),), (("vendor", 2),))
    ]


def test_turns_and_messages_are_told_newest_first(told: Watch):
    """Of the last week."""
    assert [(turn.id, turn.before, turn.after) for turn in told.turns] == [(BOLT.id, Outcome.PASS, Outcome.FAIL)]
    assert [(sent.title, sent.state) for sent in told.sent] == [("bolt is down: vendor-down", "sent")]


def test_the_prober_accounts_for_its_slots(told: Watch):
    """Those of the last day."""
    assert told.prober is not None
    assert (told.prober.planned, told.prober.missing) == (48, 4)
    assert told.prober.results == 44
    assert told.prober.reasons == (("no prober was running", 4),)


def test_a_history_that_cannot_be_read_is_a_trouble_and_no_empty_page(tmp_path: Path):
    """It says why."""
    (tmp_path / FILE).write_bytes(b"not a database, however long" * 100)

    found = watch.read(tmp_path, NOW)

    assert found is not None
    assert found.trouble
    assert oncall.brief(found).outcome is Outcome.ERROR


def test_the_history_is_part_of_the_verdict(tmp_path: Path):
    """A proof of before counts, and trouble in production stands in the way of a plain GO."""
    a_history(tmp_path, NOW)
    results = [a_result(f"{watched.vendor}/{watched.operation}:ok") for watched in (ACME, BOLT)]
    vendors = {name: known_of(name, cases=1, pending=[]) for name in ("acme", "bolt")}
    run = archive.KeptRun(a_run(tmp_path, results, vendors=vendors))

    story = briefing.told(tmp_path, run, tmp_path, date.fromisoformat(TODAY), now=NOW).story

    assert story.decision.word is Word.WARNINGS
    assert story.decision.sentence == "1 probe of bolt is in trouble in production."
    assert [(row.name, row.proof.at if row.proof else None, row.word) for row in story.vendors] == [
        ("acme", "2026-11-20T11:00:00.000Z", Word.GO),
        ("bolt", "2026-11-20T09:00:00.000Z", Word.WARNINGS),
    ]


# --- what to read first -----------------------------------------------------------------------------------------------


def brief_of(*samples: Sample, alive: str | None = None, states: dict[str, Outcome] | None = None, tmp: Path) -> Brief:
    with History(tmp) as history:
        standing = {
            each.watched: State(
                (states or {}).get(each.watched.vendor, each.outcome), each.at, each.outcome, each.at, NOW - 2 * HOUR_S
            )
            for each in samples
        }
        history.record(samples, standing, [Transition(samples[0].watched, NOW, None, Outcome.PASS)] if samples else [])
    found = watch.read(tmp, NOW)
    assert found is not None
    return oncall.brief(found._replace(prober=ProberTold(alive, 0, 0, 0, 0, 0, ()) if alive else None))


def good(watched=ACME) -> Sample:
    return Sample(watched, NOW - 60, Outcome.PASS, 200, 100.0)


def bad(watched=ACME, party: Party | None = Party.VENDOR, outcome: Outcome = Outcome.FAIL) -> Sample:
    return Sample(watched, NOW - 60, outcome, 503, 30.0, 1, "x", party, "no", None)


def test_all_well(tmp_path: Path):
    """Every probe answered well when last asked."""
    told = brief_of(good(), good(BOLT), tmp=tmp_path)

    assert told == Brief(Outcome.PASS, "All well", "2 probes answered well when last asked.", ())


def test_nobody_asked_is_not_well(tmp_path: Path):
    """Unknown."""
    assert brief_of(tmp=tmp_path)[:2] == (Outcome.ERROR, "Unknown")


def test_a_silent_prober_is_said_before_all_is_well(tmp_path: Path):
    """What nobody looks at is not well."""
    told = brief_of(good(), alive="2026-11-20T11:20:00.000Z", tmp=tmp_path)

    assert told[:3] == (
        Outcome.ERROR,
        "Nobody is looking",
        "The prober has given no sign of life for 40 minutes: what follows is old.",
    )


@pytest.mark.parametrize("party", [*Party, None])
def test_whose_fault_it_is_comes_first(tmp_path: Path, party: Party | None):
    """In words for each party, and honest where nobody knows."""
    told = brief_of(bad(party=party), tmp=tmp_path)

    fault = oncall.FAULTS[party] if party else "nobody knows whose fault"
    assert told.title == "acme is in trouble"
    assert told.sentence == f"{fault[:1].upper()}{fault[1:]}, since 20 Nov 2026, 11:59 UTC."


def test_several_vendors_in_trouble_are_each_named(tmp_path: Path):
    """One clause each; a vendor that could not be asked is in trouble as well."""
    told = brief_of(bad(), bad(BOLT, Party.NETWORK, Outcome.ERROR), tmp=tmp_path)

    assert told.title == "2 vendors are in trouble"
    assert told.sentence.startswith("acme: the fault of the vendor, since")
    assert "; bolt: the network, since" in told.sentence


def test_the_answers_that_are_shown_are_those_of_the_first_probe(tmp_path: Path):
    """Its id leads to the exchange in full, so that the two must not be of different probes."""
    late, early = bad(ACME._replace(operation="a.late")), bad(ACME._replace(operation="z.early"))
    with History(tmp_path) as history:
        states = {
            each.watched: State(Outcome.FAIL, NOW - ago, Outcome.FAIL, NOW - ago, NOW - 9_000)
            for each, ago in ((late, 60), (early, 600))
        }
        history.record([late, early._replace(at=NOW - 600)], states)
    found = watch.read(tmp_path, NOW)
    assert found is not None

    (trouble,) = oncall.brief(found).troubles

    assert [probe.id for probe in trouble.probes] == ["acme/z.early:ok", "acme/a.late:ok"]
    assert trouble.bad is not None
    assert trouble.bad.at == "2026-11-20T11:50:00.000Z"


def test_vendors_that_share_a_fault_share_a_clause(tmp_path: Path):
    """When our own network is gone, the first line says so once."""
    down = [bad(ACME._replace(vendor=f"vendor-{n}"), Party.NETWORK)._replace(at=NOW - 60 * n) for n in range(9)]

    told = brief_of(*down, bad(BOLT, Party.VENDOR), tmp=tmp_path)

    assert told.title == "10 vendors are in trouble"
    assert "vendor-8, vendor-7, vendor-6 and 6 more: the network, since " in told.sentence
    assert told.sentence.count("the network") == 1


def test_production_comes_before_a_sandbox_and_a_sandbox_says_that_it_is_one(tmp_path: Path):
    """One that was in trouble for longer, and the same vendor's."""
    tried = ACME._replace(environment="sandbox")

    told = brief_of(bad(tried, Party.CREDENTIAL)._replace(at=NOW - 9_000), bad(), tmp=tmp_path)

    assert [(each.environment, each.fault) for each in told.troubles] == [
        ("production", "the fault of the vendor"),
        ("sandbox", "a credential, in sandbox"),
    ]
    assert told.title == "acme is in trouble"


def test_a_warning_is_degraded(tmp_path: Path):
    """Not down, and not well."""
    assert brief_of(bad(outcome=Outcome.WARN), good(BOLT), tmp=tmp_path)[:3] == (
        Outcome.WARN,
        "Degraded",
        "1 probe of 2 warn.",
    )
