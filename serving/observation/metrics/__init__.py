"""Prometheus metrics at ``/metrics``, counted by all workers together."""

from serving.observation.metrics.exposition import exposition
from serving.observation.metrics.families import (
    BREAKER_OPEN,
    CACHE,
    CACHED,
    CONNECTIONS_REFUSED,
    FALLBACKS,
    IN_FLIGHT,
    LOG_WRITES,
    LOGGED_ROWS,
    RELOADS,
    SLOW,
    PredictionMetrics,
    RequestSeries,
    retired,
    served,
)
from serving.observation.metrics.histograms import Histogram
from serving.observation.metrics.instruments import Counter, Gauge, share, take

__all__ = [
    "BREAKER_OPEN",
    "CACHE",
    "CACHED",
    "CONNECTIONS_REFUSED",
    "FALLBACKS",
    "IN_FLIGHT",
    "LOGGED_ROWS",
    "LOG_WRITES",
    "RELOADS",
    "SLOW",
    "Counter",
    "Gauge",
    "Histogram",
    "PredictionMetrics",
    "RequestSeries",
    "exposition",
    "retired",
    "served",
    "share",
    "take",
]
