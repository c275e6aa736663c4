"""What the documentation names exists: pages, headings, make targets, scripts; and the README fits one screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "reports" / "README.md"])
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())

LINES_OF_A_SCREEN = 60


def test_the_readme_fits_one_screen():
    """A reader sees what it is, an example, the two commands and where to go next without scrolling."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()

    assert len(lines) <= LINES_OF_A_SCREEN
    assert [line for line in lines if len(line) > 130] == []


def test_the_readme_gives_the_two_commands():
    """The way in is `make run` and `make test`."""
    assert {"run", "test"} <= set(named_targets((ROOT / "README.md").read_text(encoding="utf-8")))


@pages
def test_links_lead_somewhere(page: Path):
    """Every relative link of a page names a file that exists, and a heading that the file has."""
    assert list(dangling(page)) == []


@pages
def test_named_make_targets_exist(page: Path):
    """Every `make something` that a page tells its reader to type is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))

    assert [target for target in named_targets(page.read_text(encoding="utf-8")) if target not in targets] == []


@pages
def test_named_scripts_exist(page: Path):
    """Every `scripts/something` that a page names is a file."""
    named = re.findall(r"\bscripts/[\w.-]*\w", page.read_text(encoding="utf-8"))

    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_map_shows_every_page():
    """No page of the documentation is left out of docs/index.md, or of the vendors' own index that it names."""
    index = ROOT / "docs" / "index.md"
    maps = (index, index.parent / "vendors" / "index.md")
    shown = {(page.parent / target).resolve() for page in maps for target, _ in links(page.read_text(encoding="utf-8"))}

    assert [page.name for page in PAGES if page.is_relative_to(ROOT / "docs") and page not in {*shown, index}] == []


def test_a_dangling_link_is_found(tmp_path: Path):
    """The measure is measured: a missing file and a missing heading are named, what exists is not."""
    (tmp_path / "there.md").write_text("# It's `here`, too\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md) [b](gone.md) [c](there.md#its-here-too) [d](there.md#gone) [e](https://example.com/)\n"
        "```\n[in code](gone-too.md)\n```\n",
        encoding="utf-8",
    )

    assert list(dangling(page)) == ["gone.md", "there.md#gone"]


def named_targets(text: str) -> list[str]:
    """Targets of `make` in code: spans, fenced and indented blocks."""
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^(?: {4}|)(make .*)$", text, re.MULTILINE)
    return [match[1] for line in code if (match := re.match(r"make ([a-z]+)\b", line.strip()))]


def links(text: str) -> Iterator[tuple[str, str]]:
    """Relative links outside code, as `(path, heading)`; each may be empty."""
    prose = re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if not re.match(r"[a-z][a-z0-9+.-]*:", target):
            path, _, heading = target.partition("#")
            yield path, heading


def dangling(page: Path) -> Iterator[str]:
    for path, heading in links(page.read_text(encoding="utf-8")):
        target = page.parent / path if path else page
        if not target.exists() or (heading and heading not in headings(target)):
            yield f"{path}#{heading}" if heading else path


def headings(page: Path) -> set[str]:
    """The anchors that a page's headings get: lower case, punctuation dropped, spaces as hyphens."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
