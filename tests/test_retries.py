from __future__ import annotations

import pytest

from builders import a_rule, an_exchange
from provendor.errors import Fault
from provendor.fault_codes import FAULTS
from provendor.wire.retries import LONGEST_S, Budget, is_worth_it, wait_s, was_unsent

RULES = (a_rule("rate-limited", 429, retryable=True), a_rule("gone", 410))


def test_waits_are_anything_up_to_a_bound_that_doubles():
    """Full jitter: callers that failed together do not come back together."""
    assert [wait_s(tries, lambda: 1.0) for tries in range(1, 6)] == [0.5, 1, 2, 4, 8]
    assert [wait_s(tries, lambda: 0.0) for tries in range(1, 6)] == [0] * 5
    assert wait_s(60, lambda: 1.0) == LONGEST_S


@pytest.mark.parametrize(("status", "worth"), [(429, True), (410, False), (500, False), (200, False)])
def test_the_error_table_says_what_is_worth_another_try(status: int, worth: bool):
    """An error that it does not know is not retried."""
    assert is_worth_it(an_exchange(status), RULES, None) is worth


def test_an_error_that_the_case_is_about_is_what_it_wants():
    """`error: rate-limited` is asked once."""
    assert not is_worth_it(an_exchange(429), RULES, "rate-limited")


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_knows_whether_another_try_can_help(code: str):
    """And whether the vendor can have got the request."""
    fault = Fault(code, "", retryable=FAULTS[code].retryable)

    assert is_worth_it(fault, RULES, None) is FAULTS[code].retryable
    assert was_unsent(fault) is FAULTS[code].unsent


def test_a_fault_of_somebody_else_may_have_been_sent():
    """Our own pace, say: nothing is known of it here."""
    assert not was_unsent(Fault("paced-out", "", retryable=True))
    assert not was_unsent(an_exchange(503))


def test_a_dying_vendor_gets_a_few_more_calls_and_not_three_times_as_many():
    """Ten at first, and one for every five calls."""
    budget, tries = Budget(), 0
    for _ in range(1000):
        budget.earn()
        tries += budget.spend() + budget.spend()

    assert tries == pytest.approx(10 + 1000 / 5, abs=1)


def test_calls_that_go_well_are_not_saved_up():
    """After a day of good answers, a vendor that dies is still not hammered."""
    budget = Budget()
    for _ in range(100_000):
        budget.earn()

    assert [budget.spend() for _ in range(11)] == [True] * 10 + [False]
