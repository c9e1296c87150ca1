"""Nearest neighbours as plain arrays: the training rows themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.arrays import VALUE_LINK, Link
from tenure.explanation.distances import SCALES, by_distance, freeze_kept_rows
from tenure.explanation.kth_smallest import kth_smallest

RADIUS = 1.5
"""Ratio of the kernel's squared bandwidth to the squared distance of the k-th neighbour."""

RESOLUTION = 1e-4
"""Added to the squared bandwidth, so that no bandwidth is zero."""

_BY_ROW = ("shares", "weights")
_ARRAYS = ("rows", *_BY_ROW, *SCALES, "background")
ARRAYS = frozenset({*_ARRAYS, "neighbours"})
"""Names of the arrays of ``NeighbourTerms.arrays``, but for the mark of a regression."""


@dataclass(frozen=True, eq=False)
class NeighbourTerms:
    """The weighted share of churners around a row, or the weighted mean of a regression's label; it is the margin.

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
    """Label of every row, shape (n,): 0 or 1, or the value."""
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
    link: Link = "identity"

    def __post_init__(self) -> None:
        freeze_kept_rows("neighbours", self, _BY_ROW)
        object.__setattr__(self, "neighbours", int(self.neighbours))
        if not 1 <= self.neighbours <= len(self.rows):
            raise ValueError(f"neighbours: {self.neighbours} of rows of shape {self.rows.shape}")
        if (self.weights <= 0).any():
            raise ValueError("neighbours: a weight is not above 0")
        if self.link == "logit":
            raise ValueError("neighbours: the link 'logit' needs log-odds")

    @property
    def width(self) -> int:
        """Number of features read."""
        return int(self.rows.shape[1])

    def margin(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities or values, shape (n,), of rows (n, features)."""
        # One product gives both sums of the kernel's weights.
        weights = np.stack([self.weights * self.shares, self.weights], axis=1)

        def of_squares(square: NDArray[np.float64]) -> NDArray[np.float64]:
            bandwidth = RADIUS * kth_smallest(square, self.neighbours) + RESOLUTION
            # The kernel times the squared bandwidth, which cancels out.
            np.subtract(bandwidth[:, None], square, out=square)
            np.maximum(square, 0.0, out=square)
            total, near = (square @ weights).T
            mean: NDArray[np.float64] = total / near
            return mean

        return by_distance(self, matrix, of_squares)

    def arrays(self) -> dict[str, NDArray]:
        """The rows as named arrays."""
        named: dict[str, NDArray] = {name: getattr(self, name) for name in _ARRAYS}
        named["neighbours"] = np.array(self.neighbours)
        return named | ({VALUE_LINK: np.array(True)} if self.link == "value" else {})
