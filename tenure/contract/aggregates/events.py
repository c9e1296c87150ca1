"""Events of a sorted log, as the implementations of aggregates read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.contract.values import Floats

Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Spans:
    """For each customer the events of some days, as slices of the sorted log: ``start[i]`` up to ``stop[i]``."""

    customers: Codes
    start: Codes
    stop: Codes

    @property
    def lengths(self) -> Codes:
        return self.stop - self.start

    def of(self, places: Codes) -> Spans:
        """The spans of some of the customers."""
        return Spans(self.customers[places], self.start[places], self.stop[places])


@dataclass(frozen=True, eq=False)
class Events:
    """What an aggregate is computed over.

    Args:
        spans: the slice of each customer; a slice may be empty.
        values: the aggregated column over the whole sorted log, NaN for null, texts as codes; shape (events,). Empty
            for an aggregate that takes no column.
        days_before_cut: from places in the sorted log to the days from these events to the cut.
    """

    spans: Spans
    values: Floats
    days_before_cut: Callable[[Codes], Floats]
