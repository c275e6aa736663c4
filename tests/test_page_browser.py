"""The page in a real browser: nothing runs, nothing is asked for, everybody can read it and find a case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, Page, expect

from browsers import Seen, a_browser, opened
from evidence_files import TODAY, a_failure, a_finding, a_run, a_varied_run, live
from history_files import a_history
from hostile import PAYLOADS, a_hostile_history, a_hostile_run
from provendor.evidence import LIVE_PAGE
from provendor.reports import archive, briefing, page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

browser = a_browser
schemes = pytest.mark.parametrize("scheme", ["light", "dark"])


NOW = 1_795_176_000.0
"""2026-11-20 12:00 UTC."""


def a_page(reports: Path) -> Path:
    """Make the page of the newest run below `reports`."""
    kept = archive.find(reports)
    return page.write(briefing.told(reports, kept, reports, date.fromisoformat(TODAY), now=NOW), reports)


@pytest.fixture(scope="module", name="varied")
def a_varied_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run in which everything happens that can."""
    reports = tmp_path_factory.mktemp("varied")
    a_history(reports, NOW)
    return a_page(a_varied_run(reports))


@pytest.fixture(scope="module", name="hostile")
def a_hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run in which every text is hostile."""
    reports = tmp_path_factory.mktemp("hostile")
    a_hostile_run(reports)
    a_hostile_history(reports, PAYLOADS[::4], NOW)
    return a_page(reports)


def files(index: Path) -> list[Path]:
    return [index, index.with_name(LIVE_PAGE), *sorted((index.parent / "vendors").glob("*.html"))]


def open_all(view: Page) -> None:
    view.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def assert_nothing_happened(view: Page, seen: Seen, path: Path) -> None:
    assert [unquote(url) for url in seen.requests if not url.startswith("data:")] == [path.as_uri()]
    assert (seen.complaints, seen.dialogs) == ([], [])
    assert view.evaluate("window.ran") is None


@schemes
def test_axe_finds_no_violation_on_any_page(browser: Browser, varied: Path, scheme: Literal["light", "dark"]):
    """Contrast, landmarks, headings, labels, tables: with everything open, on a wide screen and on a phone."""
    for path, width in [*((path, 1280) for path in files(varied)), (varied, 390)]:
        with opened(browser, path, scheme=scheme, width=width) as (view, _):
            open_all(view)
            found = Axe().run(view)
            assert found.violations_count == 0, f"{path.name}, {width} px: {found.generate_report()}"


def test_the_page_asks_for_nothing_and_breaks_no_rule_of_its_own(browser: Browser, varied: Path):
    """One file, whose policy allows all that it does."""
    for path in files(varied):
        with opened(browser, path) as (view, seen):
            open_all(view)
            assert_nothing_happened(view, seen, path)


def test_no_page_is_wider_than_its_window(browser: Browser, varied: Path):
    """Down to a small phone nothing has to be scrolled sideways."""
    for path in files(varied):
        with opened(browser, path) as (view, _):
            open_all(view)
            for width in (320, 390, 768, 1024, 1280, 2560):
                view.set_viewport_size({"width": width, "height": 900})
                assert view.evaluate("document.documentElement.scrollWidth") <= width, f"{path.name} at {width} px"


def test_a_phone_shows_where_each_answer_is_from(browser: Browser, varied: Path):
    """A replay is told from a live answer on the smallest screen, too."""
    for path in (varied, varied.parent / "vendors" / "bolt.html"):
        with opened(browser, path, width=390) as (view, _):
            expect(view.locator("tr[id='bolt/jobs.e:ok'] .r")).to_be_visible()
            expect(view.locator("tr[id='bolt/jobs.e:ok'] .r")).to_contain_text("live in sandbox, 121 ms")


def test_a_phone_has_room_for_what_changed(browser: Browser, varied: Path):
    """Names of cases stand below what became of them, and are not broken letter by letter beside it."""
    with opened(browser, varied, width=390) as (view, _):
        box = view.locator("#changes ~ .two dd").first.bounding_box()

        assert box is not None
        assert box["width"] > 250


def test_on_paper_stands_what_is_no_pass(browser: Browser, varied: Path):
    """Thousands of cases that pass would take a hundred sheets, and a dark page no ink."""
    with opened(browser, varied, scheme="dark") as (view, _):
        view.emulate_media(media="print")
        passed = view.locator(".cases tr[id]:not(.bad)")

        assert passed.count() > 10
        assert passed.locator("visible=true").count() == 0
        assert len(shown(view)) == view.locator(".cases tr.bad").count() == 9
        expect(view.get_by_text("On paper only the cases that are no pass are listed")).to_be_visible()
        assert view.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        view.emulate_media(media="screen")
        expect(view.get_by_text("On paper only")).to_be_hidden()


def test_everything_can_be_read_without_javascript(browser: Browser, varied: Path):
    """Only the filter is missing, and it does not show."""
    with opened(browser, varied, java_script_enabled=False) as (view, seen):
        expect(view.locator("#filter")).to_be_hidden()
        expect(view.locator("[data-copy]").first).to_be_hidden()
        view.locator("tr[id='acme/users.get:type-changed'] + tr summary").first.click()
        expect(view.locator("tr[id='acme/users.get:type-changed'] + tr .finding").first).to_be_visible()
        assert seen.complaints == []


def shown(view: Page) -> list[str]:
    return [row.get_attribute("id") or "" for row in view.locator(".cases tr[id]:visible").all()]


def test_the_filter_finds_by_outcome_vendor_and_text_and_says_how_many(browser: Browser, varied: Path):
    """The count is announced, and the address says what is shown."""
    with opened(browser, varied) as (view, _):
        count = view.get_by_role("status")
        total = len(shown(view))
        expect(count).to_have_text(f"{total} cases")

        view.get_by_role("checkbox", name="fail").check()
        expect(count).to_have_text(f"4 of {total} cases")
        view.get_by_label("Vendor", exact=True).select_option("acme")
        expect(count).to_have_text(f"1 of {total} cases")
        assert shown(view) == ["acme/users.get:type-changed"]
        assert view.url.endswith("#?vendor=acme&outcome=fail")

        view.get_by_role("button", name="Clear").click()
        expect(count).to_have_text(f"{total} cases")
        view.get_by_role("searchbox").fill("TOKEN expired")
        expect(count).to_have_text(f"3 of {total} cases")
        assert view.url.endswith("#?text=TOKEN+expired")


def test_a_filtered_view_can_be_shared(browser: Browser, varied: Path):
    """Whoever opens the address sees the same; an address that says nonsense shows everything there is of it."""
    with opened(browser, varied, fragment="#?outcome=warn&outcome=error") as (view, _):
        assert {row.split("/")[0] for row in shown(view)} == {"acme", "bolt"}
        assert view.get_by_role("checkbox", name="warn").is_checked()
    with opened(browser, varied, fragment="#?vendor=nobody&outcome=%ff&%") as (view, seen):
        assert len(shown(view)) > 20
        assert seen.complaints == []
    with opened(browser, varied, fragment="#%ff%") as (_, seen):
        assert seen.complaints == []


def test_the_filter_works_by_keyboard(browser: Browser, varied: Path):
    """Typing, a box by space, and the way out by Tab."""
    with opened(browser, varied) as (view, _):
        view.get_by_role("searchbox").focus()
        view.keyboard.type("bolt")
        view.keyboard.press("Tab")
        view.keyboard.press("Tab")
        assert view.evaluate("document.activeElement.name") == "outcome"
        view.keyboard.press("Space")
        expect(view.get_by_role("status")).to_have_text(f"3 of {view.locator('.cases tr[id]').count()} cases")


def test_a_link_to_a_case_opens_it(browser: Browser, varied: Path):
    """From a cause to the exchange is one click."""
    with opened(browser, varied) as (view, _):
        view.locator("#causes ~ .sheet a", has_text="acme/users.get:type-changed").first.click()
        expect(view.locator("tr[id='acme/users.get:type-changed'] + tr .finding").first).to_be_visible()


def test_a_link_to_a_case_shows_it_whatever_is_filtered(browser: Browser, varied: Path):
    """A link that leads to nothing would be taken for a case that is gone."""
    with opened(browser, varied, fragment="#?outcome=warn") as (view, _):
        view.locator("#causes ~ .sheet a", has_text="acme/users.get:type-changed").first.click()

        expect(view.locator("tr[id='acme/users.get:type-changed']")).to_be_in_viewport()
        assert view.url.endswith("#acme/users.get:type-changed")
        expect(view.get_by_role("status")).to_have_text("25 cases")
        assert not view.get_by_role("checkbox", name="warn").is_checked()


def test_a_vendor_page_leads_back(browser: Browser, varied: Path):
    """And the first page leads to it."""
    with opened(browser, varied) as (view, _):
        view.get_by_role("link", name="Acme", exact=True).click()
        expect(view.get_by_role("heading", level=1)).to_contain_text("Acme")
        view.get_by_role("link", name="All vendors").click()
        expect(view.get_by_role("heading", level=1)).to_contain_text("NO-GO")


def test_the_skip_link_comes_first(browser: Browser, varied: Path):
    """For whoever goes by keyboard."""
    with opened(browser, varied) as (view, _):
        view.keyboard.press("Tab")
        expect(view.get_by_text("Skip to the content")).to_be_focused()
        expect(view.get_by_text("Skip to the content")).to_be_in_viewport()


def test_there_is_one_heading_of_the_first_rank_and_none_is_left_out(browser: Browser, varied: Path):
    """A screen reader's table of contents makes sense."""
    for path in files(varied):
        with opened(browser, path) as (view, _):
            open_all(view)
            ranks = view.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map((h) => +h.tagName[1])")
            assert ranks.count(1) == 1
            assert all(after - before <= 1 for before, after in pairwise(ranks)), path.name


# --- hostile texts ----------------------------------------------------------------------------------------------------


@pytest.fixture(name="hostile_view")
def a_hostile_view(browser: Browser, hostile: Path) -> Iterator[tuple[Page, Seen]]:
    with opened(browser, hostile) as (view, seen):
        open_all(view)
        yield view, seen


def some(index: Path) -> list[Path]:
    """The first page, which has every text, and vendors' pages here and there; test_page reads all of them."""
    return [*files(index)[:2], *files(index)[2::20]]


def test_no_hostile_text_runs_or_asks_for_anything(browser: Browser, hostile: Path):
    """In every field, on every kind of page, with everything open and pointed at."""
    assert len(set(PAYLOADS)) >= 100
    for path in some(hostile):
        with opened(browser, path) as (view, seen):
            open_all(view)
            view.evaluate("document.querySelectorAll('main *').forEach((e) => e.dispatchEvent(new Event('mouseover')))")
            assert_nothing_happened(view, seen, path)


def test_no_hostile_text_becomes_an_element_or_an_attribute(browser: Browser, hostile: Path):
    """What is in the document is what the templates put there."""
    alien = "img, iframe, object, embed, base, video, math, form[action], main style, marquee, template, plaintext, xmp, animate"
    for path in some(hostile):
        with opened(browser, path) as (view, _):
            assert view.locator(alien).count() == 0, path.name
            assert view.locator("script").count() == view.locator("body > script").count() <= 1
            odd = """[...document.querySelectorAll('*')].flatMap((e) => [...e.attributes]).map((a) => a.name)
                     .filter((name) => name.startsWith('on') || name === 'style' || name === 'srcdoc')"""
            assert view.evaluate(odd) == []
            addresses = view.evaluate("[...document.querySelectorAll('a')].map((a) => a.protocol)")
            assert set(addresses) <= {"file:", "http:", "https:"}


def test_no_hostile_text_breaks_the_layout(browser: Browser, hostile: Path):
    """Nothing is wider than the window, nothing lies over anything else, and nothing hides the rest."""
    outside = """(width) => [...document.querySelectorAll('main *')].filter((e) => {
        const box = e.getBoundingClientRect();
        return box.width && box.right > width + 1 && !e.closest('.block, .hidden-text, thead');
    }).map((e) => e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 40)).slice(0, 5)"""
    for path, title in (
        (hostile, "NO-GO"),
        (hostile.with_name(LIVE_PAGE), f"{len(set(PAYLOADS[::4]))} vendors are in trouble"),
    ):
        for width in (390, 1280):
            with opened(browser, path, width=width) as (view, _):
                open_all(view)
                assert view.evaluate("document.documentElement.scrollWidth") <= width
                assert view.evaluate(outside, width) == []
                expect(view.get_by_role("heading", level=1)).to_have_text(title)


def test_hostile_texts_stay_readable(hostile_view: tuple[Page, Seen]):
    """Each case's row says its text, with what cannot be seen spelled out; a direction is never turned around."""
    view, _ = hostile_view
    text = view.locator("main").text_content() or ""

    for payload in (
        "<script>window.ran=1</script>",
        "{{ 7 * 7 }}",
        "</td><td>100 pass</td>",
        "&lt;script&gt;window.ran=1",
    ):
        assert payload in text
    for spelled in (
        "\\u202egnp.exe",
        "a\\x00b",
        "\\x1b[2J",
        "\\u2028separator",
        "\\ud83d half a pair",
        "\ufffd\ufffd\ufffd bytes",
    ):
        assert spelled in text
    assert not {"\u202e", "\u2066", "\x1b", "\x00", "\u200b"} & set(text)
    assert "49" not in view.locator(".cases th[scope=row]").all_text_contents()


def test_ten_megabytes_are_cut_short_and_said_so(browser: Browser, tmp_path: Path):
    """Wherever a vendor can put them; the page stays small, and says how much there was."""
    long = "0123456789" * 1_000_000
    found = a_finding("business", at=long, key="", expected=long, actual=long)
    failed = live(a_failure("acme/users.get:long", found, reason=long), blame={"party": "vendor", "why": long})
    failed["exchange"] |= {
        "body": json.dumps({"id": long}),
        "response_headers": [["X-Long", long]],
        "request_body": long,
    }
    a_run(tmp_path, [failed])
    path = a_page(tmp_path)

    assert path.stat().st_size < 200_000
    with opened(browser, path) as (view, seen):
        open_all(view)
        assert "(10,000,000 characters)" in (view.locator("main").text_content() or "")
        assert view.evaluate("document.documentElement.scrollWidth") <= 1280
        assert_nothing_happened(view, seen, path)
