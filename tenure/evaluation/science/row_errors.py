"""How wrong a model is about each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tenure.stats.bootstrap import Floats

Loss = Literal["log_loss", "absolute_error"]


@dataclass(frozen=True)
class RowErrors:
    """Predictions and true values of n rows."""

    loss_name: Loss
    loss: Floats
    """(n,) of each row."""
    expected_loss: Floats | None
    """(n,) the mean loss if the predicted probabilities are right; None where a prediction does not imply one."""
    predicted: Floats
    """(n,) probability, or value."""
    true: Floats
    """(n,) label."""
    variance: Floats | None
    """(n,) variance of the label if the predicted probability is right; None of a regression."""
    loss_variance: Floats | None
    """(n,) variance of the loss, likewise."""
