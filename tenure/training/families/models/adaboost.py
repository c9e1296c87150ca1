"""AdaBoost (Freund and Schapire 1997) over small trees, its vote turned into log-odds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tenure.errors import DataError
from tenure.explanation.model import FlatTrees
from tenure.training.export.trees import flatten
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.forest import rows_reaching, tree_nodes
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.monotone import tree_constraints
from tenure.training.families.platt import Sigmoid, cross_fitted_sigmoid
from tenure.training.families.thinning import thinned
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

MAX_ROWS = 40_000
"""Training rows that the trees are fitted to: each of them sorts every column that it looks at anew. On the benchmarks'
table of 100,000 rows more of them moved the ROC-AUC by 0.001."""
COVER_ROWS = 10_000
"""Training rows that the covers of the trees, and so the baseline of the contributions, are counted by."""


@dataclass(frozen=True)
class VoteModel:
    """The fitted ensemble, and the sigmoid over its vote."""

    estimator: Any
    sigmoid: Sigmoid
    training: Matrix
    """Some of the rows that it was fitted to."""
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        return self.sigmoid.probability(self.estimator.decision_function(matrix))

    def terms(self) -> FlatTrees:
        """A tree adds its weight for a vote for churn, and takes it away for another; all weights add up to 2."""
        weights = self.estimator.estimator_weights_[: len(self.estimator.estimators_)]
        parts = self.sigmoid.slope * 2.0 * weights / weights.sum()
        trees = [member.tree_ for member in self.estimator.estimators_]
        return flatten(
            (
                tree_nodes(tree, np.where(_churns(tree), part, -part), rows_reaching(tree, self.training))
                for tree, part in zip(trees, parts, strict=True)
            ),
            self.sigmoid.offset,
            "logit",
        )


class AdaBoost:
    """Discrete AdaBoost: every tree votes for a class.

    Its vote is no probability: log-odds are those of a cross-fitted sigmoid (see ``platt``). Fitted
    to at most ``MAX_ROWS`` rows; every split looks at a random third of the columns.
    """

    name: ClassVar[str] = "adaboost"
    cost: ClassVar[float] = 15.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {
        "imbalance": "none",
        "trees": 60,
        "max_depth": 2,
        "learning_rate": 0.5,
        "min_samples_leaf": 20,
    }

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            **suggest_imbalance(trial),
            "trees": trial.suggest_int("trees", 20, 120, log=True),
            "max_depth": trial.suggest_int("max_depth", 1, 4),
            "learning_rate": trial.suggest_float("learning_rate", 0.1, 1.0, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 100, log=True),
        }

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> VoteModel:
        """See ``Family.fit``.

        Raises:
            DataError: also if no split of the rows is better than chance.
        """
        kept = thinned(rows, MAX_ROWS, seed)
        with limited(threads):
            estimator = _boosted(kept, parameters, seed)
            sigmoid = cross_fitted_sigmoid(
                kept,
                parameters["imbalance"],
                lambda some: _boosted(some, parameters, seed).decision_function,
                estimator.decision_function,
                seed,
            )
        return VoteModel(estimator, sigmoid, thinned(kept, COVER_ROWS, seed).matrix)


def _boosted(rows: Rows, parameters: Parameters, seed: int) -> Any:
    from sklearn.ensemble import AdaBoostClassifier
    from sklearn.tree import DecisionTreeClassifier

    balanced = balance(rows, parameters["imbalance"], seed)
    tree = DecisionTreeClassifier(
        max_depth=parameters["max_depth"],
        min_samples_leaf=min(int(parameters["min_samples_leaf"]), max(1, len(balanced.label) // 10)),
        max_features=0.33,
        monotonic_cst=tree_constraints(rows),
    )
    estimator = AdaBoostClassifier(
        tree, n_estimators=parameters["trees"], learning_rate=parameters["learning_rate"], random_state=seed
    )
    try:
        return estimator.fit(balanced.matrix, balanced.label, sample_weight=balanced.weight)
    except ValueError as error:
        if "worse than random" not in str(error):
            raise
        raise DataError(f"adaboost finds no split of {len(rows.label)} rows that is better than chance") from None


def _churns(tree: Any) -> Floats:
    """Whether each node's majority churns; a tie does not."""
    majority: Floats = tree.value[:, 0, 1] > tree.value[:, 0, 0]
    return majority


FAMILY = AdaBoost()
