from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provendor.probes.schedule import Change, Due, Plan, Schedule, Timeline, Timing, timing

EVERY_MINUTE = Timing(60.0, 10.0)
NOW = 1_795_608_000.0
timings = st.builds(Timing, st.floats(0.5, 7200), st.floats(0, 7200))


def slots(due: list[Due[str]]) -> list[tuple[str, int]]:
    return [(each.key, each.slot) for each in due if not each.overlapped]


@given(timings, st.floats(0, 4e9))
def test_a_slot_is_the_last_at_or_before_a_moment(each: Timing, moment: float):
    """Also where numbers are rounded."""
    number = each.number(moment)

    assert each.at(number) <= moment < each.at(number + 1)


def test_a_phase_follows_from_the_name_alone():
    """So that a restart asks at the same moments; another period has another one."""
    assert timing("chatwoot/health.web:ok", 60) == timing("chatwoot/health.web:ok", 60)
    assert timing("chatwoot/health.web:ok", 60) != timing("chatwoot/health.api:ok", 60)


def test_many_names_are_spread_evenly():
    """No second of a minute gets more than a few of two hundred probes."""
    seconds = [int(timing(f"acme/op{number}:ok", 60).phase_s) for number in range(200)]

    assert max(seconds.count(second) for second in range(60)) <= 10
    assert len(set(seconds)) >= 50


def test_a_new_probe_begins_with_the_next_slot():
    """It is not asked for moments that have passed."""
    schedule = Schedule[str]()
    change = schedule.plan({"a": EVERY_MINUTE}, 70.0)

    assert change == Change((Plan(1, "a", EVERY_MINUTE, 2),))
    assert schedule.next_at() == 130.0
    assert schedule.due(129.9) == []
    assert slots(schedule.due(130.0)) == [("a", 2)]
    assert schedule.next_at() == 190.0


def test_slots_do_not_drift_where_every_one_is_late():
    """The next one is counted from the slot, not from when it was asked."""
    schedule = Schedule[str]()
    schedule.plan({"a": EVERY_MINUTE}, 0.0)
    asked = []
    for late in (10.3, 71.0, 149.0, 190.0):
        asked += slots(schedule.due(late))
        schedule.done("a")

    assert asked == [("a", 0), ("a", 1), ("a", 2), ("a", 3)]
    assert schedule.next_at() == 250.0


def test_slots_that_went_by_are_missed_and_only_the_last_is_asked():
    """Asking five times at once what should have been asked in five minutes helps nobody."""
    schedule = Schedule[str]()
    schedule.plan({"a": EVERY_MINUTE}, 0.0)

    [due] = schedule.due(300.0)

    assert (due.missed, due.slot, due.overlapped) == (range(4), 4, False)
    assert schedule.due(300.0) == []


def test_a_probe_that_is_still_asked_is_not_asked_again():
    """Its slot is overlapped; after the answer it goes on."""
    schedule = Schedule[str]()
    schedule.plan({"a": EVERY_MINUTE}, 0.0)

    assert [each.overlapped for each in schedule.due(10.0) + schedule.due(70.0)] == [False, True]
    schedule.done("a")
    assert [each.overlapped for each in schedule.due(130.0)] == [False]


def test_a_new_plan_leaves_alone_what_stays_the_same():
    """What changed begins a plan of its own, what has gone ends with the slot that would have come."""
    schedule = Schedule[str](first=7)
    schedule.plan({"a": EVERY_MINUTE, "b": EVERY_MINUTE, "c": EVERY_MINUTE}, 0.0)
    schedule.due(10.0)

    change = schedule.plan({"a": EVERY_MINUTE, "b": Timing(30.0, 0.0), "d": EVERY_MINUTE}, 20.0)

    assert change.begun == (Plan(10, "b", Timing(30.0, 0.0), 1), Plan(11, "d", EVERY_MINUTE, 1))
    assert change.ended == {8: 1, 9: 1}
    schedule.done("a")
    assert slots(schedule.due(70.0)) == [("a", 1), ("d", 1)], "b is still being asked"


def test_a_clock_that_was_set_back_begins_all_plans_anew():
    """Nobody waits an hour because the clock was an hour ahead."""
    schedule = Schedule[str]()
    schedule.plan({"a": EVERY_MINUTE}, 3600.0)

    change = schedule.restart(0.0)

    assert change == Change((Plan(2, "a", EVERY_MINUTE, 0),), {1: 60})
    assert schedule.next_at() == 10.0


def test_nothing_planned_is_never_due():
    """And says so."""
    schedule = Schedule[str]()
    schedule.plan({}, NOW)

    assert schedule.next_at() is None
    assert schedule.due(NOW + 1e9) == []


@given(
    st.dictionaries(st.sampled_from("abcde"), st.floats(0.5, 50), min_size=1),
    st.lists(st.tuples(st.floats(0, 200), st.booleans()), max_size=40),
)
def test_every_slot_comes_once_and_in_order(periods: dict[str, float], wakes: list[tuple[float, bool]]):
    """However late the prober wakes: asked, overlapped or missed, none twice and none left out."""
    schedule = Schedule[str]()
    change = schedule.plan({key: timing(key, every) for key, every in periods.items()}, NOW)
    seen: dict[str, list[int]] = {plan.key: [plan.first - 1] for plan in change.begun}
    now = NOW
    for passed, answered in wakes:
        now += passed
        for due in schedule.due(now):
            seen[due.key] += [*due.missed, due.slot]
            assert due.plan.timing.at(due.slot) <= now < due.plan.timing.at(due.slot + 1)
            if answered:
                schedule.done(due.key)

    for plan in change.begun:
        assert all(after == before + 1 for before, after in pairwise(seen[plan.key]))
        assert seen[plan.key][-1] == max(plan.timing.number(now), plan.first - 1)


def test_time_that_passes_moves_the_timeline():
    """Whatever the clock of the world shows in between."""
    timeline = Timeline(wall=1000.0, passed=5.0)

    assert timeline.now(65.0) == 1060.0
    assert timeline.follow(wall=1060.4, passed=65.0) is None
    assert timeline.now(66.0) == pytest.approx(1061.4)


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 2.5])
def test_a_jump_of_the_clock_is_followed_and_said_once(jump: float):
    """A machine that slept, or a clock that was set."""
    timeline = Timeline(wall=1000.0, passed=5.0)

    assert timeline.follow(wall=1060.0 + jump, passed=65.0) == pytest.approx(jump)
    assert timeline.follow(wall=1061.0 + jump, passed=66.0) is None
    assert timeline.now(66.0) == 1061.0 + jump
