"""The shape of a GraphQL answer, derived from a document and an SDL with graphql-core.

    shape = derive(document, sdl, scalars={"Money": {"type": "string"}}, variables={"first": 10})
    shape.schema            # JSON Schema of the whole answer: {"data": {...}}
    shape.problems          # what is wrong with document, SDL or variables, each with its line and column

Nobody writes an answer's fields, types and nullability a second time: both stand in document and SDL already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

import graphql as gql
from graphql import language as ast
from graphql.validation.validate import validate_sdl

from provendor.exchange import Json

_BUILT_IN: Mapping[str, dict[str, Json]] = {
    "Int": {"type": "integer"},
    "Float": {"type": "number"},
    "String": {"type": "string"},
    "Boolean": {"type": "boolean"},
    "ID": {"type": "string", "minLength": 1},
}


_INTROSPECTION: Mapping[str, gql.GraphQLField] = {"__schema": gql.SchemaMetaFieldDef, "__type": gql.TypeMetaFieldDef}
_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"  # what an enum's value looks like, also one that is not known yet


class Text(StrEnum):
    """Which of the given texts a problem is about."""

    DOCUMENT = "document"
    SDL = "sdl"
    VARIABLES = "variables"


@dataclass(frozen=True, slots=True)
class ShapeProblem:
    """One thing wrong; line and column count from 1, 0 where there is no place."""

    text: Text
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What a document asks for. `schema` is None where a problem stands in the way; `root` is Query or Mutation."""

    schema: dict[str, Json] | None
    operation: str | None
    root: str | None
    problems: tuple[ShapeProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a vendor's GraphQL reads on the wire.

    `scalars` gives a JSON Schema for each custom scalar. Values of `open_enums` may grow and are any name.
    `deprecated` names fields as `Type.field` whose use is known and accepted.
    """

    scalars: Mapping[str, Json] = field(default_factory=dict)
    open_enums: frozenset[str] = frozenset()
    deprecated: frozenset[str] = frozenset()


def derive(
    document: str,
    sdl: str,
    dialect: Dialect,
    variables: Mapping[str, Json] | None = None,
    operation: str | None = None,
) -> Shape:
    """Validate a document against an SDL and derive the JSON Schema of a full answer to it.

    `variables` None means that they are not to be checked. `operation` names one of several operations.
    """
    try:
        return _derived(document, sdl, dialect, variables, operation)
    except RecursionError:
        return Shape(None, None, None, (_at(Text.DOCUMENT, None, "nested too deeply"),))


def _derived(
    document: str, sdl: str, dialect: Dialect, variables: Mapping[str, Json] | None, operation: str | None
) -> Shape:
    schema, unreadable = read_sdl(sdl)
    parsed, unparsed = _parse(document)
    problems = [*unreadable, *unparsed]
    if schema is None or parsed is None:
        return Shape(None, None, None, tuple(problems))
    problems += _invalid(schema, parsed)
    problems += _deprecated(schema, parsed, dialect.deprecated)
    chosen, missing = _choose(parsed, operation)
    problems += missing
    if chosen is None or problems:
        return Shape(None, None, None, tuple(problems))
    deriver = _Deriver(schema, parsed, dialect)
    root = schema.get_root_type(chosen.operation)
    if root is None:
        return Shape(None, None, None, (_at(Text.SDL, None, f"there is no root type for a {chosen.operation.value}"),))
    data = deriver.composite(root, [_Part(chosen.selection_set)])
    problems += [_at(Text.SDL, None, message) for message in sorted(deriver.unknown_scalars)]
    if variables is not None:
        problems += _unfit(schema, chosen, variables)
    name = chosen.name.value if chosen.name else None
    return Shape(None if problems else _answer(data), name, chosen.operation.value, tuple(problems))


def _answer(data: dict[str, Json]) -> dict[str, Json]:
    properties: dict[str, Json] = {"data": data, "errors": {"type": "array", "maxItems": 0}}
    return {"type": "object", "required": ["data"], "properties": properties}


def relax(answer: Mapping[str, Json]) -> dict[str, Json]:
    """Return the schema of a partial answer: data as derived, or null wherever an error may have put it, errors beside it."""
    properties = answer.get("properties")
    data = properties.get("data") if isinstance(properties, dict) else None
    return {
        "type": "object",
        "required": ["data", "errors"],
        "properties": {"data": _nulls_allowed(data), "errors": {"type": "array", "minItems": 1}},
    }


def _nulls_allowed(schema: Json) -> Json:
    if not isinstance(schema, dict):
        return schema
    loose: dict[str, Json] = {
        key: value for key, value in schema.items() if key not in ("properties", "items", "anyOf")
    }
    if isinstance(children := schema.get("properties"), dict):
        loose["properties"] = {name: _nulls_allowed(child) for name, child in children.items()}
    if "items" in schema:
        loose["items"] = _nulls_allowed(schema["items"])
    if isinstance(branches := schema.get("anyOf"), list):
        loose["anyOf"] = [_nulls_allowed(branch) for branch in branches]
    return nullable(loose)


def nullable(schema: dict[str, Json]) -> dict[str, Json]:
    """Return the schema with null allowed as well."""
    if not schema or schema == {"type": "null"}:
        return schema
    kind, values = schema.get("type"), schema.get("enum")
    if isinstance(values, list):
        kinds: dict[str, Json] = {"type": _with_null(kind)} if kind else {}
        return {**schema, **kinds, "enum": values if None in values else [*values, None]}
    if kind is not None and "anyOf" not in schema:
        return {**schema, "type": _with_null(kind)}
    return {"anyOf": [schema, {"type": "null"}]}


def _with_null(kind: Json) -> Json:
    kinds: list[Json] = list(kind) if isinstance(kind, list) else [kind]
    return kinds if "null" in kinds else [*kinds, "null"]


class _Deriver:
    """Turns selection sets into JSON Schemas."""

    def __init__(self, schema: gql.GraphQLSchema, document: ast.DocumentNode, dialect: Dialect) -> None:
        self._schema = schema
        self._dialect = dialect
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, ast.FragmentDefinitionNode)
        }
        self.unknown_scalars: set[str] = set()

    def composite(self, kind: gql.GraphQLCompositeType, selected: Sequence[_Part]) -> dict[str, Json]:
        """Return the schema of an object, or of what an interface or union may turn out to be."""
        if isinstance(kind, gql.GraphQLObjectType):
            return self._object(kind, selected, typename=kind.name)
        possible = self._schema.get_possible_types(kind)
        known = [self._object(each, selected, typename=each.name) for each in possible]
        # The SDL is pruned: the vendor may answer with a type that it leaves out, which has the common fields only.
        other = self._object(kind, selected, typename=None, others={each.name for each in possible})
        branches: list[Json] = []
        for branch in (*known, other):
            if branch not in branches:
                branches.append(branch)
        return {"anyOf": branches} if len(branches) > 1 else known[0] if known else other

    def _object(
        self,
        kind: gql.GraphQLCompositeType,
        selected: Sequence[_Part],
        typename: str | None,
        others: Collection[str] = (),
    ) -> dict[str, Json]:
        fields: dict[str, _Selected] = {}
        for part in selected:
            # What stands in the only place of a field is there whenever the field is.
            self._collect(kind, part.selection_set, fields, optional=part.optional and len(selected) > 1)
        properties: dict[str, Json] = {}
        for key, chosen in fields.items():
            if chosen.name == "__typename":
                known: list[Json] = [*sorted(others)]
                properties[key] = {"const": typename} if typename else {"type": "string", "not": {"enum": known}}
            else:
                properties[key] = self._output(self._type_of(kind, chosen.name), chosen.children)
        required: list[Json] = [key for key, chosen in fields.items() if not chosen.optional]
        shape: dict[str, Json] = {"type": "object", "required": required, "properties": properties}
        return shape

    def _type_of(self, kind: gql.GraphQLCompositeType, name: str) -> Any:
        assert not isinstance(kind, gql.GraphQLUnionType)  # noqa: S101 - a union has no fields of its own
        return (_INTROSPECTION.get(name) or kind.fields[name]).type

    def _collect(
        self,
        kind: gql.GraphQLCompositeType,
        selection_set: ast.SelectionSetNode,
        fields: dict[str, _Selected],
        optional: bool,
    ) -> None:
        for node in selection_set.selections:
            maybe = optional or any(each.name.value in ("include", "skip") for each in node.directives or ())
            if isinstance(node, ast.FieldNode):
                self._add(node, fields, maybe)
            elif (inner := self._applicable(kind, node)) is not None:
                self._collect(kind, inner, fields, maybe)

    def _add(self, node: ast.FieldNode, fields: dict[str, _Selected], optional: bool) -> None:
        key = node.alias.value if node.alias else node.name.value
        chosen = fields.setdefault(key, _Selected(node.name.value, optional=True))
        chosen.optional = chosen.optional and optional
        if node.selection_set:
            chosen.children.append(_Part(node.selection_set, optional))

    def _applicable(self, kind: gql.GraphQLCompositeType, node: ast.SelectionNode) -> ast.SelectionSetNode | None:
        """Return what a fragment selects of this type, or None where it is about another one."""
        condition: ast.NamedTypeNode | None
        if isinstance(node, ast.FragmentSpreadNode):
            fragment = self._fragments[node.name.value]
            condition, inner = fragment.type_condition, fragment.selection_set
        else:
            assert isinstance(node, ast.InlineFragmentNode)  # noqa: S101 - the third and last kind of selection
            condition, inner = node.type_condition, node.selection_set
        if condition is None or condition.name.value == kind.name:
            return inner
        about = self._schema.get_type(condition.name.value)
        fits = gql.is_abstract_type(about) and self._is_sub_type(about, kind)
        return inner if fits else None

    def _is_sub_type(self, about: Any, kind: gql.GraphQLCompositeType) -> bool:
        return not isinstance(kind, gql.GraphQLUnionType) and self._schema.is_sub_type(about, kind)

    def _output(self, kind: Any, children: Sequence[_Part]) -> dict[str, Json]:
        if isinstance(kind, gql.GraphQLNonNull):
            return self._value(kind.of_type, children)
        return nullable(self._value(kind, children))

    def _value(self, kind: Any, children: Sequence[_Part]) -> dict[str, Json]:
        if isinstance(kind, gql.GraphQLList):
            return {"type": "array", "items": self._output(kind.of_type, children)}
        if isinstance(kind, gql.GraphQLEnumType):
            open_ended = kind.name in self._dialect.open_enums
            values: list[Json] = list(kind.values)
            return {"type": "string", "pattern": _NAME} if open_ended else {"type": "string", "enum": values}
        if isinstance(kind, gql.GraphQLScalarType):
            return self._scalar(kind.name)
        return self.composite(kind, children)

    def _scalar(self, name: str) -> dict[str, Json]:
        schema = self._dialect.scalars.get(name, _BUILT_IN.get(name))
        if schema is None:
            self.unknown_scalars.add(f"the scalar {name} has no JSON Schema: add it under graphql.scalars")
        return dict(schema) if isinstance(schema, dict) else {}


@dataclass(slots=True)
class _Selected:
    """One response key while it is collected: the field, whether it may be left out, what is selected below it."""

    name: str
    optional: bool
    children: list[_Part] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Part:
    """What is selected in one place; `optional` where a directive may leave that place out."""

    selection_set: ast.SelectionSetNode
    optional: bool = False


@lru_cache(maxsize=8)  # many documents are asked of one SDL
def read_sdl(sdl: str) -> tuple[gql.GraphQLSchema | None, tuple[ShapeProblem, ...]]:
    """Build the schema; a vendor's own inconsistencies (a deprecated field of an interface, say) are let pass."""
    try:
        parsed = gql.parse(sdl)
        problems = tuple(_of(Text.SDL, reason) for reason in validate_sdl(parsed))
        return (None if problems else gql.build_ast_schema(parsed, assume_valid=True)), problems
    except gql.GraphQLError as reason:
        return None, (_of(Text.SDL, reason),)
    except TypeError as reason:  # types that cannot stand where they do; which version of the library sees it, varies
        return None, (_at(Text.SDL, None, str(reason).rstrip(".")),)
    except RecursionError:
        return None, (_at(Text.SDL, None, "nested too deeply"),)


def _parse(document: str) -> tuple[ast.DocumentNode | None, list[ShapeProblem]]:
    try:
        return gql.parse(document, max_tokens=20_000), []
    except gql.GraphQLError as reason:
        return None, [_of(Text.DOCUMENT, reason)]
    except RecursionError:
        return None, [_at(Text.DOCUMENT, None, "nested too deeply")]


def _invalid(schema: gql.GraphQLSchema, document: ast.DocumentNode) -> list[ShapeProblem]:
    return [_of(Text.DOCUMENT, reason) for reason in gql.validate(schema, document)]


def _deprecated(
    schema: gql.GraphQLSchema, document: ast.DocumentNode, accepted: Collection[str]
) -> Iterator[ShapeProblem]:
    for reason in gql.validate(schema, document, [gql.NoDeprecatedCustomRule]):
        if not any(f"'{name}'" in reason.message or f" {name} " in reason.message for name in accepted):
            yield _of(Text.DOCUMENT, reason)


def _choose(
    document: ast.DocumentNode, name: str | None
) -> tuple[ast.OperationDefinitionNode | None, list[ShapeProblem]]:
    operations = [node for node in document.definitions if isinstance(node, ast.OperationDefinitionNode)]
    named = [node for node in operations if name is None or (node.name and node.name.value == name)]
    if len(named) == 1:
        return named[0], []
    names = ", ".join(node.name.value for node in operations if node.name) or "none has a name"
    wanted = f"no operation is called {name!r}" if name else "several operations: say which one with `operation`"
    return None, [_at(Text.DOCUMENT, None, f"{wanted if operations else 'no operation'} (there: {names})")]


def _unfit(
    schema: gql.GraphQLSchema, operation: ast.OperationDefinitionNode, variables: Mapping[str, Json]
) -> Iterator[ShapeProblem]:
    declared = {node.variable.name.value for node in operation.variable_definitions or ()}
    for name in sorted(set(variables) - declared):
        yield _at(Text.VARIABLES, None, f"the document declares no variable ${name}")
    given = {name: value for name, value in variables.items() if name in declared}
    values = gql.get_variable_values(schema, operation.variable_definitions or (), given)
    for reason in values if isinstance(values, list) else ():
        yield _at(Text.VARIABLES, None, reason.message)


def _of(text: Text, reason: gql.GraphQLError) -> ShapeProblem:
    places = reason.locations or ()
    line, column = (places[0].line, places[0].column) if places else (0, 0)
    return ShapeProblem(text, line, column, reason.message.rstrip("."))


def _at(text: Text, place: tuple[int, int] | None, message: str) -> ShapeProblem:
    line, column = place or (0, 0)
    return ShapeProblem(text, line, column, message)
