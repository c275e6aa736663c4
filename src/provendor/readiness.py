"""Whether a vendor can be asked live, by contract and environment; and if not, why not and what to type.

    ready = of(vendor, os.environ, "sandbox")
    ready.blocks(case)       # (Block("CHATWOOT_LIVE is not set", "export CHATWOOT_LIVE=1"), ...), empty where it can be asked
    ready.values             # what fills its requests; secrets by value, so this never leaves the process

A case needs what its own requests name: one that asks for a profile does not wait for the number of a conversation. No
reason names a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from provendor.contract import Case, Cleanup, Flow, Oauth2, Variable, Vendor
from provendor.redaction import credentials
from provendor.requests import REFERENCE, Scalar, Values, needs, references

TRUTHY: Final = frozenset({"1", "true", "on", "yes"})
SANDBOX: Final = "sandbox"
PRODUCTION: Final = "production"
_URL: Final = "base_url"
_LOOPBACK: Final = r"localhost|127(\.[0-9]{1,3}){3}|::1"
_NOWHERE: Final = r"(.*\.)?example(\.com|\.net|\.org)?"  # reserved for examples, RFC 2606


class Block(NamedTuple):
    """One thing that stands in the way: why, and the command that takes it away. `env` is the variable it is about.

    `kind` tells the ways apart: `flag`, `missing`, `empty`, `control`, `example`, `type`, `url`, `environment`.
    """

    kind: str
    why: str
    unblock: str | None
    env: str | None = None


class Readiness(NamedTuple):
    """How one vendor stands in one environment. `values` are those that can be used; `unfit` says why the others cannot."""

    vendor: Vendor
    environment: str
    values: Values
    always: tuple[Block, ...]
    unfit: Mapping[str, Block]

    def blocks(self, case: Case) -> tuple[Block, ...]:
        """Return what keeps this case from being asked live, in the order in which to mend it."""
        return self._lacking(needed(case, self) & self.unfit.keys() if self.unfit else ())

    def _lacking(self, names: Collection[str]) -> tuple[Block, ...]:
        return tuple(dict.fromkeys((*self.always, *(self.unfit[name] for name in _in_order(names, self.vendor)))))

    def blocked(self) -> Block | None:
        """Return what keeps every live case from being asked; None where one of them could be."""
        if self.always:
            return self.always[0]
        if not self.unfit:
            return None
        # Hundreds of cases lack the same few values.
        lacking = dict.fromkeys(
            frozenset(needed(case, self) & self.unfit.keys()) for case in self.vendor.cases if case.live
        )
        fewest = min((self._lacking(names) for names in lacking), key=len, default=())
        return fewest[0] if fewest else None

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets in use, by name: what must be shown nowhere."""
        return {name: str(self.values.of[name]) for name in sorted(self.values.secrets)}


def of(vendor: Vendor, env: Mapping[str, str], environment: str = SANDBOX) -> Readiness:
    """Return how a vendor stands; `env` holds the environment variables."""
    values: dict[str, Scalar] = {}
    unfit: dict[str, Block] = {}
    there = vendor.environments.get(environment)
    near = environment == SANDBOX or (there is not None and there.private)
    origins = _origins(vendor)
    keys = set(references((vendor.oauth2.assertion or {}).get("key", ""))) if vendor.oauth2 else set()
    for name, variable in vendor.variables.items():
        found = _found(variable, env, lines=name in keys)
        if name in origins and not isinstance(found, Block):
            found = _address(variable, str(found), env, near)
        _sort_in(name, found, values, unfit)
    always = [_flag(vendor.live_flag, env)] if vendor.live_flag else []
    if there is not None:
        found = _found(there.base_url, env)
        _sort_in(
            _URL,
            found if isinstance(found, Block) else _address(there.base_url, str(found), env, near),
            values,
            unfit,
        )
    else:
        unfit[_URL] = _nowhere(vendor, environment)
        always += [unfit[_URL]] if vendor.environments else []
    known = [variable for name, variable in vendor.variables.items() if name in values]
    secrets = frozenset(variable.name for variable in known if variable.secret)
    generated = frozenset(variable.name for variable in known if variable.generated)
    filled = Values(values, secrets, generated)
    return Readiness(vendor, environment, filled, tuple(block for block in always if block), unfit)


def _sort_in(name: str, found: Scalar | Block, values: dict[str, Scalar], unfit: dict[str, Block]) -> None:
    if isinstance(found, Block):
        unfit[name] = found
    else:
        values[name] = found


# --- what a case needs ------------------------------------------------------------------------------------------------


def needed(case: Case, ready: Readiness) -> set[str]:
    """Return the names of the values that a case cannot be asked without; an access token needs what it is had with."""
    names = _named(case)
    operation = ready.vendor.operations.get(case.operation)
    if operation is not None and operation.cleanup is not None:
        names |= _named_by(operation.cleanup)
    grant = grant_of(case, ready)
    return names if grant is None else names - filled_by(grant) | granting(ready.vendor, grant)


def _named(case: Case) -> set[str]:
    """Return the names of the values in what a case asks, without those that it captures on its way."""
    if not isinstance(case.plan, Flow):
        return set(needs(case.template))
    names: set[str] = set()
    captured: set[str] = set()
    for step in case.plan.steps:
        names |= needs(step.case.template) - captured
        names |= _named_by(step.cleanup) if step.cleanup else set()
        captured |= {capture.name for capture in step.captures}
    return names


def _named_by(cleanup: Cleanup) -> set[str]:
    return set(needs(cleanup.case.template)) - {capture.name for capture in cleanup.captures}


def grant_of(case: Case, ready: Readiness) -> Oauth2 | None:
    """Return how the case gets its access token; None where it needs none, or only one that is given by hand will do."""
    grant = ready.vendor.oauth2
    if grant is None:
        return None
    wanted = _named(case) & filled_by(grant)
    return grant if wanted and not _by_hand(wanted, grant, ready) else None


def _by_hand(wanted: set[str], grant: Oauth2, ready: Readiness) -> bool:
    """Tell whether a token that the environment holds is used: where none can be had, or where having one changes something.

    Where nothing may be changed, there is no other way.
    """
    changes = ready.vendor.operations[grant.token].safety == "write"
    if changes and ready.environment == PRODUCTION:
        return True
    there = ready.values.of.keys()
    return wanted <= there and (changes or not granting(ready.vendor, grant) <= there)


def filled_by(grant: Oauth2) -> set[str]:
    """Return the names of the secrets that a grant fills, so that the environment need not hold them."""
    return {grant.gives} | ({grant.assertion["gives"]} if grant.assertion else set())


def granting(vendor: Vendor, grant: Oauth2) -> set[str]:
    """Return the names of the values with which an access token is had."""
    signed = {name for text in (grant.assertion or {}).values() for name in references(text)}
    return set(needs(vendor.operations[grant.token].template)) - filled_by(grant) | signed


def _in_order(names: Collection[str], vendor: Vendor) -> list[str]:
    """Return names with the base URL first, then secrets, then variables, each in the contract's order."""
    if not names:
        return []
    place = {name: (not variable.secret, index) for index, (name, variable) in enumerate(vendor.variables.items())}
    return sorted(names, key=lambda name: place.get(name, (False, -1)))


def _origins(vendor: Vendor) -> set[str]:
    """Return the names of the variables that stand for the beginning of a URL."""
    firsts = (REFERENCE.match(operation.template.target) for operation in vendor.operations.values())
    return {first["name"] for first in firsts if first and first["name"] and first["name"] != _URL}


# --- what the environment holds ---------------------------------------------------------------------------------------


def is_on(flag: str, env: Mapping[str, str]) -> bool:
    """Tell whether a flag is set to 1, true, on or yes."""
    return env.get(flag, "").strip().lower() in TRUTHY


def _flag(flag: str, env: Mapping[str, str]) -> Block | None:
    if is_on(flag, env):
        return None
    why = f"{flag} is set, but not to 1, true, on or yes" if env.get(flag, "").strip() else f"{flag} is not set"
    return Block("flag", why, f"export {flag}=1", flag)


def _found(variable: Variable, env: Mapping[str, str], *, lines: bool = False) -> Scalar | Block:
    """Return a variable's live value with the type of its example, or why there is none.

    `lines` allows line breaks, as private keys have them.
    """
    if variable.generated:
        return variable.example  # stands in until a case is asked
    if variable.env is None:
        return variable.example if variable.default is None else _typed(variable, variable.default)
    text = env.get(variable.env)
    if text is None:
        known = variable.default
        return _unset(variable, "missing", "is not set", lines) if known is None else _typed(variable, known)
    if not text.strip():
        return _unset(variable, "empty", "is empty", lines)
    if not (text.replace("\r\n", "").replace("\n", "") if lines else text).isprintable():
        return _unset(variable, "control", "holds a control character, such as a line break at its end", lines)
    if variable.secret and (text == variable.example or re.fullmatch(credentials.PLACEHOLDER, text)):
        return _unset(variable, "example", "still holds the example", lines)
    return _typed(variable, text)


def _typed(variable: Variable, text: str) -> Scalar | Block:
    kind = type(variable.example)
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.strip().lower()]
        return kind(text)
    except (ValueError, KeyError):
        wanted = {bool: "true or false", int: "a whole number"}.get(kind, "a number")
        return _unset(variable, "type", f"is not {wanted}", lines=False)


def _unset(variable: Variable, kind: str, why: str, lines: bool) -> Block:
    env = variable.env
    if env is None:
        return Block(kind, f"{variable.name} {why}", None)
    if lines:
        return Block(kind, f"{env} {why}", f'export {env}="$(cat KEY.pem)"', env)
    # Read without an echo and without a place in the shell's history.
    return Block(kind, f"{env} {why}", f"read -r{'s' if variable.secret else ''} {env} && export {env}", env)


def _address(variable: Variable, url: str, env: Mapping[str, str], near: bool) -> str | Block:
    """Return where a vendor stands, or why nobody should ask there: no URL, not encrypted, an address of examples.

    One that is `near` may stand on this machine, where nobody listens on the way.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.query or parts.fragment:
        return _unset(variable, "url", "is no URL such as https://api.example.com", lines=False)
    if re.fullmatch(_NOWHERE, host):
        if variable.env is not None and variable.env not in env:  # so it is the default that is an example
            return _unset(variable, "missing", "is not set", lines=False)
        return _unset(variable, "example", "still holds the example", lines=False)
    on_this_machine = near and re.fullmatch(_LOOPBACK, host)
    if parts.scheme == "http" and not on_this_machine:
        return _unset(variable, "url", "does not start with https://", lines=False)
    return url


def _nowhere(vendor: Vendor, environment: str) -> Block:
    reading = f"provendor prove --live --environment {PRODUCTION} {vendor.name}"
    other = environment == SANDBOX and PRODUCTION in vendor.environments
    return Block("environment", f"the contract names no {environment}", reading if other else None)


# --- for evidence -----------------------------------------------------------------------------------------------------


def snapshot(vendor: Vendor, env: Mapping[str, str]) -> dict[str, Any]:
    """Return what is known of a vendor besides results, as plain values that evidence keeps: names, never values."""
    stands = {name: of(vendor, env, name) for name in (SANDBOX, PRODUCTION)}
    block = stands[SANDBOX if SANDBOX in vendor.environments or not vendor.environments else PRODUCTION].blocked()
    return {
        "title": vendor.title,
        "owner": vendor.owner or None,
        "docs": vendor.docs or None,
        "runbook": vendor.runbook or None,
        "api_version": vendor.api_version,
        "api_version_ends": vendor.api_version_ends.isoformat() if vendor.api_version_ends else None,
        "max_age_days": vendor.max_age_days,
        "cases": len(vendor.cases),
        "probes": sum(operation.probe is not None for operation in vendor.operations.values()),
        "flag": {"env": vendor.live_flag, "on": is_on(vendor.live_flag, env)} if vendor.live_flag else None,
        "credentials": list(_credentials(vendor, stands[PRODUCTION])),
        "environments": {name: _URL in stands[name].values.of for name in vendor.environments if name in stands},
        "pending": [
            {
                "case": case.id,
                "reason": case.pending.reason,
                "ticket": case.pending.ticket,
                "until": case.pending.until.isoformat(),
            }
            for case in vendor.cases
            if case.pending
        ],
        "indicators": [
            {"name": each.name, "title": each.title, "ok": each.ok, "warn": each.warn}
            for each in vendor.indicators.values()
        ],
        "blocks": block.why if block else None,
        "unblock": block.unblock if block else None,
    }


def _credentials(vendor: Vendor, ready: Readiness) -> Iterator[dict[str, Any]]:
    grant = vendor.oauth2
    fetched = filled_by(grant) if grant and vendor.operations[grant.token].safety == "read" else set[str]()
    for name, variable in vendor.variables.items():
        if variable.secret and name not in fetched:
            value = ready.values.of.get(name)
            ends = _ends(str(value))
            known = {"env": variable.env, "name": name, "present": value is not None}
            yield {**known, "ends": ends} if ends else known


def _ends(value: str) -> str | None:
    """Return the day on which a JWT ends by its own word, as an ISO date; None for any other credential."""
    if not value.startswith("eyJ") or value.count(".") != 2:
        return None
    import json  # noqa: PLC0415 - few credentials are a JWT
    from base64 import urlsafe_b64decode  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415

    claims = value.split(".")[1]
    try:
        end = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
        return datetime.fromtimestamp(end, UTC).date().isoformat()
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        return None
