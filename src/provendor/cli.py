"""The command line: finds the command, lets it do its work, and turns trouble into one clear message and an exit code.

Only the module of the command that was asked for is imported.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from provendor import __version__, garbage
from provendor.errors import ContractError, ProvendorError

COMMANDS = {
    "prove": "run cases against their recordings; one line per case and evidence on disk",
    "probe": "ask production, read-only and all vendors at once; whose fault it is where something is wrong",
    "list": "name the cases that a selector selects",
    "show": "show a vendor's contract as a page, or its error table as data",
    "doctor": "how vendors stand before anybody asks them, what blocks, and the command that unblocks it",
    "lint": "read every contract and cassette and report all problems at once",
    "validate": "does this captured answer honour the contract?",
    "adopt": "write a cassette from an answer in hand, with its origin",
    "record": "write cassettes from the sandbox; shows what differs, asks before it writes",
    "docs": "write the pages that follow from the contracts, or check that they are current",
    "verify-webhook": "is this captured delivery genuine, and if not, which rule did it break?",
    "drift": "compare a vendor's contract and cassettes with the vendor's own spec",
    "report": "tell what a run amounts to: the page that people decide by, or another form of it",
    "history": "how a vendor stood over time: since when, what changed, uptime, latency",
    "mutate": "what would a contract catch? a score, and the line to add for each survivor",
    "explain": "say what a code means and what to do",
    "completion": "print a completion script for bash or zsh",
}

EXITS = """\
exit codes: 0 all pass (warn allowed unless --strict), 1 a contract is broken, 2 the command or a contract file is
wrong, 3 could not tell, 4 nothing was selected or judged"""

WRONG = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0 if words else WRONG
    if words[0] in ("-V", "--version"):
        print(f"provendor {__version__}")
        return 0
    if words[0] not in COMMANDS:
        return _fail(_unknown_command(words[0]))
    return _guarded(words[0], words[1:])


def _guarded(name: str, words: Sequence[str]) -> int:
    try:
        return _dispatch(name, words)
    except ContractError as trouble:
        for problem in trouble.problems:
            print(problem, file=sys.stderr)
        count = len(trouble.problems)
        return _fail(f"{count} problem{'s' * (count != 1)} in the contracts; `provendor lint` shows them again")
    except ProvendorError as trouble:
        return _fail(str(trouble))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except OSError as trouble:
        return _fail(f"{trouble.strerror or trouble}: {trouble.filename}" if trouble.filename else str(trouble))


def _dispatch(name: str, words: Sequence[str]) -> int:
    with garbage.searched_seldom():
        module = import_module(f"provendor.commands.{name.replace('-', '_')}")
        code: int = module.run(_arguments(parser_for(name), words))
        return code


def _arguments(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Read the words; a file or a selector may also follow options: `adopt CASE --origin synthetic FILE`."""
    args, left = parser.parse_known_args(words)
    # Reading them intermixed formats the whole usage first, which takes as long as all the rest.
    return parser.parse_intermixed_args(words) if left else args


def parser_for(name: str) -> argparse.ArgumentParser:
    """Return the argument parser of one command."""
    module = import_module(f"provendor.commands.{name.replace('-', '_')}")
    parser = _Parser(
        prog=f"provendor {name}",
        description=module.__doc__,
        epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.configure(parser)
    return parser


def overview() -> str:
    """Return what `provendor --help` prints."""
    width = max(map(len, COMMANDS)) + 2
    rows = "\n".join(f"  {name:<{width}}{line}" for name, line in COMMANDS.items())
    return (
        "usage: provendor COMMAND [SELECTOR ...] [options]\n\n"
        "Prove your vendors: contracts for third-party APIs, replayed in CI and probed in production.\n\n"
        f"commands:\n{rows}\n\n"
        "selectors: chatwoot, chatwoot/conversations.*, chatwoot/conversations.list:ok; none means everything\n"
        f"{EXITS}\n\n`provendor COMMAND --help` says more. NO_COLOR is honoured."
    )


class _Parser(argparse.ArgumentParser):
    """argparse with one line of trouble and a suggestion in place of the whole usage."""

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            options = [option for action in self._actions for option in action.option_strings]
            from difflib import get_close_matches  # noqa: PLC0415 - only who mistypes pays for it

            near = get_close_matches(unknown.split()[0], options, 1)
            message = f"unknown argument {unknown}" + (f", did you mean {near[0]}?" if near else "")
        self.exit(WRONG, f"{self.prog}: {message}\n`{self.prog} --help` says what it takes.\n")


def _unknown_command(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - as above

    near = get_close_matches(name, COMMANDS, 1)
    return f"unknown command {name!r}" + (f", did you mean {near[0]!r}?" if near else "; `provendor --help` lists them")


def _fail(message: str) -> int:
    print(f"provendor: {message}", file=sys.stderr)
    return WRONG


if __name__ == "__main__":
    sys.exit(main())
