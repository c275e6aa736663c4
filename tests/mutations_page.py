"""The page that lists the operators: docs/reference/mutations.md.

python tests/mutations_page.py        # writes the page anew
"""

from __future__ import annotations

import sys
from pathlib import Path

from provendor.mutants.harmless import HARMLESS
from provendor.mutants.mutation import OPERATORS, Group, Operator

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "mutations.md"

INTRODUCTION = """\
# Mutations

How `provendor mutate` breaks recorded answers: each operator stands for a class of real incidents. Their names are
what `--operators` takes, what survivors are called, and what
[`tolerates`](contract-language.md#what-we-can-live-with) names. A test makes this page anew from the operators and
compares.

A change is made where a vendor could make it and somebody could be hurt: words are only put in other case where there
are a few to choose from, a number is only made larger where the contract sets a limit or the number is a time, an id
is only another one where the answer repeats what was asked for. In answers of MCP servers the result of the tool is
changed, in its text or in its structured content, and sent as it came: in JSON or in a stream of events. Deliveries
are signed anew after each change but the one that is about the signature.
"""

SECTIONS = {
    Group.FIELD: (
        "Fields",
        "Changes of one field that the contract declares, or that something looks at. They count in the score.",
    ),
    Group.ANSWER: ("Answers as a whole", "Bytes, types, headers, signatures and pages. They count in the score."),
    Group.STATUS: ("Status and error class", "Whether it worked, and if not, why. They have a score of their own."),
}


def page() -> str:
    """Return docs/reference/mutations.md."""
    parts = [INTRODUCTION]
    for group, (title, about) in SECTIONS.items():
        parts.append(f"## {title}\n\n{about}\n")
        parts += (_entry(each) for each in OPERATORS.values() if each.group is group)
    rows = "\n".join(f"| `{name}` | {does} |" for name, does in HARMLESS.items())
    parts.append(
        "## What must not hurt\n\n"
        "`--harmless` makes these changes instead. A case that does not pass after one of them raises false alarms.\n\n"
        f"| change | |\n|---|---|\n{rows}\n"
    )
    return "\n".join(parts)


def _entry(operator: Operator) -> str:
    does = f"{operator.does[0].upper()}{operator.does[1:]}"
    return f"### {operator.name}\n\n{does}: {operator.example}\n\n{operator.incident}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
