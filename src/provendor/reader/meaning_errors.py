"""Error tables: rows that no answer reaches, and codes that a case expects although its status is never given them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from provendor.contract import StatusSet
from provendor.reader.nodes import Found, Node
from provendor.reader.notation import statuses
from provendor.suggest import did_you_mean


def unreachable(rules: Node) -> Found:
    """Yield rules that can never be reached, and codes that are retryable in one row and not in the next."""
    earlier: list[Node] = []
    retryable: dict[str, tuple[int, bool]] = {}
    for index, rule in enumerate(rules.entries() if isinstance(rules.value, list) else ()):
        if not isinstance(rule.value, dict):
            continue
        before = next((each for each in earlier if _swallows(each, rule)), None)
        if before is not None:
            yield rule.fault(f"never reached: rule {before.way[-1]} of this table matches all of it first")
        earlier.append(rule)
        code, says = rule["code"].text, rule["retryable"].value
        if code and isinstance(says, bool):
            first, said = retryable.setdefault(code, (index, says))
            if said is not says:
                yield rule["retryable"].fault(
                    f'rule {first} of this table says the opposite for "{code}": use two codes'
                )


def _swallows(first: Node, second: Node) -> bool:
    """Tell whether the first rule matches every answer that the second one does."""
    conditions = [key for key in ("status", "header", "json", "text") if key in first]
    return bool(conditions) and all(key in second and _implied(key, first[key], second[key]) for key in conditions)


def _implied(key: str, wider: Node, narrower: Node) -> bool:
    if key == "status":
        ours, theirs = _statuses(wider), _statuses(narrower)
        return ours is not None and theirs is not None and _covers(ours, theirs)
    if key == "text":
        return bool(wider.text) and wider.text == narrower.text
    return bool(wider.names) and all(
        name in narrower and _same(node.value, narrower[name].value) for name, node in wider.items()
    )


def _same(ours: Any, theirs: Any) -> bool:
    return type(ours) is type(theirs) and ours == theirs


class Rule(NamedTuple):
    """A row of an error table, as far as it decides which code a status can be given; `statuses` is None where it says none."""

    code: str
    statuses: StatusSet | None
    on_status_alone: bool


def table(*tables: Node) -> list[Rule]:
    """Return the rows of error tables, in the order in which they are tried."""
    return [
        Rule(rule["code"].text, _statuses(rule["status"]), not any(key in rule for key in ("header", "json", "text")))
        for table in tables
        for rule in table.entries()
    ]


def expected(case: Node, rules: Sequence[Rule], vendor: Node, others: Iterable[str] = ()) -> Found:
    """Yield an error code that does not exist, or that this case's status can never be given.

    `others` are codes that do not come from a table.
    """
    if not vendor.is_mapping:
        return
    wanted, allowed = case["error"], _statuses(case["status"])
    code = wanted.text
    if code and not any(rule.code == code for rule in rules):
        codes = {rule.code for rule in rules if rule.code}
        hint = did_you_mean(code, [*codes, *others]) or (f"; known: {', '.join(sorted(codes))}" if codes else "")
        yield wanted.fault(f'no error rule gives the code "{code}"{hint}')
    elif code and allowed and not any(_may_give(rule, code, allowed) for rule in rules):
        yield wanted.fault(f'no error rule gives the code "{code}" to status {allowed}')
    elif allowed:
        yield from _always_given(case, rules, code, allowed)


def _always_given(case: Node, rules: Sequence[Rule], code: str, allowed: StatusSet) -> Found:
    """Yield a code that the table gives whatever the answer holds, where the case expects another, or none."""
    for rule in rules:
        given, ours = rule.code, rule.statuses
        if given == code and _may_give(rule, code, allowed):
            return
        if given and ours and rule.on_status_alone and _covers(ours, allowed):
            if code:
                yield case["error"].fault(f'status {allowed} is given the code "{given}" before "{code}" is tried')
            else:
                yield case.fault(f'status {allowed} is given the code "{given}": say `error: {given}`', at_key=True)
            return


def _may_give(rule: Rule, code: str, allowed: StatusSet) -> bool:
    return rule.code == code and (rule.statuses is None or _overlap(rule.statuses, allowed))


def _covers(wider: StatusSet, narrower: StatusSet) -> bool:
    return narrower.classes <= wider.classes and not [status for status in narrower.exact if status not in wider]


def _overlap(ours: StatusSet, theirs: StatusSet) -> bool:
    return (
        bool(ours.classes & theirs.classes)
        or any(status in theirs for status in ours.exact)
        or any(status in ours for status in theirs.exact)
    )


def _statuses(node: Node) -> StatusSet | None:
    """Return the statuses that a node holds; None where it holds anything else."""
    items = node.value if isinstance(node.value, list) else [node.value]
    return statuses(items) if items and all(type(item) is int or item in _CLASSES for item in items) else None


_CLASSES: Final = ("1xx", "2xx", "3xx", "4xx", "5xx")
