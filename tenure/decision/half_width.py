"""How wide an interval is: by the predicted value, since whoever is predicted to spend much is missed by more."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tenure.decision.calibration import Floats
from tenure.errors import DataError

MAX_KNOTS = 10
MIN_ROWS_A_KNOT = 100
"""With fewer the coverage around a knot errs by more than three points (its standard error at a level of 0.9)."""


@dataclass(frozen=True)
class HalfWidth:
    """Half the width of an interval, as a broken line over the predicted value.

    Below the first knot it stays as it is there. Past the last it goes on growing as between the last two: the few
    customers with the largest predictions are far apart, and the errors grow with them.

    Raises:
        ValueError: if there is no knot, values do not ascend, or a half-width is no number from 0.
    """

    values: tuple[float, ...]
    """Of the knots, ascending."""
    half_widths: tuple[float, ...]
    """At the knots."""

    def __post_init__(self) -> None:
        if not self.values or len(self.values) != len(self.half_widths):
            raise ValueError(f"{len(self.values)} values for {len(self.half_widths)} half-widths")
        if not all(map(math.isfinite, self.values)) or any(not one < other for one, other in pairwise(self.values)):
            raise ValueError(f"half-widths at {list(self.values)}, which does not ascend")
        if not all(0.0 <= half < math.inf for half in self.half_widths):
            raise ValueError(f"half-widths {list(self.half_widths)}, of which one is not a number from 0")

    def at(self, value: Floats) -> Floats:
        """Half-widths, shape (n,), at predicted values, shape (n,)."""
        found: Floats = np.interp(value, self.values, self.half_widths)
        if self._slope > 0.0:
            found += self._slope * np.maximum(value - self.values[-1], 0.0)
        return found

    @property
    def _slope(self) -> float:
        if len(self.values) == 1:
            return 0.0
        rise = self.half_widths[-1] - self.half_widths[-2]
        return max(0.0, rise / (self.values[-1] - self.values[-2]))

    def to_dict(self) -> dict[str, Any]:
        return {"values": list(self.values), "half_widths": list(self.half_widths)}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> HalfWidth:
        """Read what ``to_dict`` wrote, or the one ``half_width`` for everybody of an older bundle.

        Raises:
            ValueError, TypeError, KeyError: if it is something else.
        """
        if "half_width" in document:
            return cls((0.0,), (float(document["half_width"]),))
        values, half_widths = (tuple(map(float, document[name])) for name in ("values", "half_widths"))
        return cls(values, half_widths)


def adaptive_half_width(value: Floats, error: Floats, level: float) -> HalfWidth:
    """The half-width that ``level`` of the errors are within, wherever on the scale of predicted values one looks.

    Locally weighted conformal intervals (Lei et al. 2018, "Distribution-free predictive inference for regression",
    section 5.2), with a scale that follows the predicted value: the split-conformal half-width of each of up to ten
    groups of rows, by predicted value (as in the Mondrian regressors of Boström and Johansson 2020), joined by
    straight lines. The whole line is then stretched until the ⌈(n + 1) · level⌉-th row is inside.

    With one group that is the constant of ``conformal_half_width``, and its theorem holds. With more, the scale is
    fitted to the rows that the factor is taken from, which the theorem does not allow: over all customers that costs
    less than a point of coverage, where one width for everybody misses by tens of points among the very customers
    whom a campaign is about (``benchmarks/intervals.py``).

    Rows of one customer are not exchangeable with those of others. In a panel the half-widths are quantiles of the
    errors of all rows nevertheless: right in the limit of many customers, without the theorem's guarantee for few
    (Dunn, Wasserman and Ramdas 2023, "Distribution-free prediction sets for two-layer hierarchical models").

    Args:
        value: predicted values of rows that the model was not fitted to, shape (n,).
        error: their absolute errors, shape (n,).

    Raises:
        DataError: if the rows are too few for an interval of a finite width.
    """
    constant = HalfWidth((0.0,), (conformal_half_width(error, level),))
    order = np.argsort(value, kind="stable")
    groups = [order[start:end] for start, end in _groups(value[order], level)]
    if len(groups) == 1:
        return constant
    values = tuple(float(value[rows].mean()) for rows in groups)
    scale = HalfWidth(values, tuple(conformal_half_width(error[rows], level) for rows in groups))
    half = scale.at(value)
    times = np.divide(error, half, out=np.where(error > 0.0, np.inf, 0.0), where=half > 0.0)
    factor = conformal_half_width(times, level)
    if factor == np.inf:  # most are predicted to the last digit, the others nowhere near
        return constant
    return HalfWidth(values, tuple(factor * at_knot for at_knot in scale.half_widths))


def conformal_half_width(error: Floats, level: float) -> float:
    """Half the width of a split-conformal interval: the ⌈(n + 1) · level⌉-th smallest of n absolute errors.

    Around the predictions for new rows from where these came from, it holds the true value with a probability of at
    least ``level``, whatever the model (Lei et al. 2018, theorem 2.2).

    Args:
        error: absolute errors on rows that the model was not fitted to, shape (n,).

    Raises:
        DataError: if the rows are too few for an interval of a finite width.
    """
    require_rows(len(error), level)
    rank = math.ceil((len(error) + 1) * level)
    return float(np.partition(error, rank - 1)[rank - 1])


def require_rows(count: int, level: float) -> None:
    """Check that ``count`` rows held out are enough for an interval.

    Raises:
        DataError: if the interval would have no finite width.
    """
    if math.ceil((count + 1) * level) > count:
        raise DataError(
            f"the validation part has {count} rows: an interval at {level:g} needs at least"
            f" {_fewest_rows(level)} of them"
        )


def _fewest_rows(level: float) -> int:
    return math.ceil(level / (1.0 - level) - 1e-9)  # 0.9 / (1 - 0.9) is 9, and a last bit


def _groups(ordered: Floats, level: float) -> Iterator[tuple[int, int]]:
    """Where groups of about as many rows start and end, equal values in the same; ``ordered`` ascends, shape (n,)."""
    least = max(MIN_ROWS_A_KNOT, _fewest_rows(level))
    size = max(least, math.ceil(len(ordered) / MAX_KNOTS))
    start = 0
    while start < len(ordered):
        last = min(start + size, len(ordered)) - 1
        end = int(np.searchsorted(ordered, ordered[last], side="right"))
        if len(ordered) - end < least:
            end = len(ordered)
        yield start, end
        start = end
