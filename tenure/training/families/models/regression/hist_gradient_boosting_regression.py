"""Scikit-learn's histogram gradient boosting that predicts a mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.model import FlatTrees
from tenure.training.export.trees import flatten
from tenure.training.families.family import ROUNDS, Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.models.hist_gradient_boosting import MAX_BINS, MAX_ROUNDS, PATIENCE, histogram_nodes
from tenure.training.families.monotone import tree_constraints
from tenure.training.families.standardize import LabelScaling, label_scaling
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


@dataclass(frozen=True)
class ValueHistogramModel:
    estimator: Any
    label: LabelScaling

    @property
    def rounds(self) -> int:
        return len(self.estimator._predictors)

    def predict(self, matrix: Matrix) -> Floats:
        return self.label.restore(self.estimator.predict(matrix))

    def terms(self) -> FlatTrees:
        """The library has no public form of its trees; the layout read here is checked by every export."""
        base = self.label.restore(np.asarray(self.estimator._baseline_prediction)).item()
        trees = (histogram_nodes(predictors[0].nodes) for predictors in self.estimator._predictors)
        return flatten((tree._replace(value=tree.value * self.label.spread) for tree in trees), base, "value")


class HistGradientBoostingRegression:
    name: ClassVar[str] = "hist_gradient_boosting_regression"
    cost: ClassVar[float] = 10.0
    stops_early: ClassVar[bool] = True
    default: ClassVar[Parameters] = {
        "learning_rate": 0.08,
        "max_leaf_nodes": 8,
        "min_samples_leaf": 20,
        "l2_regularization": 1.0,
        "max_features": 0.5,
    }

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.2, log=True),
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 3, 31, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 80, log=True),
            "l2_regularization": trial.suggest_float("l2_regularization", 0.01, 50.0, log=True),
            "max_features": trial.suggest_float("max_features", 0.2, 1.0),
        }

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,
    ) -> ValueHistogramModel:
        from tenure.training.families.binned_boosting import BinnedRegressionBoosting

        scaling = label_scaling(rows.label)
        estimator = BinnedRegressionBoosting(
            learning_rate=parameters["learning_rate"],
            max_leaf_nodes=parameters["max_leaf_nodes"],
            min_samples_leaf=parameters["min_samples_leaf"],
            l2_regularization=parameters["l2_regularization"],
            max_features=parameters["max_features"],
            max_bins=MAX_BINS,
            monotonic_cst=tree_constraints(rows),
            max_iter=parameters[ROUNDS] if stop is None else parameters.get(ROUNDS, MAX_ROUNDS),
            early_stopping=stop is not None,
            n_iter_no_change=PATIENCE,
            tol=0.0,
            random_state=seed,
        )
        estimator.kept = partial(rows.once, ("bins of boosting", seed))
        held: dict[str, NDArray] = {}
        if stop is not None:
            held = {"X_val": stop.matrix, "y_val": scaling.apply(stop.label)}
        with limited(threads):
            estimator.fit(rows.matrix, scaling.apply(rows.label), **held)
        if stop is not None:
            # Fitting goes on for PATIENCE rounds past the best one; they are dropped. Score 0 is that of no round.
            best = max(1, int(np.argmax(estimator.validation_score_)))
            del estimator._predictors[best:]
        return ValueHistogramModel(estimator, scaling)


FAMILY = HistGradientBoostingRegression()
