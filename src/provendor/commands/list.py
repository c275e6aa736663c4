"""Name the cases that a selector selects, one per line."""

from __future__ import annotations

import argparse

from provendor.commands import arguments, console
from provendor.contract import Case


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    arguments.add_selectors(parser)
    arguments.add_root(parser)
    arguments.add_json(parser)
    parser.add_argument("--operations", action="store_true", help="name vendors and operations instead of cases")


def run(args: argparse.Namespace) -> int:
    """Print the selected cases."""
    root = arguments.root_of(args)
    with arguments.cache_of(root) as cache:
        _, cases = arguments.load(root, args.selectors, cache)
    if args.operations:
        names = dict.fromkeys(name for case in cases for name in (case.vendor, f"{case.vendor}/{case.operation}"))
        console.print_json(list(names)) if args.json else print("\n".join(names))
    elif args.json:
        console.print_json([_row(case) for case in cases])
    else:
        print("\n".join(f"{case.id:<60} {case.summary}".rstrip() for case in cases))
    return 0


def _row(case: Case) -> dict[str, object]:
    return {
        "id": case.id,
        "vendor": case.vendor,
        "operation": case.operation,
        "case": case.name,
        "summary": case.summary,
        "contract": str(case.place),
        "cassette": f"cassettes/{case.cassette}",
        "safety": case.safety,
        "status": str(case.expect.status),
        "error": case.expect.error,
        "live": case.live,
        "pending": case.pending.until.isoformat() if case.pending else None,
    }
