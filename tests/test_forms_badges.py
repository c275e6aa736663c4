from __future__ import annotations

from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from evidence_files import TODAY, a_failure, a_result, a_run, a_warning, an_error, live
from form_files import HOSTILE, told_of
from history_files import a_history
from provendor.errors import UsageError
from provendor.reports import archive, telling, watch
from provendor.reports.forms import badges
from provendor.reports.forms.badges import Badge, draw
from provendor.reports.story import Story, VendorTold

SVG = "{http://www.w3.org/2000/svg}"


def says(root: Path, *results: dict[str, object]) -> str:
    """What the badge of the first vendor says."""
    story = told_of(root, results).story
    return badges.of_vendor(story.vendors[0], story).says


def test_a_replay_is_called_one_and_is_not_green(tmp_path: Path):
    """However many cases pass: nobody asked the vendor."""
    story = told_of(tmp_path, [a_result(), a_result("acme/users.get:denied")]).story

    badge = badges.of_vendor(story.vendors[0], story)

    assert badge == Badge("acme", "replayed 2026-11-20, recordings since 2026-11-10", "#0b5cad")
    assert "pass" not in badge.says


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([live(a_result()), a_result("acme/users.get:denied")], "live 2026-11-20: 1 of 1"),
        ([a_result(), a_failure("acme/users.get:denied")], "broken: 1 of 2 fail, 2026-11-20"),
        ([a_result(), an_error("acme/users.get:gone")], "cannot tell: 1 of 2 not judged, 2026-11-20"),
        ([a_result(outcome="skip", reason="not asked")], "nothing judged, 2026-11-20"),
        ([a_warning()], "replayed 2026-11-20, recordings since 2026-11-10, 1 warn"),
        ([live(a_warning())], "live 2026-11-20: 1 of 1, 1 warn"),
    ],
)
def test_the_worst_is_said_first_with_its_day(tmp_path: Path, results: list[dict[str, object]], said: str):
    """A badge stays where it is put, and an age would not."""
    assert says(tmp_path, *results) == said


def with_history(folder: Path, now: float = 1_795_176_000.0) -> dict[str, Badge]:
    a_history(folder, now)
    run = archive.KeptRun(a_run(folder, [a_result("acme/users.get:ok"), a_result("bolt/jobs.a:ok")]))
    story = telling.tell(run, today=date.fromisoformat(TODAY), watch=watch.read(folder, now))
    return {vendor.name: badges.of_vendor(vendor, story) for vendor in story.vendors}


def test_trouble_in_production_is_red_and_never_a_green_0_of_1(tmp_path: Path):
    """Whatever its recordings say, and although it was good two hours ago."""
    told = with_history(tmp_path)

    assert told["acme"] == Badge("acme", "live 2026-11-20: 1 of 1", "#1a7f37")
    assert told["bolt"].says == "in trouble in production, 2026-11-20"
    assert told["bolt"].colour == badges.of_vendor(*broken(tmp_path / "broken")).colour


def broken(folder: Path) -> tuple[VendorTold, Story]:
    story = told_of(folder, [a_failure()]).story
    return story.vendors[0], story


def test_only_live_answers_make_a_badge_green(tmp_path: Path):
    """And they do."""
    story = told_of(tmp_path, [live(a_result())]).story

    assert badges.of_vendor(story.vendors[0], story).colour == "#1a7f37"


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([a_result()], "GO WITH WARNINGS, replayed, 2026-11-20"),
        ([a_failure()], "NO-GO, replayed, 2026-11-20"),
        ([live(a_result()), a_result("shop/items.list:ok")], "GO WITH WARNINGS, 1 of 2 live, 2026-11-20"),
        ([], "CANNOT TELL, nothing judged, 2026-11-20"),
    ],
)
def test_the_badge_for_the_whole_is_the_verdict(tmp_path: Path, results: list[dict[str, object]], said: str):
    """With how many vendors answered themselves."""
    assert badges.of_run(told_of(tmp_path, results).story).says == said


def test_there_is_one_for_each_vendor_and_one_for_the_whole(tmp_path: Path):
    """As files."""
    story = told_of(tmp_path, [a_result(), a_result("shop/items.list:ok")]).story

    assert sorted(badges.badges(story)) == ["_all.svg", "acme.svg", "shop.svg"]


@pytest.mark.parametrize("name", ["../acme", "_all", "", "a/b", "Acme\n"])
def test_a_vendor_that_cannot_be_a_file_is_refused(tmp_path: Path, name: str):
    """The evidence may come from anywhere."""
    story = told_of(tmp_path, [{**a_result(), "vendor": name}]).story

    with pytest.raises(UsageError, match="which cannot be a file"):
        badges.badges(story)


def test_a_badge_is_an_image_with_a_name():
    """For those who hear it; nothing in it is fetched, and no id meets another badge's on the same page."""
    tree = ET.fromstring(draw(Badge("acme", "replayed 2026-11-20", "#0b5cad")))

    assert (tree.get("role"), tree.get("aria-label")) == ("img", "acme: replayed 2026-11-20")
    assert tree.findtext(f"{SVG}title") == "acme: replayed 2026-11-20"
    assert [text.get("aria-hidden") for text in tree.iter(f"{SVG}text")] == ["true", "true"]
    assert not [each for each in tree.iter() if {"href", "src", "id", "style"} & set(each.attrib)]


@pytest.mark.parametrize("colour", [value for name, value in vars(badges).items() if str(value).startswith("#")])
def test_white_text_on_every_colour_meets_wcag_aa(colour: str):
    """A contrast of 4.5 to 1 or more."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)

    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(text: str):
    """A title is a vendor's own words in its contract."""
    tree = ET.fromstring(draw(Badge(text, text, "#0b5cad")))

    assert {each.tag.removeprefix(SVG) for each in tree.iter()} == {"svg", "title", "rect", "path", "g", "text"}
    assert all(each.isprintable() for each in tree.itertext() if each.strip())
    assert int(tree.get("width") or 0) < 2500
