"""A probe's result by its thresholds: what it counts for, how the probe stands after it, and what changed.

books = Books(history.states())
settled = books.settle(probe, result)
settled.result.outcome      # a warn, where a failure or a recovery has still to be confirmed
settled.transition          # None where the probe stands as before
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from provendor.moments import timestamp
from provendor.probes.history import Sample, Transition, Watched
from provendor.probes.probing import Probe
from provendor.probes.states import State, advance, confirmed
from provendor.run import Result
from provendor.verdict import Outcome


class Settled(NamedTuple):
    """A result with the outcome that it counts for. `judged` is what the checks said, `state` how the probe stands now."""

    result: Result
    judged: Outcome
    state: State
    before: Outcome | None

    @property
    def changed(self) -> bool:
        """Whether the probe stands otherwise than before."""
        return self.state.outcome is not self.before

    def record(self) -> dict[str, Any]:
        """Return what evidence keeps of it besides the result."""
        state = self.state
        return {
            "judged": str(self.judged),
            "outcome": str(state.outcome) if state.outcome else None,
            "since": timestamp(state.since) if state.since is not None else None,
            "last_good": timestamp(state.last_good) if state.last_good is not None else None,
        }

    def transition(self, sample: Sample) -> Transition | None:
        """Return what changed, with the words of the sample that decided it; None where nothing did."""
        state, why = self.state, self.result.blame.why if self.result.blame else None
        if not self.changed or state.outcome is None or state.since is None:
            return None
        if state.outcome is Outcome.PASS:
            return Transition(sample.watched, state.since, self.before, state.outcome, state.last_good)
        said = (sample.code, sample.party, sample.reason, sample.run, why)
        return Transition(sample.watched, state.since, self.before, state.outcome, state.last_good, *said)


class Books:
    """How each probe stands."""

    def __init__(self, states: Mapping[Watched, State]) -> None:
        self.states = dict(states)

    def worked_before(self, probe: Probe) -> bool:
        """Tell whether the probe has ever been good."""
        return self.states.get(probe.watched, State()).last_good is not None

    def failing_s(self, probe: Probe, at: float) -> float:
        """Return how long before this moment the first of the bad results in a row came that the probe has had; 0 without any."""
        state = self.states.get(probe.watched, State())
        return max(0.0, at - state.reliable.since) if state.bad and state.reliable.since is not None else 0.0

    def settle(self, probe: Probe, result: Result) -> Settled:
        """Count a result."""
        before = self.states.get(probe.watched, State())
        state = advance(before, result.outcome, result.started_at, probe.thresholds)
        self.states[probe.watched] = state
        outcome, why = confirmed(result.outcome, state, probe.thresholds)
        counted = result if outcome is result.outcome else result._replace(outcome=outcome, reason=_said(why, result))
        return Settled(counted, result.outcome, state, before.outcome)

    def unsettled(self, probe: Probe, result: Result) -> Settled:
        """Return a result that does not count: nobody knows what it would have been."""
        state = self.states.get(probe.watched, State())
        return Settled(result, result.outcome, state, state.outcome)


def _said(why: str | None, result: Result) -> str | None:
    return "; ".join(part for part in (why, result.reason) if part) or None
