"""A prober that stays, with everything besides asking: alerts, metrics, health, a heartbeat, signals.

    to_the_end(Wanted(root, reports, selectors, ...), env=os.environ, observers=(printer,))

Ends when SIGTERM or Ctrl-C ask for it: nothing more is planned, what is asked may answer, all is written down. A second one
does not wait for answers. SIGHUP loads the contracts anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

from provendor.errors import TransportError, UsageError
from provendor.exchange import Request
from provendor.probes import health
from provendor.probes.alerting import Alerting
from provendor.probes.alerts import Rules
from provendor.probes.daemon import Daemon, Every, Observer
from provendor.probes.history import Watched
from provendor.probes.messenger import Messenger, channels_of
from provendor.probes.outbox import Outbox
from provendor.probes.reloading import Loaded, Reloading
from provendor.probes.rounds import Done
from provendor.probes.serving import Page, Serving
from provendor.probes.slots import Ended
from provendor.probes.sole import Sole
from provendor.reports import publish
from provendor.wire.live import Network, Policy

HEARTBEAT: Final = "PROVENDOR_HEARTBEAT"
"""The variable that names what to call, to say that the prober itself lives."""

HEARTBEAT_S: Final = 60.0
ON_TIME_S: Final = 30.0
"""A prober that has not looked after its slots for so long is not well, and sends no heartbeat."""

_LOOK_S: Final = 1.0


class Wanted(NamedTuple):
    """What somebody wants of a prober that stays. `metrics` is where to serve them, None for nowhere."""

    root: Path
    reports: Path
    selectors: tuple[str, ...]
    every: Every
    width: int = 100
    controls: tuple[str, ...] = ()
    metrics: str | None = None
    rules: Rules = Rules()
    cache: Path | None = None


def to_the_end(wanted: Wanted, *, env: Mapping[str, str], observers: tuple[Observer, ...]) -> None:
    """Stay until a signal asks to end; raises ContractError and UsageError where there is nothing to begin with."""
    asyncio.run(_stay(wanted, env, observers))


async def _stay(wanted: Wanted, env: Mapping[str, str], observers: tuple[Observer, ...]) -> None:
    channels = channels_of(env)
    messenger = Messenger(channels) if channels else None
    meter = _Meter() if wanted.metrics is not None else None
    with Sole(wanted.reports) as sole:
        if not sole.held:
            raise UsageError(f"another prober stays with {wanted.reports}: end it first, or give another --report DIR")
        daemon = Daemon(
            Reloading(wanted.root, wanted.selectors, wanted.cache),
            wanted.reports,
            every=wanted.every,
            width=wanted.width,
            controls=wanted.controls,
            env=env,
            observers=(*observers, *([meter] if meter else [])),
        )
        await daemon.open()
        async with AsyncExitStack() as open_:
            alerting = await _alerting(messenger, daemon, wanted.rules)
            if meter is not None and wanted.metrics is not None:
                serving = await open_.enter_async_context(Serving(wanted.metrics, _pages(daemon, meter)))
                daemon.say(f"metrics and health: http://{serving.address}/metrics, /health, /alive")
            _heed_signals(daemon)
            ending = asyncio.Event()
            looking = asyncio.create_task(_look(alerting, daemon, meter, ending))
            beside = []
            if publish.wanted(env) and hasattr(os, "posix_spawn"):
                beside.append(asyncio.create_task(_keep_page(wanted, daemon)))
            if url := env.get(HEARTBEAT, "").strip():
                beside.append(asyncio.create_task(_beat(url, daemon, env)))
            try:
                await daemon.run()
                await daemon.drain()
            finally:
                ending.set()
                for task in beside:
                    task.cancel()
                await asyncio.gather(looking, *beside, return_exceptions=True)
            if alerting is not None:
                await alerting.look(daemon.now(), at_once=True)
                await alerting.close()
            await daemon.close()


async def _alerting(messenger: Messenger | None, daemon: Daemon, rules: Rules) -> Alerting | None:
    if messenger is None:
        return None
    alerting = Alerting(messenger, daemon.keeper, suite=lambda: daemon.loaded.suite, say=daemon.say, rules=rules)
    await alerting.open()
    return alerting


def _heed_signals(daemon: Daemon) -> None:
    loop = asyncio.get_running_loop()
    wanted: dict[str, Callable[[], None]] = {"SIGTERM": daemon.stop, "SIGINT": daemon.stop, "SIGHUP": daemon.reload}
    for name, heed in wanted.items():
        # Elsewhere than in the main thread, and on some systems, a signal cannot be waited for.
        with suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
            loop.add_signal_handler(getattr(signal, name), heed)


async def _look(alerting: Alerting | None, daemon: Daemon, meter: _Meter | None, ending: asyncio.Event) -> None:
    """Look after alerts, at once when a probe has come to stand otherwise, and every second.

    An alert that is on its way when all ends is not broken off: nobody would know whether it went out.
    """
    while not ending.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await daemon.rounds.changed.wait()
        daemon.rounds.changed.clear()
        try:
            if alerting is not None:
                await alerting.look(daemon.now())
            if meter is not None:
                await meter.look(daemon)
        except Exception as trouble:  # noqa: BLE001 - neither a mistake of ours nor a locked file may end the alerts
            daemon.say(f"alerts: {type(trouble).__name__}: {trouble}")


async def _keep_page(wanted: Wanted, daemon: Daemon) -> None:
    """Keep the page for whoever is on call current."""
    following = publish.Following(wanted.reports, wanted.root)
    before: str | None = None
    while True:
        states = {watched: state.outcome for watched, state in daemon.rounds.books.states.items()}
        trouble = following.look(states, daemon.rounds.evidence.run_id, daemon.now())
        if trouble and trouble != before:
            daemon.say(trouble)
        before = trouble or before
        await asyncio.sleep(_LOOK_S)


async def _beat(url: str, daemon: Daemon, env: Mapping[str, str]) -> None:
    """Say every minute that the prober lives, as long as it does its work."""
    policy = Policy(deadline_s=HEARTBEAT_S / 3, attempts=2, reach="private")
    missed = False
    async with Network(env=env) as network:
        while True:
            if daemon.late_s() < ON_TIME_S:
                try:
                    exchange = await network.caller(policy).send(Request("GET", url))
                    failed = exchange.status >= 400
                except TransportError:
                    failed = True
                if failed and not missed:
                    daemon.say(f"the heartbeat of {HEARTBEAT} is not heard; it goes on being sent")
                missed = failed
            await asyncio.sleep(HEARTBEAT_S)


class _Meter(Observer):
    """Metrics, as somebody who hears what goes on."""

    def __init__(self) -> None:
        from provendor.probes.metrics import Metrics  # noqa: PLC0415 - only where somebody wants to read them

        self.metrics = Metrics()

    def planned(self, loaded: Loaded) -> None:
        self.metrics.planned(loaded.probes)

    def done(self, done: Done) -> None:
        self.metrics.done(done)

    def ended(self, watched: Watched, ended: Ended) -> None:
        self.metrics.ended(watched.vendor, ended)

    async def look(self, daemon: Daemon) -> None:
        """Take up how the prober itself is."""
        itself = daemon.itself()
        alerts = await daemon.keeper.read(lambda history: Outbox(history).counts())
        self.metrics.health(history=itself.history, contracts=itself.contracts, alerts=alerts)


def _pages(daemon: Daemon, meter: _Meter) -> dict[str, Callable[[], Page]]:
    from provendor.probes.metrics import CONTENT_TYPE  # noqa: PLC0415 - as above

    started_at = daemon.now()

    def healthy() -> Page:
        itself = daemon.itself()._replace(on_time=daemon.late_s() < ON_TIME_S)
        states = dict(daemon.rounds.books.states)
        told = health.document(daemon.asked(), states, itself, daemon.now(), started_at)
        status = HTTPStatus.SERVICE_UNAVAILABLE if told["status"] == "fail" else HTTPStatus.OK
        return Page(status, health.CONTENT_TYPE, json.dumps(told, indent=2).encode() + b"\n")

    def alive() -> Page:
        well = daemon.late_s() < ON_TIME_S
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        return Page(status, "text/plain; charset=utf-8", b"alive\n" if well else b"late\n")

    return {
        "/metrics": lambda: Page(HTTPStatus.OK, CONTENT_TYPE, meter.metrics.text()),
        "/health": healthy,
        "/alive": alive,
    }
