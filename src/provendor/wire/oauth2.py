"""Access tokens for live calls: obtained by a case of the contract, kept in memory for their lifetime, renewed once on 401.

    tokens = Tokens(vendor, values, transport, wall=time.time)
    asked = await ask_with_token(case, tokens, transport, clock)

The token request is an operation like any other, so it has cases, an error table and cassettes of its own. What this
module adds is when to send it, and, for service accounts, the signed assertion that it carries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from provendor.classify import classify
from provendor.clock import Clock
from provendor.contract import Case, Flow, Oauth2, Vendor
from provendor.errors import TokenRefused
from provendor.exchange import Exchange
from provendor.plans.asking import Asked, ask
from provendor.requests import Values, build
from provendor.transport import Transport

EARLY_S = 60.0
"""A token is renewed this many seconds before it ends, so that no call is under way with a token that dies."""

ASSERTION_LIFE_S = 3600

REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a name
"""The secret of this name is replaced, in memory, by the refresh token that a token answer brings."""


class Tokens:
    """One vendor's access token. `wall` returns seconds since the epoch; nothing is ever written to disk.

    However many calls wait for a token, the token endpoint is asked once.
    """

    def __init__(self, vendor: Vendor, values: Values, transport: Transport, wall: Callable[[], float]) -> None:
        if vendor.oauth2 is None:
            raise ValueError(f"{vendor.name} declares no oauth2")
        self._grant: Oauth2 = vendor.oauth2
        self._case = _token_case(vendor, vendor.oauth2)
        self._given = values
        self._transport = transport
        self._wall = wall
        self._fresh: Values | None = None
        self._ends_at: float | None = None
        self._turn = asyncio.Lock()

    async def values(self) -> Values:
        """Return the vendor's values with a living access token among them; raises TokenRefused."""
        async with self._turn:
            if self._fresh is None or self._is_ending():
                await self._renew()
            assert self._fresh is not None  # noqa: S101 - renewed, or raised
            return self._fresh

    def asking(self) -> Values:
        """Return the values with which a token is asked for: those given, and a newly signed assertion."""
        return self._with_assertion(self._given)

    def forget(self, used: Values) -> None:
        """Drop the token that these values hold, because the vendor refused it; another one in the meantime stays."""
        if self._fresh is used:
            self._fresh = None

    def _is_ending(self) -> bool:
        return self._ends_at is not None and self._wall() >= self._ends_at - EARLY_S

    async def _renew(self) -> None:
        self._fresh = None
        asking = self.asking()
        exchange = await self._transport.send(build(self._case, asking))
        answer = _parsed(self._case, exchange)
        known = {**self._given.of, self._grant.gives: str(answer["access_token"])}
        secrets = self._given.secrets | {self._grant.gives}
        if self._given.of.get(REFRESH_TOKEN) and answer.get("refresh_token"):
            # Some vendors let a refresh token serve once and answer the next one.
            self._given = self._given._replace(of={**self._given.of, REFRESH_TOKEN: str(answer["refresh_token"])})
            known[REFRESH_TOKEN] = self._given.of[REFRESH_TOKEN]
        self._ends_at = self._wall() + float(answer["expires_in"]) if answer.get("expires_in") else None
        self._fresh = self._given._replace(of=known, secrets=secrets)

    def _with_assertion(self, values: Values) -> Values:
        wanted = self._grant.assertion
        if wanted is None:
            return values
        signed = _assertion(wanted, values, int(self._wall()))
        return values._replace(of={**values.of, wanted["gives"]: signed}, secrets=values.secrets | {wanted["gives"]})


async def ask_with_token(case: Case, tokens: Tokens, transport: Transport, clock: Clock) -> Asked:
    """Ask with a living token; a 401 is asked once more with a new one, since tokens can end early.

    A case that sends a wrong credential, or none, means its 401. A flow that is on its way does not begin again.
    """
    held = await tokens.values()
    values = held.anew()
    asked = await ask(case, values, transport, clock)
    if asked.exchange.status != 401 or case.template.wrong_auth or not case.template.auth:
        return asked
    if isinstance(case.plan, Flow) and len(asked.steps) > 1:
        return asked
    tokens.forget(held)
    renewed = await tokens.values()
    return await ask(case, renewed._replace(seed=values.seed), transport, clock)


def _token_case(vendor: Vendor, grant: Oauth2) -> Case:
    operation = vendor.operations[grant.token]
    return next((case for case in operation.cases if case.name == "ok"), operation.cases[0])


def _parsed(case: Case, exchange: Exchange) -> Mapping[str, Any]:
    """Return the token answer as oauthlib reads it: an `error` inside a 200 counts as one."""
    from oauthlib.oauth2 import OAuth2Error  # noqa: PLC0415 - an extra that only live calls need
    from oauthlib.oauth2.rfc6749.parameters import parse_token_response  # noqa: PLC0415 - as above

    rule = classify(case.expect.errors, exchange)
    if rule is not None:
        raise TokenRefused(f"{case.id}: the token endpoint refuses: {rule.code}", rule.code, rule.retryable)
    try:
        answer: Mapping[str, Any] = parse_token_response(exchange.text)
    except OAuth2Error as reason:
        said = reason.error or type(reason).__name__
        raise TokenRefused(
            f"{case.id}: the token endpoint answers {exchange.status} with {said}", said, False
        ) from None
    except (ValueError, TypeError, AttributeError):
        raise TokenRefused(f"{case.id}: the token endpoint's answer cannot be read", "unreadable", True) from None
    if not answer.get("access_token"):
        raise TokenRefused(f"{case.id}: the token answer holds no access_token", "no-access-token", False)
    return answer


def _assertion(wanted: Mapping[str, str], values: Values, now: int) -> str:
    """Return the JWT that a service account signs with its private key (RFC 7523)."""
    import jwt  # noqa: PLC0415 - an extra that only service accounts need

    claims = {
        "iss": _filled(wanted["issuer"], values),
        "aud": wanted["audience"],
        "scope": wanted.get("scope", ""),
        "iat": now,
        "exp": now + ASSERTION_LIFE_S,
    }
    headers = {"kid": _filled(wanted["key_id"], values)} if "key_id" in wanted else None
    try:
        return jwt.encode(claims, _filled(wanted["key"], values), algorithm="RS256", headers=headers)
    except (ValueError, TypeError, jwt.PyJWTError):
        # The exception may hold the key.
        raise TokenRefused("the service account's private key cannot be read as PEM", "bad-key", False) from None


def _filled(text: str, values: Values) -> str:
    """Return what a template that is one reference stands for; any other text is itself."""
    if text.startswith("{") and text.endswith("}"):
        return str(values.of[text[1:-1]]).replace("\\n", "\n")
    return text
