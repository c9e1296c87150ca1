"""How well a single column predicts who leaves."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tenure.contract.values import Floats, Text, Value
from tenure.stats.fold_numbers import fold_numbers
from tenure.stats.ranks import rank_auc

Codes = NDArray[np.int64]
Labels = NDArray[np.int8]

MAX_BINS = 50
"""Numbers with more distinct values are divided into this many quantile bins."""

FOLDS = 5
MIN_PRESENT_SHARE = 0.5
"""Numbers are also ranked by their size where at least this share of them is present."""

FAR_FROM_CHANCE = 4.0
"""Standard deviations from chance below which a ROC-AUC is ignored: with few rows any order may look perfect."""


def alone(values: Value, label: Labels, customer: Codes | None = None) -> float:
    """ROC-AUC (0.5 to 1) of the better of two rankings by one column; 0.5 where it may be chance.

    The rankings are by the number itself, in either direction, and by the churn rate of the rows with the same value
    (or quantile bin, or missing) in the other folds, so that a value that occurs once explains nothing.

    Args:
        label: (rows,), both classes.
        customer: (rows,) of ``tenure.stats.clusters.customers_of``; all rows of a customer are in one fold, so that a
            value that only one customer has explains nothing.
    """
    best = rank_auc(label, cross_fitted(binned(values), label, customer))
    if not isinstance(values, Text):
        there = np.isfinite(values)
        inside = label[there]
        if there.mean() >= MIN_PRESENT_SHARE and inside.min() != inside.max():
            auc = rank_auc(inside, values[there])
            best = max(best, auc, 1.0 - auc)
    return max(0.5, best) if deviations(best, label) >= FAR_FROM_CHANCE else 0.5


def deviations(auc: float, label: Labels) -> float:
    """Distance of a ROC-AUC from 0.5 in standard deviations under chance (Mann & Whitney 1947)."""
    left = int(label.sum())
    return abs(auc - 0.5) / math.sqrt((label.size + 1) / (12.0 * left * (label.size - left)))


def cross_fitted(codes: Codes, label: Labels, customer: Codes | None = None) -> Floats:
    """(rows,) churn rate of the rows of the other folds with the same code, shrunk to the overall rate by one row."""
    folds = fold_numbers(label, FOLDS, seed=0, customer=customer)
    count = int(codes.max()) + 1
    base = float(label.mean())
    rate = np.empty(label.size)
    rows = np.bincount(codes, minlength=count).astype(np.float64)
    left = np.bincount(codes, weights=label, minlength=count)
    for fold in range(FOLDS):
        held = folds == fold
        others = rows - np.bincount(codes[held], minlength=count)
        others_left = left - np.bincount(codes[held], weights=label[held], minlength=count)
        rate[held] = ((others_left + base) / (others + 1.0))[codes[held]]
    return rate


def coded(values: Value) -> Codes:
    """(rows,) a code for each distinct value, 0 for a missing one."""
    if isinstance(values, Text):
        place: dict[str, int] = {}
        word = np.array([place.setdefault(word, len(place)) for word in values.words] + [-1], dtype=np.int64)
        return word[values.codes] + 1
    found = np.zeros(values.size, dtype=np.int64)
    there = np.isfinite(values)
    found[there] = np.unique(values[there], return_inverse=True)[1] + 1
    return found


def binned(values: Value) -> Codes:
    """As ``coded``, but many distinct numbers share ``MAX_BINS`` quantile bins."""
    codes = coded(values)
    if isinstance(values, Text) or int(codes.max()) <= MAX_BINS:
        return codes
    there = codes > 0
    edges = np.unique(np.quantile(values[there], np.linspace(0.0, 1.0, MAX_BINS + 1)[1:-1]))
    codes[there] = np.searchsorted(edges, values[there], side="right") + 1
    return codes


def is_recoding(values: Value, label: Labels, most: int) -> bool:
    """Whether a column determines the label: it has at most ``most`` values, each with rows of one class only."""
    codes = coded(values)
    rows = np.bincount(codes)
    left = np.bincount(codes, weights=label)
    return int((rows > 0).sum()) <= most and bool(((left == 0) | (left == rows)).all())
