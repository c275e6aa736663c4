"""Survivors as people and machines read them: by place of the contract, with the line to add or the entry that lets them be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from provendor.mutants.mutate import Strength, Survivor, Tally
from provendor.mutants.remedy import advice, demand, tolerance
from provendor.plaintext import visible
from provendor.reader.spots import spot

_SHOWN = 3


class Hole(NamedTuple):
    """The survivors of one place, which one line of the contract may close."""

    place: str
    survivors: tuple[Survivor, ...]

    @property
    def cases(self) -> tuple[str, ...]:
        """The cases that let something through here."""
        return tuple(dict.fromkeys(each.case.id for survivor in self.survivors for each in survivor.sightings))


def holes(root: Path, survivors: Sequence[Survivor]) -> tuple[Hole, ...]:
    """Return survivors by the place of the contract, in the order of files and lines."""
    found: dict[tuple[str, int, str, object], list[Survivor]] = {}
    for each in survivors:
        file, line = _place(root, each)
        # What another keyword would close is another hole.
        keyword = wanted.keyword if (wanted := demand(each)) else advice(each)
        found.setdefault((file, line, each.first.at, keyword), []).append(each)
    ordered = sorted(found.items(), key=lambda item: item[0][:3])
    return tuple(Hole(f"{file}:{line}", tuple(each)) for (file, line, *_), each in ordered)


def _place(root: Path, survivor: Survivor) -> tuple[str, int]:
    first = survivor.first
    key = f"{first.origin.file}#{first.origin.pointer}" if first.origin else ""
    found = spot(root, first.case.place, first.case.way, key)
    return found.file, found.line


def text(hole: Hole) -> str:
    """Return a hole in a few lines: where, what was changed, which cases let it through, what to write."""
    first = hole.survivors[0].first
    names = ", ".join(each.operator.name for each in hole.survivors)
    lines = [f"survived[{names}] {first.case.operation} {first.at or 'the answer'}", f"  {hole.place}"]
    lines += (f"  {each.operator.name}: {visible(each.first.told)}" for each in hole.survivors)
    more = len(hole.cases) - _SHOWN
    lines.append(f"  in    {', '.join(hole.cases[:_SHOWN])}" + (f" and {more} more" if more > 0 else ""))
    lines.append(f"  add   {_remedy(hole)}")
    lines.append(f"  or    tolerates: {tolerance(hole.survivors)}")
    return "\n".join(lines)


def _remedy(hole: Hole) -> str:
    first = hole.survivors[0]
    wanted = demand(first)
    return str(wanted) if wanted is not None else advice(first)


def as_json(hole: Hole) -> Iterator[dict[str, Any]]:
    """Yield every survivor of a hole as plain JSON values."""
    for each in hole.survivors:
        first = each.first
        wanted = demand(each)
        yield {
            "operator": each.operator.name,
            "group": str(each.operator.group),
            "contract": hole.place,
            "at": first.at,
            "operation": first.case.operation,
            "changed": first.told,
            "cases": list(dict.fromkeys(sighting.case.id for sighting in each.sightings)),
            "add": str(wanted) if wanted is not None else None,
            "advice": None if wanted is not None else advice(each),
            "tolerate": tolerance([each]),
        }


def totals(measured: Iterable[Strength]) -> dict[str, Any]:
    """Return what was measured, of all vendors together."""
    fields, status = Tally(), Tally()
    for each in measured:
        fields, status = fields + each.fields, status + each.status
    return _scores(fields, status)


def _scores(fields: Tally, status: Tally) -> dict[str, Any]:
    return {
        "score": _rounded(fields),
        "killed": fields.killed,
        "survived": fields.survived,
        "equivalent": fields.equivalent,
        "status_score": _rounded(status),
        "status": {"killed": status.killed, "survived": status.survived, "equivalent": status.equivalent},
    }


def strength_json(root: Path, strength: Strength) -> dict[str, Any]:
    """Return what was measured of a vendor as plain JSON values."""
    return {
        **_scores(strength.fields, strength.status),
        "judged": strength.judged,
        "alike": strength.alike,
        "survivors": [each for hole in holes(root, strength.survivors) for each in as_json(hole)],
        "not_relied_on": {"count": sum(map(len, strength.silent.values())), "by_operation": strength.silent},
        "untried": [{"case": each.case, "reason": each.reason} for each in strength.untried],
        "unused": [
            {"at": each.at, "operators": list(each.operators), "place": str(each.place)} for each in strength.unused
        ],
    }


def _rounded(tally: Tally) -> float | None:
    # Downwards: what is short of a bound must not be rounded up to it.
    return None if tally.score is None else int(tally.score * 10_000) / 10_000
