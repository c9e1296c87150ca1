"""Standard errors by the jackknife that leaves out a group of customers at a time.

It needs no formula for the statistic: it serves a ROC-AUC or an average precision as well as a mean (Kott 2001, "The
delete-a-group jackknife"; Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 11).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.stats.fold_numbers import fold_numbers

GROUPS = 20
"""The error of the standard error is about 1 / √(2 · (GROUPS - 1)), a sixth."""


def groups_of(label: NDArray[Any], seed: int, customer: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """The group of each row, from 0; shape (rows,).

    Customers are in one group. The classes of a label of 0 and 1 have the same share in each, and no more groups than
    each class has customers.
    """
    two_classes = np.issubdtype(label.dtype, np.integer)
    classes = label if two_classes else np.zeros(len(label), dtype=np.int8)
    smallest = int(np.bincount(classes).min()) if two_classes else len(label)
    return fold_numbers(classes, max(2, min(GROUPS, smallest)), seed, customer)


def jackknife_error(without: NDArray[np.float64]) -> float:
    """Standard error of a statistic from its values without each group, shape (groups,)."""
    groups = len(without)
    away = without - without.mean()
    return float(np.sqrt((groups - 1) / groups * (away @ away)))
