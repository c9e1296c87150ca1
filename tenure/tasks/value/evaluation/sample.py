"""The rows of a table with the predictions of a regression model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class ScoredValues:
    """A predicted value for every row, with its interval.

    Raises:
        DataError: a number is not finite, or an interval ends below its start.
    """

    value: Floats
    """(rows,) predicted value."""
    low: Floats
    """(rows,) lower end of the interval."""
    high: Floats
    """(rows,) upper end of the interval."""
    level: float
    """Share of the true values that the interval is meant to hold."""
    contacted: Bools
    """(rows,) whether the model's decision is to contact this customer."""

    def __post_init__(self) -> None:
        for name, values in (("values", self.value), ("lower ends", self.low), ("upper ends", self.high)):
            if values.shape != self.value.shape:
                raise DataError(f"{values.size} {name} for {self.value.size} values")
            bad = ~np.isfinite(values)
            if bad.any():
                row = int(np.flatnonzero(bad)[0])
                raise DataError(
                    f"{int(bad.sum())} of {bad.size} predicted {name} are not finite numbers;"
                    f" the first is {values[row]} at row {row + 1}"
                )
        crossed = self.low > self.high
        if crossed.any():
            row = int(np.flatnonzero(crossed)[0])
            raise DataError(
                f"{int(crossed.sum())} of {crossed.size} intervals end below their start;"
                f" the first is {self.low[row]} to {self.high[row]} at row {row + 1}"
            )
        if self.contacted.shape != self.value.shape:
            raise DataError(f"{self.contacted.size} decisions for {self.value.size} values")

    @property
    def constant(self) -> bool:
        """Whether every row gets the same value."""
        return bool(np.ptp(self.value) == 0.0)

    def take(self, rows: Bools | Ints) -> ScoredValues:
        """The same for some of the rows."""
        return ScoredValues(self.value[rows], self.low[rows], self.high[rows], self.level, self.contacted[rows])

    def covers(self, label: Floats) -> Bools:
        """(rows,) whether the interval holds the row's true value."""
        return np.asarray((self.low <= label) & (label <= self.high))
