"""Flows and clean-ups: steps that fit their operations, captures that somebody uses, polls that end, codes that can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provendor.reader import meaning_errors, meaning_requests
from provendor.reader.nodes import Found, Node, in_order, seconds_of
from provendor.reader.planning import FLOW_CODES
from provendor.requests import references
from provendor.suggest import did_you_mean


def flow_faults(flow: Node, operations: Mapping[str, Node], vendor: Node) -> Found:
    """Yield what does not fit in a flow: its steps, what they hand on, its cases."""
    steps = flow["steps"].entries() if isinstance(flow["steps"].value, list) else []
    names = [step["name"].text for step in steps]
    yield from meaning_errors.unreachable(flow["errors"])
    captured: set[str] = set()
    for index, step in enumerate(steps):
        if step["name"].text in names[:index]:
            yield step["name"].fault("another step has this name already")
        yield from _step(step, operations, vendor, captured)
        yield from _captures(step, steps[index + 1 :], operations, vendor)
        captured |= step["capture"].names
        yield from cleanup_faults(step["cleanup"], operations, vendor, writes=_writes(steps, operations))
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
        given = operation["path"].names | step["with"]["path"].names | captured | meaning_requests.known_names(vendor)
        for name in dict.fromkeys(references(operation["request"].text)):
            if vendor.is_mapping and name not in given:
                yield call.fault(f"{{{name}}} has no value here: capture it before, or give it under `with`")
    yield from _poll(step["poll"])


def _step_request(change: Node, operation: Node, vendor: Node, captured: set[str]) -> Found:
    """Yield what does not fit in a step's `with`, or in what a case changes of it."""
    yield from meaning_requests.difference(change, operation, vendor, captured)
    names = set(references(operation["request"].text))
    for name, node in change["path"].items():
        if operation["request"].text and name not in names:
            yield node.fault(f"the request line holds no {{{name}}}{did_you_mean(name, names)}", at_key=True)
        yield from meaning_requests.unknown_if_read(node, meaning_requests.known_names(vendor) | captured, vendor)


def _captures(step: Node, later: list[Node], operations: Mapping[str, Node], vendor: Node) -> Found:
    """Yield captures that hide a variable, or that no later step uses."""
    for name, node in step["capture"].items():
        if name in meaning_requests.known_names(vendor):
            yield node.fault(f"{name} is already a variable or a secret: choose another name", at_key=True)
        elif not any(_uses(each, operations.get(each["call"].text), name) for each in later):
            yield node.fault(f"nothing after it uses {{{name}}}", at_key=True)


def _writes(steps: Iterable[Node], operations: Mapping[str, Node]) -> bool:
    called = (operations.get(step["call"].text) for step in steps)
    return any(operation is not None and operation["safety"].value == "write" for operation in called)


def cleanup_faults(cleanup: Node, operations: Mapping[str, Node], vendor: Node, *, writes: bool) -> Found:
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
        parts += [
            operation[key].value for key in ("request", "query", "headers", "graphql", "mcp", *meaning_requests.BODIES)
        ]
    return any(name in references(text) for text in _texts(parts))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for below in value.values() if isinstance(value, dict) else value:
            yield from _texts(below)


def _poll(poll: Node) -> Found:
    """Yield a poll that never asks twice, and a state that stands for two things at once."""
    every, within = seconds_of(poll["every"].value), seconds_of(poll["within"].value)
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
        yield from meaning_errors.expected(
            case, meaning_errors.table(flow["errors"], called["errors"], vendor["errors"]), vendor, FLOW_CODES
        )
    yield from meaning_requests.same_header_twice(case["headers"])
    yield from in_order(case["latency"], "warn_after", "fail_after")


def _own_code(error: Node, end: Node) -> Found:
    """Yield a code of flows that the step at the end can never give."""
    needs = {"flow-capture": ("capture",), "flow-failed": ("poll", "fail_when"), "flow-state": ("poll", "while")}
    node = end
    for key in needs.get(error.text, ("poll",)):
        if key not in node:
            yield error.fault(f'the step "{end["name"].text}" has no `{key}`, so that it never ends with this code')
            return
        node = node[key]
