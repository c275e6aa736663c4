"""Requests: references to names that nobody has declared, credentials without a secret, changes of what is not there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from provendor.reader.nodes import Found, Node
from provendor.requests import references
from provendor.suggest import did_you_mean

BODIES: Final = ("json", "form", "raw")
"""The keys of an operation that hold a body."""

ALWAYS_KNOWN: Final = frozenset({"base_url"})
"""Names that no contract declares."""


def known_names(vendor: Node) -> set[str]:
    """Return what every template of the vendor may refer to."""
    return vendor["variables"].names | vendor["secrets"].names | ALWAYS_KNOWN


def credentials(auth: Node, vendor: Node) -> Found:
    """Yield references to unknown names in an `auth`, and a credential that holds no secret."""
    secrets = vendor["secrets"].names
    known = known_names(vendor)
    for credential in auth.entries():
        if not isinstance(credential.value, dict):
            continue
        parts = [credential["value"], credential["bearer"], *credential["basic"].values()]
        names = [name for part in parts for name in references(part.text)]
        for part in parts:
            yield from unknown(part, known)
        if any(part.text for part in parts) and secrets.isdisjoint(names) and known.issuperset(names):
            message = (
                "no {secret} in this credential: declare it under `secrets` in vendor.yaml and write its name in braces"
            )
            yield credential.fault(message)


def templates(part: Node, operation: Node, vendor: Node, captured: Collection[str] = ()) -> Found:
    """Yield references to unknown names in the query, headers and body of an operation or of a `with`."""
    parts = [part[key] for key in ("query", "headers", "mcp", *BODIES) if key in part]
    if any(_may_refer(each.value) for each in parts):  # few of the thousands of cases do
        known = known_names(vendor).union(references(operation["request"].text), captured)
        for each in parts:
            yield from unknown_if_read(each, known, vendor)


def _may_refer(value: Any) -> bool:
    """Tell whether there is a brace in any text below."""
    if isinstance(value, dict | list):
        return any(_may_refer(below) for below in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and "{" in value


def unknown_if_read(node: Node, known: set[str], vendor: Node) -> Found:
    """Yield references to names that are not known, unless nothing is known because vendor.yaml could not be read."""
    if vendor.is_mapping:
        yield from unknown(node, known)


def unknown(node: Node, known: set[str]) -> Found:
    """Yield references, however deep, to names that are not known."""
    if isinstance(node.value, dict):
        for below in node.values():
            yield from unknown(below, known)
    elif isinstance(node.value, list):
        for below in node.entries():
            yield from unknown(below, known)
    else:
        for name in dict.fromkeys(references(node.text)):
            if name not in known:
                hint = did_you_mean(name, known) or f"; for the text itself write {{{{{name}}}}}"
                yield node.fault(f"{{{name}}} is neither a variable nor a secret nor a path parameter{hint}")


def same_header_twice(headers: Node) -> Found:
    """Yield header names that differ by nothing but case."""
    seen: dict[str, str] = {}
    for name, node in headers.items():
        if name.lower() in seen:
            yield node.fault(f"the same header as {seen[name.lower()]}: case makes no difference", at_key=True)
        seen.setdefault(name.lower(), name)


def difference(change: Node, operation: Node, vendor: Node, captured: Collection[str] = ()) -> Found:
    """Yield what a `with` changes although the operation has no such thing."""
    if change.value is None:
        return
    if "auth" in change:
        yield from credentials(change["auth"], vendor)
    yield from templates(change, operation, vendor, captured)
    yield from same_header_twice(change["headers"])
    for part in [each for each in ("query", "headers") if each in change]:
        ours = {key.lower() if part == "headers" else key for key in operation[part].names}
        for key, node in change[part].items():
            if node.value is None and (key.lower() if part == "headers" else key) not in ours:
                yield node.fault(f"null removes, but the operation has no {key} here{did_you_mean(key, ours)}")
    if change["auth"].value in ("wrong", "none") and vendor.is_mapping:
        auth = operation["auth"] if "auth" in operation else vendor["auth"]
        if auth.value in (None, "none"):
            yield change["auth"].fault("the operation sends no credential that could be wrong or left out")
