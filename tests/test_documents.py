"""Pages that follow from contracts: what they say, and that those in docs/ are current."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract_files import OPERATION, a_vendor, write
from provendor import cli
from provendor.reader import loading
from provendor.reports import documents

ROOT = Path(__file__).parents[1]


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, str]:
    """The pages of one vendor with a read and a write."""
    write(
        tmp_path,
        {
            "acme/vendor.yaml": a_vendor(
                notes="Ask the | team first.",
                live_flag="ACME_LIVE",
                indicators={"users-kept": {"title": "Users who stay.", "ok": 0.9, "warn": 0.5}},
                guides={"people": {"title": "People", "text": "Ask once.", "operations": ["users.add", "users.*"]}},
                rate_limit={"requests": 10, "per": "1s"},
                errors=[
                    {"status": 429, "code": "rate-limited", "retryable": True, "title": "Slow down."},
                    {"status": 401, "text": "a|b`c", "code": "unauthorized", "retryable": False},
                ],
            ),
            "acme/users.yaml": {
                "operations": {
                    "users.get": {**OPERATION, "notes": "Slow on Mondays."},
                    "users.add": {
                        "summary": "A new user.",
                        "request": "POST /users",
                        "safety": "write",
                        "idempotency": "Makes a second one.",
                        "cases": {"ok": {"status": 201}, "slow": {"status": 429, "error": "rate-limited"}},
                    },
                }
            },
        },
    )
    return documents.documents(loading.load(tmp_path), tmp_path / "cassettes")


def test_a_vendor_has_a_page_with_everything_on_it(pages: dict[str, str]) -> None:
    """Notes first, then how to prove it, what it reads, what it asks, how it fails."""
    page = pages["vendors/acme.md"]

    for expected in (
        "# Acme",
        "Ask the | team first.",
        "provendor prove acme",
        "`ACME_LIVE`",
        "`ACME_API_KEY`",
        "### users.get",
        "Slow on Mondays.",
        "| `slow` | 429 | `rate-limited` |",
        "| `users-kept` | Users who stay. | 0.9 | 0.5 | 1 |",
        "Rate limit: 10 requests per 1 s",
    ):
        assert expected in page


def test_a_guide_is_a_page_of_its_own(pages: dict[str, str]) -> None:
    """Its text, then its operations in its own order with what they ask and how they fail; the index leads there."""
    page = pages["vendors/acme-people.md"]
    table = [line for line in page.splitlines() if line.startswith("| [")]

    assert "# Acme: People\n\nAsk once.\n" in page
    assert table == [
        "| [`users.add`](acme.md#usersadd) | `POST /users` | `ok` | `rate-limited` |",
        "| [`users.get`](acme.md#usersget) | `GET /users/{user_id}` | `ok` |  |",
    ]
    assert "- [Acme: People](acme-people.md)" in pages["vendors/index.md"]


def test_what_would_break_a_table_is_escaped(pages: dict[str, str]) -> None:
    """A pattern with a bar and a tick stays in its cell."""
    assert "`` status 401, text like a\\|b`c ``" in pages["vendors/acme.md"]


def test_retries_and_idempotency_of_all_vendors_are_on_one_page(pages: dict[str, str]) -> None:
    """Only what is retryable, only what writes."""
    page = pages["vendors/retries.md"]

    assert "| `rate-limited` | `status 429` | Slow down. |" in page
    assert "| `users.add` | Makes a second one. |" in page
    assert "unauthorized" not in page
    assert "users.get" not in page


def test_pages_do_not_depend_on_the_day(pages: dict[str, str]) -> None:
    """No age is printed: a page is current as long as the contracts are the same."""
    assert not [name for name, text in pages.items() if "days old" in text]


def test_check_names_what_is_not_current_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Write, check, change a page, check again; a page without a vendor is removed when writing."""
    write(tmp_path, {"acme/vendor.yaml": a_vendor(), "acme/users.yaml": {"operations": {"users.get": OPERATION}}})
    where = ("--root", str(tmp_path))
    assert cli.main(["docs", "--check", *where]) == 1
    assert not (tmp_path / "docs").exists()

    assert cli.main(["docs", *where]) == 0
    assert cli.main(["docs", "--check", *where]) == 0
    (tmp_path / "docs/vendors/acme.md").write_text("old")
    (tmp_path / "docs/vendors/gone.md").write_text("old")
    capsys.readouterr()

    assert cli.main(["docs", "--check", *where]) == 1
    assert capsys.readouterr().out.split("\n")[:2] == ["not current: vendors/acme.md", "not current: vendors/gone.md"]
    assert cli.main(["docs", *where]) == 0
    assert not (tmp_path / "docs/vendors/gone.md").exists()


def test_the_pages_of_this_repository_are_current() -> None:
    """`provendor docs` writes them."""
    assert cli.main(["docs", "--check", "--root", str(ROOT)]) == 0, "run `provendor docs` and commit what it writes"
