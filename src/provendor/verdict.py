"""How a check ends: findings, verdicts and the five outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """The five ways a check, and so a case, can end. Error and skip always carry a reason; neither is a pass."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"
    SKIP = "skip"


_SEVERITY = {Outcome.SKIP: 0, Outcome.PASS: 1, Outcome.WARN: 2, Outcome.ERROR: 3, Outcome.FAIL: 4}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst outcome: fail, error, warn, pass; skip only where nothing else was said.

    Nothing at all is an error: what was never judged cannot have passed.
    """
    return max(outcomes, key=_SEVERITY.__getitem__, default=Outcome.ERROR)


class Finding(NamedTuple):
    """One difference between what a contract expects and what came.

    Finding("body-schema", "integer", 'string "7"', at="/id", key="contracts/a/b.yaml#/schemas/id/type")

    `code` is stable and explained by `provendor explain CODE`. `at` is a JSON pointer into the body, or the name of the
    part (`header retry-after`), empty for the exchange as a whole. `key` is the contract key below the case that made
    the demand (`status`, `body`, `headers.Link`), or `file#pointer` for a key of a schema, so that reports can name file
    and line. `level` is `fail` or `warn`.
    """

    code: str
    expected: str
    actual: str
    at: str = ""
    key: str = ""
    level: Outcome = Outcome.FAIL


def sentence(code: str, at: str, expected: str, actual: str) -> str:
    """Return a finding as one sentence: `body-schema at /id: expected integer, got string "7"`."""
    return f"{code}{' at ' + at if at else ''}: expected {expected}, got {actual}"


class Skip(Exception):
    """Raised by a check that has nothing to say about an exchange; the text is the reason."""


class Verdict(NamedTuple):
    """How one check ended. `reason` is given for error and skip, and only there."""

    check: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str | None = None


class Party(StrEnum):
    """Whose fault a live failure is."""

    OURS = "ours"
    CREDENTIAL = "credential"
    QUOTA = "quota"
    NETWORK = "network"
    VENDOR = "vendor"
    CONTRACT = "contract"


class Blame(NamedTuple):
    """Whose fault it is that a live case is no pass, and what says so, in one sentence."""

    party: Party
    why: str
