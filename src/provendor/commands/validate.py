"""Judge a captured answer: does it honour the contract? At least one case of the selection must accept it.

    provendor validate chatwoot/conversations.list --status 200 answer.json
    provendor validate chatwoot --request 'GET /api/v1/accounts/1/conversations' --status 200 - < answer.json

What is not given (headers, say) is not judged, and that is said.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from provendor import check, loading, present, selector, validate
from provendor.commands import arguments, console
from provendor.contract import Case
from provendor.errors import UsageError
from provendor.exchange import Headers
from provendor.run import applies


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("selector", metavar="SELECTOR", help="vendor, vendor/operation or vendor/operation:case")
    parser.add_argument("answer", metavar="FILE", help="the answer's body; - reads standard input")
    parser.add_argument("--status", type=int, metavar="N", help="the answer's HTTP status, if known")
    arguments.add_header(parser)
    parser.add_argument("--request", metavar="'METHOD URL'", help="find the vendor's operation by the request that was sent")
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Judge the answer; 0 honours the contract, 1 does not."""
    root = arguments.root_of(args)
    body = sys.stdin.buffer.read() if args.answer == "-" else Path(args.answer).read_bytes()
    with arguments.cache_of(root) as cache:
        suite = loading.load(root, selector.vendors_named([args.selector]), cache)
        cases = selector.select(suite, [args.selector])
        if args.request:
            cases = _narrowed(cases, args.request, suite.vendors[cases[0].vendor])
        checks = check.load_checks(root / "checks")
        judgement = validate.judge_answer(
            cases, args.status, Headers(tuple(args.header)) if args.header else None, body,
            {case.id: tuple(c for c in checks if applies(c, case)) for case in cases},
        )
    if args.json:
        console.print_json(judgement.as_json())
    else:
        print(present.judgement(judgement, colour=console.wants_colour(sys.stdout)))
    return 0 if judgement.accepted else 1
