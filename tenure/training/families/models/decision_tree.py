"""One probability tree: the model that can be drawn on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.forest import ForestModel
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.monotone import tree_constraints
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class DecisionTree:
    name: ClassVar[str] = "decision_tree"
    cost: ClassVar[float] = 2.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"imbalance": "none", "max_depth": 6, "min_samples_leaf": 30}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            **suggest_imbalance(trial),
            "max_depth": trial.suggest_int("max_depth", 2, 12),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 10, 300, log=True),
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
        from sklearn.tree import DecisionTreeClassifier

        with limited(threads):
            balanced = balance(rows, parameters["imbalance"], seed)
            estimator = DecisionTreeClassifier(
                max_depth=parameters["max_depth"],
                min_samples_leaf=parameters["min_samples_leaf"],
                monotonic_cst=tree_constraints(rows),
                random_state=seed,
            )
            return ForestModel(estimator.fit(balanced.matrix, balanced.label, sample_weight=balanced.weight))


FAMILY = DecisionTree()
