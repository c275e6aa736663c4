"""The repository's own contracts: how much each of them catches, and that none cries wolf."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from provendor.cache import Cache
from provendor.check import load_checks
from provendor.mutants.field_changes import GONE, Change, made
from provendor.mutants.harmless import endure
from provendor.mutants.mutate import Measure, Strength
from provendor.mutants.mutation import named
from provendor.mutants.survivors import holes, text
from provendor.mutants.trial import Document, Trial, touch
from provendor.reader import loading, source
from provendor.run import Replayer
from provendor.schemas.declared import declared
from provendor.schemas.mismatch import Mismatch

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 20)
VENDORS = sorted(path.name for path in (ROOT / "contracts").iterdir() if path.is_dir())
LEAST = 0.97

SAMPLE = 3


@cache
def parsed() -> Cache:
    """What is parsed already, and what will be, for all tests of this process; never closed, so that nothing is written."""
    return Cache(ROOT / ".provendor" / "cache")


def replayer_of(vendor: str, root: Path = ROOT) -> Replayer:
    return Replayer(loading.load(root, [vendor], parsed()), load_checks(ROOT / "checks"), today=TODAY, cache=parsed())


@cache
def measured(vendor: str) -> Strength:
    return measured_in(ROOT, vendor)


def measured_in(root: Path, vendor: str, *operators: str) -> Strength:
    replayer = replayer_of(vendor, root)
    contract = replayer.suite.vendors[vendor]
    return Measure(replayer, named(operators)).vendor(contract, contract.cases)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_contract_catches_nearly_every_change_of_what_it_declares(vendor: str):
    """At least 0.97; what is let through is named with the line to add."""
    strength = measured(vendor)

    shown = "\n\n".join(text(hole) for hole in holes(ROOT, strength.survivors)[:5])
    assert strength.fields.score is not None
    assert strength.fields.score >= LEAST, f"{strength.fields.score:.4f}, for instance:\n\n{shown}"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_contract_catches_every_change_of_status_and_error_class(vendor: str):
    """All of them."""
    strength = measured(vendor)

    assert [
        text(hole) for hole in holes(ROOT, strength.survivors) if hole.survivors[0].operator.group == "status"
    ] == []
    assert strength.status.score == 1.0


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_recording_is_on_trial_and_every_tolerance_is_needed(vendor: str):
    """A score is one of all cases, and an excuse is for something."""
    strength = measured(vendor)

    assert [each for each in strength.untried if not each.foreseen] == []
    assert [f"{each.place}: {each.at}" for each in strength.unused] == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_contract_endures_what_must_not_hurt_us(vendor: str):
    """No false alarm."""
    replayer = replayer_of(vendor)
    endured = endure(replayer, replayer.suite.cases)

    assert [(each.name, each.case.id, each.finding) for each in endured.alarms] == []
    assert sum(endured.tried.values()) > 10


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_score_falls_with_any_field_that_is_no_longer_required(vendor: str, tmp_path: Path):
    """Over a sample of those that one `required` misses; a few are missed by something else in another case."""
    usual = measured_in(ROOT, vendor, "drop").fields.score
    guarded = sorted(guarded_by_required(vendor))
    chosen = random.Random(4).sample(guarded, 2 * SAMPLE)
    fallen = 0
    for number, (file, pointer, name) in enumerate(chosen):
        root = tmp_path / str(number)
        shutil.copytree(ROOT / "contracts" / vendor, root / "contracts" / vendor)
        (root / "cassettes").symlink_to(ROOT / "cassettes")
        release(root / file, pointer, name)
        less = measured_in(root, vendor, "drop").fields.score
        assert less is not None
        assert usual is not None
        assert less <= usual, f"{file}#{pointer} without {name}"
        fallen += less < usual
        if fallen == SAMPLE:
            return
    pytest.fail(f"only {fallen} of {len(chosen)} counted")


def guarded_by_required(vendor: str) -> set[tuple[str, str, str]]:
    """Return file, pointer and name of what one `required` misses, and nothing else, in the first case of an operation."""
    replayer = replayer_of(vendor)
    first = {case.operation: case for case in reversed(replayer.suite.cases)}
    trials = (Trial(replayer, case, replayer.cassette(case)) for case in first.values())
    return {each for trial in trials for document in trial.documents for each in _guarded(trial, document)}


def _guarded(trial: Trial, document: Document) -> Iterator[tuple[str, str, str]]:
    schema = document.schema
    if schema is None:
        return
    for place in declared(schema, document.holder[0]).places:
        if not place.named or any(touch(place.way, way) for way in document.planned):  # a plan would miss it, too
            continue
        name = str(place.way[-1])
        with made(document.holder, Change("drop", place.way, GONE)):
            found = list(schema.mismatches(document.holder[0]))
            holder = _written(found[0], name) if len(found) == 1 else None
            if holder is not None and not trial.others_refuse(document.exchange):
                yield found[0].file, holder, name


def _written(found: Mismatch, name: str) -> str | None:
    """Return the pointer of the schema that requires a name; None where that is derived, or is not what was found."""
    holder, _, keyword = found.pointer.rpartition("/")
    if keyword != "required" or not found.file.endswith(".yaml"):
        return None
    try:
        required = _followed(source.read(ROOT / found.file, found.file).value, holder)["required"]
    except (LookupError, ValueError):
        return None
    return holder if name in required else None


def _followed(value: Any, pointer: str) -> Any:
    for raw in pointer.split("/")[1:]:
        step = raw.replace("~1", "/").replace("~0", "~")
        value = value[int(step) if isinstance(value, list) else step]
    return value


def release(path: Path, pointer: str, name: str) -> None:
    """Write a contract file in which one name is no longer required at a place."""
    value: Any = source.read(path, path.name).value
    _followed(value, pointer)["required"].remove(name)
    path.write_text(json.dumps(value), "utf-8")
