"""Ratios that the business watches, judged by the thresholds that a contract gives them.

indicators:                                   # vendor.yaml
  posts-published: { title: Posts that came out., ok: 0.95, warn: 0.8, min: 5 }

@check("publer/posts.list:ok")                # checks/publer.py
def posts_come_out(exchange, expect):
    yield from judge(expect, "posts-published", good=19, of=20)
"""

from __future__ import annotations

from collections.abc import Iterator

from provendor.contract import Expect, Indicator
from provendor.verdict import Finding, Outcome, Skip


def judge(expect: Expect, name: str, good: int, of: int) -> Iterator[Finding]:
    """Yield a finding where the ratio is below `ok` (warn) or below `warn` (fail); raise Skip where too few were counted.

    Raises KeyError where the vendor declares no such indicator.
    """
    indicator = expect.indicators[name]
    if of < indicator.min:
        raise Skip(f"{of} counted, and fewer than {indicator.min} say nothing about {name}")
    outcome = outcome_of(indicator, good, of)
    if outcome is not Outcome.PASS:
        wanted = f"{name}: at least {indicator.ok:g}"
        yield Finding("indicator", wanted, f"{good / of:.3g} ({good} of {of})", key="indicators", level=outcome)


def outcome_of(indicator: Indicator, good: int, of: int) -> Outcome:
    """Return pass, warn or fail for `good` of `of`; skip where nothing was counted."""
    if of == 0:
        return Outcome.SKIP
    ratio = good / of
    if ratio >= indicator.ok:
        return Outcome.PASS
    return Outcome.WARN if ratio >= indicator.warn else Outcome.FAIL
