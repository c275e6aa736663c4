r"""A result as text for people: reads like a good compiler error, in the terminal, in pytest and in a log.

Everything a vendor sent is untrusted: what could move a cursor, hide a text or turn it around is shown as `\x1b`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from provendor.codes import CODES
from provendor.contract import Case, Suite
from provendor.exchange import Recording, Source
from provendor.plaintext import painted, visible, word
from provendor.reader.spots import Spot, spot
from provendor.run import Result, keep_command, rerun_of
from provendor.verdict import Finding, Outcome, Verdict

if TYPE_CHECKING:  # `prove` shows results and never judges an answer in hand
    from provendor.sandbox.live_run import Write
    from provendor.validate import Judgement

_MOST_NAMED = 5


def line(result: Result, *, colour: bool = False) -> str:
    """Return a result on one line: `PASS chatwoot/profile:ok  documented 2026-11-20  12 checks`."""
    judged = sum(verdict.outcome is not Outcome.SKIP for verdict in result.verdicts)
    parts = [f"{word(result.outcome, colour=colour)} {result.case.id}", _provenance(result)]
    if judged or result.outcome is not Outcome.SKIP:
        parts.append(f"{judged} check{'s' * (judged != 1)}")
    codes = dict.fromkeys(finding.code for finding in result.findings)
    if codes:
        parts.append(visible(", ".join(codes)))
    if result.reason:
        parts.append(visible(result.reason))
    return "  ".join(part for part in parts if part)


def full(result: Result, suite: Suite, *, colour: bool = False, rerun: str | None = None) -> str:
    """Return a result with every finding, where the contract demands it, and the command that runs it again."""
    blocks = ["\n".join(_heading(result, colour)), *findings(result.verdicts, result.case, suite.root, colour=colour)]
    blocks.append("\n".join(_closing(result, rerun or rerun_of(result))))
    return "\n\n".join(blocks)


def findings(verdicts: Iterable[Verdict], case: Case, root: Path, *, colour: bool = False) -> Iterator[str]:
    """Yield a text for each place of the contract that objects: the line with a caret, then where, expected and actual."""
    told = [
        (finding, verdict, spot(root, case.place, case.way, finding.key))
        for verdict in verdicts
        for finding in verdict.findings
    ]
    for _, group in groupby(told, lambda each: (each[0].code, each[0].level, each[1].check, each[2])):
        same = list(group)
        yield "\n".join(_told([finding for finding, _, _ in same], *same[0][1:], colour))


def _told(same: Sequence[Finding], verdict: Verdict, at: Spot, colour: bool) -> Iterator[str]:
    code = same[0].code
    title = CODES[code].title if code in CODES else visible(verdict.check)
    level = Outcome.ERROR if verdict.outcome is Outcome.ERROR else same[0].level
    yield f"{painted(f'{level}[{visible(code)}]', level, colour)}: {title}"
    yield from _excerpt(at)
    margin = " " * len(str(at.line))
    for before, finding in zip((None, *same), same, strict=False):
        if finding.at and (before is None or before.at != finding.at):
            yield f"{margin} = at        {visible(finding.at)}"
        yield f"{margin} = expected  {visible(finding.expected)}"
        yield f"{margin} = actual    {visible(finding.actual)}"
    if code not in _OF_ENGINE:
        yield f"{margin} = check     {visible(verdict.check)}"


_OF_ENGINE = frozenset(CODES) - {"business", "check-crashed"}


def judgement(judged: Judgement, root: Path, *, colour: bool = False) -> str:
    """Return how an answer in hand was judged: the cases that accept it, or what the nearest one objects to."""
    outcome = Outcome.PASS if judged.accepted else Outcome.FAIL
    word = painted("honours the contract" if judged.accepted else "breaks the contract", outcome, colour)
    accepted = ", ".join(each.case.id for each in judged.matched[:_MOST_NAMED])
    if len(judged.matched) > _MOST_NAMED:
        accepted += f" and {len(judged.matched) - _MOST_NAMED} more"
    tried = f"none of {judged.tried} case{'s' * (judged.tried != 1)} accepts it"
    if not judged.tried:
        tried = "no case of the selection can be judged by what is given"
    blocks = [f"{word}: {f'accepted by {accepted}' if accepted else tried}"]
    if judged.nearest:
        blocks[0] += f"; the nearest is {judged.nearest.case.id}"
    for each in (*judged.matched, *([judged.nearest] if judged.nearest else [])):
        blocks += findings(each.verdicts, each.case, root, colour=colour)
    if judged.not_judged:
        blocks.append(f"not judged, because not given: {', '.join(judged.not_judged)}")
    return "\n\n".join(blocks)


def _excerpt(at: Spot) -> Iterator[str]:
    margin = " " * len(str(at.line))
    yield f"{margin}--> {at.shown}"
    if at.text:
        # A tab keeps its width under the caret; anything else odd becomes visible, the caret then moves with it.
        before = visible(at.text[: at.column - 1], longest=10_000)
        yield f"{margin} |"
        yield f"{at.line} | {visible(at.text, longest=160)}"
        yield f"{margin} | {' ' * len(before)}{'^' * max(1, at.width)}"


def _heading(result: Result, colour: bool) -> Iterator[str]:
    case = result.case
    yield f"{word(result.outcome, colour=colour)} {case.id}" + (f"  {visible(case.summary)}" if case.summary else "")
    for step in result.steps:
        asked = step.exchange.request
        yield f"  step      {visible(step.name)}: {asked.method} {visible(asked.url)}, {step.exchange.status}"
    if result.request is not None:
        yield f"  request   {result.request.method} {visible(_url(result))}"
    if result.exchange is not None:
        size = len(result.exchange.body)
        kind = visible(result.exchange.headers.get("content-type") or "no content type")
        yield f"  answer    {result.exchange.status}, {size} bytes, {kind}"
    if result.recording is not None:
        yield f"  recorded  {_recorded(result.recording, result.started_at)}"
    if result.fallback is not None:
        yield f"  not live  {visible(result.fallback)}"
    elif result.source is Source.LIVE:
        yield f"  live      {visible(', '.join(_live(result)))}"
    if result.blame is not None:
        yield f"  blame     {result.blame.party}: {visible(result.blame.why)}"
    if result.reason and result.reason not in {finding.actual for finding in result.findings}:
        yield f"  reason    {visible(result.reason, longest=2000)}"


def _live(result: Result) -> Iterator[str]:
    """Yield what is known of a call over the network: where, how long, who answered, how often it was tried."""
    if result.environment is not None:
        yield result.environment
    if result.exchange is not None and result.exchange.elapsed_ms is not None:
        yield f"{result.exchange.elapsed_ms:.0f} ms"
    if result.peer is not None:
        yield " ".join(part for part in (result.peer.address, result.peer.protocol) if part)
    if len(result.attempts) > 1:
        yield f"{len(result.attempts)} attempts"


def plan(writes: Sequence[Write]) -> str:
    """Return what will change something at vendors, before it does."""
    count = len(writes)
    head = f"{count} request{'s' * (count != 1)} will change something:"
    rows = [
        (f"{write.method} {visible(write.url)}", visible(write.effect), write.case.id, write.undone_by)
        for write in writes
    ]
    wide = min(_WIDEST, max(len(row[0]) for row in rows)) if rows else 0
    told = (
        f"  {request:<{wide}}  {effect}  ({case}; {f'taken away by {undone_by}' if undone_by else 'stays'})"
        for request, effect, case, undone_by in rows
    )
    return "\n".join((head, *told))


_WIDEST = 70


def _url(result: Result) -> str:
    request = result.request
    if request is None:
        return ""
    return f"{request.url}?{urlencode(request.query)}" if request.query else request.url


def _closing(result: Result, rerun: str) -> Iterator[str]:
    yield f"  run it again: {rerun}"
    if result.kept is not None and result.kept.text is not None:
        yield f"  keep it: {keep_command(result.case.id)}"
    codes = dict.fromkeys(finding.code for finding in result.findings if finding.code in CODES)
    if codes:
        yield f"  what it means: provendor explain {next(iter(codes))}"


def _provenance(result: Result) -> str:
    if result.recording is not None:
        origin = str(result.recording.origin) if result.recording.origin else "of unknown origin"
        asked = f", not live: {visible(result.fallback)}" if result.fallback else ""
        return f"{origin} {visible((result.recording.at or 'undated')[:10])}{asked}"
    if result.exchange is not None and result.exchange.elapsed_ms is not None:
        return f"live {result.exchange.elapsed_ms:.0f} ms"
    return ""


def _recorded(recording: Recording, started_at: float) -> str:
    origin = str(recording.origin) if recording.origin else "origin unknown"
    today = datetime.fromtimestamp(started_at, UTC).date()
    parts = [recording.path, f"{origin} {_dated(recording.at, today)}"]
    if recording.source:
        parts.append(recording.source)
    return visible(", ".join(parts))


def _dated(at: str | None, today: date) -> str:
    if at is None:
        return "on an unknown day"
    try:
        days = (today - datetime.fromisoformat(at).date()).days
    except ValueError:
        return f"on {at}"
    return f"{at[:10]} ({days} day{'s' * (days != 1)} ago)" if days >= 0 else f"{at[:10]} (in the future)"
