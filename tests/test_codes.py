from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import failing_examples
from provendor.codes import CODES, explain
from provendor.errors import UsageError

SOURCE = Path(__file__).resolve().parent.parent / "src" / "provendor"


def test_a_code_is_explained():
    """Spelled with underscores or capitals it is the same."""
    assert explain("body-schema") is CODES["body-schema"]
    assert explain(" Body_Schema ") is CODES["body-schema"]


def test_an_unknown_code_names_the_nearest():
    """And where none is near, the way to all of them."""
    with pytest.raises(UsageError, match='unknown code "body-shema", did you mean "body-schema"\\?'):
        explain("body-shema")
    with pytest.raises(UsageError, match="run `provendor explain` for all codes"):
        explain("xyzzy")


def test_every_entry_says_what_it_means_and_what_to_do():
    """In sentences; the title is part of one."""
    for code, entry in CODES.items():
        assert entry.code == code
        assert entry.title[0].islower()
        assert not entry.title.endswith(".")
        assert entry.meaning.endswith(".")
        assert entry.do.endswith(".")


def test_every_code_that_the_source_can_emit_has_an_entry():
    """Codes are read from the source: the first argument of every Finding, and `code` of every error."""
    emitted = {code for path in sorted(SOURCE.rglob("*.py")) for code in codes_in(ast.parse(path.read_text("utf-8")))}

    assert emitted - set(CODES) == set()
    assert set(CODES) - emitted == set(), "an entry that nothing emits misleads its reader"


MAKERS = {"Finding", "Fault", "FaultCode", "made", "_GivenUp", "_ending", "_finding"}
"""What makes a finding, or what becomes one: its first argument is the code."""


def codes_in(tree: ast.Module) -> Iterator[str]:
    """Yield the literal codes of one module; a code that is computed is followed to the literals it is made of."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            yield from literals(first_argument(node), tree)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "code" for t in node.targets):
            yield from literals(node.value, tree)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "FLOW_CODES" for t in node.targets):
            yield from ast.literal_eval(node.value)


def first_argument(call: ast.Call) -> ast.expr:
    return call.args[0] if call.args else next(each.value for each in call.keywords if each.arg == "code")


def literals(value: ast.expr, tree: ast.Module) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from literals(value.body, tree)
        yield from literals(value.orelse, tree)
    elif isinstance(value, ast.Name) and value.id != "code":
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == value.id for t in node.targets):
                yield from literals(node.value, tree)


def test_the_search_for_codes_finds_them_in_every_form():
    """Written out, chosen by a condition, named before, and as an error's attribute."""
    tree = ast.parse(
        'Finding("a", x)\nFinding(code="b")\nname = "c" if x else "d"\nFinding(name)\nclass E:\n    code = "e"\n'
    )

    assert sorted(codes_in(tree)) == ["a", "b", "c", "d", "e"]


def test_the_reference_shows_the_very_text_that_a_failing_run_prints():
    """Made anew by `python tests/failing_examples.py`."""
    assert failing_examples.PAGE.read_text("utf-8") == failing_examples.page()


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_an_example_that_really_fails_with_it(code):
    """The example prints its own code and no other."""
    text = failing_examples.shown(code)

    assert f"[{code}]: {CODES[code].title}" in text
    assert text.count("]: ") == 1
