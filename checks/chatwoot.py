"""What this business relies on at Chatwoot beyond what a schema can say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import BodyNotJson, Exchange, Json, Source
from provendor.indicators import judge
from provendor.verdict import Finding, Outcome, Skip

SECRETS = (
    "access_token",
    "account_sid",
    "auth_token",
    "hmac_token",
    "imap_password",
    "provider_config",
    "pubsub_token",
    "secret",
    "smtp_password",
)

ASKED = re.compile(r"/(accounts|conversations)/([0-9]+)")
OF = {"account_id": "accounts", "conversation_id": "conversations"}
"""Which part of the path says whose these are."""

DECIDED = ("approved", "rejected")
"""What our editors write into a draft's `ai_status` once they have decided."""


@check("chatwoot/messages.create_note")
def a_draft_is_private(exchange: Exchange, expect: Expect) -> None:
    """A draft is a private note, in what we send and in what came of it: the customer never sees it."""
    assert _sent(exchange).get("private") is True, "the request does not ask for a private note"
    assert _answer(exchange).get("private") is True, "the customer can read the draft"


@check("chatwoot/messages.create_note")
def a_draft_is_marked_as_generated(exchange: Exchange, expect: Expect) -> None:
    """A draft of the assistant is still marked as AI-generated once Chatwoot has stored it."""
    if _attributes(_sent(exchange)).get("ai_generated") is not True:
        raise Skip("the note is written by a person")
    answer = _answer(exchange)
    _require_its_request(exchange)
    assert _attributes(answer).get("ai_generated") is True, "the stored draft has lost its mark"


@check("chatwoot/messages.list")
def drafts_are_approved(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Of the assistant's drafts on which somebody decided, enough are approved."""
    payload = _answer(exchange).get("payload")
    messages = [each for each in payload if isinstance(each, dict)] if isinstance(payload, list) else []
    drafts = [_attributes(each) for each in messages if each.get("private") is True]
    decided = [each["ai_status"] for each in drafts if each.get("ai_generated") and each.get("ai_status") in DECIDED]
    yield from judge(expect, "drafts-approved", good=decided.count("approved"), of=len(decided))


@check("chatwoot/messages.create_reply")
def a_public_reply_carries_no_source_id(exchange: Exchange, expect: Expect) -> None:
    """A public reply has no source_id: Chatwoot takes it for an echo and does not deliver it."""
    assert _sent(exchange).get("source_id") is None, "the request names a source_id"
    assert _answer(exchange).get("source_id") is None, "the stored reply has a source_id, so it is not delivered"


@check("chatwoot/health.api")
def services_are_ok_inside(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Redis and the database say ok in the body of /api; its status is 200 whatever they say."""
    if expect.error is not None:
        raise Skip("the case is about a service that is not ok")
    answer = _answer(exchange)
    for name in ("queue_services", "data_services"):
        if answer.get(name) != "ok":
            yield Finding("business", "ok", repr(answer.get(name)), f"/{name}")


@check("chatwoot/conversations.set_labels", "chatwoot/contacts.set_labels")
def labels_are_those_sent(exchange: Exchange, expect: Expect) -> None:
    """A conversation or a contact has the labels that were sent, no more and no less."""
    answer = _answer(exchange)
    _require_its_request(exchange)
    sent, got = _titles(_sent(exchange).get("labels")), _titles(answer.get("payload"))
    assert got == sent, f"sent {', '.join(sent) or 'none'}, came back {', '.join(got) or 'none'}"


@check("chatwoot/conversations.toggle_status")
def the_status_is_the_one_asked_for(exchange: Exchange, expect: Expect) -> None:
    """A conversation has the status that was asked for."""
    wanted = _sent(exchange).get("status")
    if wanted is None:
        raise Skip("no status is asked for; it is flipped")
    answer = _answer(exchange)
    _require_its_request(exchange)
    payload = answer.get("payload")
    got = payload.get("current_status") if isinstance(payload, dict) else None
    assert got == wanted, f"asked for {wanted}, is {got}"


@check("chatwoot/*.*")
def an_answer_is_about_what_was_asked(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """What comes back is the thing asked for, of the account and the conversation asked for: caches mix things up."""
    if exchange.status >= 300:
        raise Skip("the answer is a refusal")
    body = _json(exchange)
    if body is None:
        raise Skip("the answer brings nothing")
    _require_its_request(exchange)
    asked = {name: int(number) for name, number in ASKED.findall(exchange.request.url)}
    for at, name, number in _numbers_in(body):
        if name in OF and number != asked.get(OF[name], number):
            yield Finding("business", str(asked[OF[name]]), str(number), at)
    own = re.search(r"/([0-9]+)$", exchange.request.url)
    thing = _unwrapped(body)
    if own and thing and thing.get("id") != int(own[1]):
        yield Finding("business", own[1], repr(thing.get("id")), "/id")


@check("chatwoot/messages.create_reply")
def an_echo_id_comes_back(exchange: Exchange, expect: Expect) -> None:
    """The echo_id that was sent comes back: by it we find the message that we wrote."""
    sent = _sent(exchange).get("echo_id")
    if sent is None:
        raise Skip("none was sent")
    answer = _answer(exchange)
    _require_its_request(exchange)
    assert answer.get("echo_id") == sent, f"sent {sent}, came back {answer.get('echo_id')}"


@check("chatwoot/conversations.create")
def a_conversation_is_in_the_inbox_asked_for(exchange: Exchange, expect: Expect) -> None:
    """A conversation that we start is in the inbox that we named."""
    answer = _answer(exchange)
    _require_its_request(exchange)
    wanted = _sent(exchange).get("inbox_id")
    if wanted is None:
        raise Skip("no inbox is named")
    assert answer.get("inbox_id") == int(wanted), f"asked for inbox {wanted}, is in {answer.get('inbox_id')}"


@check("chatwoot/conversations.*", "chatwoot/messages.*", "chatwoot/contacts.*", "chatwoot/labels.*")
def no_secret_comes_along(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """What agents read holds no token and no password; old servers let a contact's event token through."""
    if exchange.status >= 300:
        raise Skip("the answer is a refusal")
    for at, name in _secrets_in(_json(exchange)):
        level = Outcome.WARN if name == "pubsub_token" else Outcome.FAIL
        yield Finding("business", "no secret", name, at, level=level)


def _answer(exchange: Exchange) -> dict[str, Any]:
    """Return the object that a success answers; anything else is judged by other checks."""
    if exchange.status >= 300:
        raise Skip("the answer is a refusal")
    body = _json(exchange)
    if not isinstance(body, dict):
        raise Skip("the answer is no object")
    return body


def _json(exchange: Exchange) -> Json:
    try:
        return exchange.json
    except BodyNotJson:
        raise Skip("the answer is no JSON") from None


def _sent(exchange: Exchange) -> dict[str, Any]:
    """Return the JSON object that was sent; empty where there is none."""
    try:
        sent = json.loads(exchange.request.body or b"{}")
    except ValueError:
        raise Skip("what was sent is no JSON") from None
    return sent if isinstance(sent, dict) else {}


def _require_its_request(exchange: Exchange) -> None:
    """Skip where an answer in hand is judged: the request is then the contract's, not the one that led to it."""
    if exchange.source is Source.RECORDED and exchange.recording is None:
        raise Skip("the request that led to this answer is not known")


def _attributes(message: dict[str, Any]) -> dict[str, Any]:
    attributes = message.get("content_attributes")
    return attributes if isinstance(attributes, dict) else {}


def _titles(labels: Json) -> list[str]:
    return sorted(str(label) for label in labels) if isinstance(labels, list) else []


def _unwrapped(body: Json) -> dict[str, Any] | None:
    """Return the one thing that an answer brings, out of its envelopes; None where it brings none, or a list."""
    inner: Any = body
    for name in ("payload", "webhook"):
        if isinstance(inner, dict):
            inner = inner.get(name, inner)
    return inner if isinstance(inner, dict) and "id" in inner else None


def _numbers_in(value: Json, at: str = "") -> Iterator[tuple[str, str, float]]:
    """Yield the JSON pointer, name and value of every number."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        if isinstance(inner, (int, float)) and not isinstance(inner, bool):
            yield f"{at}/{name}", str(name), inner
        else:
            yield from _numbers_in(inner, f"{at}/{name}")


def _secrets_in(value: Json, at: str = "") -> Iterator[tuple[str, str]]:
    """Yield the JSON pointer and name of every secret that has a value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in SECRETS and inner not in (None, "", {}):
                yield f"{at}/{name}", name
            else:
                yield from _secrets_in(inner, f"{at}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _secrets_in(inner, f"{at}/{index}")
