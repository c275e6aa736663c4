"""Contracts and checks that may change while a prober stays: noticed, loaded beside the loop, and taken up only when whole.

    reloading = Reloading(root, selectors)
    loaded = reloading.load()                   # raises ContractError, UsageError
    if reloading.changed():                     # cheap: names, sizes and times of files
        loaded = reloading.load()

A file that is being written looks changed twice; it is loaded when it has stayed the same for one look.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

from provendor import check, selector
from provendor.cache import Cache
from provendor.contract import Suite
from provendor.probes.probing import Probe, prepare, probes_of
from provendor.reader import loading
from provendor.run import Replayer

_Seen: TypeAlias = tuple[tuple[str, int, int], ...]


class Loaded(NamedTuple):
    """A suite that can be asked: its probes, and what judges them."""

    suite: Suite
    replayer: Replayer
    probes: tuple[Probe, ...]
    checks: str


class Reloading:
    """The contracts and checks below a root, as far as the selectors need them."""

    def __init__(self, root: Path, selectors: Sequence[str], cache: Path | None = None) -> None:
        self._root = root
        self.selectors = tuple(selectors)
        self._cache = cache
        self._loaded: _Seen = ()
        self._last: _Seen = ()

    def load(self) -> Loaded:
        """Load everything as it is now; raises ContractError and UsageError."""
        self._loaded = self._last = self._look()
        folder = self._root / "checks"
        with Cache(self._cache) as cache:
            suite = loading.load(self._root, selector.vendors_named(self.selectors), cache)
            checks = check.load_checks(folder, suite.vendors, cache)
        replayer = Replayer(suite, checks, today=datetime.now(UTC).date())
        probes = probes_of(suite, self.selectors)
        prepare(probes)
        return Loaded(suite, replayer, probes, check.checks_digest(folder))

    def changed(self) -> bool:
        """Tell whether there is something new to load: files differ from what was loaded last, and have come to rest."""
        seen = self._look()
        at_rest, self._last = seen == self._last, seen
        return at_rest and seen != self._loaded

    def _look(self) -> _Seen:
        return tuple(sorted(_files(self._root / "contracts"))) + tuple(sorted(_files(self._root / "checks")))


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir():
            yield from _files(Path(entry.path))
        else:
            try:
                about = entry.stat()
            except OSError:
                continue  # it has gone since
            yield entry.path, about.st_mtime_ns, about.st_size
