"""Evidence may come from anywhere: whatever stands in a run, its page is written, and what cannot be read is counted."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_files import TODAY, a_run, a_varied_run, an_end, known_of
from provendor.reports import archive, briefing, page

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([[], {}, [[]], [None], {"code": []}, "2026-11-20", "9999-12-31T00:00:00Z"]),
)


def ways(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a value, however deep."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*before, key)
        yield from ways(child, (*before, key))


def put(value: Any, way: tuple[Any, ...], odd: Any) -> None:
    """Put something else where the way leads, if it still leads anywhere."""
    for part in way[:-1]:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(value, dict) or (isinstance(value, list) and len(value) > way[-1]):
        value[way[-1]] = odd


def a_whole_run() -> dict[str, Any]:
    """A run with everything in it, as one value: head, results, end, what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        run = archive.find(a_varied_run(Path(folder)))
        results = [{key: each for key, each in record.items() if key != "type"} for _, record in run.results()]
    pending = [{"case": "acme/users.get:known", "reason": "It forgets.", "ticket": "OPS-7", "until": "2026-12-04"}]
    indicators = [{"name": "users-active", "title": "Users.", "ok": 0.9, "warn": 0.7}]
    dated = {"api_version": "1", "api_version_ends": "2027-01-01", "max_age_days": 365, "indicators": indicators}
    strength = {"score": 0.9, "killed": 9, "survived": 1, "measured_at": "2026-11-20T09:00:00Z"}
    survivor = {
        "operation": "a",
        "at": "/b",
        "changed": "c",
        "contract": "d:1",
        "add": "e",
        "advice": None,
        "cases": ["f"],
    }
    return {
        "head": {"vendors": {"acme": known_of("acme", pending=pending, **dated)}, "tools": {"python": "3.13"}},
        "results": results,
        "end": an_end(strength={"acme": strength}),
        "measured": {"acme": {**strength, "survivors": [survivor]}},
    }


WHOLE = a_whole_run()
PLACES = list(ways(WHOLE))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=4))
def test_no_value_in_evidence_stops_the_page(changes: list[tuple[tuple[Any, ...], Any]]):
    """One field or several hold something else than they should."""
    whole = copy.deepcopy(WHOLE)
    for way, odd in changes:
        if len(way) > 1:
            put(whole, way, odd)
    results = [each if isinstance(each, dict) else {} for each in whole["results"]]
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(folder)
        run = archive.KeptRun(a_run(reports, results, end=whole["end"], **whole["head"]))
        told = briefing.told(reports, run, reports, date.fromisoformat(TODAY))

        index = page.write(told, reports).read_text(encoding="utf-8")

    assert len(told.story.cases) + told.story.unreadable == len(results)
    assert index.rstrip().endswith("</html>")
