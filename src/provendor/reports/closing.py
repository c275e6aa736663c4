r"""The last screen of a run: why cases are no pass, the vendors, counts, where the reports are, and what to type next.

    closing = Closing()
    closing.add(result_json(result, redactor))
    print("\n".join(closing.rows(screen(sys.stdout), files={"evidence": "reports/run.json"})))

After thousands of lines a person sees the last of them, so it is at most a screen. Commands and paths alone are never cut: they
are there to be copied.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TextIO

from provendor.plaintext import painted, visible
from provendor.verdict import Outcome, sentence

_WORST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.WARN, Outcome.SKIP)
_MOST_REASONS = 3
_MOST_TROUBLES = 5
_MOST_NAMED = 5
_LEAST_HEAD = 36  # holds what is wrong, and mostly where


class Size(NamedTuple):
    """How much fits on a screen; by default on the smallest that people have."""

    columns: int = 80
    lines: int = 24


def screen(stream: TextIO) -> Size:
    """Return the size of the terminal that a stream goes to; where it is none, or has none to say, of the smallest."""
    try:
        size = os.get_terminal_size(stream.fileno()) if stream.isatty() else (0, 0)
    except (OSError, ValueError):  # a stream that only looks like a terminal
        size = (0, 0)
    columns, lines = size
    return Size(
        columns if columns >= _LEAST.columns else Size().columns, lines if lines >= _LEAST.lines else Size().lines
    )


_LEAST = Size(20, 10)
"""What says that it is smaller does not know: terminals of some CI servers have no size at all."""


class _Cause:
    """What cases have in common that are no pass: words and id of the first one, and how many there are."""

    __slots__ = ("again", "came", "cases", "id", "known", "outcome", "says", "vendor")

    def __init__(self, outcome: Outcome, record: Mapping[str, Any], says: str, came: str) -> None:
        self.outcome = outcome
        self.vendor: str = record["vendor"]
        self.id: str = record["id"]
        self.known: bool = record["expected"]
        self.again: str = record.get("rerun") or f"provendor prove {self.id}"  # pytest has none for a worker that died
        self.says = says
        self.came = came
        self.cases = 1

    def add(self, outcome: Outcome) -> None:
        self.cases += 1
        self.outcome = min(self.outcome, outcome, key=_WORST_FIRST.index)

    @property
    def rank(self) -> tuple[int, bool, int]:
        return _WORST_FIRST.index(self.outcome), self.known, -self.cases

    @property
    def who(self) -> str:
        return self.id if self.cases == 1 else f"{self.vendor}, {self.cases:,} cases"


class Closing:
    """Takes note of results as evidence has them. What it keeps grows with the causes, not with the cases."""

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self._vendors: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
        self._answers: Counter[str] = Counter()
        self._unasked: Counter[str] = Counter()
        self._causes: dict[object, _Cause] = {}
        self._known: Mapping[str, Any] = {}

    def know(self, readiness: Mapping[str, Any]) -> None:
        """Take note of what the run knows of its vendors besides results, as evidence has it."""
        self._known = readiness

    def add(self, record: Mapping[str, Any]) -> None:
        """Take note of one result."""
        outcome = Outcome(record["outcome"])
        self.outcomes[outcome] += 1
        self._vendors[record["vendor"]][outcome] += 1
        if (recording := record["recording"]) is not None:
            self._answers[recording["origin"] or "unknown"] += 1
        elif (live := record.get("live")) and record["status"] is not None:
            self._answers[f"live from {live['environment']}"] += 1
        if fallback := record.get("fallback"):
            self._unasked[fallback] += 1
        if outcome is not Outcome.PASS:
            self._note(outcome, record)

    def _note(self, outcome: Outcome, record: Mapping[str, Any]) -> None:
        from provendor.reports.causes import key_of, trouble  # noqa: PLC0415 - a run that passes needs none of it

        found = trouble(record)
        key = key_of(record, found)
        if cause := self._causes.get(key):
            cause.add(outcome)
            return
        says, came = record["reason"] or "no reason is known", ""
        if found.code and not (record["reason"] and outcome is Outcome.WARN):  # a warning's reason says what to do
            came = f", got {found.actual}"
            says = sentence(found.code, found.where or found.at, found.expected, found.actual).removesuffix(came)
        fault = f" ({found.blame.party})" if found.blame else ""
        self._causes[key] = _Cause(outcome, record, says, f"{came}{fault}")

    def rows(
        self,
        size: Size,
        files: Mapping[str, object],
        *,
        trouble: Sequence[str] = (),
        took_ms: float | None = None,
        colour: bool = False,
    ) -> list[str]:
        """Return the screen. `files` are what was written, by what it is; `trouble` is what went wrong besides the cases."""
        tail = [
            *(
                painted(visible(each), Outcome.FAIL, colour)
                for each in _most(list(trouble), _MOST_TROUBLES, "like these")
            ),
            *(_cut(each, size) for each in self._not_asked()),
            *self._total(size, took_ms, colour),
            *(f"{what}: {where}" for what, where in files.items()),
            f"next: {self.next()}",
        ]
        room = max(2, size.lines - len(tail) - 3)  # the prompt takes a line, and so do two gaps
        vendors = _most(list(self._by_vendor(size, colour)), max(1, room // 3), "vendors")
        causes = self._by_cause(size, room - len(vendors), colour)
        blocks = [block for block in (causes, vendors, tail) if block]
        return [row for block in blocks for row in ("", *block)][1:]

    def total(self) -> str:
        """Return counts and where the answers come from, as on the screen."""
        return "; ".join(self._total(Size(), None, colour=False))

    def next(self) -> str:
        """Return the command to type next."""
        worst = min(self._causes.values(), key=lambda cause: cause.rank, default=None)
        if worst is not None and not worst.known and worst.outcome is not Outcome.SKIP:
            return visible(worst.again)
        return (self._farther() or "provendor report") if self.outcomes else "provendor list"

    def _by_cause(self, size: Size, most: int, colour: bool) -> list[str]:
        ranked = sorted(self._causes.values(), key=lambda cause: cause.rank)
        shown = ranked if len(ranked) <= most else ranked[: most - 1]
        apart = 2 * len(ranked) <= most  # there is room for what does not fit beside its case
        rows = [row for cause in shown for row in _told(cause, size, apart, colour)]
        if left := ranked[len(shown) :]:
            cases = sum(cause.cases for cause in left)
            rows.append(f"and {len(left):,} more causes of {cases:,} cases")
        return rows

    def _by_vendor(self, size: Size, colour: bool) -> Iterator[str]:
        """Yield a row for each vendor that is not all pass, then one for all others; none where there is only one."""
        if len(self._vendors) < 2:
            return
        fine = {name: counts for name, counts in self._vendors.items() if counts[Outcome.PASS] == counts.total()}
        needy = sorted((name for name in self._vendors if name not in fine), key=self._severity)
        width = max(map(len, needy), default=0)
        for name in needy:
            yield _fitting(self._vendors[name], f"{visible(name):<{width}}  ", "", size, colour)
        if fine:
            named = ", ".join(f"{name} {counts.total():,}" for name, counts in sorted(fine.items()))
            others = f"{len(fine):,} {'other ' * bool(needy)}vendor{'s pass' if len(fine) != 1 else ' passes'}"
            yield _cut(f"{others}: {named}", size)

    def _severity(self, vendor: str) -> tuple[int, ...]:
        return tuple(-self._vendors[vendor][outcome] for outcome in _WORST_FIRST)

    def _not_asked(self) -> Iterator[str]:
        """Yield why cases were replayed that should have been asked live."""
        for why, count in self._unasked.most_common(_MOST_REASONS):
            yield f"not asked live: {count:,} case{'s' * (count != 1)}, because {why}"
        if (left := len(self._unasked) - _MOST_REASONS) > 0:
            yield f"not asked live: for {left:,} more reasons"

    def _total(self, size: Size, took_ms: float | None, colour: bool) -> list[str]:
        """Return counts, time and where the answers come from: on a line where they fit."""
        if not self.outcomes:
            return ["no case was judged: that is not a pass"]
        took = f" in {took_ms / 1000:.2f} s" if took_ms is not None else ""
        answers = ", ".join(f"{count:,} {visible(what)}" for what, count in sorted(self._answers.items()))
        both = f"{took}; answers: {answers}"
        if answers and len(_counted(self.outcomes)) + len(both) <= size.columns:
            return [_counted(self.outcomes, colour) + both]
        rows = [_fitting(self.outcomes, "", took, size, colour)]
        return [*rows, _cut(f"answers: {answers}", size)] if answers else rows

    def _farther(self) -> str | None:
        """Return what leads on from a replay in which nothing is wrong: the rest of it, then the vendors themselves."""
        if any(answer.startswith("live ") for answer in self._answers) or self._unasked:
            return None
        known = {name: self._known[name] for name in self._vendors if name in self._known}
        parts = [name for name in known if self._vendors[name].total() < known[name]["cases"]]
        if parts:
            return f"provendor prove {parts[0]}" if len(self._vendors) == 1 else "provendor prove"
        willing = [name for name in known if (known[name]["flag"] or {}).get("on")]
        ready = [name for name in willing if not known[name]["blocks"]]
        if not ready:
            return f"provendor doctor {willing[0]}" if willing else None
        return " ".join(("provendor prove --live", *(ready if len(ready) <= _MOST_NAMED else ())))


def _fitting(counts: Counter[Outcome], before: str, after: str, size: Size, colour: bool) -> str:
    """Return counts between two texts; where a line does not hold them, cut and without colour."""
    plain = f"{before}{_counted(counts)}{after}"
    return f"{before}{_counted(counts, colour)}{after}" if len(plain) <= size.columns else _cut(plain, size)


def _counted(counts: Counter[Outcome], colour: bool = False) -> str:
    total = counts.total()
    said = ", ".join(painted(f"{counts[each]:,} {each}", each, colour) for each in Outcome if counts[each])
    return f"{total:,} case{'s' * (total != 1)}: {said}"


def _told(cause: _Cause, size: Size, apart: bool, colour: bool) -> Iterator[str]:
    """Yield a cause on one line; on two where there is room and one does not do."""
    word = f"{cause.outcome:<5}"
    room = Size(size.columns - len(word) - 1)
    whole = f"{cause.who}  {cause.says}"
    if not apart or len(visible(f"{whole}{cause.came}", longest=2000)) <= room.columns:
        yield f"{painted(word, cause.outcome, colour)} {_squeezed(whole, cause.came, room)}"
        return
    yield f"{painted(word, cause.outcome, colour)} {_cut(cause.who, room)}"
    yield f"{' ' * len(word)} {_squeezed(cause.says, cause.came, room)}"


def _squeezed(head: str, tail: str, size: Size) -> str:
    """Return a text whose end says most: where a line does not hold it, its beginning is cut first, down to half of it."""
    end = visible(tail, longest=2000)
    return _cut(_cut(head, Size(max(size.columns - len(end), size.columns // 2, _LEAST_HEAD))) + end, size)


def _cut(text: str, size: Size) -> str:
    shown = visible(text, longest=2000)
    return shown if len(shown) <= size.columns else f"{shown[: size.columns - 1]}…"


def _most(rows: list[str], most: int, what: str) -> list[str]:
    return rows if len(rows) <= most else [*rows[: most - 1], f"and {len(rows) - most + 1:,} more {what}"]
