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
    if lead and host and lead[0].startswith("http") and not _like(lead[0].partition("://")[2], host):
        return None
    wanted = _plain(target[lead.end() :] if lead else target)
    for prefix in _prefixes(vendor, lead[0] if lead else None):
        if prefix and not path.startswith(prefix + "/"):
            continue
        parameters = _parameters(wanted, path.removeprefix(prefix))
        if parameters is not None:
            return parameters, *_query_rank({**dict(parse_qsl(fixed, keep_blank_values=True)), **template.query}, query)
    return None


def _prefixes(vendor: Vendor, lead: str | None) -> list[str]:
    """Return the paths that a base URL may bring along, the longest first; the last is none."""
    bases = [environment.base_url for environment in vendor.environments.values()]
    if lead is not None:
        named = vendor.variables.get(lead.strip("{}"))
        bases = [named] if named else []
    urls = [url for base in bases for url in (base.example, base.default) if isinstance(url, str)]
    return sorted({"", *(_plain(urlsplit(url).path).rstrip("/") for url in urls)}, key=len, reverse=True)


def _parameters(wanted: str, path: str) -> int | None:
    """Return how many segments of the path stand for parameters; None where the path is another."""
    ours, theirs = wanted.split("/"), path.split("/")
    if len(ours) != len(theirs):
        return None
    if not all(_like(mine, unquote(other)) and (other or not mine) for mine, other in zip(ours, theirs, strict=True)):
        return None
    return sum(REFERENCE.search(segment) is not None for segment in ours)


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
