"""Random forest of probability trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.forest import TREES, ForestModel, leaf_rows
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.monotone import tree_constraints
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class RandomForest:
    name: ClassVar[str] = "random_forest"
    cost: ClassVar[float] = 18.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {
        "imbalance": "none",
        "min_samples_leaf": 15,
        "max_features": 0.15,
        "max_samples": 0.5,
    }

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            **suggest_imbalance(trial),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 2, 40, log=True),
            "max_features": trial.suggest_float("max_features", 0.08, 0.4),
            "max_samples": trial.suggest_float("max_samples", 0.25, 0.8),
        }

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> ForestModel:
        from sklearn.ensemble import RandomForestClassifier

        with limited(threads):
            balanced = balance(rows, parameters["imbalance"], seed)
            estimator = RandomForestClassifier(
                n_estimators=TREES,
                min_samples_leaf=leaf_rows(parameters["min_samples_leaf"], rows),
                max_features=parameters["max_features"],
                max_samples=parameters["max_samples"],
                monotonic_cst=tree_constraints(rows),
                n_jobs=threads,
                random_state=seed,
            )
            return ForestModel(estimator.fit(balanced.matrix, balanced.label, sample_weight=balanced.weight))


FAMILY = RandomForest()
