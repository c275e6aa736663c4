"""The shape of GraphQL answers: what follows from document and SDL, and what is wrong with either."""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import a_schema
from provendor.schemas.graphql_shape import Dialect, Text, derive, nullable, relax

SDL = """
type Query {
  user(id: ID!): User
  me: User!
  users(first: Int): [User!]!
  search: [Hit]!
  node(id: ID!): Node
  price: Money
  state: State!
}
interface Node { id: ID! }
type User implements Node {
  id: ID!
  name: String!
  mail: String
  age: Int
  score: Float!
  admin: Boolean!
  tags: [String!]!
  friends: [User]
  grid: [[Int!]]
  old: String @deprecated(reason: "Use mail.")
}
type Shop implements Node { id: ID!, title: String!, state: State }
union Hit = User | Shop
enum State { OPEN CLOSED }
scalar Money
type Mutation { rename(id: ID!, name: String!): User }
"""
MONEY = Dialect(scalars={"Money": {"type": "string", "pattern": r"^\d+\.\d\d$"}})
USER = {"id": "7", "name": "Ada"}


def schema_of(document: str, dialect: Dialect = MONEY, sdl: str = SDL, **more: Any) -> dict[str, Any]:
    """The derived JSON Schema of the whole answer; the document must be fine."""
    shape = derive(document, sdl, dialect, **more)
    assert shape.problems == ()
    assert shape.schema is not None
    return shape.schema


def fits(document: str, data: Any, dialect: Dialect = MONEY) -> bool:
    """Whether an answer with this data has the shape of the document."""
    return a_schema(schema_of(document, dialect)).is_valid({"data": data})


def problems(document: str, sdl: str = SDL, **more: Any) -> list[tuple[str, int, str]]:
    """What is wrong: text, line, message."""
    shape = derive(document, sdl, MONEY, **more)
    assert shape.schema is None
    return [(each.text.value, each.line, each.message) for each in shape.problems]


def said(problem: tuple[str, int, str], found: list[tuple[str, int, str]]) -> bool:
    """Whether a problem is among those found, by a part of its message: the words are the library's."""
    return any(problem[:2] == each[:2] and problem[2] in each[2] for each in found)


MERGED = "query ($x: Boolean!) { me { id } me @include(if: $x) { name } }"
FITS = [
    ("a field is there", "{ me { id name } }", {"me": USER}, True),
    ("more than asked for", "{ me { id } }", {"me": USER, "other": 1}, True),
    ("a field is missing", "{ me { id name } }", {"me": {"id": "7"}}, False),
    ("a field of another name", "{ me { id name } }", {"me": {"id": "7", "Name": "Ada"}}, False),
    ("null where it may be", "{ user(id: 7) { id } }", {"user": None}, True),
    ("null where it may not", "{ me { id } }", {"me": None}, False),
    ("a null leaf that may be", "{ me { mail age } }", {"me": {"mail": None, "age": None}}, True),
    ("a null leaf that may not", "{ me { name } }", {"me": {"name": None}}, False),
    ("a nullable field that is missing", "{ me { mail } }", {"me": {}}, False),
    ("a text", "{ me { name } }", {"me": {"name": 7}}, False),
    ("a whole number", "{ me { age } }", {"me": {"age": 7.5}}, False),
    ("a whole number as text", "{ me { age } }", {"me": {"age": "7"}}, False),
    ("a number", "{ me { score } }", {"me": {"score": 7}}, True),
    ("a truth value", "{ me { admin } }", {"me": {"admin": "true"}}, False),
    ("an id as a number", "{ me { id } }", {"me": {"id": 7}}, False),
    ("an empty id", "{ me { id } }", {"me": {"id": ""}}, False),
    ("an empty list", "{ users { id } }", {"users": []}, True),
    ("a list of null", "{ users { id } }", {"users": [None]}, False),
    ("a list that is null", "{ users { id } }", {"users": None}, False),
    ("an object for a list", "{ users { id } }", {"users": {"id": "7"}}, False),
    ("a list that may hold null", "{ me { friends { id } } }", {"me": {"friends": [None, {"id": "1"}]}}, True),
    ("a list that may be null", "{ me { friends { id } } }", {"me": {"friends": None}}, True),
    ("a list of lists", "{ me { grid } }", {"me": {"grid": [[1], None, []]}}, True),
    ("a list of lists with null", "{ me { grid } }", {"me": {"grid": [[None]]}}, False),
    ("every item is judged", "{ users { id } }", {"users": [{"id": "1"}, {"id": 2}]}, False),
    ("an alias", "{ boss: me { id } }", {"boss": {"id": "7"}}, True),
    ("a field under its own name, not its alias", "{ boss: me { id } }", {"me": {"id": "7"}}, False),
    ("a known value", "{ state }", {"state": "OPEN"}, True),
    ("an unknown value", "{ state }", {"state": "AJAR"}, False),
    ("a value that is null", "{ state }", {"state": None}, False),
    ("a scalar of the vendor", "{ price }", {"price": "19.90"}, True),
    ("a scalar of the vendor as a number", "{ price }", {"price": 19.9}, False),
    ("a scalar of the vendor in another form", "{ price }", {"price": "19,90"}, False),
    ("a scalar of the vendor that may be null", "{ price }", {"price": None}, True),
    ("included or not: there", "query ($x: Boolean!) { state price @include(if: $x) }", {"state": "OPEN", "price": "1.00"}, True),
    ("included or not: not", "query ($x: Boolean!) { state price @include(if: $x) }", {"state": "OPEN"}, True),
    ("included or not: wrong", "query ($x: Boolean!) { state price @include(if: $x) }", {"state": "OPEN", "price": 1}, False),
    ("skipped fragments", "query ($x: Boolean!) { me { id ... @skip(if: $x) { name } } }", {"me": {"id": "7"}}, True),
    ("twice, once on a condition", "query ($x: Boolean!) { state state @include(if: $x) }", {}, False),
    ("merged selections", "{ me { id } me { name } }", {"me": {"id": "7"}}, False),
    ("merged, in part on a condition", MERGED, {"me": {"id": "7"}}, True),
    ("merged, in part on a condition, wrong", MERGED, {"me": {"id": "7", "name": 1}}, False),
    ("what a condition brings, whole", "query ($x: Boolean!) { me @include(if: $x) { id } }", {"me": {}}, False),
    ("a fragment", "{ me { ...F } } fragment F on User { id name }", {"me": {"id": "7"}}, False),
    ("a fragment of the interface", "{ me { ...F } } fragment F on Node { id }", {"me": {}}, False),
    ("an inline fragment without a type", "{ me { ... { id } } }", {"me": {}}, False),
    ("introspection", "{ __schema { queryType { name } } }", {"__schema": {"queryType": {"name": "Query"}}}, True),
    ("introspection of a type", '{ __type(name: "User") { kind } }', {"__type": {"kind": "USER"}}, False),
]  # fmt: skip


@pytest.mark.parametrize(("document", "data", "fitting"), [each[1:] for each in FITS], ids=[each[0] for each in FITS])
def test_an_answer_has_the_shape_of_its_document(document: str, data: Any, fitting: bool) -> None:
    """Fields, types, lists, null, aliases, conditions and merged selections count as document and SDL say."""
    assert fits(document, data) is fitting


HITS = "{ search { __typename ... on User { name } ... on Shop { title } } }"
NODE = "{ node(id: 1) { id ... on User { name } } }"
TYPED = "{ node(id: 1) { __typename id ... on User { name } } }"
ABSTRACT = [
    ("one of the union", HITS, {"search": [{"__typename": "User", "name": "Ada"}]}, True),
    ("the other one", HITS, {"search": [{"__typename": "Shop", "title": "Ada"}, None]}, True),
    ("one with the fields of the other", HITS, {"search": [{"__typename": "User", "title": "Ada"}]}, False),
    ("a kind that the pruned SDL leaves out", HITS, {"search": [{"__typename": "Page"}]}, True),
    ("no kind", HITS, {"search": [{"name": "Ada"}]}, False),
    ("an interface, the type with a fragment", NODE, {"node": {"id": "1", "name": "Ada"}}, True),
    ("an interface, a type without", NODE, {"node": {"id": "1"}}, True),
    ("an interface without its own field", NODE, {"node": {"name": "Ada"}}, False),
    ("the kind says which fields", TYPED, {"node": {"__typename": "User", "id": "1"}}, False),
    ("the kind says that there are none", TYPED, {"node": {"__typename": "Shop", "id": "1"}}, True),
    ("an interface that is null", TYPED, {"node": None}, True),
    ("the kind of an object", "{ me { __typename } }", {"me": {"__typename": "Shop"}}, False),
    ("a kind under another name", "{ me { kind: __typename } }", {"me": {"kind": "User"}}, True),
]


@pytest.mark.parametrize(
    ("document", "data", "fitting"), [each[1:] for each in ABSTRACT], ids=[each[0] for each in ABSTRACT]
)
def test_interfaces_and_unions_are_what_they_turn_out_to_be(document: str, data: Any, fitting: bool) -> None:
    """With `__typename` the fields of that type are demanded; a type that the SDL leaves out has the common ones."""
    assert fits(document, data) is fitting


@pytest.mark.parametrize(
    ("value", "fitting"), [("OPEN", True), ("AJAR", True), ("", False), ("wide open", False), (1, False)]
)
def test_an_open_enum_may_grow(value: Any, fitting: bool) -> None:
    """A value that is not known yet is accepted if it looks like one."""
    assert fits("{ state }", {"state": value}, Dialect(open_enums=frozenset({"State"}))) is fitting


def test_an_id_may_be_narrowed() -> None:
    """A vendor's own form of ids is a scalar's schema like any other."""
    narrow = Dialect(scalars={"ID": {"type": "string", "pattern": "^gid:"}})

    assert fits("{ me { id } }", {"me": {"id": "gid:7"}}, narrow)
    assert not fits("{ me { id } }", {"me": {"id": "7"}}, narrow)


def test_a_full_answer_has_data_and_no_errors() -> None:
    """`errors` must be absent or empty, and `data` there."""
    schema = a_schema(schema_of("{ state }"))
    data = {"state": "OPEN"}

    assert schema.is_valid({"data": data, "extensions": {}})
    assert schema.is_valid({"data": data, "errors": []})
    assert not schema.is_valid({"data": data, "errors": [{"message": "no"}]})
    assert not schema.is_valid({"data": data, "errors": None})
    assert not schema.is_valid({"data": None})
    assert not schema.is_valid({})
    assert not schema.is_valid(data)


def test_a_partial_answer_may_hold_null_anywhere_but_nothing_else() -> None:
    """Errors must be there; what is not null is as the document says."""
    schema = a_schema(relax(schema_of("{ me { id name tags } search { ... on User { id } } state }")))
    errors = [{"message": "no"}]
    me = {"id": "7", "name": None, "tags": None}

    assert schema.is_valid({"data": {"me": me, "search": [None], "state": None}, "errors": errors})
    assert schema.is_valid({"data": {"me": None, "search": None, "state": "OPEN"}, "errors": errors})
    assert schema.is_valid({"data": None, "errors": errors})
    assert not schema.is_valid({"data": None})
    assert not schema.is_valid({"data": None, "errors": []})
    assert not schema.is_valid({"errors": errors})
    assert not schema.is_valid({"data": {"me": {**me, "id": 7}, "search": [], "state": "OPEN"}, "errors": errors})
    assert not schema.is_valid({"data": {"me": me, "search": [], "state": "AJAR"}, "errors": errors})
    assert not schema.is_valid({"data": {"me": me, "state": "OPEN"}, "errors": errors})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "enum": ["a"]},
        {"enum": ["a"]},
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        {"type": ["string", "null"]},
        {"const": "a"},
        {},
    ],
)
def test_nullable_adds_null_and_nothing_else(schema: dict[str, Any]) -> None:
    """Null fits afterwards, and everything else fits as it did."""
    before, after = a_schema(schema), a_schema(nullable(schema))

    values: tuple[Any, ...] = ("a", "b", 1, [], {})

    assert after.is_valid(None)
    for value in values:
        assert after.is_valid(value) is before.is_valid(value)


ROUND = "{ me { ...F } } fragment F on User { friends { ...F } }"
SEVERAL = "several operations: say which one with `operation` (there: A, B)"
NO_SELECTION = "must have a selection of subfields"
NO_ARGUMENT = "of type 'ID!' is required, but it was not provided"
WRONG = [
    ("an unknown field", "{\n  me { nam }\n}", ("document", 2, "Cannot query field 'nam' on type 'User'. Did you mean 'name'?")),
    ("an unknown argument", "{\n users(last: 1) { id } }", ("document", 2, "Unknown argument 'last' on field 'Query.users'")),
    ("a missing argument", "{ user { id } }", ("document", 1, NO_ARGUMENT)),
    ("no selection", "{ me }", ("document", 1, NO_SELECTION)),
    ("a deprecated field", "{\n me {\n old } }", ("document", 3, "The field User.old is deprecated. Use mail")),
    ("no GraphQL", "{ me { id }", ("document", 1, "Syntax Error: Expected Name, found <EOF>")),
    ("nothing", "", ("document", 1, "Syntax Error: Unexpected <EOF>")),
    ("a fragment that goes round", ROUND, ("document", 1, "Cannot spread fragment 'F' within itself")),
    ("only a fragment", "fragment F on User { id }", ("document", 0, "no operation (there: none has a name)")),
    ("several operations", "query A { state } query B { state }", ("document", 0, SEVERAL)),
]  # fmt: skip


@pytest.mark.parametrize(("document", "problem"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_what_is_wrong_with_a_document_is_said_with_its_line(document: str, problem: tuple[str, int, str]) -> None:
    """Nothing is derived from a document that does not fit, and the message names the place."""
    assert said(problem, problems(document))


def test_a_deprecated_field_may_be_accepted() -> None:
    """A field whose age is known is used without a word."""
    assert schema_of("{ me { old } }", Dialect(deprecated=frozenset({"User.old"})))


@pytest.mark.parametrize(
    ("sdl", "problem"),
    [
        ("type Query {\n a: Missing }", ("sdl", 2, "Unknown type 'Missing'")),
        ("type Query { a", ("sdl", 1, "Syntax Error: Expected ':', found <EOF>")),
        ("", ("sdl", 1, "Syntax Error: Unexpected <EOF>")),
        (
            "scalar Odd type Query { a: Odd }",
            ("sdl", 0, "the scalar Odd has no JSON Schema: add it under graphql.scalars"),
        ),
    ],
    ids=["an unknown type", "no SDL", "nothing", "a scalar"],
)
def test_what_is_wrong_with_an_sdl_is_said_with_its_line(sdl: str, problem: tuple[str, int, str]) -> None:
    """An SDL that cannot be built is a problem, not a crash."""
    assert said(problem, problems("{ a }", sdl))


@pytest.mark.parametrize(
    ("document", "sdl", "text", "word"),
    [
        ("{me{friends" * 3000, SDL, "document", "nested too deeply"),
        ("{ a }", f"type Query {{ a: {'[' * 3000} }}", "sdl", "nested too deeply"),
        ("{ a }", f"type Query {{ a: {'[' * 500}Int{']' * 500} }}", "", "nested too deeply"),
        ("{ a }", "type User { a: Int }", "", "query"),
        ("mutation { a }", "type Query { a: Int }", "", "mutation"),
    ],
    ids=["a deep document", "a deep SDL", "a deep type", "no root of queries", "no root of mutations"],
)
def test_nothing_makes_it_crash(document: str, sdl: str, text: str, word: str) -> None:
    """What no honest file holds is a problem as well; where it is seen first depends on the library's version."""
    found = problems(document, sdl)

    assert any(each[0].startswith(text) and word in each[2] for each in found)


@pytest.mark.parametrize(
    "sdl",
    [
        "type Query { a: In } input In { x: Int }",
        "type Query implements Node { a: Int } union Node = Query",
        "type Query { a: Int } union U = Int",
        "interface Query { a: Int }",
    ],
    ids=["an input comes back", "a union is implemented", "a union of scalars", "the root is an interface"],
)
def test_types_that_stand_where_they_cannot_do_not_make_it_crash(sdl: str) -> None:
    """Older versions of the library refuse such an SDL, newer ones let it pass."""
    shape = derive("{ a }", sdl, MONEY)

    assert (shape.schema is None) == bool(shape.problems)


ASKED = "query User($id: ID!, $first: Int = 1) { user(id: $id) { id } users(first: $first) { id } }"


@pytest.mark.parametrize(
    ("variables", "messages"),
    [
        ({"id": "7"}, []),
        ({"id": 7, "first": None}, []),
        (None, []),
        ({}, ["'$id' * provided"]),
        ({"id": "7", "last": 1}, ["the document declares no variable $last"]),
        (
            {"id": "7", "first": "ten"},
            ["'$first' * Int cannot represent non-integer value: 'ten'"],
        ),
    ],
    ids=["fine", "an explicit null", "not to be checked", "missing", "unknown", "of another type"],
)
def test_variables_must_fit(variables: dict[str, Any] | None, messages: list[str]) -> None:
    """Missing, unknown and ill-fitting variables are problems of the variables."""
    found = derive(ASKED, SDL, MONEY, variables).problems

    assert len(found) == len(messages)
    assert all(
        fnmatchcase(each.message, f"*{message.replace('[', '[[]')}*")
        for each, message in zip(found, messages, strict=True)
    )
    assert {each.text for each in found} <= {Text.VARIABLES}


def test_one_of_several_operations_is_chosen_by_name() -> None:
    """The shape is that of the operation named; a name that is not there is a problem."""
    document = 'query A { state } mutation B { rename(id: 1, name: "x") { id } }'
    shape = derive(document, SDL, MONEY, operation="B")

    assert (shape.operation, shape.root) == ("B", "mutation")
    assert problems(document, operation="C") == [("document", 0, "no operation is called 'C' (there: A, B)")]
    assert derive("{ state }", SDL, MONEY).operation is None


# --- any document at all ----------------------------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True).filter(lambda name: not keyword.iskeyword(name))
LEAVES = st.sampled_from(["Int", "String", "Boolean", "Float", "ID", "State", "Money"])
VALUES = {"Int": 7, "String": "x", "Boolean": True, "Float": 1.5, "ID": "7", "State": "OPEN", "Money": "1.00"}


@st.composite
def trees(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """Fields of a type: name to (a leaf's type or a tree, whether a list, whether never null)."""
    kinds = st.one_of(LEAVES, trees(depth - 1)) if depth else LEAVES
    return draw(st.dictionaries(NAMES, st.tuples(kinds, st.booleans(), st.booleans()), min_size=1, max_size=3))


def written(tree: dict[str, Any], name: str = "Query") -> Iterator[str]:
    """The types of a tree as SDL."""
    fields = []
    for field, (kind, many, strict) in tree.items():
        inner = kind if isinstance(kind, str) else f"{name}_{field}"
        fields.append(f"{field}: {f'[{inner}!]' if many else inner}{'!' * strict}")
        if not isinstance(kind, str):
            yield from written(kind, inner)
    yield f"type {name} {{ {' '.join(fields)} }}"


def selection(tree: dict[str, Any]) -> str:
    """A selection of every field of a tree."""
    chosen = (f"{name} {'' if isinstance(kind, str) else selection(kind)}" for name, (kind, _, _) in tree.items())
    return f"{{ {' '.join(chosen)} }}"


def answer(tree: dict[str, Any]) -> dict[str, Any]:
    """An answer that holds everything."""
    values = {name: VALUES[kind] if isinstance(kind, str) else answer(kind) for name, (kind, _, _) in tree.items()}
    return {name: [value] if tree[name][1] else value for name, value in values.items()}


def broken(tree: dict[str, Any], data: dict[str, Any], way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every field, with whether it may be null."""
    for name, (kind, many, strict) in tree.items():
        yield (*way, name), not strict
        if not isinstance(kind, str):
            yield from broken(kind, data, (*way, name, 0) if many else (*way, name))


def with_value(data: Any, way: tuple[Any, ...], value: Any) -> Any:
    """The data with null, or nothing at all, at a place."""
    copied = json.loads(json.dumps(data))
    inner = copied
    for step in way[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[way[-1]]
    else:
        inner[way[-1]] = value
    return copied


@given(trees())
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked_null_is_accepted_exactly_where_the_sdl_says_so(tree: dict[str, Any]) -> None:
    """A full answer fits; without a field it does not; with a field null it does where the field may be null."""
    sdl = "\n".join((*written(tree), "enum State { OPEN }", "scalar Money"))
    schema = a_schema(schema_of(selection(tree), MONEY, sdl))
    data = answer(tree)

    assert schema.is_valid({"data": data})
    for way, may_be_null in broken(tree, data):
        assert schema.is_valid({"data": with_value(data, way, None)}) is may_be_null
        assert not schema.is_valid({"data": with_value(data, way, ...)})
        partial = {"data": with_value(data, way, None), "errors": [{}]}
        assert a_schema(relax(schema_of(selection(tree), MONEY, sdl))).is_valid(partial)
