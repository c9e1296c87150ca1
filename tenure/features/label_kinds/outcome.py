"""What a kind of label computes at one cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

IN_THE_GAP = "left between the cut and the horizon"
ALREADY = "had left at the cut"
EARLIER = "had such an event before the cut: if nobody leaves twice, 'eligible' must leave them out"


@dataclass(frozen=True)
class Span:
    """A cut and its horizon, as times of the label's table (``LabelRows.time_of``)."""

    cut: int
    start: int
    """Where the horizon begins: ``gap`` after the cut."""
    end: int
    """Where it ends."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """Labels of all customers at a cut."""

    labels: NDArray[Any]
    """Shape (customers,)."""
    left_out: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    """For each reason, whether a customer has no label at the cut; shape (customers,)."""
    remarks: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    """What people should know of customers with a label, and whether it holds of each; shape (customers,)."""
