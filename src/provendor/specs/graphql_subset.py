"""Whether a pruned SDL is a true subset of the vendor's whole one. Knows graphql-core, as `graphql_shape` does.

    for difference in differences(pruned, whole, open_enums={"CurrencyCode"}):
        print(difference.line, difference.message)

A pruned SDL may leave out types, fields, optional arguments and what only goes in. What it says must stand in the whole
one word for word; and it may not leave out what would make an answer of the vendor look wrong or an old field look new. The
whole one may itself be an excerpt, which names types without defining them: what it lacks is not compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

import graphql as gql

from provendor.errors import UsageError
from provendor.schemas.graphql_shape import ShapeProblem, Text, read_sdl
from provendor.suggest import did_you_mean

_Found: TypeAlias = Iterator[tuple[Any, str]]  # an AST node of the pruned SDL, or None, and what is wrong there
_Inputs: TypeAlias = Mapping[str, gql.GraphQLArgument] | Mapping[str, gql.GraphQLInputField]


def differences(pruned: str, whole: str, open_enums: Collection[str] = ()) -> tuple[ShapeProblem, ...]:
    """Return where the pruned SDL says what the whole one does not; `Text.DOCUMENT` are problems of the whole one."""
    ours, broken = read_sdl(pruned)
    completed, stand_ins = _completed(whole)
    theirs, unreadable = read_sdl(completed)
    if ours is None or theirs is None:
        return (*broken, *(ShapeProblem(Text.DOCUMENT, each.line, each.column, each.message) for each in unreadable))
    found = _Comparison(ours, theirs, open_enums, stand_ins).all()
    return tuple(sorted({_placed(node, message) for node, message in found}, key=lambda each: (each.line, each.column)))


def _completed(sdl: str) -> tuple[str, frozenset[str]]:
    """Return the SDL with a scalar for each type that it names and does not define, and the names of these."""
    try:
        parsed = gql.parse(sdl)
    except (gql.GraphQLError, RecursionError):
        return sdl, frozenset()  # whoever reads it next says what is wrong
    named = _Names()
    gql.visit(parsed, named)
    names = (getattr(each, "name", None) for each in parsed.definitions)
    defined = {name.value for name in names if name is not None}
    missing = frozenset(named.found - defined - set(gql.specified_scalar_types))
    return sdl + "".join(f"\nscalar {name}" for name in sorted(missing)), missing


class _Names(gql.Visitor):
    """Collects the names of types where they are used."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_named_type(self, node: gql.NamedTypeNode, *_args: Any) -> None:
        self.found.add(node.name.value)


def _placed(node: Any, message: str) -> ShapeProblem:
    place = node.loc.start_token if node is not None and node.loc else None
    return ShapeProblem(Text.SDL, place.line if place else 0, place.column if place else 0, message)


class _Comparison:
    """Compares type by type, in the pruned SDL's order."""

    def __init__(
        self,
        ours: gql.GraphQLSchema,
        theirs: gql.GraphQLSchema,
        open_enums: Collection[str],
        stand_ins: Collection[str],
    ) -> None:
        self._ours = ours
        self._theirs = theirs
        self._stand_ins = stand_ins
        self._may_be_cut = {*open_enums, *_only_sent(ours)}

    def all(self) -> _Found:
        for operation in () if self._stand_ins else gql.OperationType:
            ours, theirs = self._ours.get_root_type(operation), self._theirs.get_root_type(operation)
            if ours and (theirs is None or theirs.name != ours.name):
                yield (
                    ours.ast_node,
                    f"the whole SDL's root of {operation.value} is {theirs.name if theirs else 'nothing'}",
                )
        for name, kind in self._ours.type_map.items():
            if not gql.is_introspection_type(kind) and not gql.is_specified_scalar_type(kind):
                yield from self._type(name, kind)
        for directive in self._ours.directives:
            if not gql.is_specified_directive(directive):
                yield from self._directive(directive)

    def _type(self, name: str, ours: Any) -> _Found:
        theirs: Any = self._theirs.get_type(name)
        if self._stand_ins and (theirs is None or name in self._stand_ins):
            return
        if theirs is None:
            yield ours.ast_node, f"the whole SDL has no type {name}{did_you_mean(name, self._theirs.type_map)}"
        elif type(ours) is not type(theirs):
            yield ours.ast_node, f"{name} is {_kind(theirs)} in the whole SDL, not {_kind(ours)}"
        elif gql.is_enum_type(ours):
            yield from self._enum(ours, theirs)
        elif gql.is_union_type(ours):
            yield from _missing_names(
                ours, "the union", {each.name for each in ours.types}, {t.name for t in theirs.types}
            )
        elif gql.is_input_object_type(ours):
            yield from _inputs(f"{name}.", ours.ast_node, ours.fields, theirs.fields)
        elif not gql.is_scalar_type(ours):
            implemented = {each.name for each in theirs.interfaces}
            yield from _missing_names(ours, "implements", {each.name for each in ours.interfaces}, implemented)
            yield from self._fields(ours, theirs)

    def _fields(self, ours: Any, theirs: Any) -> _Found:
        for name, field in ours.fields.items():
            whole = theirs.fields.get(name)
            what = f"{ours.name}.{name}"
            if whole is None:
                yield field.ast_node, f"the whole SDL has no field {what}{did_you_mean(name, theirs.fields)}"
                continue
            yield from _same_type(what, field, whole)
            yield from _same_age(what, field, whole)
            yield from _inputs(f"{what} argument ", field.ast_node, field.args, whole.args)

    def _enum(self, ours: gql.GraphQLEnumType, theirs: gql.GraphQLEnumType) -> _Found:
        for name, value in ours.values.items():
            whole = theirs.values.get(name)
            if whole is None:
                missing = f"the whole SDL has no value {ours.name}.{name}{did_you_mean(name, theirs.values)}"
                yield value.ast_node, missing
            else:
                yield from _same_age(f"{ours.name}.{name}", value, whole)
        cut = [name for name in theirs.values if name not in ours.values]
        if cut and ours.name not in self._may_be_cut:
            names = ", ".join(cut[:5]) + (f" and {len(cut) - 5} more" if len(cut) > 5 else "")
            advice = f"add them, or name {ours.name} under graphql.open_enums"
            yield ours.ast_node, f"{ours.name} leaves out {names}, which an answer may hold: {advice}"

    def _directive(self, ours: gql.GraphQLDirective) -> _Found:
        theirs = self._theirs.get_directive(ours.name)
        if theirs is None:
            known = [each.name for each in self._theirs.directives]
            yield ours.ast_node, f"the whole SDL has no directive @{ours.name}{did_you_mean(ours.name, known)}"
            return
        yield from _inputs(f"@{ours.name} argument ", ours.ast_node, ours.args, theirs.args)
        places = {each.name for each in ours.locations}
        yield from _missing_names(ours, "stands on", places, {each.name for each in theirs.locations})


def _only_sent(schema: gql.GraphQLSchema) -> set[str]:
    """Return the enums that no field gives back: what we do not send of them need not be there."""
    given: set[str] = set()
    for kind in schema.type_map.values():
        if isinstance(kind, gql.GraphQLObjectType | gql.GraphQLInterfaceType):
            given |= {gql.get_named_type(field.type).name for field in kind.fields.values()}
    return {name for name, kind in schema.type_map.items() if gql.is_enum_type(kind)} - given


def _inputs(what: str, place: Any, ours: _Inputs, theirs: _Inputs) -> _Found:
    """Compare what goes in: arguments, or the fields of an input type."""
    for name, given in ours.items():
        whole = theirs.get(name)
        if whole is None:
            yield given.ast_node, f"the whole SDL has no {what}{name}{did_you_mean(name, theirs)}"
            continue
        yield from _same_type(f"{what}{name}", given, whole)
        yield from _same_age(f"{what}{name}", given, whole)
    for name, whole in theirs.items():
        if name not in ours and _is_required(whole):
            yield place, f"{what}{name} is left out, which the vendor requires"


def _is_required(given: gql.GraphQLArgument | gql.GraphQLInputField) -> bool:
    return (
        gql.is_required_argument(given)
        if isinstance(given, gql.GraphQLArgument)
        else gql.is_required_input_field(given)
    )


def _same_type(what: str, ours: Any, theirs: Any) -> _Found:
    if str(ours.type) != str(theirs.type):
        yield ours.ast_node, f"{what} is {theirs.type} in the whole SDL, not {ours.type}"


def _same_age(what: str, ours: Any, theirs: Any) -> _Found:
    if theirs.deprecation_reason is not None and ours.deprecation_reason is None:
        yield ours.ast_node, f"{what} is deprecated in the whole SDL: {theirs.deprecation_reason}"


def _missing_names(ours: Any, relation: str, names: set[str], known: set[str]) -> _Found:
    for name in sorted(names - known):
        yield ours.ast_node, f"{ours.name}: {relation} {name}, which the whole SDL does not say"


def _kind(kind: Any) -> str:
    words = {"Object": "a type", "Interface": "an interface", "Union": "a union", "Enum": "an enum"}
    name = type(kind).__name__.removeprefix("GraphQL").removesuffix("Type")
    return words.get(name, "an input" if name == "InputObject" else "a scalar")


def printed(introspection: dict[str, Any], name: str) -> str:
    """Return the SDL of an introspection result; raises UsageError where it is none. `name` is what the error calls it."""
    try:
        return gql.print_schema(gql.build_client_schema(introspection))  # type: ignore[arg-type]
    except (gql.GraphQLError, TypeError, KeyError, AttributeError, ValueError, RecursionError) as reason:
        raise UsageError(f"{name}: not the whole result of an introspection: {str(reason)[:200]}") from None


def lines(sdl: str) -> Mapping[str, int]:
    """Return the line of every type, field and value of a readable SDL, as `Type` and `Type.field`."""
    found: dict[str, int] = {}
    for definition in gql.parse(sdl).definitions:
        name = getattr(getattr(definition, "name", None), "value", None)
        if name is None or definition.loc is None:
            continue
        found.setdefault(name, definition.loc.start_token.line)
        for part in (*getattr(definition, "fields", ()), *getattr(definition, "values", ())):
            found[f"{name}.{part.name.value}"] = part.loc.start_token.line
    return found
