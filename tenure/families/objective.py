"""What the search is after."""

from __future__ import annotations

from typing import Literal

from numpy.typing import NDArray

from tenure.contract.settings import Objective
from tenure.families.family import Floats

Direction = Literal["maximize", "minimize"]


def direction(objective: Objective) -> Direction:
    """Whether a larger or a smaller value is better."""
    return "minimize" if objective in ("log_loss", "brier") else "maximize"


def is_better(objective: Objective, value: float, than: float) -> bool:
    return value > than if direction(objective) == "maximize" else value < than


def evaluate(objective: Objective, label: NDArray, probability: Floats) -> float:
    """The objective's value.

    Args:
        label, probability: shape (n,); label 0 or 1, both present.
    """
    from sklearn import metrics

    if objective == "roc_auc":
        return float(metrics.roc_auc_score(label, probability))
    if objective == "average_precision":
        return float(metrics.average_precision_score(label, probability))
    if objective == "brier":
        return float(metrics.brier_score_loss(label, probability))
    return float(metrics.log_loss(label, probability, labels=[0, 1]))
