"""Tell what a run amounts to: the page that people decide by, or another form of the same evidence.

Without RUN the newest run is told of; RUN is an id below reports/runs/, a folder, or a run.jsonl or run.json from anywhere.
Several are told as one: of a case that is in more than one, the result in the run named last counts.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, time
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from provendor.commands import arguments, console
from provendor.errors import UsageError
from provendor.reports import archive, briefing
from provendor.reports.archive import KeptRun
from provendor.reports.forms import FORMS, Told
from provendor.reports.merging import merged
from provendor.reports.story import Story, Word
from provendor.whole import replacing

EXITS = {Word.GO: 0, Word.WARNINGS: 0, Word.NO_GO: 1, Word.UNKNOWN: 3}


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("runs", nargs="*", metavar="RUN", help="which runs (default: the newest)")
    parser.add_argument("--format", choices=sorted(FORMS), metavar="FORM", help=f"one of {', '.join(sorted(FORMS))}")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the form goes (default: standard output)")
    parser.add_argument(
        "--badges", type=Path, metavar="DIR", help="write an SVG badge per vendor, and one for all, there"
    )
    parser.add_argument(
        "--step-summary", action="store_true", help="append the job summary to the file in $GITHUB_STEP_SUMMARY"
    )
    parser.add_argument("--since", metavar="RUN", help="the run to compare with (default: the one before)")
    parser.add_argument(
        "--reports", type=Path, metavar="DIR", help="where runs are kept (default: reports/ in the root)"
    )
    parser.add_argument("--live", action="store_true", help="write the page for whoever is on call, live.html, alone")
    parser.add_argument("--gate", action="store_true", help="exit with 1 for NO-GO and 3 for CANNOT TELL")
    arguments.add_now(parser)
    arguments.add_root(parser)
    arguments.add_json(parser)
    parser.epilog = """\
exit codes: 0 the report is written, whatever it says; with --gate 1 for NO-GO and 3 for CANNOT TELL; 2 the command or
what it should read is wrong"""


def run(args: argparse.Namespace) -> int:
    """Write what was asked for; 0 written, or what `--gate` makes of the verdict."""
    reports = args.reports or arguments.root_of(args) / "reports"
    runs = [archive.find(reports, name) for name in args.runs] or [_newest(args, reports)]
    previous = archive.find(reports, args.since) if args.since else archive.before(reports, min(runs, key=_age))
    with TemporaryDirectory() if len(runs) > 1 else nullcontext() as folder:
        return _report(args, reports, merged(runs, Path(folder)) if folder else runs[0], previous)


def _newest(args: argparse.Namespace, reports: Path) -> KeptRun:
    """Return the newest run; for the page that people decide by, one that asks for more than probes do."""
    for_page = not (args.live or args.format or args.badges or args.step_summary)
    return archive.to_decide_by(reports) if for_page else archive.find(reports)


def _age(run: KeptRun) -> str:
    return run.id


def _report(args: argparse.Namespace, reports: Path, kept: KeptRun, previous: KeptRun | None) -> int:
    root = args.root or arguments.nearest_root(Path.cwd()) or reports.absolute().parent
    # Runs that are kept elsewhere may be of other contracts than those that stand here.
    vendors = briefing.vendors(root) if args.root or not args.reports else ()
    now = datetime.combine(args.now, time.max, UTC).timestamp() if args.now else None
    told = briefing.told(reports, kept, root, arguments.today_of(args), previous=previous, vendors=vendors, now=now)
    story = told.story
    if args.badges:
        _write_badges(story, args.badges)
    if args.step_summary:
        _append_summary(told)
    if args.format:
        _write(import_module(FORMS[args.format]).render(told), args.output)
    elif args.json:
        console.print_json(_summary(story))
    elif args.live:
        _write_live(told, reports)
    elif not (args.badges or args.step_summary):
        from provendor.reports import page  # noqa: PLC0415 - other forms need no templates

        print(f"{story.decision.word}: {story.decision.sentence}\n{page.write(told, reports)}")
    return EXITS[story.decision.word] if args.gate else 0


def _write_live(told: Told, reports: Path) -> None:
    from provendor.reports import oncall, page  # noqa: PLC0415 - other forms need no templates

    if told.story.watch is None:
        raise UsageError("nothing was asked live yet: `provendor probe` and `provendor prove --live` do")
    path = page.write_live(told, told.story.watch, reports)
    brief = oncall.brief(told.story.watch)
    print(f"{brief.title}: {brief.sentence}\n{path}")


def _write(parts: Iterator[str], to: Path | None) -> None:
    """Write a form, in UTF-8 and with its own line ends wherever it goes; a file is replaced in one step."""
    if to is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")
        sys.stdout.writelines(parts)
        return
    with replacing(to) as file, io.TextIOWrapper(file, "utf-8", "backslashreplace", newline="") as out:
        out.writelines(parts)


def _write_badges(story: Story, folder: Path) -> None:
    from provendor.reports.forms import badges  # noqa: PLC0415 - only where asked for

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in badges.badges(story).items():
        _write(iter((text,)), folder / name)


def _append_summary(told: Told) -> None:
    from provendor.reports.forms import summary  # noqa: PLC0415 - only where asked for

    summary.append(told, os.environ)


def _summary(story: Story) -> dict[str, Any]:
    return {
        "run": story.run.id,
        "word": str(story.decision.word),
        "sentence": story.decision.sentence,
        "rules": [rule._asdict() for rule in story.decision.rules],
    }
