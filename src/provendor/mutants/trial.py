"""One case under trial: its recorded answer, what of it is changed, and whether a changed one is noticed.

    trial = Trial(replayer, case, recorded)     # raises NotOnTrial where the recorded answer itself is no pass
    for document in trial.documents: ...        # the JSON values that the contract judges
    trial.notices_value(document, way)     # some check fails, or comes to no end

Nothing is written, no socket is opened. The plain way is to let the checks judge a changed exchange; where a plan has its
own say (flows, pages, deliveries, the frame of an MCP call) the case is replayed from changed interactions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from provendor import engine
from provendor.cassette import Cassette, Interaction
from provendor.check import Check, examine
from provendor.classify import classify
from provendor.clock import VirtualClock
from provendor.contract import Case, Delivery, Expect, Flow, JsonTest, Paging
from provendor.engine import OF_RECORDING
from provendor.exchange import Exchange, Json, Request, Source
from provendor.jsonpath import TooDeep, pointers
from provendor.mutants.answer_changes import Answer, AnswerChange, Refusal, is_json, places_of, written
from provendor.mutants.echoes import sought_by
from provendor.mutants.reading import looked_at
from provendor.plans import mcp_checks
from provendor.plans.asking import Asked, ask
from provendor.plans.jsonrpc import with_message
from provendor.replay import Replay
from provendor.run import Replayer, Result, run_case
from provendor.schemas.declared import Way
from provendor.schemas.schema import Schema
from provendor.transport import drive
from provendor.verdict import Outcome, Verdict

_STRUCTURED: Final = ("result", "structuredContent")
NOTICED: Final = frozenset({"version-served", "vendor-warning", "delivery-order", "paging-repeats"})
"""Codes whose warn counts as noticed: the contract asks for it by a key of its own. Any other warn leaves a run green."""


_OF_SCHEMA_AND_HEAD: Final = (
    *(engine.body, engine.status, engine.headers, engine.content_type, engine.deprecation),
    mcp_checks.mcp_result,
)


class NotOnTrial(Exception):
    """The recorded answer is no pass, so that nothing can be told by breaking it; the text says why.

    `foreseen` says that the contract expects it to fail.
    """

    def __init__(self, reason: str, *, foreseen: bool = False) -> None:
        super().__init__(reason)
        self.foreseen = foreseen


@dataclass(frozen=True, slots=True)
class Untried:
    """A case whose recording is no pass, so that breaking it tells nothing; `foreseen` where the contract expects that."""

    case: str
    reason: str
    foreseen: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A JSON value of an answer, held so that it can be changed in place.

    `schema` is what the contract says about it, `read` are ways to what is looked at besides: by a rule of the error table,
    a business check, a plan; `planned` are those that a plan looks at. `put` returns the answer's exchange with another
    value in its place.
    """

    answer: Answer
    holder: list[Json]
    schema: Schema | None
    read: tuple[Way, ...]
    planned: tuple[Way, ...]
    put: Callable[[Json], Exchange]

    @property
    def exchange(self) -> Exchange:
        """The exchange with the value as it is at the moment."""
        return self.put(self.holder[0])


class Trial:
    """One case, replayed once as it was recorded, and then as often as somebody has an idea what might have come."""

    def __init__(self, replayer: Replayer, case: Case, recorded: Cassette, errors: Sequence[Refusal] = ()) -> None:
        self.case = case
        self.expect = replayer.expect(case)
        self._replayer = replayer
        self._recorded = recorded
        base = _baseline(replayer, case, recorded)
        self._known = _codes(base.verdicts)
        self._checks = _likely_first(replayer.checks_for(case))
        # Where the schema has been asked already, and status and headers are those of the recording.
        self._others = tuple(check for check in self._checks if check not in _OF_SCHEMA_AND_HEAD)
        self.business = tuple(each for each in self._checks if "." in each.name)
        values = replayer.values(case)
        if case.plan is None and base.exchange is not None:
            asked = Asked(base.exchange)
        else:  # with what a result does not show: secrets that were met on the way
            asked = drive(ask(case, values, Replay(recorded, ""), VirtualClock()))
        index = self._index_of(asked.exchange)
        self.answer = Answer(case, self._recorded.interactions, index, asked.exchange, values, errors)
        # For other bodies under the same status: rules about others need not be looked at again and again.
        status = asked.exchange.status
        rules = (rule for rule in self.expect.errors if rule.status is None or status in rule.status)
        self._with_status = self.expect._replace(errors=tuple(rules))
        # Whether anything looks at the body otherwise than as a JSON value, or sends it on.
        texts = self.expect.text is not None or any(rule.text is not None for rule in self.expect.errors)
        self._reads_bytes = texts or bool(self.business) or case.plan is not None
        self.sought = sought_by(case, asked.exchange.request, values)
        self.documents = (*self._judged_documents(), *self._steps_on_the_way(asked))

    # --- what is changed ------------------------------------------------------------------------------------------------

    def _index_of(self, exchange: Exchange) -> int:
        """Return which interaction an exchange comes from: a page is the first, a call the last that was sent."""
        for index, each in enumerate(self._recorded.interactions):
            if each.body is exchange.body and each.headers is exchange.headers:
                return index
        return 0 if isinstance(self.case.plan, Paging) else len(self._recorded.interactions) - 1

    def _judged_documents(self) -> Iterator[Document]:
        answer, expect = self.answer, self.expect
        if not is_json(answer.exchange):
            return
        value = answer.exchange.json
        planned = tuple(_ways(self._planned_paths(), value))
        read = tuple(dict.fromkeys((*planned, *self._looked_at())))
        if expect.mcp is not None and expect.mcp.result is not None:
            yield from self._tool_result(value, read)
            if expect.error is None:
                return
            # An error is told from the message around the result as well.
            read = tuple(way for way in read if way[:2] != _STRUCTURED)
        if expect.body is not None or read:
            yield Document(answer, [value], expect.body, read, planned, self._whole)

    def _whole(self, value: Json) -> Exchange:
        """Return the judged exchange with this value as its body; a delivery is signed anew."""
        exchange = self.answer.exchange
        changed = exchange._replace(body=written(value)) if self._reads_bytes else exchange._replace()
        if isinstance(self.case.plan, Delivery):
            signed = self.answer.with_(body=changed.body)[self.answer.index]
            changed = changed._replace(headers=signed.headers)
        changed.__dict__["json"] = value  # what it would read from the body it has just written
        return changed

    def _tool_result(self, message: Json, read: Sequence[Way]) -> Iterator[Document]:
        """Yield the result of an MCP call: structured content, or JSON in its first text."""
        call = self.expect.mcp
        result = message.get("result") if isinstance(message, dict) else None
        if call is None or not isinstance(message, dict) or not isinstance(result, dict):
            return
        at, value, wrong = mcp_checks.document(result, call)
        if wrong is not None:
            return
        place = at.split("/")[2:]

        def put(value: Json) -> Exchange:
            inner: Json = value
            if place[:1] == ["structuredContent"]:
                inner = {**result, "structuredContent": value}
            elif place:
                inner = {**result, "content": _with_text(result["content"], int(place[1]), value)}
            return with_message(self.answer.exchange, {**message, "result": inner})

        inside = tuple(way[2:] for way in read if way[:2] == _STRUCTURED and way[2:])
        yield Document(self.answer, [value], call.result, inside, (), put)

    def _planned_paths(self) -> Iterator[str]:
        """Yield the JSONPaths by which the case's plan reads the answer."""
        plan = self.case.plan
        if isinstance(plan, Paging):
            yield from filter(None, [plan.items, plan.next, plan.total, plan.pages, plan.more])
        elif isinstance(plan, Delivery):
            yield from (place for place in places_of(plan) if place.startswith("$"))
        elif isinstance(plan, Flow):
            yield from _paths_of_step(plan, -1)

    def _looked_at(self) -> Iterator[Way]:
        """Yield the ways to what the error table and the business look at."""
        exchange, expect = self.answer.exchange, self.expect
        rule = classify(expect.errors, exchange)
        paths = [test.path for test in (rule.json if rule else ()) if test.present is not False]
        yield from _ways(paths, exchange.json)
        if self.business:
            yield from sorted(looked_at(self.business, exchange, expect), key=str)

    def _steps_on_the_way(self, asked: Asked) -> Iterator[Document]:
        """Yield the answers of earlier steps of a flow: what is captured from them counts, and the state of a job."""
        plan = self.case.plan
        if not isinstance(plan, Flow):
            return
        for number, step in enumerate(asked.steps[:-1]):
            if not is_json(step.exchange):
                continue
            answer = replace(self.answer, index=self._index_of(step.exchange), exchange=step.exchange)
            read = tuple(_ways(_paths_of_step(plan, number), step.exchange.json))
            yield Document(answer, [step.exchange.json], None, read, read, _putting(step.exchange))

    # --- who notices ----------------------------------------------------------------------------------------------------

    def notices_value(self, document: Document, way: Way) -> bool:
        """Tell whether the document is refused as it stands now, with something else at this way."""
        if document.schema is not None and not document.schema.is_valid(document.holder[0]):
            return True
        exchange = document.exchange
        if document.answer is self.answer and self.others_refuse(exchange):
            return True
        if not isinstance(self.case.plan, Paging) and not any(touch(way, read) for read in document.planned):
            return False  # the plan looks elsewhere
        return self.notices(document.answer.with_(body=exchange.body))

    def notices_change(self, change: AnswerChange) -> bool:
        """Tell whether a change of the answer as a whole is refused."""
        if self.case.plan is not None:
            return self.notices(change.make(), endless=change.endless)
        changed = change.make()[self.answer.index]
        exchange = self.answer.exchange._replace(status=changed.status, headers=changed.headers, body=changed.body)
        return self._refuses(exchange, self._checks, self.expect)

    def notices(self, interactions: tuple[Interaction, ...], *, endless: bool = False) -> bool:
        """Tell whether a replay of these interactions is refused."""
        return self._says_no(self.replayed(interactions, endless=endless).verdicts)

    def replayed(self, interactions: tuple[Interaction, ...], *, endless: bool = False) -> Result:
        """Return the result of a replay of these interactions."""
        recorded = self._recorded._replace(interactions=interactions)
        if not endless:
            return self._replayer.judge(self.case, recorded)
        values, checks = self._replayer.values(self.case), self._replayer.checks_for(self.case)
        return drive(run_case(self.case, values, _Endless(recorded), checks, self.expect, VirtualClock()))

    def others_refuse(self, exchange: Exchange) -> bool:
        """Tell whether some check refuses an exchange with another body, besides those that ask the schema."""
        return self._refuses(exchange, self._others, self._with_status)

    def _refuses(self, exchange: Exchange, checks: Sequence[Check], expect: Expect) -> bool:
        return any(self._says_no((examine(check, exchange, expect),)) for check in checks)

    def _says_no(self, verdicts: Sequence[Verdict]) -> bool:
        for verdict in verdicts:
            if verdict.outcome in (Outcome.FAIL, Outcome.ERROR):
                return True
            if verdict.outcome is Outcome.WARN and _codes((verdict,)) & NOTICED - self._known:
                return True
        return False


class _Endless:
    """A transport that never comes to the last page: the one before it answers whatever is asked further."""

    def __init__(self, recorded: Cassette) -> None:
        self._recorded = recorded
        self._asked = 0

    async def send(self, request: Request) -> Exchange:
        """Answer with the next page, and at the end with the last full one."""
        pages = self._recorded.interactions
        page = pages[min(self._asked, max(0, len(pages) - 2))]
        self._asked += 1
        return Exchange(request, page.status, page.headers, page.body, Source.RECORDED, self._recorded.recording)


def _baseline(replayer: Replayer, case: Case, recorded: Cassette) -> Result:
    """Return how the case fares as it was recorded; raises NotOnTrial where that is no pass."""
    result = replayer.judge(case, recorded)
    if result.expected or result.outcome not in (Outcome.PASS, Outcome.WARN):
        raise NotOnTrial(result.reason or f"its recording is a {result.outcome}", foreseen=result.expected)
    return result


def _likely_first(checks: Sequence[Check]) -> tuple[Check, ...]:
    """Return the checks of an answer, those before the others that find most; what judges the recording is left out."""
    first = (engine.status, engine.content_type, engine.body, engine.error_class)
    return (*first, *(check for check in checks if check not in first and check not in OF_RECORDING))


def _codes(verdicts: Sequence[Verdict]) -> frozenset[str]:
    return frozenset(finding.code for verdict in verdicts for finding in verdict.findings)


def _paths_of_step(plan: Flow, number: int) -> list[str]:
    """Return the JSONPaths by which a flow reads the answer of one of its steps."""
    step = plan.steps[number]
    poll = step.poll
    tests: tuple[JsonTest, ...] = (*poll.until, *poll.fail_when, *poll.running) if poll else ()
    return [*(path for capture in step.captures for path in capture.paths), *(test.path for test in tests)]


def _ways(paths: Iterable[str], value: Json) -> Iterator[Way]:
    for path in dict.fromkeys(paths):
        try:
            yield from (way_of(pointer, value) for pointer in pointers(path, value) if pointer)
        except TooDeep:
            continue


def touch(one: Way, other: Way) -> bool:
    """Tell whether one of two ways leads through the end of the other."""
    return all(mine == theirs for mine, theirs in zip(one, other, strict=False))


def way_of(pointer: str, value: Any) -> Way:
    """Return the way that a JSON pointer names in a value."""
    way: list[str | int] = []
    for raw in pointer.split("/")[1:]:
        step: Any = raw.replace("~1", "/").replace("~0", "~")
        step = int(step) if isinstance(value, list) else step
        value = value[step]
        way.append(step)
    return tuple(way)


def _with_text(content: Any, index: int, value: Json) -> Json:
    """Return a tool's content with another JSON document as one of its texts."""
    return [{**part, "text": json.dumps(value)} if number == index else part for number, part in enumerate(content)]


def _putting(exchange: Exchange) -> Callable[[Json], Exchange]:
    return lambda value: exchange._replace(body=written(value))
