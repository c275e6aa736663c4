"""GO, GO WITH WARNINGS, CANNOT TELL or NO-GO, and the rules that decide it.

Every rule looks at one thing and says what it found. The worst word among them is the verdict, and its sentence is made of
what the rules with that word say. An empty run, an error, a skip and what was not asked are never taken for a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from provendor.probes.states import BAD
from provendor.reports.radar import SOON_DAYS
from provendor.reports.story import (
    CaseTold,
    Cause,
    Counts,
    Decision,
    Expiry,
    ProbeTold,
    Proof,
    Rule,
    RunTold,
    VendorTold,
    Watch,
    Word,
)
from provendor.run import REPLAYED_ON_PURPOSE
from provendor.verdict import Outcome

STALE_DAYS = 7
"""After so many days a live proof is shown as stale."""

PRODUCTION = "production"

_BADNESS = {Word.GO: 0, Word.WARNINGS: 1, Word.UNKNOWN: 2, Word.NO_GO: 3}


class _Facts(NamedTuple):
    run: RunTold
    vendors: Sequence[VendorTold]
    cases: Sequence[CaseTold]
    causes: Sequence[Cause]
    unreadable: int
    expiries: Sequence[Expiry]
    watch: Watch | None

    def with_outcome(self, outcome: Outcome) -> tuple[str, ...]:
        return tuple(case.id for case in self.cases if case.outcome is outcome)


def word_of(counts: Counts, missing: int | None, proof: Proof | None, troubled: Collection[str] = ()) -> Word:
    """Return the word for one vendor alone; `troubled` are its probes of production that are in trouble."""
    if counts.failed:
        return Word.NO_GO
    if counts.errors or missing or not counts.judged:
        return Word.UNKNOWN
    if counts.warned or counts.skipped or troubled or proof is None or proof.stale or not proof.whole:
        return Word.WARNINGS
    return Word.GO


def decide(
    run: RunTold,
    vendors: Sequence[VendorTold],
    cases: Sequence[CaseTold],
    causes: Sequence[Cause],
    expiries: Sequence[Expiry],
    unreadable: int = 0,
    watch: Watch | None = None,
) -> Decision:
    """Return the verdict on a run, and on how production stands by the `watch`."""
    facts = _Facts(run, vendors, cases, causes, unreadable, expiries, watch)
    rules = sorted((rule(facts) for rule in _RULES), key=lambda rule: -_BADNESS[rule.word])
    word = rules[0].word
    said = [rule.says for rule in rules if rule.word is word] if word is not Word.GO else [_all_well(facts)]
    return Decision(word, _sentence(said), tuple(rules))


def _sentence(said: Sequence[str]) -> str:
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}."


def _all_well(facts: _Facts) -> str:
    return (
        f"{_cases(len(facts.cases))} of {_count(len(facts.vendors), 'vendor')} hold, and every vendor was proven live"
    )


def _broken(facts: _Facts) -> Rule:
    asks = "No contract is broken."
    failed = facts.with_outcome(Outcome.FAIL)
    if not failed:
        return Rule("broken", Word.GO, asks, "no case fails")
    causes = [cause for cause in facts.causes if cause.outcome is Outcome.FAIL]
    names = list(dict.fromkeys(cause.vendor for cause in causes))
    whose = f"{_cases(len(failed))} of {_vendors(names, facts)}" if names else _cases(len(failed))
    why = f", for {_count(len(causes), 'reason')}" if len(failed) > 1 else ""
    return Rule("broken", Word.NO_GO, asks, f"{whose} {_verb(failed, 'fail')}{why}", failed)


def _known(facts: _Facts) -> Rule:
    asks = "Every case that was asked could be judged."
    errors = facts.with_outcome(Outcome.ERROR)
    if errors:
        return Rule("judged", Word.UNKNOWN, asks, f"{_cases(len(errors))} could not be judged", errors)
    if facts.unreadable:
        return Rule("judged", Word.UNKNOWN, asks, f"{_count(facts.unreadable, 'result')} cannot be read")
    if not facts.run.counts.judged:
        return Rule("judged", Word.UNKNOWN, asks, "nothing was judged")
    return Rule("judged", Word.GO, asks, f"{_cases(facts.run.counts.judged)} were judged")


def _finished(facts: _Facts) -> Rule:
    asks = "The run came to its end."
    if facts.run.interrupted or not facts.run.finished:
        how = "was interrupted" if facts.run.finished else "was killed, or is still going on"
        return Rule("finished", Word.UNKNOWN, asks, f"the run {how}, and what is missing was not judged")
    return Rule("finished", Word.GO, asks, "the run came to its end")


def _whole(facts: _Facts) -> Rule:
    asks = "Every case of every contract was asked."
    lacking = tuple(vendor.name for vendor in facts.vendors if vendor.missing or not vendor.counts.total)
    asked = _cases(facts.run.counts.total)
    if lacking:
        total = sum(vendor.cases or vendor.counts.total for vendor in facts.vendors)
        known = all(vendor.cases is not None for vendor in facts.vendors)
        count = facts.run.counts.total
        of = f"{count:,} of {_cases(total)}" if known else _cases(count)
        says = f"only {of} {'was' if count == 1 else 'were'} asked, and nothing is said of the rest"
        return Rule("whole", Word.UNKNOWN, asks, says, lacking)
    if facts.run.selectors and any(vendor.missing is None for vendor in facts.vendors):
        chosen = " ".join(facts.run.selectors)
        return Rule("whole", Word.UNKNOWN, asks, f"only {chosen} was asked, and nothing is said of the rest")
    return Rule("whole", Word.GO, asks, f"all {asked} of {_count(len(facts.vendors), 'vendor')} were asked")


def _skipped(facts: _Facts) -> Rule:
    asks = "No case was skipped."
    skipped = facts.with_outcome(Outcome.SKIP)
    if not skipped:
        return Rule("skipped", Word.GO, asks, "no case was skipped")
    return Rule("skipped", Word.WARNINGS, asks, f"{_cases(len(skipped))} {_was(skipped)} skipped", skipped)


def _warned(facts: _Facts) -> Rule:
    asks = "No case warns."
    warned = facts.with_outcome(Outcome.WARN)
    if not warned:
        return Rule("warned", Word.GO, asks, "no case warns")
    return Rule("warned", Word.WARNINGS, asks, f"{_cases(len(warned))} {_verb(warned, 'warn')}", warned)


def _live(facts: _Facts) -> Rule:
    asks = f"Every vendor answered itself well within the last {STALE_DAYS} days."
    unproven = tuple(vendor.name for vendor in facts.vendors if vendor.proof is None)
    stale = tuple(vendor.name for vendor in facts.vendors if vendor.proof and vendor.proof.stale)
    # Of production the probes tell, once they are confirmed.
    partly = tuple(
        vendor.name for vendor in facts.vendors if vendor.proof and not vendor.proof.whole and not vendor.troubled
    )
    if not unproven and not stale and not partly:
        return Rule("live", Word.GO, asks, "every vendor answered itself")
    said = [f"{_vendors(unproven, facts)} {_verb(unproven, 'have')} no live proof"] if unproven else []
    said += [f"the live proof of {_vendors(stale, facts)} is stale"] if stale else []
    said += [f"not every case of {_vendors(partly, facts)} holds live"] if partly else []
    return Rule("live", Word.WARNINGS, asks, ", and ".join(said), tuple(dict.fromkeys((*unproven, *stale, *partly))))


def _asked(facts: _Facts) -> Rule:
    asks = "No recording stood in for an answer that should have been asked live."
    fallen = tuple(case.id for case in facts.cases if case.fallback and case.fallback not in REPLAYED_ON_PURPOSE)
    if not fallen:
        return Rule("fallback", Word.GO, asks, "no case was replayed in place of being asked")
    says = f"{_cases(len(fallen))} {_was(fallen)} replayed in place of being asked live"
    return Rule("fallback", Word.WARNINGS, asks, says, fallen)


def _production(facts: _Facts) -> Rule:
    asks = "No probe of production is in trouble."
    if facts.watch and facts.watch.trouble:
        return Rule("production", Word.WARNINGS, asks, f"the history cannot be read: {facts.watch.trouble}")
    bad = [each for each in (facts.watch.probes if facts.watch else ()) if in_trouble(each)]
    if not bad:
        known = facts.watch is not None and any(each.environment == PRODUCTION for each in facts.watch.probes)
        return Rule("production", Word.GO, asks, "no probe is in trouble" if known else "production is not probed")
    names = list(dict.fromkeys(each.vendor for each in bad))
    says = f"{_count(len(bad), 'probe')} of {_vendors(names, facts)} {'is' if len(bad) == 1 else 'are'}"
    return Rule("production", Word.WARNINGS, asks, f"{says} in trouble in production", tuple(each.id for each in bad))


def in_trouble(probe: ProbeTold) -> bool:
    """Tell whether a probe of production is confirmed to be no pass."""
    return probe.environment == PRODUCTION and probe.outcome in BAD


def _soon(facts: _Facts) -> Rule:
    asks = f"Nothing ends within the next {SOON_DAYS} days."
    soon = tuple(each for each in facts.expiries if each.days is not None and each.days <= SOON_DAYS)
    if not soon:
        return Rule("soon", Word.GO, asks, "nothing ends soon")
    whose = _vendors(list(dict.fromkeys(each.vendor for each in soon)), facts)
    says = f"{_count(len(soon), 'thing')} of {whose} {_verb(soon, 'end')} within {SOON_DAYS} days"
    return Rule("soon", Word.WARNINGS, asks, says, tuple(f"{each.on} {each.vendor}: {each.what}" for each in soon))


_RULES: tuple[Callable[[_Facts], Rule], ...] = (
    _broken,
    _finished,
    _known,
    _whole,
    _warned,
    _skipped,
    _live,
    _asked,
    _production,
    _soon,
)


def _cases(count: int) -> str:
    return _count(count, "case")


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _verb(things: Sequence[object], verb: str) -> str:
    """Return the verb as it goes with so many things."""
    if len(things) != 1:
        return verb
    return "has" if verb == "have" else f"{verb}s"


def _was(things: Sequence[object]) -> str:
    return "was" if len(things) == 1 else "were"


def _vendors(names: Sequence[str], facts: _Facts) -> str:
    """Return the vendors by name where they are few."""
    if len(names) == len(facts.vendors) > 1:
        return f"all {len(names)} vendors"
    return _count(len(names), "vendor") if len(names) > 3 else " and ".join(names)
