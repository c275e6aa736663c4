"""What `record` says of one case: its fate, and what the new cassette has that the old one has not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from provendor.contract import Suite
from provendor.exchange import Recording
from provendor.plaintext import painted, visible
from provendor.recordings.deltas import CHANGED, GONE, NEW, Delta
from provendor.recordings.record import Draft, Fate
from provendor.reports import present
from provendor.verdict import Outcome

_WORDS = {
    Fate.READY: "READY   ",
    Fate.WRITTEN: "WRITTEN ",
    Fate.DECLINED: "DECLINED",
    Fate.BROKEN: "REFUSED ",
    Fate.UNKEPT: "DOUBT   ",
    Fate.FAILED: "FAILED  ",
    Fate.BLOCKED: "BLOCKED ",
    Fate.SKIPPED: "SKIPPED ",
}
_COLOURS = {
    **dict.fromkeys((Fate.READY, Fate.WRITTEN), Outcome.PASS),
    **dict.fromkeys((Fate.DECLINED, Fate.SKIPPED), Outcome.SKIP),
    Fate.BROKEN: Outcome.FAIL,
}
_OF_DELTAS = {NEW: Outcome.PASS, GONE: Outcome.FAIL, CHANGED: Outcome.WARN}
_NAMED = 6  # places that differ every time


def head(draft: Draft, *, colour: bool) -> str:
    """Return the line that says what became of a case."""
    word = painted(_WORDS[draft.fate], _COLOURS.get(draft.fate, Outcome.ERROR), colour)
    return f"{word} {draft.case.id}" + (f"  {visible(draft.why, longest=2000)}" if draft.why else "")


def lines(draft: Draft, suite: Suite, root: Path, *, colour: bool, everything: bool) -> Iterator[str]:
    """Yield what people want to know of a case before they say yes."""
    yield head(draft, colour=colour)
    if draft.unblock:
        yield f"  to do     {draft.unblock}"
    if draft.result is None or draft.text is None:
        return
    yield f"  cassette  {draft.path.relative_to(root).as_posix()}"
    yield f"  origin    {_provenance(draft)}"
    yield from (_told(delta, colour) for delta in draft.told)
    if draft.old and not draft.told:
        yield "  nothing else differs" if not draft.passing else "  nothing differs but what differs every time"
    if draft.passing:
        named = draft.passing if everything else draft.passing[:_NAMED]
        more = f" and {len(draft.passing) - len(named)} more" if len(draft.passing) > len(named) else ""
        yield f"  passing   {visible(', '.join(named), longest=10_000)}{more}"
    if draft.result.outcome is not Outcome.PASS:
        yield ""
        yield from present.findings(draft.result.verdicts, draft.case, suite.root, colour=colour)


def unasked(drafts: Iterable[Draft]) -> Iterator[str]:
    """Yield why cases were not asked, a reason each for all that share it: the first one where there are more."""
    reasons = Counter(
        ((draft.why or "").partition(" (and ")[0], (draft.unblock or "").replace(draft.case.id, "CASE"))
        for draft in drafts
    )
    for (why, unblock), count in reasons.most_common():
        yield f"not asked: {count} case{'s' * (count != 1)}, because {visible(why, longest=2000)}"
        if unblock:
            yield f"  to do     {unblock}"


def as_json(draft: Draft, root: Path) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "id": draft.case.id,
        "fate": str(draft.fate),
        "why": draft.why,
        "unblock": draft.unblock,
        "cassette": draft.path.relative_to(root).as_posix(),
        "outcome": str(draft.result.outcome) if draft.result else None,
        "findings": [finding.code for finding in draft.result.findings] if draft.result else [],
        "origin": {"old": _origin(draft.old), "new": _origin(draft.new)},
        "differences": [delta._asdict() for delta in draft.told],
        "passing": list(draft.passing),
    }


def _told(delta: Delta, colour: bool) -> str:
    word = painted(f"{delta.kind:<8}", _OF_DELTAS[delta.kind], colour)
    sides = " -> ".join(visible(each, longest=200) for each in (delta.before, delta.after) if each is not None)
    times = f" ({delta.times} times)" if delta.times > 1 else ""
    return f"  {word}  {visible(delta.where or 'answer', longest=200)}{times}: {sides}"


def _provenance(draft: Draft) -> str:
    if draft.new is None:
        return ""
    new = f"{draft.new.origin} {(draft.new.at or '')[:10]} ({draft.new.environment})"
    if draft.old is None:
        return f"{new}; there was no cassette"
    old = f"{draft.old.origin or 'unknown'} {(draft.old.at or 'undated')[:10]}"
    parts = [f"{old} -> {new}"]
    if draft.old.api_version != draft.new.api_version:
        parts.append(f"API version {draft.old.api_version or 'unknown'} -> {draft.new.api_version or 'unknown'}")
    return visible("; ".join(parts))


def _origin(recording: Recording | None) -> dict[str, Any] | None:
    if recording is None:
        return None
    return {
        "origin": str(recording.origin) if recording.origin else None,
        "at": recording.at,
        "environment": recording.environment,
        "api_version": recording.api_version,
    }
