"""Measures that depend on a score through its order alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mean_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1 in ascending order, (rows,); equal values have the mean of theirs."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2.0)[inverse]


def rank_auc(label: NDArray[np.integer], score: NDArray[np.float64]) -> float:
    """ROC-AUC from mean ranks (Mann & Whitney 1947); ``label`` (rows,) must hold both classes."""
    mean_rank = mean_ranks(score)
    positives = int(label.sum())
    negatives = label.size - positives
    rank_sum = float(mean_rank[label == 1].sum())
    return (rank_sum - positives * (positives + 1) / 2.0) / (positives * negatives)
