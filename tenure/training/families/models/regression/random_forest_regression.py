"""Random forest of trees that predict a mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tenure.explanation.model import FlatTrees
from tenure.training.export.trees import flatten
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.forest import TREES, tree_nodes
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


@dataclass(frozen=True)
class MeanForestModel:
    """A fitted forest of scikit-learn."""

    estimator: Any
    mean: float
    """Of the training rows' label."""
    spread: float
    """Its standard deviation. The trees are fitted to the scaled label: scikit-learn takes a variance for a difference
    of squares, which far from zero has no digits left."""
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        result: Floats = self.mean + self.spread * self.estimator.predict(matrix)
        return result

    def terms(self) -> FlatTrees:
        """The margin is the mean of the trees' means."""
        trees = [member.tree_ for member in self.estimator.estimators_]
        share = self.spread / len(trees)
        return flatten((tree_nodes(tree, tree.value[:, 0, 0] * share) for tree in trees), base=self.mean, link="value")


class RandomForestRegression:
    name: ClassVar[str] = "random_forest_regression"
    cost: ClassVar[float] = 18.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"min_samples_leaf": 8, "max_features": 0.33, "max_samples": 0.6}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 4, 60, log=True),
            "max_features": trial.suggest_float("max_features", 0.1, 1.0),
            "max_samples": trial.suggest_float("max_samples", 0.25, 0.9),
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
        from sklearn.ensemble import RandomForestRegressor

        mean, spread = float(np.mean(rows.label)), float(np.std(rows.label)) or 1.0
        with limited(threads):
            estimator = RandomForestRegressor(
                n_estimators=TREES,
                min_samples_leaf=parameters["min_samples_leaf"],
                max_features=parameters["max_features"],
                max_samples=parameters["max_samples"],
                n_jobs=threads,
                random_state=seed,
            )
            return MeanForestModel(estimator.fit(rows.matrix, (rows.label - mean) / spread), mean, spread)


FAMILY = RandomForestRegression()
