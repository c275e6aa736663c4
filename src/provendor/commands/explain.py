"""Say what a code means and what to do about it; without a code, list them all."""

from __future__ import annotations

import argparse

from provendor import codes
from provendor.commands import arguments, console


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("code", nargs="?", metavar="CODE", help="a code such as body-schema")
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print one code's entry, or all titles."""
    if args.code is None:
        entries = [*codes.CODES.values(), *codes.DRIFT_CODES.values()]
        if args.json:
            console.print_json([entry._asdict() for entry in entries])
        else:
            print("\n".join(f"{entry.code:<22} {entry.title}" for entry in entries))
        return 0
    entry = codes.explain(args.code)
    if args.json:
        console.print_json(entry._asdict())
    else:
        print(f"{entry.code}: {entry.title}\n\n{entry.meaning}\n\nWhat to do: {entry.do}")
    return 0
