"""Kept runs are found by what people call them and read as streams, whatever state they are in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence_files import a_failure, a_head, a_result, a_run, an_end
from provendor.errors import UsageError
from provendor.reports import archive

OLDER, NEWER = "20261119T100000Z-aaaaaa", "20261120T100000Z-bbbbbb"


def ids(run: archive.KeptRun) -> list[str]:
    return [record["id"] for _, record in run.results()]


def test_without_a_name_the_newest_run_is_meant(tmp_path: Path):
    """It is the one that `run.jsonl` names."""
    a_run(tmp_path, [a_result("acme/old:ok")], id=OLDER)
    a_run(tmp_path, [a_result("acme/new:ok")], id=NEWER)

    assert ids(archive.find(tmp_path)) == ["acme/new:ok"]


@pytest.mark.parametrize("name", [OLDER, f"runs/{OLDER}", f"runs/{OLDER}/run.jsonl"])
def test_a_run_is_found_by_id_folder_or_file(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    """Whatever is at hand."""
    a_run(tmp_path, [a_result("acme/old:ok")], id=OLDER)
    a_run(tmp_path, [a_result("acme/new:ok")], id=NEWER)
    monkeypatch.chdir(tmp_path)

    assert archive.find(tmp_path, name).id == OLDER


def test_a_document_tells_the_same_as_lines(tmp_path: Path):
    """A run.json that was carried elsewhere, without its lines, is enough."""
    results = [a_result(), a_failure("acme/users.get:denied")]
    whole = tmp_path / "run.json"
    whole.write_text(json.dumps({"run": a_head(), "summary": an_end(), "results": results}), encoding="utf-8")

    run = archive.find(tmp_path, str(whole))

    assert [run.record(offset) for offset, _ in run.results()] == results
    assert run.end == an_end()


def test_a_result_is_found_again_at_its_place(tmp_path: Path):
    """So that details need not stay in memory."""
    run = archive.KeptRun(a_run(tmp_path, [a_result(), a_failure("acme/users.get:\u2028 odd")]))

    assert [run.record(offset) for offset, _ in run.results()] == [record for _, record in run.results()]


def test_a_killed_run_has_no_end_and_its_torn_line_hides_nothing(tmp_path: Path):
    """What was finished can be read."""
    path = a_run(tmp_path, [a_result()], ended=False)
    path.write_bytes(path.read_bytes() + b'{"type":"result","id":"acme/us')

    run = archive.KeptRun(path)

    assert (ids(run), run.end) == (["acme/users.get:ok"], None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a run's evidence"),
        ("[1, 2]", "not a run's evidence"),
        ('{"type":"run","id":"x"}', "evidence of version None"),
        ('{"type":"run","id":"x","schema_version":99}', "evidence of version 99, this provendor reads up to"),
    ],
)
def test_what_is_no_evidence_is_refused_in_one_sentence(tmp_path: Path, text: str, complaint: str):
    """The file is named, and nothing is guessed."""
    path = tmp_path / "run.jsonl"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match=complaint):
        archive.find(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"run": {}, "results": []}', "[" * 100_000])
def test_a_document_that_is_no_evidence_is_refused_too(tmp_path: Path, text: str):
    """Torn, of another kind, or made to exhaust a parser."""
    path = tmp_path / "run.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match=r"run\.json: not"):
        archive.find(tmp_path, str(path))


def test_an_unknown_run_gets_a_suggestion(tmp_path: Path):
    """The nearest id that there is."""
    a_run(tmp_path, [a_result()], id=OLDER)

    with pytest.raises(UsageError, match=f"did you mean '{OLDER}'"):
        archive.find(tmp_path, OLDER.replace("aaaaaa", "aaabaa"))


def test_the_run_before_is_the_newest_that_asked_for_as_much(tmp_path: Path):
    """Another mode, another selection and a run that was killed cannot be compared with."""
    a_run(tmp_path, [a_result()], id="20261115T100000Z-000000")
    a_run(tmp_path, [a_result()], id="20261116T100000Z-000000", mode="live")
    a_run(tmp_path, [a_result()], id="20261117T100000Z-000000", selectors=["other"])
    a_run(tmp_path, [a_result()], id="20261118T100000Z-000000", ended=False)
    run = archive.KeptRun(a_run(tmp_path, [a_result()], id=NEWER))

    earlier = archive.before(tmp_path, run)

    assert earlier is not None
    assert earlier.id == "20261115T100000Z-000000"
    assert archive.before(tmp_path, earlier) is None


def test_the_run_of_a_release_is_the_one_on_its_commit(tmp_path: Path):
    """Of the newest release that has one, and not of the commit that is told of."""
    a_run(tmp_path, [a_result()], id="20261115T100000Z-000000", git_commit="1" * 40)
    a_run(tmp_path, [a_result()], id="20261116T100000Z-000000", git_commit="1" * 40)
    a_run(tmp_path, [a_result()], id="20261117T100000Z-000000", git_commit="2" * 40, mode="live")
    run = archive.KeptRun(a_run(tmp_path, [a_result()], id=NEWER, git_commit="3" * 40))
    releases = [("v4", "4" * 40), ("v3", "3" * 40), ("v2", "2" * 40), ("v1", "1" * 40)]

    found = archive.of_release(tmp_path, run, releases)

    assert found is not None
    assert (found[0], found[1].id) == ("v1", "20261116T100000Z-000000")
    assert archive.of_release(tmp_path, run, []) is None
