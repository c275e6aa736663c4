"""JSON Schema, compiled once, references resolved.

    schema = Schema({"type": "object", ...}, "contracts/acme/users.yaml", "/operations/users.get/...", read)
    schema.is_valid({"id": 7})
    for mismatch in schema.mismatches({"id": "7"}): ...    # Mismatch("/id", "integer", 'string "7"', ...)
    schema.problems()                                       # (Fault(file, pointer, message), ...)

What a schema may hold is in `keywords`, how a mismatch is worded in `mismatch`, what its patterns may be in `patterns`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from provendor.errors import ContractError, Problem
from provendor.exchange import Json
from provendor.patterns import problem as pattern_problem
from provendor.schemas.keywords import Bundle, Fault, follow, link
from provendor.schemas.mismatch import Mismatch, described, mismatches, pointer_of

if TYPE_CHECKING:
    import jsonschema_rs

__all__ = ["Fault", "Mismatch", "Schema"]

MAX_PATTERN: Final = 10_000  # characters


class Schema:
    """A JSON Schema that stands in `file` at the JSON pointer `pointer`.

    `read` returns the value of a file of the vendor's folder, by its name relative to what `file` is relative to; where it
    returns the same object for the same name, schemas that refer to the same place share what was compiled.
    """

    __slots__ = ("_linked", "_referred", "file", "pointer", "read", "value")

    def __init__(self, value: Json, file: str, pointer: str, read: Callable[[str], Json]) -> None:
        self.value = value
        self.file = file
        self.pointer = pointer
        self.read = read
        self._linked: _Linked | None = None
        self._referred = False

    def is_valid(self, instance: Any) -> bool:
        """Say whether a JSON value fits; raises ContractError if this is no schema."""
        try:
            return self._link().validator.is_valid(instance)
        except ValueError:  # not a JSON value, or text that is no Unicode: half of a character
            return False

    def mismatches(self, instance: Any) -> Iterator[Mismatch]:
        """Yield every way in which a JSON value does not fit, sorted by place; raises ContractError if this is no schema."""
        linked = self._link()
        try:
            for mismatch in mismatches(linked.validator.iter_errors(instance), instance, linked.bundle):
                yield mismatch._replace(keyword="/$ref" + mismatch.keyword) if self._referred else mismatch
        except ValueError as reason:
            yield _unreadable(instance, reason, self)

    @property
    def bundle(self) -> Bundle:
        """The schema with all it refers to, as it is compiled: `#/$defs/0` is the schema itself."""
        return self._link().bundle

    def part_is_valid(self, pointer: str, instance: Any) -> bool:
        """Say whether a value fits the part of the bundle at this JSON pointer, such as `/$defs/0/anyOf/1`."""
        try:
            return self._link().part(pointer).is_valid(instance)
        except ValueError:  # as in `is_valid`
            return False

    def problems(self) -> tuple[Fault, ...]:
        """Return everything that is wrong with the schema and with what it refers to."""
        return self._link().faults

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Schema):
            return NotImplemented
        return (self.file, self.pointer, self.value) == (other.file, other.pointer, other.value)

    def __hash__(self) -> int:
        return hash((self.file, self.pointer))

    def __repr__(self) -> str:
        return f"Schema({self.file}#{self.pointer})"

    def _link(self) -> _Linked:
        if self._linked is None:
            folder = posixpath.dirname(self.file)
            value, file, pointer = self.value, self.file, self.pointer
            if isinstance(value, dict) and list(value) == ["$ref"] and isinstance(value["$ref"], str):
                # Many cases refer to one and the same schema and to nothing else: that schema is compiled once.
                found = _followed(value["$ref"], file, self.read)
                if found is not None:
                    self._referred = True
                    (file, pointer), value = found
            self._linked = _linked(_Same(value), file, pointer, self.read, folder)
        return self._linked


class _Same:
    """A value as a key that is equal only to itself. It keeps the value alive, so that no other can take its identity."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


class _Linked:
    """A schema with what it refers to, compiled when it is first used."""

    __slots__ = ("_parts", "_validator", "bundle", "faults")

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._parts: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._validator: jsonschema_rs.Draft202012Validator | None = None
        self.faults: tuple[Fault, ...] = bundle.faults or self._compile()

    @property
    def validator(self) -> jsonschema_rs.Draft202012Validator:
        if self._validator is None:
            raise ContractError(tuple(Problem(file, 0, 0, at, message) for file, at, message in self.faults))
        return self._validator

    def part(self, pointer: str) -> jsonschema_rs.Draft202012Validator:
        """Return the validator of a part of the bundle, compiled when it is first asked for."""
        if pointer not in self._parts:
            # Percent-encoded, because a reference is a URI: patternProperties are named after regular expressions.
            reference = "#" + quote(pointer, safe="/~$")
            self._parts[pointer] = _compile({"$ref": reference, "$defs": self.bundle.schema["$defs"]})
        return self._parts[pointer]

    def _compile(self) -> tuple[Fault, ...]:
        try:
            self._validator = _compile(self.bundle.schema)
        except ValueError as reason:
            return tuple(_pattern_faults(self.bundle)) or (self._untold(reason),)
        return ()

    def _untold(self, reason: ValueError) -> Fault:
        """Return what `keywords` let pass and jsonschema-rs refuses."""
        path = getattr(reason, "instance_path", None) or ["$defs", 0]
        origin = self.bundle.origins[int(path[1])]
        return Fault(origin.file, origin.pointer + pointer_of(path[2:]), f"not a JSON Schema: {str(reason)[:200]}")


_followed = lru_cache(maxsize=4096)(follow)


@lru_cache(maxsize=4096)  # by identity: an entry cannot go stale
def _linked(value: _Same, file: str, pointer: str, read: Callable[[str], Json], folder: str) -> _Linked:
    return _Linked(link(value.value, file, pointer, read, folder))


def _compile(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs  # noqa: PLC0415 - 40 ms that only a JSON body needs

    return jsonschema_rs.Draft202012Validator(
        schema,
        validate_formats=True,
        offline=True,
        pattern_options=jsonschema_rs.RegexOptions(),
    )


def _pattern_faults(bundle: Bundle) -> Iterator[Fault]:
    for origin, pattern in bundle.patterns:
        if (message := pattern_problem(pattern)) is not None:
            yield Fault(*origin, message)


def _unreadable(instance: Any, reason: ValueError, schema: Schema) -> Mismatch:
    if isinstance(reason, UnicodeEncodeError):
        return Mismatch(
            "", "Unicode text", "text with half of a character (a lone surrogate)", "", schema.file, schema.pointer
        )
    if "ecursion" in str(reason):
        return Mismatch("", "at most 255 levels", "nested more deeply", "", schema.file, schema.pointer)
    return Mismatch("", "a JSON value", described(instance), "", schema.file, schema.pointer)


# --- schemas of others ------------------------------------------------------------------------------------------------


class NotASchema(ValueError):
    """A schema that somebody else wrote cannot be used; the text says why."""


def refusals(schema: Json, instance: Json) -> Iterator[tuple[str, str]]:
    """Yield place and reason of everything that a foreign schema, of whatever draft, refuses; raises NotASchema.

    A vendor's own schema, such as that of an MCP tool's arguments, is no part of the contract: its keywords are its own.
    """
    import jsonschema_rs  # noqa: PLC0415 - 40 ms that only a JSON body needs

    if not isinstance(schema, (dict, bool)):
        raise NotASchema(f"expected a JSON Schema, got {described(schema)}")
    try:
        validator = jsonschema_rs.validator_for(schema, offline=True, pattern_options=jsonschema_rs.RegexOptions())
    except ValueError as reason:
        raise NotASchema(str(reason).partition("\n")[0][:200] or "not a JSON Schema") from None
    try:
        for error in validator.iter_errors(instance):
            yield pointer_of(error.instance_path) or "/", error.message[:200]
    except ValueError as reason:
        raise NotASchema(str(reason)[:200]) from None
