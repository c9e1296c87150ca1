"""AdaBoost.R2 (Drucker 1997) over small trees, with the mean of its trees in place of their median."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tenure.explanation.model import FlatTrees
from tenure.training.export.trees import flatten
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.forest import rows_reaching, tree_nodes
from tenure.training.families.models.adaboost import COVER_ROWS, MAX_ROWS
from tenure.training.families.monotone import tree_constraints
from tenure.training.families.standardize import LabelScaling, label_scaling
from tenure.training.families.thinning import thinned
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


@dataclass(frozen=True)
class WeightedMeanModel:
    """The fitted ensemble, its trees weighted as boosting weights them."""

    estimator: Any
    label: LabelScaling
    training: Matrix
    """Some of the rows that it was fitted to."""
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        total = np.zeros(len(matrix))
        for member, weight in zip(self.estimator.estimators_, self._weights, strict=True):
            total += weight * member.predict(matrix)
        return self.label.restore(total)

    @property
    def _weights(self) -> Floats:
        """Shape (trees,), their sum 1."""
        weights: Floats = self.estimator.estimator_weights_[: len(self.estimator.estimators_)]
        equal = np.full(len(weights), 1.0 / len(weights))
        return weights / weights.sum() if weights.sum() > 0.0 else equal

    def terms(self) -> FlatTrees:
        trees = [member.tree_ for member in self.estimator.estimators_]
        parts = self.label.spread * self._weights
        return flatten(
            (
                tree_nodes(tree, part * tree.value[:, 0, 0], rows_reaching(tree, self.training))
                for tree, part in zip(trees, parts, strict=True)
            ),
            self.label.mean,
            "value",
        )


class AdaBoostRegression:
    """The mean of the trees, by their weights, is a sum of trees like any other: exported and explained as such. Their
    median, which the algorithm has by the book, is none.

    Fitted to at most ``MAX_ROWS`` rows; every split looks at a random half of the columns.
    """

    name: ClassVar[str] = "adaboost_regression"
    cost: ClassVar[float] = 20.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"trees": 60, "max_depth": 6, "learning_rate": 0.5, "min_samples_leaf": 10}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            "trees": trial.suggest_int("trees", 20, 120, log=True),
            "max_depth": trial.suggest_int("max_depth", 2, 9),
            "learning_rate": trial.suggest_float("learning_rate", 0.05, 1.0, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 3, 60, log=True),
        }

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> WeightedMeanModel:
        from sklearn.ensemble import AdaBoostRegressor
        from sklearn.tree import DecisionTreeRegressor

        kept = thinned(rows, MAX_ROWS, seed)
        scaling = label_scaling(kept.label)
        tree = DecisionTreeRegressor(
            max_depth=parameters["max_depth"],
            min_samples_leaf=parameters["min_samples_leaf"],
            max_features=0.5,
            monotonic_cst=tree_constraints(kept),
        )
        with limited(threads):
            estimator = AdaBoostRegressor(
                tree, n_estimators=parameters["trees"], learning_rate=parameters["learning_rate"], random_state=seed
            )
            estimator.fit(kept.matrix, scaling.apply(kept.label))
        return WeightedMeanModel(estimator, scaling, thinned(kept, COVER_ROWS, seed).matrix)


FAMILY = AdaBoostRegression()
