"""Builds the hooks of a worker from the command line. The only place that does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from serving.admission.clients import Clients
from serving.admission.gate import Gate
from serving.admission.request_memory import RequestMemory
from serving.inference.answer_cache import AnswerCache
from serving.inference.hooks import Hooks, Observer
from serving.inference.model import ChurnModel
from serving.lifecycle.arguments import Arguments
from serving.observation import metrics, tracing
from serving.observation.access_log import AccessLog
from serving.observation.prediction_log import PredictionLog, Sink, Writer, check_at_start
from serving.observation.request_metrics import RequestMetrics
from serving.observation.slow_log import SlowLog
from serving.resilience import CLOSED, Breaker, Guard
from tenure.privacy import pseudonyms_from


def prepare(given: Arguments, environment: Mapping[str, str] = os.environ) -> None:
    """Check the environment and import slow modules, before workers are started.

    Raises:
        InputError: a variable of the environment is invalid.
        StorageError, SourceError, DataError: the prediction log cannot be written.
    """
    pseudonyms_from(environment)
    tracing.enabled(environment)
    if given.prediction_log is not None:
        # The import takes seconds. In the log's thread it could be too late to write the last rows.
        import pyarrow.fs
        import pyarrow.parquet  # noqa: F401

        check_at_start(Sink(given.prediction_log.location))


def hooks(given: Arguments, clients: Clients | None) -> Hooks:
    """The hooks of a worker, built after the fork; ``clients``, made before it, share the rate limit over workers."""
    limits = given.admission
    if clients is not None:
        clients.begin()
    observers: list[Observer] = [RequestMetrics(), AccessLog(), SlowLog(given.slow_ms)]
    closing: list[Callable[[float], None]] = []
    if given.prediction_log is not None:
        writer = Writer(Sink(given.prediction_log.location), pseudonyms_from(), file_s=given.prediction_log.flush_s)
        writer.start()
        observers.append(PredictionLog(writer, given.prediction_log.rates))
        closing.append(writer.close)
    if tracing.enabled():
        traces = tracing.Tracing()
        observers.append(traces)
        closing.append(traces.close)
    return Hooks(
        admission=Gate(clients, limits.max_in_flight, limits.max_rows, limits.timeout_s),
        request_memory=RequestMemory(limits.max_held_mib * 2**20),
        cache=AnswerCache(given.cache_entries, given.cache_ttl_s) if given.cache_entries else None,
        guard=Guard(_breaker),
        observers=observers,
        closing=closing,
    )


def _breaker(model: ChurnModel, part: str) -> Breaker:
    gauge = metrics.BREAKER_OPEN.labels(model.name, part)
    return Breaker(on_change=lambda state: gauge.set(float(state != CLOSED)))
