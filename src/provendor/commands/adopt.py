"""Write a case's cassette from an answer in hand: a documentation example, a log, a support ticket.

    provendor adopt chatwoot/conversations.list:ok answer.json --origin documented --source https://…
    provendor adopt publer/posts.publish:complete job.json working.json done.json --origin …
    provendor adopt publer/posts.publish:complete --answers answers.yaml --origin …

The n-th request of the case gets the n-th answer. Requests are built from the contract, answers are redacted and judged before
anything is written, and the cassette says where they come from. Only `provendor record` writes recordings of live traffic.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from provendor import check, selector
from provendor.commands import arguments, console
from provendor.errors import UsageError
from provendor.exchange import Headers, Origin
from provendor.reader import loading
from provendor.recordings import adopt, answers
from provendor.recordings.adopt import Adopted, Answer
from provendor.reports import present
from provendor.run import Replayer
from provendor.verdict import Outcome


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("selector", metavar="SELECTOR", help="exactly one case: vendor/operation:case")
    help_text = "the answer's body, or several in the order in which the case asks; - reads standard input"
    parser.add_argument("answer", nargs="*", metavar="FILE", help=help_text)
    parser.add_argument(
        "--answers", type=Path, metavar="FILE", help="answers with status and headers of their own, as YAML or JSON"
    )
    origins = [str(Origin.DOCUMENTED), str(Origin.SYNTHETIC)]
    parser.add_argument("--origin", required=True, choices=origins, help="how the answer came to be")
    parser.add_argument("--source", required=True, metavar="TEXT", help="where it was taken from, with its version")
    parser.add_argument(
        "--status", type=int, metavar="N", help="the HTTP status (default: the case's, if it names one)"
    )
    arguments.add_header(parser)
    parser.add_argument(
        "--written-at", dest="now", type=arguments.day, metavar="YYYY-MM-DD", help="default: today, UTC"
    )
    parser.add_argument("--note", metavar="TEXT", help="anything a reader should know; kept in the cassette")
    parser.add_argument("--replace", action="store_true", help="replace the cassette that is there")
    parser.add_argument("--keep-failing", action="store_true", help="write it although it does not honour the case")
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Adopt the answer; 0 written, 1 refused because it does not honour the case."""
    root = arguments.root_of(args)
    given = _answers(args.answer, args.answers)
    with arguments.cache_of(root) as cache:
        suite = loading.load(root, selector.vendors_named([args.selector]), cache)
        replayer = Replayer(suite, check.load_checks(root / "checks"), today=arguments.today_of(args), cache=cache)
        adopted = adopt.adopt(
            replayer,
            args.selector,
            given,
            origin=Origin(args.origin),
            source=args.source,
            status=args.status,
            headers=Headers(tuple(args.header)) if args.header else None,
            secrets=adopt.live_secrets(suite, os.environ),
            note=args.note,
            replace=args.replace,
            keep_failing=args.keep_failing,
        )
    _print(adopted, replayer, root, args.json)
    return 0 if adopted.written else 1


def _answers(files: list[str], described: Path | None) -> list[Answer]:
    if bool(files) is (described is not None):
        raise UsageError("give the answers as files, or with --answers as one file that describes them")
    if described is not None:
        return answers.read(described)
    return [Answer(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()) for file in files]


def _print(adopted: Adopted, replayer: Replayer, root: Path, as_json: bool) -> None:
    path = adopted.path.relative_to(root).as_posix()
    if as_json:
        console.print_json({"written": adopted.written, "cassette": path, "outcome": str(adopted.result.outcome)})
        return
    if adopted.result.outcome is not Outcome.PASS:
        print(present.full(adopted.result, replayer.suite, colour=console.wants_colour(sys.stdout)))
    print(f"wrote {path}" if adopted.written else f"nothing was written to {path}: the answer does not honour the case")
