"""Show a vendor's contract as a page: operations, cases, error table, environment, origin and age of its cassettes.

provendor show                      every vendor, a line each
provendor show chatwoot             one vendor's page
provendor show chatwoot --errors    its error table; with --json as data for other programs
provendor show --webhooks           what vendors post to us: topic, scope, what drops a repetition, schema, who needs it
provendor show --schema             the JSON Schema of the contract language, for editors
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial

from provendor import selector
from provendor.commands import arguments, console
from provendor.reader import loading
from provendor.reports import inventory
from provendor.reports.inventory import CaseRow, DeliveryRow, ErrorRow, OperationRow, VendorPage


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("vendors", nargs="*", metavar="VENDOR", help="a vendor; none means all, a line each")
    parser.add_argument("--errors", action="store_true", help="only the error table")
    parser.add_argument("--webhooks", action="store_true", help="only what vendors post to us")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of the contract language")
    arguments.add_root(parser)
    arguments.add_json(parser)
    arguments.add_now(parser)


def run(args: argparse.Namespace) -> int:
    """Print what was asked for."""
    if args.schema:
        print(loading.language_text())
        return 0
    root = arguments.root_of(args)
    with arguments.cache_of(root) as cache:
        suite = loading.load(root, selector.vendors_named(args.vendors), cache)
        selector.select(suite, args.vendors)
        vendors = suite.vendors.values()
        if args.errors:
            tables = {vendor.name: inventory.errors(vendor) for vendor in vendors}
            _print_errors(tables, args.json)
            return 0
        if args.webhooks:
            _print_webhooks([row for vendor in vendors for row in inventory.deliveries(vendor)], args.json)
            return 0
        describe = partial(inventory.page, cassettes=root / "cassettes", today=arguments.today_of(args), cache=cache)
        pages = [describe(vendor) for vendor in vendors]
    if args.json:
        console.print_json({page.vendor: asdict(page) for page in pages})
    else:
        print("\n\n\n".join(map(_page, pages)) if args.vendors else "\n".join(map(_line, pages)))
    return 0


def _print_errors(tables: dict[str, tuple[ErrorRow, ...]], as_json: bool) -> None:
    if as_json:
        console.print_json({vendor: [asdict(row) for row in rows] for vendor, rows in tables.items()})
    else:
        print("\n\n".join(f"{vendor}\n{_errors(rows)}" for vendor, rows in tables.items()))


def _print_webhooks(rows: list[DeliveryRow], as_json: bool) -> None:
    if as_json:
        console.print_json([asdict(row) for row in rows])
        return
    head = ("vendor", "delivery", "topic", "scope", "dropped by", "signed in", "schema", "needed by")
    cells = [
        (
            row.vendor,
            row.delivery,
            row.topic or "",
            row.scope,
            row.dedupe,
            row.signature or "not signed",
            row.schema or "",
            row.needed_by,
        )
        for row in rows
    ]
    print(table(head, cells) if cells else "no contract declares a delivery")


def _line(page: VendorPage) -> str:
    cases = sum(len(operation.cases) for operation in page.operations)
    return f"{page.vendor:<24} {len(page.operations):>3} operations {cases:>4} cases   {_origins(page)}"


def _origins(page: VendorPage) -> str:
    words = [f"{count} {origin}" for origin, count in sorted(page.origins.items())]
    words += [f"{page.missing} without a readable cassette"] if page.missing else []
    return ", ".join(words) + (f"; oldest {page.oldest}" if page.oldest else "")


def _page(page: VendorPage) -> str:
    head = [f"{page.title} ({page.vendor})", "=" * len(f"{page.title} ({page.vendor})")]
    facts = {
        "API version": page.api_version,
        "owner": page.owner,
        "documentation": page.docs,
        "runbook": page.runbook,
        "recordings": _origins(page),
    }
    head += [f"{name + ':':<15}{value}" for name, value in facts.items() if value]
    settings = [(row.env, row.kind, row.name, row.default or "", row.title) for row in page.settings]
    parts = [
        "\n".join(head),
        "Operations\n----------\n" + "\n".join(map(_operation, page.operations)),
        "Errors, first match wins\n------------------------\n" + _errors(page.errors),
        "Environment\n-----------\n" + table(("variable", "kind", "for", "default", ""), settings),
    ]
    if page.notes:
        parts.append("Notes\n-----\n" + page.notes.strip())
    return "\n\n".join(parts)


def _operation(operation: OperationRow) -> str:
    marks = [operation.safety] if operation.safety == "write" else []
    marks += [f"probe every {operation.probe_every_s:g} s"] if operation.probe_every_s else []
    marks += [f"pages by {operation.paging}"] if operation.paging else []
    marks += [f"undone by {operation.undone_by}"] if operation.undone_by else []
    mark = f"  [{', '.join(marks)}]" if marks else ""
    return "\n".join(
        [f"{operation.id}{mark}", f"    {operation.request}", f"    {operation.summary}", *map(_case, operation.cases)]
    )


def _case(case: CaseRow) -> str:
    age = f", {case.age_days} days old" if case.age_days is not None else ""
    pending = f", pending until {case.pending}" if case.pending else ""
    recording = f"{case.origin or 'no readable cassette'}{age}{pending}"
    return f"      {case.name:<28} {case.status:<10} {case.error or '':<24} {recording}"


def _errors(rows: Iterable[ErrorRow]) -> str:
    return table(
        ("code", "retry", "when", ""),
        [(row.code, "yes" if row.retryable else "no", row.when, row.title) for row in rows],
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under a head, columns aligned, the last column ragged."""
    widths = [max(len(str(row[i])) for row in (head, *rows)) for i in range(len(head))]
    return "\n".join(
        "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    )
