from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provendor.jsontext import rewrite


def same(steps, value):
    return value


def always(new):
    return lambda *_: new


def test_only_what_changes_is_written_anew():
    """Layout, order, spelling of numbers and escapes stay; the steps say where a value is."""
    text = ' {"a": [1.50, {"b" : "\\u00e4\\/"}],\n\t"c":1e3, "a/b": null, "": true } '

    changed = rewrite(text, lambda steps, value: 7 if steps == ("a", 1, "b") else value, str)

    assert changed == ' {"a": [1.50, {"b" : 7}],\n\t"c":1e3, "a/b": null, "": true } '


def test_every_scalar_is_offered_once_with_its_steps():
    """Also in empty and nested containers, and where a key comes twice."""
    seen = []

    def look(steps, value):
        seen.append((steps, value))
        return value

    rewrite('[1, [], {"x": {"y": ["z"]}, "x": {}}, null]', look, str)

    assert seen == [((0,), 1), ((2, "x", "y", 0), "z"), ((3,), None)]


def test_keys_can_be_renamed():
    """A key may be an e-mail address."""
    assert rewrite('{"a": {"b": "a"}}', same, lambda key: key.upper()) == '{"A": {"B": "a"}}'


def test_a_changed_type_is_a_change():
    """1 and true are equal in Python and not in JSON."""
    assert rewrite("[1, 1.0, true]", always(True), str) == "[true, true, true]"


def test_letters_beyond_ascii_are_written_as_the_text_does():
    """Escaped where everything is ASCII, else as they are."""
    assert rewrite('["a"]', always("ä"), str) == '["\\u00e4"]'
    assert rewrite('["ö", "a"]', always("ä"), str) == '["ä", "ä"]'


@pytest.mark.parametrize("text", ["", "{", "[1,]", "{'a': 1}", "NaN", "[Infinity]", "[" * 100_000, '"\n"', "1 2"])
def test_what_is_not_json_is_refused(text):
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r".+"):
        rewrite(text, same, str)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_any_json_comes_back_byte_for_byte(value, indent, ascii_only):
    """Property: changing nothing changes nothing."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)

    assert rewrite(text, same, lambda key: key) == text


@given(values)
def test_changing_everything_is_what_a_walk_would_do(value):
    """Property: the same scalars at the same steps as in the parsed value."""
    seen = []

    def change(steps, scalar):
        seen.append((steps, scalar))

    changed = rewrite(json.dumps(value), change, lambda key: f"{key}!")

    assert seen == list(walk(value, ()))
    assert json.loads(changed) == emptied(value)


def walk(value, steps):
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk(item, (*steps, key))
    else:
        yield steps, value


def emptied(value):
    if isinstance(value, dict):
        return {f"{key}!": emptied(item) for key, item in value.items()}
    return [emptied(item) for item in value] if isinstance(value, list) else None
