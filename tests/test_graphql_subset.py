"""A pruned SDL against the whole one: what must stand there word for word, and what may be left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contract_files import a_vendor, an_operation, write
from provendor.cli import main
from provendor.schemas.graphql_shape import Text
from provendor.specs.graphql_subset import differences

WHOLE = """
schema { query: Root }
type Root {
  user(id: ID!, full: Boolean = false): User
  hits(first: Int!, after: String): [Hit!]!
  old: Int @deprecated(reason: "Use user.")
}
interface Node { id: ID! }
type User implements Node { id: ID!, name: String!, state: State, currency: Currency }
type Page { title: String! }
union Hit = User | Page
enum State { OPEN CLOSED GONE @deprecated(reason: "Never again.") }
enum Currency { CAD EUR USD }
enum Sort { NAME AGE }
input Filter { text: String!, sort: Sort, limit: Int! = 10 }
scalar Money
directive @once(key: String!) on FIELD
"""


def found(pruned: str, *open_enums: str) -> list[str]:
    """Each difference as `line: message`."""
    return [f"{each.line}: {each.message}" for each in differences(pruned, WHOLE, open_enums)]


def root(fields: str = "user(id: ID!): User") -> str:
    """A pruned SDL with these fields of the root."""
    return f"schema {{ query: Root }} type Root {{ {fields} }} type User {{ id: ID! }}\n"


TRUE = [
    ("the whole", WHOLE),
    ("one field of it", root()),
    ("an interface less", "schema { query: Root } type Root { user(id: ID!): User } type User { name: String! }"),
    ("one of a union", root("hits(first: Int!): [Hit!]!") + "union Hit = User"),
    ("an optional argument", root("user(full: Boolean = false, id: ID!): User")),
    ("another default", root("user(id: ID!, full: Boolean = true): User")),
    ("what goes in, cut", root() + "input Filter { text: String!, sort: Sort } enum Sort { NAME }"),
    ("deprecated, and says so", root('old: Int @deprecated(reason: "x")')),
    ("an enum, whole", root().replace("id: ID! }", "state: State }") + "enum State { OPEN CLOSED GONE @deprecated }"),
    ("a directive", root() + "directive @once(key: String!) on FIELD"),
]  # fmt: skip


@pytest.mark.parametrize("pruned", [each[1] for each in TRUE], ids=[each[0] for each in TRUE])
def test_a_true_subset_has_no_difference(pruned: str) -> None:
    """Types, fields, optional arguments and what only goes in may be left out."""
    assert found(pruned) == []


HITS = "hits(first: Int!): [Hit]!"
FUL = "user(id: ID!, ful: Boolean): User"
LEFT_OUT = "2: @once argument key is left out, which the vendor requires"
FALSE = [
    ("a type", root() + "type Usr { id: ID! }", '2: the whole SDL has no type Usr, did you mean "User"?'),
    ("a field", root("users: User"), '1: the whole SDL has no field Root.users, did you mean "user"?'),
    ("a field's type", root("user(id: ID!): User!"), "1: Root.user is User in the whole SDL, not User!"),
    ("a list's type", root(HITS) + "union Hit = User", "1: Root.hits is [Hit!]! in the whole SDL, not [Hit]!"),
    ("an argument", root(FUL), '1: the whole SDL has no Root.user argument ful, did you mean "full"?'),
    ("an argument's type", root("user(id: ID): User"), "1: Root.user argument id is ID! in the whole SDL, not ID"),
    ("a required argument", root("user: User"), "1: Root.user argument id is left out, which the vendor requires"),
    ("a deprecation", root("old: Int"), "1: Root.old is deprecated in the whole SDL: Use user."),
    ("another kind", root() + "interface Page { title: String! }", "2: Page is a type in the whole SDL, not an interface"),
    ("a scalar for an enum", root() + "scalar State", "2: State is an enum in the whole SDL, not a scalar"),
    ("a member", root("hits(first: Int!): [Hit!]!") + "type Money2 { a: Int } union Hit = User | Money2",
     "2: Hit: the union Money2, which the whole SDL does not say"),
    ("an interface", root() + "interface Node { id: ID! } type Page implements Node { id: ID! }",
     "2: Page: implements Node, which the whole SDL does not say"),
    ("an input's field", root() + "input Filter { text: String!, size: Int }", "2: the whole SDL has no Filter.size"),
    ("an input's required field", root() + "input Filter { sort: Sort } enum Sort { NAME }",
     "2: Filter.text is left out, which the vendor requires"),
    ("a value", root() + "enum Sort { NAMES }", '2: the whole SDL has no value Sort.NAMES, did you mean "NAME"?'),
    ("a directive", root() + "directive @twice on FIELD", "2: the whole SDL has no directive @twice"),
    ("a directive's argument", root() + "directive @once on FIELD", LEFT_OUT),
    ("a directive's place", root() + "directive @once(key: String!) on QUERY",
     "2: once: stands on QUERY, which the whole SDL does not say"),
    ("the root", "type Query { a: Int }", "1: the whole SDL's root of query is Root"),
]  # fmt: skip


@pytest.mark.parametrize(("pruned", "message"), [each[1:] for each in FALSE], ids=[each[0] for each in FALSE])
def test_what_the_whole_does_not_say_is_a_difference_with_its_line(pruned: str, message: str) -> None:
    """Each difference has a line of the pruned SDL and says both sides."""
    assert message in found(pruned)


CUT = """schema { query: Root } type Root { user(id: ID!): User } type User { currency: Currency }
enum Currency { EUR }
"""


def test_an_enum_that_comes_back_is_whole_or_open() -> None:
    """A value that is left out would make a true answer look broken, unless the enum is open."""
    advice = "add them, or name Currency under graphql.open_enums"

    assert found(CUT) == [f"2: Currency leaves out CAD, USD, which an answer may hold: {advice}"]
    assert found(CUT, "Currency") == []


def test_an_sdl_that_cannot_be_read_is_said_of_the_right_one() -> None:
    """A fault of the whole one is not blamed on the pruned one."""
    (ours,) = differences("type Query {", WHOLE)
    (theirs,) = differences(root(), "type Query {")

    assert (ours.text, theirs.text) == (Text.SDL, Text.DOCUMENT)


# --- provendor lint --against -----------------------------------------------------------------------------------------


def a_contract(folder: Path, pruned: str = CUT, **graphql: object) -> Path:
    """The vendor acme with one GraphQL operation against this pruned SDL, in the version 2026-10."""
    shared = {"endpoint": "POST /graphql", "schemas": {"2026-10": "pruned.graphql"}, "version": "2026-10", **graphql}
    operation = an_operation(request=None, safety="read", graphql={"document": "one.graphql"})
    return write(
        folder,
        {
            "acme/vendor.yaml": a_vendor(graphql=shared),
            "acme/users.yaml": {"operations": {"users.get": operation}},
            "acme/one.graphql": "{ user(id: 7) { __typename } }",
            "acme/pruned.graphql": pruned,
        },
    )


def whole(folder: Path, name: str = "whole-2026-10.graphql", text: str = WHOLE) -> str:
    """A whole SDL on disk."""
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_lint_names_file_and_line_of_each_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The version is the one that the file is named after; 2 where there is a difference."""
    suite = a_contract(tmp_path / "suite")

    code = main(["lint", "--root", str(suite), "--against", whole(tmp_path)])

    out, err = capsys.readouterr()
    assert code == 2
    assert out.startswith("contracts/acme/pruned.graphql:2:1: Currency leaves out CAD, USD, which")
    assert err == "1 problem\n"


def test_lint_is_content_with_a_true_subset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Vendor and version may be named; an open enum may be cut."""
    suite = a_contract(tmp_path / "suite", open_enums=["Currency"])
    file = whole(tmp_path, "any.graphql")

    assert main(["lint", "--root", str(suite), "--against", file, "--vendor", "acme", "--version", "2026-10"]) == 0
    assert capsys.readouterr().err == "a true subset of any.graphql\n"
    assert main(["lint", "--root", str(suite), "--json", "--against", file, "--version", "2026-10"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--against", "any.graphql"],
            'a version in the name "any.graphql" is that of no pruned SDL (there: acme 2026-10)',
        ),
        (
            ["--against", "any.graphql", "--version", "2025"],
            'version "2025" is that of no pruned SDL (there: acme 2026-10)',
        ),
        (["--version", "2026-10"], "--version and --vendor say which schema --against is about; give that as well"),
        (["--against", "2026-10.graphql"], "2026-10.graphql: the file cannot be read"),
        (["--against", "any.graphql", "--vendor", "acne"], "acne"),
    ],
    ids=["no version in the name", "a version that is not there", "nothing to compare", "no file", "no such vendor"],
)
def test_lint_says_what_it_cannot_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    """A wrong question is answered with what there is, not with a traceback."""
    suite = a_contract(tmp_path)
    whole(tmp_path, "any.graphql")
    monkeypatch.chdir(tmp_path)

    assert main(["lint", "--root", str(suite), *words]) == 2
    out, err = capsys.readouterr()
    assert message in out + err


def test_lint_blames_the_whole_sdl_for_its_own_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no SDL is named with its line."""
    suite = a_contract(tmp_path)
    file = whole(tmp_path, text="type Query {\n a: }")

    assert main(["lint", "--root", str(suite), "--against", file]) == 2
    assert capsys.readouterr().out.startswith(f"{file}:2:5: Syntax Error")


def test_an_excerpt_is_compared_by_what_it_defines():
    """Types that it only names, and those that it does not mention, say nothing about ours."""
    ours = """
type Query { app(name: String): App }
type App { id: ID! secrets: [Secret!]! role: Role }
type Secret { id: ID! digest: Int! }
enum Role { A }
"""
    excerpt = """
type App implements Node { id: ID! secrets: [Secret!]! role: Role owner: User! }
type Secret { id: ID! digest: String! }
"""

    found = [each.message for each in differences(ours, excerpt)]

    assert found == ["Secret.digest is String! in the whole SDL, not Int!"]
