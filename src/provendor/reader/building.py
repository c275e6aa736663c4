"""From the values of a vendor's files to the frozen classes. Nothing is judged here: the values were judged before.

Adding to the language means: a description in `language.json`, its class in `contract`, and one function here that is
named in `_SECTIONS` (a new section of a file) or `_REQUESTS` (a new kind of operation).

The helper classes are named tuples, because every command imports this module and those are six times faster to make.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from provendor.contract import (
    Auth,
    Body,
    Case,
    Cleanup,
    ErrorRule,
    Expect,
    Flow,
    FlowStep,
    GraphqlCall,
    Operation,
    Paging,
    Pending,
    Probe,
    Template,
    Vendor,
)
from provendor.exchange import Json
from provendor.reader.case_sets import SECTION, Written, cases_of
from provendor.reader.mcp_operations import answer as mcp_answer
from provendor.reader.mcp_operations import change as mcp_change
from provendor.reader.mcp_operations import template as mcp_template
from provendor.reader.notation import header_tests, seconds, statuses
from provendor.reader.planning import FLOW_CODES, captures, paging, poll
from provendor.reader.receiving import RECEIVER
from provendor.reader.receiving import plan as delivery_plan
from provendor.reader.sharing import VENDOR_FILE, Sources, credentials, error_rules, shared_vendor
from provendor.schemas.schema import Schema

_BODIES = ("json", "form", "raw")


def ways_of_interest(value: Any) -> Iterable[tuple[str | int, ...]]:
    """Yield the ways in one file whose places the classes hold: operations, flows, steps, cases, rules, lies, tolerances."""
    yield ()
    yield from _rules_of(value)
    for entries in ("spec_disagrees", "tolerates"):
        yield from ((entries, index) for index in range(len(value.get(entries, ()))))
    for name, operation in value.get("operations", {}).items():
        way = ("operations", name)
        yield way
        yield from (way + rule for rule in _rules_of(operation))
        yield from ((*way, "cases", case) for case in operation["cases"])
        yield from _cleanups_of(way, operation)
    yield from ((SECTION, name, case) for name, cases in value.get(SECTION, {}).items() for case in cases)
    for name, flow in value.get("flows", {}).items():
        way = ("flows", name)
        yield way
        yield from (way + rule for rule in _rules_of(flow))
        for index, step in enumerate(flow["steps"]):
            yield (*way, "steps", index)
            yield from _cleanups_of((*way, "steps", index), step)
        yield from ((*way, "cases", case) for case in flow["cases"])
    for name, delivery in value.get("deliveries", {}).items():
        yield ("deliveries", name)
        yield from (("deliveries", name, "cases", case) for case in delivery["cases"])


def _cleanups_of(way: tuple[str | int, ...], value: Any) -> Iterable[tuple[str | int, ...]]:
    return ((*way, "cleanup"),) if "cleanup" in value else ()


def _rules_of(value: Any) -> Iterable[tuple[str, int]]:
    return (("errors", index) for index in range(len(value.get("errors", ()))))


def build(sources: Sources) -> Vendor:
    """Return the vendor that these files describe."""
    shared: dict[str, Any] = sources.files[VENDOR_FILE]
    vendor = shared_vendor(shared, sources)
    auth = credentials(shared.get("auth", "none"))
    parts: dict[str, Any] = {section: {} for section in _SECTIONS}
    for name, value in sources.files.items():
        if name == VENDOR_FILE:
            continue
        maker = _Maker(sources, name, vendor, auth)
        for section, make in _SECTIONS.items():
            parts[section] |= {key: make(maker, key, item) for key, item in value.get(section, {}).items()}
    made: dict[str, Any] = {section: MappingProxyType(part) for section, part in parts.items()}
    return vendor._replace(**made)


class _Maker(NamedTuple):
    """What everything made from one file needs to know: the file, and what the vendor shares."""

    sources: Sources
    file: str
    vendor: Vendor
    auth: tuple[Auth, ...]


class _Asked(NamedTuple):
    """What every case of one operation shares. `home` is the file in which the operation stands."""

    maker: _Maker
    home: str
    operation: str
    template: Template
    own_rules: tuple[ErrorRule, ...]
    safety: Literal["read", "write"]
    echo: bool
    paging: Paging | None = None

    @property
    def rules(self) -> tuple[ErrorRule, ...]:
        """The error table in matching order."""
        return self.own_rules + self.maker.vendor.errors


# --- operations -------------------------------------------------------------------------------------------------------


def _operation(maker: _Maker, name: str, value: dict[str, Any]) -> Operation:
    asked = _asked(maker, name, value)
    way = ("operations", name)
    return Operation(
        vendor=maker.vendor.name,
        id=name,
        summary=value["summary"],
        template=asked.template,
        safety=asked.safety,
        place=maker.sources.place(maker.file, *way),
        cases=tuple(_written_case(asked, each) for each in cases_of(maker.sources.files, maker.file, name)),
        probe=_probe(value["probe"]) if "probe" in value else None,
        notes=value.get("notes", ""),
        idempotency=value.get("idempotency", ""),
        errors=asked.own_rules,
        paging=asked.paging,
        cleanup=_cleanup(maker, value, way),
    )


def _asked(maker: _Maker, name: str, value: dict[str, Any]) -> _Asked:
    kind = next(key for key in _REQUESTS if key in value)
    return _Asked(
        maker,
        maker.file,
        name,
        _REQUESTS[kind](maker, value),
        error_rules(value, maker.sources, maker.file, "operations", name),
        value.get("safety", "read"),
        "echo" in value,
        paging(value["paging"]) if "paging" in value else None,
    )


def _http(maker: _Maker, value: dict[str, Any]) -> Template:
    method, _, target = value["request"].partition(" ")
    return Template(
        method,
        target,
        path=MappingProxyType(value.get("path", {})),
        query=MappingProxyType(value.get("query", {})),
        headers=MappingProxyType(value.get("headers", {})),
        body=_body(value),
        auth=credentials(value["auth"]) if "auth" in value else maker.auth,
    )


def _graphql(maker: _Maker, value: dict[str, Any]) -> Template:
    endpoint = maker.vendor.graphql
    assert endpoint is not None  # noqa: S101 - judged before: a GraphQL operation without it is a problem
    call = value["graphql"]
    asked = GraphqlCall(
        call["document"],
        call.get("version", endpoint.version),
        call.get("operation"),
        MappingProxyType(call.get("variables", {})),
    )
    template = Template(
        endpoint.method,
        endpoint.target,
        path=MappingProxyType(value.get("path", {})),
        query=MappingProxyType(value.get("query", {})),
        headers=MappingProxyType(value.get("headers", {})),
        auth=credentials(value["auth"]) if "auth" in value else maker.auth,
    )
    return _with_call(template, asked, maker.sources)


def _mcp(maker: _Maker, value: dict[str, Any]) -> Template:
    server = maker.vendor.mcp
    assert server is not None  # noqa: S101 - judged before: an MCP operation without it is a problem
    return mcp_template(server, value, credentials(value["auth"]) if "auth" in value else maker.auth)


def _with_call(template: Template, call: GraphqlCall, sources: Sources) -> Template:
    query = sources.queries[call.key]
    # A GraphQL document is text: `{name}` in it is a selection, no reference.
    text = re.sub(r"\{+[A-Za-z_][A-Za-z0-9_-]*\}+", lambda found: f"{{{found[0]}}}", query["query"])
    body: dict[str, Json] = {"query": text}
    body |= {"variables": dict(call.variables)} if call.variables else {}
    body |= {"operationName": query["operation"]} if query["operation"] else {}
    path = MappingProxyType({**template.path, "version": call.version})
    return template._replace(path=path, body=Body("json", body), graphql=call)


def _body(value: dict[str, Any]) -> Body | None:
    kind = next((kind for kind in _BODIES if kind in value), None)
    if kind == "raw":
        return Body("raw", value["raw"]["text"], value["raw"]["content_type"])
    if kind == "form":
        return Body("form", value["form"])
    return Body("json", value["json"]) if kind else None


def _changed(template: Template, changes: dict[str, Any]) -> Template:
    """Return the operation's template with what a case's `with` says."""
    new: dict[str, Any] = {}
    for part in ("path", "query"):
        if part in changes:
            new[part] = _merged(getattr(template, part), changes[part])
    if "headers" in changes:
        new["headers"] = _merged_headers(template.headers, changes["headers"])
    if any(kind in changes for kind in _BODIES):
        new["body"] = _body(changes)
    if changes.get("auth") == "wrong":
        new["wrong_auth"] = True
    elif "auth" in changes:
        new["auth"] = credentials(changes["auth"])
    return template._replace(**new)


def _other_call(template: Template, changes: dict[str, Any], sources: Sources) -> Template:
    """Return a GraphQL template with the variables and the version that a case's `with` says."""
    call, change = template.graphql, changes.get("graphql")
    if call is None or change is None:
        return template
    variables = MappingProxyType({**call.variables, **change.get("variables", {})})
    return _with_call(
        template, call._replace(variables=variables, version=change.get("version", call.version)), sources
    )


def _merged(ours: Mapping[str, Json], theirs: dict[str, Json]) -> Mapping[str, Json]:
    return MappingProxyType({key: value for key, value in {**ours, **theirs}.items() if value is not None})


def _merged_headers(ours: Mapping[str, str], theirs: dict[str, Any]) -> Mapping[str, Json]:
    """Merge by name without regard to case; a changed header takes the spelling of the change."""
    changed = {name.lower() for name in theirs}
    return _merged({name: value for name, value in ours.items() if name.lower() not in changed}, theirs)


def _probe(value: dict[str, Any]) -> Probe:
    return Probe(
        every_s=seconds(value["every"]),
        timeout_s=seconds(value.get("timeout", "10s")),
        warn_after_ms=_ms(value, "warn_after"),
        fail_after=value.get("fail_after", 1),
        recover_after=value.get("recover_after", 1),
    )


# --- cases ------------------------------------------------------------------------------------------------------------


def _written_case(asked: _Asked, written: Written) -> Case:
    """Return a case of an operation, which stands in the operation's own file or in that of a set."""
    if written.way[0] != SECTION:
        return _case(asked, written.name, written.value, written.way)
    shared = asked._replace(maker=asked.maker._replace(file=written.file))
    return _case(shared, written.name, written.value, written.way)._replace(case_set=written.way[1])


def _case(asked: _Asked, name: str, value: dict[str, Any], way: tuple[str | int, ...]) -> Case:
    """Return the case that stands at the end of a way of the maker's file."""
    sources, template = asked.maker.sources, asked.template
    if "with" in value:
        template = _other_call(_changed(template, value["with"]), value["with"], sources)
        template = mcp_change(template, value["with"].get("mcp"))
    return Case(
        vendor=asked.maker.vendor.name,
        operation=asked.operation,
        name=name,
        template=template,
        expect=_expect(asked, value, template, "".join(f"/{step}" for step in way)),
        place=sources.place(asked.maker.file, *way),
        summary=value.get("summary", ""),
        live="live" not in value,
        pending=_pending(value["pending"]) if "pending" in value else None,
        safety=asked.safety,
        plan=asked.paging if "pages" in value else template.mcp,
    )


def _expect(asked: _Asked, value: dict[str, Any], template: Template, pointer: str) -> Expect:
    latency, call, mcp = value.get("latency", {}), template.graphql, template.mcp
    vendor = asked.maker.vendor
    version = call.version if call else vendor.api_version
    return Expect(
        status=statuses(value["status"]),
        headers=header_tests(value.get("headers")),
        content_type=value.get("content_type"),
        body=_shape(asked, value, call, pointer) if call else _schema(asked, value, pointer),
        text=value.get("text"),
        empty="empty" in value,
        error=value.get("error"),
        errors=asked.rules,
        version=(vendor.version_header, version) if vendor.version_header and version else None,
        warnings=vendor.warnings,
        mcp=mcp_answer(mcp, value, _schema(asked, value, pointer, "result")) if mcp else None,
        echo=asked.echo,
        indicators=vendor.indicators,
        warn_after_ms=_ms(latency, "warn_after"),
        fail_after_ms=_ms(latency, "fail_after"),
        max_age_days=asked.maker.vendor.max_age_days,
    )


def _schema(asked: _Asked, value: dict[str, Any], pointer: str, key: str = "body") -> Schema | None:
    if key not in value:
        return None
    sources = asked.maker.sources
    return Schema(value[key], sources.start + asked.maker.file, f"{pointer}/{key}", sources.read)


def _shape(asked: _Asked, value: dict[str, Any], call: GraphqlCall, pointer: str) -> Schema | None:
    """Return the shape that the document gives an answer, together with what the case itself says of the body."""
    shape = value.get("shape", "none" if "error" in value else "full")
    if shape == "none":
        return _schema(asked, value, pointer)
    sources = asked.maker.sources
    query = sources.queries[call.key]
    derived: Json = query["schema" if shape == "full" else "partial"]
    if "body" not in value:
        return Schema(derived, sources.start + asked.home, f"/operations/{asked.operation}/graphql", sources.read)
    file = sources.start + asked.maker.file
    return Schema({"allOf": [derived, value["body"]]}, file, f"{pointer}/body", sources.read)


def _pending(value: dict[str, str]) -> Pending:
    return Pending(value["reason"], date.fromisoformat(value["until"]), value.get("ticket"))


def _cleanup(maker: _Maker, value: dict[str, Any], way: tuple[str | int, ...]) -> Cleanup | None:
    """Return what takes away again what the operation or the step at the end of a way has made."""
    if "cleanup" not in value:
        return None
    item, way = value["cleanup"], (*way, "cleanup")
    taken = captures(item.get("capture", {}))
    asked = _without_values(_called(maker, item["call"]), {capture.name for capture in taken})
    change = {"with": item["with"]} if "with" in item else {}
    return Cleanup(_case(asked._replace(paging=None), "cleanup", {"status": "2xx", **change}, way), taken)


def _without_values(asked: _Asked, captured: set[str]) -> _Asked:
    """Return an operation without its own values for path parameters that captured values stand for."""
    given = {key: each for key, each in asked.template.path.items() if key not in captured}
    return asked._replace(template=asked.template._replace(path=MappingProxyType(given)))


# --- flows ------------------------------------------------------------------------------------------------------------


def _flow(maker: _Maker, name: str, value: dict[str, Any]) -> Operation:
    steps = [_called(maker, step["call"]) for step in value["steps"]]
    rules = error_rules(value, maker.sources, maker.file, "flows", name)
    return Operation(
        vendor=maker.vendor.name,
        id=name,
        summary=value["summary"],
        template=steps[0].template,
        safety="write" if any(step.safety == "write" for step in steps) else "read",
        place=maker.sources.place(maker.file, "flows", name),
        cases=tuple(_flow_case(steps, rules, name, value, case) for case in value["cases"]),
        notes=value.get("notes", ""),
        errors=rules,
    )


def _called(maker: _Maker, operation: str) -> _Asked:
    """Return what every step shares that calls an operation, which may stand in another file than the flow."""
    files = maker.sources.files
    file = next(name for name, value in files.items() if operation in value.get("operations", ()))
    asked = _asked(maker._replace(file=file), operation, files[file]["operations"][operation])
    return asked._replace(maker=maker)


def _flow_case(called: list[_Asked], rules: tuple[ErrorRule, ...], flow: str, value: dict[str, Any], name: str) -> Case:
    item, way = value["cases"][name], ("flows", flow)
    names = [step["name"] for step in value["steps"]]
    last = names.index(item.get("ends_at", names[-1]))
    asked = [step._replace(own_rules=rules + step.own_rules) for step in called[: last + 1]]
    steps: list[FlowStep] = []
    for index, step in enumerate(asked):
        shared = _without_values(step, {capture.name for before in steps for capture in before.captures})
        steps.append(_flow_step(shared, value["steps"][index], item.get("with", {}), (*way, "steps", index)))
    end = asked[-1]._replace(operation=flow, template=steps[-1].case.template, paging=None)
    ends = item.get("error") if item.get("error") in FLOW_CODES else None
    said = {key: part for key, part in item.items() if key != "with" and not (key == "error" and ends)}
    case = _case(end, name, {"shape": "none", **said} if ends else said, (*way, "cases", name))
    safety: Literal["read", "write"] = "write" if any(step.safety == "write" for step in called) else "read"
    return case._replace(safety=safety, plan=Flow(tuple(steps), ends))


def _flow_step(asked: _Asked, value: dict[str, Any], changes: dict[str, Any], way: tuple[str | int, ...]) -> FlowStep:
    """Return a step with what the flow changes of its operation, and then what one case changes of that."""
    sources, change = asked.maker.sources, changes.get(value["name"], {})
    case = _case(asked, value["name"], {"status": "2xx", **value}, way)
    template = _other_call(_changed(case.template, change), change, sources)
    return FlowStep(
        name=value["name"],
        case=case._replace(template=template),
        key=f"{sources.start}{asked.maker.file}#{''.join(f'/{step}' for step in way)}",
        captures=captures(value.get("capture", {})),
        poll=poll(value["poll"]) if "poll" in value else None,
        cleanup=_cleanup(asked.maker, value, way),
    )


# --- deliveries -------------------------------------------------------------------------------------------------------


def _delivery(maker: _Maker, name: str, value: dict[str, Any]) -> Operation:
    template = Template("POST", f"{RECEIVER}/{maker.vendor.name}/{name}")
    asked = _Asked(maker, maker.file, name, template, (), "read", echo=False)
    return Operation(
        vendor=maker.vendor.name,
        id=name,
        summary=value["summary"],
        template=template,
        safety="read",
        place=maker.sources.place(maker.file, "deliveries", name),
        cases=tuple(_delivery_case(asked, value, case, item) for case, item in value["cases"].items()),
        notes=value.get("notes", ""),
    )


def _delivery_case(asked: _Asked, delivery: dict[str, Any], name: str, value: dict[str, Any]) -> Case:
    """Return a case whose answer is the delivery; the error table is about answers, and not about what we are sent."""
    sources, way = asked.maker.sources, ("deliveries", asked.operation)
    case = _case(asked, name, {**value, "status": 200}, (*way, "cases", name))
    body = case.expect.body
    if "body" in delivery and "body" in value:
        both: Json = {"allOf": [delivery["body"], value["body"]]}
        body = Schema(both, case.place.file, f"/deliveries/{asked.operation}/cases/{name}/body", sources.read)
    elif "body" in delivery:
        body = Schema(delivery["body"], case.place.file, f"/deliveries/{asked.operation}/body", sources.read)
    shared = sources.files[VENDOR_FILE].get("webhooks", {})
    return case._replace(
        expect=case.expect._replace(body=body, errors=()),
        live=False,
        plan=delivery_plan(shared, delivery, value),
    )


# --- values -----------------------------------------------------------------------------------------------------------


def _ms(value: Mapping[str, str], key: str) -> float | None:
    return round(seconds(value[key]) * 1000, 3) if key in value else None


_REQUESTS: Mapping[str, Callable[[_Maker, dict[str, Any]], Template]] = {
    "request": _http,
    "graphql": _graphql,
    "mcp": _mcp,
}
"""Kind of operation, by the key that tells it, to the function that makes its request's template."""

_SECTIONS: Mapping[str, Callable[[_Maker, str, dict[str, Any]], Any]] = {
    "operations": _operation,
    "flows": _flow,
    "deliveries": _delivery,
}
"""Section of a resource file to the function that makes one entry of it; the name of the section is a field of Vendor."""
