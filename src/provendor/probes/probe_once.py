"""Every probe asked once, all at the same time.

finished = to_the_end(replayer, probes, evidence, tell, Settings(width=100), env=os.environ)
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from provendor.evidence import Evidence
from provendor.probes.alerting import Alerting
from provendor.probes.alerts import Rules
from provendor.probes.confirming import Books
from provendor.probes.keeper import Keeper
from provendor.probes.messenger import Messenger, channels_of
from provendor.probes.probing import Probe, Prober
from provendor.probes.rounds import Done, Rounds
from provendor.probes.sole import Sole
from provendor.probes.surroundings import Surroundings
from provendor.readiness import PRODUCTION
from provendor.run import Replayer
from provendor.sandbox.line import broken_off
from provendor.wire import pacing
from provendor.wire.gate import Gate


class Settings(NamedTuple):
    """How to ask: how many requests at once, what else to ask when a vendor is silent, and whether to alert."""

    width: int = 100
    controls: tuple[str, ...] = ()
    alert: Rules | None = None


class Telling(NamedTuple):
    """Whom to tell: of each probe that was carried out, and of what a reader should know besides."""

    result: Callable[[Done], None]
    trouble: Callable[[str], None]


def to_the_end(
    replayer: Replayer,
    probes: Sequence[Probe],
    evidence: Evidence,
    telling: Telling,
    settings: Settings,
    *,
    env: Mapping[str, str],
) -> bool:
    """Ask all on an event loop of their own; return whether they were left to come to their end.

    Ctrl-C and SIGTERM break off what is under way; every probe has a result all the same.
    """
    return asyncio.run(_all(replayer, probes, evidence, telling, settings, env))


async def _all(
    replayer: Replayer,
    probes: Sequence[Probe],
    evidence: Evidence,
    telling: Telling,
    settings: Settings,
    env: Mapping[str, str],
) -> bool:
    async with Keeper(evidence.folder, telling.trouble) as keeper:
        with Sole(evidence.folder) as sole:
            states = await keeper.read(lambda history: history.states())
            rounds = Rounds(evidence, keeper, Books(states), say=telling.trouble, sole=sole.held)
            gate, paces = Gate(settings.width), pacing.home(env)
            alerting = await _alerting(replayer, keeper, telling, settings, env) if sole.held else None
            async with Prober(replayer, gate, env=env, paces=paces, today=lambda: replayer.today) as prober:
                surroundings = Surroundings(controls=settings.controls, ask=prober.answers, now=time.monotonic)

                async def carry_out(probe: Probe) -> None:
                    telling.result(await rounds.carry_out(probe, prober, surroundings))

                finished = await _gathered([asyncio.ensure_future(carry_out(probe)) for probe in probes])
                for probe in probes if not finished else ():
                    if probe.watched not in rounds.carried_out:
                        result = broken_off(probe.case)._replace(environment=PRODUCTION)
                        telling.result(rounds.write_down(probe, result, prober))
            await rounds.flush()
            if alerting is not None:
                await alerting.look(time.time(), at_once=True)
                await alerting.close()
    return finished


async def _alerting(
    replayer: Replayer, keeper: Keeper, telling: Telling, settings: Settings, env: Mapping[str, str]
) -> Alerting | None:
    channels = channels_of(env)
    if settings.alert is None or not channels:
        return None
    alerting = Alerting(
        Messenger(channels), keeper, suite=lambda: replayer.suite, say=telling.trouble, rules=settings.alert
    )
    await alerting.open()
    return alerting


async def _gathered(asking: Sequence[asyncio.Future[None]]) -> bool:
    """Wait for all; return whether nobody broke them off."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        stopped.set()
        for each in asking:
            each.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        # Elsewhere than in the main thread, and on some systems, a signal cannot be waited for.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop)
    for ended in await asyncio.gather(*asking, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended
    return not stopped.is_set()
