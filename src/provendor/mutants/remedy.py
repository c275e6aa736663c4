"""What to write into a contract so that it catches a survivor, or says that it need not.

demand(survivor)        # Demand("contracts/acme/schemas/user.yaml", "/user", "required", ["email"]): a line to add
advice(survivor)        # "a check in checks/acme.py that compares it with the request": where no line will do
tolerance([survivor])   # '- { at: "users.get#/email", operators: [drop], reason: … }'
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from provendor.exchange import Json
from provendor.mutants.mutate import Survivor
from provendor.schemas.shapes import kind_of


class Demand(NamedTuple):
    """A keyword that a mapping of a contract file lacks. A list is added to the one that may stand there."""

    file: str
    pointer: str
    keyword: str
    value: Json

    def __str__(self) -> str:
        return f"{self.keyword}: {flow(self.value)}"


def demand(survivor: Survivor) -> Demand | None:
    """Return the keyword that would catch the survivor; None where it takes more than one."""
    rule = _DEMANDS.get(survivor.operator.name)
    return rule(survivor) if rule else None


def advice(survivor: Survivor) -> str:
    """Return in words what would catch a survivor that no single keyword catches."""
    case = survivor.first.case
    if survivor.operator.name == "other-id":
        return f"a check in checks/{case.vendor.replace('-', '_')}.py that compares it with what was asked for"
    if survivor.first.at and survivor.first.origin is None:
        return "declare the field in the schema of the body; something looks at it, but nothing demands it"
    return _ADVICE.get(survivor.operator.name, "describe it in the schema")


def tolerance(survivors: Sequence[Survivor]) -> str:
    """Return the entry under `tolerates:` that would let survivors of one place pass."""
    first = survivors[0].first
    operations = dict.fromkeys(sighting.case.operation for each in survivors for sighting in each.sightings)
    operation = first.case.operation if len(operations) == 1 else _common(list(operations))
    at = f"{operation}#{first.at}" if first.at else operation
    names: list[Json] = list(dict.fromkeys(each.operator.name for each in survivors))
    return f"- {{ at: {flow(at)}, operators: {flow(names)}, reason: … }}"


def _common(operations: Sequence[str]) -> str:
    """Return a pattern of operations: the resource that they share, or all."""
    resources = {operation.rpartition(".")[0] for operation in operations}
    resource = next(iter(resources))
    return f"{resource}.*" if len(resources) == 1 and resource else "*"


# --- a keyword each ---------------------------------------------------------------------------------------------------


def _required(survivor: Survivor) -> Demand | None:
    origin = survivor.first.origin
    if origin is None:
        return None
    above, word, name = _parent(origin.pointer)
    return Demand(origin.file, above, "required", [name]) if word == "properties" else None


def _type(survivor: Survivor) -> Demand | None:
    kinds = {kind_of(each.value) for each in survivor.sightings} - {"null"}
    kinds = kinds - {"integer"} if "number" in kinds else kinds
    return _there(survivor, "type", min(kinds)) if len(kinds) == 1 else None


def _min_length(survivor: Survivor) -> Demand | None:
    return _there(survivor, "minLength", 1)


def _min_items(survivor: Survivor) -> Demand | None:
    return _there(survivor, "minItems", 1)


def _values(survivor: Survivor) -> Demand | None:
    values = sorted({each.value for each in survivor.sightings if isinstance(each.value, str)})
    return _there(survivor, "enum", list(values)) if values else None


def _range(survivor: Survivor) -> Demand | None:
    limits: dict[str, tuple[str, Json]] = {
        "negative": ("minimum", 0),
        "milliseconds": ("maximum", 99_999_999_999),
        "seconds": ("minimum", 100_000_000_000),
    }
    limit = limits.get(survivor.first.variant)
    return _there(survivor, *limit) if limit else None


def _format(survivor: Survivor) -> Demand | None:
    value = survivor.first.value
    return _there(survivor, "format", "date" if isinstance(value, str) and len(value) == 10 else "date-time")


def _digits(survivor: Survivor) -> Demand | None:
    return _there(survivor, "pattern", "^[0-9]+$") if isinstance(survivor.first.value, str) else None


def _header(survivor: Survivor) -> Demand | None:
    case = survivor.first.case
    return Demand(case.place.file, _way(case.way), "headers", {survivor.first.variant: {"present": True}})


def _content_type(survivor: Survivor) -> Demand | None:
    case = survivor.first.case
    kind = re.search(r"in place of ([^;\s]+)", survivor.first.told)
    return Demand(case.place.file, _way(case.way), "content_type", kind[1]) if kind and "/" in kind[1] else None


_DEMANDS: Final[Mapping[str, Callable[[Survivor], Demand | None]]] = {
    "drop": _required,
    "rename": _required,
    **dict.fromkeys(
        ("null", "item-null", "number-to-string", "string-to-object", "scalar-to-list", "object-to-list"), _type
    ),
    "unknown-enum": _values,
    "wrong-case": _values,
    "empty-string": _min_length,
    "empty-list": _min_items,
    "out-of-range": _range,
    "date-format": _format,
    "lost-precision": _digits,
    "no-header": _header,
    "html": _content_type,
}

_ADVICE: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("truncated", "empty-body", "broken-charset"), "`body` or `text` in the case: nothing describes the answer"
    ),
    **dict.fromkeys(("envelope-added", "envelope-removed"), "type and required members of the whole body"),
    "error-in-success": "a rule under `errors` for this status that looks into the body, or required members of the body",
    "graphql-errors": "a rule under `errors` that looks for `$.errors` and for userErrors",
    "unknown-job-state": "`while` in the step's poll: the states in which it goes on",
    "page-repeats": "`id` in the operation's paging",
}


def _there(survivor: Survivor, keyword: str, value: Json) -> Demand | None:
    origin = survivor.first.origin
    return Demand(origin.file, origin.pointer, keyword, value) if origin is not None else None


def _parent(pointer: str) -> tuple[str, str, str]:
    above, _, name = pointer.rpartition("/")
    above, _, word = above.rpartition("/")
    return above, word, name.replace("~1", "/").replace("~0", "~")


def _way(way: Sequence[str]) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in way)


# --- YAML -------------------------------------------------------------------------------------------------------------


def flow(value: Json) -> str:
    """Return a value as YAML on one line, plain where that reads the same."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{flow(name)}: {flow(inner)}' for name, inner in value.items())} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _TYPED:
        return value
    return json.dumps(value, ensure_ascii=False)


_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_./-]*")
_TYPED: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
