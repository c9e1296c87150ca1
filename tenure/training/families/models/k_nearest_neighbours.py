"""Nearest neighbours with a smooth kernel, over a bounded number of training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from tenure.explanation import NeighbourTerms, background_of
from tenure.explanation.neighbours import RADIUS, RESOLUTION
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.imbalance import balance, class_weights, suggest_imbalance
from tenure.training.families.standardize import Scaling, scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

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
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        held = self.scaling.apply(np.clip(matrix, self.kept.matrix.min(axis=0), self.kept.matrix.max(axis=0)))
        starts = range(0, len(held), _CHUNK_ROWS)
        parts = [self._probability(held[start : start + _CHUNK_ROWS]) for start in starts]
        return np.concatenate([np.empty(0), *parts])

    def _probability(self, scaled: Floats) -> Floats:
        from sklearn.metrics.pairwise import euclidean_distances

        # To all kept rows, as the kernel may reach past the k-th.
        square = euclidean_distances(scaled, self.scaled, squared=True)
        farthest = np.partition(square, self.neighbours - 1, axis=1)[:, self.neighbours - 1, None]
        weight = np.maximum(1.0 - square / (RADIUS * farthest + RESOLUTION), 0.0) * self.weights
        churned: Floats = weight @ self.kept.label / weight.sum(axis=1)
        return churned

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
        )
        return NeighbourTerms(
            **{name: getattr(whole, name) for name in ("rows", "shares", "weights", "neighbours", "centre", "scale")},
            low=whole.low,
            high=whole.high,
            background=background_of(matrix, whole.margin(matrix)),
        )


class KNearestNeighbours:
    """See ``NeighbourTerms`` for the kernel, and for why the mean over exactly k rows is not what is shipped.

    A bundle of this family holds encoded rows of real customers; whoever has the bundle has them.
    """

    name: ClassVar[str] = "k_nearest_neighbours"
    cost: ClassVar[float] = 8.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"imbalance": "none", "neighbours": 60}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {**suggest_imbalance(trial), "neighbours": trial.suggest_int("neighbours", 10, 300, log=True)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> NeighbourModel:
        with limited(threads):
            balanced = balance(rows, parameters["imbalance"], seed)
            kept = _thinned(Rows(balanced.matrix, balanced.label), seed)
            weight = (
                class_weights(kept.label) if parameters["imbalance"] == "class_weight" else np.ones(len(kept.label))
            )
            scaling = scaling_of(kept.matrix)
        neighbours = min(int(parameters["neighbours"]), len(kept.label))
        return NeighbourModel(scaling.apply(kept.matrix), neighbours, scaling, weight, kept)


def _thinned(rows: Rows, seed: int) -> Rows:
    """At most ``MAX_ROWS`` of the rows, of each class the same share, in the table's order."""
    if len(rows.label) <= MAX_ROWS:
        return rows
    rng = np.random.default_rng(seed)
    chosen: list[NDArray] = []
    for value in (0, 1):
        of_class = np.flatnonzero(rows.label == value)
        count = max(1, round(MAX_ROWS * len(of_class) / len(rows.label)))
        chosen.append(rng.permutation(of_class)[:count])
    order = np.sort(np.concatenate(chosen))
    return Rows(np.ascontiguousarray(rows.matrix[order]), rows.label[order])


FAMILY = KNearestNeighbours()
