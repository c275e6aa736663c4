"""A real Chromium for tests: the machine's own, started once per module; where there is none, tests are skipped by name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-dev-shm-usage",
)  # fmt: skip


def installed() -> str | None:
    """Where Chromium is on this machine."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module", name="browser")
def a_browser() -> Iterator[Browser]:
    """The browser; pages are made with `opened`.

    Not for the whole session: while Playwright runs, no test in the same process can run an event loop of its own.
    """
    path = installed()
    if path is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Seen:
    """What a page did besides showing itself."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def dismiss(self, dialog: Dialog) -> None:
        """Note a dialog and close it."""
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    *,
    scheme: Literal["light", "dark"] = "light",
    width: int = 1280,
    fragment: str = "",
    **context: Any,
) -> Iterator[tuple[Page, Seen]]:
    """Open a file in a window of its own; everything that it asks for, complains of or pops up is noted."""
    window = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce", **context
    )
    page, seen = window.new_page(), Seen()
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("dialog", seen.dismiss)
    page.goto(f"{path.as_uri()}{fragment}")
    try:
        yield page, seen
    finally:
        window.close()
