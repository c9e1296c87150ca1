"""Counts the distinct values of a column while it is read, by 64-bit hashes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tenure.checks.hashing import hash_rows

MIN_DISTINCT_SHARE = 0.5
"""Share of distinct values in a batch below which a column is not counted further, unless its name is an
identifier's."""


class DistinctValues:
    """Distinct values of a column. Needs 8 bytes of memory for each distinct value of a batch, or each row.

    Args:
        keep_rows: whether the hash of every row is kept, to count the distinct tuples of several columns.
    """

    def __init__(self, *, keep_rows: bool) -> None:
        self._keep_rows = keep_rows
        self._hashes: list[np.ndarray] | None = []
        self._counted: int | None = None

    def add(self, column: pa.Array) -> None:
        """Add a batch of texts; null is missing."""
        self._counted = None
        if self._hashes is None:
            return
        if self._keep_rows:
            self._hashes.append(hash_rows([column]))
            return
        hashes = hash_rows([column.drop_null()])
        found = distinct(hashes)
        if len(found) < MIN_DISTINCT_SHARE * len(hashes):
            self._hashes = None
        else:
            self._hashes.append(found)

    def stop(self) -> None:
        """Count no further: the column cannot be an identifier."""
        self._hashes = None

    def count(self, missing: int) -> int | None:
        """Distinct values without null; None if they were not counted.

        Args:
            missing: how many values were null.
        """
        if self._hashes is None:
            return None
        if self._counted is None:
            self._counted = len(distinct(np.concatenate(self._hashes))) if self._hashes else 0
        return self._counted - 1 if missing and self._keep_rows else self._counted

    def rows(self) -> np.ndarray | None:
        """Hash of each row's value, uint64, shape (rows,); None unless they were kept."""
        if self._hashes is None or not self._keep_rows or not self._hashes:
            return None
        return np.concatenate(self._hashes)


def distinct(hashes: np.ndarray) -> np.ndarray:
    """The different values, ascending. Of 64-bit hashes ``np.unique`` (NumPy 2.3) takes fifty times as long."""
    ordered = np.sort(hashes)
    is_first = np.ones(len(ordered), dtype=bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]


def distinct_tuples(columns: Sequence[np.ndarray]) -> int:
    """Number of distinct tuples of values in several columns, by the hashes of their rows."""
    with np.errstate(over="ignore"):
        combined = columns[0]
        for column in columns[1:]:
            combined = combined * np.uint64(0x9E3779B97F4A7C15) + column
    return len(distinct(combined))
