"""Which operation a captured request belongs to, by its method, path and query.

    find_operations(vendor, "GET", "https://chat.example.com/api/v1/accounts/7/conversations?status=open")

The host does not matter where the contract uses a base URL: the same API lives on many hosts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from provendor.contract import Operation, Template, Vendor
from provendor.errors import UsageError
from provendor.exchange import Json
from provendor.requests import REFERENCE
from provendor.suggest import did_you_mean

_LONGEST_URL = 16_384


def find_operations(vendor: Vendor, method: str, url: str) -> tuple[Operation, ...]:
    """Return the operations that such a request belongs to: several where only a body tells them apart.

    A literal path outranks one with parameters, then the query decides. Raises UsageError where there is none.
    """
    path, query, host = _split(url)
    ranked: list[tuple[tuple[int, ...], Operation]] = []
    methods: set[str] = set()
    for operation in vendor.operations.values():
        distances = [
            rank for each in _templates(operation) if (rank := _rank(each, vendor, path, query, host)) is not None
        ]
        if distances and operation.template.method.upper() == method.upper():
            ranked.append((min(distances), operation))
        elif distances:
            methods.add(operation.template.method.upper())
    if not ranked:
        raise UsageError(_nothing(vendor, method, path, methods))
    best = min(rank for rank, _ in ranked)
    return tuple(operation for rank, operation in ranked if rank == best)


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
) -> tuple[int, ...] | None:
    """Return how far a request is from a template, smallest first; None where the path is another."""
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
            return parameters, elsewhere, *_query_rank(needed, query)
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
    """Return how many parameters are missing, how many have another value, and how many are not in the template."""
    values: dict[str, list[str]] = {}
    for name, value in given:
        values.setdefault(name, []).append(value)
    needed = {name: value for name, value in wanted.items() if value is not None}
    missing = sum(name not in values for name in needed)
    other = sum(not _same_value(value, values[name]) for name, value in needed.items() if name in values)
    return missing, other, sum(name not in needed for name in values)


def _same_value(wanted: Json, given: list[str]) -> bool:
    texts = [_text(each) for each in (wanted if isinstance(wanted, list) else [wanted])]
    return all(any(_like(text, value) for value in given) for text in texts)


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nothing(vendor: Vendor, method: str, path: str, methods: set[str]) -> str:
    if methods:
        return f"{vendor.name} has no operation {method.upper()} {path}; with this path it has {', '.join(sorted(methods))}"
    known = sorted({f"{each.template.method} {each.template.target}" for each in vendor.operations.values()})
    return f"{vendor.name} has no operation {method.upper()} {path}{did_you_mean(f'{method.upper()} {path}', known)}"
