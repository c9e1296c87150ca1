"""Whether two blocks of encoded columns say the same of every row, or nearly."""

from __future__ import annotations

import numpy as np

from tenure.features.reduction.blocks import Block, Codes

EQUAL = 1e-4
"""Largest deviation from a straight line, in standard deviations, of two columns that are equal: the matrix has seven
digits, of which a large mean takes some."""


def are_equal(first: Block, second: Block) -> bool:
    """Whether each follows exactly from the other: numbers by a straight line, texts and booleans by other names."""
    if first.codes is not None and second.codes is not None:
        return _pairs(first.codes, second.codes) == len(np.unique(first.codes)) == len(np.unique(second.codes))
    if first.is_one_hot or second.is_one_hot or first.columns.shape != second.columns.shape:
        return False
    one, other = first.standardized, second.standardized
    signs = np.where((one * other).sum(axis=0) < 0.0, -1.0, 1.0)
    # Flags of missing values have one direction.
    signs[1:] = 1.0
    return bool((np.abs(one - signs * other) <= EQUAL).all())


def correlation(first: Block, second: Block) -> float:
    """How nearly one follows from the other, from 0 to 1.

    Of numbers the absolute correlation, the lowest of all columns; of texts and booleans Tschuprow's T, which is 1 for
    other names of the same values only. Of a number and a text 0.
    """
    if first.codes is not None and second.codes is not None:
        return _tschuprow(first.codes, second.codes)
    if first.is_one_hot or second.is_one_hot or first.columns.shape != second.columns.shape:
        return 0.0
    together = (first.standardized * second.standardized).mean(axis=0)
    together[0] = abs(together[0])
    return float(min(1.0, together.min()))


def _pairs(first: Codes, second: Codes) -> int:
    return len(np.unique(first * (int(second.max()) + 1) + second))


def _tschuprow(first: Codes, second: Codes) -> float:
    """Tschuprow 1925; 0 where one has a single value."""
    table = np.zeros((int(first.max()) + 1, int(second.max()) + 1))
    np.add.at(table, (first, second), 1.0)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape) < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    squares = ((table - expected) ** 2 / expected).sum() / table.sum()
    return float(np.sqrt(squares / np.sqrt((table.shape[0] - 1) * (table.shape[1] - 1))))
