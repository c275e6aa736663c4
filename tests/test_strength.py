"""reports/strength.json, and scores in the evidence for as long as they are true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provendor import strength

MEASURED = {
    "score": 0.9,
    "killed": 9,
    "survived": 1,
    "equivalent": 0,
    "status_score": 1.0,
    "measured_at": "2026-11-20T12:00:00.000Z",
    "digest": "a",
    "survivors": [],
}


def test_a_vendor_is_written_beside_those_that_are_known(tmp_path: Path):
    """One that is measured again replaces what was said of it."""
    strength.write(tmp_path, {"b": MEASURED})
    strength.write(tmp_path, {"a": MEASURED})
    path = strength.write(tmp_path, {"b": {**MEASURED, "score": 1.0}})

    assert [path.name for path in tmp_path.iterdir()] == ["strength.json"]
    assert {name: each["score"] for name, each in json.loads(path.read_text())["vendors"].items()} == {
        "a": 0.9,
        "b": 1.0,
    }
    assert list(strength.read(tmp_path)) == ["a", "b"]


def test_a_score_is_repeated_only_while_nothing_has_changed(tmp_path: Path):
    """Of another digest nothing is known, which is not zero."""
    strength.write(tmp_path, {"acme": MEASURED})

    known = {name: value for name, value in MEASURED.items() if name not in ("digest", "survivors")}
    assert strength.current(tmp_path, {"acme": "a"}) == {"acme": known}
    assert strength.current(tmp_path, {"acme": "b", "other": "a"}) == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"vendors": []}', '{"vendors": {"acme": 7}}', "\xff"])
def test_a_file_that_is_none_says_nothing(tmp_path: Path, text: str):
    """It may have been written by anybody."""
    (tmp_path / "strength.json").write_text(text, "latin-1")

    assert strength.current(tmp_path, {"acme": "a"}) == {}


def test_the_digest_changes_with_everything_that_a_score_depends_on():
    """Contract, checks, cassettes; not with their order."""
    cassettes = [("acme/a:ok", "1"), ("acme/b:ok", "2")]
    usual = strength.digest_of("c", "k", cassettes)

    assert strength.digest_of("c", "k", cassettes[::-1]) == usual
    others = [
        ("d", "k", cassettes),
        ("c", None, cassettes),
        ("c", "k", cassettes[:1]),
        ("c", "k", [("acme/a:ok", "3"), cassettes[1]]),
    ]
    assert usual not in [strength.digest_of(*other) for other in others]
