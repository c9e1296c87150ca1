"""Linear regression with an L2 penalty (ridge) on standardized columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tenure.explanation.model import LinearTerms
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.monotone import constrain_ridge
from tenure.training.families.standardize import Scaling, scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


@dataclass(frozen=True)
class RidgeModel:
    """The fitted estimator, with the scaling that it was fitted behind."""

    estimator: Any
    scaling: Scaling
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        result: Floats = self.estimator.predict(self.scaling.apply(matrix))
        return result

    def terms(self) -> LinearTerms:
        """Scaling folded in, as for logistic regression."""
        weights: Floats = self.estimator.coef_ / self.scaling.scale
        intercept = float(self.estimator.intercept_ - weights @ self.scaling.mean)
        return LinearTerms(weights, intercept, self.scaling.mean, "value")


class LinearRegression:
    name: ClassVar[str] = "linear_regression"
    cost: ClassVar[float] = 1.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"alpha": 1e-3}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {"alpha": trial.suggest_float("alpha", 1e-5, 1.0, log=True)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,  # noqa: ARG002 - nothing is drawn
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> RidgeModel:
        """The penalty is ``alpha`` a row, so that it weighs the same in a fold and in the whole."""
        from sklearn.linear_model import Ridge

        with limited(threads):
            scaling = scaling_of(rows.matrix)
            estimator = Ridge(alpha=float(parameters["alpha"]) * len(rows.label), solver="cholesky")
            scaled = scaling.apply(rows.matrix)
            estimator.fit(scaled, rows.label)
            if rows.monotone is not None:
                constrain_ridge(estimator, scaled, rows.label, rows.monotone)
        return RidgeModel(estimator, scaling)


FAMILY = LinearRegression()
