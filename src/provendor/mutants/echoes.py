"""Which fields of an answer repeat what was asked for: where another value stands there, the answer is about something else.

sought = sought_by(case, request, values)
sought.is_repeated(("payload", "id"), body)     # True: GET /orders/{order_id} was asked with this id
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from provendor.contract import Case, Delivery, Flow, Template
from provendor.exchange import Json, Request
from provendor.requests import Values, references, with_path
from provendor.schemas.declared import Way

_ID: Final = re.compile(r"(?:^|_|-)(?:id|uuid|gid|key)$|(?:Id|ID|Uuid|UUID|Gid)$", re.ASCII)
_OWN: Final = frozenset({"id", "uuid", "gid"})


@dataclass(frozen=True, slots=True)
class Sought:
    """What a request asks for: ids with the names that they have there, and those of the object that it is about."""

    named: frozenset[tuple[str, str]]
    objects: frozenset[str]

    def is_repeated(self, way: Way, body: Json) -> bool:
        """Tell whether the field repeats an id of the request: under the same name, or as the id of the object itself."""
        if not way or not self.named:
            return False
        value, above = _followed(body, way)
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            return False
        name = _plain(str(way[-1]))
        if (name, str(value)) in self.named:
            return True
        deeper = any(isinstance(step, int) for step in way) or any(_OWN & set(each) for each in above)
        return name in _OWN and str(value) in self.objects and not deeper


def sought_by(case: Case, request: Request, values: Values) -> Sought:
    """Return what a case asks for; a delivery asks for nothing."""
    if isinstance(case.plan, Delivery):
        return Sought(frozenset(), frozenset())
    template = case.plan.steps[-1].case.template if isinstance(case.plan, Flow) else case.template
    call = template.graphql is not None or template.mcp is not None
    sent = list(_ids_in(_sent(request)))
    query = [(name, value) for name, value in request.query if _is_id(name)]
    path = list(_in_path(template, values))
    named = frozenset((_plain(name), value) for name, value in (*path, *query, *sent) if value)
    return Sought(named, frozenset(value for _, value in (sent if call else path[-1:])))


def _in_path(template: Template, values: Values) -> Iterator[tuple[str, str]]:
    """Yield the variables of the path and their values; nothing where a flow finds them out on its way."""
    try:
        known = with_path(template, values).of
    except ValueError:
        return
    yield from (
        (name, str(known[name])) for name in references(template.target) if name in known and name != "base_url"
    )


def _is_id(name: str) -> bool:
    return _ID.search(name) is not None


def _plain(name: str) -> str:
    """Return a name as every convention would have it."""
    return name.replace("_", "").replace("-", "").lower()


def _sent(request: Request) -> Json:
    try:
        value: Json = json.loads(request.body or b"null")
    except ValueError:
        return None
    return value


def _ids_in(value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if _is_id(name) and isinstance(inner, (str, int)) and not isinstance(inner, bool):
                yield name, str(inner)
            else:
                yield from _ids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids_in(inner)


def _followed(body: Json, way: Way) -> tuple[Json, list[dict[str, Json]]]:
    """Return what stands at the end of a way, and the objects on it before the one that holds it."""
    inner: Any = body
    above: list[dict[str, Json]] = []
    for step in way:
        if isinstance(inner, dict):
            above.append(inner)
        inner = inner[step]
    return inner, above[:-1]
