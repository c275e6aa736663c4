"""How a contract and its cassettes differ from the vendor's own spec.

    report = compare(suite, vendor, spec, cache)
    for difference in report.differences: ...       # Difference("drift-type", Severity.BREAKING, "users.get", ...)

What the contract declares is looked up in the spec, never the other way round: what we do not rely on may change. Three things
are compared with the spec's operation: the schemas of the cases with its answers, the requests of the cases that should
succeed with its parameters and body, and the answers in the cassettes with its answers.

breaking   an answer that the spec allows would break the contract, or the contract counts on what the spec does not know
note       worth knowing: deprecated, an optional field that the spec does not name, types that read alike
cosmetic   the contract allows more than the spec says
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from provendor import cassette, requests
from provendor.cache import Cache
from provendor.contract import Case, Disagreement, Operation, Suite, Vendor
from provendor.errors import ContractError, ProvendorError, UsageError
from provendor.exchange import BodyNotJson, Exchange, Json, Request, Source
from provendor.reader import source
from provendor.schemas.keywords import follow
from provendor.schemas.schema import Schema
from provendor.schemas.shapes import Node, sample
from provendor.specs.drift_schema import Comparison, Difference, Severity, Subject
from provendor.specs.spec import Spec
from provendor.specs.spec_parts import Parameter, SpecOperation, Undeclared
from provendor.suggest import did_you_mean

__all__ = ["Difference", "DriftReport", "Severity", "compare"]


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What was found. `explained` are differences that the contract knows, `unused` entries that explain nothing.

    `compared` counts the operations that both sides know.
    """

    vendor: str
    differences: tuple[Difference, ...]
    explained: tuple[Difference, ...]
    unused: tuple[Disagreement, ...]
    compared: int

    @property
    def breaks(self) -> bool:
        """Say whether a breaking difference is left unexplained."""
        return any(each.severity is Severity.BREAKING for each in self.differences)


def compare(suite: Suite, vendor: Vendor, spec: Spec, cache: Cache | None = None) -> DriftReport:
    """Return how the vendor's contract differs from its spec; raises UsageError where they have nothing to compare."""
    comparison = Comparison()
    walk = _Vendor(suite, vendor, spec, comparison, cache)
    compared = sum(walk.operation(operation) for operation in vendor.operations.values() if walk.speaks(operation))
    for case in vendor.cases:
        walk.cassette(case)
    found = list(comparison.differences())
    if spec.sdl:
        found += walk.graphql()
        compared += sum(operation.template.graphql is not None for operation in vendor.operations.values())
    if not compared:
        raise UsageError(f"no operation of {vendor.name} is in the spec; is it that vendor's?")
    left, explained, unused = _explained(found, vendor.spec_disagrees)
    places = _Places(suite.root)
    merged = [each._replace(contract=places.of(each.contract)) for each in _merged(left)]
    return DriftReport(vendor.name, tuple(sorted(merged, key=_order)), tuple(explained), unused, compared)


def _order(difference: Difference) -> tuple[int, str, str, str]:
    return -difference.severity.rank, difference.operation, difference.at, difference.code


def _explained(
    found: Iterable[Difference], entries: Sequence[Disagreement]
) -> tuple[list[Difference], list[Difference], tuple[Disagreement, ...]]:
    """Part what is found from what the contract knows; return also the entries that explain nothing."""
    left: list[Difference] = []
    explained: list[Difference] = []
    used: set[int] = set()
    for difference in found:
        fitting = [index for index, entry in enumerate(entries) if _explains(entry, difference)]
        used.update(fitting)
        (explained if fitting else left).append(difference)
    return left, explained, tuple(entry for index, entry in enumerate(entries) if index not in used)


def _explains(entry: Disagreement, difference: Difference) -> bool:
    operation, mark, at = entry.at.partition("#")
    if entry.code != difference.code or not fnmatchcase(difference.operation, operation):
        return False
    says = ((entry.ours, difference.ours), (entry.theirs, difference.theirs))
    if not all(pattern is None or fnmatchcase(said, pattern) for pattern, said in says):
        return False
    return not mark or fnmatchcase(difference.at, at.replace("[", "[[]"))


def _merged(differences: Iterable[Difference]) -> list[Difference]:
    """Return each difference between the same two places once."""
    known: dict[tuple[str, ...], Difference] = {}
    for each in differences:
        schemas = each.contract.startswith("contracts/") and "#" in each.contract
        key: tuple[str, ...] = (each.code, each.contract, each.spec, each.ours, each.theirs, each.at.rpartition("/")[2])
        key = key if schemas else (*key, each.operation)
        known[key] = known[key]._replace(more=known[key].more + 1) if key in known else each
    return list(known.values())


class _Places:
    """Lines of contract files, read when somebody asks."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._documents: dict[str, source.Document | None] = {}

    def of(self, place: str) -> str:
        """Return `file:line` for `file#pointer`; what is no such place stays as it is."""
        file, mark, pointer = place.partition("#")
        if not mark or not file.startswith("contracts/") or file.endswith(".graphql"):
            return file if mark and file.startswith("cassettes/") else place
        if file not in self._documents:
            try:
                self._documents[file] = source.read(self._root / file, file)
            except ContractError:
                self._documents[file] = None
        document = self._documents[file]
        if document is None:
            return place
        return f"{file}:{document.place(_way(document.value, pointer))[0]}"


def _way(value: Any, pointer: str) -> tuple[str | int, ...]:
    way: list[str | int] = []
    for raw in pointer.split("/")[1:]:
        step: str | int = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and isinstance(step, str) and step.isdecimal():
            step = int(step)
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        way.append(step)
    return tuple(way)


# --- one vendor ---------------------------------------------------------------------------------------------------------


class _Vendor:
    """Leads each operation, case and cassette of a vendor to its counterpart."""

    def __init__(self, suite: Suite, vendor: Vendor, spec: Spec, comparison: Comparison, cache: Cache | None) -> None:
        self._suite = suite
        self._vendor = vendor
        self._spec = spec
        self._comparison = comparison
        self._cache = cache
        self._values = requests.examples(vendor)
        self._bases = [_path(str(environment.base_url.example)) for environment in vendor.environments.values()]
        self._here = _path(str(self._values.of.get("base_url", "")))

    def speaks(self, operation: Operation) -> bool:
        """Say whether the spec is about operations of this kind."""
        if operation.template.graphql is not None:
            return False
        if operation.template.mcp is not None:
            return self._spec.tools is not None and operation.template.mcp.tool is not None
        return self._spec.speaks_http

    def operation(self, operation: Operation) -> bool:
        """Compare one operation; return whether the spec knows it."""
        found = self._counterpart(operation)
        if found is None:
            self._comparison.add(self._unknown(operation))
            return False
        if found.deprecated:
            self._report("drift-deprecated", Severity.NOTE, operation.cases[0], "", "used", "deprecated", found.place)
        for case in operation.cases:
            self._case(case, found)
        return True

    def _counterpart(self, operation: Operation) -> SpecOperation | None:
        call = operation.template.mcp
        if call is not None:
            return self._spec.tool(call.tool or "")
        for case in sorted(operation.cases, key=lambda case: not _succeeds(case)):
            found = self._found(case)
            if found is not None:
                return found
        return None

    def _found(self, case: Case) -> SpecOperation | None:
        request = self._request(case)
        return self._spec.find(request.method, self._paths(request.url)) if request else None

    def _request(self, case: Case) -> Request | None:
        try:
            return requests.build(case, self._values)
        except UsageError:  # `lint` and `prove` say so
            return None

    def _paths(self, url: str) -> list[str]:
        """Return the paths that a spec may have for a URL: as it is, below the base URL, and below every other one."""
        whole = _path(url) or "/"
        below = whole.removeprefix(self._here) if self._here else whole
        return list(dict.fromkeys([whole, below, *(base + below for base in self._bases)]))

    def _unknown(self, operation: Operation) -> Difference:
        template = operation.template
        case = operation.cases[0]
        if template.mcp is not None:
            theirs = f"unknown{did_you_mean(template.mcp.tool or '', list(self._spec.tools or ()))}"
            ours = f"tool {template.mcp.tool}"
        else:
            ours, theirs = f"{template.method} {template.target}", "unknown"
        return Difference(
            "drift-operation", Severity.BREAKING, operation.id, case.id, "", ours, theirs, str(operation.place), ""
        )

    def _report(self, code: str, severity: Severity, case: Case, at: str, ours: str, theirs: str, spec: str) -> None:
        difference = Difference(code, severity, case.operation, case.id, at, ours, theirs, str(case.place), spec)
        self._comparison.add(difference)

    def _case(self, case: Case, operation: SpecOperation) -> None:
        # A case may ask on another path than its operation does (`/posts` for `/feed`).
        found = operation if case.template.mcp is not None else (self._found(case) or operation)
        if _succeeds(case):
            self._sent(case, found)
        schema = case.expect.mcp.result if case.expect.mcp is not None else case.expect.body
        for status in sorted(case.expect.status.exact) or [each * 100 for each in sorted(case.expect.status.classes)]:
            theirs = found.answer(status)
            if theirs is Undeclared.STATUS:
                self._undeclared(case, found, status)
            elif isinstance(theirs, Node) and schema is not None and not _is_derived(schema):
                self._comparison.schema(Subject(case.operation, case.id, str(status)), _node(schema), theirs)

    def _undeclared(self, case: Case, operation: SpecOperation, status: int) -> None:
        if not operation.answers or case.template.mcp is not None:
            return
        declared = ", ".join(sorted(operation.answers))
        others = [each for each in case.expect.status.exact if operation.answer(each) is not Undeclared.STATUS]
        severity = Severity.NOTE if status < 400 else Severity.COSMETIC
        if status < 300:
            severity = Severity.COSMETIC if others else Severity.BREAKING
        at = f"status {status}"
        self._report("drift-status", severity, case, at, str(status), declared, operation.place)

    # --- requests -------------------------------------------------------------------------------------------------------

    def _sent(self, case: Case, operation: SpecOperation) -> None:
        call = case.template.mcp
        subject = Subject(case.operation, case.id, "request")
        if call is not None:
            if operation.body is not None:
                arguments = json.loads(json.dumps(dict(call.arguments)))
                self._comparison.sent(subject, sample(arguments, str(case.place)), operation.body)
            return
        request = self._request(case)
        if request is None:
            return
        self._parameters(case, request, operation)
        body = _sent_body(request, str(case.place))
        if body is not None and operation.body is not None:
            self._comparison.sent(subject, body, operation.body)
        elif operation.body_required and not request.body:
            self._report("drift-required", Severity.BREAKING, case, "body", "not sent", "required", operation.place)

    def _parameters(self, case: Case, request: Request, operation: SpecOperation) -> None:
        query = {name for name, _ in request.query} - {auth.name for auth in case.template.auth if auth.kind == "query"}
        known = {each.name: each for each in operation.parameters if each.where == "query"}
        for name in sorted(query):
            if name not in known:
                if not any(name.startswith(f"{each}[") for each in known):
                    place = operation.place
                    self._report("drift-field", Severity.BREAKING, case, f"query {name}", "sent", "unknown", place)
            elif known[name].deprecated:
                place = known[name].place
                self._report("drift-deprecated", Severity.NOTE, case, f"query {name}", "sent", "deprecated", place)
        sent = {"query": query, "header": {name.lower() for name, _ in request.headers} | _USUAL_HEADERS}
        for each in operation.parameters:
            if each.required and each.where in sent and not _is_among(each, sent[each.where]):
                at = f"{each.where} {each.name}"
                self._report("drift-required", Severity.BREAKING, case, at, "not sent", "required", each.place)

    # --- cassettes and GraphQL ------------------------------------------------------------------------------------------

    def cassette(self, case: Case) -> None:
        """Compare what a case's cassette holds; what cannot be read is for `lint` to say."""
        if not self._spec.speaks_http or case.template.graphql is not None or case.template.mcp is not None:
            return
        name = f"cassettes/{case.cassette}"
        try:
            recorded = cassette.load(self._suite.root / name, name, self._cache)
        except ProvendorError:
            return
        for each in recorded.interactions:
            operation = self._spec.find(each.request.method, self._paths(each.request.url))
            theirs = operation.answer(each.status) if operation else None
            if not isinstance(theirs, Node) or not each.body:
                continue
            try:
                value = Exchange(each.request, each.status, each.headers, each.body, Source.RECORDED).json
            except BodyNotJson:
                continue
            subject = Subject(case.operation, case.id, str(each.status))
            self._comparison.answer(subject, sample(value, f"{name}:{each.line}"), theirs)

    def graphql(self) -> list[Difference]:
        """Compare the pruned GraphQL schema with the whole ones among the specs."""
        from provendor.specs.drift_graphql import graphql_differences  # noqa: PLC0415 - graphql-core takes a quarter of a second

        return graphql_differences(self._suite.root, self._vendor, self._spec.sdl)


_USUAL_HEADERS = frozenset({"authorization", "accept", "content-type", "user-agent", "content-length"})


def _is_among(parameter: Parameter, sent: Iterable[str]) -> bool:
    """Say whether a parameter is sent, a list also as `name[]`."""
    name = parameter.name.lower() if parameter.where == "header" else parameter.name
    return any(each == name or each.startswith(f"{name}[") for each in sent)


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/").replace("%3A", ":")


def _succeeds(case: Case) -> bool:
    status = case.expect.status
    return case.expect.error is None and (any(200 <= each < 300 for each in status.exact) or 2 in status.classes)


def _is_derived(schema: Schema) -> bool:
    return schema.file.endswith(".graphql")


def _node(schema: Schema) -> Node:
    def step(reference: str, file: str) -> Node | None:
        found = follow(reference, file, schema.read)
        return Node(found[1], found[0].file, found[0].pointer, step) if found else None

    return Node(schema.value, schema.file, schema.pointer, step)


def _sent_body(request: Request, place: str) -> Node | None:
    """Return the body as what it allows: itself, or what the texts of a form may stand for; None where it is neither."""
    kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if not request.body:
        return None
    if kind == "application/x-www-form-urlencoded":
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        properties: dict[str, Json] = {name: _in_form(text) for name, text in fields.items()}
        form: dict[str, Json] = {"type": "object", "properties": properties, "required": list(properties)}
        return Node(form, place, "", lambda _reference, _file: None)
    if "json" in kind:
        try:
            return sample(json.loads(request.body), place)
        except ValueError:
            return None
    return None


def _in_form(text: str) -> Json:
    """Return what a text in a form may stand for: a number, a truth, or a list of several with commas between."""
    if text.lower() in ("true", "false"):
        return {"type": ["string", "boolean"]}
    if text.lstrip("-").isdigit():
        return {"type": ["string", "integer", "array"]}
    return {"type": ["string", "array", "object"], "enum": [text]} if "," not in text else {"type": ["string", "array"]}
