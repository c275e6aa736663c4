"""What the Fly contract accepts and refuses: variations of its own cassettes, one row each.

Accepted is what old and new servers send. Refused is the same answer, broken in a way that would call something healthy
that is not, or lose sight of a machine.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from builders import an_exchange
from provendor.classify import classify
from recorded_answers import GONE, Recorded, recorded

CHECK = "checks.0"
MADE_UP = {"name": "bg_deployments_compat_http", "status": "critical"}


@pytest.fixture(scope="module")
def fly() -> Recorded:
    """The contract and the cassettes as they stand in the repository."""
    return recorded("fly")


ACCEPTED: list[tuple[str, str, dict[str, Any]]] = [
    ("regions.list:ok", "a member nobody knows yet", {"Regions.0.mood": {"score": 1}}),
    ("regions.list:ok", "a region and its name", {"Regions": [{"code": "fra", "name": "Frankfurt"}]}),
    ("regions.list:ok", "in the south and the west", {"Regions.0.latitude": -33.4, "Regions.0.longitude": -70.6}),
    ("apps.list:ok", "a network as in the specification", {"apps.0.network": {"name": "default"}}),
    ("apps.list:ok", "volumes are not counted", {"apps.0.volume_count": GONE}),
    ("apps.list:ok", "the network without a name", {"apps.0.network": ""}),
    ("apps.get:ok", "asleep", {"status": "suspended"}),
    ("apps.get:pending", "neither id nor state", {"id": GONE, "status": GONE}),
    ("apps.create:as-an-app", "with the time as well", {"created_at": 1795132800000}),
    ("machines.list:ok", "no checks", {"0.checks": GONE}),
    ("machines.list:ok", "no tag", {"0.image_ref.tag": GONE}),
    ("machines.list:ok", "an empty tag", {"0.image_ref.tag": ""}),
    ("machines.list:ok", "no events", {"0.events": GONE}),
    ("machines.list:of-2022", "neither version nor address", {"0.instance_id": GONE, "0.private_ip": GONE}),
    (
        "machines.get:ok",
        "no environment",
        {"config.env": None, "config.metadata": None, "image_ref.labels": {"a": "b"}},
    ),
    ("machines.get:ok", "an older way to say its size", {"config.guest": GONE, "config.size": "shared-cpu-1x"}),
    ("machines.get:ok", "a check without output", {f"{CHECK}.output": GONE, f"{CHECK}.updated_at": GONE}),
    ("machines.get:ok", "an event without a source", {"events.0.source": GONE}),
    ("machines.get:ok", "leased", {"nonce": "a1b2c3"}),
    ("machines.get:ok", "no address yet", {"private_ip": ""}),
    ("machines.get:ok", "nothing happened yet", {"events": []}),
    ("machines.get:ok", "a processor nobody knows yet", {"config.guest.cpu_kind": "gpu"}),
    ("machines.get:ok", "an empty variable", {"config.env.APP_ENV": ""}),
    ("machines.get:host-unreachable", "nothing known about it", {"host_status": "unknown", "incomplete_config": None}),
    ("machines.health:healthy", "before hosts had a state", {"host_status": GONE, "cordoned": GONE}),
    ("machines.health:healthy", "a check made up by the platform", {"checks.1": MADE_UP}),
    ("machines.start:ok", "moved", {"migrated": True, "new_host": "a1b2"}),
    ("machines.create:ok", "on a host that does not answer", {"host_status": "unreachable", "config": GONE}),
    ("machines.update:ok", "neither version nor address", {"instance_id": GONE, "version": GONE, "private_ip": GONE}),
    ("machines.lease:ok", "nobody's name on it", {"data.owner": GONE, "data.description": None}),
    ("machines.lease_take:ok", "without a version", {"data.version": GONE}),
    ("machines.lease_give_back:ok", "without data", {"data": GONE}),
    ("secrets.list:ok", "neither digest nor times", {"secrets.0": {"name": "A"}}),
    ("apps.get:unauthorized", "in the other form", {"error": GONE, "message": "Unauthorized"}),
    ("apps.get:app-not-found", "the older words", {"error": "Could not find App"}),
    ("apps.create:no-capacity", "more beside it", {"details": {}}),
    ("apps.create:name-taken", "as older servers say it", {"status": GONE}),
    ("secrets.graphql:unauthorized-inside", "the sentence alone", {"errors.0.extensions": GONE, "data": GONE}),
    ("secrets.graphql:unauthorized-inside", "no code", {"errors.0.extensions.code": None}),
]

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("regions.list:ok", "in small letters", {"Regions": GONE, "regions": []}),
    ("regions.list:ok", "no region", {"Regions": []}),
    ("regions.list:ok", "a region without a code", {"Regions.0.code": ""}),
    ("regions.list:ok", "no place on earth", {"Regions.0.latitude": 130.4}),
    ("apps.list:ok", "no total", {"total_apps": GONE}),
    ("apps.list:ok", "a total as text", {"total_apps": "2"}),
    ("apps.list:ok", "apps renamed", {"apps": GONE, "data": []}),
    ("apps.list:ok", "apps counted and not listed", {"apps": []}),
    ("apps.list:ok", "an app without a name", {"apps.0.name": None}),
    ("apps.get:ok", "no id, though it has a state", {"id": GONE}),
    ("apps.get:ok", "no state, though it has an id", {"status": GONE}),
    ("apps.get:ok", "an unknown state", {"status": "dead"}),
    ("apps.get:ok", "an organization without its slug", {"organization.slug": GONE}),
    ("apps.create:ok", "an empty id", {"id": ""}),
    ("apps.create:ok", "seconds", {"created_at": 1795132800}),
    ("apps.create:ok", "a time as text", {"created_at": "2026-11-20T00:00:00Z"}),
    ("machines.list:ok", "no id", {"0.id": GONE}),
    ("machines.list:ok", "an id as a number", {"0.id": 148}),
    ("machines.list:ok", "an unknown state", {"0.state": "running"}),
    ("machines.list:ok", "the state renamed", {"0.state": GONE, "0.status": "started"}),
    ("machines.list:ok", "no configuration although the host is well", {"0.config": GONE}),
    ("machines.list:ok", "no region", {"0.region": None}),
    ("machines.get:ok", "no image", {"image_ref": GONE}),
    ("machines.get:ok", "an image from nowhere", {"image_ref.repository": ""}),
    (
        "machines.get:host-unreachable",
        "the state of the host renamed",
        {"host_status": GONE, "hostStatus": "unreachable"},
    ),
    ("machines.get:ok", "a host in an unknown state", {"host_status": "fine"}),
    ("machines.get:ok", "cordoned as text", {"cordoned": "false"}),
    ("machines.get:ok", "checks as documented, but not as sent", {"checks": {"http": {"status": "passing"}}}),
    ("machines.get:ok", "an unknown status of a check", {f"{CHECK}.status": "ok"}),
    ("machines.get:ok", "a check without a status", {f"{CHECK}.status": GONE}),
    ("machines.get:ok", "a check without a name", {f"{CHECK}.name": ""}),
    ("machines.get:ok", "an event in seconds", {"events.0.timestamp": 1795132800}),
    ("machines.get:ok", "an event at text", {"events.0.timestamp": "2026-11-20T00:00:00Z"}),
    ("machines.get:ok", "made at a number", {"created_at": 1795132800}),
    ("machines.get:ok", "memory as text", {"config.guest.memory_mb": "256mb"}),
    ("machines.start:ok", "no state before", {"previous_state": GONE}),
    ("machines.start:ok", "half of what is new", {"new_host": GONE}),
    ("machines.stop:ok", "it did not", {"ok": False}),
    ("machines.stop:ok", "as text", {"ok": "true"}),
    ("machines.wait:ok", "another word", {"ok": GONE, "status": "ok"}),
    ("machines.metadata:ok", "a number", {"role": 1}),
    ("secrets.list:ok", "a bare list", {"secrets": GONE, "names": []}),
    ("secrets.list:ok", "a secret without a name", {"secrets.0.name": GONE}),
    ("secrets.list:ok", "a value comes along", {"secrets.0.value": "swordfish"}),
    ("secrets.graphql:ok", "no digest", {"data.app.secrets.0.digest": None}),
    ("secrets.graphql:ok", "no app and no error", {"data.app": None}),
    ("secrets.graphql:ok", "data renamed", {"data": GONE, "result": {}}),
    ("secrets.graphql:refused-inside", "no error in the list", {"errors": []}),
    ("apps.get:unauthorized", "an empty sentence", {"error": ""}),
    ("apps.get:unauthorized", "renamed", {"error": GONE, "reason": "no"}),
    ("machines.get:lease-held", "not an error", {"status": "ok"}),
    ("machines.create:ok", "in no state", {"state": GONE}),
    ("machines.create:leased", "an empty proof of the lease", {"nonce": 5}),
    ("machines.update:ok", "no configuration on a host that answers", {"config": GONE}),
    ("machines.cordon:ok", "not done", {"ok": False}),
    ("machines.suspend:ok", "a text", {"ok": "true"}),
    ("machines.lease:ok", "an end in milliseconds", {"data.expires_at": 1795132860000}),
    ("machines.lease:ok", "an end as text", {"data.expires_at": "2026-11-20T00:01:00Z"}),
    ("machines.lease_take:ok", "nothing to prove it with", {"data.nonce": GONE}),
    ("machines.lease_take:ok", "an error as a success", {"status": "error"}),
    ("machines.lease_give_back:ok", "still held", {"data.ok": False}),
]


def table(rows: list[tuple[str, str, dict[str, Any]]]) -> list[Any]:
    """The rows as parameters whose names say what is tried."""
    return [pytest.param(where, change, id=f"{where} {what}") for where, what, change in rows]


@pytest.mark.parametrize(("selector", "change"), table(ACCEPTED))
def test_what_fly_sends_is_accepted(fly: Recorded, selector: str, change: dict[str, Any]) -> None:
    """Old and new, some case of the operation accepts it."""
    assert fly.accepted_after(selector, change)


@pytest.mark.parametrize(("selector", "change"), table(REFUSED))
def test_what_would_hurt_us_is_refused(fly: Recorded, selector: str, change: dict[str, Any]) -> None:
    """The same answer, broken, is accepted by no case of the operation."""
    assert fly.accepted_after(selector, {})
    assert fly.accepted_after(selector, change) == []


HEALTH: list[tuple[str, dict[str, Any], str]] = [
    ("started, and every check passes", {}, "healthy"),
    ("no checks", {"checks": GONE}, "no-checks"),
    ("an empty list of checks", {"checks": []}, "no-checks"),
    ("checks that are null", {"checks": None}, "no-checks"),
    ("nothing but made-up checks", {"checks": [{**MADE_UP, "status": "passing"}]}, "no-checks"),
    ("one check fails", {"checks.1.status": "critical"}, "check-critical"),
    ("one check warns", {"checks.1.status": "warning"}, "check-warning"),
    ("one fails and one warns", {"checks.0.status": "warning", "checks.1.status": "critical"}, "check-critical"),
    ("cordoned", {"cordoned": True}, "cordoned"),
    ("its host does not answer", {"host_status": "unreachable"}, "host-unreachable"),
    ("its host is not known", {"host_status": "unknown", "config": GONE}, "host-unreachable"),
    ("stopped", {"state": "stopped", "checks": GONE}, "not-started"),
    ("starting", {"state": "starting"}, "in-transition"),
    ("destroyed", {"state": "destroyed", "host_status": "unreachable"}, "gone"),
    ("a console", {"config.metadata.fly_process_group": "fly_app_console"}, "not-a-service"),
]


@pytest.mark.parametrize(("change", "case"), [pytest.param(each, case, id=name) for name, each, case in HEALTH])
def test_health_is_read_truthfully(fly: Recorded, change: dict[str, Any], case: str) -> None:
    """A machine is healthy only where somebody has looked and found it so; anything else has its own code."""
    assert fly.accepted_after("machines.health:healthy", change)[:1] == [case]
    assert case == "healthy" or "healthy" not in fly.accepted_after("machines.health:healthy", change)


def test_a_check_in_a_state_that_nobody_knows_is_not_health(fly: Recorded) -> None:
    """Unknown words are refused, they are no health and no sickness."""
    assert fly.accepted_after("machines.health:healthy", {"checks.1.status": "ok"}) == []
    assert fly.accepted_after("machines.health:healthy", {"state": "running"}) == []


def test_no_success_is_a_refusal_a_page_or_half_an_answer(fly: Recorded) -> None:
    """An error in a 200, a page, nothing and an answer cut in half are accepted by no operation."""
    wrong = []
    for operation in fly.vendor.operations.values():
        body = fly.answer(f"{operation.id}:{operation.cases[0].name}")[1]
        bad = [
            body[: len(body) * 2 // 3],
            b'{"error": "no"}',
            b'{"message": "no"}',
            b"null",
            b"",
            b"[[]]",
            b"<html></html>",
        ]
        wrong += [(operation.id, each) for each in bad if fly.accepted(operation.id, 200, each)]

    assert wrong == []


KNOWN = ["unauthorized", "app-not-found", "organization-not-found", "name-taken", "no-capacity", "lease-held"]


@pytest.mark.parametrize("name", KNOWN)
def test_a_sentence_belongs_to_its_status(fly: Recorded, name: str) -> None:
    """A known sentence under a status where nobody has seen it is refused: what we branch on has changed."""
    wrong = []
    for operation in fly.vendor.operations.values():
        for case in operation.cases:
            if case.name == name and operation.id != "secrets.graphql":
                others = [each for each in (400, 404, 408, 409, 422, 429, 500, 503) if each not in case.expect.status]
                wrong += [(case.id, each) for each in others if fly.accepted_after(f"{operation.id}:{name}", {}, each)]

    assert wrong == []


CODES: list[tuple[int, Any, str, bool]] = [
    (401, {"error": "Authenticate: token validation error"}, "unauthorized", False),
    (401, {"message": "Unauthorized"}, "unauthorized", False),
    (403, {"error": "unauthorized"}, "forbidden", False),
    (404, "404 page not found\n", "no-such-path", False),
    (404, {"error": "Organization not found"}, "organization-not-found", False),
    (404, {"error": "app not found"}, "app-not-found", False),
    (404, {"error": "Could not find App"}, "app-not-found", False),
    (404, {"error": "machine not found"}, "not-found", False),
    (408, "", "wait-timeout", True),
    (409, {"status": "error", "message": "machine ID 1 lease currently held by a"}, "lease-held", True),
    (409, {"error": "no"}, "conflict", False),
    (422, {"error": "Name is taken", "status": "name_taken"}, "name-taken", False),
    (422, {"error": "Validation failed: Name has already been taken"}, "name-taken", False),
    (422, {"error": "no"}, "invalid", False),
    (429, "", "rate-limited", True),
    (418, "", "rejected", False),
    (503, {"error": "no room", "status": "insufficient_capacity"}, "no-capacity", True),
    (502, "<html>", "vendor-down", True),
    (301, "", "redirected", False),
    (200, {"data": None, "errors": [{"message": "Could not find App"}]}, "app-not-found", False),
    (200, {"errors": [{"message": "You must be authenticated to view this."}]}, "unauthorized", False),
    (200, {"errors": [{"message": "no"}]}, "graphql-error", False),
    (200, {"error": "no"}, "error-in-success", False),
    (200, {"ok": False}, "error-in-success", False),
    (200, "<!doctype html>", "not-the-api", False),
]


@pytest.mark.parametrize(("status", "body", "code", "retryable"), CODES)
def test_every_failure_has_its_code(fly: Recorded, status: int, body: Any, code: str, *, retryable: bool) -> None:
    """Three forms of JSON and plain text, told apart."""
    text = body if isinstance(body, str) else json.dumps(body)
    rule = classify(fly.vendor.errors, an_exchange(status, body=text))

    assert rule is not None
    assert (rule.code, rule.retryable) == (code, retryable)
