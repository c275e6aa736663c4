"""What `provendor probe` does: everything once, or until somebody ends it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from provendor import check, evidence, garbage
from provendor.commands import arguments
from provendor.commands.printer import Printer
from provendor.commands.probe import AS_THE_CONTRACT_SAYS, CONTROL
from provendor.errors import UsageError
from provendor.probes.alerts import Rules
from provendor.probes.probe_once import Settings, Telling, to_the_end
from provendor.probes.probing import Probe, prepare, probes_of
from provendor.probes.rounds import Done
from provendor.reports import publish
from provendor.run import Replayer
from provendor.whole import replacing

if TYPE_CHECKING:
    from provendor.probes.metrics import Metrics

NOTHING = 4


def once(args: argparse.Namespace, root: Path) -> int:
    """Ask each probe once."""
    settings = _settings(args)
    with arguments.cache_of(root, not args.no_cache) as cache:
        suite, _ = arguments.load(root, args.selectors, cache)
        probes = probes_of(suite, args.selectors)
        if not probes:
            print(f"{root} declares no probe: an operation is one with `probe:` in its contract", file=sys.stderr)
            return NOTHING
        folder = root / "checks"
        checks, digest = check.load_checks(folder, suite.vendors, cache), check.checks_digest(folder)
    today = datetime.now(UTC).date()
    selectors = tuple(args.selectors)
    info = evidence.describe(suite, "probe", selectors, today.isoformat(), digest, env=os.environ, mode="probe")
    replayer = Replayer(suite, checks, today=today)
    prepare(probes)
    written = evidence.Evidence(args.report or root / "reports", info, begin=False)
    printer = Printer(suite, len(probes), as_json=args.json, quiet=args.quiet)
    metrics = _metrics_of(args, probes)
    finished = False
    try:
        garbage.keep()
        finished = to_the_end(replayer, probes, written, _telling(printer, metrics), settings, env=os.environ)
    finally:
        summary = written.summary(args.strict, not finished)
        path = written.close(args.strict, not finished)
        judged = sum(written.counts.values()) if finished else 0
        said = publish.after_run(path.parent, written.run_id, root, today, results=judged, env=os.environ)
    printer.finish(summary, path, said, evidence.LIVE_PAGE)
    if metrics is not None:
        _write_whole(args.textfile, metrics.text())
    code: int = summary["exit_code"]
    return code


def stay(args: argparse.Namespace, root: Path) -> int:
    """Stay until somebody ends it."""
    from provendor.commands import staying  # noqa: PLC0415 - only where somebody stays
    from provendor.commands.reporter import Reporter  # noqa: PLC0415 - as above
    from provendor.probes.daemon import Every  # noqa: PLC0415 - as above

    settings = _settings(args)
    if heartbeat := os.environ.get(staying.HEARTBEAT, "").strip():
        _url(heartbeat, staying.HEARTBEAT)
    wanted = staying.Wanted(
        root,
        args.report or root / "reports",
        tuple(args.selectors),
        Every(None if args.every == AS_THE_CONTRACT_SAYS else args.every),
        args.width,
        settings.controls,
        args.metrics,
        Rules(remind_s=args.remind),
        None if args.no_cache else root / ".provendor" / "cache",
    )
    staying.to_the_end(wanted, env=os.environ, observers=(Reporter(as_json=args.json, quiet=args.quiet),))
    return 0


def _settings(args: argparse.Namespace) -> Settings:
    """Return how to ask; control targets are those of the options, else those of the environment."""
    if args.control is not None:
        controls = [_url(text, f"--control {text}") for text in args.control]
    else:
        controls = [_url(text, CONTROL) for text in os.environ.get(CONTROL, "").split()]
    return Settings(args.width, tuple(controls), Rules(remind_s=args.remind) if args.once else None)


def _url(text: str, source: str) -> str:
    """Return what is a URL of the web; raises UsageError, which shows nothing of one that may be a secret."""
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return text
    except ValueError:
        pass
    raise UsageError(f"{source}: expected a URL such as https://status.example/")


def _telling(printer: Printer, metrics: Metrics | None) -> Telling:
    def tell(done: Done) -> None:
        printer.show(done.settled.result, done.record)
        if metrics is not None:
            metrics.done(done)

    return Telling(tell, printer.trouble.append)


def _metrics_of(args: argparse.Namespace, probes: Sequence[Probe]) -> Metrics | None:
    """Return what counts the results, where somebody wants them as a file."""
    if args.textfile is None:
        return None
    from provendor.probes.metrics import Metrics  # noqa: PLC0415 - only where somebody wants to read them

    metrics = Metrics()
    metrics.planned(probes)
    return metrics


def _write_whole(path: Path, text: bytes) -> None:
    """Write a file that whoever reads it sees whole, or as it was."""
    try:
        with replacing(path) as file:
            file.write(text)
    except OSError as trouble:
        raise UsageError(f"--textfile {path}: {trouble.strerror}") from None
