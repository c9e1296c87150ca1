"""Counts every inference request, and what the models predict."""

from __future__ import annotations

from serving.call import Answered
from serving.metrics import FALLBACKS, PREDICT_SECONDS, PredictionMetrics, count_request
from serving.model import ChurnModel


class RequestMetrics:
    """An observer that counts."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[str, PredictionMetrics]] = {}

    def note(self, answered: Answered) -> None:
        model = answered.model
        name = "" if model is None else model.name
        count_request(name, answered.code, answered.took_s)
        if model is None or answered.prediction is None:
            return
        self._of(model).count(answered.prediction)
        if not answered.from_cache:
            PREDICT_SECONDS.labels(name).observe(answered.predicted_at - answered.read_at)
        if answered.fallback:
            FALLBACKS.labels(name, answered.fallback).inc()

    def _of(self, model: ChurnModel) -> PredictionMetrics:
        """A reloaded bundle's metrics take the place of those of its predecessor."""
        version, metrics = self._by_name.get(model.name, ("", None))
        if metrics is None or version != model.bundle.version:
            metrics = PredictionMetrics(model.name, model.bundle.version)
            self._by_name[model.name] = (model.bundle.version, metrics)
        return metrics
