"""Tell what a run amounts to: the page that people decide by, or another form of the same evidence.

Without RUN the newest run is told of; RUN is an id below reports/runs/, a folder, or a run.jsonl or run.json from anywhere.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from provendor import archive, telling
from provendor.archive import KeptRun
from provendor.commands import arguments, console
from provendor.story import CaseTold, Details, Story, Word

FORMATS: dict[str, str] = {}
"""Forms other than the page: name to module, which has `render(story: Story, details: Details) -> Iterator[str]`."""

EXITS = {Word.GO: 0, Word.WARNINGS: 0, Word.NO_GO: 1, Word.UNKNOWN: 3}


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="which run (default: the newest)")
    parser.add_argument(
        "--format", choices=sorted(FORMATS), metavar="FORM", help=f"one of {', '.join(sorted(FORMATS))}"
    )
    parser.add_argument("--to", type=Path, metavar="FILE", help="where the form goes (default: standard output)")
    parser.add_argument("--since", metavar="RUN", help="the run to compare with (default: the one before)")
    parser.add_argument(
        "--reports", type=Path, metavar="DIR", help="where runs are kept (default: reports/ in the root)"
    )
    parser.add_argument("--gate", action="store_true", help="exit with 1 for NO-GO and 3 for CANNOT TELL")
    arguments.add_now(parser)
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write what was asked for; 0 written, or what `--gate` makes of the verdict."""
    reports = args.reports or arguments.root_of(args) / "reports"
    kept = archive.find(reports, args.run)
    previous = archive.find(reports, args.since) if args.since else archive.before(reports, kept)
    story = telling.tell(kept, today=args.now or datetime.now(UTC).date(), previous=previous)
    if args.format:
        _write(import_module(FORMATS[args.format]).render(story, _details(kept)), args.to)
    elif args.json:
        console.print_json(_summary(story))
    else:
        print(f"{story.decision.word}: {story.decision.sentence}")
    return EXITS[story.decision.word] if args.gate else 0


def _details(kept: KeptRun) -> Details:
    def details(case: CaseTold) -> dict[str, Any]:
        return kept.record(case.offset)

    return details


def _write(parts: Iterator[str], to: Path | None) -> None:
    if to is None:
        sys.stdout.writelines(parts)
        return
    scratch = to.with_name(f".{to.name}.new")
    with scratch.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
        out.writelines(parts)
    scratch.replace(to)


def _summary(story: Story) -> dict[str, Any]:
    return {
        "run": story.run.id,
        "word": str(story.decision.word),
        "sentence": story.decision.sentence,
        "rules": [rule._asdict() for rule in story.decision.rules],
    }
