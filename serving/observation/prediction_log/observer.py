"""Chooses the requests to log."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping

from serving.inference.call import Answered
from serving.inference.hooks import REASONS
from serving.observation.prediction_log.rows import Entry
from serving.observation.prediction_log.writer import Writer


def sampled(request_id: str, rate: float) -> bool:
    """Whether a request is in the sample of share ``rate``, 0 to 1.

    The sample depends on the id's BLAKE2b hash only, so it is the same in every process, and part of every larger
    sample.
    """
    if rate >= 1.0:
        return True
    digest = hashlib.blake2b(request_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") < rate * 2.0**64


class PredictionLog:
    """An observer that logs a share of the answered requests.

    Args:
        rates: share by model; 1 for a model that is not in it.
    """

    def __init__(self, writer: Writer, rates: Mapping[str, float]) -> None:
        self._writer = writer
        self._rates = dict(rates)

    def note(self, answered: Answered) -> None:
        model, query, prediction = answered.model, answered.query, answered.prediction
        if model is None or query is None or prediction is None:
            return
        request_id = answered.call.request_id
        if not sampled(request_id, self._rates.get(model.name, 1.0)):
            return
        # If only the reasons are missing, the score is the model's.
        fallback = answered.fallback not in ("", REASONS)
        self._writer.offer(Entry(model, request_id, time.time(), query.columns, query.customers, prediction, fallback))
