"""Which values of a category are frequent enough to learn from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

MIN_ROWS = 10
"""Rows of a value from which it has a feature, or a mean, of its own, in tables of 1,000 rows and more."""
MIN_SHARE = 0.01
"""The same in smaller tables, as a share of the rows: of 300 rows, 3."""
MAX_LISTED = 1_000
"""Most rare values of a column that a transform remembers: the most frequent ones."""


class Levels(NamedTuple):
    """Values of a category, sorted."""

    frequent: tuple[str, ...]
    rare: tuple[str, ...]
    """Known, but without a feature of their own; at most ``MAX_LISTED``."""


def divide_levels(counts: Mapping[str, int], rows: int, most: int) -> Levels:
    """Divide the values of a column; ties go by name, so that the order of rows makes no difference.

    Args:
        counts: rows by value.
        rows: of the training part.
        most: values that may be frequent.
    """
    least = min_rows(rows)
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    frequent = [value for value in ranked[:most] if counts[value] >= least]
    rare = ranked[len(frequent) :][:MAX_LISTED]
    return Levels(tuple(sorted(frequent)), tuple(sorted(rare)))


def min_rows(rows: int) -> int:
    """Rows that a value, or a missing one, needs in a training part of so many rows to get a feature of its own."""
    return min(MIN_ROWS, math.ceil(rows * MIN_SHARE))
