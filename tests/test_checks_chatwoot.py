"""What the business checks of Chatwoot say about an answer and the request that led to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import a_live_exchange, a_request, an_exchange, an_expect
from provendor.check import Check, examine, load_checks
from provendor.contract import Indicator
from provendor.exchange import Exchange
from provendor.verdict import Outcome, Verdict

CHECKS = {check.name: check for check in load_checks(Path(__file__).parents[1] / "checks")}
DRAFT = {"content": "Draft", "private": True, "content_attributes": {"ai_generated": True}}
STORED = {"id": 5020, **DRAFT, "source_id": None}
REPLY = {"content": "On its way", "private": False}
HEALTHY = {"version": "4.16.2", "queue_services": "ok", "data_services": "ok"}


def the_check(name: str) -> Check:
    """The check of this name in checks/chatwoot.py, given with underscores."""
    return CHECKS[f"chatwoot.{name.replace('_', '-')}"]


def verdict(name: str, exchange: Exchange, **expect: Any) -> Verdict:
    """How this check judges this exchange."""
    return examine(the_check(name), exchange, an_expect(**expect))


def outcome(name: str, exchange: Exchange, **expect: Any) -> Outcome:
    """How this check judges this exchange, in one word."""
    return verdict(name, exchange, **expect).outcome


def posted(sent: Any, answer: Any, status: int = 200) -> Exchange:
    """A live POST of this JSON, and the JSON that came back."""
    return a_live_exchange(status, answer, request=a_request("POST", body=json.dumps(sent).encode()))


def test_a_private_marked_draft_passes_both_checks() -> None:
    """A draft that was stored as it was sent is private and marked."""
    exchange = posted(DRAFT, STORED)

    assert outcome("a_draft_is_private", exchange) is Outcome.PASS
    assert outcome("a_draft_is_marked_as_generated", exchange) is Outcome.PASS


@pytest.mark.parametrize("private", [False, None, "true"], ids=["false", "null", "text"])
def test_a_draft_that_the_customer_can_read_fails(private: Any) -> None:
    """Only a JSON true keeps a draft from the customer."""
    found = verdict("a_draft_is_private", posted(DRAFT, {**STORED, "private": private})).findings

    assert [finding.actual for finding in found] == ["the customer can read the draft"]


def test_a_request_that_would_publish_a_draft_fails_before_it_is_live() -> None:
    """A contract that forgets `private` is caught in replay, whatever the cassette says."""
    assert outcome("a_draft_is_private", posted({"content": "Draft"}, STORED)) is Outcome.FAIL


@pytest.mark.parametrize("mark", [False, "true", None], ids=["false", "text", "null"])
def test_a_draft_that_lost_its_mark_fails(mark: Any) -> None:
    """A draft has to be recognised as the assistant's after it was stored."""
    stored = {**STORED, "content_attributes": {"ai_generated": mark}}

    assert outcome("a_draft_is_marked_as_generated", posted(DRAFT, stored)) is Outcome.FAIL


def test_a_note_by_a_person_needs_no_mark() -> None:
    """Where no mark was sent none is looked for, and that is said."""
    judged = verdict("a_draft_is_marked_as_generated", posted({"private": True}, {**STORED, "content_attributes": {}}))

    assert (judged.outcome, judged.reason) == (Outcome.SKIP, "the note is written by a person")


@pytest.mark.parametrize(
    ("sent", "stored", "expected"),
    [
        pytest.param(REPLY, {**REPLY, "source_id": None}, Outcome.PASS, id="without"),
        pytest.param(REPLY, REPLY, Outcome.PASS, id="absent"),
        pytest.param({**REPLY, "source_id": "key-1"}, {**REPLY, "source_id": None}, Outcome.FAIL, id="in the request"),
        pytest.param(REPLY, {**REPLY, "source_id": "key-1"}, Outcome.FAIL, id="in the answer"),
    ],
)
def test_a_public_reply_with_a_source_id_is_not_delivered(sent: Any, stored: Any, expected: Outcome) -> None:
    """A source_id makes Chatwoot keep the reply, whoever put it there."""
    assert outcome("a_public_reply_carries_no_source_id", posted(sent, stored)) is expected


def test_health_is_what_is_said_inside_and_not_the_200() -> None:
    """Each service that is not ok is one finding, with its place."""
    well = verdict("services_are_ok_inside", a_live_exchange(200, HEALTHY))
    ill = verdict("services_are_ok_inside", a_live_exchange(200, {**HEALTHY, "queue_services": "failing"}))
    silent = verdict("services_are_ok_inside", a_live_exchange(200, {"version": "2.0.0"}))

    assert well.outcome is Outcome.PASS
    assert [(finding.at, finding.actual) for finding in ill.findings] == [("/queue_services", "'failing'")]
    assert [finding.at for finding in silent.findings] == ["/queue_services", "/data_services"]


def test_a_case_about_a_failing_service_is_not_asked_whether_it_is_ok() -> None:
    """The case that expects the failure skips the claim, with its reason."""
    failing = a_live_exchange(200, {**HEALTHY, "data_services": "failing"})

    assert outcome("services_are_ok_inside", failing, error="data-services-failing") is Outcome.SKIP


@pytest.mark.parametrize(
    ("sent", "came_back", "expected"),
    [
        pytest.param(["vip", "billing"], ["billing", "vip"], Outcome.PASS, id="same in another order"),
        pytest.param([], [], Outcome.PASS, id="none"),
        pytest.param(["vip"], ["billing", "vip"], Outcome.FAIL, id="one too many"),
        pytest.param(["vip", "billing"], ["vip"], Outcome.FAIL, id="one lost"),
        pytest.param(["vip"], None, Outcome.FAIL, id="no list"),
    ],
)
def test_labels_that_come_back_are_those_that_were_sent(sent: Any, came_back: Any, expected: Outcome) -> None:
    """Setting labels replaces them all, so the answer has to be what was sent."""
    assert outcome("labels_are_those_sent", posted({"labels": sent}, {"payload": came_back})) is expected


@pytest.mark.parametrize(
    ("path", "answer", "expected"),
    [
        pytest.param("conversations/42", {"id": 42, "account_id": 1}, Outcome.PASS, id="the one asked for"),
        pytest.param("conversations/42", {"id": 42.0}, Outcome.PASS, id="JSON has one kind of number"),
        pytest.param("conversations/42", {"id": 43}, Outcome.FAIL, id="another"),
        pytest.param("contacts/11", {"payload": {"id": 12}}, Outcome.FAIL, id="another in an envelope"),
        pytest.param("webhooks/5", {"payload": {"webhook": {"id": 6}}}, Outcome.FAIL, id="another in two envelopes"),
        pytest.param("conversations", {"data": {"payload": [{"id": 7, "account_id": 1}]}}, Outcome.PASS, id="a list"),
        pytest.param(
            "conversations", {"data": {"payload": [{"id": 7, "account_id": 2}]}}, Outcome.FAIL, id="another account's"
        ),
        pytest.param(
            "conversations/42/messages", {"payload": [{"conversation_id": 43}]}, Outcome.FAIL, id="another's message"
        ),
        pytest.param(
            "conversations/42/assignments", {"id": 7, "account_id": None}, Outcome.PASS, id="an agent who left"
        ),
    ],
)
def test_an_answer_is_about_the_thing_the_account_and_the_conversation_asked_for(
    path: str, answer: Any, expected: Outcome
) -> None:
    """What a cache mixed up belongs to somebody else, however well it fits the schema."""
    request = a_request(url=f"https://chatwoot.example/api/v1/accounts/1/{path}")

    assert outcome("an_answer_is_about_what_was_asked", a_live_exchange(200, answer, request=request)) is expected


@pytest.mark.parametrize(
    ("sent", "answer", "expected"),
    [
        pytest.param({"echo_id": "a"}, {"echo_id": "a"}, Outcome.PASS, id="the same"),
        pytest.param({"echo_id": "a"}, {"echo_id": "b"}, Outcome.FAIL, id="another"),
        pytest.param({"echo_id": "a"}, {}, Outcome.FAIL, id="none"),
        pytest.param({}, {}, Outcome.SKIP, id="none sent"),
    ],
)
def test_an_echo_id_comes_back_as_it_was_sent(sent: Any, answer: Any, expected: Outcome) -> None:
    """By it a message that we wrote is found again."""
    assert outcome("an_echo_id_comes_back", posted(sent, answer)) is expected


@pytest.mark.parametrize(
    ("sent", "answer", "expected"),
    [
        pytest.param({"inbox_id": 2}, {"inbox_id": 2}, Outcome.PASS, id="there"),
        pytest.param({"inbox_id": 2}, {"inbox_id": 3}, Outcome.FAIL, id="elsewhere"),
        pytest.param({}, {"inbox_id": 3}, Outcome.SKIP, id="none named"),
    ],
)
def test_a_conversation_that_we_start_is_in_the_inbox_that_we_named(sent: Any, answer: Any, expected: Outcome) -> None:
    """Elsewhere, other people answer."""
    assert outcome("a_conversation_is_in_the_inbox_asked_for", posted(sent, answer)) is expected


@pytest.mark.parametrize(
    ("sent", "status", "expected"),
    [
        pytest.param({"status": "resolved"}, "resolved", Outcome.PASS, id="as asked"),
        pytest.param({"status": "resolved"}, "open", Outcome.FAIL, id="another"),
        pytest.param({}, "open", Outcome.SKIP, id="flipped"),
    ],
)
def test_a_conversation_gets_the_status_that_was_asked_for(sent: Any, status: str, expected: Outcome) -> None:
    """A 200 with another status means that the conversation is not where we think."""
    answer = {"payload": {"success": True, "current_status": status}}

    assert outcome("the_status_is_the_one_asked_for", posted(sent, answer)) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"payload": [{"sender": {"id": 7}}]}, Outcome.PASS, id="none"),
        pytest.param({"payload": [{"access_token": None, "secret": ""}]}, Outcome.PASS, id="names without values"),
        pytest.param({"payload": [{"sender": {"access_token": "<token>"}}]}, Outcome.FAIL, id="access token"),
        pytest.param([{"imap_password": "<password>"}], Outcome.FAIL, id="password"),
        pytest.param({"payload": [{"sender": {"pubsub_token": "<token>"}}]}, Outcome.WARN, id="an old server's token"),
    ],
)
def test_a_secret_among_conversations_is_found(body: Any, expected: Outcome) -> None:
    """Tokens have no place in what agents read; the event token of old servers is worth a warning."""
    assert outcome("no_secret_comes_along", a_live_exchange(200, body)) is expected


def test_a_secret_is_named_by_its_place_and_never_shown() -> None:
    """The finding has the pointer and the key, not the value."""
    answer = a_live_exchange(200, {"payload": [{"sender": {"access_token": "hush-hush"}}]})
    (finding,) = verdict("no_secret_comes_along", answer).findings

    assert (finding.at, finding.actual) == ("/payload/0/sender/access_token", "access_token")
    assert "hush-hush" not in repr(finding)


@pytest.mark.parametrize(
    "name",
    [
        "a_draft_is_marked_as_generated",
        "an_answer_is_about_what_was_asked",
        "labels_are_those_sent",
        "the_status_is_the_one_asked_for",
    ],
)
def test_an_answer_in_hand_is_not_compared_with_a_request_it_does_not_belong_to(name: str) -> None:
    """A captured answer was led to by another request than the contract's: the claim is skipped, not guessed."""
    sent = json.dumps({**DRAFT, "labels": ["vip"], "status": "resolved"}).encode()
    captured = an_exchange(200, {"payload": ["billing"]}, request=a_request("POST", body=sent), recording=None)

    assert outcome(name, captured) is Outcome.SKIP


@pytest.mark.parametrize("name", [name.partition(".")[2] for name in CHECKS if name.startswith("chatwoot.")])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(401, '{"error": "Invalid Access Token"}', id="a refusal"),
        pytest.param(502, "<html>Bad Gateway</html>", id="a proxy's page"),
        pytest.param(200, "<html>Sign in</html>", id="a page with 200"),
        pytest.param(200, "null", id="null"),
    ],
)
def test_no_check_crashes_or_passes_on_what_is_no_success(name: str, status: int, body: str) -> None:
    """A refusal, a page or nothing at all is left to the engine's checks, which say what is wrong."""
    sent = json.dumps({**DRAFT, "labels": ["vip"], "status": "resolved"}).encode()
    exchange = a_live_exchange(status, body=body, request=a_request("POST", body=sent))
    allowed = {Outcome.SKIP} if (name, body) != ("no-secret-comes-along", "null") else {Outcome.PASS}

    assert outcome(name, exchange) in allowed


APPROVED = {"drafts-approved": Indicator("drafts-approved", "Approved drafts.", ok=0.7, warn=0.4, min=5)}


def a_draft(status: Any = None, **more: Any) -> dict[str, Any]:
    """A stored draft of the assistant on which somebody has decided, or nobody yet."""
    attributes = {"ai_generated": True} | ({} if status is None else {"ai_status": status})
    return {"private": True, "content_attributes": attributes, **more}


@pytest.mark.parametrize(
    ("approved", "rejected", "wanted"),
    [(5, 0, Outcome.PASS), (7, 3, Outcome.PASS), (6, 4, Outcome.WARN), (3, 7, Outcome.FAIL), (0, 4, Outcome.SKIP)],
)
def test_approved_drafts_are_set_against_rejected_ones(approved: int, rejected: int, wanted: Outcome) -> None:
    """Four say nothing, and what nobody has decided is not counted."""
    drafts = [a_draft("approved")] * approved + [a_draft("rejected")] * rejected + [a_draft()] * 9

    assert outcome("drafts_are_approved", a_live_exchange(200, {"payload": drafts}), indicators=APPROVED) is wanted


def test_only_drafts_of_the_assistant_are_counted() -> None:
    """Neither a public message, nor a note of a person, nor a word that we do not know."""
    others = [
        a_draft("rejected", private=False),
        {"private": True, "content_attributes": {"ai_status": "rejected"}},
        {"private": True, "content_attributes": None},
        a_draft("later"),
        a_draft(["approved"]),
    ]

    exchange = a_live_exchange(200, {"payload": [a_draft("approved")] * 5 + others})

    assert outcome("drafts_are_approved", exchange, indicators=APPROVED) is Outcome.PASS
