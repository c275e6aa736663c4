"""The files of the page: what is in them, how they are put in place, and that hostile text stays text in each."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from evidence_files import (
    TODAY,
    a_failure,
    a_finding,
    a_result,
    a_run,
    a_varied_run,
    a_verdict,
    known_of,
    live,
    many,
)
from history_files import a_history
from hostile import PAYLOADS, a_hostile_history, a_hostile_run
from provendor.evidence import LIVE_PAGE
from provendor.plaintext import visible
from provendor.reports import archive, briefing, page

NOW = 1_795_176_000.0
"""2026-11-20 12:00 UTC."""


def made(reports: Path) -> Path:
    kept = archive.find(reports)
    return page.write(briefing.told(reports, kept, reports, date.fromisoformat(TODAY), now=NOW), reports)


def a_run_in(reports: Path, vendors: dict[str, Any], *results: dict[str, Any]) -> Path:
    a_run(reports, results or [a_result()], vendors=vendors)
    return reports


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


class Outline(HTMLParser):
    """The tags and attributes of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_verdict_comes_first(tmp_path: Path):
    """The first heading is the word, and what follows says why."""
    text = text_of(made(a_varied_run(tmp_path)))

    heading = re.search(r"<h1.*?</h1>\s*<p class=\"lead\">(.*?)</p>", text, re.DOTALL)

    assert heading is not None
    assert "NO-GO" in heading[0]
    assert heading[1] == "4 cases of bolt and acme fail, for 2 reasons."


def test_names_break_between_their_parts_and_many_missing_credentials_are_folded(tmp_path: Path):
    """So that a row of the readiness table stays a few lines high, and every name can be copied whole."""
    few, many_ = (
        [{"env": f"ACME_KEY_{n}", "name": f"k{n}", "present": False} for n in range(count)] for count in (2, 3)
    )
    row = r'data-label="Credentials">.*?</td>'

    for number, (given, folded) in enumerate(((few, 0), (many_, 1))):
        vendors = {"acme": known_of("acme", credentials=given, environments={"production": True})}
        cell = re.search(row, text_of(made(a_run_in(tmp_path / str(number), vendors))), re.DOTALL)
        assert cell is not None
        assert (cell[0].count("<details"), cell[0].count("ACME_<wbr>KEY_<wbr>")) == (folded, len(given))
        assert "ACME_KEY_0" in "".join(Outline(cell[0]).text)


def test_an_option_is_not_broken_after_its_hyphens(tmp_path: Path):
    """`--live` on two lines is read as two words."""
    text = text_of(made(a_run_in(tmp_path, {"acme": known_of("acme", blocks=None)}, live(a_failure()))))

    assert 'provendor prove <span class="nowrap">--live</span> acme/<wbr>users.<wbr>get:<wbr>ok' in text


def test_a_vendor_without_a_sandbox_has_none_and_not_an_unknown_one(tmp_path: Path):
    """What older evidence does not say is unknown all the same."""
    row = r'data-label="Sandbox"><div>(.*?)</div>'
    known: tuple[dict[str, bool] | None, ...] = (
        {"production": True},
        {"sandbox": False, "production": True},
        {"sandbox": True},
        {},
        None,
    )

    told = [
        re.findall(row, text_of(made(a_run_in(tmp_path / str(n), {"acme": known_of("acme", environments=each)}))))
        for n, each in enumerate(known)
    ]

    assert told == [["none"], ["not known"], ["known"], ["none"], ['<span class="soft">unknown</span>']]


def test_what_to_do_shows_code_as_code(tmp_path: Path):
    """Advice is written with backticks, as in the terminal."""
    text = text_of(made(a_run_in(tmp_path, {}, a_failure(verdicts=[a_verdict("status", "fail", a_finding("status"))]))))

    assert "change <code>status:</code> or write a case" in text


def test_each_file_allows_its_own_style_and_script_alone(tmp_path: Path):
    """The digests in the policy are those of what stands in the file."""
    a_history(tmp_path, NOW)
    for path in (index := made(a_varied_run(tmp_path))).parent.rglob("*.html"):
        text = text_of(path)
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
        assert policy is not None, index
        assert policy[1].startswith("default-src &#39;none&#39;;")
        assert "unsafe" not in policy[1]
        for tag in ("style", "script"):
            inside = "".join(re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL))
            assert not inside or b64encode(sha256(inside.encode()).digest()).decode() in policy[1]


def test_a_file_needs_no_other(tmp_path: Path):
    """No address is loaded from, in any element; links go to pages beside it or to what a contract names."""
    for path in made(a_varied_run(tmp_path)).parent.rglob("*.html"):
        for tag, attributes in Outline(text_of(path)).tags:
            assert "src" not in attributes
            if tag == "link":
                assert (attributes["href"] or "").startswith("data:")
            if tag == "use":
                assert (attributes["href"] or "").startswith("#")
            assert tag not in {"img", "iframe", "object", "embed", "form"} or "action" not in attributes


def test_every_link_leads_somewhere(tmp_path: Path):
    """To a page that is there, and to a place that it has."""
    a_history(tmp_path, NOW)
    index = made(a_varied_run(tmp_path))
    for path in index.parent.rglob("*.html"):
        for link in links(path):
            file, _, fragment = link.partition("#")
            target = (path.parent / file) if file else path
            assert target.is_file(), link
            assert not fragment or f'id="{fragment}"' in text_of(target), link


def links(path: Path) -> Iterator[str]:
    for tag, attributes in Outline(text_of(path)).tags:
        href = attributes.get("href") or ""
        if tag == "a" and not href.startswith(("http://", "https://")):
            yield href


def test_only_addresses_of_the_web_become_links(tmp_path: Path):
    """What a contract calls its documentation may be anything."""
    index = made(a_varied_run(tmp_path))

    assert 'href="https://docs.acme.example/"' in text_of(index.parent / "vendors" / "acme.html")
    assert "not an address" in text_of(index.parent / "vendors" / "calm.html")
    assert 'href="not an address"' not in text_of(index.parent / "vendors" / "calm.html")


@pytest.mark.parametrize("place", ["index.html", "live.html", "vendors/*.html"])
def test_hostile_text_is_text_in_every_file(tmp_path: Path, place: str):
    """No element, no attribute and no address that the templates did not write."""
    a_hostile_run(tmp_path)
    a_hostile_history(tmp_path, PAYLOADS, NOW)
    made(tmp_path)
    plain = tmp_path / "plain"
    a_history(plain, NOW)
    made(a_varied_run(plain))
    expected = {tag for path in plain.rglob("*.html") for tag, _ in Outline(text_of(path)).tags}
    names = {name for path in plain.rglob("*.html") for _, found in Outline(text_of(path)).tags for name in found}
    paths = sorted(tmp_path.glob(place))

    assert len(paths) >= (len(set(PAYLOADS)) if place.startswith("vendors") else 1)
    for path in paths:
        for tag, attributes in Outline(text_of(path)).tags:
            assert tag in expected, f"{path.name}: <{tag}>"
            assert set(attributes) <= names, f"{path.name}: {attributes}"
            href = attributes.get("href") or ""
            assert not re.match(r"\s*(javascript|vbscript|data:text)", href, re.IGNORECASE), href


def test_hostile_text_can_be_read_on_its_vendors_page(tmp_path: Path):
    """Spelled out where it cannot be seen, and cut short where it is long."""
    a_hostile_run(tmp_path)
    made(tmp_path)
    told = "".join("".join(Outline(text_of(path)).text) for path in (tmp_path / "vendors").glob("*.html"))

    for payload in PAYLOADS:
        assert visible(payload, 60) in told or visible(payload, 500) in told


def test_names_of_files_come_from_no_forged_name(tmp_path: Path):
    """A vendor called `../../x` has a page below `vendors/` all the same."""
    a_run(tmp_path / "reports", [a_result(vendor="../../x", operation="..", id="../../x/..:ok")])

    made(tmp_path / "reports")

    assert [path.parent.name for path in tmp_path.rglob("*.html")].count("vendors") == 1
    assert not list(tmp_path.glob("*.html"))


def test_a_result_that_is_not_as_evidence_has_it_is_told_of_as_far_as_it_goes(tmp_path: Path):
    """Its details are left out, its outcome is not."""
    a_run(tmp_path, [a_failure(exchange="no exchange"), a_result(steps=7), {"id": "x"}])

    text = text_of(made(tmp_path))

    assert "The rest of this result is not as evidence has it." in text
    assert "1 result cannot be read" in text


def test_five_thousand_results_stay_below_three_megabytes(tmp_path: Path):
    """Every one of them is listed on the first page."""
    a_run(tmp_path, many(5_000))

    text = text_of(made(tmp_path))

    assert len(text) < 3_000_000
    assert text.count('<th scope="row">case-') == 5_000


def test_of_more_results_the_first_page_lists_what_is_no_pass_and_links_to_the_rest(tmp_path: Path):
    """Details move to the vendors' pages, in parts that a browser opens at once."""
    a_run(tmp_path, many(20_000, vendors=2))
    index = made(tmp_path)
    text = text_of(index)

    assert len(text) < 3_000_000
    assert text.count('<tr class="bad"') == text.count("<tr id=") + 400 == 400
    parts = sorted(path.name for path in (tmp_path / "vendors").glob("vendor-01*.html"))
    assert parts == [*(f"vendor-01.{number}.html" for number in range(2, 6)), "vendor-01.html"]
    told = sum(
        text_of(path).count('<tr id="') + text_of(path).count('<tr class="bad"') for path in tmp_path.rglob("vendors/*")
    )
    assert told == 20_000


def test_thousands_of_failures_keep_the_first_page_small(tmp_path: Path):
    """The worst are told in full, the others by a link to where they are."""
    a_run(tmp_path, [a_failure(f"acme/users.get:case-{number}") for number in range(1_000)])
    text = text_of(made(tmp_path))

    assert len(text) < 3_000_000
    assert text.count('<details class="case">') > 50
    assert "the names of the others lead to where they are" in text
    assert text.count('<th scope="row"><a href="vendors/acme') > 500


def test_a_page_is_replaced_in_one_step_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One that breaks half-way leaves the page that was there."""
    a_varied_run(tmp_path)
    before = text_of(made(tmp_path))

    def broken(self: object) -> Iterator[str]:
        yield "half of it"
        raise OSError("no space left")

    monkeypatch.setattr(page._Site, "index", broken)
    with pytest.raises(OSError, match="no space"):
        made(tmp_path)

    assert text_of(tmp_path / "index.html") == before
    assert [path.name for path in tmp_path.rglob(".*")] == []


def test_parts_that_a_vendor_no_longer_has_are_removed(tmp_path: Path):
    """And the page of a vendor that was not asked stays: it says of which run it is."""
    a_run(tmp_path, many(20_000, vendors=2), id="20261119T100000Z-000000")
    made(tmp_path)
    a_run(tmp_path, [a_result("vendor-01/things.0:ok")])
    made(tmp_path)

    assert sorted(path.name for path in (tmp_path / "vendors").glob("vendor-01*")) == ["vendor-01.html"]
    assert "vendor-00.html" in {path.name for path in (tmp_path / "vendors").iterdir()}


def test_the_live_page_leads_with_whose_fault_it_is(tmp_path: Path):
    """Since when, last good beside first bad, alerts, and the prober itself."""
    a_history(tmp_path, NOW)
    made(a_varied_run(tmp_path))
    told = " ".join(" ".join(Outline(text_of(tmp_path / LIVE_PAGE)).text).split())

    for part in (
        "bolt is in trouble The fault of the vendor, since 20 Nov 2026, 10:00 UTC.",
        "Last good When 20 Nov 2026, 09:00 UTC 3 hours ago",
        "First bad When 20 Nov 2026, 10:00 UTC 2 hours ago",
        "Planned 48 With a result 44",
        "no prober was running 4",
        "mail bolt is down: vendor-down sent",
    ):
        assert part in told


def test_the_first_bad_answer_is_told_in_full_where_its_run_is_kept(tmp_path: Path):
    """With both sides and the exchange."""
    a_history(tmp_path, NOW)
    a_run(tmp_path, [a_failure("bolt/jobs.a:ok")], id="20261120T080000Z-cccccc", mode="probe")
    made(a_varied_run(tmp_path))

    assert "body-schema" in text_of(tmp_path / LIVE_PAGE)


def test_the_first_bad_answer_is_not_an_earlier_good_one_of_the_same_run(tmp_path: Path):
    """A prober that stays asks each probe many times in one run, and the trouble did not begin with the first."""
    a_history(tmp_path, NOW)
    early = a_result("bolt/jobs.a:ok", "warn", reason="slow but well", started_at=f"{TODAY}T09:00:00.000Z")
    other = a_failure("bolt/jobs.z:ok", a_finding("another-probe"))
    a_run(tmp_path, [early, other, a_failure("bolt/jobs.a:ok")], id="20261120T080000Z-cccccc", mode="probe")
    made(a_varied_run(tmp_path))

    text = text_of(tmp_path / LIVE_PAGE)

    assert "body-schema" in text
    assert "slow but well" not in text
    assert "another-probe" not in text


def test_a_vendors_page_shows_what_it_answered_itself(tmp_path: Path):
    """Uptime and latency as pictures, and as a table; failures by class and by whose fault they are."""
    a_history(tmp_path, NOW)
    made(a_varied_run(tmp_path))
    text = text_of(tmp_path / "vendors" / "acme.html")

    assert text.count('<svg class="strip"') == text.count('<svg class="lines"') == 1
    assert "<td>62.5 %</td>" in text
    assert "Failures by error class" in text
    assert "Asked live" not in text_of(tmp_path / "vendors" / "calm.html")


def test_without_a_history_there_is_no_live_page(tmp_path: Path):
    """And nothing leads to one."""
    text = text_of(made(a_varied_run(tmp_path)))

    assert LIVE_PAGE not in text
    assert not (tmp_path / LIVE_PAGE).exists()


def test_what_failed_live_and_is_kept_names_the_command_that_makes_a_case_of_it(tmp_path: Path):
    """Where nothing was kept, nothing is promised."""
    kept = {"cassette": "failures/acme/users.get/ok.yaml", "why": None}
    lost = {"cassette": None, "why": "its answers have more than 1024 KiB"}
    results = [live(a_failure("acme/users.get:ok", kept=kept)), live(a_failure("acme/users.get:gone", kept=lost))]

    html = text_of(made(a_run_in(tmp_path, {}, *results)))

    assert html.count("Keep it as a failing case") == 1
    assert "provendor record --from-live-failure acme/users.get:ok<" in html
