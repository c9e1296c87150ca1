"""Target statistics: a category of many values as one number, the smoothed mean of the label among rows of its value.

A value of n rows with labels that add up to s is encoded as ``(s + strength * prior) / (n + strength)`` (Micci-Barreca
2001). The prior is the mean of all labels; the strength, in rows, is the variance of labels within values over the
variance of the values' true means, both estimated by analysis of variance (Searle, Casella and McCulloch 1992,
"Variance components", section 3.6): empirical Bayes. Where values differ by no more than chance, every value has the
prior.

The rows that a model is fitted to must not see their own labels in such a number: ``cross_fit`` computes theirs from
the rows of other customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.contract.values import Floats, Text

FOLDS = 10
"""Parts of the customers in ``cross_fit``: a row's number is computed from nine tenths of the others."""

LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Target:
    """The encoding of a text by target statistics of the training part."""

    name: str
    values: tuple[str, ...]
    """Texts with a mean of their own, sorted."""
    means: tuple[float, ...]
    """Smoothed mean of the label for each of ``values``."""
    other: float
    """For all other texts: of the training part's rare ones, together."""
    missing: float
    """For missing texts."""
    prior: float
    """Mean of the label."""
    strength: float | None
    """Rows that the prior counts as; None where values do not differ by more than chance: all means are the prior."""
    rare: tuple[str, ...] = ()
    """Texts of the training part among ``other``, sorted; at most ``rare_levels.MAX_LISTED``."""

    def levels(self, text: Text) -> NDArray[np.int64]:
        """Position of each row's text in ``values``; one more for other texts, and two more for missing ones."""
        place = {value: index for index, value in enumerate(self.values)}
        other = len(self.values)
        table = np.array([*(place.get(word, other) for word in text.words), other + 1], dtype=np.int64)
        return table[text.codes]


def fit_target(name: str, text: Text, labels: Floats, *, values: Sequence[str], rare: tuple[str, ...] = ()) -> Target:
    """Fit the statistics of a column. They do not depend on the order of rows.

    Args:
        text: the column, shape (rows,).
        labels: shape (rows,), finite.
        values: texts that get a mean of their own.
        rare: see ``Target``.
    """
    prior = float(np.clip(np.sort(labels).mean(), -LARGEST, LARGEST))
    unfitted = Target(name, tuple(sorted(values)), (), prior, prior, prior, None, rare)
    level, size = unfitted.levels(text), len(values) + 2
    counts = np.bincount(level, minlength=size)
    sums = _sums(level, labels, size)
    strength = _strength(level, labels, counts, sums)
    means = smoothed(sums, counts, prior, strength).tolist()
    return Target(name, unfitted.values, tuple(means[:-2]), means[-2], means[-1], prior, strength, rare)


def cross_fit(target: Target, text: Text, labels: Floats, key: NDArray, seed: int) -> Floats:
    """The numbers of the rows that ``target`` was fitted to, each from rows of other customers alone; shape (rows,).

    Customers are divided at random into ``FOLDS`` folds, by their keys: the order of rows makes no difference. Prior
    and strength are those of ``target``, so that the means of different folds can be compared.

    Args:
        text, labels: as for ``fit_target``.
        key: of each row's customer, shape (rows,).
        seed: of the division.
    """
    customers, customer = np.unique(key, return_inverse=True)
    fold = (np.random.default_rng(seed).permutation(len(customers)) % FOLDS)[customer]
    level, size = target.levels(text), len(target.values) + 2
    within = level * FOLDS + fold
    counts = np.bincount(within, minlength=size * FOLDS).reshape(size, FOLDS)
    sums = _sums(within, labels, size * FOLDS).reshape(size, FOLDS)
    others = np.array([np.delete(sums, held, axis=1).sum(axis=1) for held in range(FOLDS)]).T
    means = smoothed(others, counts.sum(axis=1, keepdims=True) - counts, target.prior, target.strength)
    return means[level, fold]


def smoothed(sums: Floats, counts: NDArray[np.int64], prior: float, strength: float | None) -> Floats:
    """Means drawn to the prior, any shape; see the module."""
    if strength is None:
        return np.full(sums.shape, prior)
    weight = counts + strength
    # Without rows, and where values differ so much that the prior counts for nothing.
    means = np.divide(sums + strength * prior, weight, out=np.full(sums.shape, prior), where=weight > 0.0)
    return np.clip(means, -LARGEST, LARGEST)


def _sums(group: NDArray[np.int64], labels: Floats, size: int) -> Floats:
    """Sum of the labels of each group, shape (size,), added up in the order of the labels."""
    order = np.lexsort((labels, group))
    return np.bincount(group[order], weights=labels[order], minlength=size).astype(np.float64)


def _strength(level: NDArray[np.int64], labels: Floats, counts: NDArray[np.int64], sums: Floats) -> float | None:
    found = counts > 0
    n, total = counts[found], len(labels)
    values = len(n)
    if values < 2 or total <= values:
        return None
    means = np.divide(sums, counts, out=np.zeros(len(sums)), where=found)
    within = float(np.sort((labels - means[level]) ** 2).sum()) / (total - values)
    between = float((n * (means[found] - np.sort(labels).mean()) ** 2).sum())
    variance = (between - (values - 1) * within) / (total - float((n**2).sum()) / total)
    if not variance > 0.0 or not np.isfinite(within / variance):
        return None
    return within / variance
