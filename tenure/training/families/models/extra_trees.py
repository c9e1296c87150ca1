"""Extremely randomized trees (Geurts et al. 2006): thresholds drawn at random, the best of the drawn ones taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.forest import TREES, ForestModel, leaf_rows
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.monotone import tree_constraints
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class ExtraTrees:
    name: ClassVar[str] = "extra_trees"
    cost: ClassVar[float] = 12.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {
        "imbalance": "none",
        "min_samples_leaf": 10,
        "max_features": 0.4,
    }

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            **suggest_imbalance(trial),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 3, 40, log=True),
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
    ) -> ForestModel:
        from sklearn.ensemble import ExtraTreesClassifier

        with limited(threads):
            balanced = balance(rows, parameters["imbalance"], seed)
            estimator = ExtraTreesClassifier(
                n_estimators=TREES,
                min_samples_leaf=leaf_rows(parameters["min_samples_leaf"], rows),
                max_features=parameters["max_features"],
                monotonic_cst=tree_constraints(rows),
                n_jobs=threads,
                random_state=seed,
            )
            return ForestModel(estimator.fit(balanced.matrix, balanced.label, sample_weight=balanced.weight))


FAMILY = ExtraTrees()
