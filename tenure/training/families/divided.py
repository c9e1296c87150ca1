"""The rows of a table by fold, for all trials of a search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.stats.folds import Folds
from tenure.training.families.family import Matrix, Rows, Signs

KEEP_BYTES = 512 * 1024**2
"""Most memory for rows that are kept cut out; of a larger table every trial cuts them out anew. What families derive
from them (bins, synthetic rows) takes at most a few times as much."""

SCOUT_ROWS = 20_000
"""Rows that a scout is fitted on. With fewer than twice as many in a fold there is no scout: fitting the fold costs
little more. On 12,000 of 68,000 rows the order of XGBoost's trials correlated by 0.35 with that on all of them, on
20,000 by 0.63: few rows favour the simpler model."""

SCOUT_STOP_ROWS = 4_000

SCOUT_ROUNDS = 300
"""Most boosting rounds of a scout. Few rows want few rounds: parameters that want more of them here, as very slow
learners do, would not come to their end on a fold either."""


class Divided:
    """Rows by fold. The same ``Rows`` object every time, so that what was derived from it is found again."""

    def __init__(
        self, matrix: Matrix, label: NDArray, folds: Folds, seed: int = 0, monotone: Signs | None = None
    ) -> None:
        """Args: matrix shape (n, f); label 0 or 1, shape (n,); seed draws the scout's rows; monotone as of ``Rows``."""
        self.folds = folds
        self.matrix, self.label, self._seed = matrix, label, seed
        self._monotone = monotone
        self._keeps = matrix.nbytes * len(folds.folds) <= KEEP_BYTES
        self._kept: dict[tuple[str, int], Rows] = {}

    def __len__(self) -> int:
        """Folds."""
        return len(self.folds.folds)

    def fit(self, fold: int) -> Rows:
        """Rows to fit on, with early stopping."""
        return self._rows("fit", fold, self.folds.folds[fold].fit)

    def stop(self, fold: int) -> Rows:
        """Rows to stop early by."""
        return self._rows("stop", fold, self.folds.folds[fold].stop)

    def train(self, fold: int) -> Rows:
        """Rows to fit on, without early stopping."""
        return self._rows("train", fold, self.folds.folds[fold].train)

    def held(self, fold: int) -> Rows:
        """Rows to score."""
        return self._rows("held", fold, self.folds.folds[fold].held)

    @property
    def large(self) -> bool:
        """Whether fitting a fold takes so long that a scout before it saves time."""
        return len(self.folds.folds[0].fit) >= 2 * SCOUT_ROWS

    def scout(self) -> Rows:
        """Some of the first fold's rows to fit on, of each class the same share."""
        return self._some("scout", self.folds.folds[0].fit, SCOUT_ROWS)

    def scout_stop(self) -> Rows:
        """As few of the first fold's rows to stop a scout early by: reading all of them took as long as its fit."""
        return self._some("scout stop", self.folds.folds[0].stop, SCOUT_STOP_ROWS)

    def _some(self, kind: str, indices: NDArray[np.int64], count: int) -> Rows:
        share = min(1.0, count / len(indices))
        of_class = [indices[self.label[indices] == value] for value in (0, 1)]
        groups = of_class if np.issubdtype(self.label.dtype, np.integer) else [indices]
        random = np.random.default_rng(self._seed)
        # At least two of a class, or there is nothing for SMOTE to interpolate between.
        chosen = [random.permutation(rows)[: max(2, round(share * len(rows)))] for rows in groups]
        return self._rows(kind, 0, np.sort(np.concatenate(chosen)))

    def _rows(self, kind: str, fold: int, indices: NDArray[np.int64]) -> Rows:
        rows = self._kept.get((kind, fold))
        if rows is None:
            rows = Rows(self.matrix[indices], self.label[indices], self._monotone, keeps=self._keeps)
            if self._keeps:
                self._kept[kind, fold] = rows
        return rows
