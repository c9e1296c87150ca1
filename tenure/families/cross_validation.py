"""Scoring one set of parameters over folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import Objective
from tenure.families.family import Family, Matrix, Parameters, Rows
from tenure.families.folds import Folds
from tenure.families.objective import evaluate
from tenure.families.threads import limited


@dataclass(frozen=True)
class CrossValidation:
    """Scores of the folds that were fitted."""

    scores: tuple[float, ...]
    rounds: tuple[int, ...]
    """Boosting rounds at which each fold stopped; empty for a family without them."""

    @property
    def mean(self) -> float:
        return float(np.mean(self.scores))

    @property
    def std(self) -> float:
        """Standard deviation over folds; 0 for a single fold."""
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else 0.0

    @property
    def typical_rounds(self) -> int | None:
        """Rounds to refit with: the median over folds."""
        return round(float(np.median(self.rounds))) if self.rounds else None


def cross_validate(
    family: Family,
    parameters: Parameters,
    matrix: Matrix,
    label: NDArray,
    folds: Folds,
    *,
    objective: Objective,
    seed: int,
    threads: int,
    go_on: Callable[[CrossValidation], bool] = lambda _so_far: True,
) -> CrossValidation:
    """Fit and score fold by fold, for as long as ``go_on`` says so.

    Scaling, weighting, resampling and early stopping happen inside the fold; its held-out rows are only scored.

    Args:
        matrix: shape (n, f).
        label: 0 or 1, shape (n,).
        go_on: asked after every fold but the last.

    Raises:
        DataError: from the family's fit.
    """

    def rows(indices: NDArray) -> Rows:
        return Rows(matrix[indices], label[indices])

    scores: list[float] = []
    rounds: list[int] = []
    with limited(threads):
        for fold in folds.folds:
            if family.stops_early:
                model = family.fit(rows(fold.fit), parameters, seed=seed, threads=threads, stop=rows(fold.stop))
            else:
                model = family.fit(rows(fold.train), parameters, seed=seed, threads=threads)
            held = rows(fold.held)
            scores.append(evaluate(objective, held.label, model.probability(held.matrix)))
            rounds += [] if model.rounds is None else [model.rounds]
            so_far = CrossValidation(tuple(scores), tuple(rounds))
            if len(scores) < len(folds.folds) and not go_on(so_far):
                break
    return so_far
