"""Judge a captured answer: does it honour the contract? At least one case of the selection must accept it.

    provendor validate chatwoot/conversations.list --status 200 answer.json
    provendor validate chatwoot --request 'GET /api/v1/accounts/1/conversations' --status 200 - < answer.json
    provendor validate storefront-mcp --request 'POST /api/ucp/mcp' --request-body call.json --status 200 answer.json

What is not given (headers, say) is not judged, and that is said.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from provendor import check, recognise, requests, selector, validate
from provendor.commands import arguments, console
from provendor.contract import Case, Suite
from provendor.errors import UsageError
from provendor.exchange import Headers
from provendor.reader import loading
from provendor.recordings.adopt import live_secrets
from provendor.redaction.redact import Redactor
from provendor.reports import present
from provendor.run import applies


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("selector", metavar="SELECTOR", help="vendor, vendor/operation or vendor/operation:case")
    parser.add_argument("answer", metavar="FILE", help="the answer's body; - reads standard input")
    parser.add_argument("--status", type=int, metavar="N", help="the answer's HTTP status, if known")
    arguments.add_header(parser)
    parser.add_argument(
        "--request", metavar="'METHOD URL'", help="find the vendor's operation by the request that was sent"
    )
    parser.add_argument(
        "--request-body", metavar="FILE", help="the body that was sent, where several operations share one URL"
    )
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Judge the answer; 0 honours the contract, 1 does not."""
    root = arguments.root_of(args)
    body = _body("answer", args.answer)
    sent = _body("request's body", args.request_body) if args.request_body else None
    with arguments.cache_of(root) as cache:
        suite = loading.load(root, selector.vendors_named([args.selector]), cache)
        cases = selector.select(suite, [args.selector])
        if args.request:
            cases = _narrowed(cases, args.request, sent, suite)
        elif sent is not None:
            raise UsageError("--request-body belongs to --request")
        checks = check.load_checks(root / "checks")
        judgement = validate.judge_answer(
            cases,
            args.status,
            Headers(tuple(args.header)) if args.header else None,
            body,
            checks={case.id: tuple(each for each in checks if applies(each, case)) for case in cases},
            values={name: requests.examples(vendor) for name, vendor in suite.vendors.items()},
        )
    redactor = Redactor(
        live_secrets(suite, os.environ), [path for vendor in suite.vendors.values() for path in vendor.redact]
    )
    redactor.learn(body)
    redactor.learn_headers(Headers(tuple(args.header)))
    judgement = judgement.redacted(redactor)
    if args.json:
        console.print_json(judgement.as_json())
    else:
        print(present.judgement(judgement, root, colour=console.wants_colour(sys.stdout)))
    return 0 if judgement.accepted else 1


def _body(what: str, file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as reason:
        raise UsageError(f"cannot read the {what} {file}: {reason.strerror}") from None


def _narrowed(cases: Sequence[Case], request: str, sent: bytes | None, suite: Suite) -> tuple[Case, ...]:
    """Return those cases that the request may be answered with; raises UsageError where there are none."""
    method, _, url = request.strip().partition(" ")
    if not url:
        raise UsageError(f'--request takes a method and a URL, such as "GET /api/v1/profile", got "{request}"')
    vendors = [suite.vendors[name] for name in dict.fromkeys(case.vendor for case in cases)]
    if len(vendors) != 1:
        raise UsageError("--request needs a selector of one vendor")
    found = recognise.find_operations(vendors[0], method, url.strip(), sent)
    possible = {case.id for case in found.cases}
    narrowed = tuple(case for case in cases if case.id in possible)
    if not narrowed:
        names = ", ".join(sorted(operation.id for operation in found.meant))
        raise UsageError(f"the request belongs to {names}, which the selector leaves out")
    return narrowed
