"""Columns as codes of their distinct values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.contract.values import Text, Value

Codes = NDArray[np.int64]
Labels = NDArray[np.int8]

MAX_BINS = 50
"""Numbers with more distinct values are divided into this many quantile bins."""


def coded(values: Value) -> Codes:
    """(rows,) a code for each distinct value, 0 for a missing one."""
    if isinstance(values, Text):
        place: dict[str, int] = {}
        word = np.array([place.setdefault(word, len(place)) for word in values.words] + [-1], dtype=np.int64)
        return word[values.codes] + 1
    found = np.zeros(values.size, dtype=np.int64)
    there = np.isfinite(values)
    found[there] = np.unique(values[there], return_inverse=True)[1] + 1
    return found


def binned(values: Value) -> Codes:
    """As ``coded``, but many distinct numbers share ``MAX_BINS`` quantile bins."""
    codes = coded(values)
    if isinstance(values, Text) or int(codes.max()) <= MAX_BINS:
        return codes
    there = codes > 0
    edges = np.unique(np.quantile(values[there], np.linspace(0.0, 1.0, MAX_BINS + 1)[1:-1]))
    codes[there] = np.searchsorted(edges, values[there], side="right") + 1
    return codes
