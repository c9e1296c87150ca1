"""Quadratic discriminant analysis: normal classes of a covariance each, which is shrunk towards equal variances."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tenure.errors import DataError
from tenure.explanation import InteractionTerms
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.platt import Sigmoid, cross_fitted_sigmoid
from tenure.training.families.standardize import Scaling, scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

MAX_COLUMNS = 200
"""Columns that it reads, those that go most with the label by themselves: each pair of them is a number of the model,
20,100 in all. The others have no say."""


@dataclass(frozen=True)
class QuadraticModel:
    """The fitted estimator, with the scaling that it was fitted behind and the sigmoid over its log-odds."""

    estimator: Any
    columns: NDArray[np.int64]
    """Those that it reads, ascending."""
    scaling: Scaling
    """Of all columns."""
    sigmoid: Sigmoid
    low: Floats
    high: Floats
    rounds: None = None

    def margin(self, matrix: Matrix) -> Floats:
        """The estimator's own log-odds, shape (n,), held within the range of the training rows."""
        held = np.clip(matrix, self.low, self.high).astype(np.float32)
        result: Floats = self.estimator.decision_function(self.scaling.apply(held)[:, self.columns])
        return result

    def predict(self, matrix: Matrix) -> Floats:
        return self.sigmoid.probability(self.margin(matrix))

    def terms(self) -> InteractionTerms:
        """The difference of two quadratic forms, around the mean of the training rows.

        A class of mean m, covariance V Λ Vᵀ and share p has the log-density
        log(p) - (log|Λ| + |Λ^(-1/2) Vᵀ (x - m)|²) / 2. The scaling puts the mean at 0: there the quadratic form is
        dᵀ P d - 2 mᵀ P d + mᵀ P m with P = V Λ⁻¹ Vᵀ.
        """
        count, columns = len(self.columns), self.columns
        square, line, constant = np.zeros((count, count)), np.zeros(count), 0.0
        fitted = zip(
            (-1.0, 1.0),
            self.estimator.means_,
            self.estimator.scalings_,
            self.estimator.rotations_,
            self.estimator.priors_,
            strict=True,
        )
        for sign, mean, variance, axes, prior in fitted:
            precision = (axes / variance) @ axes.T
            square -= 0.5 * sign * precision
            line += sign * precision @ mean
            constant += sign * (np.log(prior) - 0.5 * (np.log(variance).sum() + mean @ precision @ mean))
        slope, scale = self.sigmoid.slope, self.scaling.scale[columns]
        places = np.array(list(combinations_with_replacement(range(count), 2)), dtype=np.int32)
        first, second = places.T
        # A pair of different columns stands for both of its entries in the symmetric matrix.
        twice = np.where(first == second, 1.0, 2.0)
        weights = np.zeros(len(self.low))
        weights[columns] = slope * line / scale
        return InteractionTerms(
            weights=weights,
            pairs=columns[places].astype(np.int32),
            coefficients=slope * twice * square[first, second] / (scale[first] * scale[second]),
            intercept=slope * constant + self.sigmoid.offset,
            means=self.scaling.mean,
            variances=np.where(self.low == self.high, 0.0, self.scaling.scale**2),
            low=self.low,
            high=self.high,
            link="logit",
        )


class Qda:
    """Its log-odds are too far from zero where columns are no normals, as indicators are none: a cross-fitted sigmoid
    (see ``platt``) draws them back.

    Weights by class are the prior of the classes: the estimator takes none of rows.
    """

    name: ClassVar[str] = "qda"
    cost: ClassVar[float] = 2.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"imbalance": "none", "shrinkage": 0.3}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {**suggest_imbalance(trial), "shrinkage": trial.suggest_float("shrinkage", 0.01, 1.0, log=True)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> QuadraticModel:
        """See ``Family.fit``.

        Raises:
            DataError: also if all rows of a class are alike, or it has one.
        """
        with limited(threads):
            whole = _fitted(rows, parameters, seed)
            sigmoid = cross_fitted_sigmoid(
                rows,
                parameters["imbalance"],
                lambda some: _fitted(some, parameters, seed).margin,
                whole.margin,
                seed,
            )
        return QuadraticModel(whole.estimator, whole.columns, whole.scaling, sigmoid, whole.low, whole.high)


def _fitted(rows: Rows, parameters: Parameters, seed: int) -> QuadraticModel:
    """Without its sigmoid."""
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

    matrix, label, weight = balance(rows, parameters["imbalance"], seed)
    scaling = scaling_of(matrix)
    columns = _columns(matrix, label, scaling)
    priors = np.bincount(label.astype(np.int64), weights=weight)
    estimator = QuadraticDiscriminantAnalysis(
        solver="eigen", shrinkage=parameters["shrinkage"], priors=priors / priors.sum()
    )
    try:
        estimator.fit(scaling.apply(matrix)[:, columns], label)
    except ValueError as error:
        raise DataError(f"qda cannot estimate the spread of a class in {len(rows.label)} rows") from error
    low, high = matrix.min(axis=0), matrix.max(axis=0)
    return QuadraticModel(
        estimator, columns, scaling, Sigmoid(1.0, 0.0), low.astype(np.float64), high.astype(np.float64)
    )


def _columns(matrix: Matrix, label: NDArray, scaling: Scaling) -> NDArray[np.int64]:
    """The columns to read: all, or of more the ``MAX_COLUMNS`` that correlate most with the label."""
    away = label - label.mean()
    with_label = np.abs(away @ matrix - away.sum() * scaling.mean) / scaling.scale
    return np.sort(np.argsort(-with_label, kind="stable")[:MAX_COLUMNS])


FAMILY = Qda()
