"""Scikit-learn's histogram gradient boosting."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.model import LEAF, FlatTrees
from tenure.training.export.trees import TreeNodes, at_most, flatten
from tenure.training.families.family import ROUNDS, Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.imbalance import balance, class_weights, suggest_imbalance
from tenure.training.families.monotone import tree_constraints
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

MAX_ROUNDS = 500
MAX_BINS = 127
PATIENCE = 15
"""Rounds without a lower loss on the held-out rows, after which fitting stops."""


@dataclass(frozen=True)
class HistogramModel:
    estimator: Any

    @property
    def rounds(self) -> int:
        return len(self.estimator._predictors)

    def predict(self, matrix: Matrix) -> Floats:
        result: Floats = self.estimator.predict_proba(matrix)[:, 1]
        return result

    def terms(self) -> FlatTrees:
        """The library has no public form of its trees; the layout read here is checked by every export."""
        base = float(np.asarray(self.estimator._baseline_prediction).item())
        return flatten(
            (histogram_nodes(predictors[0].nodes) for predictors in self.estimator._predictors), base, "logit"
        )


class HistGradientBoosting:
    name: ClassVar[str] = "hist_gradient_boosting"
    cost: ClassVar[float] = 10.0
    stops_early: ClassVar[bool] = True
    default: ClassVar[Parameters] = {
        "imbalance": "none",
        "learning_rate": 0.08,
        "max_leaf_nodes": 5,
        "min_samples_leaf": 30,
        "l2_regularization": 5.0,
        "max_features": 0.3,
    }

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            **suggest_imbalance(trial),
            "learning_rate": trial.suggest_float("learning_rate", 0.05, 0.2, log=True),
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 3, 16, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 10, 80, log=True),
            "l2_regularization": trial.suggest_float("l2_regularization", 0.1, 50.0, log=True),
            "max_features": trial.suggest_float("max_features", 0.15, 0.6),
        }

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,
    ) -> HistogramModel:
        from tenure.training.families.binned_boosting import BinnedBoosting

        strategy = parameters["imbalance"]
        estimator = BinnedBoosting(
            learning_rate=parameters["learning_rate"],
            max_leaf_nodes=parameters["max_leaf_nodes"],
            min_samples_leaf=parameters["min_samples_leaf"],
            l2_regularization=parameters["l2_regularization"],
            max_features=parameters["max_features"],
            max_bins=MAX_BINS,
            max_iter=parameters[ROUNDS] if stop is None else parameters.get(ROUNDS, MAX_ROUNDS),
            early_stopping=stop is not None,
            n_iter_no_change=PATIENCE,
            tol=0.0,
            monotonic_cst=tree_constraints(rows),
            random_state=seed,
        )
        estimator.kept = partial(rows.once, ("bins of boosting", strategy == "smote", seed))
        held: dict[str, NDArray] = {}
        if stop is not None:
            held = {"X_val": stop.matrix, "y_val": stop.label}
            if strategy != "none":
                # The loss must be read at the base rate that the model is fitted to.
                held["sample_weight_val"] = class_weights(stop.label)
        with limited(threads):
            balanced = balance(rows, strategy, seed)
            weight = balanced.weight if strategy == "class_weight" else None
            estimator.fit(balanced.matrix, balanced.label, sample_weight=weight, **held)
        if stop is not None:
            # Fitting goes on for PATIENCE rounds past the best one; they are dropped. Score 0 is that of no round.
            best = max(1, int(np.argmax(estimator.validation_score_)))
            del estimator._predictors[best:]
        return HistogramModel(estimator)


def histogram_nodes(nodes: NDArray) -> TreeNodes:
    """A tree of the library's boosting."""
    return TreeNodes(
        feature=np.where(nodes["is_leaf"], LEAF, nodes["feature_idx"].astype(np.int32)),
        threshold=at_most(nodes["num_threshold"]),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        value=nodes["value"],
        cover=nodes["count"].astype(np.float64),
    )


FAMILY = HistGradientBoosting()
