"""Which operations a captured request may belong to, by its method, path and query, and by its body where that is known.

    found = find_operations(vendor, "GET", "https://chat.example.com/api/v1/accounts/7/conversations?status=open")
    found.meant     # what such a request succeeds as
    found.near      # all of this method and path: a refusal does not depend on the query

The host does not matter where the contract uses a base URL: the same API lives on many hosts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from provendor.contract import Case, Operation, Template, Vendor
from provendor.errors import UsageError
from provendor.exchange import Json
from provendor.requests import REFERENCE
from provendor.suggest import did_you_mean

_LONGEST_URL: Final = 16_384
_READS: Final = ("GET", "HEAD")

# How much comes back, in which order and form: everybody asks as they like, and it is still the same operation.
_FORM: Final = re.compile(
    "(?:select|fields|expansions|include|order|sort|direction|limit|offset|count|skip|start|rows?|first|after|before|cursor"
    "|page|per|max_results|page_?(?:size|token|number)|per_?page|(?:sort|order)_?(?:by|order)|(?:next|pagination)_token)"
    r"(?:\[\])?|[a-z_]+\.fields",
    re.IGNORECASE,
)
_FIRST_FIELD: Final = re.compile(r"(?:^|\})\s*(?:(?:query|mutation|subscription)\b[^{}]*)?\{\s*(?:\w+\s*:\s*)?(\w+)")


class Found(NamedTuple):
    """What a request may belong to: `meant` is what it succeeds as, `near` all of the same method and path."""

    meant: tuple[Operation, ...]
    near: tuple[Operation, ...]

    @property
    def cases(self) -> tuple[Case, ...]:
        """What such a request may be answered with: successes of what is meant, refusals of all that is near."""
        meant = {operation.id for operation in self.meant}
        return tuple(
            case for each in self.near for case in each.cases if case.expect.error is not None or each.id in meant
        )


def find_operations(vendor: Vendor, method: str, url: str, body: bytes | None = None) -> Found:
    """Return the operations that such a request may belong to: several where only headers or an unknown body tell them apart.

    A literal path outranks one with parameters. Among reads the query decides, among writes it does not: what they answer
    is decided by headers. Raises UsageError where there is none.
    """
    path, query, host = _split(url)
    ranked: list[tuple[tuple[int, ...], tuple[int, ...], Operation]] = []
    methods: set[str] = set()
    for operation in vendor.operations.values():
        ranks = [rank for each in _templates(operation) if (rank := _rank(each, vendor, path, query, host)) is not None]
        if ranks and operation.template.method.upper() == method.upper():
            ranked.append((*min(ranks), operation))
        elif ranks:
            methods.add(operation.template.method.upper())
    if not ranked:
        raise UsageError(_nothing(vendor, method, path, methods))
    first = min(place for place, _, _ in ranked)
    of_the_path = [(asked, operation) for place, asked, operation in ranked if place == first]
    near = tuple(operation for _, operation in of_the_path)
    if method.upper() not in _READS:
        return Found(near if body is None else _told_by(body, near), near)
    best = min(asked for asked, _ in of_the_path)
    paths = {_path(operation) for asked, operation in of_the_path if asked == best}
    # An id tells nobody whether it is that of a post or of a picture, so that the query alone rules nothing out.
    meant = (op for asked, op in of_the_path if asked == best or (_path(op) not in paths and asked[0] == best[0]))
    return Found(tuple(meant), near)


def _path(operation: Operation) -> str:
    return operation.template.target.partition("?")[0]


def _split(url: str) -> tuple[str, tuple[tuple[str, str], ...], str | None]:
    """Return path, query and host; the host is None where the URL is only a path."""
    if not url or len(url) > _LONGEST_URL:
        raise UsageError(f"expected a URL or a path of 1 to {_LONGEST_URL} characters")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as reason:
        raise UsageError(f"not a URL: {reason}") from None
    return _plain(parts.path), tuple(parse_qsl(parts.query, keep_blank_values=True)), host


def _plain(path: str) -> str:
    """Return a path with one leading and no trailing slash."""
    return "/" + path.strip("/")


def _templates(operation: Operation) -> Iterator[Template]:
    yield operation.template
    yield from (case.template for case in operation.cases if case.template != operation.template)


def _rank(
    template: Template, vendor: Vendor, path: str, query: tuple[tuple[str, str], ...], host: str | None
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return how far a request is from a template, by its place and by its query; None where the path is another."""
    target, _, fixed = template.target.partition("?")
    lead = re.match(r"https?://[^/]*|\{[A-Za-z_][\w-]*\}(?=/|$)", target)
    literal = lead[0].partition("://")[2] if lead and lead[0].startswith("http") else None
    if literal and host and not _like(literal, host):
        return None
    bases = [] if literal else _bases(vendor, lead[0].strip("{}") if lead else None)
    elsewhere = not literal and host is not None and host not in {_host_and_path(base)[0] for base in bases}
    wanted = _plain(target[lead.end() :] if lead else target)
    for prefix in _prefixes(bases):
        parameters = _parameters(wanted, path.removeprefix(prefix), vendor) if path.startswith(prefix) else None
        if parameters is not None:
            needed = {**dict(parse_qsl(fixed, keep_blank_values=True)), **template.query}
            return (parameters, elsewhere), _query_rank(needed, query)
    return None


def _bases(vendor: Vendor, variable: str | None) -> list[str]:
    """Return the known base URLs: those of the environments, or of the variable that stands in their place."""
    known = [environment.base_url for environment in vendor.environments.values()]
    if variable is not None:
        known = [vendor.variables[variable]] if variable in vendor.variables else []
    return [url for base in known for url in (base.example, base.default) if isinstance(url, str)]


def _prefixes(bases: Iterable[str]) -> list[str]:
    """Return the paths that base URLs bring along, the longest first; the last is none."""
    return sorted({"", *(_plain(_host_and_path(base)[1]).rstrip("/") for base in bases)}, key=len, reverse=True)


def _host_and_path(url: str) -> tuple[str | None, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # a variable may hold anything
        return None, ""
    return parts.hostname, parts.path


def _parameters(wanted: str, path: str, vendor: Vendor) -> int | None:
    """Return how little of the path is literal, segment by segment; None where the path is another."""
    ours, theirs = wanted.split("/"), path.split("/")
    if len(ours) != len(theirs):
        return None
    ranks = [_segment(mine, unquote(other), vendor) for mine, other in zip(ours, theirs, strict=True)]
    return None if None in ranks else sum(rank for rank in ranks if rank)


def _segment(mine: str, other: str, vendor: Vendor) -> int | None:
    """Return 0 for what is literal or a variable's own example, 1 for a parameter, 2 for a variable with another value.

    A variable is the same everywhere in one environment, so that another value speaks against it.
    """
    if not _like(mine, other):
        return None
    names = [found["name"] for found in REFERENCE.finditer(mine) if found["name"]]
    variables = [vendor.variables[name] for name in names if name in vendor.variables]
    if not names or (
        len(variables) == len(names) == 1 and other == mine.replace(f"{{{names[0]}}}", str(variables[0].example))
    ):
        return 0
    return 2 if variables else 1


def _like(wanted: str, given: str) -> bool:
    """Tell whether a text is what a template makes, whatever its references stand for."""
    if not REFERENCE.search(wanted):
        return unquote(wanted) == given
    at, pattern = 0, ""
    for found in REFERENCE.finditer(wanted):
        literal = re.escape(unquote(wanted[at : found.start()]))
        pattern += literal + (".+" if found["name"] else re.escape(f"{{{found['text']}}}"))
        at = found.end()
    return re.fullmatch(pattern + re.escape(unquote(wanted[at:])), given, re.DOTALL) is not None


def _query_rank(wanted: Mapping[str, Json], given: Iterable[tuple[str, str]]) -> tuple[int, int, int]:
    """Return how many parameters say something else, how many one has and the other has not, and how few are the same."""
    values: dict[str, list[str]] = {}
    for name, value in given:
        values.setdefault(name, []).append(value)
    needed = {name: value for name, value in wanted.items() if value is not None}
    same = {name for name, value in needed.items() if name in values and _same_value(value, values[name])}
    other = sum(name in values and name not in same and not _FORM.fullmatch(name) for name in needed)
    return other, len(needed.keys() ^ values.keys()), -len(same)


def _same_value(wanted: Json, given: list[str]) -> bool:
    texts = [_text(each) for each in (wanted if isinstance(wanted, list) else [wanted])]
    return all(any(_like(text, value) for value in given) for text in texts)


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- by the body ------------------------------------------------------------------------------------------------------


def _told_by(body: bytes, operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """Return the operations whose own body says the least that this one does not: another tool, kind of grant, or field."""
    given = _read(body)
    if given is None or len(operations) == 1:
        return operations
    unlike = [min(_unlike(template, given) for template in _templates(operation)) for operation in operations]
    return tuple(operation for operation, each in zip(operations, unlike, strict=True) if each == min(unlike))


def _read(body: bytes) -> dict[str, Any] | None:
    """Return a JSON object or the fields of a form; None where it is neither."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = dict(parse_qsl(body.decode("utf-8", "replace"))) or None
    return value if isinstance(value, dict) else None


def _unlike(template: Template, given: Mapping[str, Any]) -> int:
    """Return how much of a template's body, as far as it is literal, the given one has not."""
    ours = template.body.value if template.body is not None and template.body.kind != "raw" else None
    if not isinstance(ours, Mapping):
        return 0
    if template.graphql is not None:
        return _first_field(ours.get("query")) != _first_field(given.get("query"))
    return sum(_at(given, steps) != value for steps, value in _literals(ours))


def _first_field(document: Any) -> str | None:
    found = _FIRST_FIELD.search(document) if isinstance(document, str) else None
    return found[1] if found else None


def _literals(value: Json, steps: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Yield what a body always holds, with the way to it; not what lists hold, which have any length."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _literals(inner, (*steps, name))
    elif not isinstance(value, list) and not (isinstance(value, str) and REFERENCE.search(value)):
        yield steps, value


def _at(value: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _nothing(vendor: Vendor, method: str, path: str, methods: set[str]) -> str:
    if methods:
        return f"{vendor.name} has no operation {method.upper()} {path}; with this path it has {', '.join(sorted(methods))}"
    known = sorted({f"{each.template.method} {each.template.target}" for each in vendor.operations.values()})
    return f"{vendor.name} has no operation {method.upper()} {path}{did_you_mean(f'{method.upper()} {path}', known)}"
