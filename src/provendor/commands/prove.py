"""Run cases: one line per case, evidence under reports/, an exit code that means something.

provendor prove chatwoot                          against its recordings: no network, no environment needed
provendor prove --live chatwoot                   of the sandbox itself, as far as flag and credentials are there
provendor prove --live --allow-writes chatwoot    also what changes something there; a plan is printed first
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from provendor import check, evidence, garbage
from provendor.commands import arguments
from provendor.commands.printer import Printer
from provendor.contract import Case
from provendor.errors import UsageError
from provendor.redaction.redact import Redactor
from provendor.reports import publish
from provendor.run import Replayer, Result


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    arguments.add_selectors(parser)
    arguments.add_root(parser)
    arguments.add_json(parser)
    arguments.add_now(parser)
    parser.add_argument("--strict", action="store_true", help="a warn fails the run as well")
    parser.add_argument("--quiet", "-q", action="store_true", help="print only what is not a pass, and the summary")
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="where evidence goes (default: reports/ in the root)"
    )
    parser.add_argument("--no-cache", action="store_true", help="parse every file anew and keep nothing parsed")
    live = parser.add_argument_group("asking vendors themselves")
    live.add_argument("--live", action="store_true", help="ask the sandbox where flag and credentials are there")
    live.add_argument(
        "--environment",
        choices=("sandbox", "production"),
        help="where to ask (default: sandbox); nothing is ever written in production",
    )
    live.add_argument("--allow-writes", action="store_true", help="send also what changes something in the sandbox")
    live.add_argument("--require-live", action="store_true", help="a case that falls back to its recording is an error")
    live.add_argument(
        "--width",
        type=arguments.width,
        metavar="N",
        help="cases that only read, asked of one vendor at once (default: 8); one that writes is alone",
    )


def run(args: argparse.Namespace) -> int:
    """Carry out the selected cases and return the run's exit code."""
    _refuse_nonsense(args)
    root = arguments.root_of(args)
    with arguments.cache_of(root, not args.no_cache) as cache:
        suite, cases = arguments.load(root, args.selectors, cache)
        today = arguments.today_of(args)
        folder = root / "checks"
        digest = check.checks_digest(folder)
        mode = "live" if args.live else "replay"
        selectors = tuple(args.selectors)
        info = evidence.describe(suite, "prove", selectors, today.isoformat(), digest, env=os.environ, mode=mode)
        written = evidence.Evidence(args.report or root / "reports", info)
        replayer = Replayer(suite, check.load_checks(folder, suite.vendors, cache), today=today, cache=cache)
        printer = Printer(suite, len(cases), as_json=args.json, quiet=args.quiet, known=info.readiness)
        carry_out = _asked if args.live else _replayed
        finished = False
        garbage.keep()
        try:
            finished = carry_out(args, replayer, cases, written, printer)
        finally:
            summary = written.summary(args.strict, not finished)
            path = written.close(args.strict, not finished)
            judged = sum(written.counts.values()) if finished else 0
            said = publish.after_run(path.parent, written.run_id, root, today, results=judged, env=os.environ)
    printer.finish(summary, path, said)
    code: int = summary["exit_code"]
    return code


def _refuse_nonsense(args: argparse.Namespace) -> None:
    for given, option in (
        (args.environment, "--environment"),
        (args.allow_writes, "--allow-writes"),
        (args.require_live, "--require-live"),
        (args.width, "--width"),
    ):
        if given and not args.live:
            raise UsageError(f"{option} says how to ask vendors themselves: give --live as well")
    if args.allow_writes and args.environment == "production":
        raise UsageError("--allow-writes: nothing is ever written in production")
    if args.live:
        with arguments.needing("live"):
            import provendor.sandbox.live_run  # noqa: F401, PLC0415 - before there is a run, in which nothing could be asked


def _replayed(
    _args: argparse.Namespace, replayer: Replayer, cases: Sequence[Case], written: evidence.Evidence, printer: Printer
) -> bool:
    """Replay every case."""
    redactors = {name: Redactor({}, vendor.redact) for name, vendor in replayer.suite.vendors.items()}
    for case in cases:
        result = replayer.replay(case)
        record = evidence.result_json(result, redactors[case.vendor])
        written.add(record)
        printer.show(result, record)
    return True


def _asked(
    args: argparse.Namespace, replayer: Replayer, cases: Sequence[Case], written: evidence.Evidence, printer: Printer
) -> bool:
    """Ask every case that can be asked; return whether the run was left to come to its end."""
    from provendor.probes.blaming import Blaming  # noqa: PLC0415 - a replay is nobody's fault
    from provendor.probes.history import keep, sample  # noqa: PLC0415 - a replay never goes in
    from provendor.sandbox import live_run  # noqa: PLC0415 - a replay needs no network and no event loop
    from provendor.wire import pacing  # noqa: PLC0415 - a replay needs no network and no event loop

    width = args.width or live_run.WIDTH
    rules = live_run.Rules(args.environment or "sandbox", args.allow_writes, args.require_live, width)
    run = live_run.LiveRun(replayer, rules, env=os.environ, paces=pacing.home(os.environ))
    printer.plan(run.writes(cases))
    blaming = Blaming(written.folder)
    samples = []

    def tell(result: Result) -> None:
        result = blaming.blamed(result)
        record = evidence.result_json(result, run.redactor(result.case.vendor))
        written.add(record)
        printer.show(result, record)
        samples.append(sample(record, written.run_id))

    try:
        return live_run.to_the_end(run, cases, tell)
    finally:
        trouble = keep(written.folder, samples)
        printer.trouble += [trouble] if trouble else []
