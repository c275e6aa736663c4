"""Ask production whether vendors keep their promises: read-only, all vendors at once, with whose fault it is where not.

provendor probe                           every probe of every vendor, once
provendor probe chatwoot/conversations.*  some of them
provendor probe --every contract          stay, ask each as often as its contract says, alert
provendor probe --every 60s --metrics :9464
provendor probe --once --textfile F       once, for cron: alerts, and metrics for node_exporter

Alerts go to each URL of Apprise in an environment variable PROVENDOR_ALERT_<NAME>; PROVENDOR_HEARTBEAT is called every
minute. A prober that stays ends with SIGTERM, and loads the contracts anew when they change, or with SIGHUP.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from provendor import moments
from provendor.commands import arguments
from provendor.errors import UsageError
from provendor.probes.serving import address

AS_THE_CONTRACT_SAYS = 0.0
CONTROL = "PROVENDOR_CONTROL"


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    arguments.add_selectors(parser)
    parser.add_argument("--strict", action="store_true", help="a warn fails the run as well")
    parser.add_argument("--quiet", "-q", action="store_true", help="print only what is not a pass, and the summary")
    parser.add_argument(
        "--width", type=arguments.width, default=100, metavar="N", help="requests under way at once (default: 100)"
    )
    parser.add_argument(
        "--control",
        action="append",
        metavar="URL",
        help=f"what to ask when a vendor is silent, to tell its fault from our network's; repeatable (default: {CONTROL})",
    )
    staying = parser.add_argument_group("staying, and cron")
    staying.add_argument(
        "--every",
        type=_every,
        metavar="SPAN",
        help="stay, and ask every probe so often: 30s, 5m; `contract` asks each as often as its contract says",
    )
    staying.add_argument(
        "--metrics", type=_address, metavar="[HOST]:PORT", help="serve /metrics, /health and /alive there"
    )
    staying.add_argument(
        "--remind", type=_span, default="4h", metavar="SPAN", help="tell again of a trouble that goes on (default: 4h)"
    )
    staying.add_argument("--once", action="store_true", help="ask once, and alert as a prober that stays does")
    staying.add_argument("--textfile", type=Path, metavar="FILE", help="write the metrics of this run into a file")
    parser.add_argument("--no-cache", action="store_true", help="parse every file anew and keep nothing parsed")
    arguments.add_report(parser, "where evidence and history go")
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Ask the selected probes, once or until somebody ends it, and return the exit code."""
    _refuse_nonsense(args)
    root = arguments.root_of(args)
    with arguments.needing("probe"):
        from provendor.commands import production  # noqa: PLC0415 - what it needs is an extra

        return production.once(args, root) if args.every is None else production.stay(args, root)


def _refuse_nonsense(args: argparse.Namespace) -> None:
    for given, option, other in (
        (
            args.metrics is not None and args.every is None,
            "--metrics",
            "is for a prober that stays: give --every as well",
        ),
        (args.every is not None and args.once, "--once", "and --every exclude each other"),
        (args.every is not None and args.textfile, "--textfile", "is for cron; a prober that stays has --metrics"),
        (args.every is not None and args.strict, "--strict", "decides an exit code, and a prober that stays has none"),
    ):
        if given:
            raise UsageError(f"{option} {other}")


def _every(text: str) -> float:
    """Return seconds; 0 stands for what each contract says."""
    return AS_THE_CONTRACT_SAYS if text == "contract" else _span(text)


def _span(text: str) -> float:
    try:
        seconds = moments.seconds(text)
    except ValueError as trouble:
        raise argparse.ArgumentTypeError(str(trouble)) from None
    if not seconds:
        raise argparse.ArgumentTypeError("expected more than no time at all")
    return seconds


def _address(text: str) -> str:
    try:
        address(text)
    except ValueError as trouble:
        raise argparse.ArgumentTypeError(str(trouble)) from None
    return text
