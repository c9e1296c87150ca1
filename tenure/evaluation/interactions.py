"""Which pairs of columns act together: Friedman's H statistic.

Friedman and Popescu 2008, "Predictive learning via rule ensembles", section 8.1, equation 44; on margins, so that a
model that adds up the columns' effects before its link function has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa

from tenure.evaluation.effects import Predict, take
from tenure.stats.bootstrap import Floats

COLUMNS = 8
"""Columns whose pairs are looked at, the most important ones."""
ROWS = 40
"""A pair takes their square of predictions."""
LEAST_SHARE = 0.01
LEAST_SIZE = 0.02
"""Of the standard deviation of the margins: what is smaller moves no prediction much."""
MOST = 5


@dataclass(frozen=True)
class Interaction:
    """A pair of columns."""

    columns: tuple[str, str]
    share: float
    """H squared: of the variance of the pair's joint effect, what is not the sum of both columns' own effects."""
    size: float
    """Root of that variance, in units of the margin."""


def interactions(
    margin: Predict, columns: Mapping[str, pa.Array], names: Sequence[str], *, seed: int
) -> list[Interaction]:
    """The largest interactions among the first of ``names``, those that are no smaller than the limits above.

    Args:
        margin: raw columns to margins, (rows,).
        columns: raw columns by name, (rows,) each.
        names: the most important column first.
    """
    rows = len(next(iter(columns.values()))) if columns else 0
    drawn = np.sort(np.random.default_rng(seed).permutation(rows)[:ROWS])
    if drawn.size < 2:
        return []
    there = take(columns, drawn)
    most = names[:COLUMNS]
    own = {name: _joint(margin, there, (name,)) for name in most}
    least = LEAST_SIZE * float(np.std(margin(there)))
    found = []
    for pair in combinations(most, 2):
        joint = _joint(margin, there, pair)
        rest = joint - own[pair[0]] - own[pair[1]]
        total = float(np.sum(joint**2))
        share = float(np.sum(rest**2)) / total if total > 0.0 else 0.0
        size = float(np.sqrt(np.mean(rest**2)))
        if share >= LEAST_SHARE and size >= least:
            found.append(Interaction(pair, min(share, 1.0), size))
    return sorted(found, key=lambda one: -one.size)[:MOST]


def _joint(margin: Predict, columns: Mapping[str, pa.Array], names: Sequence[str]) -> Floats:
    """Partial dependence on ``names`` at each row's own values, centred: (rows,)."""
    rows = len(next(iter(columns.values())))
    each, other = np.repeat(np.arange(rows), rows), np.tile(np.arange(rows), rows)
    moved = take({name: columns[name] for name in names}, each)
    found = margin({**take(columns, other), **moved}).reshape(rows, rows).mean(axis=1)
    centred: Floats = found - found.mean()
    return centred
