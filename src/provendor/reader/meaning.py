"""What the language's grammar cannot say: names that must exist, rules that must be reachable, halves that must fit.

    faults(files)      # every such fault of one vendor, file by file

Works on values as they were read, so that every problem of a file comes at once: whatever the grammar has already found
fault with is passed over here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from provendor.exchange import Json
from provendor.reader import meaning_errors, meaning_flows, meaning_requests
from provendor.reader.case_sets import SECTION
from provendor.reader.language import quoted
from provendor.reader.nodes import Found, Node, in_order
from provendor.reader.sharing import VENDOR_FILE
from provendor.requests import references
from provendor.suggest import did_you_mean

_READS = ("GET", "HEAD")


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
        yield from meaning_flows.cleanup_faults(
            node["cleanup"], operations, shared, writes=node["safety"].value == "write"
        )
    for node in flows.values():
        yield from meaning_flows.flow_faults(node, operations, shared)
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
            if key in meaning_requests.ALWAYS_KNOWN:
                yield node.fault(f"{key} is the environment's base URL: choose another name", at_key=True)
            if section == "secrets" and key in variables:
                yield node.fault(f"{key} is already a variable: choose another name", at_key=True)
    yield from meaning_requests.credentials(vendor["auth"], vendor)
    for key in ("meta", "arguments"):
        yield from meaning_requests.unknown(vendor["mcp"][key], meaning_requests.known_names(vendor))
    yield from _oauth2(vendor["oauth2"], vendor)
    for indicator in vendor["indicators"].values():
        ok, warn = indicator["ok"].value, indicator["warn"].value
        if isinstance(ok, (int, float)) and isinstance(warn, (int, float)) and warn > ok:
            yield indicator["warn"].fault(f"warn must not be above ok ({ok:g})")
    yield from meaning_errors.unreachable(vendor["errors"])
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
        yield from meaning_requests.unknown(node, meaning_requests.known_names(vendor))
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
    yield from meaning_requests.credentials(operation["auth"], vendor)
    yield from meaning_errors.unreachable(operation["errors"])
    yield from _path(operation, cases, vendor)
    yield from meaning_requests.templates(operation, operation, vendor)
    yield from meaning_requests.same_header_twice(operation["headers"])
    yield from in_order(operation["probe"], "warn_after", "timeout", default="10s")
    yield from _paging(operation, cases)
    table = meaning_errors.table(operation["errors"], vendor["errors"])
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
    known = meaning_requests.known_names(vendor)
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
            yield from meaning_requests.unknown_if_read(node, known, vendor)


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


# --- cases ------------------------------------------------------------------------------------------------------------


def _case(case: Node, operation: Node, vendor: Node, table: Sequence[meaning_errors.Rule]) -> Found:
    yield from meaning_requests.difference(case["with"], operation, vendor)
    yield from meaning_errors.expected(case, table, vendor)
    yield from meaning_requests.same_header_twice(case["headers"])
    yield from in_order(case["latency"], "warn_after", "fail_after")


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
        yield from meaning_requests.same_header_twice(case["headers"])
        for lacking in case["without"].entries():
            if vendor.is_mapping and lacking.text and lacking.text not in webhooks and lacking.text not in delivery:
                yield lacking.fault(
                    f"`webhooks` in vendor.yaml says nothing of {lacking.text}, so that no delivery carries it"
                )
