"""Counts inference requests and predictions."""

from __future__ import annotations

from serving.inference.call import Answered
from serving.inference.model import ChurnModel
from serving.observation.metrics import FALLBACKS, PredictionMetrics, RequestSeries


class RequestMetrics:
    """An observer that counts requests and predictions."""

    def __init__(self) -> None:
        self._unknown: RequestSeries | None = None
        """Requests to unknown models."""
        self._known: dict[str, tuple[ChurnModel, RequestSeries, PredictionMetrics]] = {}
        """By name, the model that was asked last, and its series."""

    def note(self, answered: Answered) -> None:
        model = answered.model
        if model is None:
            if self._unknown is None:
                self._unknown = RequestSeries("")
            self._unknown.count(answered.code, answered.took_s)
            return
        known = self._known.get(model.name)
        if known is None or known[0] is not model:
            known = model, RequestSeries(model.name), PredictionMetrics(model.name, model.bundle)
            self._known[model.name] = known
        _, requests, predictions = known
        requests.count(answered.code, answered.took_s)
        if answered.prediction is None:
            return
        predictions.count(answered.prediction)
        if not answered.from_cache:
            predictions.took(answered.predicted_at - answered.read_at)
        if answered.fallback:
            FALLBACKS.labels(model.name, answered.fallback).inc()
