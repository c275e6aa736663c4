"""What the Chatwoot contract accepts and refuses: variations of its own cassettes, one row each.

Accepted is what some server truly sends: older versions, nulls, other senders, more fields. Refused is the same answer,
broken in a way that would hurt the dashboard.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from builders import an_exchange
from provendor import cassette
from provendor.classify import classify
from provendor.contract import Case, Vendor
from provendor.reader import loading
from provendor.validate import Judgement, judge_answer
from recorded_answers import GONE, changed

ROOT = Path(__file__).parents[1]
CONVERSATION = "data.payload.0"
META = f"{CONVERSATION}.meta"
SENDER = f"{META}.sender"
MESSAGE = f"{CONVERSATION}.messages.0"


@cache
def chatwoot() -> Vendor:
    """The contract as it stands in the repository."""
    return loading.load(ROOT, ["chatwoot"]).vendors["chatwoot"]


@cache
def recorded(selector: str) -> tuple[int, bytes]:
    """The status and the body of a case's cassette: `conversations.list:ok`."""
    operation, _, name = selector.partition(":")
    path = f"chatwoot/{operation}/{name}.yaml"
    interaction = cassette.load(ROOT / "cassettes" / path, path).interactions[0]
    return interaction.status, interaction.body


def judged(selector: str, body: bytes, status: int | None = None) -> Judgement:
    """How all cases of the operation together judge this body, as `provendor validate` does."""
    operation = chatwoot().operations[selector.partition(":")[0]]
    return judge_answer(operation.cases, status or recorded(selector)[0], None, body)


def verdict(selector: str, change: dict[str, Any]) -> Judgement:
    """How the operation judges the case's answer after this change."""
    return judged(selector, json.dumps(changed(json.loads(recorded(selector)[1]), change)).encode())


def gone(*places: str) -> dict[str, Any]:
    """A change that takes these things away."""
    return dict.fromkeys(places, GONE)


def below(root: str, *names: str) -> list[str]:
    """The dotted places of these names below a place."""
    return [f"{root}.{name}" for name in names]


PICTURE = {"id": 1, "file_type": "image", "data_url": "https://example.com/1.png"}
NEWER = ("uuid", "updated_at", "priority", "waiting_since", "snoozed_until", "sla_policy_id", "created_at")

ACCEPTED: list[tuple[str, str, dict[str, Any]]] = [
    # Conversations: versions, people, channels, times.
    ("conversations.list:ok", "a field nobody knows yet", {f"{CONVERSATION}.mood": {"score": 1}}),
    ("conversations.list:ok", "a server before v4.0.2", gone(*below(CONVERSATION, "updated_at"))),
    ("conversations.list:ok", "a server before v2.18.0", gone(*below(CONVERSATION, *NEWER))),
    ("conversations.list:ok", "a server before v4.8.0", gone(*below(META, "assignee_type"))),
    ("conversations.list:ok", "nobody has it", gone(*below(META, "assignee", "assignee_type", "team"))),
    (
        "conversations.list:ok",
        "nobody has it, on the oldest servers",
        {f"{META}.assignee": None, **gone(f"{META}.assignee_type")},
    ),
    ("conversations.list:ok", "a sender without address", {f"{SENDER}.email": None, f"{SENDER}.phone_number": None}),
    ("conversations.list:ok", "a sender who never did anything", gone(f"{SENDER}.last_activity_at")),
    ("conversations.list:ok", "a sender without a name", {f"{SENDER}.name": ""}),
    ("conversations.list:ok", "hmac is not known", {f"{META}.hmac_verified": None}),
    ("conversations.list:ok", "a new channel", {f"{META}.channel": "Channel::Tiktok"}),
    ("conversations.list:ok", "no message yet", {f"{CONVERSATION}.messages": []}),
    ("conversations.list:ok", "nobody waits", {f"{CONVERSATION}.waiting_since": 0}),
    ("conversations.list:ok", "a whole second", {f"{CONVERSATION}.updated_at": 1785144543}),
    ("conversations.list:ok", "snoozed", {f"{CONVERSATION}.snoozed_until": "2026-08-01T09:00:00.000Z"}),
    ("conversations.list:ok", "more unread than new servers count", {f"{CONVERSATION}.unread_count": 31}),
    ("conversations.list:ok", "enterprise", {f"{CONVERSATION}.applied_sla": None, f"{CONVERSATION}.sla_events": []}),
    ("conversations.list:ok", "an agent who has left", {f"{META}.assignee.role": None}),
    ("conversations.list:ok", "an empty list", {"data.payload": []}),
    ("conversations.show:bot-assigned", "a bot before bots had a type", gone("meta.assignee.bot_type")),
    ("conversations.show:ok", "a file without text", {"messages.0.content": None, "messages.0.attachments": [PICTURE]}),
    # Messages: both shapes, old rows, senders.
    ("messages.list:ok", "version 1", gone(*below("payload.2", "status", "content_attributes", "sender.blocked"))),
    ("messages.list:ok", "an outgoing message that nobody sent", gone("payload.3.sender")),
    ("messages.list:ok", "an old row", {"payload.2.content_type": None}),
    ("messages.list:ok", "a server that names the contact by number", {"meta.contact_id": 11, **gone("meta.contact")}),
    ("messages.list:ok", "nobody has looked yet", {"meta.agent_last_seen_at": None}),
    ("messages.list:ok", "what the channel cannot show", {
        "payload.2.content": None, "payload.2.content_attributes": {"is_unsupported": True},
    }),
    ("messages.list:ok", "an assistant", {"payload.4.sender.type": "captain_assistant"}),
    ("messages.create_reply:ok", "without what tells where the sender is", gone("sender.availability_status")),
    ("messages.create_reply:ok", "the sender is not seen", {"sender.availability_status": None}),
    # Contacts.
    ("contacts.search:ok", "before v4.11.0", gone("meta.has_more")),
    ("contacts.search:ok", "the page as text", {"meta.current_page": "2"}),
    ("contacts.search:ok", "without inboxes, as asked", gone("payload.0.contact_inboxes")),
    ("contacts.search:ok", "before v4.0.2", gone("payload.0.blocked")),
    ("contacts.get:ok", "a company", {"payload.company_id": 3}),
    # Account.
    ("profile.get:ok", "before v4.14.0", gone("accounts.0.onboarding_step", "accounts.0.api_and_webhooks")),
    ("profile.get:ok", "an administrator", {"role": "administrator", "accounts.0.role": "administrator"}),
    ("profile.get:ok", "the installation has a key", {"hmac_identifier": "<hmac_identifier>"}),
    ("profile.get:ok", "never active", {"accounts.0.active_at": None}),
    ("accounts.get:ok", "an old server", gone("cache_keys", "settings", "status", "features", "created_at")),
    # The rest.
    ("health.api:ok", "another version", {"version": "3.0.0"}),
    ("conversations.toggle_status:ok", "a server with an empty meta", {"meta": {}, **gone("payload.snoozed_until")}),
    ("inboxes.list:ok", "a channel with keys of its own", {"payload.0.imap_enabled": True}),
    ("inboxes.list:ok", "no picture", {"payload.0.avatar_url": None}),
    ("labels.list:ok", "not said whether it is shown", {"payload.0.show_on_sidebar": None}),
    ("webhooks.list:ok", "before v4.8.0", gone("payload.webhooks.1.name", "payload.webhooks.1.secret")),
    ("webhooks.list:ok", "made before there were secrets", {"payload.webhooks.1.secret": None}),
    ("reports.summary:ok", "averages as text", {"avg_resolution_time": "198.6666666666667"}),
    ("reports.summary:ok", "averages without data", {"avg_resolution_time": None, "reply_time": None}),
    ("reports.summary:ok", "before there was a reply time", gone("reply_time", "previous.reply_time")),
    ("reports.metric:averages", "text beside its count", {"0.value": "12.5"}),
    ("reports.metric:averages", "text with a fraction", {"0.value": "12.5", **gone("0.count")}),
    ("reports.conversations:ok", "before pending was counted", gone("pending")),
]  # fmt: skip

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("conversations.list:ok", "no envelope", gone("data")),
    ("conversations.list:ok", "payload renamed", {"data.conversations": [], **gone("data.payload")}),
    ("conversations.list:ok", "one count missing", gone("data.meta.unassigned_count")),
    ("conversations.list:ok", "a count as text", {"data.meta.all_count": "3"}),
    ("conversations.list:ok", "a count below zero", {"data.meta.all_count": -1}),
    ("conversations.list:ok", "id as text", {f"{CONVERSATION}.id": "42"}),
    ("conversations.list:ok", "id empty", {f"{CONVERSATION}.id": ""}),
    ("conversations.list:ok", "id null", {f"{CONVERSATION}.id": None}),
    ("conversations.list:ok", "id zero", {f"{CONVERSATION}.id": 0}),
    ("conversations.list:ok", "an unknown status", {f"{CONVERSATION}.status": "closed"}),
    ("conversations.list:ok", "the status in another case", {f"{CONVERSATION}.status": "Open"}),
    ("conversations.list:ok", "the status as a number", {f"{CONVERSATION}.status": 0}),
    ("conversations.list:ok", "an unknown priority", {f"{CONVERSATION}.priority": "asap"}),
    ("conversations.list:ok", "labels as objects", {f"{CONVERSATION}.labels": [{"title": "vip"}]}),
    ("conversations.list:ok", "labels as text", {f"{CONVERSATION}.labels": "billing, vip"}),
    ("conversations.list:ok", "no labels", gone(f"{CONVERSATION}.labels")),
    ("conversations.list:ok", "times in milliseconds", {f"{CONVERSATION}.timestamp": 1785144343000}),
    ("conversations.list:ok", "times as text", {f"{CONVERSATION}.created_at": "2026-07-27T10:15:43Z"}),
    ("conversations.list:ok", "no time to sort by", gone(f"{CONVERSATION}.timestamp")),
    ("conversations.list:ok", "a new server without its times", gone(f"{CONVERSATION}.last_activity_at")),
    ("conversations.list:ok", "snoozed until a number", {f"{CONVERSATION}.snoozed_until": 1785144343}),
    ("conversations.list:ok", "snoozed until no time", {f"{CONVERSATION}.snoozed_until": "tomorrow"}),
    ("conversations.list:ok", "no sender", gone(SENDER)),
    ("conversations.list:ok", "a sender without id", gone(f"{SENDER}.id")),
    ("conversations.list:ok", "no channel", gone(f"{META}.channel")),
    ("conversations.list:ok", "an assignee who is nobody", {f"{META}.assignee": None}),
    ("conversations.list:ok", "an assignee as a number", {f"{META}.assignee": 7}),
    ("conversations.list:ok", "unread as text", {f"{CONVERSATION}.unread_count": "1"}),
    ("conversations.list:ok", "may reply as text", {f"{CONVERSATION}.can_reply": "true"}),
    ("conversations.list:ok", "no messages", gone(f"{CONVERSATION}.messages")),
    ("conversations.list:ok", "the kind of message as a word", {f"{MESSAGE}.message_type": "incoming"}),
    ("conversations.list:ok", "private is null", {f"{MESSAGE}.private": None}),
    ("conversations.list:ok", "a message from nobody", gone(f"{MESSAGE}.sender")),
    ("conversations.show:ok", "a wrapper around it", {"payload": {"id": 42}, **gone("id")}),
    ("conversations.meta:ok", "meta renamed", {"counts": {}, **gone("meta")}),
    ("conversations.toggle_status:ok", "it did not succeed", {"payload.success": False}),
    ("conversations.toggle_status:ok", "an unknown status", {"payload.current_status": "closed"}),
    ("conversations.toggle_status:ok", "no status", gone("payload.current_status")),
    ("conversations.assignments:ok", "somebody without an id", gone("id")),
    ("conversations.assignments:ok", "a number", {"id": "7"}),
    ("conversations.labels:ok", "objects", {"payload": [{"title": "vip"}]}),
    ("conversations.labels:ok", "an empty title", {"payload": ["vip", ""]}),
    ("messages.list:ok", "no meta", gone("meta")),
    ("messages.list:ok", "labels of the conversation missing", gone("meta.labels")),
    ("messages.list:ok", "an unknown kind of message", {"payload.0.message_type": 4}),
    ("messages.list:ok", "the kind of message is missing", gone("payload.0.message_type")),
    ("messages.list:ok", "plain text without text", {"payload.2.content": None}),
    ("messages.list:ok", "content renamed", {"payload.2.text": "Hello", **gone("payload.2.content")}),
    ("messages.list:ok", "a new server that says nothing about delivery", gone("payload.3.status")),
    ("messages.list:ok", "an unknown delivery", {"payload.3.status": "queued"}),
    ("messages.list:ok", "a customer without a kind", gone("payload.2.sender.type")),
    ("messages.list:ok", "an unknown kind of sender", {"payload.2.sender.type": "robot"}),
    ("messages.list:ok", "an attachment of an unknown kind", {"payload.7.attachments.0.file_type": "hologram"}),
    ("messages.list:ok", "a file without its address", gone("payload.7.attachments.0.data_url")),
    ("messages.list:ok", "seen at a number", {"meta.agent_last_seen_at": 1785144343}),
    ("messages.create_note:ok", "the customer can read it", {"private": False}),
    ("messages.create_note:ok", "nothing says who may read it", gone("private")),
    ("messages.create_note:ok", "the mark as text", {"content_attributes.ai_generated": "true"}),
    ("messages.create_reply:ok", "the customer never sees it", {"private": True}),
    ("messages.create_reply:ok", "it has failed at once", {"status": "failed"}),
    ("messages.create_reply:ok", "not what we said", {"content": None}),
    ("messages.create_reply:ok", "as if the customer said it", {"message_type": 0}),
    ("messages.delete:ok", "it is still there", {"content_attributes": {}}),
    ("contacts.search:ok", "no page", gone("meta.current_page")),
    ("contacts.search:ok", "no count although somebody is found", {"meta.count": None}),
    ("contacts.search:ok", "a page that is no number", {"meta.current_page": "first"}),
    ("contacts.search:ok", "a place without its id", {"payload.0.contact_inboxes.0.source_id": ""}),
    ("contacts.create:ok", "an inbox without a place in it", {"payload.contact_inbox.source_id": None}),
    ("labels.list:ok", "a label without a title", {"payload.0.title": None}),
    ("labels.list:ok", "a label as text", {"payload.0": "billing"}),
    ("labels.create:ok", "no colour", gone("color")),
    ("inboxes.list:ok", "no kind of channel", gone("payload.0.channel_type")),
    ("inboxes.list:ok", "an id as text", {"payload.0.id": "2"}),
    ("inboxes.list:ok", "a day that is none", {"payload.0.working_hours.0.day_of_week": 7}),
    ("canned_responses.list:ok", "no content", gone("0.content")),
    ("canned_responses.list:ok", "times as numbers", {"0.created_at": 1785144343}),
    ("webhooks.list:ok", "an unknown event", {"payload.webhooks.0.subscriptions": ["message_read"]}),
    ("webhooks.list:ok", "no events", {"payload.webhooks.0.subscriptions": []}),
    ("webhooks.list:ok", "an address that is none", {"payload.webhooks.0.url": "hooks.example.com"}),
    ("webhooks.create:ok", "an empty secret", {"payload.webhook.secret": ""}),
    ("profile.get:ok", "no role although an account is active", {"role": None}),
    ("profile.get:ok", "an unknown role", {"accounts.0.role": "owner"}),
    ("profile.get:ok", "no accounts", gone("accounts")),
    ("accounts.get:ok", "created at a number", {"created_at": 1785144343}),
    ("accounts.get:ok", "an unknown status", {"status": "frozen"}),
    ("health.web:ok", "another word", {"status": "ok"}),
    ("health.api:ok", "one service missing", gone("data_services")),
    ("health.api:ok", "an unknown word", {"data_services": "degraded"}),
    ("health.api:ok", "a time with a zone", {"timestamp": "2026-07-27T10:15:43Z"}),
    ("reports.summary:ok", "a count as text", {"conversations_count": "40"}),
    ("reports.summary:ok", "an average that is no number", {"avg_resolution_time": "soon"}),
    ("reports.summary:ok", "nothing to compare with", gone("previous")),
    ("reports.metric:ok", "a value is missing", gone("0.value")),
    ("reports.metric:ok", "a count as text", {"0.value": "4"}),
    ("reports.metric:ok", "a time as text", {"0.timestamp": "2026-07-20"}),
    ("reports.by_agent:ok", "no agent", gone("0.id")),
    ("reports.bot_summary:ok", "a count is null", {"bot_handoffs_count": None}),
]


@pytest.mark.parametrize(
    ("selector", "change"), [pytest.param(where, change, id=f"{where} {what}") for where, what, change in ACCEPTED]
)
def test_what_a_server_truly_sends_is_accepted(selector: str, change: dict[str, Any]) -> None:
    """An answer that some version sends honours the contract; nobody is woken by it."""
    judgement = verdict(selector, change)

    assert judgement.accepted, judgement.nearest


@pytest.mark.parametrize(
    ("selector", "change"), [pytest.param(where, change, id=f"{where} {what}") for where, what, change in REFUSED]
)
def test_what_would_hurt_us_is_refused(selector: str, change: dict[str, Any]) -> None:
    """The same answer, broken, is accepted by no case of the operation."""
    assert verdict(selector, {}).accepted
    assert not verdict(selector, change).accepted


def successes() -> Iterator[Case]:
    """Every case that expects a success with a JSON body."""
    return (
        case for case in chatwoot().cases if 200 in case.expect.status and case.expect.body and not case.expect.error
    )


def test_no_success_is_a_refusal_a_page_or_half_an_answer() -> None:
    """An error in a 200, a page, nothing, and an answer cut in half are accepted by no operation."""
    refusals = [
        b'{"error": "Invalid Access Token"}',
        b'{"errors": ["Sign in"]}',
        b"<html></html>",
        b"",
        b"[1]",
        b'{"message": "no"}',
    ]
    accepted = []
    for case in successes():
        body = recorded(f"{case.operation}:{case.name}")[1]
        cut = body[: len(body) * 2 // 3]
        accepted += [(case.id, bad) for bad in (*refusals, cut) if judge_answer([case], 200, None, bad).accepted]

    assert accepted == []


def test_no_refusal_is_accepted_under_another_status() -> None:
    """A success or a refusal whose status was swapped belongs to no case of its operation."""
    wrong = []
    for operation in chatwoot().operations.values():
        for case in operation.cases:
            status, body = recorded(f"{operation.id}:{case.name}")
            for other in (200, 201, 204, 400, 401, 403, 404, 422, 429, 500, 502):
                if other not in case.expect.status and meant_for_one_status(body):
                    others = [each for each in operation.cases if other in each.expect.status]
                    matched = judge_answer(others, other, None, body).matched
                    wrong += [(case.id, status, other, each.case.name) for each in matched]

    assert wrong == []


def meant_for_one_status(body: bytes) -> bool:
    """Whether the body says what happened: a page, an empty body and a text do not."""
    return body[:1] in (b"{", b"[")


CODES = [
    (401, {"errors": ["You need to sign in or sign up before continuing."]}, "token-missing", False),
    (401, {"errors": ["Text in another language"]}, "token-missing", False),
    (401, {"error": "Invalid Access Token"}, "token-invalid", False),
    (401, {"error": "Access to this endpoint is not authorized for bots"}, "bot-refused", False),
    (401, {"error": "You are not authorized to access this account"}, "not-a-member", False),
    (401, {"error": "Bot is not authorized to access this account"}, "bot-not-a-member", False),
    (401, {"error": "Account is suspended"}, "account-suspended", False),
    (401, {"error": "You are not authorized to do this action"}, "role-too-low", False),
    (401, {"error": "A text nobody knows"}, "unauthorized", False),
    (402, {"error": "Email transcript is not available on your plan"}, "plan-too-small", False),
    (403, {"error": "API access is not enabled for this account"}, "api-not-in-plan", False),
    (403, {"error": "Invalid access_token"}, "platform-token-invalid", False),
    (403, {"message": "Account limit exceeded"}, "limit-reached", False),
    (403, "<html>blocked</html>", "forbidden", False),
    (404, {"error": "Resource could not be found"}, "not-found", False),
    (404, {"status": 404, "error": "Not Found"}, "no-such-path", False),
    (404, "<html>The page you were looking for</html>", "no-such-path", False),
    (422, {"error": "The request took too long to complete. Please try again."}, "database-timeout", True),
    (422, {"error": "Validation failed: Too many messages"}, "too-many-messages", True),
    (
        422,
        {"error": "Validation failed: Content is too long (maximum is 150000 characters)"},
        "content-too-long",
        False,
    ),
    (422, {"error": "Incoming messages are only allowed in Api inboxes"}, "incoming-refused", False),
    (422, {"error": "email param missing"}, "email-missing", False),
    (422, {"error": "param is missing or the value is empty: webhook"}, "parameter-missing", False),
    (422, {"message": "Title has already been taken", "attributes": ["title"]}, "already-taken", False),
    (422, {"message": "Email has already been taken", "contact": {"id": 11}}, "already-taken", False),
    (422, {"message": "Subscriptions Invalid events", "attributes": ["subscriptions"]}, "record-invalid", False),
    (422, "", "unprocessable", False),
    (429, "Retry later\n", "rate-limited", True),
    (500, {"status": 500, "error": "Internal Server Error"}, "vendor-crashed", True),
    (502, "<html>Bad Gateway</html>", "proxy-error", True),
    (521, "error code: 521", "vendor-down", True),
    (418, "", "rejected", False),
    (301, "", "redirected", False),
    (200, "<!DOCTYPE html><html></html>", "not-the-api", False),
    (200, {"error": "Invalid Access Token"}, "error-in-success", False),
]


@pytest.mark.parametrize(("status", "body", "code", "retryable"), CODES)
def test_a_refusal_is_named_by_what_it_says(status: int, body: Any, code: str, retryable: bool) -> None:
    """The text decides, not the status alone: a 401 is only about the key where it says so."""
    exchange = an_exchange(status, body=body) if isinstance(body, str) else an_exchange(status, body)
    rule = classify(chatwoot().errors, exchange)

    assert rule is not None
    assert (rule.code, rule.retryable) == (code, retryable)


def test_nothing_from_400_up_goes_without_a_code() -> None:
    """Every status has a rule, whatever its body is."""
    bodies = ("", "{}", "[]", "null", "<html></html>", '{"error": null}')
    unnamed = [
        (status, body)
        for status in range(400, 600)
        for body in bodies
        if classify(chatwoot().errors, an_exchange(status, body=body)) is None
    ]

    assert unnamed == []


def test_every_code_of_the_table_is_used_or_kept_for_what_no_case_can_show() -> None:
    """A rule that no case reaches could be wrong without anybody noticing."""
    reached = {case.expect.error for case in chatwoot().cases}
    table = {rule.code for rule in chatwoot().errors} | {
        rule.code for operation in chatwoot().operations.values() for rule in operation.errors
    }

    # Other endpoints, other tokens, and the last resort.
    assert table - reached == {"error-in-success", "platform-token-invalid", "limit-reached", "unauthorized"}
