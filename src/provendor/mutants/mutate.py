"""What a contract would catch: each recorded answer is broken in every way that a vendor might break it, and judged again.

    strength = Measure(replayer, named([])).vendor(suite.vendors["acme"], cases)
    strength.score, strength.survivors          # 0.98, (Survivor("drop", "users.get", "/email", ...), ...)

Judged in memory, by the same checks as a run. A mutant is one change of one kind to one place of the contract, under one
condition: it counts once, however many cases show that place, and it is killed where one of them turns red.

killed       some check fails, or comes to no end
equivalent   the contract allows it in so many words, or tolerates it with a reason
survived     everything else: what the vendor may do without anybody noticing
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Final, TypeAlias

from provendor.contract import Case, Tolerance, Vendor
from provendor.errors import ProvendorError
from provendor.exchange import Json
from provendor.mutants.answer_changes import Refusal, answer_changes
from provendor.mutants.field_changes import Change, allowed, field_changes, made
from provendor.mutants.mutation import OPERATORS, Group, Operator
from provendor.mutants.trial import Document, NotOnTrial, Trial, Untried
from provendor.run import Replayer
from provendor.schemas.declared import Declared, Place, Way, declared, escaped
from provendor.schemas.keywords import Origin
from provendor.schemas.schema import Schema

Key: TypeAlias = "tuple[object, ...]"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One case in which a mutant was judged and not noticed: where, what was changed, and what stood there.

    `origin` is where the contract describes the place; None where it does not.
    """

    case: Case
    at: str
    told: str
    origin: Origin | None = None
    value: Json = None
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that nobody noticed. `sightings` are the cases that let it through."""

    operator: Operator
    sightings: tuple[Sighting, ...]

    @property
    def first(self) -> Sighting:
        """The sighting that is shown."""
        return self.sightings[0]


@dataclass(slots=True)
class Tally:
    """How many mutants were killed, survived and were equivalent."""

    killed: int = 0
    survived: int = 0
    equivalent: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.killed + other.killed, self.survived + other.survived, self.equivalent + other.equivalent)

    @property
    def score(self) -> float | None:
        """The part of those that matter which were killed; None where none matters."""
        counted = self.killed + self.survived
        return self.killed / counted if counted else None


@dataclass(slots=True)
class Strength:
    """What a vendor's contract catches.

    `fields` counts changes of declared fields and of answers as a whole, `status` those of status and error class. `silent`
    are pointers to what was sent and is not relied on, by operation. `unused` tolerances match no survivor. `judged` counts
    the mutants that were tried, `alike` those that were not, since the fate of an equal one is known. `tried` counts the
    cases, `cassettes` are the digests of what was broken, by case.
    """

    vendor: str
    fields: Tally = field(default_factory=Tally)
    status: Tally = field(default_factory=Tally)
    survivors: tuple[Survivor, ...] = ()
    silent: dict[str, list[str]] = field(default_factory=dict)
    untried: tuple[Untried, ...] = ()
    unused: tuple[Tolerance, ...] = ()
    judged: int = 0
    alike: int = 0
    cassettes: dict[str, str] = field(default_factory=dict)
    tried: int = 0


@dataclass(slots=True)
class _Fate:
    """What is known of one mutant so far: noticed somewhere, allowed in so many words, or tolerated in some places."""

    operator: Operator
    killed: bool = False
    allowed: bool = False
    sightings: list[Sighting] = field(default_factory=list)
    tolerated: dict[tuple[str, str], Tolerance] = field(default_factory=dict)

    def is_known_at(self, operation: str, at: str) -> bool:
        """Tell whether trying an equal one in such a place would tell nothing new."""
        return self.killed or self.allowed or (operation, at) in self.tolerated


class Measure:
    """Measures vendors with some operators. The same seed makes the same choices among many."""

    def __init__(self, replayer: Replayer, operators: Sequence[Operator], seed: int = 0) -> None:
        self._replayer = replayer
        self._operators = frozenset(each.name for each in operators)
        self._seed = seed

    def vendor(self, vendor: Vendor, cases: Sequence[Case], step: Callable[[], None] = lambda: None) -> Strength:
        """Return what the contract of a vendor catches in these cases; `step` is called after each."""
        trials = _Vendor(self._replayer, vendor, self._operators, self._seed)
        for case in cases:
            trials.case(case)
            step()
        return trials.strength(whole=len(cases) == len(vendor.cases))


class _Vendor:
    """All trials of one vendor, and the fates of its mutants."""

    def __init__(self, replayer: Replayer, vendor: Vendor, operators: frozenset[str], seed: int) -> None:
        self._replayer = replayer
        self._vendor = vendor
        self._operators = operators
        self._seed = seed
        self._fates: dict[Key, _Fate] = {}
        self._found = Strength(vendor.name)
        self._silent: dict[str, dict[str, None]] = {}
        self._untried: list[Untried] = []
        self._refusals = _refusals(replayer, vendor)
        self._nearest: dict[str, tuple[Refusal, ...]] = {}

    def case(self, case: Case) -> None:
        """Try one case."""
        self._found.tried += 1
        chance = Random(f"{self._seed}/{case.id}")  # noqa: S311 - choices, not secrets
        try:
            recorded = self._replayer.cassette(case)
            self._found.cassettes[case.id] = recorded.recording.digest
            if case.operation not in self._nearest:
                self._nearest[case.operation] = _nearest_first(self._refusals, case)
            trial = Trial(self._replayer, case, recorded, self._nearest[case.operation])
        except NotOnTrial as reason:
            self._untried.append(Untried(case.id, str(reason), reason.foreseen))
            return
        except ProvendorError as trouble:
            self._untried.append(Untried(case.id, str(trouble)))
            return
        for document in trial.documents:
            self._document(trial, document)
        self._answer(trial, chance)

    # --- fields ---------------------------------------------------------------------------------------------------------

    def _document(self, trial: Trial, document: Document) -> None:
        said = declared(document.schema, document.holder[0]) if document.schema is not None else None
        read = list(_read_places(document, said))
        self._note_silence(trial, said, read)
        graphql = trial.case.template.graphql is not None
        condition = _condition(trial)
        for place in (*(said.places if said else ()), *read):
            repeated = trial.sought.is_repeated(place.way, document.holder[0])
            key = (*condition, *_key(said, place, trial.case))
            for change in (*field_changes(place, repeated=repeated, graphql=graphql), *_envelopes(place)):
                if change.operator in self._operators:
                    fate = self._fate((key, change.operator, change.variant), change.operator)
                    self._field(trial, document, said, place, change, fate)

    def _field(
        self, trial: Trial, document: Document, said: Declared | None, place: Place, change: Change, fate: _Fate
    ) -> None:
        if fate.is_known_at(trial.case.operation, place.at):
            self._found.alike += 1
            return
        self._found.judged += 1
        with made(document.holder, change):
            fate.killed = trial.notices_value(document, change.way)
        if not fate.killed:
            self._survived(fate, allowed(place, change), _seen_at(trial.case, said, place, change))

    def _note_silence(self, trial: Trial, said: Declared | None, read: Sequence[Place]) -> None:
        known = {place.at for place in read}
        silent = self._silent.setdefault(trial.case.operation, {})
        silent.update((at, None) for at in (said.silent if said else ()) if at not in known)

    # --- answers as a whole -----------------------------------------------------------------------------------------------

    def _answer(self, trial: Trial, chance: Random) -> None:
        answer = trial.answer
        same = (*_condition(trial), _shape_of_answer(trial))
        for change in answer_changes(answer, chance):
            if change.operator not in self._operators:
                continue
            fate = self._fate((*same, change.operator, change.variant), change.operator)
            if fate.is_known_at(trial.case.operation, ""):
                self._found.alike += 1
                continue
            self._found.judged += 1
            fate.killed = trial.notices_change(change)
            if not fate.killed:
                self._survived(fate, change.expected, Sighting(trial.case, "", change.told, variant=change.variant))

    # --- fates ------------------------------------------------------------------------------------------------------------

    def _fate(self, key: Key, operator: str) -> _Fate:
        fate = self._fates.get(key)
        if fate is None:
            fate = self._fates[key] = _Fate(OPERATORS[operator])
        return fate

    def _survived(self, fate: _Fate, words: str | None, sighting: Sighting) -> None:
        """Note that a mutant was not noticed in a case, unless the contract says that it may come."""
        if words is not None:
            fate.allowed = True
            return
        tolerance = next((each for each in self._vendor.tolerates if tolerates(each, fate.operator, sighting)), None)
        if tolerance is None:
            fate.sightings.append(sighting)
        else:
            fate.tolerated[sighting.case.operation, sighting.at] = tolerance

    def strength(self, *, whole: bool) -> Strength:
        """Return what was found; only whole vendors tell which tolerances are unused."""
        found = self._found
        used: set[Tolerance] = set()
        survivors: list[Survivor] = []
        for fate in self._fates.values():
            tally = found.status if fate.operator.group is Group.STATUS else found.fields
            if fate.killed:
                tally.killed += 1
            elif fate.sightings:
                tally.survived += 1
                survivors.append(Survivor(fate.operator, tuple(fate.sightings)))
            else:
                tally.equivalent += 1
                used.update(fate.tolerated.values())
        found.survivors = tuple(survivors)
        found.silent = {operation: list(pointers) for operation, pointers in self._silent.items() if pointers}
        found.untried = tuple(self._untried)
        found.unused = tuple(each for each in self._vendor.tolerates if each not in used) if whole else ()
        return found


def tolerates(entry: Tolerance, operator: Operator, sighting: Sighting) -> bool:
    """Tell whether an entry of the contract covers a mutant. Whoever may leave a field out may also rename it."""
    names = entry.operators
    if operator.name not in names and not (operator.name == "rename" and "drop" in names):
        return False
    operation, mark, at = entry.at.partition("#")
    if not fnmatchcase(sighting.case.operation, operation):
        return False
    return not mark or fnmatchcase(sighting.at, at.replace("[", "[[]"))


# --- what makes mutants equal -----------------------------------------------------------------------------------------


def _condition(trial: Trial) -> Key:
    """Return under which condition a case judges: what kind it is, the error that it expects, the business checks."""
    case = trial.case
    return (
        case.section,
        case.expect.error,
        tuple(each.name for each in trial.business),
    )


def _key(said: Declared | None, place: Place, case: Case) -> Key:
    """Return what tells a place from others: where the contract describes it, else the operation and the pointer."""
    if said is None or not place.says:
        return case.operation, place.at
    part, call = place.says[0], case.template.graphql
    if (
        call is not None
        and part.target == 0
        and (said.schema.pointer.endswith("/graphql") or _is_derived(part.pointer))
    ):
        # Derived from the document anew for each case that says more about the body: the document is the place.
        return call.key, part.pointer.removeprefix(_DERIVED)
    return said.origin(part)


_DERIVED: Final = "/allOf/0"  # beside what the case itself says of the body


def _is_derived(pointer: str) -> bool:
    return pointer == _DERIVED or pointer.startswith(f"{_DERIVED}/")


def _shape_of_answer(trial: Trial) -> Key:
    expect, interaction = trial.case.expect, trial.answer.interaction
    kind = (interaction.headers.get("content-type") or "").partition(";")[0]
    body = expect.body or (expect.mcp.result if expect.mcp else None)
    described = _origin(body) if body is not None else expect.text
    return described, str(expect.status), interaction.status, kind, len(trial.answer.interactions)


def _origin(schema: Schema) -> Origin:
    return schema.bundle.origins[0]


# --- places -----------------------------------------------------------------------------------------------------------


def _read_places(document: Document, said: Declared | None) -> Iterator[Place]:
    """Yield the places that something else than the schema looks at, and the schema does not declare."""
    known = {place.way for place in said.places} if said else set()
    for way in document.read:
        if way not in known:
            at = "".join("/*" if isinstance(step, int) else f"/{escaped(step)}" for step in way)
            yield Place(way, at, _at(document.holder[0], way), named=isinstance(way[-1], str))


def _at(value: Json, way: Way) -> Json:
    inner: Any = value
    for step in way:
        inner = inner[step]
    found: Json = inner
    return found


def _envelopes(place: Place) -> Iterator[Change]:
    """Yield the body with one more object around it, and without the one that is."""
    if place.way or not isinstance(place.value, (dict, list)):
        return
    yield Change("envelope-added", (), {"data": place.value})
    inner = list(place.value.values()) if isinstance(place.value, dict) else []
    if len(inner) == 1 and isinstance(inner[0], (dict, list)):
        yield Change("envelope-removed", (), inner[0])


def _seen_at(case: Case, said: Declared | None, place: Place, change: Change) -> Sighting:
    origin = said.origin(place.says[0]) if said is not None and place.says else None
    return Sighting(case, place.at, change.told(place.value), origin, place.value, change.variant)


# --- refusals ---------------------------------------------------------------------------------------------------------


def _refusals(replayer: Replayer, vendor: Vendor) -> tuple[Refusal, ...]:
    """Return the recorded answers of a vendor that are errors, one for each code of each operation."""
    found: list[Refusal] = []
    for case in vendor.cases:
        if case.expect.error is None or case.plan is not None:
            continue
        try:
            recorded = replayer.cassette(case).interactions
        except ProvendorError:
            continue
        found += (Refusal(case, each) for each in recorded[:1])
    return tuple(found)


def _nearest_first(refusals: Sequence[Refusal], case: Case) -> tuple[Refusal, ...]:
    """Return those of the same operation, then those of others with each code once."""
    own = [each for each in refusals if each.case.operation == case.operation]
    other = {each.case.expect.error: each for each in reversed(refusals) if each.case.operation != case.operation}
    return (*own, *other.values())
