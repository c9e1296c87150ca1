"""The scale on which rows are compared: every source column counts alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.transform import Feature

TAILS = (0.01, 0.99)
"""Quantiles to which numbers are limited, so that a few large values make no cluster of their own."""

SMALLEST_VARIANCE = 0.25
"""Total variance that a column's indicators are divided by at least: that of two values, one of which 15 % have. With
less, the few rows with a rare value would be farther from the others than any other difference."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """Limits and weights by feature, shape (f,) each, as ``Clusters`` has them."""

    low: Floats
    high: Floats
    weights: Floats

    def apply(self, matrix: NDArray[np.float32]) -> Floats:
        """Rows (n, f) in which Euclidean distances are those between customers."""
        return np.clip(matrix.astype(np.float64), self.low, self.high) * self.weights


def fit_scale(matrix: NDArray[np.float32], features: Sequence[Feature]) -> Scale:
    """Limits and weights by which each source column contributes a variance of 1, or less if nearly constant.

    A column may have numbers and indicators (of its values, or of a missing value); each of the two kinds contributes
    the same. Indicators share one weight: a column with fifty values counts as much as one with two. Target statistics
    have no weight: who is alike must not depend on the label.

    Args:
        matrix: (n, f), encoded.
        features: f, of the transform.
    """
    low, high = (matrix.min(axis=0).astype(np.float64), matrix.max(axis=0).astype(np.float64))
    indicators = np.array([_is_indicator(matrix[:, place]) for place in range(len(features))], dtype=bool)
    numbers = ~indicators
    if numbers.any():
        low[numbers], high[numbers] = np.quantile(matrix[:, numbers].astype(np.float64), TAILS, axis=0)
    variance = np.clip(matrix.astype(np.float64), low, high).var(axis=0)
    weights = np.zeros(len(features))
    seen = np.array([feature.kind != "target" for feature in features])
    for source in dict.fromkeys(feature.source for feature in features):
        own = seen & np.array([feature.source == source for feature in features])
        kinds = [own & kind for kind in (numbers, indicators) if (variance[own & kind] > 0.0).any()]
        for places in kinds:
            least = SMALLEST_VARIANCE if indicators[places].all() else 0.0
            total = max(variance[places].sum(), least)
            weights[places] = 1.0 / np.sqrt(total * len(kinds))
    return Scale(low, high, weights)


def _is_indicator(values: NDArray[np.float32]) -> bool:
    return bool(((values == 0.0) | (values == 1.0)).all())
