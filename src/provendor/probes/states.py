"""How a probe stands: what its results amount to once they have to be confirmed before they count.

One slow or failed answer is weather. A state is left for a worse one after `fail_after` results in a row that are at least
so bad, and for a better one after `recover_after` results in a row that are at least so good.
"""

from __future__ import annotations

from typing import NamedTuple

from provendor.verdict import Outcome

BAD = frozenset((Outcome.FAIL, Outcome.ERROR))
"""The outcomes after which nobody can rely on the vendor: broken, and could not tell."""


class Thresholds(NamedTuple):
    """How many results in a row it takes to leave a state for a worse one, and for a better one."""

    fail_after: int = 1
    recover_after: int = 1


class Streak(NamedTuple):
    """Results in a row that are on the same side of a line as the last one, and when the first of them came."""

    length: int = 0
    since: float | None = None

    def extended(self, at: float, same: bool) -> Streak:
        """Return the streak after one more result, which may begin another one."""
        return Streak(self.length + 1, self.since) if same and self.length else Streak(1, at)


class State(NamedTuple):
    """How a probe stands after all results so far. `outcome` is None until results have confirmed one.

    `since` is when the first of the results came that confirmed it, `last_good` when the vendor last answered well enough
    to rely on. `reliable` is the streak by the line between bad and not bad, `clean` by that between a pass and no pass.
    """

    outcome: Outcome | None = None
    since: float | None = None
    last: Outcome | None = None
    last_at: float | None = None
    last_good: float | None = None
    reliable: Streak = Streak()
    clean: Streak = Streak()

    @property
    def bad(self) -> int:
        """How many bad results there were in a row up to the last one."""
        return self.reliable.length if self.last in BAD else 0

    @property
    def good(self) -> int:
        """How many results there were in a row that were not bad."""
        return self.reliable.length - self.bad

    @property
    def rough(self) -> int:
        """How many results there were in a row that were no pass."""
        return self.clean.length - self.smooth

    @property
    def smooth(self) -> int:
        """How many passes there were in a row."""
        return self.clean.length if self.last is Outcome.PASS else 0


def advance(state: State, outcome: Outcome, at: float, thresholds: Thresholds) -> State:
    """Return how the probe stands after one more result. A skip is no result and changes nothing."""
    if outcome is Outcome.SKIP:
        return state
    bad, passed = outcome in BAD, outcome is Outcome.PASS
    after = state._replace(
        last=outcome,
        last_at=at,
        last_good=state.last_good if bad else at,
        reliable=state.reliable.extended(at, bad is (state.last in BAD)),
        clean=state.clean.extended(at, passed is (state.last is Outcome.PASS)),
    )
    counts_as = _counts_as(after, outcome, thresholds)
    if counts_as is state.outcome:
        return after
    turned = after.reliable if counts_as in BAD or state.outcome in BAD else after.clean
    return after._replace(outcome=counts_as, since=turned.since)


def _counts_as(after: State, last: Outcome, thresholds: Thresholds) -> Outcome | None:
    state = after.outcome
    if state is None:
        return last if after.good or after.bad >= thresholds.fail_after else None
    if state in BAD and after.good < thresholds.recover_after:
        return state
    if after.bad >= thresholds.fail_after:
        return last
    if state is Outcome.PASS:
        return Outcome.WARN if after.rough >= thresholds.fail_after else Outcome.PASS
    return Outcome.PASS if after.smooth >= thresholds.recover_after else Outcome.WARN


def confirmed(outcome: Outcome, after: State, thresholds: Thresholds) -> tuple[Outcome, str | None]:
    """Return what the last result counts for, and why that is not what it was.

    What is not confirmed yet is a warn, for better and for worse. Where nothing is known of the probe, the result stands.
    """
    state = after.outcome
    if state is None or outcome is Outcome.SKIP:
        return outcome, None
    if outcome in BAD:
        if state in BAD:
            return outcome, None
        return Outcome.WARN, f"failed {_times(after.bad)}, counts as {outcome} after {thresholds.fail_after} in a row"
    if state in BAD:
        return Outcome.WARN, f"still {state}: {_recovering(after.good, thresholds)}"
    if outcome is Outcome.PASS and state is Outcome.WARN:
        return Outcome.WARN, f"still warn: {_recovering(after.smooth, thresholds)}"
    return outcome, None


def _recovering(count: int, thresholds: Thresholds) -> str:
    return f"went well {_times(count)}, counts as recovered after {thresholds.recover_after} in a row"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
