from __future__ import annotations

from builders import a_case
from provendor.probes.confirming import Books, Settled
from provendor.probes.history import Sample, Transition
from provendor.probes.probing import Probe
from provendor.probes.states import Thresholds
from provendor.run import Result
from provendor.verdict import Blame, Outcome, Party

NOW = 1_795_608_000.0
PROBE = Probe(a_case("acme/users.get:ok"), 60.0, Thresholds(2, 2), None)


def settled(*outcomes: str) -> Settled:
    """Count these outcomes, a minute apart, and return the last one."""
    books, last = Books({}), None
    for number, outcome in enumerate(outcomes):
        blame = Blame(Party.VENDOR, "it says so") if outcome != "pass" else None
        last = books.settle(PROBE, Result(PROBE.case, Outcome(outcome), (), NOW + 60 * number, 1.0, blame=blame))
    assert last is not None
    return last


def test_a_failure_that_is_not_confirmed_yet_is_a_warn():
    """What the checks said is kept beside it."""
    one, two = settled("pass", "fail"), settled("pass", "fail", "fail")

    assert (one.result.outcome, one.judged, one.changed) == (Outcome.WARN, Outcome.FAIL, False)
    assert one.result.reason == "failed once, counts as fail after 2 in a row"
    assert (two.result.outcome, two.judged, two.changed) == (Outcome.FAIL, Outcome.FAIL, True)


def test_evidence_tells_how_the_probe_stands():
    """Since when, last good, and what the checks said."""
    assert settled("pass", "fail", "fail").record() == {
        "judged": "fail",
        "outcome": "fail",
        "since": "2026-11-25T12:01:00.000Z",
        "last_good": "2026-11-25T12:00:00.000Z",
    }
    assert settled("fail").record() == {"judged": "fail", "outcome": None, "since": None, "last_good": None}


def test_a_transition_has_the_words_of_the_result_that_decided_it():
    """Those of a recovery are none."""
    sample = Sample(PROBE.watched, NOW, Outcome.FAIL, 503, 100.0, 1, "vendor-down", Party.VENDOR, "status: 503", "r1")
    why = ("vendor-down", Party.VENDOR, "status: 503", "r1", "it says so")

    assert settled("pass", "fail").transition(sample) is None
    assert settled("pass", "fail", "fail").transition(sample) == Transition(
        PROBE.watched, NOW + 60, Outcome.PASS, Outcome.FAIL, NOW, *why
    )
    assert settled("pass", "warn", "warn").transition(sample) == Transition(
        PROBE.watched, NOW + 60, Outcome.PASS, Outcome.WARN, NOW + 120, *why
    )
    assert settled("pass", "fail", "fail", "pass", "pass").transition(sample) == Transition(
        PROBE.watched, NOW + 180, Outcome.FAIL, Outcome.PASS, NOW + 240
    )


def test_a_probe_knows_for_how_long_it_has_been_failing():
    """Since the first of the bad results in a row; not at all after a good one."""
    books = Books({})
    known = []
    for number, outcome in enumerate(("pass", "fail", "error", "pass", "fail")):
        at = NOW + 60 * number
        known.append(books.failing_s(PROBE, at))
        books.settle(PROBE, Result(PROBE.case, Outcome(outcome), (), at, 1.0))

    assert known == [0.0, 0.0, 60.0, 120.0, 0.0]


def test_what_was_broken_off_by_us_counts_for_nothing():
    """Nobody knows what it would have been."""
    books = Books({})
    books.settle(PROBE, Result(PROBE.case, Outcome.PASS, (), NOW, 1.0))
    after = books.unsettled(PROBE, Result(PROBE.case, Outcome.ERROR, (), NOW + 60, 1.0))

    assert (after.result.outcome, after.changed) == (Outcome.ERROR, False)
    assert books.states[PROBE.watched].last is Outcome.PASS
    assert books.worked_before(PROBE)
