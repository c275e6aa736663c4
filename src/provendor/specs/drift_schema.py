"""What a contract's schema, or one answer, says otherwise than the schema of a vendor's spec.

    comparison = Comparison()
    comparison.schema(Subject("users.get", "acme/users.get:ok", "200"), ours, theirs)
    comparison.answer(Subject(...), sample(value, file), theirs)
    comparison.differences()

A case may be narrower than the spec on purpose: it is one condition of several. Only what no case of an operation allows, and
the spec does, is a difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from provendor.exchange import Json
from provendor.schemas.shapes import Node, View, Views, same, wider

MAX_DEPTH: Final = 60
_SHOWN: Final = 8  # values of an enum
_ZERO: Final = "_UNSPECIFIED"  # how protocol buffers name the zero of an enum, which their JSON form leaves out


class Severity(StrEnum):
    """What a difference means for a reader; `drift` describes each."""

    BREAKING = "breaking"
    NOTE = "note"
    COSMETIC = "cosmetic"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return {"breaking": 2, "note": 1, "cosmetic": 0}[self.value]


class Difference(NamedTuple):
    """One difference: `ours` and `theirs` are short texts, `contract` and `spec` where each stands.

    `contract` is `file:line` once the line is known and `file#pointer` before; `at` is a JSON pointer into the answer with
    `*` for every element, or a part of the request such as `query state`. `more` counts other places of the same difference.
    """

    code: str
    severity: Severity
    operation: str
    case: str
    at: str
    ours: str
    theirs: str
    contract: str
    spec: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared: a case of an operation, and the part of it (`200`, `request`)."""

    operation: str
    case: str
    part: str


@dataclass(slots=True)
class _Narrow:
    """What the cases seen so far do not allow although the spec does, and how to say so."""

    missing: frozenset[str]
    says: Difference


@dataclass(slots=True)
class _Walk:
    """One schema against another. `is_answer` says that ours is a value that came, not a schema."""

    subject: Subject
    sends: bool = False
    is_answer: bool = False
    seen: set[tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]] = field(default_factory=set)


class Comparison:
    """Collects differences over the cases of a vendor."""

    def __init__(self) -> None:
        self._views = Views()
        self._found: dict[tuple[str, ...], Difference] = {}
        self._narrow: dict[tuple[str, ...], _Narrow] = {}

    def schema(self, subject: Subject, ours: Node, theirs: Node) -> None:
        """Compare the schema that a case has for an answer."""
        self._walk(_Walk(subject), ours, theirs, "", 0)

    def answer(self, subject: Subject, ours: Node, theirs: Node) -> None:
        """Compare an answer that came."""
        self._walk(_Walk(subject, is_answer=True), ours, theirs, "", 0)

    def sent(self, subject: Subject, ours: Node, theirs: Node) -> None:
        """Compare a body that we send."""
        self._walk(_Walk(subject, sends=True, is_answer=True), ours, theirs, "body", 0)

    def add(self, difference: Difference) -> None:
        """Add a difference that is not about schemas."""
        key = difference.operation, difference.code, difference.at, difference.theirs
        self._found.setdefault(key, difference)

    def differences(self) -> tuple[Difference, ...]:
        """Return all differences, each once per operation."""
        narrow = {key: each.says for key, each in self._narrow.items() if each.missing}
        return (*(each for key, each in self._found.items() if key not in narrow), *narrow.values())

    # --- the walk -------------------------------------------------------------------------------------------------------

    def _walk(self, walk: _Walk, ours: Node, theirs: Node, at: str, depth: int) -> None:
        key = ours.places, theirs.places
        if key in walk.seen or depth > MAX_DEPTH:
            return
        walk.seen.add(key)
        mine, spec = self._views.of(ours), self._views.of(theirs)
        if mine.never or spec.never:
            return
        if spec.deprecated and at:
            self._note(walk, "drift-deprecated", Severity.NOTE, at, mine, spec, "relied on", "deprecated")
        if not self._kinds(walk, mine, spec, at):
            return
        self._values(walk, mine, spec, at)
        if spec.maybe_object and (mine.properties or mine.required):
            self._required(walk, mine, spec, at)
            self._properties(walk, mine, spec, at, depth)
        if mine.items and spec.items:
            self._walk(walk, mine.items, spec.items, f"{at}/*", depth + 1)
        if mine.rest and spec.rest:
            self._walk(walk, mine.rest, spec.rest, f"{at}/*", depth + 1)

    def _kinds(self, walk: _Walk, mine: View, spec: View, at: str) -> bool:
        """Compare types; return whether it makes sense to look further."""
        if mine.kinds is None or spec.kinds is None:
            return True
        texts = _kinds_text(mine.kinds), _kinds_text(spec.kinds)
        if not wider(mine.kinds) & wider(spec.kinds):
            nothing = mine.kinds == {"null"}
            severity = Severity.NOTE if nothing else Severity.BREAKING
            self._note(walk, "drift-type", severity, at, mine, spec, *texts)
            return False
        if walk.is_answer:
            return True
        missing = spec.kinds - wider(mine.kinds)
        alike = missing == {"number"} and "integer" in mine.kinds
        severity = Severity.NOTE if alike else Severity.BREAKING
        self._narrower(walk, "drift-type", severity, at, mine, spec, *texts, missing=missing)
        if not missing and (extra := mine.kinds - wider(spec.kinds)):
            said = f"also {_kinds_text(extra)}"
            self._note(walk, "drift-type", Severity.COSMETIC, at, mine, spec, said, _kinds_text(spec.kinds))
        return True

    def _values(self, walk: _Walk, mine: View, spec: View, at: str) -> None:
        if mine.values is None or spec.values is None:
            return
        unknown = [value for value in mine.values if not any(same(value, other) for other in spec.values)]
        missing = [
            value
            for value in spec.values
            if not any(same(value, other) for other in mine.values) and not str(value).endswith(_ZERO)
        ]
        if unknown:
            severity = Severity.BREAKING if len(unknown) == len(mine.values) else Severity.NOTE
            self._note(walk, "drift-enum", severity, at, mine, spec, _values_text(unknown), _values_text(spec.values))
        if not walk.is_answer:
            texts = _values_text(mine.values), _values_text(missing or spec.values)
            names = frozenset(json.dumps(value) for value in missing)
            # One value alone is what a case is about; several are a list that somebody meant to be whole.
            severity = Severity.NOTE if len(mine.values) == 1 else Severity.BREAKING
            self._narrower(walk, "drift-enum", severity, at, mine, spec, *texts, missing=names)

    def _required(self, walk: _Walk, mine: View, spec: View, at: str) -> None:
        if not spec.demands:
            return
        if walk.is_answer:
            # What we send must be whole; an answer in hand may be older, or cut down to what we rely on.
            severity = Severity.BREAKING if walk.sends else Severity.NOTE
            for name in sorted(spec.required - set(mine.properties)):
                self._note(walk, "drift-required", severity, f"{at}/{name}", mine, spec, "not there", "required")
            return
        for name in sorted(set(mine.properties) | mine.required):
            if name in spec.properties:
                missing = frozenset({"absent"}) if name in mine.required and name not in spec.required else frozenset()
                texts = "required", "optional"
                self._narrower(
                    walk, "drift-required", Severity.BREAKING, f"{at}/{name}", mine, spec, *texts, missing=missing
                )
            if name in spec.required and name not in mine.required:
                texts = "optional", "required"
                self._note(walk, "drift-required", Severity.COSMETIC, f"{at}/{name}", mine, spec, *texts)

    def _properties(self, walk: _Walk, mine: View, spec: View, at: str, depth: int) -> None:
        for name in {**mine.properties, **dict.fromkeys(sorted(mine.required))}:
            ours, theirs = mine.properties.get(name), spec.properties.get(name, spec.rest)
            if theirs is None:
                if not spec.has_room() and not (ours and self._views.of(ours).never):
                    self._unknown_field(walk, mine, spec, at, name)
            elif ours is not None:
                self._walk(walk, ours, theirs, f"{at}/{name}", depth + 1)

    def _unknown_field(self, walk: _Walk, mine: View, spec: View, at: str, name: str) -> None:
        said = "sent" if walk.sends else "seen" if walk.is_answer else "optional"
        relied_on = walk.sends or (not walk.is_answer and name in mine.required)
        if relied_on and not walk.sends:
            said = "required"
        severity = Severity.BREAKING if relied_on else Severity.NOTE
        self._note(walk, "drift-field", severity, f"{at}/{name}", mine, spec, said, "unknown")

    # --- what was found -------------------------------------------------------------------------------------------------

    def _note(
        self, walk: _Walk, code: str, severity: Severity, at: str, mine: View, spec: View, ours: str, theirs: str
    ) -> None:
        key = walk.subject.operation, walk.subject.part, code, at
        known = self._found.get(key)
        if known is None or known.severity.rank < severity.rank:
            self._found[key] = _difference(walk, code, severity, at, mine, spec, ours, theirs)

    def _narrower(
        self,
        walk: _Walk,
        code: str,
        severity: Severity,
        at: str,
        mine: View,
        spec: View,
        ours: str,
        theirs: str,
        *,
        missing: Iterable[str],
    ) -> None:
        key = walk.subject.operation, walk.subject.part, code, at
        known, lacks = self._narrow.get(key), frozenset(missing)
        if known is None:
            says = _difference(walk, code, severity, at, mine, spec, ours, theirs)
            self._narrow[key] = _Narrow(lacks, says)
        else:
            known.missing &= lacks


def _difference(
    walk: _Walk, code: str, severity: Severity, at: str, mine: View, spec: View, ours: str, theirs: str
) -> Difference:
    contract, place = (f"{view.place.file}#{view.place.pointer}" for view in (mine, spec))
    return Difference(code, severity, walk.subject.operation, walk.subject.case, at, ours, theirs, contract, place)


def _kinds_text(kinds: Iterable[str]) -> str:
    return " or ".join(sorted(kinds, key=lambda kind: (kind == "null", kind)))


def _values_text(values: Iterable[Json]) -> str:
    texts = [json.dumps(value, ensure_ascii=False)[:60] for value in values]
    return ", ".join(texts[:_SHOWN]) + (f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")
