"""Random forest of probability trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tenure.contract.settings import FamilyName
from tenure.explain.model import LEAF, FlatTrees
from tenure.export.trees import TreeNodes, at_most, flatten
from tenure.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.families.imbalance import balance, suggest_imbalance
from tenure.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

TREES = 80
"""More trees move the ROC-AUC by less than its noise over folds, and cost time in training and in serving."""


@dataclass(frozen=True)
class ForestModel:
    estimator: Any
    rounds: None = None

    def probability(self, matrix: Matrix) -> Floats:
        result: Floats = self.estimator.predict_proba(matrix)[:, 1]
        return result

    def terms(self) -> FlatTrees:
        """The margin is the mean of the trees' shares of churners."""
        trees = [member.tree_ for member in self.estimator.estimators_]
        return flatten((_nodes(tree, len(trees)) for tree in trees), base=0.0, link="identity")


class RandomForest:
    name: ClassVar[FamilyName] = "random_forest"
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
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 8, 40, log=True),
            "max_features": trial.suggest_float("max_features", 0.08, 0.25),
            "max_samples": trial.suggest_float("max_samples", 0.25, 0.6),
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
                min_samples_leaf=parameters["min_samples_leaf"],
                max_features=parameters["max_features"],
                max_samples=parameters["max_samples"],
                n_jobs=threads,
                random_state=seed,
            )
            return ForestModel(estimator.fit(balanced.matrix, balanced.label, sample_weight=balanced.weight))


def _nodes(tree: Any, trees: int) -> TreeNodes:
    shares = tree.value[:, 0, :]
    return TreeNodes(
        feature=np.where(tree.children_left == LEAF, LEAF, tree.feature),
        threshold=at_most(tree.threshold),
        left=tree.children_left,
        right=tree.children_right,
        value=shares[:, 1] / shares.sum(axis=1) / trees,
        cover=tree.weighted_n_node_samples,
    )


FAMILY = RandomForest()
