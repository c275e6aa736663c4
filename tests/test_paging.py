"""Every page of a list, and the list as a whole."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import a_case, a_request
from plan_suites import TODAY, a_suite, adopted, answer, codes, replayed, texts
from provendor import selector
from provendor.check import check
from provendor.clock import VirtualClock
from provendor.contract import Auth, Body, Paging, Template
from provendor.exchange import Exchange, Headers, Request, Source
from provendor.plans.asking import Asked, ask
from provendor.plans.paging import ContentRange, content_range
from provendor.requests import Values
from provendor.run import Replayer, run_case
from provendor.transport import Transport, drive
from provendor.verdict import Finding, Outcome

VALUES = Values({"base_url": "https://acme.example", "api_key": "<api_key>"}, frozenset({"api_key"}))


class Vendor:
    """A vendor that hands out `items` in pages of `size`, asked in every style; it counts them unless told not to."""

    def __init__(self, items: list[Any], size: int, *, total: bool = True) -> None:
        self.items = items
        self.size = size
        self.total = total
        self.asked: list[Request] = []

    async def send(self, request: Request) -> Exchange:
        """Return the page that the request asks for."""
        self.asked.append(request)
        query, body = dict(request.query), json.loads(request.body or b"{}")
        wanted = query.get("after") or body.get("after") or (body.get("variables") or {}).get("after")
        start = int(wanted) if wanted else 0
        start = int(query["offset"]) if "offset" in query else start
        start = (int(query["page"]) - 1) * self.size if "page" in query else start
        if ranged := request.headers.get("range"):
            start = int(ranged.partition("-")[0])
        page = self.items[start : start + self.size]
        more = start + self.size < len(self.items)
        value: dict[str, Any] = {"data": page, "more": more, "info": {"hasNextPage": more, "endCursor": None}}
        value |= {"total": len(self.items), "pages": -(-len(self.items) // self.size)} if self.total else {}
        headers = [("content-type", "application/json")]
        if more:
            value |= {
                "next": str(start + self.size),
                "info": {"hasNextPage": True, "endCursor": str(start + self.size)},
            }
            headers.append(("Link", f'</jobs?a=1>; rel="prev", </jobs?after={start + self.size}>; rel="next"'))
        known = len(self.items) if self.total else "*"
        headers.append(("Content-Range", f"{start}-{start + len(page) - 1}/{known}" if page else f"*/{known}"))
        return Exchange(request, 200, Headers(tuple(headers)), json.dumps(value).encode(), Source.LIVE)


STYLES: dict[str, dict[str, Any]] = {
    "cursor": {"next": "$.next", "send": ("query", "after")},
    "cursor in the body": {"style": "cursor", "next": "$.next", "send": ("json", "after")},
    "cursor in a variable": {"style": "cursor", "next": "$.next", "send": ("graphql", "after")},
    "page": {"send": ("query", "page"), "pages": "$.pages"},
    "page by total": {"style": "page", "send": ("query", "page"), "total": "$.total"},
    "page by flag": {"style": "page", "send": ("query", "page"), "more": "$.more"},
    "offset": {"send": ("query", "offset"), "total": "$.total"},
    "link": {},
    "content-range": {"send": ("query", "offset")},
    "content-range by header": {"style": "content-range", "send": ("header", "Range")},
    "graphql": {"next": "$.info"},
}
UNCOUNTED = ("cursor", "page", "page by flag", "offset", "link", "content-range", "graphql")


def a_paging(name: str = "cursor", **changes: Any) -> Paging:
    """Paging in one of the styles, of items that are numbers or have ids."""
    known: dict[str, Any] = {"style": name, "items": "$.data", "max_pages": 1000, **STYLES[name], **changes}
    return Paging(**known)


def read(vendor: Transport, plan: Paging, template: Template | None = None) -> Asked:
    """Read all pages of a list."""
    body = Body("json", {}) if plan.style in ("cursor", "graphql") else None
    case = a_case("acme/jobs.list:ok", plan=plan, template=template or Template("POST", "/jobs", body=body))
    return drive(ask(case, VALUES, vendor, VirtualClock()))


def found(asked: Asked) -> list[str]:
    """The codes of the findings on the list as a whole."""
    return [finding.code for finding in asked.verdicts[0].findings]


def pages_of(asked: Asked) -> list[Any]:
    """The lists of all pages in order."""
    exchanges = [step.exchange for step in asked.steps] or [asked.exchange]
    bodies: list[Any] = [exchange.json for exchange in exchanges]
    return [body["data"] for body in bodies]


class TestReading:
    """From page to page until the end."""

    @settings(max_examples=60, deadline=None)
    @given(
        name=st.sampled_from(sorted(STYLES)),
        count=st.integers(0, 40),
        size=st.integers(1, 12),
        identified=st.booleans(),
    )
    def test_every_list_is_read_to_its_end(self, name, count, size, identified):
        """Whatever the style and the size of pages: each item once, nothing wrong, no request too many."""
        items = [{"id": number, "of": name} for number in range(count)]
        vendor = Vendor(items, size)

        asked = read(vendor, a_paging(name, id="$.id" if identified else None))

        assert [item for page in pages_of(asked) for item in page] == items
        assert found(asked) == []
        assert asked.verdicts[0].outcome is Outcome.PASS
        assert len(vendor.asked) == max(1, -(-count // size))

    @settings(max_examples=40, deadline=None)
    @given(name=st.sampled_from(UNCOUNTED), count=st.integers(0, 30), size=st.integers(1, 9), promised=st.booleans())
    def test_a_list_that_nobody_counts_is_read_to_its_end(self, name, count, size, promised):
        """The end shows in a page that is not full, or in one that is empty."""
        plan = a_paging(name, total=None, pages=None, size=size if promised else None)
        asked = read(Vendor(list(range(count)), size, total=False), plan)

        assert [item for page in pages_of(asked) for item in page] == list(range(count))
        assert found(asked) == []

    @settings(max_examples=40, deadline=None)
    @given(name=st.sampled_from(sorted(STYLES)), count=st.integers(3, 30), most=st.integers(2, 5))
    def test_no_list_is_read_for_ever(self, name, count, most):
        """The bound holds, and is a finding only where there was more."""
        vendor = Vendor(list(range(count)), 1)

        asked = read(vendor, a_paging(name, max_pages=most))

        assert len(vendor.asked) == min(count, most)
        assert found(asked) == (["paging-endless"] if count > most else [])

    def test_a_first_page_that_the_case_names_is_the_first(self):
        """What lies before it is counted as well, where the vendor says how much there is."""
        template = Template("GET", "/jobs", query={"page": 2, "state": "open"})
        vendor = Vendor(list(range(7)), 3)

        asked = read(vendor, a_paging("page by total"), template)

        assert pages_of(asked) == [[3, 4, 5], [6]]
        assert [request.query for request in vendor.asked] == [
            (("page", "2"), ("state", "open")),
            (("state", "open"), ("page", "3")),
        ]
        assert found(asked) == []

    def test_a_range_keeps_its_length(self):
        """Ten items asked for are ten items asked for again."""
        vendor = Vendor(list(range(5)), 2)

        read(vendor, a_paging("content-range by header"), Template("GET", "/jobs", headers={"Range": "0-1"}))

        assert [request.headers.get("range") for request in vendor.asked] == ["0-1", "2-3", "4-5"]

    def test_a_link_is_followed_with_the_same_headers(self):
        """Its query takes the place of the first one's, but for our own credential."""
        template = Template(
            "GET", "/jobs", {}, {"state": "open"}, {"X-A": "1"}, auth=(Auth("query", "key", "{api_key}"),)
        )
        vendor = Vendor(list(range(2)), 1)

        read(vendor, a_paging("link"), template)

        assert vendor.asked[1] == a_request(
            url="https://acme.example/jobs",
            query=(("after", "1"), ("key", "<api_key>")),
            headers=Headers((("X-A", "1"),)),
        )

    @pytest.mark.parametrize(
        "target", ["https://elsewhere.example/jobs", "//elsewhere.example/", "http://acme.example/"]
    )
    def test_a_link_to_another_place_is_not_followed(self, target):
        """Credentials stay where they belong."""
        asked = linked(f"<{target}>; rel=next")

        assert found(asked) == ["paging-short"]
        assert "where no credential is sent" in asked.verdicts[0].findings[0].actual

    @pytest.mark.parametrize(
        "link",
        ["", "nonsense", "<>; rel=next", "</a>; rel=prev", '</a>; rel="nextish"', "<" * 9000, "</a>; title=next"],
    )
    def test_what_is_no_link_to_the_next_page_ends_the_list(self, link):
        """Whatever stands in the header."""
        assert found(linked(link)) == []

    @pytest.mark.parametrize(
        "link", ["</b>; rel=next", "<https://ACME.example:443/b>;REL=Next", '</b>; a="x"; rel="last next"']
    )
    def test_every_spelling_of_a_link_is_read(self, link):
        """RFC 8288 leaves some room."""
        assert urlsplit(linked(link, "</b>; rel=prev").steps[1].exchange.request.url).path == "/b"

    @pytest.mark.parametrize(
        ("text", "range_"),
        [
            ("0-14/30", ContentRange(0, 14, 30)),
            ("items 0-14/*", ContentRange(0, 14, None)),
            ("*/0", ContentRange(None, None, 0)),
            ("*/*", ContentRange(None, None, None)),
            ("", None),
            ("14/30", None),
            ("0-" + "9" * 99 + "/1", None),
        ],
    )
    def test_every_content_range_is_read(self, text, range_):
        """What cannot be read is None."""
        assert content_range(text) == range_


class Scripted:
    """A vendor that gives these answers in order: each a body and headers."""

    def __init__(self, *answers: tuple[Any, dict[str, str]]) -> None:
        self.answers = list(answers)

    async def send(self, request: Request) -> Exchange:
        """Return the next answer."""
        value, headers = self.answers.pop(0)
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return Exchange(request, 200, Headers(tuple(headers.items())), body, Source.LIVE)


def linked(*links: str) -> Asked:
    """Read pages with these Link headers."""
    answers = [({"data": [number]}, {"Link": link}) for number, link in enumerate(links)]
    return read(Scripted(*answers), a_paging("link"))


def listed(plan: Paging, *bodies: Any) -> Asked:
    """Read pages with these bodies."""
    return read(Scripted(*[(body, {}) for body in bodies]), plan)


IDS = a_paging(id="$.id")


class TestTheWhole:
    """What no single page can show."""

    def test_a_page_that_comes_twice_is_a_fail(self):
        """Most often the cursor is not sent where the vendor reads it."""
        page = {"data": [{"id": 1}, {"id": 2}]}

        asked = listed(IDS, {**page, "next": "a"}, page)

        assert asked.verdicts[0].findings == (
            Finding(
                "paging-repeats", "new items on every page", "2 of 2 items of page 2 came before: 1, 2", key="paging.id"
            ),
        )
        assert found(listed(a_paging(), {**page, "next": "a"}, page)) == ["paging-repeats"]

    def test_an_item_that_moved_is_a_warn(self):
        """Between two requests somebody may have added one."""
        asked = listed(IDS, {"data": [{"id": 1}, {"id": 2}], "next": "a"}, {"data": [{"id": 2}, {"id": 3}]})

        assert (found(asked), asked.verdicts[0].outcome) == (["paging-repeats"], Outcome.WARN)

    def test_a_cursor_that_leads_back_is_not_followed(self):
        """The list would never end."""
        asked = listed(IDS, *[{"data": [{"id": 1}], "next": "a"}, {"data": [{"id": 2}], "next": "a"}])

        assert asked.verdicts[0].findings[0].actual == "page 2 leads back to page 2"

    def test_empty_pages_are_no_repetition(self):
        """Filters after paging leave some: the next one may hold items again."""
        asked = listed(a_paging(), *[{"data": [], "next": "a"}, {"data": [], "next": "b"}, {"data": [1]}])

        assert (found(asked), pages_of(asked)) == ([], [[], [], [1]])

    @pytest.mark.parametrize("wrong", [3, 5, 0])
    def test_the_number_of_items_is_the_total(self, wrong):
        """More and fewer are wrong alike."""
        plan = a_paging(total="$.total")

        assert found(listed(plan, {"data": [1, 2], "next": "a", "total": 4}, {"data": [3, 4], "total": 4})) == []
        assert found(listed(plan, {"data": [1, 2], "next": "a", "total": wrong}, {"data": [3, 4], "total": wrong})) == [
            "paging-total"
        ]

    def test_a_total_stays_the_same(self):
        """Two pages that disagree are told apart."""
        asked = listed(a_paging(total="$.total"), {"data": [1], "next": "a", "total": 2}, {"data": [2], "total": "3"})

        assert asked.verdicts[0].findings[0].actual == "2 on page 1, 3 on page 2"

    def test_a_page_before_the_last_is_full_where_that_is_promised(self):
        """Nobody else is held to it."""
        bodies = [{"data": [1], "next": "a"}, {"data": [2, 3], "next": "b"}, {"data": [4]}]

        assert found(listed(a_paging(), *bodies)) == []
        assert [finding.actual for finding in listed(a_paging(size=2), *bodies).verdicts[0].findings] == [
            "1 on page 1 of 3"
        ]

    @pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {"a": 1}}, [], b"<html>", b"[" * 9000])
    def test_a_page_without_a_list_is_a_finding(self, body):
        """Whatever it holds instead."""
        assert found(listed(IDS, body)) == ["paging-short"]

    @pytest.mark.parametrize("last", [{}, {"data": None}])
    def test_a_later_page_may_leave_its_list_out(self, last):
        """Some vendors send no list where it would be empty; anything else in its place is a finding."""
        first = {"data": [{"id": 1}], "next": "a"}

        assert found(listed(IDS, first, last)) == []
        assert found(listed(IDS, first, {"data": {"a": 1}})) == ["paging-short"]

    def test_a_page_without_a_body_is_empty(self):
        """Some vendors answer 204 to a list of nothing."""
        assert found(listed(IDS, b"")) == []

    def test_an_item_without_an_id_is_a_finding(self):
        """Otherwise repetitions could not be seen."""
        asked = listed(IDS, {"data": [{"id": 1}, {"name": "x"}]})

        assert asked.verdicts[0].findings[0].actual == "none in 1 of 2 items of page 1"


LIST = """
operations:
  jobs.list:
    summary: All jobs.
    request: GET /jobs
    paging: { style: cursor, next: $.next, send: { query: after }, items: $.data, id: $.id }
    cases:
      all:
        status: 200
        pages: all
        body: { properties: { data: { items: { properties: { id: { type: integer } } } } } }
"""
FIRST, LAST = {"data": [{"id": 1}], "next": "a{b}&c"}, {"data": [{"id": 2}]}


class TestTheContract:
    """Cases with `pages: all`."""

    def test_a_cassette_holds_every_page(self, tmp_path):
        """And the result every step."""
        result = replayed(tmp_path, LIST, "jobs.list:all", [FIRST, LAST])

        assert result.outcome is Outcome.PASS
        assert [step.name for step in result.steps] == ["page 1", "page 2"]
        assert result.steps[1].exchange.request.query == (("after", "a{b}&c"),)

    def test_every_page_is_judged_by_the_case(self, tmp_path):
        """Findings name the page; what holds for the cassette is said once."""
        result = replayed(tmp_path, LIST, "jobs.list:all", [FIRST, {"data": [{"id": "2"}]}])

        assert list(texts(result)) == ['body-schema at page 2 /data/0/id: integer | string "2"']
        assert [verdict.check for verdict in result.verdicts if "cassette" in verdict.check] == [
            "cassette-origin",
            "cassette-age",
        ]

    def test_a_page_that_is_refused_ends_the_reading(self, tmp_path):
        """Then nothing is said of the list as a whole."""
        result = replayed(tmp_path, LIST, "jobs.list:all", [FIRST, answer({"error": "slow"}, 429)])

        assert {(finding.code, finding.at) for finding in result.findings} == {
            ("status", "page 2"),
            ("error-class", "page 2"),
        }
        assert [verdict.reason for verdict in result.verdicts if verdict.check == "paging"] == [
            "page 2 is not what the case expects"
        ]

    def test_a_page_that_is_missing_from_the_cassette_is_said(self, tmp_path):
        """A list that was recorded in part proves nothing about its end."""
        assert codes(replayed(tmp_path, LIST, "jobs.list:all", [FIRST])) == ["request-mismatch"]

    def test_a_case_without_pages_asks_for_one(self, tmp_path):
        """It opts in."""
        replayer = a_suite(tmp_path, f"{LIST}      first: {{ status: 200 }}\n")
        (case,) = selector.select(replayer.suite, ["acme/jobs.list:first"])

        assert case.plan is None
        assert adopted(replayer, "jobs.list:first", [FIRST]).result.outcome is Outcome.PASS

    def test_checks_of_the_business_see_every_page(self, tmp_path):
        """A rule holds for the whole list."""
        seen: list[Any] = []

        @check
        def sees(exchange, expect):
            """It sees."""
            seen.append(exchange.json["data"])

        suite = a_suite(tmp_path, LIST).suite
        (case,) = suite.cases
        vendor = Scripted((FIRST, {"content-type": "application/json"}), (LAST, {"content-type": "application/json"}))
        replayer = Replayer(suite, [sees], today=TODAY)

        result = drive(
            run_case(case, replayer.values(case), vendor, replayer.checks_for(case), case.expect, VirtualClock())
        )

        assert seen == [[{"id": 1}], [{"id": 2}]]
        assert result.outcome is Outcome.PASS
