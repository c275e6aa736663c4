"""What a person sees last, word for word."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_files import a_failure, a_finding, a_result, a_warning, an_error, live
from form_files import HOSTILE, foreseen, hostile_results, mixed
from provendor.reports.closing import Closing, Size, screen

FILES = {"evidence": "reports/run.json"}
SMALLEST = Size()


def rows_of(results: Iterable[Mapping[str, Any]], size: Size = SMALLEST, **more: Any) -> list[str]:
    closing = Closing()
    for result in results:
        closing.add(result)
    return closing.rows(size, more.pop("files", FILES), **more)


def text_of(results: Iterable[Mapping[str, Any]], size: Size = SMALLEST, **more: Any) -> str:
    return "\n".join(rows_of(results, size, **more))


def test_a_run_that_passes_takes_three_lines():
    """Counts with where the answers come from, the evidence, and the verdict to ask for."""
    assert text_of([a_result(), a_result("acme/users.get:denied")], took_ms=12.3) == (
        """\
2 cases: 2 pass in 0.01 s; answers: 2 documented
evidence: reports/run.json
next: provendor report"""
    )


def test_causes_come_first_then_vendors_then_counts_and_what_to_type():
    """Every outcome, at two vendors, on the smallest screen."""
    assert text_of(mixed()) == (
        """\
fail  acme/users.get:denied
      body-schema at /id: expected integer, got string "7"
error acme/users.get:gone  cassette-missing: expected an answer, got no file
warn  acme/users.get:old
      cassette-age: expected at most 365 days old, got 400 days old
warn  acme/users.get:later
      expected to fail until 2026-12-15: not there yet (ACME-7)
skip  acme/users.get:never  not asked

acme  6 cases: 1 pass, 2 warn, 1 fail, 1 error, 1 skip
1 other vendor passes: shop 1

7 cases: 2 pass, 2 warn, 1 fail, 1 error, 1 skip
answers: 5 documented, 1 live from sandbox
evidence: reports/run.json
next: provendor prove acme/users.get:denied"""
    )


def test_a_wide_terminal_has_a_cause_on_one_line():
    """Nothing is folded or cut that fits."""
    assert rows_of([a_failure()], Size(120, 40))[0] == (
        'fail  acme/users.get:ok  body-schema at /id: expected integer, got string "7"'
    )


def many() -> list[dict[str, Any]]:
    """Three thousand results: forty that share a schema, many single troubles, ten vendors that are fine."""
    passed = [a_result(f"vendor-{number % 10}/things.get:{number}") for number in range(2900)]
    shared = [a_failure(f"shop/orders.get:{number}") for number in range(40)]
    single = [
        a_failure(f"mail/drafts.get:{number}", a_finding(f"code-{number}", key="", at="")) for number in range(30)
    ]
    unknown = [an_error(f"bank/payments.get:{number}") for number in range(20)]
    old = [a_warning(f"maps/routes.get:{number}") for number in range(10)]
    return [*passed, *old, *unknown, *single, *shared]


def test_three_thousand_cases_are_one_screen():
    """Twenty-four lines with the prompt: the most frequent of the worst, and everything else is counted."""
    assert text_of(many(), took_ms=1958.7) == (
        """\
fail  shop, 40 cases  body-schema at /id: expected integer, got string "7"
fail  mail/drafts.get:0  code-0: expected integer, got string "7"
fail  mail/drafts.get:1  code-1: expected integer, got string "7"
fail  mail/drafts.get:2  code-2: expected integer, got string "7"
fail  mail/drafts.get:3  code-3: expected integer, got string "7"
fail  mail/drafts.get:4  code-4: expected integer, got string "7"
fail  mail/drafts.get:5  code-5: expected integer, got string "7"
fail  mail/drafts.get:6  code-6: expected integer, got string "7"
fail  mail/drafts.get:7  code-7: expected integer, got string "7"
fail  mail/drafts.get:8  code-8: expected integer, got string "7"
fail  mail/drafts.get:9  code-9: expected integer, got string "7"
and 22 more causes of 50 cases

shop  40 cases: 40 fail
mail  30 cases: 30 fail
bank  20 cases: 20 error
maps  10 cases: 10 warn
10 other vendors pass: vendor-0 290, vendor-1 290, vendor-2 290, vendor-3 290, …

3,000 cases: 2,900 pass, 10 warn, 70 fail, 20 error in 1.96 s
answers: 2,980 documented
evidence: reports/run.json
next: provendor prove shop/orders.get:0"""
    )


def test_a_narrow_terminal_cuts_what_it_cannot_hold():
    """But not what is there to be copied, and no colour is left open."""
    assert text_of([a_failure()], Size(24, 24), colour=True) == (
        """\
\x1b[1;31mfail \x1b[0m acme/users.get:ok
      body-schema at /i…

1 case: \x1b[1;31m1 fail\x1b[0m
answers: 1 documented
evidence: reports/run.json
next: provendor prove acme/users.get:ok"""
    )


def test_more_vendors_than_fit_are_counted():
    """The worst stay."""
    rows = rows_of([a_failure(f"vendor-{number:02}/a.b:c") for number in range(30)])

    assert "and 25 more vendors" in rows
    assert len(rows) < 24


def test_whose_fault_a_live_failure_is_stands_behind_it():
    """As far as somebody knows."""
    blame = {"party": "credential", "why": "the token has ended"}

    assert "got no file (credential)" in text_of([live(an_error(), blame=blame)])


def test_what_was_replayed_in_place_of_being_asked_is_said():
    """By reason, so that nobody takes it for a live proof."""
    fallen = [a_result(f"acme/users.get:{number}", fallback="ACME_LIVE is not set") for number in range(3)]
    others = [a_result(f"acme/users.get:x{number}", fallback=f"reason {number}") for number in range(4)]

    assert rows_of([*fallen, *others])[:4] == [
        "not asked live: 3 cases, because ACME_LIVE is not set",
        "not asked live: 1 case, because reason 0",
        "not asked live: 1 case, because reason 1",
        "not asked live: for 2 more reasons",
    ]


@pytest.mark.parametrize(
    ("results", "command"),
    [
        ([], "provendor list"),
        ([a_result()], "provendor report"),
        ([foreseen("acme/users.get:later")], "provendor report"),
        ([a_result(outcome="skip", reason="not asked")], "provendor report"),
        ([a_warning()], "provendor prove acme/users.get:ok"),
        ([a_warning(), an_error("acme/users.get:gone")], "provendor prove acme/users.get:gone"),
    ],
)
def test_the_next_command_is_about_the_worst(results: list[dict[str, Any]], command: str):
    """What is foreseen or skipped needs nobody."""
    assert rows_of(results)[-1] == f"next: {command}"


ON = {"flag": {"env": "ACME_LIVE", "on": True}, "blocks": None}


@pytest.mark.parametrize(
    ("results", "known", "command"),
    [
        ([a_result()], {"acme": {**ON, "cases": 2}}, "provendor prove acme"),
        (
            [a_result(), a_result("bolt/a:ok")],
            {"acme": {**ON, "cases": 2}, "bolt": {**ON, "cases": 1}},
            "provendor prove",
        ),
        ([a_result()], {"acme": {**ON, "cases": 1}}, "provendor prove --live acme"),
        ([a_result()], {"acme": {**ON, "cases": 1, "flag": {"env": "ACME_LIVE", "on": False}}}, "provendor report"),
        ([a_result()], {"acme": {**ON, "cases": 1, "flag": None}}, "provendor report"),
        ([a_result()], {"acme": {**ON, "cases": 1, "blocks": "ACME_API_KEY is not set"}}, "provendor doctor acme"),
        ([live(a_result())], {"acme": {**ON, "cases": 9}}, "provendor report"),
        ([a_result(fallback="ACME_API_KEY is not set")], {"acme": {**ON, "cases": 1}}, "provendor report"),
        ([a_warning()], {"acme": {**ON, "cases": 1}}, "provendor prove acme/users.get:ok"),
        (
            [a_result(f"vendor-{number}/a:ok") for number in range(6)],
            {f"vendor-{number}": {**ON, "cases": 1} for number in range(6)},
            "provendor prove --live",
        ),
    ],
)
def test_after_a_replay_that_passes_comes_the_rest_then_the_vendors_themselves(
    results: list[dict[str, Any]], known: dict[str, Any], command: str
):
    """As far as anybody may ask them; then the verdict."""
    closing = Closing()
    closing.know(known)
    for result in results:
        closing.add(result)

    assert closing.rows(SMALLEST, FILES)[-1] == f"next: {command}"


def test_what_came_is_not_cut_for_what_was_expected():
    """A long list of allowed words leaves room for the one that is not among them."""
    found = a_finding(
        at="/payload/0/status", key="", expected=" or ".join(f'"word-{n}"' for n in range(9)), actual='"Open"'
    )
    missing = a_finding("cassette-missing", at="", key="", expected="an answer", actual=f"cassettes/{'x' * 90}.yaml")

    rows = rows_of([a_failure("acme/users.get:ok", found), a_failure("acme/users.get:gone", missing)])

    assert rows[1] == '      body-schema at /payload/0/status: expected "word-0" or "word-…, got "Open"'
    assert rows[3].startswith("      cassette-missing: expected an answer, got cassettes/xxx")
    assert rows[3].endswith("x…")
    assert {len(rows[1]), len(rows[3])} == {80}


def test_an_empty_run_is_said_to_be_no_pass():
    """Nothing ran is not a pass, and neither is what was interrupted."""
    assert rows_of([], trouble=["the run was interrupted"])[:2] == [
        "the run was interrupted",
        "no case was judged: that is not a pass",
    ]


def test_trouble_is_never_cut_and_bounded():
    """It says what went wrong, and where."""
    rows = rows_of([a_result()], trouble=[f"{'x' * 100} {number}" for number in range(9)])

    assert rows[:5] == [*(f"{'x' * 100} {number}" for number in range(4)), "and 5 more like these"]


def test_colour_changes_no_word():
    """And is there only where it is asked for."""
    plain, coloured = text_of(mixed()), text_of(mixed(), colour=True)

    assert "\x1b" not in plain
    assert coloured.startswith("\x1b[1;31mfail \x1b[0m acme/users.get:denied")
    for code in ("1;31", "1;35", "32", "33", "2", "0"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == plain


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_cannot_reach_the_terminal(text: str):
    """Nothing moves a cursor, hides or turns around."""
    rows = rows_of(hostile_results(text), files={})

    assert [row for row in rows if not row.isprintable()] == []


@given(
    st.lists(st.sampled_from([*mixed(), *many()[-60:]]), max_size=60),
    st.builds(Size, st.integers(40, 200), st.integers(12, 60)),
)
def test_it_is_always_at_most_a_screen(results: list[dict[str, Any]], size: Size):
    """Also with a line for the prompt; commands and paths alone may be longer than a line."""
    rows = rows_of(results, size)

    assert len(rows) < size.lines
    assert [row for row in rows if len(row) > size.columns and not row.startswith(("next: ", "evidence: "))] == []


def test_what_is_no_terminal_has_the_smallest_size():
    """A file, a pipe, or something that only claims to be one."""

    class Pretender(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert screen(io.StringIO()) == screen(Pretender()) == Size(80, 24)


@pytest.mark.parametrize(
    ("rows", "columns", "size"), [(50, 132, Size(132, 50)), (0, 0, Size(80, 24)), (3, 7, Size(80, 24))]
)
def test_the_terminal_decides_the_size(rows: int, columns: int, size: Size):
    """As wide as it is; where it does not know, the smallest."""
    main, other = os.openpty()
    try:
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with open(other, "w", closefd=False, encoding="utf-8") as stream:
            assert screen(stream) == size
    finally:
        os.close(main)
        os.close(other)


def test_a_run_that_passes_imports_nothing_for_it(tmp_path: Path):
    """Causes and codes are for runs in which something is no pass."""
    program = (
        "import sys; from provendor.reports.closing import Closing, Size; closing = Closing();"
        f"closing.add({a_result()!r}); closing.rows(Size(), {{}}); print(*sorted(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)

    ours = {name for name in done.stdout.split() if name.startswith("provendor.")}
    assert ours == {"provendor.reports", "provendor.reports.closing", "provendor.plaintext", "provendor.verdict"}
