"""At most so many rows of a table, for families whose model keeps rows or whose fit takes more than linear time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.training.families.family import Parameter, Rows
from tenure.training.families.imbalance import Balanced, balance, class_weights


def thinned(rows: Rows, most: int, seed: int) -> Rows:
    """At most ``most`` of the rows, of each class the same share, in the table's order.

    Args:
        rows: to choose from; a label that is not of integers is not divided by class.
        most: rows.
        seed: of the choice.
    """
    if len(rows.label) <= most:
        return rows
    rng = np.random.default_rng(seed)
    by_class = np.issubdtype(rows.label.dtype, np.integer)
    groups = [np.flatnonzero(rows.label == value) for value in (0, 1)] if by_class else [np.arange(len(rows.label))]
    chosen: list[NDArray] = []
    for group in groups:
        count = max(1, round(most * len(group) / len(rows.label)))
        chosen.append(rng.permutation(group)[:count])
    order = np.sort(np.concatenate(chosen))
    return Rows(np.ascontiguousarray(rows.matrix[order]), rows.label[order], rows.monotone)


def balance_thinned(rows: Rows, strategy: Parameter, most: int, seed: int) -> Balanced:
    """At most ``most`` of the rows and their weights under ``strategy``, see ``balance``.

    Raises:
        DataError: as ``balance``.
    """
    balanced = balance(rows, strategy, seed)
    kept = thinned(Rows(balanced.matrix, balanced.label), most, seed)
    weight = class_weights(kept.label) if strategy == "class_weight" else np.ones(len(kept.label))
    return Balanced(kept.matrix, kept.label, weight)
