"""One tree that predicts a mean: the model that can be drawn on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.forest import MeanForestModel
from tenure.training.families.monotone import tree_constraints
from tenure.training.families.standardize import label_scaling
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class DecisionTreeRegression:
    name: ClassVar[str] = "decision_tree_regression"
    cost: ClassVar[float] = 1.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"max_depth": 7, "min_samples_leaf": 20}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            "max_depth": trial.suggest_int("max_depth", 2, 14),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 300, log=True),
        }

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> MeanForestModel:
        from sklearn.tree import DecisionTreeRegressor

        scaling = label_scaling(rows.label)
        with limited(threads):
            estimator = DecisionTreeRegressor(
                max_depth=parameters["max_depth"],
                min_samples_leaf=parameters["min_samples_leaf"],
                monotonic_cst=tree_constraints(rows),
                random_state=seed,
            )
            return MeanForestModel(estimator.fit(rows.matrix, scaling.apply(rows.label)), scaling)


FAMILY = DecisionTreeRegression()
