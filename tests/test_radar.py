"""What ends on a day is found in everything that the evidence knows, the soonest first."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from evidence_files import TODAY, a_finding, a_recording, a_result, a_run, a_warning, known_of, live
from provendor.reports import archive, telling
from provendor.reports.story import Expiry


def ends(folder: Path, *results: dict[str, Any], **known: Any) -> tuple[Expiry, ...]:
    run = archive.KeptRun(a_run(folder, results, vendors={"acme": known_of("acme", **known)}))
    return telling.tell(run, today=date.fromisoformat(TODAY)).expiries


def test_a_certificate_is_one_line_however_many_cases_saw_it(tmp_path: Path):
    """By its subject and its end."""
    (end,) = ends(tmp_path, live(a_result("acme/a:ok")), live(a_result("acme/b:ok")))

    assert end == Expiry(
        "certificate", "acme", "the certificate of acme.example ends", date(2027, 2, 1), 73, ("acme/a:ok", "acme/b:ok")
    )


def test_an_announced_end_has_the_day_that_the_vendor_names(tmp_path: Path):
    """Sunset and Deprecation headers; one that names no day comes last."""
    dated = a_finding("sunset", "warn", actual='"Sun, 29 Nov 2026 00:00:00 GMT" (2026-11-29, in 9 days)')
    undated = a_finding("deprecated", "warn", actual='"true"')
    results = [a_warning(f"acme/{name}:ok", "x") for name in "ab"]
    for result, found in zip(results, (undated, dated), strict=True):
        result["verdicts"][0]["findings"] = [found]

    assert [(end.on, end.days) for end in ends(tmp_path, *results)] == [(date(2026, 11, 29), 9), (None, None)]


def test_of_recordings_the_first_to_pass_its_age_counts(tmp_path: Path):
    """Each vendor has its own age; it is too old on the day after the last one."""
    old, new = (a_result(f"acme/{at}:ok", recording=a_recording(at=at)) for at in ("2025-11-25", "2026-11-01"))

    (end,) = ends(tmp_path, old, new, a_result("acme/c:ok", recording=None), max_age_days=365)

    assert (end.kind, end.on, end.cases) == ("recording", date(2026, 11, 26), ("acme/2025-11-25:ok",))


def test_what_a_contract_knows_of_ends(tmp_path: Path):
    """Its API version, a credential that says so itself, known trouble."""
    known = {
        "api_version": "2026-07",
        "api_version_ends": "2027-07-01",
        "credentials": [{"env": "ACME_KEY", "name": "key", "present": True, "ends": "2026-11-18"}],
        "pending": [{"case": "acme/a:ok", "reason": "It forgets.", "ticket": "OPS-7", "until": "2026-12-04"}],
    }

    assert [(end.kind, end.what, end.days) for end in ends(tmp_path, **known)] == [
        ("token", "key (ACME_KEY) ends", -2),
        ("pending", "known trouble counts as a failure: It forgets. (OPS-7)", 14),
        ("api-version", "the vendor no longer answers 2026-07", 223),
    ]


def test_nonsense_is_no_end(tmp_path: Path):
    """Evidence may come from anywhere."""
    odd = {"api_version_ends": "2026-13-45", "credentials": 7, "pending": [7, {"until": None}], "max_age_days": 10**9}
    far = a_result("acme/a:ok", recording=a_recording(at="9999-12-31"))

    assert [(end.kind, end.on) for end in ends(tmp_path, far, **odd)] == [("pending", None)]
