"""From contract and environment to live values, or to what stands in the way and the command that takes it away."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest

from contract_files import a_contract, a_vendor, an_operation
from provendor import readiness
from provendor.contract import Case, Vendor
from provendor.reader import loading
from provendor.readiness import Readiness

SANDBOX_URL = {"base_url": {"env": "ACME_SANDBOX_URL"}}
PRODUCTION_URL = {"base_url": {"env": "ACME_URL", "default": "https://api.acme.com"}}
READY = {
    "ACME_LIVE": "1",
    "ACME_SANDBOX_URL": "https://sandbox.acme.com",
    "ACME_API_KEY": "s3cr3t-k3y",
    "ACME_USER_ID": "12",
}


def the_vendor(root: Path, operations: Any = None, **changes: Any) -> Vendor:
    known = {"live_flag": "ACME_LIVE", "environments": {"sandbox": SANDBOX_URL, "production": PRODUCTION_URL}}
    a_contract(root, a_vendor(**{**known, **changes}), {"operations": operations or {"users.get": an_operation()}})
    return loading.load(root).vendors["acme"]


@pytest.fixture
def acme(tmp_path: Path) -> Vendor:
    return the_vendor(tmp_path)


def why(ready: Readiness, case: Case | None = None) -> list[str]:
    return [block.why for block in ready.blocks(case or ready.vendor.cases[0])]


def commands(ready: Readiness, case: Case | None = None) -> list[str | None]:
    return [block.unblock for block in ready.blocks(case or ready.vendor.cases[0])]


def without(*names: str, **more: str) -> dict[str, str]:
    return {name: value for name, value in {**READY, **more}.items() if name not in names}


def test_with_everything_there_the_values_are_those_of_the_environment(acme: Vendor):
    """Each with the type of its example, secrets marked as such."""
    ready = readiness.of(acme, READY)

    assert ready.blocks(acme.cases[0]) == ()
    assert ready.values.of == {"base_url": "https://sandbox.acme.com", "api_key": "s3cr3t-k3y", "user_id": 12}
    assert ready.values.secrets == frozenset({"api_key"})
    assert ready.secrets == {"api_key": "s3cr3t-k3y"}


def test_with_nothing_there_every_reason_comes_with_its_command(acme: Vendor):
    """In the order in which to mend them: the flag, where, with which credential, with which values."""
    ready = readiness.of(acme, {})

    assert dict(zip(why(ready), commands(ready), strict=True)) == {
        "ACME_LIVE is not set": "export ACME_LIVE=1",
        "ACME_SANDBOX_URL is not set": "read -r ACME_SANDBOX_URL && export ACME_SANDBOX_URL",
        "ACME_API_KEY is not set": "read -rs ACME_API_KEY && export ACME_API_KEY",
        "ACME_USER_ID is not set": "read -r ACME_USER_ID && export ACME_USER_ID",
    }


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "on", "Yes", " yes "])
def test_a_flag_is_on_when_it_says_so(acme: Vendor, value: str):
    """In any case."""
    assert why(readiness.of(acme, without(ACME_LIVE=value))) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0", "ACME_LIVE is set, but not to 1, true, on or yes"),
        ("maybe", "ACME_LIVE is set, but not to 1, true, on or yes"),
        ("", "ACME_LIVE is not set"),
    ],
)
def test_any_other_flag_is_off(acme: Vendor, value: str, said: str):
    """A word that nobody knows does not let anything out."""
    assert why(readiness.of(acme, without(ACME_LIVE=value))) == [said]


def test_without_a_flag_in_the_contract_nothing_waits_for_one(tmp_path: Path):
    """The contract decides whether there is a switch."""
    assert why(readiness.of(the_vendor(tmp_path, live_flag=None), without("ACME_LIVE"))) == []


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (None, "missing", "ACME_API_KEY is not set"),
        ("", "empty", "ACME_API_KEY is empty"),
        ("  ", "empty", "ACME_API_KEY is empty"),
        ("k3y\n", "control", "ACME_API_KEY holds a control character, such as a line break at its end"),
        ("k\x1b[2J3y", "control", "ACME_API_KEY holds a control character, such as a line break at its end"),
        ("<api_key>", "example", "ACME_API_KEY still holds the example"),
        ("<your-key-here>", "example", "ACME_API_KEY still holds the example"),
    ],
)
def test_a_credential_that_cannot_be_one_is_told_apart_from_a_missing_one(
    acme: Vendor, value: str | None, kind: str, said: str
):
    """Each has its own reason, and the value is in none of them."""
    env = without("ACME_API_KEY") if value is None else without(ACME_API_KEY=value)
    ready = readiness.of(acme, env)

    (block,) = ready.blocks(acme.cases[0])
    assert (block.kind, block.why, block.env) == (kind, said, "ACME_API_KEY")
    assert "api_key" not in ready.values.of


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("api.acme.com", "ACME_SANDBOX_URL is no URL such as https://api.example.com"),
        ("https://", "ACME_SANDBOX_URL is no URL such as https://api.example.com"),
        ("https://me:k3y@api.acme.com", "ACME_SANDBOX_URL is no URL such as https://api.example.com"),
        ("https://api.acme.com?key=k3y", "ACME_SANDBOX_URL is no URL such as https://api.example.com"),
        ("https://api.acme.com:port", "ACME_SANDBOX_URL is no URL such as https://api.example.com"),
        ("https://[::1", "ACME_SANDBOX_URL is no URL such as https://api.example.com"),
        ("ftp://api.acme.com", "ACME_SANDBOX_URL is no URL such as https://api.example.com"),
        ("http://api.acme.com", "ACME_SANDBOX_URL does not start with https://"),
        ("http://127.0.0.1.acme.com", "ACME_SANDBOX_URL does not start with https://"),
        ("https://acme.example", "ACME_SANDBOX_URL still holds the example"),
        ("https://api.example.com/v1", "ACME_SANDBOX_URL still holds the example"),
    ],
)
def test_an_address_where_nobody_should_ask_blocks(acme: Vendor, url: str, said: str):
    """No URL, credentials within, not encrypted, or reserved for examples."""
    assert why(readiness.of(acme, without(ACME_SANDBOX_URL=url))) == [said]


@pytest.mark.parametrize(("private", "blocked"), [(True, []), (False, ["ACME_URL does not start with https://"])])
def test_a_private_production_may_stand_on_this_machine(tmp_path: Path, private: bool, blocked: list[str]):
    """Nobody listens on the way; any other one is asked with TLS."""
    environments = {"production": {**PRODUCTION_URL, "private": private}}
    acme = the_vendor(tmp_path, environments=environments)

    assert why(readiness.of(acme, {**READY, "ACME_URL": "http://127.0.0.1:8080"}, "production")) == blocked
    assert why(readiness.of(acme, {**READY, "ACME_URL": "http://10.0.0.7"}, "production")) != []


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:3000/api", "http://[::1]:80"])
def test_a_sandbox_on_this_machine_may_do_without_encryption(acme: Vendor, url: str):
    """Nothing leaves the machine; production is never there."""
    assert why(readiness.of(acme, without(ACME_SANDBOX_URL=url))) == []
    assert why(readiness.of(acme, without(ACME_URL=url), "production")) == ["ACME_URL does not start with https://"]


def test_a_default_does_where_nothing_is_set(acme: Vendor):
    """Production has one."""
    ready = readiness.of(acme, READY, "production")

    assert (why(ready), ready.values.of["base_url"]) == ([], "https://api.acme.com")


def test_a_default_that_is_an_example_is_none(tmp_path: Path):
    """It leads nowhere."""
    url = {"base_url": {"env": "ACME_URL", "default": "https://api.acme.example"}}
    ready = readiness.of(the_vendor(tmp_path, environments={"production": url}), READY, "production")

    assert why(ready) == ["ACME_URL is not set"]


def test_a_vendor_without_a_sandbox_says_how_to_read_from_production(tmp_path: Path):
    """Nothing is sent there by itself."""
    ready = readiness.of(the_vendor(tmp_path, environments={"production": PRODUCTION_URL}), READY)

    assert why(ready) == ["the contract names no sandbox"]
    assert commands(ready) == ["provendor prove --live --environment production acme"]


def test_a_vendor_that_stands_nowhere_cannot_be_asked(tmp_path: Path):
    """The address in its cassettes is an example."""
    assert why(readiness.of(the_vendor(tmp_path, environments=None), READY)) == ["the contract names no sandbox"]


def test_a_case_waits_only_for_what_it_needs(tmp_path: Path):
    """A health path needs neither user nor credential."""
    operations = {
        "users.get": an_operation(),
        "health.get": {
            "summary": "Health.",
            "request": "GET /health",
            "auth": "none",
            "cases": {"ok": {"status": 200}},
        },
    }
    acme = the_vendor(tmp_path, operations)
    ready = readiness.of(acme, without("ACME_API_KEY", "ACME_USER_ID"))
    user, health = acme.cases

    assert (why(ready, user), why(ready, health)) == (["ACME_API_KEY is not set", "ACME_USER_ID is not set"], [])
    assert ready.blocked() is None


def test_a_vendor_is_blocked_by_what_keeps_every_case_from_being_asked(acme: Vendor):
    """The first of it."""
    blocked = readiness.of(acme, without("ACME_API_KEY", "ACME_USER_ID")).blocked()

    assert blocked is not None
    assert blocked.why == "ACME_API_KEY is not set"


@pytest.mark.parametrize(
    ("example", "text", "value"),
    [(7, "12", 12), (0.5, "2.5", 2.5), (True, "FALSE", False), ("a", "12", "12")],
)
def test_a_value_has_the_type_of_its_example(tmp_path: Path, example: Any, text: str, value: Any):
    """So that a JSON body holds what the recorded one held."""
    acme = the_vendor(tmp_path, variables={"user_id": {"env": "ACME_USER_ID", "example": example}})

    found = readiness.of(acme, without(ACME_USER_ID=text)).values.of["user_id"]
    assert (found, type(found)) == (value, type(example))


@pytest.mark.parametrize(
    ("example", "said"),
    [
        (7, "ACME_USER_ID is not a whole number"),
        (0.5, "ACME_USER_ID is not a number"),
        (True, "ACME_USER_ID is not true or false"),
    ],
)
def test_a_value_of_another_type_blocks(tmp_path: Path, example: Any, said: str):
    """It would become another request."""
    acme = the_vendor(tmp_path, variables={"user_id": {"env": "ACME_USER_ID", "example": example}})

    assert why(readiness.of(acme, without(ACME_USER_ID="seven"))) == [said]


def test_a_variable_that_no_environment_sets_keeps_its_example(tmp_path: Path):
    """It is the same everywhere."""
    acme = the_vendor(tmp_path, variables={"user_id": {"example": 7}})

    assert readiness.of(acme, without("ACME_USER_ID")).values.of["user_id"] == 7


def test_a_variable_that_begins_a_url_is_an_address(tmp_path: Path):
    """It is judged as the base URL is."""
    operation = {"summary": "Me.", "request": "GET {admin_url}/me", "cases": {"ok": {"status": 200}}}
    variables = {"admin_url": {"env": "ACME_ADMIN_URL", "example": "https://admin.acme.example"}}
    ready = readiness.of(
        the_vendor(tmp_path, {"me.get": operation}, variables=variables), without(ACME_ADMIN_URL="http://a.acme.com")
    )

    assert why(ready) == ["ACME_ADMIN_URL does not start with https://"]


FLOW = {
    "summary": "Look somebody up.",
    "steps": [
        {"name": "find", "call": "users.find", "capture": {"found": "$.id"}},
        {"name": "read", "call": "users.get", "with": {"path": {"user_id": "{found}"}}},
    ],
    "cases": {"ok": {"status": 200}},
}


def test_a_flow_does_not_need_what_it_captures(tmp_path: Path):
    """The first step says who."""
    find = {"summary": "Find.", "request": "GET /users", "cases": {"ok": {"status": 200}}}
    a_contract(
        tmp_path,
        a_vendor(live_flag="ACME_LIVE", environments={"sandbox": SANDBOX_URL}),
        {"operations": {"users.find": find, "users.get": an_operation()}, "flows": {"users.lookup": FLOW}},
    )
    acme = loading.load(tmp_path).vendors["acme"]
    ready = readiness.of(acme, without("ACME_USER_ID"))

    assert {case.id: why(ready, case) for case in acme.cases} == {
        "acme/users.find:ok": [],
        "acme/users.get:ok": ["ACME_USER_ID is not set"],
        "acme/users.lookup:ok": [],
    }


# --- tokens -----------------------------------------------------------------------------------------------------------

SECRETS = {
    name: {"env": f"ACME_{name.upper()}"} for name in ("client_secret", "access_token", "assertion", "private_key")
}
TOKEN = {
    "summary": "A token.",
    "request": "POST /token",
    "auth": {"basic": {"username": "me", "password": "{client_secret}"}},
    "form": {"grant_type": "client_credentials"},
    "safety": "read",
    "cases": {"ok": {"status": 200}},
}
SIGNED = {"issuer": "{user_id}", "key": "{private_key}", "audience": "https://acme.com", "gives": "assertion"}


def with_grant(root: Path, **grant: Any) -> Vendor:
    form = {"auth": "none", "form": {"assertion": "{assertion}"}} if grant else {}
    return the_vendor(
        root,
        {"oauth.token": {**TOKEN, **form}, "users.get": an_operation()},
        secrets=SECRETS,
        auth={"bearer": "{access_token}"},
        oauth2={"grant": "client_credentials", "token": "oauth.token", "gives": "access_token", **grant},
    )


def test_an_access_token_is_not_needed_but_what_it_is_had_with(tmp_path: Path):
    """The token operation's credential."""
    acme = with_grant(tmp_path)
    user = acme.operations["users.get"].cases[0]

    assert why(readiness.of(acme, READY), user) == ["ACME_CLIENT_SECRET is not set"]
    assert why(readiness.of(acme, without(ACME_CLIENT_SECRET="s3cr3t")), user) == []


def test_a_token_that_is_given_by_hand_does_as_well(tmp_path: Path):
    """For as long as it lives."""
    acme = with_grant(tmp_path)

    assert why(readiness.of(acme, without(ACME_ACCESS_TOKEN="t0ken")), acme.operations["users.get"].cases[0]) == []


def test_a_service_account_needs_its_key_which_has_lines(tmp_path: Path):
    """No other secret may have any."""
    acme = with_grant(tmp_path, grant="jwt_bearer", assertion=SIGNED)
    user = acme.operations["users.get"].cases[0]
    blocked = readiness.of(acme, READY)
    pem = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n"

    assert commands(blocked, user) == ['export ACME_PRIVATE_KEY="$(cat KEY.pem)"']
    assert why(readiness.of(acme, without(ACME_PRIVATE_KEY=pem)), user) == []
    assert why(readiness.of(acme, without(ACME_PRIVATE_KEY="a\x07")), user) != []


# --- for evidence -----------------------------------------------------------------------------------------------------


def test_the_snapshot_names_what_is_there_and_shows_no_value(tmp_path: Path):
    """As run.vendors of the evidence has it."""
    probe = an_operation(
        probe={"every": "60s"},
        cases={"ok": {"status": 200, "pending": {"reason": "not yet", "ticket": "A-1", "until": "2026-12-15"}}},
    )
    acme = the_vendor(tmp_path, {"users.get": probe}, owner="integrations", runbook="https://wiki.acme.com/run")

    told = readiness.snapshot(acme, without("ACME_SANDBOX_URL"))

    assert told == {
        "title": "Acme",
        "owner": "integrations",
        "docs": None,
        "runbook": "https://wiki.acme.com/run",
        "api_version": None,
        "api_version_ends": None,
        "max_age_days": 365,
        "cases": 1,
        "probes": 1,
        "flag": {"env": "ACME_LIVE", "on": True},
        "credentials": [{"env": "ACME_API_KEY", "name": "api_key", "present": True}],
        "environments": {"sandbox": False, "production": True},
        "indicators": [],
        "pending": [{"case": "acme/users.get:ok", "reason": "not yet", "ticket": "A-1", "until": "2026-12-15"}],
        "blocks": "ACME_SANDBOX_URL is not set",
        "unblock": "read -r ACME_SANDBOX_URL && export ACME_SANDBOX_URL",
    }


def test_the_snapshot_of_a_vendor_that_is_ready_blocks_nothing(tmp_path: Path):
    """A token that is filled in is no credential to be set, and without a sandbox production counts."""
    acme = with_grant(tmp_path, grant="jwt_bearer", assertion=SIGNED)
    told = readiness.snapshot(acme, without(ACME_PRIVATE_KEY="k3y"))
    alone = readiness.snapshot(the_vendor(tmp_path / "alone", environments={"production": PRODUCTION_URL}), READY)

    assert (told["blocks"], told["unblock"]) == (None, None)
    assert [(each["name"], each["present"]) for each in told["credentials"]] == [
        ("client_secret", False),
        ("private_key", True),
    ]
    assert (alone["blocks"], alone["environments"]) == (None, {"production": True})


def test_every_vendor_of_this_repository_says_what_it_needs():
    """From an empty environment: no crash, and each reason that can be mended by a command has one."""
    suite = loading.load(Path(__file__).resolve().parent.parent)
    told = {name: readiness.snapshot(vendor, {}) for name, vendor in suite.vendors.items()}

    assert {name for name, each in told.items() if each["blocks"] is None} == set()
    assert {name for name, each in told.items() if each["unblock"] is None} == set()


def a_jwt(claims: bytes) -> str:
    return ".".join(
        urlsafe_b64encode(part).rstrip(b"=").decode() for part in (b'{"alg":"HS256"}', claims, b"signature")
    )


def test_a_credential_that_says_when_it_ends_is_believed(tmp_path: Path):
    """A JWT does; its day is kept, and nothing else of it."""
    token = a_jwt(b'{"role":"anon","exp":1798761600}')

    told = readiness.snapshot(the_vendor(tmp_path), {**READY, "ACME_API_KEY": token})

    assert told["credentials"] == [{"env": "ACME_API_KEY", "name": "api_key", "present": True, "ends": "2027-01-01"}]
    assert token.split(".")[1] not in str(told)


@pytest.mark.parametrize(
    "value", ["eyJ..", "eyJ.%%%.x", a_jwt(b"[]"), a_jwt(b'{"exp":"soon"}'), a_jwt(b'{"exp":1e300}'), a_jwt(b"[" * 9999)]
)
def test_what_only_looks_as_if_it_said_so_ends_on_no_known_day(tmp_path: Path, value: str):
    """Unknown is nothing, not an error."""
    told = readiness.snapshot(the_vendor(tmp_path), {**READY, "ACME_API_KEY": value})

    assert "ends" not in told["credentials"][0]


def test_what_is_generated_waits_for_no_variable(tmp_path: Path):
    """An idempotency key: its example stands in until a case is asked, then it is a new one."""
    variables = {"user_id": {"env": "ACME_USER_ID", "example": 7}, "key": {"generate": "uuid", "example": "an-example"}}
    ready = readiness.of(the_vendor(tmp_path, variables=variables), READY)

    assert why(ready) == []
    assert (ready.values.of["key"], ready.values.generated) == ("an-example", frozenset({"key"}))
    assert ready.values.anew().for_request("acme/users.get:ok").of["key"] != "an-example"
