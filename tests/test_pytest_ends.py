"""Who hears that a case begins and ends, and whose words are caught while it is set up and taken down.

Every plugin that wants to hear, in its own process and beside pytest-xdist's controller; and everybody's words.
"""

from __future__ import annotations

import pytest

from pytest_suites import DAY, FAILS, PASSES, a_check, a_suite

CASES = ("ok", "other", "third")
ALONE = (f"--provendor-now={DAY}", "-p", "no:randomly")
WORDS = (*ALONE, "-n", "2")

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
ALWAYS = """
def pytest_configure(config):
    config.pluginmanager.register(Listener())
"""
DURING_THE_FIRST = """
def pytest_runtest_call(item):
    plugins = item.config.pluginmanager
    if not plugins.hasplugin("late"):
        plugins.register(Listener(), "late")
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


def test_in_one_process_whoever_listens_hears_each_case_begin_and_end(pytester):
    """In their order."""
    run_alone(pytester, LISTENER + ALWAYS)

    assert (pytester.path / "heard").read_text().split("\n") == [
        *(f"{what} {case}" for case in CASES for what in ("begins", "ends")),
        "",
    ]


def test_in_one_process_whoever_comes_while_the_cases_run_hears_of_the_rest(pytester):
    """From the next case on: who wants what is asked anew when a plugin has come."""
    run_alone(pytester, LISTENER + DURING_THE_FIRST)

    assert heard(pytester) == ["begins other", "begins third", "ends other", "ends third"]


def test_the_terminal_names_a_file_before_its_cases_run(pytester):
    """As it does for every test, and with `-q` for none."""
    said = run_alone(pytester, 'def pytest_runtest_call(item):\n    print("CALLED")\n', "-s")

    assert said.index("forecast.yaml") < said.index("CALLED")
    assert "forecast.yaml" not in run_alone(pytester, "", "-q")


def test_a_log_that_is_shown_live_says_that_a_case_has_ended(pytester):
    """Nobody but pytest's own log hears of it then."""
    logs = """
import logging
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol():
    result = yield
    logging.getLogger().warning("afterwards")
    return result
"""

    assert "live log finish" in run_alone(pytester, logs, "-o", "log_cli=true")


SPEAKS = """
def pytest_runtest_{phase}(item):
    print("SAID BY A PLUGIN")
"""


@pytest.mark.parametrize("phase", ["setup", "teardown"])
def test_what_a_plugin_prints_when_a_case_is_set_up_or_taken_down_is_caught(pytester, phase):
    """And shown with no case that passes."""
    assert "SAID" not in run_alone(pytester, SPEAKS.format(phase=phase))


def test_what_a_plugin_printed_before_a_case_is_shown_with_one_that_fails(pytester):
    """As with any test."""
    a_suite(pytester.path, {"ok": FAILS, "other": PASSES})
    pytester.makeconftest(SPEAKS.format(phase="setup"))

    said = pytester.runpytest_subprocess(*ALONE).stdout.str()

    assert said.count("SAID BY A PLUGIN") == 1
    assert "Captured stdout setup" in said


def test_what_is_printed_when_the_session_is_taken_down_is_caught_with_the_last_case(pytester):
    """Fixtures of a whole session end with its last test, which may be a case."""
    a_suite(pytester.path)
    pytester.makepyfile(
        test_first="""
        import pytest

        @pytest.fixture(scope="session")
        def house():
            yield
            print("THE HOUSE IS TAKEN DOWN")

        def test_house(house):
            pass
        """
    )

    result = pytester.runpytest_subprocess(*ALONE, "test_first.py", "contracts")

    result.assert_outcomes(passed=2)
    assert "THE HOUSE" not in result.stdout.str()


def test_what_a_check_prints_is_caught(pytester):
    """It is shown with a case that fails."""
    a_check(pytester.path, 'print("SAID BY A CHECK")\nreturn []')
    assert "SAID" not in run_alone(pytester, "")

    a_suite(pytester.path, {"ok": FAILS})
    said = pytester.runpytest_subprocess(*ALONE).stdout.str()

    assert said.count("SAID BY A CHECK") == 1
    assert "Captured stdout call" in said


COUNTS = """
def pytest_sessionstart(session):
    capture = session.config.pluginmanager.get_plugin("capturemanager")
    begin = capture.resume_global_capture

    def counted():
        with open("begun", "a") as file:
            file.write("x")
        begin()

    capture.resume_global_capture = counted
"""


def test_where_nobody_prints_nothing_is_caught_but_what_a_case_does(pytester):
    """Two of three times, but for the last case's end: each takes as long as a whole check."""
    run_alone(pytester, COUNTS)
    quiet = (pytester.path / "begun").read_text()
    (pytester.path / "begun").unlink()

    run_alone(pytester, COUNTS + SPEAKS.format(phase="setup"))
    caught = (pytester.path / "begun").read_text()

    assert len(caught) - len(quiet) == 2 * len(CASES) - 1


def run(pytester, conftest: str, *words: str) -> str:
    """Run three cases on two workers and return what was said."""
    return run_alone(pytester, conftest, "-n", "2", *words)


def run_alone(pytester, conftest: str, *words: str) -> str:
    """Run three cases, in one process unless the words say otherwise, and return what was said."""
    a_suite(pytester.path, dict.fromkeys(CASES, PASSES))
    pytester.makeconftest(conftest)
    result = pytester.runpytest_subprocess(*ALONE, *words)
    assert result.ret == 0
    said: str = result.stdout.str()
    return said


def heard(pytester) -> list[str]:
    """Return what was heard, sorted: workers go side by side."""
    file = pytester.path / "heard"
    return sorted(file.read_text().splitlines()) if file.exists() else []
