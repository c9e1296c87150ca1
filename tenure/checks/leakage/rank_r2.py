"""How well a single column predicts a numeric label."""

from __future__ import annotations

import math

import numpy as np

from tenure.checks.leakage.auc import FAR_FROM_CHANCE, FOLDS, MIN_PRESENT_SHARE, means_of_other_folds
from tenure.checks.leakage.codes import Codes, binned
from tenure.contract.values import Floats, Text, Value


def rank_r2(values: Value, label: Floats, customer: Codes | None = None) -> float:
    """Share (0 to 1) of the variance of the label's ranks that one column explains; 0 where it may be chance.

    Ranks are used because a few large labels would outweigh all others. Returns the better of two estimates: of a
    numeric column, the square of Spearman's correlation; and the mean rank of the rows with the same value (or quantile
    bin, or missing) in the other folds, so that a value that occurs once explains nothing; nor does one that only one
    customer has, by ``customer`` (rows,), since all rows of a customer are in one fold.
    """
    ranks = ranked(label)
    best = max(0.0, _explained(ranks, _cross_fitted(binned(values), ranks, customer)))
    if not isinstance(values, Text):
        there = np.isfinite(values)
        if there.mean() >= MIN_PRESENT_SHARE:
            best = max(best, correlation(values[there], label[there]) ** 2)
    return best if math.sqrt(best * (label.size - 1)) >= FAR_FROM_CHANCE else 0.0


def correlation(one: Floats, other: Floats) -> float:
    """Rank correlation (Spearman 1904), -1 to 1; 0 where one side has a single value."""
    ranks, others = ranked(one), ranked(other)
    spread = float(ranks.std() * others.std())
    return float(np.mean((ranks - ranks.mean()) * (others - others.mean()))) / spread if spread > 0.0 else 0.0


def ranked(values: Floats) -> Floats:
    """(rows,) ranks; equal values share their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: Floats = (last - (count - 1) / 2.0)[place]
    return ranks


def _explained(truth: Floats, estimate: Floats) -> float:
    total = float(np.sum((truth - truth.mean()) ** 2))
    return 1.0 - float(np.sum((truth - estimate) ** 2)) / total if total > 0.0 else 0.0


def _cross_fitted(codes: Codes, truth: Floats, customer: Codes | None) -> Floats:
    """(rows,) ``means_of_other_folds``, whose folds keep customers whole."""
    unit = np.arange(truth.size) if customer is None else customer
    fold = (np.random.default_rng(0).permutation(int(unit.max()) + 1) % FOLDS)[unit]
    return means_of_other_folds(codes, truth, fold)
