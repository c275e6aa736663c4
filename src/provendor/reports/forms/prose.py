"""A run in Markdown, on one screen: the verdict and why, the vendors that need somebody, causes, what changed.

What a vendor or a file had a hand in stands in code spans, where GitHub makes no link, image, mention or element of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from provendor.plaintext import visible
from provendor.reports.forms import Told, findings, rerun
from provendor.reports.story import CaseTold, Cause, Changes, Counts, Story, VendorTold, Word
from provendor.reports.wording import sentence
from provendor.verdict import Outcome

_ICONS = {Word.GO: "✅", Word.WARNINGS: "⚠️", Word.UNKNOWN: "❔", Word.NO_GO: "❌"}
_OUTCOME_ICONS = {Outcome.FAIL: "❌", Outcome.ERROR: "❔", Outcome.WARN: "⚠️", Outcome.SKIP: "⏭️"}
_MOST_VENDORS = 20
_MOST_CAUSES = 8
_MOST_NAMED = 5
_LONGEST = 160


def screen(told: Told) -> Iterator[str]:
    """Yield the paragraphs, each without the empty line after it."""
    story = told.story
    yield f"### {_ICONS[story.decision.word]} {story.decision.word}"
    yield f"**{words(story.decision.sentence)}**"
    yield _facts(story)
    yield from _table(story)
    yield from _strength(story)
    yield from _causes(told)
    if story.previous is not None:
        yield from _changes(story.previous)
    yield from _rules(story)


def words(text: str) -> str:
    """Return text as Markdown that shows just that text: nothing in it is a link, a mention, an element or emphasis."""
    return _SIGNS.sub(_inert, visible(text, longest=2000))


_SIGNS = re.compile(r"[\\`*_{}\[\]()+\-.!~:/<>&@#]|www", re.IGNORECASE)


def _inert(found: re.Match[str]) -> str:
    sign = found[0]
    if sign in "<>&":
        return escape(sign)
    # GitHub looks for mentions and addresses after Markdown is done: a comment keeps their parts apart.
    return f"{sign}<!-- -->" if sign in "@#:" or len(sign) > 1 else f"\\{sign}"


def code(text: str, longest: int = _LONGEST) -> str:
    """Return text as a code span. The mark of a comment in it is broken up, so that no bot takes it for one."""
    shown = visible(text, longest).replace("<!--", "<! --")
    run = max((len(each) for each in re.findall(r"`+", shown)), default=0)
    if run > _LONGEST_FENCE:
        shown, run = shown.replace("`", "'"), 0  # parsers know no fence of any length
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    fence = "`" * (run + 1)
    return f"{fence}{pad}{shown}{pad}{fence}"


_LONGEST_FENCE = 8


def counted(counts: Counts) -> str:
    """Return counts in words: `3 cases: 2 pass, 1 fail`; what did not occur is not mentioned."""
    named = zip(("pass", "warn", "fail", "error", "skip"), counts, strict=True)
    said = ", ".join(f"{count:,} {name}" for name, count in named if count)
    return f"{counts.total:,} case{'s' * (counts.total != 1)}" + (f": {said}" if said else "")


def _facts(story: Story) -> str:
    run = story.run
    asked = sum(case.environment is not None for case in story.cases)
    how = f"{asked:,} of them asked live" if asked else "replayed from recordings, no vendor was asked"
    where = f", commit {code(run.commit[:12])}" if run.commit else ""
    return f"{counted(run.counts)}; {how}. Run {code(run.id)}, {code(run.started_at[:10])}{where}."


# --- vendors ----------------------------------------------------------------------------------------------------------


def _table(story: Story) -> Iterator[str]:
    """Yield the vendors that need somebody as a table, and the others in a sentence."""
    needy = [vendor for vendor in story.vendors if _needs_somebody(vendor)]
    if needy:
        rows = [
            "| Vendor | Verdict | Cases | Answers | Next |",
            "|---|---|---|---|---|",
            *map(_row, needy[:_MOST_VENDORS]),
        ]
        yield "\n".join(rows)
    said = [f"{len(needy) - _MOST_VENDORS} more vendors are left out here"] if len(needy) > _MOST_VENDORS else []
    fine = len(story.vendors) - len(needy)
    if fine:
        said.append(f"{fine} {'other ' * bool(needy)}vendor{'s' * (fine != 1)}: every case passes")
    if said:
        yield f"{'; '.join(said)}."


def _needs_somebody(vendor: VendorTold) -> bool:
    return vendor.counts.passed != vendor.counts.total or bool(vendor.missing) or not vendor.counts.total


def _row(vendor: VendorTold) -> str:
    command = f" {code(vendor.next.command)}" if vendor.next.command else ""
    cells = (
        code(vendor.name),
        f"{_ICONS[vendor.word]} {vendor.word}",
        counted(vendor.counts),
        _answers(vendor),
        f"{words(vendor.next.what)}{command}",
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _strength(story: Story) -> Iterator[str]:
    """Yield what the contracts would catch, where that was measured."""
    known = [(each.strength.score, each.name) for each in story.vendors if each.strength]
    if known:
        least, name = min(known)
        caught = f"{least * 100:.0f} % of the changes of what it declares are caught by {code(name)}"
        others = ", by the others no less" * (len(known) > 1)
        yield f"Strength: {caught}{others}; measured for {len(known)} of {len(story.vendors)} vendors."


def _answers(vendor: VendorTold) -> str:
    said = [f"{count:,} {words(origin)}" for origin, count in vendor.origins]
    if vendor.proof:
        said.insert(0, f"live {words(vendor.proof.at[:10])}: {vendor.proof.passed:,} of {vendor.proof.asked:,}")
    elif vendor.refused:
        said.insert(0, f"live {words(vendor.refused.at[:10])}: 0 of {vendor.refused.asked:,}")
    return ", ".join(said) or "none"


# --- causes and changes -----------------------------------------------------------------------------------------------


def _causes(told: Told) -> Iterator[str]:
    causes = told.story.causes
    if not causes:
        return
    first = {case.id: case for case in reversed(told.story.cases)}
    rows = [f"{number}. {_cause(cause, told, first)}" for number, cause in enumerate(causes[:_MOST_CAUSES], 1)]
    left = causes[_MOST_CAUSES:]
    if left:
        cases = sum(len(cause.cases) for cause in left)
        rows.append(f"\n{len(left):,} more cause{'s' * (len(left) != 1)} of {cases:,} cases: all are in the report.")
    yield "#### Why\n\n" + "\n".join(rows)


def _cause(cause: Cause, told: Told, by_id: dict[str, CaseTold]) -> str:
    count = len(cause.cases)
    verb = "expected to fail" if cause.known else _verb(cause.outcome, count)
    who = f"{_OUTCOME_ICONS[cause.outcome]} **{count:,} case{'s' * (count != 1)} of** {code(cause.vendor)} **{verb}**"
    what = f"{code(cause.code)} " if cause.code else ""
    what += f"at {code(cause.at)} " if cause.at else ""
    if cause.known or not cause.code:
        what += code(cause.reason or "no reason is known", longest=400)
    else:
        what += f"expected {code(cause.expected)}, got {code(cause.actual)}"
    blame = f" ({cause.blame.party}: {code(cause.blame.why)})" if cause.blame else ""
    case = by_id.get(cause.cases[0])
    where = f"<br>{code(_place(case, cause, told))} {code(rerun(case))}" if case else ""
    return f"{who}: {what}{blame}{where}"


def _verb(outcome: Outcome, count: int) -> str:
    one, many = {
        Outcome.FAIL: ("fails", "fail"),
        Outcome.ERROR: ("could not be judged", "could not be judged"),
        Outcome.SKIP: ("was skipped", "were skipped"),
    }.get(outcome, ("warns", "warn"))
    return one if count == 1 else many


def _place(case: CaseTold, cause: Cause, told: Told) -> str:
    """Return the line of the contract that objects in the first case of a cause."""
    record = told.record(case)
    key = next((finding["key"] for _, finding in findings(record) if finding["code"] == cause.code), "")
    spot = told.spot(case, str(key))
    return f"{spot.file}:{spot.line}"


def _changes(changes: Changes) -> Iterator[str]:
    kinds = {
        "newly failing": changes.failing,
        "no longer judged": changes.errors,
        "newly warned": changes.warned,
        "newly skipped": changes.skipped,
        "fixed": changes.fixed,
        "recordings aged out": changes.aged,
    }
    said = [f"- {name}: {_named(cases)}" for name, cases in kinds.items() if cases]
    if said:
        yield f"#### Since {code(changes.since.id)}\n\n" + "\n".join(said)


def _named(cases: Iterable[str]) -> str:
    listed = list(cases)
    more = len(listed) - _MOST_NAMED
    return ", ".join(map(code, listed[:_MOST_NAMED])) + (f" and {more:,} more" if more > 0 else "")


def _rules(story: Story) -> Iterator[str]:
    rows = "\n".join(
        f"- {_ICONS[rule.word]} {words(rule.asks)} {words(sentence(rule.says))}" for rule in story.decision.rules
    )
    yield f"<details><summary>The rules that decided</summary>\n\n{rows}\n\n</details>"
