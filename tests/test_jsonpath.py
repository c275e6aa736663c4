from __future__ import annotations

import subprocess
import sys
from typing import Any

import jsonpath_rfc9535
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provendor import jsonpath
from provendor.jsonpath import NotAPath, TooDeep, find, located, pointers, problem

BODY: dict[str, Any] = {
    "error": {"code": "42", "a/b": {"~": 1}},
    "items": [{"id": 1, "name": "x"}, {"id": 2, "name": None}, {"id": 3}],
    "": {"two words": [[5]]},
    "é": True,
}

FOUND = [
    ("$", [BODY], [""]),
    ("$.error.code", ["42"], ["/error/code"]),
    ("$['error'][\"code\"]", ["42"], ["/error/code"]),
    ("$.items[0].id", [1], ["/items/0/id"]),
    ("$.items[2].name", [], []),
    ("$.items[1].name", [None], ["/items/1/name"]),
    ("$.items[3]", [], []),
    ("$.items[-1].id", [3], ["/items/2/id"]),
    ("$.items.id", [], []),
    ("$.error[0]", [], []),
    ("$.error.code[0]", [], []),
    ("$['']['two words'][0][0]", [5], ["//two words/0/0"]),
    ("$.é", [True], ["/é"]),
    ("$.error['a/b']['~']", [1], ["/error/a~1b/~0"]),
    ("$.items[*].id", [1, 2, 3], ["/items/0/id", "/items/1/id", "/items/2/id"]),
    ("$..name", ["x", None], ["/items/0/name", "/items/1/name"]),
    ("$.items[?@.id > 1].id", [2, 3], ["/items/1/id", "/items/2/id"]),
    ("$.items[0:2].id", [1, 2], ["/items/0/id", "/items/1/id"]),
    ("$.items[0, 2].id", [1, 3], ["/items/0/id", "/items/2/id"]),
    ("$ .error .code", ["42"], ["/error/code"]),
]


@pytest.mark.parametrize(("expression", "values", "places"), FOUND)
def test_a_query_finds_values_and_their_pointers(expression: str, values: list[Any], places: list[str]):
    """Both come in the same order, and a node that is null is a node."""
    assert find(expression, BODY) == values
    assert pointers(expression, BODY) == places
    assert located(expression, BODY) == list(zip(places, values, strict=True))
    assert problem(expression) is None


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "",
            "error",
            "error.code",
            "$.",
            "$.items[",
            "$.items[]",
            "$.items[01]",
            "$['a",
            "$.a b",
            "$.0",
            "@.a",
            "$..",
            " $",
        ),
        *("$.items[9007199254740992]", "$[?@.a == ]", "$[?nothing(@.a)]", "$[?length(@.a)]", "$['\\x']"),
        "$" + ".a" * 600,
        "$" + "[?" * 400,
    ],
)
def test_what_is_no_query_is_told(expression: str):
    """The sentence names the standard, so that the reader can look it up."""
    told = problem(expression)

    assert told is not None
    assert told.startswith("not a JSONPath")
    assert "\n" not in told
    with pytest.raises(NotAPath):
        find(expression, {})


def a_nest(levels: int) -> Any:
    value: Any = {"a": 1}
    for _ in range(levels):
        value = [value]
    return value


def test_a_query_that_cannot_reach_the_bottom_says_so():
    """Found nothing would be a lie, by which personal data stays in a recording."""
    assert find("$..a", a_nest(290)) == [1]
    for levels in (310, 5000):
        with pytest.raises(TooDeep):
            pointers("$..a", a_nest(levels))


NAMES = st.sampled_from(["a", "b", "_c1", "é", "ab", "a-b", "", "two words", "0", "'", "\\", "\u2028", "😀"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(0, 3) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
SEGMENTS = (
    NAMES.map(lambda name: f".{name}")
    | NAMES.map(lambda name: f"['{name}']")
    | NAMES.map(lambda name: f'["{name}"]')
    | st.integers(-2, 3).map(lambda index: f"[{index}]")
    | st.sampled_from(
        [".*", "..a", "[*]", "[0:1]", " ", ".", "[", "]", "[?@.a]", "['a','b']", "[00]", "[1_0]", "[ 0 ]"]
    )
)


@given(st.lists(SEGMENTS, max_size=4).map("".join), VALUES)
def test_the_short_way_agrees_with_the_library(rest: str, value: Any):
    """Queries that are read without the library mean what they mean to it: same verdict, values and places."""
    expression = f"${rest}"
    try:
        nodes = jsonpath_rfc9535.find(expression, value)
    except (jsonpath_rfc9535.JSONPathError, ValueError):
        assert problem(expression) is not None
        return

    assert problem(expression) is None
    assert find(expression, value) == nodes.values()
    assert len(pointers(expression, value)) == len(nodes)
    for pointer, node in zip(pointers(expression, value), nodes, strict=True):
        assert pointer == "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in node.location)


@given(st.text(max_size=20).map(lambda text: f"${text}") | st.text(max_size=20), VALUES)
def test_no_text_crashes(expression: str, value: Any):
    """Contracts are hostile: any text is a query or has a problem."""
    if problem(expression) is None:
        assert len(find(expression, value)) == len(pointers(expression, value))


def test_simple_queries_do_without_the_library():
    """Importing it takes longer than a whole case."""
    code = (
        "import sys; from provendor.jsonpath import find; print(find('$.a[0][\"c d\"]', {'a': [{'c d': 1}]}));"
        "print(find('$.a[*].*', {'a': [{'c d': 1}, 2, {'e': 3}]}));"
        "print('jsonpath_rfc9535' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[1]\n[1, 3]\nFalse\n"


def test_a_query_is_compiled_once():
    """Error tables ask the same few queries of every answer."""
    assert jsonpath.compile("$.a[*]") is jsonpath.compile("$.a[*]")
