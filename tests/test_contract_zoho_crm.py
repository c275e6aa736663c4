"""What the Zoho CRM contract accepts and refuses: variations of its own cassettes, one row each.

Accepted is what Zoho truly sends: older versions with less, other fields, statuses that differ between versions. Refused
is the same answer, broken in a way that would lose a customer or blame the wrong one.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from builders import an_exchange
from provendor.classify import classify
from recorded_answers import GONE, Recorded, recorded

INFO = "info.more_records"
RESULT = "data.0.details"
STRICTLY = "hierarchy_preferences.strictly_reporting"
OLD_ORG = ("hierarchy_preferences", "domain_name", "max_per_page", "zia_zgid", "translation_enabled")
LATER = {"modules.0.visible": GONE, "modules.0.status": "user_hidden"}
"""How v7 says whether a module is shown."""
OLD_INFO = {"per_page": 200, "count": 2, "page": 1, "more_records": False}


@pytest.fixture(scope="module")
def zoho() -> Recorded:
    """The contract and the cassettes as they stand in the repository."""
    return recorded("zoho-crm")


ACCEPTED: list[tuple[str, str, dict[str, Any], int | None]] = [
    ("leads.list:ok", "an older version's info", {"info": OLD_INFO}, None),
    ("leads.get:ok", "few fields", {"data.0": {"id": "1", "Owner": {"id": "2", "name": "Kim"}}}, None),
    ("leads.list:ok", "other fields", {"data.0": {"id": "1", "Last_Name": "York", "Rating__c": 3}}, None),
    ("leads.list:ok", "a lead without a company", {"data.0.Company": None}, None),
    ("leads.get:ok", "members nobody knows yet", {"data.0.$zia_mood": {}, "info": {}}, None),
    ("leads.get:ok", "times in another zone", {"data.0.Created_Time": "2021-10-05T11:52:54+05:30"}, None),
    ("contacts.get:ok", "a contact of nobody", {"data.0.Account_Name": None, "data.0.Email": None}, None),
    ("leads.insert:ok", "no approval state", {f"{RESULT}.$approval_state": GONE}, None),
    ("leads.insert:duplicate", "an older refusal", {f"{RESULT}.duplicate_record": GONE}, 202),
    ("leads.insert:record-refused", "a code nobody knows yet", {"data.0.code": "LICENSE_LIMIT_EXCEEDED"}, None),
    ("leads.insert:invalid-data", "a length as text", {f"{RESULT}.maximum_length": "80"}, None),
    ("leads.upsert:ok", "a checked field on an insert", {"data.0.duplicate_field": "Email"}, None),
    ("leads.upsert:ok", "no checked field", {"data.0.duplicate_field": GONE}, None),
    ("org.get:ok", "an id beyond 32 bits", {"org.0.zia_zgid": "10000000000000000001"}, None),
    ("org.get:ok", "an older organisation", {"org.0.type": GONE, "org.0.created_time": GONE}, None),
    ("org.get:ok", "an organisation of an early version", {f"org.0.{name}": GONE for name in OLD_ORG}, None),
    ("org.get:ok", "a hierarchy of which only the kind is told", {f"org.0.{STRICTLY}": GONE}, None),
    ("org.get:ok", "another edition", {"org.0.license_details.paid_type": "zohoone"}, None),
    ("users.me:ok", "an hour that is behind", {"users.0.offset": -28800000, "users.0.status": "suspended"}, None),
    ("users.me:ok", "nobody's number", {"users.0.zuid": None, "users.0.last_name": None}, None),
    ("modules.list:ok", "a kind that nobody knows yet", {"modules.0.generated_type": "widget"}, None),
    ("modules.list:ok", "a module of an early version", {"modules.0.visible": GONE, "modules.0.viewable": GONE}, None),
    ("modules.list:ok", "a module with a status in its place", LATER, None),
    ("leads.list:ok", "fields that nobody asked us for", {"data.0.Phone": GONE, "data.1.Company": ""}, None),
    ("leads.get:ok", "standard fields out of use", {"data.0.Mobile": GONE, "data.0.Lead_Source": GONE}, None),
    ("leads.get:ok", "another state of a pick list", {"data.0.Lead_Status": "Gewonnen"}, None),
    ("leads.insert:ok", "by nobody that is named", {f"{RESULT}.Created_By": GONE, f"{RESULT}.Modified_By": GONE}, None),
    ("leads.insert:invalid-data", "a path that older versions lack", {f"{RESULT}.json_path": GONE}, None),
    ("leads.insert:invalid-data", "nothing known of it", {RESULT: {}}, None),
    ("leads.list:forbidden", "without details", {"details": GONE, "message": ""}, None),
    ("modules.list:ok", "a module without a name", {"modules.0.api_name": None}, None),
    ("oauth.token:ok", "no scope", {"scope": GONE}, None),
    ("oauth.token:ok", "another data centre", {"api_domain": "https://www.zohoapis.com.au"}, None),
    ("oauth.token:ok", "milliseconds, before 2019", {"expires_in": 3600000, "expires_in_sec": 3600}, None),
    ("leads.list:token-invalid", "the other word for it", {"code": "AUTHENTICATION_FAILURE"}, None),
    ("leads.list:scope-missing", "another message", {"message": "Unauthorized"}, None),
    ("leads.list:vendor-down", "the users' word for it", {"code": "INTERNAL_SERVER_ERROR"}, None),
    ("leads.update:ok", "no approval state", {f"{RESULT}.$approval_state": GONE}, None),
    ("contacts.update:ok", "taken, as older versions say it", {}, 202),
    ("leads.delete:some-refused", "mixed under a success", {}, 200),
    ("contacts.delete:not-deleted", "as older versions say it", {}, 202),
]

REFUSED: list[tuple[str, str, dict[str, Any], int | None]] = [
    ("leads.list:ok", "no info", {"info": GONE}, None),
    ("leads.list:ok", "nobody says whether there is more", {INFO: GONE}, None),
    ("leads.list:ok", "more as text", {INFO: "true"}, None),
    ("leads.list:ok", "a token that is empty", {"info.next_page_token": ""}, None),
    ("leads.list:ok", "an id as a number", {"data.0.id": 4150868000004182001}, None),
    ("leads.list:ok", "an empty id", {"data.1.id": ""}, None),
    ("leads.list:ok", "no id in the second lead", {"data.1.id": GONE}, None),
    ("leads.list:ok", "an owner without id", {"data.0.Owner": {"name": "Robin York"}}, None),
    ("leads.list:ok", "a name that is null", {"data.0.Last_Name": None}, None),
    ("leads.list:ok", "nothing at 200", {"data": []}, None),
    ("leads.list:ok", "the wrong status", {}, 201),
    ("leads.get:ok", "a day instead of a time", {"data.0.Modified_Time": "2026-11-19"}, None),
    ("leads.get:ok", "no time of change", {"data.0.Modified_Time": GONE}, None),
    ("leads.get:ok", "no owner", {"data.0.Owner": GONE}, None),
    ("leads.get:ok", "no address", {"data.0.Email": GONE}, None),
    ("leads.list:ok", "the next token renamed", {"info.next_page_token": GONE, "info.next": "x"}, None),
    ("leads.get:ok", "an object in place of the list", {"data": {"id": "1"}}, None),
    ("leads.insert:ok", "a result without id", {f"{RESULT}.id": GONE}, None),
    ("leads.insert:ok", "another code", {"data.0.code": "DONE"}, None),
    ("leads.insert:ok", "an error that says success", {"data.0.status": "error"}, None),
    ("leads.insert:ok", "all well under 400", {}, 400),
    ("leads.insert:some-refused", "a third state", {"data.1.status": "skipped"}, None),
    ("leads.insert:some-refused", "an error without a code", {"data.1.code": GONE}, None),
    ("leads.insert:duplicate", "created, says the status", {}, 201),
    ("leads.insert:duplicate", "nobody says which field", {f"{RESULT}.api_name": GONE}, None),
    ("leads.insert:invalid-data", "a path that leads to nothing named", {f"{RESULT}.api_name": GONE}, None),
    ("leads.insert:invalid-data", "a length below zero", {f"{RESULT}.maximum_length": -80}, None),
    ("leads.insert:ok", "changed by nobody", {f"{RESULT}.Modified_By": GONE}, None),
    ("leads.insert:several-faults", "an empty list of faults", {f"{RESULT}.errors": []}, None),
    ("leads.upsert:ok", "nobody says what was done", {"data.0.action": GONE}, None),
    ("leads.upsert:ok", "something else was done", {"data.0.action": "merge"}, None),
    ("org.get:ok", "no currency", {"org.0.iso_code": GONE}, None),
    ("org.get:ok", "no country beside newer things", {"org.0.country": GONE}, None),
    ("org.get:ok", "an edition that never ends", {"org.0.license_details.paid_expiry": GONE}, None),
    ("org.get:ok", "half of a hierarchy", {"org.0.hierarchy_preferences.type": GONE}, None),
    ("modules.list:ok", "nobody says whether it can be changed", {"modules.1.editable": GONE}, None),
    ("modules.list:ok", "a status, and nobody says the rest", LATER | {"modules.0.editable": GONE}, None),
    ("org.get:ok", "paid, as text", {"org.0.license_details.paid": "true"}, None),
    ("users.me:ok", "nobody", {"users": []}, None),
    ("users.me:ok", "a role without id", {"users.0.role.id": GONE}, None),
    ("modules.list:ok", "a served module without a name", {"modules.1.api_name": None}, None),
    ("oauth.token:ok", "no token", {"access_token": GONE}, None),
    ("oauth.token:ok", "another kind of token", {"token_type": "MAC"}, None),
    ("oauth.token:ok", "a refusal beside the token", {"error": "invalid_code"}, None),
    ("oauth.token:code-refused", "a refusal nobody knows", {"error": "invalid_mood"}, None),
    ("leads.list:token-invalid", "a bare success", {"status": "success"}, None),
    ("leads.list:token-invalid", "a refusal under 200", {}, 200),
    ("leads.list:no-permission", "a code that belongs to 401", {"code": "INVALID_TOKEN"}, None),
    ("leads.list:no-such-path", "no code", {"code": GONE}, None),
    ("leads.update:ok", "nothing says what was changed", {f"{RESULT}.id": GONE}, None),
    ("leads.update:ok", "a failure as a success", {"data.0.status": "error"}, None),
    ("leads.delete:ok", "an id as a number", {f"{RESULT}.id": 4150868000004182001}, None),
    ("leads.delete:ok", "no result", {"data": []}, None),
    ("contacts.delete:not-deleted", "a failure as a success", {"data.0.status": "success"}, None),
    ("leads.update_several:ok", "one of them a failure as a success", {"data.1.status": "error"}, None),
    ("contacts.update_several:some-refused", "all of them failed without a word", {"data": []}, None),
    ("leads.delete_one:ok", "nothing says which", {f"{RESULT}.id": GONE}, None),
]


@pytest.mark.parametrize(
    ("selector", "what", "change", "status"), ACCEPTED, ids=[f"{row[0]} {row[1]}" for row in ACCEPTED]
)
def test_what_zoho_truly_sends_is_accepted(
    zoho: Recorded, selector: str, what: str, change: dict[str, Any], status: int | None
) -> None:
    """Versions, editions and custom fields do not break the contract."""
    assert zoho.accepted_after(selector, change, status), what


@pytest.mark.parametrize(
    ("selector", "what", "change", "status"), REFUSED, ids=[f"{row[0]} {row[1]}" for row in REFUSED]
)
def test_what_would_hurt_us_is_refused(
    zoho: Recorded, selector: str, what: str, change: dict[str, Any], status: int | None
) -> None:
    """No case of the operation accepts the broken answer."""
    assert zoho.accepted(selector.partition(":")[0], *zoho.answer(selector))
    assert zoho.accepted_after(selector, change, status) == [], what


@pytest.mark.parametrize("operation", ["leads.list", "leads.search", "contacts.list", "users.list"])
def test_nothing_is_an_answer_without_a_body(zoho: Recorded, operation: str) -> None:
    """Zoho says 204 where there is nothing; an empty body under 200 is a fault."""
    assert zoho.accepted(operation, 204, b"")
    assert not zoho.accepted(operation, 200, b"")


@pytest.mark.parametrize("selector", ["leads.list:ok", "leads.insert:ok", "org.get:ok", "oauth.token:ok"])
def test_no_answer_passes_wrapped_listed_or_cut_off(zoho: Recorded, selector: str) -> None:
    """The envelope belongs to the contract, and half a JSON text is none."""
    operation, (status, body) = selector.partition(":")[0], zoho.answer(selector)

    for other in (b'{"result":' + body + b"}", b"[" + body + b"]", body[:-5], b""):
        assert not zoho.accepted(operation, status, other)


def bare(code: str) -> dict[str, Any]:
    """A refusal of a whole request."""
    return {"code": code, "details": {}, "message": "x", "status": "error"}


def items(*codes: str) -> dict[str, Any]:
    """Results of as many records."""
    return {
        "data": [
            {"code": code, "details": {}, "message": "x", "status": "success" if code == "SUCCESS" else "error"}
            for code in codes
        ]
    }


CODES: list[tuple[str, int, Any, str, bool]] = [
    ("oauth.token", 200, {"error": "invalid_code"}, "code-refused", False),
    ("oauth.token", 200, {"error": "invalid_client"}, "client-refused", False),
    ("oauth.token", 400, {"error": "Access Denied"}, "token-requests-throttled", True),
    ("leads.list", 200, bare("INVALID_TOKEN"), "error-in-success", False),
    ("leads.list", 302, "", "redirected", False),
    ("leads.list", 400, bare("EXPIRED_VALUE"), "page-token-refused", False),
    ("leads.list", 401, bare("INVALID_TOKEN"), "token-invalid", False),
    ("leads.list", 401, bare("OAUTH_SCOPE_MISMATCH"), "scope-missing", False),
    ("leads.list", 429, "", "rate-limited", True),
    ("leads.get", 400, bare("INVALID_DATA"), "not-found", False),
    ("leads.insert", 207, items("SUCCESS", "DUPLICATE_DATA"), "some-refused", False),
    ("leads.insert", 202, items("DUPLICATE_DATA"), "duplicate", False),
    ("leads.insert", 400, items("LICENSE_LIMIT_EXCEEDED"), "record-refused", False),
    ("leads.insert", 500, bare("INTERNAL_ERROR"), "outcome-unknown", False),
    ("leads.upsert", 500, bare("INTERNAL_ERROR"), "vendor-down", True),
    ("leads.upsert", 412, bare("ALREADY_MODIFIED"), "changed-meanwhile", False),
]


@pytest.mark.parametrize(("operation", "status", "body", "code", "retryable"), CODES)
def test_a_refusal_is_named_by_what_it_says(
    zoho: Recorded, operation: str, status: int, body: Any, code: str, retryable: bool
) -> None:
    """The code decides, not the status alone; a failed insert is never said to be retryable."""
    exchange = an_exchange(status, body=body) if isinstance(body, str) else an_exchange(status, body)
    rule = classify(zoho.vendor.operations[operation].cases[0].expect.errors, exchange)

    assert rule is not None
    assert (rule.code, rule.retryable) == (code, retryable)


def test_nothing_from_400_up_goes_without_a_code(zoho: Recorded) -> None:
    """Every status has a rule, whatever its body is."""
    bodies = ("", "{}", "[]", "null", "<html></html>", json.dumps(items("SUCCESS")))
    unnamed = [
        status
        for status in range(400, 600)
        for body in bodies
        if classify(zoho.vendor.errors, an_exchange(status, body=body)) is None
    ]

    assert unnamed == []
