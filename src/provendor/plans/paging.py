"""Every page of a list, asked one after the other, and then the list as a whole.

Every page is judged by what the case expects. What no single page can show is judged here: no page brings what another has
brought, the list ends, pages are as full as promised, and the number of items is the one that the vendor names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from provendor import jsonpath
from provendor.clock import Clock
from provendor.contract import Case, Paging
from provendor.exchange import BodyNotJson, Exchange, Headers, Json, Request
from provendor.plans.asking import Asked, Step
from provendor.requests import Values, build
from provendor.transport import Transport
from provendor.verdict import Finding, Outcome, Verdict

_SHOWN: Final = 3


async def carry_out(case: Case, values: Values, transport: Transport, clock: Clock) -> Asked:  # noqa: ARG001 - no waiting
    """Ask for every page; raises TransportError where one did not come."""
    plan = case.plan
    assert isinstance(plan, Paging)  # noqa: S101 - `asking` dispatches on it
    reading = Reading(plan, _credentials_in_query(case))
    request: Request | None = build(case, values)
    while request is not None and len(reading.pages) < plan.max_pages:
        exchange = await transport.send(request)
        reading.pages.append(Page(plan, exchange))
        request = reading.next_request() if exchange.status in case.expect.status else None
    pages = reading.pages
    steps = tuple(Step(f"page {number}", page.exchange, alike=number > 1) for number, page in enumerate(pages, 1))
    if pages[-1].exchange.status not in case.expect.status:
        verdict = Verdict("paging", Outcome.SKIP, reason=f"page {len(pages)} is not what the case expects")
    else:
        findings = tuple(reading.findings(goes_on=request is not None))
        verdict = Verdict("paging", _worst(findings), findings)
    return Asked(pages[0].exchange, steps if len(steps) > 1 else (), (verdict,))


def _worst(findings: Sequence[Finding]) -> Outcome:
    if not findings:
        return Outcome.PASS
    return Outcome.FAIL if any(finding.level is Outcome.FAIL for finding in findings) else Outcome.WARN


def _credentials_in_query(case: Case) -> frozenset[str]:
    return frozenset(auth.name for auth in case.template.auth if auth.kind == "query")


@dataclass(frozen=True)
class Page:
    """One page, seen with the eyes of the operation's paging."""

    plan: Paging
    exchange: Exchange

    @cached_property
    def items(self) -> list[Json] | None:
        """The page's list; None where there is none. An answer without a body is an empty page."""
        if not self.exchange.body:
            return []
        found = self.find(self.plan.items)
        return found if isinstance(found, list) else None

    @property
    def size(self) -> int:
        """How many items there are; 0 where there is no list."""
        return len(self.items or ())

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """What tells items from others, as JSON, where the paging names it and the item has it."""
        if self.plan.id is None:
            return ()
        found = (_first(self.plan.id, item) for item in self.items or ())
        return tuple(_written(value) for value in found if value is not None)

    @property
    def range(self) -> ContentRange | None:
        """What the Content-Range header says; None where there is none that can be read."""
        return content_range(self.exchange.headers.get("content-range") or "")

    @property
    def total(self) -> int | None:
        """How many items the vendor says there are in all; None where it does not say."""
        if self.plan.total is not None:
            return _number(self.find(self.plan.total))
        given = self.range if self.plan.style == "content-range" else None
        return given.total if given else None

    def find(self, path: str | None) -> Json:
        """Return the first value at a path of the body; None where there is none."""
        if path is None:
            return None
        try:
            return _first(path, self.exchange.json)
        except BodyNotJson:
            return None


@dataclass(frozen=True, slots=True)
class ContentRange:
    """`0-14/30`: the first and the last item, and the total; None for each that the vendor does not know."""

    first: int | None
    last: int | None
    total: int | None


def content_range(text: str) -> ContentRange | None:
    """Read a Content-Range header, with or without a unit; None where it is none."""
    found = re.fullmatch(r"(?:[A-Za-z]+ )?(?:(\d{1,15})-(\d{1,15})|\*)/(?:(\d{1,15})|\*)", text.strip())
    return ContentRange(*(None if part is None else int(part) for part in found.groups())) if found else None


class Reading:
    """The pages of one list as they come. `credentials` are query parameters that every request carries."""

    def __init__(self, plan: Paging, credentials: frozenset[str] = frozenset()) -> None:
        self.plan = plan
        self.pages: list[Page] = []
        self._credentials = credentials
        self._stopped: list[Finding] = []

    @property
    def first(self) -> Request:
        """The first request."""
        return self.pages[0].exchange.request

    @property
    def count(self) -> int:
        """How many items came so far."""
        return sum(page.size for page in self.pages)

    def next_request(self) -> Request | None:
        """Return the request for the page after the last; None where the list ends, or would start over."""
        request = _NEXT[self.plan.style](self, self.pages[-1])
        if request is None:
            return None
        for number, page in enumerate(self.pages, 1):
            if page.exchange.request == request:
                said = f"page {len(self.pages)} leads back to page {number}"
                self._stopped.append(_finding("paging-repeats", "every page leads to a new one", said, "next"))
                return None
        return request

    def ends(self, page: Page) -> bool:
        """Tell whether a list without a link from page to page ends with this one."""
        plan, total = self.plan, page.total
        if plan.more is not None:
            return page.find(plan.more) is not True
        if plan.pages is not None and (pages := _number(page.find(plan.pages))) is not None:
            return len(self.pages) + self._start(plan.first) - plan.first >= pages
        if page.size == 0 or (plan.size is not None and page.size < plan.size):
            return True
        return total is not None and self.count + self._skipped() >= total

    def _start(self, default: int) -> int:
        """Return the number that the first request names, or what the vendor takes it for."""
        if self.plan.send is None or self.plan.style not in ("page", "offset"):
            return default
        given = _sent(self.first, *self.plan.send)
        return default if given is None else given

    def _skipped(self) -> int:
        """Return how many items lie before the first page."""
        if self.plan.style == "offset":
            return self._start(0)
        if self.plan.style == "content-range":
            return (self.pages[0].range or ContentRange(0, 0, None)).first or 0
        pages = self._start(self.plan.first) - self.plan.first if self.plan.style == "page" else 0
        return pages * (self.plan.size or self.pages[0].size)

    # --- styles -------------------------------------------------------------------------------------------------------

    def cursor(self, page: Page) -> Request | None:
        """Ask with the value that the last page names."""
        if self.plan.more is not None and page.find(self.plan.more) is not True:
            return None
        value = page.find(self.plan.next)
        return None if _is_nothing(value) else self._with(value)

    def page(self, page: Page) -> Request | None:
        """Ask for the next number."""
        return None if self.ends(page) else self._with(self._start(self.plan.first) + len(self.pages))

    def offset(self, page: Page) -> Request | None:
        """Ask for what follows the items that came so far."""
        return None if self.ends(page) else self._with(self._start(0) + self.count)

    def link(self, page: Page) -> Request | None:
        """Follow the link to the next page, within the same origin: no credential is sent elsewhere."""
        given = page.find(self.plan.next) if self.plan.next else _linked(page.exchange.headers)
        if not isinstance(given, str) or not given:
            return None
        asked = page.exchange.request
        url, _, query = urljoin(asked.url, given).partition("#")[0].partition("?")
        if _origin(url) != _origin(asked.url):
            said = f"the next page lies at {_origin(url)}, where no credential is sent"
            self._stopped.append(_finding("paging-short", f"a next page at {_origin(asked.url)}", said, "next"))
            return None
        ours = tuple(pair for pair in self.first.query if pair[0] in self._credentials)
        theirs = tuple(pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in self._credentials)
        return self.first._replace(url=url, query=theirs + ours)

    def content_range(self, page: Page) -> Request | None:
        """Ask for what follows the range that came."""
        given = page.range
        if given is None or given.last is None or page.size == 0:
            return None
        short = self.plan.size is not None and page.size < self.plan.size
        if given.last + 1 >= given.total if given.total is not None else short:
            return None
        start = given.last + 1
        if self.plan.send is None or self.plan.send[0] != "header":
            return self._with(start)
        wanted = re.fullmatch(r"([A-Za-z]+=)?(\d{1,15})-(\d{1,15})", self.first.headers.get(self.plan.send[1]) or "")
        length = int(wanted[3]) - int(wanted[2]) + 1 if wanted else page.size
        return self._with(f"{(wanted and wanted[1]) or ''}{start}-{start + length - 1}")

    def graphql(self, page: Page) -> Request | None:
        """Ask with the end of the last page, where pageInfo says that there is more."""
        info = page.find(self.plan.next)
        if not isinstance(info, dict) or info.get("hasNextPage") is not True or _is_nothing(info.get("endCursor")):
            return None
        return self._with(info["endCursor"])

    def _with(self, value: Json) -> Request:
        part, name = self.plan.send or ("graphql", "after")
        return _with(self.first, part, name, value)

    # --- the list as a whole ------------------------------------------------------------------------------------------

    def findings(self, *, goes_on: bool) -> Iterator[Finding]:
        """Yield what is wrong with the list as a whole; `goes_on` says that another page was promised and not asked for."""
        yield from self._stopped
        yield from self._repeats()
        yield from self._short()
        if goes_on:
            actual = f"page {len(self.pages)} leads to another one"
            yield _finding("paging-endless", f"an end within {self.plan.max_pages} pages", actual, "max_pages")
        yield from self._totals(complete=not goes_on and not self._stopped)

    def _repeats(self) -> Iterator[Finding]:
        before: dict[str, int] = {}
        for number, page in enumerate(self.pages, 1):
            if self.plan.id is not None and len(page.ids) < page.size:
                missing = f"none in {page.size - len(page.ids)} of {page.size} items of page {number}"
                yield _finding("paging-repeats", f"an id at {self.plan.id} in every item", missing, "id")
            keys = page.ids if self.plan.id is not None else ((_written(page.items),) if page.items else ())
            again = [key for key in keys if key in before]
            if again:
                yield self._again(number, keys, again, before)
            before.update((key, number) for key in keys if key not in before)

    def _again(self, number: int, keys: Sequence[str], again: Sequence[str], before: Mapping[str, int]) -> Finding:
        """A whole page again is a fail; a few items may have moved between two requests."""
        level = Outcome.FAIL if len(again) == len(keys) else Outcome.WARN
        if self.plan.id is None:
            actual = f"page {number} is page {before[again[0]]} again"
        else:
            shown = ", ".join(again[:_SHOWN]) + (", …" if len(again) > _SHOWN else "")
            actual = f"{len(again)} of {len(keys)} items of page {number} came before: {shown}"
        return _finding("paging-repeats", "new items on every page", actual, "id")._replace(level=level)

    def _short(self) -> Iterator[Finding]:
        """Some vendors leave the list out where it would be empty, which a page after the first may be."""
        for number, page in enumerate(self.pages, 1):
            if page.items is None and (number == 1 or page.find(self.plan.items) is not None):
                yield _finding("paging-short", f"a list at {self.plan.items}", f"none on page {number}", "items")
            elif self.plan.size is not None and number < len(self.pages) and page.size < self.plan.size:
                actual = f"{page.size} on page {number} of {len(self.pages)}"
                yield _finding("paging-short", f"{self.plan.size} items on every page but the last", actual, "size")

    def _totals(self, *, complete: bool) -> Iterator[Finding]:
        totals = {page.total: number for number, page in reversed(list(enumerate(self.pages, 1)))}
        totals.pop(None, None)
        if len(totals) > 1:
            said = ", ".join(
                f"{total} on page {number}" for total, number in sorted(totals.items(), key=lambda t: t[1])
            )
            yield _finding("paging-total", "the same total on every page", said, "total")
        elif totals and complete and (count := self.count + self._skipped()) != (total := next(iter(totals))):
            yield _finding("paging-total", f"{total} items, as the vendor says", f"{count} on all pages", "total")


_NEXT: Final[Mapping[str, Callable[[Reading, Page], Request | None]]] = {
    "cursor": Reading.cursor,
    "page": Reading.page,
    "offset": Reading.offset,
    "link": Reading.link,
    "content-range": Reading.content_range,
    "graphql": Reading.graphql,
}


def _finding(code: str, expected: str, actual: str, key: str) -> Finding:
    return Finding(code, expected, actual, key=f"paging.{key}")


# --- requests ---------------------------------------------------------------------------------------------------------


def _with(request: Request, part: str, name: str, value: Json) -> Request:
    """Return a request that carries a value at a place: a query parameter, a header, a member or a variable."""
    if part == "query":
        kept = tuple(pair for pair in request.query if pair[0] != name)
        return request._replace(query=(*kept, (name, _shown(value))))
    if part == "header":
        others = tuple(pair for pair in request.headers if pair[0].lower() != name.lower())
        return request._replace(headers=Headers((*others, (name, _shown(value)))))
    body = _body(request)
    if part == "json":
        body[name] = value
    else:
        given = body.get("variables")
        body["variables"] = {**(given if isinstance(given, dict) else {}), name: value}
    return request._replace(body=_written(body).encode("utf-8", "surrogatepass"))


def _sent(request: Request, part: str, name: str) -> int | None:
    """Return the number that a request carries at a place; None where there is none."""
    if part == "query":
        return next((_number(value) for key, value in request.query if key == name), None)
    if part == "header":
        return _number(request.headers.get(name))
    body = _body(request)
    variables = body.get("variables")
    return _number(body.get(name) if part == "json" else variables.get(name) if isinstance(variables, dict) else None)


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _linked(headers: Headers) -> str | None:
    """Return the target of the Link header with `rel=next` (RFC 8288)."""
    for value in headers.all("link"):
        for target, parameters in re.findall(r"<([^<>]*)>([^<]*)", value):
            relations = re.search(r""";\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))""", parameters, re.IGNORECASE)
            if relations and "next" in (relations[1] or relations[2]).lower().split():
                return str(target)
    return None


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        default = {"http": 80, "https": 443}.get(parts.scheme)
        port = parts.port
    except ValueError:
        return "nowhere"
    return f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port not in (None, default) else "")


# --- values -----------------------------------------------------------------------------------------------------------


def _first(path: str, value: Json) -> Json:
    try:
        return next(iter(jsonpath.find(path, value)), None)
    except jsonpath.TooDeep:
        return None


def _number(value: Json) -> int | None:
    """Return a whole number that is not negative, also where it is written as text; None for all else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _is_nothing(value: Json) -> bool:
    return value is None or value == "" or value is False or isinstance(value, (list, dict))


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else _written(value)


def _written(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
