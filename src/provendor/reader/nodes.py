"""A value of a contract file with the way to it, for what judges the meaning of contracts.

    node = Node("orders.yaml", value)["operations"]["orders.list"]
    node["status"].value           # None where there is no such key, or no mapping that could have one
    node.fault("expected ...")     # what is wrong, with its place

Whatever the grammar has already found fault with is passed over in this way: it gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from provendor.reader.language import Fault, Way
from provendor.reader.notation import seconds

Found: TypeAlias = "Iterator[tuple[str, Fault]]"


@dataclass(slots=True)  # nothing changes one; frozen it would take three times as long to make, and there are very many
class Node:
    """A value and the way to it. Asking for what is not there, or not of that kind, gives nothing."""

    file: str
    value: Any
    way: Way = ()

    def __getitem__(self, key: str) -> Node:
        return Node(self.file, self.value.get(key) if isinstance(self.value, dict) else None, (*self.way, key))

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield the entries of a mapping."""
        for key in self.value if isinstance(self.value, dict) else ():
            yield key, self[key]

    def entries(self) -> list[Node]:
        """Return the entries of a list, or the value itself where it is not a list; nothing for null."""
        if isinstance(self.value, list):
            return [Node(self.file, item, (*self.way, index)) for index, item in enumerate(self.value)]
        return [] if self.value is None else [self]

    def values(self) -> Iterator[Node]:
        """Yield the values of a mapping."""
        return (node for _, node in self.items())

    @property
    def is_mapping(self) -> bool:
        """Whether there is a mapping. Without vendor.yaml every name would be unknown: one problem, not many."""
        return isinstance(self.value, dict)

    @property
    def names(self) -> set[str]:
        """The keys of a mapping."""
        return set(self.value) if isinstance(self.value, dict) else set()

    @property
    def text(self) -> str:
        """The value where it is a string, else an empty string."""
        return self.value if isinstance(self.value, str) else ""

    def fault(self, message: str, *, at_key: bool = False) -> tuple[str, Fault]:
        """Return a fault at this place."""
        return self.file, Fault(self.way, message, at_key)


def in_order(node: Node, first: str, second: str, default: str = "") -> Found:
    """Yield a warning time that comes after the end it should warn of."""
    if first not in node:
        return
    warn, end = seconds_of(node[first].value), seconds_of(node[second].value if second in node else default)
    if warn is not None and end is not None and warn >= end:
        limit = node[second].text or f"{default}, its default"
        yield node[first].fault(f"{first} must be shorter than {second} ({limit})")


def seconds_of(value: Any) -> float | None:
    """Return a duration in seconds; None for what is none."""
    try:
        return seconds(value)
    except (AttributeError, KeyError, ValueError):
        return None
