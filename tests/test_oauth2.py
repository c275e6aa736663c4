"""Access tokens over real sockets: asked for once, kept for their lifetime, renewed once on 401."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from contract_files import a_vendor, write
from loopback import Answer, OverTheWire, Seen, Server, serve
from provendor.clock import VirtualClock
from provendor.contract import Case, Vendor
from provendor.errors import TokenRefused
from provendor.exchange import Exchange
from provendor.reader import loading
from provendor.requests import Values
from provendor.wire.oauth2 import Tokens, ask_with_token

pytestmark = pytest.mark.loopback

SECRETS = {
    "client_id": {"env": "ACME_CLIENT_ID"},
    "client_secret": {"env": "ACME_CLIENT_SECRET"},
    "access_token": {"env": "ACME_ACCESS_TOKEN"},
    "assertion": {"env": "ACME_ASSERTION"},
    "private_key": {"env": "ACME_PRIVATE_KEY"},
}
OAUTH2 = {"grant": "client_credentials", "token": "oauth.token", "gives": "access_token"}
TOKEN_CALL = {
    "summary": "An access token.",
    "request": "POST /oauth/token",
    "auth": {"basic": {"username": "{client_id}", "password": "{client_secret}"}},
    "form": {"grant_type": "client_credentials"},
    "safety": "read",
    "cases": {"ok": {"status": 200}},
}
USER = {
    "summary": "Me.",
    "request": "GET /me",
    "cases": {"ok": {"status": 200}, "denied": {"with": {"auth": "wrong"}, "status": 401, "error": "unauthorized"}},
}


def a_suite(
    folder: Path,
    oauth2: dict[str, Any] = OAUTH2,
    token_call: dict[str, Any] = TOKEN_CALL,
    secrets: dict[str, Any] = SECRETS,
) -> Vendor:
    vendor = a_vendor(
        secrets=secrets,
        auth={"bearer": "{access_token}"},
        oauth2=oauth2,
        errors=[
            {"status": 401, "code": "unauthorized", "retryable": False},
            {"status": 200, "json": {"$.error": "invalid_code"}, "code": "refresh-token-dead", "retryable": False},
            {"status": 503, "code": "down", "retryable": True},
        ],
    )
    operations = {"oauth.token": token_call, "me.get": USER}
    write(folder, {"acme/vendor.yaml": vendor, "acme/users.yaml": {"operations": operations}})
    return loading.load(folder).vendors["acme"]


class Desk:
    """A vendor's token endpoint and one resource; tokens are `token-1`, `token-2`, ..."""

    def __init__(self, **answer: Any) -> None:
        self.issued = 0
        self.accepts: Callable[[str], bool] = lambda token: token == f"token-{self.issued}"
        self.answer = {"token_type": "Bearer", "expires_in": 3600, **answer}

    def respond(self, seen: Seen) -> Answer:
        if seen.path == "/oauth/token":
            self.issued += 1
            return as_json(200, {"access_token": f"token-{self.issued}", **self.answer})
        token = seen.headers.get("authorization", "").removeprefix("Bearer ")
        return as_json(200, {"id": 7}) if self.accepts(token) else as_json(401, {"error": "expired"})


def as_json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/json"})


def tokens_for(vendor: Vendor, server: Server, now: Callable[[], float] = lambda: 0.0, **secrets: str) -> Tokens:
    known = {"base_url": server.url, "client_id": "me", "client_secret": "not-a-secret", **secrets}
    return Tokens(vendor, Values(known, frozenset(SECRETS)), OverTheWire(), now)


async def asked(vendor: Vendor, tokens: Tokens, case: str = "ok") -> Exchange:
    return (await ask_with_token(the_case(vendor, case), tokens, OverTheWire(), VirtualClock())).exchange


def the_case(vendor: Vendor, name: str) -> Case:
    return next(case for case in vendor.operations["me.get"].cases if case.name == name)


def paths(server: Server) -> list[str]:
    return [seen.path for seen in server.seen]


def test_a_token_is_asked_for_once_and_used_for_every_call(tmp_path: Path) -> None:
    """Also where many calls wait for it at the same time."""
    vendor, desk = a_suite(tmp_path), Desk()

    async def many(tokens: Tokens) -> list[Exchange]:
        return await asyncio.gather(*(asked(vendor, tokens) for _ in range(5)))

    with serve(desk.respond) as server:
        answers = asyncio.run(many(tokens_for(vendor, server)))

    assert [answer.status for answer in answers] == [200] * 5
    assert paths(server) == ["/oauth/token", *["/me"] * 5]
    assert server.seen[0].headers["authorization"].startswith("Basic ")


def test_a_token_is_renewed_a_minute_before_it_ends(tmp_path: Path) -> None:
    """Lifetimes are the vendor's; no call starts with a token that dies on the way."""
    vendor, desk, now = a_suite(tmp_path), Desk(expires_in=100), [0.0]

    async def over_time(tokens: Tokens) -> None:
        for moment in (0.0, 39.0, 41.0):
            now[0] = moment
            await asked(vendor, tokens)

    with serve(desk.respond) as server:
        asyncio.run(over_time(tokens_for(vendor, server, lambda: now[0])))

    assert paths(server) == ["/oauth/token", "/me", "/me", "/oauth/token", "/me"]


def test_a_token_that_ended_early_is_replaced_once(tmp_path: Path) -> None:
    """A 401 brings one new token and one more try, not more."""
    vendor, desk = a_suite(tmp_path), Desk()
    desk.accepts = lambda token: token == "token-2"

    with serve(desk.respond) as server:
        answer = asyncio.run(asked(vendor, tokens_for(vendor, server)))
    assert (answer.status, paths(server)) == (200, ["/oauth/token", "/me", "/oauth/token", "/me"])

    desk.accepts = lambda _: False
    with serve(desk.respond) as server:
        assert asyncio.run(asked(vendor, tokens_for(vendor, server))).status == 401
    assert paths(server) == ["/oauth/token", "/me", "/oauth/token", "/me"]


def test_a_case_that_means_its_401_is_asked_once(tmp_path: Path) -> None:
    """`auth: wrong` is no reason for a new token."""
    vendor, desk = a_suite(tmp_path), Desk()

    with serve(desk.respond) as server:
        assert asyncio.run(asked(vendor, tokens_for(vendor, server), "denied")).status == 401

    assert paths(server) == ["/oauth/token", "/me"]
    assert server.seen[1].headers["authorization"] == "Bearer wrong"


@pytest.mark.parametrize(
    ("answer", "reason", "retryable"),
    [
        (as_json(200, {"error": "invalid_code"}), "refresh-token-dead", False),
        (as_json(200, {"error": "invalid_client"}), "invalid_client", False),
        (as_json(400, {"error": "invalid_grant", "error_description": "expired"}), "invalid_grant", False),
        (as_json(401, {}), "unauthorized", False),
        (as_json(503, {}), "down", True),
        (as_json(200, {"id_token": "x", "token_type": "Bearer"}), "missing_token", False),
        (as_json(200, []), "unreadable", True),
        (Answer(200, b"<html>", {"content-type": "text/html"}), "missing_token", False),
        (Answer(200, b"", {}), "missing_token", False),
    ],
)
def test_a_refused_token_has_a_reason_and_shows_no_secret(
    tmp_path: Path, answer: Answer, reason: str, retryable: bool
) -> None:
    """An error inside a 200 is one as well."""
    vendor = a_suite(tmp_path)

    with serve(lambda _: answer) as server, pytest.raises(TokenRefused) as refused:
        asyncio.run(asked(vendor, tokens_for(vendor, server)))

    assert (refused.value.reason, refused.value.retryable) == (reason, retryable)
    assert "not-a-secret" not in str(refused.value)


def test_a_refresh_token_that_serves_once_is_replaced_by_the_next(tmp_path: Path) -> None:
    """The new one is kept in memory and sent at the next renewal."""
    call = {
        **TOKEN_CALL,
        "auth": "none",
        "form": {"grant_type": "refresh_token", "refresh_token": "{refresh_token}"},
    }
    secrets = {**SECRETS, "refresh_token": {"env": "ACME_REFRESH_TOKEN"}}
    vendor = a_suite(tmp_path, {**OAUTH2, "grant": "refresh_token"}, call, secrets)
    desk = Desk(expires_in=100)
    desk.answer["refresh_token"] = "second"
    now = [0.0]

    async def over_time(tokens: Tokens) -> None:
        for moment in (0.0, 50.0):
            now[0] = moment
            await asked(vendor, tokens)

    with serve(desk.respond) as server:
        asyncio.run(over_time(tokens_for(vendor, server, lambda: now[0], refresh_token="first")))

    sent = [parse_qs(seen.body.decode())["refresh_token"] for seen in server.seen if seen.path == "/oauth/token"]
    assert sent == [["first"], ["second"]]


JWT_GRANT = {
    "grant": "jwt_bearer",
    "token": "oauth.token",
    "gives": "access_token",
    "assertion": {
        "issuer": "robot@example.com",
        "key": "{private_key}",
        "key_id": "key-1",
        "audience": "https://oauth.example.com/token",
        "scope": "read write",
        "gives": "assertion",
    },
}
JWT_CALL = {
    **TOKEN_CALL,
    "auth": "none",
    "form": {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "{assertion}"},
}


def test_a_service_account_signs_its_assertion(tmp_path: Path) -> None:
    """RS256, the audience as given, an hour of life; the key may come with its line breaks escaped."""
    vendor, desk = a_suite(tmp_path, JWT_GRANT, JWT_CALL), Desk()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

    with serve(desk.respond) as server:
        tokens = tokens_for(vendor, server, lambda: 4_000_000_000.0, private_key=pem.replace("\n", "\\n"))
        assert asyncio.run(asked(vendor, tokens)).status == 200

    sent = parse_qs(server.seen[0].body.decode())["assertion"][0]
    claims = jwt.decode(
        sent, key.public_key(), ["RS256"], audience="https://oauth.example.com/token", options={"verify_iat": False}
    )
    assert jwt.get_unverified_header(sent)["kid"] == "key-1"
    assert (claims["iss"], claims["scope"], claims["exp"] - claims["iat"]) == ("robot@example.com", "read write", 3600)


def test_a_key_that_is_none_is_refused_without_being_shown(tmp_path: Path) -> None:
    """The text of the trouble holds no part of the key."""
    vendor = a_suite(tmp_path, JWT_GRANT, JWT_CALL)

    with serve(Desk().respond) as server, pytest.raises(TokenRefused) as refused:
        asyncio.run(asked(vendor, tokens_for(vendor, server, private_key="not-a-key")))

    assert refused.value.reason == "bad-key"
    assert "not-a-key" not in str(refused.value)
    assert refused.value.__cause__ is None
