"""A kind of label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenure.contract.assembly import HorizonLabel
from tenure.features.label_kinds.outcome import Outcome, Span
from tenure.features.label_rows import LabelRows

Labels = Callable[[HorizonLabel, LabelRows], Callable[[Span], Outcome]]
"""From the contract's label and the rows of its table to a function that labels all customers at one cut."""


@dataclass(frozen=True)
class Kind:
    """A kind of label.

    Args:
        labels: computes the labels.
        looks_back: whether it needs rows from before the cut.
        settled: the label that stays, however much longer the horizon is: 1 for a customer who has left, 0 for one who
            had an event where the label is silence. None for a number.
    """

    labels: Labels
    looks_back: bool = False
    settled: int | None = None
