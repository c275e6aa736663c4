"""Write the documentation that follows from the contracts: docs/vendors/*.md, or check that it is current.

A page per vendor with operations, cases, errors, environment and recordings, and pages that set all vendors side by
side: retries and idempotency, webhooks.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from provendor.commands import arguments, console
from provendor.reader import loading
from provendor.reports import documents


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "--to", type=Path, metavar="DIR", help="the documentation's folder (default: docs/ in the root)"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page is not current")
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write or check; 0 current or written, 1 not current."""
    root = arguments.root_of(args)
    folder = args.to or root / "docs"
    with arguments.cache_of(root) as cache:
        pages = documents.documents(loading.load(root, cache=cache), root / "cassettes", cache)
    different = [name for name, text in pages.items() if _text_of(folder / name) != text]
    gone = [path for path in sorted((folder / "vendors").glob("*.md")) if f"vendors/{path.name}" not in pages]
    if not args.check:
        for name in different:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(pages[name], encoding="utf-8")
        for path in gone:
            path.unlink()
    stale = [*different, *(f"vendors/{path.name}" for path in gone)]
    if args.json:
        console.print_json({"pages": len(pages), "changed": stale, "checked_only": args.check})
    else:
        verb = "not current" if args.check else "written"
        print("\n".join(f"{verb}: {name}" for name in stale) or f"{len(pages)} pages are current")
    return 1 if args.check and stale else 0


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
