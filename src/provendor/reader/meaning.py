"""What the language's grammar cannot say: names that must exist, rules that must be reachable, halves that must fit.

    faults(files)      # every such fault of one vendor, file by file

Works on values as they were read, so that every problem of a file comes at once: whatever the grammar has already found
fault with is passed over here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeAlias

from provendor.contract import StatusSet
from provendor.exchange import Json
from provendor.reader.case_sets import SECTION
from provendor.reader.language import Fault, Way, quoted
from provendor.reader.notation import seconds, statuses
from provendor.reader.planning import FLOW_CODES
from provendor.reader.sharing import VENDOR_FILE
from provendor.requests import references
from provendor.suggest import did_you_mean

Found: TypeAlias = "Iterator[tuple[str, Fault]]"

_BODIES = ("json", "form", "raw")
_ALWAYS_KNOWN = frozenset({"base_url"})
_READS = ("GET", "HEAD")


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


def faults(folder: str, files: Mapping[str, Json]) -> Found:
    """Yield the faults of a vendor's files, each with its file's name; `folder` is the name of the vendor's folder."""
    shared = Node(VENDOR_FILE, files.get(VENDOR_FILE))
    yield from _vendor(shared, folder)
    operations: dict[str, Node] = {}
    flows: dict[str, Node] = {}
    deliveries: dict[str, Node] = {}
    sections = (
        ("operations", "operation", operations),
        ("flows", "flow", flows),
        ("deliveries", "delivery", deliveries),
    )
    for name, value in files.items():
        for section, word, known in sections:
            for id_, node in Node(name, value)[section].items():
                first = operations.get(id_) or flows.get(id_) or deliveries.get(id_)
                if first is not None:
                    yield node.fault(f"the {word} is already in {first.file}: ids are unique per vendor", at_key=True)
                known.setdefault(id_, node)
    token = shared["oauth2"]["token"]
    if token.text and token.text not in operations:
        yield token.fault(f'no operation is called "{token.text}"{did_you_mean(token.text, operations)}')
    yield from _guides(shared["guides"], {*operations, *flows, *deliveries})
    yield from _maintenance(shared["maintenance"], {*operations})
    sets: dict[str, Node] = {}
    for name, value in files.items():
        for set_, node in Node(name, value)[SECTION].items():
            sets.setdefault(set_, node)
    yield from _sets(files, sets, operations.values())
    for node in operations.values():
        yield from _operation(node, shared, sets)
        yield from _cleanup(node["cleanup"], operations, shared, writes=node["safety"].value == "write")
    for node in flows.values():
        yield from _flow(node, operations, shared)
    for node in deliveries.values():
        yield from _delivery(node, shared)


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
    for key in ("meta", "arguments"):
        yield from _unknown(vendor["mcp"][key], _known_names(vendor))
    yield from _oauth2(vendor["oauth2"], vendor)
    for indicator in vendor["indicators"].values():
        ok, warn = indicator["ok"].value, indicator["warn"].value
        if isinstance(ok, (int, float)) and isinstance(warn, (int, float)) and warn > ok:
            yield indicator["warn"].fault(f"warn must not be above ok ({ok:g})")
    yield from _rules(vendor["errors"])
    yield from _webhooks(vendor["webhooks"], vendor["secrets"].names)


def _guides(guides: Node, ids: set[str]) -> Found:
    for guide in guides.values():
        yield from _patterns(guide["operations"], ids)


def _maintenance(windows: Node, ids: set[str]) -> Found:
    for window in windows.entries():
        yield from _patterns(window["operations"], ids)
        begins, ends = (_moment(window[key].text) for key in ("from", "until"))
        if begins and ends and ends <= begins:
            yield window["until"].fault("the window ends before it begins")


def _moment(text: str | None) -> datetime | None:
    """Return the moment that a text stands for; None for what the grammar refuses anyway."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _patterns(patterns: Node, ids: set[str]) -> Found:
    for pattern in patterns.entries():
        if pattern.text and not any(fnmatchcase(id_, pattern.text) for id_ in ids):
            yield pattern.fault(f'no operation is called "{pattern.text}"{did_you_mean(pattern.text, ids)}')


def _oauth2(oauth2: Node, vendor: Node) -> Found:
    """Yield names that no secret has, and an assertion without the grant that sends it, or the other way round."""
    secrets = vendor["secrets"].names
    for node in (oauth2["gives"], oauth2["assertion"]["gives"]):
        if node.text and node.text not in secrets:
            yield node.fault(f'no secret is called "{node.text}"{did_you_mean(node.text, secrets)}')
    for node in oauth2["assertion"].values():
        yield from _unknown(node, _known_names(vendor))
    signs = oauth2["grant"].text == "jwt_bearer"
    if oauth2["grant"].text and signs is not ("assertion" in oauth2):
        yield oauth2["grant"].fault("`jwt_bearer` needs an `assertion`, and no other grant has one")


def _webhooks(webhooks: Node, secrets: set[str]) -> Found:
    """Yield secrets that are not declared, and timestamps that are signed without being sent."""
    signature = webhooks["signature"]
    for node in (signature["secret"], webhooks["challenge"]["secret"]):
        for name in references(node.text):
            if name not in secrets:
                yield node.fault(f"{{{name}}} is not declared under `secrets`{did_you_mean(name, secrets)}")
    for key in ("signed", "tolerance"):
        needs = key in signature if key == "tolerance" else "{timestamp}" in signature["signed"].text
        if needs and "timestamp" not in signature:
            yield signature[key].fault("needs `timestamp`, the header that holds the moment of signing", at_key=True)


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


def _sets(files: Mapping[str, Json], sets: Mapping[str, Node], operations: Iterable[Node]) -> Found:
    """Yield sets of cases with one name, sets that nobody takes, and cases that an operation would have twice."""
    taken: set[str] = set()
    for file, value in files.items():
        for name, node in Node(file, value)[SECTION].items():
            if sets[name].file != file:
                yield node.fault(
                    f"the set is already in {sets[name].file}: names of sets are unique per vendor", at_key=True
                )
    for operation in operations:
        known: dict[str, str] = {}
        for entry in operation["sets"].entries():
            if entry.text and entry.text not in sets:
                yield entry.fault(f'no set of cases is called "{entry.text}"{did_you_mean(entry.text, sets)}')
            taken.add(entry.text)
            for case in sets[entry.text].names if entry.text in sets else ():
                first = known.setdefault(case, entry.text)
                if first != entry.text and case not in operation["cases"]:
                    message = f'the case "{case}" is in the set "{first}" as well: give the operation its own, or split the sets'
                    yield entry.fault(message)
    for name, node in sets.items():
        if name not in taken:
            yield node.fault("no operation takes this set of cases", at_key=True)


def _cases(operation: Node, sets: Mapping[str, Node]) -> list[Node]:
    """Return the cases of an operation: its own, and those of its sets, which stand elsewhere."""
    own = operation["cases"]
    taken = [sets[entry.text] for entry in operation["sets"].entries() if entry.text in sets]
    return [*own.values(), *(case for each in taken for name, case in each.items() if name not in own)]


def _operation(operation: Node, vendor: Node, sets: Mapping[str, Node]) -> Found:
    cases = _cases(operation, sets)
    yield from _safety(operation)
    yield from _auth(operation["auth"], vendor)
    yield from _rules(operation["errors"])
    yield from _path(operation, cases, vendor)
    yield from _templates(operation, operation, vendor)
    yield from _same_header_twice(operation["headers"])
    yield from _order(operation["probe"], "warn_after", "timeout", default="10s")
    yield from _paging(operation, cases)
    table = _table(operation["errors"], vendor["errors"])
    for case in cases:
        yield from _case(case, operation, vendor, table)


def _safety(operation: Node) -> Found:
    method = operation["request"].text.partition(" ")[0]
    safety = operation["safety"]
    if method and method not in _READS and method.isupper() and "safety" not in operation:
        message = f"{method} may change something: say `safety: write`, or `safety: read` where it only looks"
        yield operation.fault(message, at_key=True)
    if "probe" in operation and safety.value == "write":
        yield operation["probe"].fault("a probe never writes, and this operation is `safety: write`", at_key=True)


def _path(operation: Node, cases: Iterable[Node], vendor: Node) -> Found:
    """Yield path parameters without a value and values without a path parameter."""
    request = operation["request"]
    names = list(references(request.text))
    known = _known_names(vendor)
    paths = [case["with"]["path"] for case in cases]
    for name in dict.fromkeys(names):
        everywhere = bool(paths) and all(name in path for path in paths)
        if vendor.is_mapping and name not in known and name not in operation["path"] and not everywhere:
            message = f"{{{name}}} has no value: give it under `path`, or declare it in vendor.yaml"
            yield request.fault(message + did_you_mean(name, known | operation["path"].names))
    for given in (operation["path"], *paths):
        for name, node in given.items():
            if request.text and name not in names:
                yield node.fault(f"the request line holds no {{{name}}}{did_you_mean(name, names)}", at_key=True)
            yield from _unknown_if_read(node, known, vendor)


_STYLES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "cursor": (frozenset({"next", "send"}), frozenset({"next", "send", "more"})),
    "page": (frozenset({"send"}), frozenset({"send", "more", "pages", "first"})),
    "offset": (frozenset({"send"}), frozenset({"send", "more"})),
    "link": (frozenset(), frozenset({"next"})),
    "content-range": (frozenset({"send"}), frozenset({"send"})),
    "graphql": (frozenset({"next"}), frozenset({"next", "send"})),
}
"""What a style of paging needs, and what it can use besides that which goes with all of them."""
_OF_SOME_STYLES = ("next", "send", "more", "pages", "first")


def _paging(operation: Node, cases: Sequence[Node]) -> Found:
    """Yield what does not fit the style of paging, and paging that no case proves."""
    paging = operation["paging"]
    reading = [case for case in cases if "pages" in case]
    if not paging.is_mapping:
        for case in reading:
            yield case["pages"].fault(
                "the operation has no `paging`, which says how to ask for the next page", at_key=True
            )
        return
    needed, usable = _STYLES.get(paging["style"].text, (frozenset(), frozenset(_OF_SOME_STYLES)))
    for key in _OF_SOME_STYLES:
        if key in needed and key not in paging:
            yield paging.fault(f'the key "{key}" is missing: style {paging["style"].text} needs it', at_key=True)
        elif key in paging and key not in usable:
            yield paging[key].fault(f"style {paging['style'].text} has no use for it", at_key=True)
    for key, part in (("json", "json"), ("graphql", "graphql")):
        if key in paging["send"] and part not in operation:
            yield paging["send"][key].fault(f"the operation has no `{part}` that could hold it", at_key=True)
    if cases and not reading:
        yield paging.fault("no case proves it: give one `pages: all`", at_key=True)


def _templates(part: Node, operation: Node, vendor: Node, captured: Collection[str] = ()) -> Found:
    """Yield references to unknown names in the query, headers and body of an operation or of a `with`."""
    known = _known_names(vendor).union(references(operation["request"].text), captured)
    for key in ("query", "headers", "mcp", *_BODIES):
        if key in part:
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


def _case(case: Node, operation: Node, vendor: Node, table: Sequence[_Rule]) -> Found:
    yield from _difference(case["with"], operation, vendor)
    yield from _error(case, table, vendor)
    yield from _same_header_twice(case["headers"])
    yield from _order(case["latency"], "warn_after", "fail_after")


def _difference(change: Node, operation: Node, vendor: Node, captured: Collection[str] = ()) -> Found:
    """Yield what a `with` changes although the operation has no such thing."""
    if change.value is None:
        return
    if "auth" in change:
        yield from _auth(change["auth"], vendor)
    yield from _templates(change, operation, vendor, captured)
    yield from _same_header_twice(change["headers"])
    for part in [each for each in ("query", "headers") if each in change]:
        ours = {key.lower() if part == "headers" else key for key in operation[part].names}
        for key, node in change[part].items():
            if node.value is None and (key.lower() if part == "headers" else key) not in ours:
                yield node.fault(f"null removes, but the operation has no {key} here{did_you_mean(key, ours)}")
    auth = operation["auth"] if "auth" in operation else vendor["auth"]
    if change["auth"].value in ("wrong", "none") and vendor.is_mapping and auth.value in (None, "none"):
        yield change["auth"].fault("the operation sends no credential that could be wrong or left out")


class _Rule(NamedTuple):
    """A row of an error table, as far as it decides which code a status can be given; `statuses` is None where it says none."""

    code: str
    statuses: StatusSet | None
    on_status_alone: bool


def _table(*tables: Node) -> list[_Rule]:
    """Return the rows of error tables, in the order in which they are tried."""
    return [
        _Rule(rule["code"].text, _statuses(rule["status"]), not any(key in rule for key in ("header", "json", "text")))
        for table in tables
        for rule in table.entries()
    ]


def _error(case: Node, rules: Sequence[_Rule], vendor: Node, others: Iterable[str] = ()) -> Found:
    """Yield an error code that does not exist, or that this case's status can never be given.

    `others` are codes that do not come from a table.
    """
    codes = {rule.code for rule in rules if rule.code}
    wanted, code, allowed = case["error"], case["error"].text, _statuses(case["status"])
    if not vendor.is_mapping:
        return
    if code and code not in codes:
        hint = did_you_mean(code, [*codes, *others]) or (f"; known: {', '.join(sorted(codes))}" if codes else "")
        yield wanted.fault(f'no error rule gives the code "{code}"{hint}')
    elif code and allowed and not any(_may_give(rule, code, allowed) for rule in rules):
        yield wanted.fault(f'no error rule gives the code "{code}" to status {allowed}')
    elif allowed:
        yield from _always_given(case, rules, code, allowed)


def _always_given(case: Node, rules: Sequence[_Rule], code: str, allowed: StatusSet) -> Found:
    """Yield a code that the table gives whatever the answer holds, where the case expects another, or none."""
    for rule in rules:
        given, ours = rule.code, rule.statuses
        if given == code and _may_give(rule, code, allowed):
            return
        if given and ours and rule.on_status_alone and _covers(ours, allowed):
            if code:
                yield case["error"].fault(f'status {allowed} is given the code "{given}" before "{code}" is tried')
            else:
                yield case.fault(f'status {allowed} is given the code "{given}": say `error: {given}`', at_key=True)
            return


def _may_give(rule: _Rule, code: str, allowed: StatusSet) -> bool:
    return rule.code == code and (rule.statuses is None or _overlap(rule.statuses, allowed))


def _covers(wider: StatusSet, narrower: StatusSet) -> bool:
    return narrower.classes <= wider.classes and all(status in wider for status in narrower.exact)


def _overlap(ours: StatusSet, theirs: StatusSet) -> bool:
    return (
        bool(ours.classes & theirs.classes)
        or any(status in theirs for status in ours.exact)
        or any(status in ours for status in theirs.exact)
    )


# --- flows ------------------------------------------------------------------------------------------------------------


def _flow(flow: Node, operations: Mapping[str, Node], vendor: Node) -> Found:
    steps = flow["steps"].entries() if isinstance(flow["steps"].value, list) else []
    names = [step["name"].text for step in steps]
    yield from _rules(flow["errors"])
    captured: set[str] = set()
    for index, step in enumerate(steps):
        if step["name"].text in names[:index]:
            yield step["name"].fault("another step has this name already")
        yield from _step(step, operations, vendor, captured)
        yield from _captures(step, steps[index + 1 :], operations, vendor)
        captured |= step["capture"].names
        yield from _cleanup(step["cleanup"], operations, vendor, writes=_writes(steps, operations))
    for case in flow["cases"].values():
        yield from _flow_case(case, flow, dict(zip(names, steps, strict=True)), operations, vendor)


def _step(step: Node, operations: Mapping[str, Node], vendor: Node, captured: set[str]) -> Found:
    call = step["call"]
    operation = operations.get(call.text)
    if operation is None:
        if call.text:
            yield call.fault(f"the vendor has no operation {call.text}{did_you_mean(call.text, operations)}")
    else:
        yield from _step_request(step["with"], operation, vendor, captured)
        given = operation["path"].names | step["with"]["path"].names | captured | _known_names(vendor)
        for name in dict.fromkeys(references(operation["request"].text)):
            if vendor.is_mapping and name not in given:
                yield call.fault(f"{{{name}}} has no value here: capture it before, or give it under `with`")
    yield from _poll(step["poll"])


def _step_request(change: Node, operation: Node, vendor: Node, captured: set[str]) -> Found:
    """Yield what does not fit in a step's `with`, or in what a case changes of it."""
    yield from _difference(change, operation, vendor, captured)
    names = set(references(operation["request"].text))
    for name, node in change["path"].items():
        if operation["request"].text and name not in names:
            yield node.fault(f"the request line holds no {{{name}}}{did_you_mean(name, names)}", at_key=True)
        yield from _unknown_if_read(node, _known_names(vendor) | captured, vendor)


def _captures(step: Node, later: list[Node], operations: Mapping[str, Node], vendor: Node) -> Found:
    """Yield captures that hide a variable, or that no later step uses."""
    for name, node in step["capture"].items():
        if name in _known_names(vendor):
            yield node.fault(f"{name} is already a variable or a secret: choose another name", at_key=True)
        elif not any(_uses(each, operations.get(each["call"].text), name) for each in later):
            yield node.fault(f"nothing after it uses {{{name}}}", at_key=True)


def _writes(steps: Iterable[Node], operations: Mapping[str, Node]) -> bool:
    called = (operations.get(step["call"].text) for step in steps)
    return any(operation is not None and operation["safety"].value == "write" for operation in called)


def _cleanup(cleanup: Node, operations: Mapping[str, Node], vendor: Node, *, writes: bool) -> Found:
    """Yield a clean-up after what makes nothing, by what takes nothing away, or with values that nobody has or uses."""
    if not cleanup.is_mapping:
        return
    if not writes:
        yield cleanup.fault("there is nothing to take away: nothing here is `safety: write`", at_key=True)
    operation = operations.get(cleanup["call"].text)
    yield from _step(cleanup, operations, vendor, cleanup["capture"].names)
    if operation is not None and operation["safety"].value != "write":
        yield cleanup["call"].fault("it takes nothing away: the operation is not `safety: write`")
    yield from _captures(cleanup, [cleanup], operations, vendor)


def _uses(step: Node, operation: Node | None, name: str) -> bool:
    parts = [step["with"].value]
    if operation is not None:
        parts += [operation[key].value for key in ("request", "query", "headers", "graphql", "mcp", *_BODIES)]
    return any(name in references(text) for text in _texts(parts))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for below in value.values() if isinstance(value, dict) else value:
            yield from _texts(below)


def _poll(poll: Node) -> Found:
    """Yield a poll that never asks twice, and a state that stands for two things at once."""
    every, within = _seconds(poll["every"].value), _seconds(poll["within"].value)
    if every is not None and within is not None and every >= within:
        yield poll["every"].fault(f"every must be shorter than within ({poll['within'].text})")
    seen: dict[tuple[str, str], str] = {}
    for key in ("until", "fail_when", "while"):
        for path, node in poll[key].items():
            for state in node.entries():
                known = seen.setdefault((path, repr(state.value)), key)
                if known != key:
                    yield state.fault(f"the same state stands under {known}")


def _flow_case(
    case: Node, flow: Node, steps: Mapping[str, Node], operations: Mapping[str, Node], vendor: Node
) -> Found:
    ends_at = case["ends_at"].text or (list(steps) or [""])[-1]
    if ends_at not in steps:
        if ends_at:
            yield case["ends_at"].fault(f'no step is called "{ends_at}"{did_you_mean(ends_at, steps)}')
        return
    way = list(steps)[: list(steps).index(ends_at) + 1]
    captured: set[str] = set()
    for name in way:
        if (operation := operations.get(steps[name]["call"].text)) and name in case["with"]:
            yield from _step_request(case["with"][name], operation, vendor, captured)
        captured |= steps[name]["capture"].names
    for name, node in case["with"].items():
        if name not in way:
            yield node.fault(f"no step of this case has this name{did_you_mean(name, way)}", at_key=True)
    end, code = steps[ends_at], case["error"].text
    if code in FLOW_CODES:
        yield from _own_code(case["error"], end)
    else:
        called = operations.get(end["call"].text, Node(case.file, None))
        yield from _error(case, _table(flow["errors"], called["errors"], vendor["errors"]), vendor, FLOW_CODES)
    yield from _same_header_twice(case["headers"])
    yield from _order(case["latency"], "warn_after", "fail_after")


def _own_code(error: Node, end: Node) -> Found:
    """Yield a code of flows that the step at the end can never give."""
    needs = {"flow-capture": ("capture",), "flow-failed": ("poll", "fail_when"), "flow-state": ("poll", "while")}
    node = end
    for key in needs.get(error.text, ("poll",)):
        if key not in node:
            yield error.fault(f'the step "{end["name"].text}" has no `{key}`, so that it never ends with this code')
            return
        node = node[key]


# --- deliveries -------------------------------------------------------------------------------------------------------


def _delivery(delivery: Node, vendor: Node) -> Found:
    """Yield a delivery that cannot be told from others, and cases that lack what no delivery of the vendor carries."""
    webhooks = vendor["webhooks"]
    if "topic" in webhooks and "topic" not in delivery:
        yield delivery.fault(
            f'the key "topic" is missing: deliveries say at {webhooks["topic"].text} which one they are', at_key=True
        )
    ordered = next((node["order_by"] for node in (delivery, webhooks) if "order_by" in node), None)
    if ordered is not None and "subject" not in delivery and "subject" not in webhooks:
        yield delivery.fault(
            f'the key "subject" is missing: {ordered.text} puts deliveries in order only where they are about one thing',
            at_key=True,
        )
    for case in delivery["cases"].values():
        yield from _same_header_twice(case["headers"])
        for lacking in case["without"].entries():
            if vendor.is_mapping and lacking.text and lacking.text not in webhooks and lacking.text not in delivery:
                yield lacking.fault(
                    f"`webhooks` in vendor.yaml says nothing of {lacking.text}, so that no delivery carries it"
                )


# --- values ---------------------------------------------------------------------------------------------------------


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
