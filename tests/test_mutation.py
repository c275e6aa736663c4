"""The catalogue of operators, and the page that is made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mutations_page
from provendor.mutants import mutation
from provendor.mutants.mutation import OPERATORS, Group

LANGUAGE = Path(mutation.__file__).parent.with_name("language.json")


def test_the_page_is_current():
    """Made anew by `python tests/mutations_page.py`."""
    assert mutations_page.PAGE.read_text("utf-8") == mutations_page.page()


def test_the_language_names_every_operator():
    """`tolerates` takes the names that `mutate` prints."""
    language = json.loads(LANGUAGE.read_text("utf-8"))

    assert language["$defs"]["tolerance"]["properties"]["operators"]["items"]["enum"] == list(OPERATORS)


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda each: each.name)
def test_an_operator_says_what_it_does_and_why(operator: mutation.Operator):
    """A deed, an example and an incident, in sentences."""
    assert operator.does[0].islower()
    assert operator.example
    assert operator.incident.endswith((".", "?"))
    assert operator.group in Group
