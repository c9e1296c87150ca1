"""The absolute error of each row, whatever the objective: of squared errors a few rows would be all there is to see."""

from __future__ import annotations

import numpy as np

from tenure.evaluation.science.row_errors import RowErrors
from tenure.tasks.value.evaluation.sample import Floats, ScoredValues

PART_METRICS = ("rmse", "mae", "r2", "bias")
"""Metrics that are compared between fitted, held-out and test rows."""


def row_errors(label: Floats, scored: ScoredValues) -> RowErrors:
    """Of rows with ``label`` (rows,)."""
    return RowErrors(
        loss_name="absolute_error",
        loss=np.abs(scored.value - label),
        expected_loss=None,
        predicted=scored.value,
        true=label,
        variance=None,
        loss_variance=None,
    )
