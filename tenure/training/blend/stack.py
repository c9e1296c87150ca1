"""The families together as one more candidate, weighted on their predictions for rows they were not fitted on.

The margins of the members are added up with weights (Wolpert 1992, "Stacked generalization"). Of the ways to weigh them
the simplest is taken that no more flexible one beats clearly.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.family_names import ENSEMBLE
from tenure.contract.settings import Objective
from tenure.explanation import log_odds
from tenure.stats.clusters import standard_error
from tenure.stats.fold_numbers import fold_numbers
from tenure.training.best_trial import BestTrial
from tenure.training.blend.weights import LOG_LOSS, METHODS, SQUARED_ERROR, Floats, Loss, Weights, fitted
from tenure.training.cross_fitting import HeldOut
from tenure.training.families import evaluate

MAX_MEMBERS = 4
"""Each member costs its whole time in serving."""

PARTS = 5
"""Weights are compared by cross-validation: fitted to four of five parts, applied to the other."""


@dataclass(frozen=True)
class Blend:
    """Which members, weighted how."""

    best: BestTrial
    """The ensemble as a family: scores by part, each with weights that were fitted to the other parts."""
    weights: dict[str, float]
    """By family, in the order given; above 0."""
    intercept: float
    held_out: HeldOut
    """Its outputs for the rows held out, with weights that were fitted to other parts of them."""

    def apply(self, outputs: Sequence[HeldOut]) -> HeldOut:
        """The blend's outputs, from those of its members in the order of ``weights``."""
        margin = np.column_stack([_margin(each) for each in outputs]) @ self.weight_array + self.intercept
        return HeldOut.of_margins(margin, "value" if outputs[0].link == "value" else "logit")

    @property
    def weight_array(self) -> Floats:
        """Shape (members,)."""
        return np.array(list(self.weights.values()))


def blend(
    members: Mapping[str, HeldOut],
    label: NDArray[Any],
    *,
    objective: Objective,
    seed: int,
    customer: NDArray[np.int64] | None = None,
) -> Blend:
    """Weigh the members, by family; of more than ``MAX_MEMBERS`` those with the largest fitted weights.

    A more flexible way to weigh replaces a simpler one only if its loss is lower by more than one standard error of the
    paired differences over rows (Breiman et al. 1984, section 3.4.3).

    Args:
        members: at least two, all of probabilities or all of values.
        label: of the rows held out, shape (rows,).
        customer: of ``tenure.stats.clusters.customers_of``, shape (rows,).
    """
    started = time.perf_counter()
    y = label.astype(np.float64)
    is_value = next(iter(members.values())).link == "value"
    loss = SQUARED_ERROR if is_value else LOG_LOSS
    names, margins = _strongest(list(members), np.column_stack([_margin(each) for each in members.values()]), y, loss)
    classes = np.zeros(len(y), dtype=np.int8) if is_value else label
    parts = fold_numbers(classes, PARTS, seed, customer)
    chosen, held, losses = "", np.empty(0), np.empty(0)
    for method, weigh in METHODS.items():
        margin = np.empty(len(y))
        for part in range(PARTS):
            margin[parts == part] = weigh(margins[parts != part], y[parts != part], loss).apply(margins[parts == part])
        rows = loss.rows(margin, y)
        if not chosen or (losses - rows).mean() > standard_error(losses - rows, customer):
            chosen, held, losses = method, margin, rows
    found: Weights = METHODS[chosen](margins, y, loss)
    weights = {name: float(weight) for name, weight in zip(names, found.weights, strict=True) if weight > 0.0}
    held_out = HeldOut.of_margins(held, "value" if is_value else "logit")
    best = BestTrial(
        family=ENSEMBLE,
        parameters={**weights, "intercept": found.intercept, "weights": chosen},
        scores=tuple(
            evaluate(objective, label[parts == part], held_out.probability[parts == part]) for part in range(PARTS)
        ),
        trials=0,
        pruned=0,
        seconds=round(time.perf_counter() - started, 3),
    )
    return Blend(best, weights, found.intercept, held_out)


def _margin(member: HeldOut) -> Floats:
    return log_odds(member.probability) if member.link == "identity" else member.margin


def _strongest(names: list[str], margins: Floats, label: Floats, loss: Loss) -> tuple[list[str], Floats]:
    while len(names) > MAX_MEMBERS:
        weakest = int(np.argmin(fitted(margins, label, loss).weights))
        names = names[:weakest] + names[weakest + 1 :]
        margins = np.delete(margins, weakest, axis=1)
    return names, margins
