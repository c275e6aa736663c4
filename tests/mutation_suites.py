"""Small suites whose answers are broken, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract_files import a_vendor
from plan_suites import a_suite, adopted, answer
from provendor.check import Check
from provendor.mutants.mutate import Measure, Strength, Survivor
from provendor.mutants.mutation import named
from provendor.run import Replayer

USER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name", "status"],
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "name": {"type": "string", "minLength": 1},
        "status": {"enum": ["open", "closed"]},
    },
}
ADA: dict[str, Any] = {"id": 4, "name": "Ada", "status": "open"}
REFUSED = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string", "minLength": 1}}}


def users(root: Path, value: Any = ADA, body: Any = USER, **changes: Any) -> Replayer:
    """A suite with one operation, `users.get`, whose case `ok` has this schema and was answered with this value.

    `case` are further keys of the case, `cases` further cases with their answers as (keys, value, status), `vendor` other
    keys of vendor.yaml, `checks` business checks.
    """
    more: Mapping[str, tuple[dict[str, Any], Any, int]] = changes.get("cases", {})
    ok = {"status": 200, **({"body": body} if body is not None else {}), **changes.get("case", {})}
    cases = {"ok": ok, **{name: keys for name, (keys, _, _) in more.items()}}
    operation = {"summary": "A user.", "request": changes.get("request", "GET /users"), "cases": cases}
    text = json.dumps({"operations": {"users.get": operation}})
    replayer = a_suite(root, text, a_vendor(**changes.get("vendor", {})))
    adopted(replayer, "users.get:ok", [answer(value, 200, content_type="application/json")])
    for name, (_, other, status) in more.items():
        adopted(replayer, f"users.get:{name}", [answer(other, status, content_type="application/json")])
    checks: tuple[Check, ...] = tuple(changes.get("checks", ()))
    return Replayer(replayer.suite, checks, today=replayer.today)


def measured(replayer: Replayer, *operators: str, seed: int = 0) -> Strength:
    """Measure the one vendor of a suite, with some operators or all."""
    (vendor,) = replayer.suite.vendors.values()
    return Measure(replayer, named(operators), seed).vendor(vendor, vendor.cases)


def told(strength: Strength) -> set[tuple[str, str]]:
    """Return operator and place of every survivor."""
    return {(each.operator.name, each.first.at) for each in strength.survivors}


def survivor(strength: Strength, operator: str, at: str = "") -> Survivor:
    """Return one survivor."""
    (found,) = (each for each in strength.survivors if (each.operator.name, each.first.at) == (operator, at))
    return found
