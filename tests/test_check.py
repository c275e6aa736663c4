from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from builders import an_exchange, an_expect
from provendor.check import Check, check, checks_digest, examine, load_checks
from provendor.contract import Expect
from provendor.errors import ContractError
from provendor.exchange import Exchange
from provendor.verdict import Finding, Outcome, Skip, Verdict


def judge(checked: Check, exchange: Exchange | None = None, expect: Expect | None = None) -> Verdict:
    return examine(checked, exchange or an_exchange(json_body={"private": False}), expect or an_expect())


@check
def a_draft_is_private(exchange: Exchange, expect: Expect) -> None:
    """A draft is a private note.

    More that only readers of the source need.
    """
    body: Any = exchange.json
    assert body["private"] is True, "the draft can be seen by the customer"


def test_a_marked_function_is_a_named_value_that_can_still_be_called():
    """The name is a slug, the claim is the docstring's first line."""
    assert (a_draft_is_private.name, a_draft_is_private.summary) == ("a-draft-is-private", "A draft is a private note.")
    assert a_draft_is_private.patterns == ()
    assert a_draft_is_private(an_exchange(json_body={"private": True}), an_expect()) is None


def test_a_check_may_be_bound_to_selectors():
    """`@check` takes as many as are needed."""

    @check("chatwoot/messages.*", "publer")
    def bound(exchange, expect):
        return None

    assert bound.patterns == ("chatwoot/messages.*", "publer")


def test_a_check_that_says_nothing_passes():
    """Neither an assert failed nor was anything found."""
    assert judge(a_draft_is_private, an_exchange(json_body={"private": True})) == Verdict(
        "a-draft-is-private", Outcome.PASS
    )


def test_a_failed_assert_is_a_finding_in_the_words_of_its_message(tmp_path):
    """Expected is the claim of the check, actual the message."""
    (claim,) = load(
        tmp_path,
        '''
        from provendor.check import check

        @check
        def a_draft_is_private(exchange, expect):
            """A draft is a private note."""
            assert exchange.json["private"] is True, "the draft can be seen by the customer"
        ''',
    )

    assert judge(claim) == Verdict(
        "chatwoot.a-draft-is-private",
        Outcome.FAIL,
        (Finding("business", "A draft is a private note.", "the draft can be seen by the customer"),),
    )


def test_an_assert_without_a_message_speaks_through_its_source(tmp_path):
    """What stands behind `assert` is shown, also when it goes over several lines."""
    (claim,) = load(
        tmp_path,
        '''
        from provendor.check import check

        @check
        def claims(exchange, expect):
            """Both hold."""
            assert (
                exchange.json["private"]
                is True
            )
        ''',
    )

    assert judge(claim).findings == (Finding("business", "Both hold.", 'not true: exchange.json["private"] is True'),)


def test_findings_that_are_only_warnings_make_a_warn():
    """The level of a finding decides, and one that fails outweighs the rest."""

    @check
    def watch(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
        yield Finding("a", "x", "y", level=Outcome.WARN)
        if exchange.status == 500:
            yield Finding("b", "x", "y")

    assert judge(watch).outcome is Outcome.WARN
    assert judge(watch, an_exchange(500)).outcome is Outcome.FAIL
    assert [each.code for each in judge(watch, an_exchange(500)).findings] == ["a", "b"]


def test_a_skip_carries_its_reason_also_when_none_was_given():
    """A check that has nothing to say says why."""

    @check
    def silent(exchange, expect):
        raise Skip("no body")

    @check
    def mute(exchange, expect):
        raise Skip

    assert judge(silent) == Verdict("silent", Outcome.SKIP, reason="no body")
    assert judge(mute).reason


def test_a_finding_outweighs_a_skip_that_comes_after_it():
    """What was found is not forgotten."""

    @check
    def both(exchange, expect):
        yield Finding("a", "x", "y")
        raise Skip("enough")

    assert judge(both).outcome is Outcome.FAIL


def test_a_crash_is_an_error_with_type_message_and_line(tmp_path):
    """No traceback, and the place is the check's own line, not that of the library it called."""
    (crashing,) = load(
        tmp_path,
        """
        import json
        from provendor.check import check

        @check
        def crashes(exchange, expect):
            json.loads("nonsense")
        """,
    )
    verdict = judge(crashing)

    assert verdict.outcome is Outcome.ERROR
    assert verdict.reason == (
        "the check crashed: JSONDecodeError: Expecting value: line 1 column 1 (char 0) at checks/chatwoot.py:7"
    )
    assert [each.code for each in verdict.findings] == ["check-crashed"]


def test_a_crash_keeps_what_was_found_before_it():
    """The finding stays readable; the check as a whole could not tell."""

    @check
    def stumbles(exchange, expect):
        yield Finding("a", "x", "y")
        exchange.json["absent"]

    verdict = judge(stumbles)

    assert (verdict.outcome, [each.code for each in verdict.findings]) == (Outcome.ERROR, ["a", "check-crashed"])
    assert "KeyError: no 'absent'" in str(verdict.reason)


def test_a_crash_does_not_print_a_secret():
    """A secret in an exception's message is masked."""

    @check
    def leaks(exchange, expect):
        raise ValueError(f"bad token {exchange.text}, sorry")

    verdict = judge(leaks, an_exchange(body="s3cr3t-t0ken"), an_expect(secrets=("s3cr3t-t0ken",)))

    assert "s3cr3t" not in repr(verdict)
    assert "ValueError: bad token <secret 1>" in str(verdict.reason)


@pytest.mark.parametrize("error", [GeneratorExit, RecursionError, MemoryError, StopIteration, Exception, BaseException])
def test_whatever_a_check_raises_harms_no_other(error):
    """Only an interrupt and an exit of the whole program go through."""

    @check
    def raises(exchange, expect):
        raise error

    assert judge(raises).outcome is Outcome.ERROR


def test_a_check_that_stumbles_over_another_kind_of_answer_is_skipped():
    """The answer fails by its status or body anyway; that the check was not written for it is no news."""

    @check
    def reads(exchange, expect):
        assert exchange.json["private"]

    described = an_expect(200, body={"type": "object"})

    assert judge(reads, an_exchange(500, {"error": "x"}), described).outcome is Outcome.SKIP
    assert judge(reads, an_exchange(200, body="<html>"), described).outcome is Outcome.SKIP
    assert judge(reads, an_exchange(200, body="<html>"), an_expect(200)).outcome is Outcome.ERROR
    assert judge(reads, an_exchange(200, {"other": 1}), described).outcome is Outcome.ERROR


def test_pytest_words_in_a_check_are_an_error_not_a_skipped_test():
    """`pytest.skip` ends a test, and a check is none."""

    @check
    def confused(exchange, expect):
        pytest.skip("not today")

    assert judge(confused).outcome is Outcome.ERROR


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_goes_through(error):
    """Somebody wants to stop, not to judge."""

    @check
    def stops(exchange, expect):
        raise error

    with pytest.raises(error):
        judge(stops)


@pytest.mark.parametrize("returned", [True, False, 1, "all fine", ["a text"], [None]])
def test_what_is_not_a_finding_is_an_error_and_never_a_pass(returned):
    """A check that returns False did not say yes."""

    @check
    def returns(exchange, expect):
        return returned

    assert judge(returns).outcome is Outcome.ERROR


def test_findings_without_end_are_cut_off():
    """A check that never stops finding ends all the same."""

    @check
    def endless(exchange, expect):
        while True:
            yield Finding("again", "", "")

    assert 10 <= len(judge(endless).findings) <= 100


def test_what_could_never_judge_is_refused_when_it_is_marked():
    """An async function, another signature, and a mark that is no selector."""

    async def asks(exchange, expect):
        return None

    mark: Any = check  # what a type checker would refuse as well
    with pytest.raises(TypeError, match="plain function"):
        mark(asks)
    with pytest.raises(TypeError, match=r"takes \(exchange, expect\)"):
        mark(len)
    with pytest.raises(TypeError, match="selectors"):
        mark("")
    with pytest.raises(TypeError, match="selectors"):
        mark(3)


def load(tmp_path, source, name="chatwoot.py"):
    folder = tmp_path / "checks"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(textwrap.dedent(source))
    return load_checks(folder)


ONE = """
    from provendor.check import check

    @check
    def {name}(exchange, expect):
        assert True
"""


def test_checks_are_loaded_in_the_order_of_the_files_and_lines(tmp_path):
    """Each is named after its file and function, so that two vendors can use the same words."""
    load(tmp_path, ONE.format(name="zebra") + ONE.format(name="ant"), "b.py")
    load(tmp_path, ONE.format(name="zebra"), "a.py")

    assert [each.name for each in load_checks(tmp_path / "checks")] == ["a.zebra", "b.zebra", "b.ant"]


def test_no_folder_means_no_checks(tmp_path):
    """A suite may have none."""
    assert load_checks(tmp_path / "none") == ()


def test_files_may_share_a_module_that_starts_with_an_underscore(tmp_path):
    """It holds no checks itself, and nothing is put on sys.path."""
    folder = tmp_path / "checks"
    folder.mkdir()
    (folder / "_words.py").write_text("VALUE = 7\n")
    before = list(sys.path)
    loaded = load(
        tmp_path,
        """
        from dataclasses import dataclass
        from provendor.check import check
        from ._words import VALUE

        @dataclass
        class Seen:
            value: "int"

        @check
        def shares(exchange, expect):
            assert Seen(VALUE).value == 8
        """,
    )

    assert [each.name for each in loaded] == ["chatwoot.shares"]
    assert judge(loaded[0]).outcome is Outcome.FAIL
    assert sys.path == before
    assert "_words" not in sys.modules


def test_a_check_that_a_file_imports_is_not_counted_twice(tmp_path):
    """It belongs to the file that defines it."""
    load(tmp_path, ONE.format(name="own"), "a.py")
    loaded = load(tmp_path, "from .a import own\n" + textwrap.dedent(ONE.format(name="other")), "b.py")

    assert [each.name for each in loaded] == ["a.own", "b.other"]


def test_a_changed_file_is_judged_as_it_is_now(tmp_path):
    """Nothing of an earlier state is kept, however quickly it changes."""
    (first,) = load(tmp_path, ONE.format(name="same"))
    (second,) = load(tmp_path, ONE.format(name="same").replace("True", "None"))

    assert (judge(first).outcome, judge(second).outcome) == (Outcome.PASS, Outcome.FAIL)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("x = (", "checks/bad.py:1:5: not valid Python: '(' was never closed"),
        ("x = 1\ny = 1 / 0", "checks/bad.py:2:1: cannot be loaded: ZeroDivisionError: division by zero"),
        (
            "import nothing_of_that_name",
            "checks/bad.py:1:1: cannot be loaded: ModuleNotFoundError: No module named 'nothing_of_that_name'",
        ),
        ("x = '\x00'", "checks/bad.py: cannot be loaded: SyntaxError: source code string cannot contain null bytes"),
        ("", "checks/bad.py: no check in this file: mark a function with @check, or start the file's name with _"),
        (
            "from provendor.check import check\n\n@check\nasync def asks(exchange, expect): ...",
            "checks/bad.py:3:1: cannot be loaded: TypeError: asks: a check is a plain function, not an async one",
        ),
    ],
)
def test_a_file_that_cannot_be_loaded_is_one_problem_with_its_place(tmp_path, source, problem):
    """No traceback reaches the user."""
    with pytest.raises(ContractError) as caught:
        load(tmp_path, source, "bad.py")

    assert [str(each) for each in caught.value.problems] == [problem]


def test_every_file_that_cannot_be_loaded_is_named(tmp_path):
    """All problems come at once."""
    folder = tmp_path / "checks"
    folder.mkdir()
    for name in ("a.py", "b.py"):
        (folder / name).write_text("1 / 0")

    with pytest.raises(ContractError) as caught:
        load_checks(folder)

    assert [each.file for each in caught.value.problems] == ["checks/a.py", "checks/b.py"]


def test_the_digest_changes_with_any_file(tmp_path):
    """Also with one that the others only import, and with a name."""
    empty = checks_digest(tmp_path)
    (tmp_path / "_words.py").write_text("a = 1")
    first = checks_digest(tmp_path)
    (tmp_path / "_words.py").write_text("a = 2")
    second = checks_digest(tmp_path)
    (tmp_path / "_words.py").rename(tmp_path / "_other.py")

    assert len({empty, first, second, checks_digest(tmp_path)}) == 4
