"""What is different from another run, case by case."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from evidence_files import TODAY, a_failure, a_result, a_run, a_warning, an_error
from provendor.reports import archive, telling
from provendor.reports.story import Changes


def changes(folder: Path, before: list[dict[str, Any]], after: list[dict[str, Any]], **head: Any) -> Changes:
    earlier = archive.KeptRun(a_run(folder, before, id="20261119T100000Z-aaaaaa"))
    run = archive.KeptRun(a_run(folder, after, **head))
    found = telling.tell(run, today=date.fromisoformat(TODAY), previous=earlier).previous
    assert found is not None
    return found


def test_each_case_is_told_of_by_what_it_has_become(tmp_path: Path):
    """Worse in one of four ways, or a pass that was none."""
    names = ("fail", "error", "warn", "skip", "pass")
    worse = [
        a_failure("a/b:fail"), an_error("a/b:error"), a_warning("a/b:warn", "latency"), a_result("a/b:skip", "skip", reason="-")
    ]  # fmt: skip

    found = changes(
        tmp_path,
        [a_failure("a/b:fixed"), *(a_result(f"a/b:{name}") for name in names)],
        [a_result("a/b:fixed"), a_result("a/b:pass"), *worse],
    )

    assert found.compared == 6
    assert (found.failing, found.errors, found.warned) == (("a/b:fail",), ("a/b:error",), ("a/b:warn",))
    assert (found.skipped, found.fixed, found.aged) == (("a/b:skip",), ("a/b:fixed",), ())


def test_what_was_as_bad_before_is_no_news(tmp_path: Path):
    """Nor is a failure that has become a warning a repair."""
    found = changes(tmp_path, [a_failure("a/b:c"), a_failure("a/b:d")], [a_failure("a/b:c"), a_warning("a/b:d")])

    assert (found.failing, found.fixed, found.warned) == ((), (), ())


def test_a_recording_that_passed_its_age_since_is_named(tmp_path: Path):
    """It is also newly warned; one that was too old before is neither."""
    found = changes(tmp_path, [a_result("a/b:new"), a_warning("a/b:old")], [a_warning("a/b:new"), a_warning("a/b:old")])

    assert (found.aged, found.warned) == (("a/b:new",), ("a/b:new",))


def test_new_and_gone_cases_are_counted_apart(tmp_path: Path):
    """They were judged once only."""
    found = changes(tmp_path, [a_result("a/b:gone"), a_result("a/b:c")], [a_result("a/b:c"), a_failure("a/b:new")])

    assert (found.compared, found.added, found.gone, found.failing) == (1, ("a/b:new",), ("a/b:gone",), ())


def test_what_a_part_does_not_ask_is_not_gone(tmp_path: Path):
    """A run of one vendor says nothing of the others."""
    found = changes(tmp_path, [a_result("a/b:c"), a_result("z/y:x")], [a_result("a/b:c")], selectors=["a"])

    assert found.gone == ()
