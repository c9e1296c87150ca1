"""The objectives of the search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import Objective
from tenure.training.families.family import Floats

Direction = Literal["maximize", "minimize"]


@dataclass(frozen=True)
class _Measure:
    direction: Direction
    evaluate: Callable[[NDArray, Floats], float]
    """Of labels and predictions, shape (n,) each."""


def _roc_auc(label: NDArray, probability: Floats) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, probability))


def _average_precision(label: NDArray, probability: Floats) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(label, probability))


def _log_loss(label: NDArray, probability: Floats) -> float:
    from sklearn.metrics import log_loss

    return float(log_loss(label, probability, labels=[0, 1]))


def _brier(label: NDArray, probability: Floats) -> float:
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(label, probability))


def _rmse(label: NDArray, value: Floats) -> float:
    return float(np.sqrt(np.mean((value - label) ** 2)))


def _mae(label: NDArray, value: Floats) -> float:
    return float(np.mean(np.abs(value - label)))


_MEASURES = {
    "roc_auc": _Measure("maximize", _roc_auc),
    "average_precision": _Measure("maximize", _average_precision),
    "log_loss": _Measure("minimize", _log_loss),
    "brier": _Measure("minimize", _brier),
    "rmse": _Measure("minimize", _rmse),
    "mae": _Measure("minimize", _mae),
}


def direction(objective: Objective) -> Direction:
    """Whether a larger or a smaller value is better."""
    return _MEASURES[objective].direction


def is_better(objective: Objective, value: float, than: float) -> bool:
    return value > than if direction(objective) == "maximize" else value < than


def evaluate(objective: Objective, label: NDArray, predicted: Floats) -> float:
    """The objective's value.

    Args:
        label: shape (n,): 0 or 1, both present; for the objectives of a regression the true values.
        predicted: shape (n,): probabilities, or values.
    """
    return _MEASURES[objective].evaluate(label, predicted)
