"""Logistic regression with an L2 penalty on standardized columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.model import LinearTerms
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.monotone import constrain_logistic
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


@dataclass(frozen=True)
class LogisticModel:
    """The fitted estimator, with the standardization that it was fitted behind."""

    estimator: Any
    mean: Floats
    scale: Floats
    training_mean: Floats
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        wide = (matrix.astype(np.float64) - self.mean) / self.scale
        result: Floats = self.estimator.predict_proba(wide)[:, 1]
        return result

    def terms(self) -> LinearTerms:
        """Standardization folded in: w·(x - mean) / scale + b = (w / scale)·x + (b - (w / scale)·mean)."""
        weights: NDArray = self.estimator.coef_[0] / self.scale
        intercept = float(self.estimator.intercept_[0] - weights @ self.mean)
        return LinearTerms(weights, intercept, self.training_mean)


class LogisticRegression:
    name: ClassVar[str] = "logistic_regression"
    cost: ClassVar[float] = 3.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"imbalance": "none", "C": 1.0}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {**suggest_imbalance(trial), "C": trial.suggest_float("C", 1e-3, 30.0, log=True)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> LogisticModel:
        from sklearn.linear_model import LogisticRegression as Estimator

        with limited(threads):
            balanced = balance(rows, parameters["imbalance"], seed)
            wide = balanced.matrix.astype(np.float64)
            mean, scale = wide.mean(axis=0), wide.std(axis=0)
            scale[scale == 0.0] = 1.0
            estimator = Estimator(C=parameters["C"], tol=1e-6, max_iter=2_000)
            scaled = (wide - mean) / scale
            estimator.fit(scaled, balanced.label, sample_weight=balanced.weight)
            if rows.monotone is not None:
                constrain_logistic(estimator, scaled, balanced, rows.monotone)
        return LogisticModel(estimator, mean, scale, rows.matrix.mean(axis=0, dtype=np.float64))


FAMILY = LogisticRegression()
