"""Counts every inference request, and what the models predict."""

from __future__ import annotations

from serving.call import Answered
from serving.metrics import ModelMetrics, count_request
from serving.model import ChurnModel


class RequestMetrics:
    """An observer that counts."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[str, ModelMetrics]] = {}

    def note(self, answered: Answered) -> None:
        model = answered.model
        count_request("" if model is None else model.name, answered.code, answered.took_s)
        if model is not None and answered.prediction is not None:
            self._of(model).count(answered.prediction)

    def _of(self, model: ChurnModel) -> ModelMetrics:
        """A reloaded bundle's metrics take the place of those of its predecessor."""
        version, metrics = self._by_name.get(model.name, ("", None))
        if metrics is None or version != model.bundle.version:
            metrics = ModelMetrics(model.name, model.bundle.version, model.bundle.manifest.family)
            self._by_name[model.name] = (model.bundle.version, metrics)
        return metrics
