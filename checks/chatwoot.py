"""What this business relies on at Chatwoot beyond what a schema can say."""

from __future__ import annotations

import json
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
