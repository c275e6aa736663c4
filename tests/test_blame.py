from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import blame_table
from blame_table import ANSWERS, AROUND, BESIDES, of_answer, of_fault
from builders import a_case, a_live_exchange, a_rule, an_expect
from provendor.fault_codes import FAULTS
from provendor.probes.blame import Around, blame, fault_code, is_silence
from provendor.reader import loading
from provendor.run import Replayer, Result
from provendor.verdict import Finding, Outcome, Party, Verdict

ROOT = Path(__file__).resolve().parent.parent
NOBODY_KNOWS = {"cancelled"}
"""Faults that say nothing about anybody."""
NEVER = "and it never worked: look at the base URL and at the ids in the environment"


def test_the_page_shows_whom_every_fault_and_every_typical_answer_is_blamed_on():
    """Made anew by `python tests/blame_table.py`; whoever changes the rules reads what changes with them."""
    assert blame_table.PAGE.read_text("utf-8") == blame_table.page()


@pytest.mark.parametrize("code", [*FAULTS, *BESIDES])
def test_every_fault_is_blamed_on_somebody_where_enough_was_seen(code: str):
    """With one sentence that says what speaks for it."""
    blamed = of_fault(code, AROUND["another vendor answers"])

    if code in NOBODY_KNOWS:
        assert blamed is None
    else:
        assert blamed is not None
        assert blamed.why[0].islower()
        assert not blamed.why.endswith(".")


@pytest.mark.parametrize("code", [code for code in FAULTS if is_silence(code)])
def test_silence_is_decided_by_what_else_was_seen(code: str):
    """The strongest evidence first: control targets say more than other vendors do."""
    parties = {name: blamed.party if (blamed := of_fault(code, around)) else None for name, around in AROUND.items()}

    assert parties["another vendor answers"] is Party.VENDOR
    assert parties["no other vendor answers"] is Party.NETWORK
    assert parties["a control target answers"] is Party.VENDOR
    assert parties["no control target answers"] is Party.NETWORK
    assert parties["nothing else was seen"] in (None, Party.VENDOR)
    assert parties["others answer, and it never worked"] in (Party.OURS, Party.VENDOR)


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_is_blamed_on_somebody(name: str):
    """An answer is never without anybody to ask."""
    for worked_before in (True, False):
        blamed = of_answer(name, worked_before=worked_before)
        assert blamed is not None
        assert blamed.why


def test_the_sentence_names_the_evidence():
    """Numbers, names of codes, and the past."""
    assert of_fault("connect-timeout", AROUND["another vendor answers"]) == (
        Party.VENDOR,
        "it does not take connections, while 1 other vendor answered",
    )
    assert of_fault("dns-failure", AROUND["others answer, and it never worked"]) == (
        Party.OURS,
        f"its name cannot be looked up, while 1 other vendor answered, {NEVER}",
    )
    assert of_fault("no-answer", AROUND["no other vendor answers"]) == (
        Party.NETWORK,
        "it took the request and answered nothing, and none of 2 other vendors answered either",
    )
    assert of_fault("no-answer", Around(others={"fly": False})) == (
        Party.NETWORK,
        "it took the request and answered nothing, and the one other vendor has not answered either",
    )
    assert of_answer("404", worked_before=True) == (Party.CONTRACT, "it answered 404; it worked before")
    assert of_answer("429", worked_before=True) == (Party.QUOTA, "it answered 429 (rate-limited)")


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.SKIP])
def test_nobody_is_blamed_for_a_pass(outcome: Outcome):
    """Nor for what was not asked."""
    result = Result(a_case(), outcome, (), 0.0, 1.0, exchange=a_live_exchange())

    assert blame(result, Around()) is None
    assert fault_code(result) is None


def test_recorded_refusals_of_our_vendors_are_blamed_as_people_would():
    """Every recorded answer with such a code in its error table, of every vendor under contract."""
    wanted = {
        Party.CREDENTIAL: (
            "unauthorized",
            "token-invalid",
            "token-missing",
            "token-expired",
            "key-invalid",
            "wrong-key",
        ),
        Party.QUOTA: ("rate-limited", "quota-exhausted", "throttled", "credits-depleted", "usage-capped"),
        Party.VENDOR: ("vendor-down", "server-error", "proxy-error", "gateway-unavailable", "data-services-failing"),
    }
    party_of = {code: party for party, codes in wanted.items() for code in codes}
    suite = loading.load(ROOT)
    replayer, seen = Replayer(suite, today=date(2026, 11, 20)), set[str]()
    for case in suite.cases:
        if case.expect.error in party_of and case.plan is None:
            exchange = replayer.replay(case).exchange
            assert exchange is not None, case.id
            asked = case._replace(expect=suite.vendors[case.vendor].operations[case.operation].cases[0].expect)
            blamed = blame(Result(asked, Outcome.FAIL, (), 0.0, 1.0, exchange=exchange), Around(worked_before=True))
            assert blamed is not None
            assert blamed.party is party_of[case.expect.error], (case.id, blamed)
            seen.add(case.expect.error)

    assert seen == set(party_of)


def test_an_answer_that_the_contract_allows_is_not_said_to_break_it():
    """It only differs from what was recorded."""
    blamed = of_answer("200, allowed, and otherwise than recorded", worked_before=True)

    assert blamed is not None
    assert blamed.why == "it answered as the contract allows, and otherwise than was recorded"


@pytest.mark.parametrize(("code", "party"), [("body-schema", Party.CONTRACT), ("deprecated", Party.VENDOR)])
def test_a_refusal_that_was_asked_for_is_not_blamed_on_our_credential(code: str, party: Party):
    """The case sends a wrong key and gets its 401: what is wrong is what the checks found in it."""
    refused = a_case(
        "acme/users.get:wrong-key", an_expect(401, error="unauthorized", errors=(a_rule("unauthorized", 401),))
    )
    verdict = Verdict("check", Outcome.WARN, (Finding(code, "x", "y"),))
    result = Result(refused, Outcome.WARN, (verdict,), 0.0, 1.0, exchange=a_live_exchange(401))

    blamed = blame(result, Around(worked_before=True))

    assert blamed is not None
    assert blamed.party is party
