"""What the language's grammar cannot say: names that must exist, rules that must be reachable, halves that must fit.

    faults(files)      # every such fault of one vendor, file by file

Works on values as they were read, so that every problem of a file comes at once: whatever the grammar has already found
fault with is passed over here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from provendor.building import VENDOR_FILE, seconds, statuses
from provendor.contract import StatusSet
from provendor.exchange import Json
from provendor.language import Fault, Way, quoted
from provendor.requests import references
from provendor.suggest import did_you_mean

Found: TypeAlias = "Iterator[tuple[str, Fault]]"

_BODIES = ("json", "form", "raw")
_ALWAYS_KNOWN = frozenset({"base_url"})
_READS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
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


def faults(folder: str, files: Mapping[str, Json]) -> Found:
    """Yield the faults of a vendor's files, each with its file's name; `folder` is the name of the vendor's folder."""
    shared = Node(VENDOR_FILE, files.get(VENDOR_FILE))
    yield from _vendor(shared, folder)
    seen: dict[str, str] = {}
    for name, value in files.items():
        for operation, node in Node(name, value)["operations"].items():
            if operation in seen:
                yield node.fault(
                    f"the operation is already in {seen[operation]}: ids are unique per vendor", at_key=True
                )
            seen.setdefault(operation, name)
            yield from _operation(node, shared)


# --- vendor.yaml ------------------------------------------------------------------------------------------------------


def _vendor(vendor: Node, folder: str) -> Found:
    name = vendor["vendor"]
    if name.text and name.text != folder:
        yield name.fault(f"the folder is called {quoted(folder)}; vendor and folder have the same name")
    variables = vendor["variables"].names
    for section in ("variables", "secrets"):
        for key, node in vendor[section].items():
            if key in _ALWAYS_KNOWN:
                yield node.fault(f"{key} is the environment's base URL: choose another name", at_key=True)
            if section == "secrets" and key in variables:
                yield node.fault(f"{key} is already a variable: choose another name", at_key=True)
    yield from _auth(vendor["auth"], vendor)
    yield from _rules(vendor["errors"])


def _known_names(vendor: Node) -> set[str]:
    return vendor["variables"].names | vendor["secrets"].names | _ALWAYS_KNOWN


def _auth(auth: Node, vendor: Node) -> Found:
    secrets = vendor["secrets"].names
    known = _known_names(vendor)
    for credential in auth.entries():
        if not isinstance(credential.value, dict):
            continue
        parts = [credential["value"], credential["bearer"], *credential["basic"].values()]
        names = [name for part in parts for name in references(part.text)]
        for part in parts:
            yield from _unknown(part, known)
        if any(part.text for part in parts) and secrets.isdisjoint(names) and known.issuperset(names):
            message = (
                "no {secret} in this credential: declare it under `secrets` in vendor.yaml and write its name in braces"
            )
            yield credential.fault(message)


def _rules(rules: Node) -> Found:
    """Yield rules that can never be reached, and codes that are retryable in one row and not in the next."""
    earlier: list[Node] = []
    retryable: dict[str, tuple[int, bool]] = {}
    for index, rule in enumerate(rules.entries() if isinstance(rules.value, list) else ()):
        if not isinstance(rule.value, dict):
            continue
        before = next((each for each in earlier if _swallows(each, rule)), None)
        if before is not None:
            yield rule.fault(f"never reached: rule {before.way[-1]} of this table matches all of it first")
        earlier.append(rule)
        code, says = rule["code"].text, rule["retryable"].value
        if code and isinstance(says, bool):
            first, said = retryable.setdefault(code, (index, says))
            if said is not says:
                yield rule["retryable"].fault(
                    f'rule {first} of this table says the opposite for "{code}": use two codes'
                )


def _swallows(first: Node, second: Node) -> bool:
    """Tell whether the first rule matches every answer that the second one does."""
    conditions = [key for key in ("status", "header", "json", "text") if key in first]
    return bool(conditions) and all(key in second and _implied(key, first[key], second[key]) for key in conditions)


def _implied(key: str, wider: Node, narrower: Node) -> bool:
    if key == "status":
        ours, theirs = _statuses(wider), _statuses(narrower)
        return ours is not None and theirs is not None and _covers(ours, theirs)
    if key == "text":
        return bool(wider.text) and wider.text == narrower.text
    return bool(wider.names) and all(
        name in narrower and _same(node.value, narrower[name].value) for name, node in wider.items()
    )


def _same(ours: Any, theirs: Any) -> bool:
    return type(ours) is type(theirs) and ours == theirs


# --- operations -------------------------------------------------------------------------------------------------------


def _operation(operation: Node, vendor: Node) -> Found:
    yield from _safety(operation)
    yield from _auth(operation["auth"], vendor)
    yield from _rules(operation["errors"])
    yield from _path(operation, vendor)
    yield from _templates(operation, operation, vendor)
    yield from _same_header_twice(operation["headers"])
    yield from _order(operation["probe"], "warn_after", "timeout", default="10s")
    for case in operation["cases"].values():
        yield from _case(case, operation, vendor)


def _safety(operation: Node) -> Found:
    method = operation["request"].text.partition(" ")[0]
    safety = operation["safety"]
    if method and method not in _READS and method.isupper() and "safety" not in operation:
        message = f"{method} may change something: say `safety: write`, or `safety: read` where it only looks"
        yield operation.fault(message, at_key=True)
    if "probe" in operation and safety.value == "write":
        yield operation["probe"].fault("a probe never writes, and this operation is `safety: write`", at_key=True)


def _path(operation: Node, vendor: Node) -> Found:
    """Yield path parameters without a value and values without a path parameter."""
    request = operation["request"]
    names = list(references(request.text))
    known = _known_names(vendor)
    cases = [case["with"]["path"] for case in operation["cases"].values()]
    for name in dict.fromkeys(names):
        everywhere = bool(cases) and all(name in path for path in cases)
        if vendor.is_mapping and name not in known and name not in operation["path"] and not everywhere:
            message = f"{{{name}}} has no value: give it under `path`, or declare it in vendor.yaml"
            yield request.fault(message + did_you_mean(name, known | operation["path"].names))
    for given in (operation["path"], *cases):
        for name, node in given.items():
            if request.text and name not in names:
                yield node.fault(f"the request line holds no {{{name}}}{did_you_mean(name, names)}", at_key=True)
            yield from _unknown_if_read(node, known, vendor)


def _templates(part: Node, operation: Node, vendor: Node) -> Found:
    """Yield references to unknown names in the query, headers and body of an operation or of a case's `with`."""
    known = _known_names(vendor) | set(references(operation["request"].text))
    for key in ("query", "headers", *_BODIES):
        yield from _unknown_if_read(part[key], known, vendor)


def _unknown_if_read(node: Node, known: set[str], vendor: Node) -> Found:
    if vendor.is_mapping:
        yield from _unknown(node, known)


def _unknown(node: Node, known: set[str]) -> Found:
    if isinstance(node.value, dict):
        for below in node.values():
            yield from _unknown(below, known)
    elif isinstance(node.value, list):
        for below in node.entries():
            yield from _unknown(below, known)
    else:
        for name in dict.fromkeys(references(node.text)):
            if name not in known:
                hint = did_you_mean(name, known) or f"; for the text itself write {{{{{name}}}}}"
                yield node.fault(f"{{{name}}} is neither a variable nor a secret nor a path parameter{hint}")


def _same_header_twice(headers: Node) -> Found:
    seen: dict[str, str] = {}
    for name, node in headers.items():
        if name.lower() in seen:
            yield node.fault(f"the same header as {seen[name.lower()]}: case makes no difference", at_key=True)
        seen.setdefault(name.lower(), name)


def _order(node: Node, first: str, second: str, default: str = "") -> Found:
    """Yield a warning time that comes after the end it should warn of."""
    warn, end = _seconds(node[first].value), _seconds(node[second].value if second in node else default)
    if warn is not None and end is not None and warn >= end:
        limit = node[second].text or f"{default}, its default"
        yield node[first].fault(f"{first} must be shorter than {second} ({limit})")


# --- cases ------------------------------------------------------------------------------------------------------------


def _case(case: Node, operation: Node, vendor: Node) -> Found:
    yield from _difference(case["with"], operation, vendor)
    yield from _error(case, operation, vendor)
    yield from _same_header_twice(case["headers"])
    yield from _order(case["latency"], "warn_after", "fail_after")


def _difference(change: Node, operation: Node, vendor: Node) -> Found:
    """Yield what a case's `with` changes although the operation has no such thing."""
    yield from _auth(change["auth"], vendor)
    yield from _templates(change, operation, vendor)
    yield from _same_header_twice(change["headers"])
    for part in ("query", "headers"):
        ours = {key.lower() if part == "headers" else key for key in operation[part].names}
        for key, node in change[part].items():
            if node.value is None and (key.lower() if part == "headers" else key) not in ours:
                yield node.fault(f"null removes, but the operation has no {key} here{did_you_mean(key, ours)}")
    auth = operation["auth"] if "auth" in operation else vendor["auth"]
    if change["auth"].value in ("wrong", "none") and vendor.is_mapping and auth.value in (None, "none"):
        yield change["auth"].fault("the operation sends no credential that could be wrong or left out")


def _error(case: Node, operation: Node, vendor: Node) -> Found:
    """Yield an error code that does not exist, or that this case's status can never be given."""
    rules = [rule for table in (operation["errors"], vendor["errors"]) for rule in table.entries()]
    codes = {rule["code"].text for rule in rules if rule["code"].text}
    wanted, code, allowed = case["error"], case["error"].text, _statuses(case["status"])
    if not vendor.is_mapping:
        return
    if code and code not in codes:
        hint = did_you_mean(code, codes) or (f"; known: {', '.join(sorted(codes))}" if codes else "")
        yield wanted.fault(f'no error rule gives the code "{code}"{hint}')
    elif code and allowed and not any(_may_give(rule, code, allowed) for rule in rules):
        yield wanted.fault(f'no error rule gives the code "{code}" to status {allowed}')
    elif allowed:
        yield from _always_given(case, rules, code, allowed)


def _always_given(case: Node, rules: list[Node], code: str, allowed: StatusSet) -> Found:
    """Yield a code that the table gives whatever the answer holds, where the case expects another, or none."""
    for rule in rules:
        given = rule["code"].text
        if given == code and _may_give(rule, code, allowed):
            return
        ours = _statuses(rule["status"])
        if given and ours and _covers(ours, allowed) and not any(key in rule for key in ("header", "json", "text")):
            if code:
                yield case["error"].fault(f'status {allowed} is given the code "{given}" before "{code}" is tried')
            else:
                yield case.fault(f'status {allowed} is given the code "{given}": say `error: {given}`', at_key=True)
            return


def _may_give(rule: Node, code: str, allowed: StatusSet) -> bool:
    ours = _statuses(rule["status"]) if "status" in rule else None
    return rule["code"].text == code and (ours is None or _overlap(ours, allowed))


def _covers(wider: StatusSet, narrower: StatusSet) -> bool:
    return narrower.classes <= wider.classes and all(status in wider for status in narrower.exact)


def _overlap(ours: StatusSet, theirs: StatusSet) -> bool:
    return (
        bool(ours.classes & theirs.classes)
        or any(status in theirs for status in ours.exact)
        or any(status in ours for status in theirs.exact)
    )


def _statuses(node: Node) -> StatusSet | None:
    """Return the statuses that a node holds; None where it holds anything else."""
    items = node.entries()
    classes = ("1xx", "2xx", "3xx", "4xx", "5xx")
    fits = all(
        (isinstance(item.value, int) and not isinstance(item.value, bool)) or item.text in classes for item in items
    )
    return statuses([item.value for item in items]) if items and fits else None


def _seconds(value: Any) -> float | None:
    try:
        return seconds(value)
    except (AttributeError, KeyError, ValueError):
        return None
