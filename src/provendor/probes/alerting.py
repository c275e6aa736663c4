"""Alerts at work: what has changed is decided upon, put into the outbox, and sent by a thread that may wait for it.

alerting = Alerting(messenger, keeper, loaded=lambda: watch.loaded.suite, say=print)
await alerting.open()
await alerting.look(now)        # again and again: decide, put, send
await alerting.close()
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from provendor.contract import Suite, Vendor
from provendor.probes.alerts import About, Alert, Rules, Told, decide, is_quiet, text, title
from provendor.probes.history import History, Transition, Watched
from provendor.probes.keeper import Keeper
from provendor.probes.messenger import Messenger
from provendor.probes.outbox import GATHER_S, Message, Outbox, Post
from provendor.probes.states import BAD
from provendor.readiness import PRODUCTION
from provendor.verdict import Party

OUR_NETWORK: Final = "our network"
"""The topic of what is nobody's fault but our network's, whichever vendor it hides; no vendor can be called so."""

_REMEMBERED: Final = 64
"""Transitions of a probe that are remembered, to tell when it changes too often."""


class _Known(NamedTuple):
    """What is known of all probes when alerting begins."""

    told: dict[Watched, Told]
    transitions: list[Transition]
    unsure: int


class Alerting:
    """Tells people over the channels of a messenger. Made and used on one event loop.

    `suite` returns the contracts in force: only probes that they declare are told of. `say` is for what goes wrong.
    """

    def __init__(
        self,
        messenger: Messenger,
        keeper: Keeper,
        *,
        suite: Callable[[], Suite],
        say: Callable[[str], None],
        rules: Rules,
    ) -> None:
        self._messenger = messenger
        self._keeper = keeper
        self._suite = suite
        self._say = say
        self._rules = rules
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="alerts")
        self._told: dict[Watched, Told] = {}
        self._recent: dict[Watched, deque[Transition]] = {}
        self._last = 0

    async def open(self) -> None:
        """Learn what people were told, and what became of messages that a killed prober was sending."""
        known = await self._keeper.change(_known)
        self._told = known.told
        self._remember(known.transitions)
        for watched, recent in self._recent.items():
            # Of what was before, only how it ended is told: nobody wants to hear the story of a year.
            self._told.setdefault(watched, Told(transition=recent[-1].number))
        if known.unsure:
            self._say(
                f"{known.unsure} alerts were being sent when the prober ended: nobody knows whether they went out"
            )

    async def look(self, now: float, *, at_once: bool = False) -> None:
        """Decide what is to be told, and send what is due; `at_once` waits for nothing that may belong to it."""
        self._remember(await self._keeper.read(lambda history: history.transitions_after(self._last)))
        told, messages = self._decided(now)
        if told or messages:
            await self._keeper.change(lambda history: Outbox(history).put(told, messages, now))
            self._told.update(told)
        due = now + GATHER_S if at_once else now
        while post := await self._keeper.change(lambda history: Outbox(history).take(due)):
            await self._send(post, now)

    async def close(self) -> None:
        """Send nothing more."""
        await asyncio.get_running_loop().run_in_executor(self._sender, lambda: None)
        self._sender.shutdown()

    def _decided(self, now: float) -> tuple[dict[Watched, Told], list[Message]]:
        changed: dict[Watched, Told] = {}
        messages: list[Message] = []
        vendors = self._suite().vendors
        for watched, recent in self._recent.items():
            vendor = vendors.get(watched.vendor)
            if vendor is None or watched.environment != PRODUCTION or watched.operation not in vendor.operations:
                continue
            before = self._told.get(watched, Told())
            quiet = is_quiet(vendor.maintenance, watched.operation, now)
            after, alerts = decide(before, tuple(recent), now, quiet=quiet, rules=self._rules)
            if after != before:
                changed[watched] = after
            messages += [message for alert in alerts for message in self._messages(alert, vendor, recent, now)]
        return changed, messages

    def _messages(self, alert: Alert, vendor: Vendor, recent: Iterable[Transition], now: float) -> Iterable[Message]:
        about = About(vendor.title, vendor.owner, vendor.runbook)
        said = title(alert), text(alert, about, tuple(recent), now)
        topic = _topic(alert.transition, recent)
        return [Message(channel, topic, alert.key, *said) for channel in self._messenger.names]

    async def _send(self, post: Post, now: float) -> None:
        loop = asyncio.get_running_loop()
        sent = await loop.run_in_executor(self._sender, self._messenger.send, post.channel, post.title, post.text)
        if sent:
            await self._keeper.change(lambda history: Outbox(history).sent(post))
        elif not await self._keeper.change(lambda history: Outbox(history).failed(post, now)):
            self._say(f"the channel {post.channel} does not take alerts: given up on {post.title}")
        elif post.tries == 0:
            self._say(f"the channel {post.channel} did not take an alert; it is tried again")

    def _remember(self, transitions: Iterable[Transition]) -> None:
        for each in transitions:
            self._recent.setdefault(each.watched, deque(maxlen=_REMEMBERED)).append(each)
            self._last = max(self._last, each.number)


def _topic(change: Transition, recent: Iterable[Transition]) -> str:
    """Return what belongs together in one message: all of a vendor, or all that our own network hides, and what ends it."""
    bad = [each for each in recent if each.number <= change.number and each.after in BAD]
    return OUR_NETWORK if bad and bad[-1].party is Party.NETWORK else change.watched.vendor


def _known(history: History) -> _Known:
    outbox = Outbox(history)
    unsure = outbox.recover()
    return _Known(outbox.told(), history.transitions_after(0), unsure)
