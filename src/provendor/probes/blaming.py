"""Whose fault the failures of a live run are: by the answers, by what the history knows, and by what the run has seen so far.

    blaming = Blaming(reports)
    result = blaming.blamed(result)       # of a replay, and of what holds, as it was

Nobody waits here as a prober does, so that a silence is judged by those vendors alone whose answers came before.
"""

from __future__ import annotations

from pathlib import Path

from provendor.database import Unusable
from provendor.probes.blame import Around, blame, fault_code, is_silence
from provendor.probes.history import History, Watched
from provendor.run import Result
from provendor.verdict import Outcome


class Blaming:
    """Takes the results of one run as they come."""

    def __init__(self, reports: Path) -> None:
        self._good = _ever_good(reports)
        self._answered: dict[str, bool] = {}

    def blamed(self, result: Result) -> Result:
        """Return the result with whose fault it is, where it is live, no pass, and anybody can know."""
        if result.environment is None:
            return result
        case = result.case
        code = fault_code(result)
        if result.exchange is not None:
            self._answered[case.vendor] = True
        elif code is not None and is_silence(code):
            self._answered.setdefault(case.vendor, False)
        if result.outcome is Outcome.PASS:
            return result
        watched = Watched(case.vendor, case.operation, case.name, result.environment)
        others = {vendor: answered for vendor, answered in self._answered.items() if vendor != case.vendor}
        return result._replace(blame=blame(result, Around(others=others, worked_before=watched in self._good)))


def _ever_good(reports: Path) -> frozenset[Watched]:
    """Return what ever answered well; nothing where the history is not there or cannot be read, which whoever writes it says."""
    try:
        history = History.existing(reports)
        if history is None:
            return frozenset()
        with history:
            return frozenset(history.last_good())
    except Unusable:
        return frozenset()
