"""The prediction of a regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Prediction
from tenure.tasks import Outputs
from tenure.tasks.value.outputs import OUTPUTS


@dataclass(slots=True, eq=False, kw_only=True)
class ValuePrediction(Prediction):
    """How much of something there will be of n customers."""

    outputs: ClassVar[Outputs] = OUTPUTS
    FIELDS: ClassVar[tuple[str, ...]] = ("value", "low", "high")

    value: NDArray[np.float64]
    """Predicted value in the label's unit, shape (n,)."""
    low: NDArray[np.float64]
    """Lower end of the interval that goes with the value, shape (n,)."""
    high: NDArray[np.float64]
    """Upper end, shape (n,)."""

    @property
    def score(self) -> NDArray[np.float64]:
        return self.value

    def number(self, output: str) -> NDArray[np.float64]:
        return {"value": self.value, "value_low": self.low, "value_high": self.high}[output]

    def first_row(self) -> tuple[float, ...]:
        return self.value.item(0), self.low.item(0), self.high.item(0)
