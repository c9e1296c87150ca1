"""The metrics. The rollout and the alerts read requests, fallbacks, durations and scores by these names."""

from __future__ import annotations

import random

import numpy as np

from serving.inference.hooks import BASE_RATE, COMPANION
from serving.observation.metrics.histograms import Histogram, OwnBoundsHistogram
from serving.observation.metrics.instruments import Counter, CounterSeries, Gauge
from serving.observation.metrics.score_bounds import score_bounds
from serving.v2.answer import FLAGS
from tenure.bundle import Bundle, Prediction

REQUESTS = Counter("tenure_requests", "Inference requests, by HTTP status or gRPC's equivalent", ["model", "code"])
REQUEST_SECONDS = Histogram("tenure_request_duration_seconds", "Inference requests, by duration", ["model"])
IN_FLIGHT = Gauge("tenure_requests_in_flight", "Inference requests that are being answered")
SLOW = Counter("tenure_slow_requests", "Inference requests that took longer than --slow-ms", ["model"])
FALLBACKS = Counter("tenure_fallbacks", "Requests that the model did not answer as a whole", ["model", "kind"])
BREAKER_OPEN = Gauge(
    "tenure_breaker_open", "Workers that leave a part of the model alone because it keeps failing", ["model", "part"]
)
RELOADS = Counter("tenure_reloads", "Bundles that took or did not take a former one's place", ["model", "outcome"])
MODEL_INFO = Gauge(
    "tenure_model_info", "The bundle that is served; always 1", ["model", "version", "family"], over_workers="max"
)
CONNECTIONS_REFUSED = Counter(
    "tenure_connections_refused",
    "HTTP connections closed with an error: its status, or the limit: 'connections', 'descriptors', 'unread'",
    ["reason"],
)
CACHE = Counter("tenure_cache", "Answers found and not found in the cache, and dropped from it", ["model", "outcome"])
CACHED = Gauge("tenure_cached_answers", "Answers in the caches of all workers")
LOGGED_ROWS = Counter("tenure_prediction_log_rows", "Rows of the prediction log, by what became of them", ["outcome"])
LOG_WRITES = Counter("tenure_prediction_log_writes", "Files of the prediction log, written or not", ["outcome"])
PREDICT_SECONDS = Histogram("request_predict_seconds", "Predictions, by duration; KServe's own name", ["model_name"])

_ROWS = Counter("tenure_rows", "Customers scored", ["model"])
_SCORES = OwnBoundsHistogram(
    "tenure_score", "Requests, by probability or value of one of their customers, any", ["model"]
)
"""One customer a request: the customers of a batch are alike, and a rollout that counted each as an independent
observation found a difference between versions that only the batch had made."""
_PREDICTIONS = Counter("tenure_predictions", "Customers scored, by decision", ["model", "version", "contact"])
_FLAGGED = Counter(
    "tenure_flagged_values", "Values that were imputed, unknown or out of range", ["model", "column", "flag"]
)


def served(model: str, bundle: Bundle) -> None:
    """Expose the metrics of a bundle that is served from now on, before its first request, for the rollout."""
    MODEL_INFO.labels(model, bundle.version, bundle.manifest.family).set(1)
    for kind in (COMPANION, BASE_RATE):
        FALLBACKS.labels(model, kind)
    REQUESTS.labels(model, "200")
    REQUEST_SECONDS.labels(model)
    _SCORES.within(score_bounds(bundle), model)


def retired(model: str, bundle: Bundle) -> None:
    """Mark a bundle as replaced."""
    MODEL_INFO.labels(model, bundle.version, bundle.manifest.family).set(0)


class RequestSeries:
    """Counts the requests to a model; the empty name stands for unknown models."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._by_code: dict[int, CounterSeries] = {}
        self._seconds = REQUEST_SECONDS.labels(model)

    def count(self, code: int, took_s: float) -> None:
        """Count an answered request by status and seconds."""
        series = self._by_code.get(code)
        if series is None:
            series = self._by_code[code] = REQUESTS.labels(self._model, str(code))
        series.inc()
        self._seconds.observe(took_s)


class PredictionMetrics:
    """Counts what one version of a model predicts."""

    def __init__(self, model: str, bundle: Bundle) -> None:
        self._model = model
        self._contact = _PREDICTIONS.labels(model, bundle.version, "true")
        self._no_contact = _PREDICTIONS.labels(model, bundle.version, "false")
        self._rows = _ROWS.labels(model)
        self._scores = _SCORES.within(score_bounds(bundle), model)
        self._seconds = PREDICT_SECONDS.labels(model)
        self._flags: dict[tuple[str, str], CounterSeries] = {}

    def took(self, seconds: float) -> None:
        """Count a prediction's duration; not called for one from the cache."""
        self._seconds.observe(seconds)

    def count(self, prediction: Prediction) -> None:
        """Count one prediction's rows, decisions and flagged values, and the score of one of its rows."""
        rows = len(prediction)
        self._rows.inc(rows)
        if rows == 1:  # most requests: no numpy
            (self._contact if prediction.decision.item() else self._no_contact).inc()
            self._scores.observe(prediction.score.item())
        elif rows:
            contacts = int(np.count_nonzero(prediction.decision))
            self._contact.inc(contacts)
            self._no_contact.inc(rows - contacts)
            self._scores.observe(prediction.score[random.randrange(rows)].item())  # noqa: S311 not for security
        if not (prediction.imputed or prediction.unknown or prediction.out_of_range):
            return
        for flag in FLAGS:
            for column, mask in getattr(prediction, flag).items():
                series = self._flags.get((column, flag))
                if series is None:
                    series = self._flags[column, flag] = _FLAGGED.labels(self._model, column, flag)
                series.inc(float(np.count_nonzero(mask)))
