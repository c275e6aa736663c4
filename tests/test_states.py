from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provendor.probes.states import BAD, State, Thresholds, advance, confirmed
from provendor.verdict import Outcome

LETTERS = {"p": Outcome.PASS, "w": Outcome.WARN, "f": Outcome.FAIL, "e": Outcome.ERROR, "s": Outcome.SKIP}
counted = st.text("pwfe", max_size=40)
thresholds = st.builds(Thresholds, st.integers(1, 4), st.integers(1, 4))


def after(results: str, fail_after: int = 1, recover_after: int = 1) -> State:
    """How a probe stands after results at the times 1, 2, 3 …, each a letter."""
    limits = Thresholds(fail_after, recover_after)
    return reduce(
        lambda state, each: advance(state, LETTERS[each[1]], float(each[0]), limits),
        enumerate(results, 1),
        State(),
    )


@pytest.mark.parametrize(
    ("results", "outcome", "since"),
    [
        ("", None, None),
        ("p", "pass", 1),
        ("w", "warn", 1),
        ("f", None, None),  # one failure of a probe that nobody knows proves nothing
        ("ff", "fail", 1),
        ("fe", "error", 1),
        ("pf", "pass", 1),
        ("pff", "fail", 2),
        ("pfpf", "pass", 1),
        ("pffp", "fail", 2),
        ("pffpp", "fail", 2),
        ("pffppp", "pass", 4),
        ("pffppfppp", "pass", 7),
        ("pffeee", "fail", 2),  # one trouble, whatever it looks like
        ("pwf", "warn", 2),  # two in a row at least so bad as a warn
        ("pwff", "fail", 3),
        ("pffwww", "warn", 4),
        ("pffwwwppp", "pass", 7),
        ("pffwpp", "warn", 4),
        ("pssss", "pass", 1),
    ],
)
def test_a_state_is_left_after_enough_results_in_a_row(results: str, outcome: str | None, since: float | None):
    """Two for the worse, three for the better."""
    state = after(results, fail_after=2, recover_after=3)

    assert (state.outcome, state.since) == (outcome, since)


def test_last_good_is_the_last_result_that_somebody_could_rely_on():
    """A warn is good enough; a failure that does not count yet is not."""
    assert after("pwf", fail_after=2).last_good == 2
    assert after("ff").last_good is None


@pytest.mark.parametrize(
    ("results", "outcome", "why"),
    [
        ("f", "fail", None),
        ("p", "pass", None),
        ("pf", "warn", "failed once, counts as fail after 2 in a row"),
        ("pff", "fail", None),
        ("pffe", "error", None),
        ("pffp", "warn", "still fail: went well once, counts as recovered after 3 in a row"),
        ("pffpw", "warn", "still fail: went well 2 times, counts as recovered after 3 in a row"),
        ("pffppp", "pass", None),
        ("pw", "warn", None),
        ("pwwp", "warn", "still warn: went well once, counts as recovered after 3 in a row"),
        ("ps", "skip", None),
    ],
)
def test_what_is_not_confirmed_yet_is_a_warn(results: str, outcome: str, why: str | None):
    """For better and for worse, and the reason says how often it takes."""
    limits = Thresholds(2, 3)
    state = after(results, *limits)

    assert confirmed(LETTERS[results[-1]], state, limits) == (outcome, why)


@given(counted, thresholds)
def test_enough_of_the_same_always_counts(results: str, limits: Thresholds):
    """Whatever came before, so many results in a row decide the state."""
    down = after(results + "f" * limits.fail_after, *limits)
    up = after(results + "p" * limits.recover_after, *limits)

    assert down.outcome in BAD
    assert up.outcome is Outcome.PASS


@given(counted, thresholds)
def test_a_state_is_never_left_for_fewer_results(results: str, limits: Thresholds):
    """Where the state changed at the last result, the results before it were of the kind that it changed to."""
    before, now = after(results[:-1], *limits), after(results, *limits)
    if before.outcome is None or before.outcome is now.outcome:
        return

    wanted = limits.fail_after if _rank(now) > _rank(before) else limits.recover_after
    assert len(results) >= wanted
    tail = {"w": "wfe", "f": "fe", "e": "fe", "p": "p"}[_letter(now)]
    if _rank(now) < _rank(before) and now.outcome is Outcome.WARN:
        tail = "pw"
    assert set(results[-wanted:]) <= set(tail)


@given(counted)
def test_with_thresholds_of_one_the_state_is_the_last_result(results: str):
    """Except that a trouble which goes on keeps its first name."""
    state = after(results)

    if results:
        assert state.outcome is not None
        assert (state.outcome in BAD) is (LETTERS[results[-1]] in BAD)
        assert state.outcome in BAD or state.outcome is LETTERS[results[-1]]


def _rank(state: State) -> int:
    return 0 if state.outcome is Outcome.PASS else 2 if state.outcome in BAD else 1


def _letter(state: State) -> str:
    return next(letter for letter, outcome in LETTERS.items() if outcome is state.outcome)
