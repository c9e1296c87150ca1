"""Which columns act together: those whose effect depends on the value of another.

A column's effect (``tenure.evaluation.moves``) is compared with its effect within groups of rows that are alike in
another column. It is taken on margins, so that a model that adds up the columns' effects before its link function has
no interaction, and on rows as they are: no row gets a value far from its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tenure.evaluation.moves import Bools, Moves, NumberMoves, Predict, move, take

COLUMNS = 8
"""Columns whose pairs are looked at, the most important ones."""
MAX_ROWS = 1_500
GROUPS = 4
"""Of a column: quarters of a number, the most frequent values of a category."""
GROUP_ROWS = 30
"""Smaller groups are not looked at: their effects are of a few customers."""
LEAST_SHARE = 0.02
SHUFFLES = 5
CLEAR = 2.0
"""Times the largest difference between groups of shuffled rows that a difference must be: smaller ones are chance."""
LEAST_SIZE = 0.02
"""Of the standard deviation of the margins: what is smaller moves no prediction much."""
MOST = 5


@dataclass(frozen=True)
class Interaction:
    """A column whose effect depends on another."""

    columns: tuple[str, str]
    """The column, and the one that its effect depends on."""
    share: float
    """Of the effect's variance over rows and groups, what is between groups."""
    size: float
    """Root mean square of the differences between groups, in units of the margin."""


def interactions(
    margin: Predict, columns: Mapping[str, pa.Array], names: Sequence[str], *, seed: int
) -> list[Interaction]:
    """The largest interactions among the first of ``names``, a pair in the direction in which it is larger.

    Args:
        margin: raw columns to margins, (rows,).
        columns: raw columns by name, (rows,) each.
        names: the most important column first.
    """
    rows = len(next(iter(columns.values()))) if columns else 0
    generator = np.random.default_rng(seed)
    drawn = np.sort(generator.permutation(rows)[:MAX_ROWS])
    moved = {name: found for name in names[:COLUMNS] if (found := move(margin, columns, name, drawn)) is not None}
    if not moved:
        return []
    least = LEAST_SIZE * float(np.std(margin(take(columns, drawn))))
    groups = {name: _groups(found) for name, found in moved.items()}
    largest: dict[frozenset[str], Interaction] = {}
    for name, found in moved.items():
        for other in moved:
            if other == name:
                continue
            one = _depends(name, other, found, groups[other], generator)
            pair = frozenset(one.columns)
            if (
                one.share >= LEAST_SHARE
                and one.size >= least
                and (pair not in largest or one.size > largest[pair].size)
            ):
                largest[pair] = one
    return sorted(largest.values(), key=lambda one: -one.size)[:MOST]


def _groups(moved: Moves) -> list[Bools]:
    """(drawn rows,) whether a row is in each group of a column."""
    if isinstance(moved, NumberMoves):
        known = moved.code[moved.code >= 0]
        edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, GROUPS + 1)[1:-1], method="inverted_cdf"))
        quarter = np.where(moved.code >= 0, np.searchsorted(edges, moved.code, side="left"), -1)
        found = [quarter == place for place in range(edges.size + 1)]
    else:
        frequent = Counter(moved.code[moved.code >= 0].tolist()).most_common(GROUPS)
        found = [moved.code == place for place, _ in frequent]
    return [inside for inside in found if int(inside.sum()) >= GROUP_ROWS]


def _depends(name: str, other: str, moved: Moves, groups: list[Bools], generator: np.random.Generator) -> Interaction:
    """How much the effect of ``name`` depends on ``other``, less what groups of shuffled rows differ by."""
    found = _between(moved, groups)
    orders = [generator.permutation(moved.code.size) for _ in range(SHUFFLES)] if found > 0.0 else []
    chance = [_between(moved, [inside[order] for inside in groups]) for order in orders]
    if not chance or found < CLEAR * max(chance):
        return Interaction((name, other), 0.0, 0.0)
    found -= float(np.mean(chance))
    return Interaction(
        (name, other), found / (found + float(np.sum(moved.weights() * moved.curve() ** 2))), float(np.sqrt(found))
    )


def _between(moved: Moves, groups: list[Bools]) -> float:
    """Mean squared difference of the effect within groups from that of all rows."""
    whole, weights = moved.curve(), moved.weights()
    rows = [int(inside.sum()) for inside in groups]
    found = [float(np.sum(weights * (moved.curve(inside) - whole) ** 2)) for inside in groups]
    return float(np.average(found, weights=rows)) if groups else 0.0
