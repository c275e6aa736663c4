from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provendor.plaintext import visible


@given(st.text())
def test_visible_text_is_one_printable_line(text):
    """Whatever came."""
    assert visible(text).isprintable()


def test_plain_text_stays_as_it_is():
    """Letters of every script and emoji are no danger."""
    assert visible("Grüße, こんにちは 👋") == "Grüße, こんにちは 👋"


def test_long_text_says_how_long_it_was():
    """The beginning is shown."""
    assert visible("x" * 100, longest=3) == "xxx… (100 characters)"


@pytest.mark.parametrize("text", ["##[add-mask]e", "a ##vso[task.setvariable]x", "##teamcity[x]", "###[error]"])
def test_no_text_is_a_command_to_a_ci_server(text):
    """GitHub's runner and others look for them in whatever is printed."""
    assert re.search(r"##\w*\[", visible(text)) is None


def test_a_heading_stays_one():
    """Two signs alone are no command."""
    assert visible("## Breaking changes [1]") == "## Breaking changes [1]"
