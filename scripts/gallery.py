"""Take the pictures of docs/gallery.md from the shipped suite: docs/gallery/*.webp.

    .venv/bin/python scripts/gallery.py

Works on a copy of the contracts and cassettes below a temporary folder. Nothing is asked of any vendor: three weeks of
probes are invented, a vendor's change, too, and a contract is weakened so that it has survivors. Needs Chromium.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "gallery"
sys.path.insert(0, str(ROOT / "tests"))  # the invented history is the one that tests read

DAY, LATER = "2026-11-25", "2026-11-26"
MIDNIGHT = 1_795_737_540.0  # a minute before the end of that day, which is when a report with --now looks back
CHANGED = ('"snoozed_until": null, "status": "open"', '"snoozed_until": null, "status": "Open"')
WEAKENED = (", minimum: 0 }", " }")
LOST = ("supabase/ideas.list", "supabase/functions.invoke")


class Picture(NamedTuple):
    """A part of a page: `top` is what is scrolled to, `opened` are the details to open first."""

    name: str
    page: str
    width: int = 1280
    height: int = 900
    scheme: Any = "light"
    top: str = "body"
    opened: str = ""


AS_SHIPPED = (Picture("shipped", "index.html", height=1000),)
PAGES = (
    Picture("decide", "index.html", height=1150),
    Picture("decide-dark", "index.html", height=1150, scheme="dark"),
    Picture("changed", "index.html", top="#changes", height=1000),
    Picture("case", "index.html", top="tr:has(+ .more) + .more", opened=".more details.case", height=1120),
    Picture("cases", "index.html", top="#cases", height=620),
    Picture("phone", "index.html", width=390, height=844),
    Picture("vendor", "vendors/shopify.html", height=1180),
    Picture("survivors", "vendors/shopify.html", top="#survivors", height=620),
    Picture("live", "live.html", height=1020),
)


def main() -> None:
    """Take every picture anew."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("scripts/gallery.py: no Chromium on this machine (Debian: apt-get install chromium)")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder) / "suite"
        for name in ("contracts", "cassettes", "checks"):
            shutil.copytree(ROOT / name, root / name)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        _prove(root, DAY)
        for picture in AS_SHIPPED:
            _take(browser, root / "reports", picture)
        _change(root)
        _invent_history(root / "reports")
        _provendor(root, "mutate", "shopify", "--now", LATER)
        _prove(root, LATER)
        for picture in PAGES:
            _take(browser, root / "reports", picture)
        browser.close()


def _prove(root: Path, day: str) -> None:
    _provendor(root, "prove", "--quiet", "--now", day)
    _provendor(root, "report", "--now", day)


def _provendor(root: Path, *words: str) -> None:
    """Run a command in the copy; what it finds is what the pictures are about."""
    command = [sys.executable, "-P", "-m", "provendor", *words]
    environment = {"PATH": os.environ["PATH"], "PROVENDOR_NO_PAGE": "1"}
    quiet = subprocess.DEVNULL
    subprocess.run(command, cwd=root, env=environment, check=False, stdout=quiet, stderr=quiet)  # noqa: S603 - our own words


def _change(root: Path) -> None:
    """Let a vendor spell a status in another way, demand less of another, and lose some recordings."""
    for path in (root / "cassettes" / "chatwoot").rglob("ok.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(*CHANGED), encoding="utf-8")
    for path in (root / "contracts" / "shopify").rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(*WEAKENED), encoding="utf-8")
    for operation in LOST:
        for path in list((root / "cassettes" / operation).glob("*.yaml"))[:3]:
            path.unlink()


def _invent_history(reports: Path) -> None:
    from history_files import a_history  # noqa: PLC0415 - the path was just made
    from provendor.probes.history import Watched  # noqa: PLC0415 - as above

    good, bad = ("shopify", "shop.get"), ("chatwoot", "health.web")
    a_history(reports, MIDNIGHT, well=Watched(*good, "ok", "production"), down=Watched(*bad, "ok", "production"))


def _take(browser: Browser, reports: Path, picture: Picture) -> None:
    """Take one picture, as WebP, which takes a third of PNG's bytes."""
    size: Any = {"width": picture.width, "height": picture.height}
    window = browser.new_context(viewport=size, color_scheme=picture.scheme, reduced_motion="reduce")
    page = window.new_page()
    page.goto((reports / picture.page).as_uri())
    page.evaluate(
        "document.querySelectorAll('.vendor-cases').forEach((each) => { each.style.contentVisibility = 'visible'; })"
    )
    if picture.opened:
        page.locator(picture.opened).first.evaluate("(each) => { each.open = true; }")
    if picture.top != "body":
        page.locator(picture.top).first.evaluate(
            "(each) => scrollTo(0, each.getBoundingClientRect().top + scrollY - 64)"
        )
    page.wait_for_timeout(300)
    shot = {"format": "webp", "quality": 82}
    taken = window.new_cdp_session(page).send("Page.captureScreenshot", shot)
    (PICTURES / f"{picture.name}.webp").write_bytes(b64decode(taken["data"]))
    window.close()


if __name__ == "__main__":
    main()
