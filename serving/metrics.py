"""Prometheus metrics at ``/metrics``, beside KServe's own. The rollout and the alerts read the first four."""

from __future__ import annotations

from kserve.metrics import PREDICT_HIST_TIME, get_labels
from prometheus_client import Counter, Gauge, Histogram

from tenure.bundle import Prediction

_REQUESTS = Counter("tenure_requests", "Inference requests, by HTTP status or gRPC's equivalent", ["model", "code"])
FALLBACKS = Counter("tenure_fallbacks", "Requests answered without the model; it never happens yet")
_SECONDS = Histogram(
    "tenure_request_duration_seconds",
    "Inference requests, by duration",
    ["model"],
    buckets=(0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.25, 0.5, 1.0, 2.0, 5.0),
)
_SCORES = Histogram(
    "tenure_score", "Customers scored, by probability", ["model"], buckets=tuple(n / 20 for n in range(1, 21))
)
_PREDICTIONS = Counter("tenure_predictions", "Customers scored, by decision", ["model", "version", "contact"])
_FLAGGED = Counter(
    "tenure_flagged_values", "Values that were imputed, unknown or out of range", ["model", "column", "flag"]
)
_MODEL = Gauge("tenure_model_info", "The bundle that is served; always 1", ["model", "version", "family"])


def count_request(model: str, code: int, took_s: float) -> None:
    """Count an answered request; ``model`` is one that is served, or empty."""
    _REQUESTS.labels(model, str(code)).inc()
    _SECONDS.labels(model).observe(took_s)


class ModelMetrics:
    """Counts what one model predicts."""

    def __init__(self, model: str, version: str, family: str) -> None:
        self._model = model
        self._contact = _PREDICTIONS.labels(model, version, "true")
        self._no_contact = _PREDICTIONS.labels(model, version, "false")
        self._scores = _SCORES.labels(model)
        self.seconds = PREDICT_HIST_TIME.labels(**get_labels(model))
        _MODEL.labels(model, version, family).set(1)

    def count(self, prediction: Prediction) -> None:
        """Count one prediction's rows and flagged values."""
        contacts = int(prediction.decision.sum())
        self._contact.inc(contacts)
        self._no_contact.inc(len(prediction) - contacts)
        for probability in prediction.probability.tolist():
            self._scores.observe(probability)
        for flag in ("imputed", "unknown", "out_of_range"):
            for column, mask in getattr(prediction, flag).items():
                _FLAGGED.labels(self._model, column, flag).inc(int(mask.sum()))
