"""Markdown from contracts: a page per vendor, and pages that set all vendors side by side.

    for name, text in documents(suite, cassettes, cache).items(): ...     # {"vendors/chatwoot.md": "# Chatwoot ..."}

Nothing on these pages depends on the day or the machine, so that a page is current as long as it is the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from provendor.cache import Cache
from provendor.contract import Delivery, Guide, Operation, Suite, Vendor
from provendor.reports import inventory
from provendor.reports.inventory import OperationRow, VendorPage

_WRITTEN_BY = "<!-- Written by `provendor docs` from the contracts. Change those, not this file. -->\n"
_ANY_DAY = date(2000, 1, 1)  # ages are not printed


def documents(suite: Suite, cassettes: Path, cache: Cache | None = None) -> dict[str, str]:
    """Return every page by its name below the documentation's folder."""
    pages = {vendor.name: inventory.page(vendor, cassettes, _ANY_DAY, cache) for vendor in suite.vendors.values()}
    found = {f"vendors/{vendor.name}.md": _vendor(vendor, pages[vendor.name]) for vendor in suite.vendors.values()}
    for vendor in suite.vendors.values():
        for guide in vendor.guides:
            found[_guide_name(vendor, guide)] = _guide(vendor, guide, pages[vendor.name])
    found["vendors/index.md"] = _index(pages.values(), suite.vendors.values())
    found["vendors/retries.md"] = _retries(pages.values())
    found["vendors/webhooks.md"] = _webhooks(suite.vendors.values())
    return {name: f"{_WRITTEN_BY}\n{text.rstrip()}\n" for name, text in found.items()}


# --- one vendor -------------------------------------------------------------------------------------------------------


def _vendor(vendor: Vendor, page: VendorPage) -> str:
    parts = [f"# {page.title}", _facts(page), page.notes.strip(), _proving(page), _settings(page), _operations(page)]
    if vendor.deliveries:
        parts.append("## Webhooks\n\n" + _table(*_delivery_table([vendor], with_vendor=False)))
    parts += [_errors(page), _indicators(vendor), _recordings(page)]
    return "\n\n".join(part for part in parts if part)


def _facts(page: VendorPage) -> str:
    facts = {
        "API version": page.api_version,
        "Answered until": page.api_version_ends,
        "Owner": page.owner,
        "Documentation": f"<{page.docs}>" if page.docs else "",
        "Runbook": _page_address(page.runbook) if page.runbook else "",
        "Rate limit": page.rate_limit,
    }
    return "\n".join(f"- {name}: {value}" for name, value in facts.items() if value)


def _page_address(address: str) -> str:
    """Return a link to a URL, or to a page below the root as it is seen from docs/vendors/."""
    return f"<{address}>" if "://" in address else f"[{address}](../../{address})"


def _proving(page: VendorPage) -> str:
    lines = [
        "## How to prove it",
        "",
        f"Offline, without any environment: `provendor prove {page.vendor}`, or `pytest contracts/{page.vendor}`.",
    ]
    if page.live_flag:
        lines.append(
            f"Live checks need `{page.live_flag}` to be `1`, `true`, `on` or `yes`, and the credentials below."
        )
    return "\n".join(lines)


def _settings(page: VendorPage) -> str:
    rows = [(f"`{row.env}`", row.kind, row.name, row.default or "", row.title) for row in page.settings]
    head = ("variable", "kind", "for", "default", "")
    return "## Environment variables\n\n" + _table(head, rows) if rows else ""


def _operations(page: VendorPage) -> str:
    return "## Operations\n\n" + "\n\n".join(_operation(row) for row in page.operations)


def _operation(row: OperationRow) -> str:
    marks = [row.safety] + ([f"probe every {row.probe_every_s:g} s"] if row.probe_every_s else [])
    lines = [f"### {row.id}", "", row.summary, "", f"`{row.request}` ({', '.join(marks)})"]
    lines += ["", row.notes.strip()] if row.notes else []
    lines += ["", f"Repeating it: {row.idempotency}"] if row.idempotency else []
    lines += ["", f"What a live call makes is taken away by `{row.undone_by}`."] if row.undone_by else []
    cases = [(f"`{c.name}`", c.status, f"`{c.error}`" if c.error else "", c.origin or "", c.summary) for c in row.cases]
    return "\n".join([*lines, "", _table(("case", "status", "error", "recording", ""), cases)])


def _errors(page: VendorPage) -> str:
    rows = [(f"`{row.code}`", "yes" if row.retryable else "no", _code(row.when), row.title) for row in page.errors]
    return "## Errors\n\nThe first row that matches names the error.\n\n" + _table(("code", "retry", "when", ""), rows)


def _indicators(vendor: Vendor) -> str:
    rows = [
        (f"`{each.name}`", each.title, f"{each.ok:g}", f"{each.warn:g}", str(each.min))
        for each in vendor.indicators.values()
    ]
    head = ("indicator", "", "fine from", "degraded from", "says nothing below")
    return "## Indicators\n\n" + _table(head, rows) if rows else ""


def _recordings(page: VendorPage) -> str:
    rows = [(origin, str(count)) for origin, count in sorted(page.origins.items())]
    oldest = f"\n\nThe oldest is from {page.oldest}." if page.oldest else ""
    return "## Recordings\n\n" + _table(("origin", "cassettes"), rows) + oldest if rows else ""


# --- one task ---------------------------------------------------------------------------------------------------------


def _guide_name(vendor: Vendor, guide: Guide) -> str:
    return f"vendors/{vendor.name}-{guide.name}.md"


def _guide(vendor: Vendor, guide: Guide, page: VendorPage) -> str:
    known = [*((row.id, _asked(vendor, row)) for row in page.operations), *_sent(vendor)]
    chosen = {id_: row for wanted in guide.operations for id_, row in known if fnmatchcase(id_, wanted)}
    table = _table(("operation", "request", "succeeds as", "errors"), list(chosen.values()))
    title = f"# {page.title}: {guide.title}"
    return f"{title}\n\n{guide.text.strip()}\n\n## Operations\n\n{table}"


def _asked(vendor: Vendor, row: OperationRow) -> tuple[str, ...]:
    anchor = row.id.replace(".", "")
    successes = ", ".join(f"`{case.name}`" for case in row.cases if case.error is None)
    errors = ", ".join(f"`{code}`" for code in dict.fromkeys(case.error for case in row.cases if case.error))
    return f"[`{row.id}`]({vendor.name}.md#{anchor})", f"`{row.request}`", successes, errors


def _sent(vendor: Vendor) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the rows of what is posted to us: there is no request of ours, and no error."""
    for operation in vendor.deliveries.values():
        cases = ", ".join(f"`{case.name}`" for case in operation.cases)
        yield operation.id, (f"[`{operation.id}`]({vendor.name}.md#webhooks)", "delivered to us", cases, "")


# --- all vendors ------------------------------------------------------------------------------------------------------


def _index(pages: Iterable[VendorPage], vendors: Iterable[Vendor]) -> str:
    rows = [
        (f"[{page.title}]({page.vendor}.md)", str(len(page.operations)), str(_cases(page)), _origins(page))
        for page in pages
    ]
    head = ("vendor", "operations and flows", "cases", "recordings")
    more = "- [Retries and idempotency](retries.md)\n- [Webhooks](webhooks.md)"
    for vendor in vendors:
        more += "".join(f"\n- [{vendor.title}: {each.title}]({vendor.name}-{each.name}.md)" for each in vendor.guides)
    return f"# Vendors under contract\n\n{_table(head, rows)}\n\n{more}"


def _cases(page: VendorPage) -> int:
    return sum(len(operation.cases) for operation in page.operations)


def _origins(page: VendorPage) -> str:
    return ", ".join(f"{count} {origin}" for origin, count in sorted(page.origins.items()))


def _retries(pages: Iterable[VendorPage]) -> str:
    parts = [
        "# Retries and idempotency",
        (
            "A call is tried again only where its error is retryable and the call is safe to repeat: it only reads, or it "
            "is idempotent as said below. Between tries the wait grows exponentially with full jitter; `Retry-After` "
            "counts where the vendor sends it."
        ),
    ]
    for page in pages:
        retryable = [(f"`{row.code}`", _code(row.when), row.title) for row in page.errors if row.retryable]
        writes = [
            (f"`{row.id}`", row.idempotency or "not known: do not repeat") for row in page.operations if _writes(row)
        ]
        limit = f"Rate limit: {page.rate_limit}." if page.rate_limit else "No rate limit is known."
        parts += [f"## {page.title}", limit]
        parts += [_table(("retry on", "when", ""), retryable)] if retryable else ["Nothing is retryable."]
        parts += [_table(("write", "repeating it"), writes)] if writes else []
    return "\n\n".join(parts)


def _writes(row: OperationRow) -> bool:
    return row.safety == "write"


def _webhooks(vendors: Iterable[Vendor]) -> str:
    head, rows = _delivery_table(vendors, with_vendor=True)
    table = _table(head, rows) if rows else "No vendor has a delivery under contract."
    return f"# Webhooks\n\nWhat vendors post to us, and what a receiver must know.\n\n{table}"


def _delivery_table(vendors: Iterable[Vendor], with_vendor: bool) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    head = ("delivery", "topic", "scope", "drop repetitions by", "signed in", "needed by", "")
    rows = [
        (*((vendor.title,) if with_vendor else ()), *_delivery(operation))
        for vendor in vendors
        for operation in vendor.deliveries.values()
    ]
    return (("vendor", *head) if with_vendor else head), rows


def _delivery(operation: Operation) -> tuple[str, ...]:
    plan = operation.cases[0].plan
    assert isinstance(plan, Delivery)  # noqa: S101 - every case of a delivery has one
    repeated = plan.dedupe or ", ".join(f"`{place}`" for place in plan.delivery_id)
    return (
        f"`{operation.id}`",
        f"`{plan.topic}`" if plan.topic else "",
        plan.scope,
        repeated,
        f"`{plan.signature.header}`" if plan.signature else "not signed",
        plan.needed_by,
        operation.summary,
    )


# --- Markdown ---------------------------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join([_row(head), "|" + "---|" * len(head), *map(_row, rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    """Return conditions as code: they hold patterns, which Markdown would read as markup."""
    longest = max((len(run) for run in _runs_of_ticks(text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence}{text}{fence}" if not longest else f"{fence} {text} {fence}"


def _runs_of_ticks(text: str) -> Iterator[str]:
    run = ""
    for letter in text:
        run = run + letter if letter == "`" else ""
        if run:
            yield run
