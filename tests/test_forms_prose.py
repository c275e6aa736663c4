"""The job summary and the comment on a pull request, rendered by GitHub's own Markdown parser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm  # type: ignore[import-untyped]  # it has no types
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]  # as above

from evidence_files import a_failure, a_finding, a_result, a_warning, an_end, live
from form_files import HOSTILE, PENDING, hostile_told, mixed, told_of
from provendor.errors import UsageError
from provendor.plaintext import visible
from provendor.reports.forms import Told, comment, summary
from provendor.reports.forms.prose import code, screen, words

FENCED = [text for text in HOSTILE if "`" * 9 not in text]


def text_of(told: Told) -> str:
    return "".join(summary.render(told))


class Rendered(HTMLParser):
    """A page as GitHub makes it of Markdown: its elements, and its text in code and outside."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.code: list[str] = []
        self.prose: list[str] = []
        self._depth = 0
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser hands them over
        self.elements.add(tag)
        self._depth += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        (self.code if self._depth else self.prose).append(data)


def test_the_summary_reads_from_the_verdict_to_what_to_type(tmp_path: Path):
    """Verdict, facts, who needs somebody, why, what changed, and the rules for those who ask."""
    told = told_of(
        tmp_path, [a_result(), a_failure("acme/users.get:denied")], [a_result(), a_result("acme/users.get:denied")]
    )

    assert text_of(told).partition("<details>")[0] == (
        """\
### ❌ NO-GO

**1 case of acme fails\\.**

2 cases: 1 pass, 1 fail; replayed from recordings, no vendor was asked. Run `20261120T100000Z-aaaaaa`, `2026-11-20`.

| Vendor | Verdict | Cases | Answers | Next |
|---|---|---|---|---|
| `acme` | ❌ NO-GO | 2 cases: 1 pass, 1 fail | 2 documented | Mend what fails, or date it \
`provendor prove acme/users.get:denied` |

#### Why

1. ❌ **1 case of** `acme` **fails**: `body-schema` at `contracts/acme/users.yaml#/user/id` expected `integer`, got `string "7"`\
<br>`contracts/acme/users.yaml:12` `provendor prove acme/users.get:denied`

#### Since `20261120T100000Z-aaaaaa`

- newly failing: `acme/users.get:denied`

"""
    )


def test_vendors_of_which_every_case_passes_take_one_line(tmp_path: Path):
    """A screen is for those that need somebody."""
    told = told_of(tmp_path, [a_result(), a_result("shop/items.list:ok"), a_warning("slow/things.get:ok")])

    assert "2 other vendors: every case passes." in text_of(told)
    assert "| `slow` |" in text_of(told)


def test_what_the_contracts_would_catch_is_a_sentence_where_it_was_measured(tmp_path: Path):
    """The weakest is named."""
    end = an_end(strength={"acme": {"score": 0.985, "killed": 197, "survived": 3}})

    said = "\n".join(screen(told_of(tmp_path, [a_result()], end=end)))

    assert (
        "Strength: 98 % of the changes of what it declares are caught by `acme`; measured for 1 of 1 vendors." in said
    )
    assert "Strength" not in "\n".join(screen(told_of(tmp_path / "unmeasured", [a_result()])))


def test_a_vendor_that_was_asked_in_vain_was_asked(tmp_path: Path):
    """Where its answers come from is not none."""
    rows = text_of(told_of(tmp_path, [live(a_failure())])).splitlines()

    assert any("live 2026\\-11\\-20: 0 of 1" in row for row in rows if row.startswith("| `acme` |"))


def test_each_rule_is_two_sentences(tmp_path: Path):
    """What it asks for, and what was found."""
    rules = text_of(told_of(tmp_path, [a_failure()])).partition("The rules that decided")[2]

    assert "- ❌ No contract is broken\\. 1 case of acme fails\\.\n" in rules
    assert "- ✅ The run came to its end\\. The run came to its end\\.\n" in rules


def test_what_is_foreseen_says_until_when(tmp_path: Path):
    """It is not mistaken for news."""
    assert f"**expected to fail**: `body-schema` at `contracts/acme/users.yaml#/user/id` `{PENDING}`" in text_of(
        told_of(tmp_path, mixed())
    )


def test_causes_beyond_a_screen_are_counted(tmp_path: Path):
    """The most frequent of the worst stay."""
    failures = [a_failure(f"acme/users.get:f{number}", a_finding(f"code-{number}")) for number in range(12)]

    assert "4 more causes of 4 cases: all are in the report." in text_of(told_of(tmp_path, failures))


def test_the_comment_begins_with_the_mark_that_a_bot_looks_for(tmp_path: Path):
    """And is the same screen below it."""
    told = told_of(tmp_path, mixed())

    first, _, rest = "".join(comment.render(told)).partition("\n")

    assert first == comment.MARK
    assert rest == text_of(told)


def test_a_large_run_stays_on_a_screen(tmp_path: Path):
    """Three hundred troubles at sixty vendors."""
    troubles = [a_failure(f"vendor-{number % 60}/x.y:{number}", a_finding(f"code-{number}")) for number in range(300)]

    text = text_of(told_of(tmp_path, troubles))

    assert text.count("\n") < 60
    assert "40 more vendors are left out here." in text
    assert "292 more causes of 292 cases" in text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(tmp_path: Path, text: str):
    """No element but ours, no image, no link, nobody mentioned, and within GitHub's limits."""
    written = "".join(comment.render(hostile_told(tmp_path, text)))

    page = Rendered(written)
    assert page.elements <= {
        "h3", "h4", "p", "strong", "code", "table", "thead", "tbody", "tr", "th", "td", "ol", "ul", "li", "br", "details",
        "summary",
    }  # fmt: skip
    assert written.count(comment.MARK) == 1
    assert not [data for data in page.prose if re.search(r"[@#]\w|https?://|www\.", data)]
    assert len(written) < comment.MOST_CHARACTERS
    assert len(written.encode()) < summary.MOST_BYTES
    assert all(line.isprintable() for line in written.split("\n"))


@pytest.mark.parametrize("text", FENCED, ids=range(len(FENCED)))
def test_text_is_shown_as_it_is(text: str):
    """Escaping is not seen by the reader, neither in prose nor in code."""
    prose, span = Rendered(f"> {words(text)}."), Rendered(f"> x {code(text)}")

    assert "".join(prose.prose).strip().rstrip(".") == visible(text, longest=2000).strip().rstrip(".")
    assert "".join(span.code).strip() == visible(text, longest=160).replace("<!--", "<! --").strip()


def test_a_fence_stays_within_what_parsers_know():
    """Beyond it, backticks are shown as apostrophes rather than as Markdown."""
    assert code("`" * 9) == f"`{chr(39) * 9}`"
    assert code("a ``` b") == "````a ``` b````"


class TestTheStepSummary:
    def test_it_is_appended_to_what_the_step_wrote(self, tmp_path: Path):
        """Another tool may have written before."""
        file = tmp_path / "summary.md"
        file.write_text("before\n")
        told = told_of(tmp_path, [a_result()])

        summary.append(told, {"GITHUB_STEP_SUMMARY": str(file)})

        assert file.read_text() == f"before\n{text_of(told)}"

    def test_outside_of_a_workflow_it_is_refused(self, tmp_path: Path):
        """Nothing is written anywhere."""
        with pytest.raises(UsageError, match="GITHUB_STEP_SUMMARY is not set"):
            summary.append(told_of(tmp_path, [a_result()]), {})

    def test_where_github_would_take_none_of_it_it_is_refused(self, tmp_path: Path):
        """What the step wrote before is worth more than both being dropped."""
        file = tmp_path / "summary.md"
        file.write_bytes(b"x" * summary.MOST_BYTES)

        with pytest.raises(UsageError, match="GitHub takes 1048576"):
            summary.append(told_of(tmp_path, [a_result()]), {"GITHUB_STEP_SUMMARY": str(file)})
        assert file.stat().st_size == summary.MOST_BYTES
