from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provendor import cache as module
from provendor.cache import Cache
from provendor.exchange import Json


def a_digest(number: int = 0) -> str:
    """A digest; all numbers below 16 have one on the same shelf."""
    return ("0" if number < 16 else "") + sha256(str(number).encode()).hexdigest()


def filled(folder: Path, count: int = 3) -> dict[str, Json]:
    """Put some entries into a folder and return them by digest."""
    entries: dict[str, Json] = {a_digest(number): {"number": number, "text": "é" * number} for number in range(count)}
    with Cache(folder) as cache:
        for digest, value in entries.items():
            cache.put("source", digest, value)
    return entries


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def test_what_was_put_is_there_the_next_time(tmp_path: Path):
    """Entries outlive the process that put them."""
    entries = filled(tmp_path, 40)

    with Cache(tmp_path) as cache:
        assert {digest: cache.get("source", digest) for digest in entries} == entries


def test_what_was_put_is_there_at_once():
    """Nobody waits for the cache to be closed."""
    cache = Cache(Path("nowhere"))
    cache.put("source", a_digest(), [1])

    assert cache.get("source", a_digest()) == [1]


def test_an_unknown_entry_is_none(tmp_path: Path):
    """Another digest, or the same digest of another kind, is not there."""
    entries = filled(tmp_path)
    cache = Cache(tmp_path)

    assert cache.get("source", a_digest(7)) is None
    assert [cache.get("cassette", digest) for digest in entries] == [None] * len(entries)


def test_without_a_folder_nothing_is_kept():
    """`Cache(None)` is a cache that never knows."""
    with Cache(None) as cache:
        cache.put("source", a_digest(), [1])

        assert cache.get("source", a_digest()) is None


def test_every_reader_has_a_copy_of_its_own(tmp_path: Path):
    """Whoever changes a value changes it for nobody else."""
    cache = Cache(tmp_path)
    given: list[Json] = [1]
    cache.put("source", a_digest(), given)
    given.append(2)
    first = cache.get("source", a_digest())
    assert isinstance(first, list)
    first.append(3)

    assert cache.get("source", a_digest()) == [1]


def test_another_version_begins_with_an_empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What an older provendor understood may not be what this one would."""
    filled(tmp_path)
    monkeypatch.setattr(module, "_FORMAT", b"provendor cache 1 99.0.0\n")

    assert Cache(tmp_path).get("source", a_digest()) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": b"bytes"}, {1, 2}, object()])
def test_what_is_not_json_is_not_kept(tmp_path: Path, value: object):
    """Nothing is raised: a cache may forget."""
    with Cache(tmp_path) as cache:
        cache.put("source", a_digest(), value)  # type: ignore[arg-type]

        assert cache.get("source", a_digest()) is None
    assert files(tmp_path) == []


@pytest.mark.parametrize("value", ["\ud800", "a\nb", {"": [None, True, 1.5, 10**400, "\u2028"]}])
def test_odd_values_come_back_as_they_were(tmp_path: Path, value: Json):
    """Half characters, line breaks and large numbers are JSON too."""
    with Cache(tmp_path) as cache:
        cache.put("source", a_digest(), value)

    assert Cache(tmp_path).get("source", a_digest()) == value


def test_the_folder_can_go_at_any_time(tmp_path: Path):
    """It is made again, and tells git to look away."""
    folder = tmp_path / "some" / "cache"
    with Cache(folder) as cache:
        filled(folder)
        assert cache.get("source", a_digest()) is not None
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        cache.put("source", a_digest(1), "again")

    assert Cache(folder).get("source", a_digest(1)) == "again"
    assert (folder / ".gitignore").read_text() == "*\n"


def test_an_unchanged_shelf_is_not_written(tmp_path: Path):
    """Reading leaves no trace."""
    filled(tmp_path)
    before = [path.stat().st_mtime_ns for path in files(tmp_path)]
    with Cache(tmp_path) as cache:
        cache.get("source", a_digest())

    assert [path.stat().st_mtime_ns for path in files(tmp_path)] == before


def test_five_thousand_entries_are_sixteen_files(tmp_path: Path):
    """A run over thousands of cassettes does not read and write thousands of files."""
    with Cache(tmp_path) as cache:
        for number in range(5000):
            cache.put("cassette", sha256(str(number).encode()).hexdigest(), "x" * 100)

    assert len(files(tmp_path)) == 16
    cache = Cache(tmp_path)
    assert all(cache.get("cassette", sha256(str(number).encode()).hexdigest()) for number in range(5000))


# --- trouble ----------------------------------------------------------------------------------------------------------


@given(st.data())
def test_damage_is_a_miss_and_never_another_value(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    """Bytes changed, taken away or added anywhere in the file: an entry is right, or it is not there."""
    folder = tmp_path_factory.mktemp("cache")
    entries = filled(folder)
    (path,) = files(folder)
    text = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(text)))
    text[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
    path.write_bytes(text)

    cache = Cache(folder)

    assert all(cache.get("source", digest) in (None, value) for digest, value in entries.items())


def an_entry(text: bytes) -> bytes:
    return module._FORMAT + b"%s %08x %s\n" % (a_digest().encode(), crc32(text), text)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        module._FORMAT,
        an_entry(b"[" * 100_000),
        an_entry(b"9" * 5000),
        an_entry(b"NaN"),
        an_entry(b"{"),
        an_entry(b"\xff"),
    ],
)
def test_a_hostile_shelf_is_an_empty_one(tmp_path: Path, content: bytes):
    """The folder may have been filled by somebody else."""
    (tmp_path / "source-0.jsonl").write_bytes(content)
    with Cache(tmp_path) as cache:
        assert cache.get("source", a_digest()) is None
        cache.put("source", a_digest(), 1)

    assert Cache(tmp_path).get("source", a_digest()) == 1


def a_folder(path: Path) -> None:
    (path / "inside").mkdir(parents=True)


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to("nothing")


def a_huge_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 * module.MAX_SHELF_BYTES + 1)


@pytest.mark.parametrize("make", [os.mkfifo, a_folder, a_link_to_nothing, a_huge_file])
def test_a_shelf_that_is_no_file_of_ours_is_not_read(tmp_path: Path, make: Callable[[Path], None]):
    """A pipe would wait for ever, a huge file fill the memory."""
    make(tmp_path / "source-0.jsonl")
    with Cache(tmp_path) as cache:
        cache.put("source", a_digest(), 1)

        assert cache.get("source", a_digest()) == 1


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path):
    """What it leads to stays as it was."""
    precious = tmp_path / "precious.txt"
    precious.write_text("precious")
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "source-0.jsonl").symlink_to(precious)
    filled(folder)

    assert precious.read_text() == "precious"
    assert Cache(folder).get("source", a_digest()) is not None


def test_a_folder_that_cannot_be_made_is_no_cache(tmp_path: Path):
    """It costs time and nothing else."""
    (tmp_path / "file").write_text("")
    with Cache(tmp_path / "file" / "cache") as cache:
        cache.put("source", a_digest(), 1)

        assert cache.get("source", a_digest()) == 1


def test_two_at_once_keep_the_entries_of_both(tmp_path: Path):
    """Each opened the shelf before the other wrote it."""
    first, second = Cache(tmp_path), Cache(tmp_path)
    first.get("source", a_digest(1))
    second.get("source", a_digest(1))
    first.put("source", a_digest(1), "first")
    second.put("source", a_digest(2), "second")
    first.close()
    second.close()

    after = Cache(tmp_path)
    assert [after.get("source", a_digest(number)) for number in (1, 2)] == ["first", "second"]


WRITER = """
import sys
from pathlib import Path
from provendor.cache import Cache
for turn in range(40):
    with Cache(Path(sys.argv[1])) as cache:
        for number in range(20):
            digest = f"0{number:063x}"
            assert cache.get("source", digest) in (None, [number] * 200), "a wrong value"
            cache.put("source", digest, [number] * 200)
"""


def test_processes_that_write_at_once_read_nothing_wrong(tmp_path: Path):
    """A reader sees the old file or the new one; nothing is left lying about."""
    folder = tmp_path / "cache"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(folder)]) for _ in range(3)]

    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert {path.name for path in folder.iterdir()} == {"source-0.jsonl", ".gitignore"}


def test_a_full_shelf_loses_what_was_not_used_lately(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The cache does not grow for ever."""
    monkeypatch.setattr(module, "MAX_SHELF_BYTES", 2000)
    for number in range(12):
        with Cache(tmp_path) as cache:
            cache.get("source", a_digest(0))
            cache.put("source", a_digest(number), "x" * 200)

    after = Cache(tmp_path)
    there = [number for number in range(12) if after.get("source", a_digest(number))]
    assert (tmp_path / "source-0.jsonl").stat().st_size < 2100
    assert there == [0, 6, 7, 8, 9, 10, 11]


def test_much_that_waits_is_written_before_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Memory stays small in a run over very many files."""
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", 500)
    cache = Cache(tmp_path)
    for number in range(6):
        cache.put("source", a_digest(number), "x" * 200)

    assert Cache(tmp_path).get("source", a_digest(2)) == "x" * 200


def test_what_a_killed_writer_left_is_cleared_up(tmp_path: Path):
    """A draft that nobody finishes goes; one that somebody is writing now stays."""
    old, new = (tmp_path / f"source-0.jsonl.{name}" for name in ("1.aaaa", "2.bbbb"))
    old.write_text("")
    new.write_text("")
    os.utime(old, (0, 0))
    filled(tmp_path)

    assert not old.exists()
    assert new.exists()
