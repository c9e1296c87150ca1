"""How predictions move with each raw column: accumulated local effects of numbers, mean effects of categories.

Apley and Zhu 2020, "Visualizing the effects of predictor variables in black box supervised learning models". Raw
columns are changed before the transform, so that everything derived from a column moves with it. An effect says what
the model does, not what causes churn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.stats.bootstrap import Floats

BINS = 10
"""Of a number, with about as many rows each."""
MAX_ROWS = 2_000
"""Rows that a number is moved on."""
LEVELS = 8
"""Values of a category that are shown, the most frequent ones."""
LEVEL_ROWS = 500
"""Rows that each value of a category is tried on."""

Predict = Callable[[Mapping[str, pa.Array]], Floats]
"""Raw columns to (rows,) scores."""


@dataclass(frozen=True)
class Point:
    """A value of a column."""

    value: float | str | bool | None
    """None where it is missing."""
    effect: float
    """On the score, less the column's mean effect."""
    rows: int
    """Of the test rows, those with this value; of a number those above the value before it, up to this one."""


@dataclass(frozen=True)
class Effect:
    """How the score moves with a column."""

    column: str
    kind: Literal["number", "category"]
    points: tuple[Point, ...]
    """Of a number ascending, of a category the most frequent value first."""
    others: int
    """Rows with a value that has no point: rarer texts, missing numbers."""


def effects(predict: Predict, columns: Mapping[str, pa.Array], names: Sequence[str], *, seed: int) -> list[Effect]:
    """The effect of each of ``names`` that is a number, a text or a boolean and has more than one value.

    Args:
        columns: raw columns by name, (rows,) each.
        names: the columns to move.
    """
    generator = np.random.default_rng(seed)
    rows = len(next(iter(columns.values()))) if columns else 0
    drawn = generator.permutation(rows)
    found = []
    for name in names:
        kind = columns[name].type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            effect = _of_number(predict, columns, name, np.sort(drawn[:MAX_ROWS]))
        elif pa.types.is_boolean(kind) or pa.types.is_string(kind) or pa.types.is_dictionary(kind):
            effect = _of_category(predict, columns, name, np.sort(drawn[:LEVEL_ROWS]))
        else:
            effect = None
        if effect is not None:
            found.append(effect)
    return found


def take(columns: Mapping[str, pa.Array], rows: NDArray[np.int64]) -> dict[str, pa.Array]:
    """Some rows of each column, in the order of ``rows``."""
    index = pa.array(rows)
    return {name: values.take(index) for name, values in columns.items()}


def _of_number(predict: Predict, columns: Mapping[str, pa.Array], name: str, drawn: NDArray[np.int64]) -> Effect | None:
    """Equations 15 and 16: the mean change over each bin, by its own rows, added up and centred."""
    everything = np.asarray(pc.fill_null(columns[name].cast(pa.float64()), np.nan))
    known = everything[np.isfinite(everything)]
    edges = np.unique(known)
    if edges.size > BINS + 1:
        # Edges are values of the column, so that an integer stays one and no bin is empty.
        edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, BINS + 1), method="inverted_cdf"))
    drawn = drawn[np.isfinite(everything[drawn])]
    if edges.size < 2 or not drawn.size:
        return None
    place = _bin(edges, everything[drawn])
    there = take(columns, drawn)

    def at(values: Floats) -> Floats:
        return predict({**there, name: pa.array(values).cast(columns[name].type)})

    change = at(edges[place]) - at(edges[place - 1])
    count = np.bincount(place, minlength=edges.size)
    mean_change = np.bincount(place, weights=change, minlength=edges.size) / np.maximum(count, 1)
    effect = np.cumsum(mean_change)
    effect -= np.average((effect[1:] + effect[:-1]) / 2.0, weights=np.bincount(place, minlength=edges.size)[1:])
    rows = np.bincount(np.where(known <= edges[0], 0, _bin(edges, known)), minlength=edges.size)
    points = [Point(*row) for row in zip(edges.tolist(), effect.tolist(), rows.tolist(), strict=True)]
    return Effect(name, "number", tuple(points), int(everything.size - known.size))


def _bin(edges: Floats, values: Floats) -> NDArray[np.int64]:
    """(rows,) the number of the edge at or above each value, from 1 on."""
    return np.clip(np.searchsorted(edges, values, side="left"), 1, edges.size - 1)


def _of_category(
    predict: Predict, columns: Mapping[str, pa.Array], name: str, drawn: NDArray[np.int64]
) -> Effect | None:
    """The mean prediction if all rows had the value (Friedman 2001, partial dependence), centred."""
    counted = sorted(_counts(columns[name]), key=lambda found: (-found[1], str(found[0])))
    if len(counted) < 2:
        return None
    there, shown = take(columns, drawn), counted[:LEVELS]
    means = [
        float(np.mean(predict({**there, name: pa.array([value] * drawn.size, columns[name].type)})))
        for value, _ in shown
    ]
    middle = float(np.average(means, weights=[rows for _, rows in shown]))
    points = [Point(value, mean - middle, rows) for (value, rows), mean in zip(shown, means, strict=True)]
    return Effect(name, "category", tuple(points), sum(rows for _, rows in counted[LEVELS:]))


def _counts(values: pa.Array) -> list[tuple[Any, int]]:
    counted = pc.value_counts(values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values)
    return list(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
