"""The mean of the nearest neighbours with a smooth kernel, over a bounded number of training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.neighbours import MAX_ROWS, NeighbourModel
from tenure.training.families.standardize import scaling_of
from tenure.training.families.thinning import thinned
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class KNearestNeighboursRegression:
    """See ``NeighbourTerms`` for the kernel, and for why the mean over exactly k rows is not what is shipped.

    A bundle of this family holds encoded rows of real customers; whoever has the bundle has them.
    """

    name: ClassVar[str] = "k_nearest_neighbours_regression"
    cost: ClassVar[float] = 8.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"neighbours": 15}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {"neighbours": trial.suggest_int("neighbours", 3, 100, log=True)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> NeighbourModel:
        kept = thinned(rows, MAX_ROWS, seed)
        with limited(threads):
            scaling = scaling_of(kept.matrix)
        neighbours = min(int(parameters["neighbours"]), len(kept.label))
        return NeighbourModel(
            scaling.apply(kept.matrix), neighbours, scaling, np.ones(len(kept.label)), kept, link="value"
        )


FAMILY = KNearestNeighboursRegression()
