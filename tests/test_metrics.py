from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from builders import a_case, a_live_exchange
from provendor.exchange import Certificate, Peer
from provendor.probes.confirming import Books
from provendor.probes.metrics import Metrics
from provendor.probes.probing import Probe
from provendor.probes.rounds import Done
from provendor.probes.slots import End, Ended
from provendor.probes.states import Thresholds
from provendor.run import Result
from provendor.verdict import Blame, Outcome, Party

NOW = 1_795_608_000.0


def a_probe(name: str = "acme/users.get:ok") -> Probe:
    return Probe(a_case(name), 60.0, Thresholds(), None)


def a_done(books: Books, outcome: str = "pass", probe: Probe | None = None, **changes: Any) -> Done:
    probe = probe or a_probe()
    known: dict[str, Any] = {"exchange": a_live_exchange()}
    if outcome in ("fail", "error"):
        known["blame"] = Blame(Party.VENDOR, "it says so")
    result = Result(probe.case, Outcome(outcome), (), NOW, 1.0, **{**known, **changes})
    return Done(probe, books.settle(probe, result), {})


def values(metrics: Metrics) -> dict[str, float]:
    """Every sample as Prometheus reads it: `name{a,b}` with the values of the labels in the order of their names."""
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            labels = ",".join(value for _, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def test_results_states_and_latencies_are_counted():
    """By vendor and operation."""
    metrics, books = Metrics(), Books({})
    metrics.planned([a_probe()])
    for outcome in ("pass", "fail", "fail"):
        metrics.done(a_done(books, outcome))

    found = values(metrics)
    assert found["provendor_probe_results_total{users.get,fail,acme}"] == 2
    assert found["provendor_probe_failures_total{users.get,vendor,acme}"] == 2
    assert found["provendor_probe_state{users.get,fail,acme}"] == 1
    assert found["provendor_probe_state{users.get,pass,acme}"] == 0
    assert found["provendor_probe_up{users.get,acme}"] == 0
    assert found["provendor_probe_latency_seconds_count{users.get,acme}"] == 3
    assert found["provendor_probe_latency_seconds_bucket{0.1,users.get,acme}"] == 3
    assert found["provendor_probe_last_good_timestamp_seconds{users.get,acme}"] == NOW


def test_before_the_first_result_the_state_is_unknown():
    """And nothing says that it is up or down."""
    metrics = Metrics()
    metrics.planned([a_probe()])

    found = values(metrics)
    assert found["provendor_probe_state{users.get,unknown,acme}"] == 1
    assert "provendor_probe_up{users.get,acme}" not in found


def test_what_leaves_the_contracts_leaves_the_metrics():
    """Nothing else is bounded for ever."""
    metrics, books, other = Metrics(), Books({}), a_probe("other/things.get:ok")
    metrics.planned([a_probe(), other])
    peer = Peer("192.0.2.1:443", "HTTP/2", Certificate("a", "b", "2026-12-31T00:00:00+00:00"))
    for probe in (a_probe(), other):
        metrics.done(a_done(books, "error", probe, peer=peer))
        metrics.ended(probe.case.vendor, Ended(1, 7, 9, End.MISSING, "why"))
    assert values(metrics)["provendor_slots_total{missing,other}"] == 3
    assert values(metrics)["provendor_certificate_not_after_timestamp_seconds{other}"] == 1_798_675_200

    metrics.planned([a_probe()])
    metrics.done(a_done(books, "error", other))

    assert [name for name in values(metrics) if "other" in name] == []
    assert values(metrics)["provendor_slots_total{missing,acme}"] == 3


def test_no_label_is_made_of_what_a_vendor_sends():
    """However many different answers come, the number of series stays the same."""
    metrics, books = Metrics(), Books({})
    metrics.planned([a_probe()])
    for outcome in ("pass", "warn", "fail", "error"):
        metrics.done(a_done(books, outcome))
    before = set(values(metrics))
    for status in range(200, 600):
        metrics.done(
            a_done(books, "fail", exchange=a_live_exchange(status, {"error": str(status)}), reason=f"r{status}")
        )

    assert set(values(metrics)) == before


def test_a_skip_and_what_was_broken_off_say_nothing_of_the_vendor():
    """One is counted, the other is not."""
    metrics, books = Metrics(), Books({})
    metrics.planned([a_probe()])
    metrics.done(a_done(books, "skip", exchange=None))
    metrics.done(a_done(books, "error", exchange=None)._replace(broken_off=True))

    found = values(metrics)
    assert found["provendor_probe_results_total{users.get,skip,acme}"] == 1
    assert "provendor_probe_results_total{users.get,error,acme}" not in found
    assert found["provendor_probe_state{users.get,unknown,acme}"] == 1


def test_the_prober_itself_is_told():
    """History, contracts, alerts."""
    metrics = Metrics()
    metrics.health(history=False, contracts=True, alerts={"sent": 3})

    found = values(metrics)
    assert (found["provendor_history_written{}"], found["provendor_contracts_current{}"]) == (0, 1)
    assert found["provendor_alerts{sent}"] == 3
