"""What the Publer contract accepts and refuses: variations of its own cassettes, one row each.

Accepted is what Publer is documented or seen to send, both where the two differ. Refused is the same answer, broken in a
way that would lose a post or tell of one that does not exist.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from builders import an_exchange
from provendor.check import load_checks
from provendor.classify import classify
from provendor.exchange import Headers
from provendor.reader import loading
from provendor.run import Replayer
from recorded_answers import GONE, ROOT, Recorded, recorded

POST = "posts.0"
FAILURES = "payload.failures"
ACCOUNT = f"{FAILURES}.63c675b54e299e9cf2b667ea"


@pytest.fixture(scope="module")
def publer() -> Recorded:
    """The contract and the cassettes as they stand in the repository."""
    return recorded("publer")


ACCEPTED: list[tuple[str, str, dict[str, Any]]] = [
    ("users.me:ok", "a member nobody knows yet", {"mood": {"score": 1}}),
    ("users.me:ok", "without a picture", {"picture": None, "first_name": GONE}),
    ("workspaces.list:ok", "neither owner nor plan", {"0.owner": GONE, "0.plan": GONE, "0.members": GONE}),
    ("workspaces.list:ok", "members whom the key may see", {"0.members": [{"id": "1", "name": "Robin"}]}),
    ("accounts.list:ok", "a type of the live service", {"0.type": "pin_business"}),
    ("accounts.list:ok", "neither picture nor id at the network", {"0.picture": None, "0.social_id": GONE}),
    ("posts.list:ok", "a state of the long list", {f"{POST}.state": "scheduled_reauth"}),
    ("posts.list:ok", "an id of another database", {f"{POST}.id": "90518"}),
    ("posts.list:ok", "a picture without words", {f"{POST}.text": None}),
    ("posts.list:ok", "a post that repeats itself", {f"{POST}.state": "recurring", f"{POST}.scheduled_at": None}),
    ("posts.list:ok", "the first page is 0", {"page": 0}),
    ("posts.list:ok", "who wrote it is not told", {f"{POST}.user": None, f"{POST}.has_media": GONE}),
    ("posts.list:drafts", "a draft of no account", {f"{POST}.account_id": GONE, f"{POST}.network": GONE}),
    ("posts.list:drafts", "a draft of no kind yet", {f"{POST}.type": None}),
    ("posts.update:ok", "no words under a picture", {"text": "", "account.type": None, "media": []}),
    ("posts.update:ok", "no more than the text", {"user": GONE, "account": GONE, "created_at": GONE}),
    ("posts.update:ok", "an expiry as a number", {"recycling": {"solo": True, "expire_count": 3}}),
    ("posts.schedule:ok", "no envelope", {}),
    ("media.upload:photo", "a file nobody described", {"caption": GONE, "source": GONE, "validity": GONE}),
    ("media.upload:photo", "a video", {"type": "video", "width": None, "height": None}),
    ("media.list:ok", "an older description", {"media.0.path": GONE, "media.0.url": "https://cdn.publer.io/1.jpg"}),
    ("media.list:ok", "nothing", {"media": [], "total": 0}),
    ("jobs.get:working", "what some clients expect", {"status": "in_progress"}),
    ("jobs.get:working", "a payload that grows", {"payload": {"failures": {}}}),
    ("jobs.get:complete", "no failures as a list", {FAILURES: []}),
    ("jobs.get:complete", "the word of the introduction", {"status": "completed"}),
    ("jobs.get:complete-enveloped", "nothing about the plan", {"data.result.plan": GONE}),
    ("jobs.get:media", "an id and no more", {"payload": [{"id": "66fba4234e299e531f5dc100"}]}),
    ("jobs.get:media", "one file alone", {"payload": {"id": "66fba4234e299e531f5dc100"}}),
    ("jobs.get:refused", "an account without a name", {f"{FAILURES}.0.account_name": None}),
    ("jobs.get:refused-by-account", "nothing but the reason", {f"{ACCOUNT}.0": {"message": "no"}}),
    ("jobs.get:failed", "with whatever it has to say", {"payload": "broken"}),
    ("accounts.list:wrong-key", "another workspace's words", {"errors.0": "You don't have access on this workspace"}),
]

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("users.me:ok", "no id", {"id": GONE}),
    ("users.me:ok", "an empty id", {"id": ""}),
    ("users.me:ok", "an address that is none", {"email": "robin"}),
    ("users.me:ok", "in an envelope", {"data": {"id": "1"}, "id": GONE}),
    ("workspaces.list:ok", "an id as a number", {"0.id": 61}),
    ("workspaces.list:ok", "a workspace without a name", {"0.name": None}),
    ("accounts.list:ok", "a network we cannot post to", {"0.provider": "myspace"}),
    ("accounts.list:ok", "the network renamed", {"0.provider": GONE, "0.network": "facebook"}),
    ("accounts.list:ok", "no id", {"0.id": GONE}),
    ("accounts.list:ok", "an empty name", {"0.name": ""}),
    ("posts.list:ok", "posts renamed", {"posts": GONE, "data": []}),
    ("posts.list:ok", "no state", {f"{POST}.state": GONE}),
    ("posts.list:ok", "an empty state", {f"{POST}.state": ""}),
    ("posts.list:ok", "an account that is null", {f"{POST}.account_id": None}),
    ("posts.list:ok", "a scheduled post without a time", {f"{POST}.scheduled_at": None}),
    ("posts.list:ok", "states in capitals, which none of ours would know", {f"{POST}.state": "SCHEDULED"}),
    ("posts.list:ok", "a time that is a number", {f"{POST}.scheduled_at": 1764577800}),
    ("posts.list:ok", "a time without an offset", {f"{POST}.scheduled_at": "2026-12-01 09:30"}),
    ("posts.list:ok", "a count as text", {"total": "42"}),
    ("posts.list:ok", "no number of pages", {"total_pages": GONE}),
    ("posts.update:ok", "no text", {"text": GONE}),
    ("posts.update:ok", "an envelope", {"post": {"id": "1"}, "id": GONE}),
    ("posts.delete:ok", "renamed", {"deleted_ids": GONE, "ids": ["1"]}),
    ("posts.delete:ok", "an empty id", {"deleted_ids": [""]}),
    ("posts.schedule:ok", "an empty job", {"job_id": ""}),
    ("posts.schedule:ok", "a job without an id", {"job_id": None}),
    ("posts.schedule:enveloped", "it did not succeed", {"success": False}),
    ("posts.schedule:enveloped", "an envelope with nothing in it", {"data": {}}),
    ("media.upload:photo", "the word of requests", {"type": "image"}),
    ("media.upload:photo", "no address", {"path": None}),
    ("media.list:ok", "neither path nor url", {"media.0.path": GONE}),
    ("media.list:ok", "no total", {"total": GONE}),
    ("jobs.get:working", "a word that nobody knows", {"status": "exploded"}),
    ("jobs.get:complete", "no payload", {"payload": GONE}),
    ("jobs.get:complete", "nothing about failures", {"payload": {}}),
    ("jobs.get:complete", "failures that are null", {FAILURES: None}),
    ("jobs.get:complete", "failures as text", {FAILURES: "none"}),
    ("jobs.get:complete-enveloped", "half an envelope", {"success": GONE}),
    ("jobs.get:media", "an empty list of files", {"payload": []}),
    ("jobs.get:media", "a file without an id", {"payload.0.id": GONE}),
    ("jobs.get:refused", "a failure without a reason", {f"{FAILURES}.0.message": GONE}),
    ("jobs.get:refused", "a failure of no account", {f"{FAILURES}.0.account_id": GONE}),
    ("jobs.get:refused", "as if it still ran", {"status": "working"}),
    ("accounts.list:wrong-key", "one text instead of a list", {"errors": "Invalid API key"}),
    ("accounts.list:wrong-key", "the name that 429 has", {"errors": GONE, "error": "Invalid API key"}),
    (
        "accounts.list:rate-limited",
        "the name that all others have",
        {"error": GONE, "errors": ["Rate limit exceeded."]},
    ),
    ("posts.list:ok", "a post of no kind that is to go out", {f"{POST}.type": None}),
]


def table(rows: list[tuple[str, str, dict[str, Any]]]) -> list[Any]:
    """The rows as parameters whose names say what is tried."""
    return [pytest.param(where, change, id=f"{where} {what}") for where, what, change in rows]


@pytest.mark.parametrize(("selector", "change"), table(ACCEPTED))
def test_what_publer_sends_is_accepted(publer: Recorded, selector: str, change: dict[str, Any]) -> None:
    """Documented or seen, some case of the operation accepts it."""
    assert publer.accepted_after(selector, change)


@pytest.mark.parametrize(("selector", "change"), table(REFUSED))
def test_what_would_hurt_us_is_refused(publer: Recorded, selector: str, change: dict[str, Any]) -> None:
    """The same answer, broken, is accepted by no case of the operation."""
    assert publer.accepted_after(selector, {})
    assert publer.accepted_after(selector, change) == []


def test_an_empty_list_of_accounts_is_named(publer: Recorded) -> None:
    """It may mean that the header of the workspace did not arrive, so it is no success."""
    assert publer.accepted("accounts.list", 200, b"[]") == ["empty"]
    assert publer.accepted("accounts.list", 200, b"{}") == []


def test_no_success_is_a_refusal_a_page_or_half_an_answer(publer: Recorded) -> None:
    """Errors in a 200, a page, nothing and an answer cut in half are accepted by no operation."""
    wrong = []
    for operation in publer.vendor.operations.values():
        body = publer.answer(f"{operation.id}:{operation.cases[0].name}")[1]
        bad = [body[: len(body) * 2 // 3], b'{"errors": ["no"]}', b'{"error": "no"}', b"null", b"", b"[[]]"]
        if operation.id != "users.me":  # which has a case for pages
            bad.append(b"<html></html>")
        wrong += [(operation.id, each) for each in bad if publer.accepted(operation.id, 200, each)]

    assert wrong == []


@pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
@pytest.mark.parametrize("name", ["wrong-key", "wrong-workspace", "rate-limited"])
def test_a_sentence_belongs_to_its_status(publer: Recorded, name: str, status: int) -> None:
    """A known sentence under a status where nobody has seen it is refused: what we branch on has changed."""
    for operation in publer.vendor.operations.values():
        if name in {case.name for case in operation.cases}:
            assert publer.accepted_after(f"{operation.id}:{name}", {}, status) == []


CODES: list[tuple[int, Any, str, bool]] = [
    (401, {"errors": ["Invalid API key or not active for this account."]}, "key-invalid", False),
    (403, {"errors": ["Invalid API key or not active for this account."]}, "key-invalid", False),
    (401, {"errors": ["You don't have access on this workspace"]}, "workspace-refused", False),
    (403, {"errors": ["You don't have access on this workspace"]}, "workspace-refused", False),
    (401, {"errors": ["Something new"]}, "unauthorized", False),
    (403, {"errors": ["Something new"]}, "forbidden", False),
    (400, {"errors": ["Something new"]}, "invalid", False),
    (404, {"errors": ["Something new"]}, "not-found", False),
    (413, "<html>", "too-large", False),
    (418, {}, "rejected", False),
    (429, {"error": "Rate limit exceeded. Retry later."}, "rate-limited", True),
    (500, {"errors": ["Something new"]}, "vendor-down", True),
    (502, "<html>502 Bad Gateway</html>", "vendor-down", True),
    (302, "", "redirected", False),
    (200, "<!DOCTYPE html><html></html>", "not-the-api", False),
    (200, {"errors": ["Something new"]}, "error-in-success", False),
    (200, {"success": False, "data": {}}, "error-in-success", False),
]


@pytest.mark.parametrize(("status", "body", "code", "retryable"), CODES)
def test_every_failure_has_its_code(publer: Recorded, status: int, body: Any, code: str, *, retryable: bool) -> None:
    """The sentence decides where the status says the opposite of what is documented."""
    text = body if isinstance(body, str) else json.dumps(body)
    rule = classify(publer.vendor.errors, an_exchange(status, body=text))

    assert rule is not None
    assert (rule.code, rule.retryable) == (code, retryable)


def test_a_client_error_needs_no_headers(publer: Recorded) -> None:
    """Headers of the rate limit may be missing, on a success as well."""
    assert publer.accepted(
        "accounts.list", 429, b'{"error": "Slow down"}', Headers((("Content-Type", "application/json"),))
    )


STEPS = [
    ("complete", ["schedule", "wait"]),
    ("throttled-meanwhile", ["schedule", "wait"]),
    ("refused", ["schedule", "wait"]),
    ("stuck", ["schedule", "wait"]),
    ("no-job", ["schedule"]),
]


@pytest.mark.parametrize(("name", "steps"), STEPS)
def test_a_post_is_followed_to_the_end_of_its_job(name: str, steps: list[str]) -> None:
    """Five minutes of polling are replayed without waiting, and every step appears."""
    suite = loading.load(ROOT, ["publer"])
    replayer = Replayer(suite, load_checks(ROOT / "checks"), today=datetime.now(UTC).date())
    (case,) = [each for each in suite.cases if each.id == f"publer/publishing.schedule:{name}"]
    result = replayer.replay(case)

    assert result.outcome == "pass", result.findings
    assert [step.name for step in result.steps] == steps
