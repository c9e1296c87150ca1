"""Class imbalance: left alone, weighted, or filled up with synthetic churners. Chosen by the search."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenure.errors import DataError
from tenure.training.families.family import Matrix, Parameter, Rows

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

IMBALANCE = "imbalance"
STRATEGIES = ("none", "class_weight", "smote")

NEIGHBOURS = 5


class Balanced(NamedTuple):
    """Rows to fit on and their weights."""

    matrix: Matrix
    label: NDArray
    weight: NDArray[np.float64]
    """Shape (n,)."""


def suggest_imbalance(trial: BaseTrial) -> dict[str, Parameter]:
    """Draw the strategy, as part of a family's search space."""
    return {IMBALANCE: trial.suggest_categorical(IMBALANCE, STRATEGIES)}


def balance(rows: Rows, strategy: Parameter, seed: int) -> Balanced:
    """Rows and weights under ``strategy``. For training rows only: what a model is scored on stays as it is.

    Raises:
        DataError: if a class has no row, or fewer than two for ``smote``.
    """
    count = np.bincount(rows.label.astype(np.int64), minlength=2)
    if count.min() == 0:
        raise DataError(f"a model needs rows of both classes; {len(rows.label)} rows have one")
    if strategy == "smote":
        return rows.once(("smote", seed), lambda: _smote(rows, count, seed))
    if strategy == "class_weight":
        return Balanced(rows.matrix, rows.label, class_weights(rows.label))
    return Balanced(rows.matrix, rows.label, np.ones(len(rows.label)))


def class_weights(label: NDArray) -> NDArray[np.float64]:
    """Weights, shape (n,), with the same sum in both classes and a mean of 1 (King and Zeng 2001, section 4.2)."""
    count = np.bincount(label.astype(np.int64), minlength=2)
    weight: NDArray[np.float64] = (len(label) / (2.0 * count))[label.astype(np.int64)]
    return weight


def _smote(rows: Rows, count: NDArray, seed: int) -> Balanced:
    """SMOTE (Chawla et al. 2002) on standardized columns, indicators taken from the nearer parent.

    Most columns are 0/1 indicators of one categorical column each. Interpolated, a synthetic customer would be half
    of two contracts; SMOTE-NC would draw every indicator by itself, and give two contracts or none. Rounding the
    interpolated indicators takes all of them from one parent, the nearer one, so that every synthetic row holds a
    combination that was seen.
    """
    from imblearn.over_sampling import SMOTE

    fewest = int(count.min())
    if fewest < 2:
        raise DataError(f"SMOTE needs two rows of each class, one class has {fewest}")
    matrix = rows.matrix.astype(np.float64)
    mean, spread = matrix.mean(axis=0), matrix.std(axis=0)
    spread[spread == 0.0] = 1.0
    sampler = SMOTE(random_state=seed, k_neighbors=min(NEIGHBOURS, fewest - 1))
    resampled, label = sampler.fit_resample((matrix - mean) / spread, rows.label)
    # The given rows come first, unchanged; rounding them through the standardization would move their last bit.
    synthetic = resampled[len(matrix) :] * spread + mean
    indicator = ((rows.matrix == 0.0) | (rows.matrix == 1.0)).all(axis=0)
    synthetic[:, indicator] = np.rint(synthetic[:, indicator])
    filled = np.concatenate([rows.matrix, synthetic.astype(np.float32)])
    return Balanced(np.ascontiguousarray(filled), label, np.ones(len(filled)))
