"""For pytest-html: columns with vendor, origin, outcome and findings of each case, and counts in the same words.

Nothing from a vendor may run in the page: every cell is escaped here, because pytest-html takes cells as HTML.
"""

from __future__ import annotations

from html import escape

import pytest

from provendor.plugin.pytest_session import FINDINGS
from provendor.reports.closing import Closing

_NAMES = ("vendor", "origin", "outcome")
_AFTER = 2  # behind pytest-html's own columns "Result" and "Test"


class Columns:
    """Adds the columns; a test that is no case has them empty. `closing` knows every result by the end."""

    def __init__(self, closing: Closing) -> None:
        self._closing = closing

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Count by outcome: for pytest a warning has passed, and an error has failed."""
        if self._closing.outcomes:
            prefix.append(f"<p>{escape(self._closing.total())}</p>")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Name the columns."""
        heads = [f'<th class="sortable" data-column-type="{name}">{name.capitalize()}</th>' for name in _NAMES]
        cells[_AFTER:_AFTER] = [*heads, "<th>Findings</th>"]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport | pytest.CollectReport, cells: list[str]) -> None:
        """Fill the columns from what travels with the report."""
        if not cells:
            return
        known = dict(getattr(report, "user_properties", ()))  # a file that cannot be collected has none
        if "not live" in known:
            known["origin"] = f"{known['origin']}, not live: {known['not live']}"
        values = [f'<td class="col-{name}">{escape(str(known.get(name, "")))}</td>' for name in _NAMES]
        findings = "<br>".join(escape(each) for each in vars(report).get(FINDINGS, ()))
        cells[_AFTER:_AFTER] = [*values, f'<td class="col-findings">{findings}</td>']
