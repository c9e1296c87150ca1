"""How well a single column predicts who leaves."""

from __future__ import annotations

import math

import numpy as np

from tenure.checks.leakage.codes import Codes, Labels, binned
from tenure.contract.values import Floats, Text, Value
from tenure.stats.fold_numbers import fold_numbers
from tenure.stats.ranks import rank_auc

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
    return means_of_other_folds(codes, label, fold_numbers(label, FOLDS, seed=0, customer=customer))


def means_of_other_folds(codes: Codes, truth: Labels | Floats, fold: Codes) -> Floats:
    """(rows,) mean of ``truth`` over the other folds' rows with the same code, shrunk to the mean by one row.

    Args:
        fold: (rows,) number of each row's fold, below ``FOLDS``.
    """
    count = int(codes.max()) + 1
    base = float(truth.mean())
    rows = np.bincount(codes, minlength=count).astype(np.float64)
    sums = np.bincount(codes, weights=truth, minlength=count)
    means = np.empty(truth.size)
    for number in range(FOLDS):
        held = fold == number
        others = rows - np.bincount(codes[held], minlength=count)
        theirs = sums - np.bincount(codes[held], weights=truth[held], minlength=count)
        means[held] = ((theirs + base) / (others + 1.0))[codes[held]]
    return means


def standard_error(auc: float, label: Labels) -> float:
    """Standard error of a ROC-AUC (Hanley & McNeil 1982)."""
    left = int(label.sum())
    stayed = label.size - left
    one, other = auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc)
    spread = auc * (1.0 - auc) + (left - 1) * (one - auc * auc) + (stayed - 1) * (other - auc * auc)
    return math.sqrt(spread / (left * stayed))


def is_recoding(codes: Codes, label: Labels, most: int) -> bool:
    """Whether a column determines the label: it has at most ``most`` values, each with rows of one class only."""
    rows = np.bincount(codes)
    left = np.bincount(codes, weights=label)
    return int((rows > 0).sum()) <= most and bool(((left == 0) | (left == rows)).all())
