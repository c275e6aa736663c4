"""What the plugin costs and does where nobody uses it: nothing."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pytest_suites import DAY, a_suite

MODULES = """
import re
import sys
from pathlib import Path

def pytest_sessionfinish(session):
    print("LOADED", *sorted(name for name in sys.modules if name.partition(".")[0] == "provendor"))
"""


def test_without_contracts_only_the_plugin_itself_is_loaded(pytester):
    """No other module of ours, no YAML, no JSON Schema, no HTTP."""
    pytester.makeconftest(MODULES)
    pytester.makepyfile("def test_plain():\n    pass\n")

    result = pytester.runpytest_subprocess("-s")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*LOADED provendor provendor.pytest_plugin"])


def test_the_plugin_imports_nothing_that_pytest_has_not(pytester):
    """Loading it adds no module but its own."""
    script = (
        "import sys, pytest\n"
        "before = set(sys.modules)\n"
        "import provendor.pytest_plugin\n"
        "print(sorted(set(sys.modules) - before))\n"
    )

    result = pytester.run(sys.executable, "-c", script)

    assert result.stdout.str().strip() == "['provendor', 'provendor.pytest_plugin']"


def test_without_contracts_nothing_is_written_and_no_marker_is_registered(pytester):
    """No reports, no cache, no section, no markers."""
    pytester.makepyfile("def test_plain():\n    pass\n")

    result = pytester.runpytest()

    result.assert_outcomes(passed=1)
    assert "provendor =" not in result.stdout.str()
    assert not (pytester.path / "reports").exists()
    assert not (pytester.path / ".provendor").exists()
    assert "provendor" not in pytester.runpytest("--markers").stdout.str().partition("plugins:")[2]


def test_a_replay_loads_no_http_client_and_no_vcr(pytester):
    """A whole session of cases needs neither, nor a TLS context, nor an event loop."""
    a_suite(pytester.path)
    pytester.makeconftest(
        """
        import sys

        def pytest_sessionfinish(session):
            print("LOADED", *sorted({"httpx", "vcr", "asyncio", "ssl", "requests"} & set(sys.modules)))
        """
    )

    result = pytester.runpytest_subprocess(
        f"--provendor-now={DAY}", "-s", "-p", "no:anyio", "-p", "no:hypothesispytest"
    )

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*LOADED"])


def test_our_modules_are_imported_as_python_does(pytester):
    """Not by pytest's hook for assertions, which takes its time over each; tests and their helpers still go through it."""
    a_suite(pytester.path)
    pytester.makepyfile(
        test_words="""
        import sys

        def test_words():
            ours = {name: module for name, module in sys.modules.items() if name.startswith("provendor.")}
            loaders = {type(module.__loader__).__name__ for name, module in ours.items() if name != "provendor.pytest_plugin"}
            assert len(ours) > 20
            assert loaders == {"SourceFileLoader"}

        def test_explained():
            assert len("seven words") == 7
        """
    )

    result = pytester.runpytest_subprocess(f"--provendor-now={DAY}", "-p", "no:randomly")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*assert 11 == 7"])


def test_what_finds_our_modules_leaves_with_the_session(pytester):
    """Whoever runs pytest inside another program finds that program's imports as they were."""
    a_suite(pytester.path)
    script = (
        "import sys, pytest\n"
        "before = list(sys.meta_path)\n"
        f"code = pytest.main(['-q', '--provendor-now={DAY}'])\n"
        "print('LEFT', code, sys.meta_path == before)\n"
    )

    result = pytester.run(sys.executable, "-c", script)

    result.stdout.fnmatch_lines(["1 passed*", "LEFT 0 True"])


def test_options_are_grouped_and_described(pytester):
    """`pytest --help` explains each option under one heading."""
    text = pytester.runpytest("--help").stdout.str()

    section = text.partition("contracts of third-party APIs (provendor):")[2]
    for option in ("root", "report", "strict", "now", "no-cache"):
        assert f"--provendor-{option}" in section


def test_every_option_setting_and_marker_is_documented(pytester):
    """docs/reference/pytest.md names all that `pytest --help` and `--markers` know of us."""
    a_suite(pytester.path)
    page = (Path(__file__).resolve().parent.parent / "docs" / "reference" / "pytest.md").read_text()
    told = pytester.runpytest("--help").stdout.str()
    marked = pytester.runpytest("--markers").stdout.str()

    options = set(re.findall(r"--provendor-[a-z-]+|--(?:require-)?live\b|\bprovendor_[a-z]+", told))
    markers = {
        line.partition(":")[0].removeprefix("@pytest.mark.") for line in marked.splitlines() if "(provendor)" in line
    }

    assert len(options) == 10
    assert markers == {"contract", "live", "probe", "loopback", "vendor_weather"}
    missing = [name for name in options | markers - {"vendor_weather"} if f"`{name}" not in page]
    assert missing == []
