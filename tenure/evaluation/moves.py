"""What a model's output does when one raw column of real rows is moved: accumulated local effects of a number, mean
effects of the values of a category.

Apley and Zhu 2020, "Visualizing the effects of predictor variables in black box supervised learning models". A number
is moved to the ends of its own bin only, so that no row is looked at far from where it is. Columns are moved before the
transform, and with them all that is derived from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.stats.bootstrap import Floats

BINS = 10
"""Of a number, with about as many rows each."""
TAIL = 0.01
"""Rows beyond the outermost bins, at each end: they count to these, so that one outlier does not stretch the range."""
LEVELS = 8
"""Values of a category that are tried, the most frequent ones."""

Predict = Callable[[Mapping[str, pa.Array]], Floats]
"""Raw columns to the model's output, (rows,)."""
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Moves(Protocol):
    """The output of some rows, with a column moved to each of its points."""

    @property
    def points(self) -> list[Any]:
        """Values of the column: ascending edges of a number's bins, or a category's values, the most frequent first."""

    @property
    def code(self) -> Ints:
        """(drawn rows,) the point that each row belongs to: the upper edge of its bin, or its value; -1 for none."""

    def curve(self, inside: Bools | None = None) -> Floats:
        """(points,) the effect on the rows ``inside``, (drawn rows,), or on all; centred by the number of all rows."""

    def weights(self) -> Floats:
        """(points,) shares of the drawn rows."""


@dataclass(frozen=True, eq=False)
class NumberMoves:
    """See ``Moves``; equations 15 and 16 of the paper."""

    edges: Floats
    code: Ints
    change: Floats
    """(drawn rows,) output at the upper edge of the row's bin less that at the lower one; 0 for a missing number."""

    @property
    def points(self) -> list[Any]:
        return self.edges.tolist()

    def weights(self) -> Floats:
        count = np.bincount(self.code[self.code >= 0], minlength=self.edges.size)
        return count / max(1, int(count.sum()))

    def curve(self, inside: Bools | None = None) -> Floats:
        mean = self._mean_change(np.ones(self.code.size, dtype=bool))
        if inside is not None:
            own = self._mean_change(inside)
            # A bin that none of these rows lies in shows no other effect than everybody's.
            mean = np.where(np.isnan(own), mean, own)
        effect = np.cumsum(np.nan_to_num(mean))
        centred: Floats = effect - np.average((effect[1:] + effect[:-1]) / 2.0, weights=self.weights()[1:])
        return centred

    def _mean_change(self, inside: Bools) -> Floats:
        rows = inside & (self.code >= 0)
        count = np.bincount(self.code[rows], minlength=self.edges.size)
        total = np.bincount(self.code[rows], weights=self.change[rows], minlength=self.edges.size)
        with np.errstate(invalid="ignore"):
            found: Floats = np.where(count > 0, total / count, np.nan)
        return found


@dataclass(frozen=True, eq=False)
class CategoryMoves:
    """See ``Moves``; the partial dependence of Friedman 2001."""

    points: list[Any]
    code: Ints
    output: Floats
    """(drawn rows, points) with the column set to each value."""

    def weights(self) -> Floats:
        count = np.bincount(self.code[self.code >= 0], minlength=len(self.points))
        return count / max(1, int(count.sum()))

    def curve(self, inside: Bools | None = None) -> Floats:
        mean = (self.output if inside is None else self.output[inside]).mean(axis=0)
        centred: Floats = mean - np.average(mean, weights=self.weights())
        return centred


def take(columns: Mapping[str, pa.Array], rows: Ints) -> dict[str, pa.Array]:
    """Some rows of each column, in the order of ``rows``."""
    index = pa.array(rows)
    return {name: values.take(index) for name, values in columns.items()}


def move(predict: Predict, columns: Mapping[str, pa.Array], name: str, drawn: Ints) -> Moves | None:
    """Move a column of the rows ``drawn``; None for a date, and for a column with fewer than two values.

    Args:
        columns: raw columns by name, (rows,) each.
    """
    kind = columns[name].type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _number(predict, columns, name, drawn)
    if pa.types.is_boolean(kind) or pa.types.is_string(kind) or pa.types.is_dictionary(kind):
        return _category(predict, columns, name, drawn)
    return None


def numbers(values: pa.Array) -> Floats:
    """(rows,) a column of numbers, NaN where one is missing or infinite."""
    found = np.asarray(pc.fill_null(values.cast(pa.float64()), np.nan))
    return np.where(np.isfinite(found), found, np.nan)


def texts(values: pa.Array) -> list[Any]:
    """(rows,) a column of texts or booleans as Python values, None where one is missing."""
    return (values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values).to_pylist()


def bin_of(edges: Floats, values: Floats) -> Ints:
    """(rows,) the number of the edge at or above each value, from 1 on; -1 for NaN."""
    place = np.clip(np.searchsorted(edges, values, side="left"), 1, edges.size - 1)
    return np.where(np.isnan(values), -1, place)


def _number(predict: Predict, columns: Mapping[str, pa.Array], name: str, drawn: Ints) -> NumberMoves | None:
    everything = numbers(columns[name])
    known = everything[~np.isnan(everything)]
    edges = np.unique(known)
    if edges.size > BINS + 1:
        # Edges are values of the column, so that an integer stays one.
        shares = np.linspace(TAIL, 1.0 - TAIL, BINS + 1)
        edges = np.unique(np.quantile(known, shares, method="inverted_cdf"))
    code = bin_of(edges, everything[drawn])
    rows = np.flatnonzero(code >= 0)
    if edges.size < 2 or not rows.size:
        return None
    there = take(columns, drawn[rows])

    def at(values: Floats) -> Floats:
        return predict({**there, name: pa.array(values).cast(columns[name].type)})

    change = np.zeros(drawn.size)
    change[rows] = at(edges[code[rows]]) - at(edges[code[rows] - 1])
    return NumberMoves(edges, code, change)


def _category(predict: Predict, columns: Mapping[str, pa.Array], name: str, drawn: Ints) -> CategoryMoves | None:
    there = take(columns, drawn)
    own = texts(there[name])
    count: dict[Any, int] = {}
    for value in own:
        count[value] = count.get(value, 0) + 1
    points = sorted(count, key=lambda value: (-count[value], str(value)))[:LEVELS]
    if len(points) < 2:
        return None
    output = [predict({**there, name: pa.array([value] * drawn.size, columns[name].type)}) for value in points]
    places = {value: place for place, value in enumerate(points)}
    code = np.array([places.get(value, -1) for value in own], dtype=np.int64)
    return CategoryMoves(points, code, np.stack(output, axis=1))
