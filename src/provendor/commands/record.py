"""Write cassettes from the sandbox: ask, show what differs from the old ones, and write what you say yes to.

provendor record chatwoot/conversations.list:ok      one case
provendor record chatwoot --twice                    all that can be asked, twice: what differs by itself is no difference
provendor record chatwoot --dry-run                  only show what would change
provendor record chatwoot --yes                      write without asking, as where nobody can answer
provendor record --from-live-failure RUN/CASE        what failed live, in production too, as a case that fails offline

Live values become the contract's examples, secrets their names, personal data pseudonyms; a cassette that may still hold one
of these is not written, and neither is an answer that the contract refuses, but where it is the failure that is wanted.
Production is never asked.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from provendor import check
from provendor.commands import arguments, console
from provendor.contract import Case, Suite
from provendor.errors import UsageError
from provendor.reports import present
from provendor.run import Replayer

if TYPE_CHECKING:  # what it needs is an extra
    from provendor.recordings.record import Draft, Recorder

FEW = 10
UNASKED = ("blocked", "skipped")
QUESTION = "write it? [y]es, [n]o, yes to [a]ll, [q]uit: "


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    arguments.add_selectors(parser)
    parser.add_argument("--yes", "-y", action="store_true", help="write without asking; needed where nobody can answer")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, write nothing")
    parser.add_argument(
        "--twice", action="store_true", help="ask what only reads twice, and learn which fields differ by themselves"
    )
    parser.add_argument(
        "--all", action="store_true", help="name every place that differs every time, and every case that is not asked"
    )
    parser.add_argument("--allow-writes", action="store_true", help="ask also what changes something in the sandbox")
    parser.add_argument("--keep-failing", action="store_true", help="write also answers that the contract refuses")
    kept = parser.add_argument_group("keeping what failed live")
    kept.add_argument(
        "--from-live-failure", metavar="RUN/CASE", help="make a failing case of what a case was answered in a run"
    )
    kept.add_argument("--as", dest="name", metavar="NAME", help="what that case is called (default: CASE and the day)")
    arguments.add_report(kept, "where runs are kept")
    arguments.add_now(parser)
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Record the selected cases; 0 fine, 1 the contract refuses an answer, 3 one could not be had or kept, 4 nothing to do."""
    _refuse_nonsense(args)
    if args.from_live_failure:
        return _keep_failure(args)
    root = arguments.root_of(args)
    with arguments.cache_of(root) as cache:
        suite, cases = arguments.load(root, args.selectors, cache)
        checks = check.load_checks(root / "checks", suite.vendors, cache)
        replayer = Replayer(suite, checks, today=arguments.today_of(args), cache=cache)
        return _Session(args, suite, _recorder(args, replayer)).carry_out(cases)


def _refuse_nonsense(args: argparse.Namespace) -> None:
    if args.yes and args.dry_run:
        raise UsageError("--yes and --dry-run exclude each other")
    asks = {"--twice": args.twice, "--allow-writes": args.allow_writes, "--keep-failing": args.keep_failing}
    for option, given in {**asks, "a selector": args.selectors}.items():
        if given and args.from_live_failure:
            raise UsageError(f"--from-live-failure asks nobody: {option} has nothing to say to it")
    for option, given in {"--as": args.name, "--report": args.report}.items():
        if given and not args.from_live_failure:
            raise UsageError(f"{option} belongs to --from-live-failure")
    answerable = sys.stdin.isatty() and sys.stdout.isatty() and not args.json
    if not (args.yes or args.dry_run or answerable):
        raise UsageError("nobody can be asked here: give --yes to write, or --dry-run to see what would change")


def _keep_failure(args: argparse.Namespace) -> int:
    with arguments.needing("live"):
        from provendor.commands import regressions  # noqa: PLC0415 - what it needs is an extra
    return regressions.run(args)


def _recorder(args: argparse.Namespace, replayer: Replayer) -> Recorder:
    with arguments.needing("live"):
        from provendor.recordings.record import Recorder  # noqa: PLC0415 - as above
        from provendor.wire import pacing  # noqa: PLC0415 - what it needs is an extra
    return Recorder(
        replayer,
        env=os.environ,
        paces=pacing.home(os.environ),
        allow_writes=args.allow_writes,
        keep_failing=args.keep_failing,
    )


class _Session:
    """One call of the command."""

    def __init__(self, args: argparse.Namespace, suite: Suite, recorder: Recorder) -> None:
        self._args = args
        self._suite = suite
        self._recorder = recorder
        self._colour = console.wants_colour(sys.stdout)
        self._all: bool = args.yes
        self._quit = False

    def carry_out(self, cases: Sequence[Case]) -> int:
        """Ask, show, write; return the exit code."""
        writes = self._recorder.writes(cases)
        if writes:
            print(present.plan(writes), end="\n\n", file=sys.stderr if self._args.json else sys.stdout, flush=True)
        progress = console.Progress(len(cases), shown=True)
        finished = self._recorder.ask(cases, lambda _: progress.step(), twice=self._args.twice)
        progress.close()
        if not finished:
            print("interrupted: nothing was written", file=sys.stderr)
            return INTERRUPTED
        settled = [self._settled(draft) for draft in self._recorder.drafts(cases)]
        if not self._args.json:
            self._say_of_the_others(settled)
        counts = Counter(str(draft.fate) for draft in settled)
        self._sum_up(settled, counts)
        return _exit_code(counts)

    def _settled(self, draft: Draft) -> Draft:
        """Show one case, and write it where somebody wants it."""
        from provendor.commands import drafts  # noqa: PLC0415 - it needs what is an extra

        if draft.fate in UNASKED:
            return draft
        if not self._args.json:
            shown = drafts.lines(draft, self._suite, self._suite.root, colour=self._colour, everything=self._args.all)
            print("\n".join(shown), flush=True)
        if draft.fate == "ready" and not self._args.dry_run:
            draft = self._recorder.write(draft) if self._wanted() else self._recorder.decline(draft)
            if not self._args.json:
                print(drafts.head(draft, colour=self._colour), flush=True)
        if not self._args.json:
            print()
        return draft

    def _say_of_the_others(self, settled: Sequence[Draft]) -> None:
        """Say of cases that were not asked why: of a few one by one, of many reason by reason."""
        from provendor.commands import drafts  # noqa: PLC0415 - as above

        left = [draft for draft in settled if draft.fate in UNASKED]
        if len(left) > FEW and not self._args.all:
            print("\n".join(drafts.unasked(left)), end="\n\n")
            return
        for draft in left:
            print("\n".join(drafts.lines(draft, self._suite, self._suite.root, colour=self._colour, everything=True)))
            print()

    def _wanted(self) -> bool:
        while not (self._all or self._quit):
            try:
                answer = input(QUESTION).strip().lower()[:1]
            except (EOFError, KeyboardInterrupt):
                print()
                answer = "q"
            if answer in ("y", "n"):
                return answer == "y"
            self._all, self._quit = answer == "a", answer == "q"
        return self._all

    def _sum_up(self, settled: Sequence[Draft], counts: Counter[str]) -> None:
        if self._args.json:
            from provendor.commands import drafts  # noqa: PLC0415 - as above

            cases = [drafts.as_json(draft, self._suite.root) for draft in settled]
            console.print_json({"exit_code": _exit_code(counts), "counts": counts, "cases": cases})
            return
        said = ", ".join(f"{count} {fate}" for fate, count in counts.items())
        print(f"{len(settled)} case{'s' * (len(settled) != 1)}: {said or 'none'}")


INTERRUPTED = 3


def _exit_code(counts: Counter[str]) -> int:
    if counts["broken"]:
        return 1
    if counts["unkept"] or counts["failed"] or counts["blocked"]:
        return 3
    return 0 if counts["written"] or counts["ready"] or counts["declined"] else 4
