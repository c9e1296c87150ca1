"""XGBoost, histogram trees that predict a mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tenure.explanation.model import FlatTrees
from tenure.training.export.trees import flatten
from tenure.training.families.early_stopping import grow
from tenure.training.families.family import ROUNDS, Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.models.xgboost import MAX_BIN, MAX_ROUNDS, PATIENCE, tree_nodes
from tenure.training.families.monotone import booster_constraints
from tenure.training.families.standardize import LabelScaling, label_scaling
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

SUMMED_ROUNDS = 16
"""Trees whose leaves XGBoost adds up, in float32, before we go on in float64: the sum of hundreds of them would lose
the digits that the export is held to."""


@dataclass(frozen=True)
class ValueBoosterModel:
    booster: Any
    label: LabelScaling
    """What the trees are fitted to is scaled, so that float32 and the penalties fit it."""

    @property
    def rounds(self) -> int:
        return int(self.booster.num_boosted_rounds())

    def predict(self, matrix: Matrix) -> Floats:
        scaled = np.zeros(len(matrix))
        for first in range(0, self.rounds, SUMMED_ROUNDS):
            last = min(first + SUMMED_ROUNDS, self.rounds)
            scaled += self.booster.inplace_predict(matrix, iteration_range=(first, last), predict_type="margin")
        return self.label.restore(scaled)

    def terms(self) -> FlatTrees:
        model = json.loads(self.booster.save_raw("json"))["learner"]["gradient_booster"]["model"]
        nodes = (tree_nodes(tree) for tree in model["trees"])
        return flatten(
            (tree._replace(value=tree.value * self.label.spread) for tree in nodes), self.label.mean, "value"
        )


class XGBoostRegression:
    name: ClassVar[str] = "xgboost_regression"
    cost: ClassVar[float] = 5.0
    stops_early: ClassVar[bool] = True
    default: ClassVar[Parameters] = {
        "learning_rate": 0.05,
        "max_depth": 3,
        "min_child_weight": 10.0,
        "subsample": 0.7,
        "colsample_bytree": 0.6,
        "reg_lambda": 1.0,
    }

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
            "max_depth": trial.suggest_int("max_depth", 2, 7),
            "min_child_weight": trial.suggest_float("min_child_weight", 1.0, 100.0, log=True),
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
    ) -> ValueBoosterModel:
        import xgboost

        scaling = label_scaling(rows.label)
        with limited(threads):
            # Bins depend on no parameter of a trial.
            train = rows.once(
                ("bins", seed, threads),
                lambda: xgboost.QuantileDMatrix(
                    rows.matrix, scaling.apply(rows.label), max_bin=MAX_BIN, nthread=threads
                ),
            )
            settings: dict[str, Parameter] = {
                "objective": "reg:squarederror",
                "tree_method": "hist",
                "max_bin": MAX_BIN,
                "base_score": 0.0,
                "nthread": threads,
                "seed": seed,
                "verbosity": 0,
                **booster_constraints(rows),
                **{name: value for name, value in parameters.items() if name != ROUNDS},
            }
            if stop is None:
                booster = xgboost.train(settings, train, int(parameters[ROUNDS]))
            else:
                target = scaling.apply(stop.label)
                booster = grow(
                    settings,
                    train,
                    stop.matrix,
                    lambda value: float(np.mean((value - target) ** 2)),
                    base=0.0,
                    most=int(parameters.get(ROUNDS, MAX_ROUNDS)),
                    patience=PATIENCE,
                )
        return ValueBoosterModel(booster, scaling)


FAMILY = XGBoostRegression()
