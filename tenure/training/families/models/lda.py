"""Linear discriminant analysis: normal classes of one covariance, which is shrunk towards equal variances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tenure.explanation import LinearTerms
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.standardize import Scaling, scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


@dataclass(frozen=True)
class DiscriminantModel:
    """The fitted estimator, with the scaling that it was fitted behind."""

    estimator: Any
    scaling: Scaling
    training_mean: Floats
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        result: Floats = self.estimator.predict_proba(self.scaling.apply(matrix))[:, 1]
        return result

    def terms(self) -> LinearTerms:
        """Scaling folded in, as for logistic regression."""
        weights: Floats = self.estimator.coef_[0] / self.scaling.scale
        intercept = float(self.estimator.intercept_.item()) - float(weights @ self.scaling.mean)
        return LinearTerms(weights, intercept, self.training_mean)


class Lda:
    """Weights by class are the prior of the classes: the estimator takes none of rows."""

    name: ClassVar[str] = "lda"
    cost: ClassVar[float] = 1.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"imbalance": "none", "shrinkage": 0.01}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {**suggest_imbalance(trial), "shrinkage": trial.suggest_float("shrinkage", 1e-4, 1.0, log=True)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> DiscriminantModel:
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        with limited(threads):
            matrix, label, weight = balance(rows, parameters["imbalance"], seed)
            scaling = scaling_of(matrix)
            priors = np.bincount(label.astype(np.int64), weights=weight)
            estimator = LinearDiscriminantAnalysis(
                solver="lsqr", shrinkage=parameters["shrinkage"], priors=priors / priors.sum()
            )
            estimator.fit(scaling.apply(matrix), label)
        return DiscriminantModel(estimator, scaling, rows.matrix.mean(axis=0, dtype=np.float64))


FAMILY = Lda()
