"""What vendors may do without asking, and must not hurt us: a contract that refuses it raises false alarms.

    for change in harmless(trial): ...      # Harmless("new-field", "a member more in 3 objects", interactions)

Each is one change of a whole answer, so that a case is judged a handful of times.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from provendor.cassette import Interaction
from provendor.contract import Case
from provendor.errors import ProvendorError
from provendor.exchange import Headers, Json
from provendor.mutants.answer_changes import told_anew, written
from provendor.mutants.field_changes import enumerated, field_changes, made
from provendor.mutants.trial import Document, NotOnTrial, Trial, Untried, touch
from provendor.run import Replayer
from provendor.schemas.declared import Place, declared
from provendor.verdict import Finding, Outcome

HARMLESS: Final = {
    "new-field": "an object has a member more",
    "reordered": "the members of every object stand in another order",
    "open-enum": "one of a few words is a new one, where the contract says that there may be others",
    "longer-text": "a text without a stated limit is longer",
    "new-header": "the answer has a header more",
    "whitespace": "the JSON is indented",
    "unicode-escapes": r"letters beyond ASCII and slashes are written as `\u00eb` and `\/`",
    "integer-as-float": "whole numbers are written as `1.0`",
}
"""The changes by name, and what each does."""

_MEMBER: Final = "provendor_new_field"


class Harmless(NamedTuple):
    """One harmless change: its name, and the interactions that it leads to."""

    name: str
    interactions: tuple[Interaction, ...]


class FalseAlarm(NamedTuple):
    """A case that refuses a harmless change, and the first thing that it says about it."""

    case: Case
    name: str
    finding: Finding | None


class Endured(NamedTuple):
    """How contracts fare with harmless changes: how many were tried of each, what was refused, which cases could not be tried."""

    tried: Counter[str]
    alarms: tuple[FalseAlarm, ...]
    untried: tuple[Untried, ...]


def endure(replayer: Replayer, cases: Sequence[Case], step: Callable[[], None] = lambda: None) -> Endured:
    """Judge every case after each harmless change of its recording; `step` is called after each case."""
    tried: Counter[str] = Counter()
    alarms: list[FalseAlarm] = []
    untried: list[Untried] = []
    for case in cases:
        try:
            trial = Trial(replayer, case, replayer.cassette(case))
        except NotOnTrial as reason:
            untried.append(Untried(case.id, str(reason), reason.foreseen))
        except ProvendorError as trouble:
            untried.append(Untried(case.id, str(trouble)))
        else:
            for change in harmless(trial):
                tried[change.name] += 1
                alarms += _alarm(trial, change)
        step()
    return Endured(tried, tuple(alarms), tuple(untried))


def _alarm(trial: Trial, change: Harmless) -> Iterator[FalseAlarm]:
    result = trial.replayed(change.interactions)
    if result.outcome not in (Outcome.PASS, Outcome.WARN):
        findings = (each for each in result.findings if each.level is not Outcome.WARN)
        yield FalseAlarm(trial.case, change.name, next(findings, None))


def harmless(trial: Trial) -> Iterator[Harmless]:
    """Yield every harmless change of what the case judges."""
    answer = trial.answer
    headers = Headers((*answer.interaction.headers, ("X-Provendor-New", "1")))
    yield Harmless("new-header", answer.with_(headers=headers))
    for document in trial.documents:
        if document.answer is answer:
            yield from _of_document(trial, document)


def _of_document(trial: Trial, document: Document) -> Iterator[Harmless]:
    value = document.holder[0]
    places = declared(document.schema, value).places if document.schema is not None else []
    yield Harmless("reordered", _sent(document, _reordered(value)))
    if (floats := _with_floats(value, places)) is not None:
        yield Harmless("integer-as-float", _sent(document, floats))
    if trial.case.template.graphql is None:
        yield Harmless("new-field", _sent(document, _grown(value, _open_objects(places))))
    for place in places:
        for change in field_changes(place):
            if change.operator == "unknown-enum" and enumerated(place, might=True):
                with made(document.holder, change):
                    if document.schema is None or document.schema.is_valid(document.holder[0]):
                        yield Harmless("open-enum", _sent(document, document.holder[0]))
    if trial.case.template.mcp is None:
        whole = trial.answer.exchange.json
        yield Harmless("whitespace", document.answer.with_(body=json.dumps(whole, indent=2).encode()))
        yield Harmless("unicode-escapes", document.answer.with_(body=_escaped(whole)))
    if (longer := _longer(document, places)) is not None:
        yield Harmless("longer-text", _sent(document, longer))


def _sent(document: Document, value: Json) -> tuple[Interaction, ...]:
    """Return the interactions with another value of the document, in a message or a stream where it came in one."""
    exchange = document.put(value)
    if document.answer.case.template.mcp is not None:
        return told_anew(document.answer, exchange.json)
    return document.answer.with_(body=written(value))


def _reordered(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _reordered(inner) for name, inner in reversed(value.items())}
    return [_reordered(inner) for inner in value] if isinstance(value, list) else value


def _with_floats(value: Json, places: list[Place]) -> Json:
    """Return the value with whole numbers as floats where the contract says integer or number, and floats are exact."""
    copy = json.loads(json.dumps(value))
    found = [place for place in places if _is_exact(place.value) and place.way and any(place.said("type"))]
    for place in found:
        _put(copy, place, float(place.value))  # type: ignore[arg-type]  # an integer, as `_is_exact` says
    return copy if found else None


def _is_exact(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _open_objects(places: list[Place]) -> set[int]:
    """Return the objects that have members by name: in a map, a member more would be one of its values."""
    maps = ("additionalProperties", "patternProperties", "propertyNames")
    return {
        id(place.value)
        for place in places
        if isinstance(place.value, dict) and any(place.said("properties")) and not any(map(any, map(place.said, maps)))
    }


def _grown(value: Json, objects: set[int]) -> Json:
    if isinstance(value, dict):
        grown = {name: _grown(inner, objects) for name, inner in value.items()}
        return {**grown, _MEMBER: "new"} if id(value) in objects else grown
    return [_grown(inner, objects) for inner in value] if isinstance(value, list) else value


def _escaped(value: Json) -> bytes:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("/", "\\/").encode("ascii")


def _longer(document: Document, places: list[Place]) -> Json:
    """Return the value with longer texts, where the contract sets neither form nor limit and nothing looks at them."""
    sent = document.exchange.request.body.decode("utf-8", "replace")
    copy = json.loads(json.dumps(document.holder[0]))
    grown = 0
    for place in places:
        if isinstance(place.value, str) and place.way and _is_free(place) and not _is_needed(document, place, sent):
            _put(copy, place, place.value + " and more of it" * 20)
            grown += 1
    fits = document.schema is None or document.schema.is_valid(copy)
    return copy if grown and fits else None


def _is_free(place: Place) -> bool:
    words: tuple[str, ...] = ("pattern", "format", "maxLength", "enum", "const", "not")
    return not any(word in part.keywords for part in place.might for word in words)


def _is_needed(document: Document, place: Place, sent: str) -> bool:
    """Tell whether something looks at a text, or the request holds it: then another one says something else."""
    planned = any(touch(place.way, way) for way in document.planned)
    return planned or place.way in document.read or str(place.value) in sent


def _put(value: Any, place: Place, new: Json) -> None:
    for step in place.way[:-1]:
        value = value[step]
    value[place.way[-1]] = new
