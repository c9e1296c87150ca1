"""The prediction of a classification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Prediction
from tenure.tasks import Outputs
from tenure.tasks.churn.outputs import OUTPUTS


@dataclass(slots=True, eq=False, kw_only=True)
class ChurnPrediction(Prediction):
    """How likely n customers leave."""

    outputs: ClassVar[Outputs] = OUTPUTS
    FIELDS: ClassVar[tuple[str, ...]] = ("probability",)

    probability: NDArray[np.float64]
    """Calibrated probability of churn, shape (n,)."""

    @property
    def score(self) -> NDArray[np.float64]:
        return self.probability

    def number(self, output: str) -> NDArray[np.float64]:
        if output == "probability":
            return self.probability
        return np.where(self.decision, self.probability, 1.0 - self.probability)

    def first_row(self) -> tuple[float, ...]:
        probability = self.probability.item(0)
        return probability, probability if self.decision.item(0) else 1.0 - probability
