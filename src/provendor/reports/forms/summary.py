"""The job summary of a GitHub workflow: a run on one screen, for `$GITHUB_STEP_SUMMARY`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from provendor.errors import UsageError
from provendor.reports.forms import Told
from provendor.reports.forms.prose import screen

MOST_BYTES = 1024 * 1024
"""GitHub takes no larger summary of a step. What is shown is bounded piece by piece and stays far below."""


def render(told: Told) -> Iterator[str]:
    """Yield the summary in parts."""
    for paragraph in screen(told):
        yield f"{paragraph}\n\n"


def append(told: Told, environ: Mapping[str, str]) -> Path:
    """Append the summary to what the step has written so far, and return where that is; raises UsageError where it cannot."""
    named = environ.get("GITHUB_STEP_SUMMARY")
    if not named:
        raise UsageError("--step-summary: $GITHUB_STEP_SUMMARY is not set; it is in the steps of a GitHub workflow")
    path, text = Path(named), "".join(render(told)).encode()
    written = path.stat().st_size if path.exists() else 0
    if written + len(text) > MOST_BYTES:
        raise UsageError(
            f"--step-summary: {path} holds {written} bytes already, and GitHub takes {MOST_BYTES} of a step"
        )
    with path.open("ab") as file:
        file.write(text)
    return path
