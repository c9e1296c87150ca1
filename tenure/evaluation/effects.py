"""How the score moves with each raw column, and how many rows stand behind each point. See ``tenure.evaluation.moves``.

An effect says what the model does, not what causes churn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from tenure.evaluation.moves import NumberMoves, Predict, bin_of, move, numbers, texts

MAX_ROWS = 1_500
"""Rows that a column is moved on."""


@dataclass(frozen=True)
class Point:
    """A value of a column."""

    value: float | str | bool | None
    """None where it is missing."""
    effect: float
    """On the score, against the column's mean effect."""
    rows: int
    """Of all rows, those with this value; of a number those above the value before it, up to this one. The first and
    the last point of a number count what lies beyond them, too."""


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
        predict: raw columns to scores.
        columns: raw columns by name, (rows,) each.
        names: the columns to move.
    """
    rows = len(next(iter(columns.values()))) if columns else 0
    drawn = np.sort(np.random.default_rng(seed).permutation(rows)[:MAX_ROWS])
    found = []
    for name in names:
        moved = move(predict, columns, name, drawn)
        if moved is None:
            continue
        counts = _rows_of_number(moved, columns[name]) if isinstance(moved, NumberMoves) else _rows_of(columns[name])
        points = tuple(
            Point(value, float(effect), counts.get(value, 0))
            for value, effect in zip(moved.points, moved.curve(), strict=True)
        )
        kind: Literal["number", "category"] = "number" if isinstance(moved, NumberMoves) else "category"
        found.append(Effect(name, kind, points, rows - sum(point.rows for point in points)))
    return found


def _rows_of_number(moved: NumberMoves, values: pa.Array) -> dict[float, int]:
    everything = numbers(values)
    known = everything[~np.isnan(everything)]
    place = np.where(known <= moved.edges[0], 0, bin_of(moved.edges, known))
    return dict(zip(moved.points, np.bincount(place, minlength=moved.edges.size).tolist(), strict=True))


def _rows_of(values: pa.Array) -> Counter[str | bool | None]:
    return Counter(texts(values))
