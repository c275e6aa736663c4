"""Patterns: what they find, what they cannot be, and that none of them hangs."""

from __future__ import annotations

import pytest

from builders import a_rule, an_exchange
from provendor import jsonpath
from provendor.classify import classify
from provendor.contract import HeaderTest, JsonTest
from provendor.exchange import Json
from provendor.patterns import NotAPattern, finder, problem

EVIL = "(a+)+$"
LONG = "a" * 100_000 + "!"


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("many", "too many requests", True),
        ("^many", "too many requests", False),
        ("(?i)TOO", "too many requests", True),
        ("^a$", "a", True),
        ("^a$", "a\n", False),
        ("^a$", "b\na\nb", False),
        ("(?m)^a$", "b\na\nb", True),
        ("a.b", "a\nb", False),
        ("(?s)a.b", "a\nb", True),
        (r"^\d+$", "12", True),
        (r"^\d+$", "\u0661\u0662", False),
        (r"^\w$", "\u00e9", False),
        (r"\bapp\b", "an app of ours", True),
        (r"^\s*($|<)", "", True),
        ("\u00e9", "caf\u00e9", True),
        ("caf.$", "caf\ud800", True),
    ],
)
def test_a_pattern_is_searched_for(pattern, text, found):
    """Anywhere in the text, with the meaning that JSON Schema gives it; half of a character is some character."""
    assert finder(pattern)(text) is found


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "/(/ is not a regular expression, or too large a one"),
        ("*", "/*/ is not a regular expression, or too large a one"),
        (r"\Aabc\Z", r"/\Aabc\Z/ is not a regular expression, or too large a one; the end of a text is written $"),
        ("(?!a)b", "patterns are read without look-around and back-references, so that none can hang"),
        (r"(a)\1", "patterns are read without look-around and back-references, so that none can hang"),
        (
            "((((a{999}){999}){999}){999})",
            "/((((a{999}){999}){999}){999})/ is not a regular expression, or too large a one",
        ),
    ],
)
def test_what_is_no_pattern_says_why(pattern, message):
    """The same words from every place that takes a pattern."""
    assert problem(pattern) == message
    with pytest.raises(NotAPattern) as caught:
        finder(pattern)
    assert str(caught.value) == message


def test_what_is_a_pattern_has_no_problem():
    """Nothing is said about a pattern that works."""
    assert problem(r"^gid://shopify/Order/\d+$") is None


@pytest.mark.parametrize(
    "rule",
    [
        a_rule("evil", text=EVIL),
        a_rule("evil", headers=(HeaderTest("X-Long", pattern=EVIL),)),
        a_rule("evil", json=(JsonTest("$.long", pattern=EVIL),)),
        a_rule("evil", json=(JsonTest("$[?search(@, '(a+)+b')]", present=True),)),
        a_rule("evil", json=(JsonTest("$[?match(@, '(a+)+')]", present=True),)),
    ],
    ids=["text", "header", "json", "search", "match"],
)
def test_no_pattern_of_an_error_rule_can_hang_a_run(rule):
    """A pattern that would keep a backtracking engine busy for years is answered at once."""
    answer = an_exchange(200, {"long": LONG}, headers={"X-Long": LONG})

    assert classify((rule,), answer) is None


def test_a_pattern_out_of_an_answer_cannot_hang_a_run_either():
    """JSONPath may take the pattern from the value that it looks at."""
    assert jsonpath.find("$[?search(@.text, @.pattern)]", [{"text": LONG, "pattern": EVIL}]) == []


def test_jsonpath_functions_take_whole_and_part():
    """`match` wants the whole text, `search` a part of it; what is no text or no pattern is not found."""
    value: Json = ["ab", "abc", 7, None]

    assert jsonpath.find("$[?match(@, 'a.')]", value) == ["ab"]
    assert jsonpath.find("$[?search(@, 'b')]", value) == ["ab", "abc"]
    assert jsonpath.find("$[?search(@, '(')]", value) == []
    assert jsonpath.find("$[?match(@, 7)]", value) == []
