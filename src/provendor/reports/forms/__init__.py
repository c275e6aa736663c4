"""Other forms of the same evidence, for those who have a reader for them already. One module each, imported when asked for.

    told = Told(story, kept, root)
    sys.stdout.writelines(junit.render(told))

Each has `render(told) -> Iterator[str]`. What a vendor had a hand in is hostile in every form, and each module escapes it for
its own reader. What does not fit into a reader's limits is left out, and the form says how much that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from provendor.plaintext import visible
from provendor.reader.spots import Spot, spot_told
from provendor.reports.archive import KeptRun
from provendor.reports.story import CaseTold, Story
from provendor.run import rerun_command
from provendor.verdict import sentence

FORMS = {
    "annotations": "provendor.reports.forms.workflow",
    "csv": "provendor.reports.forms.table",
    "health": "provendor.reports.forms.health",
    "json": "provendor.reports.forms.document",
    "junit": "provendor.reports.forms.junit",
    "markdown": "provendor.reports.forms.comment",
    "sarif": "provendor.reports.forms.sarif",
    "summary": "provendor.reports.forms.summary",
}
"""What a form is called, and the module that writes it."""


class Told:
    """What a form is made from: the story, the whole record of each case, and the contracts that it is about.

    `root` is the suite's folder, from which places in contracts are read.
    """

    def __init__(self, story: Story, kept: KeptRun, root: Path) -> None:
        self.story = story
        self.kept = kept
        self.root = root

    def record(self, case: CaseTold) -> dict[str, Any]:
        """Return a result as run.jsonl has it."""
        return self.kept.record(case.offset)

    def spot(self, case: CaseTold, key: str = "") -> Spot:
        """Return where the contract makes a demand, in a file that is named from the top of the repository."""
        found = spot_told(self.root, case.contract, case.operation, case.name, key)
        return Spot(self.in_repository(found.file), found.line, found.column, found.text, found.width)

    def in_repository(self, file: str) -> str:
        """Return what a file of the suite is called from the top of the repository."""
        return f"{self._below}{file}"

    @cached_property
    def _below(self) -> str:
        root = self.root.resolve()
        top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
        return "".join(f"{part}/" for part in root.relative_to(top).parts)


def findings(record: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield every finding of a result with its verdict, in the order of the checks."""
    for verdict in record["verdicts"]:
        for finding in verdict["findings"]:
            yield verdict, finding


def told(finding: dict[str, Any]) -> str:
    """Return a finding as one sentence in which nothing is hidden."""
    return sentence(*(visible(str(finding[part])) for part in ("code", "at", "expected", "actual")))


def headline(case: CaseTold, record: dict[str, Any]) -> str:
    """Return why a case is no pass, in one line: what is foreseen, else its first finding of that outcome, else its reason."""
    if case.expected and case.reason:
        return visible(case.reason)
    of_outcome = [finding for verdict, finding in findings(record) if verdict["outcome"] == case.outcome]
    if not of_outcome:
        return visible(case.reason or "no reason is known")
    more = f" (and {len(of_outcome) - 1} more)" if len(of_outcome) > 1 else ""
    return told(of_outcome[0]) + more


def rerun(case: CaseTold) -> str:
    """Return the command that runs this case again."""
    return visible(case.rerun) if case.rerun else rerun_command(visible(case.id), case.environment)


def provenance(case: CaseTold) -> str:
    """Return where the answer comes from: `documented 2026-11-01`, `live from sandbox, 120 ms`."""
    if case.environment is not None:
        took = f"{case.elapsed_ms:.0f} ms" if case.elapsed_ms is not None else "no answer"
        return f"live from {visible(case.environment)}, {took}"
    if case.recording is None:
        return "no answer is known"
    return f"{case.origin or 'of unknown origin'} {visible((case.recorded_at or 'undated')[:10])}"
