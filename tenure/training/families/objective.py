"""What the search is after."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import Objective
from tenure.training.families.family import Floats

Direction = Literal["maximize", "minimize"]


def direction(objective: Objective) -> Direction:
    """Whether a larger or a smaller value is better."""
    return "maximize" if objective in ("roc_auc", "average_precision") else "minimize"


def is_better(objective: Objective, value: float, than: float) -> bool:
    return value > than if direction(objective) == "maximize" else value < than


def evaluate(objective: Objective, label: NDArray, predicted: Floats) -> float:
    """The objective's value.

    Args:
        label: shape (n,): 0 or 1, both present; for the objectives of a regression the true values.
        predicted: shape (n,): probabilities, or values.
    """
    if objective == "rmse":
        return float(np.sqrt(np.mean((predicted - label) ** 2)))
    if objective == "mae":
        return float(np.mean(np.abs(predicted - label)))
    return _evaluate_class(objective, label, predicted)


def _evaluate_class(objective: Objective, label: NDArray, probability: Floats) -> float:
    from sklearn import metrics

    if objective == "roc_auc":
        return float(metrics.roc_auc_score(label, probability))
    if objective == "average_precision":
        return float(metrics.average_precision_score(label, probability))
    if objective == "brier":
        return float(metrics.brier_score_loss(label, probability))
    return float(metrics.log_loss(label, probability, labels=[0, 1]))
