"""Selectors: `vendor`, `vendor/operation` or `vendor/operation:case`, each part with the shell's `*`, `?` and `[...]`.

chatwoot                            every case of the vendor
chatwoot/conversations.*            every case of the operations that match
chatwoot/conversations.list:ok      one case
*/*:rate-limited                    that case of every operation of every vendor
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import TYPE_CHECKING

from provendor.errors import UsageError
from provendor.suggest import did_you_mean

if TYPE_CHECKING:  # whoever matches names alone needs no contracts
    from provendor.contract import Case, Suite

_WILD = frozenset("*?[")


def select(suite: Suite, patterns: Sequence[str]) -> tuple[Case, ...]:
    """Return the cases that any pattern selects, in the order of the suite; no patterns select everything.

    Raises UsageError for a pattern that is malformed or selects nothing.
    """
    cases = suite.cases
    if not patterns:
        return cases
    chosen: set[str] = set()
    for pattern in patterns:
        found = [case.id for case in cases if matches(pattern, case)]
        if not found:
            raise UsageError(_nothing_selected(pattern, cases))
        chosen.update(found)
    return tuple(case for case in cases if case.id in chosen)


def matches(pattern: str, case: Case) -> bool:
    """Tell whether a pattern selects a case; raises UsageError for a malformed pattern."""
    return matches_names(pattern, case.vendor, case.operation, case.name)


def matches_names(pattern: str, *names: str) -> bool:
    """Tell whether a pattern selects the case with these names of vendor, operation and case, also one that has gone."""
    return all(fits(names[at]) for at, fits in _tests(pattern))


def may_match(pattern: str, *names: str) -> bool:
    """Tell whether a pattern selects some case of a vendor, or of a vendor's operation; raises as `matches` does."""
    return all(fits(names[at]) for at, fits in _tests(pattern) if at < len(names))


@lru_cache(maxsize=512)
def name_cases(patterns: tuple[str, ...]) -> bool:
    """Tell whether one of the patterns selects cases by their own names; raises as `matches` does."""
    return any(_parts(pattern)[2] != "*" for pattern in patterns)


def vendors_named(patterns: Sequence[str]) -> set[str] | None:
    """Return the vendors that the patterns can select, or None where that may be any vendor.

    Raises UsageError for a malformed pattern.
    """
    vendors = {_parts(pattern)[0] for pattern in patterns}
    return None if not vendors or any(_WILD.intersection(vendor) for vendor in vendors) else vendors


@lru_cache(maxsize=512)
def _tests(pattern: str) -> tuple[tuple[int, Callable[[str], object]], ...]:
    """Return what the parts of a pattern ask of vendor (0), operation (1) and case (2); nothing where any will do."""
    asked = [(at, part) for at, part in enumerate(_parts(pattern)) if part != "*"]
    return tuple((at, re.compile(translate(part)).match if _WILD & {*part} else part.__eq__) for at, part in asked)


@lru_cache(maxsize=512)
def _parts(pattern: str) -> tuple[str, str, str]:
    vendor, slash, rest = pattern.partition("/")
    operation, colon, name = rest.partition(":")
    if ":" in vendor:
        operation = vendor.partition(":")[2]
        raise UsageError(_malformed(pattern, f"; for a case of every operation write {vendor.replace(':', '/*:', 1)}"))
    broken = not vendor or (slash and not operation) or (colon and not name)
    if broken or "/" in rest or ":" in name or any(letter.isspace() for letter in pattern):
        raise UsageError(_malformed(pattern))
    return vendor, operation or "*", name or "*"


def _malformed(pattern: str, hint: str = "") -> str:
    return f'"{pattern}" is not a selector: expected vendor, vendor/operation or vendor/operation:case{hint}'


def _nothing_selected(pattern: str, cases: Sequence[Case]) -> str:
    """Say how far the pattern came: which of its parts nothing answers to, and what is near."""
    vendor, operation, name = _parts(pattern)
    of_vendor = [case for case in cases if fnmatchcase(case.vendor, vendor)]
    of_operation = [case for case in of_vendor if fnmatchcase(case.operation, operation)]
    if of_operation:
        what, word, known = "case", name, {case.name for case in of_operation}
    elif of_vendor:
        what, word, known = "operation", operation, {case.operation for case in of_vendor}
    else:
        what, word, known = "vendor", vendor, {case.vendor for case in cases}
    below = f"{word}.*" if any(other.startswith(f"{word}.") for other in known) else None
    hint = f', did you mean "{below}"?' if below else did_you_mean(word, known)
    return f'"{pattern}" selects nothing: no {what} "{word}"{hint}'
