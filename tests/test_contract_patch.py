"""What to write for a survivor, and the patch that writes it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mutation_suites import ADA, USER, measured, survivor, users
from provendor.mutants.contract_patch import Patch
from provendor.mutants.remedy import Demand, advice, demand, flow, tolerance
from provendor.reader import source

FILE = "contracts/acme/schemas/user.yaml"
TEXT = """\
# Users.
user:
  type: object   # always
  required: [id, name]  # the rest came later
  properties:
    id: { $ref: "#/id" }
    name: { type: string, pattern: "^[^}#]+$" }
    tags:
      type: array
      items: {}
list:
  required:
    - users
    # more to come
  properties: { users: { type: array, items: { $ref: "#/user" } } }
id: { type: integer }
free: {}
nested:
  properties:
    a: { type: string }
"""


def a_patch(root: Path, *demands: Demand, text: str = TEXT) -> Patch:
    path = root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    patch = Patch(root)
    for each in demands:
        patch.add(each)
    return patch


@pytest.mark.parametrize(
    ("demand_", "line"),
    [
        (Demand(FILE, "/user", "required", ["tags"]), "  required: [id, name, tags]  # the rest came later"),
        (Demand(FILE, "/list", "required", ["next"]), "    - next"),
        (
            Demand(FILE, "/user/properties/name", "minLength", 1),
            '    name: { type: string, pattern: "^[^}#]+$", minLength: 1 }',
        ),
        (Demand(FILE, "/user/properties/id", "minimum", 0), '    id: { $ref: "#/id", minimum: 0 }'),
        (Demand(FILE, "/user/properties/tags", "minItems", 1), "      minItems: 1"),
        (Demand(FILE, "/user/properties/tags/items", "type", "string"), "      items: { type: string }"),
        (Demand(FILE, "/free", "enum", ["a b", "on", "x"]), 'free: { enum: ["a b", "on", x] }'),
        (Demand(FILE, "/nested", "required", ["a"]), "  required: [a]"),
        (Demand(FILE, "/nested/properties", "b", {"type": "null"}), '    b: { type: "null" }'),
    ],
)
def test_a_keyword_is_written_as_people_would(tmp_path: Path, demand_: Demand, line: str):
    """In one line or in several, as the file has it, with its comments; and the file is not touched."""
    patch = a_patch(tmp_path, demand_)

    added = [each[1:] for each in patch.text().splitlines() if each.startswith("+") and not each.startswith("+++")]
    assert added == [line]
    assert (tmp_path / FILE).read_text("utf-8") == TEXT
    assert patch.left == []


def test_several_demands_are_one_patch_that_applies(tmp_path: Path):
    """As `git apply` reads it; one that stands there already changes nothing."""
    wanted = [
        Demand(FILE, "/user", "required", ["tags"]),
        Demand(FILE, "/user", "required", ["id"]),
        Demand(FILE, "/user/properties/tags", "minItems", 1),
        Demand(FILE, "/user/properties/tags", "type", "array"),
        Demand(FILE, "/id", "minimum", 1),
    ]
    patch = a_patch(tmp_path, *wanted)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply"], cwd=tmp_path, input=patch.text(), text=True, check=True)

    value: Any = source.read(tmp_path / FILE, FILE).value
    assert value["user"]["required"] == ["id", "name", "tags"]
    assert value["user"]["properties"]["tags"] == {"type": "array", "minItems": 1, "items": {}}
    assert value["id"] == {"type": "integer", "minimum": 1}


@pytest.mark.parametrize(
    "demand_",
    [
        Demand(FILE, "/user/properties/name", "pattern", "x"),
        Demand(FILE, "/user/properties/nobody", "type", "string"),
        Demand(FILE, "/user/required", "type", "string"),
        Demand("contracts/acme/gone.yaml", "/user", "type", "string"),
    ],
)
def test_what_cannot_be_written_is_left_for_people(tmp_path: Path, demand_: Demand):
    """Another value stands there, the place is none, or there is no file."""
    patch = a_patch(tmp_path, demand_)

    assert (patch.text(), patch.left) == ("", [demand_])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("open", "open"),
        ("on", '"on"'),
        ("null", '"null"'),
        ("12", '"12"'),
        ("a: b", '"a: b"'),
        ("#/a", '"#/a"'),
        (["a", 1, None, True], "[a, 1, null, true]"),
        ({"x": {"present": True}}, "{ x: { present: true } }"),
        ({}, "{}"),
    ],
)
def test_values_are_written_so_that_they_come_back(value: Any, text: str):
    """Plain where that reads the same."""
    assert flow(value) == text
    assert source.read_text(f"a: {text}".encode(), "x.yaml").value == {"a": value}


# --- remedies ---------------------------------------------------------------------------------------------------------


def body(**properties: Any) -> dict[str, Any]:
    return {**USER, "properties": {**USER["properties"], **properties}}


@pytest.mark.parametrize(
    ("operator", "value", "described", "line"),
    [
        ("drop", "x", {"type": "string"}, "required: [field_a]"),
        ("rename", "x", {"type": "string"}, "required: [field_a]"),
        ("null", "x", {}, "type: string"),
        ("number-to-string", 1.5, {}, "type: number"),
        ("empty-string", "x", {"type": "string"}, "minLength: 1"),
        ("empty-list", [1], {"type": "array"}, "minItems: 1"),
        ("out-of-range", 3, {"type": "integer"}, "minimum: 0"),
        ("date-format", "2026-11-20", {"type": "string"}, "format: date"),
        ("date-format", "2026-11-20T11:00:00Z", {"type": "string"}, "format: date-time"),
        ("lost-precision", "12345678901234567", {}, 'pattern: "^[0-9]+$"'),
    ],
)
def test_a_survivor_names_the_keyword_that_would_catch_it(
    tmp_path: Path, operator: str, value: Any, described: Any, line: str
):
    """At the place where the contract describes the field."""
    strength = measured(users(tmp_path, {**ADA, "field_a": value}, body(field_a=described)), operator)
    found = next(each for each in strength.survivors if each.first.at == "/field_a")
    wanted = demand(found)

    assert str(wanted) == line
    assert wanted is not None
    assert wanted.file == "contracts/acme/jobs.yaml"
    assert wanted.pointer.endswith("/cases/ok/body" if line.startswith("required") else "/field_a")


def test_a_state_without_values_is_given_those_that_were_recorded(tmp_path: Path):
    """People add the others that are documented."""
    strength = measured(users(tmp_path, body=body(status={"type": "string"})), "unknown-enum")

    assert str(demand(survivor(strength, "unknown-enum", "/status"))) == "enum: [open]"


def test_what_no_keyword_catches_is_said_in_words(tmp_path: Path):
    """Another id takes a check; a body that nobody describes takes a schema."""
    replayer = users(tmp_path / "a", {**ADA, "id": 7}, request="GET /users/{user_id}")
    other = survivor(measured(replayer, "other-id"), "other-id", "/id")
    bare = survivor(measured(users(tmp_path / "b", body=None), "truncated"), "truncated")

    assert (demand(other), advice(other)) == (
        None,
        "a check in checks/acme.py that compares it with what was asked for",
    )
    assert advice(bare) == "`body` or `text` in the case: nothing describes the answer"


def test_the_entry_that_lets_survivors_be_is_one_of_the_language(tmp_path: Path):
    """It reads as YAML, null included, and excuses what it is about."""
    strength = measured(users(tmp_path / "a", {**ADA, "a": "x"}, body(a={})), "null", "drop")
    entry = tolerance(strength.survivors)
    read: Any = source.read_text(entry.replace("…", "None.").encode(), "x.yaml").value
    again = users(tmp_path / "b", {**ADA, "a": "x"}, body(a={}), vendor={"tolerates": read})

    assert entry == '- { at: "users.get#/a", operators: [drop, "null"], reason: … }'
    assert measured(again, "null", "drop").survivors == ()
