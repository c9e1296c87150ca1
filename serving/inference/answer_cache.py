"""Predictions that were made before, by what was asked: version, rows, reasons, threshold."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import orjson

from serving.observation.metrics import CACHE, CACHED

if TYPE_CHECKING:
    from serving.inference.model import ChurnModel
    from serving.v2.query import Query
    from tenure.bundle import AnyPrediction

MAX_ROWS = 8
"""Larger requests hardly come twice, and would take the place of many small ones."""
MAX_KEY_BYTES = 16 * 1024

Key = tuple[str, int, float | None, bytes]


class AnswerCache:
    """Keeps the predictions that were asked for last; see ``serving.inference.hooks.Cache``.

    Columns may come in any order. Values count as they were sent: 1, 1.0 and "1" are three, as are the same number in
    32 and in 64 bits, so that nothing is answered that the model would not have said to just these values. A number
    that is missing is the same as null and as NaN. Reloaded bundles have versions of their own.

    Args:
        entries: requests kept at most; the one that was not asked for the longest goes first.
        ttl_s: how long an answer is given again.
        clock: seconds.
    """

    def __init__(self, entries: int, ttl_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries, self._ttl_s, self._clock = entries, ttl_s, clock
        self._kept: OrderedDict[Key, tuple[float, str, AnyPrediction]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, model: ChurnModel, query: Query) -> AnyPrediction | None:
        """What this version answered to the same request within the time to live."""
        key = _key(model, query)
        if key is None:
            return None
        found = self._kept.get(key)
        if found is not None and self._clock() < found[0]:
            self._kept.move_to_end(key)
            CACHE.labels(model.name, "hit").inc()
            return found[2]
        if found is not None:
            self._drop(key, "expired")
        CACHE.labels(model.name, "miss").inc()
        return None

    def put(self, model: ChurnModel, query: Query, prediction: AnyPrediction) -> None:
        """Keep a prediction."""
        key = _key(model, query)
        if key is None:
            return
        self._kept[key] = (self._clock() + self._ttl_s, model.name, prediction)
        if len(self._kept) > self._entries:
            self._drop(next(iter(self._kept)), "evicted")
        CACHED.labels().set(len(self._kept))

    def _drop(self, key: Key, outcome: str) -> None:
        _, name, _ = self._kept.pop(key)
        CACHE.labels(name, outcome).inc()
        CACHED.labels().set(len(self._kept))


def _key(model: ChurnModel, query: Query) -> Key | None:
    """What makes two requests the same; None for one that is not kept."""
    if query.rows > MAX_ROWS:
        return None
    columns = query.columns
    try:
        rows = [_written(columns[name]) if name in columns else 0 for name in model.bundle.contract.inputs]
        content = orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY)
    except (TypeError, ValueError):  # text that is not UTF-8, infinity: the model will say so
        return None
    if len(content) > MAX_KEY_BYTES:
        return None
    options = query.options
    # Two models under different names may be one bundle, and the metrics tell them apart.
    return f"{model.name}\n{model.bundle.version}", options.explain, options.threshold, content


def _written(values: list[object] | np.ndarray) -> object:
    """A column's values as JSON can hold them; bytes are the text they hold, an array comes with its type.

    Raises:
        ValueError: one is infinite, which JSON would write as it writes a missing number.
    """
    listed: list[object] = values.tolist() if isinstance(values, np.ndarray) else values
    if math.inf in listed or -math.inf in listed:
        raise ValueError("infinite")
    if isinstance(values, np.ndarray):
        return [values.dtype.str, listed]
    if listed and isinstance(listed[0], bytes):
        return [value.decode() if isinstance(value, bytes) else value for value in listed]
    return listed
