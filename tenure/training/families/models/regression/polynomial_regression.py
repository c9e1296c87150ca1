"""Ridge regression on standardized columns, and the squares and products of those that matter most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenure.explanation import InteractionTerms
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.standardize import Scaling, scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

CROSSED = (5, 10, 20, 40)
"""How many columns are squared and multiplied: 15 to 820 products."""

BLOCK_ROWS = 8_192
"""Rows whose products are held in memory at a time."""


class Moments(NamedTuple):
    """What a ridge regression on k = f + p centred columns needs to know of its rows."""

    scaling: Scaling
    pairs: NDArray[np.int32]
    """Shape (p, 2)."""
    mean: Floats
    """Of every column, shape (k,)."""
    spread: Floats
    """Standard deviation of every column, 1 for a constant one, shape (k,)."""
    correlation: Floats
    """Of the columns, shape (k, k)."""
    towards: Floats
    """Covariance of the scaled columns with the label, shape (k,)."""
    label_mean: float


@dataclass(frozen=True)
class PolynomialModel:
    moments: Moments
    weights: Floats
    """Of the scaled columns, the products after the lines, shape (k,)."""
    low: Floats
    high: Floats
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        """Held within the range of the training rows, as ``InteractionTerms`` says."""
        scaling, pairs, mean, spread = self.moments[:4]
        held = np.clip(matrix.astype(np.float64), self.low, self.high)
        found = [(block - mean) / spread @ self.weights for block in _columns(held, scaling, pairs)]
        return np.concatenate([np.empty(0), *found]) + self.moments.label_mean

    def terms(self) -> InteractionTerms:
        """Both scalings folded in."""
        scaling, pairs, mean, spread = self.moments[:4]
        features = len(scaling.mean)
        weights = self.weights / spread
        return InteractionTerms(
            weights=weights[:features] / scaling.scale,
            pairs=pairs,
            coefficients=weights[features:] / (scaling.scale[pairs[:, 0]] * scaling.scale[pairs[:, 1]]),
            intercept=self.moments.label_mean - float(weights @ mean),
            means=scaling.mean,
            variances=np.where(self.low == self.high, 0.0, scaling.scale**2),
            low=self.low,
            high=self.high,
        )


class PolynomialRegression:
    name: ClassVar[str] = "polynomial_regression"
    cost: ClassVar[float] = 4.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"alpha": 1e-2, "crossed": 10}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            "alpha": trial.suggest_float("alpha", 1e-4, 10.0, log=True),
            "crossed": trial.suggest_categorical("crossed", CROSSED),
        }

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,  # noqa: ARG002 - nothing is drawn
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> PolynomialModel:
        """The penalty is ``alpha`` a row, so that it weighs the same in a fold and in the whole."""
        crossed = int(parameters["crossed"])
        with limited(threads):
            moments = rows.once(("moments", crossed), lambda: _moments(rows, crossed))
            penalized = moments.correlation + float(parameters["alpha"]) * np.eye(len(moments.mean))
            weights: Floats = np.linalg.solve(penalized, moments.towards).astype(np.float64, copy=False)
        low, high = rows.matrix.min(axis=0), rows.matrix.max(axis=0)
        return PolynomialModel(moments, weights, low.astype(np.float64), high.astype(np.float64))


def _moments(rows: Rows, crossed: int) -> Moments:
    scaling = scaling_of(rows.matrix)
    label = rows.label.astype(np.float64)
    pairs = _pairs(rows.matrix, label, scaling, crossed)
    count = len(label)
    width = len(scaling.mean) + len(pairs)
    total, square, towards = np.zeros(width), np.zeros((width, width)), np.zeros(width)
    start = 0
    for block in _columns(rows.matrix, scaling, pairs):
        total += block.sum(axis=0)
        square += block.T @ block
        towards += block.T @ (label[start : start + len(block)] - label.mean())
        start += len(block)
    mean = total / count
    covariance = square / count - np.outer(mean, mean)
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    # The spread of a constant column is rounding error, and counts as 0; such a column has mean 0 or 1.
    spread[spread < 1e-6] = 1.0
    correlation = covariance / np.outer(spread, spread)
    return Moments(scaling, pairs, mean, spread, correlation, towards / count / spread, float(label.mean()))


def _pairs(matrix: Matrix, label: Floats, scaling: Scaling, crossed: int) -> NDArray[np.int32]:
    """All pairs, each column with itself too, of the ``crossed`` columns that go most with the label by themselves."""
    away = label - label.mean()
    with_label = np.abs(away @ matrix - away.sum() * scaling.mean) / scaling.scale
    chosen = np.sort(np.argsort(-with_label, kind="stable")[:crossed])
    return np.array(list(combinations_with_replacement(chosen.tolist(), 2)), dtype=np.int32).reshape(-1, 2)


def _columns(matrix: NDArray, scaling: Scaling, pairs: NDArray[np.int32]) -> Iterator[Floats]:
    """The scaled columns and the products of pairs of them, by blocks of rows."""
    for start in range(0, len(matrix), BLOCK_ROWS):
        lines = scaling.apply(matrix[start : start + BLOCK_ROWS])
        yield np.concatenate([lines, lines[:, pairs[:, 0]] * lines[:, pairs[:, 1]]], axis=1)


FAMILY = PolynomialRegression()
