"""What breaks next: everything in the evidence that ends on a day, soonest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from provendor.story import CaseTold, Expiry

SOON_DAYS = 14
"""What ends within so many days stands in the way of a plain GO."""

_DAY = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
_ANNOUNCED = {"sunset": "the vendor switches off what we use", "deprecated": "the vendor deprecates what we use"}


class Radar:
    """Gathers ends while results go by; `told` gives them, those without a day last."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._cases: dict[tuple[str, str, str, date | None], list[str]] = {}

    def add(self, case: CaseTold, record: Mapping[str, Any]) -> None:
        """Take note of what a result says of ends."""
        self._certificate(case, record)
        for verdict in record["verdicts"]:
            for finding in verdict["findings"]:
                if finding["code"] in _ANNOUNCED:
                    what = f"{_ANNOUNCED[finding['code']]}: {finding['actual']}"
                    self._note("sunset", case.vendor, what, _day_in(finding["actual"]), case.id)

    def known(self, vendor: str, readiness: Mapping[str, Any]) -> None:
        """Take note of what is known of a vendor besides its results: pending dates."""
        pending = readiness.get("pending")
        for each in pending if isinstance(pending, list) else ():
            if isinstance(each, dict):
                ticket = f" ({each['ticket']})" if each.get("ticket") else ""
                what = f"{each.get('reason')}{ticket}"
                self._note("pending", vendor, what, _day_in(each.get("until")), str(each.get("case")))

    def told(self) -> tuple[Expiry, ...]:
        """Return every end, the soonest first."""
        found = [self._expiry(key, cases) for key, cases in self._cases.items()]
        return tuple(sorted(found, key=lambda each: (each.days is None, each.days or 0, each.vendor)))

    def _certificate(self, case: CaseTold, record: Mapping[str, Any]) -> None:
        peer = (record.get("live") or {}).get("peer") or {}
        certificate = peer.get("certificate") or {}
        if certificate.get("not_after"):
            what = f"the certificate of {certificate.get('subject') or 'an unnamed host'} ends"
            self._note("certificate", case.vendor, what, _day_in(certificate["not_after"]), case.id)

    def _note(self, kind: str, vendor: str, what: str, on: date | None, case: str) -> None:
        self._cases.setdefault((kind, vendor, what, on), []).append(case)

    def _expiry(self, key: tuple[str, str, str, date | None], cases: Iterable[str]) -> Expiry:
        kind, vendor, what, on = key
        days = (on - self._today).days if on else None
        return Expiry(kind, vendor, what, on, days, tuple(dict.fromkeys(cases)))


def _day_in(text: object) -> date | None:
    found = _DAY.search(text) if isinstance(text, str) else None
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
