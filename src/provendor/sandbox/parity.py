"""The live answer against the recorded one, by shape: what neither the recording nor the contract has said.

    result = compared(result, replayer, redactor)      # with a verdict `parity`: pass, or warn with a finding for each place

New, missing, retyped and newly null fields, and new words where one of a few was. Where the contract itself foresees it (it
names the field, allows null, lists the word, or leaves the place open), nothing is said. A case without a cassette, an answer
that is no JSON, and one with another status than the recorded one are not compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from provendor.clock import VirtualClock
from provendor.contract import Case, Expect, Flow
from provendor.errors import ProvendorError
from provendor.exchange import BodyNotJson, Exchange, Json, Recording, Source
from provendor.plans.asking import Asked, ask
from provendor.redaction.redact import Redactor
from provendor.replay import Replay
from provendor.run import Replayer, Result
from provendor.schemas.answer_shape import Shape, is_enum, listed, shape_of
from provendor.schemas.keywords import follow
from provendor.schemas.shapes import Node, View, Views
from provendor.transport import drive
from provendor.verdict import Finding, Outcome, Verdict, worst

CHECK: Final = "parity"
MOST: Final = 20
MAX_DEPTH: Final = 60


def compared(result: Result, replayer: Replayer, redactor: Redactor) -> Result:
    """Return a live result with the verdict on how its answer compares with the recorded one, where there is one."""
    if result.exchange is None or result.exchange.source is not Source.LIVE:
        return result
    recorded = _recorded(result.case, replayer)
    return result if recorded is None else against(result, recorded, redactor)


def against(result: Result, recorded: Asked, redactor: Redactor) -> Result:
    """Return a result with the verdict on how its answer compares with what was recorded."""
    live = result.exchange
    if live is None or recorded.exchange.status != live.status:
        return result
    said = {re.sub(r"/[0-9]+(?=/|$)", "/*", finding.at) for finding in result.findings}  # by the contract itself
    every = _findings(_pairs(result, live, recorded), redactor)
    found = list(islice((finding for finding in every if finding.at not in said), MOST + 1))
    if len(found) > MOST:
        found[MOST:] = [Finding("parity-new", "as recorded", "more places differ", key="body", level=Outcome.WARN)]
    verdict = Verdict(CHECK, Outcome.WARN if found else Outcome.PASS, tuple(found))
    return result._replace(verdicts=(*result.verdicts, verdict), outcome=worst((result.outcome, verdict.outcome)))


def _recorded(case: Case, replayer: Replayer) -> Asked | None:
    """Return what the cassette answers to the case; None where there is none, or it answers something else."""
    if not replayer.has_recordings(case):
        return None
    try:
        cassette = replayer.cassette(case)
        if (
            case.plan is None and len(cassette.interactions) == 1
        ):  # as nearly all are: no request need be built to find it
            request, status, headers, body, _ = cassette.interactions[0]
            return Asked(Exchange(request, status, headers, body, Source.RECORDED, cassette.recording))
        return drive(ask(case, replayer.values(case), Replay(cassette, ""), VirtualClock()))
    except ProvendorError:
        return None


class _Pair(NamedTuple):
    """Two answers that belong together: with the step to which they do, and what the contract says of them."""

    where: str
    live: Exchange
    recorded: Exchange
    expect: Expect | None


def _pairs(result: Result, live: Exchange, recorded: Asked) -> Iterator[_Pair]:
    """Yield the answers that are judged, and those on the way that have the same status."""
    case = result.case
    yield _Pair("", live, recorded.exchange, case.expect)
    steps = {step.name: step.exchange for step in recorded.steps}
    expects = {step.name: step.case.expect for step in case.plan.steps} if isinstance(case.plan, Flow) else {}
    for step in result.steps:
        other = steps.get(step.name)
        if other is None or other is recorded.exchange or other.status != step.exchange.status:
            continue
        expect = case.expect if step.alike else expects.get(step.name)
        yield _Pair(f"step {step.name} ", step.exchange, other, expect)


def _findings(pairs: Iterable[_Pair], redactor: Redactor) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for where, live, recorded, expect in pairs:
        try:
            ours, theirs = _document(recorded, expect), _document(live, expect)
        except BodyNotJson:
            continue
        shapes = shape_of(ours), shape_of(theirs)
        comparison = _Comparison(recorded.recording)
        if not any(True for _ in comparison.walk(*shapes, None)):
            continue  # then what the contract foresees does not matter, and it need not be looked at
        for finding in comparison.walk(*shapes, _contract(expect)):
            at = redactor.place(f"{where}{finding.at}")
            if (finding.code, at) not in seen:
                seen.add((finding.code, at))
                yield finding._replace(at=at, actual=redactor.text(finding.actual))


def _document(exchange: Exchange, expect: Expect | None) -> Json:
    """Return what is compared: the body, of a tool's answer the document in it. Raises BodyNotJson."""
    value = exchange.json
    result = value.get("result") if isinstance(value, dict) else None
    if expect is None or expect.mcp is None or not isinstance(result, dict):
        return value
    from provendor.plans.mcp_checks import document  # noqa: PLC0415 - few vendors speak MCP

    _, found, wrong = document(result, expect.mcp)
    return value if wrong is not None else found


def _contract(expect: Expect | None) -> Node | None:
    """Return what the contract says of a document; None where it says nothing."""
    schema = (expect.mcp.result if expect.mcp else expect.body) if expect else None
    if schema is None:
        return None

    def step(reference: str, file: str) -> Node | None:
        found = follow(reference, file, schema.read)
        return Node(found[1], found[0].file, found[0].pointer, step) if found else None

    return Node(schema.value, schema.file, schema.pointer, step)


class _Comparison:
    """The comparison of one answer with one recording."""

    def __init__(self, recording: Recording | None) -> None:
        origin = recording.origin if recording else None
        day = (recording.at or "")[:10] if recording else ""
        self._source = f"{origin or 'origin unknown'}{f' {day}' if day else ''}"
        self._views = Views()

    def walk(
        self, ours: Shape, theirs: Shape, contract: Node | None, at: str = "", name: str = "", depth: int = 0
    ) -> Iterator[Finding]:
        """Yield what the live answer (`theirs`) has otherwise than the recording, and the contract does not foresee."""
        view = self._views.of(contract) if contract is not None else None
        if depth > MAX_DEPTH or (view is not None and _is_open(view)):
            return
        yield from self._kinds(ours, theirs, view, at)
        if contract is None or not _has_open_words(contract):
            yield from self._words(ours, theirs, view, at, name)
        if ours.objects and theirs.objects:
            yield from self._fields(ours, theirs, view, at, depth)
        if ours.entries and theirs.entries:
            rest = view.rest if view else None
            yield from self.walk(ours.entries, theirs.entries, rest, f"{at}/*", "", depth + 1)
        if ours.items and theirs.items:
            items = view.items if view else None
            yield from self.walk(ours.items, theirs.items, items, f"{at}/*", name, depth + 1)

    def _kinds(self, ours: Shape, theirs: Shape, view: View | None, at: str) -> Iterator[Finding]:
        allowed = (view.kinds if view else None) or frozenset()
        unknown = {kind for kind in theirs.kinds - ours.kinds if not _foreseen(kind, allowed)}
        if "null" in unknown:
            yield _finding("parity-null", at, f"{listed(ours.kinds)}, never null", "null", self._source)
        before = ours.kinds - {"null"}
        if before and (other := unknown - {"null"}):  # where only null was recorded, nobody knows what it may be
            yield _finding("parity-type", at, listed(ours.kinds), listed(other), self._source)

    def _words(self, ours: Shape, theirs: Shape, view: View | None, at: str, name: str) -> Iterator[Finding]:
        if not ours.words or not theirs.words or not is_enum(ours, name):
            return
        known = ours.words | {value for value in (view.values or () if view else ()) if isinstance(value, str)}
        if new := sorted(theirs.words - known):
            yield _finding(
                "parity-enum", at, f"one of {', '.join(sorted(known)[:10])}", ", ".join(new[:10]), self._source
            )

    def _fields(self, ours: Shape, theirs: Shape, view: View | None, at: str, depth: int) -> Iterator[Finding]:
        named: Mapping[str, Node] = view.properties if view else {}
        is_map = view is not None and view.open and not named
        for field, shape in theirs.fields.items():
            below = f"{at}/{field.replace('~', '~0').replace('/', '~1')}"
            inner = named.get(field) or (view.rest if view else None)
            if field in ours.fields:
                yield from self.walk(ours.fields[field], shape, inner, below, field, depth + 1)
            elif field not in named and not (view is not None and view.open):
                yield _finding("parity-new", below, "no such field", listed(shape.kinds), self._source)
        for field, shape in ours.fields.items():
            optional = view is not None and field in named and view.demands and field not in view.required
            if is_map or optional or not ours.is_always(field) or theirs.is_always(field):
                continue
            below = f"{at}/{field.replace('~', '~0').replace('/', '~1')}"
            times = theirs.fields[field].count if field in theirs.fields else 0
            actual = f"in {times} of {theirs.objects}" if times else "no such field"
            yield _finding("parity-missing", below, f"{listed(shape.kinds)}, always there", actual, self._source)


def _finding(code: str, at: str, recorded: str, live: str, source: str) -> Finding:
    return Finding(code, f"as recorded ({source}): {recorded}", f"live: {live}", at, "body", Outcome.WARN)


def _is_open(view: View) -> bool:
    """Tell whether the contract says that anything may stand in a place: `true` or `{}`."""
    return view.place.value is True or view.place.value == {}


def _has_open_words(node: Node, depth: int = 0) -> bool:
    """Tell whether the contract says that a text may be another than those it lists: by a pattern, or text beside a list."""
    parts = node.all_of or node.any_of
    if parts:
        return any(_has_open_words(part, depth) for part in parts)
    value = node.value
    if not isinstance(value, dict) or depth > MAX_DEPTH:
        return False
    target = node.follow(reference, node.file) if isinstance(reference := value.get("$ref"), str) else None
    if target is not None and _has_open_words(target, depth + 1):
        return True
    branches = [branch for name in ("anyOf", "oneOf") for branch in _dicts(value.get(name))]
    lists = any("enum" in branch or "const" in branch for branch in branches)
    return "pattern" in value or (
        lists and any(branch.get("type") == "string" and "enum" not in branch for branch in branches)
    )


def _dicts(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _foreseen(kind: str, allowed: frozenset[str]) -> bool:
    return kind in allowed or (kind == "number" and "integer" in allowed)
