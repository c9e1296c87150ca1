"""A cache of predictions by version, rows and options."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import orjson

from serving.observation.metrics import CACHE, CACHED
from tenure.contract.values import TODAY_COLUMN

if TYPE_CHECKING:
    from serving.inference.model import ChurnModel
    from serving.v2.query import Query
    from tenure.bundle import Prediction

MAX_ROWS = 8
"""Larger requests are rarely repeated, and would evict many small ones."""
MAX_KEY_BYTES = 16 * 1024

Key = tuple[str, int, float | None, bool, bytes]


class AnswerCache:
    """Keeps the predictions used last; see ``serving.inference.hooks.Cache``.

    The order of columns does not matter. Values are compared as they were sent: 1, 1.0 and "1" differ, as does the same
    number in 32 and in 64 bits, so that an answer is exactly the model's for these values. A missing number equals null
    and NaN. A reloaded bundle has another version.

    Args:
        entries: the maximum number of requests kept; the least recently used is evicted.
        ttl_s: how long a prediction is used.
        clock: returns seconds.
    """

    def __init__(self, entries: int, ttl_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries, self._ttl_s, self._clock = entries, ttl_s, clock
        self._kept: OrderedDict[Key, tuple[float, str, Prediction]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, model: ChurnModel, query: Query) -> Prediction | None:
        """This version's prediction for an equal query within the time to live."""
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

    def put(self, model: ChurnModel, query: Query, prediction: Prediction) -> None:
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
    """The key of a query; None for one that is not kept."""
    if query.rows > MAX_ROWS:
        return None
    columns = query.columns
    try:
        rows = [_json_values(columns[name]) if name in columns else 0 for name in model.bundle.contract.inputs]
        rows.append(columns.get(TODAY_COLUMN, 0))
        content = orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY)
    except (TypeError, ValueError):  # text that is not UTF-8, infinity: the model rejects it
        return None
    if len(content) > MAX_KEY_BYTES:
        return None
    options = query.options
    # One bundle may be served under two names, whose metrics differ.
    return f"{model.name}\n{model.bundle.version}", options.explain, options.threshold, options.additions, content


def _json_values(values: list[object] | np.ndarray) -> object:
    """A column's values for JSON: bytes as text, an array with its type.

    Raises:
        ValueError: a value is infinite, which JSON writes like a missing number.
    """
    listed: list[object] = values.tolist() if isinstance(values, np.ndarray) else values
    if math.inf in listed or -math.inf in listed:
        raise ValueError("infinite")
    if isinstance(values, np.ndarray):
        return [values.dtype.str, listed]
    if listed and isinstance(listed[0], bytes):
        return [value.decode() if isinstance(value, bytes) else value for value in listed]
    return listed
