"""What this business relies on at Fly beyond what a schema can say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import BodyNotJson, Exchange, Source
from provendor.verdict import Finding, Outcome, Skip

MADE_UP = "bg_deployments_compat"
GONE = ("destroying", "destroyed", "replaced", "migrated")
ASKED = re.compile(r"/machines/([^/?]+)")
NO_SERVICE = re.compile(r"^fly_app_(release_command|console)$")


@check("fly/machines.list")
def every_machine_in_service_is_healthy(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """A machine serves when it is started, on a host that answers, not cordoned, and checked by somebody with success."""
    if exchange.recording is not None:
        raise Skip("a recording says nothing about present health")
    for index, machine in enumerate(_machines(exchange)):
        if isinstance(machine, dict) and _is_in_service(machine) and (trouble := _trouble(machine)):
            yield Finding("business", "a healthy machine", trouble, f"/{index}", level=Outcome.WARN)


@check("fly/machines.get", "fly/machines.health", "fly/machines.update")
def the_machine_is_the_one_asked_for(exchange: Exchange, expect: Expect) -> None:
    """What comes back is the machine in the path, also after an update: health of another one says nothing."""
    if exchange.status >= 300:
        raise Skip("the answer is a refusal")
    machine = _json(exchange)
    if not isinstance(machine, dict):
        raise Skip("the answer is no machine")
    if exchange.source is Source.RECORDED and exchange.recording is None:
        raise Skip("the request that led to this answer is not known")
    asked = ASKED.search(exchange.request.url)
    if asked is None:
        raise Skip("the request names no machine")
    assert machine.get("id") == asked[1], f"asked for {asked[1]}, is {machine.get('id')}"


@check("fly/secrets.*")
def no_value_of_a_secret_comes_along(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Secrets are listed by name: whoever sends show_secrets puts their values into every log on the way."""
    if exchange.status >= 300:
        raise Skip("the answer is a refusal")
    for at, secret in _secrets(_json(exchange)):
        if secret.get("value") not in (None, ""):
            yield Finding("business", "a name without its value", "a value", f"{at}/value")


def _machines(exchange: Exchange) -> list[Any]:
    """Return the list that a success answers; anything else is judged by other checks."""
    if exchange.status >= 300:
        raise Skip("the answer is a refusal")
    body = _json(exchange)
    if not isinstance(body, list):
        raise Skip("the answer is no list")
    return body


def _is_in_service(machine: dict[str, Any]) -> bool:
    config = machine.get("config")
    metadata = config.get("metadata") if isinstance(config, dict) else None
    group = metadata.get("fly_process_group") if isinstance(metadata, dict) else None
    return machine.get("state") not in GONE and not NO_SERVICE.match(str(group))


def _trouble(machine: dict[str, Any]) -> str | None:
    """Return why a machine is not known to be healthy; no checks are no health."""
    if machine.get("host_status", "ok") != "ok":
        return f"its host is {machine['host_status']}"
    if machine.get("state") != "started":
        return f"it is {machine.get('state')}"
    if machine.get("cordoned"):
        return "it is cordoned"
    checks = [each for each in _checks(machine) if not str(each.get("name")).startswith(MADE_UP)]
    failing = [f"{each.get('name')} is {each.get('status')}" for each in checks if each.get("status") != "passing"]
    return ", ".join(failing) or (None if checks else "nobody checks it")


def _checks(machine: dict[str, Any]) -> list[dict[str, Any]]:
    checks = machine.get("checks")
    return [each for each in checks if isinstance(each, dict)] if isinstance(checks, list) else []


def _secrets(body: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the JSON pointer and the entry of every secret, by whichever of the two ways it came."""
    app = body.get("data", {}).get("app") if isinstance(body, dict) and isinstance(body.get("data"), dict) else None
    for root, holder in (("", body), ("/data/app", app)):
        listed = holder.get("secrets") if isinstance(holder, dict) else None
        for index, secret in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(secret, dict):
                yield f"{root}/secrets/{index}", secret


def _json(exchange: Exchange) -> Any:
    try:
        return exchange.json
    except BodyNotJson:
        raise Skip("the answer is no JSON") from None
