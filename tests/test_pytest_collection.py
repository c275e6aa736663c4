"""What pytest collects from contracts, under which names, and how it is selected."""

from __future__ import annotations

import os

import pytest

from plan_suites import JOBS, adopted
from plan_suites import a_suite as a_suite_of
from provendor.reader import loading
from pytest_suites import CANNOT_TELL, DAY, FAILS, PASSES, a_suite

ID = "contracts/weather/forecast.yaml::forecast.get::"
NOW = f"--provendor-now={DAY}"


@pytest.fixture
def two(pytester):
    """A vendor with a case that passes and one that fails."""
    a_suite(pytester.path, {"ok": PASSES, "odd": FAILS})
    return pytester


def test_a_case_is_a_test_with_a_readable_id(pytester):
    """File, operation and case make the id; vendor.yaml and schemas are no tests."""
    a_suite(pytester.path, {"ok": PASSES, "rate-limited": PASSES})
    schema = pytester.path / "contracts" / "weather" / "schemas" / "city.yaml"
    schema.parent.mkdir()
    schema.write_text("city: { type: string }\n")

    result = pytester.runpytest("--collect-only", "-q", "-p", "no:randomly")

    result.stdout.fnmatch_lines([f"{ID}ok", f"{ID}rate-limited", "", "2 tests collected*"])
    assert result.ret == 0


def test_the_tree_shows_file_operation_and_case(pytester):
    """`--collect-only` shows what stands where."""
    a_suite(pytester.path)

    result = pytester.runpytest("--collect-only")

    result.stdout.fnmatch_lines(["*<ContractFile forecast.yaml>", "*<OperationNode forecast.get>", "*<CaseItem ok>"])


@pytest.mark.parametrize(
    ("words", "passed", "failed"),
    [
        ([f"{ID}ok"], 1, 0),
        (["contracts/weather/forecast.yaml::forecast.get"], 1, 1),
        (["contracts/weather/forecast.yaml"], 1, 1),
        (["contracts/weather"], 1, 1),
        (["-k", "odd"], 0, 1),
        (["-k", "forecast and not odd"], 1, 0),
        (["-m", "contract"], 1, 1),
        (["-m", "vendor_weather"], 1, 1),
        (["-m", "probe and live"], 1, 1),
        (["--deselect", f"{ID}odd"], 1, 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_cases_are_selected_as_any_test_is(two, words, passed, failed):
    """By id, file, folder, keyword, marker; all of it pytest's own."""
    two.runpytest(NOW, *words).assert_outcomes(
        passed=passed, failed=failed, deselected=2 - passed - failed if words[0] in {"-k", "-m", "--deselect"} else 0
    )


def test_a_case_that_never_goes_live_has_no_live_marker(pytester):
    """`live: never` is respected by `-m live`."""
    never = type(PASSES)(keys="        live: never\n")
    a_suite(pytester.path, {"ok": PASSES, "never": never})

    result = pytester.runpytest(NOW, "-m", "not live", "-v")

    result.stdout.fnmatch_lines([f"{ID}never PASSED*"])
    result.assert_outcomes(passed=1, deselected=1)


def test_markers_are_registered(pytester):
    """`--strict-markers` is satisfied, and `--markers` describes each, also one per vendor."""
    a_suite(pytester.path, vendor="idea-pool")

    pytester.runpytest(NOW, "--strict-markers").assert_outcomes(passed=1)
    pytester.runpytest("--markers").stdout.fnmatch_lines(
        ["@pytest.mark.contract:*", "@pytest.mark.loopback:*", "@pytest.mark.vendor_idea_pool: *idea-pool*"]
    )


def test_last_failed_runs_the_failed_case_only(two):
    """`--lf` works as for any test."""
    two.runpytest(NOW).assert_outcomes(passed=1, failed=1)

    result = two.runpytest(NOW, "--lf", "-v")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{ID}odd FAILED*"])


def test_exit_first_stops_at_the_first_failure(pytester):
    """`-x` works as for any test, and the evidence knows that the run was cut short."""
    a_suite(pytester.path, {"odd": FAILS, "ok": PASSES})

    pytester.runpytest(NOW, "-x", "-p", "no:randomly").assert_outcomes(failed=1)


def test_cases_run_in_any_order_beside_python_tests(two):
    """pytest-randomly shuffles cases like other tests."""
    two.makepyfile("def test_plain():\n    pass\n")

    for seed in (1, 2, 3):
        two.runpytest(NOW, f"--randomly-seed={seed}").assert_outcomes(passed=2, failed=1)


def test_the_location_is_the_line_of_the_case(two):
    """Reports that show file and line point into the contract."""
    two.makeconftest(
        """
        def pytest_runtest_logreport(report):
            if report.when == "call":
                print("at", report.location)
        """
    )
    lines = (two.path / "contracts/weather/forecast.yaml").read_text().splitlines()

    result = two.runpytest(NOW, "-s", "-p", "no:randomly")

    for name in ("ok", "odd"):
        line = lines.index(f"      {name}:")
        result.stdout.fnmatch_lines(
            [f"*at ('contracts/weather/forecast.yaml', {line}, 'weather/forecast.get:{name}')*"]
        )


def test_a_broken_contract_is_a_collection_error_with_all_problems(pytester):
    """It shows what lint shows, for every file of the vendor, and no traceback."""
    file = a_suite(pytester.path)
    file.write_text(file.read_text().replace("status: 200", "stauts: 200").replace("request: GET", "request: FETCH"))
    vendor = file.with_name("vendor.yaml")
    vendor.write_text(vendor.read_text() + "tilte: x\n")

    result = pytester.runpytest()

    result.assert_outcomes(errors=2)
    text = result.stdout.str()
    for said in ("forecast.yaml:4:", "stauts", "tilte", "vendor.yaml:8:"):
        assert text.count(said) >= 1, said
    assert "Traceback" not in text
    assert ".py" not in text.partition("ERRORS")[2]


def test_all_problems_are_shown_also_when_one_file_is_asked_for(pytester):
    """Whoever asks for one file learns what is wrong with another one that it needs."""
    file = a_suite(pytester.path)
    vendor = file.with_name("vendor.yaml")
    vendor.write_text(vendor.read_text() + "tilte: x\n")

    result = pytester.runpytest("contracts/weather/forecast.yaml")

    result.stdout.fnmatch_lines(["contracts/weather/vendor.yaml:8:1: tilte: *"])
    assert result.ret != 0


def test_one_broken_vendor_does_not_hide_another(pytester):
    """Other vendors are collected, and run if pytest is told to go on."""
    a_suite(pytester.path)
    a_suite(pytester.path, vendor="broken").write_text("operations: 7\n")

    result = pytester.runpytest(NOW, "--continue-on-collection-errors")

    result.assert_outcomes(passed=1, errors=2)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("contracts/stray.yaml", "contracts/stray.yaml: a contract lies in its vendor's folder, not beside it"),
        ("contracts/weather/more.yml", "contracts/weather/more.yml: contract files end in .yaml: rename it"),
    ],
)
def test_a_file_in_the_wrong_place_is_not_passed_over(pytester, name, said):
    """A contract that nobody would read is an error, not silence."""
    a_suite(pytester.path)
    (pytester.path / name).write_text("operations: {}\n")

    result = pytester.runpytest()

    result.stdout.fnmatch_lines([said])
    assert result.ret != 0


def test_checks_that_cannot_be_loaded_are_a_collection_error(pytester):
    """A broken check file is told by its place, without a traceback."""
    a_suite(pytester.path)
    (pytester.path / "checks").mkdir()
    (pytester.path / "checks" / "weather.py").write_text("import nothing_of_this_name\n")

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(["checks/weather.py:1:1: *nothing_of_this_name*"])
    assert result.ret != 0
    assert "Traceback" not in result.stdout.str()


def test_a_vendor_is_read_once_for_all_its_files(pytester, monkeypatch):
    """Many files of one vendor do not make the session read the contract many times."""
    first = a_suite(pytester.path)
    for number in range(5):
        text = first.read_text().replace("forecast.get", f"forecast.get{number}")
        first.with_name(f"more{number}.yaml").write_text(
            text.replace("status: 200", "status: 200\n        pending: { reason: new, until: 2026-12-01 }")
        )
    asked: list[object] = []
    load = loading.load

    def load_and_count(root, vendors, cache):
        asked.append(vendors)
        return load(root, vendors, cache)

    monkeypatch.setattr(loading, "load", load_and_count)

    pytester.runpytest_inprocess(NOW).assert_outcomes(passed=1, xfailed=5)

    assert asked == [["weather"]]


def test_another_root_is_named_by_an_option(pytester):
    """`--provendor-root` serves repositories whose contracts are not beside pytest's configuration."""
    a_suite(pytester.path / "services" / "shop")

    result = pytester.runpytest(NOW, "--provendor-root=services/shop", "services")

    result.assert_outcomes(passed=1)
    assert (pytester.path / "services" / "shop" / "reports" / "run.json").exists()


def test_every_case_stands_where_pytest_itself_would_say(pytester):
    """From pytest's root, in whatever file, also where the contracts lie elsewhere."""
    shop = pytester.path / "services" / "shop"
    a_suite(shop, {"ok": PASSES, "odd": FAILS})
    more = (shop / "contracts/weather/forecast.yaml").read_text().replace("forecast.get", "climate.get")
    (shop / "contracts/weather/climate.yaml").write_text(more)

    items = pytester.inline_run(NOW, "--provendor-root=services/shop", "--collect-only", "services").getcalls(
        "pytest_itemcollected"
    )

    said = [each.item.location for each in items]
    assert said == [
        (os.path.relpath(path, pytester.path), line, name) for path, line, name in (x.item.reportinfo() for x in items)
    ]
    assert {file for file, _, _ in said} == {
        f"services/shop/contracts/weather/{name}.yaml" for name in ("climate", "forecast")
    }


def test_a_root_without_contracts_is_a_usage_error(pytester):
    """A mistyped folder does not end in a green run of nothing."""
    result = pytester.runpytest("--provendor-root=nowhere")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --provendor-root: nowhere holds no contracts/ folder"])


def test_a_day_that_is_none_is_a_usage_error(pytester):
    """`--provendor-now` takes a date."""
    result = pytester.runpytest("--provendor-now=tomorrow")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*expected a day such as 2026-11-20, got 'tomorrow'*"])


def test_a_case_without_a_cassette_is_still_collected(pytester):
    """What was never recorded is a case that cannot be told, not one that is missing."""
    a_suite(pytester.path, {"ok": PASSES, "unseen": CANNOT_TELL})

    pytester.runpytest(NOW).assert_outcomes(passed=1, failed=1)


def test_a_flow_is_collected_with_its_cases(pytester):
    """Its id is the flow's, its place the case's line in the file."""
    adopted(a_suite_of(pytester.path, JOBS), "jobs.run:ok", [{"job_id": "j1"}, {"status": "failed"}])

    result = pytester.runpytest("contracts/acme/jobs.yaml::jobs.run", "-v", "-p", "no:randomly")

    result.stdout.fnmatch_lines(
        ["contracts/acme/jobs.yaml::jobs.run::ok FAILED*", "*contracts/acme/jobs.yaml:29:11*", "*step wait*"]
    )
    assert result.ret == 1
