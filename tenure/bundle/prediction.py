"""Predictions of a bundle, of any task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.additions import AddedColumn, AddedValues, missing_values
from tenure.explanation import Reason
from tenure.tasks import Outputs

Flags = dict[str, NDArray[np.bool_]]
"""Masks of rows, shape (n,), by column; only columns with at least one flagged row."""


@dataclass(slots=True, eq=False, kw_only=True)  # not frozen: one is made for every request
class Prediction(ABC):
    """Predictions for n customers; each task has a subclass with its numbers."""

    outputs: ClassVar[Outputs]
    FIELDS: ClassVar[tuple[str, ...]]
    """The task's own fields, shape (n,) each."""

    version: str
    """Of the bundle."""
    decision: NDArray[np.bool_]
    """Whether to contact each customer, shape (n,)."""
    band: list[str]
    """Band of the score, n names."""
    recommendation: list[str]
    """The contract's text for the band, n texts; empty if it has none."""
    margin: NDArray[np.float64]
    """The model's raw output, shape (n,): which all contributions add up to."""
    imputed: Flags
    unknown: Flags
    out_of_range: Flags
    reasons: list[list[Reason]] = field(default_factory=list)
    """For each row the columns with the largest contributions, largest first; empty unless requested."""
    added: dict[str, AddedValues] | None = None
    """The outputs of the bundle's additions by name; None unless requested, and of a fallback without a model."""

    def __len__(self) -> int:
        return len(self.band)

    @property
    @abstractmethod
    def score(self) -> NDArray[np.float64]:
        """The number by which customers are ranked, shape (n,)."""

    @abstractmethod
    def number(self, output: str) -> NDArray[np.float64]:
        """The values of one of ``outputs.tensors``, shape (n,)."""

    @abstractmethod
    def first_row(self) -> tuple[float, ...]:
        """The values of ``outputs.tensors`` in the first row, for the server's fast path."""

    def added_values(self, column: AddedColumn) -> AddedValues:
        """The values of an addition's output; empty texts or NaN where ``added`` is None."""
        return missing_values(column, len(self)) if self.added is None else self.added[column.name]

    @property
    def columns(self) -> dict[str, NDArray[np.float64]]:
        """The values of ``outputs.columns``, shape (n,) each."""
        return {name: self.number(name) for name in self.outputs.columns}

    def is_valid(self) -> bool:
        """Whether every row's score is within the task's limits, and not NaN."""
        score, low, high = self.score, self.outputs.lowest, self.outputs.highest
        if len(score) == 1:  # most requests: no numpy
            return low <= score.item() <= high
        # With a NaN both min and max are NaN, and both comparisons fail.
        return bool(score.min() >= low and score.max() <= high)

    def invalid_rows(self) -> NDArray[np.bool_]:
        """The rows with a score outside the task's limits or NaN, shape (n,)."""
        score = self.score
        return np.asarray(~((score >= self.outputs.lowest) & (score <= self.outputs.highest)))

    def replace_rows(self, rows: NDArray[np.bool_], other: Prediction) -> Self:
        """This prediction with the rows of ``other`` where ``rows`` (n,) is true; those rows have no reasons.

        They have the values of additions that ``other`` has, or else none.
        """
        places = rows.tolist()
        changes: dict[str, Any] = {
            name: np.where(rows, getattr(other, name), getattr(self, name))
            for name in (*self.FIELDS, "decision", "margin")
        }
        for name in ("band", "recommendation"):
            both = zip(places, getattr(other, name), getattr(self, name), strict=True)
            changes[name] = [theirs if hit else ours for hit, theirs, ours in both]
        # Where no reasons were requested the list is empty.
        changes["reasons"] = [[] if hit else row for hit, row in zip(places, self.reasons, strict=False)]
        if self.added is not None:
            theirs = other.added or {}
            changes["added"] = {name: _replaced(rows, theirs.get(name), ours) for name, ours in self.added.items()}
        return replace(self, **changes)


def _replaced(rows: NDArray[np.bool_], theirs: AddedValues | None, ours: AddedValues) -> AddedValues:
    """``ours`` with the values of ``theirs``, or missing values, where ``rows`` (n,) is true."""
    if isinstance(ours, list):
        texts = [""] * len(ours) if theirs is None else theirs
        return [str(text) if hit else own for hit, text, own in zip(rows.tolist(), texts, ours, strict=True)]
    return np.where(rows, np.nan if theirs is None else theirs, ours)
