"""What several commands take: the root folder, selectors, the clock; and the suite that follows from them."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from provendor import moments
from provendor.cache import Cache
from provendor.errors import UsageError

if TYPE_CHECKING:  # not every command reads contracts
    from provendor.contract import Case, Suite


@contextmanager
def needing(extra: str) -> Iterator[None]:
    """Say what to install where an import within the block finds no library; raises UsageError."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise UsageError(f"there is no {missing.name} here: pip install 'provendor[{extra}]'") from None


def add_root(parser: argparse.ArgumentParser) -> None:
    """Add `--root`."""
    parser.add_argument(
        "--root", type=Path, metavar="DIR", help="folder that holds contracts/ (default: nearest above)"
    )


def add_selectors(parser: argparse.ArgumentParser) -> None:
    """Add selectors as the command's words."""
    parser.add_argument(
        "selectors", nargs="*", metavar="SELECTOR", help="vendor, vendor/operation or vendor/operation:case"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON document for machines")


def add_now(parser: argparse.ArgumentParser) -> None:
    """Add `--now`."""
    parser.add_argument(
        "--now", type=day, metavar="YYYY-MM-DD", help="the day that decides ages and `pending` (default: today, UTC)"
    )


def day(text: str) -> date:
    """Read a day as an option gives it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day such as 2026-11-20, got {text!r}") from None


def add_report(parser: argparse._ActionsContainer, what: str = "where evidence and history lie") -> None:
    """Add `--report`."""
    parser.add_argument("--report", type=Path, metavar="DIR", help=f"{what} (default: reports/ in the root)")


def moment(text: str) -> float:
    """Read a moment as an option gives it, a span before now or a day, as seconds since 1970."""
    try:
        return time.time() - moments.seconds(text)
    except ValueError:
        pass
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC).timestamp()
    except ValueError:
        said = f"expected a span such as 24h or a day such as 2026-11-20, got {text!r}"
        raise argparse.ArgumentTypeError(said) from None


def width(text: str) -> int:
    """Read how many requests may be under way at once."""
    from provendor.wire.gate import MOST  # noqa: PLC0415 - only where somebody gives a number

    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {MOST}, got {text!r}")
    return number


def root_of(args: argparse.Namespace) -> Path:
    """Return the suite's root; raises UsageError where there are no contracts."""
    if args.root is not None:
        if not (args.root / "contracts").is_dir():
            raise UsageError(f"{args.root} holds no contracts/ folder")
        return Path(args.root)
    root = nearest_root(Path.cwd())
    if root is None:
        raise UsageError("no contracts/ folder here or above; give one with --root DIR")
    return root


def nearest_root(start: Path) -> Path | None:
    """Return the nearest folder at or above `start` that holds `contracts/`, or None."""
    return next((folder for folder in (start, *start.parents) if (folder / "contracts").is_dir()), None)


def today_of(args: argparse.Namespace) -> date:
    """Return the day that decides ages: `--now`, else today in UTC."""
    return args.now or datetime.now(UTC).date()


def cache_of(root: Path, enabled: bool = True) -> Cache:
    """Return the cache of parsed files under `.provendor/`, or one that never stores."""
    return Cache(root / ".provendor" / "cache" if enabled else None)


def load(root: Path, selectors: list[str], cache: Cache | None = None) -> tuple[Suite, tuple[Case, ...]]:
    """Load what the selectors need and return it with the cases they select; raises UsageError and ContractError."""
    from provendor import selector  # noqa: PLC0415 - not every command reads contracts
    from provendor.reader import loading  # noqa: PLC0415 - not every command reads contracts

    suite = loading.load(root, selector.vendors_named(selectors), cache)
    return suite, selector.select(suite, selectors)


def add_header(parser: argparse.ArgumentParser) -> None:
    """Add `--header`."""
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        type=_header,
        metavar="'Name: value'",
        help="a response header; repeatable",
    )


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError(f"expected 'Name: value', got {text!r}")
    return name.strip(), value.strip()
