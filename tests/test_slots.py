from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provendor.probes.history import KEPT_S, History, Watched
from provendor.probes.schedule import Schedule, Timeline, Timing
from provendor.probes.slots import ABSENT, KILLED, End, Ended, Ledger

NOW = 1_795_608_000.0
HEALTH = Watched("chatwoot", "health.web", "ok", "production")
SHOP = Watched("shopify", "shop.get", "ok", "production")
EVERY_MINUTE = Timing(60.0, 0.0)
FIRST = EVERY_MINUTE.number(NOW) + 1


@pytest.fixture
def history() -> Iterator[History]:
    with History(None) as history:
        yield history


def begun(ledger: Ledger, now: float = NOW, *watched: Watched) -> Schedule[Watched]:
    """A prober that begins to ask every minute."""
    schedule = Schedule[Watched](ledger.open(now))
    ledger.change(schedule.plan(dict.fromkeys(watched or (HEALTH,), EVERY_MINUTE), now))
    return schedule


def end(history: History, now: float, *ended: Ended) -> None:
    history.record([], also=Ledger(history).entries(ended, now))


def counted(history: History, until: float, since: float = NOW) -> tuple[int, dict[str, int], dict[str, int], int]:
    """Planned, by end, by why, and unknown, of everything together."""
    accounts = Ledger(history).accounts(since, until)
    ends = sum((Counter(each.ends) for each in accounts), Counter[End]())
    reasons = sum((Counter(each.reasons) for each in accounts), Counter[str]())
    planned = sum(each.planned for each in accounts)
    return (
        planned,
        {str(key): count for key, count in ends.items()},
        dict(reasons),
        sum(each.unknown for each in accounts),
    )


def test_every_slot_has_an_end(history: History):
    """A result, skipped with a reason, or missing with a reason."""
    begun(Ledger(history))
    end(
        history,
        NOW + 300,
        Ended(1, FIRST, FIRST, End.RESULT),
        Ended(1, FIRST + 1, FIRST + 1, End.SKIPPED, "still asked"),
        Ended(1, FIRST + 2, FIRST + 4, End.MISSING, "the machine slept"),
    )

    assert counted(history, NOW + 301) == (
        5,
        {"result": 1, "skipped": 1, "missing": 3},
        {"still asked": 1, "the machine slept": 3},
        0,
    )


def test_a_slot_that_is_being_asked_has_no_end_yet(history: History):
    """It is the only kind that has none."""
    begun(Ledger(history))

    assert counted(history, NOW + 61) == (1, {}, {}, 1)


def test_accounts_are_of_the_time_that_is_asked_for(history: History):
    """An entry of many slots counts as far as it lies within."""
    begun(Ledger(history))
    end(history, NOW + 600, Ended(1, FIRST, FIRST + 9, End.MISSING, "why"))

    assert counted(history, NOW + 360, NOW + 120) == (4, {"missing": 4}, {"why": 4}, 0)
    assert Ledger(history).accounts(NOW, NOW + 600, "shopify") == []


def test_after_a_kill_the_next_prober_says_what_is_missing(history: History):
    """What was asked and never answered, and what nobody asked."""
    begun(Ledger(history))
    end(history, NOW + 130, Ended(1, FIRST, FIRST, End.RESULT))

    begun(Ledger(history), NOW + 330)

    assert counted(history, NOW + 331) == (5, {"result": 1, "missing": 4}, {KILLED: 1, ABSENT: 3}, 0)


def test_a_hole_between_two_answers_is_found(history: History):
    """The later one may have been faster."""
    begun(Ledger(history))
    end(history, NOW + 130, Ended(1, FIRST + 1, FIRST + 1, End.RESULT))

    begun(Ledger(history), NOW + 130)

    assert counted(history, NOW + 131) == (2, {"result": 1, "missing": 1}, {KILLED: 1}, 0)


def test_a_prober_that_ended_well_leaves_only_its_absence(history: History):
    """Its last word is when it ceased to ask."""
    begun(Ledger(history))
    end(history, NOW + 61, Ended(1, FIRST, FIRST, End.RESULT))

    begun(Ledger(history), NOW + 200)

    assert counted(history, NOW + 201) == (3, {"result": 1, "missing": 2}, {ABSENT: 2}, 0)


def test_what_is_no_longer_planned_owes_nothing(history: History):
    """After it was taken out of the contract; what comes instead has slots of its own."""
    ledger = Ledger(history)
    schedule = begun(ledger, NOW, HEALTH, SHOP)
    ledger.change(schedule.plan({SHOP: Timing(30.0, 0.0)}, NOW + 1))

    assert counted(history, NOW + 301)[0] == 10
    begun(Ledger(history), NOW + 302)
    assert counted(history, NOW + 301) == (10, {"missing": 10}, {ABSENT: 10}, 0)


def test_a_clock_that_was_set_back_loses_nothing(history: History):
    """The slots of both times are accounted for."""
    ledger = Ledger(history)
    schedule = begun(ledger, NOW)
    schedule.due(NOW + 61)
    end(history, NOW + 61, Ended(1, FIRST, FIRST, End.RESULT))
    ledger.change(schedule.restart(NOW - 119))
    end(history, NOW - 59, Ended(2, FIRST - 2, FIRST - 2, End.RESULT))

    assert counted(history, NOW - 30, NOW - 3600) == (1, {"result": 1}, {}, 0)
    assert counted(history, NOW + 119, NOW - 3600) == (4, {"result": 2}, {}, 2), "those of the second time are to come"


def test_old_slots_are_forgotten_and_owe_nothing(history: History):
    """Plans that have no others go with them."""
    ledger = Ledger(history)
    schedule = begun(ledger, NOW, HEALTH, SHOP)
    end(history, NOW + 600, *(Ended(plan, FIRST, FIRST + 9, End.RESULT) for plan in (1, 2)))
    ledger.change(schedule.plan({HEALTH: EVERY_MINUTE}, NOW))

    ledger.prune(NOW + KEPT_S + 300)

    assert counted(history, NOW + 600, NOW) == (5, {"result": 5}, {}, 0)
    assert history.database.read("SELECT DISTINCT plan FROM slots") == [(1,)]


def test_the_ledger_survives_on_disk(tmp_path: Path):
    """Together with the results that it names."""
    with History(tmp_path) as history:
        begun(Ledger(history))
        end(history, NOW + 61, Ended(1, FIRST, FIRST, End.RESULT))
    with History(tmp_path) as history:
        assert Ledger(history).open(NOW + 62) == 2
        assert counted(history, NOW + 61) == (1, {"result": 1}, {}, 0)


# --- whatever happens ---------------------------------------------------------------------------------------------------


class Prober:
    """A prober in which time is a number: it asks, gets answers late or never, and writes down what it knows."""

    def __init__(self, history: History, wall: float) -> None:
        self.history = history
        self.ledger = Ledger(history)
        self.asked: list[tuple[int, int, Watched]] = []
        self.timings: dict[Watched, Timing] = {}
        self.begin(wall)

    def begin(self, wall: float) -> None:
        self.wall, self.passed = wall, 0.0
        self.timeline = Timeline(wall, 0.0)
        self.asked = []
        self.schedule = Schedule[Watched](self.ledger.open(wall))
        self.plan(self.timings)

    def plan(self, timings: dict[Watched, Timing]) -> None:
        self.timings = timings
        self.ledger.change(self.schedule.plan(timings, self.timeline.now(self.passed)))

    def step(self, passed: float, jump: float, answers: int) -> None:
        """Let time pass, move the clock besides, and let so many of those that are asked answer."""
        self.passed += passed
        self.wall += passed + jump
        moved = self.timeline.follow(self.wall, self.passed)
        now = self.timeline.now(self.passed)
        if moved is not None and moved < 0:
            self.ledger.change(self.schedule.restart(now))
        ended = []
        for due in self.schedule.due(now):
            if due.missed:
                ended.append(Ended(due.plan.number, due.missed[0], due.missed[-1], End.MISSING, "late"))
            if due.overlapped:
                ended.append(Ended(due.plan.number, due.slot, due.slot, End.SKIPPED, "overlapped"))
            else:
                self.asked.append((due.plan.number, due.slot, due.key))
        for plan, slot, key in self.asked[:answers]:
            ended.append(Ended(plan, slot, slot, End.RESULT))
            self.schedule.done(key)
        self.asked = self.asked[answers:]
        self.history.record([], also=self.ledger.entries(ended, now))


PROBES = [Watched("acme", f"op{number}", "ok", "production") for number in range(3)]
steps = st.tuples(
    st.just("step"), st.floats(0, 200), st.sampled_from([0.0] * 6 + [0.5, -0.5, 3600.0, -300.0]), st.integers(0, 3)
)
plans = st.tuples(
    st.just("plan"),
    st.dictionaries(st.sampled_from(PROBES), st.builds(Timing, st.sampled_from([30.0, 60.0]), st.just(7.0))),
)
kills = st.tuples(st.just("kill"), st.floats(0, 1000))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(steps, steps, steps, plans, kills), max_size=25))
def test_whatever_happens_every_slot_is_accounted_for_once(events: list[tuple[object, ...]]):
    """Late, overlapping, killed, restarted, planned anew, with clocks that jump: only what is being asked has no end."""
    with History(None) as history:
        prober = Prober(history, NOW)
        prober.plan({PROBES[0]: Timing(60.0, 7.0)})
        for kind, *details in events:
            if kind == "step":
                prober.step(*details)  # type: ignore[arg-type]
            elif kind == "plan":
                prober.plan(*details)  # type: ignore[arg-type]
            else:
                prober.begin(prober.wall + float(str(details[0])))

        asked = {(plan, slot) for plan, slot, _ in prober.asked}
        covered: Counter[tuple[int, int]] = Counter()
        for plan, number, last in history.database.read("SELECT plan, number, last FROM slots"):
            covered.update((plan, slot) for slot in range(number, last + 1))
        now = prober.timeline.now(prober.passed)
        for plan, every, phase, first, until in history.database.read(
            "SELECT id, every, phase, first, until FROM plans"
        ):
            end_of_plan = until if until is not None else Timing(every, phase).number(now) + 1
            for slot in range(first, end_of_plan):
                assert covered[plan, slot] + ((plan, slot) in asked) == 1, (plan, slot)
        assert all(plan and count == 1 for (plan, _), count in covered.items())
