"""Customers with a threshold of their own, found by their raw columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.schema import BOOLEAN_TEXTS
from tenure.contract.settings import Segment as Described
from tenure.contract.values import Text, Value
from tenure.decision.calibration import log_odds, sigmoid

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

MAX_SHIFT = 5.0
"""Largest correction of a segment's log-odds, up or down."""


@dataclass(frozen=True)
class Segment:
    """The customers whose ``column`` holds one of ``values``, or at least ``at_least``; a missing value is neither.

    Raises:
        ValueError: if a value is out of its range.
    """

    name: str
    column: str
    """An input or derived feature."""
    values: tuple[str | float, ...] | None
    """Texts of a text column, 0 and 1 of a boolean one."""
    at_least: float | None
    threshold: float
    """Its customers are contacted from this probability on."""
    customer_value: float | None = None
    """Worth of one of its customers, where it is not everybody's."""
    shift: float = 0.0
    """Added to the log-odds of its customers' calibrated probabilities; 0 where the common calibration holds."""

    def __post_init__(self) -> None:
        if (self.values is None) == (self.at_least is None):
            raise ValueError(f"segment '{self.name}' needs either values or a smallest number")
        if not (np.isfinite(self.threshold) and self.threshold >= 0.0):
            raise ValueError(f"segment '{self.name}': threshold {self.threshold} is not a number from 0")
        if self.customer_value is not None and not (np.isfinite(self.customer_value) and self.customer_value > 0.0):
            raise ValueError(f"segment '{self.name}': customer value {self.customer_value} is not a positive number")
        if not abs(self.shift) <= MAX_SHIFT:
            raise ValueError(f"segment '{self.name}': shift {self.shift} is not from -{MAX_SHIFT:g} to {MAX_SHIFT:g}")

    def check(self, contract: Contract) -> None:
        """Check that the contract has the column, of a type that the segment can be told by.

        Raises:
            ValueError: it does not.
        """
        if self.column not in contract.inputs and self.column not in contract.derived:
            raise ValueError(f"segment '{self.name}': the contract has no feature '{self.column}'")
        kind = contract.feature_type(self.column)
        told_by = {"text": str, "boolean": float}.get(kind)
        fits = kind == "number" if self.values is None else all(type(value) is told_by for value in self.values)
        if not fits:
            raise ValueError(f"segment '{self.name}': '{self.column}' is a {kind}, which does not fit its values")

    def among(self, columns: Mapping[str, Value]) -> Bools:
        """(rows,) whether a customer is in the segment.

        Args:
            columns: inputs and derived features by name, as ``Transform.values`` gives them.
        """
        found = columns[self.column]
        if isinstance(found, Text):
            wanted = self.values or ()
            inside = np.array([*(word in wanted for word in found.words), False])
            members: Bools = inside[found.codes]
            return members
        if self.at_least is not None:
            return np.asarray(found >= self.at_least)
        return np.isin(found, np.array(self.values, dtype=np.float64))

    def to_dict(self) -> dict[str, Any]:
        """JSON values; ``from_dict`` reads them back."""
        values = None if self.values is None else list(self.values)
        return {
            "name": self.name,
            "column": self.column,
            "values": values,
            "at_least": self.at_least,
            "threshold": self.threshold,
            "customer_value": self.customer_value,
            "shift": self.shift,
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Segment:
        """
        Raises:
            ValueError, TypeError, KeyError: if ``document`` is something else than ``to_dict`` wrote.
        """
        values, at_least = document["values"], document["at_least"]
        return cls(
            name=str(document["name"]),
            column=str(document["column"]),
            values=None if values is None else tuple(v if isinstance(v, str) else float(v) for v in values),
            at_least=None if at_least is None else float(at_least),
            threshold=float(document["threshold"]),
            # Bundles from before segments had values do not say it.
            customer_value=None if (value := document.get("customer_value")) is None else float(value),
            # Those from before calibration by segment have no shift.
            shift=_number(document.get("shift", 0.0)),
        )


def described(contract: Contract, name: str, segment: Described, threshold: float) -> Segment:
    """A segment of the contract with its threshold."""
    values: tuple[str | float, ...] | None = segment.values
    column = contract.inputs.get(segment.column)
    if values is not None and contract.feature_type(segment.column) == "boolean":
        texts = (column.values if column is not None else None) or BOOLEAN_TEXTS
        values = tuple(float(texts.index(value)) for value in values if isinstance(value, str))
    return Segment(name, segment.column, values, segment.at_least, threshold, segment.customer_value)


def members(segments: Sequence[Segment], columns: Mapping[str, Value]) -> list[Bools]:
    """(rows,) whether a customer is in each segment; one of several belongs to the first of them."""
    found: list[Bools] = []
    taken: Bools | None = None
    for segment in segments:
        inside = segment.among(columns)
        found.append(inside if taken is None else inside & ~taken)
        taken = inside if taken is None else taken | inside
    return found


def shifted(probability: Floats, segments: Sequence[Segment], inside: Sequence[Bools]) -> Floats:
    """Calibrated probabilities, (rows,), with the log-odds of each segment moved by its shift.

    Args:
        probability: by the common calibration, (rows,).
        inside: whether a customer is in each segment, (rows,) each.
    """
    result = probability.copy()
    for segment, rows in zip(segments, inside, strict=True):
        if segment.shift:
            result[rows] = sigmoid(log_odds(probability[rows]) + segment.shift)
    return result


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{ascii(value)[:40]} is not a number")
    return float(value)


def customer_values(segments: Sequence[Segment], columns: Mapping[str, Value], otherwise: float) -> Floats | None:
    """(rows,) what each customer is worth, ``otherwise`` outside of segments with a value; none where none has one."""
    if all(segment.customer_value is None for segment in segments):
        return None
    found = members(segments, columns)
    values = np.full(found[0].size, otherwise)
    for segment, inside in zip(segments, found, strict=True):
        if segment.customer_value is not None:
            values[inside] = segment.customer_value
    return values
