"""Stratified folds as one number a row, for what is scored without early stopping. Needs numpy
and pyarrow only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.stats.clusters import highest_stratum


def fold_numbers(
    label: NDArray[np.generic], count: int, seed: int, customer: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Stratified folds of rows with two classes: each class is shuffled and dealt out in turn.

    Args:
        label: 0 or 1, shape (n,).
        count: number of folds.
        customer: of ``tenure.stats.clusters.customers_of``, shape (n,); all rows of a customer are then in one fold,
            and its class is 1 if it is so in one of them.

    Returns:
        The number of each row's fold, from 0; shape (n,).
    """
    if customer is not None:
        return fold_numbers(highest_stratum(label, customer), count, seed)[customer]
    rng = np.random.default_rng(seed)
    numbers = np.empty(len(label), dtype=np.int64)
    for value in (0, 1):
        rows = rng.permutation(np.flatnonzero(label == value))
        numbers[rows] = np.arange(len(rows)) % count
    return numbers
