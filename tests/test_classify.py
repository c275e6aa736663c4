from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_rule, an_exchange
from provendor.classify import classify
from provendor.contract import HeaderTest, JsonTest


def code(*rules, exchange):
    rule = classify(tuple(rules), exchange)
    return rule.code if rule else None


def test_the_first_rule_that_matches_names_the_error():
    """Order decides, not how much a rule says."""
    rules = a_rule("any-4xx", "4xx"), a_rule("unauthorized", 401)

    assert code(*rules, exchange=an_exchange(401)) == "any-4xx"


def test_no_rule_no_error():
    """An answer that nothing matches has no code."""
    assert code(a_rule("vendor-down", "5xx", 429), exchange=an_exchange(404)) is None
    assert code(exchange=an_exchange(500)) is None


def test_every_condition_must_hold():
    """Status, header, JSON value and text are all demanded together."""
    rule = a_rule(
        "throttled", 200, json={"$.errors[0].code": "THROTTLED"}, headers=(HeaderTest("X-Version", "1"),), text="slow"
    )
    fitting: dict[str, Any] = {
        "headers": {"x-version": "1"},
        "json_body": {"errors": [{"code": "THROTTLED", "text": "slow down"}]},
    }

    assert code(rule, exchange=an_exchange(200, **fitting)) == "throttled"
    assert code(rule, exchange=an_exchange(201, **fitting)) is None
    assert code(rule, exchange=an_exchange(200, **{**fitting, "headers": {"x-version": "2"}})) is None
    assert (
        code(rule, exchange=an_exchange(200, **{**fitting, "json_body": {"errors": [{"code": "THROTTLED"}]}})) is None
    )
    assert code(rule, exchange=an_exchange(200, **{**fitting, "json_body": {"text": "slow"}})) is None


@pytest.mark.parametrize(
    ("test", "matches"),
    [
        (JsonTest("$.code", equals="PGRST301"), True),
        (JsonTest("$.code", equals="PGRST"), False),
        (JsonTest("$.code", pattern="^PGRST3"), True),
        (JsonTest("$.code", pattern="^3"), False),
        (JsonTest("$.hint", equals=None), True),
        (JsonTest("$.none", equals=None), False),
        (JsonTest("$.hint", present=True), True),
        (JsonTest("$.none", present=True), False),
        (JsonTest("$.none", present=False), True),
        (JsonTest("$.code", present=False), False),
        (JsonTest("$.rows[*].id", equals=2), True),
        (JsonTest("$.rows[*].id", equals=2.0), True),
        (JsonTest("$.rows[*].id", equals=3), False),
        (JsonTest("$.rows[0].id", pattern="1"), False),
        (JsonTest("$.ok", equals=1), False),
        (JsonTest("$.ok", equals=True), True),
        (JsonTest("$.rows[0].id", equals=True), False),
    ],
)
def test_a_json_test_holds_where_one_node_is_what_it_says(test, matches):
    """Equal as JSON is equal, like a pattern, present or absent."""
    body = {"code": "PGRST301", "hint": None, "rows": [{"id": 1}, {"id": 2}], "ok": True}

    assert (code(a_rule("found", json=(test,)), exchange=an_exchange(200, body)) == "found") is matches


@pytest.mark.parametrize(
    ("test", "matches"),
    [
        (HeaderTest("Retry-After", equals="30"), True),
        (HeaderTest("retry-after", equals="3"), False),
        (HeaderTest("RETRY-AFTER", pattern="^3"), True),
        (HeaderTest("retry-after", pattern="^0"), False),
        (HeaderTest("retry-after", present=True), True),
        (HeaderTest("retry-after", present=False), False),
        (HeaderTest("cf-ray", present=False), True),
        (HeaderTest("cf-ray", pattern=""), False),
        (HeaderTest("via", equals="second"), True),
    ],
)
def test_a_header_test_looks_at_every_value_whatever_the_case_of_the_name(test, matches):
    """One of several values is enough."""
    answer = an_exchange(429, headers=[("Retry-After", "30"), ("Via", "first"), ("Via", "second")])

    assert (code(a_rule("found", headers=(test,)), exchange=answer) == "found") is matches


def test_a_json_condition_does_not_hold_where_the_body_is_not_json():
    """An HTML page has no error code, and also no absent one."""
    html = an_exchange(502, body="<html>bad gateway</html>")

    assert code(a_rule("x", json=(JsonTest("$.code", present=False),)), exchange=html) is None
    assert code(a_rule("gateway", text="bad gateway"), exchange=html) == "gateway"


def test_text_is_searched_only_near_the_start_of_a_huge_body():
    """A body of any size costs a bounded amount of work."""
    far = an_exchange(500, body="a" * 1_000_000 + "needle")

    assert code(a_rule("found", text="needle"), exchange=far) is None


@given(st.binary(), st.lists(st.tuples(st.text(), st.text())), st.integers(100, 599))
def test_no_answer_makes_it_raise(body, headers, status):
    """Bytes of any kind are classified or not, and nothing else happens."""
    rules = (
        a_rule("a", "5xx", json={"$..error": "x", "$.a[?@.b > 1]": 1}),
        a_rule("b", text="(a|b)+c", headers=(HeaderTest("x", pattern="a$"),)),
        a_rule("c", json=(JsonTest("$[0]", pattern="."),)),
    )

    assert classify(rules, an_exchange(status, body=body, headers=headers)) in (None, *rules)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"1" * 10_000, b'"\\ud800"', b"NaN"])
def test_a_hostile_body_is_only_an_answer_that_no_rule_matches(body):
    """Depth, encodings, numbers without end and half characters are no reason to stop."""
    assert code(a_rule("x", json={"$..error.code": "x"}), exchange=an_exchange(500, body=body)) is None
