"""Whether and when to try again: what was answered, whether repeating it is safe, and how often a run may do so.

Why no library does it: what decides are the error table, `Retry-After`, the case's deadline, our pace and the run's budget.
What is left for a library to bring is one random number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from provendor.classify import classify
from provendor.contract import ErrorRule
from provendor.errors import Fault
from provendor.exchange import Exchange
from provendor.fault_codes import FAULTS

FIRST_S: Final = 0.5
LONGEST_S: Final = 30.0


class Budget:
    """How often the calls of one run to one origin may be tried again: a few times, and once more for every few calls.

    A vendor that is dying gets a fifth more calls than it would have got anyway, and not three times as many.
    """

    def __init__(self, at_first: int = 10, per_call: float = 0.2) -> None:
        self._left = self._most = float(at_first)
        self._per_call = per_call

    def earn(self) -> None:
        """Count a call that is tried for the first time."""
        self._left = min(self._most, self._left + self._per_call)

    def spend(self) -> bool:
        """Take one try; False where none is left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


def is_worth_it(outcome: Exchange | Fault, rules: tuple[ErrorRule, ...], expected: str | None) -> bool:
    """Tell whether another try may end otherwise; an error that the case expects is what it wants."""
    if isinstance(outcome, Fault):
        return outcome.retryable
    rule = classify(rules, outcome)
    return rule is not None and rule.retryable and rule.code != expected


def was_unsent(outcome: Exchange | Fault) -> bool:
    """Tell whether the vendor cannot have got the request."""
    return isinstance(outcome, Fault) and outcome.code in FAULTS and FAULTS[outcome.code].unsent


def wait_s(tries: int, random: Callable[[], float]) -> float:
    """Return how long to wait after so many tries: anything up to a bound that doubles, so that callers spread out."""
    return random() * min(LONGEST_S, FIRST_S * 2.0 ** (tries - 1))
