"""What becomes of each outcome in pytest, and how a failure reads."""

from __future__ import annotations

import pytest

from pytest_suites import CANNOT_TELL, DAY, FAILS, PASSES, PENDING, WARNS, Answer, a_check, a_suite, outcomes_of

ID = "contracts/weather/forecast.yaml::forecast.get::"
NOW = f"--provendor-now={DAY}"


def test_a_failure_reads_like_a_compiler_error(pytester):
    """Contract line with a caret, place, expected, actual, cassette, command: and no Python in sight."""
    a_suite(pytester.path, {"odd": FAILS})

    result = pytester.runpytest(NOW)

    result.stdout.fnmatch_lines(
        [
            "*_ weather/forecast.get:odd _*",
            "FAIL body-schema at /city: expected string, got integer 7",
            "*GET https://weather.example/v1/forecast?city=Oslo",
            "*cassettes/weather/forecast.get/odd.yaml, documented 2026-11-01*",
            "*fail?body-schema?: *",
            "*--> contracts/weather/forecast.yaml:*",
            "* | *city: { type: string, *",
            "* | *^",
            "*= at        /city",
            "*= expected  string",
            "*= actual    *7",
            "*provendor prove weather/forecast.get:odd",
            f"FAILED {ID}odd - FAIL body-schema*",
        ]
    )
    said = result.stdout.str().partition("FAILURES")[2]
    assert "Traceback" not in said
    assert ".py" not in said
    assert result.ret == 1


def test_what_cannot_be_told_fails_and_says_error(pytester):
    """A missing cassette is no pass, and no accusation of the vendor either."""
    a_suite(pytester.path, {"unseen": CANNOT_TELL})

    result = pytester.runpytest(NOW)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["ERROR cassette-missing: *", "*error?cassette-missing?*", "1 case: 1 error*"])


def test_a_request_that_was_not_recorded_shows_both_sides(pytester):
    """The contract asks for Oslo, the recording for Bergen."""
    a_suite(pytester.path, {"ok": Answer(asked="Bergen")})

    result = pytester.runpytest(NOW)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*request-mismatch*", "*= expected*Bergen*", "*= actual*Oslo*"])


def test_a_warn_passes_and_is_told_at_the_end(pytester):
    """Degraded is not broken; it is not silent either."""
    a_suite(pytester.path, {"ok": PASSES, "old": WARNS})

    result = pytester.runpytest(NOW)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*= provendor =*", "warn  weather/forecast.get:old", "*age*", "2 cases: 1 pass, 1 warn*"]
    )
    assert result.ret == 0


def test_a_warn_fails_where_strict(pytester):
    """`--provendor-strict` lets nothing degraded through."""
    a_suite(pytester.path, {"ok": PASSES, "old": WARNS})

    result = pytester.runpytest(NOW, "--provendor-strict")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["WARN cassette-age at *"])
    assert result.ret == 1


def test_a_pending_case_is_an_expected_failure_until_its_day(pytester):
    """Reason, ticket and day are shown; the day after, it is a failure as any other."""
    a_suite(pytester.path, {"ok": PASSES, "odd": Answer(body=7, keys=PENDING)})

    before = pytester.runpytest("--provendor-now=2026-12-14", "-rx")
    before.assert_outcomes(passed=1, xfailed=1)
    before.stdout.fnmatch_lines([f"XFAIL {ID}odd - *2026-12-15*not there yet*ABC-1*"])
    assert before.ret == 0

    after = pytester.runpytest("--provendor-now=2026-12-15")
    after.assert_outcomes(passed=1, failed=1)
    assert after.ret == 1


def test_a_pending_case_without_a_cassette_is_expected_too(pytester):
    """A case can be written before there is anything to record."""
    a_suite(pytester.path, {"unseen": Answer(recorded=False, keys=PENDING), "ok": PASSES})

    pytester.runpytest(NOW).assert_outcomes(passed=1, xfailed=1)


def test_a_pending_case_that_passes_is_reported(pytester):
    """Nobody forgets to remove `pending`."""
    a_suite(pytester.path, {"ok": Answer(keys=PENDING)})

    result = pytester.runpytest(NOW, "-rX")

    result.assert_outcomes(xpassed=1)
    result.stdout.fnmatch_lines(["warn  weather/forecast.get:ok", "*remove `pending`*", f"XPASS {ID}ok - *pending*"])
    assert result.ret == 0


def test_a_pending_case_that_passes_fails_where_strict(pytester):
    """Strict means that nothing is left lying about."""
    a_suite(pytester.path, {"ok": Answer(keys=PENDING)})

    result = pytester.runpytest(NOW, "--provendor-strict")

    result.assert_outcomes(failed=1)
    assert result.ret == 1


def test_a_check_of_the_business_judges_too(pytester):
    """`checks/*.py` take part, and their claim is shown."""
    a_suite(pytester.path)
    a_check(pytester.path, 'assert exchange.json["city"] == "Bergen", "it is another city"')

    result = pytester.runpytest(NOW)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*= expected  The check asks.", "*= actual    it is another city", "*weather.asks*"])


def test_a_check_that_crashes_is_an_error_and_harms_no_other_case(pytester):
    """The crash is told in a line, without a traceback."""
    a_suite(pytester.path, {"ok": PASSES, "odd": Answer(body="Bergen")})
    a_check(pytester.path, 'return [][0] if exchange.json["city"] == "Bergen" else None')

    result = pytester.runpytest(NOW)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["ERROR *IndexError*"])
    assert "Traceback" not in result.stdout.str()
    assert outcomes_of(pytester.path) == {"ok": "pass", "odd": "error"}


def test_a_case_can_be_skipped_by_pytests_own_marker(pytester):
    """A marker added in conftest.py counts, with its reason and the place of the case."""
    a_suite(pytester.path, {"ok": PASSES, "other": PASSES})
    skip_by_conftest(pytester, "other")

    result = pytester.runpytest(NOW, "-rs")

    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED ?1? contracts/weather/forecast.yaml*: not today"])
    assert outcomes_of(pytester.path) == {"ok": "pass", "other": "skip"}


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_session_in_which_every_case_was_skipped_is_no_success(pytester, words):
    """Nothing was judged: exit status 4, and a line that says so."""
    a_suite(pytester.path, {"ok": PASSES, "other": PASSES})
    skip_by_conftest(pytester, "ok", "other")
    pytester.makepyfile("def test_plain():\n    pass\n")

    result = pytester.runpytest_subprocess(NOW, *words)

    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["every case was skipped: nothing was judged"])
    assert result.ret == 4


def test_a_selection_that_leaves_nothing_is_no_success(pytester):
    """The exit status that pytest has for this is kept."""
    a_suite(pytester.path)

    assert pytester.runpytest(NOW, "-k", "nothing_of_this_name").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_python_tests_alone_are_no_business_of_ours(pytester):
    """Cases that were deselected on purpose do not fail the tests that ran."""
    a_suite(pytester.path)
    pytester.makepyfile("def test_plain():\n    pass\n")

    result = pytester.runpytest(NOW, "-m", "not contract")

    result.assert_outcomes(passed=1, deselected=1)
    assert result.ret == 0
    assert "provendor =" not in result.stdout.str()


@pytest.mark.parametrize("word", ["--collect-only", "--setup-plan"])
def test_a_dry_run_is_a_success(pytester, word):
    """Who asked for no run gets none, and no complaint."""
    a_suite(pytester.path)

    result = pytester.runpytest(NOW, word)

    assert result.ret == 0
    assert not (pytester.path / "reports").exists()


def test_hostile_text_does_not_reach_the_terminal_as_control_characters(pytester):
    """What an answer holds is shown, not obeyed."""
    a_suite(pytester.path, {"odd": Answer(body=b'{"city": ["\x1b[2J\\u001b]0;owned\\u0007"]}'), "other": FAILS})

    result = pytester.runpytest(NOW, "--color=no")

    result.assert_outcomes(failed=2)
    assert "\x1b" not in result.stdout.str()
    assert "\x07" not in result.stdout.str()


def skip_by_conftest(pytester, *names: str) -> None:
    pytester.makeconftest(
        f"""
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name in {names!r}:
                    item.add_marker(pytest.mark.skip(reason="not today"))
        """
    )
