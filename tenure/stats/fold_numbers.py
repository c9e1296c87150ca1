"""Stratified folds as one number a row, for what is scored without early stopping. Needs numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fold_numbers(label: NDArray[np.generic], count: int, seed: int) -> NDArray[np.int64]:
    """Stratified folds of rows with two classes: each class is shuffled and dealt out in turn.

    Args:
        label: 0 or 1, shape (n,).
        count: number of folds.

    Returns:
        The number of each row's fold, from 0; shape (n,).
    """
    rng = np.random.default_rng(seed)
    numbers = np.empty(len(label), dtype=np.int64)
    for value in (0, 1):
        rows = rng.permutation(np.flatnonzero(label == value))
        numbers[rows] = np.arange(len(rows)) % count
    return numbers
