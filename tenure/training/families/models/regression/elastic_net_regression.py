"""Linear regression with an L1 and an L2 penalty (elastic net; Zou and Hastie 2005) on standardized columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tenure.explanation.model import LinearTerms
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.standardize import LabelScaling, Scaling, label_scaling, scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


@dataclass(frozen=True)
class ElasticNetModel:
    """The fitted estimator, with the scalings that it was fitted behind."""

    estimator: Any
    scaling: Scaling
    label: LabelScaling
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        return self.label.restore(self.estimator.predict(self.scaling.apply(matrix)))

    def terms(self) -> LinearTerms:
        """Both scalings folded in."""
        weights: Floats = self.label.spread * self.estimator.coef_ / self.scaling.scale
        intercept = self.label.restore(self.estimator.intercept_) - float(weights @ self.scaling.mean)
        return LinearTerms(weights, float(intercept), self.scaling.mean, "value")


class ElasticNetRegression:
    """Unlike ridge regression it gives columns that do not help the weight 0; an ``l1_ratio`` of 1 is the lasso."""

    name: ClassVar[str] = "elastic_net_regression"
    cost: ClassVar[float] = 1.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"alpha": 1e-3, "l1_ratio": 0.5}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        """``alpha`` is a row's penalty, on the label's scale."""
        return {
            "alpha": trial.suggest_float("alpha", 1e-5, 0.3, log=True),
            "l1_ratio": trial.suggest_float("l1_ratio", 0.1, 1.0),
        }

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,  # noqa: ARG002 - nothing is drawn
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> ElasticNetModel:
        from sklearn.linear_model import ElasticNet

        with limited(threads):
            scaling, label = scaling_of(rows.matrix), label_scaling(rows.label)
            estimator = ElasticNet(
                alpha=parameters["alpha"], l1_ratio=parameters["l1_ratio"], tol=1e-6, max_iter=10_000
            )
            estimator.fit(scaling.apply(rows.matrix), label.apply(rows.label))
        return ElasticNetModel(estimator, scaling, label)


FAMILY = ElasticNetRegression()
