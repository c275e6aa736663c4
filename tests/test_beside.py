"""Checks that compare two answers: where the other one comes from, and what happens where there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from builders import an_exchange, an_expect
from provendor import cassette
from provendor.check import check, examine, load_checks
from provendor.reader import loading
from provendor.run import Replayer, Result
from provendor.specs import lint
from pytest_suites import Answer, a_suite

ROOT = Path(__file__).resolve().parent.parent
TODAY = date(2026, 11, 20)
CHECK = """
from provendor.check import check

@check("weather/forecast.get:now", beside="weather/forecast.get:{other}")
def the_two_agree(exchange, expect, beside):
    assert exchange.json == beside.json, f"{{exchange.json}} here, {{beside.json}} there"
"""


@pytest.fixture
def replayed(tmp_path) -> Callable[..., Result]:
    """Replay a case beside which another is recorded."""

    def run(now: object, later: object, *, recorded: bool = True, other: str = "later") -> Result:
        a_suite(tmp_path, {"now": Answer(body=now), "later": Answer(body=later, recorded=recorded)})
        (tmp_path / "checks").mkdir(exist_ok=True)
        (tmp_path / "checks" / "weather.py").write_text(CHECK.format(other=other))
        suite = loading.load(tmp_path)
        case = next(each for each in suite.cases if each.name == "now")
        return Replayer(suite, load_checks(tmp_path / "checks"), today=TODAY).replay(case)

    return run


def verdict(result: Result) -> tuple[str, str | None, list[str]]:
    """How the check ended, why, and what it found."""
    (own,) = (each for each in result.verdicts if each.check == "weather.the-two-agree")
    return str(own.outcome), own.reason, [each.actual for each in own.findings]


def test_two_recordings_that_agree_pass(replayed):
    """The check sees the answer of the other case beside that of its own."""
    assert verdict(replayed("Oslo", "Oslo")) == ("pass", None, [])


def test_two_recordings_that_disagree_fail(replayed):
    """In the author's words, like any other check."""
    outcome, _, found = verdict(replayed("Oslo", "Bergen"))

    assert (outcome, found) == ("fail", ["{'city': 'Oslo'} here, {'city': 'Bergen'} there"])


def test_without_the_other_recording_nobody_can_tell(replayed):
    """An error, which is never a pass."""
    outcome, reason, _ = verdict(replayed("Oslo", "Oslo", recorded=False))

    assert outcome == "error"
    assert "forecast.get/later.yaml" in (reason or "")


def test_a_case_that_does_not_exist_is_found_by_lint(replayed, tmp_path):
    """The check itself says that it has nothing to compare with."""
    result = replayed("Oslo", "Oslo", other="latest")
    known = "weather/forecast.get:later"

    assert verdict(result)[0] == "skip"
    assert [str(each) for each in lint.lint(tmp_path).problems] == [
        f'checks/weather.py: weather.the-two-agree: no case is weather/forecast.get:latest, did you mean "{known}"?'
    ]


def test_an_answer_in_hand_has_nothing_beside_it():
    """A skip with its reason: `validate` and live answers know no other answer."""

    @check("acme/a", beside="acme/b:ok")
    def agree(exchange, expect, beside):
        raise AssertionError("never asked")

    judged = examine(agree, an_exchange(200, {}), an_expect())

    assert (str(judged.outcome), judged.reason) == (
        "skip",
        "the answer of acme/b:ok, which it compares with, is not at hand",
    )


def test_a_check_without_room_for_the_other_answer_is_refused():
    """When it is marked, not when it is first used."""
    with pytest.raises(TypeError, match=r"takes \(exchange, expect, beside\)"):

        @check("acme/a", beside="acme/b:ok")
        def agree(exchange, expect):
            return None


@pytest.mark.parametrize("name", ["ok", "oversold"])
def test_a_delivered_level_of_stock_must_be_the_one_that_is_asked(name):
    """The recordings of Shopify: another number in the delivery fails the case."""
    suite = loading.load(ROOT, ["shopify"])
    replayer = Replayer(suite, load_checks(ROOT / "checks"), today=TODAY)
    case = next(each for each in suite.cases if each.id == f"shopify/inventory_levels.update:{name}")
    recorded = cassette.load(ROOT / "cassettes" / case.cassette, case.cassette)
    (sent,) = recorded.interactions
    number = {"ok": b"12", "oversold": b"-3"}[name]
    body = sent.body.replace(b'"available":' + number, b'"available":11')
    assert body != sent.body

    result = replayer.judge(case, recorded._replace(interactions=(sent._replace(body=body),)))

    told = [(each.expected, each.actual) for each in result.findings if each.code == "business"]
    assert told == [(f"{number.decode()} available", "11")]
    assert replayer.replay(case).outcome == "pass"
