"""Who hears that a case begins and ends: every plugin that wants to, in its own process and beside pytest-xdist's controller."""

from __future__ import annotations

import pytest

from pytest_suites import DAY, PASSES, a_suite

CASES = ("ok", "other", "third")
WORDS = (f"--provendor-now={DAY}", "-n", "2", "-p", "no:randomly")

NOTE = """
import pathlib

def note(what, nodeid):
    with pathlib.Path("heard").open("a") as file:
        file.write(f"{what} {nodeid.rpartition('::')[2]}\\n")

class Listener:
"""
HEARS = {
    "begins": """
    def pytest_runtest_logstart(self, nodeid):
        note("begins", nodeid)
""",
    "ends": """
    def pytest_runtest_logfinish(self, nodeid):
        note("ends", nodeid)
""",
}
LISTENER = NOTE + HEARS["begins"] + HEARS["ends"]
AT_THE_START = """
def pytest_configure(config):
    if hasattr(config, "workerinput") == {in_worker}:
        config.pluginmanager.register(Listener())
"""
TOO_LATE = """
def pytest_xdist_node_collection_finished(node):
    if not node.config.pluginmanager.hasplugin("late"):
        node.config.pluginmanager.register(Listener(), "late")
"""


@pytest.mark.parametrize("what", ["begins", "ends"])
@pytest.mark.parametrize("in_worker", [False, True], ids=["controller", "worker"])
def test_whoever_listens_hears_each_case_begin_or_end(pytester, in_worker, what):
    """Whether it runs where the cases run, or where they are reported."""
    run(pytester, NOTE + HEARS[what] + AT_THE_START.format(in_worker=in_worker))

    assert heard(pytester) == sorted(f"{what} {case}" for case in CASES)


def test_where_nobody_listens_no_other_process_is_told(pytester):
    """Each telling would be a message: whoever comes when the workers run already hears of no case."""
    run(pytester, LISTENER + TOO_LATE)

    assert heard(pytester) == []


def test_whoever_comes_too_late_still_hears_of_other_tests(pytester):
    """Only cases are told of so sparingly."""
    pytester.makepyfile("def test_plain():\n    pass\n")

    run(pytester, LISTENER + TOO_LATE)

    assert heard(pytester) == ["begins test_plain", "ends test_plain"]


def test_a_terminal_that_names_each_test_names_a_case_when_it_begins(pytester):
    """With `-v`: once when it begins, once with what became of it."""
    said = run(pytester, "", "-v")

    assert said.count("forecast.get::ok") == 2


def test_the_terminal_shows_how_far_it_is(pytester):
    """At the end of each line, though it hears of no end."""
    a_suite(pytester.path, {f"case-{number}": PASSES for number in range(80)})

    said = pytester.runpytest_subprocess(*WORDS, "-o", "console_output_style=progress").stdout.str()

    assert "[100%]" in said
    assert "[ 90%]" in said


def run(pytester, conftest: str, *words: str) -> str:
    """Run three cases on two workers and return what was said."""
    a_suite(pytester.path, dict.fromkeys(CASES, PASSES))
    pytester.makeconftest(conftest)
    result = pytester.runpytest_subprocess(*WORDS, *words)
    assert result.ret == 0
    said: str = result.stdout.str()
    return said


def heard(pytester) -> list[str]:
    """Return what was heard, sorted: workers go side by side."""
    file = pytester.path / "heard"
    return sorted(file.read_text().splitlines()) if file.exists() else []
