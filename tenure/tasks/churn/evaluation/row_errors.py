"""The log loss of each row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.evaluation.science.row_errors import RowErrors
from tenure.tasks.churn.evaluation.sample import Scored, log_error

PART_METRICS = ("roc_auc", "average_precision", "log_loss", "brier", "calibration_error")
"""Metrics that are compared between fitted, held-out and test rows."""


def row_errors(label: NDArray[np.integer], scored: Scored) -> RowErrors:
    """Of rows with ``label`` (rows,) in {0, 1}."""
    probability = scored.probability
    if_left, if_stayed = (log_error(np.full(label.size, value), probability) for value in (1, 0))
    variance = probability * (1.0 - probability)
    return RowErrors(
        loss_name="log_loss",
        loss=np.where(label == 1, if_left, if_stayed),
        expected_loss=probability * if_left + (1.0 - probability) * if_stayed,
        predicted=probability,
        true=label.astype(np.float64),
        variance=variance,
        loss_variance=variance * (if_left - if_stayed) ** 2,
    )
