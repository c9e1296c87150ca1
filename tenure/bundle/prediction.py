"""What a bundle says about customers: how likely they leave, or how much of something there will be."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tenure.explanation import Reason

Flags = dict[str, NDArray[np.bool_]]
"""By column, which rows; only columns in which some row is concerned."""


@dataclass(slots=True, eq=False)  # not frozen: one is made for every request
class Prediction:
    """What a bundle says about n customers."""

    version: str
    probability: NDArray[np.float64]
    """Calibrated probability of churn, shape (n,)."""
    decision: NDArray[np.bool_]
    """Whom to contact, shape (n,)."""
    band: list[str]
    """Risk band, n names."""
    recommendation: list[str]
    """The contract's text for the band, n texts; empty where it has none."""
    margin: NDArray[np.float64]
    """The model's raw output, shape (n,): what ``reasons`` add up to."""
    imputed: Flags
    unknown: Flags
    out_of_range: Flags
    reasons: list[list[Reason]] = field(default_factory=list)
    """For each row the columns that moved it most, largest first; empty unless asked for."""

    def __len__(self) -> int:
        return len(self.probability)

    @property
    def score(self) -> NDArray[np.float64]:
        """What customers are ranked by, shape (n,)."""
        return self.probability


@dataclass(slots=True, eq=False)
class ValuePrediction:
    """What the bundle of a regression says about n customers."""

    version: str
    value: NDArray[np.float64]
    """Predicted value in the label's unit, shape (n,)."""
    low: NDArray[np.float64]
    """Lower end of the interval that goes with the value, shape (n,)."""
    high: NDArray[np.float64]
    """Upper end, shape (n,)."""
    decision: NDArray[np.bool_]
    """Whom to contact, shape (n,)."""
    band: list[str]
    """Band of the value, n names."""
    recommendation: list[str]
    """The contract's text for the band, n texts; empty where it has none."""
    margin: NDArray[np.float64]
    """The model's raw output, shape (n,): what ``reasons`` add up to. It is the value, where that can be."""
    imputed: Flags
    unknown: Flags
    out_of_range: Flags
    reasons: list[list[Reason]] = field(default_factory=list)
    """For each row the columns that moved it most, largest first; empty unless asked for."""

    def __len__(self) -> int:
        return len(self.value)

    @property
    def score(self) -> NDArray[np.float64]:
        """What customers are ranked by, shape (n,)."""
        return self.value


AnyPrediction = Prediction | ValuePrediction
"""By the contract's task."""
