"""Extremely randomized trees (Geurts et al. 2006) that predict a mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.forest import TREES, MeanForestModel, leaf_rows
from tenure.training.families.monotone import tree_constraints
from tenure.training.families.standardize import label_scaling
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class ExtraTreesRegression:
    name: ClassVar[str] = "extra_trees_regression"
    cost: ClassVar[float] = 12.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"min_samples_leaf": 5, "max_features": 0.6}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 3, 60, log=True),
            "max_features": trial.suggest_float("max_features", 0.1, 1.0),
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
        from sklearn.ensemble import ExtraTreesRegressor

        scaling = label_scaling(rows.label)
        with limited(threads):
            estimator = ExtraTreesRegressor(
                n_estimators=TREES,
                min_samples_leaf=leaf_rows(parameters["min_samples_leaf"], rows),
                max_features=parameters["max_features"],
                monotonic_cst=tree_constraints(rows),
                n_jobs=threads,
                random_state=seed,
            )
            return MeanForestModel(estimator.fit(rows.matrix, scaling.apply(rows.label)), scaling)


FAMILY = ExtraTreesRegression()
