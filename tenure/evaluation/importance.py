"""Permutation importance of the contract's raw columns.

Breiman 2001, "Random forests", section 10; on rows the model never saw. Raw columns are shuffled
before the transform, so everything derived from a column moves with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.stats.bootstrap import Floats

MAX_ROWS = 5_000
MIN_ROWS = 500
REPEATS = 3
MAX_PREDICTIONS = 1_000_000
"""Rows predicted in total: a table with very many columns is judged on fewer of its rows."""

Predict = Callable[[Mapping[str, pa.Array]], Floats]
"""Raw columns to (rows,) probabilities, or values."""

Quality = Callable[[NDArray[Any], Floats], float]
"""Labels (rows,) and predictions (rows,) to how good they are; more is better."""


@dataclass(frozen=True)
class Importance:
    """How much quality falls when a column's values are shuffled among the rows."""

    column: str
    drop: float
    """Mean over the repeats."""
    low: float
    high: float


def permutation_importance(
    predict: Predict,
    columns: Mapping[str, pa.Array],
    label: NDArray[Any],
    names: Sequence[str],
    *,
    quality: Quality,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Importance]:
    """Importance of each of ``names``, largest first; nothing where ``label`` (rows,) holds one value.

    Args:
        columns: raw columns by name, (rows,) each; at most ``MAX_ROWS`` of the rows are used.
        names: the columns to shuffle.
        quality: the evaluator's.
        progress: called with the columns done and the columns to do.
    """
    generator = np.random.default_rng(seed)
    rows = label.size
    most = min(MAX_ROWS, max(MIN_ROWS, MAX_PREDICTIONS // (REPEATS * max(1, len(names)))))
    if rows > most:
        kept = np.sort(generator.choice(rows, most, replace=False))
        columns = {name: values.take(pa.array(kept)) for name, values in columns.items()}
        label, rows = label[kept], most
    if label.min() == label.max():
        return []
    base = quality(label, predict(columns))
    found = []
    for done, name in enumerate(names):
        drops = []
        for _ in range(REPEATS):
            shuffled = columns[name].take(pa.array(generator.permutation(rows)))
            drops.append(base - quality(label, predict({**columns, name: shuffled})))
        found.append(Importance(name, float(np.mean(drops)), float(min(drops)), float(max(drops))))
        if progress is not None:
            progress(done + 1, len(names))
    return sorted(found, key=lambda importance: (-importance.drop, importance.column))
