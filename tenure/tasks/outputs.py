"""The numbers that a prediction consists of, by the names that files, answers and logs give them."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Outputs:
    """What a task predicts of a customer besides decision, band and recommendation."""

    score: str
    """The output that customers are ranked by; no two tasks share its name."""
    lowest: float
    """Smallest score there can be; so is ``highest`` the largest."""
    highest: float
    columns: tuple[str, ...]
    """Columns of a day's scores and of the MLflow model's answer, the score first."""
    tensors: tuple[str, ...]
    """Outputs of a V2 answer, FP64 of shape [n] each, the score first."""
    noun: str
    """The scores of several customers, as in "the probabilities differ"."""
    interval: tuple[str, str] | None = None
    """Tensors with the lower and the upper end of the score's interval, of a task that has one."""

    @property
    def bounded(self) -> bool:
        """Whether scores have a scale of their own, as probabilities have, rather than that of the data."""
        return math.isfinite(self.highest - self.lowest)
