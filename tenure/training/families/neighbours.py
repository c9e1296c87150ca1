"""What a fitted model of nearest neighbours is, whatever its label; see ``NeighbourTerms`` for the kernel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tenure.explanation import Link, NeighbourTerms, background_of
from tenure.explanation.neighbours import RADIUS, RESOLUTION
from tenure.training.families.family import Floats, Matrix, Rows
from tenure.training.families.standardize import Scaling

MAX_ROWS = 2_000
"""Training rows that the model keeps: they are shipped with it, and each is compared at every prediction."""

_CHUNK_ROWS = 512
"""Rows scored at a time, so that their distances to all kept rows fit the cache."""


@dataclass(frozen=True)
class NeighbourModel:
    """The kept rows, with what they are scaled by; distances are the library's."""

    scaled: Floats
    neighbours: int
    scaling: Scaling
    weights: Floats
    kept: Rows
    link: Link = "identity"
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        held = self.scaling.apply(np.clip(matrix, self.kept.matrix.min(axis=0), self.kept.matrix.max(axis=0)))
        starts = range(0, len(held), _CHUNK_ROWS)
        parts = [self._mean(held[start : start + _CHUNK_ROWS]) for start in starts]
        return np.concatenate([np.empty(0), *parts])

    def _mean(self, scaled: Floats) -> Floats:
        from sklearn.metrics.pairwise import euclidean_distances

        # To all kept rows, as the kernel may reach past the k-th.
        square = euclidean_distances(scaled, self.scaled, squared=True)
        farthest = np.partition(square, self.neighbours - 1, axis=1)[:, self.neighbours - 1, None]
        weight = np.maximum(1.0 - square / (RADIUS * farthest + RESOLUTION), 0.0) * self.weights
        mean: Floats = weight @ self.kept.label / weight.sum(axis=1)
        return mean

    def terms(self) -> NeighbourTerms:
        matrix = self.kept.matrix
        whole = NeighbourTerms(
            rows=self.scaled,
            shares=self.kept.label.astype(np.float64),
            weights=self.weights,
            neighbours=self.neighbours,
            centre=self.scaling.mean,
            scale=1.0 / self.scaling.scale,
            low=matrix.min(axis=0).astype(np.float64),
            high=matrix.max(axis=0).astype(np.float64),
            background=matrix[:1],
            link=self.link,
        )
        return replace(whole, background=background_of(matrix, whole.margin(matrix)))
