"""Compare a vendor's contract and cassettes with the vendor's own spec.

    provendor drift chatwoot --spec swagger.json
    provendor drift zoho-crm --spec record.json --spec users.json
    provendor drift meta --spec specs/meta

OpenAPI 3, Swagger 2, Google discovery documents, GraphQL SDL and introspection results, MCP tools lists, OpenRPC, Meta's
descriptions of nodes. What the contract lists under `spec_disagrees:` is left out. Exit 0 no breaking difference is left, 1 some,
2 the command or a file is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from provendor.cache import Cache
from provendor.commands import arguments, console
from provendor.errors import UsageError
from provendor.reader import loading, source
from provendor.specs import drift, spec
from provendor.specs.drift import Difference, DriftReport, Severity


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("vendor", metavar="VENDOR", help="the vendor whose contract is compared")
    parser.add_argument(
        "--spec",
        action="append",
        required=True,
        type=Path,
        metavar="FILE",
        help="the vendor's own spec, or a folder with it; repeatable where it has several files",
    )
    parser.add_argument(
        "--severity",
        choices=[each.value for each in Severity],
        default=Severity.NOTE.value,
        help="show differences of this severity and above (default: note)",
    )
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the differences; 0 nothing breaking is left, 1 something is."""
    root = arguments.root_of(args)
    with arguments.cache_of(root) as cache:
        report = _report(args, root, cache)
    least = Severity(args.severity).rank
    shown = [each for each in report.differences if each.severity.rank >= least]
    if args.json:
        console.print_json(_as_json(report, shown))
    else:
        for difference in shown:
            print(_text(difference))
        for entry in report.unused:
            print(f"{entry.place}: spec_disagrees: {entry.at} {entry.code} explains nothing in this spec")
        sys.stdout.flush()  # so that the verdict comes last also where both go into one file
        print(_verdict(report), file=sys.stderr)
    return 1 if report.breaks else 0


def _report(args: argparse.Namespace, root: Path, cache: Cache) -> DriftReport:
    suite = loading.load(root, [args.vendor], cache)
    folders = any(path.is_dir() for path in args.spec)
    found = [(name, source.content(path, str(path))) for given in args.spec for name, path in files(given)]
    if len({name for name, _ in found}) < len(found):
        raise UsageError("two files of --spec have the same name; references between them could not be told apart")
    read = spec.read_spec(found, whole_folder=folders)
    if read.skipped:
        more = f" and {len(read.skipped) - _SHOWN} more" if len(read.skipped) > _SHOWN else ""
        print(f"not a description of an API: {', '.join(read.skipped[:_SHOWN])}{more}", file=sys.stderr)
    return drift.compare(suite, suite.vendors[args.vendor], read, cache)


_SHOWN = 5  # names of skipped files
_SUFFIXES = (".json", ".yaml", ".yml", ".graphql", ".graphqls", ".gql")


def files(given: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and path of a file, or of every file in a folder that may be a spec."""
    if not given.is_dir():
        yield given.name, given
        return
    for path in sorted(given.rglob("*")):
        if path.suffix in _SUFFIXES and path.is_file():
            yield path.relative_to(given).as_posix(), path


def _as_json(report: DriftReport, shown: list[Difference]) -> dict[str, object]:
    unused = [{"at": each.at, "code": each.code, "place": str(each.place)} for each in report.unused]
    return {
        "vendor": report.vendor,
        "compared": report.compared,
        "differences": [each._asdict() for each in shown],
        "explained": len(report.explained),
        "unused": unused,
    }


def _text(each: Difference) -> str:
    """Return one difference in two or three lines: what it is, and both places."""
    where = f"{each.operation} {each.at}".rstrip()
    said = f"{each.ours}, the spec: {each.theirs}" if each.ours else each.theirs
    more = f" (and in {each.more} more operations)" if each.more else ""
    place = f"  contract {each.contract}" + (f"\n  spec     {each.spec}" if each.spec else "")
    return _printable(f"{each.severity.value}[{each.code}] {where}: {said}{more}\n{place}")


def _printable(text: str) -> str:
    # A spec's names and values stand in it, and what could move a terminal's cursor must not reach one.
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)


def _verdict(report: DriftReport) -> str:
    counts = [sum(each.severity is severity for each in report.differences) for severity in Severity]
    left = ", ".join(f"{count} {severity.value}" for severity, count in zip(Severity, counts, strict=True))
    return f"{report.compared} operations compared: {left}; {len(report.explained)} explained by the contract"
