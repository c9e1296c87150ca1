"""``/metrics``: the metrics of all workers in Prometheus' formats."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from serving.observation.metrics import instruments

_SMALLEST = ("process_start_time_seconds", "process_max_fds")
"""Process metrics exposed as the minimum over workers; the others are sums."""


class _AllWorkers(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from instruments.collect()
        yield from _processes()


_registry = CollectorRegistry()
_registry.register(_AllWorkers())


def exposition(accept: str) -> tuple[bytes, str]:
    """Body and content type of an answer to a request with this ``Accept`` header."""
    encode, content_type = choose_encoder(accept)
    return encode(_registry), content_type


def _processes() -> Iterator[Metric]:
    """Memory, processor time and open files of all workers together, under prometheus_client's names."""
    found: dict[str, list[Metric]] = {}
    for pid in instruments.writers():
        collector = ProcessCollector(pid=lambda pid=pid: pid, registry=None)  # type: ignore[misc]
        for family in collector.collect():
            found.setdefault(family.samples[0].name, []).append(family)
    for name, families in found.items():
        values = [family.samples[0].value for family in families]
        value = min(values) if name in _SMALLEST else sum(values)
        kind = CounterMetricFamily if families[0].type == "counter" else GaugeMetricFamily
        yield kind(name, families[0].documentation, value=value)
