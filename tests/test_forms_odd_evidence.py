"""Evidence may come from anywhere: whatever stands in a result, every form is written, and what cannot be read is counted."""

from __future__ import annotations

import copy
import importlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from form_files import hostile_results, mixed, told_of
from provendor.reports.forms import FORMS, badges

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.just([]),
    st.just({}),
    st.just([[]]),
    st.just({"code": []}),
)


def ways(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a result, however deep."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*before, key)
        yield from ways(child, (*before, key))


RESULTS = [*mixed(), hostile_results("x")[7]]
PLACES = [(number, way) for number, result in enumerate(RESULTS) for way in ways(result)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=3))
@pytest.mark.parametrize("ended", [True, False])
def test_no_value_in_a_result_stops_a_form(ended: bool, changes: list[tuple[tuple[int, tuple[Any, ...]], Any]]):
    """One field or several hold something else than they should."""
    results = copy.deepcopy(RESULTS)
    for (number, way), odd in changes:
        put(results[number], way, odd)
    with tempfile.TemporaryDirectory() as folder:
        told = told_of(Path(folder), results, ended=ended)
        for module in FORMS.values():
            assert "".join(importlib.import_module(module).render(told)) is not None
        assert len(told.story.cases) + told.story.unreadable == len(RESULTS)


def put(result: Any, way: tuple[Any, ...], odd: Any) -> None:
    """Put a value where the way leads, if it still leads anywhere."""
    for part in way[:-1]:
        try:
            result = result[part]
        except (KeyError, IndexError, TypeError):
            return
    last = way[-1]
    if isinstance(result, dict) or (isinstance(result, list) and isinstance(last, int) and last < len(result)):
        result[last] = odd


HEAD = ("started_at", "command", "mode", "selectors", "now", "git_commit", "tools", "vendors", "digests")


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(HEAD), ODD, min_size=1, max_size=4))
def test_no_value_in_a_head_stops_a_form(head: dict[str, Any]):
    """What the run says of itself is as hostile as what it says of cases."""
    with tempfile.TemporaryDirectory() as folder:
        told = told_of(Path(folder), mixed(), **json.loads(json.dumps(head)))
        for module in FORMS.values():
            assert "".join(importlib.import_module(module).render(told)) is not None
        assert badges.badges(told.story)
