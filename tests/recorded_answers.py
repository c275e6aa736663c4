"""Answers of a vendor's own cassettes, changed in one place and judged as `provendor validate` judges them."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from provendor import cassette, requests
from provendor.check import Check, load_checks
from provendor.contract import Vendor
from provendor.exchange import Headers
from provendor.reader import loading
from provendor.run import applies
from provendor.validate import judge_answer

ROOT = Path(__file__).parents[1]
GONE = object()


@dataclass(frozen=True)
class Recorded:
    """A vendor of the repository. A selector is `operation:case`; a place is dotted, `rows.0.keys`."""

    vendor: Vendor
    checks: tuple[Check, ...]

    def answer(self, selector: str) -> tuple[int, bytes]:
        """Return status and body of a case's cassette."""
        path = f"{self.vendor.name}/{selector.replace(':', '/')}.yaml"
        interaction = cassette.load(ROOT / "cassettes" / path, path).interactions[0]
        return interaction.status, interaction.body

    def accepted(self, operation: str, status: int, body: bytes, headers: Headers | None = None) -> list[str]:
        """Return the names of the cases that accept it, of an operation or a delivery, business checks included."""
        cases = {**self.vendor.operations, **self.vendor.deliveries}[operation].cases
        checks = {case.id: tuple(each for each in self.checks if applies(each, case)) for case in cases}
        values = {self.vendor.name: requests.examples(self.vendor)}
        judged = judge_answer(cases, status, headers, body, checks=checks, values=values)
        return [each.case.id.partition(":")[2] for each in judged.matched]

    def accepted_after(self, selector: str, change: dict[str, Any], status: int | None = None) -> list[str]:
        """Return who accepts the case's answer with other things at these places; GONE takes a thing away."""
        recorded, body = self.answer(selector)
        sent = json.dumps(changed(json.loads(body), change)).encode()
        return self.accepted(selector.partition(":")[0], status or recorded, sent)


@cache
def recorded(vendor: str) -> Recorded:
    """Read a vendor of the repository, once."""
    suite = loading.load(ROOT, [vendor])
    return Recorded(suite.vendors[vendor], load_checks(ROOT / "checks"))


def changed(value: Any, change: dict[str, Any]) -> Any:
    """Return a copy with other things at these dotted places."""
    value = copy.deepcopy(value)
    for place, new in change.items():
        *way, last = (int(step) if step.isdigit() else step for step in place.split("."))
        inner = value
        for step in way:
            inner = inner[step]
        if new is GONE:
            del inner[last]
        else:
            inner[last] = new
    return value


def renamed(value: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return a copy in which one member has another name."""
    return {new if name == old else name: inner for name, inner in value.items()}
