"""The checkout around a folder is read without git: its commit, and its releases in the order of their versions."""

from __future__ import annotations

import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from provendor import checkout


def test_the_commit_is_read_from_a_checkout_without_running_git(tmp_path: Path) -> None:
    """A branch, a packed branch and a detached head are all understood; no checkout is unknown."""
    git = tmp_path / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert checkout.commit(tmp_path) is None

    (git / "packed-refs").write_text(f"# pack-refs\n{'a' * 40} refs/heads/main\n")
    assert checkout.commit(tmp_path) == "a" * 40

    (git / "refs/heads/main").write_text("b" * 40 + "\n")
    assert checkout.commit(tmp_path / "contracts") == "b" * 40

    (git / "HEAD").write_text("c" * 40 + "\n")
    assert checkout.commit(tmp_path) == "c" * 40


def a_checkout(root: Path, packed: str = "", **loose: str) -> Path:
    """A `.git` with tags, in packed-refs and as files."""
    git = root / ".git"
    (git / "refs/tags").mkdir(parents=True)
    (git / "HEAD").write_text("a" * 40)
    (git / "packed-refs").write_text(packed)
    for name, commit in loose.items():
        (git / "refs/tags" / name).write_text(f"{commit}\n")
    return git


def test_releases_come_by_version_and_not_by_name(tmp_path: Path):
    """1.10 is newer than 1.9; what is no version, or not finished, is no release."""
    a_checkout(
        tmp_path,
        f"# pack-refs\n{'1' * 40} refs/tags/v1.9.2\n{'2' * 40} refs/tags/v1.10\n{'3' * 40} refs/tags/nightly\n"
        f"{'4' * 40} refs/tags/v2.0-rc1\n{'5' * 40} refs/heads/v9\n{'6' * 40} refs/tags/release/1.2\n",
    )

    assert checkout.releases(tmp_path) == (("v1.10", "2" * 40), ("v1.9.2", "1" * 40), ("release/1.2", "6" * 40))


def test_an_annotated_tag_leads_to_its_commit(tmp_path: Path):
    """Packed, the line below it says so; loose, the tag is opened."""
    git = a_checkout(tmp_path, f"{'1' * 40} refs/tags/v1\n^{'c' * 40}\n", v2="d" * 40)
    (git / "objects/dd").mkdir(parents=True)
    (git / "objects/dd" / ("d" * 38)).write_bytes(zlib.compress(f"tag 9\0object {'e' * 40}\ntype commit\n".encode()))

    assert checkout.releases(tmp_path / "deep" / "reports") == (("v2", "e" * 40), ("v1", "c" * 40))


def test_a_loose_tag_is_newer_than_a_packed_one(tmp_path: Path):
    """As git reads them."""
    a_checkout(tmp_path, f"{'1' * 40} refs/tags/v1\n", v1="2" * 40)

    assert checkout.releases(tmp_path) == (("v1", "2" * 40),)


def test_without_a_checkout_there_are_no_releases(tmp_path: Path):
    """A tag that cannot be opened is none either."""
    assert checkout.releases(tmp_path) == ()
    git = a_checkout(tmp_path, v1="d" * 40)
    (git / "objects/dd").mkdir(parents=True)
    (git / "objects/dd" / ("d" * 38)).write_bytes(b"not zlib")
    assert checkout.releases(tmp_path) == ()


def test_git_itself_says_the_same(tmp_path: Path):
    """A real repository with a plain and an annotated tag, before and after git packs its references."""
    if shutil.which("git") is None:
        pytest.skip("no git")

    def git(*words: str) -> str:
        who = (
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@b.example",
            "-c",
            "commit.gpgsign=false",
            "-c",
            "tag.gpgsign=false",
        )
        done = subprocess.run(["git", *who, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("tag", "v1")
    git("commit", "-q", "--allow-empty", "-m", "two")
    git("tag", "-a", "-m", "two", "v2")
    expected = (("v2", git("rev-parse", "v2^{commit}")), ("v1", git("rev-parse", "v1")))

    assert checkout.releases(tmp_path) == expected
    git("pack-refs", "--all")
    assert checkout.releases(tmp_path) == expected
    assert checkout.commit(tmp_path) == expected[0][1]
