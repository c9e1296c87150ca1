"""Platt's sigmoid: log-odds of a classifier whose margin is none, fitted to margins of rows that it has not seen.

Platt 1999, "Probabilistic outputs for support vector machines", with the cross-fitting of its section 2.1 and the
smoothed targets of its section 2.2, which keep the slope finite where a margin separates the classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenure.training.families.family import Floats, Matrix, Parameter, Rows
from tenure.training.families.imbalance import class_weights

FOLDS = 5
ENOUGH_ROWS = 4_000
"""Held-out margins after which no further fold is fitted: a sigmoid has two parameters."""
FEWEST_ROWS = 2 * FOLDS
"""Rows of a class below which the margins of the training rows have to do."""

Score = Callable[[Matrix], Floats]
"""Margins, shape (n,), of rows."""


class Sigmoid(NamedTuple):
    """``log-odds = slope * margin + offset``."""

    slope: float
    """Not below 0: a margin that ranks unseen rows the wrong way round says nothing about them."""
    offset: float

    def probability(self, margin: Floats) -> Floats:
        """Shape (n,)."""
        result: Floats = np.exp(-np.logaddexp(0.0, -(self.slope * margin + self.offset)))
        return result


def cross_fitted_sigmoid(
    rows: Rows, strategy: Parameter, fit: Callable[[Rows], Score], whole: Score, seed: int
) -> Sigmoid:
    """The sigmoid over margins of models that were fitted without the rows they are read on.

    Args:
        rows: to fit on, as they are before any treatment of imbalance.
        strategy: that treatment. The sigmoid is at the base rate that the classifier is fitted to: the table's with
            ``none``, else a half.
        fit: fits the classifier to some of the rows, imbalance included, and returns its margin.
        whole: the margin of the classifier that is fitted to all rows; read where a class has too few to divide.
        seed: of the folds.
    """
    from sklearn.model_selection import StratifiedKFold

    margins: list[Floats] = []
    held: list[NDArray] = []
    if np.bincount(rows.label.astype(np.int64), minlength=2).min() < FEWEST_ROWS:
        margins, held = [whole(rows.matrix)], [np.arange(len(rows.label))]
    else:
        for train, out in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows.matrix, rows.label):
            margins.append(fit(Rows(rows.matrix[train], rows.label[train], rows.monotone))(rows.matrix[out]))
            held.append(out)
            if sum(map(len, held)) >= ENOUGH_ROWS:
                break
    label = rows.label[np.concatenate(held)]
    weight = np.ones(len(label)) if strategy == "none" else class_weights(label)
    return _sigmoid(np.concatenate(margins), label, weight)


def _sigmoid(margin: Floats, label: NDArray, weight: Floats) -> Sigmoid:
    from sklearn.linear_model import LogisticRegression

    positives = float(weight[label == 1].sum())
    negatives = float(weight[label == 0].sum())
    target = np.where(label == 1, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))
    spread = float(margin.std())
    if spread > 0.0:
        # A target between 0 and 1 is a row of each class with a part of the weight.
        both = np.tile((margin - margin.mean()) / spread, 2)[:, None]
        sides = np.repeat([1, 0], len(label))
        found = LogisticRegression(C=1e6, tol=1e-8).fit(
            both, sides, sample_weight=np.concatenate([weight * target, weight * (1.0 - target)])
        )
        slope = float(found.coef_.item()) / spread
        if slope > 0.0:
            return Sigmoid(slope, float(found.intercept_.item()) - slope * float(margin.mean()))
    share = float(weight @ target / weight.sum())
    return Sigmoid(0.0, float(np.log(share) - np.log1p(-share)))
