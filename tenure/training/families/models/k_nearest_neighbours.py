"""Nearest neighbours with a smooth kernel, over a bounded number of training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.imbalance import suggest_imbalance
from tenure.training.families.neighbours import MAX_ROWS, NeighbourModel
from tenure.training.families.standardize import scaling_of
from tenure.training.families.thinning import balance_thinned
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class KNearestNeighbours:
    """See ``NeighbourTerms`` for the kernel, and for why the mean over exactly k rows is not what is shipped.

    A bundle of this family holds encoded rows of real customers; whoever has the bundle has them.
    """

    name: ClassVar[str] = "k_nearest_neighbours"
    cost: ClassVar[float] = 8.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"imbalance": "none", "neighbours": 60}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {**suggest_imbalance(trial), "neighbours": trial.suggest_int("neighbours", 10, 300, log=True)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> NeighbourModel:
        with limited(threads):
            matrix, label, weight = balance_thinned(rows, parameters["imbalance"], MAX_ROWS, seed)
            scaling = scaling_of(matrix)
        neighbours = min(int(parameters["neighbours"]), len(label))
        return NeighbourModel(scaling.apply(matrix), neighbours, scaling, weight, Rows(matrix, label))


FAMILY = KNearestNeighbours()
