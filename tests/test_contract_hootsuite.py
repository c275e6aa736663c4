"""What the Hootsuite contract accepts and refuses: variations of its own cassettes, one row each.

Accepted is what Hootsuite truly sends: recordings of 2017, the specification, null where nothing is. Refused is the same
answer, broken in a way that would lose a post or send it twice.
"""

from __future__ import annotations

from typing import Any

import pytest

from builders import an_exchange
from provendor.classify import classify
from recorded_answers import GONE, Recorded, recorded

MESSAGE = "data.0"
CODE = "errors.0.code"
LEAST = {
    "id": "1",
    "state": "SENT",
    "socialProfile": {"id": "2"},
    "text": None,
    "scheduledSendTime": "2026-12-01T09:30:00Z",
}


@pytest.fixture(scope="module")
def hootsuite() -> Recorded:
    """The contract and the cassettes as they stand in the repository."""
    return recorded("hootsuite")


ACCEPTED: list[tuple[str, str, dict[str, Any]]] = [
    ("me.get:ok", "the time zone as it was once", {"data.timezone": GONE, "data.defaultTimezone": "Europe/Warsaw"}),
    ("me.get:ok", "another language", {"data.language": "tr"}),
    ("me.organizations:ok", "only an id", {"data.0": {"id": "814984"}}),
    ("me.organizations:ok", "no organisation", {"data": []}),
    ("profiles.list:ok", "a network that is new", {"data.0.type": "BLUESKY"}),
    ("profiles.list:ok", "a lost connection, which is a warning", {"data.0.isReauthRequired": 1}),
    ("profiles.get:ok", "as in 2017", {"data.ownerId": GONE, "data.isReauthRequired": GONE}),
    ("messages.schedule:ok", "as in 2017", {f"{MESSAGE}.extendedInfo": GONE}),
    ("messages.schedule:ok", "waiting for approval", {f"{MESSAGE}.state": "PENDING_APPROVAL"}),
    ("messages.get:ok", "nobody known", {f"{MESSAGE}.createdByMember": None}),
    ("messages.get:sent", "no address of the post", {f"{MESSAGE}.postUrl": None}),
    ("messages.list:ok", "another page", {"metadata.cursor.next": "1577887200000:4138476039:0"}),
    ("messages.list:ok", "no word about the page before", {"metadata.cursor.previous": GONE}),
    ("messages.list:ok", "no cursor, since all fit", {"metadata.cursor": {}}),
    ("messages.list:ok", "nothing but what the specification requires, or was always seen", {MESSAGE: LEAST}),
    ("messages.get:sent", "only a picture", {f"{MESSAGE}.text": ""}),
    ("messages.delete:ok", "a null envelope", {"data": None}),
    ("media.get:queued", "no address at all", {"data.downloadUrl": GONE}),
    ("oauth.token:ok", "the specification's spelling", {"token_type": GONE, "token_Type": "Bearer"}),
    ("oauth.token:ok", "a month", {"expires_in": 2592000}),
    ("oauth.token:ok", "no scope", {"scope": GONE, "refresh_token": GONE}),
    ("oauth.token:grant-refused", "only the word", {"error_hint": GONE, "status_code": GONE}),
    ("messages.list:invalid", "no resource", {"errors.0.resource": GONE}),
    ("messages.list:invalid", "no number for the log", {"errors.0.id": GONE}),
    ("messages.list:invalid", "an empty resource", {"errors.0.resource": {"type": "", "id": None}}),
    ("me.get:ok", "only who it is", {"data": {"id": "15240789", "email": "a@example.com", "fullName": "Robin"}}),
    ("media.create:ok", "for how long is not said", {"data.uploadUrlDurationSeconds": GONE}),
    ("messages.list:invalid", "the wrong state", {CODE: 4000}),
    ("messages.list:no-permission", "another denial", {CODE: 4006}),
    ("messages.list:token-invalid", "a token that is over", {CODE: 1036}),
    ("message.changed:sent", "no organization at all", {"data.organization": None}),
    ("message.changed:sent", "a zone of its own", {"data.timestamp": "2026-11-20T10:30:00.5+01:00"}),
    ("app.changed:by-an-organization", "a member that is null", {"data.member": None}),
    ("ping:ok", "nothing in it", {"data": GONE}),
]

REFUSED: list[tuple[str, str, dict[str, Any], int | None]] = [
    ("me.get:ok", "no id", {"data.id": GONE}, None),
    ("me.get:ok", "an id as a number", {"data.id": 15240789}, None),
    ("me.get:ok", "no name", {"data.fullName": None}, None),
    ("me.get:ok", "a list", {"data": []}, None),
    ("profiles.list:ok", "an empty id", {"data.0.id": ""}, None),
    ("profiles.list:ok", "no network", {"data.0.type": GONE}, None),
    ("profiles.list:ok", "another owner", {"data.0.owner": "TEAM"}, None),
    ("profiles.list:ok", "the connection as a flag", {"data.0.isReauthRequired": True}, None),
    ("profiles.list:ok", "nobody says whether it is connected", {"data.0.isReauthRequired": GONE}, None),
    ("profiles.list:ok", "an object", {"data": {"id": "1"}}, None),
    ("messages.schedule:ok", "no id", {f"{MESSAGE}.id": GONE}, None),
    ("messages.schedule:ok", "an unknown state", {f"{MESSAGE}.state": "DRAFT"}, None),
    ("messages.schedule:ok", "no state", {f"{MESSAGE}.state": None}, None),
    ("messages.schedule:ok", "no message", {"data": []}, None),
    ("messages.schedule:ok", "created, says the status", {}, 201),
    ("messages.schedule:ok", "no time zone", {f"{MESSAGE}.scheduledSendTime": "2026-12-01T09:30:00"}, None),
    ("messages.schedule:partly-refused", "an error without a code", {CODE: GONE}, None),
    ("messages.get:ok", "two messages", {"data": [{}, {}]}, None),
    ("messages.list:ok", "no metadata", {"metadata": GONE}, None),
    ("messages.list:ok", "no word about the page after", {"metadata.cursor.next": GONE}, None),
    ("messages.list:invalid", "half a resource", {"errors.0.resource": {"id": "1"}}, None),
    ("messages.list:ok", "a step before the first", {f"{MESSAGE}.sequenceNumber": -1}, None),
    ("messages.list:ok", "an empty cursor", {"metadata.cursor.next": ""}, None),
    ("messages.list:ok", "a cursor as a number", {"metadata.cursor.next": 7}, None),
    ("messages.list:ok", "no profile", {f"{MESSAGE}.socialProfile": None}, None),
    ("messages.delete:ok", "something is left", {"data": {"id": "1"}}, None),
    ("media.create:ok", "no address", {"data.uploadUrl": GONE}, None),
    ("media.get:ok", "an unknown state", {"data.state": "BROKEN"}, None),
    ("media.get:ok", "ready without an address", {"data.downloadUrl": None}, None),
    ("oauth.token:ok", "no token", {"access_token": GONE}, None),
    ("oauth.token:ok", "a life as text", {"expires_in": "3599"}, None),
    ("oauth.token:grant-refused", "a word nobody knows", {"error": "invalid_mood"}, None),
    ("oauth.token:grant-refused", "a refusal under 200", {}, 200),
    ("messages.list:invalid", "a code as text", {CODE: "3005"}, None),
    ("messages.list:invalid", "no message", {"errors.0.message": GONE}, None),
    ("messages.list:invalid", "a refusal under 200", {}, 200),
    ("messages.list:invalid", "a denial instead", {}, 403),
    ("messages.list:invalid", "no errors", {"errors": []}, None),
    ("messages.list:no-permission", "a success beside it", {"data": [{"id": "1"}]}, None),
    ("messages.list:rate-limited", "another code", {CODE: 3005}, None),
    ("message.changed:sent", "an unknown state", {"data.state": "PUBLISHED"}, None),
    ("message.changed:sent", "no message", {"data.message": GONE}, None),
    ("message.changed:sent", "an id as a number", {"data.message.id": 4138476039}, None),
    ("message.changed:sent", "no moment", {"data.timestamp": GONE}, None),
    ("message.changed:sent", "no number", {"seq_no": GONE}, None),
    ("message.changed:sent", "no envelope", {"data": GONE}, None),
    ("message.changed:sent", "of another kind", {"type": "com.hootsuite.messages.event.v2"}, None),
    ("comment.changed:ok", "a message", {"type": "com.hootsuite.messages.event.v1"}, None),
    ("app.changed:by-a-member", "nobody's", {"data.member": GONE}, None),
    ("ping:ok", "of no kind", {"type": GONE}, None),
]


@pytest.mark.parametrize(("selector", "what", "change"), ACCEPTED, ids=[f"{row[0]} {row[1]}" for row in ACCEPTED])
def test_what_hootsuite_truly_sends_is_accepted(
    hootsuite: Recorded, selector: str, what: str, change: dict[str, Any]
) -> None:
    """Recordings and specification disagree; both are served."""
    assert hootsuite.accepted_after(selector, change), what


@pytest.mark.parametrize(
    ("selector", "what", "change", "status"), REFUSED, ids=[f"{row[0]} {row[1]}" for row in REFUSED]
)
def test_what_would_hurt_us_is_refused(
    hootsuite: Recorded, selector: str, what: str, change: dict[str, Any], status: int | None
) -> None:
    """No case of the operation accepts the broken answer."""
    assert hootsuite.accepted(selector.partition(":")[0], *hootsuite.answer(selector))
    assert hootsuite.accepted_after(selector, change, status) == [], what


@pytest.mark.parametrize("selector", ["me.get:ok", "profiles.list:ok", "messages.list:ok", "oauth.token:ok"])
def test_no_answer_passes_wrapped_listed_or_cut_off(hootsuite: Recorded, selector: str) -> None:
    """The envelope belongs to the contract, and half a JSON text is none."""
    operation, (status, body) = selector.partition(":")[0], hootsuite.answer(selector)

    for other in (b'{"result":' + body + b"}", b"[" + body + b"]", body[:-5], b""):
        assert not hootsuite.accepted(operation, status, other)


def errors(*codes: int) -> dict[str, Any]:
    """A refusal with these codes."""
    return {"errors": [{"code": code, "message": "x", "id": "0-1"} for code in codes]}


CODES: list[tuple[str, int, Any, str, bool]] = [
    ("oauth.token", 400, {"error": "invalid_grant"}, "grant-refused", False),
    ("oauth.token", 401, {"error": "invalid_client"}, "client-refused", False),
    ("oauth.token", 503, {"error": "temporarily_unavailable"}, "token-endpoint-busy", True),
    ("me.get", 401, errors(1036), "token-invalid", False),
    ("me.get", 401, errors(1037), "scope-missing", False),
    ("me.get", 401, errors(4005), "no-permission", False),
    ("me.get", 403, errors(1202), "no-permission", False),
    ("me.get", 401, "", "unauthorized", False),
    ("me.get", 429, errors(1003), "rate-limited", True),
    ("me.get", 302, "", "redirected", False),
    ("messages.get", 404, errors(4001), "not-found", False),
    ("messages.list", 400, errors(40020), "invalid-request", False),
    ("messages.delete", 400, errors(40003), "wrong-state", False),
    ("messages.schedule", 400, errors(40021), "media-not-ready", False),
    ("messages.schedule", 200, {"data": [], **errors(40001)}, "partly-refused", False),
    ("messages.schedule", 502, "<html></html>", "outcome-unknown", False),
    ("messages.list", 502, "<html></html>", "vendor-down", True),
    ("messages.list", 200, errors(5000), "error-in-success", False),
]


@pytest.mark.parametrize(("operation", "status", "body", "code", "retryable"), CODES)
def test_a_refusal_is_named_by_what_it_says(
    hootsuite: Recorded, operation: str, status: int, body: Any, code: str, retryable: bool
) -> None:
    """A 401 is a bad token only where the code says so, and a failed post is never said to be retryable."""
    exchange = an_exchange(status, body=body) if isinstance(body, str) else an_exchange(status, body)
    rule = classify(hootsuite.vendor.operations[operation].cases[0].expect.errors, exchange)

    assert rule is not None
    assert (rule.code, rule.retryable) == (code, retryable)


def test_nothing_from_300_up_goes_without_a_code(hootsuite: Recorded) -> None:
    """Every status has a rule, whatever its body is."""
    bodies = ("", "{}", "[]", "null", "<html></html>")
    unnamed = [
        status
        for status in range(300, 600)
        for body in bodies
        if classify(hootsuite.vendor.errors, an_exchange(status, body=body)) is None
    ]

    assert unnamed == []
