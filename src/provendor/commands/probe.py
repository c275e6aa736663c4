"""Ask production whether vendors keep their promises: read-only, all vendors at once, with whose fault it is where not.

provendor probe                           every probe of every vendor, once
provendor probe chatwoot/conversations.*  some of them
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from provendor import check, evidence, publish
from provendor.cache import Cache
from provendor.commands import arguments
from provendor.commands.printer import Printer
from provendor.contract import Suite
from provendor.gate import MOST
from provendor.probe_once import Settings, Telling, to_the_end
from provendor.probing import Probe, probes_of
from provendor.run import Replayer

NOTHING = 4
CONTROL = "PROVENDOR_CONTROL"


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    arguments.add_selectors(parser)
    parser.add_argument("--strict", action="store_true", help="a warn fails the run as well")
    parser.add_argument("--quiet", "-q", action="store_true", help="print only what is not a pass, and the summary")
    parser.add_argument(
        "--width", type=_count, default=100, metavar="N", help="requests under way at once (default: 100)"
    )
    parser.add_argument(
        "--control",
        action="append",
        metavar="URL",
        help=f"what to ask when a vendor is silent, to tell its fault from our network's; repeatable (default: {CONTROL})",
    )
    parser.add_argument("--no-cache", action="store_true", help="parse every file anew and keep nothing parsed")
    arguments.add_report(parser, "where evidence and history go")
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Ask the selected probes and return the run's exit code."""
    root = arguments.root_of(args)
    with arguments.cache_of(root, not args.no_cache) as cache:
        suite, _ = arguments.load(root, args.selectors, cache)
        probes = probes_of(suite, args.selectors)
        if not probes:
            print(f"{root} declares no probe: an operation is one with `probe:` in its contract", file=sys.stderr)
            return NOTHING
        return _once(args, suite, probes, cache)


def _once(args: argparse.Namespace, suite: Suite, probes: Sequence[Probe], cache: Cache) -> int:
    """Ask each probe once."""
    today, folder = datetime.now(UTC).date(), suite.root / "checks"
    digest = check.checks_digest(folder)
    info = evidence.describe(
        suite, "probe", tuple(args.selectors), today.isoformat(), digest, env=os.environ, mode="probe"
    )
    replayer = Replayer(suite, check.load_checks(folder, suite.vendors, cache), today=today, cache=cache)
    written = evidence.Evidence(args.report or suite.root / "reports", info)
    printer = Printer(suite, len(probes), as_json=args.json, quiet=args.quiet)
    finished = False
    try:
        finished = to_the_end(replayer, probes, written, _telling(printer), _settings(args), env=os.environ)
    finally:
        summary = written.summary(args.strict, not finished)
        path = written.close(args.strict, not finished)
        judged = sum(written.counts.values()) if finished else 0
        said = publish.after_run(path.parent, written.run_id, suite.root, today, results=judged, env=os.environ)
    printer.finish(summary, path, said, evidence.LIVE_PAGE)
    code: int = summary["exit_code"]
    return code


def _settings(args: argparse.Namespace) -> Settings:
    """Return how to ask; control targets are those of the options, else those of the environment."""
    controls = args.control if args.control is not None else os.environ.get(CONTROL, "").split()
    return Settings(args.width, tuple(controls))


def _telling(printer: Printer) -> Telling:
    return Telling(lambda done: printer.show(done.settled.result, done.record), printer.trouble.append)


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {MOST}, got {text!r}")
    return number
