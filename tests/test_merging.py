from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from evidence_files import TODAY, a_failure, a_result, a_run, live
from provendor.reports.archive import KeptRun
from provendor.reports.merging import merged
from provendor.reports.story import Story
from provendor.reports.telling import tell


def story_of(root: Path, *runs: Path) -> Story:
    folder = root / "merged"
    folder.mkdir()
    return tell(merged([KeptRun(path) for path in runs], folder), today=date.fromisoformat(TODAY))


def a_part(root: Path, name: str, *results: dict[str, Any], **changes: Any) -> Path:
    return a_run(root / name, results, id=name, **changes)


def test_the_parts_of_a_split_run_are_one(tmp_path: Path):
    """Every case once, in the order in which the runs are named."""
    first = a_part(tmp_path, "one", a_result(), vendors={"acme": {"title": "Acme"}})
    second = a_part(tmp_path, "two", a_result("shop/items.list:ok"), vendors={"shop": {"title": "Shop"}})

    story = story_of(tmp_path, first, second)

    assert [case.id for case in story.cases] == ["acme/users.get:ok", "shop/items.list:ok"]
    assert [vendor.title for vendor in story.vendors] == ["Acme", "Shop"]
    assert (story.run.id, story.run.finished) == ("two+1", True)


def test_of_a_case_in_both_the_run_named_last_counts(tmp_path: Path):
    """Whoever names them decides."""
    replay = a_part(tmp_path, "replay", a_result(), a_failure("acme/users.get:denied"))
    asked = a_part(tmp_path, "asked", live(a_result()))

    outcomes = {case.id: (str(case.source), str(case.outcome)) for case in story_of(tmp_path, replay, asked).cases}

    assert outcomes == {"acme/users.get:ok": ("live", "pass"), "acme/users.get:denied": ("recorded", "fail")}


def test_the_whole_ended_only_if_every_part_did(tmp_path: Path):
    """What a killed part did not judge is missing in the whole."""
    story = story_of(tmp_path, a_part(tmp_path, "one", a_result(), ended=False), a_part(tmp_path, "two"))

    assert story.run.finished is False


def test_what_was_asked_for_is_everything_if_one_part_asked_for_it(tmp_path: Path):
    """Else it is what any part asked for."""
    acme = a_part(tmp_path, "one", selectors=["acme"])
    both = a_part(tmp_path, "two", selectors=["acme", "shop"])
    whole = a_part(tmp_path, "three")

    assert story_of(tmp_path, acme, both).run.selectors == ("acme", "shop")
    assert story_of(tmp_path / "one", acme, whole).run.selectors == ()


def test_times_are_those_of_all_parts(tmp_path: Path):
    """From the first start to the last end; our own time is the sum."""
    first = a_part(tmp_path, "one", started_at="2026-11-20T09:00:00.000Z")
    second = a_part(tmp_path, "two")

    run = story_of(tmp_path, second, first).run

    assert (run.started_at, run.ended_at) == ("2026-11-20T09:00:00.000Z", "2026-11-20T10:00:02.000Z")
    assert run.duration_ms == 4000
