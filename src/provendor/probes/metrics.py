"""What a prober knows as Prometheus metrics; the one module that knows prometheus_client.

    metrics = Metrics()
    metrics.planned(probes)
    metrics.result(probe, judged, state, ...)
    metrics.text()          # in the text format, for /metrics and for node_exporter's textfile collector

Labels are names out of the contracts and words of ours, so that their number is bounded: nothing that a vendor sends
becomes one, and what leaves the contracts leaves the metrics.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from provendor import __version__
from provendor.probes.probing import Probe
from provendor.probes.rounds import Done
from provendor.probes.slots import End, Ended
from provendor.probes.states import BAD
from provendor.verdict import Outcome, Party

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the latency buckets."""

_STATES: Final = ("pass", "warn", "fail", "error", "unknown")
_PROBE: Final = ("vendor", "operation")


class Metrics:
    """All metrics of one prober."""

    def __init__(self) -> None:
        # When a series was first counted would be as many series again, and nobody asks.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self._registry = CollectorRegistry()
        self._results = Counter(
            "provendor_probe_results", "Results by what the checks said.", (*_PROBE, "outcome"), registry=registry
        )
        self._failures = Counter(
            "provendor_probe_failures",
            "Failures and errors by whose fault they are.",
            (*_PROBE, "party"),
            registry=registry,
        )
        self._state = Gauge(
            "provendor_probe_state",
            "1 for how the probe stands, once confirmed.",
            (*_PROBE, "state"),
            registry=registry,
        )
        self._up = Gauge(
            "provendor_probe_up", "1 where somebody can rely on it, 0 where not.", _PROBE, registry=registry
        )
        self._latency = Histogram(
            "provendor_probe_latency_seconds",
            "The vendor's time of the last attempt.",
            _PROBE,
            registry=registry,
            buckets=SECONDS,
        )
        self._since = Gauge(
            "provendor_probe_state_since_timestamp_seconds", "Since when it stands so.", _PROBE, registry=registry
        )
        self._last = Gauge(
            "provendor_probe_last_result_timestamp_seconds", "When it was last asked.", _PROBE, registry=registry
        )
        self._good = Gauge(
            "provendor_probe_last_good_timestamp_seconds", "When it last answered well.", _PROBE, registry=registry
        )
        self._certificate = Gauge(
            "provendor_certificate_not_after_timestamp_seconds",
            "When the certificate ends.",
            ("vendor",),
            registry=registry,
        )
        self._slots = Counter(
            "provendor_slots", "Planned probes by how they ended.", ("vendor", "end"), registry=registry
        )
        self._alerts = Gauge(
            "provendor_alerts", "Messages of the last weeks by what became of them.", ("state",), registry=registry
        )
        self._history = Gauge("provendor_history_written", "1 while results go into the history.", registry=registry)
        self._contracts = Gauge(
            "provendor_contracts_current", "0 where newer contracts cannot be used.", registry=registry
        )
        info = Gauge("provendor_prober_info", "The version that runs.", ("version",), registry=registry)
        info.labels(__version__).set(1)
        self._history.set(1)
        self._contracts.set(1)
        self._known: set[tuple[str, str]] = set()

    def planned(self, probes: Iterable[Probe]) -> None:
        """Take up these probes, and forget all others."""
        names = {(probe.case.vendor, probe.case.operation) for probe in probes}
        for gone in self._known - names:
            self._forget(gone)
        for new in names - self._known:
            for state in _STATES:
                self._state.labels(*new, state).set(state == "unknown")
        gone_vendors = {vendor for vendor, _ in self._known} - {vendor for vendor, _ in names}
        for vendor in gone_vendors:
            _remove(self._certificate, (vendor,))
            for end in End:
                _remove(self._slots, (vendor, end))
        self._known = names

    def done(self, done: Done) -> None:
        """Count a probe that was carried out."""
        names = done.probe.case.vendor, done.probe.case.operation
        if done.broken_off or names not in self._known:
            return
        settled, result = done.settled, done.settled.result
        self._results.labels(*names, str(settled.judged)).inc()
        if settled.judged in BAD:
            self._failures.labels(*names, str(result.blame.party) if result.blame else "unknown").inc()
        if settled.judged is Outcome.SKIP:
            return
        self._stands(names, done)
        if result.exchange is not None and result.exchange.elapsed_ms is not None:
            self._latency.labels(*names).observe(result.exchange.elapsed_ms / 1000)
        certificate = result.peer.certificate if result.peer else None
        if certificate is not None and certificate.not_after:
            self._certificate.labels(names[0]).set(datetime.fromisoformat(certificate.not_after).timestamp())

    def ended(self, vendor: str, ended: Ended) -> None:
        """Count slots by how they ended."""
        self._slots.labels(vendor, str(ended.end)).inc(ended.last - ended.first + 1)

    def health(self, *, history: bool, contracts: bool, alerts: dict[str, int]) -> None:
        """Say how the prober itself is: whether the history is written, the contracts are current, and what became of alerts."""
        self._history.set(history)
        self._contracts.set(contracts)
        self._alerts.clear()
        for state, count in alerts.items():
            self._alerts.labels(state).set(count)

    def text(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _stands(self, names: tuple[str, str], done: Done) -> None:
        state = done.settled.state
        word = str(state.outcome) if state.outcome else "unknown"
        for each in _STATES:
            self._state.labels(*names, each).set(each == word)
        if state.outcome is not None:
            self._up.labels(*names).set(state.outcome not in BAD)
        for gauge, moment in ((self._since, state.since), (self._last, state.last_at), (self._good, state.last_good)):
            if moment is not None:
                gauge.labels(*names).set(moment)

    def _forget(self, names: tuple[str, str]) -> None:
        for metric in (self._up, self._latency, self._since, self._last, self._good):
            _remove(metric, names)
        for counter, words in (
            (self._results, Outcome),
            (self._failures, (*Party, "unknown")),
            (self._state, _STATES),
        ):
            for word in words:
                _remove(counter, (*names, word))


def _remove(metric: MetricWrapperBase, labels: Iterable[str]) -> None:
    """Forget one series, if there is one."""
    with suppress(KeyError):
        metric.remove(*map(str, labels))
