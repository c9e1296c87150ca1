"""Nearest neighbours as plain arrays: the training rows themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.arrays import Link, check_finite, freeze
from tenure.explanation.kth_smallest import kth_smallest

RADIUS = 1.5
"""Ratio of the kernel's squared bandwidth to the squared distance of the k-th neighbour."""

RESOLUTION = 1e-4
"""Added to the squared bandwidth, so that no bandwidth is zero."""

_FLOATS = ("rows", "shares", "weights", "centre", "scale", "low", "high")
ARRAYS = frozenset({*_FLOATS, "neighbours", "background"})
"""Names of the arrays of ``NeighbourTerms.arrays``."""

_CHUNK_ROWS = 128
"""Rows scored at a time, so that their distances to all training rows stay in the cache."""


@dataclass(frozen=True, eq=False)
class NeighbourTerms:
    """The weighted share of churners around a row; the margin is that probability.

    With u_i the distance to training row i, and u_(k) that to the k-th nearest, row i has the weight
    w_i · max(0, 1 - u_i² / h²), h² = RADIUS · u_(k)² + RESOLUTION: Epanechnikov's kernel with the nearest-neighbour
    bandwidth (Fan and Gijbels 1996, section 4.2). Unlike the mean over exactly k rows it is continuous: rows at
    equal distance have equal weights, and rounding does not decide which of them are the k nearest. Distances are
    between ``(clip(x, low, high) - centre) * scale``, so a value beyond all training rows counts as the farthest.

    Raises:
        ValueError: shapes differ, a value is not finite, or there are fewer than k rows.
    """

    rows: NDArray[np.float64]
    """Scaled training rows, shape (n, features)."""
    shares: NDArray[np.float64]
    """Label of every row, shape (n,)."""
    weights: NDArray[np.float64]
    """Weight of every row, shape (n,), above 0."""
    neighbours: int
    """k."""
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """Shape (features,), as the others of these four."""
    background: NDArray[np.float32]
    """Training rows, not scaled: the baseline of the contributions, shape (rows, features)."""

    def __post_init__(self) -> None:
        for name in _FLOATS:
            freeze(self, name, np.float64)
        freeze(self, "background", np.float32)
        object.__setattr__(self, "neighbours", int(self.neighbours))
        if self.rows.ndim != 2 or not 1 <= self.neighbours <= len(self.rows) or not self.width:
            raise ValueError(f"neighbours: {self.neighbours} of rows of shape {self.rows.shape}")
        shapes = {"shares": (len(self.rows),), "weights": (len(self.rows),)}
        shapes |= dict.fromkeys(("centre", "scale", "low", "high"), (self.width,))
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"neighbours: '{name}' has shape {getattr(self, name).shape}, not {shape}")
        if self.background.shape[1:] != (self.width,) or not len(self.background):
            raise ValueError(f"neighbours: the background has shape {self.background.shape}, not (rows, {self.width})")
        check_finite("neighbours", *(getattr(self, name) for name in _FLOATS), self.background)
        if (self.weights <= 0).any():
            raise ValueError("neighbours: a weight is not above 0")

    @property
    def link(self) -> Link:
        return "identity"

    @property
    def width(self) -> int:
        """Number of features read."""
        return int(self.rows.shape[1])

    def margin(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability, shape (n,), of rows (n, features)."""
        # One product gives |y|² - 2 x·y for all rows y, another both sums of the kernel's weights.
        towards = np.vstack([-2.0 * self.rows.T, (self.rows * self.rows).sum(axis=1)])
        weights = np.stack([self.weights * self.shares, self.weights], axis=1)
        starts = range(0, len(matrix), _CHUNK_ROWS)
        parts = (self._margin(matrix[at : at + _CHUNK_ROWS], towards, weights) for at in starts)
        return np.concatenate([np.empty(0), *parts])

    def _margin(
        self, matrix: NDArray[np.float32], towards: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        x = (np.clip(matrix.astype(np.float64), self.low, self.high) - self.centre) * self.scale
        square = np.column_stack([x, np.ones(len(x))]) @ towards
        square += (x * x).sum(axis=1)[:, None]
        np.maximum(square, 0.0, out=square)
        bandwidth = RADIUS * kth_smallest(square, self.neighbours) + RESOLUTION
        # The kernel times the squared bandwidth, which cancels out.
        np.subtract(bandwidth[:, None], square, out=square)
        np.maximum(square, 0.0, out=square)
        churned, near = (square @ weights).T
        share: NDArray[np.float64] = churned / near
        return share

    def arrays(self) -> dict[str, NDArray]:
        """The rows as named arrays."""
        named: dict[str, NDArray] = {name: getattr(self, name) for name in _FLOATS}
        return named | {"neighbours": np.array(self.neighbours), "background": self.background}
