"""Files put in place in one step."""

from __future__ import annotations

from pathlib import Path

import pytest

from provendor.whole import replacing


def test_a_file_takes_the_place_of_the_old_one(tmp_path: Path):
    """Whether there is one or not."""
    path = tmp_path / "kept.json"
    for content in (b"one", b"another"):
        with replacing(path, lasting=True) as file:
            file.write(content)
        assert path.read_bytes() == content
    assert [*tmp_path.iterdir()] == [path]


def write_half(path: Path, trouble: BaseException) -> None:
    with replacing(path) as file:
        file.write(b"half of ano")
        raise trouble


@pytest.mark.parametrize(
    "trouble", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["disk", "Ctrl-C"]
)
def test_what_is_broken_off_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, trouble: BaseException):
    """Whatever breaks it off."""
    path = tmp_path / "kept.json"
    path.write_bytes(b"one")

    with pytest.raises(type(trouble)):
        write_half(path, trouble)

    assert path.read_bytes() == b"one"
    assert [*tmp_path.iterdir()] == [path]
