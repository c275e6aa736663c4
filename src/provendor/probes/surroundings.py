"""What else can be seen while a probe meets silence: control targets, other vendors, a way out of this machine.

    surroundings = Surroundings(controls=["https://status.example/"], ask=..., now=time.monotonic)
    surroundings.expect("chatwoot")                     # it is being asked
    surroundings.saw("chatwoot", answered=True)
    around = await surroundings.around("shopify", since=began, worked_before=True, private=False)

Nobody is asked without being named: without control targets, what the other vendors did since the trouble began is the
control. That they answered before says nothing: the network may have gone in between.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import Final
from urllib.parse import urlsplit

from provendor.probes.blame import Around
from provendor.wire.network import has_route

WINDOW_S: Final = 60.0
"""What was seen longer ago says nothing about now."""

_FRESH_S: Final = 5.0


class Surroundings:
    """What was seen lately. `ask` tells whether a control target answers at all; `now` returns seconds that only grow."""

    def __init__(
        self, *, controls: Sequence[str], ask: Callable[[str], Awaitable[bool]], now: Callable[[], float]
    ) -> None:
        self._controls = tuple(controls)
        self._ask = ask
        self._now = now
        self._answered: dict[str, float] = {}
        self._silent: dict[str, float] = {}
        self._expected: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self._asked: tuple[float, asyncio.Task[dict[str, bool]]] | None = None

    def expect(self, vendor: str) -> None:
        """Say that a vendor is being asked, so that its answer is worth waiting for."""
        self._expected[vendor] += 1

    def saw(self, vendor: str, *, answered: bool) -> None:
        """Say that a vendor that was being asked has answered, or has not."""
        self._expected[vendor] -= 1
        (self._answered if answered else self._silent)[vendor] = self._now()
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def now(self) -> float:
        """Return the moment that it is, for `since`."""
        return self._now()

    async def around(self, vendor: str, *, since: float, worked_before: bool, private: bool) -> Around:
        """Return what is known besides a vendor that is in trouble since then; waits while others are asked that may answer."""
        controls = await self._controls_now()
        while not controls and not self._is_answered(vendor, since) and self._is_expecting(vendor):
            await self._changed.wait()
        route = None if private else has_route()
        return Around(controls, self._others(vendor, since), route, worked_before)

    def _is_answered(self, vendor: str, since: float) -> bool:
        return any(at >= since for name, at in self._answered.items() if name != vendor)

    def _others(self, vendor: str, since: float) -> dict[str, bool]:
        """Return whether each other vendor answers, as far as that is known of the time since then and within the window.

        Where none has answered since, they count as silent only if every one of them that was asked within the window was.
        """
        oldest = self._now() - WINDOW_S
        lately = {
            name: (answered, silent)
            for name in {*self._answered, *self._silent} - {vendor}
            if max(answered := self._answered.get(name, -inf), silent := self._silent.get(name, -inf)) >= oldest
        }
        found = {
            name: answered >= since for name, (answered, silent) in lately.items() if max(answered, silent) >= since
        }
        if any(found.values()):
            return found
        return {} if any(answered > silent for answered, silent in lately.values()) else dict.fromkeys(lately, False)

    def _is_expecting(self, vendor: str) -> bool:
        return any(count > 0 for name, count in self._expected.items() if name != vendor)

    async def _controls_now(self) -> dict[str, bool]:
        """Return whether each control target answers; many who ask at once share one look."""
        if not self._controls:
            return {}
        if self._asked is None or self._now() - self._asked[0] > _FRESH_S:
            self._asked = self._now(), asyncio.ensure_future(self._look())
        return await asyncio.shield(self._asked[1])

    async def _look(self) -> dict[str, bool]:
        answers = await asyncio.gather(*map(self._ask, self._controls))
        # Only the host is shown: the rest of a URL may be a secret.
        return {
            urlsplit(url).hostname or "control": answer for url, answer in zip(self._controls, answers, strict=True)
        }
