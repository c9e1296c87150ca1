"""Counts inference requests and predictions."""

from __future__ import annotations

from serving.inference.call import Answered
from serving.inference.model import ChurnModel
from serving.observation.metrics import FALLBACKS, PredictionMetrics, RequestSeries


class RequestMetrics:
    """An observer that counts requests and predictions."""

    def __init__(self) -> None:
        self._requests: dict[str, RequestSeries] = {}
        self._predictions: dict[str, tuple[str, PredictionMetrics]] = {}

    def note(self, answered: Answered) -> None:
        model = answered.model
        name = "" if model is None else model.name
        requests = self._requests.get(name)
        if requests is None:
            requests = self._requests[name] = RequestSeries(name)
        requests.count(answered.code, answered.took_s)
        if model is None or answered.prediction is None:
            return
        predictions = self._of(model)
        predictions.count(answered.prediction)
        if not answered.from_cache:
            predictions.took(answered.predicted_at - answered.read_at)
        if answered.fallback:
            FALLBACKS.labels(name, answered.fallback).inc()

    def _of(self, model: ChurnModel) -> PredictionMetrics:
        """The metrics of a model's present version."""
        version, metrics = self._predictions.get(model.name, ("", None))
        if metrics is None or version != model.bundle.version:
            metrics = PredictionMetrics(model.name, model.bundle)
            self._predictions[model.name] = (model.bundle.version, metrics)
        return metrics
