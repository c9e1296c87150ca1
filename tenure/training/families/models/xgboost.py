"""XGBoost, histogram trees."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tenure.explanation.model import LEAF, FlatTrees
from tenure.training.export.trees import TreeNodes, below, flatten
from tenure.training.families.early_stopping import grow
from tenure.training.families.family import ROUNDS, Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.imbalance import balance, class_weights, suggest_imbalance
from tenure.training.families.monotone import booster_constraints
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

MAX_ROUNDS = 1000
"""Where stopping early decides, the limit is for the slowest learners alone. With 400, trees of depth 4 at a rate of
0.1 on 100,000 rows of the benchmarks' table reached a ROC-AUC of 0.955; with 800 it was 0.961."""
PATIENCE = 25
MAX_BIN = 128


@dataclass(frozen=True)
class BoosterModel:
    booster: Any
    base: float
    """Margin before the first tree: log-odds of the training rows' weighted share of churners."""

    @property
    def rounds(self) -> int:
        return int(self.booster.num_boosted_rounds())

    def predict(self, matrix: Matrix) -> Floats:
        result: Floats = self.booster.inplace_predict(matrix).astype(np.float64)
        return result

    def terms(self) -> FlatTrees:
        model = json.loads(self.booster.save_raw("json"))["learner"]["gradient_booster"]["model"]
        return flatten((tree_nodes(tree) for tree in model["trees"]), self.base, "logit")


class XGBoost:
    name: ClassVar[str] = "xgboost"
    cost: ClassVar[float] = 5.0
    stops_early: ClassVar[bool] = True
    default: ClassVar[Parameters] = {
        "imbalance": "none",
        "learning_rate": 0.05,
        "max_depth": 2,
        "min_child_weight": 5.0,
        "subsample": 0.7,
        "colsample_bytree": 0.4,
        "reg_lambda": 1.0,
    }

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            **suggest_imbalance(trial),
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
            "max_depth": trial.suggest_int("max_depth", 1, 7),
            "min_child_weight": trial.suggest_float("min_child_weight", 1.0, 30.0, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.2, 1.0),
            "reg_lambda": trial.suggest_float("reg_lambda", 0.3, 30.0, log=True),
        }

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,
    ) -> BoosterModel:
        import xgboost

        strategy = str(parameters["imbalance"])
        with limited(threads):
            balanced = balance(rows, strategy, seed)
            weight = None if strategy == "none" else balanced.weight
            # Bins depend on no parameter of a trial but the strategy.
            train = rows.once(
                ("bins", strategy, seed, threads),
                lambda: xgboost.QuantileDMatrix(
                    balanced.matrix, balanced.label, weight=weight, max_bin=MAX_BIN, nthread=threads
                ),
            )
            share = np.float32(np.average(balanced.label, weights=balanced.weight))
            base = float(np.log(np.float64(share)) - np.log1p(-np.float64(share)))
            settings: dict[str, Parameter] = {
                "objective": "binary:logistic",
                "tree_method": "hist",
                "max_bin": MAX_BIN,
                "base_score": float(share),
                "nthread": threads,
                "seed": seed,
                "verbosity": 0,
                **booster_constraints(rows),
                **{name: value for name, value in parameters.items() if name not in ("imbalance", ROUNDS)},
            }
            if stop is None:
                booster = xgboost.train(settings, train, int(parameters[ROUNDS]))
            else:
                # The loss must be read at the base rate that the model is fitted to.
                held_weight = None if strategy == "none" else class_weights(stop.label)
                booster = grow(
                    settings,
                    train,
                    stop.matrix,
                    lambda margin: float(
                        np.average(np.logaddexp(0.0, margin) - margin * stop.label, weights=held_weight)
                    ),
                    base=base,
                    most=int(parameters.get(ROUNDS, MAX_ROUNDS)),
                    patience=PATIENCE,
                )
        return BoosterModel(booster, base)


def tree_nodes(tree: dict[str, Any]) -> TreeNodes:
    """The split condition of a leaf is its value, learning rate included; ``x < condition`` goes left."""
    left = np.array(tree["left_children"])
    condition = np.array(tree["split_conditions"], dtype=np.float32)
    return TreeNodes(
        feature=np.where(left == LEAF, LEAF, np.array(tree["split_indices"])),
        threshold=below(condition),
        left=left,
        right=np.array(tree["right_children"]),
        value=condition.astype(np.float64),
        cover=np.array(tree["sum_hessian"], dtype=np.float64),
    )


FAMILY = XGBoost()
