"""What breaks next: everything in the evidence that ends on a day, soonest first.

radar = Radar(today, readiness)
radar.add(case, record)                # certificates, announced ends, recordings
radar.told()
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from provendor.readings import mapping, mappings, whole
from provendor.reports.story import CaseTold, Expiry

SOON_DAYS = 14
"""What ends within so many days stands in the way of a plain GO."""

_DAY = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")
_ANNOUNCED = {"sunset": "the vendor switches off what we use", "deprecated": "the vendor deprecates what we use"}


class Radar:
    """Gathers ends while results go by; `told` gives them, those without a day last.

    `readiness` is what evidence knows of each vendor besides results, by name: what is not as it should be is unknown.
    """

    def __init__(self, today: date, readiness: Any) -> None:
        self._today = today
        self._known = mapping(readiness)
        self._cases: dict[tuple[str, str, str, date | None], list[str]] = {}
        self._recordings: dict[str, dict[date, list[str]]] = {}
        for vendor, known in self._known.items():
            self._of_vendor(str(vendor), mapping(known))

    def add(self, case: CaseTold, record: Mapping[str, Any]) -> None:
        """Take note of what a result says of ends."""
        self._certificate(case, record)
        self._recording(case)
        for verdict in record["verdicts"]:
            for finding in verdict["findings"]:
                if finding["code"] in _ANNOUNCED:
                    what = f"{_ANNOUNCED[finding['code']]}: {finding['actual']}"
                    self._note("sunset", case.vendor, what, _day_in(finding["actual"]), case.id)

    def told(self) -> tuple[Expiry, ...]:
        """Return every end, the soonest first."""
        found = [self._expiry(key, cases) for key, cases in self._cases.items()]
        for vendor, ends in self._recordings.items():
            first = min(ends)
            what = (
                "the first recording passed its age" if first <= self._today else "the first recording passes its age"
            )
            found.append(self._expiry(("recording", vendor, what, first), ends[first]))
        return tuple(sorted(found, key=lambda each: (each.days is None, each.days or 0, each.vendor, each.kind)))

    def _of_vendor(self, vendor: str, known: Mapping[str, Any]) -> None:
        """Take note of versions, credentials and known trouble."""
        if ends := _day_in(known.get("api_version_ends")):
            what = f"the vendor no longer answers {known.get('api_version') or 'the version that we ask'}"
            self._note("api-version", vendor, what, ends)
        for each in mappings(known.get("credentials")):
            if ends := _day_in(each.get("ends")):
                self._note("token", vendor, f"{each.get('name')} ({each.get('env')}) ends", ends)
        for each in mappings(known.get("pending")):
            ticket = f" ({each['ticket']})" if each.get("ticket") else ""
            what = f"known trouble counts as a failure: {each.get('reason')}{ticket}"
            self._note("pending", vendor, what, _day_in(each.get("until")), str(each.get("case")))

    def _certificate(self, case: CaseTold, record: Mapping[str, Any]) -> None:
        certificate = mapping(mapping(mapping(record.get("live")).get("peer")).get("certificate"))
        if certificate.get("not_after"):
            what = f"the certificate of {certificate.get('subject') or 'an unnamed host'} ends"
            self._note("certificate", case.vendor, what, _day_in(certificate["not_after"]), case.id)

    def _recording(self, case: CaseTold) -> None:
        days = whole(mapping(self._known.get(case.vendor)).get("max_age_days"))
        if case.age_days is None or days is None or max(days, abs(case.age_days)) > _LONGEST_AGE:
            return
        # A recording is too old on the day after its last one.
        ends = self._today + timedelta(days=days + 1 - case.age_days)
        self._recordings.setdefault(case.vendor, {}).setdefault(ends, []).append(case.id)

    def _note(self, kind: str, vendor: str, what: str, on: date | None, case: str | None = None) -> None:
        self._cases.setdefault((kind, vendor, what, on), []).extend([case] if case else [])

    def _expiry(self, key: tuple[str, str, str, date | None], cases: Iterable[str]) -> Expiry:
        kind, vendor, what, on = key
        days = (on - self._today).days if on else None
        return Expiry(kind, vendor, what, on, days, tuple(dict.fromkeys(cases)))


_LONGEST_AGE = 100_000


def _day_in(text: object) -> date | None:
    found = _DAY.search(text) if isinstance(text, str) else None
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
