"""What every kind of spec is made of: operations with their parameters and answers, and the way through a document.

Vendors' documents break the rules of their own formats (that is what `drift` looks for), so that what is not understood is
left out here and never an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from provendor.schemas.shapes import Node, any_of

MAX_OPERATIONS: Final = 20_000
MAX_HOPS: Final = 20  # references from one to the next


class Undeclared(Enum):
    """What a spec says of an answer where it has no schema for it."""

    STATUS = "the status is not declared"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation: `query`, `header` or `path`."""

    name: str
    where: str
    required: bool
    deprecated: bool
    place: str


@dataclass(frozen=True, slots=True)
class SpecOperation:
    """One operation of a spec. `answers` is by status as the spec writes it; None where it has no JSON schema."""

    method: str
    paths: tuple[str, ...]
    name: str
    place: str
    deprecated: bool = False
    parameters: tuple[Parameter, ...] = ()
    body: Node | None = None
    body_required: bool = False
    answers: Mapping[str, Node | None] = field(default_factory=dict)

    def answer(self, status: int) -> Node | None | Undeclared:
        """Return the schema of the answers with this status."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in self.answers:
                return self.answers[key]
        return Undeclared.STATUS


def merged(operations: Sequence[SpecOperation]) -> SpecOperation:
    """Return what several descriptions of one operation say together: each allows what it says, none forbids the others'."""
    first = operations[0]
    if len(operations) == 1:
        return first
    statuses = dict.fromkeys(status for each in operations for status in each.answers)
    bodies = [each.body for each in operations if each.body is not None]
    return SpecOperation(
        method=first.method,
        paths=tuple(dict.fromkeys(path for each in operations for path in each.paths)),
        name=first.name,
        place=first.place,
        deprecated=all(each.deprecated for each in operations),
        parameters=tuple(_merged_parameters(operations)),
        body=any_of(bodies) if bodies else None,
        body_required=all(each.body_required for each in operations),
        answers={status: _answer([each.answers.get(status) for each in operations]) for status in statuses},
    )


def _merged_parameters(operations: Sequence[SpecOperation]) -> Iterator[Parameter]:
    found: dict[tuple[str, str], list[Parameter]] = {}
    for operation in operations:
        for each in operation.parameters:
            found.setdefault((each.where, each.name), []).append(each)
    for same in found.values():
        everywhere = len(same) == len(operations)
        yield Parameter(
            same[0].name,
            same[0].where,
            everywhere and all(each.required for each in same),
            all(each.deprecated for each in same),
            same[0].place,
        )


def _answer(nodes: Sequence[Node | None]) -> Node | None:
    known = [node for node in nodes if node is not None]
    return any_of(known) if known else None


# --- through a document -------------------------------------------------------------------------------------------------


def mapping(value: Any) -> dict[str, Any]:
    """Return a value where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def solid(node: Node) -> Node:
    """Return what a node refers to, where it is nothing but a reference."""
    for _ in range(MAX_HOPS):
        reference = mapping(node.value).get("$ref")
        target = node.follow(reference, node.file) if isinstance(reference, str) else None
        if target is None:
            return node
        node = target
    return node


def below(node: Node, step: str) -> Node | None:
    """Return what stands under a key, references followed; None where nothing does."""
    return solid(node.below(step)) if step in mapping(node.value) else None


def children(node: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield each key of a mapping with what stands under it, references followed."""
    for name in mapping(node.value) if node else ():
        yield name, solid(node.below(name))  # type: ignore[union-attr]


def elements(node: Node | None) -> Iterator[Node]:
    """Yield the entries of a list, references followed."""
    if node and isinstance(node.value, list):
        for index in range(len(node.value)):
            yield solid(node.below(index))


def place_of(node: Node) -> str:
    """Return where a node stands: `file#pointer`."""
    return f"{node.file}#{node.pointer}"
