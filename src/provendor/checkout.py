"""The git checkout around a folder: its commit and its releases, read from `.git` without running git.

commit(root)       # "9f2c…"; None where it is not known
releases(root)     # (("v1.10.0", "9f2c…"), ("v1.9.2", "77ab…"), …), the newest version first
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_VERSION: Final = r"(?:release[-/])?v?(\d+(?:\.\d+)*)"
"""What a tag of a release looks like: `v1.2.3`, `1.2`, `release-2026.11`. One with more behind it, such as `-rc1`, is none."""

_MOST_TAG_BYTES: Final = 65_536


def commit(root: Path) -> str | None:
    """Return the commit that the checkout is at; None if unknown."""
    try:
        git = _git(root)
        if git is None:
            return None
        head = (git / "HEAD").read_text().strip()
        return _resolved(git, head.removeprefix("ref: ")) if head.startswith("ref: ") else head
    except (OSError, UnicodeDecodeError):
        return None


def releases(root: Path) -> tuple[tuple[str, str], ...]:
    """Return the tags that are versions, each with the commit that it names, the newest version first.

    An annotated tag that git has packed without its reference stands for itself here, and so for no run.
    """
    try:
        git = _git(root)
        found = dict(_tags(_shared(git))) if git else {}
    except (OSError, UnicodeDecodeError):
        return ()
    versions = {name: match[1] for name in found if (match := re.fullmatch(_VERSION, name))}
    order = sorted(versions, key=lambda name: [int(part) for part in versions[name].split(".")], reverse=True)
    return tuple((name, found[name]) for name in order)


def _git(root: Path) -> Path | None:
    """Return the folder that holds HEAD: `.git`, or where a file of that name leads."""
    root = root.absolute()
    git = next((folder / ".git" for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if git is not None and git.is_file():
        return (git.parent / git.read_text().removeprefix("gitdir:").strip()).resolve()
    return git


def _shared(git: Path) -> Path:
    """Return the folder that all worktrees of a repository share."""
    common = git / "commondir"
    return (git / common.read_text().strip()).resolve() if common.exists() else git


def _resolved(git: Path, ref: str) -> str | None:
    shared = _shared(git)
    for folder in (git, shared):
        if (folder / ref).is_file():
            return (folder / ref).read_text().strip()
    return next((row.split()[0] for row in _packed(shared) if row.endswith(f" {ref}")), None)


def _packed(shared: Path) -> list[str]:
    packed = shared / "packed-refs"
    return packed.read_text().splitlines() if packed.exists() else []


def _tags(shared: Path) -> Iterator[tuple[str, str]]:
    """Yield each tag with its commit: packed ones first, because what stands loose is newer."""
    name = ""
    for row in _packed(shared):
        if row.startswith("^") and name:
            yield name, row[1:]  # the commit that an annotated tag names
        found, _, ref = row.partition(" ")
        name = ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else ""
        if name:
            yield name, found
    folder = shared / "refs" / "tags"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (named := _named_commit(shared, path.read_text().strip())):
            yield path.relative_to(folder).as_posix(), named


def _named_commit(shared: Path, found: str) -> str | None:
    """Return the commit that a reference leads to: itself, or what an annotated tag names."""
    loose = shared / "objects" / found[:2] / found[2:]
    if not re.fullmatch(r"[0-9a-f]{40,64}", found) or not loose.is_file():
        return found  # packed: most likely a commit; a tag's own number is that of no run
    import zlib  # noqa: PLC0415 - few repositories have a loose tag

    try:
        text = zlib.decompressobj().decompress(loose.read_bytes(), _MOST_TAG_BYTES)
    except zlib.error:
        return None
    named = re.match(rb"tag \d+\0object ([0-9a-f]{40,64})\n", text)
    return named[1].decode() if named else found
