"""Print a script that completes commands, options and selectors.

source <(provendor completion bash)          # for this shell; put it into ~/.bashrc to keep it
provendor completion zsh > ~/.zfunc/_provendor
"""

from __future__ import annotations

import argparse

from provendor import cli

_SELECTORS = {
    # A colon ends a word in bash, so operations are completed and cases are left to the reader.
    "bash": '_provendor_selectors() { compgen -W "$(provendor list --operations 2>/dev/null)" -- "$1"; }',
    "zsh": '_provendor_selectors() { compadd -- ${(f)"$(provendor list --operations 2>/dev/null)"} }',
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("shell", choices=("bash", "zsh"))


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    import shtab  # noqa: PLC0415 - only this command needs it

    print(shtab.complete(_whole_parser(), args.shell, preamble=_SELECTORS[args.shell]))
    return 0


def _whole_parser() -> argparse.ArgumentParser:
    """Join the parsers of all commands into one that shtab can read."""
    whole = argparse.ArgumentParser(prog="provendor")
    whole.add_argument("-V", "--version", action="store_true", help="print the version")
    commands = whole.add_subparsers()
    for name, summary in cli.COMMANDS.items():
        parser = commands.add_parser(name, help=summary, parents=[cli.parser_for(name)], add_help=False)
        for action in parser._actions:  # noqa: SLF001 - argparse has no public way to look at a parser's arguments
            if action.dest in ("selectors", "selector"):
                action.complete = dict.fromkeys(_SELECTORS, "_provendor_selectors")  # type: ignore[attr-defined]
    return whole
